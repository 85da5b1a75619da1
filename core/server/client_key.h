/* SPDX-License-Identifier: MIT */
/* A client's key is derived off the loop: in turn with those of other hosts, and so many may wait. */
#ifndef OWAMP_SERVER_CLIENT_KEY_H
#define OWAMP_SERVER_CLIENT_KEY_H

#include "derive/derivation.h"
#include "server/policy_questions.h"

/** Derivations that wait, over all clients of a Server. */
enum { OW_SERVE_KEYS_MOST = 64 };

/**
 * As ow_derivation_begin(). Whoever asks most gives way when too many wait; hosts are told apart by their
 * IPv4 address, or by the first half of their IPv6 address.
 */
struct ow_derivation *ow_serve_derive_key(struct ow_loop *loop, const struct ow_serve_client *client,
                                          const struct ow_key_source *source, ow_derived *done, void *context,
                                          struct ow_failure *failure) OW_MUST_CHECK;

#endif
