/* SPDX-License-Identifier: MIT */
/* What the bench's load generators share. They use the core as check_owamp does, but for many at once. */
#ifndef BENCH_H
#define BENCH_H

#include <stdint.h>

#include "config/peer.h"
#include "io/address.h"
#include "time/timestamp.h"

struct usage {
  double cpu;    /* seconds */
  double memory; /* octets of anonymous memory */
};

/** Of a process; 0: of this one. */
struct usage usage_of(int process);
/** Open ones, of a process. */
unsigned descriptors_of(int process);
double monotonic_seconds(void);
/** Sleep until then, by a timerfd of the monotonic clock; not at all if it has passed. */
void wait_for_timer(int timer, double due);
/** Ends the program with a sentence. */
void give_up(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));
/** "open", ... and a key of the bench's responder, and the file where it is. */
void use_mode(struct ow_peer *peer, const char *mode, const char *key_file, const char *key);
union ow_address parse_address(const char *text, uint16_t port);

/** Many numbers, and their percentiles. */
struct spread {
  double *values;
  size_t count, slots;
};
void spread_add(struct spread *spread, double value);
/** "name": {"min": ..., "p50": ..., "p95": ..., "p99": ..., "max": ...} with values times `scale`; frees it.
 */
void spread_print(struct spread *spread, const char *name, double scale);

int bench_sessions(char **arguments);
int bench_streams(char **arguments);
int bench_flood(char **arguments);
int bench_fetch(char **arguments);
int bench_packets(char **arguments);
int bench_publish(char **arguments);
int bench_timer(char **arguments);
int bench_floor(char **arguments);
int bench_link(char **arguments);
int bench_histograms(char **arguments);

#endif
