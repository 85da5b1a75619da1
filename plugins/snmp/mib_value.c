/* SPDX-License-Identifier: MIT */
/* A maker for each type; units are rounded, and held within what their type can carry. */
#include "mib_value.h"

#include <math.h>
#include <string.h>

struct mib_value mib_integer(int32_t integer)
{
  return (struct mib_value){.type = MIB_INTEGER, .integer = integer};
}

struct mib_value mib_gauge(uint32_t gauge)
{
  return (struct mib_value){.type = MIB_GAUGE, .gauge = gauge};
}

struct mib_value mib_counter(uint64_t counter)
{
  return (struct mib_value){.type = MIB_COUNTER64, .counter = counter};
}

struct mib_value mib_octets(const void *octets, size_t length)
{
  struct mib_value value = {.type = MIB_OCTETS};
  value.length = length < MIB_OCTETS_MOST ? length : MIB_OCTETS_MOST;
  memcpy(value.octets, octets, value.length);
  return value;
}

struct mib_value mib_text(const char *text)
{
  return mib_octets(text, strlen(text));
}

struct mib_value mib_truth(bool truth)
{
  return mib_integer(truth ? 1 : 2);
}

struct mib_value mib_bits(uint8_t octet)
{
  return mib_octets(&octet, 1);
}

struct mib_value mib_date(struct ow_timestamp stamp, struct timespec near)
{
  struct timespec time = ow_timestamp_to_unix(stamp, near);
  struct tm tm = {0};
  gmtime_r(&time.tv_sec, &tm);
  unsigned year = (unsigned)(tm.tm_year + 1900);
  uint8_t octets[11] = {(uint8_t)(year >> 8),
                        (uint8_t)year,
                        (uint8_t)(tm.tm_mon + 1),
                        (uint8_t)tm.tm_mday,
                        (uint8_t)tm.tm_hour,
                        (uint8_t)tm.tm_min,
                        (uint8_t)tm.tm_sec,
                        (uint8_t)(time.tv_nsec / (100 * OW_NS_PER_MS)),
                        '+',
                        0,
                        0};
  return mib_octets(octets, sizeof octets);
}

int32_t mib_microseconds(int64_t nanoseconds)
{
  int64_t whole = nanoseconds / 1000;
  int64_t rest = nanoseconds % 1000;
  if (rest >= 500)
    whole++;
  else if (rest <= -500)
    whole--;
  if (whole > INT32_MAX)
    whole = INT32_MAX;
  else if (whole < INT32_MIN)
    whole = INT32_MIN;
  return (int32_t)whole;
}

uint32_t mib_microseconds_up(int64_t nanoseconds)
{
  int64_t whole = nanoseconds > 0 ? (nanoseconds - 1) / 1000 + 1 : 0;
  return whole > UINT32_MAX ? UINT32_MAX : (uint32_t)whole;
}

uint32_t mib_loss_ratio(uint32_t lost, uint32_t sent)
{
  return (uint32_t)((UINT64_C(100000) * lost + sent / 2) / sent);
}

int32_t mib_round(double value)
{
  if (value >= INT32_MAX)
    return INT32_MAX;
  if (value <= INT32_MIN)
    return INT32_MIN;
  return (int32_t)lround(value);
}
