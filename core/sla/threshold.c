/* SPDX-License-Identifier: MIT */
/* The grammar: a list is cut at commas, each threshold at '=' and '@'. */
#include "sla/threshold.h"

#include <stdio.h>
#include <string.h>

#include "text/piece.h"

/* Where `c` stands in the piece; the piece's length if nowhere. */
static size_t find_character(struct ow_piece piece, char c)
{
  const char *at = memchr(piece.at, c, piece.length);
  return at ? (size_t)(at - piece.at) : piece.length;
}

/* The part before `length`, and the part behind the character there. */
static struct ow_piece piece_before(struct ow_piece piece, size_t length)
{
  return (struct ow_piece){piece.at, length};
}

static struct ow_piece piece_behind(struct ow_piece piece, size_t length)
{
  return (struct ow_piece){piece.at + length + 1, piece.length - length - 1};
}

static enum ow_status unknown_metric(struct ow_piece name, struct ow_failure *failure)
{
  char known[288] = "";
  size_t length = 0;
  for (int m = 0; m < OW_METRICS && length < sizeof known; m++)
    length += (size_t)snprintf(known + length, sizeof known - length, "%s%s", m ? ", " : "",
                               ow_metric_name((enum ow_metric)m));
  char text[OW_PIECE_TEXT];
  return ow_fail(failure, OW_INVALID, "unknown metric '%s': use %s", ow_piece_print(text, name), known);
}

static enum ow_status parse_metric(struct ow_piece name, enum ow_metric *metric, struct ow_failure *failure)
{
  int m = 0;
  while (m < OW_METRICS && !ow_piece_is(name, ow_metric_name((enum ow_metric)m)))
    m++;
  *metric = (enum ow_metric)m;
  return m < OW_METRICS ? OW_OK : unknown_metric(name, failure);
}

static enum ow_status parse_direction(struct ow_piece name, struct ow_threshold *threshold,
                                      struct ow_failure *failure)
{
  bool known = false;
  enum ow_status status = OW_OK;
  for (int d = 0; d < OW_DIRECTIONS; d++) {
    threshold->applies[d] = ow_piece_is(name, ow_direction_name((enum ow_direction)d));
    known = known || threshold->applies[d];
  }
  char text[OW_PIECE_TEXT];
  if (!known)
    status =
        ow_fail(failure, OW_INVALID, "unknown direction '%s': use forward or reverse; for both leave out '@'",
                ow_piece_print(text, name));
  return status;
}

static enum ow_status no_direction(struct ow_piece name, enum ow_metric metric, struct ow_failure *failure)
{
  char text[OW_PIECE_TEXT];
  return ow_fail(failure, OW_INVALID, "%s is of both directions together: leave out '@%s'",
                 ow_metric_name(metric), ow_piece_print(text, name));
}

/* METRIC ["@" DIRECTION] */
static enum ow_status parse_subject(struct ow_piece subject, struct ow_threshold *threshold,
                                    struct ow_failure *failure)
{
  size_t at = find_character(subject, '@');
  enum ow_status status = parse_metric(piece_before(subject, at), &threshold->metric, failure);
  if (status == OW_OK && at < subject.length && ow_metric_of_both(threshold->metric))
    status = no_direction(piece_behind(subject, at), threshold->metric, failure);
  else if (status == OW_OK && at < subject.length)
    status = parse_direction(piece_behind(subject, at), threshold, failure);
  return status;
}

/* The short form has no METRIC; its units tell which one is meant. */
static enum ow_status guess_metric(struct ow_piece range, enum ow_metric *metric, struct ow_failure *failure)
{
  enum ow_status status = OW_OK;
  *metric = find_character(range, '%') < range.length ? OW_METRIC_LOSS : OW_METRIC_DELAY_P95;
  if (range.length == 0)
    status = ow_fail(failure, OW_INVALID, "nothing there: write METRIC=RANGE, such as delay_p95=20ms");
  else if (!strchr("@~/-0123456789.:", range.at[0]))
    status = ow_fail(failure, OW_INVALID, "no '=': write METRIC=RANGE, such as loss=1%%, or 20ms or 1%%");
  else if (*metric != OW_METRIC_LOSS && find_character(range, 's') == range.length)
    status =
        ow_fail(failure, OW_INVALID, "a range without METRIC= needs a unit: 20ms is a delay, 1%% is loss");
  return status;
}

static enum ow_status parse_threshold(struct ow_piece piece, struct ow_threshold *threshold,
                                      struct ow_failure *failure)
{
  size_t equals = find_character(piece, '=');
  struct ow_piece range = piece;
  enum ow_status status = OW_OK;
  *threshold = (struct ow_threshold){.applies = {[OW_FORWARD] = true, [OW_REVERSE] = true}};
  if (equals < piece.length) {
    status = parse_subject(piece_before(piece, equals), threshold, failure);
    range = piece_behind(piece, equals);
  } else {
    status = guess_metric(piece, &threshold->metric, failure);
  }
  if (status == OW_OK)
    status = ow_range_parse(range, threshold->metric, &threshold->range, failure);
  return status;
}

static bool overlap(const struct ow_threshold *a, const struct ow_threshold *b)
{
  bool both = false;
  for (int d = 0; d < OW_DIRECTIONS; d++)
    both = both || (a->applies[d] && b->applies[d]);
  return a->metric == b->metric && both;
}

/* The second would only ever say what the first says, or the contrary. */
static enum ow_status check_new(const struct ow_thresholds *thresholds, const struct ow_threshold *threshold,
                                struct ow_failure *failure)
{
  enum ow_status status = OW_OK;
  for (size_t i = 0; i < thresholds->count; i++)
    if (overlap(&thresholds->list[i], threshold))
      status = ow_fail(failure, OW_INVALID, "%s has a range already: write one for each metric and direction",
                       ow_metric_name(threshold->metric));
  return status;
}

static enum ow_status add_threshold(struct ow_piece piece, struct ow_thresholds *thresholds,
                                    struct ow_failure *failure)
{
  struct ow_threshold threshold = {0};
  enum ow_status status = parse_threshold(piece, &threshold, failure);
  if (status == OW_OK)
    status = check_new(thresholds, &threshold, failure);
  if (status == OW_OK)
    thresholds->list[thresholds->count++] = threshold;
  return status;
}

static bool is_digit(char c)
{
  return c >= '0' && c <= '9';
}

static bool parts_a_number(const char *list, const char *comma)
{
  return comma > list && *comma == ',' && is_digit(comma[-1]) && is_digit(comma[1]);
}

/* Name what can't be read; of "1,5ms" that may be either half. */
static void complain(struct ow_failure *failure, const char *list, const char *at, size_t length)
{
  char shown[OW_PIECE_TEXT];
  if (parts_a_number(list, at + length) || (at > list && parts_a_number(list, at - 1)))
    ow_fail_within(failure, "a comma parts thresholds, the decimal sign is a point");
  ow_fail_within(failure, "threshold '%s'",
                 ow_piece_print(shown, ow_piece_trim((struct ow_piece){at, length}, " ")));
}

enum ow_status ow_thresholds_parse(const char *text, struct ow_thresholds *thresholds,
                                   struct ow_failure *failure)
{
  struct ow_failure unwanted = {0};
  struct ow_failure *reason = failure ? failure : &unwanted;
  enum ow_status status = OW_OK;
  thresholds->count = 0;
  for (const char *at = text; at && status == OW_OK;) {
    size_t length = strcspn(at, ",");
    status = add_threshold(ow_piece_trim((struct ow_piece){at, length}, " "), thresholds, reason);
    if (status != OW_OK) {
      complain(reason, text, at, length);
      thresholds->count = 0;
    }
    at = at[length] == ',' ? at + length + 1 : NULL;
  }
  return status;
}

/* All values that alert by `a` alert by `b`, too, and some only by `b`. */
static bool alerts_less(struct ow_range a, struct ow_range b)
{
  bool same = a.low == b.low && a.high == b.high;
  bool less = false;
  if (!a.inside && !b.inside)
    less = a.low <= b.low && a.high >= b.high && !same;
  else if (a.inside && b.inside)
    less = a.low >= b.low && a.high <= b.high && !same;
  return less;
}

enum ow_status ow_thresholds_check(const struct ow_thresholds *warning, const struct ow_thresholds *critical,
                                   struct ow_failure *failure)
{
  enum ow_status status = OW_OK;
  for (size_t i = 0; i < warning->count; i++)
    for (size_t j = 0; j < critical->count; j++) {
      const struct ow_threshold *one = &warning->list[i];
      if (overlap(one, &critical->list[j]) && alerts_less(one->range, critical->list[j].range))
        status = ow_fail(failure, OW_INVALID,
                         "%s can never be a WARNING: all that breaches its warning threshold breaches the "
                         "critical one, which is the stricter of the two",
                         ow_metric_name(one->metric));
    }
  return status;
}
