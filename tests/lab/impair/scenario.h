/* SPDX-License-Identifier: MIT */
/* What is to be done to which packets: a scenario file, read into memory. The README has the grammar. */
#ifndef IMPAIR_SCENARIO_H
#define IMPAIR_SCENARIO_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "random.h"

enum { FORWARD, REVERSE, WAYS };

enum delay_kind { DELAY_FIXED, DELAY_UNIFORM, DELAY_NORMAL, DELAY_TRACE };

struct delay {
  enum delay_kind kind;
  int64_t first;  /* ns: the delay, the least, the mean */
  int64_t second; /* ns: the most, the standard deviation */
  int64_t *trace; /* ns, taken in turn */
  size_t trace_count;
  size_t trace_next;
};

struct range {
  uint64_t first, last;
};

enum choice_kind { CHOOSE_RANDOM, CHOOSE_GILBERT, CHOOSE_EVERY, CHOOSE_NUMBERS };

/* Which packets a rule is for. Numbers count the packets of a flow (addresses and ports) from 0. */
struct choice {
  enum choice_kind kind;
  double probability;     /* random */
  double to_bad, to_good; /* Gilbert-Elliott: of changing state, for each packet */
  double in_bad, in_good; /* and of being chosen in each */
  bool bad;
  uint64_t every, from; /* from, from + every, ... */
  struct range *ranges;
  size_t range_count;
};

enum effect { LOSE, DUPLICATE, CORRUPT };

struct rule {
  enum effect effect;
  struct choice choice;
  uint64_t copies; /* a duplicated packet's */
  int64_t after;   /* ns: each leaves that much later than what came before it */
  bool mend;       /* a corrupted packet gets a checksum that fits */
};

/* Nothing passes in it; times are since the flow's first packet. */
struct blackout {
  int64_t begin, length, every; /* ns; every 0: once */
};

enum { MOST_RULES = 16, MOST_BLACKOUTS = 8, MOST_NATS = 4 };

struct way {
  struct random random;
  struct delay delay;
  bool keep_order;
  struct rule rules[MOST_RULES];
  size_t rule_count;
  struct blackout blackouts[MOST_BLACKOUTS];
  size_t blackout_count;
  bool set_dscp;
  uint8_t dscp;
  uint8_t hops; /* taken off the TTL */
};

/* A's address `inside` is seen by B as `outside`. */
struct nat {
  in_addr_t inside, outside;
};

struct scenario {
  uint64_t seed;
  bool any_protocol; /* else UDP only */
  uint16_t port_low, port_high;
  struct way ways[WAYS];
  struct nat nats[MOST_NATS];
  size_t nat_count;
};

/**
 * On failure `why` (of `size` octets) says in which line and what. The scenario is to be freed either way.
 */
bool scenario_read(struct scenario *scenario, const char *path, char *why, size_t size);
void scenario_free(struct scenario *scenario);

/** Whether the rule is for this packet; draws randomness and moves its state, so ask once for each packet. */
bool choice_made(struct choice *choice, struct random *random, uint64_t number);
/** The next packet's delay, ns, not negative. */
int64_t delay_next(struct delay *delay, struct random *random);
/** Whether the time lies in one of the blackouts. */
bool blacked_out(const struct way *way, int64_t since_first);

#endif
