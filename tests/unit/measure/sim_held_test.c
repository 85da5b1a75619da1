/* SPDX-License-Identifier: MIT */
/*
 * What a measurement holds at both of its ends together before its first packet. The bounds have room of some
 * percent: what is needed for a while only isn't to be kept for good.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "config/peer_options.h"
#include "io/udp.h"
#include "measure/measurement.h"
#include "server/server.h"
#include "sim/sim.h"
#include "sim/sim_serve.h"
#include "support/main.h"
#include "support/memory_held.h"
#include "support/policy.h"
#include "traffic/traffic.h"

#define S OW_NS_PER_S
#define MS OW_NS_PER_MS

enum { HOST = 2, FIRST = 3, COUNT = 19, OPEN_MOST = 8700, KEYED_MOST = 9100 };

struct one {
  struct ow_client_connection control;
  struct ow_measurement measurement;
};

static struct ow_loop *loop;
static struct ow_traffic traffic;
static struct ow_peer peer;
static unsigned started;

static void on_done(struct ow_measurement *measurement, const struct ow_outcome *outcome)
{
  (void)measurement;
  ck_abort_msg("it ended: %s", outcome->failure.text);
}

static void on_event(struct ow_client_connection *control, const struct ow_client_event *event)
{
  struct one *one = control->context;
  if (event->kind == OW_CLIENT_SET_UP) {
    one->measurement =
        (struct ow_measurement){.peer = &peer, .traffic = &traffic, .control = control, .done = on_done};
    struct ow_timestamp start = ow_timestamp_plus(sim_wall(), 60 * S);
    ow_measurement_begin_until(&one->measurement, start, ow_timestamp_plus(start, 10 * S));
  } else {
    ow_measurement_event(&one->measurement, event);
    started += event->kind == OW_CLIENT_STARTED;
  }
}

static struct one *open_one(void)
{
  struct ow_failure failure = {0};
  const struct ow_endpoint host = {.version = 4, .address = {127, 0, 0, HOST}, .port = 861};
  const union ow_address server = ow_address_from_endpoint(&host, NULL);
  struct one *one = calloc(1, sizeof *one);
  one->control.event = on_event;
  one->control.context = one;
  ck_assert_msg(ow_client_connection_open(&one->control, loop, &peer, &server, NULL, 5 * S, &failure) ==
                    OW_OK,
                "%s", failure.text);
  sim_run(loop, 1 * S);
  return one;
}

/* What a socket takes, of which a measurement has two here; the server's share one. */
static size_t simulated_socket(void)
{
  const struct ow_endpoint host = {.version = 4, .address = {127, 0, 0, 1}};
  const struct ow_udp_options options = {.local = ow_address_from_endpoint(&host, NULL)};
  struct ow_failure failure;
  union ow_address bound;
  int descriptor;
  size_t before = test_memory_held();
  ck_assert_int_eq(ow_udp_open(&options, &descriptor, &bound, &failure), OW_OK);
  size_t after = test_memory_held();
  ck_assert_int_eq(close(descriptor), 0);
  return after - before;
}

static struct ow_serve *start_server(void)
{
  struct ow_serve_config config = sim_serve_config(HOST);
  config.test_port_low = config.test_port_high = 861;
  return sim_serve(loop, HOST, &config, &test_policy, NULL);
}

START_TEST(a_measurement_holds_little_at_both_ends)
{
  static const enum ow_mode modes[] = {OW_MODE_OPEN, OW_MODE_ENCRYPTED};
  static const size_t most[] = {OPEN_MOST, KEYED_MOST};
  struct ow_failure failure = {0};
  struct one *all[COUNT];
  size_t held = 0;
  started = 0;
  sim_begin(1);
  *sim_path(HOST) = (struct sim_path){.delay = {20 * MS, 10 * MS}};
  loop = ow_loop_create(&failure);
  ck_assert_int_eq(ow_traffic_open(&traffic, loop), OW_OK);
  struct ow_serve *server = start_server();
  ow_peer_defaults(&peer);
  peer.modes = modes[_i];
  test_policy_key(&peer);
  for (int i = 0; i < COUNT; i++) {
    if (i == FIRST)
      held = test_memory_held();
    all[i] = open_one();
  }
  size_t each = (test_memory_held() - held) / (COUNT - FIRST) - OW_DIRECTIONS * simulated_socket();
  ck_assert_uint_eq(started, COUNT);
  ck_assert_uint_eq(ow_serve_count(server).sessions_running, 2 * COUNT);
  ck_assert(each > 0 || !TEST_MEMORY_TELLS);
  ck_assert_msg(each <= most[_i], "it holds %zu octets, where %zu were enough", each, most[_i]);
  for (int i = 0; i < COUNT; i++) {
    ow_measurement_close(&all[i]->measurement);
    ow_client_connection_close(&all[i]->control);
    free(all[i]);
  }
  sim_run(loop, 60 * S);
  ow_serve_free(server);
  ow_traffic_close(&traffic);
  ow_peer_clear(&peer);
  sim_end();
  ow_loop_free(loop);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("what a measurement holds");
  TEST_LOOP(suite, "held", 2, a_measurement_holds_little_at_both_ends);
  return test_run(suite);
}
