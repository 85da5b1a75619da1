/* SPDX-License-Identifier: MIT */
/* What arrived, and how far the server went along. */
#include "nat_fallback.h"

bool check_anything_arrived(const struct check_options *options, const struct ow_probe_report *report)
{
  bool any = false;
  for (int d = 0; d < OW_DIRECTIONS; d++) {
    const struct ow_result *result = &report->directions[d].result;
    any = any || (options->settings.peer.directions[d] && result->completeness != OW_RESULT_ABSENT &&
                  result->received > 0);
  }
  return any;
}

bool check_nat_fails(const struct check_options *options, const struct ow_probe_report *report)
{
  bool ran = report->step > OW_STEP_START && report->addresses == OW_ADDRESSES_AS_ASKED;
  bool hung_up = report->step == OW_STEP_REQUEST && report->addresses == OW_ADDRESSES_PLAIN &&
                 (report->status == OW_NETWORK || report->status == OW_PROTOCOL);
  return options->settings.peer.nat && ((ran && !check_anything_arrived(options, report)) || hung_up);
}
