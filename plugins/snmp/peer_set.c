/* SPDX-License-Identifier: MIT */
/* Variables are gathered into rows; RowStatus decides what becomes of each. */
#include "peer_set.h"

#include <stdlib.h>
#include <string.h>

#include "column_table.h"
#include "peer_column.h"

/* A row that a request touches: as it is to be. */
struct set_row {
  char owner[MIB_OWNER];
  char name[OW_STREAM_NAME];
  bool existed;
  struct peer_draft draft;
  size_t first_variable; /* that touches it; that sets its status; that sets its address or type last */
  size_t status_variable;
  size_t address_variable;
  enum row_status status; /* as it is to be; ROW_DESTROY: gone */
  /* To undo. */
  bool done;
  struct peer_config old_config;
  enum row_storage old_storage;
  enum row_status old_status;
};

/* ---- which row ---- */

static struct set_row *find_row(struct peer_set *set, const char *owner, const char *name)
{
  struct set_row *found = NULL;
  for (size_t i = 0; i < set->count && !found; i++)
    if (strcmp(set->rows[i].owner, owner) == 0 && strcmp(set->rows[i].name, name) == 0)
      found = &set->rows[i];
  return found;
}

static struct set_row *add_row(struct peer_set *set, const char *owner, const char *name, size_t variable)
{
  struct set_row *rows = reallocarray(set->rows, set->count + 1, sizeof *rows);
  if (!rows)
    return NULL;
  set->rows = rows;
  struct set_row *row = &rows[set->count++];
  *row = (struct set_row){.first_variable = variable};
  memcpy(row->owner, owner, strlen(owner) + 1);
  memcpy(row->name, name, strlen(name) + 1);
  const struct peer *peer = peers_find(set->peers, owner, name);
  if (peer) {
    row->existed = true;
    row->old_config = peer->config;
    row->old_storage = peer->storage;
    row->status = row->old_status = peer->status;
    peer_draft_init(&row->draft, &peer->config, peer->storage);
  } else {
    peer_draft_init_new(&row->draft);
  }
  return row;
}

/* False: the index of no row that can be. */
static bool read_index(const struct set_variable *variable, char owner[MIB_OWNER], char name[OW_STREAM_NAME])
{
  const unsigned long *at = variable->name + 1;
  size_t left = variable->count - 1;
  size_t took = mib_read_string(at, left, 0, MIB_OWNER - 1, owner);
  size_t more = took ? mib_read_string(at + took, left - took, 1, OW_STREAM_NAME - 1, name) : 0;
  return more && took + more == left && peer_owner_valid(owner) && ow_stream_name_valid(name);
}

static enum set_error row_of(struct peer_set *set, const struct set_variable *variable, size_t number,
                             struct set_row **row)
{
  char owner[MIB_OWNER];
  char name[OW_STREAM_NAME];
  if (!read_index(variable, owner, name))
    return SET_NO_CREATION;
  const struct peer *peer = peers_find(set->peers, owner, name);
  if (peer && peer->storage == ROW_READ_ONLY)
    return SET_NOT_WRITABLE;
  *row = find_row(set, owner, name);
  if (!*row)
    *row = add_row(set, owner, name, number);
  return *row ? SET_OK : SET_RESOURCE_UNAVAILABLE;
}

/* ---- what is set ---- */

static void locate_row(struct ow_failure *why, const char *owner, const char *name)
{
  ow_fail_within(why, "peer %s%s%s", owner, owner[0] ? ":" : "", name);
}

/* Of which row, and which column. */
static void locate(struct ow_failure *why, const struct set_variable *variable)
{
  char owner[MIB_OWNER];
  char name[OW_STREAM_NAME];
  const struct mib_column *column = mib_column_of(MIB_PEERS, variable->name[0]);
  bool is_row = read_index(variable, owner, name);
  ow_fail_within(why, "owampPeer%s", column->name);
  if (is_row)
    locate_row(why, owner, name);
}

static enum set_error take_variable(struct peer_set *set, const struct set_variable *variable, size_t number)
{
  struct set_row *row = NULL;
  unsigned long column = variable->count ? variable->name[0] : 0;
  if (!peer_column_writable(column))
    return SET_NOT_WRITABLE;
  enum set_error error = peer_column_check(column, &variable->value, &set->why);
  if (error != SET_OK)
    locate(&set->why, variable);
  else
    error = row_of(set, variable, number, &row);
  if (error != SET_OK)
    return error;
  if (column == MIB_PEER_ROW_STATUS)
    row->status_variable = number;
  else if (column == MIB_PEER_ADDRESS_TYPE || column == MIB_PEER_ADDRESS)
    row->address_variable = number;
  error = peer_column_set(&row->draft, column, &variable->value, &set->why);
  if (error != SET_OK)
    locate(&set->why, variable);
  return error;
}

/* ---- RowStatus (RFC 2579) ---- */

static enum set_error check_creation(const struct peer_set *set, const struct set_row *row)
{
  enum set_error error = SET_OK;
  bool creates = row->draft.wanted == ROW_CREATE_AND_GO || row->draft.wanted == ROW_CREATE_AND_WAIT;
  if (row->existed && creates)
    error = SET_INCONSISTENT_VALUE;
  else if (!row->existed && row->draft.wanted == 0)
    error = SET_INCONSISTENT_NAME;
  else if (!row->existed && (row->draft.wanted == ROW_ACTIVE || row->draft.wanted == ROW_NOT_IN_SERVICE))
    error = SET_INCONSISTENT_VALUE;
  else if (creates && !peers_name_free(set->peers, row->owner, row->name))
    error = SET_INCONSISTENT_NAME;
  return error;
}

/* What the row comes to be, by what was asked for and whether its configuration is whole. */
static enum set_error next_status(struct set_row *row, struct ow_failure *why)
{
  struct ow_failure failure = {0};
  bool whole = peer_config_check(&row->draft.config, &failure) == OW_OK;
  enum row_status rest = whole ? ROW_NOT_IN_SERVICE : ROW_NOT_READY;
  enum row_status wanted = row->draft.wanted;
  enum set_error error = SET_OK;
  if (wanted == 0)
    wanted = row->status == ROW_ACTIVE ? ROW_ACTIVE : ROW_NOT_IN_SERVICE;
  if (wanted == ROW_DESTROY) {
    row->status = ROW_DESTROY;
  } else if (wanted == ROW_ACTIVE || wanted == ROW_CREATE_AND_GO) {
    row->status = ROW_ACTIVE;
    error = whole ? SET_OK : SET_INCONSISTENT_VALUE;
  } else if (row->draft.wanted == ROW_NOT_IN_SERVICE && !whole) {
    error = SET_INCONSISTENT_VALUE;
  } else {
    row->status = rest;
  }
  if (error != SET_OK) {
    *why = failure;
    locate_row(why, row->owner, row->name);
  }
  return error;
}

static enum set_error check_row(struct peer_set *set, struct set_row *row, size_t *wrong)
{
  enum set_error error = check_creation(set, row);
  *wrong = row->draft.wanted ? row->status_variable : row->first_variable;
  if (error == SET_OK && row->draft.address_touched) {
    error = peer_draft_settle_address(&row->draft);
    if (error != SET_OK) {
      *wrong = row->address_variable;
      ow_fail(&set->why, OW_INVALID, "owampPeerAddress and owampPeerAddressType don't fit together");
      locate_row(&set->why, row->owner, row->name);
    }
  }
  if (error == SET_OK)
    error = next_status(row, &set->why);
  return error;
}

/* ---- the request ---- */

enum set_error peer_set_check(struct peer_set *set, struct peers *peers, const struct set_variable *variables,
                              size_t count, size_t *wrong)
{
  enum set_error error = SET_OK;
  *set = (struct peer_set){.peers = peers};
  *wrong = 0;
  if (count > SET_MOST)
    error = SET_RESOURCE_UNAVAILABLE;
  for (size_t i = 0; i < count && error == SET_OK; i++) {
    error = take_variable(set, &variables[i], i);
    *wrong = i;
  }
  for (size_t i = 0; i < set->count && error == SET_OK; i++)
    error = check_row(set, &set->rows[i], wrong);
  return error;
}

/* Bring the table's row to a configuration, storage and status; ROW_DESTROY: none. */
static bool bring(struct peers *peers, const struct set_row *row, const struct peer_config *config,
                  enum row_storage storage, enum row_status status, struct ow_timestamp now)
{
  struct ow_failure ignored;
  struct peer *peer = peers_find(peers, row->owner, row->name);
  if (status == ROW_DESTROY) {
    if (peer)
      peers_remove(peers, peer);
    return true;
  }
  if (!peer && peers_add(peers, row->owner, row->name, PEER_OF_SNMP, &peer, &ignored) != OW_OK)
    return false;
  bool active = peer->status == ROW_ACTIVE;
  bool changed = !peer_config_same(&peer->config, config);
  peer->storage = storage;
  if (active && (changed || status != ROW_ACTIVE))
    peer_stop(peers, peer);
  peer->config = *config;
  peer->status = status;
  peers->changed = true;
  if (status == ROW_ACTIVE && (changed || !active))
    peer_start(peers, peer, now);
  return true;
}

bool peer_set_apply(struct peer_set *set, struct ow_timestamp now)
{
  bool all = true;
  set->applied = true;
  for (size_t i = 0; i < set->count && all; i++) {
    struct set_row *row = &set->rows[i];
    all = bring(set->peers, row, &row->draft.config, row->draft.storage, row->status, now);
    row->done = true;
  }
  return all;
}

void peer_set_undo(struct peer_set *set, struct ow_timestamp now)
{
  for (size_t i = set->count; i-- > 0;) {
    struct set_row *row = &set->rows[i];
    enum row_status status = row->existed ? row->old_status : ROW_DESTROY;
    if (row->done)
      (void)bring(set->peers, row, &row->old_config, row->old_storage, status, now);
  }
  set->applied = false;
}

void peer_set_finish(struct peer_set *set)
{
  free(set->rows);
  *set = (struct peer_set){0};
}
