/* SPDX-License-Identifier: MIT */
/* The peer table over SNMP: RowStatus, the errors of bad values, all or nothing, and requests at random. */
#include <stdio.h>
#include <string.h>

#include "mib_columns.h"
#include "peer_set.h"
#include "support/main.h"
#include "support/seed.h"

enum { MOST_VARIABLES = 16 };

static struct peers peers;
static struct ow_board *board;
static unsigned starts;
static unsigned stops;
static unsigned notices;
static bool refuses;
static const struct ow_timestamp now;

static enum ow_status start(void *context, const struct peer *peer, struct ow_failure *failure)
{
  (void)context;
  starts++;
  return refuses ? ow_fail(failure, OW_INVALID, "no key for %s", peer->stream) : OW_OK;
}

static void stop(void *context, const struct peer *peer)
{
  (void)context;
  (void)peer;
  stops++;
}

static void take_notice(void *context, const struct notice *notice)
{
  (void)context;
  (void)notice;
  notices++;
}

static void set_up(void)
{
  static const struct peers_host host = {NULL, start, stop, take_notice};
  board = ow_board_create(2);
  ck_assert_ptr_nonnull(board);
  peers_init(&peers, &host, board, 2);
}

static void tear_down(void)
{
  peers_clear(&peers);
  ow_board_free(board);
}

/* ---- a request ---- */

struct request {
  struct set_variable variables[MOST_VARIABLES];
  unsigned long names[MOST_VARIABLES][1 + MIB_PEER_INDEX];
  size_t count;
  size_t wrong;
};

static void want(struct request *request, const char *owner, const char *name, unsigned long column,
                 struct mib_value value)
{
  unsigned long *at = request->names[request->count];
  at[0] = column;
  size_t count = 1 + mib_peer_index(owner, name, at + 1);
  request->variables[request->count++] = (struct set_variable){.name = at, .count = count, .value = value};
}

static void want_status(struct request *request, const char *name, enum row_status status)
{
  want(request, "me", name, MIB_PEER_ROW_STATUS, mib_integer((int32_t)status));
}

static void want_address(struct request *request, const char *name, const char *host)
{
  want(request, "me", name, MIB_PEER_ADDRESS_TYPE, mib_integer(PEER_ADDRESS_DNS));
  want(request, "me", name, MIB_PEER_ADDRESS, mib_text(host));
}

static struct ow_failure why;

static enum set_error perform(struct request *request)
{
  struct peer_set set;
  enum set_error error = peer_set_check(&set, &peers, request->variables, request->count, &request->wrong);
  why = set.why;
  if (error == SET_OK)
    ck_assert(peer_set_apply(&set, now));
  peer_set_finish(&set);
  return error;
}

static enum set_error set_status(const char *name, enum row_status status)
{
  struct request request = {.count = 0};
  want_status(&request, name, status);
  return perform(&request);
}

static enum set_error set_one(const char *name, unsigned long column, struct mib_value value)
{
  struct request request = {.count = 0};
  want(&request, "me", name, column, value);
  return perform(&request);
}

static enum row_status status_of(const char *name)
{
  const struct peer *peer = peers_find(&peers, "me", name);
  return peer ? peer->status : ROW_DESTROY;
}

static void create(const char *name, enum row_status how)
{
  struct request request = {.count = 0};
  want_status(&request, name, how);
  want_address(&request, name, "far.example.net");
  ck_assert_int_eq(perform(&request), SET_OK);
}

/* ---- the life of a row ---- */

START_TEST(create_and_go)
{
  create("a", ROW_CREATE_AND_GO);
  const struct peer *peer = peers_find(&peers, "me", "a");
  ck_assert_ptr_nonnull(peer);
  ck_assert_int_eq(peer->status, ROW_ACTIVE);
  ck_assert_int_eq(peer->storage, ROW_NON_VOLATILE);
  ck_assert_int_eq(peer->origin, PEER_OF_SNMP);
  ck_assert_str_eq(peer->stream, "me:a");
  ck_assert_str_eq(peer->stream, "me:a");
  ck_assert_str_eq(peer->config.stream.peer.host, "far.example.net");
  ck_assert_uint_eq(starts, 1);
  ck_assert_int_eq(set_status("a", ROW_DESTROY), SET_OK);
  ck_assert_uint_eq(peers.count, 0);
  ck_assert_uint_eq(stops, 1);
}
END_TEST

START_TEST(create_and_go_needs_an_address)
{
  ck_assert_int_eq(set_status("a", ROW_CREATE_AND_GO), SET_INCONSISTENT_VALUE);
  ck_assert_uint_eq(peers.count, 0);
  ck_assert_uint_eq(starts, 0);
}
END_TEST

START_TEST(create_and_wait)
{
  ck_assert_int_eq(set_status("a", ROW_CREATE_AND_WAIT), SET_OK);
  ck_assert_int_eq(status_of("a"), ROW_NOT_READY);
  ck_assert_int_eq(set_status("a", ROW_ACTIVE), SET_INCONSISTENT_VALUE);
  ck_assert_int_eq(set_status("a", ROW_NOT_IN_SERVICE), SET_INCONSISTENT_VALUE);
  ck_assert_int_eq(set_one("a", MIB_PEER_PORT, mib_gauge(8861)), SET_OK);
  ck_assert_int_eq(status_of("a"), ROW_NOT_READY);
  struct request request = {.count = 0};
  want_address(&request, "a", "far.example.net");
  ck_assert_int_eq(perform(&request), SET_OK);
  ck_assert_int_eq(status_of("a"), ROW_NOT_IN_SERVICE);
  ck_assert_uint_eq(starts, 0);
  ck_assert_int_eq(set_status("a", ROW_ACTIVE), SET_OK);
  ck_assert_int_eq(status_of("a"), ROW_ACTIVE);
  ck_assert_uint_eq(starts, 1);
  ck_assert_str_eq(peers_find(&peers, "me", "a")->config.stream.peer.port, "8861");
}
END_TEST

START_TEST(create_and_wait_with_all_is_not_in_service)
{
  create("a", ROW_CREATE_AND_WAIT);
  ck_assert_int_eq(status_of("a"), ROW_NOT_IN_SERVICE);
}
END_TEST

START_TEST(not_in_service_and_back)
{
  create("a", ROW_CREATE_AND_GO);
  ck_assert_int_eq(set_status("a", ROW_NOT_IN_SERVICE), SET_OK);
  ck_assert_int_eq(status_of("a"), ROW_NOT_IN_SERVICE);
  ck_assert_uint_eq(stops, 1);
  ck_assert_int_eq(set_status("a", ROW_ACTIVE), SET_OK);
  ck_assert_uint_eq(starts, 2);
  ck_assert_int_eq(set_status("a", ROW_NOT_IN_SERVICE), SET_OK);
  ck_assert_int_eq(set_status("a", ROW_DESTROY), SET_OK);
  ck_assert_uint_eq(stops, 2);
}
END_TEST

START_TEST(a_row_that_lost_its_address_is_not_ready)
{
  struct request request = {.count = 0};
  create("a", ROW_CREATE_AND_WAIT);
  want(&request, "me", "a", MIB_PEER_ADDRESS_TYPE, mib_integer(PEER_ADDRESS_UNKNOWN));
  want(&request, "me", "a", MIB_PEER_ADDRESS, mib_text(""));
  ck_assert_int_eq(perform(&request), SET_OK);
  ck_assert_int_eq(status_of("a"), ROW_NOT_READY);
}
END_TEST

START_TEST(a_change_of_an_active_row_begins_it_anew)
{
  create("a", ROW_CREATE_AND_GO);
  ck_assert_int_eq(set_one("a", MIB_PEER_INTERVAL, mib_gauge(30)), SET_OK);
  ck_assert_uint_eq(starts, 2);
  ck_assert_uint_eq(stops, 1);
  /* What changes nothing disturbs nothing. */
  ck_assert_int_eq(set_one("a", MIB_PEER_INTERVAL, mib_gauge(30)), SET_OK);
  ck_assert_int_eq(set_status("a", ROW_ACTIVE), SET_OK);
  ck_assert_int_eq(set_one("a", MIB_PEER_STORAGE, mib_integer(ROW_VOLATILE)), SET_OK);
  ck_assert_uint_eq(starts, 2);
  ck_assert_uint_eq(stops, 1);
  ck_assert_int_eq(peers_find(&peers, "me", "a")->storage, ROW_VOLATILE);
  /* It must stay whole while it is active. */
  ck_assert_int_eq(set_one("a", MIB_PEER_INTERVAL, mib_gauge(4)), SET_INCONSISTENT_VALUE);
  ck_assert(peers_find(&peers, "me", "a")->config.stream.interval == 30 * OW_NS_PER_S);
}
END_TEST

START_TEST(a_refused_stream_is_told_in_its_row)
{
  refuses = true;
  create("a", ROW_CREATE_AND_GO);
  const struct peer *peer = peers_find(&peers, "me", "a");
  ck_assert_int_eq(peer->status, ROW_ACTIVE);
  ck_assert_int_eq(peer->refusal.status, OW_INVALID);
  ck_assert_str_eq(peer->refusal.text, "no key for me:a");
  ck_assert_uint_eq(notices, 1);
}
END_TEST

START_TEST(destroying_what_is_not_there_is_no_error)
{
  ck_assert_int_eq(set_status("a", ROW_DESTROY), SET_OK);
  ck_assert_uint_eq(stops, 0);
}
END_TEST

START_TEST(creation_that_can_not_be)
{
  create("a", ROW_CREATE_AND_GO);
  ck_assert_int_eq(set_status("a", ROW_CREATE_AND_GO), SET_INCONSISTENT_VALUE);
  ck_assert_int_eq(set_status("a", ROW_CREATE_AND_WAIT), SET_INCONSISTENT_VALUE);
  ck_assert_int_eq(set_status("b", ROW_ACTIVE), SET_INCONSISTENT_VALUE);
  ck_assert_int_eq(set_status("b", ROW_NOT_IN_SERVICE), SET_INCONSISTENT_VALUE);
  ck_assert_int_eq(set_status("b", ROW_NOT_READY), SET_WRONG_VALUE);
  ck_assert_int_eq(set_one("b", MIB_PEER_PORT, mib_gauge(1)), SET_INCONSISTENT_NAME);
  /* Its stream would bear a name that is taken. */
  struct request request = {.count = 0};
  want(&request, "", "me:a", MIB_PEER_ROW_STATUS, mib_integer(ROW_CREATE_AND_WAIT));
  ck_assert_int_eq(perform(&request), SET_INCONSISTENT_NAME);
  /* Owner and name are too long together. */
  char name[OW_STREAM_NAME];
  memset(name, 'n', sizeof name - 1);
  name[sizeof name - 1] = '\0';
  ck_assert_int_eq(set_status(name, ROW_CREATE_AND_WAIT), SET_INCONSISTENT_NAME);
  name[60] = '\0';
  ck_assert_int_eq(set_status(name, ROW_CREATE_AND_WAIT), SET_OK);
  ck_assert_uint_eq(peers.count, 2);
}
END_TEST

/* ---- indices that no row can have ---- */

static const struct {
  const char *what;
  unsigned long index[8];
  size_t count;
} indices[] = {
    {"nothing", {0}, 0},
    {"an owner alone", {1, 'a'}, 2},
    {"an empty name", {0, 0}, 2},
    {"a name that is shorter than its length", {0, 2, 'a'}, 3},
    {"more than a name", {0, 1, 'a', 'b'}, 4},
    {"an owner with a colon", {1, ':', 1, 'a'}, 4},
    {"a blank", {0, 1, ' '}, 3},
    {"a slash", {0, 1, '/'}, 3},
    {"an octet of 0", {0, 1, 0}, 3},
    {"no octet", {0, 1, 256 + 'a'}, 3},
    {"a length beyond all", {0, 4294967295UL, 'a'}, 3},
    {"an owner of 33", {33, 'a', 'a', 'a'}, 4},
};

START_TEST(indices_that_can_not_be)
{
  unsigned long name[1 + 8] = {MIB_PEER_ROW_STATUS};
  struct peer_set set;
  size_t wrong;
  memcpy(name + 1, indices[_i].index, sizeof indices[_i].index);
  struct set_variable variable = {
      .name = name, .count = 1 + indices[_i].count, .value = mib_integer(ROW_CREATE_AND_WAIT)};
  ck_assert_msg(peer_set_check(&set, &peers, &variable, 1, &wrong) == SET_NO_CREATION, "%s",
                indices[_i].what);
  peer_set_finish(&set);
}
END_TEST

/* ---- values ---- */

enum kind { NUMBER, UNSIGNED, TEXT };
static const struct {
  unsigned long column;
  enum kind kind;
  uint32_t number;
  const char *text;
  enum set_error error;
} values[] = {
    {MIB_PEER_ADDRESS_TYPE, UNSIGNED, 1, NULL, SET_WRONG_TYPE},
    {MIB_PEER_ADDRESS_TYPE, NUMBER, 3, NULL, SET_WRONG_VALUE},
    {MIB_PEER_ADDRESS_TYPE, NUMBER, 17, NULL, SET_WRONG_VALUE},
    {MIB_PEER_ADDRESS_TYPE, NUMBER, 1, NULL, SET_INCONSISTENT_VALUE},
    {MIB_PEER_ADDRESS, NUMBER, 1, NULL, SET_WRONG_TYPE},
    {MIB_PEER_ADDRESS, TEXT, 0, "192.0.2.1", SET_INCONSISTENT_VALUE},
    {MIB_PEER_ADDRESS, TEXT, 0, "a name", SET_INCONSISTENT_VALUE},
    {MIB_PEER_ADDRESS, TEXT, 0, "", SET_INCONSISTENT_VALUE},
    {MIB_PEER_ADDRESS, TEXT, 0, "near.example.net", SET_OK},
    {MIB_PEER_PORT, NUMBER, 861, NULL, SET_WRONG_TYPE},
    {MIB_PEER_PORT, UNSIGNED, 0, NULL, SET_WRONG_VALUE},
    {MIB_PEER_PORT, UNSIGNED, 1, NULL, SET_OK},
    {MIB_PEER_PORT, UNSIGNED, 65535, NULL, SET_OK},
    {MIB_PEER_PORT, UNSIGNED, 65536, NULL, SET_WRONG_VALUE},
    {MIB_PEER_FAMILY, NUMBER, 0, NULL, SET_WRONG_VALUE},
    {MIB_PEER_FAMILY, NUMBER, 3, NULL, SET_OK},
    {MIB_PEER_FAMILY, NUMBER, 4, NULL, SET_WRONG_VALUE},
    {MIB_PEER_MODES, TEXT, 0, "", SET_WRONG_LENGTH},
    {MIB_PEER_MODES, TEXT, 0, "\x80\x80", SET_WRONG_LENGTH},
    {MIB_PEER_MODES, TEXT, 0, "\x80", SET_OK},
    {MIB_PEER_MODES, TEXT, 0, "\x90", SET_OK},
    {MIB_PEER_MODES, TEXT, 0, "\x88", SET_WRONG_VALUE},
    {MIB_PEER_KEY_ID, TEXT, 0, "k\xc3\xa4se", SET_WRONG_VALUE},
    {MIB_PEER_KEY_ID, TEXT, 0, "a b", SET_WRONG_VALUE},
    {MIB_PEER_KEY_ID, TEXT, 0, "alice", SET_OK},
    {MIB_PEER_KEY_ID, TEXT, 0, "", SET_OK},
    {MIB_PEER_DIRECTIONS, TEXT, 0, "\x40", SET_OK},
    {MIB_PEER_DIRECTIONS, TEXT, 0, "\x20", SET_WRONG_VALUE},
    {MIB_PEER_INTERVAL, TEXT, 0, "60", SET_WRONG_TYPE},
    {MIB_PEER_INTERVAL, UNSIGNED, 3, NULL, SET_WRONG_VALUE},
    {MIB_PEER_INTERVAL, UNSIGNED, 4, NULL, SET_OK},
    {MIB_PEER_INTERVAL, UNSIGNED, 86400, NULL, SET_OK},
    {MIB_PEER_INTERVAL, UNSIGNED, 86401, NULL, SET_WRONG_VALUE},
    {MIB_PEER_SCHEDULE, TEXT, 0, "", SET_WRONG_LENGTH},
    {MIB_PEER_SCHEDULE, TEXT, 0, "often", SET_WRONG_VALUE},
    {MIB_PEER_SCHEDULE, TEXT, 0, "exp:100ms,fixed:50ms", SET_OK},
    {MIB_PEER_PADDING, UNSIGNED, 65459, NULL, SET_OK},
    {MIB_PEER_PADDING, UNSIGNED, 65460, NULL, SET_WRONG_VALUE},
    {MIB_PEER_DSCP, UNSIGNED, 63, NULL, SET_OK},
    {MIB_PEER_DSCP, UNSIGNED, 64, NULL, SET_WRONG_VALUE},
    {MIB_PEER_LOSS_TIMEOUT, UNSIGNED, 0, NULL, SET_WRONG_VALUE},
    {MIB_PEER_LOSS_TIMEOUT, UNSIGNED, 1, NULL, SET_OK},
    {MIB_PEER_LOSS_TIMEOUT, UNSIGNED, 86400000, NULL, SET_OK},
    {MIB_PEER_LOSS_TIMEOUT, UNSIGNED, 86400001, NULL, SET_WRONG_VALUE},
    {MIB_PEER_SOURCE, TEXT, 0, "192.0.2.7", SET_OK},
    {MIB_PEER_SOURCE, TEXT, 0, "\"", SET_WRONG_VALUE},
    {MIB_PEER_INTERFACE, TEXT, 0, "fifteen-letters", SET_OK},
    {MIB_PEER_INTERFACE, TEXT, 0, "sixteen-letters!", SET_WRONG_LENGTH},
    {MIB_PEER_PORT_LOW, UNSIGNED, 65536, NULL, SET_WRONG_VALUE},
    {MIB_PEER_PORT_LOW, UNSIGNED, 9000, NULL, SET_OK},
    {MIB_PEER_WARNING, TEXT, 0, "delay_p95=20ms,loss=1%", SET_OK},
    {MIB_PEER_WARNING, TEXT, 0, "", SET_OK},
    {MIB_PEER_CRITICAL, TEXT, 0, "delay_p95=fast", SET_WRONG_VALUE},
    {MIB_PEER_RAISE_COUNT, UNSIGNED, 0, NULL, SET_WRONG_VALUE},
    {MIB_PEER_RAISE_WINDOW, UNSIGNED, 32, NULL, SET_OK},
    {MIB_PEER_RAISE_WINDOW, UNSIGNED, 33, NULL, SET_WRONG_VALUE},
    {MIB_PEER_STATE, NUMBER, 1, NULL, SET_NOT_WRITABLE},
    {MIB_PEER_FAILED, NUMBER, 1, NULL, SET_NOT_WRITABLE},
    {MIB_PEER_END, NUMBER, 1, NULL, SET_NOT_WRITABLE},
    {1, TEXT, 1, "a", SET_NOT_WRITABLE},
    {MIB_PEER_ZERO_PADDING, NUMBER, 0, NULL, SET_WRONG_VALUE},
    {MIB_PEER_ZERO_PADDING, NUMBER, 1, NULL, SET_OK},
    {MIB_PEER_NAT, NUMBER, 2, NULL, SET_OK},
    {MIB_PEER_NAT, NUMBER, 3, NULL, SET_WRONG_VALUE},
    {MIB_PEER_NAT, UNSIGNED, 1, NULL, SET_WRONG_TYPE},
    {MIB_PEER_MIN_PACKETS, UNSIGNED, 0, NULL, SET_OK},
    {MIB_PEER_MIN_PACKETS, UNSIGNED, 10000000, NULL, SET_OK},
    {MIB_PEER_MIN_PACKETS, UNSIGNED, 10000001, NULL, SET_WRONG_VALUE},
    {MIB_PEER_NOTHING_ARRIVED, NUMBER, 1, NULL, SET_OK},
    {MIB_PEER_NOTHING_ARRIVED, NUMBER, 4, NULL, SET_OK},
    {MIB_PEER_NOTHING_ARRIVED, NUMBER, 5, NULL, SET_WRONG_VALUE},
    {MIB_PEER_PARTIAL_STATE, NUMBER, 0, NULL, SET_WRONG_VALUE},
    {MIB_PEER_PARTIAL_STATE, NUMBER, 2, NULL, SET_OK},
    {MIB_PEER_PARTIAL_STATE, TEXT, 0, "ok", SET_WRONG_TYPE},
    {MIB_PEER_PROTOCOL, NUMBER, 0, NULL, SET_WRONG_VALUE},
    {MIB_PEER_PROTOCOL, NUMBER, 3, NULL, SET_OK},
    {MIB_PEER_PROTOCOL, NUMBER, 4, NULL, SET_WRONG_VALUE},
    {MIB_PEER_PROTOCOL, TEXT, 0, "stamp", SET_WRONG_TYPE},
    {MIB_PEER_SSID, UNSIGNED, 0, NULL, SET_OK},
    {MIB_PEER_SSID, UNSIGNED, 65535, NULL, SET_OK},
    {MIB_PEER_SSID, UNSIGNED, 65536, NULL, SET_WRONG_VALUE},
    {MIB_PEER_SSID, NUMBER, 1, NULL, SET_WRONG_TYPE},
    {MIB_PEER_TLVS, TEXT, 0, "\xf0", SET_OK},
    {MIB_PEER_TLVS, TEXT, 0, "\x08", SET_WRONG_VALUE},
    {MIB_PEER_TLVS, TEXT, 0, "", SET_WRONG_LENGTH},
    {MIB_PEER_STORAGE, NUMBER, ROW_PERMANENT, NULL, SET_WRONG_VALUE},
    {MIB_PEER_STORAGE, NUMBER, ROW_READ_ONLY, NULL, SET_WRONG_VALUE},
    {MIB_PEER_STORAGE, NUMBER, ROW_VOLATILE, NULL, SET_OK},
    {MIB_PEER_ROW_STATUS, NUMBER, 0, NULL, SET_WRONG_VALUE},
    {MIB_PEER_ROW_STATUS, NUMBER, 7, NULL, SET_WRONG_VALUE},
    {MIB_PEER_ROW_STATUS, TEXT, 0, "active", SET_WRONG_TYPE},
};

START_TEST(values_get_their_errors)
{
  struct mib_value value = values[_i].text ? mib_text(values[_i].text) : mib_gauge(values[_i].number);
  if (values[_i].kind == NUMBER)
    value = mib_integer((int32_t)values[_i].number);
  create("a", ROW_CREATE_AND_WAIT);
  struct peer before = *peers_find(&peers, "me", "a");
  enum set_error error = set_one("a", values[_i].column, value);
  ck_assert_msg(error == values[_i].error, "column %lu, %u %s: error %d, not %d", values[_i].column,
                values[_i].number, values[_i].text ? values[_i].text : "", error, values[_i].error);
  if (error != SET_OK)
    ck_assert_mem_eq(&before, peers_find(&peers, "me", "a"), sizeof before);
}
END_TEST

/* For the log: which row and column, and what would be right. */
START_TEST(a_refused_value_is_told_in_a_sentence)
{
  struct request request = {.count = 0};
  create("a", ROW_CREATE_AND_GO);
  ck_assert_str_eq(why.text, "");
  set_one("a", MIB_PEER_SSID, mib_gauge(65536));
  ck_assert_str_eq(why.text, "peer me:a: owampPeerSsid: it is 0 at least and 65535 at most");
  set_one("a", MIB_PEER_SSID, mib_integer(1));
  ck_assert_str_eq(why.text, "peer me:a: owampPeerSsid: the value is of another type");
  set_one("a", MIB_PEER_TLVS, mib_text("\x08"));
  ck_assert_str_eq(why.text, "peer me:a: owampPeerTlvs: it is one octet, with bits 0 to 3 alone");
  set_one("a", MIB_PEER_INTERFACE, mib_text("sixteen-letters!"));
  ck_assert_str_eq(why.text, "peer me:a: owampPeerInterface: it has 0 to 15 octets");
  set_one("a", MIB_PEER_STORAGE, mib_integer(ROW_READ_ONLY));
  ck_assert_str_eq(why.text, "peer me:a: owampPeerStorageType: 5 is no value that can be set");
  set_one("a", MIB_PEER_CRITICAL, mib_text("rtt_p95=fast"));
  ck_assert_msg(strncmp(why.text, "peer me:a: owampPeerCritical: ", 30) == 0, "%s", why.text);
  set_one("a", MIB_PEER_ADDRESS_TYPE, mib_integer(PEER_ADDRESS_IPV4));
  ck_assert_msg(strstr(why.text, "don't fit together"), "%s", why.text);
  /* What is wrong with the row as a whole. */
  want(&request, "me", "a", MIB_PEER_PROTOCOL, mib_integer(OW_PROTOCOL_STAMP + 1));
  want(&request, "me", "a", MIB_PEER_PADDING, mib_gauge(3));
  ck_assert_int_eq(perform(&request), SET_INCONSISTENT_VALUE);
  ck_assert_str_eq(why.text, "peer me:a: STAMP's padding has 4 octets at least, for it is a TLV");
}
END_TEST

static const char *port_of(const char *name)
{
  return peers_find(&peers, "me", name)->config.stream.peer.port;
}

static uint32_t modes_of(const char *name)
{
  return peers_find(&peers, "me", name)->config.stream.peer.modes;
}

static void set_protocol(enum ow_protocol protocol, uint32_t port, bool port_first)
{
  struct request request = {.count = 0};
  if (port && port_first)
    want(&request, "me", "a", MIB_PEER_PORT, mib_gauge(port));
  want(&request, "me", "a", MIB_PEER_PROTOCOL, mib_integer((int32_t)protocol + 1));
  if (port && !port_first)
    want(&request, "me", "a", MIB_PEER_PORT, mib_gauge(port));
  ck_assert_int_eq(perform(&request), SET_OK);
}

START_TEST(a_protocol_brings_its_port_unless_there_is_another)
{
  create("a", ROW_CREATE_AND_GO);
  ck_assert_str_eq(port_of("a"), "861");
  set_protocol(OW_PROTOCOL_STAMP, 0, false);
  ck_assert_str_eq(port_of("a"), "862");
  ck_assert_uint_eq(starts, 2);
  set_protocol(OW_PROTOCOL_STAMP, 0, false);
  ck_assert_uint_eq(starts, 2);
  set_protocol(OW_PROTOCOL_OWAMP, 0, false);
  ck_assert_str_eq(port_of("a"), "861");
  for (int first = 0; first < 2; first++) {
    set_protocol(OW_PROTOCOL_STAMP, 861, first);
    ck_assert_str_eq(port_of("a"), "861");
    set_protocol(OW_PROTOCOL_OWAMP, 8862, first);
    ck_assert_str_eq(port_of("a"), "8862");
  }
  set_protocol(OW_PROTOCOL_STAMP, 0, false);
  ck_assert_str_eq(port_of("a"), "8862");
}
END_TEST

START_TEST(a_protocol_brings_its_modes_unless_there_are_others)
{
  struct request request = {.count = 0};
  create("a", ROW_CREATE_AND_GO);
  set_protocol(OW_PROTOCOL_TWAMP, 0, false);
  ck_assert_uint_eq(modes_of("a"), OW_TWAMP_MODES);
  set_protocol(OW_PROTOCOL_STAMP, 0, false);
  ck_assert_uint_eq(modes_of("a"), OW_MODES_ALL);
  want(&request, "me", "a", MIB_PEER_MODES, mib_text("\xe0"));
  want(&request, "me", "a", MIB_PEER_PROTOCOL, mib_integer(OW_PROTOCOL_TWAMP + 1));
  ck_assert_int_eq(perform(&request), SET_OK);
  ck_assert_uint_eq(modes_of("a"), OW_MODES_ALL);
  set_protocol(OW_PROTOCOL_OWAMP, 0, false);
  ck_assert_uint_eq(modes_of("a"), OW_MODES_ALL);
  /* What the other protocol lacks is not taken away in silence. */
  ck_assert_int_eq(set_one("a", MIB_PEER_MODES, mib_text("\x90")), SET_INCONSISTENT_VALUE);
  ck_assert_str_eq(why.text, "peer me:a: mixed mode is TWAMP's, and the protocol is another");
}
END_TEST

START_TEST(octets_of_0_are_no_text)
{
  create("a", ROW_CREATE_AND_WAIT);
  ck_assert_int_eq(set_one("a", MIB_PEER_KEY_ID, mib_octets("a\0b", 3)), SET_WRONG_VALUE);
  ck_assert_int_eq(set_one("a", MIB_PEER_KEY_ID, mib_octets("\0", 1)), SET_WRONG_VALUE);
  ck_assert_int_eq(set_one("a", MIB_PEER_ADDRESS, mib_octets("a\0b", 3)), SET_INCONSISTENT_VALUE);
}
END_TEST

START_TEST(addresses_are_octets)
{
  static const uint8_t four[] = {192, 0, 2, 1};
  static const uint8_t six[] = {0x20, 0x01, 0x0d, 0xb8, [15] = 1};
  struct request request = {.count = 0};
  want_status(&request, "a", ROW_CREATE_AND_GO);
  want(&request, "me", "a", MIB_PEER_ADDRESS, mib_octets(four, sizeof four));
  want(&request, "me", "a", MIB_PEER_ADDRESS_TYPE, mib_integer(PEER_ADDRESS_IPV4));
  ck_assert_int_eq(perform(&request), SET_OK);
  const struct peer *peer = peers_find(&peers, "me", "a");
  ck_assert_str_eq(peer->config.stream.peer.host, "192.0.2.1");
  ck_assert_mem_eq(peer_address_value(&peer->config).octets, four, sizeof four);
  /* Another type needs another address, in the same request. */
  ck_assert_int_eq(set_one("a", MIB_PEER_ADDRESS_TYPE, mib_integer(PEER_ADDRESS_IPV6)),
                   SET_INCONSISTENT_VALUE);
  ck_assert_int_eq(set_one("a", MIB_PEER_ADDRESS, mib_octets(six, sizeof six)), SET_INCONSISTENT_VALUE);
  request.count = 0;
  want(&request, "me", "a", MIB_PEER_ADDRESS_TYPE, mib_integer(PEER_ADDRESS_IPV6));
  want(&request, "me", "a", MIB_PEER_ADDRESS, mib_octets(six, sizeof six));
  ck_assert_int_eq(perform(&request), SET_OK);
  ck_assert_str_eq(peer->config.stream.peer.host, "2001:db8::1");
  ck_assert_int_eq(peer_address_value(&peer->config).length == 16, 1);
}
END_TEST

START_TEST(what_only_fits_together)
{
  create("a", ROW_CREATE_AND_GO);
  ck_assert_int_eq(set_one("a", MIB_PEER_PORT_LOW, mib_gauge(9000)), SET_INCONSISTENT_VALUE);
  ck_assert_int_eq(set_one("a", MIB_PEER_RAISE_COUNT, mib_gauge(2)), SET_INCONSISTENT_VALUE);
  struct request request = {.count = 0};
  want(&request, "me", "a", MIB_PEER_PORT_LOW, mib_gauge(9000));
  want(&request, "me", "a", MIB_PEER_PORT_HIGH, mib_gauge(9010));
  want(&request, "me", "a", MIB_PEER_RAISE_COUNT, mib_gauge(2));
  want(&request, "me", "a", MIB_PEER_RAISE_WINDOW, mib_gauge(3));
  ck_assert_int_eq(perform(&request), SET_OK);
  ck_assert_uint_eq(peers_find(&peers, "me", "a")->config.stream.rule.of, 3);
}
END_TEST

START_TEST(rows_of_the_configuration_can_not_be_set)
{
  struct peer *peer;
  struct ow_failure failure;
  struct request request = {.count = 0};
  ck_assert_int_eq(peers_add(&peers, "", "a", PEER_OF_FILE, &peer, &failure), OW_OK);
  want(&request, "", "a", MIB_PEER_ROW_STATUS, mib_integer(ROW_DESTROY));
  ck_assert_int_eq(perform(&request), SET_NOT_WRITABLE);
  request.count = 0;
  want(&request, "", "a", MIB_PEER_PORT, mib_gauge(1));
  ck_assert_int_eq(perform(&request), SET_NOT_WRITABLE);
  ck_assert_uint_eq(peers.count, 1);
}
END_TEST

/* ---- all or nothing ---- */

START_TEST(the_wrong_variable_is_named)
{
  struct request request = {.count = 0};
  want_status(&request, "a", ROW_CREATE_AND_GO);
  want_address(&request, "a", "far.example.net");
  want(&request, "me", "a", MIB_PEER_DSCP, mib_gauge(64));
  ck_assert_int_eq(perform(&request), SET_WRONG_VALUE);
  ck_assert_uint_eq(request.wrong, 3);
  request.count = 0;
  want_status(&request, "a", ROW_CREATE_AND_WAIT);
  want(&request, "me", "b", MIB_PEER_DSCP, mib_gauge(1));
  ck_assert_int_eq(perform(&request), SET_INCONSISTENT_NAME);
  ck_assert_uint_eq(request.wrong, 1);
  request.count = 0;
  want(&request, "me", "a", MIB_PEER_DSCP, mib_gauge(1));
  want(&request, "me", "a", MIB_PEER_ADDRESS, mib_text("x"));
  want_status(&request, "a", ROW_CREATE_AND_WAIT);
  ck_assert_int_eq(perform(&request), SET_INCONSISTENT_VALUE);
  ck_assert_uint_eq(request.wrong, 1);
  ck_assert_uint_eq(peers.count, 0);
}
END_TEST

START_TEST(too_many_variables)
{
  static struct set_variable variables[SET_MOST + 1];
  struct peer_set set;
  size_t wrong;
  ck_assert_int_eq(peer_set_check(&set, &peers, variables, SET_MOST + 1, &wrong), SET_RESOURCE_UNAVAILABLE);
  peer_set_finish(&set);
}
END_TEST

START_TEST(undo_leaves_all_as_it_was)
{
  struct request request = {.count = 0};
  struct peer_set set;
  size_t wrong;
  create("active", ROW_CREATE_AND_GO);
  create("gone", ROW_CREATE_AND_GO);
  create("waiting", ROW_CREATE_AND_WAIT);
  want(&request, "me", "active", MIB_PEER_PORT, mib_gauge(1));
  want_status(&request, "gone", ROW_DESTROY);
  want_status(&request, "waiting", ROW_ACTIVE);
  want(&request, "me", "waiting", MIB_PEER_STORAGE, mib_integer(ROW_VOLATILE));
  want_status(&request, "fresh", ROW_CREATE_AND_GO);
  want_address(&request, "fresh", "near.example.net");
  struct peer before[3];
  for (size_t i = 0; i < 3; i++)
    before[i] = *peers.list[i];
  ck_assert_int_eq(peer_set_check(&set, &peers, request.variables, request.count, &wrong), SET_OK);
  ck_assert_uint_eq(peers.count, 3);
  ck_assert(peer_set_apply(&set, now));
  ck_assert_uint_eq(peers.count, 3);
  ck_assert_ptr_nonnull(peers_find(&peers, "me", "fresh"));
  ck_assert_ptr_null(peers_find(&peers, "me", "gone"));
  peer_set_undo(&set, now);
  peer_set_finish(&set);
  ck_assert_uint_eq(peers.count, 3);
  for (size_t i = 0; i < 3; i++) {
    before[i].follower.alarms = peers.list[i]->follower.alarms; /* what began anew has new ones */
    ck_assert_mem_eq(peers.list[i], &before[i], sizeof before[i]);
  }
  ck_assert_uint_eq(starts - stops, 2);
}
END_TEST

START_TEST(two_rows_of_one_streams_name_are_undone)
{
  struct request request = {.count = 0};
  struct peer_set set;
  size_t wrong;
  want_status(&request, "a", ROW_CREATE_AND_WAIT);
  want(&request, "", "me:a", MIB_PEER_ROW_STATUS, mib_integer(ROW_CREATE_AND_WAIT));
  bool applied = peer_set_check(&set, &peers, request.variables, request.count, &wrong) == SET_OK &&
                 peer_set_apply(&set, now);
  ck_assert(!applied);
  peer_set_undo(&set, now);
  peer_set_finish(&set);
  ck_assert_uint_eq(peers.count, 0);
}
END_TEST

/* ---- at random, against a model of what RFC 2579 says ---- */

enum { NAMES = 4, STEPS = 3000 };

struct model_row {
  enum row_status status; /* ROW_DESTROY: there is none */
  bool address;
};

static enum row_status rest_of(const struct model_row *row)
{
  return row->address ? ROW_NOT_IN_SERVICE : ROW_NOT_READY;
}

/* RowStatus of a row that is there. */
static enum set_error model_change(struct model_row *row, enum row_status wanted)
{
  enum set_error error = SET_OK;
  if (wanted == ROW_CREATE_AND_GO || wanted == ROW_CREATE_AND_WAIT)
    error = SET_INCONSISTENT_VALUE;
  else if (wanted != ROW_DESTROY && !row->address)
    error = SET_INCONSISTENT_VALUE;
  else
    row->status = wanted;
  return error;
}

/* `wanted` 0: not set; `address` -1: not set, 0: cleared, 1: set. */
static enum set_error model_take(struct model_row *row, enum row_status wanted, int address)
{
  bool exists = row->status != ROW_DESTROY;
  struct model_row after = *row;
  enum set_error error = SET_OK;
  if (address >= 0)
    after.address = address;
  if (exists && wanted != 0)
    error = model_change(&after, wanted);
  else if (exists && row->status == ROW_ACTIVE)
    error = after.address ? SET_OK : SET_INCONSISTENT_VALUE;
  else if (exists)
    after.status = rest_of(&after);
  else if (wanted == 0)
    error = SET_INCONSISTENT_NAME;
  else if (wanted == ROW_ACTIVE || wanted == ROW_NOT_IN_SERVICE ||
           (wanted == ROW_CREATE_AND_GO && !after.address))
    error = SET_INCONSISTENT_VALUE;
  else if (wanted == ROW_CREATE_AND_GO)
    after.status = ROW_ACTIVE;
  else if (wanted == ROW_CREATE_AND_WAIT)
    after.status = rest_of(&after);
  if (error == SET_OK)
    *row = after;
  if (row->status == ROW_DESTROY)
    row->address = false;
  return error;
}

static void random_step(struct test_prng *prng, struct model_row *model, int step)
{
  static const enum row_status wishes[] = {(enum row_status)0, ROW_ACTIVE,          ROW_NOT_IN_SERVICE,
                                           ROW_CREATE_AND_GO,  ROW_CREATE_AND_WAIT, ROW_DESTROY};
  size_t which = test_prng_below(prng, NAMES);
  enum row_status wanted = wishes[test_prng_below(prng, sizeof wishes / sizeof *wishes)];
  int address = (int)test_prng_below(prng, 3) - 1;
  char name[2] = {(char)('a' + which), '\0'};
  struct request request = {.count = 0};
  if (wanted != 0)
    want_status(&request, name, wanted);
  if (address == 1)
    want_address(&request, name, "far.example.net");
  if (address == 0) {
    want(&request, "me", name, MIB_PEER_ADDRESS_TYPE, mib_integer(PEER_ADDRESS_UNKNOWN));
    want(&request, "me", name, MIB_PEER_ADDRESS, mib_text(""));
  }
  if (request.count == 0)
    want(&request, "me", name, MIB_PEER_DSCP, mib_gauge(1));
  enum set_error error = perform(&request);
  enum set_error expected = model_take(&model[which], wanted, address);
  ck_assert_msg(error == expected, "step %d: row %s, status %d, address %d: error %d, not %d", step, name,
                wanted, address, error, expected);
  ck_assert_msg(status_of(name) == model[which].status, "step %d: row %s is %d, not %d", step, name,
                status_of(name), model[which].status);
}

START_TEST(random_requests_agree_with_the_model)
{
  struct test_prng prng = test_prng(test_seed());
  struct model_row model[NAMES];
  for (size_t i = 0; i < NAMES; i++)
    model[i] = (struct model_row){.status = ROW_DESTROY};
  for (int step = 0; step < STEPS; step++) {
    unsigned active = 0;
    random_step(&prng, model, step);
    for (size_t i = 0; i < NAMES; i++)
      active += model[i].status == ROW_ACTIVE;
    ck_assert_uint_eq(starts - stops, active);
  }
}
END_TEST

int main(void)
{
  test_seed();
  Suite *suite = suite_create("snmp/set");
  TEST_CASE_WITH(set_up, tear_down, suite, "life", create_and_go, create_and_go_needs_an_address,
                 create_and_wait, create_and_wait_with_all_is_not_in_service, not_in_service_and_back,
                 a_row_that_lost_its_address_is_not_ready, a_change_of_an_active_row_begins_it_anew,
                 a_refused_stream_is_told_in_its_row, destroying_what_is_not_there_is_no_error,
                 creation_that_can_not_be);
  TEST_LOOP_WITH(set_up, tear_down, suite, "indices", sizeof indices / sizeof *indices,
                 indices_that_can_not_be);
  TEST_LOOP_WITH(set_up, tear_down, suite, "value by value", sizeof values / sizeof *values,
                 values_get_their_errors);
  TEST_CASE_WITH(set_up, tear_down, suite, "values", octets_of_0_are_no_text,
                 a_refused_value_is_told_in_a_sentence, a_protocol_brings_its_port_unless_there_is_another,
                 a_protocol_brings_its_modes_unless_there_are_others, addresses_are_octets,
                 what_only_fits_together, rows_of_the_configuration_can_not_be_set);
  TEST_CASE_WITH(set_up, tear_down, suite, "requests", the_wrong_variable_is_named, too_many_variables,
                 undo_leaves_all_as_it_was, two_rows_of_one_streams_name_are_undone);
  TEST_CASE_WITH(set_up, tear_down, suite, "at random", random_requests_agree_with_the_model);
  return test_run_apart(suite);
}
