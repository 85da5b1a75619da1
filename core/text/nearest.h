/* SPDX-License-Identifier: MIT */
/* What a person may have meant by a word that isn't known: the known one that is written most alike. */
#ifndef OWAMP_TEXT_NEAREST_H
#define OWAMP_TEXT_NEAREST_H

#include "text/piece.h"

enum { OW_NEAREST_WORD = 40 };

struct ow_nearest {
  char wanted[OW_NEAREST_WORD]; /* "": too long to be like any */
  unsigned distance;            /* of the best so far; what is as far is not near */
  char word[OW_NEAREST_WORD];   /* "": none is near */
};

/** Ask about a word; then offer each that is known. */
struct ow_nearest ow_nearest(struct ow_piece wanted);
/**
 * Taken if it is nearer than what was offered before: by letters that lack, are too many, are others or are
 * swapped, one for each three of the word and three at most. Capitals are as good as small letters.
 */
void ow_nearest_offer(struct ow_nearest *nearest, const char *word);

enum { OW_NEAREST_TEXT = OW_NEAREST_WORD + 24 };
/** "; did you mean WORD?", or "". Returns `out`. */
const char *ow_nearest_print(char out[OW_NEAREST_TEXT], const struct ow_nearest *nearest);

#endif
