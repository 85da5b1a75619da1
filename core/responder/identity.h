/* SPDX-License-Identifier: MIT */
/* Whom the responder becomes once it listens. */
#ifndef OWAMP_RESPONDER_IDENTITY_H
#define OWAMP_RESPONDER_IDENTITY_H

#include <stdbool.h>

#include "base/log.h"
#include "base/status.h"
#include "daemon/privileges.h"
#include "policy/server_conf.h"

/**
 * Who to become, by `user`, `group` and `rootfolly`; only root changes. Root without `user` becomes nobody,
 * unless `rootfolly` is set. OW_INVALID, with file and line, if there is no such user or group, or he is root
 * and may not stay so; nothing is then to be changed. If both are wrong `log` (may be NULL) gets the one and
 * `failure`, which must not be NULL, the other.
 */
enum ow_status ow_responder_identity(const struct ow_server_conf *conf, bool is_root,
                                     const struct ow_log *log, struct ow_identity *identity,
                                     struct ow_failure *failure) OW_MUST_CHECK;

#endif
