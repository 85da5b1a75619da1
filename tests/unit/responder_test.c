/* The responder's configuration files and the decisions that follow from them. */
#include <stdlib.h>
#include <string.h>

#include "responder/limits.h"
#include "responder/listen_address.h"
#include "responder/net_match.h"
#include "responder/policy.h"
#include "responder/server_conf.h"
#include "support/main.h"

/* ---- what messages were logged ---- */

struct heard {
  char lines[2000];
};

static void hear(void *context, enum ow_log_level level, const char *line)
{
  struct heard *heard = context;
  size_t used = strlen(heard->lines);
  (void)level;
  ck_assert_uint_lt(used + strlen(line) + 2, sizeof heard->lines);
  memcpy(heard->lines + used, line, strlen(line) + 1);
  strcat(heard->lines, "\n");
}

static bool contains(const char *text, const char *piece)
{
  return strstr(text, piece) != NULL;
}

/* ---- owamp-server.conf ---- */

static enum ow_status parse_conf(const char *text, struct ow_server_conf *conf, struct heard *heard,
                                 struct ow_failure *failure)
{
  const struct ow_log log = {.context = heard, .emit = hear, .most = OW_LOG_DEBUG};
  *heard = (struct heard){0};
  *failure = (struct ow_failure){0};
  ow_server_conf_defaults(conf);
  return ow_server_conf_parse("t.conf", text, strlen(text), conf, &log, failure);
}

START_TEST(every_directive_is_taken)
{
  struct ow_server_conf conf;
  struct heard heard;
  struct ow_failure failure;
  ck_assert_int_eq(parse_conf("# comment\n\nsrcnode 192.0.2.1:8610\ntestports 8760-9960\nuser owamp\ngroup net\n"
                              "vardir /run/x\nmaxcontrolsessions 7\ncontroltimeout 30\npbkdf2_count 4096\nrootfolly\n",
                              &conf, &heard, &failure),
                   OW_OK);
  ck_assert_str_eq(conf.listen.address, "192.0.2.1");
  ck_assert_str_eq(conf.listen.port, "8610");
  ck_assert_uint_eq(conf.test_port_low, 8760);
  ck_assert_uint_eq(conf.test_port_high, 9960);
  ck_assert_str_eq(conf.user, "owamp");
  ck_assert_str_eq(conf.group, "net");
  ck_assert_str_eq(conf.vardir, "/run/x");
  ck_assert_uint_eq(conf.most_connections, 7);
  ck_assert_int_eq(conf.control_timeout, 30 * OW_NS_PER_S);
  ck_assert_uint_eq(conf.pbkdf2_count, 4096);
  ck_assert(conf.root_folly);
  ck_assert_str_eq(heard.lines, "");
}
END_TEST

static const char *const MEANINGLESS[] = {"datadir /var/lib/owamp", "dieby 5",    "diskfudge 3.0", "loglocation",
                                          "priority info",          "syncfuzz 1", "testtimeout 9"};

START_TEST(a_directive_without_meaning_here_is_named_with_file_and_line)
{
  struct ow_server_conf conf;
  struct heard heard;
  struct ow_failure failure;
  char text[200] = "# first\n";
  strcat(text, MEANINGLESS[_i]);
  ck_assert_int_eq(parse_conf(text, &conf, &heard, &failure), OW_OK);
  ck_assert_msg(contains(heard.lines, "t.conf:2: "), "%s", heard.lines);
}
END_TEST

static const char *const BAD_LINES[] = {
    "testports 9-x",      "testports 9000-8000",    "srcnode 192.0.2.1:99999", "maxcontrolsessions many",
    "controltimeout -1",  "pbkdf2_count 1000",      "pbkdf2_count 1025",       "authmode X",
    "facility nonsense",  "loglevel LOUD",          "user",
};

START_TEST(a_value_that_can_not_be_is_refused_with_file_and_line)
{
  struct ow_server_conf conf;
  struct heard heard;
  struct ow_failure failure;
  char text[200] = "\n\n";
  strcat(text, BAD_LINES[_i]);
  ck_assert_int_eq(parse_conf(text, &conf, &heard, &failure), OW_INVALID);
  ck_assert_msg(contains(failure.text, "t.conf:3: "), "%s", failure.text);
}
END_TEST

/* ---- owamp-server.limits ---- */

static const char LIMITS[] = "limit root with bandwidth=1m, disk=1k, \\\n  delete_on_fetch=on, allow_open_mode=on\n"
                             "limit small with parent=root, bandwidth=100k, test_sessions=1\n"
                             "limit closed with parent=root, allow_open_mode=off\n"
                             "assign default small\n"
                             "assign net 192.0.2.0/24 closed\n"
                             "assign net 192.0.2.128/25 root\n"
                             "assign net 2001:db8::/32 closed\n"
                             "assign user monitor root\n";
static const char KEYS[] = "monitor 636f72\n";

static enum ow_status parse_limits(const char *text, struct ow_limits *limits, struct ow_failure *failure)
{
  struct ow_keys_file keys = {0};
  ck_assert_int_eq(ow_key_file_parse("t.pfs", KEYS, strlen(KEYS), &keys, failure), OW_OK);
  *limits = (struct ow_limits){0};
  enum ow_status status = ow_limits_parse("t.limits", text, strlen(text), &keys, limits, NULL, failure);
  ow_key_file_clear(&keys);
  return status;
}

static struct ow_endpoint ipv4(uint8_t a, uint8_t b, uint8_t c, uint8_t d)
{
  return (struct ow_endpoint){.version = 4, .address = {a, b, c, d}};
}

START_TEST(a_class_takes_over_what_it_does_not_say)
{
  struct ow_limits limits;
  struct ow_failure failure = {0};
  ck_assert_msg(parse_limits(LIMITS, &limits, &failure) == OW_OK, "%s", failure.text);
  const struct ow_class *small = &limits.classes[ow_limits_class_by_name(&limits, "small")];
  ck_assert_uint_eq(small->bandwidth, 100000);
  ck_assert(small->delete_on_fetch);
  ck_assert(small->open_mode);
  ck_assert(!limits.classes[ow_limits_class_by_name(&limits, "closed")].open_mode);
  ow_limits_clear(&limits);
}
END_TEST

START_TEST(the_longest_prefix_wins)
{
  struct ow_limits limits;
  struct ow_failure failure;
  ck_assert_int_eq(parse_limits(LIMITS, &limits, &failure), OW_OK);
  struct ow_endpoint low = ipv4(192, 0, 2, 1);
  struct ow_endpoint high = ipv4(192, 0, 2, 200);
  struct ow_endpoint other = ipv4(198, 51, 100, 1);
  struct ow_endpoint six = {.version = 6, .address = {0x20, 0x01, 0x0d, 0xb8, 9}};
  ck_assert_str_eq(limits.classes[ow_limits_class_of_address(&limits, &low)].name, "closed");
  ck_assert_str_eq(limits.classes[ow_limits_class_of_address(&limits, &high)].name, "root");
  ck_assert_str_eq(limits.classes[ow_limits_class_of_address(&limits, &other)].name, "small");
  ck_assert_str_eq(limits.classes[ow_limits_class_of_address(&limits, &six)].name, "closed");
  ck_assert_str_eq(limits.classes[ow_limits_class_of_user(&limits, "monitor")].name, "root");
  ck_assert_int_eq(ow_limits_class_of_user(&limits, "stranger"), OW_CLASS_NONE);
  ow_limits_clear(&limits);
}
END_TEST

static const char *const BAD_LIMITS[] = {
    "limit a with parent=b\n",
    "limit a with bandwidth=fast\n",
    "limit a with speed=1\n",
    "limit a with disk=1, disk=2\n",
    "limit a with delete_on_fetch=maybe\n",
    "limit a\nlimit a\n",
    "limit a with disk=1\nlimit b with disk=1\n",
    "limit a with disk=1\nassign default b\n",
    "limit a with disk=1\nassign net 192.0.2.1/33 a\n",
    "limit a with disk=1\nassign net 192.0.2.1/24 a\n",
    "limit a with disk=1\nassign user stranger a\n",
    "nonsense\n",
};

START_TEST(an_error_in_the_limits_is_named_with_file_and_line)
{
  struct ow_limits limits;
  struct ow_failure failure = {0};
  ck_assert_int_eq(parse_limits(BAD_LIMITS[_i], &limits, &failure), OW_INVALID);
  ck_assert_msg(contains(failure.text, "t.limits:"), "%s", failure.text);
  ck_assert_uint_eq(limits.class_count, 0);
}
END_TEST

/* ---- policy ---- */

struct desk {
  struct ow_policy *policy;
  struct ow_serve_policy answers;
};

static void open_desk(struct desk *desk)
{
  struct ow_limits limits;
  struct ow_keys_file keys = {0};
  struct ow_failure failure;
  ck_assert_int_eq(parse_limits(LIMITS, &limits, &failure), OW_OK);
  ck_assert_int_eq(ow_key_file_parse("t.pfs", KEYS, strlen(KEYS), &keys, &failure), OW_OK);
  desk->policy = ow_policy_create();
  ck_assert_ptr_nonnull(desk->policy);
  ck_assert_int_eq(ow_policy_install(desk->policy, &limits, &keys, OW_MODES_ALL), OW_OK);
  desk->answers = ow_policy_answers(desk->policy);
}

static uint32_t admit(struct desk *desk, struct ow_serve_client *client)
{
  struct ow_failure why = {0};
  return desk->answers.admit(desk->answers.context, client, &why);
}

static enum ow_accept identify(struct desk *desk, struct ow_serve_client *client, enum ow_mode mode)
{
  struct ow_failure why = {0};
  client->mode = mode;
  if (mode != OW_MODE_OPEN)
    memcpy(client->key_id, "monitor", sizeof "monitor");
  return desk->answers.identify(desk->answers.context, client, &why);
}

/* 14 + 28 octets of packet and headers, `per_second` times a second. */
static enum ow_accept claim(struct desk *desk, const struct ow_serve_client *client, uint32_t packets,
                            uint32_t per_second, struct ow_serve_claim *claimed)
{
  struct ow_failure why = {0};
  const struct ow_slot slot = {OW_SLOT_FIXED, ow_span_from_ns(OW_NS_PER_S / per_second)};
  const struct ow_session_request request = {.server_receives = true,
                                             .slot_count = 1,
                                             .packets = packets,
                                             .sender = {.version = 4},
                                             .receiver = {.version = 4}};
  *claimed = (struct ow_serve_claim){0};
  return desk->answers.claim(desk->answers.context, client, &request, &slot, claimed, &why);
}

START_TEST(open_mode_is_offered_only_where_it_is_allowed)
{
  struct desk desk;
  open_desk(&desk);
  struct ow_serve_client guest = {.address = ipv4(198, 51, 100, 1)};
  struct ow_serve_client keyed = {.address = ipv4(192, 0, 2, 1)};
  ck_assert_uint_eq(admit(&desk, &guest), OW_MODES_ALL);
  ck_assert_uint_eq(admit(&desk, &keyed), OW_MODE_AUTHENTICATED | OW_MODE_ENCRYPTED);
  desk.answers.leave(desk.answers.context, &guest);
  desk.answers.leave(desk.answers.context, &keyed);
  ow_policy_free(desk.policy);
}
END_TEST

START_TEST(a_budget_is_claimed_and_given_back)
{
  struct desk desk;
  struct ow_serve_claim first;
  struct ow_serve_claim second;
  open_desk(&desk);
  struct ow_serve_client client = {.address = ipv4(192, 0, 2, 200)}; /* root: 1 Mbit/s, 1000 octets of records */
  (void)admit(&desk, &client);
  ck_assert_int_eq(identify(&desk, &client, OW_MODE_OPEN), OW_ACCEPT_OK);
  ck_assert_int_eq(claim(&desk, &client, 30, 10, &first), OW_ACCEPT_OK); /* 30 records: 750 octets */
  ck_assert_int_ne(claim(&desk, &client, 30, 10, &second), OW_ACCEPT_OK);
  desk.answers.release_bandwidth(desk.answers.context, &first);
  desk.answers.release_disk(desk.answers.context, &first);
  ck_assert_int_eq(claim(&desk, &client, 30, 10, &second), OW_ACCEPT_OK);
  desk.answers.release_bandwidth(desk.answers.context, &second);
  desk.answers.release_disk(desk.answers.context, &second);
  ck_assert_int_ne(claim(&desk, &client, 1, 1000000, &first), OW_ACCEPT_OK); /* 336 Mbit/s */
  desk.answers.leave(desk.answers.context, &client);
  ow_policy_free(desk.policy);
}
END_TEST

START_TEST(a_stranger_may_not_fetch_what_another_made)
{
  struct desk desk;
  open_desk(&desk);
  struct ow_serve_client owner = {.address = ipv4(192, 0, 2, 200), .mode = OW_MODE_OPEN};
  struct ow_serve_client again = owner;
  struct ow_serve_client stranger = {.address = ipv4(198, 51, 100, 1), .mode = OW_MODE_OPEN};
  (void)admit(&desk, &owner);
  (void)admit(&desk, &again);
  (void)admit(&desk, &stranger);
  ck_assert(desk.answers.may_fetch(desk.answers.context, &again, &owner));
  ck_assert(!desk.answers.may_fetch(desk.answers.context, &stranger, &owner));
  desk.answers.leave(desk.answers.context, &owner);
  desk.answers.leave(desk.answers.context, &again);
  desk.answers.leave(desk.answers.context, &stranger);
  ow_policy_free(desk.policy);
}
END_TEST

#define COUNT(list) ((int)(sizeof(list) / sizeof *(list)))

int main(void)
{
  Suite *suite = suite_create("responder");
  TEST_CASE(suite, "owamp-server.conf", every_directive_is_taken);
  TEST_LOOP(suite, "no meaning", COUNT(MEANINGLESS), a_directive_without_meaning_here_is_named_with_file_and_line);
  TEST_LOOP(suite, "bad values", COUNT(BAD_LINES), a_value_that_can_not_be_is_refused_with_file_and_line);
  TEST_CASE(suite, "limits", a_class_takes_over_what_it_does_not_say, the_longest_prefix_wins);
  TEST_LOOP(suite, "bad limits", COUNT(BAD_LIMITS), an_error_in_the_limits_is_named_with_file_and_line);
  TEST_CASE(suite, "policy", open_mode_is_offered_only_where_it_is_allowed, a_budget_is_claimed_and_given_back,
            a_stranger_may_not_fetch_what_another_made);
  return test_run(suite);
}
