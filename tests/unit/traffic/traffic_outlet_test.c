/* SPDX-License-Identifier: MIT */
/* traffic/outlet: which packet left when, of one user and of many, over loopback. */
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/container_of.h"
#include "io/system_clock.h"
#include "io/udp.h"
#include "support/main.h"
#include "traffic/outlet.h"
#include "traffic/traffic.h"

enum { USERS = 3, PACKETS = 300 };

struct user {
  struct ow_outlet_user outlet;
  struct ow_timestamp departed[PACKETS];
  unsigned count;
};

static struct ow_outlet outlet;
static struct user users[USERS];
static struct ow_leaving left[PACKETS];
static struct ow_udp_way sink;
static int sink_socket;

static void on_departed(struct ow_outlet_user *told, const struct ow_leaving *packet,
                        struct ow_timestamp departed)
{
  struct user *user = OW_CONTAINER_OF(told, struct user, outlet);
  ck_assert_uint_lt(packet->sequence, PACKETS);
  ck_assert_uint_eq(packet->reading.ntp, left[packet->sequence].reading.ntp);
  ck_assert_int_eq(packet->correction, left[packet->sequence].correction);
  user->departed[packet->sequence] = departed;
  user->count++;
}

static int open_socket(union ow_address *bound)
{
  struct ow_failure failure;
  struct ow_udp_options options = {.local = {.v4 = {.sin_family = AF_INET}}, .transmit_stamps = true};
  int opened;
  options.local.v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ck_assert_int_eq(ow_udp_open(&options, &opened, bound, &failure), OW_OK);
  return opened;
}

static void open_outlet(uint32_t slots)
{
  union ow_address bound;
  memset(users, 0, sizeof users);
  for (int i = 0; i < USERS; i++)
    users[i].outlet.departed = on_departed;
  sink_socket = open_socket(&sink.to);
  ow_udp_keep_out(sink_socket);
  ck_assert_int_eq(ow_outlet_open(&outlet, open_socket(&bound), slots), OW_OK);
}

static void close_outlet(void)
{
  ow_outlet_close(&outlet);
  ck_assert(!outlet.open);
  close(sink_socket);
}

static int send_by(struct user *user, uint32_t sequence, bool ask)
{
  left[sequence] = (struct ow_leaving){sequence, ow_system_stamp(), (int32_t)sequence - 7};
  return ow_outlet_send(&outlet, &user->outlet, &sink, (const uint8_t *)"x", 1, &left[sequence], ask);
}

/* Loopback's stamps are there when the packet has left. */
static void expect_departed(const struct user *user, uint32_t sequence, bool expected)
{
  if (expected) {
    ck_assert(!ow_timestamp_after(left[sequence].reading, user->departed[sequence]));
    ck_assert(!ow_timestamp_after(user->departed[sequence], ow_system_stamp()));
  } else {
    ck_assert_uint_eq(user->departed[sequence].ntp, 0);
  }
}

START_TEST(each_user_hears_of_its_own_packets)
{
  open_outlet(OW_OUTLET_SHARED);
  for (uint32_t i = 0; i < PACKETS; i++) {
    ck_assert_int_eq(send_by(&users[i % USERS], i, i % 5 != 0), 0);
    if (ow_outlet_is_full(&outlet))
      ow_outlet_drain(&outlet);
    ck_assert_uint_lt(outlet.unread, OW_OUTLET_SHARED / 2);
  }
  ow_outlet_drain(&outlet);
  for (uint32_t i = 0; i < PACKETS; i++)
    for (uint32_t user = 0; user < USERS; user++)
      expect_departed(&users[user], i, user == i % USERS && i % 5 != 0);
  close_outlet();
}
END_TEST

START_TEST(what_is_not_read_in_time_is_told_nobody)
{
  open_outlet(OW_OUTLET_OWN);
  for (uint32_t i = 0; i < OW_OUTLET_OWN + 5; i++)
    ck_assert_int_eq(send_by(&users[0], i, true), 0);
  ck_assert(ow_outlet_is_full(&outlet));
  for (int i = 0; i < 2; i++) {
    outlet.unread = 1; /* as if another were awaited */
    ow_outlet_drain(&outlet);
  }
  for (uint32_t i = 0; i < OW_OUTLET_OWN + 5; i++)
    expect_departed(&users[0], i, i >= 5);
  close_outlet();
}
END_TEST

START_TEST(who_goes_hears_nothing_any_more)
{
  open_outlet(OW_OUTLET_SHARED);
  for (uint32_t i = 0; i < 8; i++)
    ck_assert_int_eq(send_by(&users[i % 2], i, true), 0);
  ow_outlet_forget(&outlet, &users[0].outlet);
  ow_outlet_drain(&outlet);
  ck_assert_uint_eq(users[0].count, 0);
  ck_assert_uint_eq(users[1].count, 4);
  close_outlet();
}
END_TEST

/* Whatever the kernel counted of a send that failed: what left before is told, what leaves after it, too. */
START_TEST(a_failed_send_confuses_nobody)
{
  static const uint8_t too_long[70000];
  const struct ow_leaving leaving = {.sequence = PACKETS};
  open_outlet(OW_OUTLET_SHARED);
  for (uint32_t i = 0; i < 60; i++) {
    ck_assert_int_eq(send_by(&users[i % USERS], i, true), 0);
    if (i % 10 == 4)
      ck_assert_int_eq(
          ow_outlet_send(&outlet, &users[0].outlet, &sink, too_long, sizeof too_long, &leaving, true),
          EMSGSIZE);
  }
  ow_outlet_drain(&outlet);
  for (uint32_t i = 0; i < 60; i++)
    expect_departed(&users[i % USERS], i, true);
  close_outlet();
}
END_TEST

static void on_refused(struct ow_outlet *told, const union ow_address *to, int error)
{
  (void)told, (void)to, (void)error;
}

/*
 * The kernel's count of an outlet that many use isn't begun again, whether it counted the send that failed or
 * not (_i: counted by another's hand): it is learnt, and until then few are told.
 */
START_TEST(a_failed_send_at_a_shared_port_costs_few_stamps)
{
  static const uint8_t too_long[70000];
  const struct ow_leaving leaving = {.sequence = PACKETS};
  open_outlet(OW_OUTLET_SHARED);
  outlet.refused = on_refused;
  for (uint32_t i = 0; i < PACKETS; i++) {
    ck_assert_int_eq(send_by(&users[i % USERS], i, true), 0);
    if (i % 100 == 50 && _i == 0)
      ck_assert_int_eq(
          ow_outlet_send(&outlet, &users[0].outlet, &sink, too_long, sizeof too_long, &leaving, true),
          EMSGSIZE);
    else if (i % 100 == 50)
      ck_assert_int_eq(ow_udp_send_to(outlet.socket, &sink, "x", 1, true), 0);
    if (i % 10 == 9)
      ow_outlet_drain(&outlet);
  }
  ow_outlet_drain(&outlet);
  unsigned known = 0;
  for (uint32_t i = 0; i < PACKETS; i++) {
    struct ow_timestamp departed = users[i % USERS].departed[i];
    if (departed.ntp != 0) {
      expect_departed(&users[i % USERS], i, true);
      known++;
    }
  }
  ck_assert_uint_ge(known, PACKETS - 3 * 25);
  close_outlet();
}
END_TEST

/* ---- how many ask ---- */

static unsigned ask(struct ow_traffic *traffic, int64_t *now, uint32_t count, int64_t every)
{
  unsigned asked = 0;
  for (uint32_t i = 0; i < count; i++, *now += every)
    asked += ow_traffic_asks(traffic, i, *now);
  return asked;
}

START_TEST(above_twenty_thousand_a_second_only_some_ask)
{
  struct ow_traffic traffic = {0};
  int64_t now = 5 * OW_NS_PER_S;
  ck_assert_uint_eq(ask(&traffic, &now, 1000, OW_NS_PER_MS), 1000);
  ck_assert_uint_eq(ask(&traffic, &now, 19000, OW_NS_PER_S / 19000), 19000);
  ask(&traffic, &now, 10000, OW_NS_PER_S / 50000); /* until that is known */
  ck_assert_uint_eq(ask(&traffic, &now, 30000, OW_NS_PER_S / 50000), 10000);
  now += OW_NS_PER_S;
  ck_assert_uint_eq(ask(&traffic, &now, 1000, OW_NS_PER_MS), 1000);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("traffic/outlet");
  TEST_CASE(suite, "departures", each_user_hears_of_its_own_packets, what_is_not_read_in_time_is_told_nobody,
            who_goes_hears_nothing_any_more, a_failed_send_confuses_nobody);
  TEST_LOOP(suite, "shared", 2, a_failed_send_at_a_shared_port_costs_few_stamps);
  TEST_CASE(suite, "rations", above_twenty_thousand_a_second_only_some_ask);
  return test_run(suite);
}
