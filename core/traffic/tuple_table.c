/* SPDX-License-Identifier: MIT */
/* Chains, chosen by multiply-shift with random factors: for tuples of one length that is strongly universal.
 */
#include "traffic/tuple_table.h"

#include <stdlib.h>
#include <string.h>

enum { CHAIN_BITS = 12, WORDS = sizeof((struct ow_tuple_table){0}).factors / sizeof(uint64_t) - 1 };

enum ow_status ow_tuple_table_open(struct ow_tuple_table *table, const struct ow_random *random)
{
  table->chains = calloc((size_t)1 << CHAIN_BITS, sizeof *table->chains);
  ow_random_fill(random, table->factors, sizeof table->factors);
  return table->chains ? OW_OK : OW_MEMORY;
}

void ow_tuple_table_close(struct ow_tuple_table *table)
{
  free(table->chains);
  table->chains = NULL;
}

static struct ow_tuple_chain *chain_of(const struct ow_tuple_table *table, const struct ow_tuple *tuple)
{
  uint32_t words[WORDS] = {[4] = (uint32_t)tuple->end.version << 16 | tuple->end.port, [5] = tuple->zone};
  uint64_t sum = table->factors[WORDS];
  _Static_assert(sizeof tuple->end.address == 4 * sizeof *words, "four words");
  memcpy(words, tuple->end.address, sizeof tuple->end.address);
  for (size_t i = 0; i < WORDS; i++)
    sum += table->factors[i] * words[i];
  return &table->chains[sum >> (64 - CHAIN_BITS)];
}

static bool is_same(const struct ow_tuple *a, const struct ow_tuple *b)
{
  return a->end.port == b->end.port && a->zone == b->zone && ow_endpoint_same_host(&a->end, &b->end);
}

bool ow_tuple_table_add(struct ow_tuple_table *table, struct ow_tuple_entry *entry,
                        const struct ow_tuple *tuple, unsigned alike)
{
  struct ow_tuple_chain *chain = chain_of(table, tuple);
  const struct ow_tuple_entry *each;
  unsigned length = 0;
  unsigned same = 0;
  LIST_FOREACH(each, chain, chain)
  {
    length++;
    same += is_same(&each->tuple, tuple);
  }
  bool room = length < OW_TUPLE_CHAIN_MOST && same < alike;
  if (room) {
    entry->tuple = *tuple;
    entry->listed = true;
    LIST_INSERT_HEAD(chain, entry, chain);
  }
  return room;
}

void ow_tuple_entry_remove(struct ow_tuple_entry *entry)
{
  if (entry->listed)
    LIST_REMOVE(entry, chain);
  entry->listed = false;
}

static struct ow_tuple_entry *find_from(struct ow_tuple_entry *entry, const struct ow_tuple *tuple)
{
  while (entry && !is_same(&entry->tuple, tuple))
    entry = LIST_NEXT(entry, chain);
  return entry;
}

struct ow_tuple_entry *ow_tuple_table_find(const struct ow_tuple_table *table, const struct ow_tuple *tuple)
{
  return find_from(LIST_FIRST(chain_of(table, tuple)), tuple);
}

struct ow_tuple_entry *ow_tuple_entry_next(const struct ow_tuple_entry *entry)
{
  return find_from(LIST_NEXT(entry, chain), &entry->tuple);
}
