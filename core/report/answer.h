/* SPDX-License-Identifier: MIT */
/*
 * What the query socket answers, as text: one line of JSON without its newline. Octets in and out, so that
 * who reads the socket needs to know nothing of JSON.
 */
#ifndef OWAMP_REPORT_ANSWER_H
#define OWAMP_REPORT_ANSWER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"
#include "report/interval.h"

/** A stream in the answer to `list`. */
struct ow_listed {
  char name[OW_STREAM_NAME];
  uint64_t newest;
  uint64_t version;
};

/* ---- writing: the caller frees; NULL without memory ---- */

/** {"schema", "histograms": true, "streams": [{"name", "host", "port", "state", "newest", "version"}, ...]}
 */
char *ow_answer_list(const struct ow_stream_view *views, size_t count, size_t *octets) OW_MUST_CHECK;
/**
 * {"schema", "stream": {...}, "intervals": [...]}; with as many of the newest ones' histograms as
 * OW_ANSWER_HISTOGRAMS_MOST octets hold.
 */
char *ow_answer_stream(const struct ow_stream_view *view, const struct ow_interval *intervals, size_t count,
                       size_t *octets) OW_MUST_CHECK;
/** {"schema", "error": "..."} */
char *ow_answer_error(const char *sentence, size_t *octets) OW_MUST_CHECK;

/*
 * ---- reading: OW_PROTOCOL if it is no such answer, larger than answer_bounds.h allows, or of a newer schema
 * than OW_JSON_SCHEMA; OW_REFUSED with the sentence of an error; OW_MEMORY ----
 */

/** `*listed` is the caller's to free, and NULL if it fails. `*histograms`: they can be asked for. */
enum ow_status ow_answer_read_list(const char *line, size_t octets, struct ow_listed **listed, size_t *count,
                                   bool *histograms, struct ow_failure *failure) OW_MUST_CHECK;
/**
 * Up to `most` intervals, the last of those that are there; their numbers rise. ow_interval_drop() each of
 * the
 * `*got`; none if it fails.
 */
enum ow_status ow_answer_read_stream(const char *line, size_t octets, struct ow_stream_view *view,
                                     struct ow_interval *intervals, size_t most, size_t *got,
                                     struct ow_failure *failure) OW_MUST_CHECK;

#endif
