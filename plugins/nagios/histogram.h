/* SPDX-License-Identifier: MIT */
/* How many packets took how long, as bars. */
#ifndef CHECK_OWAMP_HISTOGRAM_H
#define CHECK_OWAMP_HISTOGRAM_H

#include <stdint.h>
#include <stdio.h>

#include "time/sample.h"

/**
 * Steps of 1, 2 or 5 times a power of ten from the least delay to the largest. Delays that lie apart (beyond
 * three times the distance of the quartiles, Tukey's outer fences) are counted above and below the steps, if
 * that is a tenth of the packets at most, or one: so they don't press all the others into one step.
 * A packet counts once, by the copy that came first. Prints nothing if none arrived. At most 80 columns.
 */
void check_histogram_print(FILE *out, const char *name, const struct ow_samples *samples);

#endif
