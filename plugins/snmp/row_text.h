/* SPDX-License-Identifier: MIT */
/* A row that was made over SNMP as a line that is kept, and back. */
#ifndef OWAMP_SNMP_ROW_TEXT_H
#define OWAMP_SNMP_ROW_TEXT_H

#include "peers.h"

enum { ROW_TEXT = 4096 };

/** OWNER NAME active|waiting KEY VALUE ..., each within quotation marks; only what isn't as by default. */
const char *row_print(char out[ROW_TEXT], const struct peer *peer);

/**
 * KEY VALUE ... of an array of words, with keys of `face`, to `config`, which has its defaults. OW_INVALID
 * with the key of the last fault; those before are errors in `log` (see base/faults.h).
 */
enum ow_status row_read_options(struct peer_config *config, const struct ow_peer_face *face,
                                char *const *words, size_t count, const struct ow_log *log,
                                struct ow_failure *failure) OW_MUST_CHECK;

#endif
