/* SPDX-License-Identifier: MIT */
/* Encoded and decoded in the order of the figures; OWAMP's Accept-Session is the first part of TWAMP's. */
#include "wire/tw_request.h"

#include <string.h>

#include "base/cursor.h"
#include "wire/command.h"

void ow_tw_request_encode(const struct ow_tw_request *request, uint8_t out[OW_REQUEST_TW_SESSION])
{
  struct ow_writer writer = ow_writer(out, OW_REQUEST_TW_SESSION);
  ow_write_u8(&writer, OW_COMMAND_REQUEST_TW_SESSION);
  ow_write_u8(&writer, request->sender.version);
  ow_write_zeros(&writer, 2 + 4 + 4); /* Conf-Sender, Conf-Receiver, slots, packets */
  ow_write_u16(&writer, request->sender.port);
  ow_write_u16(&writer, request->receiver.port);
  ow_write_octets(&writer, request->sender.address, sizeof request->sender.address);
  ow_write_octets(&writer, request->receiver.address, sizeof request->receiver.address);
  ow_write_zeros(&writer, OW_SID);
  ow_write_u32(&writer, request->padding);
  ow_write_u64(&writer, request->start.ntp);
  ow_write_u64(&writer, request->timeout.ntp);
  ow_write_u32(&writer, request->type_p);
  ow_write_u16(&writer, request->reflected_octets);
  ow_write_u16(&writer, request->reflected_length);
  ow_write_zeros(&writer, 4);
}

/* What OWAMP has there and TWAMP has not; all of it must be zero. */
struct owamps {
  uint8_t version, conf_sender, conf_receiver;
  uint32_t slots, packets;
};

static enum ow_status check(const struct owamps *fields, struct ow_failure *failure)
{
  enum ow_status status = OW_OK;
  if (fields->version != 4 && fields->version != 6)
    status = ow_fail(failure, OW_PROTOCOL, "Request-TW-Session: IPVN is %u, not 4 or 6", fields->version);
  else if (fields->conf_sender || fields->conf_receiver)
    status =
        ow_fail(failure, OW_PROTOCOL, "Request-TW-Session: Conf-Sender is %u and Conf-Receiver is %u, not 0",
                fields->conf_sender, fields->conf_receiver);
  else if (fields->slots || fields->packets)
    status = ow_fail(failure, OW_PROTOCOL,
                     "Request-TW-Session: the number of slots is %u and of packets %u, not 0", fields->slots,
                     fields->packets);
  return status;
}

enum ow_status ow_tw_request_decode(const uint8_t in[OW_REQUEST_TW_SESSION], struct ow_tw_request *request,
                                    struct ow_failure *failure)
{
  struct owamps owamps;
  struct ow_reader reader = ow_reader(in, OW_REQUEST_TW_SESSION);
  ow_read_skip(&reader, 1);
  owamps.version = ow_read_u8(&reader) & 0x0f;
  owamps.conf_sender = ow_read_u8(&reader);
  owamps.conf_receiver = ow_read_u8(&reader);
  owamps.slots = ow_read_u32(&reader);
  owamps.packets = ow_read_u32(&reader);
  request->sender.version = request->receiver.version = owamps.version;
  request->sender.port = ow_read_u16(&reader);
  request->receiver.port = ow_read_u16(&reader);
  ow_endpoint_read_address(&reader, &request->sender);
  ow_endpoint_read_address(&reader, &request->receiver);
  ow_read_skip(&reader, OW_SID);
  request->padding = ow_read_u32(&reader);
  request->start.ntp = ow_read_u64(&reader);
  request->timeout.ntp = ow_read_u64(&reader);
  request->type_p = ow_read_u32(&reader);
  request->reflected_octets = ow_read_u16(&reader);
  request->reflected_length = ow_read_u16(&reader);
  return check(&owamps, failure);
}

enum { REFLECTED_AT = 20 };

void ow_tw_acceptance_encode(const struct ow_tw_acceptance *acceptance, uint8_t out[OW_ACCEPT_SESSION])
{
  struct ow_writer writer = ow_writer(out + REFLECTED_AT, 4);
  ow_session_acceptance_encode(&acceptance->session, out);
  ow_write_u16(&writer, acceptance->reflected_octets);
  ow_write_u16(&writer, acceptance->server_octets);
}

void ow_tw_acceptance_decode(const uint8_t in[OW_ACCEPT_SESSION], struct ow_tw_acceptance *acceptance)
{
  struct ow_reader reader = ow_reader(in + REFLECTED_AT, 4);
  ow_session_acceptance_decode(in, &acceptance->session);
  acceptance->reflected_octets = ow_read_u16(&reader);
  acceptance->server_octets = ow_read_u16(&reader);
}
