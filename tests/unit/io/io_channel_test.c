/* SPDX-License-Identifier: MIT */
/*
 * core/io: a channel over a real pair of sockets: what it tells, in which order, and that each may be its
 * end.
 */
#include <linux/sockios.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/container_of.h"
#include "io/channel.h"
#include "support/main.h"

/* Allocated, so that the sanitizer sees who touches it after its owner has freed it. */
struct owner {
  struct ow_channel channel;
  struct ow_buffer output;
  size_t at_once; /* octets taken by a call of `received` */
  size_t drains;  /* that write more */
  bool calling;   /* a call into the channel is under way: nobody may be called back */
};

static struct ow_loop *loop;
static struct owner *owner;
static int other_end;
static char story[64];

static void tell(const char *text)
{
  ck_assert_uint_lt(strlen(story) + strlen(text), sizeof story);
  strcat(story, text);
}

static void free_owner(void)
{
  ow_channel_close(&owner->channel);
  ow_buffer_clear(&owner->output);
  free(owner);
  owner = NULL;
}

static void on_received(struct ow_channel *channel)
{
  struct owner *self = OW_CONTAINER_OF(channel, struct owner, channel);
  struct ow_reader input = ow_channel_input(channel);
  char taken[16] = "";
  ck_assert(!self->calling);
  self->calling = true;
  size_t count = ow_reader_left(&input) < self->at_once ? ow_reader_left(&input) : self->at_once;
  ow_read_octets(&input, taken, count);
  ow_channel_taken(channel, &input);
  ow_channel_offer(channel);
  self->calling = false;
  tell(taken);
  tell(" ");
}

static void on_drained(struct ow_channel *channel)
{
  struct owner *self = OW_CONTAINER_OF(channel, struct owner, channel);
  ck_assert(!self->calling);
  tell("drained ");
  if (self->drains) {
    self->drains--;
    ck_assert_int_eq(ow_buffer_append(&self->output, "more", 4), OW_OK);
    self->calling = true;
    ow_channel_flush(channel);
    self->calling = false;
  } else {
    ow_loop_stop(loop);
  }
}

static void on_over(struct ow_channel *channel, const char *reason)
{
  ck_assert(!OW_CONTAINER_OF(channel, struct owner, channel)->calling);
  tell(reason ? reason : "over");
  ow_loop_stop(loop);
}

static void set_up(void)
{
  struct ow_failure failure = {.text = ""};
  int ends[2];
  story[0] = '\0';
  loop = ow_loop_create(&failure);
  ck_assert_ptr_nonnull(loop);
  ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
  other_end = ends[1];
  owner = calloc(1, sizeof *owner);
  ck_assert_ptr_nonnull(owner);
  owner->at_once = 1;
  owner->output.limit = 1024;
  owner->channel = (struct ow_channel){
      .output = &owner->output, .received = on_received, .drained = on_drained, .over = on_over};
  ck_assert_int_eq(ow_channel_adopt(&owner->channel, loop, ends[0], &failure), OW_OK);
}

static void tear_down(void)
{
  if (owner)
    free_owner();
  if (other_end >= 0)
    close(other_end);
  ow_loop_free(loop);
}

static void run(void)
{
  struct ow_failure failure = {.text = ""};
  ck_assert_int_eq(ow_loop_run(loop, &failure), OW_OK);
}

static void write_other(const char *text)
{
  ck_assert_int_eq(write(other_end, text, strlen(text)), (ssize_t)strlen(text));
}

static void close_other(void)
{
  close(other_end);
  other_end = -1;
}

START_TEST(what_is_offered_comes_one_by_one_and_the_end_after_it)
{
  write_other("abc");
  close_other();
  run();
  ck_assert_str_eq(story, "a b c over");
}
END_TEST

static void leave_the_rest(struct ow_channel *channel)
{
  struct ow_reader input = ow_channel_input(channel);
  (void)ow_read_u8(&input);
  ow_channel_taken(channel, &input);
  tell("one ");
}

START_TEST(what_nobody_offers_again_does_not_hold_up_the_end)
{
  owner->channel.received = leave_the_rest;
  write_other("abc");
  close_other();
  run();
  ck_assert_str_eq(story, "one over");
}
END_TEST

START_TEST(an_emptied_output_is_told_after_the_call_that_emptied_it)
{
  char got[16] = "";
  owner->drains = 2;
  ck_assert_int_eq(ow_buffer_append(&owner->output, "first", 5), OW_OK);
  owner->calling = true;
  ow_channel_flush(&owner->channel);
  owner->calling = false;
  ck_assert_str_eq(story, "");
  run();
  ck_assert_str_eq(story, "drained drained drained ");
  ck_assert_int_eq(read(other_end, got, sizeof got), 13);
  ck_assert_str_eq(got, "firstmoremore");
}
END_TEST

static void end_here(struct ow_channel *channel)
{
  (void)channel;
  tell("freed");
  free_owner();
  ow_loop_stop(loop);
}

static void end_here_too(struct ow_channel *channel, const char *reason)
{
  (void)reason;
  end_here(channel);
}

START_TEST(its_owner_may_free_it_when_octets_come)
{
  owner->channel.received = end_here;
  write_other("abc");
  run();
  ck_assert_str_eq(story, "freed");
}
END_TEST

START_TEST(its_owner_may_free_it_when_it_is_over)
{
  owner->channel.over = end_here_too;
  close_other();
  run();
  ck_assert_str_eq(story, "freed");
}
END_TEST

START_TEST(its_owner_may_free_it_when_its_output_is_empty)
{
  owner->channel.drained = end_here;
  ck_assert_int_eq(ow_buffer_append(&owner->output, "x", 1), OW_OK);
  ow_channel_flush(&owner->channel);
  run();
  ck_assert_str_eq(story, "freed");
}
END_TEST

/* Into another owner's, with what waits, what is to be sent, and the end. */
static void move_on(struct ow_channel *channel)
{
  struct ow_failure failure = {.text = ""};
  struct owner *old = owner;
  struct ow_reader input = ow_channel_input(channel);
  (void)ow_read_u8(&input);
  ow_channel_taken(channel, &input);
  owner = calloc(1, sizeof *owner);
  ck_assert_ptr_nonnull(owner);
  owner->at_once = 1;
  owner->output.limit = 1024;
  ck_assert_int_eq(ow_buffer_append(&owner->output, "late", 4), OW_OK);
  owner->channel = (struct ow_channel){.output = &owner->output, .received = on_received, .over = on_over};
  ck_assert_int_eq(ow_channel_move(&owner->channel, channel, &failure), OW_OK);
  ck_assert(!channel->open);
  ow_buffer_clear(&old->output);
  free(old);
  tell("moved ");
}

START_TEST(a_channel_moves_with_all_that_waits)
{
  char got[16] = "";
  owner->channel.received = move_on;
  write_other("abc");
  ck_assert_int_eq(shutdown(other_end, SHUT_WR), 0);
  run();
  ck_assert_str_eq(story, "moved b c over");
  ck_assert_int_eq(read(other_end, got, sizeof got), 4);
  ck_assert_str_eq(got, "late");
}
END_TEST

static void tcp_pair(int ends[2])
{
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t size = sizeof address;
  int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  ck_assert_int_eq(bind(listener, (struct sockaddr *)&address, size), 0);
  ck_assert_int_eq(getsockname(listener, (struct sockaddr *)&address, &size), 0);
  ck_assert_int_eq(listen(listener, 1), 0);
  ends[1] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  ck_assert_int_eq(connect(ends[1], (struct sockaddr *)&address, size), 0);
  ends[0] = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
  ck_assert_int_ge(ends[0], 0);
  close(listener);
}

START_TEST(a_peer_that_reads_nothing_takes_little_of_the_kernels_memory)
{
  enum { MUCH = 4 << 20 };
  static const uint8_t octets[MUCH];
  struct ow_failure failure = {.text = ""};
  struct ow_buffer output = {.limit = MUCH};
  struct ow_channel channel = {
      .output = &output, .received = on_received, .drained = on_drained, .over = on_over};
  int ends[2];
  int unsent = 0;
  tcp_pair(ends);
  ck_assert_int_eq(ow_channel_adopt(&channel, loop, ends[0], &failure), OW_OK);
  ck_assert_int_eq(ow_buffer_append(&output, octets, MUCH), OW_OK);
  ow_channel_flush(&channel);
  ck_assert_uint_gt(ow_buffer_length(&output), MUCH / 2);
  ck_assert_int_eq(ioctl(ends[0], SIOCOUTQNSD, &unsent), 0);
  ck_assert_int_lt(unsent, 256 << 10);
  ow_channel_close(&channel);
  ow_buffer_clear(&output);
  close(ends[1]);
}
END_TEST

/* A peer that has said more than anybody takes is told the last words, and the end, all the same. */
START_TEST(last_words_arrive_whatever_is_left_unread)
{
  enum { MUCH = 100000 };
  static const uint8_t octets[MUCH];
  char words[3] = "";
  struct ow_failure failure = {.text = ""};
  struct ow_buffer output = {.limit = 10};
  struct ow_channel channel = {
      .output = &output, .received = on_received, .drained = on_drained, .over = on_over};
  int ends[2];
  tcp_pair(ends);
  ck_assert_int_eq(ow_channel_adopt(&channel, loop, ends[0], &failure), OW_OK);
  ck_assert_int_eq(write(ends[1], octets, MUCH), MUCH);
  for (int unread = 0; unread < MUCH;)
    ck_assert_int_eq(ioctl(ends[0], FIONREAD, &unread), 0);
  ck_assert_int_eq(ow_buffer_append(&output, "no", 2), OW_OK);
  ow_channel_flush(&channel);
  ow_channel_close(&channel);
  ck_assert_int_eq(recv(ends[1], words, 2, MSG_WAITALL), 2);
  ck_assert_str_eq(words, "no");
  ck_assert_int_eq(recv(ends[1], words, 1, 0), 0); /* and no reset */
  ow_buffer_clear(&output);
  close(ends[1]);
}
END_TEST

static void stop_soon(struct ow_completion *completion)
{
  (void)completion;
  ow_loop_stop(loop);
}

START_TEST(a_closed_channel_tells_nothing_that_was_due)
{
  struct ow_completion end = {.run = stop_soon};
  ck_assert_int_eq(ow_buffer_append(&owner->output, "x", 1), OW_OK);
  ow_channel_flush(&owner->channel);
  ow_channel_close(&owner->channel);
  ow_loop_deliver(loop, &end);
  run();
  ck_assert_str_eq(story, "");
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("io: channel");
  TEST_CASE_WITH(set_up, tear_down, suite, "channel", what_is_offered_comes_one_by_one_and_the_end_after_it,
                 what_nobody_offers_again_does_not_hold_up_the_end,
                 an_emptied_output_is_told_after_the_call_that_emptied_it,
                 its_owner_may_free_it_when_octets_come, its_owner_may_free_it_when_it_is_over,
                 its_owner_may_free_it_when_its_output_is_empty, a_closed_channel_tells_nothing_that_was_due,
                 a_channel_moves_with_all_that_waits,
                 a_peer_that_reads_nothing_takes_little_of_the_kernels_memory,
                 last_words_arrive_whatever_is_left_unread);
  return test_run(suite);
}
