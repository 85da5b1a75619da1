/* SPDX-License-Identifier: MIT */
/*
 * A channel as its owner sees it at each turn, whatever carries its octets: what came, what left, and the
 * end.
 */
#ifndef OWAMP_IO_CHANNEL_TURN_H
#define OWAMP_IO_CHANNEL_TURN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"
#include "base/cursor.h"
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
  int error;          /* errno with which the connection could not be made; 0: it was */
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

/** What was read and waits to be taken; valid until ow_channel_taken(). */
struct ow_reader ow_channel_input(const struct ow_channel *channel);
/** So much of ow_channel_input() was taken as `input` has moved on. */
void ow_channel_taken(struct ow_channel *channel, const struct ow_reader *input);
/** The machine can take more: call `received` again, at the end of the turn, if anything waits. */
void ow_channel_offer(struct ow_channel *channel);

/* ---- for what carries the octets ---- */

enum { OW_CHANNEL_INPUT = 65536 }; /* octets that wait to be taken, at most */

/** It is open from now on, on this loop. `most_input`: octets that may wait. */
void ow_channel_begin(struct ow_channel *channel, struct ow_loop *loop, size_t most_input);
/** Watch for what can be done now; reading pauses while the owner doesn't take what was read. */
void ow_channel_watch(struct ow_channel *channel);
/** Nothing more will come: `over` is due, with this reason (NULL: the peer closed it). */
void ow_channel_input_ends(struct ow_channel *channel, const char *reason);
/** Some of the output has left: `drained` is due if that was all. */
void ow_channel_output_left(struct ow_channel *channel);
/**
 * What has come to `from` and waits to be taken, and its end, are `channel`'s, which is open on the same
 * loop. `from`, whose descriptor was taken from it, is closed.
 */
void ow_channel_take_over(struct ow_channel *channel, struct ow_channel *from);
/** Nothing is due any more; the descriptor and what waited are gone. Of an open channel. */
void ow_channel_end(struct ow_channel *channel);

#endif
