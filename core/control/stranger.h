/* SPDX-License-Identifier: MIT */
/*
 * Who listens where an OWAMP server should, and greets otherwise: SSH, SMTP, FTP and their like begin with a
 * line of text that says who they are.
 */
#ifndef OWAMP_CONTROL_STRANGER_H
#define OWAMP_CONTROL_STRANGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "wire/protocol.h"

/**
 * Octets after which it is certain: a Server-Greeting has 12 unused ones (RFC 4656, 3.1), which may hold
 * anything, and then Modes, whose upper bits nobody sets.
 */
enum { OW_STRANGER_CERTAIN = 16 };

/** True if what a connection begins with (4 octets at least) is text. */
bool ow_stranger_speaks(const uint8_t *octets, size_t count);
/** OW_PROTOCOL, with a quotation of its first line. `protocol` is what was looked for. */
enum ow_status ow_stranger_explain(enum ow_protocol protocol, const uint8_t *octets, size_t count,
                                   struct ow_failure *failure);

#endif
