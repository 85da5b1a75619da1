/* SPDX-License-Identifier: MIT */
/* Differentiated Services code points (RFC 2474). */
#ifndef OWAMP_TEXT_DSCP_H
#define OWAMP_TEXT_DSCP_H

#include <stdint.h>

#include "base/status.h"

enum { OW_DSCP_MOST = 63 };

/** A number ("46", "0x2e"), or a name, in capitals or not: "EF", "AF41", "CS1", "LE". OW_INVALID. */
enum ow_status ow_dscp_parse(const char *text, uint8_t *dscp, struct ow_failure *failure) OW_MUST_CHECK;

#endif
