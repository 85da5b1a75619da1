/* SPDX-License-Identifier: MIT */
/* A ring of lines under a lock, which is never held while one is written. */
#include "io/log_queue.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/units.h"
#include "io/thread.h"

struct line {
  void *context;
  int level;
  char text[OW_LOG_QUEUE_LINE];
};

struct ow_log_queue {
  ow_log_write *write;
  int level; /* of what tells of lost lines */
  pthread_t thread;
  pthread_mutex_t lock; /* guards all below */
  pthread_cond_t filled;
  pthread_cond_t drained;
  struct line lines[OW_LOG_QUEUE_LINES];
  size_t first;
  size_t count;
  uint64_t lost;
  void *lost_of; /* the last lost line's context */
  bool writing;
  bool ending;
};

/* ---- under the lock ---- */

static void push(struct ow_log_queue *queue, void *context, int level, const char *text)
{
  struct line *line = &queue->lines[(queue->first + queue->count++) % OW_LOG_QUEUE_LINES];
  line->context = context;
  line->level = level;
  snprintf(line->text, sizeof line->text, "%s", text);
}

static void push_loss(struct ow_log_queue *queue)
{
  char text[128];
  snprintf(text, sizeof text, "%llu lines were lost here: they came faster than they were taken",
           (unsigned long long)queue->lost);
  queue->lost = 0;
  push(queue, queue->lost_of, queue->level, text);
}

/* ---- the thread ---- */

static void write_first(struct ow_log_queue *queue)
{
  struct line line = queue->lines[queue->first];
  queue->first = (queue->first + 1) % OW_LOG_QUEUE_LINES;
  queue->count--;
  queue->writing = true;
  pthread_mutex_unlock(&queue->lock);
  queue->write(line.context, line.level, line.text);
  pthread_mutex_lock(&queue->lock);
  queue->writing = false;
  if (queue->count == 0 && queue->lost > 0)
    push_loss(queue);
}

static void *run(void *argument)
{
  struct ow_log_queue *queue = argument;
  pthread_mutex_lock(&queue->lock);
  while (queue->count > 0 || !queue->ending) {
    if (queue->count > 0)
      write_first(queue);
    else
      pthread_cond_wait(&queue->filled, &queue->lock);
    if (queue->count == 0)
      pthread_cond_broadcast(&queue->drained);
  }
  pthread_mutex_unlock(&queue->lock);
  return NULL;
}

/* ---- the others ---- */

void ow_log_queue_put(struct ow_log_queue *queue, void *context, int level, const char *line)
{
  pthread_mutex_lock(&queue->lock);
  if (queue->lost > 0 && queue->count + 1 < OW_LOG_QUEUE_LINES)
    push_loss(queue);
  if (queue->lost == 0 && queue->count < OW_LOG_QUEUE_LINES) {
    push(queue, context, level, line);
  } else {
    queue->lost++;
    queue->lost_of = context;
  }
  pthread_cond_signal(&queue->filled);
  pthread_mutex_unlock(&queue->lock);
}

static void free_queue(struct ow_log_queue *queue)
{
  pthread_cond_destroy(&queue->drained);
  pthread_cond_destroy(&queue->filled);
  pthread_mutex_destroy(&queue->lock);
  free(queue);
}

struct ow_log_queue *ow_log_queue_create(ow_log_write *write, int level, struct ow_failure *failure)
{
  struct ow_log_queue *queue = calloc(1, sizeof *queue);
  pthread_condattr_t monotonic;
  if (!queue) {
    ow_fail(failure, OW_MEMORY, "no memory for a log's queue");
    return NULL;
  }
  queue->write = write;
  queue->level = level;
  pthread_mutex_init(&queue->lock, NULL);
  pthread_cond_init(&queue->filled, NULL);
  pthread_condattr_init(&monotonic);
  pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
  pthread_cond_init(&queue->drained, &monotonic);
  pthread_condattr_destroy(&monotonic);
  int error = ow_thread_create_deaf(&queue->thread, run, queue);
  if (error) {
    ow_fail(failure, OW_NETWORK, "cannot start a thread that writes the log: %s", strerrordesc_np(error));
    free_queue(queue);
    return NULL;
  }
  (void)pthread_setname_np(queue->thread, "owamp-log");
  return queue;
}

static struct timespec end_of(int64_t patience)
{
  struct timespec end = {0};
  clock_gettime(CLOCK_MONOTONIC, &end);
  int64_t nanoseconds = end.tv_nsec + patience;
  end.tv_sec += nanoseconds / OW_NS_PER_S;
  end.tv_nsec = nanoseconds % OW_NS_PER_S;
  return end;
}

bool ow_log_queue_end(struct ow_log_queue *queue, int64_t patience)
{
  struct timespec end = end_of(patience);
  int waited = 0;
  if (!queue)
    return true;
  pthread_mutex_lock(&queue->lock);
  queue->ending = true;
  pthread_cond_signal(&queue->filled);
  while ((queue->count > 0 || queue->writing) && waited == 0)
    waited = pthread_cond_timedwait(&queue->drained, &queue->lock, &end);
  bool drained = queue->count == 0 && !queue->writing;
  pthread_mutex_unlock(&queue->lock);
  if (drained) {
    pthread_join(queue->thread, NULL);
    free_queue(queue);
  }
  return drained;
}
