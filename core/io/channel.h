/* One TCP connection on the loop: octets to and from a control machine. */
#ifndef OWAMP_IO_CHANNEL_H
#define OWAMP_IO_CHANNEL_H

#include <stdbool.h>

#include "base/buffer.h"
#include "base/cursor.h"
#include "base/status.h"
#include "io/address.h"
#include "io/loop.h"

/** Embed it; fill in the callbacks. Zero-initialised: closed. */
struct ow_channel {
  struct ow_loop *loop;
  struct ow_watch watch;
  struct ow_buffer *output; /* the machine's; sent from the head */
  struct ow_buffer backlog; /* read, but not yet taken */
  bool open;
  bool connecting;
  bool ended;    /* the peer has closed its side */
  unsigned life; /* counts openings: a callback may close and open the channel again */
  bool handing;  /* `received` is being called, so that a call from within isn't nested but repeated: */
  bool again;
  bool draining; /* likewise `drained` */
  bool emptied;  /* `drained` is still to be called */
  /** The connection was made (client side only). */
  void (*connected)(struct ow_channel *channel);
  /** Octets came: take what can be used; what is left is offered again by ow_channel_offer(). */
  void (*received)(struct ow_channel *channel, struct ow_reader *input);
  /** The output is empty again: write more, which is sent afterwards. May be NULL. */
  void (*drained)(struct ow_channel *channel);
  /**
   * The connection is over: the peer closed it (`reason` NULL) or it broke. The channel is still to be
   * closed.
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
/** Send what can be sent now; the rest goes as the connection takes it. Failures come by `over`, later. */
void ow_channel_flush(struct ow_channel *channel);
/** Offer the backlog again: the machine can take octets now. Within `received`: when that has returned. */
void ow_channel_offer(struct ow_channel *channel);
/** Both ends' addresses. */
union ow_address ow_channel_local(const struct ow_channel *channel);
union ow_address ow_channel_remote(const struct ow_channel *channel);
/** Closes at once; what the kernel has taken is still delivered. */
void ow_channel_close(struct ow_channel *channel);

#endif
