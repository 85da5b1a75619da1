/* SPDX-License-Identifier: MIT */
/* From the command line to ready, stepping down once all is open; then the end. */
#include "agentx/run.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <net-snmp/net-snmp-config.h>
#include <net-snmp/net-snmp-includes.h>
#include <net-snmp/agent/net-snmp-agent-includes.h>

#include "agentx/agent.h"
#include "agentx/check.h"
#include "agentx/conf.h"
#include "agentx/handler.h"
#include "agentx/kept_rows.h"
#include "agentx/lines.h"
#include "agentx/log_handlers.h"
#include "agentx/options.h"
#include "agentx/serve.h"
#include "agentx/sources.h"
#include "agentx/trap.h"
#include "base/version.h"
#include "daemon/daemonize.h"
#include "daemon/open_files.h"
#include "daemon/pidfile.h"
#include "daemon/privileges.h"

/* How soon a master that was gone is tried again. */
enum { PING_SECONDS = 5 };

struct program {
  struct agent_options options;
  struct ow_daemon daemon;
  struct ow_pidfile pidfile;
  struct agent_serve serve;
};

static enum ow_status become_agent(struct ow_failure *failure)
{
  setenv("MIBS", "", 1); /* no names are needed here, and Debian lacks the modules that others import */
  netsnmp_ds_set_boolean(NETSNMP_DS_APPLICATION_ID, NETSNMP_DS_AGENT_ROLE, 1);
  netsnmp_ds_set_boolean(NETSNMP_DS_APPLICATION_ID, NETSNMP_DS_AGENT_NO_ROOT_ACCESS, 1);
  agent_conf_defaults(&the_agent.conf);
  peers_init(&the_agent.peers, &(struct peers_host){0}, NULL, the_agent.conf.history);
  the_agent.mib.peers = &the_agent.peers;
  the_agent.starting = true;
  return init_agent(AGENT_NAME) == 0 ? OW_OK : ow_fail(failure, OW_STATE, "Net-SNMP can't be an agent");
}

/* What Net-SNMP does at the end of init_snmp() is to connect; whatever it needs stands before. */
static enum ow_status open_snmp(struct ow_failure *failure)
{
  enum ow_status status = become_agent(failure);
  if (status != OW_OK)
    return status;
  /* init_agent() sets its own default. */
  netsnmp_ds_set_int(NETSNMP_DS_APPLICATION_ID, NETSNMP_DS_AGENT_AGENTX_PING_INTERVAL, PING_SECONDS);
  agent_conf_register();
  agent_kept_rows_register();
  agent_traps_register();
  if (agent_handler_register() != MIB_REGISTERED_OK)
    return ow_fail(failure, OW_STATE, "Net-SNMP can't register OWAMP-MIB");
  init_snmp(AGENT_NAME);
  return OW_OK;
}

/* Nothing is opened, registered or stored. */
static enum ow_status check(struct ow_failure *failure)
{
  enum ow_status status = become_agent(failure);
  if (status == OW_OK) {
    agent_conf_register();
    agent_kept_rows_register();
    agent_check_begin();
    init_snmp(AGENT_NAME);
    status = agent_check_end(failure);
  }
  if (status == OW_OK)
    puts("owamp-agentx: no fault in the configuration");
  return status;
}

static void choose_log(const struct agent_options *options)
{
  if (!options->log_given && (options->foreground || options->check))
    snmp_enable_stderrlog();
  else if (!options->log_given)
    snmp_enable_syslog_ident(AGENT_NAME, LOG_DAEMON);
}

static enum ow_status go_into_background(struct program *program, struct ow_failure *failure)
{
  enum ow_status status = ow_daemon_begin(&program->daemon, failure);
  program->daemon.keeps_terminal = snmp_stderrlog_status() != 0;
  return status;
}

static enum ow_status measure(struct ow_failure *failure)
{
  enum ow_status status = agent_sources_open(&the_agent, failure);
  if (status == OW_OK) {
    agent_kept_rows_restore(&the_agent);
    agent_sources_follow(&the_agent);
  }
  return status;
}

/* As root, or whoever started us, until all is open. */
static enum ow_status start(struct program *program, struct ow_failure *failure)
{
  const struct agent_options *options = &program->options;
  if (ow_open_files_raise(failure) != OW_OK)
    snmp_log(LOG_WARNING, "%s\n", failure->text);
  ow_core_dumps_forbid();
  enum ow_status status = options->foreground ? OW_OK : go_into_background(program, failure);
  ow_open_files_make_room();
  if (status == OW_OK)
    status = agent_serve_open(&program->serve, &the_agent, failure);
  if (status == OW_OK && options->pid_file)
    status = ow_pidfile_lock(&program->pidfile, options->pid_file, "-p", failure);
  if (status == OW_OK)
    status = open_snmp(failure);
  if (status == OW_OK)
    status = measure(failure);
  if (status == OW_OK)
    status = ow_identity_assume(&options->identity, failure);
  if (status == OW_OK)
    status = agent_log_handlers_unblock(failure);
  if (status == OW_OK)
    status = ow_daemon_ready(&program->daemon, failure);
  return status;
}

/* While somebody waits for us to be ready, stderr is still theirs. */
static void complain(const struct program *program, const struct ow_failure *failure)
{
  snmp_log(LOG_ERR, "%s\n", failure->text);
  if (program->daemon.parent >= 0 && !snmp_stderrlog_status())
    fprintf(stderr, AGENT_NAME ": %s\n", failure->text);
}

/* False: the log hangs. */
static bool end(struct program *program)
{
  snmp_log(LOG_INFO, "owamp-agentx ends\n");
  ow_limited_log_close(&the_agent.refused);
  agent_lines_flush();
  bool logged = agent_log_handlers_end();
  agent_serve_close(&program->serve);
  snmp_shutdown(AGENT_NAME);
  shutdown_agent();
  agent_sources_close(&the_agent);
  ow_pidfile_release(&program->pidfile);
  return logged;
}

int owamp_agentx_run(int count, char **words)
{
  struct program program = {.daemon.parent = -1, .pidfile.descriptor = -1};
  struct ow_failure failure = {0};
  enum ow_status status = OW_OK;
  enum agent_action action = agent_options_read(count, words, &program.options);
  if (action != AGENT_RUN)
    return (int)action;
  choose_log(&program.options);
  if (program.options.check) {
    status = check(&failure);
    if (status != OW_OK)
      fprintf(stderr, AGENT_NAME ": %s\n", failure.text);
    return status == OW_OK ? 0 : 1;
  }
  status = start(&program, &failure);
  if (status == OW_OK) {
    snmp_log(LOG_INFO, "owamp-agentx " OWAMP_VERSION " is ready, %zu peers\n", the_agent.peers.count);
    status = agent_serve_run(&program.serve, &failure);
    agent_kept_rows_store();
  }
  if (status != OW_OK)
    complain(&program, &failure);
  int result = status == OW_OK ? 0 : 1;
  if (!end(&program))
    _exit(result);
  return result;
}
