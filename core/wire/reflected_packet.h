/* SPDX-License-Identifier: MIT */
/*
 * What a reflected packet tells, and where: TWAMP-Test's (RFC 5357, 4.2.1) and STAMP's (RFC 8762, 4.3) have
 * it at the same octets. What protects it, and how long it is, is each protocol's own.
 */
#ifndef OWAMP_WIRE_REFLECTED_PACKET_H
#define OWAMP_WIRE_REFLECTED_PACKET_H

#include <stdbool.h>
#include <stdint.h>

#include "time/error_estimate.h"
#include "time/timestamp.h"

/** The two layouts: without protection, and with room for it. */
enum ow_reflected_layout { OW_REFLECTED_OPEN, OW_REFLECTED_KEYED };

/** Octets that are read and written of each; the keyed one's HMAC follows. */
enum { OW_REFLECTED_OPEN_OCTETS = 41, OW_REFLECTED_KEYED_OCTETS = 81 };

/** Four stamps, but the last, which the sender takes itself. */
struct ow_reflection {
  uint32_t sequence;            /* the reflector's own; the sender's again, if it is a stateless one */
  struct ow_timestamp sent;     /* T3 */
  uint16_t error;               /* of T3, and of T2: as on the wire, see ow_reflection_stamps() */
  uint16_t ssid;                /* RFC 8972, 3; zero in TWAMP */
  struct ow_timestamp received; /* T2 */
  uint32_t sender_sequence;
  struct ow_timestamp sender_sent; /* T1 */
  struct ow_error_estimate sender_error;
  uint8_t sender_ttl; /* as it came to the reflector; 255 if it doesn't know */
  uint8_t sender_tos; /* DSCP and ECN as they came (RFC 7750); only TWAMP's codec has them, where agreed on */
};

/** Write it into `out`, whose other octets are left as they are. */
void ow_reflection_write(enum ow_reflected_layout layout, const struct ow_reflection *reflection,
                         uint8_t *out);
void ow_reflection_read(enum ow_reflected_layout layout, const uint8_t *in, struct ow_reflection *reflection);

/**
 * A stamp that this answer carries, as 32.32 seconds: also a follow-up's, which has the format of the
 * answer's own (RFC 8972, 4.7).
 */
struct ow_timestamp ow_reflection_time(const struct ow_reflection *reflection, struct ow_timestamp stamp);

/**
 * The reflector's stamps as 32.32 seconds, and their error. With the estimate's Z bit they came as PTPv2's
 * (RFC 8186): seconds since 1970 and nanoseconds, which are turned into what they would be in UTC, had PTP
 * its time scale; by IEEE 1588 it is TAI, 37 s ahead. True if they came so. Stamps of zero stay zero.
 */
bool ow_reflection_stamps(struct ow_reflection *reflection, struct ow_error_estimate *error);

#endif
