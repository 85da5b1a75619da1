/* SPDX-License-Identifier: MIT */
/* The thread and its set of streams; adding and removing are calls into the thread. */
#include "stream/stream.h"

#include <stdlib.h>

#include "io/thread.h"
#include "stream/set.h"

struct ow_streams {
  struct ow_thread *thread;
  struct ow_stream_set set;
  bool open;
};

/* ---- life ---- */

struct ow_streams *ow_streams_create(struct ow_board *board, const struct ow_log *log,
                                     struct ow_failure *failure)
{
  struct ow_streams *streams = calloc(1, sizeof *streams);
  enum ow_status status = OW_MEMORY;
  if (!streams) {
    ow_fail(failure, OW_MEMORY, "no memory for streams");
    return NULL;
  }
  streams->thread = ow_thread_create(failure);
  if (streams->thread) {
    status = ow_stream_set_open(&streams->set, ow_thread_loop(streams->thread), board, log);
    streams->open = true;
    if (status != OW_OK)
      ow_fail(failure, status, "no memory for streams");
    else
      status = ow_thread_start(streams->thread, "owamp-streams", log, failure);
  }
  if (status != OW_OK) {
    ow_streams_free(streams);
    streams = NULL;
  }
  return streams;
}

void ow_streams_free(struct ow_streams *streams)
{
  if (streams && streams->thread) {
    ow_thread_stop(streams->thread);
    if (streams->open)
      ow_stream_set_close(&streams->set);
    ow_thread_free(streams->thread);
  }
  free(streams);
}

/* ---- asked from other threads ---- */

struct addition {
  struct ow_streams *streams;
  const struct ow_stream_config *config;
  enum ow_status status;
  struct ow_failure *failure;
};

static void add(void *context)
{
  struct addition *addition = context;
  addition->status = ow_stream_set_add(&addition->streams->set, addition->config, addition->failure);
}

enum ow_status ow_streams_add(struct ow_streams *streams, const struct ow_stream_config *config,
                              struct ow_failure *failure)
{
  struct addition addition = {.streams = streams, .config = config, .failure = failure};
  ow_thread_call(streams->thread, add, &addition);
  return addition.status;
}

struct removal {
  struct ow_streams *streams;
  const char *name;
  bool found;
};

static void remove_stream(void *context)
{
  struct removal *removal = context;
  removal->found = ow_stream_set_remove(&removal->streams->set, removal->name);
}

bool ow_streams_remove(struct ow_streams *streams, const char *name)
{
  struct removal removal = {.streams = streams, .name = name};
  ow_thread_call(streams->thread, remove_stream, &removal);
  return removal.found;
}
