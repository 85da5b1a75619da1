/* SPDX-License-Identifier: MIT */
/* core/io: addresses; UDP sockets over loopback: ports, TTL, DSCP, stamps of arrival and departure. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/sock_diag.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "io/address.h"
#include "io/kernel_stamps.h"
#include "io/system_clock.h"
#include "io/udp.h"
#include "io/zone.h"
#include "support/address.h"
#include "support/main.h"
#include "support/seed.h"

enum { WAIT_MS = 10000 };

static void assert_printed(const union ow_address *shown, const char *text)
{
  char out[OW_ADDRESS_TEXT];
  ck_assert_str_eq(ow_address_print(out, sizeof out, shown), text);
}

/* "fe80::1%1": a zone is a number here. */
static union ow_address zoned(const char *text)
{
  char plain[INET6_ADDRSTRLEN];
  const char *zone = strchr(text, '%');
  snprintf(plain, sizeof plain, "%.*s", (int)strcspn(text, "%"), text);
  union ow_address found = test_address(plain, 861);
  if (zone)
    found.v6.sin6_scope_id = (uint32_t)(zone[1] - '0');
  return found;
}

/* Addresses */

START_TEST(an_address_is_printed_with_its_port)
{
  union ow_address v4 = test_address("192.0.2.1", 861);
  union ow_address v6 = test_address("2001:db8::1", 65535);
  assert_printed(&v4, "192.0.2.1 port 861");
  assert_printed(&v6, "2001:db8::1 port 65535");
}
END_TEST

START_TEST(a_scoped_address_is_printed_with_its_interface)
{
  union ow_address local = test_address("fe80::1", 861);
  local.v6.sin6_scope_id = 1; /* lo, always */
  assert_printed(&local, "fe80::1%lo port 861");
  local.v6.sin6_scope_id = 4000000000U;
  assert_printed(&local, "fe80::1%4000000000 port 861");
}
END_TEST

START_TEST(the_longest_address_fits)
{
  char out[OW_ADDRESS_TEXT];
  union ow_address longest = test_address("2001:db8:1111:2222:3333:4444:5555:6666", 65535);
  longest.v6.sin6_scope_id = 4000000000U;
  ck_assert_str_eq(ow_address_print(out, sizeof out, &longest),
                   "2001:db8:1111:2222:3333:4444:5555:6666%4000000000 port 65535");
}
END_TEST

START_TEST(an_address_becomes_an_endpoint_and_comes_back)
{
  static const char *const texts[] = {"192.0.2.1", "2001:db8::1", "0.0.0.0", "::", "255.255.255.255"};
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    union ow_address before = test_address(texts[i], 4242);
    struct ow_endpoint endpoint = ow_address_to_endpoint(&before);
    union ow_address after = ow_address_from_endpoint(&endpoint, NULL);
    ck_assert_uint_eq(endpoint.version, strchr(texts[i], ':') ? 6 : 4);
    ck_assert_uint_eq(endpoint.port, 4242);
    ck_assert_uint_eq(ow_address_port(&after), 4242);
    ck_assert_int_eq(memcmp(&before, &after, ow_address_length(&before)), 0);
  }
}
END_TEST

START_TEST(an_endpoint_s_address_is_in_network_order)
{
  union ow_address v4 = test_address("192.0.2.1", 861);
  struct ow_endpoint endpoint = ow_address_to_endpoint(&v4);
  ck_assert_int_eq(memcmp(endpoint.address, "\xc0\x00\x02\x01\0\0\0\0\0\0\0\0\0\0\0\0", 16), 0);
}
END_TEST

START_TEST(a_mapped_address_is_ipv4)
{
  union ow_address mapped = test_address("::ffff:192.0.2.1", 861);
  union ow_address plain = test_address("192.0.2.1", 861);
  struct ow_endpoint a = ow_address_to_endpoint(&mapped);
  struct ow_endpoint b = ow_address_to_endpoint(&plain);
  ck_assert_uint_eq(a.version, 4);
  ck_assert_uint_eq(a.port, 861);
  ck_assert(ow_endpoint_same_host(&a, &b));
  assert_printed(&mapped, "192.0.2.1 port 861");
}
END_TEST

START_TEST(a_mapped_address_is_unmapped_and_no_other)
{
  union ow_address mapped = test_address("::ffff:192.0.2.1", 861);
  union ow_address local = test_address("fe80::1", 861);
  local.v6.sin6_scope_id = 7;
  union ow_address before = local;
  ow_address_unmap(&mapped);
  ck_assert_int_eq(mapped.any.sa_family, AF_INET);
  assert_printed(&mapped, "192.0.2.1 port 861");
  ow_address_unmap(&local);
  ck_assert(ow_address_same(&local, &before));
  before.v6.sin6_scope_id = 8;
  ck_assert(!ow_address_same(&local, &before));
}
END_TEST

/* What lacks a zone takes the other's, or the interface's; what lacks it still is named. */
START_TEST(zones_are_settled)
{
  static const struct {
    const char *server, *source, *interface;
    uint32_t server_zone, source_zone;
    const char *says; /* "": it is settled */
  } rows[] = {
      {"fe80::1%1", NULL, "", 1, 0, ""},
      {"fe80::1", NULL, "lo", 1, 0, ""},
      {"fe80::1%1", "fe80::2", "", 1, 1, ""},
      {"fe80::1", "fe80::2%1", "", 1, 1, ""},
      {"fe80::1", "fe80::2", "lo", 1, 1, ""},
      {"2001:db8::1", "fe80::2", "lo", 0, 1, ""},
      {"2001:db8::1", "2001:db8::2", "", 0, 0, ""},
      {"192.0.2.1", NULL, "", 0, 0, ""},
      {"fe80::1", NULL, "", 0, 0, "the address fe80::1 is link-local and needs a zone"},
      {"fe80::1", "2001:db8::2", "", 0, 0, "fe80::1%eth0"},
      {"2001:db8::1", "fe80::2", "", 0, 0, "the source address fe80::2 is link-local"},
      {"fe80::1", NULL, "gone0", 0, 0, "needs a zone"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct ow_failure failure = {.status = OW_OK};
    union ow_address server = zoned(rows[i].server);
    union ow_address source = zoned(rows[i].source ? rows[i].source : "::1");
    enum ow_status status =
        ow_zone_settle(&server, rows[i].source ? &source : NULL, rows[i].interface, &failure);
    ck_assert_int_eq(status, rows[i].says[0] ? OW_INVALID : OW_OK);
    ck_assert_msg(!rows[i].says[0] || strstr(failure.text, rows[i].says), "%s", failure.text);
    ck_assert_uint_eq(ow_address_zone(&server), rows[i].server_zone);
    ck_assert_uint_eq(ow_address_zone(&source), rows[i].source_zone);
  }
}
END_TEST

START_TEST(a_foreign_family_is_no_endpoint)
{
  union ow_address foreign = {.any.sa_family = AF_UNIX};
  ck_assert_uint_eq(ow_address_to_endpoint(&foreign).version, 0);
}
END_TEST

START_TEST(only_a_link_local_address_takes_the_scope_of_its_like)
{
  union ow_address like = test_address("fe80::9", 1);
  like.v6.sin6_scope_id = 7;
  union ow_address local = test_address("fe80::1", 861);
  union ow_address global = test_address("2001:db8::1", 861);
  struct ow_endpoint local_end = ow_address_to_endpoint(&local);
  struct ow_endpoint global_end = ow_address_to_endpoint(&global);
  ck_assert_uint_eq(ow_address_from_endpoint(&local_end, &like).v6.sin6_scope_id, 7);
  ck_assert_uint_eq(ow_address_from_endpoint(&global_end, &like).v6.sin6_scope_id, 0);
  like = test_address("192.0.2.1", 1);
  ck_assert_uint_eq(ow_address_from_endpoint(&local_end, &like).v6.sin6_scope_id, 0);
}
END_TEST

/* Sockets. Looped tests run for IPv4, then IPv6. */

static const char *const LOCALS[] = {"127.0.0.1", "::1"};

struct socket {
  int descriptor;
  union ow_address bound;
};

static struct socket open_with(struct ow_udp_options options)
{
  struct socket opened;
  struct ow_failure failure = {0};
  ck_assert_msg(ow_udp_open(&options, &opened.descriptor, &opened.bound, &failure) == OW_OK, "%s",
                failure.text);
  return opened;
}

static struct socket open_local(int family, bool transmit_stamps)
{
  return open_with(
      (struct ow_udp_options){.local = test_address(LOCALS[family], 0), .transmit_stamps = transmit_stamps});
}

static void connect_to(const struct socket *from, const struct socket *to)
{
  struct ow_failure failure = {0};
  ck_assert_msg(ow_udp_connect(from->descriptor, &to->bound, &failure) == OW_OK, "%s", failure.text);
}

/* A sender that is connected to a receiver. */
struct pair {
  struct socket sender;
  struct socket receiver;
  struct ow_udp_batch *batch;
  struct ow_datagram datagrams[OW_UDP_BATCH];
};

static struct pair open_pair(int family, bool transmit_stamps)
{
  struct pair pair = {.sender = open_local(family, transmit_stamps),
                      .receiver = open_local(family, false),
                      .batch = ow_udp_batch_create()};
  ck_assert_ptr_nonnull(pair.batch);
  connect_to(&pair.sender, &pair.receiver);
  return pair;
}

static void close_pair(struct pair *pair)
{
  close(pair->sender.descriptor);
  close(pair->receiver.descriptor);
  ow_udp_batch_free(pair->batch);
}

static void await(int descriptor, short events)
{
  struct pollfd wait = {.fd = descriptor, .events = events};
  ck_assert_int_eq(poll(&wait, 1, WAIT_MS), 1);
}

static short ready_events(int descriptor)
{
  struct pollfd wait = {.fd = descriptor, .events = POLLIN};
  poll(&wait, 1, 0);
  return wait.revents;
}

static struct ow_datagram *receive_one(struct pair *pair)
{
  await(pair->receiver.descriptor, POLLIN);
  ck_assert_uint_eq(ow_udp_receive(pair->receiver.descriptor, pair->batch, pair->datagrams), 1);
  return &pair->datagrams[0];
}

START_TEST(a_datagram_arrives_with_its_sender_ttl_and_the_kernel_s_stamp)
{
  struct pair pair = open_pair(_i, false);
  struct ow_timestamp before = ow_system_stamp();
  ck_assert_int_eq(ow_udp_send_to(pair.sender.descriptor, NULL, "fourteen octets", 14, false), 0);
  struct ow_datagram *datagram = receive_one(&pair);
  struct ow_timestamp after = ow_system_stamp();
  ck_assert_uint_eq(datagram->length, 14);
  ck_assert_int_eq(memcmp(datagram->octets, "fourteen octets", 14), 0);
  ck_assert(datagram->ttl_known);
  ck_assert_uint_eq(datagram->ttl, 255);
  ck_assert_int_eq(datagram->source, OW_STAMP_KERNEL);
  ck_assert(!ow_timestamp_after(before, datagram->received));
  ck_assert(!ow_timestamp_after(datagram->received, after));
  ck_assert_int_eq(memcmp(&datagram->from, &pair.sender.bound, ow_address_length(&pair.sender.bound)), 0);
  close_pair(&pair);
}
END_TEST

START_TEST(what_is_kept_out_takes_no_room_and_what_is_let_in_comes)
{
  struct pair pair = open_pair(_i, true);
  uint32_t memory[SK_MEMINFO_VARS];
  socklen_t size = sizeof memory;
  ow_udp_keep_out(pair.receiver.descriptor);
  for (int i = 0; i < 20; i++)
    ck_assert_int_eq(ow_udp_send_to(pair.sender.descriptor, NULL, "out", 3, false), 0);
  ck_assert_uint_eq(ow_udp_dropped(pair.receiver.descriptor), 20);
  ck_assert_int_eq(getsockopt(pair.receiver.descriptor, SOL_SOCKET, SO_MEMINFO, memory, &size), 0);
  ck_assert_uint_eq(memory[SK_MEMINFO_RMEM_ALLOC], 0);
  ow_udp_let_in(pair.receiver.descriptor);
  ck_assert_int_eq(ow_udp_send_to(pair.sender.descriptor, NULL, "in", 2, false), 0);
  ck_assert_uint_eq(receive_one(&pair)->length, 2);
  close_pair(&pair);
}
END_TEST

START_TEST(nothing_is_received_where_nothing_waits)
{
  struct pair pair = open_pair(_i, true);
  struct ow_departed departed[OW_DEPARTED_BATCH];
  bool more;
  ck_assert_uint_eq(ow_udp_receive(pair.receiver.descriptor, pair.batch, pair.datagrams), 0);
  ck_assert_uint_eq(ow_stamps_departed(pair.sender.descriptor, departed, &more), 0);
  ck_assert(!more);
  close_pair(&pair);
}
END_TEST

START_TEST(more_than_a_batch_is_received_in_order)
{
  enum { SENT = OW_UDP_BATCH * 2 + 5 };
  struct pair pair = open_pair(_i, false);
  size_t received = 0;
  for (uint8_t i = 0; i < SENT; i++)
    ck_assert_int_eq(ow_udp_send_to(pair.sender.descriptor, NULL, &i, 1, false), 0);
  while (received < SENT) {
    await(pair.receiver.descriptor, POLLIN);
    size_t count = ow_udp_receive(pair.receiver.descriptor, pair.batch, pair.datagrams);
    for (size_t i = 0; i < count; i++) {
      ck_assert_uint_eq(pair.datagrams[i].length, 1);
      ck_assert_uint_eq(pair.datagrams[i].octets[0], received++);
      ck_assert_int_eq(pair.datagrams[i].source, OW_STAMP_KERNEL);
    }
  }
  close_pair(&pair);
}
END_TEST

START_TEST(an_empty_datagram_is_one)
{
  struct pair pair = open_pair(_i, false);
  ck_assert_int_eq(ow_udp_send_to(pair.sender.descriptor, NULL, "", 0, false), 0);
  ck_assert_uint_eq(receive_one(&pair)->length, 0);
  close_pair(&pair);
}
END_TEST

START_TEST(a_long_datagram_is_cut_and_the_next_is_whole)
{
  static const uint8_t padding[60000];
  struct pair pair = open_pair(_i, true);
  size_t lengths[2] = {0};
  size_t received = 0;
  ck_assert_int_eq(ow_udp_send_to(pair.sender.descriptor, NULL, padding, sizeof padding, true), 0);
  ck_assert_int_eq(ow_udp_send_to(pair.sender.descriptor, NULL, "x", 1, false), 0);
  while (received < 2) {
    await(pair.receiver.descriptor, POLLIN);
    size_t count = ow_udp_receive(pair.receiver.descriptor, pair.batch, pair.datagrams);
    for (size_t i = 0; i < count; i++)
      lengths[received++] = pair.datagrams[i].length;
  }
  ck_assert_uint_eq(lengths[0], OW_UDP_OCTETS);
  ck_assert_uint_eq(lengths[1], 1);
  close_pair(&pair);
}
END_TEST

START_TEST(a_datagram_beyond_what_udp_carries_is_refused)
{
  static uint8_t padding[70000];
  struct pair pair = open_pair(_i, true);
  ck_assert_int_eq(ow_udp_send_to(pair.sender.descriptor, NULL, padding, sizeof padding, false), EMSGSIZE);
  ck_assert_int_eq(ow_udp_send_to(pair.sender.descriptor, NULL, padding, sizeof padding, true), EMSGSIZE);
  close_pair(&pair);
}
END_TEST

/* Read as the receiving host sees it. */
static int received_class(int descriptor, int family)
{
  uint8_t octets[16];
  union {
    struct cmsghdr header;
    uint8_t octets[256];
  } control;
  struct iovec data = {octets, sizeof octets};
  struct msghdr message = {
      .msg_iov = &data, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
  int found = -1;
  await(descriptor, POLLIN);
  ck_assert_int_ge(recvmsg(descriptor, &message, 0), 0);
  for (struct cmsghdr *at = CMSG_FIRSTHDR(&message); at; at = CMSG_NXTHDR(&message, at)) {
    if (family == 0 && at->cmsg_level == IPPROTO_IP && at->cmsg_type == IP_TOS)
      found = *CMSG_DATA(at);
    else if (family == 1 && at->cmsg_level == IPPROTO_IPV6 && at->cmsg_type == IPV6_TCLASS)
      memcpy(&found, CMSG_DATA(at), sizeof found);
  }
  return found;
}

START_TEST(a_datagram_tells_its_dscp)
{
  static const uint8_t DSCPS[] = {0, 8, 46, 63};
  struct pair pair = open_pair(_i, false);
  for (size_t i = 0; i < sizeof DSCPS; i++) {
    struct socket sender =
        open_with((struct ow_udp_options){.local = test_address(LOCALS[_i], 0), .dscp = DSCPS[i]});
    connect_to(&sender, &pair.receiver);
    ck_assert_int_eq(ow_udp_send_to(sender.descriptor, NULL, "x", 1, false), 0);
    const struct ow_datagram *datagram = receive_one(&pair);
    ck_assert(datagram->dscp_known);
    ck_assert_uint_eq(datagram->dscp, DSCPS[i]);
    close(sender.descriptor);
  }
  close_pair(&pair);
}
END_TEST

START_TEST(the_dscp_is_on_the_wire)
{
  static const uint8_t DSCPS[] = {0, 8, 46, 63};
  const int on = 1;
  struct socket receiver = open_local(_i, false);
  setsockopt(receiver.descriptor, IPPROTO_IP, IP_RECVTOS, &on, sizeof on);
  setsockopt(receiver.descriptor, IPPROTO_IPV6, IPV6_RECVTCLASS, &on, sizeof on);
  for (size_t i = 0; i < sizeof DSCPS; i++) {
    struct socket sender = open_with((struct ow_udp_options){
        .local = test_address(LOCALS[_i], 0), .dscp = DSCPS[i], .transmit_stamps = true});
    connect_to(&sender, &receiver);
    ck_assert_int_eq(ow_udp_send_to(sender.descriptor, NULL, "x", 1, false), 0);
    ck_assert_int_eq(received_class(receiver.descriptor, _i), DSCPS[i] << 2);
    ck_assert_int_eq(ow_udp_send_to(sender.descriptor, NULL, "x", 1, true), 0);
    ck_assert_int_eq(received_class(receiver.descriptor, _i), DSCPS[i] << 2);
    close(sender.descriptor);
  }
  close(receiver.descriptor);
}
END_TEST

START_TEST(packets_beyond_the_mtu_are_fragmented)
{
  int discovery = -1;
  socklen_t length = sizeof discovery;
  struct socket opened = open_local(_i, false);
  if (_i == 0)
    getsockopt(opened.descriptor, IPPROTO_IP, IP_MTU_DISCOVER, &discovery, &length);
  else
    getsockopt(opened.descriptor, IPPROTO_IPV6, IPV6_MTU_DISCOVER, &discovery, &length);
  ck_assert_int_eq(discovery, _i == 0 ? IP_PMTUDISC_DONT : IPV6_PMTUDISC_DONT);
  close(opened.descriptor);
}
END_TEST

START_TEST(a_connected_socket_hears_no_stranger)
{
  struct pair pair = open_pair(_i, false);
  struct socket stranger = open_local(_i, false);
  connect_to(&pair.receiver, &pair.sender);
  connect_to(&stranger, &pair.receiver);
  ck_assert_int_eq(ow_udp_send_to(stranger.descriptor, NULL, "stranger", 8, false), 0);
  ck_assert_int_eq(ow_udp_send_to(pair.sender.descriptor, NULL, "friend", 6, false), 0);
  struct ow_datagram *datagram = receive_one(&pair);
  ck_assert_uint_eq(datagram->length, 6);
  ck_assert_int_eq(memcmp(datagram->octets, "friend", 6), 0);
  close(stranger.descriptor);
  close_pair(&pair);
}
END_TEST

START_TEST(a_connected_socket_knows_where_it_sends_from)
{
  struct pair pair = open_pair(_i, false);
  struct socket any = open_with(
      (struct ow_udp_options){.local = test_address(strchr(LOCALS[_i], ':') ? "::" : "0.0.0.0", 0)});
  connect_to(&any, &pair.receiver);
  union ow_address local = ow_udp_local(any.descriptor);
  ck_assert_int_eq(ow_udp_send_to(any.descriptor, NULL, "x", 1, false), 0);
  const struct ow_datagram *datagram = receive_one(&pair);
  ck_assert_int_eq(memcmp(&local, &datagram->from, ow_address_length(&local)), 0);
  close(any.descriptor);
  close_pair(&pair);
}
END_TEST

START_TEST(ipv6_any_leaves_ipv4_alone)
{
  struct socket v6 = open_with((struct ow_udp_options){.local = test_address("::", 0)});
  uint16_t port = ow_address_port(&v6.bound);
  struct socket v4 = open_with(
      (struct ow_udp_options){.local = test_address("0.0.0.0", 0), .port_low = port, .port_high = port});
  close(v6.descriptor);
  close(v4.descriptor);
}
END_TEST

/* Departures */

/* The next `count` have the orders from `first` on; the last one's stamp. */
static struct ow_timestamp await_departures(const struct pair *pair, uint32_t first, size_t count)
{
  struct ow_departed departed[OW_DEPARTED_BATCH];
  struct ow_timestamp last = {0};
  bool more;
  await(pair->sender.descriptor, 0);
  ck_assert_int_eq(ready_events(pair->sender.descriptor), POLLERR);
  ck_assert_uint_eq(ow_stamps_departed(pair->sender.descriptor, departed, &more), count);
  ck_assert(more == (count == OW_DEPARTED_BATCH));
  for (size_t i = 0; i < count; i++) {
    ck_assert_uint_eq(departed[i].order, first + i);
    ck_assert(i == 0 || ow_timestamp_after(departed[i].at, last));
    last = departed[i].at;
  }
  return last;
}

static void assert_no_departure(const struct pair *pair)
{
  struct ow_departed departed[OW_DEPARTED_BATCH];
  bool more;
  ck_assert_uint_eq(ow_stamps_departed(pair->sender.descriptor, departed, &more), 0);
  ck_assert(!more);
  ck_assert_int_eq(ready_events(pair->sender.descriptor), 0);
}

START_TEST(a_departure_lies_between_sending_and_arrival)
{
  struct pair pair = open_pair(_i, true);
  struct ow_timestamp before = ow_system_stamp();
  ck_assert_int_eq(ow_udp_send_to(pair.sender.descriptor, NULL, "x", 1, true), 0);
  struct ow_timestamp departed = await_departures(&pair, 0, 1);
  struct ow_datagram *datagram = receive_one(&pair);
  ck_assert(!ow_timestamp_after(before, departed));
  ck_assert(!ow_timestamp_after(departed, datagram->received));
  assert_no_departure(&pair);
  close_pair(&pair);
}
END_TEST

START_TEST(departures_are_numbered_by_the_packets_that_asked)
{
  enum { ASKED = OW_DEPARTED_BATCH + 5 };
  struct pair pair = open_pair(_i, true);
  for (int i = 0; i < 3 * ASKED; i++)
    ck_assert_int_eq(ow_udp_send_to(pair.sender.descriptor, NULL, "x", 1, i % 3 == 1), 0);
  struct ow_timestamp last = await_departures(&pair, 0, OW_DEPARTED_BATCH);
  ck_assert(ow_timestamp_after(await_departures(&pair, OW_DEPARTED_BATCH, ASKED - OW_DEPARTED_BATCH), last));
  assert_no_departure(&pair);
  close_pair(&pair);
}
END_TEST

START_TEST(without_transmit_stamps_the_packet_leaves_all_the_same)
{
  struct pair pair = open_pair(_i, false);
  ck_assert_int_eq(ow_udp_send_to(pair.sender.descriptor, NULL, "x", 1, true), 0);
  ck_assert_uint_eq(receive_one(&pair)->length, 1);
  close_pair(&pair);
}
END_TEST

START_TEST(the_count_of_departures_begins_again)
{
  static uint8_t too_long[70000];
  struct pair pair = open_pair(_i, true);
  ck_assert_int_eq(ow_udp_send_to(pair.sender.descriptor, NULL, "x", 1, true), 0);
  await_departures(&pair, 0, 1);
  ck_assert_int_eq(ow_udp_send_to(pair.sender.descriptor, NULL, "x", 1, true), 0);
  await(pair.sender.descriptor, 0);
  ck_assert_int_eq(ow_udp_send_to(pair.sender.descriptor, NULL, too_long, sizeof too_long, true), EMSGSIZE);
  ow_stamps_restart(pair.sender.descriptor);
  assert_no_departure(&pair);
  ck_assert_int_eq(ow_udp_send_to(pair.sender.descriptor, NULL, "x", 1, true), 0);
  await_departures(&pair, 0, 1);
  ck_assert_int_eq(ow_udp_send_to(pair.sender.descriptor, NULL, "x", 1, true), 0);
  await_departures(&pair, 1, 1);
  close_pair(&pair);
}
END_TEST

/* ICMP */

/* Sends to a port that nobody has, and waits for the answer of the kernel to that. */
static struct pair open_refused(int family)
{
  struct pair pair = open_pair(family, true);
  close(pair.receiver.descriptor);
  ck_assert_int_eq(ow_udp_send_to(pair.sender.descriptor, NULL, "x", 1, false), 0);
  await(pair.sender.descriptor, 0);
  pair.receiver = open_with((struct ow_udp_options){.local = pair.receiver.bound,
                                                    .port_low = ow_address_port(&pair.receiver.bound),
                                                    .port_high = ow_address_port(&pair.receiver.bound)});
  return pair;
}

START_TEST(a_refusal_is_told_once_and_a_retry_sends)
{
  struct pair pair = open_refused(_i);
  ck_assert_int_eq(ow_udp_send_to(pair.sender.descriptor, NULL, "x", 1, false), ECONNREFUSED);
  ck_assert_int_eq(ow_udp_send_to(pair.sender.descriptor, NULL, "y", 1, false), 0);
  ck_assert_uint_eq(receive_one(&pair)->octets[0], 'y');
  close_pair(&pair);
}
END_TEST

START_TEST(a_refusal_does_not_confuse_the_count_of_departures)
{
  struct pair pair = open_refused(_i);
  ck_assert_int_eq(ow_udp_send_to(pair.sender.descriptor, NULL, "x", 1, true), ECONNREFUSED);
  ow_stamps_restart(pair.sender.descriptor);
  ck_assert_int_eq(ow_udp_send_to(pair.sender.descriptor, NULL, "y", 1, true), 0);
  await_departures(&pair, 0, 1);
  assert_no_departure(&pair);
  close_pair(&pair);
}
END_TEST

START_TEST(receiving_passes_over_a_refusal)
{
  struct pair pair = open_refused(_i);
  connect_to(&pair.receiver, &pair.sender);
  ck_assert_int_eq(ow_udp_send_to(pair.receiver.descriptor, NULL, "back", 4, false), 0);
  await(pair.sender.descriptor, POLLIN);
  ck_assert_uint_eq(ow_udp_receive(pair.sender.descriptor, pair.batch, pair.datagrams), 1);
  ck_assert_uint_eq(pair.datagrams[0].length, 4);
  ck_assert_int_eq(ready_events(pair.sender.descriptor), 0);
  close_pair(&pair);
}
END_TEST

START_TEST(a_pending_refusal_is_told_once)
{
  struct pair pair = open_refused(_i);
  ck_assert_int_eq(ow_udp_pending_error(pair.sender.descriptor), ECONNREFUSED);
  ck_assert_int_eq(ow_udp_pending_error(pair.sender.descriptor), 0);
  ck_assert_int_eq(ow_udp_send_to(pair.sender.descriptor, NULL, "y", 1, false), 0);
  ck_assert_uint_eq(receive_one(&pair)->octets[0], 'y');
  close_pair(&pair);
}
END_TEST

/* Fallbacks: sockets that were not set up for it. */

START_TEST(a_socket_without_kernel_stamps_gives_the_reader_s)
{
  struct pair pair = open_pair(_i, false);
  int off = 0;
  setsockopt(pair.receiver.descriptor, SOL_SOCKET, SO_TIMESTAMPING, &off, sizeof off);
  ck_assert_int_eq(ow_udp_send_to(pair.sender.descriptor, NULL, "x", 1, false), 0);
  await(pair.receiver.descriptor, POLLIN);
  struct ow_timestamp before = ow_system_stamp();
  struct ow_datagram *datagram = receive_one(&pair);
  ck_assert_int_eq(datagram->source, OW_STAMP_USER);
  ck_assert(!ow_timestamp_after(before, datagram->received));
  ck_assert(!ow_timestamp_after(datagram->received, ow_system_stamp()));
  close_pair(&pair);
}
END_TEST

START_TEST(the_older_kind_of_kernel_stamp_is_understood)
{
  struct pair pair = open_pair(_i, false);
  int off = 0, on = 1;
  setsockopt(pair.receiver.descriptor, SOL_SOCKET, SO_TIMESTAMPING, &off, sizeof off);
  setsockopt(pair.receiver.descriptor, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on);
  struct ow_timestamp before = ow_system_stamp();
  ck_assert_int_eq(ow_udp_send_to(pair.sender.descriptor, NULL, "x", 1, false), 0);
  struct ow_datagram *datagram = receive_one(&pair);
  ck_assert_int_eq(datagram->source, OW_STAMP_KERNEL);
  ck_assert(!ow_timestamp_after(before, datagram->received));
  ck_assert(!ow_timestamp_after(datagram->received, ow_system_stamp()));
  close_pair(&pair);
}
END_TEST

START_TEST(a_ttl_that_is_not_told_is_not_known)
{
  struct pair pair = open_pair(_i, false);
  int off = 0;
  setsockopt(pair.receiver.descriptor, IPPROTO_IP, IP_RECVTTL, &off, sizeof off);
  setsockopt(pair.receiver.descriptor, IPPROTO_IPV6, IPV6_RECVHOPLIMIT, &off, sizeof off);
  ck_assert_int_eq(ow_udp_send_to(pair.sender.descriptor, NULL, "x", 1, false), 0);
  ck_assert(!receive_one(&pair)->ttl_known);
  close_pair(&pair);
}
END_TEST

/* Ports */

START_TEST(an_ephemeral_port_is_told)
{
  struct socket opened = open_local(_i, false);
  ck_assert_uint_ne(ow_address_port(&opened.bound), 0);
  ck_assert_int_ne(fcntl(opened.descriptor, F_GETFL) & O_NONBLOCK, 0);
  ck_assert_int_ne(fcntl(opened.descriptor, F_GETFD) & FD_CLOEXEC, 0);
  close(opened.descriptor);
}
END_TEST

enum { RANGE = 6 };

/* RANGE neighbouring ports that nobody has just now; others may take one meanwhile, so the caller checks. */
static uint16_t free_range(int family)
{
  struct test_prng prng = test_prng(test_seed() + (uint64_t)family);
  for (int tries = 0; tries < 1000; tries++) {
    uint16_t low = (uint16_t)(20000 + test_prng_below(&prng, 10000));
    int descriptors[RANGE];
    int opened = 0;
    for (; opened < RANGE; opened++) {
      uint16_t port = (uint16_t)(low + opened);
      struct ow_udp_options options = {
          .local = test_address(LOCALS[family], 0), .port_low = port, .port_high = port};
      union ow_address bound;
      if (ow_udp_open(&options, &descriptors[opened], &bound, NULL) != OW_OK)
        break;
    }
    for (int i = 0; i < opened; i++)
      close(descriptors[i]);
    if (opened == RANGE)
      return low;
  }
  ck_abort_msg("no free ports");
}

START_TEST(a_range_is_used_up_port_by_port_and_then_exhausted)
{
  struct socket opened[RANGE];
  struct ow_failure failure = {0};
  uint16_t low = free_range(_i);
  struct ow_udp_options options = {
      .local = test_address(LOCALS[_i], 999), .port_low = low, .port_high = (uint16_t)(low + RANGE - 1)};
  unsigned seen = 0;
  for (int i = 0; i < RANGE; i++) {
    opened[i] = open_with(options);
    seen |= 1U << (ow_address_port(&opened[i].bound) - low);
  }
  ck_assert_uint_eq(seen, (1U << RANGE) - 1);
  struct socket none;
  ck_assert_int_eq(ow_udp_open(&options, &none.descriptor, &none.bound, &failure), OW_LIMIT);
  ck_assert_int_eq(none.descriptor, -1);
  char range[80];
  snprintf(range, sizeof range, "%s port %u to %u", LOCALS[_i], low, low + RANGE - 1U);
  ck_assert_msg(strstr(failure.text, range) != NULL, "%s", failure.text);
  close(opened[3].descriptor);
  struct socket again = open_with(options);
  ck_assert_int_eq(ow_address_port(&again.bound), ow_address_port(&opened[3].bound));
  opened[3] = again;
  for (int i = 0; i < RANGE; i++)
    close(opened[i].descriptor);
}
END_TEST

START_TEST(one_port_that_is_taken_is_named)
{
  struct ow_failure failure = {0};
  struct socket first = open_local(_i, false), second;
  uint16_t port = ow_address_port(&first.bound);
  struct ow_udp_options options = {.local = test_address(LOCALS[_i], 0), .port_low = port, .port_high = port};
  ck_assert_int_eq(ow_udp_open(&options, &second.descriptor, &second.bound, &failure), OW_LIMIT);
  char named[80];
  snprintf(named, sizeof named, "%s port %u", LOCALS[_i], port);
  ck_assert_msg(strstr(failure.text, named) != NULL, "%s", failure.text);
  close(first.descriptor);
}
END_TEST

START_TEST(the_highest_port_can_be_used)
{
  struct socket opened;
  struct ow_udp_options options = {
      .local = test_address(LOCALS[_i], 0), .port_low = 65534, .port_high = 65535};
  opened = open_with(options);
  ck_assert_uint_ge(ow_address_port(&opened.bound), 65534);
  close(opened.descriptor);
}
END_TEST

/* Failures */

static struct ow_failure open_fails(struct ow_udp_options options, enum ow_status expected)
{
  struct ow_failure failure = {0};
  struct socket none;
  ck_assert_int_eq(ow_udp_open(&options, &none.descriptor, &none.bound, &failure), expected);
  ck_assert_int_eq(failure.status, expected);
  ck_assert_int_eq(none.descriptor, -1);
  return failure;
}

START_TEST(a_foreign_address_is_named_with_the_reason)
{
  struct ow_failure failure =
      open_fails((struct ow_udp_options){.local = test_address("192.0.2.77", 0)}, OW_INVALID);
  ck_assert_int_eq(failure.error, EADDRNOTAVAIL);
  ck_assert_ptr_nonnull(strstr(failure.text, "192.0.2.77"));
  ck_assert_ptr_nonnull(strstr(failure.text, "no interface of this host has it"));
}
END_TEST

START_TEST(options_that_cannot_be_are_invalid)
{
  union ow_address local = test_address("127.0.0.1", 0);
  open_fails((struct ow_udp_options){.local = local, .port_low = 9, .port_high = 8}, OW_INVALID);
  open_fails((struct ow_udp_options){.local = local, .port_high = 8}, OW_INVALID);
  open_fails((struct ow_udp_options){.local = local, .dscp = 64}, OW_INVALID);
  open_fails((struct ow_udp_options){.dscp = 0}, OW_INVALID);
}
END_TEST

START_TEST(an_unknown_interface_is_named)
{
  struct ow_failure failure = open_fails(
      (struct ow_udp_options){.local = test_address("127.0.0.1", 0), .interface = "nosuch0"}, OW_INVALID);
  ck_assert_int_eq(failure.error, ENODEV);
  ck_assert_ptr_nonnull(strstr(failure.text, "nosuch0"));
}
END_TEST

START_TEST(an_interface_can_be_given)
{
  struct socket opened =
      open_with((struct ow_udp_options){.local = test_address("127.0.0.1", 0), .interface = "lo"});
  close(opened.descriptor);
  opened = open_with((struct ow_udp_options){.local = test_address("127.0.0.1", 0), .interface = ""});
  close(opened.descriptor);
}
END_TEST

START_TEST(a_peer_of_the_other_family_cannot_be_connected_to)
{
  struct ow_failure failure = {0};
  struct socket v4 = open_local(0, false);
  union ow_address peer = test_address("2001:db8::1", 861);
  ck_assert_int_eq(ow_udp_connect(v4.descriptor, &peer, &failure), OW_NETWORK);
  ck_assert_ptr_nonnull(strstr(failure.text, "2001:db8::1 port 861"));
  close(v4.descriptor);
}
END_TEST

/* What doesn't fit is counted, to the last datagram, and as a want of buffer. */
START_TEST(what_lacks_buffer_is_counted)
{
  enum { SENT = 400 };
  const int small = 4096;
  struct pair pair = open_pair(_i, false);
  uint64_t before, after;
  uint32_t received = 0;
  ck_assert(ow_udp_overflows(&before));
  ck_assert_uint_eq(ow_udp_dropped(pair.receiver.descriptor), 0);
  ck_assert_int_eq(setsockopt(pair.receiver.descriptor, SOL_SOCKET, SO_RCVBUF, &small, sizeof small), 0);
  for (int i = 0; i < SENT; i++)
    ck_assert_int_eq(ow_udp_send_to(pair.sender.descriptor, NULL, "0123456789012", 14, false), 0);
  for (size_t got = 1; got > 0; received += (uint32_t)got)
    got = ow_udp_receive(pair.receiver.descriptor, pair.batch, pair.datagrams);
  ck_assert_uint_gt(received, 0);
  ck_assert_uint_lt(received, SENT);
  ck_assert_uint_eq(ow_udp_dropped(pair.receiver.descriptor), SENT - received);
  ck_assert(ow_udp_overflows(&after));
  ck_assert_uint_ge(after - before, SENT - received); /* others may have such drops, too */
  close_pair(&pair);
}
END_TEST

START_TEST(a_buffer_fits_what_is_to_come)
{
  struct socket usual = open_local(0, false);
  struct socket large = open_with((struct ow_udp_options){.local = test_address("127.0.0.1", 0),
                                                          .receive_buffer = ow_udp_buffer_for(200, 0)});
  ck_assert_uint_ge(ow_udp_receive_buffer(large.descriptor), ow_udp_receive_buffer(usual.descriptor));
  ck_assert_uint_eq(ow_udp_buffer_for(1, 0), 1 << 18);
  ck_assert_uint_eq(ow_udp_buffer_for(1000, 100), 1000 * (2304 + 200));
  ck_assert_uint_eq(ow_udp_buffer_for(UINT32_MAX, UINT32_MAX), 1 << 25);
  close(usual.descriptor);
  close(large.descriptor);
}
END_TEST

/* 2, or on a host that has no IPv6 at all, 1. Outside of tests nothing may be asserted. */
static int count_families(void)
{
  struct socket opened;
  struct ow_udp_options options = {.local.v6 = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT}};
  bool both = ow_udp_open(&options, &opened.descriptor, &opened.bound, NULL) == OW_OK;
  if (both)
    close(opened.descriptor);
  else
    puts("no IPv6 here: only IPv4 is tested");
  return both ? 2 : 1;
}

/*
 * The kernel begins to stamp a moment after the first socket asks, and goes on while one does: `batch` does
 * until the end. On a host that never does, the tests will say so.
 */
static void await_kernel_stamps(struct ow_udp_batch *batch)
{
  struct ow_datagram datagrams[OW_UDP_BATCH];
  struct socket self;
  struct ow_udp_options options = {.local.v4 = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}}};
  bool stamped = ow_udp_open(&options, &self.descriptor, &self.bound, NULL) != OW_OK ||
                 ow_udp_connect(self.descriptor, &self.bound, NULL) != OW_OK;
  for (int tries = 0; tries < 10000 && !stamped; tries++) {
    struct pollfd wait = {.fd = self.descriptor, .events = POLLIN};
    ow_udp_send_to(self.descriptor, NULL, "x", 1, false);
    poll(&wait, 1, WAIT_MS);
    stamped = ow_udp_receive(self.descriptor, batch, datagrams) && datagrams[0].source == OW_STAMP_KERNEL;
  }
  close(self.descriptor);
}

static Suite *make_suite(int families)
{
  Suite *suite = suite_create("io: udp");
  TEST_CASE(suite, "address", an_address_is_printed_with_its_port,
            a_scoped_address_is_printed_with_its_interface, the_longest_address_fits,
            an_address_becomes_an_endpoint_and_comes_back, an_endpoint_s_address_is_in_network_order,
            a_mapped_address_is_ipv4, a_mapped_address_is_unmapped_and_no_other, zones_are_settled,
            a_foreign_family_is_no_endpoint, only_a_link_local_address_takes_the_scope_of_its_like);
  TEST_LOOP(suite, "traffic", families, a_datagram_arrives_with_its_sender_ttl_and_the_kernel_s_stamp,
            nothing_is_received_where_nothing_waits, what_is_kept_out_takes_no_room_and_what_is_let_in_comes,
            more_than_a_batch_is_received_in_order, an_empty_datagram_is_one,
            a_long_datagram_is_cut_and_the_next_is_whole, a_datagram_beyond_what_udp_carries_is_refused,
            a_datagram_tells_its_dscp, the_dscp_is_on_the_wire, packets_beyond_the_mtu_are_fragmented,
            a_connected_socket_hears_no_stranger, a_connected_socket_knows_where_it_sends_from);
  TEST_LOOP(suite, "departures", families, a_departure_lies_between_sending_and_arrival,
            departures_are_numbered_by_the_packets_that_asked,
            without_transmit_stamps_the_packet_leaves_all_the_same, the_count_of_departures_begins_again);
  TEST_LOOP(suite, "icmp", families, a_refusal_is_told_once_and_a_retry_sends,
            a_refusal_does_not_confuse_the_count_of_departures, receiving_passes_over_a_refusal,
            a_pending_refusal_is_told_once);
  TEST_LOOP(suite, "fallbacks", families, a_socket_without_kernel_stamps_gives_the_reader_s,
            the_older_kind_of_kernel_stamp_is_understood, a_ttl_that_is_not_told_is_not_known);
  TEST_LOOP(suite, "buffer", families, what_lacks_buffer_is_counted, a_buffer_fits_what_is_to_come);
  TEST_LOOP(suite, "ports", families, an_ephemeral_port_is_told,
            a_range_is_used_up_port_by_port_and_then_exhausted, one_port_that_is_taken_is_named,
            the_highest_port_can_be_used);
  if (families == 2)
    TEST_CASE(suite, "both families", ipv6_any_leaves_ipv4_alone);
  TEST_CASE(suite, "failures", a_foreign_address_is_named_with_the_reason, options_that_cannot_be_are_invalid,
            an_unknown_interface_is_named, an_interface_can_be_given,
            a_peer_of_the_other_family_cannot_be_connected_to);
  return suite;
}

int main(void)
{
  struct ow_udp_batch *batch = ow_udp_batch_create();
  test_seed();
  await_kernel_stamps(batch);
  int result = test_run(make_suite(count_families()));
  ow_udp_batch_free(batch);
  return result;
}
