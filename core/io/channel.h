/* SPDX-License-Identifier: MIT */
/* One TCP connection on the loop: octets to and from a control machine. */
#ifndef OWAMP_IO_CHANNEL_H
#define OWAMP_IO_CHANNEL_H

#include <stdbool.h>

#include "base/buffer.h"
#include "base/cursor.h"
#include "base/status.h"
#include "io/address.h"
#include "io/completion.h"
#include "io/loop.h"

/** Embed it; fill in the callbacks. Zero-initialised: closed. */
struct ow_channel {
  struct ow_loop *loop;
  struct ow_watch watch;
  struct ow_buffer *output;       /* the machine's; sent from the head */
  struct ow_buffer input;         /* read, but not yet taken */
  struct ow_completion attention; /* `received`, or `over`, is due */
  struct ow_completion emptied;   /* `drained` is due */
  bool open;
  bool connecting;
  bool offered;       /* what waits is to be offered again */
  bool ended;         /* nothing more can be read: the peer has closed its side, or the connection broke: */
  const char *reason; /* NULL if the peer closed it */
  /*
   * Each is the last that the channel does in its turn, and may close it, open it again, or free it.
   */
  /** The connection was made (client side only). */
  void (*connected)(struct ow_channel *channel);
  /** Octets came, or were offered again: ow_channel_input(), then ow_channel_taken(). */
  void (*received)(struct ow_channel *channel);
  /** The output, which was not, is empty: write more, and flush. At the end of the turn. May be NULL. */
  void (*drained)(struct ow_channel *channel);
  /**
   * The connection is over: the peer closed it (`reason` NULL) or it broke. It comes after what was read and
   * offered was taken. The channel is still to be closed.
   */
  void (*over)(struct ow_channel *channel, const char *reason);
};

/**
 * Connect without blocking, from `source` (may be NULL) through `interface` (may be NULL or ""). OW_NETWORK
 * with the reason.
 */
enum ow_status ow_channel_connect(struct ow_channel *channel, struct ow_loop *loop,
                                  const union ow_address *server, const union ow_address *source,
                                  const char *interface, struct ow_failure *failure) OW_MUST_CHECK;
/** Take over an accepted, non-blocking socket (closed with the channel, and at once on failure). */
enum ow_status ow_channel_adopt(struct ow_channel *channel, struct ow_loop *loop, int socket,
                                struct ow_failure *failure) OW_MUST_CHECK;
/**
 * Send what can be sent now; the rest goes as the connection takes it. Failures come by `over`, later.
 * Nothing happens to a closed channel.
 */
void ow_channel_flush(struct ow_channel *channel);
/** What was read and waits to be taken; valid until ow_channel_taken(). */
struct ow_reader ow_channel_input(const struct ow_channel *channel);
/** So much of ow_channel_input() was taken as `input` has moved on. */
void ow_channel_taken(struct ow_channel *channel, const struct ow_reader *input);
/** The machine can take more: call `received` again, at the end of the turn, if anything waits. */
void ow_channel_offer(struct ow_channel *channel);
/** Both ends' addresses. */
union ow_address ow_channel_local(const struct ow_channel *channel);
union ow_address ow_channel_remote(const struct ow_channel *channel);
/** Closes at once; what the kernel has taken is still delivered. */
void ow_channel_close(struct ow_channel *channel);

#endif
