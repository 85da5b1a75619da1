/* SPDX-License-Identifier: MIT */
/* Whose questions a Session-Reflector answers: lines of the limits file, and who is found by them. */
#include <stdio.h>
#include <string.h>

#include "policy/listed.h"
#include "policy/policy.h"
#include "support/main.h"

#define ROOT "limit a with bandwidth=1m\nlimit b with parent=a\n"

static const char KEYS[] = "router 726f75746572\nother 6f74686572\n";

static struct ow_keys_file keys;
static struct ow_limits limits;
static struct ow_listed listed;
static char warned[1024];

static void on_log(void *context, enum ow_log_level level, const char *line)
{
  (void)context, (void)level;
  strncat(warned, line, sizeof warned - strlen(warned) - 1);
}

static enum ow_status parse(const char *text, struct ow_failure *failure)
{
  const struct ow_log log = {.emit = on_log, .most = OW_LOG_DEBUG};
  warned[0] = '\0';
  *failure = (struct ow_failure){.text = ""};
  ck_assert_int_eq(ow_key_file_parse("t.pfs", KEYS, sizeof KEYS - 1, &keys, NULL, failure), OW_OK);
  return ow_limits_parse("t.limits", text, strlen(text), &keys, &limits, &log, failure);
}

static void clear(void)
{
  ow_listed_clear(&listed);
  ow_limits_clear(&limits);
  ow_key_file_clear(&keys);
}

static void list(const char *text)
{
  struct ow_failure failure;
  ck_assert_msg(parse(text, &failure) == OW_OK, "%s", failure.text);
  ck_assert_int_eq(ow_listed_open(&listed, &limits, &keys), OW_OK);
}

static struct ow_endpoint ipv4(uint8_t a, uint8_t b, uint8_t c, uint8_t d)
{
  return (struct ow_endpoint){.version = 4, .address = {a, b, c, d}, .port = 5000};
}

/* The class of who asks so; NULL, and why not. */
static const char *find(struct ow_endpoint from, enum ow_mode mode, uint16_t ssid, const char *key,
                        enum ow_status expected)
{
  uint8_t packet[OW_STAMP_AUTHENTICATED];
  const struct ow_listed_peer *peer = NULL;
  struct ow_stamp_question question;
  struct ow_stamp_codec *codec = ow_stamp_codec_create(mode, key, strlen(key));
  ck_assert_ptr_nonnull(codec);
  ow_stamp_question_prepare(codec, 1, ssid, packet);
  ck_assert_int_eq(
      ow_stamp_question_stamp(codec, (struct ow_timestamp){1}, (struct ow_error_estimate){1}, packet), OW_OK);
  ow_stamp_codec_free(codec);
  ck_assert_int_eq(ow_listed_find(&listed, &from, packet, ow_stamp_least(mode), &peer, &question), expected);
  if (expected == OW_OK)
    ck_assert_uint_eq(question.ssid, ssid);
  return expected == OW_OK ? limits.classes[peer->rule.class].name : NULL;
}

START_TEST(net_ssid_and_key_decide)
{
  list(ROOT "assign stamp 192.0.2.0/24 a\nassign stamp 192.0.2.128/25 ssid=9 b\n"
            "assign stamp 198.51.100.7 ssid=9 key=router b # that one\n"
            "assign stamp 198.51.100.7 ssid=8 key=other a\nassign stamp 2001:db8::/32 key=router b\n");
  ck_assert_str_eq(find(ipv4(192, 0, 2, 1), OW_MODE_OPEN, 9, "", OW_OK), "a");
  ck_assert_str_eq(find(ipv4(192, 0, 2, 200), OW_MODE_OPEN, 9, "", OW_OK), "b");
  ck_assert_str_eq(find(ipv4(192, 0, 2, 200), OW_MODE_OPEN, 8, "", OW_OK), "a");
  (void)find(ipv4(192, 0, 3, 1), OW_MODE_OPEN, 9, "", OW_REFUSED);
  ck_assert_str_eq(find(ipv4(198, 51, 100, 7), OW_MODE_AUTHENTICATED, 9, "router", OW_OK), "b");
  ck_assert_str_eq(find(ipv4(198, 51, 100, 7), OW_MODE_AUTHENTICATED, 8, "other", OW_OK), "a");
  (void)find(ipv4(198, 51, 100, 7), OW_MODE_AUTHENTICATED, 8, "router", OW_AUTH);
  (void)find(ipv4(198, 51, 100, 7), OW_MODE_AUTHENTICATED, 7, "router", OW_REFUSED);
  (void)find(ipv4(198, 51, 100, 7), OW_MODE_OPEN, 9, "", OW_REFUSED);
  struct ow_endpoint six = {.version = 6, .address = {0x20, 0x01, 0x0d, 0xb8}};
  ck_assert_str_eq(find(six, OW_MODE_AUTHENTICATED, 1, "router", OW_OK), "b");
  (void)find(six, OW_MODE_OPEN, 1, "", OW_INVALID);
  clear();
}
END_TEST

START_TEST(of_many_keys_a_few_are_tried)
{
  char text[4096] = ROOT;
  for (int i = 0; i < 2 * OW_LISTED_KEYS_MOST; i++) {
    size_t length = strlen(text);
    snprintf(text + length, sizeof text - length, "assign stamp 192.0.%d.0/%d key=other a\n",
             30 - i < 23 ? 0 : 2, 30 - i);
  }
  strcat(text, "assign stamp 0.0.0.0/0 key=router b\nassign stamp 198.0.0.0/8 key=router b\n");
  list(text);
  ck_assert_uint_eq(listed.count, 2 * OW_LISTED_KEYS_MOST + 2);
  (void)find(ipv4(192, 0, 2, 1), OW_MODE_AUTHENTICATED, 1, "router", OW_AUTH);
  ck_assert_str_eq(find(ipv4(198, 1, 2, 3), OW_MODE_AUTHENTICATED, 1, "router", OW_OK), "b");
  clear();
}
END_TEST

START_TEST(nobody_is_listed_by_a_net_or_a_default)
{
  list(ROOT "assign default a\nassign net 192.0.2.0/24 b\nassign user router b\n");
  ck_assert_uint_eq(listed.count, 0);
  (void)find(ipv4(192, 0, 2, 1), OW_MODE_OPEN, 0, "", OW_REFUSED);
  clear();
}
END_TEST

START_TEST(the_last_of_equal_lines_holds)
{
  list(ROOT "assign stamp 192.0.2.1 ssid=9 a\nassign stamp 192.0.2.1/32 ssid=9 b\n");
  ck_assert_uint_eq(listed.count, 1);
  ck_assert_str_eq(find(ipv4(192, 0, 2, 1), OW_MODE_OPEN, 9, "", OW_OK), "b");
  ck_assert_msg(strstr(warned, "t.limits:4: assigned to a already in line 3"), "%s", warned);
  clear();
}
END_TEST

static const struct {
  const char *line, *phrase;
} bad[] = {
    {"assign stamp\n", "write: assign stamp ADDRESS/BITS [ssid=NUMBER] [key=KEYID] CLASS"},
    {"assign stamp 192.0.2.1\n", "class is missing"},
    {"assign stamp 192.0.2.1 ssid=9\n", "class is missing"},
    {"assign stamp 192.0.2.1 ssid=9 c\n", "\"c\" is not defined"},
    {"assign stamp here a\n", "not a network"},
    {"assign stamp 192.0.2.1 ssid=0 a\n", "1 to 65535"},
    {"assign stamp 192.0.2.1 ssid=65536 a\n", "1 to 65535"},
    {"assign stamp 192.0.2.1 ssid=x a\n", "1 to 65535"},
    {"assign stamp 192.0.2.1 key=nobody a\n", "no passphrase"},
};

START_TEST(an_error_is_named_with_file_and_line)
{
  struct ow_failure failure;
  char text[200] = ROOT;
  strcat(text, bad[_i].line);
  ck_assert_int_eq(parse(text, &failure), OW_INVALID);
  ck_assert_msg(strncmp(failure.text, "t.limits:3: ", 12) == 0 && strstr(failure.text, bad[_i].phrase), "%s",
                failure.text);
  clear();
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("policy_listed");
  TEST_CASE(suite, "who is found", net_ssid_and_key_decide, of_many_keys_a_few_are_tried,
            nobody_is_listed_by_a_net_or_a_default, the_last_of_equal_lines_holds);
  TEST_LOOP(suite, "errors", sizeof bad / sizeof *bad, an_error_is_named_with_file_and_line);
  return test_run(suite);
}
