/* SPDX-License-Identifier: MIT */
/*
 * TWAMP-Control's own messages: Request-TW-Session (RFC 5357, 3.5), what Accept-Session has beyond OWAMP's
 * (RFC 6038, 3), and Stop-Sessions, which has no descriptions (RFC 5357, 3.8). Start-Sessions and Start-Ack
 * are OWAMP's (wire/start_stop.h), as is all of the set-up (wire/setup.h).
 */
#ifndef OWAMP_WIRE_TW_REQUEST_H
#define OWAMP_WIRE_TW_REQUEST_H

#include <stdint.h>

#include "base/status.h"
#include "time/timestamp.h"
#include "wire/endpoint.h"
#include "wire/session_request.h"
#include "wire/start_stop.h"

enum { OW_REQUEST_TW_SESSION = 96 /* without its HMAC */ };

/** A test session, of which the client is the Session-Sender and the server the Session-Reflector. */
struct ow_tw_request {
  struct ow_endpoint sender;
  struct ow_endpoint receiver; /* its port is a wish */
  uint32_t padding;            /* octets behind the sender's own */
  struct ow_timestamp start;
  struct ow_span timeout; /* how long the reflector goes on after Stop-Sessions */
  uint32_t type_p;        /* of packets both ways */
  /* With OW_TWAMP_REFLECT, else zero: */
  uint16_t reflected_octets; /* what Accept-Session repeats */
  uint16_t reflected_length; /* of padding that comes back */
};

void ow_tw_request_encode(const struct ow_tw_request *request, uint8_t out[OW_REQUEST_TW_SESSION]);
/**
 * OW_PROTOCOL, with the field named, if IPVN is unknown, or a role or a number of slots or packets isn't
 * zero.
 */
enum ow_status ow_tw_request_decode(const uint8_t in[OW_REQUEST_TW_SESSION], struct ow_tw_request *request,
                                    struct ow_failure *failure) OW_MUST_CHECK;

/** Accept-Session; `reflected_octets` and `server_octets` are zero without OW_TWAMP_REFLECT. */
struct ow_tw_acceptance {
  struct ow_session_acceptance session; /* its port is 0 if refused */
  uint16_t reflected_octets;            /* the request's */
  uint16_t server_octets;               /* that lead the padding to be reflected, if not 0 */
};

void ow_tw_acceptance_encode(const struct ow_tw_acceptance *acceptance, uint8_t out[OW_ACCEPT_SESSION]);
void ow_tw_acceptance_decode(const uint8_t in[OW_ACCEPT_SESSION], struct ow_tw_acceptance *acceptance);

#endif
