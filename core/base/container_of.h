/* SPDX-License-Identifier: MIT */
/* From a member that was handed to a callback to what it is embedded in. */
#ifndef OWAMP_BASE_CONTAINER_OF_H
#define OWAMP_BASE_CONTAINER_OF_H

#include <stddef.h>

/**
 * The `type` whose `member` is at `pointer`. The compiler refuses a pointer to anything else than that
 * member: both arms of the conditional must have one type, and the second is never evaluated.
 */
#define OW_CONTAINER_OF(pointer, type, member)                                                               \
  ((type *)(void *)((char *)(1 ? (pointer) : &((type *)0)->member) - offsetof(type, member)))

#endif
