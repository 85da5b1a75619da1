/*
 * All peers, in the order of their rows, with what is configured and what was last read from the boards. They
 * belong to the SNMP thread alone: between two refreshes nothing that was measured changes, so the values of
 * a row fit together, and neither side waits for the other.
 */
#ifndef OWAMP_SNMP_PEERS_H
#define OWAMP_SNMP_PEERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mib_index.h"
#include "peer_config.h"
#include "results/board.h"
#include "sla/alarm.h"

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

  bool measured; /* `view` means something */
  struct ow_stream_view view;
  struct ow_interval *intervals; /* the last `history`, rising */
  size_t count;
  struct ow_timestamp since; /* when the totals began, or were first seen */
  struct ow_alarms *alarms;  /* NULL: no threshold */
  bool down_told;            /* a notification said that it is down */
};

/** What is worth a notification. */
enum notice_kind { NOTICE_RAISED, NOTICE_CLEARED, NOTICE_PEER_DOWN, NOTICE_PEER_UP, NOTICE_KINDS };
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

struct peers {
  struct peers_host host;
  const struct ow_board *own;       /* of this program's streams */
  const struct ow_board *mirror;    /* of a query socket; NULL: none */
  struct peer_config mirror_config; /* of its streams: their thresholds */
  uint32_t history;
  struct peer **list;
  size_t count;
  size_t slots;
  uint64_t own_version;
  uint64_t mirror_version;
  bool changed; /* since rows were last made of it */
};

void peers_init(struct peers *peers, const struct peers_host *host, const struct ow_board *own,
                uint32_t history);
/** Frees all; streams are not stopped. */
void peers_clear(struct peers *peers);

/** 0 to 32, or 1 to 63, characters that may be in an owner's, or a peer's, name. */
bool peer_owner_valid(const char *owner);
/** NULL: there is none. */
struct peer *peers_find(const struct peers *peers, const char *owner, const char *name);
/** True if neither such a row nor another of the same stream's name is there. */
bool peers_name_free(const struct peers *peers, const char *owner, const char *name);
/**
 * Make a row that does nothing yet, not ready, with every default. OW_INVALID (a name that can't be),
 * OW_STATE (the row, or its stream's name, is there already), OW_MEMORY.
 */
enum ow_status peers_add(struct peers *peers, const char *owner, const char *name, enum peer_origin origin,
                         struct peer **peer, struct ow_failure *failure) OW_MUST_CHECK;
/** Its stream ends. */
void peers_remove(struct peers *peers, struct peer *peer);
/** Its stream begins, or begins anew; what was measured is forgotten. A failure is kept in its row. */
void peer_start(struct peers *peers, struct peer *peer, struct ow_timestamp now);
void peer_stop(struct peers *peers, struct peer *peer);

/**
 * Show the streams of `board`, with these thresholds. It must outlive the peers, or peers_drop_mirrored().
 */
void peers_mirror(struct peers *peers, const struct ow_board *board, const struct peer_config *thresholds);
/** Show them no longer. */
void peers_drop_mirrored(struct peers *peers);

/** Take what changed on the boards. True if anything did. */
bool peers_refresh(struct peers *peers, struct ow_timestamp now);

#endif
