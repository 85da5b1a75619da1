/* SPDX-License-Identifier: MIT */
/* Rows of the MIB: the order of indices, GET and GETNEXT against a sorted list of all, and values. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mib.h"
#include "mib_rows.h"
#include "support/main.h"
#include "support/seed.h"

enum { HISTORY = 4 };

static struct peers peers;
static struct ow_board *board;
static struct mib mib;
/* 2026-01-01 00:00:00 UTC. */
static const struct timespec epoch = {.tv_sec = 1767225600};

static enum ow_status start(void *context, const struct peer *peer, struct ow_failure *failure)
{
  (void)context;
  (void)peer;
  (void)failure;
  return OW_OK;
}

static void stop(void *context, const struct peer *peer)
{
  (void)context;
  (void)peer;
}

static void take_notice(void *context, const struct notice *notice)
{
  (void)context;
  (void)notice;
}

static void set_up(void)
{
  static const struct peers_host host = {NULL, start, stop, take_notice};
  board = ow_board_create(HISTORY);
  ck_assert_ptr_nonnull(board);
  peers_init(&peers, &host, board, HISTORY);
  mib = (struct mib){.peers = &peers, .now = epoch};
}

static void tear_down(void)
{
  mib_clear(&mib);
  peers_clear(&peers);
  ow_board_free(board);
}

static struct peer *add_peer(const char *owner, const char *name)
{
  struct peer *peer = NULL;
  struct ow_failure failure = {0};
  enum ow_status status = peers_add(&peers, owner, name, PEER_OF_SNMP, &peer, &failure);
  ck_assert_msg(status == OW_OK, "%s", failure.text);
  return peer;
}

static void put_stream(const struct peer *peer, enum ow_protocol protocol, bool forward, bool reverse)
{
  struct ow_stream_view view = {.port = "861", .protocol = protocol, .directions = {forward, reverse}};
  memcpy(view.name, peer->stream, sizeof view.name);
  ck_assert_int_eq(ow_board_put_stream(board, &view), OW_OK);
}

/* Its stream begins, and is on the board. */
static struct peer *run_protocol(const char *owner, const char *name, enum ow_protocol protocol)
{
  struct peer *peer = add_peer(owner, name);
  peer_start(&peers, peer, ow_timestamp_from_unix(epoch));
  put_stream(peer, protocol, true, true);
  return peer;
}

static struct peer *run_peer(const char *owner, const char *name)
{
  return run_protocol(owner, name, OW_PROTOCOL_OWAMP);
}

static void refresh(void)
{
  peers_refresh(&peers, ow_timestamp_from_unix(epoch));
  ck_assert(mib_update(&mib));
  ck_assert(!peers.changed);
}

/* ---- identifiers ---- */

struct oid {
  unsigned long at[MIB_OID_MOST + 2];
  size_t count;
};

static struct oid oid_of(unsigned long table, unsigned long column, const char *owner, const char *name)
{
  struct oid oid = {.at = {table, 1, column}, .count = 3};
  oid.count += mib_peer_index(owner, name, oid.at + 3);
  return oid;
}

static bool get(struct oid oid, struct mib_value *value)
{
  bool object;
  bool has = mib_get(&mib, oid.at, oid.count, value, &object);
  ck_assert(object);
  return has;
}

static struct oid result_oid(unsigned long column, const char *name, enum ow_direction direction)
{
  struct oid oid = oid_of(MIB_RESULTS, column, "", name);
  oid.at[oid.count++] = (unsigned long)direction + 1;
  return oid;
}

static bool result(unsigned long column, const char *name, enum ow_direction direction,
                   struct mib_value *value)
{
  return get(result_oid(column, name, direction), value);
}

/* ---- the order of indices ---- */

START_TEST(names_stand_in_their_order)
{
  /* Owner, name: the owner's length first, then the owner, then the name's length. */
  static const char *const order[][2] = {{"", "a"},   {"", "b"},    {"", "z"},   {"", "aa"},  {"", "ab"},
                                         {"", "zz"},  {"", "aaa"},  {"", "aab"}, {"a", "b"},  {"a", "aa"},
                                         {"b", "a"},  {"aa", "Z"},  {"aa", "a"}, {"aa", "~"}, {"aa", "aa"},
                                         {"ab", "a"}, {"aab", "a"}, {"zzz", "a"}};
  const size_t count = sizeof order / sizeof *order;
  for (size_t i = 0; i < count; i++)
    add_peer(order[i * 7 % count][0], order[i * 7 % count][1]);
  refresh();
  unsigned long at[MIB_OID_MOST] = {MIB_PEERS, 1, MIB_PEER_ROW_STATUS};
  size_t length = 3;
  for (size_t i = 0; i < count; i++) {
    struct mib_value value;
    struct oid expected = oid_of(MIB_PEERS, MIB_PEER_ROW_STATUS, order[i][0], order[i][1]);
    length = mib_next(&mib, at, length, at, &value);
    ck_assert_msg(mib_compare(at, length, expected.at, expected.count) == 0, "%s.%s is not the %zuth",
                  order[i][0], order[i][1], i);
  }
}
END_TEST

START_TEST(strings_of_an_index_are_read)
{
  static const struct {
    unsigned long at[4];
    size_t left, took;
  } strings[] = {{{0}, 0, 0},      {{1, 'a'}, 2, 2}, {{2, 'a', 'b'}, 3, 3}, {{1, 'a', 'b'}, 3, 2},
                 {{2, 'a'}, 2, 0}, {{0}, 1, 0},      {{4, 1, 1, 1}, 4, 0},  {{1, 0}, 2, 0},
                 {{1, 255}, 2, 2}, {{1, 256}, 2, 0}, {{~0UL, 'a'}, 2, 0}};
  char out[4];
  for (size_t i = 0; i < sizeof strings / sizeof *strings; i++)
    ck_assert_uint_eq(mib_read_string(strings[i].at, strings[i].left, 1, 3, out), strings[i].took);
  ck_assert_uint_eq(mib_read_string((const unsigned long[]){0}, 1, 0, 3, out), 1);
  ck_assert_str_eq(out, "");
}
END_TEST

START_TEST(identifiers_compare_by_their_parts)
{
  static const unsigned long a[] = {1, 2, 3};
  static const unsigned long b[] = {1, 3};
  ck_assert_int_lt(mib_compare(a, 3, b, 2), 0);
  ck_assert_int_gt(mib_compare(b, 2, a, 3), 0);
  ck_assert_int_lt(mib_compare(a, 2, a, 3), 0);
  ck_assert_int_gt(mib_compare(a, 3, a, 2), 0);
  ck_assert_int_eq(mib_compare(a, 3, a, 3), 0);
  ck_assert_int_lt(mib_compare(NULL, 0, a, 1), 0);
  ck_assert_int_eq(mib_compare(NULL, 0, NULL, 0), 0);
}
END_TEST

/* ---- at random, against a list of all that there is ---- */

enum { RANDOM_PEERS = 30, RANDOM_QUESTIONS = 20000 };

static struct oid *all;
static size_t all_count;

static int by_order(const void *a, const void *b)
{
  const struct oid *left = a;
  const struct oid *right = b;
  return mib_compare(left->at, left->count, right->at, right->count);
}

static void note(struct oid oid)
{
  struct mib_value value;
  bool object;
  if (mib_get(&mib, oid.at, oid.count, &value, &object)) {
    all = realloc(all, (all_count + 1) * sizeof *all);
    ck_assert_ptr_nonnull(all);
    all[all_count++] = oid;
  }
}

static void note_columns(enum mib_group table, const struct peer *peer, const unsigned long *suffix,
                         size_t count)
{
  unsigned end;
  for (unsigned column = mib_table_columns(table, &end); column < end; column++) {
    struct oid oid = oid_of(table, column, peer->owner, peer->name);
    for (size_t i = 0; i < count; i++)
      oid.at[oid.count++] = suffix[i];
    note(oid);
  }
}

/* By GET alone, of whatever could be. */
static void note_all(uint64_t newest)
{
  for (unsigned long column = 1; column < MIB_SYSTEM_END; column++)
    note((struct oid){.at = {MIB_SYSTEM, column, 0}, .count = 3});
  for (size_t i = 0; i < peers.count; i++) {
    note_columns(MIB_PEERS, peers.list[i], NULL, 0);
    for (unsigned long direction = 1; direction <= OW_RESULTS; direction++) {
      note_columns(MIB_RESULTS, peers.list[i], &direction, 1);
      note_columns(MIB_TOTALS, peers.list[i], &direction, 1);
      for (unsigned long number = 1; number <= newest; number++)
        note_columns(MIB_HISTORY, peers.list[i], (unsigned long[]){direction, number}, 2);
    }
  }
  qsort(all, all_count, sizeof *all, by_order);
}

static void random_word(struct test_prng *prng, char *out, size_t least, size_t most)
{
  size_t length = least + test_prng_below(prng, most - least + 1);
  for (size_t i = 0; i < length; i++)
    out[i] = "ab~"[test_prng_below(prng, 3)];
  out[length] = '\0';
}

static struct ow_result random_result(struct test_prng *prng)
{
  struct ow_result made = {.completeness = (enum ow_completeness)test_prng_below(prng, 3)};
  if (made.completeness != OW_RESULT_ABSENT) {
    made.sent = (uint32_t)test_prng_below(prng, 3);
    made.received = (uint32_t)test_prng_below(prng, made.sent + 1);
    made.lost = made.sent - made.received;
    made.has_ipdv = made.received > 1;
    made.clock.stepped = test_prng_below(prng, 4) == 0;
    made.loss_unknown = test_prng_below(prng, 4) == 0;
    made.run_unknown = test_prng_below(prng, 4) == 0;
    made.has_dwell = test_prng_below(prng, 4) == 0;
  }
  return made;
}

static void random_peer(struct test_prng *prng)
{
  char owner[MIB_OWNER];
  char name[OW_STREAM_NAME];
  random_word(prng, owner, 0, 3);
  random_word(prng, name, 1, 4);
  if (!peers_name_free(&peers, owner, name))
    return;
  struct peer *peer = add_peer(owner, name);
  if (test_prng_below(prng, 4) == 0)
    return;
  peer_start(&peers, peer, ow_timestamp_from_unix(epoch));
  enum ow_protocol protocol = test_prng_below(prng, 2) ? OW_PROTOCOL_STAMP : OW_PROTOCOL_OWAMP;
  put_stream(peer, protocol, test_prng_below(prng, 4) > 0, test_prng_below(prng, 4) > 0);
  uint64_t count = test_prng_below(prng, HISTORY + 3);
  for (uint64_t number = 1; number <= count; number++) {
    struct ow_interval interval = {.number = number};
    for (int i = 0; i < OW_RESULTS; i++)
      interval.results[i] = random_result(prng);
    ow_board_add_interval(board, peer->stream, &interval);
  }
}

/* Something that is there, and then one part of it changed, left away or added. */
static struct oid random_question(struct test_prng *prng)
{
  struct oid oid = all[test_prng_below(prng, all_count)];
  size_t place = test_prng_below(prng, oid.count);
  switch (test_prng_below(prng, 5)) {
  case 0: oid.count = place; break;
  case 1: oid.at[oid.count++] = test_prng_below(prng, 3); break;
  case 2: oid.at[place] += 1; break;
  case 3: oid.at[place] -= oid.at[place] > 0; break;
  default: oid.at[place] = test_prng_below(prng, 2) ? UINT32_MAX : 0;
  }
  return oid;
}

/* The first behind it, one after another. */
static size_t naive_next(const struct oid *question)
{
  size_t i = 0;
  while (i < all_count && by_order(&all[i], question) <= 0)
    i++;
  return i;
}

static void expect_next(const struct oid *question, size_t place)
{
  struct mib_value value;
  struct mib_value same;
  struct oid found;
  bool object;
  found.count = mib_next(&mib, question->at, question->count, found.at, &value);
  if (place == all_count) {
    ck_assert_uint_eq(found.count, 0);
  } else {
    ck_assert_msg(by_order(&found, &all[place]) == 0, "not the %zuth of %zu", place, all_count);
    ck_assert(mib_get(&mib, found.at, found.count, &same, &object));
    ck_assert(value.type == same.type && value.integer == same.integer && value.gauge == same.gauge);
    ck_assert(value.counter == same.counter && value.length == same.length);
    ck_assert_mem_eq(value.octets, same.octets, value.length);
  }
}

START_TEST(next_agrees_with_a_sorted_list)
{
  struct test_prng prng = test_prng(test_seed());
  for (int i = 0; i < RANDOM_PEERS; i++)
    random_peer(&prng);
  refresh();
  note_all(HISTORY + 2);
  ck_assert_uint_gt(all_count, 0);
  expect_next(&(struct oid){.count = 0}, 0);
  for (size_t i = 0; i < all_count; i++)
    expect_next(&all[i], i + 1);
  for (int i = 0; i < RANDOM_QUESTIONS; i++) {
    struct oid question = random_question(&prng);
    expect_next(&question, naive_next(&question));
  }
  free(all);
  all = NULL;
}
END_TEST

START_TEST(an_empty_table_has_scalars_alone)
{
  struct mib_value value;
  unsigned long at[MIB_OID_MOST];
  size_t length = 0;
  unsigned found = 0;
  while ((length = mib_next(&mib, at, length, at, &value)) > 0) {
    ck_assert_uint_eq(length, 3);
    ck_assert_uint_eq(at[0], MIB_SYSTEM);
    ck_assert_uint_ne(at[1], MIB_STAMP_SOURCE); /* nothing was received */
    found++;
  }
  ck_assert_uint_eq(found, MIB_SYSTEM_END - 2);
}
END_TEST

START_TEST(what_is_no_object)
{
  static const struct {
    unsigned long at[4];
    size_t count;
    bool object;
  } questions[] = {{{0}, 0, false},
                   {{MIB_SYSTEM}, 1, false},
                   {{MIB_SYSTEM, MIB_VERSION}, 2, true},
                   {{MIB_SYSTEM, MIB_VERSION, 1}, 3, true},
                   {{MIB_SYSTEM, MIB_STAMP_SOURCE, 0}, 3, true},
                   {{MIB_SYSTEM, MIB_SYSTEM_END, 0}, 3, false},
                   {{MIB_PEERS, 1, 1}, 3, false},
                   {{MIB_PEERS, 1, MIB_PEER_ADDRESS_TYPE}, 3, true},
                   {{MIB_PEERS, 2, MIB_PEER_ADDRESS_TYPE}, 3, false},
                   {{MIB_PEERS, 1, MIB_PEER_END}, 3, false},
                   {{MIB_RESULTS, 1, 1, 0}, 4, false},
                   {{MIB_HISTORY, 1, 1, 0}, 4, false},
                   {{MIB_HISTORY, 1, MIB_RESULT_END - 1, 0}, 4, false},
                   {{MIB_TOTALS, 1, MIB_TOTALS_SINCE, 0}, 4, true},
                   {{MIB_NOTIFY, 1, 0}, 3, false}};
  struct mib_value value;
  bool object;
  for (size_t i = 0; i < sizeof questions / sizeof *questions; i++) {
    ck_assert(!mib_get(&mib, questions[i].at, questions[i].count, &value, &object));
    ck_assert_msg(object == questions[i].object, "question %zu", i);
  }
}
END_TEST

/* ---- absent values ---- */

static struct ow_interval an_interval(uint64_t number)
{
  int64_t ms = OW_NS_PER_MS;
  struct ow_timestamp begin = ow_timestamp_from_unix(epoch);
  struct ow_interval interval = {.number = number, .mode = OW_MODE_AUTHENTICATED};
  interval.begin = ow_timestamp_plus(begin, (int64_t)(number - 1) * 10 * OW_NS_PER_S);
  interval.end = ow_timestamp_plus(begin, (int64_t)number * 10 * OW_NS_PER_S);
  interval.results[OW_FORWARD] = (struct ow_result){
      .completeness = OW_RESULT_COMPLETE,
      .sent = 100,
      .received = 97,
      .lost = 3,
      .skipped = 4,
      .longest_loss_run = 2,
      .duplicates = 5,
      .reordered = 6,
      .discarded = 7,
      .delay = {-ms, 2 * ms, 3 * ms, 4 * ms, 5 * ms, 6 * ms + 500},
      .jitter = ms,
      .pdv = 5 * ms,
      .has_ipdv = true,
      .ipdv = 499,
      .hops_min = 8,
      .hops_max = 9,
      .clock = {.sender_synchronized = true, .error_ns = 1001, .receive_stamp = OW_STAMP_UNKNOWN},
  };
  interval.results[OW_REVERSE] = interval.results[OW_FORWARD];
  interval.results[OW_REVERSE].clock.receive_stamp = OW_STAMP_KERNEL;
  return interval;
}

enum missing { ALL_THERE, IPDV_MISSING, STEPPED, NOTHING_RECEIVED, NOTHING_SENT, NOTHING_KNOWN };

static void take_away(struct ow_result *from, enum missing missing)
{
  from->has_ipdv = false;
  from->clock.stepped = missing == STEPPED;
  if (missing >= NOTHING_RECEIVED)
    from->received = 0;
  if (missing >= NOTHING_SENT)
    from->sent = from->lost = 0;
  if (missing == NOTHING_KNOWN)
    *from = (struct ow_result){.completeness = OW_RESULT_ABSENT};
}

static bool column_is_there(unsigned column, enum missing missing)
{
  bool there = true;
  if (column == MIB_RESULT_IPDV)
    there = missing < IPDV_MISSING;
  else if (column >= MIB_RESULT_DELAY_MIN && column <= MIB_RESULT_PDV)
    there = missing < STEPPED;
  else if ((column >= MIB_RESULT_HOPS_MIN && column <= MIB_RESULT_STAMP_SOURCE) ||
           column == MIB_RESULT_DEPARTED)
    there = missing < NOTHING_RECEIVED;
  else if (column == MIB_RESULT_LOSS_RATIO)
    there = missing < NOTHING_SENT;
  else if (column > MIB_RESULT_COMPLETENESS)
    there = missing < NOTHING_KNOWN;
  return there;
}

START_TEST(absent_values_are_no_instances)
{
  enum missing missing = (enum missing)_i;
  struct ow_interval interval = an_interval(1);
  run_peer("", "a");
  run_peer("", "b");
  ow_board_add_interval(board, "b", &interval);
  if (missing != ALL_THERE)
    take_away(&interval.results[OW_FORWARD], missing);
  ow_board_add_interval(board, "a", &interval);
  refresh();
  for (unsigned column = MIB_RESULT_NUMBER; column < MIB_RESULT_DWELL_MIN; column++) {
    struct mib_value value;
    unsigned long at[MIB_OID_MOST] = {MIB_RESULTS, 1, column};
    bool there = column_is_there(column, missing);
    struct oid first = result_oid(column, "a", there ? OW_FORWARD : OW_REVERSE);
    ck_assert_msg(result(column, "a", OW_FORWARD, &value) == there, "column %u", column);
    ck_assert(result(column, "a", OW_REVERSE, &value) && result(column, "b", OW_FORWARD, &value));
    size_t length = mib_next(&mib, at, 3, at, &value);
    ck_assert_msg(mib_compare(at, length, first.at, first.count) == 0, "column %u", column);
  }
}
END_TEST

/* ---- of a reflector ---- */

static struct ow_interval a_reflected_interval(uint64_t number)
{
  struct ow_interval interval = an_interval(number);
  struct ow_result *both = &interval.results[OW_ROUND_TRIP];
  *both = interval.results[OW_FORWARD];
  both->hops_min = both->hops_max = 0;
  both->clock.error_ns = 0;
  both->has_dwell = true;
  both->dwell = (struct ow_delays){1000, 2000, 3000, 4000, 5000, -6000};
  return interval;
}

static bool is_of_one_way(unsigned column)
{
  return (column >= MIB_RESULT_HOPS_MIN && column <= MIB_RESULT_STAMP_SOURCE) ||
         column == MIB_RESULT_DEPARTED;
}

START_TEST(a_round_trip_has_rows_of_its_own)
{
  struct ow_interval interval = a_reflected_interval(1);
  struct mib_value value;
  run_protocol("", "a", OW_PROTOCOL_STAMP);
  run_peer("", "b");
  ow_board_add_interval(board, "a", &interval);
  ow_board_add_interval(board, "b", &interval);
  refresh();
  for (unsigned column = MIB_RESULT_NUMBER; column < MIB_RESULT_END; column++) {
    bool is_dwell = column >= MIB_RESULT_DWELL_MIN;
    ck_assert_msg(result(column, "a", OW_ROUND_TRIP, &value) != is_of_one_way(column), "column %u", column);
    ck_assert_msg(result(column, "a", OW_REVERSE, &value) != is_dwell, "column %u", column);
    ck_assert(!result(column, "b", OW_ROUND_TRIP, &value));
  }
  for (unsigned i = 0; i < 6; i++) {
    ck_assert(result(MIB_RESULT_DWELL_MIN + i, "a", OW_ROUND_TRIP, &value));
    ck_assert_int_eq(value.integer, i < 5 ? (int32_t)i + 1 : -6);
  }
  struct oid oid = oid_of(MIB_HISTORY, MIB_HISTORY_OF(MIB_RESULT_DWELL_MEDIAN), "", "a");
  oid.at[oid.count++] = OW_ROUND_TRIP + 1;
  oid.at[oid.count++] = 1;
  ck_assert(get(oid, &value));
  ck_assert_int_eq(value.integer, 3);
}
END_TEST

/* An interval of which nothing is known has its row, as that of a direction, and says why. */
START_TEST(a_round_trip_of_which_nothing_is_known)
{
  struct ow_interval interval = {.number = 1, .status = OW_TIMEOUT, .reason = "nobody answers"};
  struct mib_value value;
  run_protocol("", "a", OW_PROTOCOL_STAMP);
  ow_board_add_interval(board, "a", &interval);
  refresh();
  ck_assert(result(MIB_RESULT_COMPLETENESS, "a", OW_ROUND_TRIP, &value));
  ck_assert_int_eq(value.integer, 1);
  ck_assert(result(MIB_RESULT_REASON, "a", OW_ROUND_TRIP, &value));
  ck_assert_uint_eq(value.length, strlen("nobody answers"));
  for (unsigned column = MIB_RESULT_COMPLETENESS + 1; column < MIB_RESULT_END; column++)
    ck_assert(!result(column, "a", OW_ROUND_TRIP, &value));
}
END_TEST

START_TEST(losses_that_nobody_tells_apart_are_no_instances)
{
  static const unsigned of_losses[] = {MIB_RESULT_SENT, MIB_RESULT_RECEIVED, MIB_RESULT_LOST,
                                       MIB_RESULT_LOSS_RATIO, MIB_RESULT_LOSS_RUN};
  struct ow_interval interval = a_reflected_interval(1);
  struct mib_value value;
  interval.results[OW_FORWARD].loss_unknown = true;
  interval.results[OW_REVERSE].run_unknown = true;
  run_protocol("", "a", OW_PROTOCOL_STAMP);
  ow_board_add_interval(board, "a", &interval);
  refresh();
  for (unsigned column = MIB_RESULT_NUMBER; column < MIB_RESULT_DWELL_MIN; column++) {
    bool of_loss = false;
    for (size_t i = 0; i < sizeof of_losses / sizeof *of_losses; i++)
      of_loss = of_loss || column == of_losses[i];
    ck_assert_msg(result(column, "a", OW_FORWARD, &value) != of_loss, "column %u", column);
    ck_assert_msg(result(column, "a", OW_REVERSE, &value) == (column != MIB_RESULT_LOSS_RUN), "column %u",
                  column);
  }
  for (size_t i = 0; i < sizeof of_losses / sizeof *of_losses; i++)
    ck_assert(result(of_losses[i], "a", OW_ROUND_TRIP, &value));
}
END_TEST

static bool total(unsigned column, enum ow_direction direction, uint64_t *sum)
{
  struct mib_value value = {.counter = 0};
  struct oid oid = oid_of(MIB_TOTALS, column, "", "a");
  oid.at[oid.count++] = (unsigned long)direction + 1;
  bool there = get(oid, &value);
  *sum = value.counter;
  return there;
}

START_TEST(totals_are_of_losses_that_are_known)
{
  struct ow_interval interval = a_reflected_interval(1);
  uint64_t sum;
  interval.results[OW_FORWARD].loss_unknown = true;
  run_protocol("", "a", OW_PROTOCOL_STAMP);
  ow_board_add_interval(board, "a", &interval);
  refresh();
  for (unsigned column = MIB_TOTALS_SENT; column <= MIB_TOTALS_LOST; column++) {
    ck_assert(!total(column, OW_FORWARD, &sum));
    ck_assert(total(column, OW_REVERSE, &sum) && total(column, OW_ROUND_TRIP, &sum));
  }
  ck_assert(total(MIB_TOTALS_DUPLICATES, OW_FORWARD, &sum));
  ck_assert_uint_eq(sum, 5);
  ck_assert(total(MIB_TOTALS_LOSS_UNKNOWN, OW_FORWARD, &sum));
  ck_assert_uint_eq(sum, 1);
  interval = a_reflected_interval(2);
  ow_board_add_interval(board, "a", &interval);
  refresh();
  ck_assert(total(MIB_TOTALS_LOST, OW_FORWARD, &sum));
  ck_assert_uint_eq(sum, 3);
  ck_assert(total(MIB_TOTALS_LOST, OW_ROUND_TRIP, &sum));
  ck_assert_uint_eq(sum, 6);
  ck_assert(total(MIB_TOTALS_LOSS_UNKNOWN, OW_ROUND_TRIP, &sum));
  ck_assert_uint_eq(sum, 0);
}
END_TEST

START_TEST(a_stopped_row_has_no_state_of_a_stream)
{
  static const unsigned absent[] = {MIB_PEER_SINCE,  MIB_PEER_STATUS,    MIB_PEER_MODE_IN_USE,
                                    MIB_PEER_SERVER, MIB_PEER_INTERVALS, MIB_PEER_FAILED};
  struct mib_value value;
  add_peer("", "a");
  refresh();
  for (size_t i = 0; i < sizeof absent / sizeof *absent; i++)
    ck_assert(!get(oid_of(MIB_PEERS, absent[i], "", "a"), &value));
  ck_assert(get(oid_of(MIB_PEERS, MIB_PEER_STATE, "", "a"), &value));
  ck_assert_int_eq(value.integer, 1);
  ck_assert(get(oid_of(MIB_PEERS, MIB_PEER_REASON, "", "a"), &value));
  ck_assert_uint_eq(value.length, 0);
  ck_assert(get(oid_of(MIB_PEERS, MIB_PEER_PORT, "", "a"), &value));
  ck_assert_uint_eq(value.gauge, 861);
  ck_assert(get(oid_of(MIB_PEERS, MIB_PEER_ROW_STATUS, "", "a"), &value));
  ck_assert_int_eq(value.integer, ROW_NOT_READY);
}
END_TEST

/* ---- values ---- */

static void expect_integer(unsigned column, int32_t expected)
{
  struct mib_value value;
  ck_assert(result(column, "a", OW_FORWARD, &value));
  ck_assert_int_eq(value.type, MIB_INTEGER);
  ck_assert_msg(value.integer == expected, "column %u is %d, not %d", column, value.integer, expected);
}

static void expect_gauge(unsigned column, uint32_t expected)
{
  struct mib_value value;
  ck_assert(result(column, "a", OW_FORWARD, &value));
  ck_assert_int_eq(value.type, MIB_GAUGE);
  ck_assert_msg(value.gauge == expected, "column %u is %u, not %u", column, value.gauge, expected);
}

START_TEST(a_result_is_shown)
{
  struct ow_interval interval = an_interval(7);
  struct mib_value value;
  run_peer("", "a");
  ow_board_add_interval(board, "a", &interval);
  refresh();
  static const uint32_t counts[][2] = {
      {MIB_RESULT_NUMBER, 7},     {MIB_RESULT_SENT, 100},        {MIB_RESULT_RECEIVED, 97},
      {MIB_RESULT_LOST, 3},       {MIB_RESULT_LOSS_RATIO, 3000}, {MIB_RESULT_SKIPPED, 4},
      {MIB_RESULT_LOSS_RUN, 2},   {MIB_RESULT_DUPLICATES, 5},    {MIB_RESULT_REORDERED, 6},
      {MIB_RESULT_DISCARDED, 7},  {MIB_RESULT_HOPS_MIN, 8},      {MIB_RESULT_HOPS_MAX, 9},
      {MIB_RESULT_CLOCK_ERROR, 2}};
  static const int32_t numbers[][2] = {
      {MIB_RESULT_STATUS, 1},        {MIB_RESULT_MODE, 3},          {MIB_RESULT_COMPLETENESS, 3},
      {MIB_RESULT_DELAY_MIN, -1000}, {MIB_RESULT_DELAY_MEAN, 2000}, {MIB_RESULT_DELAY_MEDIAN, 3000},
      {MIB_RESULT_DELAY_P95, 4000},  {MIB_RESULT_DELAY_P99, 5000},  {MIB_RESULT_DELAY_MAX, 6001},
      {MIB_RESULT_JITTER, 1000},     {MIB_RESULT_IPDV, 0},          {MIB_RESULT_PDV, 5000},
      {MIB_RESULT_SENDER_SYNC, 1},   {MIB_RESULT_RECEIVER_SYNC, 2}, {MIB_RESULT_STAMP_SOURCE, 1},
      {MIB_RESULT_STEPPED, 2}};
  for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
    expect_gauge(counts[i][0], counts[i][1]);
  for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
    expect_integer((unsigned)numbers[i][0], numbers[i][1]);
  ck_assert(result(MIB_RESULT_END_TIME, "a", OW_FORWARD, &value));
  static const uint8_t end[11] = {0x07, 0xea, 1, 1, 0, 1, 10, 0, '+', 0, 0}; /* 2026 is 7 * 256 + 234 */
  ck_assert_uint_eq(value.length, sizeof end);
  ck_assert_mem_eq(value.octets, end, sizeof end);
  bool object;
  ck_assert(mib_get(&mib, (const unsigned long[]){MIB_SYSTEM, MIB_STAMP_SOURCE, 0}, 3, &value, &object));
  ck_assert_int_eq(value.integer, OW_STAMP_KERNEL + 1);
}
END_TEST

/* A row shows one interval: nothing of a newer one, until the rows are made anew. */
START_TEST(the_values_of_a_row_fit_together)
{
  struct ow_interval interval = an_interval(1);
  run_peer("", "a");
  ow_board_add_interval(board, "a", &interval);
  refresh();
  interval = an_interval(2);
  interval.results[OW_FORWARD].sent = 200;
  interval.results[OW_FORWARD].received = 197;
  ow_board_add_interval(board, "a", &interval);
  expect_gauge(MIB_RESULT_NUMBER, 1);
  expect_gauge(MIB_RESULT_SENT, 100);
  expect_gauge(MIB_RESULT_RECEIVED, 97);
  refresh();
  expect_gauge(MIB_RESULT_NUMBER, 2);
  expect_gauge(MIB_RESULT_SENT, 200);
  expect_gauge(MIB_RESULT_RECEIVED, 197);
}
END_TEST

START_TEST(the_history_is_a_ring)
{
  struct mib_value value;
  run_peer("", "a");
  for (uint64_t number = 1; number <= HISTORY + 2; number++) {
    struct ow_interval interval = an_interval(number);
    interval.results[OW_REVERSE].sent = (uint32_t)(1000 + number);
    ow_board_add_interval(board, "a", &interval);
    refresh();
  }
  for (unsigned long number = 1; number <= HISTORY + 3; number++) {
    struct oid oid = oid_of(MIB_HISTORY, MIB_RESULT_SENT - 1, "", "a");
    oid.at[oid.count++] = OW_REVERSE + 1;
    oid.at[oid.count++] = number;
    bool kept = number > 2 && number <= HISTORY + 2;
    ck_assert(get(oid, &value) == kept);
    if (kept)
      ck_assert_uint_eq(value.gauge, 1000 + number);
  }
}
END_TEST

START_TEST(totals_are_of_64_bits)
{
  struct mib_value value;
  run_peer("", "a");
  for (uint64_t number = 1; number <= 3; number++) {
    struct ow_interval interval = an_interval(number);
    interval.results[OW_FORWARD].sent = UINT32_MAX;
    interval.results[OW_FORWARD].received = UINT32_MAX - 3;
    ow_board_add_interval(board, "a", &interval);
  }
  refresh();
  struct oid oid = oid_of(MIB_TOTALS, MIB_TOTALS_SENT, "", "a");
  oid.at[oid.count++] = OW_FORWARD + 1;
  ck_assert(get(oid, &value));
  ck_assert_int_eq(value.type, MIB_COUNTER64);
  ck_assert(value.counter == 3 * (uint64_t)UINT32_MAX);
  oid.at[2] = MIB_TOTALS_LOST;
  ck_assert(get(oid, &value));
  ck_assert(value.counter == 9);
}
END_TEST

START_TEST(bits_begin_at_the_highest)
{
  struct mib_value value;
  add_peer("", "a");
  refresh();
  ck_assert(get(oid_of(MIB_PEERS, MIB_PEER_MODES, "", "a"), &value));
  ck_assert(value.length == 1 && value.octets[0] == 0xe0);
  ck_assert(get(oid_of(MIB_PEERS, MIB_PEER_DIRECTIONS, "", "a"), &value));
  ck_assert(value.length == 1 && value.octets[0] == 0xc0);
  ck_assert(get(oid_of(MIB_PEERS, MIB_PEER_TLVS, "", "a"), &value));
  ck_assert(value.length == 1 && value.octets[0] == 0);
}
END_TEST

int main(void)
{
  test_seed();
  Suite *suite = suite_create("snmp/rows");
  TEST_CASE_WITH(set_up, tear_down, suite, "order", names_stand_in_their_order, strings_of_an_index_are_read,
                 identifiers_compare_by_their_parts, next_agrees_with_a_sorted_list,
                 an_empty_table_has_scalars_alone, what_is_no_object);
  TEST_LOOP_WITH(set_up, tear_down, suite, "absent by kind", NOTHING_KNOWN + 1,
                 absent_values_are_no_instances);
  TEST_CASE_WITH(set_up, tear_down, suite, "values", a_stopped_row_has_no_state_of_a_stream,
                 a_result_is_shown, the_values_of_a_row_fit_together, the_history_is_a_ring,
                 totals_are_of_64_bits, bits_begin_at_the_highest);
  TEST_CASE_WITH(set_up, tear_down, suite, "reflectors", a_round_trip_has_rows_of_its_own,
                 a_round_trip_of_which_nothing_is_known, losses_that_nobody_tells_apart_are_no_instances,
                 totals_are_of_losses_that_are_known);
  return test_run(suite);
}
