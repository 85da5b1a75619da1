/* SPDX-License-Identifier: MIT */
/* The results of the directions, and the percentiles, that were asked for. */
#include "outcome.h"

void check_results(const struct check_options *options, const struct ow_probe_report *report,
                   const struct ow_result *results[OW_DIRECTIONS])
{
  for (int d = 0; d < OW_DIRECTIONS; d++)
    results[d] = options->settings.peer.directions[d] ? &report->directions[d].result : NULL;
}

bool check_percentile_find(const struct ow_result *result, uint32_t percentile, double *value)
{
  int64_t delay = 0;
  bool known = ow_metric_value(result, OW_METRIC_DELAY_MEDIAN, value) &&
               ow_result_percentile(result, percentile, &delay);
  *value = (double)delay / (double)OW_NS_PER_S;
  return known;
}

bool check_percentile_is_metric(uint32_t percentile)
{
  return percentile == 95 * OW_PERCENT || percentile == 99 * OW_PERCENT;
}
