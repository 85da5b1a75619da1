/* SPDX-License-Identifier: MIT */
/* owamp-server.conf: one directive a line, a keyword and at most one value. */
#ifndef OWAMP_POLICY_SERVER_CONF_H
#define OWAMP_POLICY_SERVER_CONF_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/log.h"
#include "base/status.h"
#include "policy/listen_address.h"

enum { OW_ACCOUNT_TEXT = 64 };

struct ow_server_conf {
  const char *file;                /* what messages call the file that was read; NULL: none was */
  struct ow_listen_address listen; /* srcnode */
  struct ow_listen_address twamp;  /* twampnode; its port "" = not given */
  uint16_t test_port_low;          /* testports; 0 = ephemeral */
  uint16_t test_port_high;
  uint64_t reflect_port;     /* reflectport, UDP; 0 = no Session-Reflector */
  uint32_t modes;            /* authmode: mask of enum ow_mode */
  uint64_t most_connections; /* maxcontrolsessions; 0 = as many as the server can */
  int64_t control_timeout;   /* controltimeout, ns */
  int64_t end_delay;         /* enddelay, ns; negative: not given */
  uint64_t pbkdf2_count;
  char user[OW_ACCOUNT_TEXT]; /* "" = not given; a name, or -NUMBER */
  char group[OW_ACCOUNT_TEXT];
  bool root_folly;            /* rootfolly: root may stay root */
  char vardir[PATH_MAX];      /* "" = not given */
  int facility;               /* syslog(3) */
  enum ow_log_level log_most; /* loglevel */
  bool log_nothing;           /* loglevel NONE */
  bool verbose;
  bool busy_wait; /* not in the file: be awake shortly before each packet is due */
  /* The lines of some of these, for what is found out about them only later; 0: not in the file. */
  unsigned listen_line;
  unsigned test_ports_line;
  unsigned reflect_port_line;
  unsigned twamp_line;
  unsigned modes_line;
  unsigned user_line;
  unsigned group_line;
};

void ow_server_conf_defaults(struct ow_server_conf *conf);

/**
 * Read the text of the file `name`, which the caller keeps, on top of what `conf` holds. OW_INVALID names
 * file and line of the last fault; those before are errors in `log` (see base/faults.h). What owampd takes is
 * taken; where it may have been meant otherwise, or means nothing here, is a warning. `failure` must not be
 * NULL.
 */
enum ow_status ow_server_conf_parse(const char *name, const char *text, size_t octets,
                                    struct ow_server_conf *conf, const struct ow_log *log,
                                    struct ow_failure *failure) OW_MUST_CHECK;

/**
 * Put "file:line: " before a failure that lies in what stands there, unless `line` is 0. Returns its status.
 */
enum ow_status ow_server_conf_fail_at(const struct ow_server_conf *conf, unsigned line,
                                      struct ow_failure *failure);

#endif
