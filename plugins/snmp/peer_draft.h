/* SPDX-License-Identifier: MIT */
/* A row of the peer table as a request wants it to be, value by value. */
#ifndef OWAMP_SNMP_PEER_DRAFT_H
#define OWAMP_SNMP_PEER_DRAFT_H

#include <stdbool.h>
#include <stdint.h>

#include "mib_value.h"
#include "peer.h"
#include "set_error.h"

struct peer_draft {
  struct peer_config config;
  enum row_storage storage;
  enum row_status wanted; /* what RowStatus was set to; 0: it was not */
  bool port_touched;      /* so a protocol doesn't bring its own, */
  bool modes_touched;     /* nor these */
  /* Type and address only fit together, and either may come first. */
  bool address_touched;
  int32_t address_type;
  struct mib_value address;
};

/** Of a row that is not there yet, with every default. */
void peer_draft_init_new(struct peer_draft *draft);
/** Of a row that is there. */
void peer_draft_init(struct peer_draft *draft, const struct peer_config *config, enum row_storage storage);
/** Put type and address into the configuration: SET_INCONSISTENT_VALUE if they don't fit. */
enum set_error peer_draft_settle_address(struct peer_draft *draft);

#endif
