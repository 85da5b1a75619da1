/* SPDX-License-Identifier: MIT */
/* Whole small files into memory, bounded. */
#ifndef OWAMP_IO_TEXT_FILE_H
#define OWAMP_IO_TEXT_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/log.h"
#include "base/status.h"

enum { OW_TEXT_FILE_MOST = 1 << 20 };

/** Zero-initialised: empty. `octets` doesn't count the terminating NUL that is always there. */
struct ow_text_file {
  char *text;
  size_t octets;
  bool missing;     /* there is no such file; `text` is NULL */
  bool others_read; /* beyond owner and group */
  bool others_write;
};

/**
 * Read a regular file of at most OW_TEXT_FILE_MOST octets. That it is missing is no failure. OW_INVALID,
 * OW_LIMIT or OW_MEMORY with a sentence that begins with the path; `file` is then empty. `failure` must not
 * be NULL.
 */
enum ow_status ow_text_file_read(const char *path, struct ow_text_file *file,
                                 struct ow_failure *failure) OW_MUST_CHECK;
/**
 * A warning to `log` (may be NULL) if others than owner and group of this file of passphrases may read or
 * change it; a group may be meant to, as one that a daemon belongs to.
 */
void ow_text_file_warn_exposed(const char *path, const struct ow_text_file *file, const struct ow_log *log);
/** Wipe (it may have held passphrases) and free. */
void ow_text_file_clear(struct ow_text_file *file);

#endif
