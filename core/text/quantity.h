/* Numbers as configuration files write them. No locale has a say. */
#ifndef OWAMP_TEXT_QUANTITY_H
#define OWAMP_TEXT_QUANTITY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"

/** Digits only. False if it is anything else or doesn't fit. */
bool ow_whole_parse(const char *text, uint64_t *value) OW_MUST_CHECK;
/** Digits and at most one of k, m, g, t, p, e (powers of 1000, as owampd reads them). */
bool ow_quantity_parse(const char *text, uint64_t *value) OW_MUST_CHECK;
/** Seconds with or without a fraction ("2", "0.5") to nanoseconds; digits beyond those are dropped. */
bool ow_seconds_parse(const char *text, int64_t *nanoseconds) OW_MUST_CHECK;

/** Equal but for the case of ASCII letters. */
bool ow_same_word(const char *a, const char *b);

#endif
