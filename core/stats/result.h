/* SPDX-License-Identifier: MIT */
/*
 * From samples to a result: one peer, one direction, one interval.
 *
 * Delay: RFC 7679; loss: RFC 7680 and RFC 3357 (runs); reordering: RFC 4737 (Type-P-Reordered);
 * IPDV: RFC 3393 over consecutive packets; PDV: RFC 5481. Percentiles are exact, nearest rank; means are
 * rounded to the nearest nanosecond.
 * Delays are signed nanoseconds: a negative delay is a fact about the clocks, and is shown.
 */
#ifndef OWAMP_STATS_RESULT_H
#define OWAMP_STATS_RESULT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "stats/delay.h"
#include "stats/histogram.h"
#include "stats/percentiles.h"
#include "time/sample.h"

/** The two ways; and of reflected sessions both as one, which has a result of its own. */
enum ow_direction { OW_FORWARD = 0, OW_REVERSE = 1, OW_DIRECTIONS = 2, OW_ROUND_TRIP = 2, OW_RESULTS = 3 };

/** "forward" (this host to the peer), "reverse" or "round-trip". */
const char *ow_direction_name(enum ow_direction direction);

/** How much of the interval a result speaks for. */
enum ow_completeness {
  OW_RESULT_ABSENT = 0, /* nothing was measured: of no packet is anything known */
  OW_RESULT_PARTIAL,    /* cut short: the numbers are true of the packets that they cover */
  OW_RESULT_COMPLETE,
};

struct ow_clock_trust {
  bool sender_synchronized;           /* S bit of every packet */
  bool receiver_synchronized;         /* S bit of every record */
  int64_t error_ns;                   /* the largest sum of both ends' estimates, or OW_ERROR_UNKNOWN */
  enum ow_stamp_source receive_stamp; /* the least trustworthy: unknown, then user, then kernel */
  enum ow_departed_by departed;       /* what every send time rests on, at least */
  bool stepped; /* known always: a clock was set meanwhile, so delay, jitter, ipdv and pdv are invalid */
};

/** What median, percentiles, jitter and pdv were taken from. */
enum ow_quantile_source {
  OW_QUANTILES_EXACT = 0, /* the packets' delays, all of one interval */
  OW_QUANTILES_HISTOGRAM, /* histograms of several intervals: to 1 % of the distance from the least delay */
  OW_QUANTILES_SUMMARY,   /* of an interval at least a few delays only are known: approximate */
};

struct ow_result {
  enum ow_completeness completeness;
  /* Earliest and latest send time on record, zero without records; who knows the schedule may know better. */
  struct ow_timestamp begin;
  struct ow_timestamp end;

  /**
   * Of one direction of a reflected session whose losses nobody tells apart: `sent`, `lost` and
   * `longest_loss_run` mean nothing, `received` are those of which the round trip is known.
   */
  bool loss_unknown;
  bool run_unknown;  /* `longest_loss_run` means nothing */
  uint32_t sent;     /* packets that left the sender; = received + lost */
  uint32_t received; /* different packets that arrived within the loss threshold */
  uint32_t lost;
  uint32_t skipped;          /* never sent: the sender was too late for them */
  uint32_t longest_loss_run; /* skipped packets neither break a run nor lengthen it */
  uint32_t duplicates;       /* further copies of received packets */
  uint32_t reordered;        /* RFC 4737: sequence number below one that arrived before; first copies only */
  uint32_t discarded;        /* packets that the receiver ignored: strangers, corrupt, too late */
  uint32_t refused; /* of the skipped ones, those that this host's operating system would not send; */
  int refusal;      /* errno of the last of them, 0 if it isn't known */
  uint32_t dropped; /* datagrams that lacked buffer at the receiver's own socket: so many fewer were lost */
  bool incomplete;  /* the receiver doesn't know of all packets what became of them */

  /* Valid if received > 0, else zero. */
  struct ow_delays delay;
  int64_t jitter; /* p95 - median, as owping */
  int64_t pdv;    /* p95 - min */
  enum ow_quantile_source quantiles;
  struct ow_percentiles percentiles;              /* those asked for beside, */
  int64_t percentile_delays[OW_PERCENTILES_MOST]; /* and how long they took */
  /** NULL: there is none. Who keeps a copy of a result beyond its giver's shares it: ow_result_share(). */
  struct ow_histogram *histogram;
  uint8_t hops_min; /* 255 - TTL */
  uint8_t hops_max;
  struct ow_clock_trust clock;

  /* Valid if has_ipdv: two packets with consecutive sequence numbers arrived. */
  bool has_ipdv;
  int64_t ipdv;        /* mean |difference of the delays of consecutive packets| */
  uint32_t ipdv_pairs; /* of how many such pairs; 0: who told the result didn't say */

  /* Of a round trip, if received > 0: `delay` is without it, the hops and the clock's error mean nothing. */
  bool has_dwell;
  struct ow_delays dwell; /* ns that packets were with the reflector */
};

/** What there is to judge: the planned packets and what is known of them. */
struct ow_observation {
  const struct ow_samples *samples;    /* in order of arrival, which decides reordering; lost ones anywhere */
  uint32_t packets;                    /* sequence numbers 0 .. packets-1 are covered */
  const struct ow_skip_range *skipped; /* rising, disjoint */
  uint32_t skip_ranges;
  /** True: a covered packet without a record was lost. False: nothing is known of it, it counts nowhere. */
  bool absent_is_lost;
  bool partial;
  bool stepped;
  uint32_t discarded;
  uint32_t refused; /* as in struct ow_result */
  int refusal;
  uint32_t dropped;
  bool incomplete;
  uint32_t duplicates_unkept; /* further copies of received packets that `samples` has no record of */
  const struct ow_percentiles *percentiles; /* wanted; NULL: none */
  bool histogram;                           /* wanted */
};

/** Delays in nanoseconds: sent to received. The sample must not be a lost one. */
int64_t ow_sample_delay(const struct ow_sample *sample);

/**
 * Work out `result`. Samples outside the covered sequence numbers or in a skip range (RFC 4656, 3.8) are left
 * out; a record of loss for a packet that also arrived is dropped. The first copy to arrive is the
 * packet, the others are duplicates and count nowhere else. With absent_is_lost, sent + skipped = packets.
 * So many packets as were dropped at the receiver's own socket are not called lost, but left out: nobody
 * knows which. The result is partial if the observation is, is incomplete or has such drops, or if the
 * sending side fell short: it sent nothing, or skipped more than a twentieth of the packets, and three at
 * least. It is absent if nothing is known of any packet that was sent, unless all are known to have been
 * skipped. OW_MEMORY without memory (about 17 octets for each packet are needed while it runs): the result is
 * absent. If it lacks for the histogram alone, there is none.
 *
 * A histogram is the caller's to drop: ow_result_drop().
 */
enum ow_status ow_result_compute(const struct ow_observation *observation,
                                 struct ow_result *result) OW_MUST_CHECK;
/** The copy of a result becomes a user of its histogram, and ceases to be one. */
void ow_result_share(struct ow_result *copy);
void ow_result_drop(struct ow_result *result);
/** One of the percentiles that the result has, thousandths of a percent; false if it hasn't that one. */
bool ow_result_percentile(const struct ow_result *result, uint32_t percentile, int64_t *delay);

/**
 * True of an outage: of at least `least` packets (one at least) that were sent none arrived, nor was dropped
 * at our own socket; or none was sent, as the operating system refused so many.
 */
bool ow_result_nothing_arrived(const struct ow_result *result, uint32_t least);

enum { OW_REMARK_TEXT = 192 };
/**
 * What one end fell short of, for a person: "105 of 500 packets were never sent", "none of 500 packets was
 * sent: Network is unreachable", "12 packets dropped at the receiver's own socket for want of buffer". "" if
 * that made nothing partial. Returns `out`.
 */
const char *ow_result_shortfall(char out[OW_REMARK_TEXT], const struct ow_result *result);

#endif
