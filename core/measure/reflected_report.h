/* SPDX-License-Identifier: MIT */
/* What a probe reports of a reflected measurement, whichever protocol it was by. */
#ifndef OWAMP_MEASURE_REFLECTED_REPORT_H
#define OWAMP_MEASURE_REFLECTED_REPORT_H

#include "io/address.h"
#include "measure/probe_report.h"
#include "measure/reflected_measurement.h"

/**
 * Put results, records, what was found out of the reflector and the remark of an ended measurement into the
 * report; its step is "done" if the measurement is whole. Without memory for the records the measurement has
 * failed.
 */
void ow_reflected_report(struct ow_reflected_measurement *measurement, const union ow_address *local,
                         const union ow_address *remote, struct ow_probe_report *report);

#endif
