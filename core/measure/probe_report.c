/* SPDX-License-Identifier: MIT */
/* The names of a probe's steps, and how a report is emptied. */
#include "measure/probe_report.h"

#include "wire/test_packet.h"

const char *ow_probe_step_name(enum ow_probe_step step)
{
  const char *name = "";
  switch (step) {
  case OW_STEP_RESOLVE: name = "resolve"; break;
  case OW_STEP_CONNECT: name = "connect"; break;
  case OW_STEP_SETUP: name = "setup"; break;
  case OW_STEP_REQUEST: name = "request"; break;
  case OW_STEP_START: name = "start"; break;
  case OW_STEP_RUN: name = "run"; break;
  case OW_STEP_STOP: name = "stop"; break;
  case OW_STEP_FETCH: name = "fetch"; break;
  case OW_STEP_DONE: name = "done"; break;
  }
  return name;
}

uint32_t ow_probe_packet_octets(const struct ow_probe_report *report, uint32_t padding)
{
  return (uint32_t)ow_packet_least(report->mode) + padding;
}

void ow_probe_report_clear(struct ow_probe_report *report)
{
  for (int i = 0; i < OW_RESULTS; i++) {
    ow_samples_clear(&report->directions[i].samples);
    ow_result_drop(&report->directions[i].result);
  }
}
