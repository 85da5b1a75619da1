/* SPDX-License-Identifier: MIT */
/* Streams are added and removed by name; their beginnings are spread over the interval. */
#include "stream/set.h"

#include <stdlib.h>
#include <string.h>

#include "base/container_of.h"
#include "base/secret.h"

enum { NAMES_AT_ONCE = 8 };

static void on_step(struct ow_step_watcher *watcher)
{
  struct ow_stream_set *set = OW_CONTAINER_OF(watcher, struct ow_stream_set, steps);
  ow_log(&set->log, OW_LOG_WARNING, "the wall clock was set: running intervals end now, and new ones begin");
  for (struct ow_stream_run *run = TAILQ_FIRST(&set->runs); run; run = TAILQ_NEXT(run, in_set))
    ow_stream_run_stepped(run);
}

enum ow_status ow_stream_set_open(struct ow_stream_set *set, struct ow_loop *loop, struct ow_board *board,
                                  const struct ow_log *log)
{
  *set = (struct ow_stream_set){.board = board, .steps.stepped = on_step};
  set->ground = (struct ow_lane_ground){loop, &set->traffic, &set->gate, &set->log};
  if (log)
    set->log = *log;
  TAILQ_INIT(&set->runs);
  ow_dial_gate_prepare(&set->gate, NAMES_AT_ONCE);
  enum ow_status status = ow_traffic_open(&set->traffic, loop);
  if (status == OW_OK)
    ow_loop_watch_steps(loop, &set->steps);
  return status;
}

static void dispose_of_run(struct ow_stream_run *run)
{
  ow_stream_run_close(run);
  ow_wipe(run, sizeof *run);
  free(run);
}

static void end_stream(struct ow_stream_set *set, struct ow_stream_run *run)
{
  TAILQ_REMOVE(&set->runs, run, in_set);
  dispose_of_run(run);
}

void ow_stream_set_close(struct ow_stream_set *set)
{
  struct ow_stream_run *run = TAILQ_FIRST(&set->runs);
  ow_dial_gate_close(&set->gate); /* else each end would begin another's search for a name */
  while (run) {
    struct ow_stream_run *next = TAILQ_NEXT(run, in_set);
    dispose_of_run(run);
    run = next;
  }
  TAILQ_INIT(&set->runs);
  ow_loop_unwatch_steps(set->ground.loop, &set->steps);
  ow_traffic_close(&set->traffic);
}

static struct ow_stream_run *find_run(const struct ow_stream_set *set, const char *name)
{
  struct ow_stream_run *run = TAILQ_FIRST(&set->runs);
  while (run && strcmp(run->config.name, name) != 0)
    run = TAILQ_NEXT(run, in_set);
  return run;
}

/* Multiples of the golden ratio's fraction spread any number of beginnings evenly over the interval. */
static int64_t next_offset(struct ow_stream_set *set, int64_t interval)
{
  uint64_t fraction = set->added++ * UINT64_C(0x9e3779b97f4a7c15);
  return (int64_t)((unsigned __int128)fraction * (uint64_t)interval >> 64);
}

enum ow_status ow_stream_set_add(struct ow_stream_set *set, const struct ow_stream_config *config,
                                 struct ow_failure *failure)
{
  enum ow_status status = ow_stream_check(config, failure);
  struct ow_stream_run *run = NULL;
  if (status == OW_OK) {
    run = calloc(1, sizeof *run);
    status = run ? OW_OK : ow_fail(failure, OW_MEMORY, "no memory for the stream %s", config->name);
  }
  if (status == OW_OK) {
    struct ow_stream_run *old = find_run(set, config->name);
    if (old)
      end_stream(set, old);
    status = ow_stream_run_open(run, &set->ground, set->board, config, next_offset(set, config->interval));
    if (status == OW_OK) {
      TAILQ_INSERT_TAIL(&set->runs, run, in_set);
    } else {
      dispose_of_run(run);
      ow_fail(failure, status, "no memory for the stream %s", config->name);
    }
  }
  return status;
}

bool ow_stream_set_remove(struct ow_stream_set *set, const char *name)
{
  struct ow_stream_run *run = find_run(set, name);
  if (run) {
    ow_board_remove_stream(set->board, run->config.name);
    end_stream(set, run);
  }
  return run != NULL;
}
