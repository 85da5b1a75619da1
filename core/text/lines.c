/* SPDX-License-Identifier: MIT */
/* Cut at newlines, without a byte order mark; blank lines and comments are passed over. */
#include "text/lines.h"

#include <string.h>

static const char byte_order_mark[] = "\xef\xbb\xbf";

static struct ow_piece behind(struct ow_piece piece, size_t length)
{
  return (struct ow_piece){piece.at + length, piece.length - length};
}

struct ow_lines ow_lines(const struct ow_lines_form *form, const char *text, size_t octets)
{
  size_t mark = sizeof byte_order_mark - 1;
  struct ow_piece rest = {text, octets};
  if (octets >= mark && memcmp(text, byte_order_mark, mark) == 0)
    rest = behind(rest, mark);
  return (struct ow_lines){.form = form, .rest = rest};
}

/* From where the rest begins up to the next newline, which is taken too. */
static struct ow_piece cut_line(struct ow_lines *lines)
{
  struct ow_piece rest = lines->rest;
  const char *newline = memchr(rest.at, '\n', rest.length);
  size_t length = newline ? (size_t)(newline - rest.at) : rest.length;
  lines->rest = behind(rest, length + (newline ? 1 : 0));
  lines->number++;
  return (struct ow_piece){rest.at, length};
}

static bool says_something(const struct ow_lines *lines, struct ow_piece line)
{
  const char *comments = lines->form->comments;
  return line.length > 0 && !memchr(comments, *line.at, strlen(comments));
}

bool ow_lines_next(struct ow_lines *lines, struct ow_piece *line)
{
  bool found = false;
  while (!found && lines->rest.length > 0) {
    *line = ow_piece_trim_start(cut_line(lines), lines->form->blanks);
    found = says_something(lines, *line);
  }
  return found;
}

bool ow_lines_join(struct ow_lines *lines, struct ow_piece *line)
{
  bool newline = lines->rest.at > line->at + line->length;
  if (newline)
    line->length += 1 + cut_line(lines).length;
  return newline;
}
