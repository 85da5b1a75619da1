/* SPDX-License-Identifier: MIT */
/* Whole small files into memory, bounded. */
#ifndef OWAMP_IO_TEXT_FILE_H
#define OWAMP_IO_TEXT_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"

enum { OW_TEXT_FILE_MOST = 1 << 20 };

/** Zero-initialised: empty. `octets` doesn't count the terminating NUL that is always there. */
struct ow_text_file {
  char *text;
  size_t octets;
  bool missing; /* there is no such file; `text` is NULL */
  bool world_readable;
};

/**
 * Read a regular file of at most OW_TEXT_FILE_MOST octets. That it is missing is no failure. OW_INVALID,
 * OW_LIMIT or OW_MEMORY with a sentence that begins with the path; `file` is then empty. `failure` must not
 * be NULL.
 */
enum ow_status ow_text_file_read(const char *path, struct ow_text_file *file,
                                 struct ow_failure *failure) OW_MUST_CHECK;
/** Wipe (it may have held passphrases) and free. */
void ow_text_file_clear(struct ow_text_file *file);

#endif
