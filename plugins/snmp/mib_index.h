/* SPDX-License-Identifier: MIT */
/*
 * Indices of rows as object identifiers (RFC 2578, 7.7): strings of varying length are preceded by their
 * length, so "b" comes before "aa". A sub-identifier is an unsigned long, as Net-SNMP has it.
 */
#ifndef OWAMP_SNMP_MIB_INDEX_H
#define OWAMP_SNMP_MIB_INDEX_H

#include <stddef.h>

enum { MIB_OWNER = 33, MIB_PEER_INDEX = 1 + 32 + 1 + 63, MIB_ROW_INDEX = MIB_PEER_INDEX + 2 };

/** Write the index of a peer, at most MIB_PEER_INDEX sub-identifiers; returns how many. */
size_t mib_peer_index(const char *owner, const char *name, unsigned long *out);

/**
 * Read a string of `least` to `most` octets from `at`, which has `left` sub-identifiers, into `out` with a
 * NUL. Returns how many sub-identifiers it took; 0: none that can be (octets of 0 too).
 */
size_t mib_read_string(const unsigned long *at, size_t left, size_t least, size_t most, char *out);

/** Lexicographic: below 0, 0, above 0. */
int mib_compare(const unsigned long *a, size_t a_count, const unsigned long *b, size_t b_count);

#endif
