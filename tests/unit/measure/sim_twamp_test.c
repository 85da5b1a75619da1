/* SPDX-License-Identifier: MIT */
/* TWAMP servers as they are, measured by a probe over a simulated path, and held to what really happened. */
#include <stdio.h>
#include <string.h>

#include "config/peer_options.h"
#include "measure/probe.h"
#include "sim/sim.h"
#include "sim/sim_twamp.h"
#include "support/machine.h"
#include "support/main.h"

#define S OW_NS_PER_S
#define MS OW_NS_PER_MS

enum { V4 = 2, PACKETS = 50, MODES = 4 };
#define TIMEOUT (10 * S)

/* 10 ms there, 2 ms of dwell, 30 ms back. */
#define THERE (10 * MS)
#define DWELL (2 * MS)
#define BACK (30 * MS)

static const enum ow_mode modes[MODES] = {OW_MODE_OPEN, OW_MODE_AUTHENTICATED, OW_MODE_ENCRYPTED,
                                          OW_MODE_MIXED};

static struct ow_loop *loop;
static struct ow_peer peer;
static struct ow_probe_report report;
static struct sim_twamp twamp;
static int64_t took;

static void raise_curtain(void)
{
  struct ow_failure failure;
  sim_begin(1);
  loop = ow_loop_create(&failure);
  sim_share_loop(loop);
  *sim_path(V4) = (struct sim_path){.delay = {THERE, BACK}};
  twamp = (struct sim_twamp){.habits = {.modes = 15}, .dwell = DWELL};
  sim_twamp_open(&twamp, loop, V4, "127.0.0.2");
  ow_peer_defaults(&peer);
  peer.protocol = OW_PROTOCOL_TWAMP;
  peer.modes = OW_TWAMP_MODES;
  snprintf(peer.key_id, sizeof peer.key_id, TEST_KEY_ID);
  peer.passphrase.length = strlen(TEST_PASSPHRASE);
  memcpy(peer.passphrase.octets, TEST_PASSPHRASE, peer.passphrase.length);
  snprintf(peer.port, sizeof peer.port, "862");
  snprintf(peer.host, sizeof peer.host, "127.0.0.2");
  peer.packets = PACKETS;
  peer.slots[0] = (struct ow_slot){OW_SLOT_FIXED, ow_span_from_ns(20 * MS)};
  peer.slot_count = 1;
}

static void drop_curtain(void)
{
  sim_run(loop, 60 * S);
  ow_probe_report_clear(&report);
  ow_peer_clear(&peer);
  sim_twamp_close(&twamp);
  sim_share_loop(NULL);
  sim_end();
  ow_loop_free(loop);
}

static void probe(void)
{
  int64_t began = sim_monotonic();
  ow_probe_report_clear(&report);
  sim_packet_count = 0;
  (void)!ow_probe_run(&peer, TIMEOUT, NULL, &report);
  took = sim_monotonic() - began;
}

static const struct ow_result *result_of(int direction)
{
  return &report.directions[direction].result;
}

static bool said(const char *words)
{
  bool found = false;
  for (size_t i = 0; i < report.reflector_lines; i++)
    found = found || strstr(report.reflector_words[i], words);
  return found;
}

static void expect_near(int64_t value, int64_t wanted)
{
  ck_assert_int_ge(value, wanted - 1000);
  ck_assert_int_le(value, wanted + 1000);
}

static void expect_measured(uint32_t received)
{
  ck_assert_msg(report.status == OW_OK, "%s", report.failure.text);
  ck_assert_uint_eq(result_of(OW_ROUND_TRIP)->sent, PACKETS);
  ck_assert_uint_eq(result_of(OW_ROUND_TRIP)->received, received);
}

static void expect_failure(enum ow_status status, enum ow_probe_step step, const char *piece)
{
  ck_assert_int_eq(report.status, status);
  ck_assert_msg(strstr(report.failure.text, piece) != NULL, "%s", report.failure.text);
  ck_assert_int_eq(report.step, step);
  for (int d = 0; d < OW_RESULTS; d++)
    ck_assert_int_eq(result_of(d)->completeness, OW_RESULT_ABSENT);
}

/* ---- a server as it should be ---- */

START_TEST(four_stamps_make_three_results_in_every_mode)
{
  twamp.habits.modes = modes[_i];
  twamp.habits.port = 18900;
  twamp.ahead = 5 * MS;
  peer.dscp = 46;
  probe();
  expect_measured(PACKETS);
  ck_assert_int_eq(report.protocol, OW_PROTOCOL_TWAMP);
  ck_assert_int_eq(report.mode, modes[_i]);
  ck_assert_int_eq(report.step, OW_STEP_DONE);
  ck_assert_str_eq(report.server, "127.0.0.2 port 862");
  ck_assert_str_eq(report.directions[OW_FORWARD].receiver, "127.0.0.2 port 18900");
  expect_near(result_of(OW_FORWARD)->delay.median, THERE + 5 * MS);
  expect_near(result_of(OW_REVERSE)->delay.median, BACK - 5 * MS);
  expect_near(result_of(OW_ROUND_TRIP)->delay.min, THERE + BACK);
  expect_near(result_of(OW_ROUND_TRIP)->delay.max, THERE + BACK);
  expect_near(result_of(OW_ROUND_TRIP)->dwell.median, DWELL);
  for (int d = 0; d < OW_RESULTS; d++) {
    ck_assert_int_eq(result_of(d)->completeness, OW_RESULT_COMPLETE);
    ck_assert_uint_eq(result_of(d)->received, PACKETS);
    ck_assert_uint_eq(result_of(d)->lost, 0);
    ck_assert(!result_of(d)->loss_unknown);
  }
  ck_assert_str_eq(report.remark, "");
  ck_assert_uint_eq(twamp.strangers, 0);
  ck_assert_uint_eq(sim_packet_count, 2 * PACKETS); /* no question beside the schedule's */
  ck_assert_int_lt(took, PACKETS * 20 * MS + 12 * (THERE + BACK));
}
END_TEST

/* What the control connection says of the session, and that it is stopped when all is known. */
START_TEST(the_request_tells_what_is_sent)
{
  peer.padding = 100;
  peer.dscp = 46;
  peer.loss_timeout = 3 * S;
  twamp.habits.modes = modes[_i];
  twamp.habits.closes_running = false;
  ow_probe_report_clear(&report);
  (void)!ow_probe_run(&peer, TIMEOUT, NULL, &report);
  expect_measured(PACKETS);
  ck_assert_uint_eq(twamp.connected, 1);
  ck_assert_uint_eq(twamp.shortest, twamp.longest);
  ck_assert_uint_eq(twamp.shortest, modes[_i] == OW_MODE_OPEN || modes[_i] == OW_MODE_MIXED ? 114 : 148);
}
END_TEST

/* Without padding both ways are as long as the answer's head, whatever is agreed on. */
START_TEST(packets_are_of_one_size)
{
  static const struct {
    uint32_t modes, padding;
    size_t octets;
  } cases[] = {
      {OW_MODE_OPEN, 0, 41},
      {OW_MODE_OPEN, 27, 41},
      {OW_MODE_OPEN, 86, 100},
      {OW_MODE_OPEN | OW_TWAMP_SYMMETRICAL, 0, 41},
      {OW_MODE_OPEN | OW_TWAMP_SYMMETRICAL, 86, 100},
      {OW_MODE_OPEN | OW_TWAMP_DSCP_ECN, 0, 44},
      {OW_MODE_OPEN | OW_TWAMP_DSCP_ECN | OW_TWAMP_SYMMETRICAL, 0, 44},
      {OW_MODE_ENCRYPTED, 0, 112},
      {OW_MODE_AUTHENTICATED | OW_TWAMP_SYMMETRICAL, 0, 112},
      {OW_MODE_ENCRYPTED | OW_TWAMP_SYMMETRICAL | OW_TWAMP_DSCP_ECN, 86, 134},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    twamp.habits.modes = cases[i].modes;
    twamp.shortest = twamp.longest = 0;
    peer.padding = cases[i].padding;
    probe();
    expect_measured(PACKETS);
    ck_assert_uint_eq(twamp.shortest, cases[i].octets);
    ck_assert_uint_eq(twamp.longest, cases[i].octets);
    ck_assert(!report.reflector.shortened);
  }
}
END_TEST

START_TEST(the_dscp_with_which_packets_arrive_is_told_where_it_is_agreed_on)
{
  twamp.tos = 10 << 2 | 1;
  probe();
  ck_assert(!report.reflector.tos_known);
  twamp.habits.modes |= OW_TWAMP_DSCP_ECN;
  probe();
  expect_measured(PACKETS);
  ck_assert(report.reflector.tos_known);
  ck_assert_msg(said("packets arrive there with DSCP 10, ECN 1"), "%s", report.reflector_words[0]);
}
END_TEST

/* ---- losses ---- */

/* Of the schedule's questions, by what the simulated network saw. */
static uint32_t arrived_there(void)
{
  uint32_t asked = 0;
  uint32_t arrived = 0;
  for (size_t i = 0; i < sim_packet_count && asked < PACKETS; i++)
    if (sim_packets[i].to_host) {
      asked++;
      arrived += sim_packets[i].arrived;
    }
  return arrived;
}

START_TEST(losses_are_exact_by_direction)
{
  unsigned known = 0;
  unsigned lossy = 0;
  for (int i = 0; i < 40; i++) {
    sim_path(V4)->loss[0] = 20000 + 1000 * (uint32_t)i;
    sim_path(V4)->loss[1] = 40000;
    twamp.habits.modes = modes[i % MODES];
    probe();
    const struct ow_result *forward = result_of(OW_FORWARD);
    const struct ow_result *reverse = result_of(OW_REVERSE);
    uint32_t arrived = arrived_there();
    uint32_t back = result_of(OW_ROUND_TRIP)->received;
    expect_measured(PACKETS - result_of(OW_ROUND_TRIP)->lost);
    lossy += back < PACKETS;
    if (forward->loss_unknown) {
      ck_assert(reverse->loss_unknown);
      continue;
    }
    known += back < PACKETS;
    ck_assert_uint_eq(forward->sent, PACKETS);
    ck_assert_uint_eq(forward->lost, PACKETS - arrived);
    ck_assert_uint_eq(reverse->sent, arrived);
    ck_assert_uint_eq(reverse->lost, arrived - back);
  }
  ck_assert_uint_gt(lossy, 30);
  ck_assert_uint_gt(known, lossy * 3 / 4);
}
END_TEST

/* The first questions are lost: the counter's beginning is known all the same. */
START_TEST(losses_before_the_first_answer_are_told_too)
{
  sim_path(V4)->loss[_i] = 1000000;
  sim_run(loop, 0);
  peer.slots[0] = (struct ow_slot){OW_SLOT_FIXED, ow_span_from_ns(100 * MS)};
  sim_path(V4)->loss[_i] = 300000;
  for (int i = 0; i < 10; i++) {
    probe();
    const struct ow_result *lossy = result_of(_i);
    if (!lossy->loss_unknown)
      ck_assert_uint_eq(lossy->lost, result_of(OW_ROUND_TRIP)->lost);
    ck_assert_uint_eq(result_of(!_i)->lost, 0);
  }
}
END_TEST

START_TEST(a_reflector_that_does_not_count_tells_the_round_trip_alone)
{
  twamp.stateless = true;
  probe();
  expect_measured(PACKETS);
  ck_assert(!result_of(OW_FORWARD)->loss_unknown); /* nothing was lost */
  sim_path(V4)->loss[0] = 100000;
  probe();
  uint32_t lost = result_of(OW_ROUND_TRIP)->lost;
  ck_assert_uint_gt(lost, 0);
  expect_measured(PACKETS - lost);
  for (int d = 0; d < OW_DIRECTIONS; d++) {
    ck_assert(result_of(d)->loss_unknown);
    ck_assert_uint_eq(result_of(d)->received, PACKETS - lost);
  }
  ck_assert(said("stateless"));
}
END_TEST

/* One that goes on counting from another session's end is known from its first answer on. */
START_TEST(a_counter_that_does_not_begin_at_0_is_counted_from_its_first_answer)
{
  unsigned known = 0;
  twamp.first_number = _i ? 0xfffffff0 : 1000;
  for (int i = 0; i < 10; i++) {
    sim_path(V4)->loss[0] = 50000;
    probe();
    uint32_t lost = result_of(OW_ROUND_TRIP)->lost;
    known += lost > 0 && !result_of(OW_FORWARD)->loss_unknown;
    if (!result_of(OW_FORWARD)->loss_unknown) {
      ck_assert_uint_eq(result_of(OW_FORWARD)->lost, lost);
      ck_assert_uint_eq(result_of(OW_REVERSE)->lost, 0);
    }
  }
  ck_assert_uint_gt(known, 5);
}
END_TEST

/* ---- as far as it goes ---- */

START_TEST(habits_spoil_nothing_and_are_told)
{
  static const char *const words[] = {"no bound", "the same", ""};
  twamp.no_error = _i == 0;
  twamp.dwell = _i == 1 ? 0 : DWELL;
  twamp.habits.no_sid = _i == 2;
  probe();
  expect_measured(PACKETS);
  ck_assert_msg(!words[_i][0] || said(words[_i]), "%s", words[_i]);
  ck_assert_str_eq(report.remark, "");
}
END_TEST

START_TEST(answers_that_are_none_are_counted_and_told)
{
  twamp.habits.modes = modes[_i + 1];
  twamp.wrong_hmac = true;
  probe();
  expect_measured(0);
  ck_assert_uint_eq(result_of(OW_ROUND_TRIP)->lost, PACKETS);
  ck_assert_uint_ge(result_of(OW_ROUND_TRIP)->discarded, PACKETS);
  ck_assert_msg(strstr(report.remark, "wrong HMAC") != NULL, "%s", report.remark);
}
END_TEST

START_TEST(an_outage_of_the_test_packets_is_measured_to_its_end)
{
  twamp.deaf = true;
  probe();
  expect_measured(0);
  ck_assert_int_eq(result_of(OW_ROUND_TRIP)->completeness, OW_RESULT_COMPLETE);
  ck_assert_uint_eq(result_of(OW_ROUND_TRIP)->lost, PACKETS);
  ck_assert(result_of(OW_FORWARD)->completeness == OW_RESULT_ABSENT);
}
END_TEST

START_TEST(a_thousand_answers_count_as_one)
{
  twamp.times = 1000;
  peer.packets = 5;
  probe();
  ck_assert_int_eq(report.status, OW_OK);
  ck_assert_uint_eq(result_of(OW_ROUND_TRIP)->received, 5);
  ck_assert_uint_eq(report.directions[OW_FORWARD].samples.count, 5);
}
END_TEST

START_TEST(zero_addresses_for_nat_are_asked_for_plainly_if_they_are_refused)
{
  peer.nat = true;
  twamp.habits.no_zero_addresses = _i == 1;
  probe();
  expect_measured(PACKETS);
}
END_TEST

START_TEST(time_that_runs_out_makes_it_partial)
{
  peer.slots[0] = (struct ow_slot){OW_SLOT_FIXED, ow_span_from_ns(S)};
  probe();
  ck_assert_int_eq(report.status, OW_TIMEOUT);
  ck_assert_int_eq(result_of(OW_ROUND_TRIP)->completeness, OW_RESULT_PARTIAL);
  ck_assert_uint_ge(result_of(OW_ROUND_TRIP)->received, 8);
  ck_assert_uint_eq(result_of(OW_ROUND_TRIP)->lost, 0);
  ck_assert_msg(strstr(report.failure.text, "raise the timeout") != NULL, "%s", report.failure.text);
  ck_assert_int_le(took, TIMEOUT);
}
END_TEST

static void set_back(void *context)
{
  (void)context;
  sim_step_clock(loop, -3600 * S);
}

/* Its last packets are due in an hour: more time is no advice. */
START_TEST(a_clock_that_is_set_back_is_why_time_runs_out)
{
  sim_at(sim_monotonic() + 300 * MS, set_back, NULL);
  probe();
  ck_assert_int_eq(report.status, OW_TIMEOUT);
  ck_assert_msg(strstr(report.failure.text, "this host's clock was set back meanwhile") != NULL, "%s",
                report.failure.text);
  ck_assert_int_le(took, TIMEOUT);
  ck_assert_int_eq(result_of(OW_ROUND_TRIP)->completeness, OW_RESULT_PARTIAL);
  ck_assert(result_of(OW_ROUND_TRIP)->clock.stepped);
}
END_TEST

/* ---- what servers say ---- */

START_TEST(a_refusal_is_told)
{
  static const struct {
    struct test_twamp_habits habits;
    enum ow_status status;
    enum ow_probe_step step;
    const char *says;
  } cases[] = {
      {{.modes = 15, .session = OW_ACCEPT_TEMPORARY_LIMIT},
       OW_REFUSED,
       OW_STEP_REQUEST,
       "server 127.0.0.2 port 862 refused the session: a temporary resource limit (Accept 5)"},
      {{.modes = 15, .start = OW_ACCEPT_FAILURE}, OW_REFUSED, OW_STEP_START, "refused to start the session"},
      {{.modes = 15, .no_port = true}, OW_PROTOCOL, OW_STEP_REQUEST, "names port 0"},
      {{.modes = 15, .closes = true}, OW_NETWORK, OW_STEP_REQUEST, "is it an OWAMP server, and not TWAMP's?"},
      {{.modes = 15, .silent = true}, OW_TIMEOUT, OW_STEP_REQUEST, "time ran out while waiting for server"},
      {{.modes = OW_TWAMP_SYMMETRICAL}, OW_REFUSED, OW_STEP_SETUP, "it offers no mode"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    twamp.habits = cases[i].habits;
    probe();
    expect_failure(cases[i].status, cases[i].step, cases[i].says);
  }
}
END_TEST

START_TEST(a_mode_that_is_not_offered_is_told)
{
  twamp.habits.modes = OW_MODE_OPEN;
  peer.modes = OW_MODE_MIXED;
  probe();
  expect_failure(OW_REFUSED, OW_STEP_SETUP, "the server offers open, we may use mixed");
}
END_TEST

/* A server without its client ends its sessions. */
static void cut(void *context)
{
  (void)context;
  sim_cut(V4);
}

START_TEST(a_connection_that_breaks_leaves_what_is_known)
{
  sim_at(sim_monotonic() + 500 * MS, cut, NULL);
  probe();
  ck_assert_int_eq(report.status, OW_NETWORK);
  ck_assert_int_eq(result_of(OW_ROUND_TRIP)->completeness, OW_RESULT_PARTIAL);
  ck_assert_uint_gt(result_of(OW_ROUND_TRIP)->received, 5);
  ck_assert_uint_eq(result_of(OW_ROUND_TRIP)->lost, 0);
  ck_assert_int_lt(took, S);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("TWAMP on a simulated network");
  TEST_LOOP_WITH(raise_curtain, drop_curtain, suite, "modes", MODES,
                 four_stamps_make_three_results_in_every_mode, the_request_tells_what_is_sent);
  TEST_LOOP_WITH(raise_curtain, drop_curtain, suite, "keyed modes", 2,
                 answers_that_are_none_are_counted_and_told);
  TEST_LOOP_WITH(raise_curtain, drop_curtain, suite, "directions", 2,
                 losses_before_the_first_answer_are_told_too,
                 a_counter_that_does_not_begin_at_0_is_counted_from_its_first_answer,
                 zero_addresses_for_nat_are_asked_for_plainly_if_they_are_refused);
  TEST_LOOP_WITH(raise_curtain, drop_curtain, suite, "habits", 3, habits_spoil_nothing_and_are_told);
  TEST_CASE_WITH(raise_curtain, drop_curtain, suite, "paths and servers", packets_are_of_one_size,
                 the_dscp_with_which_packets_arrive_is_told_where_it_is_agreed_on,
                 losses_are_exact_by_direction, a_reflector_that_does_not_count_tells_the_round_trip_alone,
                 an_outage_of_the_test_packets_is_measured_to_its_end, a_thousand_answers_count_as_one,
                 time_that_runs_out_makes_it_partial, a_clock_that_is_set_back_is_why_time_runs_out,
                 a_refusal_is_told, a_mode_that_is_not_offered_is_told,
                 a_connection_that_breaks_leaves_what_is_known);
  return test_run(suite);
}
