/* SPDX-License-Identifier: MIT */
/* The configured user, or nobody; root only with rootfolly. */
#include "responder/identity.h"

#include "base/faults.h"

static const char unprivileged[] = "nobody";

static enum ow_status find_user(const struct ow_server_conf *conf, struct ow_identity *identity,
                                struct ow_failure *failure)
{
  const char *user = conf->user[0] ? conf->user : unprivileged;
  enum ow_status status = ow_identity_find_user(user, conf->group[0] != '\0', identity, failure);
  if (status == OW_OK && identity->user == 0 && !conf->root_folly)
    status = ow_fail(failure, OW_INVALID, "user %s is root; take another, or add rootfolly if it must be",
                     conf->user);
  return status == OW_OK ? OW_OK : ow_server_conf_fail_at(conf, conf->user_line, failure);
}

static enum ow_status find_group(const struct ow_server_conf *conf, struct ow_identity *identity,
                                 struct ow_failure *failure)
{
  enum ow_status status = OW_OK;
  if (conf->group[0])
    status = ow_identity_find_group(conf->group, identity, failure);
  return status == OW_OK ? OW_OK : ow_server_conf_fail_at(conf, conf->group_line, failure);
}

enum ow_status ow_responder_identity(const struct ow_server_conf *conf, bool is_root,
                                     const struct ow_log *log, struct ow_identity *identity,
                                     struct ow_failure *failure)
{
  struct ow_identity found = {0};
  struct ow_failure fault;
  struct ow_faults faults = ow_faults(log, failure);
  bool stay = !is_root || (!conf->user[0] && conf->root_folly);
  if (!stay && find_user(conf, &found, &fault) != OW_OK)
    ow_faults_add(&faults, &fault);
  if (!stay && find_group(conf, &found, &fault) != OW_OK)
    ow_faults_add(&faults, &fault);
  *identity = faults.status == OW_OK ? found : (struct ow_identity){0};
  return faults.status;
}
