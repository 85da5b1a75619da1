/* SPDX-License-Identifier: MIT */
/* The results of the directions that were asked for. */
#include "outcome.h"

void check_results(const struct check_options *options, const struct ow_probe_report *report,
                   const struct ow_result *results[OW_DIRECTIONS])
{
  for (int d = 0; d < OW_DIRECTIONS; d++)
    results[d] = options->settings.peer.directions[d] ? &report->directions[d].result : NULL;
}
