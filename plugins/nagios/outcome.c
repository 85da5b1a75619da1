/* SPDX-License-Identifier: MIT */
/* The results of the directions that were asked for, of the round trip, if there is one, and percentiles. */
#include "outcome.h"

void check_results(const struct check_options *options, const struct ow_probe_report *report,
                   const struct ow_result *results[OW_RESULTS])
{
  for (int d = 0; d < OW_DIRECTIONS; d++)
    results[d] = options->settings.peer.directions[d] ? &report->directions[d].result : NULL;
  const struct ow_result *round_trip = &report->directions[OW_ROUND_TRIP].result;
  results[OW_ROUND_TRIP] = round_trip->completeness != OW_RESULT_ABSENT ? round_trip : NULL;
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
