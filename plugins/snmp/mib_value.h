/* SPDX-License-Identifier: MIT */
/* Values as SNMP carries them. No SNMP library is needed for them. */
#ifndef OWAMP_SNMP_MIB_VALUE_H
#define OWAMP_SNMP_MIB_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "time/timestamp.h"

enum mib_type { MIB_INTEGER, MIB_GAUGE, MIB_COUNTER64, MIB_OCTETS };
enum { MIB_OCTETS_MOST = 255 };

struct mib_value {
  enum mib_type type;
  int32_t integer;
  uint32_t gauge;
  uint64_t counter;
  uint8_t octets[MIB_OCTETS_MOST + 1]; /* a NUL follows, for those who read text */
  size_t length;
};

struct mib_value mib_integer(int32_t integer);
struct mib_value mib_gauge(uint32_t gauge);
struct mib_value mib_counter(uint64_t counter);
/** What is longer than MIB_OCTETS_MOST is cut. */
struct mib_value mib_octets(const void *octets, size_t length);
struct mib_value mib_text(const char *text);
/** TruthValue. */
struct mib_value mib_truth(bool truth);
/** One octet of BITS: bit 0 is the highest. */
struct mib_value mib_bits(uint8_t octet);
/** DateAndTime in UTC; `near` tells the era. */
struct mib_value mib_date(struct ow_timestamp stamp, struct timespec near);

/** Nanoseconds to microseconds, to the nearest, halves away from zero; clamped to Integer32. */
int32_t mib_microseconds(int64_t nanoseconds);
/** The same for a bound: rounded up; negative is 0; clamped to Gauge32. */
uint32_t mib_microseconds_up(int64_t nanoseconds);
/** lost / sent in thousandths of a percent, to the nearest; sent > 0. */
uint32_t mib_loss_ratio(uint32_t lost, uint32_t sent);
/** A double to Integer32, to the nearest; clamped. */
int32_t mib_round(double value);

#endif
