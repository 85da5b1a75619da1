/* SPDX-License-Identifier: MIT */
/*
 * Keys in the format of perfSONAR's pass-phrase store (.pfs, as its tool pfstore writes it).
 *
 * A line is a KeyID (1 to 80 octets without white space), white space, and the passphrase's octets as
 * hexadecimal digits, two an octet. Empty lines, and lines whose first visible character is '#', say nothing.
 * Only a comment may follow on a line, and a KeyID may stand in the file only once. A backslash at the very
 * end continues a line in the next one.
 */
#ifndef OWAMP_CONFIG_KEY_FILE_H
#define OWAMP_CONFIG_KEY_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/log.h"
#include "base/status.h"

enum { OW_KEY_ID_TEXT = 81, OW_PASSPHRASE = 1024 };

struct ow_passphrase {
  uint8_t octets[OW_PASSPHRASE];
  size_t length;
};

struct ow_key {
  char key_id[OW_KEY_ID_TEXT];
  struct ow_passphrase passphrase;
};

/** Zero-initialised: empty. */
struct ow_keys_file {
  struct ow_key *keys;
  size_t count;
  size_t slots; /* room for so many */
};

/**
 * Read the text of a key file into an empty `file`; `name` is what messages call it. OW_INVALID names file
 * and line of the last fault, and never shows a passphrase; those before are errors in `log` (see
 * base/faults.h). OW_MEMORY. On failure `file` is empty.
 */
enum ow_status ow_key_file_parse(const char *name, const char *text, size_t octets, struct ow_keys_file *file,
                                 const struct ow_log *log, struct ow_failure *failure) OW_MUST_CHECK;
/** Wipe and free. */
void ow_key_file_clear(struct ow_keys_file *file);
/** NULL if there is none. */
const struct ow_key *ow_key_file_find(const struct ow_keys_file *file, const char *key_id);

#endif
