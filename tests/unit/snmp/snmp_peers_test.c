/* SPDX-License-Identifier: MIT */
/* Peers: configuration, rows that are kept, notices and how fast they are sent, and whose rows there are. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "notify_queue.h"
#include "peers.h"
#include "peers_file.h"
#include "row_text.h"
#include "support/main.h"

enum { HISTORY = 3, MOST_WORDS = 64, MOST_NOTICES = 16 };

/* ---- the words of a line ---- */

struct words {
  char text[ROW_TEXT];
  char *list[MOST_WORDS];
  size_t count;
};

/* At blanks, or, if it begins with a quotation mark, between them. */
static void split(struct words *words, const char *line)
{
  char *at = words->text;
  snprintf(words->text, sizeof words->text, "%s", line);
  words->count = 0;
  while (*at) {
    const char *ends = *at == '"' ? "\"" : " ";
    at += *at == '"';
    words->list[words->count++] = at;
    at += strcspn(at, ends);
    if (*at)
      *at++ = '\0';
    at += strspn(at, " ");
  }
}

static enum ow_status read_options(struct peer_config *config, const char *line, struct ow_failure *failure)
{
  struct words words;
  split(&words, line);
  peer_config_defaults(config);
  enum ow_status status = row_read_options(config, &peer_face, words.list, words.count, NULL, failure);
  return status == OW_OK ? peer_config_check(config, failure) : status;
}

static void hear(void *context, enum ow_log_level level, const char *line)
{
  (void)level;
  strcat(context, line);
  strcat(context, ";");
}

START_TEST(every_fault_of_a_line_is_told)
{
  char heard[500] = "";
  const struct ow_log log = {.context = heard, .emit = hear, .most = OW_LOG_ERROR};
  struct ow_failure failure;
  struct peer_config config;
  struct words words;
  split(&words, "host h colour red padding many dscp");
  peer_config_defaults(&config);
  ck_assert_int_eq(row_read_options(&config, &peer_face, words.list, words.count, &log, &failure),
                   OW_INVALID);
  ck_assert_str_eq(heard, "there is no option 'colour';padding: 'many' is not a number from 0 to 65459;");
  ck_assert_str_eq(failure.text, "'dscp' has no value");
}
END_TEST

static const char *const good_lines[] = {
    "host far.example.net",
    "host 192.0.2.1 port 8861",
    "host 2001:db8::1 family ipv6",
    "host h mode open",
    "host h key-id alice mode authenticated,encrypted key-file /etc/owamp/alice",
    "host h direction forward",
    "host h direction reverse,forward",
    "host h direction both",
    "host h interval 10s schedule exp:100ms,fixed:50ms",
    "host h interval 4s loss-timeout 500ms schedule fixed:10ms",
    "host h padding 1400 dscp EF",
    "host h source 192.0.2.7 interface eth0 ports 9000-9100",
    "host h warning \"delay_p95=20ms, loss=1%\" critical loss=5% raise 3/5 uncertain unknown",
    "host h port owamp-control mode open mode encrypted key-id k",
    "host h nat true zero-padding yes min-packets 10",
    "host h protocol stamp",
    "host h protocol twamp",
    "host h protocol twamp mode open,mixed key-id router port 861",
    "host h protocol twamp mode open,authenticated,encrypted key-id router",
    "host h protocol stamp port 861 ssid 17",
    "host h port 8862 protocol stamp",
    "host h port 862 tlvs none",
    "host h protocol stamp tlvs timestamps,class-of-service tlvs counters tlvs follow-up padding 60 "
    "busy-wait true",
    "host h protocol stamp key-id router mode authenticated key-file /etc/owamp/router critical "
    "rtt_p95=5ms,dwell=1ms",
};

START_TEST(good_lines_are_read)
{
  struct peer_config config;
  struct ow_failure failure = {0};
  enum ow_status status = read_options(&config, good_lines[_i], &failure);
  ck_assert_msg(status == OW_OK, "%s: %s", good_lines[_i], failure.text);
}
END_TEST

/* Each is refused, with these words. */
static const struct {
  const char *line;
  const char *words;
} bad_lines[] = {
    {"", "host"},
    {"host", "'host' has no value"},
    {"host h port", "'port' has no value"},
    {"host \"\"", "host: the value is empty"},
    {"host \"a b\"", "host: 'a b' is no name or address"},
    {"host h colour red", "there is no option 'colour'"},
    {"host h Port 1", "there is no option 'Port'"},
    {"host h port 0", "port: "},
    {"host h port 65536", "port: "},
    {"host one host two", "host: it is given twice"},
    {"host h hsot two", "there is no option 'hsot'; did you mean host?"},
    {"host h nat perhaps", "nat: the value is neither true nor false"},
    {"host h min-packets 10000001", "min-packets: '10000001' is not a number from 0 to 10000000"},
    {"host h family ipv5", "family: 'ipv5' is not one of any, ipv4, ipv6"},
    {"host h mode open,", "mode: "},
    {"host h mode none", "mode: 'none' is not one of open, authenticated, encrypted"},
    {"host h mode authenticated", "need a KeyID"},
    {"host h key-id \"a b\"", "key-id: a KeyID has no blank"},
    {"host h direction up", "direction: 'up' is not one of both, forward, reverse"},
    {"host h interval 60", "interval: "},
    {"host h interval 3s", "interval: it is a whole number of seconds, 4 at least"},
    {"host h interval 4500ms", "interval: it is a whole number of seconds, 4 at least"},
    {"host h interval 2d", "interval: "},
    {"host h interval 4s", "too short for a loss timeout of 2 s"},
    {"host h interval 10s schedule exp:10s", "too few for an interval"},
    {"host h schedule often", "schedule: "},
    {"host h padding 65460", "padding: "},
    {"host h padding -1", "padding: "},
    {"host h dscp 64", "dscp: "},
    {"host h loss-timeout 1500us", "loss-timeout: it is a whole number of milliseconds"},
    {"host h interface sixteen-letters!", "interface: the value is longer than 15 characters"},
    {"host h ports 9000-8000", "ports: "},
    {"host h warning delay_p95=fast", "warning: "},
    {"host h critical p42=1ms", "critical: "},
    {"host h raise 5/3", "raise: "},
    {"host h uncertain perhaps", "uncertain: 'perhaps' is not one of remark, unknown"},
    {"host h protocol icmp", "protocol: 'icmp' is not one of owamp, stamp"},
    {"host h protocol stamp protocol stamp", "protocol: it is given twice"},
    {"host h mode mixed key-id k", "mixed mode is TWAMP's"},
    {"host h protocol twamp ssid 7", "an SSID and TLVs are STAMP's"},
    {"host h ssid 65536", "ssid: '65536' is not a number from 0 to 65535"},
    {"host h protocol stamp tlvs location", "tlvs: 'location' is not one of none, timestamps"},
    {"host h protocol stamp padding 3", "STAMP's padding has 4 octets at least"},
    {"host h protocol stamp mode encrypted key-id k", "STAMP is open or authenticated"},
    {"host h protocol stamp nat true", "nothing to do for NAT"},
    {"host h source a\\b", "source: the value is empty, too long, or has a quotation mark, a backslash"},
    {"host h source \x01", "source: "},
};

START_TEST(bad_lines_are_named)
{
  struct peer_config config;
  struct ow_failure failure = {0};
  enum ow_status status = read_options(&config, bad_lines[_i].line, &failure);
  ck_assert_msg(status == OW_INVALID, "%s", bad_lines[_i].line);
  ck_assert_msg(strstr(failure.text, bad_lines[_i].words) != NULL, "%s: %s", bad_lines[_i].line,
                failure.text);
}
END_TEST

START_TEST(a_value_of_256_is_too_long)
{
  char value[PEER_TEXT + 1];
  struct peer_config config;
  struct ow_failure failure;
  peer_config_defaults(&config);
  memset(value, 'h', PEER_TEXT);
  value[PEER_TEXT] = '\0';
  ck_assert_int_eq(peer_config_set(&config, "host", value, &failure), OW_INVALID);
  value[PEER_TEXT - 1] = '\0';
  ck_assert_int_eq(peer_config_set(&config, "host", value, &failure), OW_OK);
}
END_TEST

/* ---- a table of its own, and who hears of it ---- */

static struct peers peers;
static struct ow_board *board;
static unsigned starts;
static unsigned stops;
static struct notice told[MOST_NOTICES];
static size_t told_count;
static bool refuses;
static const struct ow_timestamp now = {.ntp = UINT64_C(0xee00000000000000)};

static enum ow_status start(void *context, const struct peer *peer, struct ow_failure *failure)
{
  (void)context;
  (void)peer;
  starts++;
  return refuses ? ow_fail(failure, OW_AUTH, "there is no such key") : OW_OK;
}

static void stop(void *context, const struct peer *peer)
{
  (void)context;
  stops++;
  ow_board_remove_stream(board, peer->stream);
}

static void take_notice(void *context, const struct notice *notice)
{
  (void)context;
  ck_assert_uint_lt(told_count, MOST_NOTICES);
  told[told_count++] = *notice;
}

static void set_up(void)
{
  static const struct peers_host host = {NULL, start, stop, take_notice};
  board = ow_board_create(HISTORY);
  ck_assert_ptr_nonnull(board);
  peers_init(&peers, &host, board, HISTORY);
}

static void tear_down(void)
{
  peers_clear(&peers);
  ow_board_free(board);
}

static struct peer *add_peer(const char *owner, const char *name, enum peer_origin origin,
                             const char *options)
{
  struct peer *peer = NULL;
  struct peer_config config;
  struct ow_failure failure = {0};
  enum ow_status status = read_options(&config, options, &failure);
  ck_assert_msg(status == OW_OK, "%s", failure.text);
  status = peers_add(&peers, owner, name, origin, &peer, &failure);
  ck_assert_msg(status == OW_OK, "%s", failure.text);
  peer->config = config;
  return peer;
}

/* ---- names ---- */

START_TEST(names_that_can_not_be)
{
  static const char *const names[][2] = {{"", ""},     {"", "a b"}, {"", "a/b"},   {"", "a\"b"},
                                         {"a b", "n"}, {"a:", "n"}, {"o", "a\\b"}, {"\t", "n"}};
  char long_name[65] = "";
  struct peer *peer;
  struct ow_failure failure;
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    ck_assert_int_eq(peers_add(&peers, names[i][0], names[i][1], PEER_OF_SNMP, &peer, &failure), OW_INVALID);
    ck_assert_ptr_null(peer);
  }
  memset(long_name, 'n', 64);
  ck_assert_int_eq(peers_add(&peers, "", long_name, PEER_OF_SNMP, &peer, &failure), OW_INVALID);
  long_name[33] = '\0';
  ck_assert_int_eq(peers_add(&peers, long_name, "n", PEER_OF_SNMP, &peer, &failure), OW_INVALID);
  ck_assert_uint_eq(peers.count, 0);
  add_peer("o", "n", PEER_OF_SNMP, "host h");
  ck_assert_int_eq(peers_add(&peers, "o", "n", PEER_OF_SNMP, &peer, &failure), OW_STATE);
  ck_assert_int_eq(peers_add(&peers, "", "o:n", PEER_OF_SNMP, &peer, &failure), OW_STATE);
  add_peer("", "p:q:r", PEER_OF_FILE, "host h");
  ck_assert_int_eq(peers_add(&peers, "p", "q:r", PEER_OF_SNMP, &peer, &failure), OW_STATE);
  add_peer("", "n", PEER_OF_FILE, "host h");
  ck_assert_uint_eq(peers.count, 3);
}
END_TEST

/* ---- rows that are kept ---- */

static void expect_kept(const char *options, const char *line)
{
  char text[ROW_TEXT];
  struct peer *peer = add_peer("me", "a", PEER_OF_SNMP, options);
  struct words words;
  struct peer_config again;
  struct ow_failure failure = {0};
  peer->status = ROW_NOT_IN_SERVICE;
  row_print(text, peer);
  if (line)
    ck_assert_str_eq(text, line);
  split(&words, text);
  ck_assert_str_eq(words.list[0], "me");
  ck_assert_str_eq(words.list[1], "a");
  ck_assert_str_eq(words.list[2], "waiting");
  peer_config_defaults(&again);
  enum ow_status status =
      row_read_options(&again, &peer_face, words.list + 3, words.count - 3, NULL, &failure);
  ck_assert_msg(status == OW_OK, "%s: %s", text, failure.text);
  for (size_t i = 0; i < peer_face.count; i++) {
    char before[PEER_TEXT];
    char after[PEER_TEXT];
    enum ow_peer_option_id id = peer_face.options[i];
    peer_option_get(&peer->config, id, before);
    peer_option_get(&again, id, after);
    ck_assert_msg(strcmp(before, after) == 0, "%s: %s became %s", ow_peer_options[id].name, before, after);
  }
  ck_assert_int_eq(again.address_type, peer->config.address_type);
  peers_remove(&peers, peer);
}

START_TEST(a_row_that_is_kept_comes_back)
{
  for (size_t i = 0; i < sizeof good_lines / sizeof *good_lines; i++)
    expect_kept(good_lines[i], NULL);
  expect_kept("host far.example.net port 861", "\"me\" \"a\" \"waiting\" \"host\" \"far.example.net\"");
  expect_kept("host h protocol stamp port 862 ssid 7",
              "\"me\" \"a\" \"waiting\" \"host\" \"h\" \"protocol\" \"stamp\" \"ssid\" \"7\"");
  expect_kept("host h protocol stamp port 861",
              "\"me\" \"a\" \"waiting\" \"host\" \"h\" \"port\" \"861\" \"protocol\" \"stamp\"");
  expect_kept("host h interval 90s warning \"20ms, 1%\"",
              "\"me\" \"a\" \"waiting\" \"host\" \"h\" \"interval\" \"90s\" \"warning\" \"20ms, 1%\"");
}
END_TEST

START_TEST(active_rows_and_those_without_an_owner_are_kept_so)
{
  char text[ROW_TEXT];
  struct peer *peer = add_peer("", "a", PEER_OF_SNMP, "host h");
  peer_start(&peers, peer, now);
  ck_assert_str_eq(row_print(text, peer), "\"\" \"a\" \"active\" \"host\" \"h\"");
}
END_TEST

/* Its key is read after it was to begin. */
START_TEST(a_stream_can_be_refused_later)
{
  struct ow_failure failure;
  struct peer *peer = add_peer("me", "a", PEER_OF_SNMP, "host h");
  ow_fail(&failure, OW_AUTH, "there is no such key");
  peers_refuse(&peers, "me", "a", OW_AUTH, &failure);
  peers_refuse(&peers, "me", "b", OW_AUTH, &failure);
  ck_assert_int_eq(peer->refusal.status, OW_OK); /* it was not to begin */
  peer_start(&peers, peer, now);
  told_count = 0;
  peers.changed = false;
  peers_refuse(&peers, "me", "a", OW_AUTH, &failure);
  ck_assert(peers.changed);
  ck_assert_int_eq(peer->refusal.status, OW_AUTH);
  ck_assert_str_eq(peer->refusal.text, "there is no such key");
  ck_assert_uint_eq(told_count, 1);
  ck_assert_int_eq(told[0].kind, NOTICE_PEER_DOWN);
  ck_assert_str_eq(told[0].name, "a");
}
END_TEST

/* What a manager has set only half of yet. */
START_TEST(a_row_that_is_not_ready_comes_back)
{
  static const uint16_t ports[][2] = {{9000, 0}, {0, 9000}, {9001, 9000}};
  static const uint8_t rules[][2] = {{5, 1}, {32, 31}};
  char text[ROW_TEXT];
  struct words words;
  struct peer_config again;
  struct ow_failure failure = {0};
  struct peer *peer = add_peer("me", "a", PEER_OF_SNMP, "host h dscp 7");
  for (size_t i = 0; i < 3; i++) {
    peer->config.stream.peer.test_port_low = ports[i][0];
    peer->config.stream.peer.test_port_high = ports[i][1];
    peer->config.stream.rule.raise = rules[i % 2][0];
    peer->config.stream.rule.of = rules[i % 2][1];
    split(&words, row_print(text, peer));
    peer_config_defaults(&again);
    enum ow_status status =
        row_read_options(&again, &peer_face, words.list + 3, words.count - 3, NULL, &failure);
    ck_assert_msg(status == OW_OK, "%s: %s", text, failure.text);
    ck_assert_uint_eq(again.stream.peer.dscp, 7);
    ck_assert_str_eq(again.stream.peer.host, "h");
  }
}
END_TEST

START_TEST(the_longest_row_fits)
{
  static const char *const keys[] = {"host", "key-file", "source", "warning", "critical"};
  char text[ROW_TEXT];
  char value[PEER_TEXT];
  struct ow_failure failure = {0};
  struct peer *peer =
      add_peer("an-owner-of-31-characters-as-it", "a-name-of-thirty-characters-ok", PEER_OF_SNMP, "host h");
  for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
    memset(value, i < 3 ? (int)('x' + i) : ' ', PEER_TEXT - 1);
    snprintf(value + PEER_TEXT - 8, 8, "%s", i == 3 ? "loss=3%" : i == 4 ? "loss=4%" : "at-last");
    enum ow_status status = peer_config_set(&peer->config, keys[i], value, &failure);
    ck_assert_msg(status == OW_OK, "%s", failure.text);
  }
  row_print(text, peer);
  for (size_t i = 0; i < peer_face.count; i++) {
    peer_option_get(&peer->config, peer_face.options[i], value);
    ck_assert_msg(strlen(value) < 200 || strstr(text, value), "%s is missing",
                  ow_peer_options[peer_face.options[i]].name);
  }
}
END_TEST

/* ---- notices ---- */

static void put(struct ow_board *where, const char *name)
{
  struct ow_stream_view view = {.host = "far.example.net", .port = "861", .directions = {true, true}};
  if (strcmp(name, "theirs") == 0)
    view.protocol = OW_PROTOCOL_STAMP;
  view.interval = 60 * OW_NS_PER_S;
  snprintf(view.name, sizeof view.name, "%s", name);
  ck_assert_int_eq(ow_board_put_stream(where, &view), OW_OK);
}

static void set_state(const char *name, enum ow_stream_state state, const char *reason)
{
  struct ow_stream_view view = {.state = state, .status = reason[0] ? OW_NETWORK : OW_OK};
  snprintf(view.name, sizeof view.name, "%s", name);
  snprintf(view.reason, sizeof view.reason, "%s", reason);
  snprintf(view.server, sizeof view.server, "192.0.2.1 port 861");
  ow_board_set_state(board, &view, now);
  ck_assert(peers_refresh(&peers, now));
}

static void add_interval(struct ow_board *where, const char *name, uint64_t number, int64_t delay_ms)
{
  int64_t ns = delay_ms * OW_NS_PER_MS;
  struct ow_interval interval = {.number = number, .mode = OW_MODE_OPEN};
  for (int i = 0; i < OW_DIRECTIONS; i++)
    interval.results[i] = (struct ow_result){
        .completeness = OW_RESULT_COMPLETE, .sent = 60, .received = 60, .delay = {ns, ns, ns, ns, ns, ns}};
  ow_board_add_interval(where, name, &interval);
}

static struct peer *run(const char *options)
{
  struct peer *peer = add_peer("me", "a", PEER_OF_SNMP, options);
  peer_start(&peers, peer, now);
  put(board, "me:a");
  peers_refresh(&peers, now);
  return peer;
}

START_TEST(down_and_up_are_told_once)
{
  run("host h");
  set_state("me:a", OW_STREAM_UP, "");
  ck_assert_uint_eq(told_count, 0);
  set_state("me:a", OW_STREAM_DOWN, "connection refused");
  set_state("me:a", OW_STREAM_DOWN, "connection refused again");
  ck_assert_uint_eq(told_count, 1);
  ck_assert_int_eq(told[0].kind, NOTICE_PEER_DOWN);
  ck_assert_str_eq(told[0].owner, "me");
  ck_assert_str_eq(told[0].name, "a");
  ck_assert_str_eq(told[0].text, "connection refused");
  set_state("me:a", OW_STREAM_STARTING, "");
  ck_assert_uint_eq(told_count, 1);
  set_state("me:a", OW_STREAM_UP, "");
  set_state("me:a", OW_STREAM_UP, "");
  ck_assert_uint_eq(told_count, 2);
  ck_assert_int_eq(told[1].kind, NOTICE_PEER_UP);
  ck_assert_str_eq(told[1].text, "measured again, by 192.0.2.1 port 861");
}
END_TEST

START_TEST(another_address_is_told_with_both)
{
  struct ow_stream_view view = {.name = "me:a", .state = OW_STREAM_UP};
  run("host h");
  set_state("me:a", OW_STREAM_UP, "");
  snprintf(view.server, sizeof view.server, "2001:db8::1 port 861");
  ow_board_set_state(board, &view, now);
  ck_assert(peers_refresh(&peers, now));
  ck_assert_uint_eq(told_count, 1);
  ck_assert_int_eq(told[0].kind, NOTICE_PEER_SERVER);
  ck_assert_str_eq(told[0].text,
                   "measured by its address 2001:db8::1 port 861, by 192.0.2.1 port 861 before");
}
END_TEST

/* InetAddress has no text for a zone but a name's. */
START_TEST(an_address_with_its_zone_is_told_as_text)
{
  const struct peer *peer = run("host fe80::1%eth0");
  struct mib_value value = peer_address_value(&peer->config);
  ck_assert_int_eq(peer->config.address_type, PEER_ADDRESS_DNS);
  ck_assert_uint_eq(value.length, strlen("fe80::1%eth0"));
  ck_assert_int_eq(memcmp(value.octets, "fe80::1%eth0", value.length), 0);
}
END_TEST

START_TEST(a_refused_start_is_told)
{
  refuses = true;
  struct peer *peer = run("host h");
  ck_assert_uint_eq(told_count, 1);
  ck_assert_int_eq(told[0].kind, NOTICE_PEER_DOWN);
  ck_assert_str_eq(told[0].text, "there is no such key");
  ck_assert_int_eq(peer->refusal.status, OW_AUTH);
}
END_TEST

START_TEST(a_breach_is_raised_and_cleared_once)
{
  const struct peer *peer =
      run("host h warning delay_p95@forward=20ms critical delay_p95@forward=50ms raise 2/3");
  uint64_t number = 1;
  static const struct {
    int64_t delay;
    size_t told;
  } story[] = {{10, 0}, {30, 0}, {30, 1}, {30, 1}, {70, 1}, {70, 2}, {10, 2}, {10, 3}, {10, 3}};
  for (size_t i = 0; i < sizeof story / sizeof *story; i++) {
    add_interval(board, "me:a", number++, story[i].delay);
    ck_assert(peers_refresh(&peers, now));
    ck_assert(!peers_refresh(&peers, now));
    ck_assert_msg(told_count == story[i].told, "%zu told at %zu", told_count, i);
  }
  ck_assert_int_eq(told[0].kind, NOTICE_RAISED);
  ck_assert_int_eq(told[0].event.now, OW_VERDICT_WARNING);
  ck_assert_str_eq(told[0].text, "forward delay_p95 30.0 ms is above 20.0 ms");
  ck_assert_int_eq(told[1].kind, NOTICE_RAISED);
  ck_assert_int_eq(told[1].event.now, OW_VERDICT_CRITICAL);
  ck_assert_int_eq(told[2].kind, NOTICE_CLEARED);
  ck_assert_int_eq(ow_follower_severity(&peer->follower), OW_VERDICT_OK);
}
END_TEST

/* Without a threshold, in both directions; the peer is up. */
START_TEST(an_outage_is_raised_and_cleared)
{
  const struct peer *peer = run("host h");
  struct ow_interval interval = {.number = 1, .mode = OW_MODE_OPEN};
  for (int i = 0; i < OW_DIRECTIONS; i++)
    interval.results[i] = (struct ow_result){.completeness = OW_RESULT_COMPLETE, .sent = 60, .lost = 60};
  set_state("me:a", OW_STREAM_UP, "");
  ow_board_add_interval(board, "me:a", &interval);
  ck_assert(peers_refresh(&peers, now));
  ck_assert_uint_eq(told_count, 2);
  for (size_t i = 0; i < 2; i++) {
    ck_assert_int_eq(told[i].kind, NOTICE_RAISED);
    ck_assert_int_eq(told[i].event.now, OW_VERDICT_CRITICAL);
    ck_assert_int_eq(told[i].event.finding.metric, OW_METRIC_RECEIVED);
  }
  ck_assert_str_eq(told[1].text, "reverse: nothing arrived of 60 packets");
  ck_assert_int_eq(ow_follower_severity(&peer->follower), OW_VERDICT_CRITICAL);
  ck_assert_int_eq(peer->view.state, OW_STREAM_UP);
  add_interval(board, "me:a", 2, 10);
  ck_assert(peers_refresh(&peers, now));
  ck_assert_uint_eq(told_count, 4);
  ck_assert_int_eq(told[3].kind, NOTICE_CLEARED);
  ck_assert_int_eq(ow_follower_severity(&peer->follower), OW_VERDICT_OK);
}
END_TEST

/* Of a reflector's round trip: one alarm for both directions. */
START_TEST(a_round_trip_is_judged)
{
  run("host h protocol stamp critical rtt_p95=50ms,dwell=2ms,rtt_loss=5%");
  struct ow_interval interval = {.number = 1, .mode = OW_MODE_OPEN};
  int64_t ms = OW_NS_PER_MS;
  for (int i = 0; i < OW_RESULTS; i++)
    interval.results[i] = (struct ow_result){
        .completeness = OW_RESULT_COMPLETE, .sent = 60, .received = 60, .loss_unknown = i < 2};
  struct ow_result *both = &interval.results[OW_ROUND_TRIP];
  both->delay.p95 = 70 * ms;
  both->dwell.median = 3 * ms;
  both->has_dwell = true;
  ow_board_add_interval(board, "me:a", &interval);
  ck_assert(peers_refresh(&peers, now));
  ck_assert_uint_eq(told_count, 2);
  for (size_t i = 0; i < told_count; i++) {
    ck_assert_int_eq(told[i].kind, NOTICE_RAISED);
    ck_assert(ow_metric_of_both(told[i].event.finding.metric));
  }
  ck_assert_str_eq(told[0].text, "rtt_p95 70.0 ms is above 50.0 ms");
  ck_assert_str_eq(told[1].text, "dwell 3.00 ms is above 2.00 ms");
  interval.number = 2;
  both->received = 54;
  both->lost = 6;
  both->delay.p95 = both->dwell.median = ms;
  ow_board_add_interval(board, "me:a", &interval);
  ck_assert(peers_refresh(&peers, now));
  ck_assert_uint_eq(told_count, 5);
  ck_assert_str_eq(told[3].text, "rtt_loss 10 % (6/60) is above 5 %");
}
END_TEST

/* ---- what was measured ---- */

START_TEST(the_last_intervals_are_kept)
{
  struct peer *peer = run("host h");
  for (uint64_t number = 1; number <= 2 * HISTORY + 1; number++) {
    add_interval(board, "me:a", number, 10);
    if (number != 3) /* two at once */
      peers_refresh(&peers, now);
    if (number != 3)
      ck_assert_uint_eq(peer->count, number < HISTORY ? number : HISTORY);
  }
  for (size_t i = 0; i < HISTORY; i++)
    ck_assert_uint_eq(peer->intervals[i].number, HISTORY + 2 + i);
  peer_stop(&peers, peer);
  ck_assert_uint_eq(peer->count, 0);
  ck_assert(!peer->measured);
  ck_assert_uint_eq(stops, 1);
}
END_TEST

/* Its rows are the new one's, and its totals begin now. */
START_TEST(a_stream_that_began_anew_shows_nothing_of_the_old)
{
  const struct ow_timestamp later = ow_timestamp_plus(now, OW_NS_PER_S);
  const struct peer *peer = run("host h");
  struct ow_interval other = {.number = 2, .begin = later, .end = later};
  for (uint64_t number = 1; number <= 2; number++)
    add_interval(board, "me:a", number, 10);
  ck_assert(peers_refresh(&peers, later));
  ck_assert_uint_eq(peer->since.ntp, now.ntp);
  put(board, "me:a");
  ow_board_add_interval(board, "me:a", &other);
  ck_assert(peers_refresh(&peers, later));
  ck_assert_uint_eq(peer->count, 1);
  ck_assert_uint_eq(peer->intervals[0].begin.ntp, later.ntp);
  ck_assert_uint_eq(peer->since.ntp, later.ntp);
}
END_TEST

/* Another program's board may keep more than is shown here. */
START_TEST(the_newest_are_shown_of_a_board_that_keeps_more)
{
  struct ow_board *other = ow_board_create(4 * HISTORY);
  struct peer_config plain;
  ck_assert_ptr_nonnull(other);
  peer_config_defaults(&plain);
  put(other, "theirs");
  for (uint64_t number = 1; number <= 3 * HISTORY + 1; number++)
    add_interval(other, "theirs", number, 10);
  peers_mirror(&peers, other, &plain);
  ck_assert(peers_refresh(&peers, now));
  const struct peer *peer = peers_find(&peers, "", "theirs");
  ck_assert_ptr_nonnull(peer);
  ck_assert_uint_eq(peer->count, HISTORY);
  ck_assert_uint_eq(peer->intervals[HISTORY - 1].number, 3 * HISTORY + 1);
  peers_drop_mirrored(&peers);
  ow_board_free(other);
}
END_TEST

START_TEST(a_query_sockets_streams_come_and_go)
{
  struct ow_board *other = ow_board_create(HISTORY);
  struct peer_config thresholds;
  struct ow_failure failure = {0};
  ck_assert_ptr_nonnull(other);
  peer_config_defaults(&thresholds);
  ck_assert_int_eq(peer_config_set(&thresholds, "warning", "delay_p95@forward=20ms", &failure), OW_OK);
  add_peer("", "both", PEER_OF_FILE, "host own.example.net");
  put(other, "both");
  put(other, "theirs");
  add_interval(other, "theirs", 1, 30);
  peers_mirror(&peers, other, &thresholds);
  ck_assert(peers_refresh(&peers, now));
  ck_assert_uint_eq(peers.count, 2);
  ck_assert_int_eq(peers_find(&peers, "", "both")->origin, PEER_OF_FILE);
  const struct peer *peer = peers_find(&peers, "", "theirs");
  ck_assert_int_eq(peer->origin, PEER_OF_QUERY);
  ck_assert_int_eq(peer->storage, ROW_READ_ONLY);
  ck_assert_int_eq(peer->status, ROW_ACTIVE);
  ck_assert_str_eq(peer->config.stream.peer.host, "far.example.net");
  ck_assert_int_eq(peer->config.stream.peer.protocol, OW_PROTOCOL_STAMP);
  ck_assert_uint_eq(peer->count, 1);
  ck_assert_uint_eq(told_count, 1);
  ck_assert_int_eq(told[0].kind, NOTICE_RAISED);
  ow_board_remove_stream(other, "theirs");
  ck_assert(peers_refresh(&peers, now));
  ck_assert_ptr_null(peers_find(&peers, "", "theirs"));
  ck_assert_uint_eq(starts + stops, 0);
  peers_drop_mirrored(&peers);
  ow_board_free(other);
}
END_TEST

/* ---- the configuration file is read again ---- */

static unsigned complaints;
static void complain(const char *sentence)
{
  ck_assert_uint_gt(strlen(sentence), 0);
  complaints++;
}

/* As a reader does it, in memory that was used before. */
static void file_peer(struct file_peers *file, const char *name, const char *options)
{
  struct file_peer *peer = malloc(sizeof *peer);
  struct ow_failure failure = {0};
  ck_assert_ptr_nonnull(peer);
  memset(peer, (int)(0x11 * (complaints + starts + 1)), sizeof *peer);
  memset(peer->name, 0, sizeof peer->name);
  snprintf(peer->name, sizeof peer->name, "%s", name);
  peer->broken = read_options(&peer->config, options, &failure) != OW_OK;
  ck_assert_int_eq(file_peers_add(file, peer, &failure), OW_OK);
  ck_assert_int_eq(file_peers_add(file, peer, &failure), OW_INVALID);
  free(peer);
}

START_TEST(a_reread_disturbs_only_what_changed)
{
  struct file_peers file = {0};
  file_peer(&file, "c", "host h");
  file_peer(&file, "a", "host h warning 20ms,1% schedule fixed:1s");
  file_peer(&file, "b", "host h");
  peers_follow_file(&peers, &file, now, complain);
  file_peers_clear(&file);
  ck_assert_uint_eq(starts, 3);
  file_peer(&file, "a", "host h warning 20ms,1% schedule fixed:1s");
  file_peer(&file, "b", "host other");
  file_peer(&file, "d", "host h");
  peers_follow_file(&peers, &file, now, complain);
  file_peers_clear(&file);
  ck_assert_uint_eq(starts, 5);
  ck_assert_uint_eq(stops, 2);
  ck_assert_uint_eq(peers.count, 3);
  ck_assert_ptr_null(peers_find(&peers, "", "c"));
  ck_assert_str_eq(peers_find(&peers, "", "b")->config.stream.peer.host, "other");
  /* A line that can't be read ends nothing that runs, and begins nothing. */
  file_peer(&file, "a", "host h port 0");
  file_peer(&file, "b", "host other");
  file_peer(&file, "d", "host h");
  file_peer(&file, "e", "host");
  peers_follow_file(&peers, &file, now, complain);
  file_peers_clear(&file);
  ck_assert_uint_eq(starts, 5);
  ck_assert_uint_eq(stops, 2);
  ck_assert_uint_eq(peers.count, 3);
  ck_assert_uint_eq(complaints, 0);
}
END_TEST

START_TEST(a_row_of_snmp_keeps_its_name)
{
  struct file_peers file = {0};
  add_peer("", "a", PEER_OF_SNMP, "host h");
  file_peer(&file, "a", "host other");
  peers_follow_file(&peers, &file, now, complain);
  file_peers_clear(&file);
  ck_assert_uint_eq(complaints, 1);
  ck_assert_int_eq(peers_find(&peers, "", "a")->origin, PEER_OF_SNMP);
  ck_assert_uint_eq(starts, 0);
}
END_TEST

/* ---- the queue ---- */

static struct notify_queue queue;

static void put_notice(enum notice_kind kind, unsigned number)
{
  struct notice notice = {.kind = kind};
  snprintf(notice.text, sizeof notice.text, "%u", number);
  notify_queue_put(&queue, &notice);
}

static unsigned take_all(int64_t when, unsigned from)
{
  struct notice notice;
  unsigned taken = 0;
  while (notify_queue_take(&queue, when, &notice)) {
    ck_assert_uint_eq(strtoul(notice.text, NULL, 10), from + taken);
    taken++;
  }
  return taken;
}

START_TEST(a_storm_is_spread_out)
{
  int64_t when = 1000 * OW_NS_PER_S;
  ck_assert(notify_queue_init(&queue, when));
  for (unsigned i = 0; i < 200; i++)
    put_notice(NOTICE_RAISED, i);
  unsigned taken = take_all(when, 0);
  ck_assert_uint_eq(taken, NOTIFY_BURST);
  ck_assert_uint_eq(take_all(when + OW_NS_PER_S / NOTIFY_RATE - 1, taken), 0);
  ck_assert_uint_eq(take_all(when + OW_NS_PER_S / NOTIFY_RATE, taken), 1);
  ck_assert_uint_eq(take_all(when + OW_NS_PER_S, taken + 1), NOTIFY_RATE - 1);
  taken += NOTIFY_RATE;
  /* Ten seconds save up no more than a burst. */
  ck_assert_uint_eq(take_all(when + 11 * OW_NS_PER_S, taken), NOTIFY_BURST);
  taken += NOTIFY_BURST;
  queue.rate = NOTIFY_RATE_MOST;
  when += 11 * OW_NS_PER_S;
  for (int i = 0; i < 10; i++) /* small steps lose nothing */
    taken += take_all(when += OW_NS_PER_MS, taken);
  ck_assert_uint_eq(taken, NOTIFY_BURST * 2 + NOTIFY_RATE + 10);
  ck_assert_uint_eq(queue.dropped, 0);
  notify_queue_clear(&queue);
}
END_TEST

START_TEST(the_oldest_are_dropped_and_counted)
{
  ck_assert(notify_queue_init(&queue, 0));
  for (unsigned i = 0; i < NOTIFY_QUEUE + 7; i++)
    put_notice(NOTICE_RAISED, i);
  ck_assert_uint_eq(queue.dropped, 7);
  ck_assert_uint_eq(queue.count, NOTIFY_QUEUE);
  ck_assert_uint_eq(take_all(0, 7), NOTIFY_BURST);
  notify_queue_clear(&queue);
}
END_TEST

START_TEST(each_kind_can_be_switched_off)
{
  ck_assert(notify_queue_init(&queue, 0));
  for (unsigned off = 0; off < NOTICE_KINDS; off++) {
    queue.enabled = (uint8_t)(((1U << NOTICE_KINDS) - 1) & ~(1U << off));
    for (unsigned kind = 0; kind < NOTICE_KINDS; kind++)
      put_notice((enum notice_kind)kind, kind);
    for (unsigned kind = 0; kind < NOTICE_KINDS; kind++) {
      struct notice notice;
      if (kind != off) {
        ck_assert(notify_queue_take(&queue, 0, &notice));
        ck_assert_int_eq(notice.kind, kind);
      }
    }
    ck_assert_uint_eq(queue.count, 0);
  }
  ck_assert_uint_eq(queue.dropped, 0);
  notify_queue_clear(&queue);
}
END_TEST

START_TEST(words_and_bits_of_the_kinds)
{
  uint8_t enabled = 0;
  ck_assert(notify_word("raised", &enabled) && notify_word("peerUp", &enabled));
  ck_assert_uint_eq(enabled, 1U << NOTICE_RAISED | 1U << NOTICE_PEER_UP);
  ck_assert_uint_eq(notify_bits(enabled), 0x90);
  ck_assert_uint_eq(notify_from_bits(0x90), enabled);
  ck_assert(!notify_word("peerup", &enabled) && !notify_word("", &enabled));
  ck_assert_uint_eq(enabled, 1U << NOTICE_RAISED | 1U << NOTICE_PEER_UP);
  ck_assert(notify_word("all", &enabled));
  ck_assert_uint_eq(notify_bits(enabled), 0xf8);
  ck_assert(notify_word("none", &enabled));
  ck_assert_uint_eq(enabled, 0);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("snmp/peers");
  TEST_LOOP(suite, "good lines", sizeof good_lines / sizeof *good_lines, good_lines_are_read);
  TEST_LOOP(suite, "bad lines", sizeof bad_lines / sizeof *bad_lines, bad_lines_are_named);
  TEST_CASE(suite, "lines", a_value_of_256_is_too_long, every_fault_of_a_line_is_told);
  TEST_CASE_WITH(set_up, tear_down, suite, "names", names_that_can_not_be);
  TEST_CASE_WITH(set_up, tear_down, suite, "kept", a_row_that_is_kept_comes_back,
                 active_rows_and_those_without_an_owner_are_kept_so, a_row_that_is_not_ready_comes_back,
                 the_longest_row_fits);
  TEST_CASE_WITH(set_up, tear_down, suite, "notices", down_and_up_are_told_once,
                 another_address_is_told_with_both, an_address_with_its_zone_is_told_as_text,
                 a_refused_start_is_told, a_stream_can_be_refused_later, a_breach_is_raised_and_cleared_once,
                 an_outage_is_raised_and_cleared, a_round_trip_is_judged);
  TEST_CASE_WITH(set_up, tear_down, suite, "measured", the_last_intervals_are_kept,
                 a_stream_that_began_anew_shows_nothing_of_the_old,
                 the_newest_are_shown_of_a_board_that_keeps_more, a_query_sockets_streams_come_and_go);
  TEST_CASE_WITH(set_up, tear_down, suite, "file", a_reread_disturbs_only_what_changed,
                 a_row_of_snmp_keeps_its_name);
  TEST_CASE(suite, "queue", a_storm_is_spread_out, the_oldest_are_dropped_and_counted,
            each_kind_can_be_switched_off, words_and_bits_of_the_kinds);
  return test_run_apart(suite);
}
