/* SPDX-License-Identifier: MIT */
/* traffic/test_port: whose datagram it is, over loopback, where each 127.0.0.x is a client. */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/container_of.h"
#include "io/system_clock.h"
#include "io/udp.h"
#include "support/address.h"
#include "support/main.h"
#include "traffic/test_port.h"

enum { SEATS = 12, WAIT_MS = 10000 };

/* A session's place; its packets begin with its key. */
struct session {
  struct ow_port_seat seat;
  char key;
  unsigned arrived, asked, refused;
  int error;
  char last;
};

static struct ow_loop *loop;
static struct ow_traffic traffic;
static struct ow_test_port port;
static struct session sessions[SEATS];
static struct ow_failure failure;
static char told[512];

static void on_log(void *context, enum ow_log_level level, const char *line)
{
  (void)context, (void)level;
  snprintf(told, sizeof told, "%s", line);
}
static const struct ow_log ears = {.emit = on_log, .most = OW_LOG_DEBUG};

static struct ow_port_side *side_of(const char *text)
{
  return &port.sides[strchr(text, ':') != NULL];
}

/* ---- sessions ---- */

static void on_arrived(struct ow_port_seat *seat, const struct ow_datagram *datagram, struct ow_instant now)
{
  struct session *session = OW_CONTAINER_OF(seat, struct session, seat);
  (void)now;
  session->arrived++;
  session->last = (char)datagram->octets[datagram->length - 1];
}

static bool on_recognizes(struct ow_port_seat *seat, const struct ow_datagram *datagram)
{
  struct session *session = OW_CONTAINER_OF(seat, struct session, seat);
  session->asked++;
  return datagram->octets[0] == (uint8_t)session->key;
}

static void on_refused(struct ow_port_seat *seat, int error)
{
  struct session *session = OW_CONTAINER_OF(seat, struct session, seat);
  session->refused++;
  session->error = error;
}

static const struct ow_slot slots[] = {{.kind = OW_SLOT_FIXED, .parameter = {UINT64_C(1) << 29}}}; /* 1/8 s */

static enum ow_status join(struct session *session, struct ow_port_claim claim, const char *own)
{
  claim.own = test_address(own, port.number);
  claim.slots = slots;
  claim.slot_count = 1;
  session->seat.arrived = claim.receives ? on_arrived : NULL;
  session->seat.recognizes = on_recognizes;
  session->seat.refused = claim.receives ? NULL : on_refused;
  enum ow_status status = ow_test_port_join(&port, &session->seat, &claim, &failure);
  session->seat.admitted = status == OW_OK;
  return status;
}

static void expect_place(int number, const char *far, uint16_t far_port, const char *own)
{
  const struct ow_port_claim claim = {.far = test_address(far, far_port), .receives = true};
  ck_assert_msg(join(&sessions[number], claim, own) == OW_OK, "%s", failure.text);
}

static void expect_place_by_key(int number, const char *far, uint16_t far_port)
{
  const struct ow_port_claim claim = {.far = test_address(far, far_port), .receives = true, .by_key = true};
  sessions[number].key = (char)('a' + number);
  ck_assert_msg(join(&sessions[number], claim, "127.0.0.1") == OW_OK, "%s", failure.text);
}

static void expect_none(const struct ow_port_claim *claim, const char *words)
{
  struct session other = {.key = '-'};
  ck_assert_int_eq(join(&other, *claim, "127.0.0.1"), OW_LIMIT);
  ck_assert_msg(strstr(failure.text, words) != NULL, "%s", failure.text);
  ck_assert(!other.seat.by_tuple.listed && !other.seat.by_key && !other.seat.side);
}

/* ---- clients ---- */

static int client(const char *text, uint16_t *number)
{
  struct ow_udp_options options = {.local = test_address(text, 0), .port_low = *number, .port_high = *number};
  union ow_address bound;
  int descriptor;
  ck_assert_msg(ow_udp_open(&options, &descriptor, &bound, &failure) == OW_OK, "%s", failure.text);
  *number = ow_address_port(&bound);
  return descriptor;
}

static void say(int from, const char *to, const char *what)
{
  union ow_address there = test_address(to, port.number);
  ck_assert_int_eq(sendto(from, what, strlen(what), 0, &there.any, ow_address_length(&there)),
                   (ssize_t)strlen(what));
}

/* All that was said has arrived when it is said: loopback holds nothing back. */
static void listen_now(const char *to)
{
  struct pollfd waiting = {.fd = side_of(to)->watch.descriptor, .events = POLLIN};
  ck_assert_int_eq(poll(&waiting, 1, WAIT_MS), 1);
  while (!ow_test_port_drain_part(side_of(to), ow_system_now()))
    continue;
}

static void say_and_listen(int from, const char *to, const char *what)
{
  say(from, to, what);
  listen_now(to);
}

/* ---- before and after ---- */

static void set_up(void)
{
  enum ow_status status = OW_LIMIT;
  loop = ow_loop_create(&failure);
  ck_assert_ptr_nonnull(loop);
  ck_assert_int_eq(ow_traffic_open(&traffic, loop), OW_OK);
  for (int tries = 0; tries < 100 && status == OW_LIMIT; tries++) {
    uint16_t number = 0;
    close(client("127.0.0.1", &number));
    status = ow_test_port_open(&port, &traffic, number, &ears, &failure);
  }
  ck_assert_msg(status == OW_OK, "%s", failure.text);
  memset(sessions, 0, sizeof sessions);
  told[0] = '\0';
}

static void tear_down(void)
{
  for (int i = 0; i < SEATS; i++)
    ow_test_port_leave(&sessions[i].seat);
  ck_assert_uint_eq(port.sides[0].packets[true] + port.sides[0].packets[false], 0);
  ow_test_port_close(&port);
  ow_test_port_close(&port);
  ow_traffic_close(&traffic);
  ow_loop_free(loop);
}

/* ---- by tuple ---- */

START_TEST(equal_ports_behind_different_addresses_are_different_sessions)
{
  static const char *const cases[][3] = {{"127.0.0.2", "127.0.0.3", "127.0.0.1"}, {"::1", "::1", "::1"}};
  const char *const *hosts = cases[_i];
  uint16_t number = 0;
  int first = client(hosts[0], &number);
  uint16_t other = _i ? 0 : number;
  int second = client(hosts[1], &other);
  expect_place(0, hosts[0], number, hosts[2]);
  expect_place(1, hosts[1], other, hosts[2]);
  say(first, hosts[2], "1");
  say(second, hosts[2], "2");
  say_and_listen(second, hosts[2], "3");
  ck_assert(sessions[0].arrived == 1 && sessions[0].last == '1');
  ck_assert(sessions[1].arrived == 2 && sessions[1].last == '3');
  ck_assert_uint_eq(port.strangers, 0);
  close(first), close(second);
}
END_TEST

START_TEST(whose_is_nobodys_is_a_strangers)
{
  uint16_t number = 0;
  uint16_t other = 0;
  int own = client("127.0.0.2", &number);
  int alien = client("127.0.0.2", &other);
  expect_place(0, "127.0.0.2", number, "127.0.0.1");
  say(alien, "127.0.0.1", "1");      /* another port */
  say(own, "127.0.0.9", "2");        /* another address of ours */
  sessions[0].seat.admitted = false; /* before its start */
  say_and_listen(own, "127.0.0.1", "3");
  ck_assert_uint_eq(port.strangers, 3);
  sessions[0].seat.admitted = true;
  say_and_listen(own, "127.0.0.1", "4");
  ow_test_port_leave(&sessions[0].seat);
  say_and_listen(own, "127.0.0.1", "5"); /* after its end */
  ck_assert(sessions[0].arrived == 1 && sessions[0].last == '4');
  ck_assert_uint_eq(port.strangers, 4);
  close(own), close(alien);
}
END_TEST

START_TEST(of_many_strangers_the_log_tells_once)
{
  uint16_t number = 0;
  int alien = client("127.0.0.2", &number);
  for (int i = 1; i <= 1500; i++) {
    say(alien, "127.0.0.1", "!");
    if (i % 100 == 0)
      listen_now("127.0.0.1");
    ck_assert_int_eq(told[0] != '\0', i >= 1000);
  }
  ck_assert_msg(strstr(told, "1000 datagrams so far belonged to no session") != NULL, "%s", told);
  close(alien);
}
END_TEST

START_TEST(a_tuple_is_one_sessions_whichever_its_direction)
{
  struct ow_port_claim claim = {.far = test_address("127.0.0.2", 9000), .receives = _i % 2};
  struct ow_port_claim next = {.far = claim.far, .receives = _i / 2};
  ck_assert_int_eq(join(&sessions[0], claim, "127.0.0.1"), OW_OK);
  expect_none(&next, "another session is with 127.0.0.2 port 9000");
  ow_test_port_leave(&sessions[0].seat);
  ck_assert_int_eq(join(&sessions[1], next, "127.0.0.1"), OW_OK);
}
END_TEST

/* Or a stranger could name all ports of a host, and it would be left none at the shared port. */
START_TEST(who_names_another_hosts_port_gets_no_place)
{
  struct ow_port_claim claim = {.far = test_address("127.0.0.2", 9000), .receives = true, .hearsay = true};
  expect_none(&claim, "only 127.0.0.2 itself");
  claim.by_key = true; /* nor one of the few that are told by their keys */
  expect_none(&claim, "only 127.0.0.2 itself");
  claim.by_key = claim.hearsay = false;
  ck_assert_int_eq(join(&sessions[0], claim, "127.0.0.1"), OW_OK);
}
END_TEST

START_TEST(who_gave_no_port_and_has_no_key_is_never_guessed)
{
  struct ow_port_claim claim = {.far = test_address("127.0.0.2", 0), .receives = true};
  expect_none(&claim, "without a key");
}
END_TEST

/* ---- by key ---- */

START_TEST(behind_nat_the_hmac_tells_and_then_the_tuple)
{
  uint16_t numbers[3] = {0};
  int behind[3];
  for (int i = 0; i < 3; i++)
    behind[i] = client("127.0.0.2", &numbers[i]);
  expect_place_by_key(0, "127.0.0.2", 0);
  expect_place_by_key(1, "127.0.0.2", 1); /* whatever it says: it is rewritten */
  say(behind[0], "127.0.0.1", "b1");
  say(behind[1], "127.0.0.1", "a2");
  say(behind[2], "127.0.0.1", "x3"); /* neither's */
  say_and_listen(behind[0], "127.0.0.1", "?4");
  ck_assert(sessions[1].arrived == 2 && sessions[1].last == '4');
  ck_assert(sessions[0].arrived == 1 && sessions[0].last == '2');
  ck_assert_uint_eq(port.strangers, 1);
  unsigned asked = sessions[0].asked + sessions[1].asked;
  for (int i = 0; i < 20; i++)
    say(behind[i % 2], "127.0.0.1", i % 2 ? "a5" : "b5");
  listen_now("127.0.0.1");
  ck_assert_uint_eq(sessions[0].asked + sessions[1].asked,
                    asked + 20); /* whose place it is, and nobody else */
  ck_assert(sessions[0].arrived == 11 && sessions[1].arrived == 12);
  say_and_listen(behind[2], "127.0.0.1", "a6"); /* the NAT forgot it, and gives it another port */
  say_and_listen(behind[1], "127.0.0.1", "?7"); /* nobody's any more */
  ck_assert(sessions[0].arrived == 12 && sessions[0].last == '6');
  ck_assert_uint_eq(port.strangers, 2);
  for (int i = 0; i < 3; i++)
    close(behind[i]);
}
END_TEST

START_TEST(what_is_proven_displaces_what_is_expected)
{
  uint16_t number = 0;
  int behind = client("127.0.0.2", &number);
  expect_place_by_key(0, "127.0.0.2", number); /* expected there, but it is the other one's */
  expect_place_by_key(1, "127.0.0.2", 0);
  say_and_listen(behind, "127.0.0.1", "b1");
  say_and_listen(behind, "127.0.0.1", "?2"); /* by its place; its HMAC is the session's matter */
  ck_assert_uint_eq(sessions[0].arrived, 0);
  ck_assert_uint_eq(sessions[1].arrived, 2);
  const struct ow_port_claim claim = {.far = test_address("127.0.0.2", number), .receives = true};
  expect_none(&claim, "another session");
  close(behind);
}
END_TEST

/* A NAT that begins anew gives a port to whoever sends first: each may get what was the other's. */
START_TEST(a_nat_that_swaps_its_ports_loses_nothing)
{
  uint16_t numbers[2] = {0};
  int behind[2];
  for (int i = 0; i < 2; i++) {
    behind[i] = client("127.0.0.2", &numbers[i]);
    expect_place_by_key(i, "127.0.0.2", 0);
  }
  for (int round = 1; round <= 6; round++) {
    bool swapped = round > 2 && round < 5;
    say(behind[swapped], "127.0.0.1", "a");
    say_and_listen(behind[!swapped], "127.0.0.1", "b");
    ck_assert_uint_eq(sessions[0].arrived, (unsigned)round);
    ck_assert_uint_eq(sessions[1].arrived, (unsigned)round);
    ck_assert(sessions[0].last == 'a' && sessions[1].last == 'b');
  }
  say_and_listen(behind[0], "127.0.0.1", "?"); /* nobody's HMAC: it is of who is there */
  ck_assert_uint_eq(sessions[0].arrived, 7);
  ck_assert_uint_eq(port.strangers, 0);
  close(behind[0]), close(behind[1]);
}
END_TEST

START_TEST(the_sessions_whose_keys_are_tried_are_few)
{
  uint16_t number = 0;
  int stranger = client("127.0.0.2", &number);
  unsigned asked = 0;
  for (int i = 0; i < OW_PORT_BY_KEY_MOST; i++)
    expect_place_by_key(i, "127.0.0.2", 0);
  struct ow_port_claim claim = {.far = test_address("127.0.0.2", 9000), .receives = true, .by_key = true};
  expect_none(&claim, "8 sessions with 127.0.0.2 are only told apart by their keys");
  claim.far = test_address("127.0.0.3", 9000);
  ck_assert_int_eq(join(&sessions[OW_PORT_BY_KEY_MOST], claim, "127.0.0.1"), OW_OK);
  say_and_listen(stranger, "127.0.0.1", "!");
  for (int i = 0; i < SEATS; i++)
    asked += sessions[i].asked;
  ck_assert_uint_eq(asked, OW_PORT_BY_KEY_MOST);
  ck_assert_uint_eq(port.strangers, 1);
  close(stranger);
}
END_TEST

/* ---- sending ---- */

static void on_departed(struct ow_outlet_user *user, const struct ow_leaving *packet,
                        struct ow_timestamp departed)
{
  (void)user, (void)packet, (void)departed;
}

static int send_from(struct session *session, bool ask)
{
  static struct ow_outlet_user user = {.departed = on_departed};
  const struct ow_leaving leaving = {.reading = ow_system_stamp()};
  return ow_outlet_send(&session->seat.side->outlet, &user, session->seat.way, (const uint8_t *)"x", 1,
                        &leaving, ask);
}

static void expect_way_out(int number, const char *far, uint16_t far_port, const char *own, uint8_t dscp)
{
  const struct ow_port_claim claim = {.far = test_address(far, far_port), .dscp = dscp};
  ck_assert_msg(join(&sessions[number], claim, own) == OW_OK, "%s", failure.text);
}

START_TEST(packets_leave_by_the_port_the_address_and_the_dscp_that_were_agreed)
{
  static const char *const cases[][2] = {{"127.0.0.2", "127.0.0.7"}, {"::1", "::1"}};
  const char *far = cases[_i][0];
  const char *own = cases[_i][1];
  uint16_t number = 0;
  struct ow_datagram got[OW_UDP_BATCH];
  int there = client(far, &number);
  struct pollfd waiting = {.fd = there, .events = POLLIN};
  union ow_address expected = test_address(own, port.number);
  expect_way_out(0, far, number, own, 46);
  for (int i = 0; i < 2; i++) {
    ck_assert_int_eq(send_from(&sessions[0], i), 0);
    ck_assert_int_eq(poll(&waiting, 1, WAIT_MS), 1);
    ck_assert_uint_eq(ow_udp_receive(there, traffic.batch, got), 1);
    ck_assert(ow_address_same(&got[0].from, &expected));
    ck_assert(got[0].ttl == 255 && got[0].dscp == 46);
  }
  close(there);
}
END_TEST

START_TEST(a_refusal_is_told_to_the_session_whose_packet_it_was)
{
  static const char *const hosts[] = {"127.0.0.1", "::1"};
  uint16_t number = 0;
  uint16_t gone = 0;
  int there = client(hosts[_i], &number);
  close(client(hosts[_i], &gone));
  expect_way_out(0, hosts[_i], number, hosts[_i], 0);
  expect_way_out(1, hosts[_i], gone, hosts[_i], 0);
  for (int i = 0; i < 4; i++) {
    int error = ECONNREFUSED;
    ck_assert_int_eq(send_from(&sessions[1], true), 0);
    for (int tries = 0; error && tries < 2; tries++)
      error = send_from(&sessions[0], true);
    ck_assert_int_eq(error, 0);
    if (sessions[1].refused <= (unsigned)i) /* the kernel told it to the other socket */
      side_of(hosts[_i])->watch.ready(&side_of(hosts[_i])->watch, POLLERR);
    ck_assert_int_eq((int)sessions[1].refused, i + 1);
  }
  ck_assert_int_eq(sessions[1].error, ECONNREFUSED);
  ck_assert_uint_eq(sessions[0].refused, 0);
  close(there);
}
END_TEST

/* ---- the sockets ---- */

START_TEST(nobody_else_can_have_the_port)
{
  struct ow_test_port second;
  ck_assert_int_eq(ow_test_port_open(&second, &traffic, port.number, &ears, &failure), OW_LIMIT);
  ck_assert_msg(strstr(failure.text, "is taken") != NULL, "%s", failure.text);
  ck_assert_uint_eq(second.number, 0);
}
END_TEST

START_TEST(what_our_own_socket_drops_is_counted_as_that)
{
  enum { FLOOD = 20000 };
  uint16_t number = 0;
  int own = client("127.0.0.2", &number);
  expect_place(0, "127.0.0.2", number, "127.0.0.1");
  ck_assert_uint_eq(ow_test_port_dropped(&port.sides[0], true), 0);
  for (int i = 0; i < FLOOD; i++)
    say(own, "127.0.0.1", "1");
  listen_now("127.0.0.1");
  uint32_t dropped = ow_test_port_dropped(&port.sides[0], true);
  ck_assert_uint_gt(dropped, 0);
  ck_assert_uint_eq(sessions[0].arrived + dropped, FLOOD);
  close(own);
}
END_TEST

/* A thousand packets of the largest size in a tenth of a second; what they take never shrinks again. */
START_TEST(the_room_grows_with_what_is_agreed)
{
  static const struct ow_slot dense[] = {{.kind = OW_SLOT_FIXED, .parameter = {429497}}}; /* 0.1 ms */
  struct ow_port_claim claim = {.far = test_address("127.0.0.2", 9000),
                                .own = test_address("127.0.0.1", port.number)};
  struct ow_port_side *side = &port.sides[0];
  size_t before = side->room[true];
  claim.receives = true;
  ck_assert_int_eq(join(&sessions[0], claim, "127.0.0.1"), OW_OK);
  ck_assert_uint_eq(side->room[true], before);
  ck_assert_int_eq(side->pause, 100 * OW_NS_PER_MS);
  claim.far = test_address("127.0.0.2", 9001);
  claim.slots = dense;
  claim.slot_count = 1;
  claim.padding = 60000;
  sessions[1].seat.arrived = on_arrived;
  ck_assert_int_eq(ow_test_port_join(&port, &sessions[1].seat, &claim, &failure), OW_OK);
  ck_assert_uint_ge(side->octets[true], 1000 * 60000);
  double filled = (double)side->room[true] / (double)side->octets[true] * 100 * OW_NS_PER_MS;
  ck_assert((double)side->pause <= filled / 4 && side->pause <= 100 * OW_NS_PER_MS);
  if (side->room[true] < side->octets[true])
    ck_assert_msg(strstr(told, "net.core.rmem_max allows less") != NULL, "%s", told);
  else
    ck_assert_str_eq(told, "");
  size_t after = side->room[true];
  ck_assert(after > before || told[0]);
  ow_test_port_leave(&sessions[1].seat);
  ck_assert_uint_eq(ow_udp_receive_buffer(side->watch.descriptor), after);
  ck_assert_int_eq(side->pause, 100 * OW_NS_PER_MS);
}
END_TEST

/* ---- on the loop ---- */

struct talk {
  struct ow_timer timer;
  int from;
  unsigned said;
  unsigned wanted;
};

static void on_time(struct ow_timer *timer)
{
  struct talk *talk = OW_CONTAINER_OF(timer, struct talk, timer);
  if (talk->said < talk->wanted) {
    say(talk->from, "127.0.0.1", "1");
    talk->said++;
  }
  if (sessions[0].arrived == talk->wanted)
    ow_loop_stop(loop);
  else
    ow_timer_set(loop, timer, ow_loop_now(loop).monotonic + OW_NS_PER_MS / 2);
}

START_TEST(many_are_read_together_and_none_is_left)
{
  uint16_t number = 0;
  struct talk talk = {.timer.expired = on_time, .from = client("127.0.0.2", &number), .wanted = 100};
  expect_place(0, "127.0.0.2", number, "127.0.0.1");
  ow_timer_set(loop, &talk.timer, 0);
  ck_assert_int_eq(ow_loop_run(loop, &failure), OW_OK);
  ck_assert_uint_eq(sessions[0].arrived, talk.wanted);
  ck_assert_int_eq(port.sides[0].watch.patience, 10 * OW_NS_PER_MS);
  close(talk.from);
}
END_TEST

/* More than a look takes: the next ones follow at once, not after a pause each. */
START_TEST(a_burst_is_read_without_a_pause)
{
  uint16_t number = 0;
  struct talk talk = {.timer.expired = on_time, .from = client("127.0.0.2", &number), .wanted = 50};
  expect_place(0, "127.0.0.2", number, "127.0.0.1");
  ow_timer_set(loop, &talk.timer, 0);
  ck_assert_int_eq(ow_loop_run(loop, &failure), OW_OK);
  for (int i = 0; i < 300; i++)
    say(talk.from, "127.0.0.1", "1");
  talk.said = talk.wanted = 350;
  ow_timer_set(loop, &talk.timer, 0);
  ck_assert_int_eq(ow_loop_run(loop, &failure), OW_OK);
  ck_assert_uint_eq(sessions[0].arrived, 350);
  close(talk.from);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("traffic/test_port");
  TEST_LOOP_WITH(set_up, tear_down, suite, "families", 2,
                 equal_ports_behind_different_addresses_are_different_sessions,
                 packets_leave_by_the_port_the_address_and_the_dscp_that_were_agreed,
                 a_refusal_is_told_to_the_session_whose_packet_it_was);
  TEST_LOOP_WITH(set_up, tear_down, suite, "directions", 4, a_tuple_is_one_sessions_whichever_its_direction);
  TEST_CASE_WITH(set_up, tear_down, suite, "by tuple", whose_is_nobodys_is_a_strangers,
                 of_many_strangers_the_log_tells_once, who_names_another_hosts_port_gets_no_place,
                 who_gave_no_port_and_has_no_key_is_never_guessed);
  TEST_CASE_WITH(set_up, tear_down, suite, "by key", behind_nat_the_hmac_tells_and_then_the_tuple,
                 what_is_proven_displaces_what_is_expected, a_nat_that_swaps_its_ports_loses_nothing,
                 the_sessions_whose_keys_are_tried_are_few);
  TEST_CASE_WITH(set_up, tear_down, suite, "sockets", nobody_else_can_have_the_port,
                 what_our_own_socket_drops_is_counted_as_that, the_room_grows_with_what_is_agreed);
  TEST_CASE_WITH(set_up, tear_down, suite, "loop", many_are_read_together_and_none_is_left,
                 a_burst_is_read_without_a_pause);
  return test_run(suite);
}
