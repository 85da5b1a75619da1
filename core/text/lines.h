/* SPDX-License-Identifier: MIT */
/* The lines of a text file, with their numbers. Nothing is copied. */
#ifndef OWAMP_TEXT_LINES_H
#define OWAMP_TEXT_LINES_H

#include <stdbool.h>
#include <stddef.h>

#include "text/piece.h"

/** What a kind of file has. */
struct ow_lines_form {
  const char *blanks;   /* mean nothing at the beginning of a line; the newline is none of them */
  const char *comments; /* a line whose first other octet is one of these says nothing */
};

struct ow_lines {
  const struct ow_lines_form *form;
  struct ow_piece rest;
  size_t number; /* of the line that was read last; the first is 1 */
};

/** The caller keeps both. A byte-order mark (UTF-8's) before the first line is no part of it. */
struct ow_lines ow_lines(const struct ow_lines_form *form, const char *text, size_t octets);

/**
 * The next line that says something, from its first octet that is no blank up to its newline. False if none
 * is left.
 */
bool ow_lines_next(struct ow_lines *lines, struct ow_piece *line);

/**
 * Lengthen `line`, which is the last that was read, by the newline behind it and the line that follows,
 * whatever that says. False if no newline stands behind it.
 */
bool ow_lines_join(struct ow_lines *lines, struct ow_piece *line);

#endif
