/* SPDX-License-Identifier: MIT */
/*
 * Fetch-Session, Fetch-Ack and packet records (RFC 4656, 3.9), without their HMACs; and the departures of a
 * session that the server sends, which docs/protocol-extensions.md specifies.
 */
#ifndef OWAMP_WIRE_FETCH_H
#define OWAMP_WIRE_FETCH_H

#include <stdbool.h>
#include <stdint.h>

#include "crypto/keys.h"
#include "time/sample.h"
#include "wire/mode.h"

enum {
  OW_FETCH_SESSION = 32,
  OW_FETCH_ACK = 16,
  OW_RECORD = 25,
  OW_DEPARTURE_RECORD = 12, /* 4 of them fill 3 blocks exactly */
};

#define OW_FETCH_TO_END UINT32_MAX

struct ow_fetch_request {
  uint32_t begin; /* first sequence number, and */
  uint32_t end;   /* the last; 0 and OW_FETCH_TO_END ask for the whole session */
  struct ow_sid sid;
  bool departures; /* marked: asks for the departures of a session that the server sends */
};

void ow_fetch_request_encode(const struct ow_fetch_request *request, uint8_t out[OW_FETCH_SESSION]);
void ow_fetch_request_decode(const uint8_t in[OW_FETCH_SESSION], struct ow_fetch_request *request);

struct ow_fetch_ack {
  enum ow_accept accept;
  bool finished; /* so that it is known how many packets there were */
  uint32_t next_sequence;
  uint32_t skip_ranges;
  uint32_t records;
  bool departures; /* marked: a server that knows the mark answers; if accepted, the records are departures */
};

void ow_fetch_ack_encode(const struct ow_fetch_ack *ack, uint8_t out[OW_FETCH_ACK]);
void ow_fetch_ack_decode(const uint8_t in[OW_FETCH_ACK], struct ow_fetch_ack *ack);

void ow_record_encode(const struct ow_sample *sample, uint8_t out[OW_RECORD]);
void ow_record_decode(const uint8_t in[OW_RECORD], struct ow_sample *sample);

/** What took the stamp of a departure, as it is on the wire. */
enum ow_departure_source { OW_DEPARTURE_BY_KERNEL = 1, OW_DEPARTURE_BY_HARDWARE = 2 };

/** When a packet really left, as its sender learnt after it was gone. */
struct ow_departure_record {
  uint32_t sequence;
  int32_t offset;                 /* ns after the Timestamp that the packet bears; negative: before it */
  struct ow_error_estimate error; /* of the departure */
  uint8_t source;                 /* enum ow_departure_source; others may come from the wire */
};

void ow_departure_record_encode(const struct ow_departure_record *record, uint8_t out[OW_DEPARTURE_RECORD]);
void ow_departure_record_decode(const uint8_t in[OW_DEPARTURE_RECORD], struct ow_departure_record *record);

#endif
