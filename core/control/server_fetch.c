/* SPDX-License-Identifier: MIT */
/* The answer to a Fetch-Session: records are gathered to whole blocks. */
#include <stdlib.h>
#include <string.h>

#include "control/server.h"
#include "control/server_machine.h"

enum { RECORDS_AT_ONCE = 160 /* a multiple of what fills whole blocks exactly */ };

/* What is pending, padded to whole blocks; after the last record, the HMAC. */
static void flush_records(struct ow_server *server, struct ow_instant now)
{
  size_t used = server->records_pending * server->record_octets;
  size_t octets = OW_WHOLE_BLOCKS(used);
  if (used) {
    memset(server->pending + used, 0, octets - used);
    ow_outbox_blocks(&server->outbox, server->pending, octets);
  }
  server->records_pending = 0;
  if (server->records_left == 0) {
    free(server->pending);
    server->pending = NULL;
    ow_outbox_hmac(&server->outbox);
    ow_server_await_command(server, now);
  }
}

enum ow_status ow_server_begin_fetch(struct ow_server *server, struct ow_instant now,
                                     const struct ow_fetch_ack *ack, const struct ow_session_request *request,
                                     const struct ow_slot *slots, const struct ow_skip_range *skipped)
{
  uint8_t octets[OW_FETCH_ACK];
  if (server->state != OW_SERVER_DECIDE_FETCH)
    return OW_STATE;
  if (ack->accept == OW_ACCEPT_OK && ack->records && !(server->pending = malloc(RECORDS_AT_ONCE * OW_RECORD)))
    return OW_MEMORY;
  ow_fetch_ack_encode(ack, octets);
  ow_outbox_message(&server->outbox, octets, sizeof octets);
  if (ack->accept == OW_ACCEPT_OK) {
    ow_outbox_session_request(&server->outbox, request, slots);
    ow_outbox_skip_ranges(&server->outbox, skipped, ack->skip_ranges);
    ow_server_enter(server, OW_SERVER_FETCHING, now);
    server->records_left = ack->records;
    server->records_pending = 0;
    server->record_octets = ack->departures ? OW_DEPARTURE_RECORD : OW_RECORD;
    if (ack->records == 0)
      flush_records(server, now);
  } else {
    ow_server_await_command(server, now);
  }
  return server->outbox.status;
}

/* Where the next record goes; NULL if it isn't one of `octets` that is awaited. */
static uint8_t *place_of_record(struct ow_server *server, size_t octets)
{
  bool awaited = server->state == OW_SERVER_FETCHING && server->record_octets == octets;
  return awaited ? server->pending + server->records_pending * octets : NULL;
}

static enum ow_status record_written(struct ow_server *server, struct ow_instant now)
{
  server->records_pending++;
  server->records_left--;
  if (server->records_pending == RECORDS_AT_ONCE || server->records_left == 0)
    flush_records(server, now);
  return server->outbox.status;
}

enum ow_status ow_server_fetch_record(struct ow_server *server, struct ow_instant now,
                                      const struct ow_sample *record)
{
  uint8_t *at = place_of_record(server, OW_RECORD);
  if (!at)
    return OW_STATE;
  ow_record_encode(record, at);
  return record_written(server, now);
}

enum ow_status ow_server_fetch_departure(struct ow_server *server, struct ow_instant now,
                                         const struct ow_departure_record *record)
{
  uint8_t *at = place_of_record(server, OW_DEPARTURE_RECORD);
  if (!at)
    return OW_STATE;
  ow_departure_record_encode(record, at);
  return record_written(server, now);
}
