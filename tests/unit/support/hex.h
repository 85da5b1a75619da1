/* SPDX-License-Identifier: MIT */
/* Octets written as a person writes them. */
#ifndef OWAMP_TEST_HEX_H
#define OWAMP_TEST_HEX_H

#include <stddef.h>
#include <stdint.h>

/**
 * Hexadecimal digits, spaces between them allowed, to `octets` octets; fails the test unless they are just as
 * many.
 */
void test_hex(const char *digits, uint8_t *out, size_t octets);

/** Fails the test unless `octets` octets at `area` are what `digits` say. */
void test_assert_hex(const void *area, size_t octets, const char *digits);

#endif
