/* SPDX-License-Identifier: MIT */
/* core/io: what is kept of many addresses, and in what order. The C library's resolver is played. */
#include <arpa/inet.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/loop.h"
#include "io/resolver.h"
#include "support/main.h"

enum { FOUND_MOST = 32 };

/* ---- the C library's ---- */

static const char *found[FOUND_MOST];
static struct addrinfo entries[FOUND_MOST];
static union ow_address addresses[FOUND_MOST];

static struct addrinfo entry(size_t index, const char *text)
{
  union ow_address *address = &addresses[index];
  memset(address, 0, sizeof *address);
  if (inet_pton(AF_INET, text, &address->v4.sin_addr) == 1) {
    address->any.sa_family = AF_INET;
  } else {
    ck_assert_int_eq(inet_pton(AF_INET6, text, &address->v6.sin6_addr), 1);
    address->any.sa_family = AF_INET6;
  }
  ow_address_set_port(address, 861);
  return (struct addrinfo){.ai_family = address->any.sa_family,
                           .ai_addr = &address->any,
                           .ai_addrlen = ow_address_length(address)};
}

int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints, struct addrinfo **result)
{
  (void)name, (void)service;
  if (hints->ai_flags & AI_NUMERICHOST)
    return EAI_NONAME;
  for (size_t i = 0; found[i]; i++) {
    entries[i] = entry(i, found[i]);
    if (i)
      entries[i - 1].ai_next = &entries[i];
  }
  *result = entries;
  return 0;
}

void freeaddrinfo(struct addrinfo *result)
{
  (void)result;
}

/* ---- ours ---- */

static struct ow_loop *loop;
static enum ow_status status;
static char told[1024];

static void resolved(void *context, enum ow_status how, const union ow_address *kept, size_t count,
                     const struct ow_failure *failure)
{
  char text[OW_ADDRESS_TEXT];
  (void)context;
  status = how;
  told[0] = '\0';
  for (size_t i = 0; i < count; i++)
    snprintf(told + strlen(told), sizeof told - strlen(told), "%s%s", i ? " " : "",
             ow_address_print_host(text, sizeof text, &kept[i]));
  if (how != OW_OK)
    snprintf(told, sizeof told, "%s", failure->text);
  ow_loop_stop(loop);
}

/* What is kept of `names`, which have blanks between. */
static void resolve(const char *names, int family)
{
  char copy[1024];
  char *rest = copy;
  size_t count = 0;
  struct ow_failure failure;
  snprintf(copy, sizeof copy, "%s", names);
  for (char *name = strtok_r(copy, " ", &rest); name; name = strtok_r(NULL, " ", &rest))
    found[count++] = name;
  found[count] = NULL;
  loop = ow_loop_create(&failure);
  ck_assert_ptr_nonnull(ow_resolve(loop, "peer.example", "861", family, resolved, NULL));
  ck_assert_int_eq(ow_loop_run(loop, &failure), OW_OK);
  ow_loop_free(loop);
}

START_TEST(the_families_take_turns_and_nothing_comes_twice)
{
  static const struct {
    const char *found;
    const char *kept;
  } rows[] = {
      {"2001:db8::1 2001:db8::2 192.0.2.1", "2001:db8::1 192.0.2.1 2001:db8::2"},
      {"192.0.2.1 192.0.2.2 192.0.2.3 2001:db8::1", "192.0.2.1 2001:db8::1 192.0.2.2 192.0.2.3"},
      {"192.0.2.1 192.0.2.2", "192.0.2.1 192.0.2.2"},
      {"2001:db8::1 192.0.2.1 2001:db8::1 192.0.2.1", "2001:db8::1 192.0.2.1"},
      {"::ffff:192.0.2.1 192.0.2.1", "192.0.2.1"},
      {"2001:db8::1", "2001:db8::1"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    resolve(rows[i].found, 0);
    ck_assert_int_eq(status, OW_OK);
    ck_assert_str_eq(told, rows[i].kept);
  }
}
END_TEST

/* However many there are of one family, the other has its turn. */
START_TEST(of_many_addresses_both_families_are_kept)
{
  char many[1024] = "";
  for (int i = 1; i <= 20; i++)
    snprintf(many + strlen(many), sizeof many - strlen(many), "2001:db8::%d ", i);
  snprintf(many + strlen(many), sizeof many - strlen(many), "192.0.2.1");
  resolve(many, 0);
  ck_assert_int_eq(status, OW_OK);
  ck_assert_str_eq(told, "2001:db8::1 192.0.2.1 2001:db8::2 2001:db8::3 2001:db8::4 2001:db8::5 2001:db8::6 "
                         "2001:db8::7 2001:db8::8 2001:db8::9 2001:db8::10 2001:db8::11 2001:db8::12 "
                         "2001:db8::13 2001:db8::14 2001:db8::15");
}
END_TEST

START_TEST(a_mapped_address_is_none_of_ipv6)
{
  resolve("::ffff:192.0.2.1 2001:db8::1", 6);
  ck_assert_int_eq(status, OW_OK);
  ck_assert_str_eq(told, "2001:db8::1");
  resolve("::ffff:192.0.2.1", 6);
  ck_assert_int_eq(status, OW_NETWORK);
  ck_assert_msg(strstr(told, "cannot resolve peer.example: No address") != NULL, "%s", told);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("io: many addresses");
  TEST_CASE(suite, "kept", the_families_take_turns_and_nothing_comes_twice,
            of_many_addresses_both_families_are_kept, a_mapped_address_is_none_of_ipv6);
  return test_run(suite);
}
