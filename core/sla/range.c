/* SPDX-License-Identifier: MIT */
/* START and END are read by the metric's unit; '@' turns the range around. */
#include "sla/range.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "sla/number.h"
#include "text/decimal.h"

static enum ow_status parse_start(struct ow_piece piece, enum ow_metric metric, double *low,
                                  struct ow_failure *failure)
{
  enum ow_status status = OW_OK;
  if (piece.length == 1 && piece.at[0] == '~')
    *low = -INFINITY;
  else if (piece.at[0] == '/')
    status = ow_fail(failure, OW_INVALID, "the shell has made a folder of '~': write the list in quotes");
  else
    status = ow_metric_number_parse(piece, metric, low, failure);
  return status;
}

static enum ow_status parse_end(struct ow_piece piece, enum ow_metric metric, double *high,
                                struct ow_failure *failure)
{
  enum ow_status status = OW_OK;
  if (piece.length == 1 && piece.at[0] == '~')
    status = ow_fail(failure, OW_INVALID, "'~' is no END: for no upper bound write nothing after ':'");
  else
    status = ow_metric_number_parse(piece, metric, high, failure);
  return status;
}

/* START ":" [END], or END alone; ":END" is END, as other plugins read it. */
static enum ow_status parse_bounds(struct ow_piece piece, enum ow_metric metric, struct ow_range *range,
                                   struct ow_failure *failure)
{
  const char *colon = memchr(piece.at, ':', piece.length);
  struct ow_piece end = piece;
  enum ow_status status = OW_OK;
  if (colon == piece.at && piece.length > 1) {
    end = (struct ow_piece){colon + 1, piece.length - 1};
    colon = NULL;
  }
  /* The guidelines' bare END starts at 0; a delay may lie below that without being any worse. */
  range->low = ow_metric_signed(metric) ? -INFINITY : 0;
  range->high = INFINITY;
  if (colon) {
    struct ow_piece start = {piece.at, (size_t)(colon - piece.at)};
    end = (struct ow_piece){colon + 1, piece.length - start.length - 1};
    status = parse_start(start, metric, &range->low, failure);
  }
  if (status == OW_OK && (!colon || end.length))
    status = parse_end(end, metric, &range->high, failure);
  if (status == OW_OK && !colon && metric == OW_METRIC_ASYMMETRY && range->high > 0)
    range->low = -range->high;
  else if (status == OW_OK && !colon && metric == OW_METRIC_ASYMMETRY)
    range->low = 0;
  return status;
}

enum ow_status ow_range_parse(struct ow_piece piece, enum ow_metric metric, struct ow_range *range,
                              struct ow_failure *failure)
{
  *range = (struct ow_range){.inside = piece.length > 0 && piece.at[0] == '@'};
  if (range->inside)
    piece = (struct ow_piece){piece.at + 1, piece.length - 1};
  enum ow_status status = OW_OK;
  if (piece.length == 0 || ow_piece_is(piece, ":"))
    status = ow_fail(failure, OW_INVALID, "the range is empty: write END, START: or START:END");
  else
    status = parse_bounds(piece, metric, range, failure);
  if (status == OW_OK && range->low > range->high)
    status = ow_fail(failure, OW_INVALID, "START is above END: write the smaller bound first");
  return status;
}

const char *ow_range_print(char *out, size_t size, struct ow_range range)
{
  char low[OW_RANGE_TEXT / 2] = "~";
  char high[OW_RANGE_TEXT / 2] = "";
  if (!isinf(range.low))
    ow_decimal_print(low, sizeof low, range.low, 9, true);
  if (!isinf(range.high))
    ow_decimal_print(high, sizeof high, range.high, 9, true);
  snprintf(out, size, "%s%s:%s", range.inside ? "@" : "", low, high);
  return out;
}
