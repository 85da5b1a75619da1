/* SPDX-License-Identifier: MIT */
/*
 * Whose packets come from there: far ends of test sessions, found by address, zone and port. It holds what
 * its users embed, and takes no memory for them.
 */
#ifndef OWAMP_TRAFFIC_TUPLE_TABLE_H
#define OWAMP_TRAFFIC_TUPLE_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/random.h"
#include "base/status.h"
#include "wire/endpoint.h"

/** A far end; of a link-local address the zone (the index of an interface) belongs to it, else that is 0. */
struct ow_tuple {
  struct ow_endpoint end;
  uint32_t zone;
};

/** Embed it. */
struct ow_tuple_entry {
  LIST_ENTRY(ow_tuple_entry) chain;
  struct ow_tuple tuple;
  bool listed;
};

LIST_HEAD(ow_tuple_chain, ow_tuple_entry);

/** So many entries are looked at for one packet, at most. */
enum { OW_TUPLE_CHAIN_MOST = 32 };

/**
 * Embed it. Zero-initialised: closed. Chains are chosen by factors that nobody outside knows, so that no
 * choice of addresses and ports makes one longer than chance does.
 */
struct ow_tuple_table {
  struct ow_tuple_chain *chains;
  uint64_t factors[7];
};

/** OW_MEMORY. */
enum ow_status ow_tuple_table_open(struct ow_tuple_table *table,
                                   const struct ow_random *random) OW_MUST_CHECK;
/** Its entries stay where they are, and mean nothing any more. */
void ow_tuple_table_close(struct ow_tuple_table *table);

/**
 * Enter `entry` for `tuple`. False if there are `alike` of the same tuple already, or its chain is full:
 * nothing is changed then.
 */
bool ow_tuple_table_add(struct ow_tuple_table *table, struct ow_tuple_entry *entry,
                        const struct ow_tuple *tuple, unsigned alike) OW_MUST_CHECK;
/** Nothing happens if it isn't entered. */
void ow_tuple_entry_remove(struct ow_tuple_entry *entry);

/** The one that was entered last of that tuple, and the one before it; NULL: there is none. */
struct ow_tuple_entry *ow_tuple_table_find(const struct ow_tuple_table *table, const struct ow_tuple *tuple);
struct ow_tuple_entry *ow_tuple_entry_next(const struct ow_tuple_entry *entry);

#endif
