/* SPDX-License-Identifier: MIT */
/* A log that others can't fill: what base/log_limit holds back is told of when the minute is over. */
#ifndef OWAMP_IO_LIMITED_LOG_H
#define OWAMP_IO_LIMITED_LOG_H

#include "base/log.h"
#include "base/log_limit.h"
#include "io/loop.h"

/** Embed it; it doesn't move while it is open. Zero-initialised: closed. */
struct ow_limited_log {
  struct ow_log log; /* hand this on; on the loop's thread only */
  const struct ow_log *to;
  struct ow_loop *loop;
  struct ow_timer timer;
  struct ow_log_limit limit;
};

/** Lines go on to `to` (may be NULL), which stays and may change its level. */
void ow_limited_log_open(struct ow_limited_log *limited, struct ow_loop *loop, const struct ow_log *to);
/** Tells of all that is held. Nothing happens if it is closed. */
void ow_limited_log_close(struct ow_limited_log *limited);

#endif
