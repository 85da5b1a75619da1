/* SPDX-License-Identifier: MIT */
/* A message for people, and its details as the notification's meta data. */
#include "alerts.h"

#include <collectd/core/daemon/plugin.h>
#include <stdio.h>
#include <string.h>

#include "values.h"

static int severity_of(enum ow_verdict verdict)
{
  int severity = NOTIF_WARNING;
  if (verdict == OW_VERDICT_CRITICAL)
    severity = NOTIF_FAILURE;
  else if (verdict == OW_VERDICT_OK)
    severity = NOTIF_OKAY;
  return severity;
}

static void add_text(notification_t *notification, const char *name, const char *value)
{
  (void)plugin_notification_meta_add_string(notification, name, value);
}

static void begin_notification(notification_t *notification, const struct ow_stream_view *view,
                               struct ow_timestamp when, int severity)
{
  *notification = (notification_t){.severity = severity, .time = owamp_cdtime(when)};
  snprintf(notification->host, sizeof notification->host, "%s", hostname_g);
  snprintf(notification->plugin, sizeof notification->plugin, "owamp");
  snprintf(notification->plugin_instance, sizeof notification->plugin_instance, "%s", view->name);
  add_text(notification, "protocol", ow_protocol_word(view->protocol));
}

static void emit_notification(notification_t *notification)
{
  (void)plugin_dispatch_notification(notification);
  (void)plugin_notification_meta_free(notification->meta);
}

/* "delay_p95" is called "p95" where the type says delay. */
static const char *instance_of(enum ow_metric metric)
{
  const char *name = ow_metric_name(metric);
  return strncmp(name, "delay_", 6) == 0 ? name + 6 : name;
}

static void name_value(notification_t *notification, const struct ow_finding *finding)
{
  const char *instance = instance_of(finding->metric);
  snprintf(notification->type, sizeof notification->type, "%s",
           owamp_metric_type(ow_metric_unit(finding->metric)));
  if (ow_metric_of_both(finding->metric))
    snprintf(notification->type_instance, sizeof notification->type_instance, "%s", instance);
  else
    snprintf(notification->type_instance, sizeof notification->type_instance, "%s-%s",
             ow_direction_name(finding->direction), instance);
}

static void add_details(notification_t *notification, const struct ow_alarm_event *event)
{
  const struct ow_finding *finding = &event->finding;
  char range[OW_RANGE_TEXT];
  add_text(notification, "metric", ow_metric_name(finding->metric));
  if (!ow_metric_of_both(finding->metric))
    add_text(notification, "direction", ow_direction_name(finding->direction));
  if (finding->has_value)
    (void)plugin_notification_meta_add_double(notification, "value", finding->value);
  add_text(notification, "threshold", ow_range_print(range, sizeof range, finding->range));
  add_text(notification, "before", ow_verdict_name(event->before));
  add_text(notification, "now", ow_verdict_name(event->now));
  (void)plugin_notification_meta_add_boolean(notification, "uncertain", finding->uncertain);
}

void owamp_alert_threshold(const struct ow_stream_view *view, struct ow_timestamp when,
                           const struct ow_alarm_event *event)
{
  notification_t notification;
  char text[OW_ALARM_TEXT];
  begin_notification(&notification, view, when, severity_of(event->now));
  name_value(&notification, &event->finding);
  snprintf(notification.message, sizeof notification.message, "%.50s: %s%s", view->name,
           ow_alarm_print(text, event), event->finding.uncertain ? " (within the clocks' error)" : "");
  add_details(&notification, event);
  emit_notification(&notification);
}

void owamp_alert_state(const struct ow_stream_view *view)
{
  notification_t notification;
  bool up = view->state == OW_STREAM_UP;
  begin_notification(&notification, view, view->since, up ? NOTIF_OKAY : NOTIF_FAILURE);
  snprintf(notification.type, sizeof notification.type, "bool");
  snprintf(notification.type_instance, sizeof notification.type_instance, "up");
  if (up)
    snprintf(notification.message, sizeof notification.message, "%s: measured again", view->name);
  else
    snprintf(notification.message, sizeof notification.message, "%.63s: %s: %.160s", view->name,
             ow_stream_down_words(view->status), view->reason);
  add_text(&notification, "peer", view->host);
  add_text(&notification, "state", ow_stream_state_name(view->state));
  if (!up)
    add_text(&notification, "reason", view->reason);
  emit_notification(&notification);
}

/* Nothing is wrong with it, but numbers of another path aren't comparable. */
void owamp_alert_server(const struct ow_stream_view *view, const char *before)
{
  notification_t notification;
  begin_notification(&notification, view, view->since, NOTIF_OKAY);
  snprintf(notification.type, sizeof notification.type, "bool");
  snprintf(notification.type_instance, sizeof notification.type_instance, "server");
  snprintf(notification.message, sizeof notification.message, "%s: measured by its address %s, by %s before",
           view->name, view->server, before);
  add_text(&notification, "peer", view->host);
  add_text(&notification, "server", view->server);
  add_text(&notification, "before", before);
  emit_notification(&notification);
}
