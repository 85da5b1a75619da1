/* SPDX-License-Identifier: MIT */
/* Fetch-Session, Fetch-Ack and packet records (RFC 4656, 3.9), without their HMACs. */
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
};

#define OW_FETCH_TO_END UINT32_MAX

struct ow_fetch_request {
  uint32_t begin; /* first sequence number, and */
  uint32_t end;   /* the last; 0 and OW_FETCH_TO_END ask for the whole session */
  struct ow_sid sid;
};

void ow_fetch_request_encode(const struct ow_fetch_request *request, uint8_t out[OW_FETCH_SESSION]);
void ow_fetch_request_decode(const uint8_t in[OW_FETCH_SESSION], struct ow_fetch_request *request);

struct ow_fetch_ack {
  enum ow_accept accept;
  bool finished;
  uint32_t next_sequence;
  uint32_t skip_ranges;
  uint32_t records;
};

void ow_fetch_ack_encode(const struct ow_fetch_ack *ack, uint8_t out[OW_FETCH_ACK]);
void ow_fetch_ack_decode(const uint8_t in[OW_FETCH_ACK], struct ow_fetch_ack *ack);

void ow_record_encode(const struct ow_sample *sample, uint8_t out[OW_RECORD]);
void ow_record_decode(const uint8_t in[OW_RECORD], struct ow_sample *sample);

#endif
