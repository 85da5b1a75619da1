/* SPDX-License-Identifier: MIT */
/* Options become settings, which are checked as a whole before the thread begins. */
#include "policy/embedded.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "base/container_of.h"
#include "io/thread.h"
#include "policy/answering.h"
#include "policy/settings.h"
#include "policy/test_ports.h"

struct ow_embedded {
  struct ow_thread *thread;
  struct ow_answering answering;
  struct ow_log log;
  bool runs;                 /* the thread */
  struct ow_completion left; /* the clients */
};

void ow_embedded_defaults(struct ow_embedded_options *options)
{
  *options = (struct ow_embedded_options){.modes = OW_MODES_ALL};
}

/* A name would have to be asked for, and that blocks. A scope ("%eth0") may follow a number. */
static enum ow_status check_number(const char *address, struct ow_failure *failure)
{
  unsigned char octets[sizeof(struct in6_addr)];
  char bare[INET6_ADDRSTRLEN + 1] = "";
  size_t length = strcspn(address, "%");
  if (length < sizeof bare)
    memcpy(bare, address, length);
  if (address[0] && inet_pton(AF_INET, bare, octets) != 1 && inet_pton(AF_INET6, bare, octets) != 1)
    return ow_fail(failure, OW_INVALID,
                   "'%.100s' is not a numeric address, which is what can be listened on here", address);
  return OW_OK;
}

static enum ow_status fill_conf(const struct ow_embedded_options *options, struct ow_server_conf *conf,
                                struct ow_failure *failure)
{
  enum ow_status status = OW_OK;
  ow_server_conf_defaults(conf);
  conf->modes = options->modes;
  conf->test_port_low = options->test_port_low;
  conf->test_port_high = options->test_port_high;
  conf->reflect_port = options->reflect_port;
  conf->most_connections = options->most_connections;
  if (options->listen[0])
    status = ow_listen_address_parse(options->listen, &conf->listen, failure);
  if (status == OW_OK)
    status = check_number(conf->listen.address, failure);
  if (status == OW_OK && options->twamp[0]) {
    conf->twamp = ow_listen_twamp;
    status = ow_listen_address_parse(options->twamp, &conf->twamp, failure);
  }
  if (status == OW_OK)
    status = check_number(conf->twamp.address, failure);
  if (status == OW_OK)
    status = ow_test_ports_allowed(conf, failure);
  if (status == OW_OK)
    status = ow_reflect_port_allowed(conf, failure);
  return status;
}

static enum ow_status load(const struct ow_embedded_options *options, const struct ow_log *log,
                           struct ow_settings *settings, struct ow_failure *failure)
{
  *settings = (struct ow_settings){0};
  enum ow_status status = fill_conf(options, &settings->conf, failure);
  if (status == OW_OK)
    status = ow_settings_load_rules(options->key_file, options->limits_file, settings, log, failure);
  if (status == OW_OK && !(options->modes & OW_MODE_OPEN) && settings->keys.count == 0) {
    ow_settings_clear(settings);
    status = ow_fail(failure, OW_INVALID,
                     "open mode is left out, but there is no key file with a key: nobody could connect");
  }
  return status;
}

enum ow_status ow_embedded_check(const struct ow_embedded_options *options, struct ow_failure *failure)
{
  struct ow_settings settings;
  enum ow_status status = load(options, NULL, &settings, failure);
  if (status == OW_OK)
    ow_settings_clear(&settings);
  return status;
}

static enum ow_status begin(struct ow_embedded *embedded, struct ow_settings *settings,
                            struct ow_failure *failure)
{
  embedded->thread = ow_thread_create(failure);
  if (!embedded->thread)
    return failure->status;
  enum ow_status status = ow_answering_prepare(&embedded->answering, settings, failure);
  if (status == OW_OK)
    status = ow_test_port_check(&settings->conf, failure);
  if (status == OW_OK)
    status = ow_reflect_port_check(&settings->conf, failure);
  if (status == OW_OK)
    status = ow_answering_listen(&embedded->answering, ow_thread_loop(embedded->thread), &settings->conf,
                                 &embedded->log, failure);
  if (status == OW_OK)
    ow_answering_log_reflector(&embedded->answering, &settings->conf, &embedded->log);
  if (status == OW_OK)
    status = ow_thread_start(embedded->thread, "owamp-responder", &embedded->log, failure);
  embedded->runs = status == OW_OK;
  return status;
}

struct ow_embedded *ow_embedded_start(const struct ow_embedded_options *options, const struct ow_log *log,
                                      struct ow_failure *failure)
{
  struct ow_settings settings;
  struct ow_embedded *embedded = calloc(1, sizeof *embedded);
  if (!embedded) {
    ow_fail(failure, OW_MEMORY, "no memory for a responder");
    return NULL;
  }
  embedded->log = log ? *log : (struct ow_log){0};
  if (!options->verbose && embedded->log.most > OW_LOG_NOTICE)
    embedded->log.most = OW_LOG_NOTICE;
  enum ow_status status = load(options, &embedded->log, &settings, failure);
  if (status == OW_OK) {
    status = begin(embedded, &settings, failure);
    ow_settings_clear(&settings);
  }
  if (status != OW_OK) {
    ow_embedded_stop(embedded);
    embedded = NULL;
  }
  return embedded;
}

uint16_t ow_embedded_port(const struct ow_embedded *embedded)
{
  return ow_serve_port(embedded->answering.server);
}

static void on_left(struct ow_completion *completion)
{
  ow_loop_stop(ow_thread_loop(OW_CONTAINER_OF(completion, struct ow_embedded, left)->thread));
}

static void leave(void *context)
{
  struct ow_embedded *embedded = context;
  embedded->left.run = on_left;
  ow_serve_drain(embedded->answering.server, OW_ANSWERING_LEAVE_TIME, &embedded->left);
}

void ow_embedded_stop(struct ow_embedded *embedded)
{
  if (embedded) {
    if (embedded->runs) {
      ow_thread_call(embedded->thread, leave, embedded);
      ow_thread_await(embedded->thread);
    }
    ow_answering_end(&embedded->answering);
    ow_thread_free(embedded->thread);
  }
  free(embedded);
}
