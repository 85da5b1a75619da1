/* SPDX-License-Identifier: MIT */
/* As the server opens them itself, by the same functions; then they are the service manager's. */
#include "responder/open_ports.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "daemon/readiness.h"
#include "io/given_sockets.h"
#include "policy/settings.h"
#include "policy/test_ports.h"
#include "text/number.h"

struct ports {
  const struct ow_log *log;
  int opened[OW_SOCKETS_KEPT];
  int count;
};

static void leave(const struct ports *ports, const struct ow_failure *why)
{
  ow_log(ports->log, OW_LOG_NOTICE, "%s; it is left to the service, to which a socket unit may give it",
         why->text);
}

/* -1, which is none, for want of descriptors. */
static void keep(struct ports *ports, int descriptor)
{
  struct ow_failure failure;
  if (descriptor >= 0) {
    ports->opened[ports->count++] = descriptor;
  } else {
    ow_fail(&failure, OW_LIMIT, "a port can't be kept: %s", strerrordesc_np(errno));
    leave(ports, &failure);
  }
}

/* A number is by what the main process tells its socket from OWAMP's. */
static void leave_named(const struct ports *ports, const char *port)
{
  struct ow_failure failure;
  ow_fail(&failure, OW_INVALID, "twampnode: port %s isn't a number, by which its socket would be told", port);
  leave(ports, &failure);
}

static void accept_nobody(struct ow_listeners *listeners, int socket, const union ow_address *remote)
{
  (void)listeners;
  (void)remote;
  close(socket);
}

static void open_tcp(struct ports *ports, struct ow_loop *loop, const struct ow_listen_address *at)
{
  struct ow_listeners listeners;
  struct ow_failure failure;
  ow_listeners_prepare(&listeners, loop, accept_nobody);
  if (ow_listeners_open(&listeners, at->address, at->port, &failure) != OW_OK)
    leave(ports, &failure);
  for (int i = 0; i < OW_LISTENERS; i++)
    if (listeners.each[i].watch.descriptor >= 0)
      keep(ports, dup(listeners.each[i].watch.descriptor));
  ow_listeners_close(&listeners);
}

/* Of both families, or of the one that this host has; of one alone that could be opened the main process
 * would make do, too. */
static void open_udp(struct ports *ports, uint16_t number)
{
  static const sa_family_t families[] = {AF_INET, AF_INET6};
  int before = ports->count;
  enum ow_status status = OW_OK;
  for (size_t i = 0; i < 2 && status == OW_OK; i++) {
    struct ow_udp_shared shared;
    struct ow_failure failure;
    status = ow_udp_shared_open(families[i], number, &shared, &failure);
    if (status == OW_OK) {
      keep(ports, shared.receives);
      keep(ports, shared.sends);
    } else if (failure.error == EAFNOSUPPORT) {
      status = OW_OK;
    } else {
      leave(ports, &failure);
    }
  }
  while (status != OW_OK && ports->count > before)
    close(ports->opened[--ports->count]);
}

static bool is_fixed(const char *port)
{
  uint64_t number;
  return !ow_whole_parse(port, &number) || number > 0;
}

static bool is_number(const char *port)
{
  uint64_t number;
  return ow_whole_parse(port, &number) && number > 0;
}

static void open_all(struct ports *ports, struct ow_loop *loop, const struct ow_server_conf *conf)
{
  if (is_fixed(conf->listen.port))
    open_tcp(ports, loop, &conf->listen);
  if (is_number(conf->twamp.port))
    open_tcp(ports, loop, &conf->twamp);
  else if (conf->twamp.port[0] && is_fixed(conf->twamp.port))
    leave_named(ports, conf->twamp.port);
  if (ow_test_port_is_shared(conf))
    open_udp(ports, conf->test_port_low);
  if (conf->reflect_port && !ow_reflect_port_is_test_port(conf))
    open_udp(ports, (uint16_t)conf->reflect_port);
}

static enum ow_status hand_over(const struct ow_server_conf *conf, const struct ow_log *log,
                                struct ow_failure *failure)
{
  struct ports ports = {.log = log};
  enum ow_status status = OW_OK;
  if (!ow_readiness_empty_store())
    return ow_fail(
        failure, OW_STATE,
        "--open-ports: nobody keeps sockets for a service here; it is for ExecStartPre= of a systemd unit "
        "with NotifyAccess=exec and FileDescriptorStoreMax=");
  struct ow_loop *loop = ow_loop_create(failure);
  if (!loop)
    return failure->status;
  open_all(&ports, loop, conf);
  if (ports.count > 0 && !ow_readiness_keep_sockets(ports.opened, ports.count))
    status = ow_fail(failure, OW_STATE, "--open-ports: the service manager doesn't take the sockets: %s",
                     strerrordesc_np(errno));
  while (ports.count > 0)
    close(ports.opened[--ports.count]);
  ow_loop_free(loop);
  return status;
}

enum ow_status ow_responder_open_ports(const struct ow_options *options, const struct ow_log *log,
                                       struct ow_failure *failure)
{
  static struct ow_settings_paths paths; /* large */
  static struct ow_settings settings;
  struct ow_failure told_later;
  enum ow_status status = OW_OK;
  if (ow_options_find_settings(options, &paths, &told_later) == OW_OK &&
      ow_settings_load(&paths, &settings, NULL, &told_later) == OW_OK) {
    ow_options_apply(options, &settings.conf);
    status = hand_over(&settings.conf, log, failure);
  }
  ow_settings_clear(&settings);
  return status;
}
