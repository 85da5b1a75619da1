/* SPDX-License-Identifier: MIT */
/*
 * Whose account it is: whoever has this key, from wherever it comes; without a key whoever comes from this
 * IPv4 address, or from the IPv6 network of 64 bits that one host has for itself.
 */
#ifndef OWAMP_SHARES_ACCOUNT_KEY_H
#define OWAMP_SHARES_ACCOUNT_KEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/endpoint.h"

enum { OW_ACCOUNT_KEY = 96, OW_ACCOUNT_KEY_TEXT = 112 };

/** Compared as octets: those that mean nothing are zero. */
struct ow_account_key {
  uint8_t octets[OW_ACCOUNT_KEY];
};

/**
 * `key_id`: "" without a key; what is longer than 94 octets is cut. Of IPv6 the first 64 bits count, but of
 * link-local addresses (RFC 4291, 2.5.6), which the hosts of a network share, all.
 */
struct ow_account_key ow_account_key_of(const char *key_id, const struct ow_endpoint *address);
/** True if it is a key's, not an address'. */
bool ow_account_key_is_known(const struct ow_account_key *key);
/** The KeyID whose it is, as long as it stands; "" of an address. */
const char *ow_account_key_id(const struct ow_account_key *key);
/** It as a number, which no other has but by a chance of 2^64. */
uint64_t ow_account_key_number(const struct ow_account_key *key);
/** As tsearch(3) has it. */
int ow_account_key_compare(const struct ow_account_key *a, const struct ow_account_key *b);
/** "key monitor", "192.0.2.1", "2001:db8:0:1::/64". Returns `out`. */
const char *ow_account_key_print(char *out, size_t size, const struct ow_account_key *key);

#endif
