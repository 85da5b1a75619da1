/* SPDX-License-Identifier: MIT */
/* Session-Sender, Session-Receiver and the correction of departures, without a network. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "session/departure.h"
#include "session/receiver.h"
#include "session/sender.h"
#include "support/contexts.h"
#include "support/main.h"
#include "support/seed.h"
#include "wire/test_packet.h"

#define MS OW_NS_PER_MS
enum { PACKETS = 10 };

static const struct ow_error_estimate ERROR = {0x8001};
static const struct ow_keys KEYS = {.aes = {1}, .hmac = {2}};
static const struct ow_slot SLOT = {OW_SLOT_FIXED, {UINT64_C(1) << 32}}; /* a packet every second */
/* 5 s before the era ends, so that every session here crosses into 2036. */
static const struct ow_timestamp START = {UINT64_C(0xfffffffb00000000)};

struct fixture {
  struct ow_session_request request;
  struct ow_session_terms terms;
};

/* One packet a second from START + 1 s on, loss threshold 2 s. */
static void set_up(struct fixture *fixture, enum ow_mode mode, uint32_t packets)
{
  fixture->request = (struct ow_session_request){.slot_count = 1,
                                                 .packets = packets,
                                                 .start = START,
                                                 .timeout = ow_span_from_ns(2000 * MS),
                                                 .sid = {{9}}};
  fixture->terms = (struct ow_session_terms){
      .mode = mode, .keys = &KEYS, .request = &fixture->request, .slots = &SLOT, .contexts = test_contexts()};
}

static struct ow_timestamp due(uint32_t sequence)
{
  return ow_timestamp_plus(START, (int64_t)(sequence + 1) * 1000 * MS);
}

static struct ow_sender *new_sender(struct fixture *fixture, bool zero_padding)
{
  struct ow_sender *sender = ow_sender_create(&fixture->terms, zero_padding);
  ck_assert_ptr_nonnull(sender);
  return sender;
}

static struct ow_receiver *new_receiver(struct fixture *fixture, uint64_t most)
{
  struct ow_receiver *receiver = ow_receiver_create(&fixture->terms, most);
  ck_assert_ptr_nonnull(receiver);
  return receiver;
}

/* A test packet as the other end would send it. */
static size_t make_packet(const struct fixture *fixture, uint32_t sequence, struct ow_timestamp sent,
                          struct ow_error_estimate error, uint8_t *out)
{
  struct ow_packet_codec codec;
  ck_assert_int_eq(ow_packet_codec_open(&codec, fixture->terms.mode, fixture->terms.keys, test_contexts()),
                   OW_OK);
  ck_assert_int_eq(ow_packet_prepare(&codec, sequence, out), OW_OK);
  ck_assert_int_eq(ow_packet_stamp(&codec, sequence, sent, error, out), OW_OK);
  ow_packet_codec_close(&codec);
  return ow_packet_least(fixture->terms.mode);
}

static enum ow_reception give(struct ow_receiver *receiver, const struct fixture *fixture, uint32_t sequence,
                              struct ow_timestamp sent, int64_t delay)
{
  uint8_t packet[OW_PACKET_SECURE];
  size_t octets = make_packet(fixture, sequence, sent, ERROR, packet);
  return ow_receiver_packet(receiver, packet, octets, ow_timestamp_plus(sent, delay), OW_STAMP_KERNEL, ERROR,
                            250);
}

/* As its owner does: what was overdue at the stop is lost, and then nothing is expected any more. */
static void stop_receiver(struct ow_receiver *receiver, struct ow_timestamp now,
                          const struct ow_session_end *end)
{
  ck_assert_int_eq(ow_receiver_stop(receiver, now, end), OW_OK);
  while (!ow_receiver_expire(receiver, now))
    continue;
  while (!ow_receiver_stopped(receiver))
    continue;
}

/* ---- sender ---- */

static const enum ow_mode MODES[] = {OW_MODE_OPEN, OW_MODE_AUTHENTICATED, OW_MODE_ENCRYPTED};

START_TEST(every_packet_goes_out_by_the_schedule_with_its_stamp)
{
  struct fixture fixture;
  set_up(&fixture, MODES[_i], PACKETS);
  fixture.request.padding = 20;
  struct ow_sender *sender = new_sender(&fixture, false);
  struct ow_packet_codec codec;
  ck_assert_int_eq(ow_packet_codec_open(&codec, MODES[_i], &KEYS, test_contexts()), OW_OK);
  for (uint32_t i = 0; i < PACKETS; i++) {
    struct ow_timestamp when;
    struct ow_packet packet;
    size_t octets;
    ck_assert(ow_sender_due(sender, &when));
    ck_assert_uint_eq(when.ntp, due(i).ntp);
    ck_assert_int_eq(ow_sender_ready(sender, when), OW_SENDER_SEND);
    const uint8_t *out = ow_sender_stamp(sender, when, ERROR, &octets);
    ck_assert_uint_eq(octets, ow_packet_least(MODES[_i]) + 20);
    ck_assert_int_eq(ow_packet_decode(&codec, out, octets, &packet), OW_OK);
    ck_assert_uint_eq(packet.sequence, i);
    ck_assert_uint_eq(packet.sent.ntp, when.ntp);
    ow_sender_sent(sender, true);
  }
  struct ow_timestamp none;
  ck_assert(!ow_sender_due(sender, &none));
  ck_assert_uint_eq(ow_sender_end(sender).next_sequence, PACKETS);
  ck_assert_uint_eq(ow_sender_end(sender).skip_ranges, 0);
  ck_assert_uint_eq(ow_sender_last_due(sender).ntp, due(PACKETS - 1).ntp);
  ow_packet_codec_close(&codec);
  ow_sender_free(sender);
}
END_TEST

START_TEST(packets_that_are_more_than_the_loss_threshold_late_are_skipped)
{
  struct fixture fixture;
  set_up(&fixture, MODES[_i], PACKETS);
  struct ow_sender *sender = new_sender(&fixture, true);
  struct ow_packet_codec codec;
  ck_assert_int_eq(ow_packet_codec_open(&codec, MODES[_i], &KEYS, test_contexts()), OW_OK);
  struct ow_packet packet;
  size_t octets;
  /* 2 s and 1 ns after packet 3 was due: 0 to 3 are too late, 4 is not. */
  ck_assert_int_eq(ow_sender_ready(sender, ow_timestamp_plus(due(3), 2000 * MS + 2)), OW_SENDER_SEND);
  const uint8_t *out = ow_sender_stamp(sender, due(6), ERROR, &octets);
  ck_assert_int_eq(ow_packet_decode(&codec, out, octets, &packet), OW_OK);
  ck_assert_uint_eq(packet.sequence, 4);
  ow_sender_sent(sender, true);
  ow_sender_sent(sender, false); /* 5: the operating system didn't take it */
  struct ow_session_end end = ow_sender_end(sender);
  ck_assert_uint_eq(end.next_sequence, 6);
  ck_assert_uint_eq(end.skip_ranges, 2);
  ck_assert_uint_eq(end.skipped[0].first, 0);
  ck_assert_uint_eq(end.skipped[0].last, 3);
  ck_assert_uint_eq(end.skipped[1].first, 5);
  ck_assert_uint_eq(end.skipped[1].last, 5);
  ow_packet_codec_close(&codec);
  ow_sender_free(sender);
}
END_TEST

START_TEST(however_many_are_too_late_only_some_are_skipped_at_once)
{
  struct fixture fixture;
  set_up(&fixture, MODES[_i], UINT32_MAX);
  struct ow_sender *sender = new_sender(&fixture, true);
  struct ow_timestamp now = ow_timestamp_plus(due(3 * OW_SKIPPED_AT_ONCE), 2000 * MS + 2);
  for (uint32_t i = 1; i <= 3; i++) {
    ck_assert_int_eq(ow_sender_ready(sender, now), OW_SENDER_SKIPPING);
    ck_assert_uint_eq(ow_sender_next_sequence(sender), i * OW_SKIPPED_AT_ONCE);
  }
  ck_assert_int_eq(ow_sender_ready(sender, now), OW_SENDER_SEND);
  struct ow_session_end end = ow_sender_end(sender);
  ck_assert_uint_eq(end.next_sequence, 3 * OW_SKIPPED_AT_ONCE + 1);
  ck_assert_uint_eq(end.skip_ranges, 1);
  ck_assert_uint_eq(end.skipped[0].last, 3 * OW_SKIPPED_AT_ONCE);
  ow_sender_free(sender);
}
END_TEST

/* Send what may leave from `now` on for so long; how many did. */
static uint32_t send_for(struct ow_sender *sender, struct ow_timestamp now, int64_t nanoseconds)
{
  struct ow_timestamp until = ow_timestamp_plus(now, nanoseconds);
  struct ow_timestamp when;
  uint32_t sent = 0;
  while (ow_sender_due(sender, &when) && !ow_timestamp_after(when, until)) {
    size_t octets;
    now = ow_timestamp_after(when, now) ? when : now;
    enum ow_sender_turn turn = ow_sender_ready(sender, now);
    if (turn == OW_SENDER_SEND) {
      ck_assert_ptr_nonnull(ow_sender_stamp(sender, now, ERROR, &octets));
      ow_sender_sent(sender, true);
      sent++;
    }
  }
  return sent;
}

/* As if its Start Time had been an hour ago, and so had the loss threshold allowed: 100 packets a second. */
START_TEST(a_backlog_leaves_at_the_mean_rate)
{
  static const struct ow_slot slot = {OW_SLOT_FIXED, {(UINT64_C(1) << 32) / 100}};
  struct fixture fixture;
  set_up(&fixture, OW_MODE_OPEN, 500000);
  fixture.terms.slots = &slot;
  fixture.request.timeout = ow_span_from_ns(3600 * 1000 * MS);
  struct ow_sender *sender = new_sender(&fixture, true);
  struct ow_timestamp now = ow_timestamp_plus(START, 3600 * 1000 * MS);
  uint32_t sent = send_for(sender, now, 60 * 1000 * MS);
  ck_assert_uint_ge(sent, 61 * 100); /* a second's at once, then 60 s */
  ck_assert_uint_le(sent, 61 * 100 + 2);
  ow_sender_free(sender);
}
END_TEST

START_TEST(a_few_late_packets_of_a_slow_schedule_leave_at_once)
{
  struct fixture fixture;
  set_up(&fixture, OW_MODE_OPEN, 1000);
  fixture.request.timeout = ow_span_from_ns(3600 * 1000 * MS);
  struct ow_sender *sender = new_sender(&fixture, true);
  ck_assert_uint_eq(send_for(sender, due(11), 0), 12);
  ck_assert_uint_eq(send_for(sender, due(12), 0), 1);
  ow_sender_free(sender);
}
END_TEST

START_TEST(packets_on_time_are_never_held_back)
{
  static const struct ow_slot slot = {OW_SLOT_EXPONENTIAL, {(UINT64_C(1) << 32) / 1000}};
  struct fixture fixture;
  struct ow_timestamp when;
  size_t octets;
  set_up(&fixture, OW_MODE_OPEN, 200000);
  fixture.terms.slots = &slot;
  fixture.request.sid.octets[0] = (uint8_t)_i;
  struct ow_sender *sender = new_sender(&fixture, true);
  struct ow_timestamp last = START;
  while (ow_sender_due(sender, &when)) { /* 9 ms late each */
    ck_assert_int_eq(ow_sender_ready(sender, ow_timestamp_plus(when, 9 * MS)), OW_SENDER_SEND);
    ck_assert_ptr_nonnull(ow_sender_stamp(sender, ow_timestamp_plus(when, 9 * MS), ERROR, &octets));
    ow_sender_sent(sender, true);
    ck_assert(!ow_timestamp_after(last, when));
    last = when;
  }
  ck_assert_uint_eq(last.ntp, ow_sender_last_due(sender).ntp);
  ow_sender_free(sender);
}
END_TEST

START_TEST(a_sender_that_gives_up_ends_where_it_is)
{
  struct fixture fixture;
  struct ow_timestamp when;
  set_up(&fixture, OW_MODE_OPEN, PACKETS);
  struct ow_sender *sender = new_sender(&fixture, true);
  ck_assert_uint_eq(send_for(sender, due(2), 0), 3);
  ow_sender_give_up(sender);
  ck_assert(!ow_sender_due(sender, &when));
  ck_assert_int_eq(ow_sender_ready(sender, due(3)), OW_SENDER_OVER);
  ck_assert_uint_eq(ow_sender_end(sender).next_sequence, 3);
  ck_assert_uint_eq(ow_sender_end(sender).skip_ranges, 0);
  ow_sender_free(sender);
}
END_TEST

START_TEST(padding_is_random_and_new_for_each_packet_unless_zeros_are_asked_for)
{
  struct fixture fixture;
  uint8_t first[64];
  static const uint8_t zeros[64];
  size_t octets;
  set_up(&fixture, OW_MODE_OPEN, PACKETS);
  fixture.request.padding = sizeof first;
  struct ow_sender *sender = new_sender(&fixture, false);
  memcpy(first, ow_sender_stamp(sender, due(0), ERROR, &octets) + OW_PACKET_OPEN, sizeof first);
  ow_sender_sent(sender, true);
  ck_assert_mem_ne(first, zeros, sizeof first);
  ck_assert_mem_ne(first, ow_sender_stamp(sender, due(1), ERROR, &octets) + OW_PACKET_OPEN, sizeof first);
  ow_sender_free(sender);
  sender = new_sender(&fixture, true);
  ck_assert_mem_eq(zeros, ow_sender_stamp(sender, due(0), ERROR, &octets) + OW_PACKET_OPEN, sizeof zeros);
  ow_sender_free(sender);
}
END_TEST

START_TEST(a_packet_that_fits_in_no_datagram_makes_no_sender)
{
  struct fixture fixture;
  set_up(&fixture, OW_MODE_OPEN, PACKETS);
  fixture.request.padding = OW_PACKET_LARGEST;
  ck_assert_ptr_null(ow_sender_create(&fixture.terms, true));
}
END_TEST

/* ---- receiver ---- */

START_TEST(what_arrives_is_recorded_once_and_again_as_duplicate)
{
  struct fixture fixture;
  set_up(&fixture, MODES[_i], PACKETS);
  struct ow_receiver *receiver = new_receiver(&fixture, 100);
  ck_assert_int_eq(give(receiver, &fixture, 1, due(1), 5 * MS), OW_RECEIVED);
  ck_assert_int_eq(give(receiver, &fixture, 0, due(0), 1100 * MS), OW_RECEIVED);
  ck_assert_int_eq(give(receiver, &fixture, 1, due(1), 200 * MS), OW_RECEIVED_DUPLICATE);
  const struct ow_samples *samples = ow_receiver_samples(receiver);
  ck_assert_uint_eq(samples->count, 3);
  ck_assert_uint_eq(ow_samples_at(samples, 0).sequence, 1);
  ck_assert_uint_eq(ow_samples_at(samples, 0).ttl, 250);
  ck_assert_uint_eq(ow_samples_at(samples, 1).sequence, 0);
  ck_assert_uint_eq(ow_receiver_received(receiver), 2);
  ck_assert(!ow_receiver_complete(receiver));
  ow_receiver_free(receiver);
}
END_TEST

START_TEST(what_can_not_be_right_is_ignored_and_counted)
{
  struct fixture fixture;
  uint8_t packet[OW_PACKET_SECURE];
  set_up(&fixture, OW_MODE_AUTHENTICATED, PACKETS);
  struct ow_receiver *receiver = new_receiver(&fixture, 100);
  size_t octets = make_packet(&fixture, 0, due(0), ERROR, packet);
  ck_assert_int_eq(ow_receiver_packet(receiver, packet, octets - 1, due(0), OW_STAMP_KERNEL, ERROR, 1),
                   OW_IGNORED_SHORT);
  packet[3] ^= 1;
  ck_assert_int_eq(ow_receiver_packet(receiver, packet, octets, due(0), OW_STAMP_KERNEL, ERROR, 1),
                   OW_IGNORED_HMAC);
  octets = make_packet(&fixture, 0, due(0), (struct ow_error_estimate){0x8000}, packet);
  ck_assert_int_eq(ow_receiver_packet(receiver, packet, octets, due(0), OW_STAMP_KERNEL, ERROR, 1),
                   OW_IGNORED_ERROR_ESTIMATE);
  ck_assert_int_eq(give(receiver, &fixture, PACKETS, due(PACKETS), 0), OW_IGNORED_SEQUENCE);
  ck_assert_int_eq(give(receiver, &fixture, 0, ow_timestamp_plus(due(0), 2000 * MS + 2), -1999 * MS),
                   OW_IGNORED_OFF_SCHEDULE);
  ck_assert_int_eq(give(receiver, &fixture, 0, due(0), 2000 * MS + 2), OW_IGNORED_LATE);
  ck_assert_uint_eq(ow_receiver_received(receiver), 0);
  for (int i = OW_IGNORED_SHORT; i <= OW_IGNORED_LATE; i++)
    ck_assert_uint_eq(ow_receiver_count(receiver, (enum ow_reception)i), 1);
  ow_receiver_free(receiver);
}
END_TEST

START_TEST(an_invented_sequence_number_is_off_schedule)
{
  struct fixture fixture;
  set_up(&fixture, OW_MODE_OPEN, UINT32_MAX);
  struct ow_receiver *receiver = new_receiver(&fixture, 100);
  ck_assert_int_eq(give(receiver, &fixture, UINT32_MAX - 1, due(0), MS), OW_IGNORED_OFF_SCHEDULE);
  ck_assert_int_eq(give(receiver, &fixture, 60000, due(0), MS), OW_IGNORED_OFF_SCHEDULE);
  ck_assert_int_eq(give(receiver, &fixture, 0, due(0), MS), OW_RECEIVED);
  ow_receiver_free(receiver);
}
END_TEST

START_TEST(what_is_overdue_becomes_a_record_of_loss)
{
  struct fixture fixture;
  struct ow_timestamp when;
  set_up(&fixture, OW_MODE_OPEN, 3);
  struct ow_receiver *receiver = new_receiver(&fixture, 100);
  ck_assert_int_eq(give(receiver, &fixture, 1, due(1), MS), OW_RECEIVED);
  ck_assert(ow_receiver_next_expiry(receiver, &when));
  ck_assert_int_ge(ow_timestamp_difference(when, due(0)), 2000 * MS);
  ck_assert(ow_receiver_expire(receiver, ow_timestamp_plus(due(2), 2000 * MS)));
  ck_assert_uint_eq(ow_receiver_samples(receiver)->count, 2); /* packet 2 is not overdue yet */
  ck_assert(!ow_receiver_finished(receiver));
  ck_assert(ow_receiver_expire(receiver, ow_timestamp_plus(due(2), 2000 * MS + 2)));
  ck_assert(ow_receiver_finished(receiver));
  ck_assert(!ow_receiver_next_expiry(receiver, &when));
  const struct ow_sample lost = ow_samples_at(ow_receiver_samples(receiver), 2);
  ck_assert(ow_sample_lost(&lost));
  ck_assert_uint_eq(lost.sequence, 2);
  ck_assert_uint_eq(lost.sent.ntp, due(2).ntp);
  ck_assert_uint_eq(lost.ttl, OW_TTL_LOST);
  ow_receiver_free(receiver);
}
END_TEST

/* Both clocks `after` ns of the monotonic one, when the wall clock was set by `step`. */
static struct ow_instant instant(int64_t after, int64_t step)
{
  return (struct ow_instant){.wall = ow_timestamp_plus(START, after + step), .monotonic = 7 + after};
}

/* By _i: forwards; back; forwards, of which a packet's stamp tells first. */
START_TEST(a_clock_that_is_set_loses_no_packets)
{
  const int64_t step = (_i == 1 ? -3600 : 3600) * 1000 * MS;
  struct fixture fixture;
  set_up(&fixture, OW_MODE_OPEN, 3);
  struct ow_receiver *receiver = new_receiver(&fixture, 100);
  ow_receiver_look(receiver, instant(0, 0));
  ow_receiver_look(receiver, instant(1001 * MS, 0));
  ck_assert_int_eq(give(receiver, &fixture, 0, due(0), MS), OW_RECEIVED);
  ck_assert(!ow_receiver_clock_was_set(receiver));
  if (_i == 2)
    ck_assert_int_eq(give(receiver, &fixture, 1, due(1), MS + step), OW_IGNORED_LATE);
  else
    ow_receiver_look(receiver, instant(2001 * MS, step));
  ck_assert(ow_receiver_clock_was_set(receiver));
  while (!ow_receiver_expire(receiver, ow_timestamp_plus(START, 2 * 3600 * 1000 * MS)))
    continue;
  ck_assert(ow_receiver_finished(receiver));
  ck_assert_uint_eq(ow_receiver_samples(receiver)->count, 1);
  ck_assert_uint_eq(ow_receiver_next_sequence(receiver), 1);
  ck_assert(ow_receiver_knows_all(receiver));
  ow_receiver_free(receiver);
}
END_TEST

/* By less than half of the loss timeout at a time. */
START_TEST(a_clock_that_is_slewed_or_set_by_little_is_believed)
{
  struct fixture fixture;
  set_up(&fixture, OW_MODE_OPEN, 3);
  struct ow_receiver *receiver = new_receiver(&fixture, 100);
  for (int i = 0; i < 10; i++)
    ow_receiver_look(receiver, instant(i * 100 * MS, (i % 2 ? 900 : 0) * MS));
  for (int i = 0; i < 10; i++)
    ow_receiver_look(receiver, instant((1000 + i * 100) * MS, i * 900 * MS));
  ck_assert(!ow_receiver_clock_was_set(receiver));
  while (!ow_receiver_expire(receiver, ow_timestamp_plus(due(2), 2001 * MS)))
    continue;
  ck_assert_uint_eq(ow_receiver_samples(receiver)->count, 3);
  ow_receiver_look(receiver, instant(2000 * MS, (8100 + 1001) * MS));
  ck_assert(ow_receiver_clock_was_set(receiver));
  ow_receiver_free(receiver);
}
END_TEST

START_TEST(with_nothing_received_the_first_expiry_is_that_of_the_first_packet)
{
  struct fixture fixture;
  struct ow_timestamp when;
  set_up(&fixture, OW_MODE_OPEN, 3);
  struct ow_receiver *receiver = new_receiver(&fixture, 100);
  ck_assert(ow_receiver_next_expiry(receiver, &when));
  ck_assert_int_le(llabs(ow_timestamp_difference(when, due(0)) - 2000 * MS), 2);
  ow_receiver_free(receiver);
}
END_TEST

START_TEST(a_stop_drops_what_was_never_sent_and_losses_that_are_too_fresh)
{
  struct fixture fixture;
  set_up(&fixture, OW_MODE_OPEN, PACKETS);
  struct ow_receiver *receiver = new_receiver(&fixture, 100);
  const struct ow_skip_range skipped[] = {{1, 2}};
  const struct ow_session_end end = {.next_sequence = 6, .skip_ranges = 1, .skipped = skipped};
  ck_assert_int_eq(give(receiver, &fixture, 3, due(3), MS), OW_RECEIVED);
  /* At the stop 0 to 4 are overdue: 0 and 4 are lost, 1 and 2 were skipped; 5 is not known. */
  stop_receiver(receiver, ow_timestamp_plus(due(4), 2000 * MS + 2), &end);
  const struct ow_samples *samples = ow_receiver_samples(receiver);
  ck_assert_uint_eq(samples->count, 3);
  ck_assert_uint_eq(ow_samples_at(samples, 0).sequence, 0);
  ck_assert_uint_eq(ow_samples_at(samples, 1).sequence, 3);
  ck_assert_uint_eq(ow_samples_at(samples, 2).sequence, 4);
  ck_assert_uint_eq(ow_receiver_next_sequence(receiver), 6);
  ck_assert(ow_receiver_finished(receiver));
  ck_assert_int_eq(give(receiver, &fixture, 5, due(5), MS), OW_IGNORED_LATE);
  ow_receiver_free(receiver);
}
END_TEST

/* Overdue are 0 to 6; 4 arrived, so those before it were sent, and of what comes behind it nobody tells. */
START_TEST(a_sender_that_is_gone_has_lost_what_it_is_known_to_have_sent)
{
  struct fixture fixture;
  set_up(&fixture, OW_MODE_OPEN, PACKETS);
  struct ow_receiver *receiver = new_receiver(&fixture, 100);
  struct ow_timestamp now = ow_timestamp_plus(due(6), 2000 * MS + 2);
  ck_assert_int_eq(give(receiver, &fixture, 4, due(4), MS), OW_RECEIVED);
  ck_assert_int_eq(give(receiver, &fixture, 3, due(3), 2 * MS), OW_RECEIVED);
  while (!ow_receiver_expire(receiver, now))
    continue;
  ck_assert_uint_eq(ow_receiver_samples(receiver)->count, 7);
  ow_receiver_sender_gone(receiver, now);
  while (!ow_receiver_stopped(receiver))
    continue;
  const struct ow_samples *samples = ow_receiver_samples(receiver);
  const uint32_t kept[] = {0, 1, 2, 4, 3};
  ck_assert_uint_eq(samples->count, 5);
  for (size_t i = 0; i < 5; i++) {
    const struct ow_sample sample = ow_samples_at(samples, i);
    ck_assert_uint_eq(sample.sequence, kept[i]);
    ck_assert(ow_sample_lost(&sample) == (i < 3));
  }
  ck_assert_uint_eq(ow_receiver_next_sequence(receiver), 5);
  ck_assert(ow_receiver_finished(receiver) && !ow_receiver_complete(receiver));
  ow_receiver_free(receiver);
}
END_TEST

START_TEST(what_a_stop_says_of_packets_that_there_are_not_is_not_kept)
{
  struct fixture fixture;
  uint32_t count;
  set_up(&fixture, OW_MODE_OPEN, PACKETS);
  struct ow_receiver *receiver = new_receiver(&fixture, 100);
  const struct ow_skip_range skipped[] = {{1, 2}, {8, 12}, {14, 14}, {16, 4000000000U}};
  const struct ow_session_end end = {.next_sequence = UINT32_MAX, .skip_ranges = 4, .skipped = skipped};
  stop_receiver(receiver, due(100), &end);
  const struct ow_skip_range *kept = ow_receiver_skipped(receiver, &count);
  ck_assert_uint_eq(count, 2);
  ck_assert_uint_eq(kept[0].first, 1);
  ck_assert_uint_eq(kept[0].last, 2);
  ck_assert_uint_eq(kept[1].first, 8);
  ck_assert_uint_eq(kept[1].last, PACKETS - 1);
  ck_assert_uint_eq(ow_receiver_next_sequence(receiver), PACKETS);
  ck_assert_uint_eq(ow_receiver_samples(receiver)->count, PACKETS - 4);
  ow_receiver_free(receiver);
}
END_TEST

/* ---- duplicates ---- */

enum { CROWD = 1000 };
static const struct ow_slot FAST = {OW_SLOT_FIXED, {UINT64_C(1) << 22}}; /* a packet every 2^-10 s */

static struct ow_timestamp fast_due(uint32_t sequence)
{
  return ow_timestamp_plus_span(START, (struct ow_span){(uint64_t)(sequence + 1) << 22});
}

static struct ow_receiver *crowd_receiver(struct fixture *fixture, enum ow_mode mode, uint64_t surplus)
{
  set_up(fixture, mode, CROWD);
  fixture->terms.slots = &FAST;
  return new_receiver(fixture, surplus);
}

/* Each packet's first record, and how many others there are. */
static void expect_first_fates(const struct ow_receiver *receiver, uint32_t lost, uint32_t further)
{
  const struct ow_samples *samples = ow_receiver_samples(receiver);
  uint8_t fates[CROWD] = {0};
  uint32_t losses = 0;
  for (size_t i = 0; i < samples->count; i++) {
    const struct ow_sample sample = ow_samples_at(samples, i);
    losses += ow_sample_lost(&sample);
    ck_assert(!ow_sample_lost(&sample) || !fates[sample.sequence]);
    fates[sample.sequence] = 1;
  }
  for (uint32_t i = 0; i < CROWD; i++)
    ck_assert_msg(fates[i], "packet %u has no record", i);
  ck_assert_uint_eq(losses, lost);
  ck_assert_uint_eq(samples->count, CROWD + further);
  ck_assert_uint_eq(ow_receiver_received(receiver), CROWD - lost);
  ck_assert(ow_receiver_finished(receiver));
  ck_assert(ow_receiver_knows_all(receiver));
}

static void expect_duplicates(const struct ow_receiver *receiver, uint32_t kept, uint32_t unkept)
{
  ck_assert_uint_eq(ow_receiver_count(receiver, OW_RECEIVED_DUPLICATE), kept);
  ck_assert_uint_eq(ow_receiver_count(receiver, OW_RECEIVED_DUPLICATE_UNKEPT), unkept);
  for (int i = OW_IGNORED_SHORT; i < OW_RECEPTIONS; i++)
    ck_assert_uint_eq(ow_receiver_count(receiver, (enum ow_reception)i), 0);
}

static void expire_all(struct ow_receiver *receiver)
{
  while (!ow_receiver_expire(receiver, ow_timestamp_plus(fast_due(CROWD), 3000 * MS)))
    continue;
}

static const uint64_t SURPLUSES[] = {0, 1, CROWD / 8 + 16, CROWD, CROWD * 2, UINT64_MAX};
enum { SURPLUS_COUNT = sizeof SURPLUSES / sizeof *SURPLUSES };

/* Twice, then thrice; every tenth packet is lost. */
START_TEST(copies_take_no_packets_place)
{
  for (uint32_t copies = 1; copies <= 2; copies++) {
    struct fixture fixture;
    uint64_t surplus = SURPLUSES[_i % SURPLUS_COUNT];
    struct ow_receiver *receiver = crowd_receiver(&fixture, MODES[_i / SURPLUS_COUNT], surplus);
    uint32_t duplicates = CROWD / 10 * 9 * copies;
    uint32_t kept = duplicates < surplus ? duplicates : (uint32_t)surplus;
    for (uint32_t i = 0; i < CROWD; i++)
      for (uint32_t copy = 0; i % 10 != 9 && copy <= copies; copy++)
        (void)give(receiver, &fixture, i, fast_due(i), MS);
    expire_all(receiver);
    expect_first_fates(receiver, CROWD / 10, kept);
    expect_duplicates(receiver, kept, duplicates - kept);
    ow_receiver_free(receiver);
  }
}
END_TEST

/* The first, one within, the last: before others come, and (of a path that reorders) after others have. */
START_TEST(a_packet_that_is_replayed_leaves_all_others_intact)
{
  enum { REPLAYS = 1500, SURPLUS = 16 };
  static const uint32_t replayed[] = {0, 500, CROWD - 1};
  for (int backwards = 0; backwards < 2; backwards++) {
    struct fixture fixture;
    struct ow_receiver *receiver = crowd_receiver(&fixture, OW_MODE_ENCRYPTED, SURPLUS);
    for (uint32_t n = 0; n < CROWD; n++) {
      uint32_t i = backwards ? CROWD - 1 - n : n;
      struct ow_timestamp sent = fast_due(i);
      int64_t delay = backwards ? ow_timestamp_difference(fast_due(CROWD), sent) : MS;
      ck_assert_int_eq(give(receiver, &fixture, i, sent, delay), OW_RECEIVED);
      for (int copy = 0; i == replayed[_i] && copy < REPLAYS; copy++)
        ck_assert_int_eq(give(receiver, &fixture, i, sent, delay),
                         copy < SURPLUS ? OW_RECEIVED_DUPLICATE : OW_RECEIVED_DUPLICATE_UNKEPT);
    }
    ck_assert(ow_receiver_complete(receiver));
    expect_first_fates(receiver, 0, SURPLUS);
    expect_duplicates(receiver, SURPLUS, REPLAYS - SURPLUS);
    ow_receiver_free(receiver);
  }
}
END_TEST

/* Of a packet that is lost nothing is a duplicate, and what comes after the stop is none either. */
START_TEST(what_comes_too_late_is_no_duplicate)
{
  struct fixture fixture;
  set_up(&fixture, OW_MODE_OPEN, PACKETS);
  struct ow_receiver *receiver = new_receiver(&fixture, 0);
  const struct ow_session_end end = {.next_sequence = 2};
  ck_assert_int_eq(give(receiver, &fixture, 1, due(1), MS), OW_RECEIVED);
  ck_assert_int_eq(give(receiver, &fixture, 1, due(1), 2 * MS), OW_RECEIVED_DUPLICATE_UNKEPT);
  ck_assert_int_eq(give(receiver, &fixture, 1, due(1), 2000 * MS + 2), OW_IGNORED_LATE);
  ck_assert_int_eq(give(receiver, &fixture, 0, due(0), 2500 * MS), OW_IGNORED_LATE);
  stop_receiver(receiver, due(5), &end);
  ck_assert_int_eq(give(receiver, &fixture, 1, due(1), 2 * MS), OW_IGNORED_LATE);
  ck_assert_uint_eq(ow_receiver_samples(receiver)->count, 2);
  ck_assert_uint_eq(ow_receiver_count(receiver, OW_RECEIVED_DUPLICATE_UNKEPT), 1);
  ow_receiver_free(receiver);
}
END_TEST

/* Against a plain count: packets dropped and multiplied at random, with any surplus. */
START_TEST(a_random_path_is_counted_exactly)
{
  struct fixture fixture;
  struct test_prng prng = test_prng(test_seed() + (uint64_t)_i);
  uint32_t surplus = (uint32_t)test_prng_below(&prng, CROWD * 2);
  uint32_t lost = 0;
  uint32_t duplicates = 0;
  struct ow_receiver *receiver = crowd_receiver(&fixture, OW_MODE_OPEN, surplus);
  for (uint32_t i = 0; i < CROWD; i++) {
    uint32_t arrivals = (uint32_t)test_prng_below(&prng, 5);
    for (uint32_t copy = 0; copy < arrivals; copy++)
      (void)give(receiver, &fixture, i, fast_due(i), MS);
    lost += arrivals == 0;
    duplicates += arrivals ? arrivals - 1 : 0;
  }
  expire_all(receiver);
  uint32_t kept = duplicates < surplus ? duplicates : surplus;
  expect_first_fates(receiver, lost, kept);
  expect_duplicates(receiver, kept, duplicates - kept);
  ow_receiver_free(receiver);
}
END_TEST

/* ---- departures ---- */

START_TEST(the_running_median_is_the_correction)
{
  struct ow_departure departure = {0};
  ck_assert_int_eq(ow_departure_correction(&departure), 0);
  ck_assert_int_gt(ow_departure_spread(&departure), 0);
  for (int i = 0; i < 100; i++)
    ow_departure_add(&departure, i < 60 ? 99999 : 10000 + i); /* the first 60 have left the window */
  ck_assert_int_eq(ow_departure_correction(&departure), 10000 + 84);
}
END_TEST

/* Every `every`-th of `count` packets leaves late. */
static void depart(struct ow_departure *departure, int count, int every, int64_t late)
{
  for (int i = 1; i <= count; i++)
    ow_departure_add(departure, 10000 + i % 2 + (i % every == 0 ? late : 0));
}

START_TEST(what_one_of_fifty_packets_does_is_in_the_spread_and_fades)
{
  struct ow_departure departure = {0};
  depart(&departure, 3000, 5000, 0);
  ck_assert_int_lt(ow_departure_spread(&departure), 1000);
  depart(&departure, 160, 80, 80000);
  ck_assert_int_ge(ow_departure_spread(&departure), 80000 * 7 / 4);
  depart(&departure, 1000, 1000, 80000); /* one of 1000 is let pass */
  depart(&departure, 300, 5000, 0);
  ck_assert_int_lt(ow_departure_spread(&departure), 1000);
  depart(&departure, 1000, 50, 80000);
  ck_assert_int_ge(ow_departure_spread(&departure), 80000 * 7 / 4);
  ck_assert_int_le(ow_departure_spread(&departure), 80000 * 7 / 4 * 5 / 4);
  ck_assert_int_lt(ow_departure_correction(&departure), 10002);
  depart(&departure, 2000, 5000, 0);
  ck_assert_int_lt(ow_departure_spread(&departure), 1000);
}
END_TEST

/* Whatever the distribution, it holds for 99 of 100, and claims no more than three times what they need. */
START_TEST(the_spread_is_neither_too_small_nor_too_large)
{
  struct test_prng prng = test_prng(test_seed());
  for (int64_t scale = 1000; scale <= 10000000; scale *= 10) {
    struct ow_departure departure = {0};
    uint32_t outside = 0;
    int64_t largest = 0;
    enum { WARM = 1000, COUNTED = 20000 };
    for (int i = 0; i < WARM + COUNTED; i++) {
      int64_t offset = 2 * scale + (int64_t)test_prng_below(&prng, (uint32_t)scale) +
                       (int64_t)test_prng_below(&prng, (uint32_t)scale);
      int64_t spread = ow_departure_spread(&departure);
      outside += i >= WARM && llabs(offset - ow_departure_correction(&departure)) > spread;
      largest = i >= WARM && spread > largest ? spread : largest;
      ow_departure_add(&departure, offset);
    }
    ck_assert_uint_le(outside, COUNTED / 100);
    ck_assert_int_le(largest, 3 * scale); /* all but one of a hundred lie within 0.9 of it */
  }
}
END_TEST

START_TEST(few_stamps_leave_much_doubt)
{
  struct ow_departure departure = {0};
  int64_t before = ow_departure_spread(&departure);
  ck_assert_int_ge(before, 100000);
  ow_departure_add(&departure, 10000);
  ck_assert_int_ge(ow_departure_spread(&departure), 60000);
  ck_assert_int_lt(ow_departure_spread(&departure), before);
}
END_TEST

static int ascending(const void *a, const void *b)
{
  int64_t left = *(const int64_t *)a;
  int64_t right = *(const int64_t *)b;
  return (left > right) - (left < right);
}

/* Many equal ones, and steps: the median of the last 31, or of all that there are. */
START_TEST(the_correction_is_the_median_whatever_comes)
{
  enum { OFFSETS = 5000 };
  static int64_t offsets[OFFSETS];
  struct test_prng prng = test_prng(test_seed());
  struct ow_departure departure = {0};
  for (int i = 0; i < OFFSETS; i++) {
    int64_t sorted[OW_DEPARTURE_WINDOW];
    int count = i + 1 < OW_DEPARTURE_WINDOW ? i + 1 : OW_DEPARTURE_WINDOW;
    offsets[i] = (int64_t)test_prng_below(&prng, i / 500 % 2 ? 5 : 100000) + i / 1000 * 3;
    ow_departure_add(&departure, offsets[i]);
    memcpy(sorted, &offsets[i + 1 - count], (size_t)count * sizeof *sorted);
    qsort(sorted, (size_t)count, sizeof *sorted, ascending);
    ck_assert_int_eq(ow_departure_correction(&departure), sorted[count / 2]);
  }
}
END_TEST

START_TEST(an_implausible_departure_is_left_out)
{
  struct ow_departure departure = {0};
  ow_departure_add(&departure, 5000);
  ow_departure_add(&departure, -1);
  ow_departure_add(&departure, OW_NS_PER_S);
  ck_assert_int_eq(ow_departure_correction(&departure), 5000);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("session");
  (void)test_seed();
  TEST_LOOP(suite, "sender", 3, every_packet_goes_out_by_the_schedule_with_its_stamp,
            packets_that_are_more_than_the_loss_threshold_late_are_skipped,
            however_many_are_too_late_only_some_are_skipped_at_once, packets_on_time_are_never_held_back);
  TEST_CASE(suite, "backlog", a_backlog_leaves_at_the_mean_rate,
            a_few_late_packets_of_a_slow_schedule_leave_at_once, a_sender_that_gives_up_ends_where_it_is);
  TEST_CASE(suite, "padding", padding_is_random_and_new_for_each_packet_unless_zeros_are_asked_for,
            a_packet_that_fits_in_no_datagram_makes_no_sender);
  TEST_LOOP(suite, "receiver", 3, what_arrives_is_recorded_once_and_again_as_duplicate);
  TEST_CASE(suite, "hostile packets", what_can_not_be_right_is_ignored_and_counted,
            an_invented_sequence_number_is_off_schedule);
  TEST_LOOP(suite, "copies", 3 * SURPLUS_COUNT, copies_take_no_packets_place);
  TEST_LOOP(suite, "replays", 3, a_packet_that_is_replayed_leaves_all_others_intact);
  TEST_CASE(suite, "late copies", what_comes_too_late_is_no_duplicate);
  TEST_LOOP(suite, "at random", 4, a_random_path_is_counted_exactly);
  TEST_CASE(suite, "loss", what_is_overdue_becomes_a_record_of_loss,
            with_nothing_received_the_first_expiry_is_that_of_the_first_packet,
            a_stop_drops_what_was_never_sent_and_losses_that_are_too_fresh,
            a_sender_that_is_gone_has_lost_what_it_is_known_to_have_sent,
            what_a_stop_says_of_packets_that_there_are_not_is_not_kept);
  TEST_LOOP(suite, "clock set", 3, a_clock_that_is_set_loses_no_packets);
  TEST_CASE(suite, "clock slewed", a_clock_that_is_slewed_or_set_by_little_is_believed);
  TEST_CASE(suite, "departure", the_running_median_is_the_correction,
            the_correction_is_the_median_whatever_comes,
            what_one_of_fifty_packets_does_is_in_the_spread_and_fades,
            the_spread_is_neither_too_small_nor_too_large, few_stamps_leave_much_doubt,
            an_implausible_departure_is_left_out);
  return test_run(suite);
}
