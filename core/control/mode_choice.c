/* SPDX-License-Identifier: MIT */
/* The strongest common mode, or both sides' in words. */
#include "control/mode_choice.h"

#include <string.h>

#include "base/cursor.h"

static uint32_t usable_modes(const struct ow_mode_limits *limits)
{
  return limits->modes & (limits->keyed ? ow_protocol_modes(limits->protocol) : (uint32_t)OW_MODE_OPEN);
}

static const char *modes_text(uint32_t modes, char *out, size_t size)
{
  struct ow_writer writer = ow_writer(out, size - 1);
  static const enum ow_mode each[] = {OW_MODE_OPEN, OW_MODE_AUTHENTICATED, OW_MODE_ENCRYPTED, OW_MODE_MIXED};
  for (size_t i = 0; i < sizeof each / sizeof *each; i++) {
    const char *name = ow_mode_name(each[i]);
    if (modes & each[i]) {
      ow_write_octets(&writer, ", ", writer.at == (uint8_t *)out ? 0 : 2);
      ow_write_octets(&writer, name, strlen(name));
    }
  }
  *writer.at = '\0';
  return out[0] ? out : "none";
}

enum ow_status ow_mode_choose(uint32_t offered, const struct ow_mode_limits *limits, enum ow_mode *mode,
                              struct ow_failure *failure)
{
  char theirs[64];
  char ours[64];
  enum ow_status status = OW_OK;
  uint32_t usable = usable_modes(limits);
  *mode = ow_mode_strongest(offered & usable);
  if ((offered & ow_protocol_modes(limits->protocol)) == 0)
    status = ow_fail(failure, OW_REFUSED, "the server refuses to talk to this address (it offers no mode)");
  else if (*mode == OW_MODE_NONE)
    status = ow_fail(failure, OW_REFUSED, "no common mode: the server offers %s, we may use %s; %s",
                     modes_text(offered & ow_protocol_modes(limits->protocol), theirs, sizeof theirs),
                     modes_text(usable, ours, sizeof ours),
                     usable & ~(uint32_t)OW_MODE_OPEN ? "allow one of the server's"
                                                      : "a KeyID and its key are needed");
  return status;
}
