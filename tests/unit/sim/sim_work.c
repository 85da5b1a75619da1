/* SPDX-License-Identifier: MIT */
/* io/work.h: what takes a worker long takes simulated time. */
#include <stdlib.h>

#include "base/container_of.h"
#include "io/work.h"
#include "sim.h"

int64_t sim_working;
unsigned sim_works_run;

struct worker {
  struct ow_loop_tenant tenant;
  struct ow_loop *loop;
  struct ow_timer timer;
  struct ow_work_queue queue;
  struct ow_work *at; /* until the timer expires */
};

static void take(struct worker *worker)
{
  struct ow_queued_work *place = ow_work_queue_take(&worker->queue);
  worker->at = place ? OW_CONTAINER_OF(place, struct ow_work, place) : NULL;
  if (worker->at) {
    worker->at->stage = OW_WORK_RUNNING;
    ow_timer_set(worker->loop, &worker->timer, sim_monotonic() + sim_working);
  }
}

static void finish(struct ow_post *post)
{
  struct ow_work *work = OW_CONTAINER_OF(post, struct ow_work, post);
  work->stage = OW_WORK_NONE;
  work->done(work, work->status);
}

static void post(struct ow_work *work, enum ow_status status)
{
  work->status = status;
  work->stage = OW_WORK_FINISHED;
  ow_loop_post(work->loop, &work->post);
}

static void on_worked(struct ow_timer *timer)
{
  struct worker *worker = OW_CONTAINER_OF(timer, struct worker, timer);
  struct ow_work *work = worker->at;
  work->run(work);
  sim_works_run++;
  if (work->stage == OW_WORK_DROPPED)
    work->drop(work);
  else
    post(work, OW_OK);
  take(worker);
}

static void end_worker(struct ow_loop_tenant *tenant)
{
  struct worker *worker = OW_CONTAINER_OF(tenant, struct worker, tenant);
  ow_timer_cancel(worker->loop, &worker->timer);
  if (worker->at) /* or its owner has forgotten it */
    worker->at->stage == OW_WORK_DROPPED ? worker->at->drop(worker->at) : abort();
  free(worker);
}

static struct worker *worker_of(struct ow_loop *loop)
{
  struct ow_loop_tenant *tenant = ow_loop_tenant(loop, end_worker);
  struct worker *worker = tenant ? OW_CONTAINER_OF(tenant, struct worker, tenant) : NULL;
  if (!worker) {
    worker = calloc(1, sizeof *worker);
    if (!worker)
      abort();
    worker->loop = loop;
    worker->tenant.end = end_worker;
    worker->timer.expired = on_worked;
    ow_work_queue_prepare(&worker->queue);
    ow_loop_house(loop, &worker->tenant);
  }
  return worker;
}

enum ow_status ow_work_begin(struct ow_loop *loop, struct ow_work *work, uint64_t party, unsigned most,
                             struct ow_failure *failure)
{
  struct worker *worker = worker_of(loop);
  work->place.party = party;
  if (worker->queue.count >= most) {
    struct ow_queued_work *last = ow_work_queue_give_way(&worker->queue, &work->place);
    if (!last)
      return ow_fail(failure, OW_LIMIT, "%u keys wait to be derived, and no more may", worker->queue.count);
    ow_work_queue_remove(&worker->queue, last);
    post(OW_CONTAINER_OF(last, struct ow_work, place), OW_LIMIT);
  }
  work->loop = loop;
  work->post.run = finish;
  work->stage = OW_WORK_WAITING;
  ow_work_queue_put(&worker->queue, &work->place);
  if (!worker->at)
    take(worker);
  return OW_OK;
}

void ow_work_cancel(struct ow_work *work)
{
  enum ow_work_stage stage = work->stage;
  if (stage == OW_WORK_WAITING)
    ow_work_queue_remove(&worker_of(work->loop)->queue, &work->place);
  else if (stage == OW_WORK_RUNNING)
    work->stage = OW_WORK_DROPPED;
  else if (stage == OW_WORK_FINISHED)
    (void)!ow_loop_unpost(work->loop, &work->post);
  if (stage != OW_WORK_RUNNING)
    work->drop(work);
}
