/* SPDX-License-Identifier: MIT */
/* The table of the MIB's objects against OWAMP-MIB.txt, object by object, both ways; and against values. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "column_table.h"
#include "mib.h"
#include "mib_rows.h"
#include "peer_column.h"
#include "support/main.h"

/* ---- the text as tokens: without comments, and all that is quoted is "" ---- */

enum { TOKENS = 20000, TOKEN_TEXT = 48, NAMES = 16, OBJECTS = 200 };

static char tokens[TOKENS][TOKEN_TEXT]; /* ends in empty ones */

static size_t token_length(const char *at)
{
  size_t length = 0;
  while (isalnum((unsigned char)at[length]) || (at[length] == '-' && at[length + 1] != '-'))
    length++;
  if (strncmp(at, "::=", 3) == 0)
    length = 3;
  else if (strncmp(at, "..", 2) == 0)
    length = 2;
  return length ? length : 1;
}

static const char *past_white_and_comments(const char *at)
{
  while (isspace((unsigned char)*at) || strncmp(at, "--", 2) == 0)
    at += *at == '-' ? strcspn(at, "\n") : 1;
  return at;
}

static void tokenize(const char *text)
{
  size_t count = 0;
  for (const char *at = past_white_and_comments(text); *at; at = past_white_and_comments(at)) {
    size_t length = token_length(at);
    ck_assert_uint_lt(count + 8, TOKENS);
    ck_assert_uint_lt(length, TOKEN_TEXT);
    if (*at == '"') {
      at = strchr(at + 1, '"');
      ck_assert_ptr_nonnull(at);
      at++;
    } else {
      memcpy(tokens[count++], at, length);
      at += length;
    }
  }
}

static void read_mib(void)
{
  static char text[200000];
  FILE *file = fopen(OWAMP_MIB, "r");
  ck_assert_msg(file != NULL, "can't open %s", OWAMP_MIB);
  size_t length = fread(text, 1, sizeof text - 1, file);
  ck_assert(feof(file));
  fclose(file);
  ck_assert_uint_eq(strlen(text), length);
  tokenize(text);
}

static bool token_is(size_t at, const char *expected)
{
  return strcmp(tokens[at], expected) == 0;
}

/* ---- syntaxes ---- */

struct syntax {
  char type[TOKEN_TEXT];
  struct mib_syntax is;
  char names[NAMES][TOKEN_TEXT]; /* of an enumeration, or of bits */
  size_t count;
};

/* Those that are written with these types elsewhere: RFC 2578, 2579, 3411, 4001. */
static const struct syntax foreign[] = {
    {"INTEGER", {MIB_KIND_ENUMERATION, INT32_MIN, INT32_MAX}, {""}, 0},
    {"BITS", {MIB_KIND_BITS, 0, 0}, {""}, 0},
    {"Integer32", {MIB_KIND_INTEGER32, INT32_MIN, INT32_MAX}, {""}, 0},
    {"Unsigned32", {MIB_KIND_UNSIGNED32, 0, UINT32_MAX}, {""}, 0},
    {"Gauge32", {MIB_KIND_GAUGE32, 0, UINT32_MAX}, {""}, 0},
    {"Counter64", {MIB_KIND_COUNTER64, 0, 0}, {""}, 0},
    {"TruthValue", {MIB_KIND_TRUTH_VALUE, 1, 2}, {""}, 0},
    {"RowStatus", {MIB_KIND_ROW_STATUS, 1, 6}, {""}, 0},
    {"StorageType", {MIB_KIND_ENUMERATION, 1, 5}, {""}, 0},
    {"DateAndTime", {MIB_KIND_DATE_AND_TIME, 8, 11}, {""}, 0},
    {"SnmpAdminString", {MIB_KIND_OCTETS, 0, 255}, {""}, 0},
    {"InetAddress", {MIB_KIND_OCTETS, 0, 255}, {""}, 0},
    {"InetAddressType", {MIB_KIND_ENUMERATION, 0, 16}, {""}, 0},
    {"InetPortNumber", {MIB_KIND_UNSIGNED32, 0, 65535}, {""}, 0},
};

static struct syntax conventions[NAMES]; /* of this MIB */
static size_t convention_count;

static const struct syntax *syntax_named(const char *type)
{
  const struct syntax *found = NULL;
  for (size_t i = 0; i < sizeof foreign / sizeof *foreign && !found; i++)
    if (strcmp(foreign[i].type, type) == 0)
      found = &foreign[i];
  for (size_t i = 0; i < convention_count && !found; i++)
    if (strcmp(conventions[i].type, type) == 0)
      found = &conventions[i];
  return found;
}

/* NAME ( NUMBER ) , ... }, the numbers rising without a gap. */
static void parse_names(size_t at, struct syntax *syntax)
{
  for (syntax->count = 0; !token_is(at - 1, "}"); at += 5) {
    int64_t number = atoll(tokens[at + 2]);
    ck_assert_uint_lt(syntax->count, NAMES);
    if (syntax->count == 0)
      syntax->is.least = number;
    else
      ck_assert_int_eq(number, syntax->is.most + 1);
    syntax->is.most = number;
    memcpy(syntax->names[syntax->count++], tokens[at], TOKEN_TEXT);
  }
}

/* LEAST .. MOST */
static void parse_range(size_t at, struct syntax *syntax)
{
  ck_assert_str_eq(tokens[at + 1], "..");
  syntax->is.least = atoll(tokens[at]);
  syntax->is.most = atoll(tokens[at + 2]);
}

/* What follows SYNTAX. The type is left empty if it is none of values: a table or its entry. */
static struct syntax parse_syntax(size_t at)
{
  struct syntax syntax = {.count = 0};
  const struct syntax *base = syntax_named(tokens[at]);
  if (base) {
    syntax = *base;
    if (token_is(at + 1, "{"))
      parse_names(at + 2, &syntax);
    else if (token_is(at + 1, "("))
      parse_range(token_is(at + 2, "SIZE") ? at + 4 : at + 2, &syntax);
  }
  return syntax;
}

/* ---- objects ---- */

struct object {
  char name[TOKEN_TEXT];
  struct syntax syntax;
  char access[TOKEN_TEXT];
  char parent[TOKEN_TEXT];
  unsigned number;
};

static struct object objects[OBJECTS];
static size_t object_count;

static size_t find_token(size_t at, const char *wanted)
{
  while (!token_is(at, wanted)) {
    ck_assert_msg(tokens[at][0], "no %s", wanted);
    at++;
  }
  return at;
}

/* `at` stands at its name. What is but an identifier has no syntax. */
static void add_object(size_t at)
{
  ck_assert_uint_lt(object_count, OBJECTS);
  struct object *object = &objects[object_count++];
  memcpy(object->name, tokens[at], TOKEN_TEXT);
  if (token_is(at + 1, "OBJECT-TYPE")) {
    object->syntax = parse_syntax(at + 3);
    at = find_token(at, "MAX-ACCESS") + 1;
    memcpy(object->access, tokens[at], TOKEN_TEXT);
  }
  at = find_token(at, "::=");
  memcpy(object->parent, tokens[at + 2], TOKEN_TEXT);
  object->number = (unsigned)atoi(tokens[at + 3]);
}

static void add_convention(size_t at)
{
  struct syntax syntax = parse_syntax(find_token(at, "SYNTAX") + 1);
  ck_assert_msg(syntax.type[0], "the type of %s is unknown", tokens[at]);
  ck_assert_uint_lt(convention_count, NAMES);
  memcpy(syntax.type, tokens[at], TOKEN_TEXT);
  conventions[convention_count++] = syntax;
}

static void parse_mib(void)
{
  read_mib();
  for (size_t at = 0; tokens[at][0]; at++) {
    if (token_is(at + 1, "::=") && token_is(at + 2, "TEXTUAL-CONVENTION"))
      add_convention(at);
    else if (token_is(at + 1, "OBJECT-TYPE") && token_is(at + 2, "SYNTAX"))
      add_object(at);
    else if (token_is(at + 1, "OBJECT") && token_is(at + 2, "IDENTIFIER"))
      add_object(at);
  }
}

static const struct object *object_named(const char *name)
{
  const struct object *found = NULL;
  for (size_t i = 0; i < object_count && !found; i++)
    if (strcmp(objects[i].name, name) == 0)
      found = &objects[i];
  ck_assert_msg(found != NULL, "OWAMP-MIB has no %s", name);
  return found;
}

/* ---- the table against the text ---- */

static const struct {
  enum mib_group group;
  const char *table; /* NULL: scalars */
  const char *entry; /* what its objects stand below */
} groups[] = {{MIB_SYSTEM, NULL, "owampSystem"},
              {MIB_PEERS, "owampPeerTable", "owampPeerEntry"},
              {MIB_RESULTS, "owampResultTable", "owampResultEntry"},
              {MIB_HISTORY, "owampHistoryTable", "owampHistoryEntry"},
              {MIB_TOTALS, "owampTotalsTable", "owampTotalsEntry"}};
enum { GROUPS = sizeof groups / sizeof *groups };

static const char *name_of(char out[TOKEN_TEXT], enum mib_group group, unsigned number)
{
  const struct mib_table *table = mib_table_of(group);
  const char *name = table->columns[number].name;
  ck_assert_msg(name != NULL, "%s has no object %u", table->name, number);
  snprintf(out, TOKEN_TEXT, "%s%s", table->name, name);
  return out;
}

static const char *access_of(enum mib_group group, unsigned number)
{
  static const char *const names[] = {[MIB_READ_ONLY] = "read-only",
                                      [MIB_READ_WRITE] = "read-write",
                                      [MIB_READ_CREATE] = "read-create",
                                      [MIB_NOT_ACCESSIBLE] = "not-accessible"};
  const struct mib_column *column = mib_column_of(group, number);
  return names[column ? column->access : MIB_NOT_ACCESSIBLE];
}

START_TEST(groups_stand_where_the_mib_says)
{
  parse_mib();
  const char *table = groups[_i].table ? groups[_i].table : groups[_i].entry;
  ck_assert_str_eq(object_named(table)->parent, "owampObjects");
  ck_assert_uint_eq(object_named(table)->number, groups[_i].group);
  if (groups[_i].table) {
    ck_assert_str_eq(object_named(groups[_i].entry)->parent, table);
    ck_assert_uint_eq(object_named(groups[_i].entry)->number, 1);
  }
}
END_TEST

START_TEST(every_object_of_the_table_is_in_the_mib)
{
  parse_mib();
  enum mib_group group = groups[_i].group;
  const struct mib_table *table = mib_table_of(group);
  for (unsigned number = 1; number < table->end; number++) {
    char name[TOKEN_TEXT];
    const struct object *object = object_named(name_of(name, group, number));
    const struct mib_syntax *syntax = &table->columns[number].syntax;
    ck_assert_str_eq(object->parent, groups[_i].entry);
    ck_assert_msg(object->number == number, "%s is %u, not %u", name, number, object->number);
    ck_assert_msg(object->syntax.type[0] != '\0', "the type of %s is unknown", name);
    ck_assert_msg(object->syntax.is.kind == syntax->kind, "%s is no %s", name, object->syntax.type);
    ck_assert_msg(object->syntax.is.least == syntax->least, "%s: least %lld, not %lld", name,
                  (long long)syntax->least, (long long)object->syntax.is.least);
    ck_assert_msg(object->syntax.is.most == syntax->most, "%s: most %lld, not %lld", name,
                  (long long)syntax->most, (long long)object->syntax.is.most);
    ck_assert_msg(strcmp(object->access, access_of(group, number)) == 0, "%s is %s, not %s", name,
                  access_of(group, number), object->access);
  }
}
END_TEST

static const char *const notified[] = {[MIB_NOTIFY_OWNER] = "owampNotifyOwner",
                                       [MIB_NOTIFY_NAME] = "owampNotifyName",
                                       [MIB_NOTIFY_DIRECTION] = "owampNotifyDirection",
                                       [MIB_NOTIFY_METRIC] = "owampNotifyMetric",
                                       [MIB_NOTIFY_UNIT] = "owampNotifyUnit",
                                       [MIB_NOTIFY_VALUE] = "owampNotifyValue",
                                       [MIB_NOTIFY_THRESHOLD] = "owampNotifyThreshold",
                                       [MIB_NOTIFY_SEVERITY] = "owampNotifySeverity",
                                       [MIB_NOTIFY_TEXT] = "owampNotifyText"};

static bool is_known(const struct object *object)
{
  bool known = strcmp(object->access, "accessible-for-notify") == 0 &&
               object->number < sizeof notified / sizeof *notified &&
               strcmp(notified[object->number], object->name) == 0;
  for (size_t i = 0; i < GROUPS && !known; i++) {
    char name[TOKEN_TEXT];
    bool here = strcmp(object->parent, groups[i].entry) == 0 && object->number >= 1 &&
                object->number < mib_table_of(groups[i].group)->end;
    known = here && strcmp(name_of(name, groups[i].group, object->number), object->name) == 0;
  }
  return known;
}

START_TEST(every_object_of_the_mib_is_in_the_table)
{
  size_t expected = sizeof notified / sizeof *notified - 1;
  size_t seen = 0;
  parse_mib();
  for (size_t i = 0; i < object_count; i++) {
    bool has_values = objects[i].access[0] && !strstr(objects[i].parent, "Table") &&
                      strcmp(objects[i].parent, "owampObjects") != 0;
    ck_assert_msg(!has_values || is_known(&objects[i]), "the table has no %s", objects[i].name);
    seen += has_values;
  }
  for (size_t i = 0; i < GROUPS; i++)
    expected += mib_table_of(groups[i].group)->end - 1;
  ck_assert_uint_eq(seen, expected);
}
END_TEST

/* ---- who sets what ---- */

START_TEST(what_can_be_created_has_a_setter)
{
  enum mib_group group = groups[_i].group;
  const struct mib_table *table = mib_table_of(group);
  for (unsigned number = 1; number < table->end; number++) {
    const struct mib_setter *set = &table->columns[number].set;
    bool created = table->columns[number].access == MIB_READ_CREATE;
    char name[TOKEN_TEXT];
    name_of(name, group, number);
    enum ow_peer_option_id id;
    ck_assert_msg((set->set || set->option) == created && !(set->set && set->option), "%s", name);
    ck_assert_msg(!set->option || ow_peer_face_find(&peer_face, set->option->name, &id), "%s: no option",
                  name);
    ck_assert_msg((number >= table->first) == (mib_column_of(group, number) != NULL), "%s", name);
    ck_assert_msg(number < table->first || table->columns[number].get.show, "%s has no getter", name);
  }
}
END_TEST

/* A name in a MIB has no hyphen: class-of-service is classOfService there. */
static void expect_word(const char *word, const char *name)
{
  const char *at = name;
  for (const char *letter = word; *letter; letter++) {
    bool capital = letter > word && letter[-1] == '-';
    if (*letter != '-')
      ck_assert_msg(*at++ == (capital ? toupper((unsigned char)*letter) : *letter), "%s is no %s", word,
                    name);
  }
  ck_assert_msg(*at == '\0', "%s is no %s", word, name);
}

START_TEST(words_of_options_are_the_names_in_the_mib)
{
  size_t words = 0;
  parse_mib();
  for (unsigned number = MIB_PEER_ADDRESS_TYPE; number < MIB_PEER_END; number++) {
    const struct mib_column *column = mib_column_of(MIB_PEERS, number);
    char name[TOKEN_TEXT];
    const struct object *object = object_named(name_of(name, MIB_PEERS, number));
    for (size_t i = 0; column->set.words && i < object->syntax.count; i++, words++)
      expect_word(column->set.words[i], object->syntax.names[i]);
  }
  ck_assert_uint_eq(words,
                    3 + 4 + 2 + 2 * 4 + 3 + 4); /* families, modes, directions; states; protocols, TLVs */
}
END_TEST

/* ---- values ---- */

static struct peers peers;
static struct ow_board *board;
static struct mib mib;
static const struct timespec epoch = {.tv_sec = 1767225600};

static enum ow_status start(void *context, const struct peer *peer, struct ow_failure *failure)
{
  (void)context;
  (void)peer;
  (void)failure;
  return OW_OK;
}

static void ignore_peer(void *context, const struct peer *peer)
{
  (void)context;
  (void)peer;
}

static void ignore_notice(void *context, const struct notice *notice)
{
  (void)context;
  (void)notice;
}

/* A peer of which nothing is as usual. */
static void configure(struct peer_config *config)
{
  static const char *const options[][2] = {{"host", "2001:db8::1"},
                                           {"port", "8861"},
                                           {"family", "ipv6"},
                                           {"mode", "open,encrypted"},
                                           {"key-id", "alice"},
                                           {"direction", "reverse"},
                                           {"interval", "30s"},
                                           {"schedule", "fixed:2s"},
                                           {"padding", "7"},
                                           {"dscp", "46"},
                                           {"loss-timeout", "1500ms"},
                                           {"source", "2001:db8::2"},
                                           {"interface", "eth7"},
                                           {"ports", "9000-9010"},
                                           {"warning", "loss=1%"},
                                           {"critical", "loss=2%"},
                                           {"raise", "3/5"},
                                           {"zero-padding", "true"},
                                           {"nat", "true"},
                                           {"min-packets", "10"},
                                           {"protocol", "stamp"},
                                           {"ssid", "7"},
                                           {"tlvs", "class-of-service,follow-up"}};
  struct ow_failure failure = {0};
  for (size_t i = 0; i < sizeof options / sizeof *options; i++)
    ck_assert_msg(peer_config_set(config, options[i][0], options[i][1], &failure) == OW_OK, "%s",
                  failure.text);
}

static void set_up(void)
{
  static const struct peers_host host = {NULL, start, ignore_peer, ignore_notice};
  struct ow_stream_view view = {.name = "a", .port = "8861", .directions = {true, true}};
  struct ow_interval interval = {.number = 1, .begin = ow_timestamp_from_unix(epoch), .mode = OW_MODE_OPEN};
  struct ow_failure failure = {0};
  struct peer *peer = NULL;
  interval.end = ow_timestamp_plus(interval.begin, 10 * OW_NS_PER_S);
  for (unsigned i = 0; i < OW_DIRECTIONS; i++)
    interval.results[i] = (struct ow_result){.completeness = OW_RESULT_COMPLETE,
                                             .sent = 3,
                                             .received = 2,
                                             .lost = 1,
                                             .has_ipdv = true,
                                             .has_dwell = true};
  board = ow_board_create(1);
  ck_assert_ptr_nonnull(board);
  peers_init(&peers, &host, board, 1);
  mib = (struct mib){.peers = &peers, .now = epoch, .system.notifications = 0xf0};
  ck_assert_int_eq(peers_add(&peers, "", "a", PEER_OF_SNMP, &peer, &failure), OW_OK);
  configure(&peer->config);
  peer_start(&peers, peer, ow_timestamp_from_unix(epoch));
  ck_assert_int_eq(ow_board_put_stream(board, &view), OW_OK);
  ow_board_add_interval(board, "a", &interval);
  peers_refresh(&peers, ow_timestamp_from_unix(epoch));
  ck_assert(mib_update(&mib));
}

static void tear_down(void)
{
  mib_clear(&mib);
  peers_clear(&peers);
  ow_board_free(board);
}

START_TEST(values_are_of_their_syntax)
{
  enum mib_group group = groups[_i].group;
  const struct mib_table *table = mib_table_of(group);
  const struct row *row = group == MIB_SYSTEM ? NULL : mib.rows.tables[group - MIB_PEERS].rows;
  for (unsigned number = table->first; number < table->end; number++) {
    const struct mib_column *column = mib_column_of(group, number);
    ck_assert_msg(!row || (row->present >> column->presence & 1), "%s%s is absent", table->name,
                  column->name);
    struct mib_value value = mib_column_value(&mib, row, column);
    ck_assert_msg(mib_syntax_check(&column->syntax, &value) == SET_OK, "%s%s: error %d", table->name,
                  column->name, mib_syntax_check(&column->syntax, &value));
  }
}
END_TEST

/* All that is shown of a configuration, set column by column, makes the same configuration. */
START_TEST(what_is_shown_can_be_set)
{
  struct peer_draft draft;
  const struct row *row = mib.rows.tables[0].rows;
  peer_draft_init_new(&draft);
  for (unsigned number = MIB_PEER_ADDRESS_TYPE; number < MIB_PEER_END; number++) {
    const struct mib_column *column = mib_column_of(MIB_PEERS, number);
    if (column->access != MIB_READ_CREATE || number == MIB_PEER_STORAGE || number == MIB_PEER_ROW_STATUS)
      continue;
    struct mib_value value = mib_column_value(&mib, row, column);
    ck_assert_msg(peer_column_writable(number), "column %u", number);
    ck_assert_msg(peer_column_check(number, &value, NULL) == SET_OK, "column %u", number);
    ck_assert_msg(peer_column_set(&draft, number, &value, NULL) == SET_OK, "column %u", number);
  }
  ck_assert(draft.address_touched);
  ck_assert_int_eq(peer_draft_settle_address(&draft), SET_OK);
  for (size_t i = 0; i < peer_face.count; i++) {
    char made[PEER_TEXT];
    char shown[PEER_TEXT];
    peer_option_get(&draft.config, peer_face.options[i], made);
    peer_option_get(&row->peer->config, peer_face.options[i], shown);
    ck_assert_str_eq(made, shown);
  }
  ck_assert_int_eq(draft.config.address_type, PEER_ADDRESS_IPV6);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("snmp/columns");
  TEST_LOOP(suite, "groups", GROUPS, groups_stand_where_the_mib_says, every_object_of_the_table_is_in_the_mib,
            what_can_be_created_has_a_setter);
  TEST_CASE(suite, "the MIB", every_object_of_the_mib_is_in_the_table,
            words_of_options_are_the_names_in_the_mib);
  TEST_LOOP_WITH(set_up, tear_down, suite, "values", GROUPS, values_are_of_their_syntax);
  TEST_CASE_WITH(set_up, tear_down, suite, "settings", what_is_shown_can_be_set);
  return test_run_apart(suite);
}
