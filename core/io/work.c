/* SPDX-License-Identifier: MIT */
/* A queue under a lock, and a thread for as long as there is something in it. */
#include "io/work.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/container_of.h"
#include "base/secret.h"
#include "io/thread.h"

struct worker {
  struct ow_loop_tenant tenant;
  struct ow_loop *loop;
  pthread_t thread;
  bool started;         /* the loop's: there is a thread to join */
  pthread_mutex_t lock; /* guards what follows, and the stage of every work */
  struct ow_work_queue queue;
  bool at_work; /* the thread looks into the queue again */
};

static struct ow_work *of_place(struct ow_queued_work *place)
{
  return OW_CONTAINER_OF(place, struct ow_work, place);
}

/* ---- the worker's thread ---- */

/* A library may leave parts of a secret in the frames that it has used. */
__attribute__((noinline)) static void wipe_stack(void)
{
  uint8_t frames[16 << 10];
  ow_wipe(frames, sizeof frames);
}

static struct ow_work *take(struct worker *worker)
{
  pthread_mutex_lock(&worker->lock);
  struct ow_queued_work *place = ow_work_queue_take(&worker->queue);
  struct ow_work *work = place ? of_place(place) : NULL;
  if (work)
    work->stage = OW_WORK_RUNNING;
  worker->at_work = work != NULL;
  pthread_mutex_unlock(&worker->lock);
  return work;
}

/* Once it is posted it may be gone. */
static void hand_over(struct worker *worker, struct ow_work *work)
{
  pthread_mutex_lock(&worker->lock);
  bool dropped = work->stage == OW_WORK_DROPPED;
  if (!dropped) {
    work->stage = OW_WORK_FINISHED;
    ow_loop_post(worker->loop, &work->post);
  }
  pthread_mutex_unlock(&worker->lock);
  if (dropped)
    work->drop(work);
}

static void *do_work(void *argument)
{
  struct worker *worker = argument;
  struct ow_work *work;
  while ((work = take(worker))) {
    work->run(work);
    wipe_stack();
    hand_over(worker, work);
  }
  return NULL;
}

/* ---- the loop's thread ---- */

static void finish(struct ow_post *post)
{
  struct ow_work *work = OW_CONTAINER_OF(post, struct ow_work, post);
  work->stage = OW_WORK_NONE;
  work->done(work, work->status);
}

static void join(struct worker *worker)
{
  if (worker->started)
    pthread_join(worker->thread, NULL);
  worker->started = false;
}

static void end_worker(struct ow_loop_tenant *tenant)
{
  struct worker *worker = OW_CONTAINER_OF(tenant, struct worker, tenant);
  join(worker);
  pthread_mutex_destroy(&worker->lock);
  free(worker);
}

/* The loop's; or NULL. */
static struct worker *worker_of(struct ow_loop *loop)
{
  struct ow_loop_tenant *tenant = ow_loop_tenant(loop, end_worker);
  struct worker *worker = tenant ? OW_CONTAINER_OF(tenant, struct worker, tenant) : NULL;
  if (!worker && (worker = calloc(1, sizeof *worker))) {
    worker->loop = loop;
    worker->tenant.end = end_worker;
    pthread_mutex_init(&worker->lock, NULL);
    ow_work_queue_prepare(&worker->queue);
    ow_loop_house(loop, &worker->tenant);
  }
  return worker;
}

/* With the lock held. What gives way is told so as if it had been run. */
static bool make_room(struct worker *worker, const struct ow_queued_work *newcomer, unsigned most)
{
  struct ow_queued_work *last = NULL;
  if (worker->queue.count < most)
    return true;
  last = ow_work_queue_give_way(&worker->queue, newcomer);
  if (last) {
    struct ow_work *work = of_place(last);
    ow_work_queue_remove(&worker->queue, last);
    work->status = OW_LIMIT;
    work->stage = OW_WORK_FINISHED;
    ow_loop_post(worker->loop, &work->post);
  }
  return last != NULL;
}

/* With a work in the queue. The thread that was before is on its way out. */
static enum ow_status start(struct worker *worker, struct ow_failure *failure)
{
  join(worker);
  int error = ow_thread_create_deaf(&worker->thread, do_work, worker);
  if (error)
    return ow_fail(failure, OW_NETWORK, "cannot start a worker thread: %s", strerrordesc_np(error));
  worker->started = true;
  (void)pthread_setname_np(worker->thread, "owamp-work");
  return OW_OK;
}

enum ow_status ow_work_begin(struct ow_loop *loop, struct ow_work *work, uint64_t party, unsigned most,
                             struct ow_failure *failure)
{
  struct worker *worker = worker_of(loop);
  enum ow_status status = OW_OK;
  bool idle = false;
  if (!worker)
    return ow_fail(failure, OW_MEMORY, "no memory for a worker thread");
  work->loop = loop;
  work->post.run = finish;
  work->status = OW_OK;
  work->place.party = party;
  pthread_mutex_lock(&worker->lock);
  if (make_room(worker, &work->place, most)) {
    idle = !worker->at_work;
    worker->at_work = true;
    work->stage = OW_WORK_WAITING;
    ow_work_queue_put(&worker->queue, &work->place);
  } else {
    status = ow_fail(failure, OW_LIMIT, "%u keys wait to be derived, and no more may", worker->queue.count);
  }
  pthread_mutex_unlock(&worker->lock);
  if (idle && (status = start(worker, failure)) != OW_OK) {
    ow_work_queue_remove(&worker->queue, &work->place);
    worker->at_work = false;
    work->stage = OW_WORK_NONE;
  }
  return status;
}

void ow_work_cancel(struct ow_work *work)
{
  struct worker *worker = worker_of(work->loop);
  pthread_mutex_lock(&worker->lock);
  enum ow_work_stage stage = work->stage;
  if (stage == OW_WORK_WAITING)
    ow_work_queue_remove(&worker->queue, &work->place);
  else if (stage == OW_WORK_RUNNING)
    work->stage = OW_WORK_DROPPED;
  pthread_mutex_unlock(&worker->lock);
  if (stage == OW_WORK_FINISHED)
    (void)!ow_loop_unpost(work->loop, &work->post);
  if (stage != OW_WORK_RUNNING)
    work->drop(work);
}
