/* SPDX-License-Identifier: MIT */
/* From root to somebody who can do little. */
#ifndef OWAMP_DAEMON_PRIVILEGES_H
#define OWAMP_DAEMON_PRIVILEGES_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/status.h"

struct ow_identity {
  bool change; /* false: stay who we are */
  uid_t user;
  gid_t group;
};

/**
 * Become that user, and his group unless another one is given, for which ow_identity_find_group() is called
 * next. A name, or -NUMBER, which needs no entry in the host's list of users if a group is given. OW_INVALID
 * if there is no such user; `identity` is then left as it was. `failure` must not be NULL.
 */
enum ow_status ow_identity_find_user(const char *name, bool group_given, struct ow_identity *identity,
                                     struct ow_failure *failure) OW_MUST_CHECK;
/** Another group for the user that was found; likewise. */
enum ow_status ow_identity_find_group(const char *name, struct ow_identity *identity,
                                      struct ow_failure *failure) OW_MUST_CHECK;

/**
 * From now on no core dump of this process is written, nor may others of its user read its memory: it knows
 * passphrases and keys. Call it before they are read.
 */
void ow_core_dumps_forbid(void);

/**
 * Become that, for good: no way back and no new privileges by any program that is started. Core dumps stay
 * forbidden if they were. OW_NETWORK if the
 * operating system doesn't let us, or lets us back.
 */
enum ow_status ow_identity_assume(const struct ow_identity *identity,
                                  struct ow_failure *failure) OW_MUST_CHECK;

#endif
