/* SPDX-License-Identifier: MIT */
/* Each table is filled in the order of peers, and then linked from its end. */
#include "rows.h"

#include <stdlib.h>
#include <string.h>

#include "base/sorted_array.h"
#include "text/number.h"

#define BIT(presence) (uint16_t)(1U << (presence))

_Static_assert(PRESENCES <= 16, "a bit for each");

static uint16_t bit_if(bool is_so, enum presence presence)
{
  return (uint16_t)(is_so ? 1U << presence : 0U);
}

static uint16_t presence_of_counts(const struct ow_result *result)
{
  bool losses = !result->loss_unknown;
  return BIT(PRESENT_KNOWN) | bit_if(losses, PRESENT_LOSSES) |
         bit_if(losses && !result->run_unknown, PRESENT_LOSS_RUN) |
         bit_if(losses && result->sent > 0, PRESENT_SENT);
}

/* In a round trip the clocks' errors have no part, and hops of two ways are none. */
static uint16_t presence_of_arrivals(const struct ow_result *result, enum ow_direction direction)
{
  bool times = !result->clock.stepped;
  return bit_if(direction != OW_ROUND_TRIP, PRESENT_RECEIVED) | bit_if(times, PRESENT_TIMES) |
         bit_if(times && result->has_ipdv, PRESENT_IPDV) | bit_if(times && result->has_dwell, PRESENT_DWELL);
}

static uint16_t presence_of_result(const struct ow_result *result, enum ow_direction direction)
{
  uint16_t present = BIT(PRESENT_ALWAYS);
  if (result->completeness != OW_RESULT_ABSENT) {
    present |= presence_of_counts(result);
    if (result->received > 0)
      present |= presence_of_arrivals(result, direction);
  }
  return present;
}

static bool is_number(const char *text)
{
  return text[0] && strlen(text) <= 5 && ow_all_digits(text);
}

static uint16_t presence_of_peer(const struct peer *peer)
{
  uint16_t present = BIT(PRESENT_ALWAYS);
  bool refused = peer->refusal.status != OW_OK;
  if (peer->measured)
    present |= BIT(PRESENT_RUNNING);
  if (peer->measured || refused)
    present |= BIT(PRESENT_EXPLAINED);
  if (is_number(peer->config.stream.peer.port))
    present |= BIT(PRESENT_PORT);
  return present;
}

/* ---- making ---- */

static const struct ow_interval *interval_at(const struct peer *peer, size_t index)
{
  return &peer->intervals[index];
}

static void add_interval_row(struct row_table *table, const struct peer *peer, enum ow_direction direction,
                             const struct ow_interval *interval, bool history)
{
  struct row *row = &table->rows[table->count++];
  *row = (struct row){.peer = peer, .interval = interval, .direction = direction, .suffix_count = 1};
  row->present = presence_of_result(&interval->results[direction], direction);
  row->suffix[0] = (unsigned long)direction + 1;
  if (history)
    row->suffix[row->suffix_count++] = interval->number;
}

static void add_direction(struct row_set *set, const struct peer *peer, enum ow_direction direction)
{
  struct row_table *totals = &set->tables[3];
  struct row *row = &totals->rows[totals->count++];
  *row = (struct row){.peer = peer, .direction = direction, .suffix_count = 1};
  row->present =
      BIT(PRESENT_ALWAYS) | bit_if(ow_totals_losses_known(&peer->view.totals[direction]), PRESENT_LOSSES);
  row->suffix[0] = (unsigned long)direction + 1;
  if (peer->count)
    add_interval_row(&set->tables[1], peer, direction, interval_at(peer, peer->count - 1), false);
  for (size_t i = 0; i < peer->count; i++)
    add_interval_row(&set->tables[2], peer, direction, interval_at(peer, i), true);
}

static void add_peer(struct row_set *set, const struct peer *peer)
{
  struct row_table *table = &set->tables[0];
  table->rows[table->count++] = (struct row){.peer = peer, .present = presence_of_peer(peer)};
  for (unsigned i = 0; i < OW_DIRECTIONS; i++)
    if (peer->measured && peer->view.directions[i])
      add_direction(set, peer, (enum ow_direction)i);
  if (peer->measured && ow_protocol_reflects(peer->view.protocol))
    add_direction(set, peer, OW_ROUND_TRIP);
}

static bool make_room(struct row_table *table, size_t rows)
{
  table->rows = calloc(rows + 1, sizeof *table->rows);
  bool made = table->rows != NULL;
  for (int i = 0; i < PRESENCES && made; i++) {
    table->next[i] = calloc(rows + 1, sizeof *table->next[i]);
    made = table->next[i] != NULL;
  }
  return made;
}

static void link_rows(struct row_table *table)
{
  for (int presence = 0; presence < PRESENCES; presence++) {
    uint32_t *next = table->next[presence];
    next[table->count] = (uint32_t)table->count;
    for (size_t i = table->count; i-- > 0;)
      next[i] = table->rows[i].present & BIT(presence) ? (uint32_t)i : next[i + 1];
  }
}

/* At most: of each interval, and of the totals. */
static size_t results_of(const struct peer *peer)
{
  return ow_protocol_reflects(peer->view.protocol) ? OW_RESULTS : OW_DIRECTIONS;
}

bool row_set_make(struct row_set *set, const struct peers *peers)
{
  size_t results = 0;
  size_t history = 0;
  row_set_clear(set);
  for (size_t i = 0; i < peers->count; i++) {
    results += results_of(peers->list[i]);
    history += results_of(peers->list[i]) * peers->list[i]->count;
  }
  bool made = make_room(&set->tables[0], peers->count) && make_room(&set->tables[1], results) &&
              make_room(&set->tables[2], history) && make_room(&set->tables[3], results);
  if (made) {
    for (size_t i = 0; i < peers->count; i++)
      add_peer(set, peers->list[i]);
    for (int i = 0; i < ROW_TABLES; i++)
      link_rows(&set->tables[i]);
  } else {
    row_set_clear(set);
  }
  return made;
}

void row_set_clear(struct row_set *set)
{
  for (int i = 0; i < ROW_TABLES; i++) {
    free(set->tables[i].rows);
    for (int j = 0; j < PRESENCES; j++)
      free(set->tables[i].next[j]);
  }
  *set = (struct row_set){0};
}

/* ---- searching ---- */

struct row_key {
  const unsigned long *index;
  size_t count;
};

static int compare_index(const void *key, const void *element)
{
  const struct row_key *wanted = key;
  const struct row *row = element;
  const struct peer *peer = row->peer;
  size_t first = wanted->count < peer->index_count ? wanted->count : peer->index_count;
  int order = mib_compare(wanted->index, first, peer->index, peer->index_count);
  if (order == 0)
    order = mib_compare(wanted->index + first, wanted->count - first, row->suffix, row->suffix_count);
  return order;
}

/* Where the row of that index stands, or would. */
static size_t place_of(const struct row_table *table, const unsigned long *index, size_t count, bool *found)
{
  const struct row_key key = {index, count};
  return ow_sorted_place(table->rows, table->count, sizeof *table->rows, &key, compare_index, found);
}

const struct row *row_find(const struct row_table *table, const unsigned long *index, size_t count)
{
  bool found;
  size_t place = place_of(table, index, count, &found);
  return found ? &table->rows[place] : NULL;
}

const struct row *row_next(const struct row_table *table, const unsigned long *index, size_t count,
                           bool after, enum presence presence)
{
  bool found;
  size_t place = place_of(table, index, count, &found);
  if (after && found)
    place++;
  if (table->count)
    place = table->next[presence][place];
  return place < table->count ? &table->rows[place] : NULL;
}

size_t row_index(const struct row *row, unsigned long *out)
{
  size_t count = row->peer->index_count;
  memcpy(out, row->peer->index, count * sizeof *out);
  memcpy(out + count, row->suffix, row->suffix_count * sizeof *out);
  return count + row->suffix_count;
}
