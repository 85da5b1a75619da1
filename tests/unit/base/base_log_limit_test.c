/* SPDX-License-Identifier: MIT */
/* base/log_limit: few lines of a kind pass, the others are counted, and none of this takes memory. */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "base/log_limit.h"
#include "base/units.h"
#include "support/main.h"

#define MINUTE (60 * OW_NS_PER_S)

static struct ow_log_limit limit;
static char text[2 * OW_LOG_LIMIT_TEXT];
static enum ow_log_level level;

static void set_up(void)
{
  memset(&limit, 0, sizeof limit);
}

static void tear_down(void)
{
}

/* How many of `count` lines pass; %u in the format counts them. */
static unsigned say(int64_t now, enum ow_log_level at, unsigned count, const char *format)
{
  unsigned passed = 0;
  for (unsigned i = 0; i < count; i++) {
    char line[512];
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    snprintf(line, sizeof line, format, i, i, i);
#pragma GCC diagnostic pop
    passed += ow_log_limit_pass(&limit, now, at, line);
  }
  return passed;
}

static const char wrong_key[] = "client 192.0.2.1 port %u: wrong passphrase for KeyID \"k%u\" (attempt %u)";

START_TEST(few_of_a_kind_pass_and_the_others_are_told_when_the_minute_is_over)
{
  ck_assert_uint_eq(say(5, OW_LOG_WARNING, 1000, wrong_key), OW_LOG_LIMIT_OF_KIND);
  ck_assert_int_eq(ow_log_limit_due(&limit), 5 + MINUTE);
  ck_assert(!ow_log_limit_tell(&limit, MINUTE, false, &level, text));
  ck_assert(ow_log_limit_tell(&limit, 5 + MINUTE, false, &level, text));
  ck_assert_str_eq(text,
                   "990 more lines like this within a minute: client 192.0.2.1 port 999: wrong passphrase "
                   "for KeyID \"k999\" (attempt 999)");
  ck_assert_int_eq(level, OW_LOG_WARNING);
  ck_assert(!ow_log_limit_tell(&limit, 5 + MINUTE, true, &level, text));
  ck_assert_int_eq(ow_log_limit_due(&limit), INT64_MAX);
  ck_assert_uint_eq(say(5 + MINUTE, OW_LOG_WARNING, 1000, wrong_key), OW_LOG_LIMIT_OF_KIND);
}
END_TEST

START_TEST(another_kind_or_client_is_not_held_back)
{
  say(0, OW_LOG_NOTICE, 100, wrong_key);
  ck_assert_uint_eq(say(0, OW_LOG_NOTICE, 5, "client 192.0.2.1 port %u: said nothing for 10 s"), 5);
  ck_assert_uint_eq(say(0, OW_LOG_NOTICE, 5, "client 192.0.2.2 port %u: wrong passphrase for KeyID \"k%u\""),
                    5);
  ck_assert_uint_eq(say(0, OW_LOG_NOTICE, 5, "client 2001:db8::1 port %u: wrong passphrase for KeyID \"k\""),
                    5);
}
END_TEST

/* Whatever words a client makes up. */
START_TEST(a_client_has_a_limit_of_its_own)
{
  unsigned passed = 0;
  for (int i = 0; i < 1000; i++) {
    char line[64];
    snprintf(line, sizeof line, "client 192.0.2.1 port 9: %c%c%c", 'a' + i / 100, 'a' + i / 10 % 10,
             'a' + i % 10);
    passed += ow_log_limit_pass(&limit, 0, OW_LOG_NOTICE, line);
  }
  ck_assert_uint_eq(passed, OW_LOG_LIMIT_OF_CLIENT);
  ck_assert_uint_eq(say(0, OW_LOG_NOTICE, 1, "client 192.0.2.2 port %u: aaa"), 1);
}
END_TEST

/* More clients than there are places: memory is what it was. */
START_TEST(all_clients_together_have_a_limit)
{
  unsigned passed = say(0, OW_LOG_NOTICE, 100000, "client 2001:db8::%x port %u: wrong passphrase");
  ck_assert_uint_le(passed, OW_LOG_LIMIT_OF_ALL);
  ck_assert_uint_ge(passed, OW_LOG_LIMIT_PLACES / 3);
  unsigned long held = 0;
  unsigned more;
  while (ow_log_limit_tell(&limit, MINUTE, false, &level, text)) {
    ck_assert_int_eq(sscanf(text, "%u more", &more), 1);
    held += more;
  }
  ck_assert_uint_eq(passed + held, 100000);
  ck_assert_uint_ge(say(MINUTE, OW_LOG_NOTICE, 100, "client 192.0.2.%u port %u: wrong passphrase"), 100);
}
END_TEST

START_TEST(who_asks_for_more_gets_more)
{
  ck_assert_uint_eq(say(0, OW_LOG_INFO, 1000, "client 192.0.2.1 port %u: gone"),
                    OW_LOG_LIMIT_OF_KIND * OW_LOG_LIMIT_CURIOUS);
  ck_assert_uint_eq(say(0, OW_LOG_DEBUG, 1000, "client 192.0.2.1 port %u: gone"), 1000);
  ck_assert_uint_eq(say(0, OW_LOG_NOTICE, 5, "client 192.0.2.1 port %u: gone"), 5);
}
END_TEST

START_TEST(lines_of_no_client_are_limited_by_kind)
{
  ck_assert_uint_eq(say(0, OW_LOG_NOTICE, 50, "query socket /run/q: cut off a client that doesn't read %u"),
                    OW_LOG_LIMIT_OF_KIND);
  ck_assert_uint_eq(say(0, OW_LOG_ERROR, 5, "query socket /run/q: no memory for an answer"), 5);
  ck_assert_uint_eq(say(0, OW_LOG_ERROR, 5, ""), 5);
  ck_assert_uint_eq(say(0, OW_LOG_ERROR, 5, "client "), 5);
  ck_assert_uint_eq(say(0, OW_LOG_ERROR, 5, "client \"\"\" port "), 5);
}
END_TEST

/* What goes on for minutes is told each minute. */
START_TEST(a_minute_begins_with_its_first_line)
{
  unsigned passed = 0;
  unsigned told = 0;
  for (int64_t now = 0; now < 5 * MINUTE; now += OW_NS_PER_S / 10) {
    passed += say(now, OW_LOG_NOTICE, 1, wrong_key);
    while (ow_log_limit_tell(&limit, now, false, &level, text))
      told++;
  }
  ck_assert_uint_eq(passed, 5 * OW_LOG_LIMIT_OF_KIND);
  ck_assert_uint_eq(told, 4);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("base/log_limit");
  TEST_CASE_WITH(set_up, tear_down, suite, "limits",
                 few_of_a_kind_pass_and_the_others_are_told_when_the_minute_is_over,
                 another_kind_or_client_is_not_held_back, a_client_has_a_limit_of_its_own,
                 all_clients_together_have_a_limit, who_asks_for_more_gets_more,
                 lines_of_no_client_are_limited_by_kind, a_minute_begins_with_its_first_line);
  return test_run(suite);
}
