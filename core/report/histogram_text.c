/* SPDX-License-Identifier: MIT */
/* Entries are printed one by one; read, they are checked before anything is made of them. */
#include "report/histogram_text.h"

#include <stdlib.h>
#include <string.h>

#include "stats/bucket.h"
#include "text/number.h"

/* ---- writing ---- */

/* `out` may be NULL: its length is all that is wanted. */
static size_t put_number(char *out, uint32_t number)
{
  size_t digits = 1;
  for (uint32_t rest = number; rest >= 10; rest /= 10)
    digits++;
  for (size_t at = digits; out && at > 0; number /= 10)
    out[--at] = (char)('0' + number % 10);
  return digits;
}

static size_t put_octet(char *out, char octet)
{
  if (out)
    *out = octet;
  return 1;
}

static size_t print(char *out, const struct ow_histogram *histogram)
{
  struct ow_histogram_walk walk = ow_histogram_walk(histogram);
  struct ow_histogram_entry entry;
  size_t length = 0;
  for (uint32_t next = 0; ow_histogram_next(&walk, &entry); next = entry.bucket + 1) {
    if (length > 0)
      length += put_octet(out ? out + length : NULL, ' ');
    length += put_number(out ? out + length : NULL, entry.bucket - next);
    if (entry.count > 1) {
      length += put_octet(out ? out + length : NULL, 'x');
      length += put_number(out ? out + length : NULL, entry.count);
    }
  }
  return length;
}

size_t ow_histogram_text_octets(const struct ow_histogram *histogram)
{
  return print(NULL, histogram);
}

void ow_histogram_print(char *out, const struct ow_histogram *histogram)
{
  print(out, histogram);
}

/* ---- reading ---- */

struct reading {
  struct ow_piece rest;
  uint64_t packets;
  struct ow_histogram_entry *entries;
  size_t count;
  size_t room;
};

static bool read_number(struct ow_piece *rest, uint64_t most, uint64_t *number)
{
  struct ow_digits digits = ow_digits_read(*rest);
  *number = digits.value;
  *rest = (struct ow_piece){rest->at + digits.count, rest->length - digits.count};
  return digits.count > 0 && digits.fits && digits.value <= most;
}

static bool skip(struct ow_piece *rest, char octet)
{
  bool there = rest->length > 0 && *rest->at == octet;
  if (there)
    *rest = (struct ow_piece){rest->at + 1, rest->length - 1};
  return there;
}

static bool read_entry(struct reading *reading)
{
  uint64_t next = reading->count ? reading->entries[reading->count - 1].bucket + UINT64_C(1) : 0;
  uint64_t gap;
  uint64_t packets = 1;
  bool good = reading->count < reading->room && next < OW_HISTOGRAM_BUCKETS &&
              read_number(&reading->rest, OW_HISTOGRAM_BUCKETS - 1 - next, &gap);
  if (good && skip(&reading->rest, 'x'))
    good = read_number(&reading->rest, UINT32_MAX, &packets) && packets > 1;
  if (good) {
    reading->entries[reading->count++] =
        (struct ow_histogram_entry){(uint32_t)(next + gap), (uint32_t)packets};
    reading->packets += packets;
  }
  return good;
}

static const char *read_entries(struct reading *reading)
{
  bool good = read_entry(reading);
  while (good && reading->rest.length > 0)
    good = skip(&reading->rest, ' ') && read_entry(reading);
  return good ? NULL : "must be gaps and counts of buckets, as in \"0x3 2 9x2\"";
}

static const char *check(const struct reading *reading, const struct ow_result *result)
{
  uint64_t farthest = (uint64_t)result->delay.max - (uint64_t)result->delay.min;
  uint32_t last = reading->entries[reading->count - 1].bucket;
  const char *complaint = NULL;
  if (reading->packets != result->received)
    complaint = "must tell of as many packets as were received";
  else if (reading->entries[0].bucket != 0 || last != ow_bucket_of(farthest, OW_HISTOGRAM_BITS))
    complaint = "must reach from the least delay to the largest";
  return complaint;
}

const char *ow_histogram_parse(const char *text, struct ow_result *result)
{
  struct reading reading = {.rest = ow_piece_of(text)};
  const char *complaint = NULL;
  reading.room = result->received < OW_HISTOGRAM_BUCKETS ? result->received : OW_HISTOGRAM_BUCKETS;
  reading.entries = calloc(reading.room ? reading.room : 1, sizeof *reading.entries);
  if (reading.entries) {
    complaint = read_entries(&reading);
    if (!complaint)
      complaint = check(&reading, result);
    if (!complaint)
      result->histogram = ow_histogram_make(reading.entries, reading.count);
  }
  free(reading.entries);
  return complaint;
}
