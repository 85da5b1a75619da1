/* SPDX-License-Identifier: MIT */
/* Names to addresses without blocking the loop: getaddrinfo(3) in a short-lived thread. */
#ifndef OWAMP_IO_RESOLVER_H
#define OWAMP_IO_RESOLVER_H

#include <stddef.h>

#include "base/status.h"
#include "io/address.h"
#include "io/loop.h"

enum { OW_RESOLVED_MOST = 16 };

struct ow_resolution;

/**
 * `addresses`: `count` of them, no two alike, in getaddrinfo's order, but one family after the other as long
 * as there are both (RFC 8305, 4); IPv4-mapped ones are IPv4. Or status not OW_OK, and a failure that names
 * host and reason.
 */
typedef void ow_resolved(void *context, enum ow_status status, const union ow_address *addresses,
                         size_t count, const struct ow_failure *failure);

/**
 * Resolve; `done` is called once, later, on the loop's thread. `family`: 0, 4 or 6. Numeric addresses too,
 * for which no thread is started. Returns NULL without memory: `done` is not called then.
 */
struct ow_resolution *ow_resolve(struct ow_loop *loop, const char *host, const char *port, int family,
                                 ow_resolved *done, void *context) OW_MUST_CHECK;
/**
 * `done` will not be called. The thread, which may hang in the resolver, ends by itself and frees what it
 * holds; it doesn't touch the loop any more. On the loop's thread, before or within `done`, which ends the
 * resolution. NULL: nothing.
 */
void ow_resolve_cancel(struct ow_resolution *resolution);

#endif
