/* SPDX-License-Identifier: MIT */
/* What is said of sessions that the server ended before the schedule did. */
#ifndef OWAMP_MEASURE_EARLY_END_H
#define OWAMP_MEASURE_EARLY_END_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "measure/session_ends.h"
#include "stats/result.h"

/** How it came, to be filled in. */
struct ow_early_end {
  const char *server;
  const bool *directions; /* that were asked for */
  bool server_first;      /* its Stop-Sessions came before ours */
  bool records_lost;      /* then its connection was lost, before the forward records had been fetched */
  uint32_t reached[OW_DIRECTIONS]; /* sequence numbers that each sender got to */
};

/**
 * Why these results are not complete, if that is the reason: "server ... ended the sessions early, after 40
 * of 100 forward and 38 of 100 reverse packets". False, and "" in `remark`, if it isn't.
 */
bool ow_early_end_explain(const struct ow_early_end *end, const struct ow_session_ends *ends,
                          const struct ow_result results[OW_DIRECTIONS], char remark[OW_FAILURE_TEXT]);

#endif
