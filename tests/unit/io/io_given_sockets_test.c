/* SPDX-License-Identifier: MIT */
/* Sockets that a service manager has opened: told apart, and two of a port made one. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "io/given_sockets.h"
#include "io/udp.h"
#include "support/main.h"

enum { FIRST = 200 };

/* With this number, bound to the port, or to a free one (0), which is returned. */
static uint16_t put(int number, int family, int type, uint16_t port, bool shares)
{
  union ow_address address = {.any.sa_family = (sa_family_t)family};
  const int on = 1;
  socklen_t size = sizeof address;
  int descriptor = socket(family, type, 0);
  ck_assert_int_ge(descriptor, 0);
  ow_address_set_port(&address, port);
  if (shares)
    ck_assert_int_eq(setsockopt(descriptor, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on), 0);
  if (family == AF_INET6)
    ck_assert_int_eq(setsockopt(descriptor, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on), 0);
  ck_assert_int_eq(bind(descriptor, &address.any, ow_address_length(&address)), 0);
  ck_assert_int_eq(getsockname(descriptor, &address.any, &size), 0);
  ck_assert_int_eq(dup2(descriptor, number), number);
  close(descriptor);
  return ow_address_port(&address);
}

static int type_of(int descriptor)
{
  int type = -1;
  socklen_t size = sizeof type;
  (void)getsockopt(descriptor, SOL_SOCKET, SO_TYPE, &type, &size);
  return type;
}

START_TEST(those_for_datagrams_are_told_apart)
{
  static const int types[] = {SOCK_DGRAM, SOCK_STREAM, SOCK_DGRAM, SOCK_STREAM, SOCK_DGRAM};
  uint16_t ports[5];
  for (int i = 0; i < 5; i++)
    ports[i] = put(FIRST + i, AF_INET, types[i], 0, false);
  struct ow_given_sockets sorted = ow_given_sockets_sort(FIRST, 5);
  ck_assert_int_eq(sorted.first, FIRST);
  ck_assert_int_eq(sorted.count, 2);
  ck_assert_int_eq(sorted.datagrams.count, 3);
  ck_assert_int_eq(type_of(FIRST), SOCK_STREAM);
  ck_assert_int_eq(type_of(FIRST + 1), SOCK_STREAM);
  for (int i = 2; i < 5; i++)
    ck_assert_int_eq(type_of(FIRST + i), -1); /* closed */
  for (int i = 0; i < 3; i++) {
    union ow_address address;
    socklen_t size = sizeof address;
    ck_assert_int_eq(getsockname(sorted.datagrams.sockets[i], &address.any, &size), 0);
    ck_assert_uint_eq(ow_address_port(&address), ports[2 * i]);
  }
  ck_assert_int_eq(ow_given_sockets_sort(FIRST, 0).count, 0);
}
END_TEST

static void send_to(int family, uint16_t port, const char *text)
{
  union ow_address to = {.any.sa_family = (sa_family_t)family};
  int descriptor = socket(family, SOCK_DGRAM, 0);
  if (family == AF_INET6)
    to.v6.sin6_addr = in6addr_loopback;
  else
    to.v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ow_address_set_port(&to, port);
  ck_assert_int_eq(sendto(descriptor, text, strlen(text), 0, &to.any, ow_address_length(&to)),
                   (int)strlen(text));
  close(descriptor);
}

/* All that comes is the first one's, from whatever port; what came to the second before is gone. */
START_TEST(two_of_a_port_are_made_one)
{
  enum { SENT = 20 };
  const sa_family_t family = _i ? AF_INET6 : AF_INET;
  struct ow_udp_shared shared;
  struct ow_failure failure;
  char text[8];
  uint16_t port = put(FIRST, family, SOCK_DGRAM, 0, true);
  ck_assert_uint_eq(put(FIRST + 1, family, SOCK_DGRAM, port, true), port);
  struct ow_udp_given given = {{FIRST, FIRST + 1}, 2};
  for (int i = 0; i < SENT; i++)
    send_to(family, port, "early");
  ck_assert_int_eq(ow_udp_shared_adopt(&given, family, port, &shared, &failure), OW_OK);
  ck_assert_int_eq(shared.receives, FIRST);
  ck_assert_int_eq(shared.sends, FIRST + 1);
  while (recv(shared.receives, text, sizeof text, 0) >= 0)
    ;
  ck_assert_int_eq(errno, EAGAIN); /* it doesn't block any more */
  for (int i = 0; i < SENT; i++)
    send_to(family, port, "late");
  for (int i = 0; i < SENT; i++)
    ck_assert_int_eq(recv(shared.receives, text, sizeof text, 0), 4);
  ck_assert_int_eq(recv(shared.sends, text, sizeof text, 0), -1);
  ck_assert_int_eq(errno, EAGAIN);
}
END_TEST

/* Whichever is given first: the one that was bound first receives, as where it was opened. */
START_TEST(a_pair_that_was_opened_elsewhere_comes_in_any_order)
{
  const sa_family_t family = _i / 2 ? AF_INET6 : AF_INET;
  struct ow_udp_shared opened, shared;
  struct ow_failure failure;
  char text[8];
  uint16_t port = put(FIRST, family, SOCK_DGRAM, 0, false);
  close(FIRST);
  ck_assert_int_eq(ow_udp_shared_open(family, port, &opened, &failure), OW_OK);
  struct ow_udp_given given = {{opened.receives, opened.sends}, 2};
  if (_i % 2)
    given = (struct ow_udp_given){{opened.sends, opened.receives}, 2};
  ck_assert_int_eq(ow_udp_shared_adopt(&given, family, port, &shared, &failure), OW_OK);
  ck_assert_int_eq(shared.receives, opened.receives);
  ck_assert_int_eq(shared.sends, opened.sends);
  send_to(family, port, "late");
  ck_assert_int_eq(recv(shared.receives, text, sizeof text, 0), 4);
}
END_TEST

START_TEST(those_that_are_kept_are_known_by_any_number)
{
  struct ow_given_sockets given = {.first = FIRST};
  (void)put(FIRST, AF_INET, SOCK_STREAM, 0, false);
  (void)put(FIRST + 1, AF_INET, SOCK_STREAM, 0, false);
  ow_kept_sockets_add(&given.kept, FIRST + 1);
  int other = dup(FIRST + 1);
  ck_assert(ow_given_sockets_kept(&given, other));
  ck_assert(!ow_given_sockets_kept(&given, FIRST));
  close(other);
  ck_assert(!ow_given_sockets_kept(&given, other));
  for (int i = 0; i < OW_SOCKETS_KEPT; i++) /* no more than there is room for */
    ow_kept_sockets_add(&given.kept, FIRST);
  ck_assert_int_eq(given.kept.count, OW_SOCKETS_KEPT);
}
END_TEST

/* 0: of one alone; 1: of another port; 2: of two that nobody may share; 3: of no such family. */
START_TEST(others_are_refused)
{
  const bool shares = _i != 2;
  struct ow_udp_shared shared;
  struct ow_failure failure = {0};
  uint16_t port = put(FIRST, AF_INET, SOCK_DGRAM, 0, shares);
  (void)put(FIRST + 1, AF_INET, SOCK_DGRAM, shares ? port : 0, shares);
  struct ow_udp_given given = {{FIRST, FIRST + 1}, _i == 0 ? 1 : 2};
  sa_family_t family = _i == 3 ? AF_INET6 : AF_INET;
  uint16_t asked = _i == 1 ? (uint16_t)(port ^ 1) : port;
  ck_assert_int_eq(ow_udp_shared_adopt(&given, family, asked, &shared, &failure), OW_INVALID);
  ck_assert_int_eq(shared.receives, -1);
  ck_assert_int_eq(failure.error, _i == 3 ? EAFNOSUPPORT : 0);
  const char *piece =
      _i == 3 ? "no UDP socket of IPv6 was given" : "for IPv4 there must be two, of every address";
  ck_assert_msg(strstr(failure.text, piece) != NULL, "%s", failure.text);
}
END_TEST

/* ---- by port ---- */

static uint16_t port_of(int descriptor)
{
  union ow_address address;
  socklen_t size = sizeof address;
  return getsockname(descriptor, &address.any, &size) == 0 ? ow_address_port(&address) : 0;
}

START_TEST(those_of_a_port_come_last)
{
  enum { COUNT = 5 };
  uint16_t ports[COUNT];
  ports[0] = put(FIRST, AF_INET, SOCK_STREAM, 0, true);
  ports[1] = put(FIRST + 1, AF_INET, SOCK_STREAM, 0, false);
  ports[2] = put(FIRST + 2, AF_INET6, SOCK_STREAM, ports[0], true);
  ports[3] = put(FIRST + 3, AF_INET, SOCK_STREAM, 0, false);
  ports[4] = put(FIRST + 4, AF_INET, SOCK_STREAM, ports[0], true);
  ck_assert_int_eq(ow_given_sockets_last(FIRST, COUNT, ports[0]), 3);
  const uint16_t wanted[COUNT] = {ports[1], ports[3], ports[0], ports[0], ports[0]};
  for (int i = 0; i < COUNT; i++)
    ck_assert_uint_eq(port_of(FIRST + i), wanted[i]);
  ck_assert_int_eq(fcntl(FIRST + COUNT, F_GETFD), -1);
  ck_assert_int_eq(ow_given_sockets_last(FIRST, 2, ports[0]), 0);
  ck_assert_uint_eq(port_of(FIRST + 1), ports[3]);
}
END_TEST

START_TEST(those_that_are_kept_are_dropped_and_the_others_close_up)
{
  struct ow_given_sockets given = {0};
  uint16_t ports[4];
  for (int i = 0; i < 4; i++)
    ports[i] = put(FIRST + i, AF_INET, SOCK_STREAM, 0, false);
  ow_kept_sockets_add(&given.kept, FIRST);
  ow_kept_sockets_add(&given.kept, FIRST + 2);
  ck_assert_int_eq(ow_given_sockets_drop_kept(&given, FIRST, 4), 2);
  ck_assert_uint_eq(port_of(FIRST), ports[1]);
  ck_assert_uint_eq(port_of(FIRST + 1), ports[3]);
  ck_assert_int_eq(fcntl(FIRST + 2, F_GETFD), -1);
  ck_assert_int_eq(fcntl(FIRST + 3, F_GETFD), -1);
}
END_TEST

START_TEST(those_of_a_port_are_taken)
{
  uint16_t one = put(FIRST, AF_INET, SOCK_DGRAM, 0, true);
  uint16_t other = put(FIRST + 1, AF_INET, SOCK_DGRAM, 0, true);
  (void)put(FIRST + 2, AF_INET, SOCK_DGRAM, one, true);
  struct ow_udp_given given = {{FIRST, FIRST + 1, FIRST + 2}, 3};
  struct ow_udp_given taken = ow_udp_given_take(&given, one);
  ck_assert_int_eq(taken.count, 2);
  ck_assert_int_eq(taken.sockets[0], FIRST);
  ck_assert_int_eq(taken.sockets[1], FIRST + 2);
  ck_assert_int_eq(given.count, 1);
  ck_assert_uint_eq(port_of(given.sockets[0]), other);
  ck_assert_int_eq(ow_udp_given_take(&given, one).count, 0);
  ck_assert_int_eq(given.count, 1);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("io, given sockets");
  TEST_CASE(suite, "kinds", those_for_datagrams_are_told_apart);
  TEST_CASE(suite, "ports", those_of_a_port_come_last, those_of_a_port_are_taken);
  TEST_CASE(suite, "kept", those_that_are_kept_are_known_by_any_number,
            those_that_are_kept_are_dropped_and_the_others_close_up);
  TEST_LOOP(suite, "pairs", 2, two_of_a_port_are_made_one);
  TEST_LOOP(suite, "pairs from elsewhere", 4, a_pair_that_was_opened_elsewhere_comes_in_any_order);
  TEST_LOOP(suite, "others", 4, others_are_refused);
  return test_run_apart(suite);
}
