/* SPDX-License-Identifier: MIT */
/*
 * The Session-Sender of a reflected session (RFC 8762, 4): questions by the schedule, and what comes back.
 * Each answer is two one-way samples, forward and reverse, that share a place in two lists; each question
 * that none came to in time is a loss of the round trip. It reads no socket: traffic/ hands it datagrams and
 * the time.
 *
 * Which way a packet was lost only a reflector tells that counts its answers ("stateful"). Its numbers are
 * counted from the first answered question to one that is asked when the schedule is through; what of them
 * didn't come was lost on its way back, all else on its way there. Where that can't be told it isn't:
 *  - the reflector numbers its answers as the questions ("stateless"), or its numbers contradict what came;
 *  - a question was lost before the first answered one, or no question at the end was answered at once;
 *  - something is missing where questions came twice, since it may be the answer to a copy;
 *  - an answer came after the loss timeout.
 * So that both kinds of reflector differ from the first packet on, the session's numbers have a gap between
 * the questions before the schedule and those of it. In TWAMP there are none before it, and each session is
 * counted from 0: its gap comes before the questions at the end.
 */
#ifndef OWAMP_SESSION_REFLECTED_H
#define OWAMP_SESSION_REFLECTED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "session/marker.h"
#include "session/sender.h"
#include "time/clock.h"
#include "time/sample.h"
#include "wire/reflected_codec.h"
#include "wire/stamp_tlv.h"

/** What became of a datagram. */
enum ow_echo {
  OW_ECHO_ANSWER,
  OW_ECHO_MARKER,            /* an answer to a question outside the schedule */
  OW_ECHO_DUPLICATE_FORWARD, /* its question was answered twice: it arrived twice */
  OW_ECHO_DUPLICATE_REVERSE, /* the same answer again */
  OW_ECHO_SHORT,
  OW_ECHO_HMAC,
  OW_ECHO_SSID,    /* another session's: neither ours nor 0, which old reflectors answer */
  OW_ECHO_UNASKED, /* no such question has been sent yet */
  OW_ECHO_FOREIGN, /* it has the number of a question of ours, but not its stamp: our own packet, or invented
                    */
  OW_ECHO_LATE,    /* after the loss timeout: its question stays lost */
  OW_ECHO_STAMPS,  /* without a stamp of the reflector's, or answered before it came: of no use */
  OW_ECHO_FULL,    /* no memory for it, or the crypto library fails */
  OW_ECHOES
};

/** "wrong SSID", ... for a person. */
const char *ow_echo_text(enum ow_echo echo);

/** A session as it is configured at both ends. */
struct ow_reflected_terms {
  struct ow_reflected_kind kind; /* with contexts, which the schedule needs, too */
  const struct ow_session_request
      *request; /* SID (of the schedule), packets, start, timeout; TWAMP's padding */
  const struct ow_slot *slots;
  uint16_t ssid;           /* STAMP's; 0: none */
  struct ow_tlv_plan tlvs; /* STAMP's */
  bool zero_padding;
  /**
   * The questions before: numbers up to opening->first + OW_MARKERS are taken. NULL, TWAMP: there are none,
   * and the reflector counts this session's answers from 0 (RFC 5357, 4.2.1).
   */
  const struct ow_markers *opening;
};

/** What was found out about a reflector. */
struct ow_reflector {
  bool answered;
  bool stateful;      /* an answer's number is not its question's */
  bool ssid_ignored;  /* answers have none */
  bool shortened;     /* answers are shorter than questions */
  bool no_dwell;      /* receive and transmit stamp of every answer are the same */
  bool ptp;           /* its stamps are PTP's, on a time scale that may be another than UTC */
  bool error_unknown; /* its error estimate says nothing (Multiplier 0) */
  bool counter_shown; /* whether it counts is known: `stateful` */
  bool tos_known;     /* it tells with which DSCP and ECN questions come: the last one's */
  uint8_t dscp_in, ecn_in;
  bool tlvs_malformed;  /* it calls ours so, or its own are */
  bool tlvs_distrusted; /* integrity failed, there or here */
  bool dscp_refused;
  uint32_t tlvs_known;       /* of those sent: recognised in some answer, */
  uint32_t tlvs_unknown;     /* flagged as unrecognised, or not there */
  struct ow_tlv_answer last; /* the newest answer's that has any */
};

struct ow_reflected;

/** Copies what it needs. NULL if memory is short, the crypto library fails, or a packet would be too large.
 */
struct ow_reflected *ow_reflected_create(const struct ow_reflected_terms *terms) OW_MUST_CHECK;
void ow_reflected_free(struct ow_reflected *reflected);

/** What sends the schedule's questions: its owner stays this one. */
struct ow_sender *ow_reflected_sender(struct ow_reflected *reflected);

/** Take a datagram from the reflector. `error` is this host's, with the stamping error. */
enum ow_echo ow_reflected_take(struct ow_reflected *reflected, const uint8_t *octets, size_t count,
                               struct ow_timestamp received, enum ow_stamp_source source,
                               struct ow_error_estimate error, uint8_t ttl);

/**
 * Both clocks of this host say `now`: at the start, and before answers are taken or losses told. If the wall
 * clock was set meanwhile (session/clock_watch.h), questions that are overdue by it are lost no more: of all
 * that are open nothing is known from then on. Never asked, no clock is doubted.
 */
void ow_reflected_look(struct ow_reflected *reflected, struct ow_instant now);
bool ow_reflected_clock_was_set(const struct ow_reflected *reflected);

/**
 * It is `now`, and every datagram that had arrived by then has been handed over: questions that are overdue
 * are lost. At most 512 at a time; false if there are more.
 */
bool ow_reflected_expire(struct ow_reflected *reflected, struct ow_timestamp now);
/** When the next question will be overdue; false if none is open. */
bool ow_reflected_next_expiry(const struct ow_reflected *reflected, struct ow_timestamp *when);
/** True if the schedule is through, and each question answered or lost. */
bool ow_reflected_settled(const struct ow_reflected *reflected);

/**
 * True if a question outside the schedule is worth asking when it is settled: something was lost, by a
 * reflector that counts, and none of those questions has been answered.
 */
bool ow_reflected_wants_closing(const struct ow_reflected *reflected);
/** Write it; see ow_marker_ask(). `octets` is how long it is. */
enum ow_status ow_reflected_close(struct ow_reflected *reflected, struct ow_timestamp now,
                                  struct ow_error_estimate error, uint8_t out[OW_QUESTION_MOST],
                                  size_t *octets) OW_MUST_CHECK;

/** The questions lost so far, of the round trip; those that were never sent are none of them. */
uint32_t ow_reflected_lost(const struct ow_reflected *reflected);
/** The same by direction; false if that can't be told. */
bool ow_reflected_losses(const struct ow_reflected *reflected, uint32_t *forward, uint32_t *reverse);
uint32_t ow_reflected_count(const struct ow_reflected *reflected, enum ow_echo echo);
uint32_t ow_reflected_answered(const struct ow_reflected *reflected);
/** False if memory was short or the crypto library failed: answers may have come that it doesn't know of. */
bool ow_reflected_knows_all(const struct ow_reflected *reflected);
const struct ow_reflector *ow_reflected_reflector(const struct ow_reflected *reflected);
/** One beyond the highest number that was used on the wire. */
uint32_t ow_reflected_next_number(const struct ow_reflected *reflected);

/**
 * Answered questions in order of arrival: the way there (T1 to T2) and the way back (T3 to T4), paired by
 * place; and those that were lost. All have the schedule's sequence numbers. T1 is as it was stamped, T3 as a
 * follow-up TLV corrected it.
 */
const struct ow_samples *ow_reflected_forward(const struct ow_reflected *reflected);
const struct ow_samples *ow_reflected_reverse(const struct ow_reflected *reflected);
const struct ow_samples *ow_reflected_losses_list(const struct ow_reflected *reflected);

#endif
