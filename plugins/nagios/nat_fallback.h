/* SPDX-License-Identifier: MIT */
/* --nat with a server that doesn't know zero addresses: how that shows. */
#ifndef CHECK_OWAMP_NAT_FALLBACK_H
#define CHECK_OWAMP_NAT_FALLBACK_H

#include <stdbool.h>

#include "measure/probe_report.h"
#include "option_values.h"

/** Did any packet of a direction that was asked for arrive? */
bool check_anything_arrived(const struct check_options *options, const struct ow_probe_report *report);
/**
 * True if --nat may be why it failed: the requests had zero addresses and nothing arrived in any direction,
 * or the server hung up when it was asked once more with plain ones.
 */
bool check_nat_fails(const struct check_options *options, const struct ow_probe_report *report);

#endif
