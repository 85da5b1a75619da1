/* SPDX-License-Identifier: MIT */
/* Percentiles as people write them: "99.9". No locale has a say. */
#ifndef OWAMP_TEXT_PERCENTILE_H
#define OWAMP_TEXT_PERCENTILE_H

#include <stdbool.h>
#include <stdint.h>

#include "text/piece.h"

enum { OW_PERCENTILE_TEXT = 16, OW_PERCENTILE_MOST = 100 * 1000 };

/**
 * Above 0, up to 100, with three decimal places at most: in thousandths of a percent. False if it is anything
 * else.
 */
bool ow_percentile_parse(struct ow_piece piece, uint32_t *thousandths);
/** As short as can be: "50", "99.9". Returns `out`. */
const char *ow_percentile_print(char out[OW_PERCENTILE_TEXT], uint32_t thousandths);

#endif
