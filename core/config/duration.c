#include "config/peer.h"

#include <string.h>

static const char digits[] = "0123456789";

/* Digits behind the point count down to 10^-9 of the unit. */
struct decimal {
  int64_t whole;
  int64_t billionths;
};

/* Reads "12", "12.5" or ".5" and leaves `at` behind it. False: no digit, or beyond any duration. */
static bool read_decimal(const char **at, struct decimal *value)
{
  size_t count = 0;
  for (; **at && strchr(digits, **at); ++*at, count++) {
    if (value->whole <= OW_LONGEST_DURATION)
      value->whole = 10 * value->whole + (**at - '0');
  }
  if (**at == '.') {
    int64_t weight = OW_NS_PER_S / 10;
    for (++*at; **at && strchr(digits, **at); ++*at, count++, weight /= 10)
      value->billionths += weight * (**at - '0');
  }
  return count > 0 && value->whole <= OW_LONGEST_DURATION;
}

/* Nanoseconds of a unit, or 0. */
static int64_t unit_ns(const char *unit)
{
  int64_t ns = 0;
  if (strcmp(unit, "us") == 0)
    ns = 1000;
  else if (strcmp(unit, "ms") == 0)
    ns = OW_NS_PER_MS;
  else if (strcmp(unit, "s") == 0)
    ns = OW_NS_PER_S;
  return ns;
}

enum ow_status ow_peer_parse_duration(const char *text, int64_t *nanoseconds, struct ow_failure *failure)
{
  char shown[64];
  const char *at = text;
  struct decimal value = {0, 0};
  bool right = read_decimal(&at, &value);
  int64_t unit = unit_ns(at);
  int64_t ns = 0;
  if (right && unit > 0 && value.whole <= OW_LONGEST_DURATION / unit)
    ns = value.whole * unit + value.billionths * unit / OW_NS_PER_S;

  enum ow_status status = OW_OK;
  if (ns <= 0 || ns > OW_LONGEST_DURATION)
    status =
        ow_fail(failure, OW_INVALID,
                "'%s' is not a duration: write a positive number and its unit, as in 500us, 10ms or 2.5s; "
                "at most 86400s",
                ow_printable(shown, sizeof shown, text, strlen(text)));
  else
    *nanoseconds = ns;
  return status;
}
