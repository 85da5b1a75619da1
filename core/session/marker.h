/* SPDX-License-Identifier: MIT */
/*
 * Questions outside a session's schedule: before it, to find out whether a reflector answers and what its
 * counter says; after it, for the counter again. They have sequence numbers of the session's and no TLVs, and
 * are no part of what is measured.
 */
#ifndef OWAMP_SESSION_MARKER_H
#define OWAMP_SESSION_MARKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "wire/reflected_codec.h"

enum { OW_MARKERS = 8 };

/** Embed it; zero-initialised, then `first` and `ssid` set (STAMP's; 0 in TWAMP). */
struct ow_markers {
  uint32_t first; /* sequence number; the others follow */
  uint16_t ssid;
  unsigned asked; /* OW_MARKERS at most */
  struct ow_timestamp sent[OW_MARKERS];
  unsigned answered;       /* a bit for each */
  unsigned first_answered; /* the lowest one that was, */
  uint32_t counter;        /* the reflector's sequence number in its answer, */
  int64_t round_trip;      /* and ns from question to answer, the reflector's dwell time included */
};

/**
 * Write the next question; `out` has ow_reflected_question_least() octets. OW_LIMIT: all have been asked.
 * OW_CRYPTO.
 */
enum ow_status ow_marker_ask(struct ow_markers *markers, struct ow_reflected_codec *codec,
                             struct ow_timestamp now, struct ow_error_estimate error,
                             uint8_t *out) OW_MUST_CHECK;
/** True if it answers one of them: then that is noted. `received` is T4. */
bool ow_marker_answered(struct ow_markers *markers, const struct ow_reflection *answer,
                        struct ow_timestamp received);
bool ow_markers_any_answered(const struct ow_markers *markers);

#endif
