/* SPDX-License-Identifier: MIT */
/* One TCP connection on the loop: octets to and from a control machine. */
#ifndef OWAMP_IO_CHANNEL_H
#define OWAMP_IO_CHANNEL_H

#include "base/status.h"
#include "io/address.h"
#include "io/channel_turn.h"
#include "io/loop.h"

/**
 * Connect without blocking, from `source` (may be NULL) through `interface` (may be NULL or "").
 * OW_INVALID if it is those that this host can't use, else OW_NETWORK, with the reason.
 */
enum ow_status ow_channel_connect(struct ow_channel *channel, struct ow_loop *loop,
                                  const union ow_address *server, const union ow_address *source,
                                  const char *interface, struct ow_failure *failure) OW_MUST_CHECK;
/**
 * Take over an accepted, non-blocking socket (closed with the channel, and at once on failure). If its peer
 * vanishes, that is noticed within a minute; whoever connects lets a path be interrupted for longer. What it
 * doesn't read waits in `output`, and no more than 64 KiB of it unsent in the kernel.
 */
enum ow_status ow_channel_adopt(struct ow_channel *channel, struct ow_loop *loop, int socket,
                                struct ow_failure *failure) OW_MUST_CHECK;
/**
 * Go on in `channel`, whose callbacks and output are its own, with the connection of `from`, which is
 * connected and on a loop, and with all that waits there to be taken; `from` is closed. OW_NETWORK: both are
 * closed.
 */
enum ow_status ow_channel_move(struct ow_channel *channel, struct ow_channel *from,
                               struct ow_failure *failure) OW_MUST_CHECK;
/**
 * Send what can be sent now; the rest goes as the connection takes it. Failures come by `over`, later.
 * Nothing happens to a closed channel.
 */
void ow_channel_flush(struct ow_channel *channel);
/** Both ends' addresses. */
union ow_address ow_channel_local(const struct ow_channel *channel);
union ow_address ow_channel_remote(const struct ow_channel *channel);
/**
 * Closes at once. What the kernel has taken is still delivered, if no more than 256 KiB of what the peer has
 * said wait unread: beyond that the kernel resets the connection.
 */
void ow_channel_close(struct ow_channel *channel);

#endif
