/* SPDX-License-Identifier: MIT */
/*
 * What a reader remembers of a stream, so that at its next look it can tell what is new, and whether the
 * stream is still the same one.
 */
#ifndef OWAMP_RESULTS_MARK_H
#define OWAMP_RESULTS_MARK_H

#include <stdbool.h>
#include <stdint.h>

#include "report/interval.h"

/** Zero-initialised: nothing is known yet. */
struct ow_stream_mark {
  uint64_t number;           /* of the newest interval that is known; 0: none */
  struct ow_timestamp begin; /* when that one began */
  uint64_t intervals;        /* as the stream counted when it was looked at */
  uint64_t sent[OW_RESULTS];
  uint64_t received[OW_RESULTS];
};

/** The stream stands so. */
void ow_stream_mark_counts(struct ow_stream_mark *mark, const struct ow_stream_view *view);
/** This is the newest interval that is known now. */
void ow_stream_mark_interval(struct ow_stream_mark *mark, const struct ow_interval *interval);

/**
 * The one rule for "began anew": whoever measures has begun again, or another stream has taken the name, if
 *   - the newest interval's number is lower than that of an interval which is known, or
 *   - the interval of that number began at another time, or
 *   - fewer intervals are counted, or fewer packets sent or received, than were before.
 * `kept` may hold the interval that is known among others, or not: then the second sign can't be seen.
 */
bool ow_stream_began_anew(const struct ow_stream_mark *mark, const struct ow_stream_view *view,
                          const struct ow_interval *kept, size_t count);

#endif
