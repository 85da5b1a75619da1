#include "stream/stream.h"

#include <stdlib.h>

#include "io/thread.h"
#include "schedule/schedule.h"
#include "stream/set.h"

#define DEFAULT_INTERVAL (60 * OW_NS_PER_S)
#define LEAST_BEYOND_TIMEOUT (3 * OW_NS_PER_S)

enum { LEAST_PACKETS = 4 }; /* of an interval, on average: with fewer, most percentiles are the same packet */

struct ow_streams {
  struct ow_thread *thread;
  struct ow_stream_set set;
  bool open;
};

/* ---- configuration ---- */

void ow_stream_defaults(struct ow_stream_config *config)
{
  *config = (struct ow_stream_config){.interval = DEFAULT_INTERVAL};
  ow_peer_defaults(&config->peer);
  config->peer.slots[0] = (struct ow_slot){OW_SLOT_EXPONENTIAL, ow_span_from_ns(OW_NS_PER_S)};
}

static double seconds(int64_t nanoseconds)
{
  return (double)nanoseconds / (double)OW_NS_PER_S;
}

/* The names on a board are indices and paths elsewhere; a lane must be free again before its turn comes. */
enum ow_status ow_stream_check(const struct ow_stream_config *config, struct ow_failure *failure)
{
  const struct ow_peer *peer = &config->peer;
  int64_t least = peer->loss_timeout + LEAST_BEYOND_TIMEOUT;
  int64_t mean = ow_slots_mean_ns(peer->slots, peer->slot_count);
  enum ow_status status = ow_peer_check(peer, failure);
  if (status != OW_OK)
    return status;
  if (!ow_stream_name_valid(config->name))
    status =
        ow_fail(failure, OW_INVALID,
                "a stream's name has 1 to 63 printable ASCII characters, none of them a space, /, \" or \\");
  else if (config->interval > OW_LONGEST_DURATION)
    status = ow_fail(failure, OW_INVALID, "an interval of more than a day");
  else if (config->interval < least)
    status = ow_fail(failure, OW_INVALID,
                     "the interval of %g s is too short for a loss timeout of %g s: it must be %g s at least",
                     seconds(config->interval), seconds(peer->loss_timeout), seconds(least));
  else if (mean > config->interval / LEAST_PACKETS)
    status = ow_fail(failure, OW_INVALID,
                     "the schedule has a packet each %g s on average: too few for an interval of %g s",
                     seconds(mean), seconds(config->interval));
  return status;
}

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
