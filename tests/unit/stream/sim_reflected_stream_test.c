/* SPDX-License-Identifier: MIT */
/* Streams of reflectors on a simulated network: what they report is compared with what the reflector saw. */
#include <errno.h>
#include <string.h>

#include "sim/sim_reflector.h"
#include "sim/sim_streamed.h"
#include "support/main.h"

#define S OW_NS_PER_S
#define MS OW_NS_PER_MS

static struct sim_reflector reflector;

static void raise_curtain(void)
{
  sim_streamed_begin(OW_PROTOCOL_STAMP);
  reflector = (struct sim_reflector){.mode = OW_MODE_OPEN, .dwell = MS};
  sim_reflect(SIM_STREAMED_HOST, &reflector);
}

static void drop_curtain(void)
{
  sim_streamed_settle();
  sim_streamed_end();
}

START_TEST(intervals_leave_no_gap_and_count_each_packet_once)
{
  sim_streamed_run(605);
  uint64_t sent = sim_streamed_expect_seamless(OW_MODE_OPEN);
  ck_assert_uint_ge(sim_streamed.count, 58);
  /* A Poisson stream of a packet each 100 ms, with a question beside it for each interval. */
  ck_assert_uint_ge(sent, sim_streamed.count * SIM_STREAMED_INTERVAL * 10 * 9 / 10);
  ck_assert_uint_le(sent, sim_streamed.count * SIM_STREAMED_INTERVAL * 10 * 11 / 10);
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

START_TEST(an_outage_is_down_and_measured_all_along)
{
  sim_streamed_run(35);
  sim_path(SIM_STREAMED_HOST)->blackhole = true;
  sim_run(sim_streamed.loop, 60 * S);
  ck_assert_int_eq(sim_streamed_view().state, OW_STREAM_DOWN);
  ck_assert_msg(strstr(sim_streamed_view().reason, "does not answer") != NULL, "%s",
                sim_streamed_view().reason);
  sim_path(SIM_STREAMED_HOST)->blackhole = false;
  sim_run(sim_streamed.loop, 60 * S);
  ck_assert_int_eq(sim_streamed_view().state, OW_STREAM_UP);
  sim_streamed_read();
  unsigned silent = 0;
  for (size_t i = 0; i < sim_streamed.count; i++) {
    const struct ow_result *round_trip = &sim_streamed.intervals[i].results[OW_ROUND_TRIP];
    ck_assert_uint_gt(round_trip->sent, 0);
    silent += round_trip->received == 0;
    if (i > 0)
      ck_assert_uint_eq(sim_streamed.intervals[i].number, sim_streamed.intervals[i - 1].number + 1);
  }
  ck_assert_uint_ge(silent, 4);
}
END_TEST

/* The interval before is measured whole, and told of after the next one could not begin. */
START_TEST(an_interval_from_before_an_outage_ends_it_not)
{
  sim_streamed_run(30 + _i);
  ck_assert_int_eq(sim_streamed_view().state, OW_STREAM_UP);
  sim_path(SIM_STREAMED_HOST)->refusal[0] = ECONNREFUSED;
  for (int i = 0; i < 150 && sim_streamed_view().state == OW_STREAM_UP; i++)
    sim_run(sim_streamed.loop, 100 * MS);
  for (int i = 0; i < 300; i++) {
    ck_assert_int_eq(sim_streamed_view().state, OW_STREAM_DOWN);
    sim_run(sim_streamed.loop, 100 * MS);
  }
  sim_path(SIM_STREAMED_HOST)->refusal[0] = 0;
  sim_run(sim_streamed.loop, 60 * S);
  ck_assert_int_eq(sim_streamed_view().state, OW_STREAM_UP);
}
END_TEST

START_TEST(a_clock_that_is_set_ends_the_interval_as_that)
{
  sim_streamed_run(35);
  sim_step_clock(sim_streamed.loop, 3600 * S);
  sim_run(sim_streamed.loop, 60 * S);
  sim_streamed_read();
  unsigned stepped = 0;
  for (size_t i = 0; i < sim_streamed.count; i++) {
    const struct ow_result *forward = &sim_streamed.intervals[i].results[OW_FORWARD];
    stepped += forward->clock.stepped;
    if (!forward->clock.stepped && forward->received > 0)
      ck_assert_int_lt(forward->delay.max, S);
  }
  ck_assert_uint_ge(stepped, 1);
  ck_assert_int_eq(sim_streamed_view().state, OW_STREAM_UP);
}
END_TEST

START_TEST(ending_frees_everything_at_any_moment)
{
  for (int i = 0; i < 100; i++) {
    sim_streamed_run(0);
    sim_run(sim_streamed.loop, (int64_t)sim_random(25 * (uint64_t)S));
    ck_assert(ow_stream_set_remove(&sim_streamed.set, "router"));
  }
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("streams of reflectors");
  TEST_CASE_WITH(raise_curtain, drop_curtain, suite, "streams",
                 intervals_leave_no_gap_and_count_each_packet_once, losses_are_told_by_direction,
                 an_outage_is_down_and_measured_all_along, a_clock_that_is_set_ends_the_interval_as_that,
                 ending_frees_everything_at_any_moment);
  TEST_LOOP_WITH(raise_curtain, drop_curtain, suite, "an interval from before", SIM_STREAMED_INTERVAL,
                 an_interval_from_before_an_outage_ends_it_not);
  return test_run(suite);
}
