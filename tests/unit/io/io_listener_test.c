/* SPDX-License-Identifier: MIT */
/* io/listener: sockets that somebody else opened, of one family and of both. */
#include "io/listener.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "support/main.h"

static struct ow_loop *loop;
static struct ow_listeners listeners;
static struct ow_failure failure;
static char client[OW_ADDRESS_TEXT];

static void accepted(struct ow_listeners *all, int socket, const union ow_address *remote)
{
  ck_assert_ptr_eq(all, &listeners);
  ow_address_print_host(client, sizeof client, remote);
  close(socket);
  ow_loop_stop(loop);
}

static void set_up(void)
{
  loop = ow_loop_create(&failure);
  ck_assert_ptr_nonnull(loop);
  ow_listeners_prepare(&listeners, loop, accepted);
  client[0] = '\0';
}

static void tear_down(void)
{
  ow_listeners_close(&listeners);
  ow_loop_free(loop);
}

/* A descriptor far above those that are in use, as a given range; `backlog` -1: it doesn't listen. */
static int given_at(int where, int family, int type, int backlog)
{
  union ow_address address;
  memset(&address, 0, sizeof address);
  address.any.sa_family = (sa_family_t)family; /* every address, a free port */
  int descriptor = socket(family, type, 0);
  ck_assert_int_eq(bind(descriptor, &address.any, ow_address_length(&address)), 0);
  if (backlog >= 0)
    ck_assert_int_eq(listen(descriptor, backlog), 0);
  ck_assert_int_eq(dup2(descriptor, where), where);
  close(descriptor);
  return where;
}

#define COUNT(array) ((int)(sizeof(array) / sizeof *(array)))
enum { FIRST = 200 };

static void connect_from(const char *host)
{
  union ow_address address;
  struct ow_endpoint endpoint = {.version = 4, .address = {127, 0, 0, 1}, .port = listeners.port};
  address = ow_address_from_endpoint(&endpoint, NULL);
  int descriptor = socket(AF_INET, SOCK_STREAM, 0);
  ck_assert_int_eq(connect(descriptor, &address.any, ow_address_length(&address)), 0);
  ck_assert_int_eq(ow_loop_run(loop, &failure), OW_OK);
  close(descriptor);
  ck_assert_str_eq(client, host);
}

START_TEST(sockets_that_are_given_are_listened_on)
{
  given_at(FIRST, AF_INET, SOCK_STREAM, 8);
  given_at(FIRST + 1, AF_INET, SOCK_STREAM, 8);
  ck_assert_msg(ow_listeners_adopt(&listeners, FIRST, 2, &failure) == OW_OK, "%s", failure.text);
  ck_assert_uint_ne(listeners.port, 0);
  ck_assert_int_eq(listeners.each[1].watch.descriptor, FIRST + 1);
  connect_from("127.0.0.1");
  ow_listeners_close(&listeners);
  ck_assert_int_eq(fcntl(FIRST, F_GETFD), -1);
}
END_TEST

START_TEST(a_socket_of_both_families_tells_ipv4_clients_as_what_they_are)
{
  int descriptor = socket(AF_INET6, SOCK_STREAM, 0);
  if (descriptor < 0)
    return; /* a host without IPv6 */
  close(descriptor);
  given_at(FIRST, AF_INET6, SOCK_STREAM, 8);
  ck_assert_int_eq(ow_listeners_adopt(&listeners, FIRST, 1, &failure), OW_OK);
  connect_from("127.0.0.1");
}
END_TEST

static const struct {
  const char *name;
  int family, type, backlog;
} WRONG[] = {
    {"one that doesn't listen", AF_INET, SOCK_STREAM, -1},
    {"a UDP socket", AF_INET, SOCK_DGRAM, -1},
};

START_TEST(what_is_no_listening_tcp_socket_is_refused)
{
  given_at(FIRST, WRONG[_i].family, WRONG[_i].type, WRONG[_i].backlog);
  ck_assert_int_eq(ow_listeners_adopt(&listeners, FIRST, 1, &failure), OW_INVALID);
  ck_assert_str_eq(failure.text,
                   "descriptor 200, which the service manager gave, is no listening TCP socket");
  close(FIRST);
}
END_TEST

START_TEST(more_than_can_be_used_are_refused)
{
  ck_assert_int_eq(ow_listeners_adopt(&listeners, FIRST, OW_LISTENERS + 1, &failure), OW_INVALID);
  ck_assert_str_eq(failure.text, "9 listening sockets were given; 8 can be used");
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("io_listener");
  TEST_CASE_WITH(set_up, tear_down, suite, "given", sockets_that_are_given_are_listened_on,
                 a_socket_of_both_families_tells_ipv4_clients_as_what_they_are,
                 more_than_can_be_used_are_refused);
  TEST_LOOP_WITH(set_up, tear_down, suite, "wrong", COUNT(WRONG), what_is_no_listening_tcp_socket_is_refused);
  return test_run(suite);
}
