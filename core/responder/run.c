/* SPDX-License-Identifier: MIT */
/* From start-up to the end: listen, step down, announce it, and act on signals. */
#include "responder/run.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/container_of.h"
#include "base/version.h"
#include "daemon/daemonize.h"
#include "daemon/log_output.h"
#include "daemon/open_files.h"
#include "daemon/pidfile.h"
#include "daemon/privileges.h"
#include "daemon/readiness.h"
#include "daemon/signals.h"
#include "daemon/watchdog.h"
#include "io/loop.h"
#include "policy/answering.h"
#include "policy/settings.h"
#include "policy/settings_reader.h"
#include "policy/test_ports.h"
#include "responder/check.h"
#include "responder/identity.h"
#include "responder/open_ports.h"
#include "responder/options.h"
#include "responder/sandbox.h"
#include "text/number.h"

enum { STARTED = 0, FAILED = 1, USAGE = 2 };

static const char default_vardir[] = "/run";

struct responder {
  struct ow_options options;
  struct ow_settings_paths paths;
  struct ow_server_conf conf; /* in force */
  struct ow_log_output output;
  const struct ow_log *log;
  struct ow_daemon daemon;
  struct ow_pidfile pidfile;
  struct ow_loop *loop;
  struct ow_answering answering;
  struct ow_settings_reader *reader; /* NULL: there are no files */
  struct ow_signals signals;
  struct ow_watchdog watchdog;
  bool by_units; /* socket units say where it listens for OWAMP's clients */
  bool leaving;
  struct ow_completion left; /* the clients */
};

/* ---- configuration ---- */

/* The command line has the last word, and can only make it tell more. */
static void apply_log(struct responder *responder, const struct ow_server_conf *conf)
{
  int verbose = responder->options.verbose;
  enum ow_log_level most = conf->log_most;
  if ((conf->verbose || verbose > 0) && most < OW_LOG_INFO)
    most = OW_LOG_INFO;
  if (verbose > 1)
    most = OW_LOG_DEBUG;
  ow_log_output_limit(&responder->output, most, conf->log_nothing && verbose == 0);
}

static enum ow_status load_settings(const struct responder *responder, struct ow_settings *settings,
                                    struct ow_failure *failure)
{
  enum ow_status status = ow_settings_load(&responder->paths, settings, responder->log, failure);
  if (status == OW_OK)
    ow_options_apply(&responder->options, &settings->conf);
  return status;
}

/* ---- signals ---- */

static void log_counts(const struct responder *responder)
{
  struct ow_serve_counts counts = ow_serve_count(responder->answering.server);
  struct ow_turn turn = ow_loop_longest_turn(responder->loop);
  ow_log(responder->log, OW_LOG_NOTICE,
         "%u connections, %u sessions running and %u kept, %llu records; %llu sessions and %llu refusals "
         "since the start",
         counts.connections, counts.sessions_running, counts.sessions_kept,
         (unsigned long long)counts.records, (unsigned long long)counts.sessions_total,
         (unsigned long long)counts.refused_total);
  if (ow_test_port_is_shared(&responder->conf))
    ow_log(responder->log, OW_LOG_NOTICE, "UDP port %u: %llu datagrams belonged to no session",
           responder->conf.test_port_low, (unsigned long long)counts.strangers);
  ow_log(responder->log, OW_LOG_NOTICE, "longest turn %.3f ms, %.3f ms of them run", (double)turn.wall / 1e6,
         (double)turn.cpu / 1e6);
  ow_serve_log_reflections(responder->answering.server, responder->log, OW_LOG_NOTICE);
  ow_serve_log_shares(responder->answering.server, responder->log, OW_LOG_NOTICE);
  ow_policy_log_use(responder->answering.policy, responder->log, OW_LOG_NOTICE);
  ow_readiness_tell("STATUS=%u connections, %u sessions running", counts.connections,
                    counts.sessions_running);
}

static void name_fixed(const struct responder *responder, const char *directive, bool changed)
{
  if (changed)
    ow_log(responder->log, OW_LOG_WARNING, "%s: a changed %s takes effect at the next start",
           responder->paths.conf, directive);
}

/* What can't change while we run: it is bound, dropped or opened. */
static void name_what_stays(const struct responder *responder, const struct ow_server_conf *next)
{
  const struct ow_server_conf *now = &responder->conf;
  name_fixed(responder, "srcnode",
             strcmp(now->listen.address, next->listen.address) != 0 ||
                 strcmp(now->listen.port, next->listen.port) != 0);
  name_fixed(responder, "testports",
             (ow_test_port_is_shared(now) || ow_test_port_is_shared(next)) &&
                 (now->test_port_low != next->test_port_low || now->test_port_high != next->test_port_high));
  name_fixed(responder, "twampnode",
             strcmp(now->twamp.address, next->twamp.address) != 0 ||
                 strcmp(now->twamp.port, next->twamp.port) != 0);
  name_fixed(responder, "reflectport", now->reflect_port != next->reflect_port);
  name_fixed(responder, "user", strcmp(now->user, next->user) != 0);
  name_fixed(responder, "group", strcmp(now->group, next->group) != 0);
  name_fixed(responder, "rootfolly", now->root_folly != next->root_folly);
  name_fixed(responder, "vardir", strcmp(now->vardir, next->vardir) != 0);
  name_fixed(responder, "facility", now->facility != next->facility);
}

static enum ow_status take_settings(struct responder *responder, struct ow_settings *settings,
                                    struct ow_failure *failure)
{
  ow_options_apply(&responder->options, &settings->conf);
  bool shared = ow_test_port_is_shared(&responder->conf) || ow_test_port_is_shared(&settings->conf);
  enum ow_status status = shared ? OW_OK : ow_test_ports_allowed(&settings->conf, failure);
  if (status == OW_OK)
    status = ow_answering_change(&responder->answering, settings, failure);
  if (status == OW_OK) {
    name_what_stays(responder, &settings->conf);
    ow_answering_log_reflector(&responder->answering, &responder->conf, responder->log);
    apply_log(responder, &settings->conf);
  }
  return status;
}

static void tell_reloaded(const struct responder *responder, const struct ow_failure *failure)
{
  if (failure->status == OW_OK)
    ow_log(responder->log, OW_LOG_NOTICE, "configuration read again");
  else
    ow_log(responder->log, OW_LOG_ERROR, "%s; the former configuration stays in force", failure->text);
  ow_readiness_tell("READY=1");
}

static void on_read(void *context, enum ow_status status, struct ow_settings *settings,
                    const struct ow_failure *failure)
{
  struct responder *responder = context;
  struct ow_failure why = {.status = OW_OK};
  if (status != OW_OK)
    why = *failure;
  else
    (void)!take_settings(responder, settings, &why);
  tell_reloaded(responder, &why);
}

static void reload(struct responder *responder)
{
  struct ow_failure failure;
  ow_readiness_tell("RELOADING=1\nMONOTONIC_USEC=%lld",
                    (long long)(ow_loop_now(responder->loop).monotonic / 1000));
  if (!responder->reader) {
    ow_log(responder->log, OW_LOG_NOTICE, "nothing to read again: no configuration was found");
    ow_readiness_tell("READY=1");
  } else if (ow_settings_reader_read(responder->reader, &failure) != OW_OK) {
    tell_reloaded(responder, &failure);
  }
}

static void on_left(struct ow_completion *completion)
{
  ow_loop_stop(OW_CONTAINER_OF(completion, struct responder, left)->loop);
}

/* Whoever is impatient says it twice. */
static void stop(struct responder *responder, int number)
{
  struct ow_serve_counts counts = ow_serve_count(responder->answering.server);
  const char *name = number == SIGINT ? "SIGINT" : "SIGTERM";
  if (responder->leaving) {
    ow_log(responder->log, OW_LOG_NOTICE, "stopped at once by a second signal, %s", name);
    ow_loop_stop(responder->loop);
    return;
  }
  if (counts.sessions_running > 0)
    ow_log(responder->log, OW_LOG_NOTICE,
           "stopped by %s; %u sessions are ended, and their clients served for %d s", name,
           counts.sessions_running, (int)(OW_ANSWERING_LEAVE_TIME / OW_NS_PER_S));
  else
    ow_log(responder->log, OW_LOG_NOTICE, "stopped by %s", name);
  ow_readiness_tell("STOPPING=1");
  responder->leaving = true;
  responder->left.run = on_left;
  ow_serve_drain(responder->answering.server, OW_ANSWERING_LEAVE_TIME, &responder->left);
}

static void signal_came(struct ow_signals *signals, int number)
{
  struct responder *responder = OW_CONTAINER_OF(signals, struct responder, signals);
  if (number == SIGHUP)
    reload(responder);
  else if (number == SIGUSR1)
    log_counts(responder);
  else
    stop(responder, number);
}

static const int signals_of_interest[] = {SIGHUP, SIGTERM, SIGINT, SIGUSR1, 0};

/* ---- start-up ---- */

/* In the foreground a supervisor knows our id: a folder that can't be written is no reason to stop. */
static enum ow_status take_pidfile(struct responder *responder, struct ow_failure *failure)
{
  const char *folder = responder->conf.vardir;
  bool foreground = responder->options.foreground;
  char path[PATH_MAX];
  enum ow_status status = OW_OK;
  if (folder[0] == '\0' && foreground)
    return OW_OK;
  int length = snprintf(path, sizeof path, "%s/owamp-server.pid", folder[0] ? folder : default_vardir);
  if (length < 0 || (size_t)length >= sizeof path)
    status = ow_fail(failure, OW_INVALID, "vardir %.200s: the path is too long", folder);
  else
    status = ow_pidfile_lock(&responder->pidfile, path, "vardir", failure);
  if (status == OW_INVALID && foreground) {
    ow_log(responder->log, OW_LOG_WARNING, "%s; going on without it", failure->text);
    status = OW_OK;
  }
  return status;
}

static bool needs_privilege(const char *port)
{
  uint64_t number;
  return ow_whole_parse(port, &number) && number > 0 && number < 1024 && geteuid() != 0;
}

/* Whom a unit started has the ports that it was given, and no right to others below 1024. Which unit that is,
 * or whether it is one at all, NOTIFY_SOCKET doesn't tell. */
static void tell_unit(const struct responder *responder)
{
  const struct ow_server_conf *conf = &responder->conf;
  if (conf->test_port_low > 0 && !ow_test_port_is_shared(conf) && conf->test_port_low < 1024)
    ow_log(responder->log, OW_LOG_ERROR,
           "no systemd unit can give it a range of ports below 1024; systemctl edit with [Service], "
           "PrivateUsers=no, AmbientCapabilities=CAP_NET_BIND_SERVICE and "
           "CapabilityBoundingSet=CAP_NET_BIND_SERVICE lets it open them");
  else
    ow_log(
        responder->log, OW_LOG_ERROR,
        "owamp-responder.service gives it ports below 1024 by --open-ports in ExecStartPre=, whose line says "
        "which it left, and why; whatever else started it here must do so, too, or let it open them");
}

/* Those of TWAMP and of the Session-Reflector are told by the ports that the configuration names. */
static void sort_sockets(struct responder *responder)
{
  struct ow_answering *answering = &responder->answering;
  const struct ow_server_conf *conf = &responder->conf;
  struct ow_given_sockets sockets = ow_readiness_sockets();
  uint64_t port;
  if (ow_whole_parse(conf->twamp.port, &port) && port > 0 && port <= UINT16_MAX)
    answering->tw_listening_count = ow_given_sockets_last(sockets.first, sockets.count, (uint16_t)port);
  answering->listening_first = sockets.first;
  answering->listening_count = sockets.count - answering->tw_listening_count;
  answering->tw_listening_first = sockets.first + answering->listening_count;
  if (conf->reflect_port && !ow_reflect_port_is_test_port(conf))
    answering->reflect_sockets = ow_udp_given_take(&sockets.datagrams, (uint16_t)conf->reflect_port);
  answering->test_sockets = sockets.datagrams;
  for (int i = 0; i < answering->listening_count; i++)
    responder->by_units =
        responder->by_units || !ow_given_sockets_kept(&sockets, answering->listening_first + i);
  if (responder->by_units) /* of another port, or they could not have been opened */
    answering->listening_count =
        ow_given_sockets_drop_kept(&sockets, answering->listening_first, answering->listening_count);
  /* Those that it keeps: they end with us, and are opened anew at the next start. */
  ow_readiness_forget_sockets();
}

/* What the service manager opened stands above what we are told to open. */
static bool take_sockets(struct responder *responder)
{
  struct ow_answering *answering = &responder->answering;
  sort_sockets(responder);
  bool given = answering->listening_count > 0;
  if (responder->by_units && (responder->options.listen_given || responder->conf.listen_line > 0))
    ow_log(responder->log, OW_LOG_WARNING,
           "the service manager listens: %s means nothing (see ListenStream in the socket unit)",
           responder->options.listen_given ? "-S" : "srcnode");
  return given;
}

/* Its sockets are bound already, or can be. */
static enum ow_status check_test_port(const struct responder *responder, struct ow_failure *failure)
{
  const struct ow_server_conf *conf = &responder->conf;
  if (responder->answering.test_sockets.count == 0)
    return ow_test_port_check(conf, failure);
  if (ow_test_port_is_shared(conf))
    return OW_OK;
  ow_fail(failure, OW_INVALID,
          "the service manager opened UDP sockets (ListenDatagram) of another port than reflectport, and "
          "testports is not one port, which all sessions share");
  return ow_server_conf_fail_at(conf, conf->test_ports_line, failure);
}

static enum ow_status listen_on(struct responder *responder, struct ow_failure *failure)
{
  const struct ow_server_conf *conf = &responder->conf;
  bool given = take_sockets(responder);
  bool reflects = responder->answering.reflect_sockets.count > 0 ||
                  (responder->answering.test_sockets.count > 0 && ow_reflect_port_is_test_port(conf));
  enum ow_status status = check_test_port(responder, failure);
  if (status == OW_OK && !reflects)
    status = ow_reflect_port_check(conf, failure);
  if (status == OW_OK && !reflects)
    status = ow_reflect_port_allowed(conf, failure);
  if (status != OW_OK)
    return status;
  status = ow_answering_listen(&responder->answering, responder->loop, conf, responder->log, failure);
  if (status == OW_OK || given)
    return status;
  if (needs_privilege(conf->listen.port))
    ow_log(responder->log, OW_LOG_ERROR,
           "port %s is for root and CAP_NET_BIND_SERVICE only; -S :8610 needs neither", conf->listen.port);
  return ow_server_conf_fail_at(&responder->conf, responder->conf.listen_line, failure);
}

static enum ow_status step_down(const struct responder *responder, const struct ow_identity *identity,
                                struct ow_failure *failure)
{
  enum ow_status status = ow_identity_assume(identity, failure);
  if (status == OW_OK && identity->change && responder->conf.user[0] == '\0')
    ow_log(responder->log, OW_LOG_WARNING, "started as root without a user to become; running as nobody");
  if (status == OW_OK && !ow_test_port_is_shared(&responder->conf))
    status = ow_test_ports_allowed(&responder->conf, failure);
  return status;
}

static enum ow_status listen_and_step_down(struct responder *responder, const struct ow_identity *identity,
                                           struct ow_failure *failure)
{
  enum ow_status status = listen_on(responder, failure);
  if (status == OW_OK)
    status = step_down(responder, identity, failure);
  if (status != OW_OK && failure->error == EACCES && getenv("NOTIFY_SOCKET"))
    tell_unit(responder);
  return status;
}

static enum ow_status build(struct responder *responder, struct ow_settings *settings,
                            struct ow_failure *failure)
{
  responder->loop = ow_loop_create(failure);
  if (!responder->loop)
    return failure->status;
  if (responder->paths.given &&
      !(responder->reader = ow_settings_reader_create(responder->loop, &responder->paths, responder->log,
                                                      on_read, responder)))
    return ow_fail(failure, OW_MEMORY, "no memory to read the configuration again");
  enum ow_status status = ow_answering_prepare(&responder->answering, settings, failure);
  if (status != OW_OK)
    return status;
  responder->signals.came = signal_came;
  return ow_signals_watch(responder->loop, &responder->signals, failure);
}

/* As root, or whoever started us: everything up to the listening socket. Then step down for good, into a
 * sandbox, before there is any other thread. */
static enum ow_status set_up(struct responder *responder, struct ow_settings *settings,
                             struct ow_failure *failure)
{
  struct ow_identity identity;
  enum ow_status status =
      ow_responder_identity(&responder->conf, geteuid() == 0, responder->log, &identity, failure);
  if (status == OW_OK)
    status = build(responder, settings, failure);
  if (status == OW_OK)
    status = take_pidfile(responder, failure);
  if (status == OW_OK)
    status = listen_and_step_down(responder, &identity, failure);
  if (status == OW_OK && !responder->options.no_sandbox)
    ow_sandbox_enter(&responder->paths, responder->pidfile.path, responder->log);
  return status;
}

static enum ow_status announce(struct responder *responder, struct ow_failure *failure)
{
  const char *address =
      responder->by_units ? "the service manager's sockets," : responder->conf.listen.address;
  unsigned port = ow_serve_port(responder->answering.server);
  if (!responder->options.foreground)
    ow_log_output_to_syslog(&responder->output, responder->conf.facility);
  ow_log_output_unblock(&responder->output);
  enum ow_status status = ow_daemon_ready(&responder->daemon, failure);
  if (status == OW_OK) {
    ow_log(responder->log, OW_LOG_NOTICE, "listening on %s port %u", address[0] ? address : "*", port);
    if (ow_test_port_is_shared(&responder->conf))
      ow_log(responder->log, OW_LOG_NOTICE, "all test sessions share UDP port %u",
             responder->conf.test_port_low);
    ow_answering_log_reflector(&responder->answering, &responder->conf, responder->log);
    ow_watchdog_start(&responder->watchdog, responder->loop);
    ow_readiness_tell("READY=1\nSTATUS=Listening on %s port %u", address[0] ? address : "*", port);
  }
  return status;
}

static void tear_down(struct responder *responder)
{
  ow_settings_reader_free(responder->reader);
  ow_answering_end(&responder->answering);
  if (responder->loop) {
    ow_watchdog_stop(&responder->watchdog);
    ow_signals_close(responder->loop, &responder->signals);
    ow_loop_free(responder->loop);
  }
  ow_pidfile_release(&responder->pidfile);
}

static enum ow_status serve(struct responder *responder, struct ow_failure *failure)
{
  struct ow_settings settings;
  ow_core_dumps_forbid();
  enum ow_status status = ow_options_find_settings(&responder->options, &responder->paths, failure);
  if (status == OW_OK && !responder->options.conf)
    ow_log(responder->log, OW_LOG_NOTICE, "configuration: %s",
           responder->paths.given ? responder->paths.conf : "none, so open mode, bounded");
  if (status == OW_OK)
    status = load_settings(responder, &settings, failure);
  if (status != OW_OK)
    return status;
  responder->conf = settings.conf;
  apply_log(responder, &settings.conf);
  ow_signals_hold(&responder->signals, signals_of_interest);
  if (ow_open_files_raise(failure) != OW_OK)
    ow_log(responder->log, OW_LOG_WARNING, "%s", failure->text);
  if (!responder->options.foreground)
    status = ow_daemon_begin(&responder->daemon, failure);
  ow_open_files_make_room();
  if (status == OW_OK)
    status = set_up(responder, &settings, failure);
  if (status == OW_OK)
    status = announce(responder, failure);
  if (status == OW_OK)
    status = ow_loop_run(responder->loop, failure);
  tear_down(responder);
  ow_settings_clear(&settings);
  return status;
}

/* Large, and there is only one. */
static struct responder the_responder;

int ow_responder_run(int count, char **words)
{
  struct responder *responder = &the_responder;
  struct ow_failure failure = {.status = OW_OK};
  *responder =
      (struct responder){.daemon.parent = -1, .pidfile.descriptor = -1, .signals.watch.descriptor = -1};
  ow_log_output_open(&responder->output);
  responder->log = &responder->output.log;
  if (ow_options_parse(count, words, &responder->options, &failure) != OW_OK) {
    fprintf(stderr, "owamp-responder: %s; see owamp-responder -h\n", failure.text);
    return USAGE;
  }
  if (responder->options.help || responder->options.version) {
    fputs(responder->options.help ? ow_options_help : "owamp-responder " OWAMP_VERSION "\n", stdout);
    return STARTED;
  }
  bool check = responder->options.check;
  enum ow_status status = check ? ow_responder_check(&responder->options, responder->log, &failure)
                          : responder->options.open_ports
                              ? ow_responder_open_ports(&responder->options, responder->log, &failure)
                              : serve(responder, &failure);
  if (check && status == OW_OK)
    puts("owamp-responder: no fault in the configuration");
  if (status != OW_OK)
    ow_log(responder->log, OW_LOG_ERROR, "%s", failure.text);
  ow_log_output_close(&responder->output);
  return status == OW_OK ? STARTED : FAILED;
}
