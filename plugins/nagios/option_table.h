/* SPDX-License-Identifier: MIT */
/* Every option of check_owamp: how it is written, what it defaults to, what it does, and its help. */
#ifndef CHECK_OWAMP_OPTION_TABLE_H
#define CHECK_OWAMP_OPTION_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"
#include "config/peer_face.h"
#include "option_values.h"

/** Either a peer's option, or one of the check's own, with what it does. */
struct check_option {
  char letter; /* 0: none */
  /* Of a peer's option the core's table (config/peer_options.h) says what isn't said here. */
  bool of_peer;
  enum ow_peer_option_id id;
  const char *flag; /* the value that it stands for, if it takes none */
  /* The check's own either takes an argument and has `set`, or is a flag and has `raise`. */
  const char *name;     /* NULL: as the peer's option is spelled */
  const char *argument; /* NULL: a flag, or as the core's table says */
  const char *initial;  /* value before the command line is read; NULL: none, or likewise */
  enum ow_status (*set)(struct check_options *options, const char *value, struct ow_failure *failure);
  void (*raise)(struct check_options *options);
  bool repeatable;  /* of the check's own: each time it is given counts */
  const char *help; /* of a peer's option what follows the core's sentence; NULL: nothing */
};

enum { CHECK_OPTIONS_MOST = 64 };

extern const struct check_option check_option_table[];
extern const size_t check_option_count; /* at most CHECK_OPTIONS_MOST */

enum { CHECK_OPTION_HELP = 512 };
/** All that is to be told of an option. */
struct check_option_text {
  char name[OW_SPELLED_TEXT]; /* without its dashes */
  const char *argument;       /* NULL: a flag */
  const char *initial;        /* NULL: none */
  char help[CHECK_OPTION_HELP];
};
void check_option_describe(const struct check_option *option, struct check_option_text *text);

/** By its letter or whole name, without dashes. NULL if there is none. */
const struct check_option *check_option_find(struct ow_piece name);
/** May it be given more than once in a file? On a command line the last one holds. */
bool check_option_repeatable(const struct check_option *option);

/** Read a value, or raise the flag; a failure begins with the option's name. */
enum ow_status check_option_apply(const struct check_option *option, struct check_options *options,
                                  const char *value, struct ow_failure *failure) OW_MUST_CHECK;

#endif
