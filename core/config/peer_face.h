/* SPDX-License-Identifier: MIT */
/* How a program spells a peer's options, and which of them it takes. */
#ifndef OWAMP_CONFIG_PEER_FACE_H
#define OWAMP_CONFIG_PEER_FACE_H

#include "config/peer_options.h"
#include "text/nearest.h"

/** A name that doesn't follow the rule. */
struct ow_spelled {
  enum ow_peer_option_id id;
  const char *name;
};

struct ow_spelling {
  bool capitals; /* words are joined as in LossTimeout; else as in loss-timeout */
  bool any_case; /* capitals are as good as small letters */
  const struct ow_spelled *exceptions;
  size_t exception_count;
};

struct ow_peer_face {
  const struct ow_spelling *spelling;
  const enum ow_peer_option_id *options;
  size_t count;
};

enum { OW_SPELLED_TEXT = 32 };
/** An option's name. Returns `out`. */
const char *ow_spell(char out[OW_SPELLED_TEXT], const struct ow_spelling *spelling,
                     enum ow_peer_option_id id);

/** The face's option of that name. False if it takes none. */
bool ow_peer_face_find(const struct ow_peer_face *face, const char *name, enum ow_peer_option_id *id);
/** Offer all of its names. */
void ow_peer_face_offer(const struct ow_peer_face *face, struct ow_nearest *nearest);

#endif
