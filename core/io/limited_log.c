/* SPDX-License-Identifier: MIT */
/* A timer stands at the end of the first minute of which something is held. */
#include "io/limited_log.h"

#include "base/container_of.h"

static void tell(struct ow_limited_log *limited, bool all)
{
  char text[2 * OW_LOG_LIMIT_TEXT];
  enum ow_log_level level;
  int64_t now = ow_loop_now(limited->loop).monotonic;
  while (ow_log_limit_tell(&limited->limit, now, all, &level, text))
    ow_log(limited->to, level, "%s", text);
}

static void await_end(struct ow_limited_log *limited)
{
  int64_t due = ow_log_limit_due(&limited->limit);
  if (due != INT64_MAX)
    ow_timer_set(limited->loop, &limited->timer, due);
}

static void on_minute(struct ow_timer *timer)
{
  struct ow_limited_log *limited = OW_CONTAINER_OF(timer, struct ow_limited_log, timer);
  tell(limited, false);
  await_end(limited);
}

static void emit(void *context, enum ow_log_level level, const char *line)
{
  struct ow_limited_log *limited = context;
  if (!limited->to || !limited->to->emit || level > limited->to->most)
    return;
  if (ow_log_limit_pass(&limited->limit, ow_loop_now(limited->loop).monotonic, level, line))
    limited->to->emit(limited->to->context, level, line);
  else if (!limited->timer.set)
    await_end(limited);
}

void ow_limited_log_open(struct ow_limited_log *limited, struct ow_loop *loop, const struct ow_log *to)
{
  limited->log = (struct ow_log){.context = limited, .emit = emit, .most = OW_LOG_DEBUG};
  limited->to = to;
  limited->loop = loop;
  limited->timer.expired = on_minute;
}

void ow_limited_log_close(struct ow_limited_log *limited)
{
  if (limited->loop) {
    ow_timer_cancel(limited->loop, &limited->timer);
    tell(limited, true);
    limited->loop = NULL;
  }
}
