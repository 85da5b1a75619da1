#include "agentx/run.h"

#include <errno.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <net-snmp/net-snmp-config.h>
#include <net-snmp/net-snmp-includes.h>
#include <net-snmp/agent/net-snmp-agent-includes.h>
#include <net-snmp/library/large_fd_set.h>

#include "agentx/agent.h"
#include "agentx/conf.h"
#include "agentx/handler.h"
#include "agentx/kept_rows.h"
#include "agentx/lines.h"
#include "agentx/options.h"
#include "agentx/sources.h"
#include "agentx/trap.h"
#include "io/system_clock.h"

enum { PING_SECONDS = 5, DESCRIPTORS = 1024 };

static volatile sig_atomic_t ended;
static volatile sig_atomic_t reread;

static void on_signal(int number)
{
  if (number == SIGHUP)
    reread = 1;
  else
    ended = 1;
}

static void catch_signals(void)
{
  struct sigaction action = {.sa_handler = on_signal};
  sigaction(SIGTERM, &action, NULL);
  sigaction(SIGINT, &action, NULL);
  sigaction(SIGHUP, &action, NULL);
  action.sa_handler = SIG_IGN;
  sigaction(SIGPIPE, &action, NULL);
}

/* Each peer takes several descriptors. */
static void raise_descriptors(void)
{
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
    limit.rlim_cur = limit.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
      snmp_log(LOG_WARNING, "can't raise the limit of open files: %s\n", strerror(errno));
  }
}

/* ---- before ---- */

static bool write_pid(const char *path)
{
  FILE *file = fopen(path, "we");
  bool written = file && fprintf(file, "%d\n", (int)getpid()) > 0;
  if (file && fclose(file) != 0)
    written = false;
  if (!written)
    snmp_log(LOG_ERR, "can't write %s: %s\n", path, strerror(errno));
  return written;
}

static bool become(const struct agent_options *options)
{
  bool done = true;
  if (options->group && (setgid(options->group) != 0 || setgroups(1, &options->group) != 0)) {
    snmp_log(LOG_ERR, "can't become group %u: %s\n", options->group, strerror(errno));
    done = false;
  }
  if (done && options->user && setuid(options->user) != 0) {
    snmp_log(LOG_ERR, "can't become user %u: %s\n", options->user, strerror(errno));
    done = false;
  }
  return done;
}

/* What Net-SNMP does at the end of init_snmp() is to connect; whatever it needs stands before. */
static bool open_snmp(void)
{
  setenv("MIBS", "", 1); /* no names are needed here, and Debian lacks the modules that others import */
  netsnmp_ds_set_boolean(NETSNMP_DS_APPLICATION_ID, NETSNMP_DS_AGENT_ROLE, 1);
  netsnmp_ds_set_boolean(NETSNMP_DS_APPLICATION_ID, NETSNMP_DS_AGENT_NO_ROOT_ACCESS, 1);
  agent_conf_defaults(&the_agent.conf);
  peers_init(&the_agent.peers, &(struct peers_host){0}, NULL, the_agent.conf.history);
  the_agent.mib.peers = &the_agent.peers;
  the_agent.starting = true;
  if (init_agent(AGENT_NAME) != 0)
    return false;
  /* Also how soon a master that was gone is tried again; init_agent() sets its own default. */
  netsnmp_ds_set_int(NETSNMP_DS_APPLICATION_ID, NETSNMP_DS_AGENT_AGENTX_PING_INTERVAL, PING_SECONDS);
  agent_conf_register();
  agent_kept_rows_register();
  agent_traps_register();
  if (agent_handler_register() != MIB_REGISTERED_OK)
    return false;
  init_snmp(AGENT_NAME);
  return true;
}

static void tell_refresh(int64_t now)
{
  struct ow_clock_state clock = ow_system_clock_state();
  the_agent.mib.system.clock_synchronized = clock.synchronized;
  the_agent.mib.system.clock_error = clock.error;
  clock_gettime(CLOCK_REALTIME, &the_agent.mib.now);
  peers_refresh(&the_agent.peers, ow_system_stamp());
  agent_traps_send(&the_agent, now);
  agent_lines_flush();
  if (the_agent.store) {
    the_agent.store = false;
    agent_kept_rows_store();
  }
}

/* ---- the loop ---- */

static void wait_and_serve(netsnmp_large_fd_set *descriptors)
{
  struct timeval wait = {.tv_sec = 1};
  int count = 0;
  int block = 0; /* never longer than a second */
  NETSNMP_LARGE_FD_ZERO(descriptors);
  snmp_select_info2(&count, descriptors, &wait, &block);
  int ready = netsnmp_large_fd_set_select(count, descriptors, NULL, NULL, &wait);
  if (ready > 0)
    snmp_read2(descriptors);
  else if (ready == 0)
    snmp_timeout();
  run_alarms();
  netsnmp_check_outstanding_agent_requests();
}

static void serve(void)
{
  netsnmp_large_fd_set descriptors;
  int64_t refreshed = 0;
  netsnmp_large_fd_set_init(&descriptors, DESCRIPTORS);
  while (!ended) {
    wait_and_serve(&descriptors);
    if (reread) {
      reread = 0;
      agent_conf_read_again();
      agent_sources_follow(&the_agent);
    }
    int64_t now = ow_system_now().monotonic;
    /* Once a second, however many ask. */
    if (now - refreshed >= OW_NS_PER_S) {
      refreshed = now;
      tell_refresh(now);
    }
  }
  netsnmp_large_fd_set_cleanup(&descriptors);
}

static bool begin(const struct agent_options *options)
{
  struct ow_failure failure = {0};
  if (agent_sources_open(&the_agent, &failure) != OW_OK) {
    snmp_log(LOG_ERR, "%s\n", failure.text);
    return false;
  }
  agent_kept_rows_restore(&the_agent);
  agent_sources_follow(&the_agent);
  return become(options);
}

int owamp_agentx_run(int count, char **words)
{
  struct agent_options options;
  enum agent_action action = agent_options_read(count, words, &options);
  if (action != AGENT_RUN)
    return (int)action;
  if (!options.log_given && options.foreground)
    snmp_enable_stderrlog();
  else if (!options.log_given)
    snmp_enable_syslog_ident(AGENT_NAME, LOG_DAEMON);
  if (!options.foreground && netsnmp_daemonize(1, snmp_stderrlog_status()) != 0)
    return 1;
  catch_signals();
  raise_descriptors();
  bool begun = (!options.pid_file || write_pid(options.pid_file)) && open_snmp();
  begun = begun && begin(&options);
  if (begun) {
    snmp_log(LOG_INFO, "owamp-agentx " OWAMP_VERSION " is ready, %zu peers\n", the_agent.peers.count);
    serve();
    agent_kept_rows_store();
  }
  snmp_log(LOG_INFO, "owamp-agentx ends\n");
  agent_lines_flush();
  snmp_shutdown(AGENT_NAME);
  shutdown_agent();
  agent_sources_close(&the_agent);
  if (options.pid_file)
    unlink(options.pid_file);
  return begun ? 0 : 1;
}
