/* SPDX-License-Identifier: MIT */
/* Parts of a text: a line of a file, a word of a line, a number of a range. Nothing is copied. */
#ifndef OWAMP_TEXT_PIECE_H
#define OWAMP_TEXT_PIECE_H

#include <stdbool.h>
#include <stddef.h>

/** It lies in somebody else's text, and need not end in NUL. */
struct ow_piece {
  const char *at;
  size_t length;
};

/** All of a terminated text. */
struct ow_piece ow_piece_of(const char *text);

bool ow_piece_is(struct ow_piece piece, const char *text);

/** Without the octets of `blanks` at its beginning; at either end. A NUL is never a blank. */
struct ow_piece ow_piece_trim_start(struct ow_piece piece, const char *blanks);
struct ow_piece ow_piece_trim(struct ow_piece piece, const char *blanks);

/** Cut the next word, which is parted from others by octets of `blanks`, off `rest`; empty at the end. */
struct ow_piece ow_piece_word(struct ow_piece *rest, const char *blanks);

/** How much of a piece a failure shows. */
enum { OW_PIECE_TEXT = 49 };
/** As ow_printable() does. Returns `out`. */
const char *ow_piece_print(char out[OW_PIECE_TEXT], struct ow_piece piece);

#endif
