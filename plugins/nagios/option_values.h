/* SPDX-License-Identifier: MIT */
/* What the command line of check_owamp says, once it is read. */
#ifndef CHECK_OWAMP_OPTION_VALUES_H
#define CHECK_OWAMP_OPTION_VALUES_H

#include <stdbool.h>
#include <stdint.h>

#include "config/peer_options.h"

enum check_action {
  CHECK_MEASURE,
  CHECK_QUERY, /* judge a running stream */
  CHECK_FETCH, /* judge a session that the server holds */
  CHECK_DIAGNOSE,
  CHECK_SHOW_HELP,
  CHECK_SHOW_VERSION,
};

enum { CHECK_MOST_LAST = 1000 };

/** The strings of argv must outlive it. Clear with check_options_clear(). */
struct check_options {
  enum check_action action;
  bool actions_clash;               /* more than one was asked for */
  struct ow_peer_settings settings; /* without the passphrase, which check_key_load() adds */
  struct ow_given given;            /* of them */
  int64_t timeout;                  /* nanoseconds for the whole check */
  int verbosity;                    /* 0 to 3 */
  bool json;
  bool sparse; /* performance data: what isn't known is left out */
  bool has_timeout_state;
  enum ow_verdict timeout_state; /* what it is worth that time ran out, if that was said */
  const char *query_socket;
  const char *stream; /* name of the stream to judge */
  uint32_t last;      /* its newest intervals */
  int64_t max_age;    /* ns since they ended; 0: by the stream's interval */
  uint8_t sid[16];    /* to fetch */

  const char *program;               /* argv[0] */
  char key_warning[OW_FAILURE_TEXT]; /* that others may read the key file; "": they may not */
};

#endif
