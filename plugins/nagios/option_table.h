/* Every option of check_owamp: how it is written, what it defaults to, what it does, and its help. */
#ifndef CHECK_OWAMP_OPTION_TABLE_H
#define CHECK_OWAMP_OPTION_TABLE_H

#include <stddef.h>

#include "base/status.h"
#include "option_values.h"

/** Either takes an argument and has `set`, or is a flag and has `raise`. */
struct check_option {
  char letter; /* 0: none */
  const char *name;
  const char *argument; /* NULL: a flag */
  const char *initial;  /* value before the command line is read; NULL: none */
  enum ow_status (*set)(struct check_options *options, const char *value, struct ow_failure *failure);
  void (*raise)(struct check_options *options);
  const char *help;
};

enum { CHECK_OPTIONS_MOST = 64 };

extern const struct check_option check_option_table[];
extern const size_t check_option_count; /* at most CHECK_OPTIONS_MOST */

/** Read a value, or raise the flag; a failure begins with the option's name. */
enum ow_status check_option_apply(const struct check_option *option, struct check_options *options,
                                  const char *value, struct ow_failure *failure) OW_MUST_CHECK;

#endif
