/* SPDX-License-Identifier: MIT */
/* traffic/session_sender: what sessions of one host learn of their packets' departures, over loopback. */
#include <arpa/inet.h>
#include <string.h>
#include <unistd.h>

#include "io/system_clock.h"
#include "io/udp.h"
#include "support/main.h"
#include "traffic/session_sender.h"

enum { ENOUGH = OW_DEPARTURE_WINDOW + 1 };

static struct ow_loop *loop;
static struct ow_traffic traffic;
static union ow_address sink;
static int sink_socket;

static int open_socket(union ow_address *bound)
{
  struct ow_failure failure;
  struct ow_udp_options options = {.local = {.v4 = {.sin_family = AF_INET}}, .transmit_stamps = true};
  int opened;
  options.local.v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ck_assert_msg(ow_udp_open(&options, &opened, bound, &failure) == OW_OK, "%s", failure.text);
  return opened;
}

static void set_up(void)
{
  struct ow_failure failure;
  loop = ow_loop_create(&failure);
  ck_assert_ptr_nonnull(loop);
  ck_assert_int_eq(ow_traffic_open(&traffic, loop), OW_OK);
  sink_socket = open_socket(&sink);
  ow_udp_keep_out(sink_socket);
}

static void tear_down(void)
{
  close(sink_socket);
  ow_traffic_close(&traffic);
  ow_loop_free(loop);
}

static void on_done(struct ow_test_sender *sender)
{
  (void)sender;
  ow_loop_stop(loop);
}

/* Of so many packets, a millisecond apart. */
static void open_sender(struct ow_test_sender *sender, uint32_t packets)
{
  const struct ow_slot slot = {.kind = OW_SLOT_FIXED, .parameter = ow_span_from_ns(OW_NS_PER_MS)};
  const struct ow_session_request request = {.packets = packets,
                                             .slot_count = 1,
                                             .start = ow_system_stamp(),
                                             .timeout = ow_span_from_ns(10 * OW_NS_PER_S)};
  const struct ow_session_terms terms = {
      .mode = OW_MODE_OPEN, .request = &request, .slots = &slot, .contexts = &traffic.contexts};
  struct ow_failure failure;
  union ow_address bound;
  int socket = open_socket(&bound);
  memset(sender, 0, sizeof *sender);
  ck_assert_msg(ow_udp_connect(socket, &sink, &failure) == OW_OK, "%s", failure.text);
  ck_assert_int_eq(ow_test_sender_open(sender, &traffic, socket, &terms, true), OW_OK);
  sender->done = on_done;
}

static void send_all(struct ow_test_sender *sender)
{
  struct ow_failure failure;
  ow_test_sender_start(sender);
  ck_assert_int_eq(ow_loop_run(loop, &failure), OW_OK);
}

START_TEST(sessions_that_begin_together_learn_from_each_other)
{
  struct ow_test_sender first;
  struct ow_test_sender second;
  open_sender(&first, ENOUGH);
  open_sender(&second, 1);
  ck_assert_int_eq(ow_departure_correction(&second.departure), 0);
  send_all(&first);
  ow_test_sender_stop(&first);
  ck_assert(ow_departure_is_settled(&first.departure));
  send_all(&second);
  ck_assert(ow_departure_is_settled(&second.departure));
  ck_assert_int_gt(ow_departure_correction(&second.departure), 0);
  ow_test_sender_close(&first);
  ow_test_sender_close(&second);
}
END_TEST

/* What it knows is of its own way out. */
START_TEST(a_session_that_knows_enough_keeps_what_it_knows)
{
  struct ow_test_sender own;
  open_sender(&own, 1);
  for (int i = 0; i < ENOUGH; i++) {
    ow_departure_add(&own.departure, 7000);
    ow_departure_add(&traffic.departure, 9000);
  }
  send_all(&own);
  ck_assert_int_eq(ow_departure_correction(&own.departure), 7000);
  ow_test_sender_close(&own);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("traffic/session_sender");
  TEST_CASE_WITH(set_up, tear_down, suite, "departures", sessions_that_begin_together_learn_from_each_other,
                 a_session_that_knows_enough_keeps_what_it_knows);
  return test_run(suite);
}
