/* SPDX-License-Identifier: MIT */
/* The three files together, read at the start and again on SIGHUP. */
#ifndef OWAMP_POLICY_SETTINGS_H
#define OWAMP_POLICY_SETTINGS_H

#include <limits.h>
#include <stdbool.h>

#include "base/log.h"
#include "base/status.h"
#include "config/key_file.h"
#include "policy/limits.h"
#include "policy/server_conf.h"

/** Where they are; absolute, so that they are found again after the daemon has changed its folder. */
struct ow_settings_paths {
  bool given; /* false: no file is read */
  char conf[PATH_MAX];
  char limits[PATH_MAX];
  char keys[PATH_MAX];
};

/**
 * `path` is the folder that holds owamp-server.conf, .limits and .pfs, or the .conf itself, whose neighbours
 * of the same name are the others; NULL: no file. OW_INVALID if it doesn't exist. `failure` must not be NULL.
 */
enum ow_status ow_settings_find(const char *path, struct ow_settings_paths *paths,
                                struct ow_failure *failure) OW_MUST_CHECK;

/** Where they are looked for if nobody says: our own folder, then owampd's. Ends with NULL. */
extern const char *const ow_settings_folders[];
/**
 * The first of `folders` (ends with NULL) that has one of the three files, even if it can't be read; if none
 * has: no file. OW_INVALID if a path is too long. `failure` must not be NULL.
 */
enum ow_status ow_settings_find_first(const char *const *folders, struct ow_settings_paths *paths,
                                      struct ow_failure *failure) OW_MUST_CHECK;

struct ow_settings {
  struct ow_server_conf conf;
  struct ow_limits limits;
  struct ow_keys_file keys;
};

/**
 * Read what there is; what is missing has its default, but one of the three must exist. OW_INVALID names file
 * and line of the last fault; `settings` is then empty. All other faults, and warnings, go to `log`.
 * `failure` must not be NULL.
 */
enum ow_status ow_settings_load(const struct ow_settings_paths *paths, struct ow_settings *settings,
                                const struct ow_log *log, struct ow_failure *failure) OW_MUST_CHECK;
/**
 * Only keys and limits, each from the file named ("": none, that is no keys, and the limits of
 * ow_limits_default()), into `settings`, of which `conf` is left alone and the rest is empty. OW_INVALID too
 * if a file is missing; both are then empty.
 */
enum ow_status ow_settings_load_rules(const char *keys, const char *limits, struct ow_settings *settings,
                                      const struct ow_log *log, struct ow_failure *failure) OW_MUST_CHECK;
void ow_settings_clear(struct ow_settings *settings);

#endif
