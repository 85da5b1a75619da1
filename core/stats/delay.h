/* Arithmetic of delays. Private to this room. */
#ifndef OWAMP_STATS_DELAY_H
#define OWAMP_STATS_DELAY_H

#include <stdint.h>

#include "stats/result.h"

/** sum / count, rounded to nearest, halves away from zero; count > 0. */
int64_t ow_mean(__int128 sum, uint32_t count);

/** Sort `count` delays in place and sum them up; count > 0. */
struct ow_delays ow_delays_summarize(int64_t *delays, uint32_t count);

#endif
