/* SPDX-License-Identifier: MIT */
/* Streams of TWAMP servers on a simulated network: what they report is compared with what the network saw. */
#include <stdio.h>
#include <string.h>

#include "config/peer_options.h"
#include "sim/sim_streamed.h"
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
  struct ow_peer *peer = &sim_streamed.config.peer;
  sim_streamed_begin(OW_PROTOCOL_TWAMP);
  twamp = (struct sim_twamp){.habits = {.modes = 15}, .dwell = MS};
  sim_twamp_open(&twamp, sim_streamed.loop, SIM_STREAMED_HOST, "127.0.0.2");
  peer->modes = OW_TWAMP_MODES;
  snprintf(peer->key_id, sizeof peer->key_id, TEST_KEY_ID);
  peer->passphrase.length = strlen(TEST_PASSPHRASE);
  memcpy(peer->passphrase.octets, TEST_PASSPHRASE, strlen(TEST_PASSPHRASE));
}

static void drop_curtain(void)
{
  sim_streamed_settle();
  sim_twamp_close(&twamp);
  sim_streamed_end();
}

/* Two connections take turns, and each question that left is in just one interval. */
START_TEST(intervals_leave_no_gap_and_count_each_packet_once)
{
  uint64_t left = 0;
  twamp.habits.modes = modes[_i];
  sim_streamed_run(605);
  uint64_t sent = sim_streamed_expect_seamless(modes[_i]);
  ck_assert_uint_ge(sim_streamed.count, 58);
  const struct ow_interval *last = &sim_streamed.intervals[sim_streamed.count - 1];
  for (size_t i = 0; i < sim_packet_count; i++)
    left += sim_packets[i].to_host && ow_timestamp_after(last->end, sim_packets[i].sent);
  ck_assert_uint_eq(sent, left);
  ck_assert_uint_ge(sent, sim_streamed.count * SIM_STREAMED_INTERVAL * 10 * 9 / 10);
  ck_assert_uint_eq(twamp.connected, 2);
  ck_assert_uint_eq(twamp.strangers, 0);
}
END_TEST

START_TEST(losses_are_told_by_direction)
{
  sim_path(SIM_STREAMED_HOST)->loss[0] = 10000;
  sim_path(SIM_STREAMED_HOST)->loss[1] = 20000;
  sim_streamed_run(1805);
  sim_streamed_expect_losses();
}
END_TEST

/* It has room for one connection: the stream measures over that, and says so. */
START_TEST(a_server_with_room_for_one_connection_is_measured_over_it)
{
  sim_path(SIM_STREAMED_HOST)->room = 1;
  sim_streamed_run(305);
  sim_streamed_read();
  unsigned whole = 0;
  for (size_t i = 0; i < sim_streamed.count; i++)
    whole += sim_streamed.intervals[i].results[OW_ROUND_TRIP].completeness == OW_RESULT_COMPLETE;
  ck_assert_uint_ge(whole, 20);
  ck_assert_int_eq(sim_streamed_view().state, OW_STREAM_UP);
}
END_TEST

START_TEST(a_server_that_refuses_sessions_is_down_and_told)
{
  twamp.habits.session = OW_ACCEPT_PERMANENT_LIMIT;
  sim_streamed_run(100);
  ck_assert_int_eq(sim_streamed_view().state, OW_STREAM_DOWN);
  ck_assert_msg(strstr(sim_streamed_view().reason, "refused the session: a permanent resource limit") != NULL,
                "%s", sim_streamed_view().reason);
  twamp.habits.session = OW_ACCEPT_OK;
  sim_run(sim_streamed.loop, 100 * S);
  ck_assert_int_eq(sim_streamed_view().state, OW_STREAM_UP);
}
END_TEST

/* A connection that breaks costs the rest of its interval, which says so. */
START_TEST(a_broken_connection_is_made_anew)
{
  sim_streamed_run(95);
  sim_cut(SIM_STREAMED_HOST);
  sim_run(sim_streamed.loop, 105 * S);
  sim_streamed_read();
  unsigned partial = 0;
  for (size_t i = 0; i < sim_streamed.count; i++)
    partial += sim_streamed.intervals[i].results[OW_ROUND_TRIP].completeness != OW_RESULT_COMPLETE;
  ck_assert_uint_ge(partial, 1);
  ck_assert_uint_le(partial, 3);
  ck_assert_int_eq(sim_streamed.intervals[sim_streamed.count - 1].results[OW_ROUND_TRIP].completeness,
                   OW_RESULT_COMPLETE);
  ck_assert_int_eq(sim_streamed_view().state, OW_STREAM_UP);
}
END_TEST

/* Sessions that run are no peer that is up where none comes to its end; one that was measured is. */
START_TEST(a_server_that_breaks_each_session_goes_not_up_and_down)
{
  unsigned ups = 0;
  enum ow_stream_state before = OW_STREAM_STARTING;
  sim_streamed_run(1);
  for (int i = 0; i < 6000; i++) {
    uint32_t answers = twamp.answers;
    sim_run(sim_streamed.loop, 100 * MS);
    if (twamp.answers > answers)
      sim_cut(SIM_STREAMED_HOST);
    enum ow_stream_state now = sim_streamed_view().state;
    ups += now == OW_STREAM_UP && before != OW_STREAM_UP;
    before = now;
  }
  ck_assert_uint_le(ups, 2);
  ck_assert_int_eq(before, OW_STREAM_DOWN);
  ck_assert_uint_ge(twamp.connected, 10); /* it is tried all along */
  sim_run(sim_streamed.loop, 100 * S);
  ck_assert_int_eq(sim_streamed_view().state, OW_STREAM_UP);
}
END_TEST

START_TEST(a_clock_that_is_set_marks_what_was_measured)
{
  sim_streamed_run(55);
  sim_step_clock(sim_streamed.loop, _i ? 3600 * S : -3600 * S);
  sim_run(sim_streamed.loop, 60 * S);
  sim_streamed_read();
  unsigned stepped = 0;
  for (size_t i = 0; i < sim_streamed.count; i++)
    stepped += strstr(sim_streamed.intervals[i].reason, "clock") != NULL;
  ck_assert_uint_ge(stepped, 1);
  ck_assert_int_eq(sim_streamed.intervals[sim_streamed.count - 1].results[OW_ROUND_TRIP].completeness,
                   OW_RESULT_COMPLETE);
  ck_assert_int_eq(sim_streamed_view().state, OW_STREAM_UP);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("streams of TWAMP servers");
  TEST_LOOP_WITH(raise_curtain, drop_curtain, suite, "modes", MODES,
                 intervals_leave_no_gap_and_count_each_packet_once);
  TEST_LOOP_WITH(raise_curtain, drop_curtain, suite, "steps", 2, a_clock_that_is_set_marks_what_was_measured);
  TEST_CASE_WITH(raise_curtain, drop_curtain, suite, "others", losses_are_told_by_direction,
                 a_server_with_room_for_one_connection_is_measured_over_it,
                 a_server_that_refuses_sessions_is_down_and_told,
                 a_server_that_breaks_each_session_goes_not_up_and_down, a_broken_connection_is_made_anew);
  return test_run(suite);
}
