/* SPDX-License-Identifier: MIT */
/* TWAMP servers as they are, measured by a probe over a simulated path, and held to what really happened. */
#include <stdio.h>
#include <string.h>

#include "config/peer_options.h"
#include "sim/sim_probe.h"
#include "sim/sim_twamp.h"
#include "support/machine.h"
#include "support/main.h"

#define S OW_NS_PER_S
#define MS OW_NS_PER_MS

enum { MODES = 4 };

static const enum ow_mode modes[MODES] = {OW_MODE_OPEN, OW_MODE_AUTHENTICATED, OW_MODE_ENCRYPTED,
                                          OW_MODE_MIXED};

static struct sim_twamp twamp;

static void raise_curtain(void)
{
  sim_probed_begin(OW_PROTOCOL_TWAMP);
  twamp = (struct sim_twamp){.habits = {.modes = 15}, .dwell = SIM_PROBED_DWELL};
  sim_twamp_open(&twamp, sim_probed.loop, SIM_PROBED_HOST, "127.0.0.2");
  sim_probed.peer.modes = OW_TWAMP_MODES;
  sim_probed_use_key(TEST_KEY_ID, TEST_PASSPHRASE);
}

static void drop_curtain(void)
{
  sim_probed_settle();
  sim_twamp_close(&twamp);
  sim_probed_end();
}

static void expect_failure(enum ow_status status, enum ow_probe_step step, const char *piece)
{
  ck_assert_int_eq(sim_probed.report.status, status);
  ck_assert_msg(strstr(sim_probed.report.failure.text, piece) != NULL, "%s", sim_probed.report.failure.text);
  ck_assert_int_eq(sim_probed.report.step, step);
  for (int d = 0; d < OW_RESULTS; d++)
    ck_assert_int_eq(sim_probed_result(d)->completeness, OW_RESULT_ABSENT);
}

/* ---- a server as it should be ---- */

START_TEST(four_stamps_make_three_results_in_every_mode)
{
  twamp.habits.modes = modes[_i];
  twamp.habits.port = 18900;
  twamp.ahead = 5 * MS;
  sim_probed.peer.dscp = 46;
  sim_probed_run();
  sim_probed_expect_three_results(5 * MS);
  ck_assert_int_eq(sim_probed.report.protocol, OW_PROTOCOL_TWAMP);
  ck_assert_int_eq(sim_probed.report.mode, modes[_i]);
  ck_assert_int_eq(sim_probed.report.step, OW_STEP_DONE);
  ck_assert_str_eq(sim_probed.report.directions[OW_FORWARD].receiver, "127.0.0.2 port 18900");
  ck_assert_uint_eq(twamp.strangers, 0);
  ck_assert_uint_eq(sim_packet_count, 2 * SIM_PROBED_PACKETS); /* no question beside the schedule's */
  ck_assert_int_lt(sim_probed.took, SIM_PROBED_PACKETS * 20 * MS + 12 * (SIM_PROBED_THERE + SIM_PROBED_BACK));
}
END_TEST

/* What the control connection says of the session, and that it is stopped when all is known. */
START_TEST(the_request_tells_what_is_sent)
{
  sim_probed.peer.padding = 100;
  sim_probed.peer.dscp = 46;
  sim_probed.peer.loss_timeout = 3 * S;
  twamp.habits.modes = modes[_i];
  twamp.habits.closes_running = false;
  sim_probed_run();
  sim_probed_expect_measured(SIM_PROBED_PACKETS);
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
    sim_probed.peer.padding = cases[i].padding;
    sim_probed_run();
    sim_probed_expect_measured(SIM_PROBED_PACKETS);
    ck_assert_uint_eq(twamp.shortest, cases[i].octets);
    ck_assert_uint_eq(twamp.longest, cases[i].octets);
    ck_assert(!sim_probed.report.reflector.shortened);
  }
}
END_TEST

START_TEST(the_dscp_with_which_packets_arrive_is_told_where_it_is_agreed_on)
{
  twamp.tos = 10 << 2 | 1;
  sim_probed_run();
  ck_assert(!sim_probed.report.reflector.tos_known);
  twamp.habits.modes |= OW_TWAMP_DSCP_ECN;
  sim_probed_run();
  sim_probed_expect_measured(SIM_PROBED_PACKETS);
  ck_assert(sim_probed.report.reflector.tos_known);
  ck_assert_msg(sim_probed_said("packets arrive there with DSCP 10, ECN 1"), "%s",
                sim_probed.report.reflector_words[0]);
}
END_TEST

/* ---- losses ---- */

/* Of the schedule's questions, by what the simulated network saw. */
static uint32_t arrived_there(void)
{
  uint32_t asked = 0;
  uint32_t arrived = 0;
  for (size_t i = 0; i < sim_packet_count && asked < SIM_PROBED_PACKETS; i++)
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
    sim_path(SIM_PROBED_HOST)->loss[0] = 20000 + 1000 * (uint32_t)i;
    sim_path(SIM_PROBED_HOST)->loss[1] = 40000;
    twamp.habits.modes = modes[i % MODES];
    sim_probed_run();
    bool told = sim_probed_expect_losses(arrived_there());
    bool any = sim_probed_result(OW_ROUND_TRIP)->lost > 0;
    lossy += any;
    known += any && told;
  }
  ck_assert_uint_gt(lossy, 30);
  ck_assert_uint_gt(known, lossy * 3 / 4);
}
END_TEST

/* The first questions are lost: the counter's beginning is known all the same. */
START_TEST(losses_before_the_first_answer_are_told_too)
{
  sim_path(SIM_PROBED_HOST)->loss[_i] = 1000000;
  sim_run(sim_probed.loop, 0);
  sim_probed.peer.slots[0] = (struct ow_slot){OW_SLOT_FIXED, ow_span_from_ns(100 * MS)};
  sim_path(SIM_PROBED_HOST)->loss[_i] = 300000;
  for (int i = 0; i < 10; i++) {
    sim_probed_run();
    const struct ow_result *lossy = sim_probed_result(_i);
    if (!lossy->loss_unknown)
      ck_assert_uint_eq(lossy->lost, sim_probed_result(OW_ROUND_TRIP)->lost);
    ck_assert_uint_eq(sim_probed_result(!_i)->lost, 0);
  }
}
END_TEST

START_TEST(a_reflector_that_does_not_count_tells_the_round_trip_alone)
{
  twamp.stateless = true;
  sim_probed_run();
  sim_probed_expect_measured(SIM_PROBED_PACKETS);
  ck_assert(!sim_probed_result(OW_FORWARD)->loss_unknown); /* nothing was lost */
  sim_path(SIM_PROBED_HOST)->loss[0] = 100000;
  sim_probed_run();
  uint32_t lost = sim_probed_result(OW_ROUND_TRIP)->lost;
  ck_assert_uint_gt(lost, 0);
  sim_probed_expect_measured(SIM_PROBED_PACKETS - lost);
  for (int d = 0; d < OW_DIRECTIONS; d++) {
    ck_assert(sim_probed_result(d)->loss_unknown);
    ck_assert_uint_eq(sim_probed_result(d)->received, SIM_PROBED_PACKETS - lost);
  }
  ck_assert(sim_probed_said("stateless"));
}
END_TEST

/* One that goes on counting from another session's end is known from its first answer on. */
START_TEST(a_counter_that_does_not_begin_at_0_is_counted_from_its_first_answer)
{
  unsigned known = 0;
  twamp.first_number = _i ? 0xfffffff0 : 1000;
  for (int i = 0; i < 10; i++) {
    sim_path(SIM_PROBED_HOST)->loss[0] = 50000;
    sim_probed_run();
    uint32_t lost = sim_probed_result(OW_ROUND_TRIP)->lost;
    known += lost > 0 && !sim_probed_result(OW_FORWARD)->loss_unknown;
    if (!sim_probed_result(OW_FORWARD)->loss_unknown) {
      ck_assert_uint_eq(sim_probed_result(OW_FORWARD)->lost, lost);
      ck_assert_uint_eq(sim_probed_result(OW_REVERSE)->lost, 0);
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
  twamp.dwell = _i == 1 ? 0 : SIM_PROBED_DWELL;
  twamp.habits.no_sid = _i == 2;
  sim_probed_run();
  sim_probed_expect_measured(SIM_PROBED_PACKETS);
  ck_assert_msg(!words[_i][0] || sim_probed_said(words[_i]), "%s", words[_i]);
  ck_assert_str_eq(sim_probed.report.remark, "");
}
END_TEST

START_TEST(answers_that_are_none_are_counted_and_told)
{
  twamp.habits.modes = modes[_i + 1];
  twamp.wrong_hmac = true;
  sim_probed_run();
  sim_probed_expect_measured(0);
  ck_assert_uint_eq(sim_probed_result(OW_ROUND_TRIP)->lost, SIM_PROBED_PACKETS);
  ck_assert_uint_ge(sim_probed_result(OW_ROUND_TRIP)->discarded, SIM_PROBED_PACKETS);
  ck_assert_msg(strstr(sim_probed.report.remark, "wrong HMAC") != NULL, "%s", sim_probed.report.remark);
}
END_TEST

START_TEST(an_outage_of_the_test_packets_is_measured_to_its_end)
{
  twamp.deaf = true;
  sim_probed_run();
  sim_probed_expect_measured(0);
  ck_assert_int_eq(sim_probed_result(OW_ROUND_TRIP)->completeness, OW_RESULT_COMPLETE);
  ck_assert_uint_eq(sim_probed_result(OW_ROUND_TRIP)->lost, SIM_PROBED_PACKETS);
  ck_assert(sim_probed_result(OW_FORWARD)->completeness == OW_RESULT_ABSENT);
}
END_TEST

START_TEST(a_thousand_answers_count_as_one)
{
  twamp.times = 1000;
  sim_probed.peer.packets = 5;
  sim_probed_run();
  ck_assert_int_eq(sim_probed.report.status, OW_OK);
  ck_assert_uint_eq(sim_probed_result(OW_ROUND_TRIP)->received, 5);
  ck_assert_uint_eq(sim_probed.report.directions[OW_FORWARD].samples.count, 5);
}
END_TEST

START_TEST(zero_addresses_for_nat_are_asked_for_plainly_if_they_are_refused)
{
  sim_probed.peer.nat = true;
  twamp.habits.no_zero_addresses = _i == 1;
  sim_probed_run();
  sim_probed_expect_measured(SIM_PROBED_PACKETS);
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
    sim_probed_run();
    expect_failure(cases[i].status, cases[i].step, cases[i].says);
  }
}
END_TEST

START_TEST(a_mode_that_is_not_offered_is_told)
{
  twamp.habits.modes = OW_MODE_OPEN;
  sim_probed.peer.modes = OW_MODE_MIXED;
  sim_probed_run();
  expect_failure(OW_REFUSED, OW_STEP_SETUP, "the server offers open, we may use mixed");
}
END_TEST

/* A server without its client ends its sessions. */
static void cut(void *context)
{
  (void)context;
  sim_cut(SIM_PROBED_HOST);
}

START_TEST(a_connection_that_breaks_leaves_what_is_known)
{
  sim_at(sim_monotonic() + 500 * MS, cut, NULL);
  sim_probed_run();
  ck_assert_int_eq(sim_probed.report.status, OW_NETWORK);
  ck_assert_int_eq(sim_probed_result(OW_ROUND_TRIP)->completeness, OW_RESULT_PARTIAL);
  ck_assert_uint_gt(sim_probed_result(OW_ROUND_TRIP)->received, 5);
  ck_assert_uint_eq(sim_probed_result(OW_ROUND_TRIP)->lost, 0);
  ck_assert_int_lt(sim_probed.took, S);
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
                 a_refusal_is_told, a_mode_that_is_not_offered_is_told,
                 a_connection_that_breaks_leaves_what_is_known);
  sim_probed_add_time_case(suite, raise_curtain, drop_curtain);
  return test_run(suite);
}
