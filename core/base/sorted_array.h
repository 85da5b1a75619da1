/* SPDX-License-Identifier: MIT */
/*
 * An array that is kept sorted by a key: elements of one size, usually pointers, one for each key. The array
 * and its count are the caller's, NULL and 0 at the beginning; free(3) ends it.
 */
#ifndef OWAMP_BASE_SORTED_ARRAY_H
#define OWAMP_BASE_SORTED_ARRAY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"

/**
 * Where the element of this key stands, or would: `found` says which. `compare` is that of bsearch(3): below
 * 0 if the key comes before the element.
 */
size_t ow_sorted_place(const void *array, size_t count, size_t size, const void *key,
                       int (*compare)(const void *key, const void *element), bool *found);
/**
 * Make room for one more at `place` (0 to `*count`): those from there on move up, and the new one's contents
 * are undefined. Returns the array, which may have moved; NULL without memory: nothing has changed.
 */
void *ow_sorted_open(void *array, size_t *count, size_t size, size_t place) OW_MUST_CHECK;
/** Take the element at `place` out: those behind it move down. */
void ow_sorted_close(void *array, size_t *count, size_t size, size_t place);

#endif
