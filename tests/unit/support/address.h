/* SPDX-License-Identifier: MIT */
/* Addresses by their text. */
#ifndef OWAMP_TEST_ADDRESS_H
#define OWAMP_TEST_ADDRESS_H

#include "io/address.h"

/** "192.0.2.1" or "2001:db8::1"; anything else fails the test. */
union ow_address test_address(const char *text, uint16_t port);

#endif
