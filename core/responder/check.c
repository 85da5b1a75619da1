/* SPDX-License-Identifier: MIT */
/* The files first; then, with what could be read of them, each thing that a start would do. */
#include "responder/check.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/faults.h"
#include "daemon/privileges.h"
#include "io/listener.h"
#include "policy/test_ports.h"
#include "responder/identity.h"

static enum ow_status check_listen(const struct ow_server_conf *conf, struct ow_failure *failure)
{
  enum ow_status status = ow_listeners_check(conf->listen.address, conf->listen.port, failure);
  return status == OW_OK ? OW_OK : ow_server_conf_fail_at(conf, conf->listen_line, failure);
}

/* In the foreground it goes on without. */
static void check_vardir(const struct ow_server_conf *conf, const struct ow_log *log)
{
  if (conf->vardir[0] && access(conf->vardir, W_OK) != 0)
    ow_log(log, OW_LOG_WARNING, "vardir %s: %s: in the background it can't start", conf->vardir,
           strerrordesc_np(errno));
}

/* As root it becomes whom the server would become: who may use which test ports only a try tells. One that is
 * shared is opened before. */
static enum ow_status check_identity(const struct ow_server_conf *conf, const struct ow_log *log,
                                     struct ow_failure *failure)
{
  struct ow_identity identity;
  enum ow_status status = ow_responder_identity(conf, geteuid() == 0, log, &identity, failure);
  if (status == OW_OK)
    status = ow_identity_assume(&identity, failure);
  return status;
}

enum ow_status ow_responder_check(const struct ow_options *options, const struct ow_log *log,
                                  struct ow_failure *failure)
{
  static struct ow_settings_paths paths; /* large */
  static struct ow_settings settings;
  struct ow_failure fault;
  struct ow_faults faults = ow_faults(log, failure);
  const struct ow_log in_order = ow_faults_log(&faults);
  enum ow_status status = ow_options_find_settings(options, &paths, failure);
  if (status != OW_OK)
    return status;
  if (!options->conf)
    ow_log(log, OW_LOG_NOTICE, "configuration: %s", paths.given ? paths.conf : "none");
  if (ow_settings_load(&paths, &settings, log, &fault) != OW_OK)
    ow_faults_add(&faults, &fault);
  ow_options_apply(options, &settings.conf);
  check_vardir(&settings.conf, log);
  if (check_listen(&settings.conf, &fault) != OW_OK)
    ow_faults_add(&faults, &fault);
  bool shared = ow_test_port_is_shared(&settings.conf);
  if (shared && ow_test_ports_allowed(&settings.conf, &fault) != OW_OK)
    ow_faults_add(&faults, &fault);
  if (ow_reflect_port_allowed(&settings.conf, &fault) != OW_OK)
    ow_faults_add(&faults, &fault);
  if (check_identity(&settings.conf, &in_order, &fault) != OW_OK)
    ow_faults_add(&faults, &fault);
  if (!shared && ow_test_ports_allowed(&settings.conf, &fault) != OW_OK)
    ow_faults_add(&faults, &fault);
  ow_settings_clear(&settings);
  return faults.status;
}
