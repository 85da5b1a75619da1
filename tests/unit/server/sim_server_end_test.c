/* SPDX-License-Identifier: MIT */
/* When a Server ends sessions of its own accord, at which moment, and what its clients make of it. */
#include <stdio.h>
#include <string.h>

#include "base/container_of.h"
#include "config/peer_options.h"
#include "measure/client_connection.h"
#include "measure/probe.h"
#include "measure/session_ends.h"
#include "server/server.h"
#include "sim/sim.h"
#include "sim/sim_serve.h"
#include "support/machine.h"
#include "support/main.h"
#include "support/policy.h"

#define S OW_NS_PER_S
#define MS OW_NS_PER_MS
#define LEAVE (2 * S)

enum { HOST = 2, PACKETS = 50 };
#define GAP (23 * MS)
#define LENGTH (PACKETS * GAP)
#define LOSS_TIMEOUT (800 * MS)

/* ---- the stage ---- */

static struct ow_loop *loop;
static struct ow_serve *server;
static struct ow_completion left;
static int64_t left_at; /* monotonic; 0: it is still there */

static void on_left(struct ow_completion *completion)
{
  (void)completion;
  left_at = sim_monotonic();
}

static void drain(void *context)
{
  (void)context;
  left.run = on_left;
  ow_serve_drain(server, LEAVE, &left);
}

static void raise_curtain(void)
{
  struct ow_failure failure;
  sim_begin(1);
  left_at = 0;
  *sim_path(HOST) = (struct sim_path){.delay = {15 * MS, 10 * MS}};
  loop = ow_loop_create(&failure);
  sim_share_loop(loop);
  server = sim_serve(loop, HOST, NULL, &test_policy, NULL);
}

static void drop_curtain(void)
{
  ow_serve_free(server);
  sim_share_loop(NULL);
  sim_end();
  ow_loop_free(loop);
}

static void describe_peer(struct ow_peer *peer, enum ow_mode mode, bool forward, bool reverse)
{
  ow_peer_defaults(peer);
  snprintf(peer->host, sizeof peer->host, "127.0.0.%u", HOST);
  peer->modes = mode;
  test_policy_key(peer);
  peer->packets = PACKETS;
  peer->slots[0] = (struct ow_slot){OW_SLOT_FIXED, ow_span_from_ns(GAP)};
  peer->slot_count = 1;
  peer->loss_timeout = LOSS_TIMEOUT;
  peer->directions[OW_FORWARD] = forward;
  peer->directions[OW_REVERSE] = reverse;
}

/* ---- a client that starts its sessions, sends nothing, and never stops them ---- */

struct mute {
  struct ow_peer peer;
  struct ow_traffic traffic;
  struct ow_client_connection control;
  struct ow_session_ends ends;
  int next;           /* direction to request */
  int64_t stopped_at; /* monotonic: the server's Stop-Sessions came; 0: not yet */
  int64_t closed_at;
};

static void ask_next(struct mute *mute)
{
  struct ow_failure failure;
  struct ow_instant now = ow_loop_now(loop);
  struct ow_client *client = mute->control.client;
  enum ow_status status;
  while (mute->next < OW_DIRECTIONS && !mute->peer.directions[mute->next])
    mute->next++;
  if (mute->next == OW_DIRECTIONS) {
    status = ow_client_start_sessions(client, now);
  } else {
    ck_assert_int_eq(ow_session_ends_plan(&mute->ends, (enum ow_direction)mute->next, &failure), OW_OK);
    status = ow_client_request_session(client, now, &mute->ends.requests[mute->next], mute->peer.slots);
    mute->next++;
  }
  ck_assert_int_eq(status, OW_OK);
  ow_client_connection_send(&mute->control);
}

static void on_event(struct ow_client_connection *control, const struct ow_client_event *event)
{
  struct mute *mute = OW_CONTAINER_OF(control, struct mute, control);
  if (event->kind == OW_CLIENT_SET_UP || event->kind == OW_CLIENT_SESSION)
    ask_next(mute);
  else if (event->kind == OW_CLIENT_STOPPED)
    mute->stopped_at = sim_monotonic();
  else if (event->kind == OW_CLIENT_BROKEN)
    mute->closed_at = sim_monotonic();
}

static void be_mute(struct mute *mute, bool forward, bool reverse)
{
  struct ow_failure failure;
  union ow_address addresses[] = {{.v4 = {.sin_family = AF_INET, .sin_addr = {htonl(0x7f000001)}}},
                                  {.v4 = {.sin_family = AF_INET, .sin_addr = {htonl(0x7f000000 | HOST)}}}};
  *mute = (struct mute){.control.event = on_event};
  describe_peer(&mute->peer, OW_MODE_OPEN, forward, reverse);
  ck_assert_int_eq(ow_traffic_open(&mute->traffic, loop), OW_OK);
  ow_session_ends_prepare(&mute->ends, &mute->peer, &mute->traffic, &addresses[1], &addresses[0],
                          ow_timestamp_plus(sim_wall(), S), (struct ow_timestamp){0});
  ck_assert_int_eq(
      ow_client_connection_open(&mute->control, loop, &mute->peer, &addresses[1], NULL, 60 * S, &failure),
      OW_OK);
}

static void speak_no_more(struct mute *mute)
{
  ow_client_connection_close(&mute->control);
  ow_session_ends_close(&mute->ends);
  ow_traffic_close(&mute->traffic);
  ow_peer_clear(&mute->peer);
}

/* ---- sessions that are over ---- */

/* How long after the last packet was due the server's Stop-Sessions left it; negative: within 30 s it did
 * not. */
static int64_t stop_after_last(bool forward, bool reverse)
{
  static struct mute mute;
  raise_curtain();
  int64_t last_due = sim_monotonic() + S + LENGTH;
  be_mute(&mute, forward, reverse);
  sim_run(loop, 30 * S);
  int64_t after = mute.stopped_at ? mute.stopped_at - sim_path(HOST)->delay[1] - last_due : -1;
  speak_no_more(&mute);
  drop_curtain();
  return after;
}

START_TEST(what_was_only_received_ends_with_the_last_packets_fate)
{
  int64_t after = stop_after_last(true, false);
  ck_assert_int_ge(after, LOSS_TIMEOUT);
  ck_assert_int_lt(after, LOSS_TIMEOUT + 50 * MS);
}
END_TEST

START_TEST(what_was_sent_too_waits_for_the_client)
{
  ck_assert_int_ge(stop_after_last(true, true), 2 * LOSS_TIMEOUT + 5 * S);
  int64_t after = stop_after_last(false, true);
  ck_assert_int_ge(after, LOSS_TIMEOUT + 5 * S);
  ck_assert_int_lt(after, LOSS_TIMEOUT + 5 * S + 50 * MS);
}
END_TEST

static unsigned lost_packets(void)
{
  unsigned lost = 0;
  for (size_t i = 0; i < sim_packet_count; i++)
    lost += !sim_packets[i].arrived;
  return lost;
}

/* The server ends it, at whatever moment of the client's: all is measured, and nothing is called incomplete.
 */
START_TEST(a_forward_probe_is_whole_when_the_server_ends_it)
{
  static const struct sim_path paths[] = {{.delay = {15 * MS, 10 * MS}},
                                          {.delay = {15 * MS, 10 * MS}, .loss = {200000}},
                                          {.delay = {15 * MS, 10 * MS}, .loss = {1000000}},
                                          {.delay = {15 * MS, 21 * MS}, .loss = {1000000}},
                                          {.delay = {2 * MS, 90 * MS}, .loss = {100000}}};
  for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
    struct ow_peer peer;
    struct ow_probe_report report;
    raise_curtain();
    *sim_path(HOST) = paths[i];
    describe_peer(&peer, test_modes[_i], true, false);
    ck_assert_msg(ow_probe_run(&peer, 20 * S, NULL, &report) == OW_OK, "%s", report.failure.text);
    const struct ow_result *result = &report.directions[OW_FORWARD].result;
    ck_assert_int_eq(result->completeness, OW_RESULT_COMPLETE);
    ck_assert_str_eq(report.remark, "");
    ck_assert_uint_eq(result->sent, PACKETS);
    ck_assert_uint_eq(result->lost, lost_packets());
    ow_probe_report_clear(&report);
    ow_peer_clear(&peer);
    drop_curtain();
  }
}
END_TEST

/* ---- a server that takes leave ---- */

static void probe_and_leave(enum ow_mode mode, bool forward, bool reverse, int64_t when,
                            struct ow_probe_report *report)
{
  struct ow_peer peer;
  raise_curtain();
  describe_peer(&peer, mode, forward, reverse);
  sim_at(sim_monotonic() + when, drain, NULL);
  (void)!ow_probe_run(&peer, 20 * S, NULL, report);
  sim_run(loop, 3 * S);
  ow_peer_clear(&peer);
  ck_assert_int_ne(left_at, 0);
  ck_assert_uint_eq(ow_serve_count(server).connections, 0);
  ck_assert_uint_eq(ow_serve_count(server).sessions_running, 0);
}

START_TEST(a_server_that_leaves_leaves_partial_results)
{
  static const bool asked[][OW_DIRECTIONS] = {{true, true}, {true, false}, {false, true}};
  for (size_t i = 0; i < sizeof asked / sizeof *asked; i++) {
    struct ow_probe_report report;
    probe_and_leave(test_modes[_i], asked[i][OW_FORWARD], asked[i][OW_REVERSE], LENGTH / 2 + 300 * MS,
                    &report);
    ck_assert_msg(report.status == OW_OK, "%s", report.failure.text);
    ck_assert_ptr_nonnull(strstr(report.remark, "ended the sessions early, after "));
    for (int d = 0; d < OW_DIRECTIONS; d++) {
      const struct ow_result *result = &report.directions[d].result;
      ck_assert_int_eq(result->completeness, asked[i][d] ? OW_RESULT_PARTIAL : OW_RESULT_ABSENT);
      ck_assert_int_eq(result->received > PACKETS / 4 && result->received < PACKETS, asked[i][d]);
      ck_assert_uint_eq(result->lost, 0);
      ck_assert_int_eq(strstr(report.remark, d == OW_FORWARD ? "of 50 forward" : "of 50 reverse") != NULL,
                       asked[i][d]);
    }
    ow_probe_report_clear(&report);
    drop_curtain();
  }
}
END_TEST

/* At every moment, from the connection's first octet to its last. */
START_TEST(a_server_may_leave_at_any_moment)
{
  for (int64_t when = MS; when < LENGTH + 2 * LOSS_TIMEOUT; when += 17 * MS) {
    struct ow_probe_report report;
    probe_and_leave(OW_MODE_ENCRYPTED, true, true, when, &report);
    for (int d = 0; d < OW_DIRECTIONS; d++) {
      const struct ow_result *result = &report.directions[d].result;
      ck_assert_msg(result->lost == 0, "left after %lld ms: %u lost", (long long)(when / MS), result->lost);
      if (report.status == OW_OK && result->completeness == OW_RESULT_COMPLETE)
        ck_assert_uint_eq(result->received, PACKETS);
      else if (report.status == OW_OK)
        ck_assert_str_ne(report.remark, "");
    }
    if (report.status != OW_OK) /* before Start-Ack there is nothing to be ended */
      ck_assert_msg(report.step < OW_STEP_RUN, "left after %lld ms: %s", (long long)(when / MS),
                    report.failure.text);
    ow_probe_report_clear(&report);
    drop_curtain();
  }
}
END_TEST

/* All was sent, but whether the last packets are lost would have been known later only. */
START_TEST(what_is_not_known_of_the_last_packets_is_no_loss)
{
  struct ow_probe_report report;
  raise_curtain();
  struct ow_peer peer;
  describe_peer(&peer, test_modes[_i], true, true);
  sim_path(HOST)->loss[0] = sim_path(HOST)->loss[1] = 300000;
  sim_at(sim_monotonic() + LENGTH + 400 * MS, drain, NULL);
  ck_assert_msg(ow_probe_run(&peer, 20 * S, NULL, &report) == OW_OK, "%s", report.failure.text);
  ck_assert_ptr_nonnull(strstr(report.remark, "before the loss timeout of the last packets"));
  for (int d = 0; d < OW_DIRECTIONS; d++) {
    const struct ow_result *result = &report.directions[d].result;
    ck_assert_int_eq(result->completeness, OW_RESULT_PARTIAL);
    ck_assert_uint_gt(result->lost, 0);
    ck_assert_uint_lt(result->sent, PACKETS);
  }
  ow_probe_report_clear(&report);
  ow_peer_clear(&peer);
  drop_curtain();
}
END_TEST

static void fall_silent(void *context)
{
  (void)context;
  sim_path(HOST)->blackhole = true;
}

static void cut(void *context)
{
  (void)context;
  sim_cut(HOST);
}

/* Of the packets to the server: how many came, and one beyond the last that did. */
static uint32_t count_arrived(uint32_t *before)
{
  uint32_t arrived = 0;
  for (uint32_t i = 0; i < sim_packet_count; i++) {
    arrived += sim_packets[i].arrived;
    *before = sim_packets[i].arrived ? i + 1 : *before;
  }
  return arrived;
}

static void fetch_what_is_left(const struct ow_peer *peer, const uint8_t *sid)
{
  struct ow_probe_report report;
  uint32_t before = 0;
  uint32_t arrived = count_arrived(&before);
  ck_assert_uint_gt(arrived, PACKETS / 5);
  ck_assert_uint_lt(arrived, before);
  ck_assert_uint_lt(before, PACKETS * 3 / 4);
  ck_assert_msg(ow_probe_fetch(peer, sid, 10 * S, &report) == OW_OK, "%s", report.failure.text);
  const struct ow_result *result = &report.directions[OW_FORWARD].result;
  ck_assert_int_eq(result->completeness, OW_RESULT_PARTIAL);
  ck_assert_uint_eq(result->received, arrived);
  ck_assert_uint_eq(result->sent, before);
  ck_assert_uint_eq(result->lost, before - arrived);
  ow_probe_report_clear(&report);
}

/*
 * Its packets stop coming. Its connection breaks when some are overdue, or it never answers any more, which
 * the server bears with for half an hour: those behind the last that came may never have been sent.
 */
START_TEST(a_client_that_is_gone_has_lost_what_it_is_known_to_have_sent)
{
  bool breaks = _i;
  struct ow_peer peer;
  struct ow_probe_report report;
  raise_curtain();
  describe_peer(&peer, OW_MODE_OPEN, true, false);
  sim_path(HOST)->loss[0] = 200000;
  int64_t silent_at = sim_monotonic() + LENGTH / 2 + 300 * MS;
  sim_at(silent_at, fall_silent, NULL);
  if (breaks)
    sim_at(silent_at + LOSS_TIMEOUT + 400 * MS, cut, NULL);
  ck_assert_int_ne(ow_probe_run(&peer, 6 * S, NULL, &report), OW_OK);
  sim_run(loop, 1900 * S);
  sim_path(HOST)->blackhole = false;
  ck_assert_uint_eq(ow_serve_count(server).sessions_running, 0);
  fetch_what_is_left(&peer, report.directions[OW_FORWARD].sid);
  ow_probe_report_clear(&report);
  ow_peer_clear(&peer);
  drop_curtain();
}
END_TEST

static void die(void *context)
{
  (void)context;
  ow_serve_free(server);
  server = NULL;
  sim_path(HOST)->blackhole = false;
  sim_cut(HOST);
}

/*
 * It is gone as the client asks for its records: the other direction's are known, these are not, nor lost;
 * but for those that were asked for while the sessions ran, if all had been sent.
 */
START_TEST(a_server_that_is_gone_too_soon_takes_its_records_with_it)
{
  static const int64_t moments[] = {LENGTH / 2 + 300 * MS, LENGTH + 400 * MS};
  for (size_t i = 0; i < sizeof moments / sizeof *moments; i++) {
    struct ow_peer peer;
    struct ow_probe_report report;
    raise_curtain();
    describe_peer(&peer, OW_MODE_ENCRYPTED, true, true);
    sim_path(HOST)->loss[0] = sim_path(HOST)->loss[1] = 300000;
    int64_t when = sim_monotonic() + moments[i];
    sim_at(when, drain, NULL);
    sim_at(when + sim_path(HOST)->delay[1] + 2 * MS, fall_silent, NULL);
    sim_at(when + 1500 * MS, die, NULL);
    ck_assert_msg(ow_probe_run(&peer, 20 * S, NULL, &report) == OW_OK, "%s", report.failure.text);
    ck_assert_int_eq(report.directions[OW_FORWARD].result.completeness,
                     i == 0 ? OW_RESULT_ABSENT : OW_RESULT_PARTIAL);
    ck_assert_uint_lt(report.directions[OW_FORWARD].result.sent, PACKETS);
    ck_assert_int_eq(report.directions[OW_REVERSE].result.completeness, OW_RESULT_PARTIAL);
    ck_assert_str_ne(report.remark, "");
    ck_assert_int_eq(i == 0, strstr(report.remark, "was gone before the forward records") != NULL);
    ow_probe_report_clear(&report);
    ow_peer_clear(&peer);
    drop_curtain();
  }
}
END_TEST

static void drain_when_stopped(void *context)
{
  struct ow_serve_counts counts = ow_serve_count(server);
  if (counts.sessions_kept == 1 && counts.sessions_running == 0)
    drain(context);
  else
    sim_at(sim_monotonic() + MS, drain_when_stopped, NULL);
}

/* Stopped by the client, lossy, and about to be fetched. */
START_TEST(what_has_been_stopped_can_be_fetched_still)
{
  struct ow_peer peer;
  struct ow_probe_report report;
  raise_curtain();
  sim_path(HOST)->loss[0] = 200000;
  describe_peer(&peer, test_modes[_i], true, true);
  sim_at(sim_monotonic() + LENGTH, drain_when_stopped, NULL);
  ck_assert_msg(ow_probe_run(&peer, 20 * S, NULL, &report) == OW_OK, "%s", report.failure.text);
  sim_run(loop, 3 * S);
  ck_assert_int_ne(left_at, 0);
  ck_assert_uint_eq(report.directions[OW_FORWARD].result.lost, lost_packets());
  ck_assert_int_eq(report.directions[OW_FORWARD].result.completeness, OW_RESULT_COMPLETE);
  ow_probe_report_clear(&report);
  ow_peer_clear(&peer);
  drop_curtain();
}
END_TEST

START_TEST(a_client_that_never_answers_holds_it_no_longer_than_the_bound)
{
  static struct mute mute;
  raise_curtain();
  be_mute(&mute, true, true);
  sim_run(loop, S + LENGTH / 2);
  int64_t told_at = sim_monotonic();
  drain(NULL);
  ck_assert_int_eq(left_at, 0);
  sim_run(loop, 10 * S);
  ck_assert_int_eq(mute.stopped_at, told_at + sim_path(HOST)->delay[1]);
  ck_assert_int_eq(left_at, told_at + LEAVE);
  ck_assert_uint_eq(ow_serve_count(server).connections, 0);
  speak_no_more(&mute);
  drop_curtain();
}
END_TEST

/* No connection at all, one that says nothing, one without sessions. */
START_TEST(whoever_has_no_sessions_holds_up_nothing)
{
  static struct mute mute;
  raise_curtain();
  if (_i > 0)
    be_mute(&mute, true, true);
  /* Connected, greeted, or with sessions that were agreed on and not started. */
  sim_run(loop, _i * 20 * MS);
  int64_t told_at = sim_monotonic();
  drain(NULL);
  sim_run(loop, 10 * MS);
  ck_assert_int_eq(left_at, told_at);
  sim_run(loop, S);
  if (_i > 0) {
    ck_assert_int_ne(mute.closed_at, 0);
    speak_no_more(&mute);
  }
  drop_curtain();
}
END_TEST

START_TEST(a_server_may_be_freed_while_it_takes_leave)
{
  static struct mute mute;
  raise_curtain();
  be_mute(&mute, true, true);
  sim_run(loop, S + LENGTH / 2);
  drain(NULL);
  ow_serve_free(server);
  server = NULL;
  sim_run(loop, 10 * S);
  ck_assert_int_eq(left_at, 0);
  speak_no_more(&mute);
  drop_curtain();
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("sim_server_end");
  TEST_CASE(suite, "over", what_was_only_received_ends_with_the_last_packets_fate,
            what_was_sent_too_waits_for_the_client);
  TEST_LOOP(suite, "whole", TEST_MODES, a_forward_probe_is_whole_when_the_server_ends_it,
            a_server_that_leaves_leaves_partial_results, what_is_not_known_of_the_last_packets_is_no_loss,
            what_has_been_stopped_can_be_fetched_still);
  TEST_CASE(suite, "leave", a_server_that_is_gone_too_soon_takes_its_records_with_it,
            a_server_may_leave_at_any_moment, a_client_that_never_answers_holds_it_no_longer_than_the_bound,
            a_server_may_be_freed_while_it_takes_leave);
  TEST_LOOP(suite, "gone", 2, a_client_that_is_gone_has_lost_what_it_is_known_to_have_sent);
  TEST_LOOP(suite, "idle", 4, whoever_has_no_sessions_holds_up_nothing);
  return test_run(suite);
}
