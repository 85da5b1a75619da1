/* SPDX-License-Identifier: MIT */
/* Encoded and decoded, with checks of what was decoded; DSCP to Type-P and back. */
#include "wire/session_request.h"

#include "base/cursor.h"
#include "wire/command.h"

void ow_session_request_encode(const struct ow_session_request *request, uint8_t out[OW_REQUEST_SESSION])
{
  struct ow_writer writer = ow_writer(out, OW_REQUEST_SESSION);
  ow_write_u8(&writer, OW_COMMAND_REQUEST_SESSION);
  ow_write_u8(&writer, request->sender.version);
  ow_write_u8(&writer, request->server_sends);
  ow_write_u8(&writer, request->server_receives);
  ow_write_u32(&writer, request->slot_count);
  ow_write_u32(&writer, request->packets);
  ow_write_u16(&writer, request->sender.port);
  ow_write_u16(&writer, request->receiver.port);
  ow_write_octets(&writer, request->sender.address, sizeof request->sender.address);
  ow_write_octets(&writer, request->receiver.address, sizeof request->receiver.address);
  ow_write_octets(&writer, request->sid.octets, OW_SID);
  ow_write_u32(&writer, request->padding);
  ow_write_u64(&writer, request->start.ntp);
  ow_write_u64(&writer, request->timeout.ntp);
  ow_write_u32(&writer, request->type_p);
  ow_write_zeros(&writer, 8);
}

static enum ow_status check(const struct ow_session_request *request, uint8_t conf_sender,
                            uint8_t conf_receiver, struct ow_failure *failure)
{
  enum ow_status status = OW_OK;
  uint8_t version = request->sender.version;
  if (version != 4 && version != 6)
    status = ow_fail(failure, OW_PROTOCOL, "Request-Session: IPVN is %u, not 4 or 6", version);
  else if (conf_sender > 1 || conf_receiver > 1 || conf_sender + conf_receiver == 0)
    status = ow_fail(failure, OW_PROTOCOL, "Request-Session: Conf-Sender is %u and Conf-Receiver is %u",
                     conf_sender, conf_receiver);
  else if (request->slot_count == 0)
    status = ow_fail(failure, OW_PROTOCOL, "Request-Session: the schedule has no slot");
  else if (request->packets == 0)
    status = ow_fail(failure, OW_PROTOCOL, "Request-Session: the number of packets is 0");
  return status;
}

enum ow_status ow_session_request_decode(const uint8_t in[OW_REQUEST_SESSION],
                                         struct ow_session_request *request, struct ow_failure *failure)
{
  struct ow_reader reader = ow_reader(in, OW_REQUEST_SESSION);
  ow_read_skip(&reader, 1);
  uint8_t version = ow_read_u8(&reader) & 0x0f;
  uint8_t conf_sender = ow_read_u8(&reader);
  uint8_t conf_receiver = ow_read_u8(&reader);
  request->server_sends = conf_sender == 1;
  request->server_receives = conf_receiver == 1;
  request->slot_count = ow_read_u32(&reader);
  request->packets = ow_read_u32(&reader);
  request->sender.version = request->receiver.version = version;
  request->sender.port = ow_read_u16(&reader);
  request->receiver.port = ow_read_u16(&reader);
  ow_endpoint_read_address(&reader, &request->sender);
  ow_endpoint_read_address(&reader, &request->receiver);
  ow_read_octets(&reader, request->sid.octets, OW_SID);
  request->padding = ow_read_u32(&reader);
  request->start.ntp = ow_read_u64(&reader);
  request->timeout.ntp = ow_read_u64(&reader);
  request->type_p = ow_read_u32(&reader);
  return check(request, conf_sender, conf_receiver, failure);
}

void ow_slot_encode(const struct ow_slot *slot, uint8_t out[OW_SLOT])
{
  struct ow_writer writer = ow_writer(out, OW_SLOT);
  ow_write_u8(&writer, (uint8_t)slot->kind);
  ow_write_zeros(&writer, 7);
  ow_write_u64(&writer, slot->parameter.ntp);
}

enum ow_status ow_slot_decode(const uint8_t in[OW_SLOT], struct ow_slot *slot, struct ow_failure *failure)
{
  struct ow_reader reader = ow_reader(in, OW_SLOT);
  uint8_t kind = ow_read_u8(&reader);
  ow_read_skip(&reader, 7);
  slot->parameter.ntp = ow_read_u64(&reader);
  if (kind != OW_SLOT_EXPONENTIAL && kind != OW_SLOT_FIXED)
    return ow_fail(failure, OW_PROTOCOL, "Request-Session: schedule slot of unknown type %u", kind);
  slot->kind = (enum ow_slot_kind)kind;
  return OW_OK;
}

enum { DSCP_SHIFT = 24, DSCP_MAX = 0x3f };

uint32_t ow_type_p_from_dscp(uint8_t dscp)
{
  return (uint32_t)(dscp & DSCP_MAX) << DSCP_SHIFT;
}

bool ow_type_p_to_dscp(uint32_t type_p, uint8_t *dscp)
{
  *dscp = (uint8_t)(type_p >> DSCP_SHIFT & DSCP_MAX);
  return type_p == ow_type_p_from_dscp(*dscp);
}

void ow_session_acceptance_encode(const struct ow_session_acceptance *acceptance,
                                  uint8_t out[OW_ACCEPT_SESSION])
{
  struct ow_writer writer = ow_writer(out, OW_ACCEPT_SESSION);
  ow_write_u8(&writer, (uint8_t)acceptance->accept);
  ow_write_zeros(&writer, 1);
  ow_write_u16(&writer, acceptance->port);
  ow_write_octets(&writer, acceptance->sid.octets, OW_SID);
  ow_write_zeros(&writer, 12);
}

void ow_session_acceptance_decode(const uint8_t in[OW_ACCEPT_SESSION],
                                  struct ow_session_acceptance *acceptance)
{
  struct ow_reader reader = ow_reader(in, OW_ACCEPT_SESSION);
  acceptance->accept = ow_accept_from_wire(ow_read_u8(&reader));
  ow_read_skip(&reader, 1);
  acceptance->port = ow_read_u16(&reader);
  ow_read_octets(&reader, acceptance->sid.octets, OW_SID);
}
