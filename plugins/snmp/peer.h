/* SPDX-License-Identifier: MIT */
/* A peer: its row, what is configured of it, and what was last read of its stream. */
#ifndef OWAMP_SNMP_PEER_H
#define OWAMP_SNMP_PEER_H

#include <stdbool.h>
#include <stddef.h>

#include "mib_index.h"
#include "peer_config.h"
#include "results/follower.h"

/** RowStatus and StorageType (RFC 2579). */
enum row_status {
  ROW_ACTIVE = 1,
  ROW_NOT_IN_SERVICE,
  ROW_NOT_READY,
  ROW_CREATE_AND_GO,
  ROW_CREATE_AND_WAIT,
  ROW_DESTROY
};
enum row_storage { ROW_VOLATILE = 2, ROW_NON_VOLATILE, ROW_PERMANENT, ROW_READ_ONLY };

enum peer_origin { PEER_OF_SNMP, PEER_OF_FILE, PEER_OF_QUERY };

struct peer {
  char owner[MIB_OWNER];
  char name[OW_STREAM_NAME];
  char stream[OW_STREAM_NAME]; /* NAME, or OWNER:NAME */
  unsigned long index[MIB_PEER_INDEX];
  size_t index_count;
  enum peer_origin origin;
  enum row_storage storage;
  enum row_status status;
  bool seen; /* by the sweep of a reread or of a query socket's streams */

  struct peer_config config;
  struct ow_failure refusal; /* why its stream could not begin; OW_OK: it did, or was not to */

  struct ow_follower follower;
  bool measured; /* `view` means something */
  struct ow_stream_view view;
  struct ow_interval *intervals; /* the last `history`, rising */
  size_t count;
  struct ow_timestamp since; /* when the totals began, or were first seen */
};

/** What is worth a notification. */
enum notice_kind {
  NOTICE_RAISED,
  NOTICE_CLEARED,
  NOTICE_PEER_DOWN,
  NOTICE_PEER_UP,
  NOTICE_PEER_SERVER,
  NOTICE_KINDS
};
struct notice {
  enum notice_kind kind;
  char owner[MIB_OWNER];
  char name[OW_STREAM_NAME];
  struct ow_alarm_event event; /* of the first two */
  char text[OW_FAILURE_TEXT];
};

/** Where streams begin and end, and who hears of notices. */
struct peers_host {
  void *context;
  /** Begin, or begin anew. */
  enum ow_status (*start)(void *context, const struct peer *peer, struct ow_failure *failure);
  void (*stop)(void *context, const struct peer *peer);
  void (*notice)(void *context, const struct notice *notice);
};

#endif
