/* SPDX-License-Identifier: MIT */
/* Changes that somebody should hear of, as collectd's notifications. */
#ifndef OWAMP_COLLECTD_ALERTS_H
#define OWAMP_COLLECTD_ALERTS_H

#include "report/interval.h"
#include "sla/alarm.h"

/**
 * A threshold's breach was raised, changed its severity or was cleared. CRITICAL is FAILURE, WARNING is
 * WARNING, OK is OKAY. Type and instance are those of the value; metric, direction, value and threshold stand
 * in the meta data as well.
 */
void owamp_alert_threshold(const struct ow_stream_view *view, struct ow_timestamp when,
                           const struct ow_alarm_event *event);
/** The stream went down (FAILURE, with the reason) or came up again (OKAY). */
void owamp_alert_state(const struct ow_stream_view *view);

/** It is measured by another address of its peer than before (OKAY): message and meta data tell both. */
void owamp_alert_server(const struct ow_stream_view *view, const char *before);

#endif
