/* SPDX-License-Identifier: MIT */
/* Finds what Stop-Sessions said of a session among as many as the peer likes. */
#ifndef OWAMP_CONTROL_STOP_INDEX_H
#define OWAMP_CONTROL_STOP_INDEX_H

#include <stdint.h>

#include "crypto/keys.h"
#include "wire/start_stop.h"

struct ow_stop_index {
  const struct ow_session_end *ends;
  const struct ow_session_end **by_sid; /* NULL: few, or no memory; they are looked through */
  uint32_t count;
};

/** `ends` (NULL if there are none) must outlive it. Without memory it is slow. */
void ow_stop_index_make(struct ow_stop_index *index, const struct ow_session_end *ends, uint32_t count);
/** NULL if nothing was said of it. */
const struct ow_session_end *ow_stop_index_find(const struct ow_stop_index *index, const struct ow_sid *sid);
void ow_stop_index_clear(struct ow_stop_index *index);

#endif
