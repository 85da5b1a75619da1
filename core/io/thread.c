/* SPDX-License-Identifier: MIT */
/* It begins with all signals blocked; what others ask of its loop is posted and waited for. */
#include "io/thread.h"

#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/container_of.h"

struct ow_thread {
  struct ow_loop *loop;
  pthread_t id;
  bool started; /* the owner's: there is a thread to join */
  struct ow_log log;
  pthread_mutex_t lock;
  pthread_cond_t changed;
  bool running; /* the loop takes posts; guarded by `lock`, as are the calls */
};

/* Somebody waits for it. */
struct call {
  struct ow_post post;
  struct ow_thread *thread;
  void (*run)(void *context);
  void *context;
  bool done;
};

struct ow_thread *ow_thread_create(struct ow_failure *failure)
{
  struct ow_thread *thread = calloc(1, sizeof *thread);
  if (!thread) {
    ow_fail(failure, OW_MEMORY, "no memory for a thread");
    return NULL;
  }
  pthread_mutex_init(&thread->lock, NULL);
  pthread_cond_init(&thread->changed, NULL);
  thread->loop = ow_loop_create(failure);
  if (!thread->loop) {
    ow_thread_free(thread);
    thread = NULL;
  }
  return thread;
}

void ow_thread_free(struct ow_thread *thread)
{
  if (thread) {
    ow_thread_stop(thread);
    ow_loop_free(thread->loop);
    pthread_cond_destroy(&thread->changed);
    pthread_mutex_destroy(&thread->lock);
  }
  free(thread);
}

struct ow_loop *ow_thread_loop(const struct ow_thread *thread)
{
  return thread->loop;
}

static void set_running(struct ow_thread *thread, bool running)
{
  pthread_mutex_lock(&thread->lock);
  thread->running = running;
  pthread_cond_broadcast(&thread->changed);
  pthread_mutex_unlock(&thread->lock);
}

static void *run_loop(void *argument)
{
  struct ow_thread *thread = argument;
  struct ow_failure failure = {.text = ""};
  if (ow_loop_run(thread->loop, &failure) != OW_OK)
    ow_log(&thread->log, OW_LOG_ERROR, "%s; this thread does nothing more", failure.text);
  set_running(thread, false);
  return NULL;
}

int ow_thread_create_deaf(pthread_t *id, void *(*run)(void *argument), void *argument)
{
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  int error = pthread_create(id, NULL, run, argument);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  return error;
}

enum ow_status ow_thread_start(struct ow_thread *thread, const char *name, const struct ow_log *log,
                               struct ow_failure *failure)
{
  if (thread->started)
    return ow_fail(failure, OW_STATE, "the thread %s runs already", name);
  thread->log = log ? *log : (struct ow_log){0};
  thread->running = true;
  int error = ow_thread_create_deaf(&thread->id, run_loop, thread);
  if (error) {
    thread->running = false;
    return ow_fail(failure, OW_NETWORK, "cannot start the thread %s: %s", name, strerrordesc_np(error));
  }
  thread->started = true;
  (void)pthread_setname_np(thread->id, name);
  return OW_OK;
}

void ow_thread_await(struct ow_thread *thread)
{
  if (thread->started) {
    pthread_join(thread->id, NULL);
    thread->started = false;
  }
}

void ow_thread_stop(struct ow_thread *thread)
{
  if (thread->started)
    ow_loop_stop(thread->loop);
  ow_thread_await(thread);
}

static void answer_call(struct ow_post *post)
{
  struct call *call = OW_CONTAINER_OF(post, struct call, post);
  struct ow_thread *thread = call->thread;
  call->run(call->context);
  pthread_mutex_lock(&thread->lock);
  call->done = true; /* and gone, as soon as the lock is open */
  pthread_cond_broadcast(&thread->changed);
  pthread_mutex_unlock(&thread->lock);
}

void ow_thread_call(struct ow_thread *thread, void (*run)(void *context), void *context)
{
  struct call call = {.post.run = answer_call, .thread = thread, .run = run, .context = context};
  pthread_mutex_lock(&thread->lock);
  if (thread->running)
    ow_loop_post(thread->loop, &call.post);
  while (thread->running && !call.done)
    pthread_cond_wait(&thread->changed, &thread->lock);
  pthread_mutex_unlock(&thread->lock);
  if (!call.done) {
    ow_loop_unpost(thread->loop, &call.post);
    run(context);
  }
}
