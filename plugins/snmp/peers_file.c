/* SPDX-License-Identifier: MIT */
/* Peers that are new or changed are started, the same go on, those that went are removed. */
#include "peers_file.h"

#include <stdlib.h>
#include <string.h>

#include "base/sorted_array.h"

static int compare_name(const void *name, const void *element)
{
  const struct file_peer *const *peer = element;
  return strcmp(name, (*peer)->name);
}

static bool insert(struct file_peers *file, size_t place, const struct file_peer *peer)
{
  struct file_peer *copy = malloc(sizeof *copy);
  struct file_peer **list = copy ? ow_sorted_open(file->list, &file->count, sizeof *list, place) : NULL;
  if (list) {
    *copy = *peer;
    list[place] = copy;
    file->list = list;
  } else {
    free(copy);
  }
  return list != NULL;
}

enum ow_status file_peers_add(struct file_peers *file, const struct file_peer *peer,
                              struct ow_failure *failure)
{
  enum ow_status status = OW_OK;
  bool found;
  size_t place =
      ow_sorted_place(file->list, file->count, sizeof *file->list, peer->name, compare_name, &found);
  if (!ow_stream_name_valid(peer->name))
    status = ow_fail(failure, OW_INVALID,
                     "the name can't be: 1 to 63 characters, no blank, slash, quotation mark or backslash");
  else if (found)
    status = ow_fail(failure, OW_INVALID, "there is a peer '%s' already; this one is left out", peer->name);
  else if (!insert(file, place, peer))
    status = ow_fail(failure, OW_MEMORY, "no memory for the peer '%s'", peer->name);
  return status;
}

void file_peers_clear(struct file_peers *file)
{
  for (size_t i = 0; i < file->count; i++)
    free(file->list[i]);
  free(file->list);
  *file = (struct file_peers){0};
}

static void begin(struct peers *peers, struct peer *peer, const struct peer_config *config,
                  struct ow_timestamp now)
{
  peer->config = *config;
  peer_start(peers, peer, now);
}

static void follow_one(struct peers *peers, const struct file_peer *wanted, struct ow_timestamp now,
                       void (*complain)(const char *))
{
  struct ow_failure failure = {0};
  struct peer *peer = peers_find(peers, "", wanted->name);
  /* What a query socket tells gives way to what is configured here. */
  if (peer && peer->origin == PEER_OF_QUERY) {
    peers_remove(peers, peer);
    peer = NULL;
  }
  if (peer && peer->origin == PEER_OF_FILE) {
    peer->seen = true;
    if (!wanted->broken &&
        (!peer_config_same(&peer->config, &wanted->config) || peer->refusal.status != OW_OK)) {
      peer_stop(peers, peer);
      begin(peers, peer, &wanted->config, now);
    }
  } else if (!wanted->broken) {
    if (peers_add(peers, "", wanted->name, PEER_OF_FILE, &peer, &failure) == OW_OK) {
      peer->seen = true;
      begin(peers, peer, &wanted->config, now);
    } else {
      complain(failure.text);
    }
  }
}

void peers_follow_file(struct peers *peers, const struct file_peers *file, struct ow_timestamp now,
                       void (*complain)(const char *sentence))
{
  for (size_t i = 0; i < peers->count; i++)
    peers->list[i]->seen = false;
  for (size_t i = 0; i < file->count; i++)
    follow_one(peers, file->list[i], now, complain);
  for (size_t i = peers->count; i-- > 0;)
    if (peers->list[i]->origin == PEER_OF_FILE && !peers->list[i]->seen)
      peers_remove(peers, peers->list[i]);
}
