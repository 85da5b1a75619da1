/* SPDX-License-Identifier: MIT */
/*
 * A histogram as text: an entry for each bucket that holds packets, from the least distance on, with blanks
 * between: how many empty buckets were passed over, and 'x' and how many packets, unless it is one. "0x3 2
 * 9x2": three packets in bucket 0, one in bucket 3, two in bucket 13.
 */
#ifndef OWAMP_REPORT_HISTOGRAM_TEXT_H
#define OWAMP_REPORT_HISTOGRAM_TEXT_H

#include <stddef.h>

#include "stats/result.h"

/** The octets of its text. */
size_t ow_histogram_text_octets(const struct ow_histogram *histogram);
/** The text, without a NUL, into as much room. */
void ow_histogram_print(char *out, const struct ow_histogram *histogram);

/**
 * Back, into result->histogram. What it says must be true of the result: as many packets as were received,
 * from the least delay to the largest. Returns NULL, or what is wrong. Without memory there is none, and
 * nothing is wrong.
 */
const char *ow_histogram_parse(const char *text, struct ow_result *result);

#endif
