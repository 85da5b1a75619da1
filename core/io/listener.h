/* SPDX-License-Identifier: MIT */
/* Listening TCP sockets, one for each family or whichever are given, and the connections that come in. */
#ifndef OWAMP_IO_LISTENER_H
#define OWAMP_IO_LISTENER_H

#include <stdint.h>

#include "base/status.h"
#include "io/address.h"
#include "io/loop.h"

enum { OW_LISTENERS = 8 };

/** Embed it. */
struct ow_listeners {
  struct ow_loop *loop;
  struct ow_listener {
    struct ow_watch watch;
    struct ow_listeners *all;
  } each[OW_LISTENERS];
  struct ow_timer rest; /* no descriptors were left: accept no more for a moment */
  uint16_t port;        /* the one that all listen on */
  /** A connection was made; the non-blocking socket is the callee's. */
  void (*accepted)(struct ow_listeners *listeners, int socket, const union ow_address *remote);
};

/** Before anything else: nothing listens yet. */
void ow_listeners_prepare(struct ow_listeners *listeners, struct ow_loop *loop,
                          void (*accepted)(struct ow_listeners *listeners, int socket,
                                           const union ow_address *remote));
/**
 * Listen on `host` ("": every address of both families) and `port` ("0": a free one, the same for both
 * families). OW_INVALID if they mean nothing, OW_NETWORK if no address can be listened on; the sentence names
 * it.
 */
enum ow_status ow_listeners_open(struct ow_listeners *listeners, const char *host, const char *port,
                                 struct ow_failure *failure) OW_MUST_CHECK;
/**
 * Listen on sockets that listen already, `count` descriptors from `first` on, which are then the listeners'.
 * OW_INVALID if one is no listening TCP socket or they are more than OW_LISTENERS: all are as they were, but
 * for those before it. `failure` must not be NULL.
 */
enum ow_status ow_listeners_adopt(struct ow_listeners *listeners, int first, int count,
                                  struct ow_failure *failure) OW_MUST_CHECK;
/**
 * Whether ow_listeners_open() would be possible, but for the port, which may be in use: OW_INVALID if host
 * and port mean nothing, OW_NETWORK if this host has no such address. `failure` must not be NULL.
 */
enum ow_status ow_listeners_check(const char *host, const char *port,
                                  struct ow_failure *failure) OW_MUST_CHECK;
void ow_listeners_close(struct ow_listeners *listeners);

#endif
