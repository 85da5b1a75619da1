/* SPDX-License-Identifier: MIT */
/*
 * Security modes (RFC 4656, 3.1; the mixed one RFC 5618, 2), TWAMP's features beside them in the same field,
 * and the Accept values (RFC 4656, 3.3).
 */
#ifndef OWAMP_WIRE_MODE_H
#define OWAMP_WIRE_MODE_H

#include <stdint.h>

/** One bit each, as in the greeting's Modes. */
enum ow_mode {
  OW_MODE_NONE = 0, /* the side that says it gives up */
  OW_MODE_OPEN = 1,
  OW_MODE_AUTHENTICATED = 2,
  OW_MODE_ENCRYPTED = 4,
  OW_MODE_MIXED = 8, /* TWAMP's: the control connection as encrypted, the test packets as open */
};

enum {
  OW_MODES_ALL = OW_MODE_OPEN | OW_MODE_AUTHENTICATED | OW_MODE_ENCRYPTED, /* OWAMP's */
  OW_TWAMP_MODES = OW_MODES_ALL | OW_MODE_MIXED,
};

/** Bits of the greeting's Modes that are no modes: any number of those offered may be chosen beside one. */
enum ow_twamp_feature {
  OW_TWAMP_INDIVIDUAL = 16,  /* sessions started and stopped one by one (RFC 5938) */
  OW_TWAMP_REFLECT = 32,     /* octets of the padding reflected (RFC 6038, 3) */
  OW_TWAMP_SYMMETRICAL = 64, /* packets of the same size both ways (RFC 6038, 3) */
  OW_TWAMP_IKE = 128,        /* keys of an IKEv2 SA (RFC 7717) */
  OW_TWAMP_DSCP_ECN = 256,   /* DSCP and ECN as they came are reflected (RFC 7750) */
  OW_TWAMP_PTP = 512,        /* PTPv2's time (RFC 8186) */
};

enum ow_accept {
  OW_ACCEPT_OK = 0,
  OW_ACCEPT_FAILURE = 1,
  OW_ACCEPT_INTERNAL_ERROR = 2,
  OW_ACCEPT_NOT_SUPPORTED = 3,
  OW_ACCEPT_PERMANENT_LIMIT = 4,
  OW_ACCEPT_TEMPORARY_LIMIT = 5,
  OW_ACCEPT_UNASSIGNED, /* as it is read: any value beyond */
};

/** "open", "authenticated", "encrypted", "mixed" (or "none"). */
const char *ow_mode_name(enum ow_mode mode);
/** The mode of that name, or OW_MODE_NONE. */
enum ow_mode ow_mode_from_name(const char *name);
/** The strongest of a mask of modes. */
enum ow_mode ow_mode_strongest(uint32_t modes);
/** How the test packets of a control connection's mode are protected. */
enum ow_mode ow_mode_of_packets(enum ow_mode mode);

/** An octet from the wire: anything that is not assigned is a failure, OW_ACCEPT_UNASSIGNED. */
enum ow_accept ow_accept_from_wire(uint8_t value);
/** What the value says, in words: "a temporary resource limit (Accept 5)". */
const char *ow_accept_text(enum ow_accept accept);

#endif
