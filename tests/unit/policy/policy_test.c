/* SPDX-License-Identifier: MIT */
/* The responder's configuration files, the decisions that follow from them, and its start-up. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <syslog.h>
#include <unistd.h>

#include "daemon/pidfile.h"
#include "daemon/privileges.h"
#include "io/system_clock.h"
#include "io/text_file.h"
#include "policy/limits.h"
#include "policy/listen_address.h"
#include "policy/net_match.h"
#include "policy/policy.h"
#include "policy/server_conf.h"
#include "policy/settings.h"
#include "policy/test_ports.h"
#include "responder/identity.h"
#include "responder/options.h"
#include "responder/run.h"
#include "support/main.h"

#define COUNT(list) ((int)(sizeof(list) / sizeof *(list)))

/* ---- what was logged ---- */

struct heard {
  char lines[4000];
};

static void hear(void *context, enum ow_log_level level, const char *line)
{
  struct heard *heard = context;
  size_t used = strlen(heard->lines);
  (void)level;
  ck_assert_uint_lt(used + strlen(line) + 2, sizeof heard->lines);
  snprintf(heard->lines + used, sizeof heard->lines - used, "%s\n", line);
}

static struct ow_log listener(struct heard *heard)
{
  *heard = (struct heard){0};
  return (struct ow_log){.context = heard, .emit = hear, .most = OW_LOG_DEBUG};
}

/* The text must begin with `start` and say `phrase` somewhere. */
static void expect_text(const char *text, const char *start, const char *phrase)
{
  ck_assert_msg(strncmp(text, start, strlen(start)) == 0, "\"%s\" doesn't begin with \"%s\"", text, start);
  ck_assert_msg(strstr(text, phrase) != NULL, "\"%s\" doesn't say \"%s\"", text, phrase);
}

/* A text that can't be read, how the message begins (file and line), and a phrase of it. */
struct bad {
  const char *text;
  const char *start;
  const char *phrase;
};

/* ---- addresses, networks ---- */

static const struct {
  const char *text, *address, *port;
} ADDRESSES[] = {
    {"192.0.2.1:8610", "192.0.2.1", "8610"},
    {"192.0.2.1", "192.0.2.1", "861"},
    {":8610", "", "8610"},
    {"localhost:owamp-control", "localhost", "owamp-control"},
    {"[2001:db8::1]:0", "2001:db8::1", "0"},
    {"[fe80::1%eth0]", "fe80::1%eth0", "861"},
    {"[fe80::1%eth0]:8610", "fe80::1%eth0", "8610"},
    {"fe80::1%eth0", "fe80::1%eth0", "861"},
    {"[::ffff:192.0.2.1]:8610", "::ffff:192.0.2.1", "8610"},
    {"2001:db8::1", "2001:db8::1", "861"},
    {"*", "*", "861"},
    {"8610", "", "8610"},
    {"0", "", "0"},
    {"::", "", "861"},
    {"[::]:8610", "", "8610"},
    {"[0:0::0]", "", "861"},
    {"0.0.0.0:8610", "0.0.0.0", "8610"},
};

START_TEST(listening_addresses_are_read)
{
  struct ow_listen_address listen = ow_listen_default;
  struct ow_failure failure;
  ck_assert_int_eq(ow_listen_address_parse(ADDRESSES[_i].text, &listen, &failure), OW_OK);
  ck_assert_str_eq(listen.address, ADDRESSES[_i].address);
  ck_assert_str_eq(listen.port, ADDRESSES[_i].port);
}
END_TEST

static const char *const BAD_ADDRESSES[] = {
    "",           ":",      "host:",       "host:65536",    "host:8x",          "[]:861",
    "[::1",       "[::1]x", "1:2:xyz",     "[::1]:",        "host:99999999999", "65536",
    "2130706433", "127.1",  "192.0.2:861", "[fe80::1]:861", "fe80::1"};

START_TEST(what_is_no_address_is_refused)
{
  struct ow_listen_address listen = ow_listen_default;
  struct ow_failure failure = {0};
  ck_assert_int_eq(ow_listen_address_parse(BAD_ADDRESSES[_i], &listen, &failure), OW_INVALID);
  ck_assert_str_ne(failure.text, "");
}
END_TEST

static struct ow_endpoint ipv4(uint8_t a, uint8_t b, uint8_t c, uint8_t d)
{
  return (struct ow_endpoint){.version = 4, .address = {a, b, c, d}};
}

static bool lies_in(const char *text, struct ow_endpoint address)
{
  struct ow_net net;
  struct ow_failure failure = {0};
  ck_assert_msg(ow_net_parse(text, &net, &failure) == OW_OK, "%s", failure.text);
  return ow_net_contains(&net, &address);
}

START_TEST(networks_contain_their_addresses_and_no_others)
{
  struct ow_endpoint six = {.version = 6, .address = {0x20, 0x01, 0x0d, 0xb8, 9}};
  ck_assert(lies_in("192.0.2.128/25", ipv4(192, 0, 2, 128)));
  ck_assert(lies_in("192.0.2.128/25", ipv4(192, 0, 2, 255)));
  ck_assert(!lies_in("192.0.2.128/25", ipv4(192, 0, 2, 127)));
  ck_assert(lies_in("192.0.2.7", ipv4(192, 0, 2, 7)));
  ck_assert(!lies_in("192.0.2.7", ipv4(192, 0, 2, 6)));
  ck_assert(lies_in("0.0.0.0/0", ipv4(255, 0, 0, 1)));
  ck_assert(lies_in("::ffff:192.0.2.0/120", ipv4(192, 0, 2, 9)));
  ck_assert(lies_in("2001:db8::/32", six));
  ck_assert(
      !lies_in("2001:db8::/33", (struct ow_endpoint){.version = 6, .address = {0x20, 1, 0xd, 0xb8, 0x80}}));
  ck_assert(!lies_in("::/0", ipv4(192, 0, 2, 1)));
  ck_assert(!lies_in("0.0.0.0/0", six));
}
END_TEST

/* ---- owamp-server.conf ---- */

static enum ow_status parse_conf(const char *text, struct ow_server_conf *conf, struct heard *heard,
                                 struct ow_failure *failure)
{
  const struct ow_log log = listener(heard);
  *failure = (struct ow_failure){0};
  ow_server_conf_defaults(conf);
  return ow_server_conf_parse("t.conf", text, strlen(text), conf, &log, failure);
}

START_TEST(every_directive_is_taken)
{
  struct ow_server_conf conf;
  struct heard heard;
  struct ow_failure failure;
  ck_assert_int_eq(
      parse_conf("# comment\n\nsrcnode 192.0.2.1:8610\ntestports 8760-9960\nuser owamp\ngroup net\n"
                 "vardir /run/x\nmaxcontrolsessions 7\ncontroltimeout 30\npbkdf2_count 4096\n"
                 "rootfolly\nreflectport 862\ntwampnode 192.0.2.1\nverbose\nfacility LOG_local5\nloglevel "
                 "WARN\nauthmode "
                 "aO\nenddelay 0.5",
                 &conf, &heard, &failure),
      OW_OK);
  ck_assert_str_eq(conf.listen.address, "192.0.2.1");
  ck_assert_str_eq(conf.listen.port, "8610");
  ck_assert_uint_eq(conf.test_port_low, 8760);
  ck_assert_uint_eq(conf.test_port_high, 9960);
  ck_assert_str_eq(conf.user, "owamp");
  ck_assert_uint_eq(conf.user_line, 5);
  ck_assert_str_eq(conf.group, "net");
  ck_assert_str_eq(conf.vardir, "/run/x");
  ck_assert_uint_eq(conf.most_connections, 7);
  ck_assert_int_eq(conf.control_timeout, 30 * OW_NS_PER_S);
  ck_assert_uint_eq(conf.pbkdf2_count, 4096);
  ck_assert(conf.root_folly);
  ck_assert_uint_eq(conf.reflect_port, 862);
  ck_assert_uint_eq(conf.reflect_port_line, 12);
  ck_assert_str_eq(conf.twamp.address, "192.0.2.1");
  ck_assert_str_eq(conf.twamp.port, "862");
  ck_assert_uint_eq(conf.twamp_line, 13);
  ck_assert(conf.verbose);
  ck_assert_int_eq(conf.facility, LOG_LOCAL5);
  ck_assert_int_eq(conf.log_most, OW_LOG_WARNING);
  ck_assert_uint_eq(conf.modes, OW_MODE_AUTHENTICATED | OW_MODE_OPEN);
  ck_assert_int_eq(conf.end_delay, OW_NS_PER_S / 2);
  ck_assert_str_eq(heard.lines, "");
}
END_TEST

START_TEST(lines_are_read_as_owampd_reads_them)
{
  struct ow_server_conf conf;
  struct heard heard;
  struct ow_failure failure;
  ck_assert_int_eq(parse_conf("  # indented comment \\\r\nTestPorts \\\n  0\t# any\r\n\tVERBOSE # yes\r\n\n"
                              "user\tfirst\nuser second\nloglevel none\n",
                              &conf, &heard, &failure),
                   OW_OK);
  ck_assert_uint_eq(conf.test_port_high, 0);
  ck_assert_uint_eq(conf.test_ports_line, 2);
  ck_assert(conf.verbose);
  ck_assert_str_eq(conf.user, "second");
  ck_assert_uint_eq(conf.user_line, 7);
  ck_assert(conf.log_nothing);
}
END_TEST

START_TEST(a_byte_order_mark_is_no_part_of_a_directive)
{
  struct ow_server_conf conf;
  struct heard heard;
  struct ow_failure failure;
  ck_assert_int_eq(parse_conf("\xef\xbb\xbfuser first\n", &conf, &heard, &failure), OW_OK);
  ck_assert_str_eq(conf.user, "first");
  ck_assert_uint_eq(conf.user_line, 1);
}
END_TEST

static const char *const MEANINGLESS[] = {
    "datadir /var/lib/owamp", "dieby 5",    "diskfudge 3.0", "loglocation",
    "priority info",          "syncfuzz 1", "testtimeout 9"};

START_TEST(a_directive_without_meaning_here_is_named_with_file_and_line)
{
  struct ow_server_conf conf;
  struct heard heard;
  struct ow_failure failure;
  char text[200];
  snprintf(text, sizeof text, "# first\n%s\n", MEANINGLESS[_i]);
  ck_assert_int_eq(parse_conf(text, &conf, &heard, &failure), OW_OK);
  expect_text(heard.lines, "t.conf:2: ", "has no effect");
}
END_TEST

static const struct bad BAD_CONF[] = {
    {"testports 9-x", "t.conf:1: ", "8760-9960"},
    {"testports 9000-8000", "t.conf:1: ", "LOW-HIGH"},
    {"testports 0-10", "t.conf:1: ", "LOW-HIGH"},
    {"testports 861-",
     "t.conf:1: ", "\"861-\" is neither one port for all sessions, such as 861, nor LOW-HIGH"},
    {"testports 65536", "t.conf:1: ", "neither one port"},
    {"testports 1-65536", "t.conf:1: ", "65535"},
    {"testports 123456789-2", "t.conf:1: ", "LOW-HIGH"},
    {"\n\nsrcnode 192.0.2.1:99999", "t.conf:3: ", "99999"},
    {"\nsrcnode [fe80::1]:861", "t.conf:2: ", "a link-local address needs a zone"},
    {"maxcontrolsessions many", "t.conf:1: ", "whole number from 0"},
    {"controltimeout -1", "t.conf:1: ", "seconds from 1"},
    {"reflectport stamp", "t.conf:1: ", "whole number from 0 to 65535; e.g. reflectport 862"},
    {"enddelay soon", "t.conf:1: ", "seconds"},
    {"pbkdf2_count many", "t.conf:1: ", "from 1024 to 65536"},
    {"authmode AX", "t.conf:1: ", "A, E and O"},
    {"facility nonsense", "t.conf:1: ", "local0"},
    {"loglevel LOUD", "t.conf:1: ", "DEBUG"},
    {"#\nuser", "t.conf:2: ", "needs a value; e.g. user owamp"},
    {"user # nobody", "t.conf:1: ", "needs a value"},
    {"group a123456789b123456789c123456789d123456789e123456789f123456789g123", "t.conf:1: ", "63 characters"},
    {"user a \\\n b", "t.conf:2: ", "what is \"b\""},
    {"testport 1-2", "t.conf:1: ", "unknown directive \"testport\""},
    {"user a\\b", "t.conf:1: ", "only at the end of a line"},
    {"user \\ \n a", "t.conf:1: ", "blanks behind the backslash"},
    {"\nuser \\", "t.conf:2: ", "the file ends here"},
    {"user \xff\x1b[0m x", "t.conf:1: ", "what is \"x\""},
};

START_TEST(a_value_that_can_not_be_is_refused_with_file_and_line)
{
  struct ow_server_conf conf;
  struct heard heard;
  struct ow_failure failure;
  ck_assert_int_eq(parse_conf(BAD_CONF[_i].text, &conf, &heard, &failure), OW_INVALID);
  expect_text(failure.text, BAD_CONF[_i].start, BAD_CONF[_i].phrase);
}
END_TEST

START_TEST(a_nul_octet_is_refused_and_never_printed)
{
  struct ow_server_conf conf;
  struct ow_failure failure;
  ow_server_conf_defaults(&conf);
  ck_assert_int_eq(ow_server_conf_parse("t.conf", "user a\nus\0er", 12, &conf, NULL, &failure), OW_INVALID);
  expect_text(failure.text, "t.conf:2: ", "NUL");
  ck_assert_int_eq(ow_server_conf_parse("t.conf", "\x1b[31m", 5, &conf, NULL, &failure), OW_INVALID);
  expect_text(failure.text, "t.conf:1: ", "\"?[31m\"");
}
END_TEST

/* ---- owamp-server.limits ---- */

static const char LIMITS[] =
    "limit root with bandwidth=1m, disk=1k, \\\n  delete_on_fetch=on, allow_open_mode=on\n"
    "limit small with parent=root, bandwidth=100k, test_sessions=1\n"
    "LIMIT closed WITH parent = root , allow_open_mode=OFF, delete_on_fetch=off\n"
    "limit tiny with parent=small, disk=100, test_sessions=3\n"
    "assign default small\n"
    "assign net 192.0.2.0/24 closed\n"
    "assign net 192.0.2.128/25 root\n"
    "assign net 192.0.2.192/26 tiny\n"
    "assign net 2001:db8::/32 closed\n"
    "assign user monitor root\n";
static const char KEYS[] = "monitor 636f72\nguest 6775657374\n";

static enum ow_status parse_limits(const char *text, struct ow_limits *limits, struct ow_failure *failure)
{
  struct ow_keys_file keys = {0};
  ck_assert_int_eq(ow_key_file_parse("t.pfs", KEYS, strlen(KEYS), &keys, NULL, failure), OW_OK);
  enum ow_status status = ow_limits_parse("t.limits", text, strlen(text), &keys, limits, NULL, failure);
  ow_key_file_clear(&keys);
  return status;
}

static void parse_good(const char *text, struct ow_limits *limits)
{
  struct ow_failure failure = {0};
  ck_assert_msg(parse_limits(text, limits, &failure) == OW_OK, "%s", failure.text);
}

static const struct ow_class *class(const struct ow_limits *limits, const char *name)
{
  return &limits->classes[ow_limits_class_by_name(limits, name)];
}

START_TEST(a_class_takes_over_what_it_does_not_say)
{
  struct ow_limits limits;
  parse_good(LIMITS, &limits);
  ck_assert_uint_eq(class(&limits, "small")->bandwidth, 100000);
  ck_assert_uint_eq(class(&limits, "small")->disk, 1000);
  ck_assert(class(&limits, "small")->delete_on_fetch && class(&limits, "small")->open_mode);
  ck_assert_uint_eq(class(&limits, "tiny")->bandwidth, 100000);
  ck_assert_uint_eq(class(&limits, "tiny")->disk, 100);
  ck_assert_uint_eq(class(&limits, "tiny")->test_sessions, 3);
  ck_assert(!class(&limits, "closed")->open_mode && !class(&limits, "closed")->delete_on_fetch);
  ck_assert_uint_eq(class(&limits, "closed")->bandwidth, 1000000);
  ck_assert(ow_limits_within(&limits, 3, OW_CLASS_ROOT) && ow_limits_within(&limits, 3, 1));
  ck_assert(!ow_limits_within(&limits, 3, 2));
  ow_limits_clear(&limits);
}
END_TEST

START_TEST(the_longest_prefix_wins)
{
  struct ow_limits limits;
  parse_good(LIMITS, &limits);
  const struct {
    struct ow_endpoint address;
    const char *name;
  } cases[] = {{ipv4(192, 0, 2, 1), "closed"},
               {ipv4(192, 0, 2, 130), "root"},
               {ipv4(192, 0, 2, 200), "tiny"},
               {ipv4(198, 51, 100, 1), "small"},
               {{.version = 6, .address = {0x20, 0x01, 0x0d, 0xb8, 9}}, "closed"},
               {{.version = 6, .address = {0x20, 0x02}}, "small"}};
  for (int i = 0; i < COUNT(cases); i++)
    ck_assert_str_eq(limits.classes[ow_limits_class_of_address(&limits, &cases[i].address)].name,
                     cases[i].name);
  ck_assert_int_eq(ow_limits_class_of_user(&limits, "monitor"), OW_CLASS_ROOT);
  ck_assert_int_eq(ow_limits_class_of_user(&limits, "guest"), OW_CLASS_NONE);
  ow_limits_clear(&limits);
}
END_TEST

START_TEST(without_a_default_the_root_is_it)
{
  struct ow_limits limits;
  struct ow_endpoint anybody = ipv4(192, 0, 2, 1);
  parse_good("limit top with\nlimit x with parent=top\n", &limits);
  ck_assert_int_eq(ow_limits_class_of_address(&limits, &anybody), OW_CLASS_ROOT);
  ck_assert_uint_eq(limits.classes[OW_CLASS_ROOT].bandwidth, 0);
  ck_assert(limits.classes[OW_CLASS_ROOT].open_mode && !limits.classes[OW_CLASS_ROOT].delete_on_fetch);
  ow_limits_clear(&limits);
}
END_TEST

START_TEST(a_file_without_classes_gets_a_bounded_one_and_a_warning)
{
  struct ow_limits limits;
  struct ow_keys_file keys = {0};
  struct ow_failure failure;
  struct heard heard;
  const struct ow_log log = listener(&heard);
  ck_assert_int_eq(ow_limits_parse("t.limits", "# none\n", 7, &keys, &limits, &log, &failure), OW_OK);
  expect_text(heard.lines, "t.limits: ", "defines no class");
  ck_assert_uint_gt(limits.classes[OW_CLASS_ROOT].bandwidth, 0);
  ck_assert_uint_gt(limits.classes[OW_CLASS_ROOT].disk, 0);
  ow_limits_clear(&limits);
}
END_TEST

#define ROOT "limit a with disk=1\n"
static const struct bad BAD_LIMITS[] = {
    {"limit a with parent=b\n", "t.limits:1: ", "can't have a parent"},
    {ROOT "limit b with disk=1\n", "t.limits:2: ", "needs a parent: parent=a"},
    {ROOT "limit b with \\\n parent=c\n", "t.limits:3: ", "\"c\" is not defined above"},
    {"limit a with bandwidth=fast\n", "t.limits:1: ", "bandwidth=10m"},
    {"limit a with disk=99999999999999999999\n", "t.limits:1: ", "disk=10m"},
    {"limit a with test_sessions=-1\n", "t.limits:1: ", "test_sessions"},
    {"limit a with disk=1,\\\n speed=1\n", "t.limits:2: ", "unknown limit \"speed\""},
    {"limit a with disk=1, disk=2\n", "t.limits:1: ", "given twice"},
    {"limit a with disk\n", "t.limits:1: ", "needs a value"},
    {"limit a with delete_on_fetch=\n", "t.limits:1: ", "needs a value"},
    {"limit a with delete_on_fetch=maybe\n", "t.limits:1: ", "neither on nor off"},
    {"limit a with allow_open_mode=1\n", "t.limits:1: ", "neither on nor off"},
    {"limit a with start_ahead=1h\n", "t.limits:1: ", "start_ahead=3600, or 0 for no limit"},
    {"limit a with session_time=30m\n", "t.limits:1: ", "a number of seconds without a unit"},
    {"limit a with session_time=\n", "t.limits:1: ", "needs a value"},
    {"limit a\n", "t.limits:1: ", "limit CLASS with"},
    {"limit\n", "t.limits:1: ", "limit CLASS with"},
    {"limit a having disk=1\n", "t.limits:1: ", "limit CLASS with"},
    {ROOT "limit a with parent=a\n", "t.limits:2: ", "already defined"},
    {"limit a123456789b123456789c123456789d123456789e123456789f123456789g123 with\n", "t.limits:1: ", "63"},
    {ROOT "assign default b\n", "t.limits:2: ", "\"b\" is not defined above"},
    {ROOT "assign default\n", "t.limits:2: ", "class is missing"},
    {ROOT "assign net\n", "t.limits:2: ", "assign net ADDRESS/BITS CLASS"},
    {ROOT "assign net 192.0.2.0/24\n", "t.limits:2: ", "class is missing"},
    {ROOT "assign net here/24 a\n", "t.limits:2: ", "not a network"},
    {ROOT "assign net 192.0.2.1/33 a\n", "t.limits:2: ", "0 to 32"},
    {ROOT "assign net 2001:db8::/129 a\n", "t.limits:2: ", "0 to 128"},
    {ROOT "assign net 192.0.2.0/ a\n", "t.limits:2: ", "0 to 32"},
    {ROOT "assign net 192.0.2.1/24 a\n", "t.limits:2: ", "behind the prefix"},
    {ROOT "assign user\n", "t.limits:2: ", "assign user KEYID CLASS"},
    {ROOT "assign user stranger a\n", "t.limits:2: ", "no passphrase"},
    {ROOT "assign group x a\n", "t.limits:2: ", "assign default CLASS"},
    {ROOT "assign\n", "t.limits:2: ", "assign default CLASS"},
    {"nonsense\n", "t.limits:1: ", "begins with limit or with assign"},
};

START_TEST(an_error_in_the_limits_is_named_with_file_and_line)
{
  struct ow_limits limits;
  struct ow_failure failure = {0};
  ck_assert_int_eq(parse_limits(BAD_LIMITS[_i].text, &limits, &failure), OW_INVALID);
  expect_text(failure.text, BAD_LIMITS[_i].start, BAD_LIMITS[_i].phrase);
  ck_assert_uint_eq(limits.class_count, 0);
}
END_TEST

START_TEST(classes_are_bounded_in_number)
{
  static char text[64 * (OW_CLASSES_MOST + 1)];
  struct ow_limits limits;
  struct ow_failure failure;
  size_t used = (size_t)snprintf(text, sizeof text, "limit c0 with\n");
  for (int i = 1; i <= OW_CLASSES_MOST; i++)
    used += (size_t)snprintf(text + used, sizeof text - used, "limit c%d with parent=c%d\n", i, i - 1);
  ck_assert_int_eq(parse_limits(text, &limits, &failure), OW_INVALID);
  expect_text(failure.text, "t.limits:1001: ", "more than 1000 classes");
}
END_TEST

/* ---- policy ---- */

struct desk {
  struct ow_policy *policy;
  struct ow_serve_policy ask;
  void *context;
};

static void install(struct desk *desk, const char *text, const char *key_text, uint32_t modes)
{
  struct ow_limits limits;
  struct ow_keys_file keys = {0};
  struct ow_failure failure;
  parse_good(text, &limits);
  ck_assert_int_eq(ow_key_file_parse("t.pfs", key_text, strlen(key_text), &keys, NULL, &failure), OW_OK);
  ck_assert_int_eq(ow_policy_install(desk->policy, &limits, &keys, modes), OW_OK);
  ow_limits_clear(&limits); /* the former ones */
  ow_key_file_clear(&keys);
}

static struct desk open_desk(void)
{
  struct desk desk = {.policy = ow_policy_create()};
  ck_assert_ptr_nonnull(desk.policy);
  desk.ask = ow_policy_answers(desk.policy);
  desk.context = desk.ask.context;
  install(&desk, LIMITS, KEYS, OW_MODES_ALL);
  return desk;
}

static struct ow_serve_client arrive(const struct desk *desk, struct ow_endpoint address, const char *key_id)
{
  struct ow_serve_client client = {.address = address};
  struct ow_failure why;
  ck_assert_uint_ne(desk->ask.admit(desk->context, &client, &why), 0);
  client.mode = *key_id ? OW_MODE_ENCRYPTED : OW_MODE_OPEN;
  memcpy(client.key_id, key_id, strlen(key_id));
  ck_assert_int_eq(desk->ask.identify(desk->context, &client, &why), OW_ACCEPT_OK);
  return client;
}

/* The server receives: packets of 42 octets, headers and all, in open mode, so many a second. */
static enum ow_accept claim(const struct desk *desk, const struct ow_serve_client *client, uint32_t packets,
                            uint32_t per_second, struct ow_serve_claim *claimed)
{
  struct ow_failure why = {0};
  const struct ow_slot slot = {OW_SLOT_FIXED, ow_span_from_ns(OW_NS_PER_S / per_second)};
  const struct ow_session_request request = {.server_receives = true,
                                             .slot_count = 1,
                                             .packets = packets,
                                             .start = ow_system_stamp(),
                                             .sender = {.version = 4},
                                             .receiver = {.version = 4}};
  enum ow_accept accept = desk->ask.claim(desk->context, client, &request, &slot, claimed, &why);
  if (accept != OW_ACCEPT_OK)
    expect_text(why.text, "class ", "session");
  return accept;
}

static void give_back(const struct desk *desk, const struct ow_serve_claim *claimed)
{
  desk->ask.release_bandwidth(desk->context, claimed);
  desk->ask.release_disk(desk->context, claimed);
}

START_TEST(modes_are_offered_as_address_and_keys_allow)
{
  struct desk desk = open_desk();
  struct ow_failure why;
  struct ow_serve_client guest = {.address = ipv4(198, 51, 100, 1)};
  struct ow_serve_client closed = {.address = ipv4(192, 0, 2, 1)};
  const uint32_t keyed = OW_MODE_AUTHENTICATED | OW_MODE_ENCRYPTED;
  ck_assert_uint_eq(desk.ask.admit(desk.context, &guest, &why), OW_MODES_ALL);
  ck_assert_uint_eq(desk.ask.admit(desk.context, &closed, &why), keyed);
  desk.ask.leave(desk.context, &guest);
  install(&desk, LIMITS, KEYS, OW_MODE_OPEN | OW_MODE_ENCRYPTED);
  ck_assert_uint_eq(desk.ask.admit(desk.context, &guest, &why), OW_MODE_OPEN | OW_MODE_ENCRYPTED);
  install(&desk, "limit root with allow_open_mode=off\n", "", OW_MODES_ALL);
  struct ow_serve_client late = guest;
  ck_assert_uint_eq(desk.ask.admit(desk.context, &late, &why), 0);
  expect_text(why.text, "open mode isn't allowed to class root", "");
  desk.ask.leave(desk.context, &late);
  guest.mode = OW_MODE_OPEN; /* it was offered when the old rules held */
  ck_assert_int_eq(desk.ask.identify(desk.context, &guest, &why), OW_ACCEPT_FAILURE);
  ow_policy_free(desk.policy); /* with guests that never left */
}
END_TEST

START_TEST(nobody_gets_in_before_rules_are_installed)
{
  struct ow_policy *policy = ow_policy_create();
  struct ow_serve_policy ask = ow_policy_answers(policy);
  struct ow_serve_client client = {.address = ipv4(127, 0, 0, 1)};
  struct ow_failure why;
  ck_assert_uint_eq(ask.admit(policy, &client, &why), 0);
  ow_policy_free(policy);
}
END_TEST

START_TEST(keys_are_found_by_their_id)
{
  struct desk desk = open_desk();
  struct ow_passphrase passphrase;
  ck_assert(desk.ask.find_key(desk.context, "guest", &passphrase));
  ck_assert_uint_eq(passphrase.length, 5);
  ck_assert_mem_eq(passphrase.octets, "guest", 5);
  ck_assert(!desk.ask.find_key(desk.context, "stranger", &passphrase));
  ck_assert(!desk.ask.find_key(desk.context, "", &passphrase));
  ow_policy_free(desk.policy);
}
END_TEST

START_TEST(a_budget_is_claimed_and_given_back)
{
  struct desk desk = open_desk();
  struct ow_serve_claim first, second;
  struct ow_serve_client client =
      arrive(&desk, ipv4(192, 0, 2, 130), "monitor"); /* root: 1 Mbit/s, 1000 octets */
  client.mode = OW_MODE_OPEN;                         /* for the packets' size */
  ck_assert_int_eq(claim(&desk, &client, 30, 10, &first), OW_ACCEPT_OK);
  ck_assert_uint_eq(first.bandwidth, 42 * 8 * 10);
  ck_assert_uint_eq(first.disk, 750);
  ck_assert_int_eq(claim(&desk, &client, 30, 10, &second), OW_ACCEPT_TEMPORARY_LIMIT);
  desk.ask.release_bandwidth(desk.context, &first);
  ck_assert_int_eq(claim(&desk, &client, 30, 10, &second), OW_ACCEPT_TEMPORARY_LIMIT);
  desk.ask.release_disk(desk.context, &first);
  ck_assert_int_eq(claim(&desk, &client, 40, 10, &second), OW_ACCEPT_OK); /* to the last octet */
  give_back(&desk, &second);
  ck_assert_int_eq(claim(&desk, &client, 41, 10, &second), OW_ACCEPT_PERMANENT_LIMIT);
  ck_assert_int_eq(claim(&desk, &client, 1, 3000, &second), OW_ACCEPT_PERMANENT_LIMIT);
  /* 5 ms is not a whole number of 2^-32 s; a limit that is met must still do */
  install(&desk, "limit root with bandwidth=67200\n", KEYS, OW_MODES_ALL);
  ck_assert_int_eq(claim(&desk, &client, 1, 200, &second), OW_ACCEPT_OK);
  ck_assert_uint_eq(second.bandwidth, 67200);
  ow_policy_free(desk.policy);
}
END_TEST

/* The server receives 30 packets and 3 come: 675 octets are free again; and who could help is known. */
START_TEST(disk_is_settled_by_what_came)
{
  struct desk desk = open_desk();
  struct ow_serve_claim first, second, refused;
  struct ow_serve_client client = arrive(&desk, ipv4(192, 0, 2, 130), "monitor"); /* root: 1000 octets */
  client.mode = OW_MODE_OPEN;                                                     /* for the packets' size */
  ck_assert_int_eq(claim(&desk, &client, 30, 10, &first), OW_ACCEPT_OK);
  ck_assert_int_eq(claim(&desk, &client, 30, 10, &refused), OW_ACCEPT_TEMPORARY_LIMIT);
  ck_assert(desk.ask.frees_disk(desk.context, &refused, &first));
  desk.ask.settle_disk(desk.context, &first, 3);
  ck_assert_uint_eq(first.disk, 75);
  desk.ask.settle_disk(desk.context, &first, 30); /* it never grows */
  ck_assert_uint_eq(first.disk, 75);
  ck_assert_int_eq(claim(&desk, &client, 37, 10, &second), OW_ACCEPT_OK); /* to the last octet */
  desk.ask.settle_disk(desk.context, &second, 0);
  ck_assert_uint_eq(second.disk, 0);
  ck_assert(!desk.ask.frees_disk(desk.context, &refused, &second));
  ck_assert(!desk.ask.frees_disk(desk.context, &second, &first)); /* it was not refused */
  give_back(&desk, &first);
  give_back(&desk, &second);
  ck_assert_int_eq(claim(&desk, &client, 40, 10, &second), OW_ACCEPT_OK);
  ck_assert_int_eq(claim(&desk, &client, 1, 1000000, &refused), OW_ACCEPT_PERMANENT_LIMIT);
  ck_assert_uint_eq(refused.short_of, 0); /* bandwidth is no disk */
  ow_policy_free(desk.policy);
}
END_TEST

/* The last quarter of root's 1000 octets is for those who are below their share, or have a key. */
START_TEST(a_stranger_leaves_a_quarter_of_its_class_s_disk_to_others)
{
  struct desk desk = open_desk();
  struct ow_serve_claim first, second, third;
  struct ow_serve_client hoarder = arrive(&desk, ipv4(192, 0, 2, 130), "");
  struct ow_serve_client other = arrive(&desk, ipv4(192, 0, 2, 131), "");
  struct ow_serve_client monitor = arrive(&desk, ipv4(192, 0, 2, 130), "monitor");
  ck_assert_int_eq(claim(&desk, &hoarder, 31, 10, &second), OW_ACCEPT_PERMANENT_LIMIT);
  ck_assert_int_eq(claim(&desk, &hoarder, 30, 10, &first), OW_ACCEPT_OK);
  ck_assert_int_eq(claim(&desk, &hoarder, 1, 10, &second), OW_ACCEPT_TEMPORARY_LIMIT);
  ck_assert(desk.ask.frees_disk(desk.context, &second, &first)); /* its own can go for it */
  ck_assert_int_eq(claim(&desk, &other, 9, 10, &second), OW_ACCEPT_OK);
  ck_assert_int_eq(claim(&desk, &monitor, 1, 10, &third), OW_ACCEPT_OK); /* to the last octet */
  give_back(&desk, &first);
  give_back(&desk, &second);
  give_back(&desk, &third);
  ck_assert_int_eq(claim(&desk, &monitor, 40, 10, &first), OW_ACCEPT_OK);
  ow_policy_free(desk.policy); /* with claims that are never given back */
}
END_TEST

/* 42 octets a packet: 297 a second are 100 kbit/s, which small has. */
START_TEST(who_is_within_its_share_gets_bandwidth_that_others_have_claimed)
{
  struct desk desk = open_desk();
  struct ow_serve_claim all, half, third, more;
  struct ow_serve_client hoarder = arrive(&desk, ipv4(198, 51, 100, 1), "");
  struct ow_serve_client other = arrive(&desk, ipv4(198, 51, 100, 2), "");
  struct ow_serve_client another = arrive(&desk, ipv4(198, 51, 100, 3), "");
  ck_assert_int_eq(claim(&desk, &hoarder, 1, 297, &all), OW_ACCEPT_OK); /* nobody else wants it */
  desk.ask.leave(desk.context, &hoarder);
  hoarder = arrive(&desk, ipv4(198, 51, 100, 1), "");
  ck_assert_int_eq(claim(&desk, &hoarder, 1, 1, &more), OW_ACCEPT_TEMPORARY_LIMIT);
  ck_assert_int_eq(claim(&desk, &other, 1, 150, &half), OW_ACCEPT_TEMPORARY_LIMIT);
  ck_assert_int_eq(claim(&desk, &other, 1, 148, &half), OW_ACCEPT_OK);
  ck_assert_int_eq(claim(&desk, &another, 1, 100, &third), OW_ACCEPT_TEMPORARY_LIMIT);
  ck_assert_int_eq(claim(&desk, &another, 1, 99, &third), OW_ACCEPT_OK);
  give_back(&desk, &half);
  give_back(&desk, &third);
  give_back(&desk, &all);
  desk.ask.leave(desk.context, &another);
  another = arrive(&desk, ipv4(198, 51, 100, 3), "");
  ck_assert_int_eq(claim(&desk, &another, 1, 297, &all), OW_ACCEPT_OK);
  ow_policy_free(desk.policy);
}
END_TEST

/* All who have none are together one to it; and what a class's claims exceed its limit by is not its
 * parent's. */
START_TEST(a_key_has_a_share_beside_any_crowd)
{
  enum { CROWD = 40 };
  struct desk desk = open_desk();
  struct ow_serve_claim claims[CROWD], keyed;
  struct ow_serve_client monitor = arrive(&desk, ipv4(192, 0, 2, 1), "monitor");
  install(&desk,
          "limit root with bandwidth=100k\nlimit guests with parent=root\nlimit keys with parent=root\n"
          "assign default guests\nassign user monitor keys\n",
          KEYS, OW_MODES_ALL);
  monitor.mode = OW_MODE_OPEN;
  for (uint8_t i = 0; i < CROWD; i++) {
    struct ow_serve_client stranger = arrive(&desk, ipv4(198, 51, 100, i), "");
    uint32_t share = 297 / (i + 1U);
    ck_assert_int_eq(claim(&desk, &stranger, 1, share, &claims[i]), OW_ACCEPT_OK);
  }
  ck_assert_int_eq(claim(&desk, &monitor, 1, 150, &keyed), OW_ACCEPT_TEMPORARY_LIMIT);
  ck_assert_int_eq(claim(&desk, &monitor, 1, 148, &keyed), OW_ACCEPT_OK);
  for (int i = 0; i < CROWD; i++)
    give_back(&desk, &claims[i]);
  give_back(&desk, &keyed);
  ow_policy_free(desk.policy);
}
END_TEST

START_TEST(a_class_draws_on_its_ancestors_budgets)
{
  struct desk desk = open_desk();
  struct ow_serve_claim own, other;
  struct ow_serve_client root = arrive(&desk, ipv4(192, 0, 2, 130), "");
  struct ow_serve_client small = arrive(&desk, ipv4(198, 51, 100, 1), "");
  struct ow_serve_client keyed = arrive(&desk, ipv4(192, 0, 2, 1), "monitor");    /* root by its key */
  struct ow_serve_client unassigned = arrive(&desk, ipv4(192, 0, 2, 1), "guest"); /* closed by its address */
  ck_assert_int_eq(claim(&desk, &small, 30, 10, &own), OW_ACCEPT_OK);
  ck_assert_int_eq(claim(&desk, &root, 11, 10, &other), OW_ACCEPT_TEMPORARY_LIMIT);
  ck_assert_int_eq(claim(&desk, &keyed, 11, 10, &other), OW_ACCEPT_TEMPORARY_LIMIT);
  ck_assert_int_eq(claim(&desk, &unassigned, 11, 10, &other), OW_ACCEPT_TEMPORARY_LIMIT);
  ck_assert_int_eq(claim(&desk, &root, 10, 10, &other), OW_ACCEPT_OK);
  give_back(&desk, &own);
  give_back(&desk, &other);
  struct ow_serve_client again = arrive(&desk, ipv4(198, 51, 100, 1), "");
  ck_assert_int_eq(claim(&desk, &again, 1, 298, &own),
                   OW_ACCEPT_PERMANENT_LIMIT); /* 100 kbit/s, not root's */
  ow_policy_free(desk.policy);
}
END_TEST

/* One packet each minute, which is lost after a minute; it begins so many seconds from now. */
static enum ow_accept claim_time(const struct desk *desk, const struct ow_serve_client *client,
                                 uint32_t packets, int64_t ahead, const char *phrase)
{
  struct ow_failure why = {.text = ""};
  struct ow_serve_claim claimed;
  const struct ow_slot slot = {OW_SLOT_FIXED, ow_span_from_ns(60 * OW_NS_PER_S)};
  const struct ow_session_request request = {.server_sends = true,
                                             .slot_count = 1,
                                             .packets = packets,
                                             .start =
                                                 ow_timestamp_plus(ow_system_stamp(), ahead * OW_NS_PER_S),
                                             .timeout = ow_span_from_ns(60 * OW_NS_PER_S),
                                             .sender = {.version = 4},
                                             .receiver = {.version = 4}};
  enum ow_accept accept = desk->ask.claim(desk->context, client, &request, &slot, &claimed, &why);
  expect_text(why.text, "", phrase);
  return accept;
}

START_TEST(how_far_ahead_and_how_long_is_bounded_by_class)
{
  const enum ow_accept never = OW_ACCEPT_PERMANENT_LIMIT;
  struct desk desk = open_desk();
  install(&desk,
          "limit root with session_time=3600, start_ahead=600\n"
          "limit more with parent=root, session_time=0, start_ahead=1200\n"
          "limit less with parent=root, session_time=600\nassign net 192.0.2.0/25 less\n"
          "assign net 192.0.2.128/25 more\n",
          KEYS, OW_MODES_ALL);
  struct ow_serve_client less = arrive(&desk, ipv4(192, 0, 2, 1), "");
  struct ow_serve_client more = arrive(&desk, ipv4(192, 0, 2, 200), "");
  ck_assert_int_eq(claim_time(&desk, &less, 9, 0, ""), OW_ACCEPT_OK); /* and its last packet's timeout */
  ck_assert_int_eq(claim_time(&desk, &less, 10, 0,
                              "class less has a length (session_time) of 600 s at most; "
                              "this session's is 660 s"),
                   never);
  ck_assert_int_eq(claim_time(&desk, &less, 9, 599, ""), OW_ACCEPT_OK);
  ck_assert_int_eq(claim_time(&desk, &less, 9, -3000, ""), OW_ACCEPT_OK);
  ck_assert_int_eq(
      claim_time(&desk, &less, 9, 700, "class less has a time until the start (start_ahead) of 600 s"),
      never);
  /* What an ancestor hasn't, a class can't give. */
  ck_assert_int_eq(claim_time(&desk, &more, 59, 0, ""), OW_ACCEPT_OK);
  ck_assert_int_eq(claim_time(&desk, &more, 60, 0, "class root"), never);
  ck_assert_int_eq(claim_time(&desk, &more, 1, 700, "class root"), never);
  /* owampd's files know neither; a day is ample. */
  install(&desk, "limit root with\n", KEYS, OW_MODES_ALL);
  ck_assert_int_eq(claim_time(&desk, &more, 4000000, 86000, ""), OW_ACCEPT_OK);
  ck_assert_int_eq(claim_time(&desk, &more, UINT32_MAX, 0, ""), OW_ACCEPT_OK);
  ck_assert_int_eq(claim_time(&desk, &more, 1, 86500, "of 86400 s at most"), never);
  install(&desk, "limit root with start_ahead=0\n", KEYS, OW_MODES_ALL);
  ck_assert_int_eq(claim_time(&desk, &more, 1, 1000000000, ""), OW_ACCEPT_OK);
  ow_policy_free(desk.policy);
}
END_TEST

START_TEST(test_sessions_are_counted_for_each_connection)
{
  struct desk desk = open_desk();
  struct ow_serve_claim claimed;
  struct ow_serve_client first = arrive(&desk, ipv4(198, 51, 100, 1), "");
  struct ow_serve_client second = arrive(&desk, ipv4(198, 51, 100, 1), "");
  ck_assert_int_eq(claim(&desk, &first, 1, 1, &claimed), OW_ACCEPT_OK);
  give_back(&desk, &claimed);
  ck_assert_int_eq(claim(&desk, &first, 1, 1, &claimed), OW_ACCEPT_PERMANENT_LIMIT);
  ck_assert_int_eq(claim(&desk, &second, 1, 1, &claimed), OW_ACCEPT_OK);
  /* tiny allows 3, its parent only 1 */
  struct ow_serve_client tiny = arrive(&desk, ipv4(192, 0, 2, 200), "");
  ck_assert_int_eq(claim(&desk, &tiny, 1, 1, &claimed), OW_ACCEPT_OK);
  ck_assert_int_eq(claim(&desk, &tiny, 1, 1, &claimed), OW_ACCEPT_PERMANENT_LIMIT);
  ow_policy_free(desk.policy);
}
END_TEST

START_TEST(what_a_session_takes_is_what_goes_over_the_wire)
{
  struct desk desk = open_desk();
  struct ow_failure why;
  struct ow_serve_claim claimed;
  struct ow_serve_client client = arrive(&desk, ipv4(192, 0, 2, 130), "monitor");
  const struct ow_slot slots[] = {{OW_SLOT_FIXED, ow_span_from_ns(OW_NS_PER_S)},
                                  {OW_SLOT_EXPONENTIAL, ow_span_from_ns(3 * OW_NS_PER_S)}};
  const struct ow_session_request request = {.server_sends = true,
                                             .slot_count = 2,
                                             .packets = 1000,
                                             .padding = 100,
                                             .start = ow_system_stamp(),
                                             .sender = {.version = 6}};
  ck_assert_int_eq(desk.ask.claim(desk.context, &client, &request, slots, &claimed, &why), OW_ACCEPT_OK);
  ck_assert_uint_eq(claimed.bandwidth, (48 + 100 + 48) * 8 / 2);
  ck_assert_uint_eq(claimed.disk, 0);
  const struct ow_slot none = {OW_SLOT_FIXED, {0}};
  const struct ow_session_request flood = {
      .server_sends = true, .slot_count = 1, .packets = 1, .padding = UINT32_MAX, .sender = {.version = 4}};
  ck_assert_int_eq(desk.ask.claim(desk.context, &client, &flood, &none, &claimed, &why),
                   OW_ACCEPT_PERMANENT_LIMIT);
  ow_policy_free(desk.policy);
}
END_TEST

START_TEST(use_outlives_a_reload)
{
  struct desk desk = open_desk();
  struct heard heard;
  const struct ow_log log = listener(&heard);
  struct ow_serve_claim first, second, other;
  struct ow_serve_client small = arrive(&desk, ipv4(198, 51, 100, 1), "");
  struct ow_serve_client tiny = arrive(&desk, ipv4(192, 0, 2, 200), "");
  ck_assert_int_eq(claim(&desk, &small, 30, 10, &first), OW_ACCEPT_OK);
  ck_assert_int_eq(claim(&desk, &tiny, 3, 10, &second), OW_ACCEPT_OK);
  install(&desk, "limit top with disk=2k\nlimit small with parent=top, disk=1k\nassign default small\n", KEYS,
          OW_MODES_ALL);
  ow_policy_log_use(desk.policy, &log, OW_LOG_NOTICE);
  ck_assert_str_eq(heard.lines, "class top: 6720 bit/s, 825 octets of records\n"
                                "class small: 3360 bit/s, 750 octets of records\n");
  ck_assert_int_eq(claim(&desk, &small, 11, 10, &other), OW_ACCEPT_TEMPORARY_LIMIT);
  give_back(&desk, &second);
  give_back(&desk, &first);
  ck_assert_int_eq(claim(&desk, &small, 30, 10, &other), OW_ACCEPT_OK);
  install(&desk, LIMITS, KEYS, OW_MODES_ALL);
  heard = (struct heard){0};
  ow_policy_log_use(desk.policy, &log, OW_LOG_NOTICE);
  expect_text(heard.lines, "class root: 3360 bit/s, 750 octets", "class tiny: 0 bit/s, 0 octets");
  ow_policy_free(desk.policy);
}
END_TEST

/* Nothing came, so nothing is claimed any more; but the claim is there, and its class' name is logged. */
START_TEST(a_claim_of_nothing_outlives_its_class)
{
  struct desk desk = open_desk();
  struct ow_serve_claim settled;
  struct ow_serve_client tiny = arrive(&desk, ipv4(192, 0, 2, 200), "");
  ck_assert_int_eq(claim(&desk, &tiny, 3, 10, &settled), OW_ACCEPT_OK);
  ck_assert_str_eq(settled.class_name, "tiny");
  desk.ask.release_bandwidth(desk.context, &settled);
  desk.ask.settle_disk(desk.context, &settled, 0);
  install(&desk, "limit top with disk=2k\n", KEYS, OW_MODES_ALL);
  ck_assert_str_eq(settled.class_name, "tiny");
  ck_assert(!desk.ask.frees_disk(desk.context, &settled, &settled));
  desk.ask.release_disk(desk.context, &settled);
  install(&desk, LIMITS, KEYS, OW_MODES_ALL);
  desk.ask.leave(desk.context, &tiny);
  ow_policy_free(desk.policy);
}
END_TEST

START_TEST(only_the_owner_may_fetch)
{
  struct desk desk = open_desk();
  struct ow_serve_client open = arrive(&desk, ipv4(192, 0, 2, 130), "");
  struct ow_serve_client keyed = arrive(&desk, ipv4(192, 0, 2, 130), "monitor");
  struct ow_serve_client moved = arrive(&desk, ipv4(198, 51, 100, 1), "monitor");
  struct ow_serve_client guest = arrive(&desk, ipv4(198, 51, 100, 1), "guest");
  const struct {
    const struct ow_serve_client *client, *owner;
    bool may;
  } cases[] = {{&open, &open, true},   {&keyed, &open, true},  {&moved, &open, false},
               {&open, &keyed, false}, {&moved, &keyed, true}, {&guest, &moved, false},
               {&guest, &open, false}};
  for (int i = 0; i < COUNT(cases); i++)
    ck_assert_int_eq(desk.ask.may_fetch(desk.context, cases[i].client, cases[i].owner), cases[i].may);
  ck_assert(desk.ask.delete_on_fetch(desk.context, &open));
  ck_assert(
      !desk.ask.delete_on_fetch(desk.context, &(struct ow_serve_client){.address = ipv4(192, 0, 2, 1)}));
  ow_policy_free(desk.policy);
}
END_TEST

/* ---- the command line ---- */

enum { WORDS_MOST = 6 };
static enum ow_status parse_options(const char *const *words, struct ow_options *options,
                                    struct ow_failure *failure)
{
  static char storage[WORDS_MOST][64];
  char *vector[WORDS_MOST + 1] = {NULL};
  int count = 0;
  for (; count < WORDS_MOST && words[count]; count++) {
    snprintf(storage[count], sizeof storage[count], "%s", words[count]);
    vector[count] = storage[count];
  }
  *failure = (struct ow_failure){0};
  return ow_options_parse(count, vector, options, failure);
}

START_TEST(options_are_read)
{
  static const char *const words[WORDS_MOST + 1] = {"r", "-fvv", "--verbose", "-c/etc/x", "-S", "[::1]:0"};
  struct ow_options options;
  struct ow_failure failure;
  ck_assert_int_eq(parse_options(words, &options, &failure), OW_OK);
  ck_assert(options.foreground && !options.help && !options.version);
  ck_assert_int_eq(options.verbose, 3);
  ck_assert_str_eq(options.conf, "/etc/x");
  ck_assert(options.listen_given);
  ck_assert_str_eq(options.listen.address, "::1");
  ck_assert_str_eq(options.listen.port, "0");
  ck_assert_int_eq(parse_options((const char *const[]){"r", "-h", "-V", NULL}, &options, &failure), OW_OK);
  ck_assert(options.help && options.version && !options.foreground);
}
END_TEST

static const struct {
  const char *words[3];
  const char *phrase;
} BAD_OPTIONS[] = {
    {{"r", "-x"}, "unknown option -x"},
    {{"r", "--nope"}, "unknown option --nope"},
    {{"r", "-Z"}, "owampd's option -Z is here: -f"},
    {{"r", "-P"}, "testports in owamp-server.conf"},
    {{"r", "-c"}, "option -c needs a value"},
    {{"r", "extra"}, "what is \"extra\"?"},
    {{"r", "-S:x y:z"}, "-S: "},
    {{"r", "-S99999"}, "-S: \"99999\" is not a port"},
    {{"r", "-S:99999"}, "-S: \"99999\" is not a port"},
};

START_TEST(options_that_mean_nothing_are_refused_with_a_sentence)
{
  const char *const words[] = {BAD_OPTIONS[_i].words[0], BAD_OPTIONS[_i].words[1], NULL};
  struct ow_options options;
  struct ow_failure failure;
  ck_assert_int_eq(parse_options(words, &options, &failure), OW_INVALID);
  expect_text(failure.text, "", BAD_OPTIONS[_i].phrase);
}
END_TEST

/* ---- files ---- */

static char folder[] = "/tmp/owamp-responder-test-XXXXXX";

static void make_folder(void)
{
  memcpy(folder + sizeof folder - 7, "XXXXXX", 6);
  ck_assert_ptr_nonnull(mkdtemp(folder));
}

static const char *in_folder(const char *name)
{
  static char path[PATH_MAX];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  return path;
}

static void write_file(const char *name, const char *text, mode_t mode)
{
  int descriptor = open(in_folder(name), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  ck_assert_int_ge(descriptor, 0);
  ck_assert_int_eq(write(descriptor, text, strlen(text)), (ssize_t)strlen(text));
  ck_assert_int_eq(fchmod(descriptor, mode), 0);
  close(descriptor);
}

static void remove_folder(void)
{
  static const char *const names[] = {"owamp-server.conf", "owamp-server.limits", "owamp-server.pfs",
                                      "owamp-server.pid",  "other.conf",          "other.limits"};
  for (int i = 0; i < COUNT(names); i++)
    (void)unlink(in_folder(names[i]));
  ck_assert_int_eq(rmdir(folder), 0);
}

static enum ow_status load(const char *path, struct ow_settings *settings, struct heard *heard,
                           struct ow_failure *failure)
{
  const struct ow_log log = listener(heard);
  static struct ow_settings_paths paths;
  *failure = (struct ow_failure){0};
  enum ow_status status = ow_settings_find(path, &paths, failure);
  return status == OW_OK ? ow_settings_load(&paths, settings, &log, failure) : status;
}

START_TEST(without_files_the_default_is_open_and_bounded)
{
  struct ow_settings settings;
  struct heard heard;
  struct ow_failure failure;
  ck_assert_int_eq(load(NULL, &settings, &heard, &failure), OW_OK);
  ck_assert_str_eq(settings.conf.listen.address, "");
  ck_assert_str_eq(settings.conf.listen.port, "861");
  ck_assert_uint_eq(settings.conf.pbkdf2_count, 2048);
  ck_assert_int_eq(settings.conf.control_timeout, 1800 * OW_NS_PER_S);
  ck_assert_uint_eq(settings.limits.class_count, 1);
  ck_assert(settings.limits.classes[0].open_mode);
  ck_assert_uint_gt(settings.limits.classes[0].bandwidth, 0);
  ck_assert_uint_gt(settings.limits.classes[0].disk, 0);
  ck_assert_int_eq(settings.limits.classes[0].start_ahead, 3600 * OW_NS_PER_S);
  ck_assert_int_eq(settings.limits.classes[0].session_time, 48 * 3600 * OW_NS_PER_S);
  ck_assert_uint_eq(settings.keys.count, 0);
  ck_assert_str_eq(heard.lines, "");
  ow_settings_clear(&settings);
}
END_TEST

/* The shape of the files that perfSONAR installs. */
START_TEST(the_three_files_are_read_from_their_folder)
{
  struct ow_settings settings;
  struct heard heard;
  struct ow_failure failure;
  write_file("owamp-server.conf",
             "user\t\towamp\ngroup\t\towamp\nverbose\nfacility\tlocal5\nloglocation\nvardir\t\t/var/run\n"
             "datadir\t\t/var/lib/owamp\n#authmode O\ntestports 8760-9960\ndiskfudge\t3.0\n#dieby 5\n",
             0644);
  write_file("owamp-server.limits",
             "limit root with disk=0,\\\n\t\tbandwidth=0,\\\n                delete_on_fetch=on\n"
             "limit regular with parent=root,\\\n\t\tdisk=10G,\\\n\t\tbandwidth=20M\nassign default regular\n"
             "assign user monitor root\n",
             0644);
  write_file("owamp-server.pfs", KEYS, 0644);
  ck_assert_msg(load(folder, &settings, &heard, &failure) == OW_OK, "%s", failure.text);
  expect_text(heard.lines, in_folder("owamp-server.conf"), "conf:5: loglocation");
  expect_text(heard.lines, "", "conf:7: datadir");
  expect_text(heard.lines, "", "conf:10: diskfudge");
  expect_text(heard.lines, "", "pfs: everybody on this host can read");
  ck_assert_uint_eq(settings.limits.classes[1].disk, UINT64_C(10000000000));
  ck_assert_uint_eq(settings.limits.classes[1].bandwidth, 20000000);
  ck_assert(settings.limits.classes[1].delete_on_fetch);
  ck_assert_int_eq(settings.limits.fallback, 1);
  ck_assert_uint_eq(settings.keys.count, 2);
  ow_settings_clear(&settings);
}
END_TEST

START_TEST(a_file_may_be_named_and_has_its_neighbours)
{
  struct ow_settings settings;
  struct heard heard;
  struct ow_failure failure;
  write_file("other.conf", "testports 9000\n", 0600);
  write_file("other.limits", "limit mine with disk=1\n", 0600);
  ck_assert_msg(load(in_folder("other.conf"), &settings, &heard, &failure) == OW_OK, "%s", failure.text);
  ck_assert_uint_eq(settings.conf.test_port_high, 9000);
  ck_assert_str_eq(settings.limits.classes[0].name, "mine");
  ow_settings_clear(&settings);
  ck_assert_int_eq(load(in_folder("other.limits"), &settings, &heard, &failure), OW_INVALID);
  expect_text(failure.text, folder, "neither a folder nor a .conf file");
}
END_TEST

static const struct {
  const char *name, *text, *phrase;
} BAD_FILES[] = {
    {"owamp-server.conf", "\nuser\n", "/owamp-server.conf:2: user needs a value"},
    {"owamp-server.conf", "#\nauthmode AE\n", "/owamp-server.conf:2: authmode leaves out open mode"},
    {"owamp-server.limits", "limit a with disk=x\n", "/owamp-server.limits:1: disk=x"},
    {"owamp-server.limits", "limit a with\nassign user monitor a\n", "/owamp-server.limits:2: user monitor"},
    {"owamp-server.pfs", "# keys\nmonitor xyz\n", "/owamp-server.pfs:2: "},
};

START_TEST(what_is_wrong_in_a_file_is_named_with_path_and_line)
{
  struct ow_settings settings;
  struct heard heard;
  struct ow_failure failure;
  write_file(BAD_FILES[_i].name, BAD_FILES[_i].text, 0600);
  ck_assert_int_eq(load(folder, &settings, &heard, &failure), OW_INVALID);
  expect_text(failure.text, folder, BAD_FILES[_i].phrase);
  ck_assert_uint_eq(settings.limits.class_count + settings.keys.count, 0);
}
END_TEST

START_TEST(a_folder_without_files_is_a_mistake)
{
  struct ow_settings settings;
  struct heard heard;
  struct ow_failure failure;
  ck_assert_int_eq(load(folder, &settings, &heard, &failure), OW_INVALID);
  expect_text(failure.text, folder, "is -c right?");
  ck_assert_int_eq(load(in_folder("nothing"), &settings, &heard, &failure), OW_INVALID);
  expect_text(failure.text, folder, "No such file");
}
END_TEST

START_TEST(files_are_read_whole_but_not_without_bound)
{
  struct ow_text_file file;
  struct ow_failure failure;
  static char large[OW_TEXT_FILE_MOST + 2];
  memset(large, '#', sizeof large - 1);
  write_file("other.conf", large, 0600);
  ck_assert_int_eq(ow_text_file_read(in_folder("other.conf"), &file, &failure), OW_LIMIT);
  expect_text(failure.text, folder, "longer than 1048576 octets");
  write_file("other.conf", large + 1, 0600);
  ck_assert_int_eq(ow_text_file_read(in_folder("other.conf"), &file, &failure), OW_OK);
  ck_assert_uint_eq(file.octets, OW_TEXT_FILE_MOST);
  ow_text_file_clear(&file);
  ck_assert_int_eq(ow_text_file_read(folder, &file, &failure), OW_INVALID);
  expect_text(failure.text, folder, "not a regular file");
  ck_assert_int_eq(mkfifo(in_folder("other.limits"), 0600), 0);
  ck_assert_int_eq(ow_text_file_read(in_folder("other.limits"), &file, &failure), OW_INVALID);
  ck_assert_int_eq(ow_text_file_read(in_folder("nothing"), &file, &failure), OW_OK);
  ck_assert(file.missing && !file.text);
}
END_TEST

/* ---- process id and privileges ---- */

/* What the function, called in a process of its own, returns. */
static int in_a_process(int (*function)(void))
{
  int status;
  pid_t child = fork();
  if (child == 0)
    _exit(function());
  ck_assert_int_eq(waitpid(child, &status, 0), child);
  ck_assert_msg(WIFEXITED(status), "ended by signal %d", WTERMSIG(status));
  return WEXITSTATUS(status);
}

static int lock_twice(void)
{
  struct ow_pidfile file;
  struct ow_failure failure;
  enum ow_status status = ow_pidfile_lock(&file, in_folder("owamp-server.pid"), "vardir", &failure);
  bool named = strstr(failure.text, "is already running") != NULL;
  return status == OW_STATE && named && file.descriptor == -1 ? 0 : 1;
}

START_TEST(the_pid_file_keeps_out_a_second_process)
{
  struct ow_pidfile file;
  struct ow_text_file text;
  struct ow_failure failure = {0};
  char expected[32];
  snprintf(expected, sizeof expected, "%ld\n", (long)getpid());
  ck_assert_msg(ow_pidfile_lock(&file, in_folder("owamp-server.pid"), "vardir", &failure) == OW_OK, "%s",
                failure.text);
  ck_assert_int_eq(in_a_process(lock_twice), 0);
  ck_assert_int_eq(ow_text_file_read(in_folder("owamp-server.pid"), &text, &failure), OW_OK);
  ck_assert_str_eq(text.text, expected);
  ow_text_file_clear(&text);
  ow_pidfile_release(&file);
  ow_pidfile_release(&file);
  ck_assert_int_ne(access(in_folder("owamp-server.pid"), F_OK), 0);
  ck_assert_int_eq(ow_pidfile_lock(&file, in_folder("nothing/at.pid"), "vardir", &failure), OW_INVALID);
  expect_text(failure.text, folder, "is vardir right?");
}
END_TEST

/* A daemon's working folder becomes the root. */
static int release_from_elsewhere(void)
{
  struct ow_pidfile file;
  struct ow_failure failure;
  bool locked = chdir(folder) == 0 && ow_pidfile_lock(&file, "owamp-server.pid", "vardir", &failure) == OW_OK;
  if (!locked || chdir("/") != 0)
    return 2;
  ow_pidfile_release(&file);
  return access(in_folder("owamp-server.pid"), F_OK) != 0 ? 0 : 1;
}

START_TEST(the_pid_file_is_removed_from_any_folder)
{
  ck_assert_int_eq(in_a_process(release_from_elsewhere), 0);
}
END_TEST

static struct ow_server_conf conf_of(const char *text)
{
  struct ow_server_conf conf;
  struct heard heard;
  struct ow_failure failure;
  ck_assert_msg(parse_conf(text, &conf, &heard, &failure) == OW_OK, "%s", failure.text);
  return conf;
}

START_TEST(who_to_become_follows_from_the_configuration)
{
  struct ow_identity identity;
  struct ow_failure failure;
  struct ow_server_conf conf = conf_of("user -12345\ngroup -54321\n");
  ck_assert_int_eq(ow_responder_identity(&conf, true, NULL, &identity, &failure), OW_OK);
  ck_assert(identity.change);
  ck_assert_uint_eq(identity.user, 12345);
  ck_assert_uint_eq(identity.group, 54321);
  ck_assert_int_eq(ow_responder_identity(&conf, false, NULL, &identity, &failure), OW_OK);
  ck_assert(!identity.change);
  conf = conf_of("");
  ck_assert_int_eq(ow_responder_identity(&conf, true, NULL, &identity, &failure), OW_OK);
  ck_assert(identity.change && identity.user != 0);
  conf = conf_of("rootfolly\n");
  ck_assert_int_eq(ow_responder_identity(&conf, true, NULL, &identity, &failure), OW_OK);
  ck_assert(!identity.change);
  conf = conf_of("user root\nrootfolly\n");
  ck_assert_int_eq(ow_responder_identity(&conf, true, NULL, &identity, &failure), OW_OK);
}
END_TEST

static const struct bad BAD_IDENTITIES[] = {
    {"user no-such-user\n", "t.conf:1: ", "there is no such user"},
    {"user -12345\n", "t.conf:1: ", "set group as well"},
    {"\nuser root\n", "t.conf:2: ", "is root"},
    {"user nobody\ngroup no-such-group\n", "t.conf:2: ", "there is no such group"},
};

START_TEST(nobody_that_exists_can_not_be_become)
{
  struct ow_identity identity;
  struct ow_failure failure;
  struct ow_server_conf conf = conf_of(BAD_IDENTITIES[_i].text);
  ck_assert_int_eq(ow_responder_identity(&conf, true, NULL, &identity, &failure), OW_INVALID);
  expect_text(failure.text, BAD_IDENTITIES[_i].start, BAD_IDENTITIES[_i].phrase);
  ck_assert(!identity.change);
}
END_TEST

static int step_down(void)
{
  const struct ow_identity identity = {.change = true, .user = 12345, .group = 54321};
  struct ow_failure failure;
  bool down = ow_identity_assume(&identity, &failure) == OW_OK && getuid() == 12345 && getegid() == 54321 &&
              getgroups(0, NULL) == 1;
  return down && seteuid(0) != 0 && setegid(0) != 0 ? 0 : 1;
}

static int step_down_as_nobody(void)
{
  const struct ow_identity identity = {.change = true, .user = 0, .group = 0};
  struct ow_failure failure;
  if (setresgid(54321, 54321, 54321) != 0 || setresuid(12345, 12345, 12345) != 0)
    return 2;
  return ow_identity_assume(&identity, &failure) == OW_NETWORK ? 0 : 1;
}

static int low_test_ports(void)
{
  const struct ow_identity identity = {.change = true, .user = 12345, .group = 54321};
  struct ow_server_conf conf = {.file = "t.conf", .test_port_low = 1, .test_ports_line = 7};
  struct ow_failure failure = {0};
  if (ow_identity_assume(&identity, &failure) != OW_OK)
    return 1;
  bool refused = ow_test_ports_allowed(&conf, &failure) == OW_INVALID && strstr(failure.text, "t.conf:7: ");
  conf.test_port_low = 0;
  return refused && ow_test_ports_allowed(&conf, &failure) == OW_OK ? 0 : 1;
}

/* Whether port 1 is a privileged one is this host's setting. */
static bool low_ports_are_privileged(void)
{
  char text[16] = "";
  FILE *setting = fopen("/proc/sys/net/ipv4/ip_unprivileged_port_start", "re");
  if (setting) {
    (void)!fgets(text, sizeof text, setting);
    fclose(setting);
  }
  return strcmp(text, "0\n") != 0 && strcmp(text, "1\n") != 0;
}

START_TEST(root_is_left_for_good)
{
  if (geteuid() != 0)
    return;
  ck_assert_int_eq(in_a_process(step_down), 0);
  ck_assert_int_eq(in_a_process(step_down_as_nobody), 0);
  if (low_ports_are_privileged())
    ck_assert_int_eq(in_a_process(low_test_ports), 0);
}
END_TEST

/* ---- the whole program ---- */

struct program {
  pid_t id;
  FILE *log;
};

static void start(struct program *program)
{
  int ends[2];
  char name[] = "owamp-responder", foreground[] = "-f", listen[] = "-S127.0.0.1:0", conf[] = "-c";
  char *words[] = {name, foreground, listen, conf, folder, NULL};
  ck_assert_int_eq(pipe(ends), 0);
  program->id = fork();
  if (program->id == 0) {
    dup2(ends[1], STDERR_FILENO);
    _exit(ow_responder_run(COUNT(words) - 1, words));
  }
  close(ends[1]);
  program->log = fdopen(ends[0], "r");
}

/* Read the log up to a line that says `phrase`. Check's time limit ends a wait in vain. */
static void await(const struct program *program, const char *phrase)
{
  char line[600];
  do
    ck_assert_msg(fgets(line, sizeof line, program->log) != NULL, "ended before it said \"%s\"", phrase);
  while (!strstr(line, phrase));
}

static int end(struct program *program)
{
  int status;
  fclose(program->log);
  ck_assert_int_eq(waitpid(program->id, &status, 0), program->id);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

START_TEST(it_starts_rereads_tells_and_stops)
{
  struct program program;
  char conf[200];
  snprintf(conf, sizeof conf, "rootfolly\nvardir %s\n", folder);
  write_file("owamp-server.conf", conf, 0600);
  write_file("owamp-server.limits", "limit first with disk=1k\n", 0600);
  start(&program);
  await(&program, "listening on 127.0.0.1 port ");
  ck_assert_int_eq(access(in_folder("owamp-server.pid"), F_OK), 0);
  kill(program.id, SIGUSR1);
  await(&program, "0 connections");
  await(&program, "class first: 0 bit/s");
  write_file("owamp-server.limits", "limit second with disk=many\n", 0600);
  kill(program.id, SIGHUP);
  await(&program, "owamp-server.limits:1: disk=many");
  kill(program.id, SIGUSR1);
  await(&program, "class first: ");
  write_file("owamp-server.limits", "limit second with disk=2k\n", 0600);
  write_file("owamp-server.conf", "rootfolly\nverbose\n", 0600);
  kill(program.id, SIGHUP);
  await(&program, "a changed vardir takes effect at the next start");
  await(&program, "configuration read again");
  kill(program.id, SIGUSR1);
  await(&program, "class second: ");
  kill(program.id, SIGTERM);
  await(&program, "stopped by SIGTERM");
  ck_assert_int_eq(end(&program), 0);
  ck_assert_int_ne(access(in_folder("owamp-server.pid"), F_OK), 0);
}
END_TEST

START_TEST(it_says_why_it_can_not_start)
{
  struct program program;
  write_file("owamp-server.conf", "rootfolly\n\ntestports 9-8\n", 0600);
  start(&program);
  await(&program, "owamp-server.conf:3: testports \"9-8\"");
  ck_assert_int_eq(end(&program), 1);
  char name[] = "owamp-responder", unknown[] = "-x";
  ck_assert_int_eq(ow_responder_run(2, (char *[]){name, unknown, NULL}), 2);
}
END_TEST

static void check(struct program *program)
{
  int ends[2];
  char name[] = "owamp-responder", option[] = "--check", conf[] = "-c";
  char *words[] = {name, option, conf, folder, NULL};
  ck_assert_int_eq(pipe(ends), 0);
  program->id = fork();
  if (program->id == 0) {
    dup2(ends[1], STDERR_FILENO);
    dup2(ends[1], STDOUT_FILENO);
    int status = ow_responder_run(COUNT(words) - 1, words);
    fflush(stdout);
    _exit(status);
  }
  close(ends[1]);
  program->log = fdopen(ends[0], "r");
}

/* Of all files, and what only a start would show too. */
START_TEST(every_fault_is_told_by_a_check)
{
  struct program program;
  write_file(
      "owamp-server.conf",
      "users x\nuser no-such-user\nsrcnode 192.0.2.200:861\nenddelay x\nverbose off\ngroup no-such-group\n",
      0600);
  write_file("owamp-server.pfs", "monitor xyz\nother\n", 0604);
  write_file("owamp-server.limits", "limit a with disk=x\nassign user monitor a\nassign net 1/8 a\n", 0600);
  check(&program);
  await(&program, "owamp-server.conf:1: unknown directive");
  await(&program, "warning: ");
  await(&program, "owamp-server.pfs: everybody on this host can read");
  await(&program, "owamp-server.conf:4: enddelay");
  await(&program, "owamp-server.pfs:1: the passphrase");
  await(&program, "owamp-server.pfs:2: no passphrase");
  await(&program, "owamp-server.limits:1: disk=x");
  await(&program, "owamp-server.limits:3: \"1/8\"");
  if (geteuid() == 0) {
    await(&program, "owamp-server.conf:3: can't listen on 192.0.2.200 port 861: ");
    await(&program, "owamp-server.conf:2: user no-such-user: ");
    await(&program, "owamp-server.conf:6: group no-such-group: ");
  }
  ck_assert_int_eq(end(&program), 1);
}
END_TEST

START_TEST(a_check_without_fault_starts_nothing)
{
  struct program program;
  char conf[200];
  snprintf(conf, sizeof conf, "rootfolly\nvardir %s\nloglevel NONE\ndatadir /x\n", folder);
  write_file("owamp-server.conf", conf, 0600);
  check(&program);
  await(&program, "owamp-server.conf:4: datadir has no effect");
  await(&program, "no fault in the configuration");
  ck_assert_int_eq(end(&program), 0);
  ck_assert_int_ne(access(in_folder("owamp-server.pid"), F_OK), 0);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("responder");
  TEST_CASE(suite, "networks", networks_contain_their_addresses_and_no_others);
  TEST_LOOP(suite, "addresses", COUNT(ADDRESSES), listening_addresses_are_read);
  TEST_LOOP(suite, "bad addresses", COUNT(BAD_ADDRESSES), what_is_no_address_is_refused);
  TEST_CASE(suite, "owamp-server.conf", every_directive_is_taken, lines_are_read_as_owampd_reads_them,
            a_byte_order_mark_is_no_part_of_a_directive, a_nul_octet_is_refused_and_never_printed);
  TEST_LOOP(suite, "no meaning", COUNT(MEANINGLESS),
            a_directive_without_meaning_here_is_named_with_file_and_line);
  TEST_LOOP(suite, "bad values", COUNT(BAD_CONF), a_value_that_can_not_be_is_refused_with_file_and_line);
  TEST_CASE(suite, "limits", a_class_takes_over_what_it_does_not_say, the_longest_prefix_wins,
            without_a_default_the_root_is_it, a_file_without_classes_gets_a_bounded_one_and_a_warning,
            classes_are_bounded_in_number);
  TEST_LOOP(suite, "bad limits", COUNT(BAD_LIMITS), an_error_in_the_limits_is_named_with_file_and_line);
  TEST_CASE(
      suite, "policy", modes_are_offered_as_address_and_keys_allow, nobody_gets_in_before_rules_are_installed,
      keys_are_found_by_their_id, a_budget_is_claimed_and_given_back, disk_is_settled_by_what_came,
      a_stranger_leaves_a_quarter_of_its_class_s_disk_to_others,
      who_is_within_its_share_gets_bandwidth_that_others_have_claimed, a_key_has_a_share_beside_any_crowd,
      a_class_draws_on_its_ancestors_budgets, test_sessions_are_counted_for_each_connection,
      how_far_ahead_and_how_long_is_bounded_by_class, what_a_session_takes_is_what_goes_over_the_wire,
      use_outlives_a_reload, a_claim_of_nothing_outlives_its_class, only_the_owner_may_fetch);
  TEST_CASE(suite, "options", options_are_read);
  TEST_LOOP(suite, "bad options", COUNT(BAD_OPTIONS), options_that_mean_nothing_are_refused_with_a_sentence);
  TEST_CASE(suite, "no files", without_files_the_default_is_open_and_bounded);
  TEST_CASE_WITH(make_folder, remove_folder, suite, "files", the_three_files_are_read_from_their_folder,
                 a_file_may_be_named_and_has_its_neighbours, a_folder_without_files_is_a_mistake,
                 files_are_read_whole_but_not_without_bound, the_pid_file_keeps_out_a_second_process,
                 the_pid_file_is_removed_from_any_folder);
  TEST_LOOP_WITH(make_folder, remove_folder, suite, "bad files", COUNT(BAD_FILES),
                 what_is_wrong_in_a_file_is_named_with_path_and_line);
  TEST_CASE(suite, "identity", who_to_become_follows_from_the_configuration, root_is_left_for_good);
  TEST_LOOP(suite, "bad identity", COUNT(BAD_IDENTITIES), nobody_that_exists_can_not_be_become);
  TEST_CASE_WITH(make_folder, remove_folder, suite, "program", it_starts_rereads_tells_and_stops,
                 it_says_why_it_can_not_start, every_fault_is_told_by_a_check,
                 a_check_without_fault_starts_nothing);
  return test_run(suite);
}
