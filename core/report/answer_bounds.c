/* SPDX-License-Identifier: MIT */
/* Brackets, braces and commas are counted wherever they are in no string. */
#include "report/answer_bounds.h"

/* Each is about twice what there is today. */
enum {
  INTERVAL_OCTETS = 6144,
  INTERVAL_VALUES = 256,
  INTERVAL_NESTS = 24,
  LISTED_OCTETS = 1024,
  LISTED_VALUES = 16,
  LISTED_NESTS = 2,
  HISTOGRAMS_OCTETS = 128 << 10, /* of both directions, with a packet each in most buckets */
  BESIDE = 16,                   /* intervals' worth, for the stream itself or an error */
  DEEPEST = 16
};

struct ow_answer_bounds ow_answer_bounds_of_stream(size_t intervals, bool histograms)
{
  size_t count = intervals + BESIDE;
  size_t more = histograms ? OW_ANSWER_HISTOGRAMS_MOST : 0;
  if (intervals < more / HISTOGRAMS_OCTETS)
    more = intervals * HISTOGRAMS_OCTETS;
  return (struct ow_answer_bounds){.octets = count * INTERVAL_OCTETS + more,
                                   .values = count * INTERVAL_VALUES,
                                   .nests = count * INTERVAL_NESTS};
}

/* The octets are for the average stream, whose host's name is no 255 octets long. */
struct ow_answer_bounds ow_answer_bounds_of_list(void)
{
  struct ow_answer_bounds bounds = ow_answer_bounds_of_stream(0, false);
  bounds.octets += OW_ANSWER_STREAMS_MOST * (size_t)LISTED_OCTETS / 2;
  bounds.values += OW_ANSWER_STREAMS_MOST * (size_t)LISTED_VALUES;
  bounds.nests += OW_ANSWER_STREAMS_MOST * (size_t)LISTED_NESTS;
  return bounds;
}

struct scan {
  bool in_string;
  bool escaped;
  size_t depth;
  size_t deepest;
  size_t nests;
  size_t values;
};

static void look_at(struct scan *scan, char octet)
{
  bool string = scan->in_string;
  if (string && scan->escaped)
    scan->escaped = false;
  else if (string && octet == '\\')
    scan->escaped = true;
  else if (octet == '"')
    scan->in_string = !string;
  else if (!string && (octet == '{' || octet == '[')) {
    scan->nests++;
    scan->values++;
    scan->depth++;
    if (scan->depth > scan->deepest)
      scan->deepest = scan->depth;
  } else if (!string && (octet == '}' || octet == ']') && scan->depth > 0)
    scan->depth--;
  else if (!string && octet == ',')
    scan->values++;
}

static bool exceeds(const struct scan *scan, const struct ow_answer_bounds *bounds)
{
  return scan->nests > bounds->nests || scan->values > bounds->values || scan->deepest > DEEPEST;
}

enum ow_status ow_answer_bounds_hold(const struct ow_answer_bounds *bounds, const char *text, size_t octets,
                                     struct ow_failure *failure)
{
  struct scan scan = {0};
  if (octets > bounds->octets)
    return ow_fail(failure, OW_PROTOCOL, "the answer has %zu octets; %zu are possible", octets,
                   bounds->octets);
  for (size_t i = 0; i < octets && !exceeds(&scan, bounds); i++)
    look_at(&scan, text[i]);
  if (exceeds(&scan, bounds))
    return ow_fail(failure, OW_PROTOCOL,
                   "the answer holds more than was asked for: %zu values and %zu lists are possible, %d deep",
                   bounds->values, bounds->nests, DEEPEST);
  return OW_OK;
}
