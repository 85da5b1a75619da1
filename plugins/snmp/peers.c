/* SPDX-License-Identifier: MIT */
/* A sorted array; names that are free, streams begun and stopped, mirrored ones taken in. */
#include "peers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/sorted_array.h"

#include "peer_stream.h"

void peers_init(struct peers *peers, const struct peers_host *host, const struct ow_board *own,
                uint32_t history)
{
  *peers = (struct peers){.host = *host, .own = own, .history = history};
  peer_config_defaults(&peers->mirror_config);
}

static void free_peer(struct peer *peer)
{
  peer_stream_clear(peer);
  free(peer);
}

void peers_clear(struct peers *peers)
{
  for (size_t i = 0; i < peers->count; i++)
    free_peer(peers->list[i]);
  free(peers->list);
  peers->list = NULL;
  peers->count = 0;
}

/* ---- names and order ---- */

bool peer_owner_valid(const char *owner)
{
  return strlen(owner) < MIB_OWNER && !strchr(owner, ':') && (!owner[0] || ow_stream_name_valid(owner));
}

struct row_key {
  const unsigned long *index;
  size_t count;
};

static int compare_index(const void *key, const void *element)
{
  const struct row_key *row = key;
  const struct peer *const *peer = element;
  return mib_compare(row->index, row->count, (*peer)->index, (*peer)->index_count);
}

/* Where such a row stands, or would. */
static size_t place_of(const struct peers *peers, const unsigned long *index, size_t count, bool *found)
{
  const struct row_key key = {index, count};
  return ow_sorted_place(peers->list, peers->count, sizeof *peers->list, &key, compare_index, found);
}

struct peer *peers_find(const struct peers *peers, const char *owner, const char *name)
{
  unsigned long index[MIB_PEER_INDEX];
  bool found = false;
  size_t place = 0;
  if (strlen(owner) < MIB_OWNER && strlen(name) < OW_STREAM_NAME) {
    size_t count = mib_peer_index(owner, name, index);
    place = place_of(peers, index, count, &found);
  }
  return found ? peers->list[place] : NULL;
}

/* "a:b" is the stream of the owner a, or of no owner. */
static bool stream_taken(const struct peers *peers, const char *owner, const char *name)
{
  char other_owner[MIB_OWNER];
  const char *colon = strchr(name, ':');
  bool taken = false;
  if (owner[0]) {
    char whole[MIB_OWNER + OW_STREAM_NAME];
    snprintf(whole, sizeof whole, "%s:%s", owner, name);
    taken = peers_find(peers, "", whole) != NULL;
  } else if (colon && colon - name < MIB_OWNER) {
    snprintf(other_owner, sizeof other_owner, "%.*s", (int)(colon - name), name);
    taken = peers_find(peers, other_owner, colon + 1) != NULL;
  }
  return taken;
}

bool peers_name_free(const struct peers *peers, const char *owner, const char *name)
{
  bool fits = !owner[0] || strlen(owner) + 1 + strlen(name) < OW_STREAM_NAME;
  return fits && !peers_find(peers, owner, name) && !stream_taken(peers, owner, name);
}

static bool insert(struct peers *peers, struct peer *peer)
{
  bool found;
  size_t place = place_of(peers, peer->index, peer->index_count, &found);
  struct peer **list = ow_sorted_open(peers->list, &peers->count, sizeof *list, place);
  if (list) {
    list[place] = peer;
    peers->list = list;
    peers->changed = true;
  }
  return list != NULL;
}

static void name_it(struct peer *peer, const char *owner, const char *name)
{
  snprintf(peer->owner, sizeof peer->owner, "%s", owner);
  snprintf(peer->name, sizeof peer->name, "%s", name);
  peer->index_count = mib_peer_index(owner, name, peer->index);
  size_t used = 0;
  if (owner[0])
    used = (size_t)snprintf(peer->stream, sizeof peer->stream, "%s:", owner);
  memcpy(peer->stream + used, name, strlen(name) + 1);
  ow_follower_open(&peer->follower, peer->stream);
}

/* NULL without memory. */
static struct peer *create_peer(const char *owner, const char *name, enum peer_origin origin)
{
  struct peer *peer = calloc(1, sizeof *peer);
  if (peer) {
    peer_config_defaults(&peer->config);
    name_it(peer, owner, name);
    peer->origin = origin;
    peer->storage = origin == PEER_OF_SNMP ? ROW_NON_VOLATILE : ROW_READ_ONLY;
    peer->status = ROW_NOT_READY;
  }
  return peer;
}

enum ow_status peers_add(struct peers *peers, const char *owner, const char *name, enum peer_origin origin,
                         struct peer **peer, struct ow_failure *failure)
{
  enum ow_status status = OW_OK;
  char shown[OW_STREAM_NAME];
  *peer = NULL;
  if (!peer_owner_valid(owner) || !ow_stream_name_valid(name))
    status = ow_fail(failure, OW_INVALID,
                     "'%s' can't be a name: 1 to 63 characters, no blank, slash, quotation mark or backslash",
                     ow_printable(shown, sizeof shown, name, strlen(name)));
  else if (owner[0] && strlen(owner) + 1 + strlen(name) >= OW_STREAM_NAME)
    status = ow_fail(failure, OW_INVALID, "owner and name are longer than 62 characters together");
  else if (!peers_name_free(peers, owner, name))
    status = ow_fail(failure, OW_STATE, "there is a peer '%s' already", name);
  if (status == OW_OK) {
    *peer = create_peer(owner, name, origin);
    if (!*peer || !insert(peers, *peer)) {
      free(*peer);
      *peer = NULL;
      status = ow_fail(failure, OW_MEMORY, "no memory for the peer '%s'", name);
    }
  }
  return status;
}

void peers_remove(struct peers *peers, struct peer *peer)
{
  bool found;
  size_t place = place_of(peers, peer->index, peer->index_count, &found);
  peer_stop(peers, peer);
  ow_sorted_close(peers->list, &peers->count, sizeof *peers->list, place);
  free_peer(peer);
  peers->changed = true;
}

/* ---- streams ---- */

void peer_start(struct peers *peers, struct peer *peer, struct ow_timestamp now)
{
  peer_stream_start(peer, &peers->host, now);
  peers->changed = true;
}

void peer_stop(struct peers *peers, struct peer *peer)
{
  peer_stream_stop(peer, &peers->host);
  peers->changed = true;
}

void peers_refuse(struct peers *peers, const char *owner, const char *name, enum ow_status status,
                  const struct ow_failure *failure)
{
  struct peer *peer = peers_find(peers, owner, name);
  if (peer && peer->status == ROW_ACTIVE) {
    peer_stream_refuse(peer, &peers->host, status, failure);
    peers->changed = true;
  }
}

static bool read_stream(const struct peers *peers, struct peer *peer, const struct ow_board *board,
                        struct ow_timestamp now)
{
  return peer_stream_read(peer, &peers->host, board, peers->history, now);
}

static bool refresh_own(const struct peers *peers, struct ow_timestamp now)
{
  bool news = false;
  for (size_t i = 0; i < peers->count; i++) {
    struct peer *peer = peers->list[i];
    if (peer->origin != PEER_OF_QUERY && peer->status == ROW_ACTIVE && peer->refusal.status == OW_OK)
      news |= read_stream(peers, peer, peers->own, now);
  }
  return news;
}

/* ---- the streams of a query socket ---- */

static void describe(struct peer *peer, const struct peer_config *mirror)
{
  struct ow_failure ignored;
  peer->config = *mirror;
  /* A host that is no word is shown as none; it is not used for anything. */
  if (peer_config_set(&peer->config, "host", peer->view.host, &ignored) != OW_OK)
    peer->config.stream.peer.host[0] = '\0';
  memcpy(peer->config.stream.peer.directions, peer->view.directions, sizeof peer->view.directions);
  peer->config.stream.interval = peer->view.interval;
  peer->config.stream.peer.protocol = peer->view.protocol;
  snprintf(peer->config.stream.peer.port, sizeof peer->config.stream.peer.port, "%s", peer->view.port);
}

static void refresh_mirrored(struct peers *peers, const char *name, struct ow_timestamp now)
{
  struct ow_failure failure = {0};
  struct peer *peer = peers_find(peers, "", name);
  if (!peer && peers_add(peers, "", name, PEER_OF_QUERY, &peer, &failure) == OW_OK && peer)
    peer_stream_adopt(peer, &peers->mirror_config, now);
  /* An own peer of that name comes first. */
  if (peer && peer->origin == PEER_OF_QUERY) {
    peer->seen = true;
    if (read_stream(peers, peer, peers->mirror, now))
      describe(peer, &peers->mirror_config);
  }
}

static bool refresh_mirror(struct peers *peers, struct ow_timestamp now)
{
  size_t count;
  char(*names)[OW_STREAM_NAME];
  if (ow_board_all_names(peers->mirror, &names, &count) != OW_OK)
    return false;
  for (size_t i = 0; i < peers->count; i++)
    peers->list[i]->seen = false;
  for (size_t i = 0; i < count; i++)
    refresh_mirrored(peers, names[i], now);
  for (size_t i = peers->count; i-- > 0;)
    if (peers->list[i]->origin == PEER_OF_QUERY && !peers->list[i]->seen)
      peers_remove(peers, peers->list[i]);
  free(names);
  return true;
}

void peers_mirror(struct peers *peers, const struct ow_board *board, const struct peer_config *thresholds)
{
  peers->mirror = board;
  peers->mirror_config = *thresholds;
  peers->mirror_version = UINT64_MAX;
}

void peers_drop_mirrored(struct peers *peers)
{
  for (size_t i = peers->count; i-- > 0;)
    if (peers->list[i]->origin == PEER_OF_QUERY)
      peers_remove(peers, peers->list[i]);
  peers->mirror = NULL;
}

bool peers_refresh(struct peers *peers, struct ow_timestamp now)
{
  uint64_t own = ow_board_version(peers->own);
  uint64_t mirror = peers->mirror ? ow_board_version(peers->mirror) : 0;
  bool news = false;
  if (own != peers->own_version)
    news |= refresh_own(peers, now);
  if (peers->mirror && mirror != peers->mirror_version)
    news |= refresh_mirror(peers, now);
  peers->own_version = own;
  peers->mirror_version = mirror;
  peers->changed |= news;
  return news;
}
