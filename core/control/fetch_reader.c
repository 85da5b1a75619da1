/* SPDX-License-Identifier: MIT */
/* Ack, request, slots, skip ranges, chunks of records, HMAC: each part says what comes next. */
#include "control/fetch_reader.h"

#include <stdlib.h>
#include <string.h>

#include "control/stop_list.h"

struct ow_fetch_reader *ow_fetch_reader_create(const struct ow_fetch_request *asked, struct ow_intake *intake)
{
  struct ow_fetch_reader *reader = calloc(1, sizeof *reader);
  if (reader) {
    reader->asked = *asked;
    ow_intake_expect(intake, OW_FETCH_ACK + OW_HMAC, true);
  }
  return reader;
}

void ow_fetch_reader_free(struct ow_fetch_reader *reader)
{
  if (reader) {
    free(reader->slots);
    free(reader->skipped);
    free(reader->chunk);
    free(reader->departures);
  }
  free(reader);
}

static enum ow_status read_ack(struct ow_fetch_reader *reader, struct ow_intake *intake,
                               struct ow_failure *failure)
{
  struct ow_fetch_ack *ack = &reader->ack;
  enum ow_status status = OW_OK;
  ow_fetch_ack_decode(ow_intake_message(intake), ack);
  ack->departures = ack->departures && reader->asked.departures; /* unasked they are octets without meaning */
  if (ack->accept != OW_ACCEPT_OK) {
    reader->part = OW_FETCH_PART_END;
  } else if (ack->skip_ranges > OW_MAX_SKIP_RANGES) {
    status = ow_fail(failure, OW_PROTOCOL, "Fetch-Ack announces %u skip ranges; %u are possible",
                     ack->skip_ranges, (unsigned)OW_MAX_SKIP_RANGES);
  } else {
    reader->records_left = ack->records;
    reader->part = OW_FETCH_PART_REQUEST;
    ow_intake_expect(intake, OW_REQUEST_SESSION + OW_HMAC, true);
  }
  return status;
}

static enum ow_status read_request(struct ow_fetch_reader *reader, struct ow_intake *intake,
                                   struct ow_failure *failure)
{
  const struct ow_session_request *request = &reader->request;
  const uint8_t *message = ow_intake_message(intake);
  if (message[0] != OW_COMMAND_REQUEST_SESSION)
    return ow_fail(failure, OW_PROTOCOL, "%u follows Fetch-Ack where the Request-Session (1) belongs",
                   message[0]);
  enum ow_status status = ow_session_request_decode(message, &reader->request, failure);
  if (status == OW_OK && memcmp(request->sid.octets, reader->asked.sid.octets, OW_SID) != 0)
    status = ow_fail(failure, OW_PROTOCOL, "the session that was fetched is not the one that was asked for");
  else if (status == OW_OK && request->slot_count > OW_SLOTS_MOST)
    status = ow_fail(failure, OW_LIMIT, "the fetched session has %u schedule slots; %u are supported",
                     request->slot_count, (unsigned)OW_SLOTS_MOST);
  else if (status == OW_OK && reader->ack.finished && reader->ack.next_sequence > request->packets)
    status = ow_fail(failure, OW_PROTOCOL, "Fetch-Ack tells of %u packets of a session of %u",
                     reader->ack.next_sequence, request->packets);
  if (status == OW_OK) {
    reader->part = OW_FETCH_PART_SLOTS;
    ow_intake_expect(intake, (size_t)request->slot_count * OW_SLOT + OW_HMAC, true);
  }
  return status;
}

static enum ow_status read_slots(struct ow_fetch_reader *reader, struct ow_intake *intake,
                                 struct ow_failure *failure)
{
  uint32_t count = reader->request.slot_count;
  enum ow_status status = OW_OK;
  reader->slots = calloc(count, sizeof *reader->slots);
  if (!reader->slots)
    status = ow_fail(failure, OW_MEMORY, "no memory for %u schedule slots", count);
  for (uint32_t i = 0; status == OW_OK && i < count; i++)
    status = ow_slot_decode(ow_intake_message(intake) + (size_t)i * OW_SLOT, &reader->slots[i], failure);
  reader->part = OW_FETCH_PART_SKIPS;
  ow_intake_expect(intake, OW_WHOLE_BLOCKS((size_t)reader->ack.skip_ranges * OW_SKIP_RANGE) + OW_HMAC, true);
  return status;
}

/* The next chunk of records; the last one is padded to whole blocks. */
static void await_records(struct ow_fetch_reader *reader, struct ow_intake *intake)
{
  size_t octets = reader->ack.departures ? OW_DEPARTURE_RECORD : OW_RECORD;
  reader->awaited = reader->records_left < OW_FETCH_CHUNK ? reader->records_left : (uint32_t)OW_FETCH_CHUNK;
  reader->part = reader->awaited ? OW_FETCH_PART_RECORDS : OW_FETCH_PART_HMAC;
  if (reader->awaited)
    ow_intake_expect(intake, OW_WHOLE_BLOCKS(reader->awaited * octets), false);
  else
    ow_intake_expect(intake, OW_HMAC, true);
}

static enum ow_status make_chunk(struct ow_fetch_reader *reader, struct ow_failure *failure)
{
  bool departures = reader->ack.departures;
  if (departures)
    reader->departures = calloc(OW_FETCH_CHUNK, sizeof *reader->departures);
  else
    reader->chunk = calloc(OW_FETCH_CHUNK, sizeof *reader->chunk);
  return reader->departures || reader->chunk ? OW_OK : ow_fail(failure, OW_MEMORY, "no memory for records");
}

static enum ow_status read_skips(struct ow_fetch_reader *reader, struct ow_intake *intake,
                                 struct ow_failure *failure)
{
  uint32_t count = reader->ack.skip_ranges;
  enum ow_status status = OW_OK;
  reader->skipped = calloc(count ? count : 1, sizeof *reader->skipped);
  if (!reader->skipped)
    status = ow_fail(failure, OW_MEMORY, "no memory for %u skip ranges", count);
  else
    status = ow_skip_ranges_decode(ow_intake_message(intake), count, reader->request.packets, reader->skipped,
                                   failure);
  if (status == OW_OK)
    status = make_chunk(reader, failure);
  await_records(reader, intake);
  return status;
}

static void read_records(struct ow_fetch_reader *reader, struct ow_intake *intake)
{
  const uint8_t *at = ow_intake_message(intake);
  for (uint32_t i = 0; i < reader->awaited; i++)
    if (reader->ack.departures)
      ow_departure_record_decode(at + (size_t)i * OW_DEPARTURE_RECORD, &reader->departures[i]);
    else
      ow_record_decode(at + (size_t)i * OW_RECORD, &reader->chunk[i]);
  reader->chunk_count = reader->awaited;
  reader->records_left -= reader->awaited;
  await_records(reader, intake);
}

static void read_end(struct ow_fetch_reader *reader)
{
  reader->part = OW_FETCH_PART_END;
  free(reader->chunk);
  free(reader->departures);
  reader->chunk = NULL;
  reader->departures = NULL;
}

enum ow_status ow_fetch_reader_read(struct ow_fetch_reader *reader, struct ow_intake *intake,
                                    enum ow_fetch_part *read, struct ow_failure *failure)
{
  enum ow_status status = OW_OK;
  *read = reader->part;
  switch (reader->part) {
  case OW_FETCH_PART_ACK: status = read_ack(reader, intake, failure); break;
  case OW_FETCH_PART_REQUEST: status = read_request(reader, intake, failure); break;
  case OW_FETCH_PART_SLOTS: status = read_slots(reader, intake, failure); break;
  case OW_FETCH_PART_SKIPS: status = read_skips(reader, intake, failure); break;
  case OW_FETCH_PART_RECORDS: read_records(reader, intake); break;
  case OW_FETCH_PART_HMAC: read_end(reader); break;
  case OW_FETCH_PART_END: status = OW_STATE; break;
  }
  return status;
}
