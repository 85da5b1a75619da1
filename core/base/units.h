/* SPDX-License-Identifier: MIT */
/* Times are counted in nanoseconds, in int64_t. */
#ifndef OWAMP_BASE_UNITS_H
#define OWAMP_BASE_UNITS_H

#include <stdint.h>

#define OW_NS_PER_S INT64_C(1000000000)
#define OW_NS_PER_MS INT64_C(1000000)

#endif
