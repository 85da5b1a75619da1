/* SPDX-License-Identifier: MIT */
/* The command line. */
#ifndef OWAMP_RESPONDER_OPTIONS_H
#define OWAMP_RESPONDER_OPTIONS_H

#include <stdbool.h>

#include "base/status.h"
#include "policy/listen_address.h"
#include "policy/server_conf.h"
#include "policy/settings.h"

struct ow_options {
  bool foreground;
  bool help;
  bool version;
  bool check;
  bool open_ports;
  bool busy_wait;
  bool no_sandbox;
  int verbose;       /* how often -v was given */
  const char *conf;  /* -c, or NULL; points into argv */
  bool listen_given; /* -S */
  struct ow_listen_address listen;
};

extern const char ow_options_help[];

/** OW_INVALID with a sentence for what can't be understood. `failure` must not be NULL. */
enum ow_status ow_options_parse(int count, char **words, struct ow_options *options,
                                struct ow_failure *failure) OW_MUST_CHECK;
/** What -c names, or else the first of ow_settings_folders. Fails as ow_settings_find() does. */
enum ow_status ow_options_find_settings(const struct ow_options *options, struct ow_settings_paths *paths,
                                        struct ow_failure *failure) OW_MUST_CHECK;
/** The command line has the last word. */
void ow_options_apply(const struct ow_options *options, struct ow_server_conf *conf);

#endif
