/* SPDX-License-Identifier: MIT */
/* What became of each packet, by sequence number. Private to this room. */
#ifndef OWAMP_STATS_LEDGER_H
#define OWAMP_STATS_LEDGER_H

#include <stdint.h>

#include "base/status.h"
#include "time/sample.h"

enum ow_fate {
  OW_FATE_UNKNOWN = 0, /* no record */
  OW_FATE_SKIPPED,     /* the sender never sent it */
  OW_FATE_LOST,
  OW_FATE_ARRIVED,
};

struct ow_ledger {
  uint32_t packets;
  uint8_t *fate;  /* enum ow_fate of each packet */
  int64_t *delay; /* nanoseconds; means something where the fate is OW_FATE_ARRIVED */
};

/** Every fate unknown. OW_MEMORY without memory; ow_ledger_close() is due in either case. */
enum ow_status ow_ledger_open(struct ow_ledger *ledger, uint32_t packets) OW_MUST_CHECK;
void ow_ledger_close(struct ow_ledger *ledger);

/** Mark a range as skipped, as far as it is covered. */
void ow_ledger_skip(struct ow_ledger *ledger, struct ow_skip_range range);
/** Packets of unknown fate were lost. */
void ow_ledger_lose_unknown(struct ow_ledger *ledger);

uint32_t ow_ledger_count(const struct ow_ledger *ledger, enum ow_fate fate);
/**
 * The longest run of lost packets in the stream as it was sent (RFC 3357). A skipped packet is no part of
 * that stream: it neither breaks a run nor lengthens it. One of unknown fate breaks it, for nothing is
 * claimed of it.
 */
uint32_t ow_ledger_longest_loss_run(const struct ow_ledger *ledger);
/** Mean |difference| of the delays of consecutive sequence numbers; of how many such pairs. */
uint32_t ow_ledger_ipdv(const struct ow_ledger *ledger, int64_t *mean);
/** Move the delays of the packets that arrived to the front of `delay`; sequence numbers are forgotten. */
void ow_ledger_gather(struct ow_ledger *ledger);

#endif
