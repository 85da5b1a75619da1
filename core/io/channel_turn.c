/* SPDX-License-Identifier: MIT */
/* Octets wait in a buffer; what the owner asked for comes first, and the end when nobody asks any more. */
#include "io/channel_turn.h"

#include <sys/epoll.h>

#include "base/container_of.h"

void ow_channel_watch(struct ow_channel *channel)
{
  uint32_t events = 0;
  if (ow_buffer_length(&channel->input) < OW_CHANNEL_INPUT / 2 && !channel->ended)
    events |= EPOLLIN;
  if (channel->connecting || ow_buffer_length(channel->output))
    events |= EPOLLOUT;
  ow_watch_change(channel->loop, &channel->watch, events);
}

/* Who has more to take comes first; the end is told when nobody asks for what is left. */
static void on_attention(struct ow_completion *completion)
{
  struct ow_channel *channel = OW_CONTAINER_OF(completion, struct ow_channel, attention);
  bool offered = channel->offered && ow_buffer_length(&channel->input);
  channel->offered = false;
  if (offered && channel->ended)
    ow_loop_deliver(channel->loop, &channel->attention);
  if (offered)
    channel->received(channel);
  else if (channel->ended)
    channel->over(channel, channel->reason);
}

struct ow_reader ow_channel_input(const struct ow_channel *channel)
{
  return ow_reader(ow_buffer_head(&channel->input), ow_buffer_length(&channel->input));
}

void ow_channel_taken(struct ow_channel *channel, const struct ow_reader *input)
{
  ow_buffer_consume(&channel->input, ow_buffer_length(&channel->input) - ow_reader_left(input));
  if (!ow_buffer_length(&channel->input))
    ow_buffer_clear(&channel->input); /* most connections are silent most of the time */
  ow_channel_watch(channel);
}

void ow_channel_offer(struct ow_channel *channel)
{
  if (channel->open && ow_buffer_length(&channel->input)) {
    channel->offered = true;
    ow_loop_deliver(channel->loop, &channel->attention);
  }
}

static void on_emptied(struct ow_completion *completion)
{
  struct ow_channel *channel = OW_CONTAINER_OF(completion, struct ow_channel, emptied);
  channel->drained(channel);
}

void ow_channel_begin(struct ow_channel *channel, struct ow_loop *loop, size_t most_input)
{
  channel->loop = loop;
  channel->open = true;
  channel->offered = channel->ended = false;
  channel->input.limit = most_input;
  channel->attention.run = on_attention;
  channel->emptied.run = on_emptied;
}

void ow_channel_input_ends(struct ow_channel *channel, const char *reason)
{
  channel->ended = true;
  channel->reason = reason;
  ow_channel_watch(channel);
  ow_loop_deliver(channel->loop, &channel->attention);
}

void ow_channel_output_left(struct ow_channel *channel)
{
  if (!ow_buffer_length(channel->output) && channel->drained)
    ow_loop_deliver(channel->loop, &channel->emptied);
}

void ow_channel_take_over(struct ow_channel *channel, struct ow_channel *from)
{
  channel->input = from->input;
  from->input = (struct ow_buffer){0};
  if (from->ended)
    ow_channel_input_ends(channel, from->reason);
  ow_channel_end(from);
  ow_channel_watch(channel);
  ow_channel_offer(channel);
}

void ow_channel_end(struct ow_channel *channel)
{
  ow_loop_withdraw(channel->loop, &channel->attention);
  ow_loop_withdraw(channel->loop, &channel->emptied);
  ow_watch_close(channel->loop, &channel->watch);
  ow_buffer_clear(&channel->input);
  channel->open = false;
}
