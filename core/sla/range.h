/* SPDX-License-Identifier: MIT */
/* Ranges, as the Monitoring Plugins guidelines give them; threshold.h has the grammar. */
#ifndef OWAMP_SLA_RANGE_H
#define OWAMP_SLA_RANGE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"
#include "sla/metric.h"
#include "text/piece.h"

/** In the metric's unit. Alert outside low..high, or inside it if `inside`. Infinite: no bound. */
struct ow_range {
  double low;
  double high;
  bool inside;
};

/** RANGE of threshold.h, for `metric`. OW_INVALID with what is wrong and what would be right. */
enum ow_status ow_range_parse(struct ow_piece piece, enum ow_metric metric, struct ow_range *range,
                              struct ow_failure *failure) OW_MUST_CHECK;

enum { OW_RANGE_TEXT = 64 };

/**
 * Write a range as the guidelines do ("~:0.02", "@0:5"), always with START, numbers to 10^-9 in the metric's
 * unit without its name. OW_RANGE_TEXT octets always suffice. Locale-independent. Returns `out`.
 */
const char *ow_range_print(char *out, size_t size, struct ow_range range);

#endif
