/* SPDX-License-Identifier: MIT */
/* Whole numbers. Digits only: no sign, no blank, and no locale has a say. */
#ifndef OWAMP_TEXT_NUMBER_H
#define OWAMP_TEXT_NUMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "text/piece.h"

/** The decimal digits that a text begins with. */
struct ow_digits {
  size_t count;       /* 0: there is none */
  size_t significant; /* without the zeros before the first other digit */
  uint64_t value;     /* UINT64_MAX if it is larger */
  bool fits;          /* `value` is what they say */
};

/** Read them; what follows is the caller's to look at. */
struct ow_digits ow_digits_read(struct ow_piece piece);

bool ow_is_digit(char c);
/** True if no other character stands in it: also of "". */
bool ow_all_digits(const char *text);

/** Digits, however many zeros they begin with. False if it is anything else or doesn't fit. */
bool ow_whole_parse(const char *text, uint64_t *value) OW_MUST_CHECK;
/** Octal digits, ten at most. */
bool ow_octal_parse(const char *text, uint32_t *value) OW_MUST_CHECK;
/** A number from `least` to `most`, of ten digits at most. OW_INVALID. */
enum ow_status ow_number_parse(const char *text, uint32_t least, uint32_t most, uint32_t *value,
                               struct ow_failure *failure) OW_MUST_CHECK;

#endif
