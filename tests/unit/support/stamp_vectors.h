/* SPDX-License-Identifier: MIT */
/* A STAMP question and its answer, open and authenticated (RFC 8762, 4.2 and 4.3); another implementation
 * made them. */
#ifndef OWAMP_TEST_STAMP_VECTORS_H
#define OWAMP_TEST_STAMP_VECTORS_H

#include "wire/mode.h"

#define Z4 "00000000"
#define Z16 Z4 Z4 Z4 Z4
#define STAMP_VECTOR_KEY "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"

static const enum ow_mode stamp_vector_modes[] = {OW_MODE_OPEN, OW_MODE_AUTHENTICATED};
static const char *const stamp_vector_questions[] = {
    "00000005 eeb1ee5640000000 8a10 1234" Z4 Z4 Z4 Z16,
    "00000005" Z4 Z4 Z4 "eeb1ee5640000000 8a10 1234" Z4 Z16 Z16 Z16 Z16 "7f79939548fe4d04a4a1f4a48c61864f",
};
static const char *const stamp_vector_answers[] = {
    "00000003 eeb1ee5640020000 8b20 1234 eeb1ee5640010000 00000005 eeb1ee5640000000 8a10 0000 3d 000000",
    "00000003" Z4 Z4 Z4 "eeb1ee5640020000 8b20 1234" Z4 "eeb1ee5640010000" Z4 Z4 "00000005" Z4 Z4 Z4
    "eeb1ee5640000000 8a10 000000000000 3d" Z4 Z4 Z4 "000000"
    "3c6148c18322e06febbf2629bac55948",
};

#endif
