/* SPDX-License-Identifier: MIT */
/* Edit distance, letters of either case being the same; the nearest word offered is kept. */
#include "text/nearest.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "text/word.h"

enum { LETTERS_A_MISTAKE = 3, MOST_MISTAKES = 3 };

static unsigned smaller(unsigned a, unsigned b)
{
  return a < b ? a : b;
}

static bool same_letter(char a, char b)
{
  return ow_lower(a) == ow_lower(b);
}

/* The distance of the first i letters of `a` to the first j of `b`, row by row (optimal string alignment). */
static unsigned distance(const char *a, const char *b)
{
  unsigned rows[3][OW_NEAREST_WORD];
  size_t a_length = strlen(a);
  size_t b_length = strlen(b);
  for (size_t j = 0; j <= b_length; j++)
    rows[0][j] = (unsigned)j;
  for (size_t i = 1; i <= a_length; i++) {
    unsigned *row = rows[i % 3];
    const unsigned *above = rows[(i + 2) % 3];
    const unsigned *two_above = rows[(i + 1) % 3];
    row[0] = (unsigned)i;
    for (size_t j = 1; j <= b_length; j++) {
      row[j] = smaller(smaller(above[j], row[j - 1]) + 1,
                       above[j - 1] + (same_letter(a[i - 1], b[j - 1]) ? 0 : 1));
      if (i > 1 && j > 1 && same_letter(a[i - 1], b[j - 2]) && same_letter(a[i - 2], b[j - 1]))
        row[j] = smaller(row[j], two_above[j - 2] + 1);
    }
  }
  return rows[a_length % 3][b_length];
}

struct ow_nearest ow_nearest(struct ow_piece wanted)
{
  struct ow_nearest nearest = {.distance = 0};
  if (wanted.length > 1 && wanted.length < sizeof nearest.wanted) {
    memcpy(nearest.wanted, wanted.at, wanted.length);
    unsigned most = (unsigned)wanted.length / LETTERS_A_MISTAKE;
    nearest.distance = 1 + (most < 1 ? 1 : smaller(most, MOST_MISTAKES));
  }
  return nearest;
}

void ow_nearest_offer(struct ow_nearest *nearest, const char *word)
{
  size_t length = strlen(word);
  if (length < sizeof nearest->word && nearest->wanted[0]) {
    unsigned far = distance(nearest->wanted, word);
    if (far < nearest->distance) {
      nearest->distance = far;
      memcpy(nearest->word, word, length + 1);
    }
  }
}

const char *ow_nearest_print(char out[OW_NEAREST_TEXT], const struct ow_nearest *nearest)
{
  out[0] = '\0';
  if (nearest->word[0])
    snprintf(out, OW_NEAREST_TEXT, "; did you mean %s?", nearest->word);
  return out;
}
