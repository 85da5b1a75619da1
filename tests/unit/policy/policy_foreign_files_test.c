/* SPDX-License-Identifier: MIT */
/* owampd's files as people write them: what each comes to, and what is said of it. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "policy/limits.h"
#include "policy/server_conf.h"
#include "support/main.h"

#define LENGTH(array) ((int)(sizeof(array) / sizeof *(array)))

enum kind { CONF, LIMITS, PFS };

struct outcome {
  char text[2000]; /* all that was read */
  char log[2000];
  enum ow_status status;
  struct ow_failure failure;
};

static void hear(void *context, enum ow_log_level level, const char *line)
{
  struct outcome *outcome = context;
  size_t used = strlen(outcome->log);
  snprintf(outcome->log + used, sizeof outcome->log - used, "%s%s\n",
           level == OW_LOG_WARNING ? "" : "not a warning: ", line);
}

static void tell(struct outcome *outcome, const char *format, ...) OW_PRINTF(2, 3);
static void tell(struct outcome *outcome, const char *format, ...)
{
  size_t used = strlen(outcome->text);
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(outcome->text + used, sizeof outcome->text - used, format, arguments);
  va_end(arguments);
}

static void read_conf(const char *text, const struct ow_log *log, struct outcome *outcome)
{
  struct ow_server_conf conf;
  ow_server_conf_defaults(&conf);
  outcome->status = ow_server_conf_parse("t.conf", text, strlen(text), &conf, log, &outcome->failure);
  tell(outcome, "listen %s %s ports %u-%u modes %u connections %llu timeout %lld delay %lld count %llu",
       conf.listen.address, conf.listen.port, conf.test_port_low, conf.test_port_high, conf.modes,
       (unsigned long long)conf.most_connections, (long long)conf.control_timeout, (long long)conf.end_delay,
       (unsigned long long)conf.pbkdf2_count);
  tell(outcome, " user %s group %s folly %d vardir %s facility %d level %d nothing %d verbose %d", conf.user,
       conf.group, conf.root_folly, conf.vardir, conf.facility, (int)conf.log_most, conf.log_nothing,
       conf.verbose);
}

static void read_keys(const char *text, const struct ow_log *log, struct outcome *outcome)
{
  struct ow_keys_file keys = {0};
  outcome->status = ow_key_file_parse("t.pfs", text, strlen(text), &keys, log, &outcome->failure);
  for (size_t i = 0; i < keys.count; i++)
    tell(outcome, "%s=%.*s ", keys.keys[i].key_id, (int)keys.keys[i].passphrase.length,
         (const char *)keys.keys[i].passphrase.octets);
  ow_key_file_clear(&keys);
}

static void read_limits(const char *text, const struct ow_log *log, struct outcome *outcome)
{
  static const char key_text[] = "monitor 636f72\nguest 6775657374\n";
  struct ow_keys_file keys = {0};
  struct ow_limits limits;
  char net[OW_NET_TEXT];
  ck_assert_int_eq(ow_key_file_parse("t.pfs", key_text, sizeof key_text - 1, &keys, NULL, &outcome->failure),
                   OW_OK);
  outcome->status = ow_limits_parse("t.limits", text, strlen(text), &keys, &limits, log, &outcome->failure);
  for (size_t i = 0; i < limits.class_count; i++)
    tell(outcome, "%s of %d: %llu %llu %llu %d %d; ", limits.classes[i].name, limits.classes[i].parent,
         (unsigned long long)limits.classes[i].bandwidth, (unsigned long long)limits.classes[i].disk,
         (unsigned long long)limits.classes[i].test_sessions, limits.classes[i].delete_on_fetch,
         limits.classes[i].open_mode);
  for (size_t i = 0; i < limits.net_count; i++)
    tell(outcome, "%s is %d; ", ow_net_print(net, &limits.nets[i].net), limits.nets[i].class);
  for (size_t i = 0; i < limits.user_count; i++)
    tell(outcome, "%s is %d; ", limits.users[i].key_id, limits.users[i].class);
  tell(outcome, "others are %d", limits.fallback);
  ow_limits_clear(&limits);
  ow_key_file_clear(&keys);
}

static struct outcome read_text(enum kind kind, const char *text)
{
  struct outcome outcome = {.status = OW_OK};
  const struct ow_log log = {.context = &outcome, .emit = hear, .most = OW_LOG_DEBUG};
  switch (kind) {
  case CONF: read_conf(text, &log, &outcome); break;
  case LIMITS: read_limits(text, &log, &outcome); break;
  case PFS: read_keys(text, &log, &outcome); break;
  }
  return outcome;
}

#define ROOT "limit a with disk=1m\n"
#define TWO ROOT "limit b with parent=a\n"
#define MARK "\xef\xbb\xbf"

/* A text, the plain one that comes to the same, and of its warning place and a phrase; NULL: there is none.
 */
static const struct {
  enum kind kind;
  const char *text;
  const char *plain;
  const char *place;
  const char *phrase;
} variants[] = {
    /* comments */
    {CONF, "user x # y\nverbose # z\n#\n", "user x\nverbose\n", NULL, NULL},
    {CONF, "controltimeout 60# a minute\n", "controltimeout 60\n", NULL, NULL},
    {CONF, "loglevel WARN#ING\ntestports 9-10#x\n", "loglevel WARN\ntestports 9-10\n", NULL, NULL},
    {LIMITS, "limit a with disk=1m # small, smaller, smallest\n", ROOT, NULL, NULL},
    {LIMITS, "limit a with disk=1m, # small\n", ROOT, NULL, NULL},
    {LIMITS, "limit a with disk=1m#small, smaller\n", ROOT, NULL, NULL},
    {LIMITS, "limit a with # nothing\n", "limit a with\n", NULL, NULL},
    {LIMITS, TWO "assign default b # rest\nassign net 10.0.0.0/8 b #x\nassign user guest b # g\n",
     TWO "assign default b\nassign net 10.0.0.0/8 b\nassign user guest b\n", NULL, NULL},
    {PFS, "monitor 636f72 # mine\nguest 6775657374#\n", NULL, "t.pfs:2: ", "hexadecimal"},
    {PFS, "monitor 636f72 # mine\nguest 6775657374 #\n", "monitor 636f72\nguest 6775657374\n", NULL, NULL},
    /* what parts keys and values, and pairs */
    {LIMITS, "limit a with disk 1m\n", ROOT, NULL, NULL},
    {LIMITS, "limit a with disk\t= = 1m\n", ROOT, NULL, NULL},
    {LIMITS, "limit a with disk=1m,\n", ROOT, NULL, NULL},
    {LIMITS, "limit a with , disk=1m,, bandwidth=2 ,\n", "limit a with disk=1m, bandwidth=2\n", NULL, NULL},
    {LIMITS, "limit a with disk=1m bandwidth=2\n", ROOT,
     "t.limits:1: ", "\"bandwidth=2\" behind disk means nothing, as with owampd; is a comma missing?"},
    {LIMITS, "limit a with disk=1m, bandwidth=\n", "limit a with disk=1m, bandwidth=0\n",
     "t.limits:1: ", "bandwidth= without a value is 0"},
    {LIMITS, TWO "\nassign default b for all\n", TWO "assign default b\n",
     "t.limits:4: ", "\"for\" behind b means nothing, as with owampd\n"},
    /* twice */
    {LIMITS, TWO "assign net 10.0.0.0/8 b\nassign net 10.0.0.0/8 b\n", TWO "assign net 10.0.0.0/8 b\n", NULL,
     NULL},
    {LIMITS, TWO "assign net 10.0.0.0/8 b\nassign net 10.0.0.0/8 a\n", TWO "assign net 10.0.0.0/8 a\n",
     "t.limits:4: ", "assigned to b already in line 3; this line holds, and it is a"},
    {LIMITS, TWO "assign user guest a\nassign user guest a\n", TWO "assign user guest a\n", NULL, NULL},
    {LIMITS, TWO "assign user guest a\nassign user monitor a\nassign user guest b\n",
     TWO "assign user monitor a\nassign user guest b\n", "t.limits:5: ", "assigned to a already in line 3"},
    {LIMITS, TWO "assign default b\nassign default b\n", TWO "assign default b\n", NULL, NULL},
    {LIMITS, TWO "assign default b\nassign default a\n", TWO "assign default a\n",
     "t.limits:4: ", "assigned to b already in line 3"},
    /* networks as inet_aton(3) reads them */
    {LIMITS, ROOT "assign net 10.0/8 a\n", ROOT "assign net 10.0.0.0/8 a\n",
     "t.limits:2: ", "10.0/8 is read as 10.0.0.0/8"},
    {LIMITS, ROOT "assign net 192.0.2.010 a\n", ROOT "assign net 192.0.2.8 a\n",
     "t.limits:2: ", "read as 192.0.2.8/32"},
    /* values */
    {CONF, "loglevel WARNING\n", "loglevel WARN\n", NULL, NULL},
    {CONF, "loglevel Error\n", "loglevel FATAL\n", NULL, NULL},
    {CONF, "verbose off\n", "verbose\n", "t.conf:1: ", "to switch it off, remove the line"},
    {CONF, "rootfolly yes\n", "rootfolly\n", "t.conf:1: ", "rootfolly takes no value"},
    {CONF, "controltimeout 0\n", "controltimeout 604800\n", "t.conf:1: ", "604800 seconds are used"},
    {CONF, "controltimeout 1000000\n", "controltimeout 604800\n", "t.conf:1: ", "604800 is used"},
    {CONF, "controltimeout 30m\n", "controltimeout 30\n", "t.conf:1: ", "\"30m\" is read as 30"},
    {CONF, "controltimeout 1800s # half an hour\n", "controltimeout 1800\n", "t.conf:1: ", "\"s\" means"},
    {CONF, "enddelay .5\n", "enddelay 0.5\n", NULL, NULL},
    {CONF, "enddelay 99999999999999999999.9\n", "enddelay 604800\n", "t.conf:1: ", "604800 is used"},
    {CONF, "maxcontrolsessions 2000000\n", "maxcontrolsessions 1000000\n", "t.conf:1: ", "1000000 is used"},
    {CONF, "maxcontrolsessions 7x\n", "maxcontrolsessions 7\n", "t.conf:1: ", "\"7x\" is read as 7"},
    {CONF, "testports 9-10x\n", "testports 9-10\n", "t.conf:1: ", "\"9-10x\" is read as 9-10"},
    {CONF, "pbkdf2_count 5000\n", "pbkdf2_count 8192\n", "t.conf:1: ", "power of 2"},
    {CONF, "pbkdf2_count 1000\n", "pbkdf2_count 1024\n", "t.conf:1: ", "1024 is used"},
    {CONF, "pbkdf2_count 131072\n", "pbkdf2_count 65536\n", "t.conf:1: ", "65536 is used"},
    {CONF, "pbkdf2_count 4096\npbkdf2_count 0\n", "", NULL, NULL},
    /* continued lines, and the mark before the first one */
    {CONF, "control\\\ntimeout 6\\\n0\n", "controltimeout 60\n", NULL, NULL},
    {LIMITS, "li\\\r\nmit a wi\\\nth di\\\nsk=\\\n1m\n", ROOT, NULL, NULL},
    {LIMITS, "limit a with disk=1m,\\\n\n" ROOT, NULL, "t.limits:3: ", "already defined"},
    {PFS, "moni\\\ntor \\\n  63\\\r\n6f72\nguest \\\n6775657374\n", "monitor 636f72\nguest 6775657374\n",
     NULL, NULL},
    {PFS, "dom\\ain 636f72\n", "dom\\ain 636f72\n", NULL, NULL},
    {CONF, MARK "user x\n", "user x\n", NULL, NULL},
    {LIMITS, MARK ROOT, ROOT, NULL, NULL},
    {PFS, MARK "guest 6775657374\r\n", "guest 6775657374\n", NULL, NULL},
};

static void expect_sentence(const char *text, const char *place, const char *phrase)
{
  ck_assert_msg(strncmp(text, place, strlen(place)) == 0 && strstr(text, phrase),
                "\"%s\" doesn't begin with \"%s\" or say \"%s\"", text, place, phrase);
}

START_TEST(it_comes_to_the_same_as_the_plain_text)
{
  struct outcome outcome = read_text(variants[_i].kind, variants[_i].text);
  if (variants[_i].plain) {
    struct outcome plain = read_text(variants[_i].kind, variants[_i].plain);
    ck_assert_msg(outcome.status == OW_OK, "%s", outcome.failure.text);
    ck_assert_str_eq(outcome.text, plain.text);
    ck_assert_str_eq(plain.log, "");
  } else {
    ck_assert_int_eq(outcome.status, OW_INVALID);
    expect_sentence(outcome.failure.text, variants[_i].place, variants[_i].phrase);
  }
}
END_TEST

START_TEST(what_may_be_meant_otherwise_is_told_once_with_file_and_line)
{
  struct outcome outcome = read_text(variants[_i].kind, variants[_i].text);
  if (!variants[_i].plain || !variants[_i].place) {
    ck_assert_str_eq(outcome.log, "");
  } else {
    expect_sentence(outcome.log, variants[_i].place, variants[_i].phrase);
    ck_assert_ptr_eq(strchr(outcome.log, '\n'), outcome.log + strlen(outcome.log) - 1);
  }
}
END_TEST

/* Several faults in one file, of which none follows from another, and all of them in their order. */
static const struct {
  enum kind kind;
  const char *text;
  const char *log;
  const char *last;
} faulty[] = {
    {CONF, "users x\nuser\nverbose\nauthmode X\nuser a\\b\nuser \\ \n a\nfacility no\n",
     "not a warning: t.conf:1: unknown directive \"users\"; owamp-server.conf(5) lists them\n"
     "not a warning: t.conf:2: user needs a value; e.g. user owamp\n"
     "not a warning: t.conf:4: authmode \"X\" holds other letters than A, E and O; e.g. authmode AEO\n"
     "not a warning: t.conf:5: a backslash can stand only at the end of a line, to continue it\n"
     "not a warning: t.conf:6: blanks behind the backslash that continues the line; remove them\n",
     "t.conf:8: facility \"no\" is not one of syslog's; daemon, user, local0 to local7 and others"},
    {LIMITS,
     "limit a with disk=x\nlimit b with parent=a, speed=1\nassign default b\nassign net 10/8 b\nlimit\n",
     "not a warning: t.limits:1: disk=x is not a whole number, with k, m, g or t behind it if need be; e.g. "
     "disk=10m\n"
     "not a warning: t.limits:2: unknown limit \"speed\"; parent, bandwidth, disk, test_sessions, "
     "delete_on_fetch, allow_open_mode, start_ahead or session_time\n"
     "not a warning: t.limits:4: \"10/8\": bits behind the prefix are set; is the prefix too short?\n",
     "t.limits:5: write: limit CLASS with KEY=VALUE, KEY=VALUE"},
    {LIMITS, "limit a with\nassign default b\nassign default a\nassign default a\nassign user nobody a\n",
     "not a warning: t.limits:2: class \"b\" is not defined above this line\n",
     "t.limits:5: user nobody has no passphrase; add one to the .pfs file, or remove this line"},
    {PFS, "a\nb 0\nc 00\nc \\\n00\n",
     "not a warning: t.pfs:1: no passphrase follows the KeyID\n"
     "not a warning: t.pfs:2: the passphrase has an odd number of hexadecimal digits\n",
     "t.pfs:4: a line above already has the KeyID 'c'"},
};

START_TEST(each_fault_is_told_with_file_and_line)
{
  struct outcome outcome = read_text(faulty[_i].kind, faulty[_i].text);
  ck_assert_int_eq(outcome.status, OW_INVALID);
  ck_assert_str_eq(outcome.log, faulty[_i].log);
  ck_assert_str_eq(outcome.failure.text, faulty[_i].last);
}
END_TEST

START_TEST(without_a_log_the_first_fault_is_told)
{
  struct ow_server_conf conf;
  struct ow_failure failure;
  ow_server_conf_defaults(&conf);
  ck_assert_int_eq(ow_server_conf_parse("t.conf", "user\ngroup\n", 11, &conf, NULL, &failure), OW_INVALID);
  ck_assert_str_eq(failure.text, "t.conf:1: user needs a value; e.g. user owamp");
}
END_TEST

START_TEST(a_name_can_hold_the_mark_of_a_comment)
{
  struct outcome outcome = read_text(CONF, "\nvardir /a#b # c\n");
  ck_assert_ptr_nonnull(strstr(outcome.text, "vardir /a#b "));
  expect_sentence(outcome.log, "t.conf:2: ", "the # belongs to the value");
  outcome = read_text(LIMITS, "limit a#1 with\nlimit b with parent=a#1\nassign default a#1\n");
  ck_assert_msg(outcome.status == OW_OK, "%s", outcome.failure.text);
  ck_assert_str_eq(outcome.log, "");
}
END_TEST

START_TEST(a_continued_key_is_bounded)
{
  struct ow_keys_file keys = {0};
  struct ow_failure failure;
  static char text[5000];
  memset(text, 'a', sizeof text - 1);
  memcpy(text + 2000, "\\\n", 2);
  ck_assert_int_eq(ow_key_file_parse("t.pfs", text, sizeof text - 1, &keys, NULL, &failure), OW_INVALID);
  ck_assert_str_eq(failure.text, "t.pfs:1: this continued line is too long for a KeyID and a passphrase");
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("foreign files");
  TEST_LOOP(suite, "variants", LENGTH(variants), it_comes_to_the_same_as_the_plain_text);
  TEST_LOOP(suite, "warnings", LENGTH(variants), what_may_be_meant_otherwise_is_told_once_with_file_and_line);
  TEST_LOOP(suite, "faults", LENGTH(faulty), each_fault_is_told_with_file_and_line);
  TEST_CASE(suite, "bounds", without_a_log_the_first_fault_is_told, a_name_can_hold_the_mark_of_a_comment,
            a_continued_key_is_bounded);
  return test_run(suite);
}
