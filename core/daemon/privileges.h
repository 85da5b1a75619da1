/* From root to somebody who can do little. */
#ifndef OWAMP_DAEMON_PRIVILEGES_H
#define OWAMP_DAEMON_PRIVILEGES_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/status.h"
#include "policy/server_conf.h"

struct ow_identity {
  bool change; /* false: stay who we are */
  uid_t user;
  gid_t group;
};

/**
 * Who to become, by `user`, `group` and `rootfolly`; only root changes. Root without `user` becomes nobody,
 * unless `rootfolly` is set. Names, or -NUMBER. OW_INVALID, with file and line, if there is no such user or
 * group. `failure` must not be NULL.
 */
enum ow_status ow_identity_find(const struct ow_server_conf *conf, bool is_root, struct ow_identity *identity,
                                struct ow_failure *failure) OW_MUST_CHECK;

/**
 * Become that, for good: no way back and no new privileges by any program that is started. OW_NETWORK if the
 * operating system doesn't let us, or lets us back.
 */
enum ow_status ow_identity_assume(const struct ow_identity *identity,
                                  struct ow_failure *failure) OW_MUST_CHECK;

#endif
