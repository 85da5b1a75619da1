#include "sla/range.h"

#include <inttypes.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static enum ow_status parse_start(struct ow_piece piece, enum ow_metric metric, double *low,
                                  struct ow_failure *failure)
{
  enum ow_status status = OW_OK;
  if (piece.length == 0)
    status = ow_fail(failure, OW_INVALID, "START is missing before ':': write 0: or ~: (no lower bound)");
  else if (piece.length == 1 && piece.at[0] == '~')
    *low = -INFINITY;
  else
    status = ow_number_parse(piece, metric, low, failure);
  return status;
}

static enum ow_status parse_end(struct ow_piece piece, enum ow_metric metric, double *high,
                                struct ow_failure *failure)
{
  enum ow_status status = OW_OK;
  if (piece.length == 1 && piece.at[0] == '~')
    status = ow_fail(failure, OW_INVALID, "'~' is no END: for no upper bound write nothing after ':'");
  else
    status = ow_number_parse(piece, metric, high, failure);
  return status;
}

/* START ":" [END], or END alone. */
static enum ow_status parse_bounds(struct ow_piece piece, enum ow_metric metric, struct ow_range *range,
                                   struct ow_failure *failure)
{
  const char *colon = memchr(piece.at, ':', piece.length);
  struct ow_piece end = piece;
  enum ow_status status = OW_OK;
  /* The guidelines' bare END starts at 0; a delay may lie below that without being any worse. */
  range->low = ow_metric_needs_clock(metric) ? -INFINITY : 0;
  range->high = INFINITY;
  if (colon) {
    struct ow_piece start = {piece.at, (size_t)(colon - piece.at)};
    end = (struct ow_piece){colon + 1, piece.length - start.length - 1};
    status = parse_start(start, metric, &range->low, failure);
  }
  if (status == OW_OK && (!colon || end.length))
    status = parse_end(end, metric, &range->high, failure);
  return status;
}

enum ow_status ow_range_parse(struct ow_piece piece, enum ow_metric metric, struct ow_range *range,
                              struct ow_failure *failure)
{
  *range = (struct ow_range){.inside = piece.length > 0 && piece.at[0] == '@'};
  if (range->inside)
    piece = (struct ow_piece){piece.at + 1, piece.length - 1};
  enum ow_status status = OW_OK;
  if (piece.length == 0)
    status = ow_fail(failure, OW_INVALID, "the range is empty: write END, START: or START:END");
  else
    status = parse_bounds(piece, metric, range, failure);
  if (status == OW_OK && range->low > range->high)
    status = ow_fail(failure, OW_INVALID, "START is above END: write the smaller bound first");
  return status;
}

/* Fixed notation to 10^-9 without trailing zeros. Not %g, which writes the locale's decimal point. */
static void print_bound(char *out, size_t size, double bound)
{
  double magnitude = fabs(bound) < 1e18 ? fabs(bound) : 1e18;
  uint64_t whole = (uint64_t)magnitude;
  uint64_t billionths = (uint64_t)((magnitude - (double)whole) * 1e9 + 0.5);
  whole += billionths / 1000000000;
  billionths %= 1000000000;
  int length = snprintf(out, size, "%s%" PRIu64 ".%09" PRIu64, bound < 0 ? "-" : "", whole, billionths);
  while (out[length - 1] == '0')
    length--;
  if (out[length - 1] == '.')
    length--;
  out[length] = '\0';
}

const char *ow_range_print(char *out, size_t size, struct ow_range range)
{
  char low[OW_RANGE_TEXT / 2] = "~";
  char high[OW_RANGE_TEXT / 2] = "";
  if (!isinf(range.low))
    print_bound(low, sizeof low, range.low);
  if (!isinf(range.high))
    print_bound(high, sizeof high, range.high);
  snprintf(out, size, "%s%s:%s", range.inside ? "@" : "", low, high);
  return out;
}
