/* SPDX-License-Identifier: MIT */
/* One reader of LOW-HIGH; what is allowed beyond that depends on who asks. */
#include "text/port_range.h"

#include <string.h>

#include "text/number.h"

/* How many digits LOW may have, and HIGH in what people configure of a peer: a limit on zeros before it. */
enum { LOW_DIGITS = 7, HIGH_DIGITS = 10 };

struct ends {
  struct ow_digits low;
  struct ow_digits high;
};

/* From 0 to 65535. */
static bool read_ends(const char *text, struct ends *ends)
{
  ends->low = ends->high = ow_digits_read(ow_piece_of(text));
  const char *rest = text + ends->low.count;
  if (*rest == '-') {
    ends->high = ow_digits_read(ow_piece_of(rest + 1));
    rest += 1 + ends->high.count;
  }
  return *rest == '\0' && ends->low.count > 0 && ends->low.count <= LOW_DIGITS && ends->high.count > 0 &&
         ends->low.value <= ends->high.value && ends->high.value <= UINT16_MAX;
}

static void take_ends(const struct ends *ends, uint16_t *low, uint16_t *high)
{
  *low = (uint16_t)ends->low.value;
  *high = (uint16_t)ends->high.value;
}

enum ow_status ow_port_range_parse(const char *text, uint16_t *low, uint16_t *high,
                                   struct ow_failure *failure)
{
  char shown[32];
  struct ends ends;
  enum ow_status status = OW_OK;
  if (!read_ends(text, &ends) || ends.low.value == 0 || ends.high.count > HIGH_DIGITS)
    status = ow_fail(failure, OW_INVALID,
                     "'%s' is not a range of ports: write LOW-HIGH, as in 8760-9960, from 1 to 65535",
                     ow_printable(shown, sizeof shown, text, strlen(text)));
  else
    take_ends(&ends, low, high);
  return status;
}

bool ow_port_range_or_any_parse(const char *text, uint16_t *low, uint16_t *high)
{
  struct ends ends;
  bool right = read_ends(text, &ends) && (ends.low.value > 0 || ends.high.value == 0);
  if (right)
    take_ends(&ends, low, high);
  return right;
}
