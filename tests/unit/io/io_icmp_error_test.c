/* SPDX-License-Identifier: MIT */
/* io/icmp_error: whose word about a packet is believed. */
#include <time.h> /* first: <linux/errqueue.h> needs it and doesn't say so */

#include <errno.h>
#include <linux/errqueue.h>
#include <netinet/in.h>
#include <string.h>

#include "io/icmp_error.h"
#include "support/address.h"
#include "support/main.h"

static union {
  struct cmsghdr header;
  uint8_t octets[128];
} control;

/* As the kernel writes it; `who` NULL: it knows nobody. */
static void said(int family, uint8_t origin, uint32_t error, const char *who)
{
  struct sock_extended_err what = {.ee_errno = error, .ee_origin = origin};
  union ow_address speaker = {.any.sa_family = AF_UNSPEC};
  if (who)
    speaker = test_address(who, 0);
  memset(&control, 0, sizeof control);
  control.header.cmsg_level = family == AF_INET6 ? IPPROTO_IPV6 : IPPROTO_IP;
  control.header.cmsg_type = family == AF_INET6 ? IPV6_RECVERR : IP_RECVERR;
  control.header.cmsg_len =
      CMSG_LEN(sizeof what + (family == AF_INET6 ? sizeof speaker.v6 : sizeof speaker.v4));
  memcpy(CMSG_DATA(&control.header), &what, sizeof what);
  memcpy((uint8_t *)&control + CMSG_LEN(sizeof what), &speaker, sizeof speaker);
}

static int believed(const char *to)
{
  union ow_address address = test_address(to, 9000);
  return ow_icmp_error(&control.header, &address);
}

START_TEST(that_nobody_listens_is_believed_of_the_host_itself)
{
  said(AF_INET, SO_EE_ORIGIN_ICMP, ECONNREFUSED, "192.0.2.1");
  ck_assert_int_eq(believed("192.0.2.1"), ECONNREFUSED);
  ck_assert_int_eq(believed("192.0.2.2"), EHOSTUNREACH);
  said(AF_INET6, SO_EE_ORIGIN_ICMP6, ECONNREFUSED, "2001:db8::1");
  ck_assert_int_eq(believed("2001:db8::1"), ECONNREFUSED);
  ck_assert_int_eq(believed("2001:db8::2"), EHOSTUNREACH);
  said(AF_INET, SO_EE_ORIGIN_ICMP, ECONNREFUSED, NULL);
  ck_assert_int_eq(believed("192.0.2.1"), EHOSTUNREACH);
  control.header.cmsg_len = CMSG_LEN(sizeof(struct sock_extended_err)); /* without anybody */
  ck_assert_int_eq(believed("192.0.2.1"), EHOSTUNREACH);
}
END_TEST

/* The kernel tells the zone of who said it, if any: an address is a host's whatever the zone. */
START_TEST(a_link_local_host_is_known_by_its_address)
{
  union ow_address host = test_address("fe80::1", 9000);
  host.v6.sin6_scope_id = 7;
  said(AF_INET6, SO_EE_ORIGIN_ICMP6, ECONNREFUSED, "fe80::1");
  ck_assert_int_eq(ow_icmp_error(&control.header, &host), ECONNREFUSED);
  said(AF_INET6, SO_EE_ORIGIN_ICMP6, ECONNREFUSED, "fe80::2");
  ck_assert_int_eq(ow_icmp_error(&control.header, &host), EHOSTUNREACH);
}
END_TEST

START_TEST(another_family_and_half_an_address_are_nobody)
{
  said(AF_INET6, SO_EE_ORIGIN_ICMP, ECONNREFUSED, "192.0.2.1");
  ck_assert_int_eq(believed("2001:db8::1"), EHOSTUNREACH);
  said(AF_INET, SO_EE_ORIGIN_ICMP6, ECONNREFUSED, "2001:db8::1");
  ck_assert_int_eq(believed("192.0.2.1"), EHOSTUNREACH);
  said(AF_INET6, SO_EE_ORIGIN_ICMP6, ECONNREFUSED, "2001:db8::1");
  control.header.cmsg_len = CMSG_LEN(sizeof(struct sock_extended_err) + 16); /* half of the address */
  ck_assert_int_eq(believed("2001:db8::1"), EHOSTUNREACH);
  said(AF_INET, SO_EE_ORIGIN_ICMP, ECONNREFUSED, "192.0.2.1");
  control.header.cmsg_len = CMSG_LEN(sizeof(struct sock_extended_err) + 6); /* likewise */
  ck_assert_int_eq(believed("192.0.2.1"), EHOSTUNREACH);
}
END_TEST

START_TEST(anything_else_routers_may_say)
{
  said(AF_INET, SO_EE_ORIGIN_ICMP, EHOSTUNREACH, "198.51.100.1");
  ck_assert_int_eq(believed("192.0.2.1"), EHOSTUNREACH);
  said(AF_INET6, SO_EE_ORIGIN_ICMP6, EACCES, "2001:db8::9");
  ck_assert_int_eq(believed("2001:db8::1"), EACCES);
}
END_TEST

START_TEST(what_is_no_word_of_icmp_is_none)
{
  said(AF_INET, SO_EE_ORIGIN_TIMESTAMPING, ENOMSG, NULL);
  ck_assert_int_eq(believed("192.0.2.1"), 0);
  said(AF_INET, SO_EE_ORIGIN_ICMP, ECONNREFUSED, "192.0.2.1");
  control.header.cmsg_len = CMSG_LEN(1);
  ck_assert_int_eq(believed("192.0.2.1"), 0);
  said(AF_INET, SO_EE_ORIGIN_ICMP, ECONNREFUSED, "192.0.2.1");
  control.header.cmsg_type = IP_TTL;
  ck_assert_int_eq(believed("192.0.2.1"), 0);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("io/icmp_error");
  TEST_CASE(suite, "words", that_nobody_listens_is_believed_of_the_host_itself,
            a_link_local_host_is_known_by_its_address, another_family_and_half_an_address_are_nobody,
            anything_else_routers_may_say, what_is_no_word_of_icmp_is_none);
  return test_run(suite);
}
