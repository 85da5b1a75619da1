/* SPDX-License-Identifier: MIT */
/*
 * The lines of owampd's configuration files: '#' begins a comment line, blank lines mean nothing, and a
 * backslash at the very end continues a line in the next one, within a word too; anywhere else it is an
 * error. What lines are cut from is a copy, in which words can be terminated.
 */
#ifndef OWAMP_TEXT_CONF_LINES_H
#define OWAMP_TEXT_CONF_LINES_H

#include <stddef.h>

#include "base/log.h"
#include "base/status.h"
#include "text/lines.h"

struct ow_conf_lines {
  const char *name; /* what messages call the file */
  const char *text; /* as given; the caller keeps it */
  char *copy;       /* every octet in its place, but for what ends words */
  struct ow_lines lines;
};

/** OW_INVALID if the text holds a NUL, OW_MEMORY. Close it in any case. */
enum ow_status ow_conf_lines_open(struct ow_conf_lines *lines, const char *name, const char *text,
                                  size_t octets, struct ow_failure *failure) OW_MUST_CHECK;
void ow_conf_lines_close(struct ow_conf_lines *lines);

/**
 * The next line that means something, whole and without its continuation marks; NULL at the end. OW_INVALID:
 * it can't be read, and the next call goes on behind it.
 */
enum ow_status ow_conf_lines_next(struct ow_conf_lines *lines, char **line,
                                  struct ow_failure *failure) OW_MUST_CHECK;

/** What parts words. */
#define OW_CONF_BLANKS " \t\r\n\v\f"
/** Cut the next word off `*rest`: a terminated string, or NULL at the end. */
char *ow_conf_word(char **rest);
/** Cut the blanks off both ends; returns where it begins. */
char *ow_conf_trim(char *text);

/** OW_INVALID with "name:line: " before the text; `at` points into the line, wherever it is continued. */
enum ow_status ow_conf_lines_fail(const struct ow_conf_lines *lines, const char *at,
                                  struct ow_failure *failure, const char *format, ...) OW_PRINTF(4, 5);
/** The same as a warning. `log` may be NULL. */
void ow_conf_lines_warn(const struct ow_conf_lines *lines, const char *at, const struct ow_log *log,
                        const char *format, ...) OW_PRINTF(4, 5);
/** The number of the physical line that `at` lies in. */
unsigned ow_conf_lines_number(const struct ow_conf_lines *lines, const char *at);

#endif
