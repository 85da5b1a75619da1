/* SPDX-License-Identifier: MIT */
/* Results are shared, records are copied. */
#include "measure/reflected_report.h"

#include <stdio.h>
#include <string.h>

static void describe_ends(struct ow_probe_direction *directions, const union ow_address *local_address,
                          const union ow_address *remote_address)
{
  char local[OW_ADDRESS_TEXT];
  char remote[OW_ADDRESS_TEXT];
  ow_address_print(local, sizeof local, local_address);
  ow_address_print(remote, sizeof remote, remote_address);
  for (int d = 0; d < OW_DIRECTIONS; d++) {
    const char *sender = d == OW_FORWARD ? local : remote;
    const char *receiver = d == OW_FORWARD ? remote : local;
    snprintf(directions[d].sender, sizeof directions[d].sender, "%.63s", sender);
    snprintf(directions[d].receiver, sizeof directions[d].receiver, "%.63s", receiver);
  }
}

static enum ow_status report_packets(const struct ow_reflected *reflected,
                                     struct ow_probe_direction *directions)
{
  enum ow_status status =
      ow_samples_append_all(&directions[OW_FORWARD].samples, ow_reflected_forward(reflected));
  if (status == OW_OK)
    status = ow_samples_append_all(&directions[OW_REVERSE].samples, ow_reflected_reverse(reflected));
  if (status == OW_OK)
    status = ow_samples_append_all(&directions[OW_ROUND_TRIP].samples, ow_reflected_losses_list(reflected));
  return status;
}

static void report_session(const struct ow_test_reflected *session, struct ow_probe_report *report)
{
  struct ow_probe_direction *forward = &report->directions[OW_FORWARD];
  struct ow_probe_direction *reverse = &report->directions[OW_REVERSE];
  forward->departure_known = session->sender.departure.count > 0;
  forward->departure_offset = ow_departure_correction(&session->sender.departure);
  reverse->remarked = session->remarked;
  reverse->remarked_to = session->remarked_to;
  report->reflector = *ow_reflected_reflector(session->reflected);
  report->reflector_lines = ow_reflector_words(session, report->reflector_words);
}

void ow_reflected_report(struct ow_reflected_measurement *measurement, const union ow_address *local,
                         const union ow_address *remote, struct ow_probe_report *report)
{
  enum ow_status copied = OW_OK;
  for (int d = 0; d < OW_RESULTS; d++) {
    report->directions[d].result = measurement->results[d];
    ow_result_share(&report->directions[d].result);
  }
  if (measurement->session.open) {
    report_session(&measurement->session, report);
    describe_ends(report->directions, local, remote);
    copied = report_packets(measurement->session.reflected, report->directions);
  }
  if (copied != OW_OK && measurement->status == OW_OK)
    measurement->status = ow_fail(&measurement->failure, copied, "no memory for the records");
  if (measurement->status == OW_OK)
    report->step = OW_STEP_DONE;
  memcpy(report->remark, measurement->remark, sizeof report->remark);
}
