/* SPDX-License-Identifier: MIT */
/* A number with its unit, as thresholds use it. Private to this room. */
#ifndef OWAMP_SLA_NUMBER_H
#define OWAMP_SLA_NUMBER_H

#include "base/status.h"
#include "sla/metric.h"
#include "text/piece.h"

/**
 * NUMBER = ["-"] DIGITS ["." DIGITS] UNIT, in whatever unit, to the metric's own; the nearest double.
 * At most 15 digits, and nothing finer than a nanosecond (or 10^-9 of another unit). OW_INVALID.
 */
enum ow_status ow_metric_number_parse(struct ow_piece piece, enum ow_metric metric, double *value,
                                      struct ow_failure *failure) OW_MUST_CHECK;

#endif
