/* SPDX-License-Identifier: MIT */
/* Names of modes, the strongest of some, and sentences for Accept values. */
#include "wire/mode.h"

#include <stddef.h>
#include <string.h>

const char *ow_mode_name(enum ow_mode mode)
{
  const char *name = "none";
  switch (mode) {
  case OW_MODE_NONE: break;
  case OW_MODE_OPEN: name = "open"; break;
  case OW_MODE_AUTHENTICATED: name = "authenticated"; break;
  case OW_MODE_ENCRYPTED: name = "encrypted"; break;
  case OW_MODE_MIXED: name = "mixed"; break;
  }
  return name;
}

enum ow_mode ow_mode_from_name(const char *name)
{
  static const enum ow_mode modes[] = {OW_MODE_OPEN, OW_MODE_AUTHENTICATED, OW_MODE_ENCRYPTED, OW_MODE_MIXED};
  enum ow_mode found = OW_MODE_NONE;
  for (size_t i = 0; i < sizeof modes / sizeof *modes; i++)
    if (strcmp(name, ow_mode_name(modes[i])) == 0)
      found = modes[i];
  return found;
}

enum ow_mode ow_mode_strongest(uint32_t modes)
{
  enum ow_mode strongest = OW_MODE_NONE;
  if (modes & OW_MODE_ENCRYPTED)
    strongest = OW_MODE_ENCRYPTED;
  else if (modes & OW_MODE_AUTHENTICATED)
    strongest = OW_MODE_AUTHENTICATED;
  else if (modes & OW_MODE_MIXED)
    strongest = OW_MODE_MIXED;
  else if (modes & OW_MODE_OPEN)
    strongest = OW_MODE_OPEN;
  return strongest;
}

enum ow_mode ow_mode_of_packets(enum ow_mode mode)
{
  return mode == OW_MODE_MIXED ? OW_MODE_OPEN : mode;
}

enum ow_accept ow_accept_from_wire(uint8_t value)
{
  return value <= OW_ACCEPT_TEMPORARY_LIMIT ? (enum ow_accept)value : OW_ACCEPT_UNASSIGNED;
}

const char *ow_accept_text(enum ow_accept accept)
{
  const char *text = "a failure, no reason given (Accept 1)";
  switch (accept) {
  case OW_ACCEPT_OK: text = "accepted (Accept 0)"; break;
  case OW_ACCEPT_FAILURE: break;
  case OW_ACCEPT_INTERNAL_ERROR: text = "an internal error (Accept 2)"; break;
  case OW_ACCEPT_NOT_SUPPORTED: text = "some aspect of the request is not supported (Accept 3)"; break;
  case OW_ACCEPT_PERMANENT_LIMIT: text = "a permanent resource limit (Accept 4)"; break;
  case OW_ACCEPT_TEMPORARY_LIMIT: text = "a temporary resource limit (Accept 5)"; break;
  case OW_ACCEPT_UNASSIGNED: text = "a failure by a number that means nothing (Accept above 5)"; break;
  }
  return text;
}
