/* SPDX-License-Identifier: MIT */
/* Names and ports. */
#include "wire/protocol.h"

#include "wire/mode.h"

static const struct {
  const char *name;
  const char *word;
} names[] = {
    [OW_PROTOCOL_OWAMP] = {"OWAMP", "owamp"},
    [OW_PROTOCOL_STAMP] = {"STAMP", "stamp"},
    [OW_PROTOCOL_TWAMP] = {"TWAMP", "twamp"},
};

const char *ow_protocol_name(enum ow_protocol protocol)
{
  return names[protocol].name;
}

const char *ow_protocol_word(enum ow_protocol protocol)
{
  return names[protocol].word;
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
