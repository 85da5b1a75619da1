/* SPDX-License-Identifier: MIT */
/* Names and ports. */
#include "wire/protocol.h"

#include "wire/mode.h"

const char *ow_protocol_name(enum ow_protocol protocol)
{
  const char *name = "OWAMP";
  switch (protocol) {
  case OW_PROTOCOL_OWAMP: break;
  case OW_PROTOCOL_STAMP: name = "STAMP"; break;
  case OW_PROTOCOL_TWAMP: name = "TWAMP"; break;
  }
  return name;
}

const char *ow_protocol_port(enum ow_protocol protocol)
{
  return ow_protocol_reflects(protocol) ? "862" : "861";
}

uint32_t ow_protocol_modes(enum ow_protocol protocol)
{
  return protocol == OW_PROTOCOL_TWAMP ? OW_TWAMP_MODES : OW_MODES_ALL;
}

bool ow_protocol_reflects(enum ow_protocol protocol)
{
  return protocol != OW_PROTOCOL_OWAMP;
}
