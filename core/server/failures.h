/* SPDX-License-Identifier: MIT */
/*
 * Keys that failed lately, by address and by key. What an address has caused puts it behind others; what was
 * tried in a key's name is only told, so that nobody can lock out who has that key. It halves each minute,
 * and the addresses that are remembered are bounded.
 */
#ifndef OWAMP_SERVER_FAILURES_H
#define OWAMP_SERVER_FAILURES_H

#include <stdint.h>

#include "server/common.h"
#include "server/policy_questions.h"

enum {
  OW_SERVE_FAILURES_REMEMBERED = 1024
}; /* accounts; the one whose last failure is the oldest goes first */

void ow_serve_failures_prepare(struct ow_serve_common *common);
/** Of what `client`, by its address, has said; `key_id` is the key in whose name, "" if nobody has that. */
void ow_serve_failures_note(struct ow_serve_common *common, const struct ow_serve_client *client,
                            const char *key_id);
/** How many of this client's address are not yet forgotten. */
uint64_t ow_serve_failures_of(const struct ow_serve_common *common, const struct ow_serve_client *client);
/** Forget all. */
void ow_serve_failures_clear(struct ow_serve_common *common);

#endif
