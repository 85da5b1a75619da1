/* SPDX-License-Identifier: MIT */
/*
 * Keywords of collectd.conf: tables say what there is, and each is read strictly. Options of a peer are the
 * core's (config/peer_options.h); here is how they are spelled.
 */
#ifndef OWAMP_COLLECTD_KEYWORD_H
#define OWAMP_COLLECTD_KEYWORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <collectd/liboconfig/oconfig.h>

#include "base/status.h"
#include "config/peer_face.h"

/** What a value may be beside a string. */
enum owamp_form {
  OWAMP_TEXT,     /* only a string */
  OWAMP_NUMBER,   /* a whole number as well */
  OWAMP_DURATION, /* a number as well: seconds, as everywhere in collectd.conf */
  OWAMP_BOOLEAN,  /* true or false as well, handed on as "true" and "false" */
};

struct owamp_keyword {
  const char *name;
  enum owamp_form form;
  bool repeatable;
  unsigned places; /* mask of the kinds of block where it may stand; the tables' own affair */
  /** Takes the value into the block's settings. OW_INVALID with what would be right. */
  enum ow_status (*set)(void *settings, const char *text, struct ow_failure *failure);
};

enum { OWAMP_KEYWORDS_MOST = 64 };

/** What may stand in a block, and where its values go. */
struct owamp_block {
  const struct owamp_keyword *keywords;
  size_t count;   /* OWAMP_KEYWORDS_MOST at most */
  unsigned place; /* one bit */
  void *settings;
  uint64_t seen;                   /* keywords that were given; zero-initialised */
  const struct ow_peer_face *face; /* a peer's options; NULL: none */
  struct ow_peer_settings *peer;
  struct ow_given given; /* of them; zero-initialised */
};

/** As collectd writes names: LossTimeout, in capitals or not. */
extern const struct ow_spelling owamp_spelling;

/** Read one item. OW_INVALID with a sentence that begins with the keyword, as it was written. */
enum ow_status owamp_block_take(struct owamp_block *block, const oconfig_item_t *item,
                                struct ow_failure *failure) OW_MUST_CHECK;

/** The one string that follows a block's keyword, as in <Peer "name">. OW_INVALID. */
enum ow_status owamp_item_argument(const oconfig_item_t *item, const char **text,
                                   struct ow_failure *failure) OW_MUST_CHECK;

/* ---- for setters ---- */

/** Add a mode's bit. OW_INVALID. */
enum ow_status owamp_take_mode(uint32_t *modes, const char *text, struct ow_failure *failure);

#endif
