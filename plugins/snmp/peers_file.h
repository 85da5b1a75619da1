/* SPDX-License-Identifier: MIT */
/* The peers of the configuration file, as they were read; and how the table follows them. */
#ifndef OWAMP_SNMP_PEERS_FILE_H
#define OWAMP_SNMP_PEERS_FILE_H

#include "peers.h"

struct file_peer {
  char name[OW_STREAM_NAME];
  struct peer_config config;
  bool broken; /* its line can't be read: a peer that runs already is left as it is */
};

/** Zero-initialised: none. */
struct file_peers {
  struct file_peer **list; /* sorted by name */
  size_t count;
};

/** A copy of `peer`. OW_INVALID (such a name is there already, or can't be), OW_MEMORY. */
enum ow_status file_peers_add(struct file_peers *file, const struct file_peer *peer,
                              struct ow_failure *failure) OW_MUST_CHECK;
void file_peers_clear(struct file_peers *file);

/**
 * Make the table's peers of the file like `file`: new ones begin, changed ones begin anew, those that are
 * gone end, and all others are left alone. `complain` hears of each that can't be.
 */
void peers_follow_file(struct peers *peers, const struct file_peers *file, struct ow_timestamp now,
                       void (*complain)(const char *sentence));

#endif
