/* SPDX-License-Identifier: MIT */
/* The Session-Sender of a reflected session, against a reflector that a test tells what to do. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "session/reflected.h"
#include "support/contexts.h"
#include "support/main.h"

#define MS OW_NS_PER_MS
enum { PACKETS = 10, SSID = 0x1234, FIRST = OW_MARKERS };

static const struct ow_error_estimate ERROR = {0x8001};
static const struct ow_slot SLOT = {OW_SLOT_FIXED, {UINT64_C(1) << 32}}; /* a packet every second */
/* 5 s before the era ends, so that every session here crosses into 2036. */
static const struct ow_timestamp START = {UINT64_C(0xfffffffb00000000)};
static const char key[] = "a key of its own";

/* The path's and the reflector's times: whole in nanoseconds and in 2^-32 s. */
#define THERE 15625000
#define DWELL 1953125
#define BACK 31250000

struct fixture {
  struct ow_session_request request;
  struct ow_markers opening;
  struct ow_reflected_terms terms;
  struct ow_reflected *reflected;
  struct ow_stamp_codec *codec; /* the reflector's */
  uint32_t counter;             /* the reflector's own number */
  bool stateless;
};

/* A question as it left. */
struct question {
  uint8_t octets[512];
  size_t count;
  struct ow_timestamp sent;
};

static void prepare(struct fixture *fixture, enum ow_mode mode, uint32_t packets)
{
  *fixture = (struct fixture){0};
  fixture->request = (struct ow_session_request){.slot_count = 1,
                                                 .packets = packets,
                                                 .start = START,
                                                 .timeout = ow_span_from_ns(2000 * MS),
                                                 .sid = {{9}}};
  fixture->terms = (struct ow_reflected_terms){.kind = {.protocol = OW_PROTOCOL_STAMP,
                                                        .mode = mode,
                                                        .key = key,
                                                        .key_octets = sizeof key,
                                                        .contexts = test_contexts()},
                                               .request = &fixture->request,
                                               .slots = &SLOT,
                                               .ssid = SSID,
                                               .opening = &fixture->opening};
  fixture->codec = ow_stamp_codec_create(mode, key, sizeof key);
  ck_assert_ptr_nonnull(fixture->codec);
}

static void create(struct fixture *fixture)
{
  fixture->reflected = ow_reflected_create(&fixture->terms);
  ck_assert_ptr_nonnull(fixture->reflected);
}

static void set_up(struct fixture *fixture, enum ow_mode mode)
{
  prepare(fixture, mode, PACKETS);
  create(fixture);
}

static void tear_down(struct fixture *fixture)
{
  ow_reflected_free(fixture->reflected);
  ow_stamp_codec_free(fixture->codec);
}

static struct ow_timestamp due(uint32_t sequence)
{
  return ow_timestamp_plus(START, (int64_t)(sequence + 1) * 1000 * MS);
}

/* The next question, on time. */
static struct question ask(struct fixture *fixture)
{
  struct question question;
  struct ow_sender *sender = ow_reflected_sender(fixture->reflected);
  ck_assert(ow_sender_due(sender, &question.sent));
  ck_assert_int_eq(ow_sender_ready(sender, question.sent), OW_SENDER_SEND);
  const uint8_t *octets = ow_sender_stamp(sender, question.sent, ERROR, &question.count);
  ck_assert_ptr_nonnull(octets);
  ck_assert_uint_le(question.count, sizeof question.octets);
  memcpy(question.octets, octets, question.count);
  ow_sender_sent(sender, true);
  return question;
}

/* What the reflector makes of it: base packet, and the rest copied. */
static struct ow_reflection reflect(struct fixture *fixture, const struct question *question)
{
  struct ow_stamp_question read;
  ck_assert_int_eq(ow_stamp_question_decode(fixture->codec, question->octets, question->count, &read), OW_OK);
  struct ow_timestamp arrived = ow_timestamp_plus(question->sent, THERE);
  return (struct ow_reflection){.sequence = fixture->stateless ? read.sequence : fixture->counter++,
                                .sent = ow_timestamp_plus(arrived, DWELL),
                                .error = 0x0101,
                                .ssid = read.ssid,
                                .received = arrived,
                                .sender_sequence = read.sequence,
                                .sender_sent = read.sent,
                                .sender_error = read.error,
                                .sender_ttl = 250};
}

static enum ow_echo give_octets(struct fixture *fixture, const struct ow_reflection *answer,
                                const struct question *question, const char *tlvs, size_t tlv_octets)
{
  uint8_t octets[512];
  size_t head = ow_stamp_least(fixture->terms.kind.mode);
  ck_assert_int_eq(ow_stamp_answer_encode(fixture->codec, answer, octets), OW_OK);
  memcpy(octets + head, tlvs, tlv_octets);
  return ow_reflected_take(fixture->reflected, octets, head + tlv_octets,
                           ow_timestamp_plus(question->sent, THERE + DWELL + BACK), OW_STAMP_KERNEL, ERROR,
                           240);
}

static enum ow_echo give(struct fixture *fixture, const struct ow_reflection *answer,
                         const struct question *question)
{
  return give_octets(fixture, answer, question, "", 0);
}

static enum ow_echo answer(struct fixture *fixture, const struct question *question)
{
  struct ow_reflection reflection = reflect(fixture, question);
  return give(fixture, &reflection, question);
}

/* The reflector's answer is lost on its way back. */
static void lose_answer(struct fixture *fixture, const struct question *question)
{
  (void)reflect(fixture, question);
}

static void ask_opening(struct fixture *fixture, struct ow_timestamp sent, uint8_t octets[OW_QUESTION_MOST])
{
  struct ow_reflected_codec *codec = ow_reflected_codec_create(&fixture->terms.kind);
  ck_assert_int_eq(ow_marker_ask(&fixture->opening, codec, sent, ERROR, octets), OW_OK);
  ow_reflected_codec_free(codec);
}

/* An opening question was answered before the session began. */
static void open_with_answer(struct fixture *fixture)
{
  uint8_t octets[OW_STAMP_AUTHENTICATED];
  struct question question = {.sent = START};
  fixture->opening.ssid = SSID;
  ask_opening(fixture, START, octets);
  memcpy(question.octets, octets, sizeof octets);
  question.count = ow_stamp_least(fixture->terms.kind.mode);
  struct ow_reflection reflection = reflect(fixture, &question);
  ck_assert(
      ow_marker_answered(&fixture->opening, &reflection, ow_timestamp_plus(START, THERE + DWELL + BACK)));
  ck_assert_int_eq(fixture->opening.round_trip, THERE + DWELL + BACK);
}

static void expire_all(struct fixture *fixture)
{
  while (!ow_reflected_expire(fixture->reflected, ow_timestamp_plus(due(PACKETS), 3000 * MS)))
    continue;
}

/* A closing question, which the reflector answers or not. */
static void ask_closing(struct fixture *fixture, bool arrives, bool answered)
{
  struct question question = {.sent = ow_timestamp_plus(due(PACKETS), 3000 * MS)};
  ck_assert(ow_reflected_wants_closing(fixture->reflected));
  ck_assert_int_eq(
      ow_reflected_close(fixture->reflected, question.sent, ERROR, question.octets, &question.count), OW_OK);
  if (arrives) {
    struct ow_reflection reflection = reflect(fixture, &question);
    if (answered)
      ck_assert_int_eq(give(fixture, &reflection, &question), OW_ECHO_MARKER);
  }
}

static void expect_losses(struct fixture *fixture, uint32_t forward, uint32_t reverse)
{
  uint32_t told[2];
  ck_assert(ow_reflected_losses(fixture->reflected, &told[0], &told[1]));
  ck_assert_uint_eq(told[0], forward);
  ck_assert_uint_eq(told[1], reverse);
  ck_assert_uint_eq(ow_reflected_lost(fixture->reflected), forward + reverse);
}

static void expect_unknown(struct fixture *fixture, uint32_t lost)
{
  uint32_t told[2];
  ck_assert(!ow_reflected_losses(fixture->reflected, &told[0], &told[1]));
  ck_assert_uint_eq(ow_reflected_lost(fixture->reflected), lost);
}

/* Ask them all; `fate` says of each: a(nswered), f(orward lost), r(everse lost). */
static void run(struct fixture *fixture, const char *fate)
{
  for (; *fate; fate++) {
    struct question question = ask(fixture);
    if (*fate == 'a')
      ck_assert_int_eq(answer(fixture, &question), OW_ECHO_ANSWER);
    else if (*fate == 'r')
      lose_answer(fixture, &question);
  }
}

/* ---- four stamps ---- */

static const enum ow_mode MODES[] = {OW_MODE_OPEN, OW_MODE_AUTHENTICATED};

START_TEST(an_answer_is_two_samples_of_four_stamps)
{
  struct fixture fixture;
  set_up(&fixture, MODES[_i]);
  for (uint32_t i = 0; i < PACKETS; i++) {
    struct question question = ask(&fixture);
    ck_assert_uint_eq(question.sent.ntp, due(i).ntp);
    ck_assert_int_eq(answer(&fixture, &question), OW_ECHO_ANSWER);
    const struct ow_sample there = ow_samples_at(ow_reflected_forward(fixture.reflected), i);
    const struct ow_sample back = ow_samples_at(ow_reflected_reverse(fixture.reflected), i);
    ck_assert_uint_eq(there.sequence, i);
    ck_assert_uint_eq(back.sequence, i);
    ck_assert_uint_eq(there.sent.ntp, due(i).ntp);
    ck_assert_int_eq(ow_timestamp_difference(there.received, there.sent), THERE);
    ck_assert_int_eq(ow_timestamp_difference(back.sent, there.received), DWELL);
    ck_assert_int_eq(ow_timestamp_difference(back.received, back.sent), BACK);
    ck_assert_uint_eq(there.ttl, 250);
    ck_assert_uint_eq(back.ttl, 240);
    ck_assert_uint_eq(there.send_error.bits, ERROR.bits);
    ck_assert_uint_eq(there.receive_error.bits, 0x0101);
    ck_assert_uint_eq(back.send_error.bits, 0x0101);
    ck_assert_uint_eq(back.source, OW_STAMP_KERNEL);
    ck_assert_uint_eq(there.source, OW_STAMP_UNKNOWN);
  }
  ck_assert(ow_reflected_settled(fixture.reflected));
  expect_losses(&fixture, 0, 0);
  ck_assert(!ow_reflected_wants_closing(fixture.reflected));
  tear_down(&fixture);
}
END_TEST

START_TEST(numbers_on_the_wire_have_a_gap_before_the_schedule)
{
  struct fixture fixture;
  struct ow_stamp_question read;
  prepare(&fixture, OW_MODE_OPEN, PACKETS);
  fixture.opening.first = UINT32_MAX - 3;
  create(&fixture);
  struct question question = ask(&fixture);
  ck_assert_int_eq(ow_stamp_question_decode(fixture.codec, question.octets, question.count, &read), OW_OK);
  ck_assert_uint_eq(read.sequence, FIRST - 4);
  ck_assert_uint_eq(read.ssid, SSID);
  ck_assert_int_eq(answer(&fixture, &question), OW_ECHO_ANSWER);
  ck_assert_uint_eq(ow_samples_at(ow_reflected_forward(fixture.reflected), 0).sequence, 0);
  ck_assert_uint_eq(ow_reflected_next_number(fixture.reflected), FIRST - 4 + 1 + OW_MARKERS);
  tear_down(&fixture);
}
END_TEST

/* ---- which way ---- */

START_TEST(a_reflector_that_counts_tells_which_way_packets_were_lost)
{
  static const struct {
    const char *fate;
    uint32_t forward, reverse;
  } cases[] = {{"aaaaaaaaaa", 0, 0}, {"afaaraaaaa", 1, 1},  {"frfrfrfrfr", 5, 5},  {"aaaaaaaaaf", 1, 0},
               {"aaaaaaaaar", 0, 1}, {"ffffffffff", 10, 0}, {"rrrrrrrrrr", 0, 10}, {"faaaaaaaar", 1, 1}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct fixture fixture;
    prepare(&fixture, MODES[_i], PACKETS);
    open_with_answer(&fixture);
    create(&fixture);
    run(&fixture, cases[i].fate);
    expire_all(&fixture);
    ck_assert(ow_reflected_settled(fixture.reflected));
    if (cases[i].forward + cases[i].reverse && ow_reflected_answered(fixture.reflected)) {
      expect_unknown(&fixture, cases[i].forward + cases[i].reverse);
      ask_closing(&fixture, true, true);
    } else if (cases[i].forward + cases[i].reverse) {
      /* Not one answer since the opening one: only the closing one's shows that it counts. */
      ck_assert(ow_reflected_wants_closing(fixture.reflected));
      ask_closing(&fixture, true, true);
    }
    expect_losses(&fixture, cases[i].forward, cases[i].reverse);
    tear_down(&fixture);
  }
}
END_TEST

START_TEST(a_counter_that_runs_on_from_before_and_wraps_tells_the_same)
{
  struct fixture fixture;
  prepare(&fixture, OW_MODE_OPEN, PACKETS);
  fixture.counter = UINT32_MAX - 2;
  open_with_answer(&fixture);
  create(&fixture);
  run(&fixture, "arfaraafaa");
  expire_all(&fixture);
  ask_closing(&fixture, true, true);
  expect_losses(&fixture, 2, 2);
  tear_down(&fixture);
}
END_TEST

START_TEST(without_an_opening_answer_the_first_answered_question_is_where_counting_begins)
{
  struct fixture fixture;
  set_up(&fixture, OW_MODE_OPEN);
  run(&fixture, "arfaaaaaaa");
  expire_all(&fixture);
  ask_closing(&fixture, true, true);
  expect_losses(&fixture, 1, 1);
  tear_down(&fixture);
}
END_TEST

/* By _i: forwards, back. What was open then has no known fate. */
START_TEST(a_clock_that_is_set_loses_no_questions)
{
  const int64_t step = (_i ? -3600 : 3600) * 1000 * MS;
  struct fixture fixture;
  set_up(&fixture, OW_MODE_OPEN);
  ow_reflected_look(fixture.reflected, (struct ow_instant){START, 7});
  run(&fixture, "aaafff");
  ow_reflected_look(fixture.reflected, (struct ow_instant){ow_timestamp_plus(START, 100 * MS), 7 + 100 * MS});
  ck_assert(!ow_reflected_clock_was_set(fixture.reflected));
  ow_reflected_look(fixture.reflected,
                    (struct ow_instant){ow_timestamp_plus(START, 200 * MS + step), 7 + 200 * MS});
  ck_assert(ow_reflected_clock_was_set(fixture.reflected));
  expire_all(&fixture);
  ck_assert_uint_eq(ow_reflected_lost(fixture.reflected), 0);
  ck_assert_uint_eq(ow_reflected_losses_list(fixture.reflected)->count, 0);
  ck_assert_uint_eq(ow_reflected_answered(fixture.reflected), 3);
  tear_down(&fixture);
}
END_TEST

START_TEST(what_was_lost_before_the_first_answered_question_has_no_direction)
{
  struct fixture fixture;
  set_up(&fixture, OW_MODE_OPEN);
  run(&fixture, "faaaaaaaaa");
  expire_all(&fixture);
  ask_closing(&fixture, true, true);
  expect_unknown(&fixture, 1);
  tear_down(&fixture);
}
END_TEST

START_TEST(a_stateless_reflector_tells_no_direction)
{
  struct fixture fixture;
  prepare(&fixture, MODES[_i], PACKETS);
  fixture.stateless = true;
  open_with_answer(&fixture);
  create(&fixture);
  run(&fixture, "afaaraaaaa");
  expire_all(&fixture);
  ck_assert(!ow_reflected_reflector(fixture.reflected)->stateful);
  ck_assert(!ow_reflected_wants_closing(fixture.reflected));
  expect_unknown(&fixture, 2);
  tear_down(&fixture);
}
END_TEST

START_TEST(a_stateless_reflector_that_lost_nothing_lost_nothing_either_way)
{
  struct fixture fixture;
  prepare(&fixture, OW_MODE_OPEN, PACKETS);
  fixture.stateless = true;
  create(&fixture);
  run(&fixture, "aaaaaaaaaa");
  expect_losses(&fixture, 0, 0);
  tear_down(&fixture);
}
END_TEST

START_TEST(a_closing_question_that_is_lost_leaves_it_open_unless_nothing_is_missing)
{
  for (int arrives = 0; arrives < 2; arrives++) {
    struct fixture fixture;
    prepare(&fixture, OW_MODE_OPEN, PACKETS);
    open_with_answer(&fixture);
    create(&fixture);
    run(&fixture, "aaafaaaaaa");
    expire_all(&fixture);
    ask_closing(&fixture, arrives, false);
    expect_unknown(&fixture, 1);
    ask_closing(&fixture, true, true);
    if (arrives)
      expect_unknown(&fixture, 1);
    else
      expect_losses(&fixture, 1, 0);
    tear_down(&fixture);
  }
}
END_TEST

START_TEST(closing_questions_are_bounded)
{
  struct fixture fixture;
  prepare(&fixture, OW_MODE_OPEN, PACKETS);
  open_with_answer(&fixture);
  create(&fixture);
  run(&fixture, "aaafaaaaaa");
  expire_all(&fixture);
  for (int i = 0; i < OW_MARKERS; i++)
    ask_closing(&fixture, false, false);
  ck_assert(!ow_reflected_wants_closing(fixture.reflected));
  expect_unknown(&fixture, 1);
  tear_down(&fixture);
}
END_TEST

START_TEST(a_counter_that_others_use_or_that_begins_anew_is_not_believed)
{
  for (int i = 0; i < 2; i++) {
    struct fixture fixture;
    prepare(&fixture, OW_MODE_OPEN, PACKETS);
    fixture.counter = 100000;
    open_with_answer(&fixture);
    create(&fixture);
    run(&fixture, "aaafa");
    fixture.counter = i ? fixture.counter + 7 : 0;
    run(&fixture, "aaaaa");
    expire_all(&fixture);
    if (i)
      ask_closing(&fixture, true, true);
    else
      ck_assert(!ow_reflected_wants_closing(fixture.reflected));
    expect_unknown(&fixture, 1);
    tear_down(&fixture);
  }
}
END_TEST

START_TEST(what_could_not_leave_is_no_loss)
{
  struct fixture fixture;
  size_t octets;
  prepare(&fixture, OW_MODE_OPEN, PACKETS);
  open_with_answer(&fixture);
  create(&fixture);
  struct ow_sender *sender = ow_reflected_sender(fixture.reflected);
  run(&fixture, "aa");
  ck_assert_int_eq(ow_sender_ready(sender, due(2)), OW_SENDER_SEND);
  ck_assert_ptr_nonnull(ow_sender_stamp(sender, due(2), ERROR, &octets));
  ow_sender_sent(sender, false);
  /* And three that are due while this host sleeps are never stamped. */
  ck_assert_int_eq(ow_sender_ready(sender, ow_timestamp_plus(due(5), 2001 * MS)), OW_SENDER_SEND);
  run(&fixture, "aafa");
  expire_all(&fixture);
  ask_closing(&fixture, true, true);
  expect_losses(&fixture, 1, 0);
  struct ow_session_end end = ow_sender_end(sender);
  ck_assert_uint_eq(end.skip_ranges, 1);
  ck_assert_uint_eq(end.skipped[0].first, 2);
  ck_assert_uint_eq(end.skipped[0].last, 5);
  tear_down(&fixture);
}
END_TEST

/* ---- what comes that should not ---- */

START_TEST(a_copy_is_counted_where_it_was_made)
{
  struct fixture fixture;
  prepare(&fixture, MODES[_i], PACKETS);
  open_with_answer(&fixture);
  create(&fixture);
  struct question question = ask(&fixture);
  struct ow_reflection first = reflect(&fixture, &question);
  struct ow_reflection second = reflect(&fixture, &question);
  second.sent = ow_timestamp_plus(second.sent, 1000);
  ck_assert_int_eq(give(&fixture, &first, &question), OW_ECHO_ANSWER);
  for (int i = 0; i < 1000; i++)
    ck_assert_int_eq(give(&fixture, &first, &question), OW_ECHO_DUPLICATE_REVERSE);
  ck_assert_int_eq(give(&fixture, &second, &question), OW_ECHO_DUPLICATE_FORWARD);
  ck_assert_int_eq(give(&fixture, &second, &question), OW_ECHO_DUPLICATE_REVERSE);
  ck_assert_uint_eq(ow_reflected_forward(fixture.reflected)->count, 1);
  ck_assert_uint_eq(ow_reflected_count(fixture.reflected, OW_ECHO_DUPLICATE_REVERSE), 1001);
  run(&fixture, "afafaaaaa");
  expire_all(&fixture);
  ask_closing(&fixture, true, true);
  expect_losses(&fixture, 2, 0);
  tear_down(&fixture);
}
END_TEST

/* Its first number is the question's by chance, as TWAMP's always is: the copy's isn't. */
START_TEST(a_copy_shows_that_the_reflector_counts)
{
  struct fixture fixture;
  set_up(&fixture, MODES[_i]);
  struct question question = ask(&fixture);
  fixture.counter = OW_MARKERS;
  struct ow_reflection first = reflect(&fixture, &question);
  struct ow_reflection second = reflect(&fixture, &question);
  second.sent = ow_timestamp_plus(second.sent, 1000);
  ck_assert_uint_eq(first.sequence, first.sender_sequence);
  ck_assert_int_eq(give(&fixture, &first, &question), OW_ECHO_ANSWER);
  ck_assert(!ow_reflected_reflector(fixture.reflected)->stateful);
  ck_assert_int_eq(give(&fixture, &second, &question), OW_ECHO_DUPLICATE_FORWARD);
  ck_assert(ow_reflected_reflector(fixture.reflected)->stateful);
  ck_assert_int_eq(give(&fixture, &second, &question), OW_ECHO_DUPLICATE_REVERSE);
  tear_down(&fixture);
}
END_TEST

START_TEST(of_a_reflector_that_does_not_count_stamps_tell_copies_apart)
{
  struct fixture fixture;
  set_up(&fixture, MODES[_i]);
  fixture.stateless = true;
  struct question question = ask(&fixture);
  struct ow_reflection first = reflect(&fixture, &question);
  struct ow_reflection second = first;
  second.sent = ow_timestamp_plus(second.sent, 1000);
  ck_assert_int_eq(give(&fixture, &first, &question), OW_ECHO_ANSWER);
  ck_assert_int_eq(give(&fixture, &first, &question), OW_ECHO_DUPLICATE_REVERSE);
  ck_assert_int_eq(give(&fixture, &second, &question), OW_ECHO_DUPLICATE_FORWARD);
  tear_down(&fixture);
}
END_TEST

/* What is missing may be the answer to a copy. */
START_TEST(where_questions_came_twice_what_is_missing_has_no_direction)
{
  struct fixture fixture;
  prepare(&fixture, OW_MODE_OPEN, PACKETS);
  open_with_answer(&fixture);
  create(&fixture);
  struct question question = ask(&fixture);
  struct ow_reflection first = reflect(&fixture, &question);
  struct ow_reflection second = reflect(&fixture, &question);
  ck_assert_int_eq(give(&fixture, &first, &question), OW_ECHO_ANSWER);
  ck_assert_int_eq(give(&fixture, &second, &question), OW_ECHO_DUPLICATE_FORWARD);
  run(&fixture, "afaraaaaa");
  expire_all(&fixture);
  ask_closing(&fixture, true, true);
  expect_unknown(&fixture, 2);
  tear_down(&fixture);
}
END_TEST

/* Whose answers come while the schedule runs, or are lost: numbers that were given to no question of it. */
START_TEST(further_questions_before_the_schedule_are_no_losses_of_it)
{
  enum { COMES, IS_LOST, WAYS };
  for (int way = 0; way < WAYS; way++) {
    struct fixture fixture;
    uint8_t octets[OW_STAMP_AUTHENTICATED];
    prepare(&fixture, MODES[_i], PACKETS);
    open_with_answer(&fixture);
    struct question again = {.sent = ow_timestamp_plus(START, MS), .count = ow_stamp_least(MODES[_i])};
    ask_opening(&fixture, again.sent, octets);
    memcpy(again.octets, octets, sizeof octets);
    create(&fixture);
    struct ow_reflection reflection = reflect(&fixture, &again);
    run(&fixture, "aa");
    if (way == COMES)
      ck_assert_int_eq(give(&fixture, &reflection, &again), OW_ECHO_MARKER);
    run(&fixture, "afaaaaaa");
    expire_all(&fixture);
    ask_closing(&fixture, true, true);
    if (way == COMES)
      expect_losses(&fixture, 1, 0);
    else
      expect_unknown(&fixture, 1);
    tear_down(&fixture);
  }
}
END_TEST

START_TEST(what_comes_late_has_no_direction)
{
  struct fixture fixture;
  uint8_t octets[OW_STAMP_AUTHENTICATED];
  prepare(&fixture, OW_MODE_OPEN, PACKETS);
  open_with_answer(&fixture);
  create(&fixture);
  struct question question = ask(&fixture);
  struct ow_reflection late = reflect(&fixture, &question);
  run(&fixture, "aaaaaaaaa");
  expire_all(&fixture);
  ck_assert_int_eq(ow_stamp_answer_encode(fixture.codec, &late, octets), OW_OK);
  ck_assert_int_eq(
      ow_reflected_take(fixture.reflected, octets, OW_STAMP_OPEN, due(PACKETS), OW_STAMP_KERNEL, ERROR, 255),
      OW_ECHO_LATE);
  ask_closing(&fixture, true, true);
  expect_unknown(&fixture, 1);
  tear_down(&fixture);
}
END_TEST

START_TEST(reordered_answers_are_all_taken)
{
  struct fixture fixture;
  prepare(&fixture, OW_MODE_OPEN, PACKETS);
  open_with_answer(&fixture);
  create(&fixture);
  struct question first = ask(&fixture);
  struct question second = ask(&fixture);
  /* The second overtook the first on its way there, and the answers changed places again. */
  struct ow_reflection to_second = reflect(&fixture, &second);
  struct ow_reflection to_first = reflect(&fixture, &first);
  ck_assert_int_eq(give(&fixture, &to_first, &first), OW_ECHO_ANSWER);
  ck_assert_int_eq(give(&fixture, &to_second, &second), OW_ECHO_ANSWER);
  run(&fixture, "aaaaaaaf");
  expire_all(&fixture);
  ask_closing(&fixture, true, true);
  expect_losses(&fixture, 1, 0);
  tear_down(&fixture);
}
END_TEST

START_TEST(what_is_no_answer_to_an_open_question_is_told)
{
  struct fixture fixture;
  set_up(&fixture, MODES[_i]);
  struct question question = ask(&fixture);
  struct ow_reflection right = reflect(&fixture, &question);

  struct ow_reflection wrong = right;
  wrong.ssid = SSID + 1;
  ck_assert_int_eq(give(&fixture, &wrong, &question), OW_ECHO_SSID);
  wrong = right;
  wrong.sender_sequence++;
  ck_assert_int_eq(give(&fixture, &wrong, &question), OW_ECHO_UNASKED);
  wrong.sender_sequence = FIRST - 1;
  ck_assert_int_eq(give(&fixture, &wrong, &question), OW_ECHO_UNASKED);
  wrong = right;
  wrong.sender_sent.ntp++;
  ck_assert_int_eq(give(&fixture, &wrong, &question), OW_ECHO_FOREIGN);

  /* Our own question, as a loop returns it. */
  enum ow_echo own = ow_reflected_take(fixture.reflected, question.octets, question.count, question.sent,
                                       OW_STAMP_KERNEL, ERROR, 255);
  ck_assert(own == OW_ECHO_LATE || own == OW_ECHO_FOREIGN || own == OW_ECHO_UNASKED);
  ck_assert_uint_eq(ow_reflected_answered(fixture.reflected), 0);

  ck_assert_int_eq(give(&fixture, &right, &question), OW_ECHO_ANSWER);
  expire_all(&fixture);
  ck_assert_int_eq(give(&fixture, &right, &question), OW_ECHO_LATE);
  ck_assert_uint_eq(ow_reflected_count(fixture.reflected, OW_ECHO_SSID), 1);
  ck_assert_uint_eq(ow_reflected_answered(fixture.reflected), 1);
  tear_down(&fixture);
}
END_TEST

START_TEST(a_wrong_hmac_and_every_truncation_are_told)
{
  struct fixture fixture;
  uint8_t octets[OW_STAMP_AUTHENTICATED];
  set_up(&fixture, MODES[_i]);
  struct question question = ask(&fixture);
  struct ow_reflection right = reflect(&fixture, &question);
  ck_assert_int_eq(ow_stamp_answer_encode(fixture.codec, &right, octets), OW_OK);
  size_t least = MODES[_i] == OW_MODE_OPEN ? 41 : OW_STAMP_AUTHENTICATED;
  for (size_t i = 0; i < least; i++)
    ck_assert_int_eq(
        ow_reflected_take(fixture.reflected, octets, i, question.sent, OW_STAMP_KERNEL, ERROR, 255),
        OW_ECHO_SHORT);
  octets[OW_STAMP_OPEN + 1] ^= 1;
  if (MODES[_i] == OW_MODE_AUTHENTICATED)
    ck_assert_int_eq(
        ow_reflected_take(fixture.reflected, octets, least, question.sent, OW_STAMP_KERNEL, ERROR, 255),
        OW_ECHO_HMAC);
  ck_assert_uint_eq(ow_reflected_count(fixture.reflected, OW_ECHO_SHORT), least);
  ck_assert_uint_eq(ow_reflected_answered(fixture.reflected), 0);
  tear_down(&fixture);
}
END_TEST

START_TEST(an_answer_after_the_loss_timeout_stays_lost)
{
  struct fixture fixture;
  uint8_t octets[OW_STAMP_AUTHENTICATED];
  prepare(&fixture, OW_MODE_OPEN, PACKETS);
  open_with_answer(&fixture);
  create(&fixture);
  struct question question = ask(&fixture);
  struct ow_reflection late = reflect(&fixture, &question);
  ck_assert_int_eq(ow_stamp_answer_encode(fixture.codec, &late, octets), OW_OK);
  for (int64_t beyond = 1; beyond >= 0; beyond--)
    ck_assert_int_eq(ow_reflected_take(fixture.reflected, octets, OW_STAMP_OPEN,
                                       ow_timestamp_plus(question.sent, 2000 * MS + beyond * 1000),
                                       OW_STAMP_KERNEL, ERROR, 255),
                     beyond ? OW_ECHO_LATE : OW_ECHO_ANSWER);
  tear_down(&fixture);
}
END_TEST

START_TEST(stamps_that_cannot_be_are_of_no_use_but_no_loss)
{
  for (int i = 0; i < 3; i++) {
    struct fixture fixture;
    set_up(&fixture, OW_MODE_OPEN);
    struct question question = ask(&fixture);
    struct ow_reflection wrong = reflect(&fixture, &question);
    if (i == 0)
      wrong.received.ntp = 0;
    else if (i == 1)
      wrong.sent.ntp = 0;
    else
      wrong.sent.ntp = wrong.received.ntp - 1;
    ck_assert_int_eq(give(&fixture, &wrong, &question), OW_ECHO_STAMPS);
    run(&fixture, "aaaaaaaaa");
    expire_all(&fixture);
    ck_assert_uint_eq(ow_reflected_lost(fixture.reflected), 0);
    ck_assert_uint_eq(ow_reflected_forward(fixture.reflected)->count, 9);
    tear_down(&fixture);
  }
}
END_TEST

/* ---- reflectors as they are ---- */

START_TEST(what_a_reflector_leaves_out_is_noted)
{
  struct fixture fixture;
  prepare(&fixture, OW_MODE_OPEN, PACKETS);
  fixture.terms.tlvs = (struct ow_tlv_plan){.choices = 1 << OW_TLV_TIMESTAMPS, .padding = 20};
  create(&fixture);
  const struct ow_reflector *reflector = ow_reflected_reflector(fixture.reflected);
  struct question question = ask(&fixture);
  ck_assert_uint_eq(question.count, OW_STAMP_OPEN + 8 + 20);
  struct ow_reflection bare = reflect(&fixture, &question);
  bare.ssid = 0;
  bare.sent = bare.received;
  bare.error = 0;
  ck_assert_int_eq(give(&fixture, &bare, &question), OW_ECHO_ANSWER);
  ck_assert(reflector->answered && reflector->ssid_ignored && reflector->shortened && reflector->no_dwell);
  ck_assert(reflector->error_unknown && !reflector->ptp && !reflector->tlvs_malformed);
  ck_assert_uint_eq(reflector->tlvs_unknown, 1 << OW_TLV_TIMESTAMPS | 1 << OW_TLV_PADDING);
  ck_assert_uint_eq(reflector->tlvs_known, 0);
  ck_assert_int_eq(ow_error_ns(ow_samples_at(ow_reflected_forward(fixture.reflected), 0).receive_error),
                   INT64_MAX);
  tear_down(&fixture);
}
END_TEST

START_TEST(a_follow_up_tells_when_the_answer_before_really_left)
{
  static const char before[] = "\0\7\0\x10\0\0\0\0\0\0\0\0\0\0\0\0\2\0\0\0";
  struct fixture fixture;
  prepare(&fixture, MODES[_i], PACKETS);
  fixture.counter = 41;
  fixture.terms.tlvs = (struct ow_tlv_plan){.choices = 1 << OW_TLV_FOLLOW_UP};
  create(&fixture);
  struct ow_timestamp sent[4];
  /* Each answer says of the one before that it left later than by its stamp; the last one, that it left
   * before that. */
  for (uint32_t i = 0; i < 4; i++) {
    char tlv[sizeof before - 1];
    struct question question = ask(&fixture);
    struct ow_reflection reflection = reflect(&fixture, &question);
    memcpy(tlv, before, sizeof tlv);
    sent[i] = reflection.sent;
    if (i > 0) {
      uint64_t departed = ow_timestamp_plus(sent[i - 1], i == 3 ? -DWELL : DWELL).ntp;
      tlv[7] = (char)(reflection.sequence - 1);
      for (int octet = 0; octet < 8; octet++)
        tlv[8 + octet] = (char)(departed >> (56 - 8 * octet));
    }
    ck_assert_int_eq(give_octets(&fixture, &reflection, &question, tlv, sizeof tlv), OW_ECHO_ANSWER);
  }
  const struct ow_samples *reverse = ow_reflected_reverse(fixture.reflected);
  for (uint32_t i = 0; i < 4; i++)
    ck_assert_int_eq(ow_timestamp_difference(ow_samples_at(reverse, i).sent, sent[i]), i < 2 ? DWELL : 0);
  ck_assert_uint_eq(ow_reflected_reflector(fixture.reflected)->tlvs_known, 1 << OW_TLV_FOLLOW_UP);
  tear_down(&fixture);
}
END_TEST

/* 2026-11-26 as PTP would have it in UTC, and two departures in whole milliseconds. */
START_TEST(a_follow_up_has_the_format_of_the_answers_stamps)
{
  enum { MOMENT = 1795694400 };
  static const char second[] = "\0\7\0\x10\0\0\0\0\x6b\x08\x1f\x40\0\x5b\x8d\x80\2\0\0"; /* 6 ms */
  struct fixture fixture;
  prepare(&fixture, OW_MODE_OPEN, PACKETS);
  fixture.terms.tlvs = (struct ow_tlv_plan){.choices = 1 << OW_TLV_FOLLOW_UP};
  create(&fixture);
  for (uint32_t i = 0; i < 2; i++) {
    struct question question = ask(&fixture);
    struct ow_reflection answer = reflect(&fixture, &question);
    answer.error |= 0x4000;
    answer.received = (struct ow_timestamp){(uint64_t)MOMENT << 32};
    answer.sent = (struct ow_timestamp){(uint64_t)MOMENT << 32 | MS};
    ck_assert_int_eq(give_octets(&fixture, &answer, &question, second, sizeof second), OW_ECHO_ANSWER);
  }
  const struct ow_samples *forward = ow_reflected_forward(fixture.reflected);
  const struct ow_samples *reverse = ow_reflected_reverse(fixture.reflected);
  for (uint32_t i = 0; i < 2; i++)
    ck_assert_int_eq(
        (ow_timestamp_difference(ow_samples_at(reverse, i).sent, ow_samples_at(forward, i).received) + 500) /
            1000,
        i == 0 ? 6000 : 1000);
  tear_down(&fixture);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("session_reflected");
  TEST_LOOP(suite, "both modes", 2, an_answer_is_two_samples_of_four_stamps,
            a_reflector_that_counts_tells_which_way_packets_were_lost,
            a_stateless_reflector_tells_no_direction, a_copy_is_counted_where_it_was_made,
            a_copy_shows_that_the_reflector_counts, what_is_no_answer_to_an_open_question_is_told,
            a_wrong_hmac_and_every_truncation_are_told, a_follow_up_tells_when_the_answer_before_really_left,
            of_a_reflector_that_does_not_count_stamps_tell_copies_apart,
            further_questions_before_the_schedule_are_no_losses_of_it);
  TEST_CASE(suite, "PTP", a_follow_up_has_the_format_of_the_answers_stamps);
  TEST_CASE(suite, "numbers", numbers_on_the_wire_have_a_gap_before_the_schedule,
            a_counter_that_runs_on_from_before_and_wraps_tells_the_same,
            without_an_opening_answer_the_first_answered_question_is_where_counting_begins,
            what_was_lost_before_the_first_answered_question_has_no_direction,
            a_stateless_reflector_that_lost_nothing_lost_nothing_either_way,
            a_closing_question_that_is_lost_leaves_it_open_unless_nothing_is_missing,
            closing_questions_are_bounded, a_counter_that_others_use_or_that_begins_anew_is_not_believed,
            what_could_not_leave_is_no_loss, reordered_answers_are_all_taken,
            where_questions_came_twice_what_is_missing_has_no_direction, what_comes_late_has_no_direction);
  TEST_LOOP(suite, "clock", 2, a_clock_that_is_set_loses_no_questions);
  TEST_CASE(suite, "answers", an_answer_after_the_loss_timeout_stays_lost,
            stamps_that_cannot_be_are_of_no_use_but_no_loss, what_a_reflector_leaves_out_is_noted);
  return test_run(suite);
}
