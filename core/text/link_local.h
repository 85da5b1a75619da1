/* SPDX-License-Identifier: MIT */
/* IPv6 addresses that mean nothing without the interface that they belong to. */
#ifndef OWAMP_TEXT_LINK_LOCAL_H
#define OWAMP_TEXT_LINK_LOCAL_H

#include <stdbool.h>

/** True of a numeric address of fe80::/10, with or without a zone behind it ("fe80::1%eth0", RFC 4007, 11).
 */
bool ow_is_link_local(const char *address);
/** True of one without its zone. */
bool ow_lacks_zone(const char *address);

#endif
