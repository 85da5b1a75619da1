/* SPDX-License-Identifier: MIT */
/* Number and stamp of each question, to know its answer by. */
#include "session/marker.h"

#include <string.h>

enum ow_status ow_marker_ask(struct ow_markers *markers, struct ow_reflected_codec *codec,
                             struct ow_timestamp now, struct ow_error_estimate error, uint8_t *out)
{
  if (markers->asked == OW_MARKERS)
    return OW_LIMIT;
  memset(out, 0, ow_reflected_question_least(codec));
  enum ow_status status =
      ow_reflected_question_prepare(codec, markers->first + markers->asked, markers->ssid, out);
  markers->sent[markers->asked++] = now;
  if (status == OW_OK)
    status = ow_reflected_question_stamp(codec, now, error, out);
  return status;
}

bool ow_marker_answered(struct ow_markers *markers, const struct ow_reflection *answer,
                        struct ow_timestamp received)
{
  uint32_t at = answer->sender_sequence - markers->first;
  bool known = at < markers->asked && answer->sender_sent.ntp == markers->sent[at].ntp;
  if (known && (!markers->answered || at < markers->first_answered)) {
    markers->first_answered = at;
    markers->counter = answer->sequence;
    markers->round_trip = ow_timestamp_difference(received, markers->sent[at]);
  }
  if (known)
    markers->answered |= 1U << at;
  return known;
}

bool ow_markers_any_answered(const struct ow_markers *markers)
{
  return markers->answered != 0;
}
