/* SPDX-License-Identifier: MIT */
/* A table of names; otherwise a number, decimal or hexadecimal, up to 63. */
#include "text/dscp.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "text/hex.h"
#include "text/number.h"
#include "text/word.h"

/* RFC 2474, 2597, 3246, 5865 and 8622, as IANA's registry names them; BE is what routers call DF. */
static const struct {
  char name[5];
  uint8_t dscp;
} names[] = {
    {"DF", 0},    {"BE", 0},    {"LE", 1},    {"CS0", 0},   {"CS1", 8},   {"CS2", 16},  {"CS3", 24},
    {"CS4", 32},  {"CS5", 40},  {"CS6", 48},  {"CS7", 56},  {"AF11", 10}, {"AF12", 12}, {"AF13", 14},
    {"AF21", 18}, {"AF22", 20}, {"AF23", 22}, {"AF31", 26}, {"AF32", 28}, {"AF33", 30}, {"AF41", 34},
    {"AF42", 36}, {"AF43", 38}, {"VA", 44},   {"EF", 46},
};

static bool find_name(const char *text, uint8_t *dscp)
{
  bool found = false;
  for (size_t i = 0; i < sizeof names / sizeof *names && !found; i++) {
    found = ow_same_word(text, names[i].name);
    if (found)
      *dscp = names[i].dscp;
  }
  return found;
}

/* "0x" and one or two hexadecimal digits. */
static bool read_hex(const char *text, uint32_t *value)
{
  bool right = text[0] == '0' && ow_lower(text[1]) == 'x' && text[2] && strlen(text) <= 4;
  uint32_t sum = 0;
  for (size_t i = 2; right && text[i]; i++) {
    int digit = ow_hex_digit(text[i]);
    right = digit >= 0;
    sum = 16 * sum + (right ? (uint32_t)digit : 0);
  }
  *value = sum;
  return right && sum <= OW_DSCP_MOST;
}

enum ow_status ow_dscp_parse(const char *text, uint8_t *dscp, struct ow_failure *failure)
{
  char shown[32];
  uint32_t number = 0;
  enum ow_status status = OW_OK;
  if (read_hex(text, &number) || ow_number_parse(text, 0, OW_DSCP_MOST, &number, NULL) == OW_OK)
    *dscp = (uint8_t)number;
  else if (!find_name(text, dscp))
    status =
        ow_fail(failure, OW_INVALID, "'%s' is not a DSCP: write 0 to 63, or a name such as EF, AF41 or CS1",
                ow_printable(shown, sizeof shown, text, strlen(text)));
  return status;
}
