/* SPDX-License-Identifier: MIT */
/*
 * Which log lines are worth writing when somebody causes them by the thousand. A line's kind is what is left
 * of its words without numbers and quoted parts, its client what stands behind "client " up to " port ": so
 * many of a kind and client pass in a minute, so many of a client, and so many in all. The others are
 * counted, and told of when the minute is over. Takes no memory but its own.
 */
#ifndef OWAMP_BASE_LOG_LIMIT_H
#define OWAMP_BASE_LOG_LIMIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/log.h"

enum {
  OW_LOG_LIMIT_PLACES = 256,
  OW_LOG_LIMIT_TEXT = 256,
  OW_LOG_LIMIT_OF_KIND = 10, /* a minute: of a kind and client, */
  OW_LOG_LIMIT_OF_CLIENT = 40,
  OW_LOG_LIMIT_OF_ALL = 600,
  OW_LOG_LIMIT_CURIOUS = 6 /* times as many of OW_LOG_INFO, which somebody has asked for */
};

/** Who says so much of what. */
struct ow_log_limit_place {
  uint64_t key;    /* 0: free */
  int64_t since;   /* when its minute began, ns */
  uint32_t passed; /* in that minute */
  uint32_t held;   /* beyond it */
  enum ow_log_level level;
  char last[OW_LOG_LIMIT_TEXT]; /* of those held */
};

/** Zero-initialised: nothing was said. Embed it. */
struct ow_log_limit {
  /** Who is meant by the client's name; NULL: the name is. */
  uint64_t (*client)(const char *name, size_t length);
  struct ow_log_limit_place places[OW_LOG_LIMIT_PLACES]; /* the last one is for whom there is no other */
};

/** True if the line is to be written. `now` is monotonic, ns. OW_LOG_DEBUG passes always. */
bool ow_log_limit_pass(struct ow_log_limit *limit, int64_t now, enum ow_log_level level, const char *line);
/** When ow_log_limit_tell() has something to tell, ns; INT64_MAX: nothing is held. */
int64_t ow_log_limit_due(const struct ow_log_limit *limit);
/**
 * "17 more like it within a minute: ..." of one whose minute is over; with `all`, of any that holds some.
 * False: there is none. Call again until then.
 */
bool ow_log_limit_tell(struct ow_log_limit *limit, int64_t now, bool all, enum ow_log_level *level,
                       char text[2 * OW_LOG_LIMIT_TEXT]);

#endif
