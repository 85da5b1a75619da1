/* SPDX-License-Identifier: MIT */
/* GET, GETNEXT and the phases of a SET, each passed to the function that knows. */
#include "agentx/handler.h"

#include <stdlib.h>
#include <string.h>

#include <net-snmp/net-snmp-config.h>
#include <net-snmp/net-snmp-includes.h>
#include <net-snmp/agent/net-snmp-agent-includes.h>

#include "agentx/agent.h"
#include "column_table.h"
#include "io/system_clock.h"

static const oid objects[] = {MIB_ROOT, 1};
static const oid peer_entry[] = {MIB_ROOT, 1, MIB_PEERS, 1};
static const oid switches[] = {MIB_ROOT, 1, MIB_SYSTEM, MIB_NOTIFICATIONS_ENABLED, 0};

#define LENGTH(array) (sizeof(array) / sizeof *(array))

/* ---- values ---- */

static void give_value(netsnmp_request_info *request, const struct mib_value *value)
{
  long integer = value->integer;
  u_long gauge = value->gauge;
  struct counter64 counter = {value->counter >> 32, value->counter & UINT32_MAX};
  netsnmp_variable_list *to = request->requestvb;
  int failed = 0;
  switch (value->type) {
  case MIB_INTEGER: failed = snmp_set_var_typed_value(to, ASN_INTEGER, &integer, sizeof integer); break;
  case MIB_GAUGE: failed = snmp_set_var_typed_value(to, ASN_GAUGE, &gauge, sizeof gauge); break;
  case MIB_COUNTER64: failed = snmp_set_var_typed_value(to, ASN_COUNTER64, &counter, sizeof counter); break;
  case MIB_OCTETS: failed = snmp_set_var_typed_value(to, ASN_OCTET_STR, value->octets, value->length); break;
  }
  if (failed)
    snmp_log(LOG_ERR, "no memory for an answer\n");
}

/* No object that can be set is a Counter64, so anything else is called that: the wrong type everywhere. */
static struct mib_value value_of_variable(const netsnmp_variable_list *from)
{
  struct mib_value value = mib_counter(0);
  if (from->type == ASN_INTEGER)
    value = mib_integer((int32_t)*from->val.integer);
  else if (from->type == ASN_GAUGE)
    value = mib_gauge((uint32_t)*from->val.integer);
  else if (from->type == ASN_OCTET_STR)
    value = mib_octets(from->val.string, from->val_len);
  return value;
}

/* ---- reading ---- */

static void get(netsnmp_request_info *request)
{
  const netsnmp_variable_list *at = request->requestvb;
  struct mib_value value;
  bool object = false;
  size_t root = LENGTH(objects);
  bool below = at->name_length > root && snmp_oid_compare(at->name, root, objects, root) == 0;
  if (below && mib_get(&the_agent.mib, at->name + root, at->name_length - root, &value, &object))
    give_value(request, &value);
  else
    snmp_set_var_typed_value(request->requestvb, object ? SNMP_NOSUCHINSTANCE : SNMP_NOSUCHOBJECT, NULL, 0);
}

static void get_next(netsnmp_request_info *request)
{
  const netsnmp_variable_list *at = request->requestvb;
  oid name[LENGTH(objects) + MIB_OID_MOST];
  struct mib_value value;
  bool object;
  size_t root = LENGTH(objects);
  size_t count = 0;
  memcpy(name, objects, sizeof objects);
  if (snmp_oid_compare(at->name, at->name_length, objects, root) <= 0) {
    count = mib_next(&the_agent.mib, NULL, 0, name + root, &value);
  } else if (snmp_oid_compare(at->name, root, objects, root) == 0) {
    const oid *rest = at->name + root;
    size_t left = at->name_length - root;
    if (request->inclusive && left <= MIB_OID_MOST && mib_get(&the_agent.mib, rest, left, &value, &object)) {
      memcpy(name + root, rest, left * sizeof *rest);
      count = left;
    } else {
      count = mib_next(&the_agent.mib, rest, left, name + root, &value);
    }
  }
  if (count) {
    snmp_set_var_objid(request->requestvb, name, root + count);
    give_value(request, &value);
  }
}

static void read_all(netsnmp_request_info *requests, void (*read)(netsnmp_request_info *))
{
  for (netsnmp_request_info *request = requests; request; request = request->next)
    if (!request->processed)
      read(request);
}

/* ---- setting ---- */

static bool is_switches(const netsnmp_variable_list *at)
{
  return snmp_oid_compare(at->name, at->name_length, switches, LENGTH(switches)) == 0;
}

static bool is_peer(const netsnmp_variable_list *at)
{
  return at->name_length > LENGTH(peer_entry) &&
         snmp_oid_compare(at->name, LENGTH(peer_entry), peer_entry, LENGTH(peer_entry)) == 0;
}

static enum set_error check_switches(const netsnmp_variable_list *at)
{
  const struct mib_column *column = mib_column_of(MIB_SYSTEM, MIB_NOTIFICATIONS_ENABLED);
  struct mib_value value = value_of_variable(at);
  return mib_syntax_check(&column->syntax, &value);
}

/* What one variable alone is wrong with, beyond what peer_set_check() sees. */
static enum set_error check_alone(const netsnmp_variable_list *at)
{
  enum set_error error = SET_OK;
  if (is_switches(at))
    error = check_switches(at);
  else if (!is_peer(at))
    error = SET_NOT_WRITABLE;
  else if (at->type == ASN_OCTET_STR && at->val_len > MIB_OCTETS_MOST)
    error = SET_WRONG_LENGTH;
  return error;
}

static void check(netsnmp_agent_request_info *info, netsnmp_request_info *requests)
{
  static struct set_variable variables[SET_MOST]; /* of the one SNMP thread */
  static netsnmp_request_info *of[SET_MOST];
  size_t count = 0;
  size_t wrong = 0;
  for (netsnmp_request_info *request = requests; request; request = request->next) {
    const netsnmp_variable_list *at = request->requestvb;
    enum set_error error = count == SET_MOST ? SET_RESOURCE_UNAVAILABLE : check_alone(at);
    if (error != SET_OK) {
      netsnmp_set_request_error(info, request, (int)error);
      return;
    }
    if (is_peer(at)) {
      size_t root = LENGTH(peer_entry);
      variables[count] =
          (struct set_variable){at->name + root, at->name_length - root, value_of_variable(at)};
      of[count++] = request;
    }
  }
  peer_set_finish(&the_agent.set); /* one that was never finished: its master is gone */
  enum set_error error = peer_set_check(&the_agent.set, &the_agent.peers, variables, count, &wrong);
  if (error != SET_OK)
    netsnmp_set_request_error(info, of[wrong], (int)error);
  if (error != SET_OK && the_agent.set.why.text[0])
    ow_log(&the_agent.refused.log, OW_LOG_NOTICE, "a SET was refused: %s", the_agent.set.why.text);
}

static uint8_t switches_before;

static void apply_switches(netsnmp_request_info *requests)
{
  switches_before = the_agent.queue.enabled;
  for (netsnmp_request_info *request = requests; request; request = request->next)
    if (is_switches(request->requestvb))
      the_agent.queue.enabled = notify_from_bits(request->requestvb->val.string[0]);
}

static void apply(netsnmp_agent_request_info *info, netsnmp_request_info *requests)
{
  if (!peer_set_apply(&the_agent.set, ow_system_stamp()))
    netsnmp_set_request_error(info, requests, SNMP_ERR_RESOURCEUNAVAILABLE);
  apply_switches(requests);
}

static void undo(void)
{
  peer_set_undo(&the_agent.set, ow_system_stamp());
  peer_set_finish(&the_agent.set);
  the_agent.queue.enabled = switches_before;
}

static int handle(netsnmp_mib_handler *handler, netsnmp_handler_registration *registration,
                  netsnmp_agent_request_info *info, netsnmp_request_info *requests)
{
  (void)handler;
  (void)registration;
  the_agent.mib.system.notifications = notify_bits(the_agent.queue.enabled);
  the_agent.mib.system.dropped = the_agent.queue.dropped;
  if (!mib_update(&the_agent.mib))
    return SNMP_ERR_RESOURCEUNAVAILABLE;
  switch (info->mode) {
  case MODE_GET: read_all(requests, get); break;
  case MODE_GETNEXT: read_all(requests, get_next); break;
  case MODE_SET_RESERVE1: check(info, requests); break;
  case MODE_SET_RESERVE2: break;
  case MODE_SET_ACTION: apply(info, requests); break;
  case MODE_SET_COMMIT:
    the_agent.store = true;
    peer_set_finish(&the_agent.set);
    break;
  case MODE_SET_FREE: peer_set_finish(&the_agent.set); break;
  case MODE_SET_UNDO: undo(); break;
  default: return SNMP_ERR_GENERR;
  }
  return SNMP_ERR_NOERROR;
}

int agent_handler_register(void)
{
  netsnmp_handler_registration *registration = netsnmp_create_handler_registration(
      "owampObjects", handle, objects, LENGTH(objects), HANDLER_CAN_RWRITE);
  return registration ? netsnmp_register_handler(registration) : MIB_REGISTRATION_FAILED;
}
