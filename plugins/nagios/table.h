/* SPDX-License-Identifier: MIT */
/* What -v adds: the peer, and both directions' numbers side by side. At most 80 columns. */
#ifndef CHECK_OWAMP_TABLE_H
#define CHECK_OWAMP_TABLE_H

#include <stdio.h>

#include "measure/probe_report.h"
#include "option_values.h"
#include "outcome.h"

/** A line "label   text", whose label is 16 octets long at most. */
void check_table_line(FILE *out, const char *label, const char *format, ...) OW_PRINTF(3, 4);

/** The server, how far the measurement came, and the stream. */
void check_table_peer(FILE *out, const struct ow_probe_report *report, const struct check_stream *stream);
/** The directions that were asked for; nothing if there is nothing to tell of any. */
void check_table_results(FILE *out, const struct check_options *options,
                         const struct ow_probe_report *report);

/** "synchronised" or "not synchronised". */
const char *check_synchronized_words(bool synchronized);

#endif
