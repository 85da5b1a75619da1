/* SPDX-License-Identifier: MIT */
/* Pieces are trimmed, cut into words, compared and printed. */
#include "text/piece.h"

#include <string.h>

#include "base/status.h"

struct ow_piece ow_piece_of(const char *text)
{
  return (struct ow_piece){text, strlen(text)};
}

bool ow_piece_is(struct ow_piece piece, const char *text)
{
  return strlen(text) == piece.length && memcmp(piece.at, text, piece.length) == 0;
}

/* Not strchr(3), which finds a NUL in any text. */
static bool is_blank(char c, const char *blanks)
{
  return memchr(blanks, c, strlen(blanks)) != NULL;
}

struct ow_piece ow_piece_trim_start(struct ow_piece piece, const char *blanks)
{
  while (piece.length > 0 && is_blank(*piece.at, blanks)) {
    piece.at++;
    piece.length--;
  }
  return piece;
}

struct ow_piece ow_piece_trim(struct ow_piece piece, const char *blanks)
{
  piece = ow_piece_trim_start(piece, blanks);
  while (piece.length > 0 && is_blank(piece.at[piece.length - 1], blanks))
    piece.length--;
  return piece;
}

struct ow_piece ow_piece_word(struct ow_piece *rest, const char *blanks)
{
  struct ow_piece word = ow_piece_trim_start(*rest, blanks);
  size_t length = 0;
  while (length < word.length && !is_blank(word.at[length], blanks))
    length++;
  *rest = (struct ow_piece){word.at + length, word.length - length};
  word.length = length;
  return word;
}

const char *ow_piece_print(char out[OW_PIECE_TEXT], struct ow_piece piece)
{
  return ow_printable(out, OW_PIECE_TEXT, piece.at, piece.length);
}
