/* SPDX-License-Identifier: MIT */
/* The lowest port is bound on the loopback address: EACCES says no. */
#include "policy/test_ports.h"

#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "io/udp.h"
#include "server/config.h"

bool ow_test_port_is_shared(const struct ow_server_conf *conf)
{
  return ow_serve_shares_port(conf->test_port_low, conf->test_port_high);
}

bool ow_reflect_port_is_test_port(const struct ow_server_conf *conf)
{
  return ow_test_port_is_shared(conf) && conf->reflect_port == conf->test_port_low;
}

/* What is wrong with it is told by its line, and not by that of the control connections. */
static enum ow_status check(const struct ow_server_conf *conf, const char *directive, uint16_t port,
                            unsigned line, struct ow_failure *failure)
{
  static const sa_family_t families[] = {AF_INET, AF_INET6};
  enum ow_status status = OW_OK;
  for (size_t i = 0; i < 2 && status == OW_OK; i++) {
    struct ow_udp_options options = {.local.any.sa_family = families[i], .port_low = port, .port_high = port};
    union ow_address bound;
    int descriptor;
    status = ow_udp_open(&options, &descriptor, &bound, failure);
    if (status == OW_OK)
      close(descriptor);
    else if (failure->error == EAFNOSUPPORT)
      status = OW_OK;
  }
  if (status == OW_LIMIT)
    ow_fail_errno(
        failure, status, failure->error,
        "UDP port %u is taken; a responder beside another one needs a configuration of its own (-c), with "
        "other ports",
        port);
  if (status != OW_OK) {
    ow_fail_within(failure, "%s", directive);
    ow_server_conf_fail_at(conf, line, failure);
  }
  return status;
}

enum ow_status ow_test_port_check(const struct ow_server_conf *conf, struct ow_failure *failure)
{
  return ow_test_port_is_shared(conf)
             ? check(conf, "testports", conf->test_port_low, conf->test_ports_line, failure)
             : OW_OK;
}

enum ow_status ow_reflect_port_check(const struct ow_server_conf *conf, struct ow_failure *failure)
{
  uint16_t port = (uint16_t)conf->reflect_port;
  return port ? check(conf, "reflectport", port, conf->reflect_port_line, failure) : OW_OK;
}

/* Which ports are privileged the kernel says (net.ipv4.ip_unprivileged_port_start): ask by trying. */
static enum ow_status allowed(const struct ow_server_conf *conf, const char *directive, uint16_t port,
                              unsigned line, struct ow_failure *failure)
{
  struct sockaddr_in address = {
      .sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
  enum ow_status status = OW_OK;
  if (port == 0)
    return OW_OK;
  int descriptor = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0)
    return OW_OK;
  if (bind(descriptor, (const struct sockaddr *)&address, sizeof address) != 0 && errno == EACCES)
    status = ow_fail_errno(failure, OW_INVALID, EACCES,
                           "%s: port %u is for root and CAP_NET_BIND_SERVICE only; begin at 1024 or above",
                           directive, port);
  close(descriptor);
  return status == OW_OK ? OW_OK : ow_server_conf_fail_at(conf, line, failure);
}

enum ow_status ow_test_ports_allowed(const struct ow_server_conf *conf, struct ow_failure *failure)
{
  return allowed(conf, "testports", conf->test_port_low, conf->test_ports_line, failure);
}

enum ow_status ow_reflect_port_allowed(const struct ow_server_conf *conf, struct ow_failure *failure)
{
  if (conf->twamp.port[0] && conf->reflect_port == 0) {
    ow_fail(failure, OW_INVALID, "twampnode: TWAMP's test packets need a UDP port: reflectport 862");
    return ow_server_conf_fail_at(conf, conf->twamp_line, failure);
  }
  return allowed(conf, "reflectport", (uint16_t)conf->reflect_port, conf->reflect_port_line, failure);
}
