/* SPDX-License-Identifier: MIT */
/* Octets as hexadecimal digits, two an octet. */
#ifndef OWAMP_TEXT_HEX_H
#define OWAMP_TEXT_HEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "text/piece.h"

/** What a digit is worth, a capital or not; -1 if it is none. */
int ow_hex_digit(char c);

/**
 * Into `out`, which has room for half as many octets as there are digits. False if a digit is none, or their
 * number is odd; what stands in `out` then means nothing.
 */
bool ow_hex_parse(struct ow_piece digits, uint8_t *out) OW_MUST_CHECK;

/** In lower case, into `out`, which has room for 2 * `octets` + 1. Returns `out`. */
const char *ow_hex_print(char *out, const uint8_t *from, size_t octets);

#endif
