/* SPDX-License-Identifier: MIT */
/* Quantities as owampd's limits write them. No locale has a say. */
#ifndef OWAMP_TEXT_QUANTITY_H
#define OWAMP_TEXT_QUANTITY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"

/**
 * Digits and at most one of k, m, g, t, p, e (powers of 1000, as owampd reads them), in capitals or not.
 * False if it is anything else or doesn't fit.
 */
bool ow_quantity_parse(const char *text, uint64_t *value) OW_MUST_CHECK;

#endif
