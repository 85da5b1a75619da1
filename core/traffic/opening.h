/* SPDX-License-Identifier: MIT */
/*
 * The socket of a reflected session before the session: it asks questions outside the schedule
 * (session/marker.h), again and again, until one is answered.
 */
#ifndef OWAMP_TRAFFIC_OPENING_H
#define OWAMP_TRAFFIC_OPENING_H

#include <stdbool.h>

#include "base/status.h"
#include "io/loop.h"
#include "session/marker.h"
#include "traffic/traffic.h"

/** Embed it; zero-initialised, then the first group filled in. Zero-initialised: closed. */
struct ow_test_opening {
  struct ow_traffic *traffic;
  struct ow_reflected_codec *codec; /* must stay */
  struct ow_markers markers;        /* `ssid` is the owner's to set */
  /** A question was answered: ow_test_opening_release() is due. Never within ow_test_opening_begin(). */
  void (*answered)(struct ow_test_opening *opening);
  /** Nobody listens there, or nothing can be sent (errno). No more is asked. Likewise. */
  void (*refused)(struct ow_test_opening *opening, int error);

  bool open;
  struct ow_watch watch;
  struct ow_timer again;
};

/**
 * Take over a bound and connected socket (closed with it), and ask at once. 0, or the errno with which the
 * operating system would not send: it is open all the same. EIO: it can't be watched.
 */
int ow_test_opening_begin(struct ow_test_opening *opening, int socket);
/** Ask no more; the socket is the caller's. */
int ow_test_opening_release(struct ow_test_opening *opening);
void ow_test_opening_close(struct ow_test_opening *opening);

#endif
