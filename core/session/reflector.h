/* SPDX-License-Identifier: MIT */
/*
 * The Session-Reflector of one STAMP session (RFC 8762, 4.3; RFC 8972): a question comes in, its answer goes
 * out, and counters stand between them. It is stateful: answers have numbers of their own, one for each that
 * was sent. It knows neither sockets nor clocks, and takes no memory.
 *
 * An answer is made in two steps, as little as possible between the reading of the clock and the departure:
 * ow_reflector_prepare(), then ow_stamp_answer_stamp(), and ow_reflector_sent() when it has left.
 */
#ifndef OWAMP_SESSION_REFLECTOR_H
#define OWAMP_SESSION_REFLECTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "wire/stamp_packet.h"
#include "wire/stamp_reflect.h"

/** Embed it. Zero-initialised: nothing was asked yet. */
struct ow_reflector {
  uint32_t received;               /* questions */
  uint32_t answered;               /* answers: the next one has this number */
  uint32_t departed;               /* the last answer whose true departure is known, */
  struct ow_timestamp departed_at; /* and that; zero: none is */
};

/** A question as it came. */
struct ow_reflector_question {
  const uint8_t *octets;
  size_t length;
  struct ow_stamp_question head; /* decoded by the session's codec */
  struct ow_timestamp received;  /* T2 */
  bool by_kernel;                /* the kernel took it, else whoever read the question */
  bool synchronized;             /* the clock is */
  bool ttl_known;
  uint8_t ttl;
  bool marked; /* DSCP and ECN are known */
  uint8_t dscp;
  uint8_t ecn;
};

struct ow_reflector_answer {
  size_t octets;  /* as many as the question has, but the base packet's at least */
  uint8_t dscp;   /* to send it with: the question's, or what its class of service asks for */
  bool follow_up; /* the session wants to know when its answers really left */
};

/** Octets of the answer to a question of so many: what `out` below must have room for. */
size_t ow_reflector_octets(enum ow_mode mode, size_t question);
/**
 * Count the question, and write all of its answer but T3 and its error into `out`. OW_CRYPTO: there is no
 * answer.
 */
enum ow_status ow_reflector_prepare(struct ow_reflector *reflector, struct ow_stamp_codec *codec,
                                    const struct ow_reflector_question *question, uint8_t *out,
                                    struct ow_reflector_answer *answer) OW_MUST_CHECK;
/** The answer that was prepared has left. What isn't told so never counts, and its number is the next one's.
 */
void ow_reflector_sent(struct ow_reflector *reflector);
/** An answer left at `at`, as the kernel says. */
void ow_reflector_departed(struct ow_reflector *reflector, uint32_t sequence, struct ow_timestamp at);

#endif
