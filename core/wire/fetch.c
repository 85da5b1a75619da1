/* SPDX-License-Identifier: MIT */
/* Encoded and decoded field by field, with a writer or a reader of octets. */
#include "wire/fetch.h"

#include "base/cursor.h"
#include "wire/command.h"

/* Where others have zeros, which their readers pass over. */
enum {
  DEPARTURES_ASKED = 0x44455031, /* "DEP1" */
  DEPARTURES_ANSWERED = 0x4431,  /* "D1" */
};

/* Finished is non-zero of a session that has ended (RFC 4656, 3.9); perfSONAR's owampd has this for one. */
enum { ENDED_WITHOUT_STOP = 2 };

void ow_fetch_request_encode(const struct ow_fetch_request *request, uint8_t out[OW_FETCH_SESSION])
{
  struct ow_writer writer = ow_writer(out, OW_FETCH_SESSION);
  ow_write_u8(&writer, OW_COMMAND_FETCH_SESSION);
  ow_write_zeros(&writer, 3);
  ow_write_u32(&writer, request->departures ? DEPARTURES_ASKED : 0);
  ow_write_u32(&writer, request->begin);
  ow_write_u32(&writer, request->end);
  ow_write_octets(&writer, request->sid.octets, OW_SID);
}

void ow_fetch_request_decode(const uint8_t in[OW_FETCH_SESSION], struct ow_fetch_request *request)
{
  struct ow_reader reader = ow_reader(in, OW_FETCH_SESSION);
  ow_read_skip(&reader, 4);
  request->departures = ow_read_u32(&reader) == DEPARTURES_ASKED;
  request->begin = ow_read_u32(&reader);
  request->end = ow_read_u32(&reader);
  ow_read_octets(&reader, request->sid.octets, OW_SID);
}

void ow_fetch_ack_encode(const struct ow_fetch_ack *ack, uint8_t out[OW_FETCH_ACK])
{
  struct ow_writer writer = ow_writer(out, OW_FETCH_ACK);
  ow_write_u8(&writer, (uint8_t)ack->accept);
  ow_write_u8(&writer, ack->finished);
  ow_write_u16(&writer, ack->departures ? DEPARTURES_ANSWERED : 0);
  ow_write_u32(&writer, ack->next_sequence);
  ow_write_u32(&writer, ack->skip_ranges);
  ow_write_u32(&writer, ack->records);
}

void ow_fetch_ack_decode(const uint8_t in[OW_FETCH_ACK], struct ow_fetch_ack *ack)
{
  struct ow_reader reader = ow_reader(in, OW_FETCH_ACK);
  ack->accept = ow_accept_from_wire(ow_read_u8(&reader));
  uint8_t finished = ow_read_u8(&reader);
  ack->finished = finished != 0 && finished != ENDED_WITHOUT_STOP;
  ack->departures = ow_read_u16(&reader) == DEPARTURES_ANSWERED;
  ack->next_sequence = ow_read_u32(&reader);
  ack->skip_ranges = ow_read_u32(&reader);
  ack->records = ow_read_u32(&reader);
}

void ow_record_encode(const struct ow_sample *sample, uint8_t out[OW_RECORD])
{
  struct ow_writer writer = ow_writer(out, OW_RECORD);
  ow_write_u32(&writer, sample->sequence);
  ow_write_u16(&writer, sample->send_error.bits);
  ow_write_u16(&writer, sample->receive_error.bits);
  ow_write_u64(&writer, sample->sent.ntp);
  ow_write_u64(&writer, sample->received.ntp);
  ow_write_u8(&writer, sample->ttl);
}

void ow_record_decode(const uint8_t in[OW_RECORD], struct ow_sample *sample)
{
  struct ow_reader reader = ow_reader(in, OW_RECORD);
  sample->sequence = ow_read_u32(&reader);
  sample->send_error.bits = ow_read_u16(&reader);
  sample->receive_error.bits = ow_read_u16(&reader);
  sample->sent.ntp = ow_read_u64(&reader);
  sample->received.ntp = ow_read_u64(&reader);
  sample->ttl = ow_read_u8(&reader);
  sample->source = OW_STAMP_UNKNOWN;
  sample->departed = OW_DEPARTED_CORRECTED;
  sample->stamped_before = 0;
}

void ow_departure_record_encode(const struct ow_departure_record *record, uint8_t out[OW_DEPARTURE_RECORD])
{
  struct ow_writer writer = ow_writer(out, OW_DEPARTURE_RECORD);
  ow_write_u32(&writer, record->sequence);
  ow_write_u32(&writer, (uint32_t)record->offset);
  ow_write_u16(&writer, record->error.bits);
  ow_write_u8(&writer, record->source);
  ow_write_zeros(&writer, 1);
}

void ow_departure_record_decode(const uint8_t in[OW_DEPARTURE_RECORD], struct ow_departure_record *record)
{
  struct ow_reader reader = ow_reader(in, OW_DEPARTURE_RECORD);
  record->sequence = ow_read_u32(&reader);
  record->offset = (int32_t)ow_read_u32(&reader);
  record->error.bits = ow_read_u16(&reader);
  record->source = ow_read_u8(&reader);
}
