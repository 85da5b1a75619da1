/* SPDX-License-Identifier: MIT */
/* Each notice becomes a v2 trap, as long as the master is there and the rate allows it. */
#include "agentx/trap.h"

#include <stdio.h>
#include <string.h>

#include <net-snmp/net-snmp-config.h>
#include <net-snmp/net-snmp-includes.h>
#include <net-snmp/agent/agent_callbacks.h>
#include <net-snmp/agent/net-snmp-agent-includes.h>

static const oid trap_name[] = {1, 3, 6, 1, 6, 3, 1, 1, 4, 1, 0}; /* snmpTrapOID.0 */

static int on_session(int major, int minor, void *server, void *client)
{
  (void)major;
  (void)server;
  (void)client;
  the_agent.connected = minor == SNMPD_CALLBACK_INDEX_START;
  return SNMPERR_SUCCESS;
}

void agent_traps_register(void)
{
  snmp_register_callback(SNMP_CALLBACK_APPLICATION, SNMPD_CALLBACK_INDEX_START, on_session, NULL);
  snmp_register_callback(SNMP_CALLBACK_APPLICATION, SNMPD_CALLBACK_INDEX_STOP, on_session, NULL);
}

static void add_text(netsnmp_variable_list **list, enum mib_notify object, const char *text)
{
  oid name[] = {MIB_ROOT, 1, MIB_NOTIFY, object, 0};
  size_t length = strnlen(text, MIB_OCTETS_MOST);
  snmp_varlist_add_variable(list, name, sizeof name / sizeof *name, ASN_OCTET_STR, text, length);
}

static void add_number(netsnmp_variable_list **list, enum mib_notify object, long number)
{
  oid name[] = {MIB_ROOT, 1, MIB_NOTIFY, object, 0};
  snmp_varlist_add_variable(list, name, sizeof name / sizeof *name, ASN_INTEGER, &number, sizeof number);
}

static long severity_of(enum ow_verdict verdict)
{
  return verdict == OW_VERDICT_CRITICAL ? 3 : verdict == OW_VERDICT_WARNING ? 2 : 1;
}

static void add_finding(netsnmp_variable_list **list, const struct notice *notice)
{
  const struct ow_finding *finding = &notice->event.finding;
  enum ow_unit unit = ow_metric_unit(finding->metric);
  double scale = unit == OW_UNIT_SECONDS ? 1e6 : unit == OW_UNIT_PERCENT ? 1000 : 1;
  char range[OW_RANGE_TEXT];
  long direction = ow_metric_of_both(finding->metric) ? 3 : (long)finding->direction + 1;
  add_number(list, MIB_NOTIFY_DIRECTION, direction);
  add_text(list, MIB_NOTIFY_METRIC, ow_metric_name(finding->metric));
  add_number(list, MIB_NOTIFY_UNIT, (long)unit + 1);
  add_number(list, MIB_NOTIFY_VALUE, mib_round(finding->value * scale));
  add_text(list, MIB_NOTIFY_THRESHOLD, ow_range_print(range, sizeof range, finding->range));
  add_number(list, MIB_NOTIFY_SEVERITY, severity_of(notice->event.now));
}

static void send_one(const struct notice *notice)
{
  oid kind[] = {MIB_ROOT, 0, (oid)notice->kind + 1};
  netsnmp_variable_list *list = NULL;
  snmp_varlist_add_variable(&list, trap_name, sizeof trap_name / sizeof *trap_name, ASN_OBJECT_ID, kind,
                            sizeof kind);
  add_text(&list, MIB_NOTIFY_OWNER, notice->owner);
  add_text(&list, MIB_NOTIFY_NAME, notice->name);
  if (notice->kind == NOTICE_RAISED || notice->kind == NOTICE_CLEARED)
    add_finding(&list, notice);
  add_text(&list, MIB_NOTIFY_TEXT, notice->text);
  send_v2trap(list);
  snmp_free_varbind(list);
}

void agent_traps_send(struct agent *agent, int64_t now)
{
  struct notice notice;
  while (agent->connected && notify_queue_take(&agent->queue, now, &notice))
    send_one(&notice);
}
