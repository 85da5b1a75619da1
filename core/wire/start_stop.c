/* SPDX-License-Identifier: MIT */
/* Encoded and decoded field by field; skip ranges are checked as they are decoded. */
#include "wire/start_stop.h"

#include "base/cursor.h"

void ow_start_sessions_encode(uint8_t out[OW_START_SESSIONS])
{
  struct ow_writer writer = ow_writer(out, OW_START_SESSIONS);
  ow_write_u8(&writer, OW_COMMAND_START_SESSIONS);
  ow_write_zeros(&writer, 15);
}

void ow_start_ack_encode(enum ow_accept accept, uint8_t out[OW_START_ACK])
{
  struct ow_writer writer = ow_writer(out, OW_START_ACK);
  ow_write_u8(&writer, (uint8_t)accept);
  ow_write_zeros(&writer, 15);
}

enum ow_accept ow_start_ack_decode(const uint8_t in[OW_START_ACK])
{
  return ow_accept_from_wire(in[0]);
}

void ow_stop_sessions_encode(const struct ow_stop_sessions *stop, uint8_t out[OW_STOP_SESSIONS])
{
  struct ow_writer writer = ow_writer(out, OW_STOP_SESSIONS);
  ow_write_u8(&writer, OW_COMMAND_STOP_SESSIONS);
  ow_write_u8(&writer, (uint8_t)stop->accept);
  ow_write_zeros(&writer, 2);
  ow_write_u32(&writer, stop->sessions);
  ow_write_zeros(&writer, 8);
}

void ow_stop_sessions_decode(const uint8_t in[OW_STOP_SESSIONS], struct ow_stop_sessions *stop)
{
  struct ow_reader reader = ow_reader(in, OW_STOP_SESSIONS);
  ow_read_skip(&reader, 1);
  stop->accept = ow_accept_from_wire(ow_read_u8(&reader));
  ow_read_skip(&reader, 2);
  stop->sessions = ow_read_u32(&reader);
}

size_t ow_session_end_octets(uint32_t skip_ranges)
{
  return OW_WHOLE_BLOCKS(OW_STOP_DESCRIPTION + (size_t)skip_ranges * OW_SKIP_RANGE);
}

void ow_session_end_encode(const struct ow_session_end *end, uint8_t *out)
{
  size_t ranges = (size_t)end->skip_ranges * OW_SKIP_RANGE;
  size_t octets = ow_session_end_octets(end->skip_ranges);
  struct ow_writer writer = ow_writer(out, octets);
  ow_write_octets(&writer, end->sid.octets, OW_SID);
  ow_write_u32(&writer, end->next_sequence);
  ow_write_u32(&writer, end->skip_ranges);
  ow_skip_ranges_encode(end->skipped, end->skip_ranges, writer.at);
  writer.at += ranges;
  ow_write_zeros(&writer, octets - OW_STOP_DESCRIPTION - ranges);
}

void ow_session_end_decode(const uint8_t in[OW_STOP_DESCRIPTION], struct ow_session_end *end)
{
  struct ow_reader reader = ow_reader(in, OW_STOP_DESCRIPTION);
  ow_read_octets(&reader, end->sid.octets, OW_SID);
  end->next_sequence = ow_read_u32(&reader);
  end->skip_ranges = ow_read_u32(&reader);
  end->skipped = NULL;
}

void ow_skip_ranges_encode(const struct ow_skip_range *ranges, uint32_t count, uint8_t *out)
{
  struct ow_writer writer = ow_writer(out, (size_t)count * OW_SKIP_RANGE);
  for (uint32_t i = 0; i < count; i++) {
    ow_write_u32(&writer, ranges[i].first);
    ow_write_u32(&writer, ranges[i].last);
  }
}

enum ow_status ow_skip_ranges_decode(const uint8_t *in, uint32_t count, uint32_t next_sequence,
                                     struct ow_skip_range *ranges, struct ow_failure *failure)
{
  struct ow_reader reader = ow_reader(in, (size_t)count * OW_SKIP_RANGE);
  uint64_t least = 0; /* one beyond the range before; 64 bits so that it can't wrap */
  for (uint32_t i = 0; i < count; i++) {
    struct ow_skip_range range = {ow_read_u32(&reader), ow_read_u32(&reader)};
    if (range.first < least || range.last < range.first || range.last >= next_sequence)
      return ow_fail(failure, OW_PROTOCOL,
                     "skip range %u (%u to %u) is out of order or not below Next Seqno %u", i, range.first,
                     range.last, next_sequence);
    least = (uint64_t)range.last + 1;
    ranges[i] = range;
  }
  return OW_OK;
}
