/* SPDX-License-Identifier: MIT */
/* Request-Session with its schedule, and Accept-Session (RFC 4656, 3.5). */
#ifndef OWAMP_WIRE_SESSION_REQUEST_H
#define OWAMP_WIRE_SESSION_REQUEST_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "base/units.h"
#include "crypto/keys.h"
#include "schedule/slot.h"
#include "wire/endpoint.h"
#include "wire/mode.h"

enum {
  OW_REQUEST_SESSION = 96, /* without its HMAC */
  OW_SLOT = 16,
  OW_ACCEPT_SESSION = 32, /* without its HMAC */
};

/*
 * What one session can be here, whichever end of it is ours. A message could say more; see also OW_SLOTS_MOST
 * and OW_PADDING_MOST.
 */
enum {
  OW_PACKETS_MOST = 25 * 1000 * 1000, /* of one that is configured here */
  OW_OUTSTANDING_MOST = 1 << 20,      /* packets within one loss timeout, which a receiver keeps track of */
};
#define OW_LOSS_TIMEOUT_MOST (86400 * OW_NS_PER_S)

/** What a test session is. The fields of the message, but for the slots, which follow it. */
struct ow_session_request {
  bool server_sends;    /* Conf-Sender */
  bool server_receives; /* Conf-Receiver; exactly one of both */
  uint32_t slot_count;
  uint32_t packets;
  struct ow_endpoint sender;
  struct ow_endpoint receiver;
  struct ow_sid sid; /* zero where the server is to make it */
  uint32_t padding;  /* octets behind the packet's own */
  struct ow_timestamp start;
  struct ow_span timeout; /* loss threshold */
  uint32_t type_p;
};

void ow_session_request_encode(const struct ow_session_request *request, uint8_t out[OW_REQUEST_SESSION]);
/**
 * OW_PROTOCOL, with the field named, if IPVN, the Conf fields, or the number of slots or packets are
 * impossible.
 */
enum ow_status ow_session_request_decode(const uint8_t in[OW_REQUEST_SESSION],
                                         struct ow_session_request *request,
                                         struct ow_failure *failure) OW_MUST_CHECK;

void ow_slot_encode(const struct ow_slot *slot, uint8_t out[OW_SLOT]);
/** OW_PROTOCOL if the slot's type is unknown. */
enum ow_status ow_slot_decode(const uint8_t in[OW_SLOT], struct ow_slot *slot,
                              struct ow_failure *failure) OW_MUST_CHECK;

/**
 * Type-P Descriptor of a DSCP (0 to 63), and back; false if the descriptor isn't a plain DSCP (RFC 4656,
 * 3.5).
 */
uint32_t ow_type_p_from_dscp(uint8_t dscp);
bool ow_type_p_to_dscp(uint32_t type_p, uint8_t *dscp) OW_MUST_CHECK;

struct ow_session_acceptance {
  enum ow_accept accept;
  uint16_t port; /* the one that the server's end uses */
  struct ow_sid sid;
};

void ow_session_acceptance_encode(const struct ow_session_acceptance *acceptance,
                                  uint8_t out[OW_ACCEPT_SESSION]);
void ow_session_acceptance_decode(const uint8_t in[OW_ACCEPT_SESSION],
                                  struct ow_session_acceptance *acceptance);

#endif
