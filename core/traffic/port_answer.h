/* SPDX-License-Identifier: MIT */
/* What leaves by a shared port in answer to what came: sent at once, its departure asked for and learnt from.
 */
#ifndef OWAMP_TRAFFIC_PORT_ANSWER_H
#define OWAMP_TRAFFIC_PORT_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "traffic/test_port.h"

/**
 * Read what is known of departures, if it has waited for long, or much of it waits; `soon`: if it was not
 * read at `now` (monotonic, ns) yet, when the datagrams were that are being answered.
 */
void ow_port_answer_hear(struct ow_port_side *side, bool soon, int64_t now);
/** The answer about to leave: number, and what the clock will be corrected by. Set its reading last. */
struct ow_leaving ow_port_answer_leaving(const struct ow_port_side *side, uint32_t number);
/** The error of a stamp taken so, `now` (monotonic, ns). */
struct ow_error_estimate ow_port_answer_error(const struct ow_port_side *side, int64_t now);
/** Send it, in a few tries as others' ICMP errors may keep it back. False: it has not left. */
bool ow_port_answer_send(struct ow_port_side *side, struct ow_outlet_user *user, const struct ow_udp_way *way,
                         const uint8_t *packet, size_t octets, const struct ow_leaving *leaving, int64_t now);
/** What every user's `departed` begins with: the next corrections are better for it. */
void ow_port_answer_departed(const struct ow_port_side *side, const struct ow_leaving *packet,
                             struct ow_timestamp departed);

#endif
