/* SPDX-License-Identifier: MIT */
/* Text is told from a greeting by its first octets, and quoted up to the end of its line. */
#include "control/stranger.h"

enum { LEAST = 4, QUOTED = 48 };

static bool ends_line(uint8_t octet)
{
  return octet == '\r' || octet == '\n' || octet == '\0';
}

static bool is_text(uint8_t octet)
{
  return (octet >= ' ' && octet <= '~') || octet == '\r' || octet == '\n' || octet == '\t';
}

bool ow_stranger_speaks(const uint8_t *octets, size_t count)
{
  size_t most = count < OW_STRANGER_CERTAIN ? count : OW_STRANGER_CERTAIN;
  bool text = count >= LEAST;
  for (size_t i = 0; i < most && text; i++)
    text = is_text(octets[i]);
  return text;
}

enum ow_status ow_stranger_explain(enum ow_protocol protocol, const uint8_t *octets, size_t count,
                                   struct ow_failure *failure)
{
  char line[QUOTED + 1];
  size_t length = 0;
  while (length < count && length < QUOTED && !ends_line(octets[length]))
    length++;
  ow_printable(line, sizeof line, octets, length);
  for (size_t i = 0; i < length; i++)
    if (line[i] == '"')
      line[i] = '\'';
  return ow_fail(failure, OW_PROTOCOL, "this is no %s server: it greets with \"%s\"; correct the port",
                 ow_protocol_name(protocol), line);
}
