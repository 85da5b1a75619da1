/* SPDX-License-Identifier: MIT */
/* Names and ports. */
#include "wire/protocol.h"

const char *ow_protocol_name(enum ow_protocol protocol)
{
  return protocol == OW_PROTOCOL_STAMP ? "STAMP" : "OWAMP";
}

const char *ow_protocol_port(enum ow_protocol protocol)
{
  return protocol == OW_PROTOCOL_STAMP ? "862" : "861";
}
