/* SPDX-License-Identifier: MIT */
/*
 * What clients may do: the server's questions, answered from limits and keys. All on the loop's thread.
 *
 * Use is counted by the class's name and outlives a reload: sessions that run on keep counting against the
 * class of that name, or against the root if the new limits don't know it.
 */
#ifndef OWAMP_POLICY_POLICY_H
#define OWAMP_POLICY_POLICY_H

#include <stddef.h>
#include <stdint.h>

#include "base/log.h"
#include "base/status.h"
#include "config/key_file.h"
#include "policy/limits.h"
#include "server/policy_questions.h"

struct ow_policy;

/** NULL without memory. It answers nobody until rules are installed. The server must be freed before it. */
struct ow_policy *ow_policy_create(void) OW_MUST_CHECK;
void ow_policy_free(struct ow_policy *policy);

/**
 * From now on decide by these. `modes`: mask of enum ow_mode that may be offered at all. On success it has
 * what `limits` and `keys` held, and they hold what was in force before, which the caller clears; on
 * OW_MEMORY everything is as before.
 */
enum ow_status ow_policy_install(struct ow_policy *policy, struct ow_limits *limits,
                                 struct ow_keys_file *keys, uint32_t modes) OW_MUST_CHECK;

/** The questions, for ow_serve_create(). Valid as long as the policy. */
struct ow_serve_policy ow_policy_answers(struct ow_policy *policy);

/** How many lines of the limits say whose questions a Session-Reflector answers. */
size_t ow_policy_listed(const struct ow_policy *policy);

/** Log what each class uses now. */
void ow_policy_log_use(const struct ow_policy *policy, const struct ow_log *log, enum ow_log_level level);

#endif
