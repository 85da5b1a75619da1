/* SPDX-License-Identifier: MIT */
/* Words that are the same whether in capitals or not. No locale has a say. */
#ifndef OWAMP_TEXT_WORD_H
#define OWAMP_TEXT_WORD_H

#include <stdbool.h>

/** Equal but for the case of ASCII letters. */
bool ow_same_word(const char *a, const char *b);

/** An ASCII letter in lower case; any other character as it is. */
char ow_lower(char letter);

#endif
