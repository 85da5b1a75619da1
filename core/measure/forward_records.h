/*
 * The forward direction's records, which the server holds: asked for over a second control connection while
 * the session runs, so that a measurement with nothing lost ends at once; or when the first connection was
 * lost. Private to measurement.c.
 */
#ifndef OWAMP_MEASURE_FORWARD_RECORDS_H
#define OWAMP_MEASURE_FORWARD_RECORDS_H

#include <stdbool.h>
#include <stdint.h>

#include "measure/measurement.h"

/** Once, before anything else. */
void ow_forward_prepare(struct ow_measurement *measurement);
/** Open the second connection, so that it is ready when it is needed. */
void ow_forward_connect(struct ow_measurement *measurement);
/** The last packet has left: ask until all have arrived, then ow_measurement_consider(). */
void ow_forward_confirm(struct ow_measurement *measurement);
/** Records that came, over either connection: not to be trusted before ow_forward_keep(). */
void ow_forward_take(struct ow_measurement *measurement, const struct ow_client_event *event);
/** The fetch was whole: these are the records. */
void ow_forward_keep(struct ow_measurement *measurement);
/**
 * The control connection is lost: ask for the records over the second one, then ow_measurement_finish().
 * False if there are none to ask for.
 */
bool ow_forward_salvage(struct ow_measurement *measurement) OW_MUST_CHECK;

/* What measurement.c does for it. */

/** Both directions may be settled now. */
void ow_measurement_consider(struct ow_measurement *measurement);
void ow_measurement_finish(struct ow_measurement *measurement);
/** The first reason stays. */
void ow_measurement_note_failure(struct ow_measurement *measurement, enum ow_status status,
                                 const char *reason);
/** The most records that are taken of a direction. */
uint32_t ow_measurement_most_records(const struct ow_measurement *measurement, enum ow_direction direction);

#endif
