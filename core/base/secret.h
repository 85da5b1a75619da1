/* SPDX-License-Identifier: MIT */
/* Handling of secrets: comparison in constant time, and wiping that is never optimised away. */
#ifndef OWAMP_BASE_SECRET_H
#define OWAMP_BASE_SECRET_H

#include <stdbool.h>
#include <stddef.h>

/** True if both areas hold the same `octets` octets; the time taken doesn't depend on them. */
bool ow_secret_equal(const void *a, const void *b, size_t octets);

/** Overwrite `octets` octets with zeros. */
void ow_wipe(void *area, size_t octets);

#endif
