/* SPDX-License-Identifier: MIT */
/* From a peer's names to addresses on a simulated host: which are kept, and how many names are asked for at
 * once. */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "base/container_of.h"
#include "config/peer_options.h"
#include "measure/lookup.h"
#include "sim/sim.h"
#include "support/main.h"

#define S OW_NS_PER_S
#define MS OW_NS_PER_MS

enum { SEVERAL = 4 };

/* One who looks a name up. */
struct seeker {
  struct ow_peer peer;
  struct ow_lookup lookup;
  unsigned told;
  enum ow_status status;
  int64_t when;
};

static struct ow_loop *loop;
static struct ow_dial_gate gate;
static struct seeker seekers[SEVERAL];

static void on_done(struct ow_lookup *lookup, enum ow_status status, const struct ow_failure *failure)
{
  struct seeker *seeker = OW_CONTAINER_OF(lookup, struct seeker, lookup);
  ck_assert_int_eq(failure->status, status);
  seeker->told++;
  seeker->status = status;
  seeker->when = sim_monotonic();
}

static void raise_curtain(void)
{
  struct ow_failure failure;
  sim_begin(1);
  sim_resolving = 10 * MS;
  sim_name("router.example", "fd00::2 127.0.0.2 127.0.0.3");
  sim_name("us.example", "127.0.0.1");
  sim_name("both.example", "127.0.0.1 fd00::1");
  loop = ow_loop_create(&failure);
  ow_dial_gate_prepare(&gate, 2);
  memset(seekers, 0, sizeof seekers);
  for (int i = 0; i < SEVERAL; i++) {
    ow_peer_defaults(&seekers[i].peer);
    snprintf(seekers[i].peer.host, sizeof seekers[i].peer.host, "router.example");
    seekers[i].lookup = (struct ow_lookup){.loop = loop, .peer = &seekers[i].peer, .done = on_done};
  }
}

static void drop_curtain(void)
{
  for (int i = 0; i < SEVERAL; i++) {
    ow_lookup_cancel(&seekers[i].lookup);
    ow_peer_clear(&seekers[i].peer);
  }
  sim_end();
  ow_loop_free(loop);
}

static void look_up(struct seeker *seeker)
{
  ow_lookup_begin(&seeker->lookup);
  ck_assert_uint_eq(seeker->told, 0);
  sim_run(loop, S);
  ck_assert_uint_eq(seeker->told, 1);
  ck_assert(!seeker->lookup.busy);
}

static void expect_servers(const struct ow_lookup *lookup, const char *wanted)
{
  char found[256] = "";
  for (size_t i = 0; i < lookup->server_count; i++) {
    char one[OW_ADDRESS_TEXT];
    ow_address_print(one, sizeof one, &lookup->servers[i]);
    snprintf(found + strlen(found), sizeof found - strlen(found), "%s%s", i ? ", " : "", one);
  }
  ck_assert_str_eq(found, wanted);
}

START_TEST(all_addresses_are_kept_in_order)
{
  struct seeker *seeker = &seekers[0];
  union ow_address own;
  look_up(seeker);
  ck_assert_int_eq(seeker->status, OW_OK);
  expect_servers(&seeker->lookup, "fd00::2 port 861, 127.0.0.2 port 861, 127.0.0.3 port 861");
  ck_assert_ptr_null(ow_lookup_source(&seeker->lookup, &seeker->lookup.servers[0], &own));
}
END_TEST

START_TEST(our_own_address_leaves_its_families)
{
  struct seeker *seeker = &seekers[0];
  struct ow_failure failure;
  union ow_address own;
  snprintf(seeker->peer.source, sizeof seeker->peer.source, "%s", _i ? "both.example" : "us.example");
  look_up(seeker);
  expect_servers(&seeker->lookup, _i ? "fd00::2 port 861, 127.0.0.2 port 861, 127.0.0.3 port 861"
                                     : "127.0.0.2 port 861, 127.0.0.3 port 861");
  ck_assert_int_eq(ow_lookup_check(&seeker->lookup, &failure), OW_OK);
  for (size_t i = 0; i < seeker->lookup.server_count; i++) {
    ck_assert_ptr_eq(ow_lookup_source(&seeker->lookup, &seeker->lookup.servers[i], &own), &own);
    ck_assert_int_eq(own.any.sa_family, seeker->lookup.servers[i].any.sa_family);
    ck_assert_uint_eq(ow_address_port(&own), 0);
  }
}
END_TEST

START_TEST(addresses_of_other_families_alone_are_told)
{
  struct seeker *seeker = &seekers[0];
  struct ow_failure failure;
  sim_name("router.example", "fd00::2");
  snprintf(seeker->peer.source, sizeof seeker->peer.source, "us.example");
  look_up(seeker);
  ck_assert_int_eq(seeker->status, OW_OK);
  ck_assert_int_eq(ow_lookup_check(&seeker->lookup, &failure), OW_INVALID);
  ck_assert_str_eq(failure.text, "router.example has no address of the source address's family");
}
END_TEST

START_TEST(who_is_faithful_keeps_an_address_as_long_as_the_name_has_it)
{
  struct seeker *seeker = &seekers[0];
  union ow_address faithful = {.v4 = {.sin_family = AF_INET, .sin_port = htons(861)}};
  ck_assert_int_eq(inet_pton(AF_INET, _i ? "127.0.0.9" : "127.0.0.3", &faithful.v4.sin_addr), 1);
  seeker->lookup.faithful = &faithful;
  look_up(seeker);
  expect_servers(&seeker->lookup,
                 _i ? "fd00::2 port 861, 127.0.0.2 port 861, 127.0.0.3 port 861" : "127.0.0.3 port 861");
}
END_TEST

START_TEST(a_name_that_does_not_exist_is_told)
{
  snprintf(_i ? seekers[0].peer.source : seekers[0].peer.host, sizeof seekers[0].peer.source,
           "nowhere.example");
  look_up(&seekers[0]);
  ck_assert_int_eq(seekers[0].status, OW_NETWORK);
}
END_TEST

static unsigned told(void)
{
  unsigned count = 0;
  for (int i = 0; i < SEVERAL; i++)
    count += seekers[i].told;
  return count;
}

START_TEST(a_gate_lets_so_many_through_at_once)
{
  for (int i = 0; i < SEVERAL; i++) {
    seekers[i].lookup.gate = &gate;
    ow_lookup_begin(&seekers[i].lookup);
  }
  sim_run(loop, 15 * MS);
  ck_assert_uint_eq(told(), 2);
  sim_run(loop, 10 * MS);
  ck_assert_uint_eq(told(), SEVERAL);
  ck_assert_uint_eq(gate.free, 2);
}
END_TEST

/* Of those that have a place, and of those that wait for one. */
START_TEST(whoever_is_cancelled_hears_nothing_and_leaves_its_place)
{
  for (int i = 0; i < SEVERAL; i++) {
    seekers[i].lookup.gate = &gate;
    ow_lookup_begin(&seekers[i].lookup);
  }
  sim_run(loop, 5 * MS);
  ow_lookup_cancel(&seekers[_i].lookup);
  sim_run(loop, S);
  for (int i = 0; i < SEVERAL; i++)
    ck_assert_uint_eq(seekers[i].told, i != _i);
  ck_assert_uint_eq(gate.free, 2);
}
END_TEST

START_TEST(a_closed_gate_lets_nobody_through)
{
  for (int i = 0; i < SEVERAL; i++) {
    seekers[i].lookup.gate = &gate;
    ow_lookup_begin(&seekers[i].lookup);
  }
  ow_dial_gate_close(&gate);
  sim_run(loop, S);
  ck_assert_uint_eq(told(), 2);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("names on a simulated host");
  TEST_CASE_WITH(raise_curtain, drop_curtain, suite, "addresses", all_addresses_are_kept_in_order,
                 addresses_of_other_families_alone_are_told);
  TEST_LOOP_WITH(raise_curtain, drop_curtain, suite, "both", 2, our_own_address_leaves_its_families,
                 who_is_faithful_keeps_an_address_as_long_as_the_name_has_it,
                 a_name_that_does_not_exist_is_told);
  TEST_CASE_WITH(raise_curtain, drop_curtain, suite, "gate", a_gate_lets_so_many_through_at_once,
                 a_closed_gate_lets_nobody_through);
  TEST_LOOP_WITH(raise_curtain, drop_curtain, suite, "cancelled", SEVERAL,
                 whoever_is_cancelled_hears_nothing_and_leaves_its_place);
  return test_run(suite);
}
