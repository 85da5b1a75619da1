/* SPDX-License-Identifier: MIT */
/* The protocols that a peer can be measured by. */
#ifndef OWAMP_WIRE_PROTOCOL_H
#define OWAMP_WIRE_PROTOCOL_H

enum ow_protocol {
  OW_PROTOCOL_OWAMP = 0,
  OW_PROTOCOL_STAMP, /* and TWAMP Light: reflected, without a control connection */
};

/** "OWAMP", "STAMP". */
const char *ow_protocol_name(enum ow_protocol protocol);
/** Its port, as a text: "861" (TCP), "862" (UDP). */
const char *ow_protocol_port(enum ow_protocol protocol);

#endif
