/* SPDX-License-Identifier: MIT */
/*
 * What a stream tells: one interval's results, the state that it is in, and its totals. The same for all who
 * read it: collectd's plugin, the AgentX subagent, the query socket and those who ask there.
 */
#ifndef OWAMP_REPORT_INTERVAL_H
#define OWAMP_REPORT_INTERVAL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "stats/result.h"
#include "time/timestamp.h"
#include "wire/mode.h"
#include "wire/protocol.h"

enum {
  OW_STREAM_NAME = 64, /* with its NUL; see ow_stream_name_valid() */
  OW_STREAM_HOST = 256,
  OW_STREAM_PORT = 32,
  OW_STREAM_SERVER = 80,
};

enum ow_stream_state {
  OW_STREAM_STARTING = 0, /* nothing has been measured yet, nothing has failed yet */
  OW_STREAM_UP,           /* sessions run, and don't keep breaking, or the last interval was measured */
  OW_STREAM_DOWN,         /* the last attempt failed; `reason` says why */
};

/** "starting", "up", "down"; and back: false if the text is none of these. */
const char *ow_stream_state_name(enum ow_stream_state state);
bool ow_stream_state_find(const char *name, enum ow_stream_state *state);

/**
 * What to say of a stream that is down for such a reason, before its sentence: "down"; or "can't be measured
 * from here", if it is this host's configuration and not the peer.
 */
const char *ow_stream_down_words(enum ow_status status);

/** One word for each status, "ok" for OW_OK: for those who read it by program. */
const char *ow_status_name(enum ow_status status);

/**
 * 1 to 63 octets, each printable ASCII but space, '/', '"' and '\': fit for a collectd instance, a file's
 * name, a row's index and a line of the query socket.
 */
bool ow_stream_name_valid(const char *name);

/**
 * One interval. Its results' histograms are shared by who keeps a copy: ow_interval_share(). A packet belongs
 * to it if its scheduled time lies after `begin` and not after `end`, but for what the rounding of a
 * schedule's 32.32 deltas adds up to.
 */
struct ow_interval {
  uint64_t number;           /* counts a stream's intervals from 1, those that failed too */
  struct ow_timestamp begin; /* wall clock */
  struct ow_timestamp end;
  enum ow_status status;                /* OW_OK: measured whole */
  char reason[OW_FAILURE_TEXT];         /* why not; else "" */
  enum ow_mode mode;                    /* OW_MODE_NONE: no connection was made */
  struct ow_result results[OW_RESULTS]; /* absent: not asked for, or nothing is known */
};

/** The copy of an interval becomes a user of its results' histograms, and ceases to be one of them. */
void ow_interval_share(struct ow_interval *copy);
void ow_interval_drop(struct ow_interval *interval);

/** Sums over the intervals of one direction, or of the round trip, since the stream began. */
struct ow_totals {
  uint64_t sent, received, lost; /* of the intervals whose losses are known; sent = received + lost */
  uint64_t skipped, duplicates, reordered, discarded;
  uint64_t loss_unknown; /* how many intervals are not in the first three, since nobody tells their losses */
};

/** A stream as it stands. */
struct ow_stream_view {
  char name[OW_STREAM_NAME];
  char host[OW_STREAM_HOST]; /* as configured */
  char port[OW_STREAM_PORT];
  enum ow_protocol protocol;
  bool directions[OW_DIRECTIONS]; /* asked for */
  int64_t interval;               /* ns */

  enum ow_stream_state state;
  struct ow_timestamp since;     /* when it came to be in that state */
  enum ow_status status;         /* of the last failure; OW_OK: none in this state */
  char reason[OW_FAILURE_TEXT];  /* the last failure's sentence while `state` is down; else "" */
  enum ow_mode mode;             /* in use; OW_MODE_NONE: not connected yet */
  char server[OW_STREAM_SERVER]; /* "192.0.2.1 port 861"; "" before the first connection */

  uint64_t newest;    /* number of the newest interval; 0: none yet */
  uint64_t intervals; /* ended */
  uint64_t failed;    /* of these, not measured whole */
  struct ow_totals totals[OW_RESULTS];
  /**
   * The peer was found to have no room for a second control connection: intervals are measured over one, each
   * from its `begin`, which lies later than the `end` of the one before by a pause.
   */
  bool single_connection;
  uint64_t version; /* changes whenever anything of this stream changes */
};

/** Add an interval's numbers to the totals. */
void ow_totals_add(struct ow_totals *totals, const struct ow_result *result);
/** False: of no interval losses are known, though there are some: then `sent`, `received`, `lost` mean
 * nothing. */
bool ow_totals_losses_known(const struct ow_totals *totals);

#endif
