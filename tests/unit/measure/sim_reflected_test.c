/* SPDX-License-Identifier: MIT */
/* Reflectors as they are, measured by a probe over a simulated path, and held to what really happened. */
#include <stdio.h>
#include <string.h>

#include "sim/sim_probe.h"
#include "sim/sim_reflector.h"
#include "support/main.h"

#define S OW_NS_PER_S
#define MS OW_NS_PER_MS

enum { V6 = 0x62, SSID = 7 };
#define KEY "a key of its own"

static struct sim_reflector reflector;

static void raise_curtain(void)
{
  sim_probed_begin(OW_PROTOCOL_STAMP);
  *sim_path(V6) = *sim_path(SIM_PROBED_HOST);
  reflector = (struct sim_reflector){.mode = OW_MODE_OPEN, .dwell = SIM_PROBED_DWELL};
  sim_reflect(SIM_PROBED_HOST, &reflector);
}

static void drop_curtain(void)
{
  sim_probed_settle();
  sim_probed_end();
}

/* ---- a reflector as it should be ---- */

START_TEST(four_stamps_make_three_results)
{
  if (_i) {
    sim_probed.peer.ssid = SSID;
    sim_probed_use_key("router", KEY);
    reflector.mode = OW_MODE_AUTHENTICATED;
    reflector.key = KEY;
  }
  reflector.ahead = 5 * MS;
  sim_probed_run();
  sim_probed_expect_three_results(5 * MS);
  ck_assert_int_eq(sim_probed.report.mode, reflector.mode);
  ck_assert_uint_eq(sim_probed_result(OW_FORWARD)->hops_max, 1);
  ck_assert(sim_probed.report.reflector.stateful);
  /* As soon as the last answer is there, and not a loss timeout later. */
  ck_assert_int_lt(sim_probed.took, SIM_PROBED_PACKETS * 20 * MS + 200 * MS);
}
END_TEST

/* Of the schedule's questions, by what the reflector saw. */
static uint32_t arrived_there(void)
{
  uint32_t count = 0;
  for (uint32_t i = 0; i < SIM_PROBED_PACKETS; i++)
    count += reflector.arrived[OW_MARKERS + i];
  return count;
}

/* Also on a way so long that several questions are asked before the first one's answer comes. */
START_TEST(losses_are_exact_by_direction)
{
  unsigned known = 0;
  unsigned lossy = 0;
  if (_i)
    *sim_path(SIM_PROBED_HOST) = (struct sim_path){.delay = {300 * MS, 400 * MS}};
  for (int i = 0; i < 40; i++) {
    sim_path(SIM_PROBED_HOST)->loss[0] = 20000 + 1000 * (uint32_t)i;
    sim_path(SIM_PROBED_HOST)->loss[1] = 40000;
    memset(reflector.arrived, 0, sizeof reflector.arrived);
    reflector.counter = 0;
    sim_probed_run();
    bool told = sim_probed_expect_losses(arrived_there());
    bool any = sim_probed_result(OW_ROUND_TRIP)->lost > 0;
    lossy += any;
    known += any && told;
  }
  ck_assert_uint_gt(lossy, 30);
  ck_assert_uint_gt(known, _i ? lossy / 2 : lossy * 3 / 4);
}
END_TEST

START_TEST(a_stateless_reflector_tells_the_round_trip_alone)
{
  reflector.stateless = true;
  sim_path(SIM_PROBED_HOST)->loss[0] = 100000;
  sim_probed_run();
  uint32_t lost = sim_probed_result(OW_ROUND_TRIP)->lost;
  ck_assert_uint_gt(lost, 0);
  sim_probed_expect_measured(SIM_PROBED_PACKETS - lost);
  for (int d = 0; d < OW_DIRECTIONS; d++) {
    ck_assert(sim_probed_result(d)->loss_unknown);
    ck_assert_uint_eq(sim_probed_result(d)->received, SIM_PROBED_PACKETS - lost);
  }
  sim_probed_expect_near(sim_probed_result(OW_FORWARD)->delay.median, SIM_PROBED_THERE);
  ck_assert(sim_probed_said("stateless"));
  ck_assert_int_eq(sim_probed.report.status, OW_OK);
}
END_TEST

START_TEST(who_wants_to_be_awake_is_before_each_packet)
{
  sim_probed.peer.busy_wait = _i;
  sim_probed_run();
  sim_probed_expect_measured(SIM_PROBED_PACKETS);
  ck_assert_uint_eq(sim_woken, (unsigned)_i);
  ck_assert_int_eq(sim_awake, 0);
}
END_TEST

/* ---- as far as it goes ---- */

START_TEST(habits_spoil_nothing_and_are_told)
{
  sim_probed.peer.ssid = SSID;
  sim_probed.peer.padding = 100;
  sim_probed.peer.tlvs = OW_TLV_CHOICES;
  static const char *const words[] = {"shorter than the questions", "ignores the SSID",
                                      "does not know these TLVs", "the same"};
  reflector.bare = _i == 0;
  reflector.no_ssid = _i == 1;
  reflector.dwell = _i == 3 ? 0 : SIM_PROBED_DWELL;
  sim_probed_run();
  sim_probed_expect_measured(SIM_PROBED_PACKETS);
  ck_assert_msg(sim_probed_said(words[_i]), "%s", words[_i]);
  ck_assert_str_eq(sim_probed.report.remark, "");
}
END_TEST

START_TEST(what_tlvs_say_is_told)
{
  sim_probed.peer.tlvs = OW_TLV_CHOICES;
  sim_probed.peer.padding = 20;
  reflector.knows_tlvs = true;
  sim_probed_run();
  sim_probed_expect_measured(SIM_PROBED_PACKETS);
  ck_assert_uint_eq(sim_probed.report.reflector.tlvs_known, OW_TLV_CHOICES | 1 << OW_TLV_PADDING);
  ck_assert(sim_probed_said("DSCP"));
  ck_assert(!sim_probed_said("does not know"));
}
END_TEST

START_TEST(without_a_stamp_of_arrival_nothing_is_measured_and_nothing_lost)
{
  reflector.no_arrival = true;
  sim_probed_run();
  ck_assert_int_eq(sim_probed.report.status, OW_OK);
  ck_assert_uint_eq(sim_probed_result(OW_ROUND_TRIP)->lost, 0);
  ck_assert_int_eq(sim_probed_result(OW_ROUND_TRIP)->completeness, OW_RESULT_ABSENT);
  ck_assert_msg(strstr(sim_probed.report.remark, "unusable stamps") != NULL, "%s", sim_probed.report.remark);
}
END_TEST

/* ---- what is no answer ---- */

static void expect_nothing_answered(const char *words)
{
  sim_probed_expect_measured(0);
  ck_assert_uint_eq(sim_probed_result(OW_ROUND_TRIP)->lost, SIM_PROBED_PACKETS);
  ck_assert_int_eq(sim_probed_result(OW_FORWARD)->completeness, OW_RESULT_ABSENT);
  ck_assert_int_eq(sim_probed_result(OW_REVERSE)->completeness, OW_RESULT_ABSENT);
  ck_assert_msg(strstr(sim_probed.report.remark, words) != NULL, "%s", sim_probed.report.remark);
}

START_TEST(answers_that_are_none_are_counted_and_told)
{
  static const char *const words[] = {"wrong HMAC", "wrong SSID", "", "too short"};
  sim_probed.peer.ssid = SSID;
  sim_probed_use_key("router", KEY);
  reflector.key = KEY;
  reflector.mode = OW_MODE_AUTHENTICATED;
  reflector.wrong_hmac = _i == 0;
  reflector.wrong_ssid = _i == 1 ? SSID + 1 : 0;
  reflector.loops = _i == 2;
  if (_i == 3) {
    reflector.mode = OW_MODE_OPEN;
    reflector.bare = true;
  }
  sim_probed_run();
  expect_nothing_answered(words[_i]);
  ck_assert_uint_ge(sim_probed_result(OW_ROUND_TRIP)->discarded, SIM_PROBED_PACKETS);
}
END_TEST

START_TEST(an_outage_is_measured_to_its_end)
{
  sim_path(SIM_PROBED_HOST)->blackhole = true;
  sim_probed_run();
  expect_nothing_answered("");
  ck_assert_int_eq(sim_probed_result(OW_ROUND_TRIP)->completeness, OW_RESULT_COMPLETE);
}
END_TEST

START_TEST(a_thousand_answers_count_as_one)
{
  if (_i)
    sim_path(SIM_PROBED_HOST)->copies[1] = 1000;
  else
    reflector.times = 1000;
  sim_probed.peer.packets = 5;
  sim_probed_run();
  ck_assert_int_eq(sim_probed.report.status, OW_OK);
  ck_assert_uint_eq(sim_probed_result(OW_ROUND_TRIP)->received, 5);
  ck_assert_uint_eq(sim_probed.report.directions[OW_FORWARD].samples.count, 5);
  /* The last question's copies are not waited for. */
  ck_assert_uint_ge(sim_probed_result(_i ? OW_REVERSE : OW_FORWARD)->duplicates, 4000);
  ck_assert_uint_eq(sim_probed_result(_i ? OW_FORWARD : OW_REVERSE)->duplicates, 0);
}
END_TEST

START_TEST(a_counter_that_others_raise_is_not_believed)
{
  reflector.crowd = 3;
  sim_path(SIM_PROBED_HOST)->loss[0] = 100000;
  sim_probed_run();
  ck_assert_uint_gt(sim_probed_result(OW_ROUND_TRIP)->lost, 0);
  ck_assert(sim_probed_result(OW_FORWARD)->loss_unknown && sim_probed_result(OW_REVERSE)->loss_unknown);
}
END_TEST

/* ---- addresses ---- */

START_TEST(the_address_that_answers_is_measured)
{
  static struct sim_reflector other;
  other = reflector;
  sim_reflect(V6, &other);
  sim_path(_i ? SIM_PROBED_HOST : V6)->blackhole = true;
  sim_name("router.example", "fd00::62 127.0.0.2");
  snprintf(sim_probed.peer.host, sizeof sim_probed.peer.host, "router.example");
  sim_probed_run();
  sim_probed_expect_measured(SIM_PROBED_PACKETS);
  ck_assert_str_eq(sim_probed.report.server, _i ? "fd00::62 port 862" : "127.0.0.2 port 862");
}
END_TEST

START_TEST(a_name_that_does_not_exist_is_told)
{
  snprintf(sim_probed.peer.host, sizeof sim_probed.peer.host, "nowhere.example");
  sim_probed_run();
  ck_assert_int_eq(sim_probed.report.status, OW_NETWORK);
  ck_assert_int_eq(sim_probed.report.step, OW_STEP_RESOLVE);
}
END_TEST

START_TEST(reordering_is_told_by_direction)
{
  sim_path(SIM_PROBED_HOST)->jitter[_i] = 100 * MS;
  sim_probed_run();
  sim_probed_expect_measured(SIM_PROBED_PACKETS);
  ck_assert_uint_gt(sim_probed_result(_i)->reordered, 0);
  ck_assert_uint_eq(sim_probed_result(!_i)->reordered, 0);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("reflected sessions on a simulated network");
  TEST_LOOP_WITH(raise_curtain, drop_curtain, suite, "both modes", 2, four_stamps_make_three_results,
                 losses_are_exact_by_direction, a_thousand_answers_count_as_one,
                 the_address_that_answers_is_measured, reordering_is_told_by_direction,
                 who_wants_to_be_awake_is_before_each_packet);
  TEST_LOOP_WITH(raise_curtain, drop_curtain, suite, "habits", 4, habits_spoil_nothing_and_are_told,
                 answers_that_are_none_are_counted_and_told);
  TEST_CASE_WITH(raise_curtain, drop_curtain, suite, "paths",
                 a_stateless_reflector_tells_the_round_trip_alone, what_tlvs_say_is_told,
                 without_a_stamp_of_arrival_nothing_is_measured_and_nothing_lost,
                 an_outage_is_measured_to_its_end, a_counter_that_others_raise_is_not_believed,
                 a_name_that_does_not_exist_is_told);
  sim_probed_add_time_case(suite, raise_curtain, drop_curtain);
  return test_run(suite);
}
