/* SPDX-License-Identifier: MIT */
/* The protocols that a peer can be measured by. */
#ifndef OWAMP_WIRE_PROTOCOL_H
#define OWAMP_WIRE_PROTOCOL_H

#include <stdbool.h>
#include <stdint.h>

enum ow_protocol {
  OW_PROTOCOL_OWAMP = 0,
  OW_PROTOCOL_STAMP, /* and TWAMP Light: reflected, without a control connection */
  OW_PROTOCOL_TWAMP, /* reflected, as agreed on over a control connection */
};

/** "OWAMP", "STAMP", "TWAMP". */
const char *ow_protocol_name(enum ow_protocol protocol);
/** As options and JSON have it: "owamp", "stamp", "twamp". */
const char *ow_protocol_word(enum ow_protocol protocol);
/** Its port, as a text: "861" (TCP), "862" (STAMP's UDP, TWAMP's TCP). */
const char *ow_protocol_port(enum ow_protocol protocol);
/** The security modes that can be chosen from: a mask of enum ow_mode. Of STAMP, OWAMP's. */
uint32_t ow_protocol_modes(enum ow_protocol protocol);
/** True if each packet is answered: forward, reverse and round trip are measured at once. */
bool ow_protocol_reflects(enum ow_protocol protocol);

#endif
