/* SPDX-License-Identifier: MIT */
/* Reflectors as they are, measured by a probe over a simulated path, and held to what really happened. */
#include <stdio.h>
#include <string.h>

#include "config/peer_options.h"
#include "measure/probe.h"
#include "sim/sim.h"
#include "sim/sim_reflector.h"
#include "support/main.h"

#define S OW_NS_PER_S
#define MS OW_NS_PER_MS

enum { V4 = 2, V6 = 0x62, PACKETS = 50, SSID = 7 };
#define TIMEOUT (10 * S)
#define KEY "a key of its own"

/* 10 ms there, 2 ms of dwell, 30 ms back. */
#define THERE (10 * MS)
#define DWELL (2 * MS)
#define BACK (30 * MS)

static struct ow_loop *loop;
static struct ow_peer peer;
static struct ow_probe_report report;
static struct sim_reflector reflector;
static int64_t took;

static void raise_curtain(void)
{
  struct ow_failure failure;
  sim_begin(1);
  loop = ow_loop_create(&failure);
  sim_share_loop(loop);
  *sim_path(V4) = *sim_path(V6) = (struct sim_path){.delay = {THERE, BACK}};
  reflector = (struct sim_reflector){.mode = OW_MODE_OPEN, .dwell = DWELL};
  sim_reflect(V4, &reflector);
  ow_peer_defaults(&peer);
  peer.protocol = OW_PROTOCOL_STAMP;
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
  sim_share_loop(NULL);
  sim_end();
  ow_loop_free(loop);
}

static void use_key(const char *key)
{
  snprintf(peer.key_id, sizeof peer.key_id, "router");
  peer.passphrase.length = strlen(key);
  memcpy(peer.passphrase.octets, key, peer.passphrase.length);
}

static void probe(void)
{
  int64_t began = sim_monotonic();
  ow_probe_report_clear(&report);
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

/* ---- a reflector as it should be ---- */

START_TEST(four_stamps_make_three_results)
{
  if (_i) {
    peer.ssid = SSID;
    use_key(KEY);
    reflector.mode = OW_MODE_AUTHENTICATED;
    reflector.key = KEY;
  }
  reflector.ahead = 5 * MS;
  probe();
  expect_measured(PACKETS);
  ck_assert_int_eq(report.mode, reflector.mode);
  ck_assert_str_eq(report.server, "127.0.0.2 port 862");
  expect_near(result_of(OW_FORWARD)->delay.median, THERE + 5 * MS);
  expect_near(result_of(OW_REVERSE)->delay.median, BACK - 5 * MS);
  expect_near(result_of(OW_ROUND_TRIP)->delay.min, THERE + BACK);
  expect_near(result_of(OW_ROUND_TRIP)->delay.max, THERE + BACK);
  expect_near(result_of(OW_ROUND_TRIP)->dwell.median, DWELL);
  for (int d = 0; d < OW_RESULTS; d++) {
    ck_assert_int_eq(result_of(d)->completeness, OW_RESULT_COMPLETE);
    ck_assert_uint_eq(result_of(d)->sent, PACKETS);
    ck_assert_uint_eq(result_of(d)->received, PACKETS);
    ck_assert_uint_eq(result_of(d)->lost, 0);
    ck_assert_uint_eq(result_of(d)->reordered, 0);
    ck_assert(!result_of(d)->loss_unknown);
  }
  ck_assert_uint_eq(result_of(OW_FORWARD)->hops_max, 1);
  ck_assert(report.reflector.stateful);
  ck_assert_str_eq(report.remark, "");
  /* As soon as the last answer is there, and not a loss timeout later. */
  ck_assert_int_lt(took, PACKETS * 20 * MS + 200 * MS);
}
END_TEST

/* Of the schedule's questions, by what the reflector saw. */
static uint32_t arrived_there(void)
{
  uint32_t count = 0;
  for (uint32_t i = 0; i < PACKETS; i++)
    count += reflector.arrived[OW_MARKERS + i];
  return count;
}

/* Also on a way so long that several questions are asked before the first one's answer comes. */
START_TEST(losses_are_exact_by_direction)
{
  unsigned known = 0;
  unsigned lossy = 0;
  if (_i)
    *sim_path(V4) = (struct sim_path){.delay = {300 * MS, 400 * MS}};
  for (int i = 0; i < 40; i++) {
    sim_path(V4)->loss[0] = 20000 + 1000 * (uint32_t)i;
    sim_path(V4)->loss[1] = 40000;
    memset(reflector.arrived, 0, sizeof reflector.arrived);
    reflector.counter = 0;
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
  ck_assert_uint_gt(known, _i ? lossy / 2 : lossy * 3 / 4);
}
END_TEST

START_TEST(a_stateless_reflector_tells_the_round_trip_alone)
{
  reflector.stateless = true;
  sim_path(V4)->loss[0] = 100000;
  probe();
  uint32_t lost = result_of(OW_ROUND_TRIP)->lost;
  ck_assert_uint_gt(lost, 0);
  expect_measured(PACKETS - lost);
  for (int d = 0; d < OW_DIRECTIONS; d++) {
    ck_assert(result_of(d)->loss_unknown);
    ck_assert_uint_eq(result_of(d)->received, PACKETS - lost);
  }
  expect_near(result_of(OW_FORWARD)->delay.median, THERE);
  ck_assert(said("stateless"));
  ck_assert_int_eq(report.status, OW_OK);
}
END_TEST

START_TEST(who_wants_to_be_awake_is_before_each_packet)
{
  peer.busy_wait = _i;
  probe();
  expect_measured(PACKETS);
  ck_assert_uint_eq(sim_woken, (unsigned)_i);
  ck_assert_int_eq(sim_awake, 0);
}
END_TEST

/* ---- as far as it goes ---- */

START_TEST(habits_spoil_nothing_and_are_told)
{
  peer.ssid = SSID;
  peer.padding = 100;
  peer.tlvs = OW_TLV_CHOICES;
  static const char *const words[] = {"shorter than the questions", "ignores the SSID",
                                      "does not know these TLVs", "the same"};
  reflector.bare = _i == 0;
  reflector.no_ssid = _i == 1;
  reflector.dwell = _i == 3 ? 0 : DWELL;
  probe();
  expect_measured(PACKETS);
  ck_assert_msg(said(words[_i]), "%s", words[_i]);
  ck_assert_str_eq(report.remark, "");
}
END_TEST

START_TEST(what_tlvs_say_is_told)
{
  peer.tlvs = OW_TLV_CHOICES;
  peer.padding = 20;
  reflector.knows_tlvs = true;
  probe();
  expect_measured(PACKETS);
  ck_assert_uint_eq(report.reflector.tlvs_known, OW_TLV_CHOICES | 1 << OW_TLV_PADDING);
  ck_assert(said("DSCP"));
  ck_assert(!said("does not know"));
}
END_TEST

START_TEST(without_a_stamp_of_arrival_nothing_is_measured_and_nothing_lost)
{
  reflector.no_arrival = true;
  probe();
  ck_assert_int_eq(report.status, OW_OK);
  ck_assert_uint_eq(result_of(OW_ROUND_TRIP)->lost, 0);
  ck_assert_int_eq(result_of(OW_ROUND_TRIP)->completeness, OW_RESULT_ABSENT);
  ck_assert_msg(strstr(report.remark, "unusable stamps") != NULL, "%s", report.remark);
}
END_TEST

/* ---- what is no answer ---- */

static void expect_nothing_answered(const char *words)
{
  expect_measured(0);
  ck_assert_uint_eq(result_of(OW_ROUND_TRIP)->lost, PACKETS);
  ck_assert_int_eq(result_of(OW_FORWARD)->completeness, OW_RESULT_ABSENT);
  ck_assert_int_eq(result_of(OW_REVERSE)->completeness, OW_RESULT_ABSENT);
  ck_assert_msg(strstr(report.remark, words) != NULL, "%s", report.remark);
}

START_TEST(answers_that_are_none_are_counted_and_told)
{
  static const char *const words[] = {"wrong HMAC", "wrong SSID", "", "too short"};
  peer.ssid = SSID;
  use_key(KEY);
  reflector.key = KEY;
  reflector.mode = OW_MODE_AUTHENTICATED;
  reflector.wrong_hmac = _i == 0;
  reflector.wrong_ssid = _i == 1 ? SSID + 1 : 0;
  reflector.loops = _i == 2;
  if (_i == 3) {
    reflector.mode = OW_MODE_OPEN;
    reflector.bare = true;
  }
  probe();
  expect_nothing_answered(words[_i]);
  ck_assert_uint_ge(result_of(OW_ROUND_TRIP)->discarded, PACKETS);
}
END_TEST

START_TEST(an_outage_is_measured_to_its_end)
{
  sim_path(V4)->blackhole = true;
  probe();
  expect_nothing_answered("");
  ck_assert_int_eq(result_of(OW_ROUND_TRIP)->completeness, OW_RESULT_COMPLETE);
}
END_TEST

START_TEST(a_thousand_answers_count_as_one)
{
  if (_i)
    sim_path(V4)->copies[1] = 1000;
  else
    reflector.times = 1000;
  peer.packets = 5;
  probe();
  ck_assert_int_eq(report.status, OW_OK);
  ck_assert_uint_eq(result_of(OW_ROUND_TRIP)->received, 5);
  ck_assert_uint_eq(report.directions[OW_FORWARD].samples.count, 5);
  /* The last question's copies are not waited for. */
  ck_assert_uint_ge(result_of(_i ? OW_REVERSE : OW_FORWARD)->duplicates, 4000);
  ck_assert_uint_eq(result_of(_i ? OW_FORWARD : OW_REVERSE)->duplicates, 0);
}
END_TEST

START_TEST(a_counter_that_others_raise_is_not_believed)
{
  reflector.crowd = 3;
  sim_path(V4)->loss[0] = 100000;
  probe();
  ck_assert_uint_gt(result_of(OW_ROUND_TRIP)->lost, 0);
  ck_assert(result_of(OW_FORWARD)->loss_unknown && result_of(OW_REVERSE)->loss_unknown);
}
END_TEST

/* ---- addresses ---- */

START_TEST(the_address_that_answers_is_measured)
{
  static struct sim_reflector other;
  other = reflector;
  sim_reflect(V6, &other);
  sim_path(_i ? V4 : V6)->blackhole = true;
  sim_name("router.example", "fd00::62 127.0.0.2");
  snprintf(peer.host, sizeof peer.host, "router.example");
  probe();
  expect_measured(PACKETS);
  ck_assert_str_eq(report.server, _i ? "fd00::62 port 862" : "127.0.0.2 port 862");
}
END_TEST

START_TEST(a_name_that_does_not_exist_is_told)
{
  snprintf(peer.host, sizeof peer.host, "nowhere.example");
  probe();
  ck_assert_int_eq(report.status, OW_NETWORK);
  ck_assert_int_eq(report.step, OW_STEP_RESOLVE);
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

START_TEST(reordering_is_told_by_direction)
{
  sim_path(V4)->jitter[_i] = 100 * MS;
  probe();
  expect_measured(PACKETS);
  ck_assert_uint_gt(result_of(_i)->reordered, 0);
  ck_assert_uint_eq(result_of(!_i)->reordered, 0);
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
                 a_name_that_does_not_exist_is_told, time_that_runs_out_makes_it_partial,
                 a_clock_that_is_set_back_is_why_time_runs_out);
  return test_run(suite);
}
