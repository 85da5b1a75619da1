/* SPDX-License-Identifier: MIT */
/* ASCII letters alone are lowered before two words are compared. */
#include "text/word.h"

char ow_lower(char letter)
{
  return letter >= 'A' && letter <= 'Z' ? (char)(letter - 'A' + 'a') : letter;
}

bool ow_same_word(const char *a, const char *b)
{
  while (*a != '\0' && ow_lower(*a) == ow_lower(*b)) {
    a++;
    b++;
  }
  return *a == '\0' && *b == '\0';
}
