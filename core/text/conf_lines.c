/* SPDX-License-Identifier: MIT */
/* Continued lines are joined within the copy, where every octet keeps its place. */
#include "text/conf_lines.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A newline can be met only within a line that is continued. */
static const struct ow_lines_form form = {.blanks = " \t\r\v\f", .comments = "#"};

enum ow_status ow_conf_lines_open(struct ow_conf_lines *lines, const char *name, const char *text,
                                  size_t octets, struct ow_failure *failure)
{
  *lines = (struct ow_conf_lines){.name = name, .text = text};
  lines->copy = malloc(octets + 1);
  if (!lines->copy)
    return ow_fail(failure, OW_MEMORY, "%s: no memory", name);
  if (octets)
    memcpy(lines->copy, text, octets);
  lines->copy[octets] = '\0';
  lines->lines = ow_lines(&form, lines->copy, octets);
  const char *nul = octets ? memchr(text, '\0', octets) : NULL;
  if (nul)
    return ow_conf_lines_fail(lines, lines->copy + (nul - text), failure,
                              "a NUL octet; this is not a text file");
  return OW_OK;
}

void ow_conf_lines_close(struct ow_conf_lines *lines)
{
  free(lines->copy);
  *lines = (struct ow_conf_lines){0};
}

/* The copy keeps every octet in its place, so the original tells how many lines lie before. */
unsigned ow_conf_lines_number(const struct ow_conf_lines *lines, const char *at)
{
  unsigned number = 1;
  for (const char *octet = lines->text; octet < lines->text + (at - lines->copy); octet++)
    number += *octet == '\n';
  return number;
}

enum ow_status ow_conf_lines_fail(const struct ow_conf_lines *lines, const char *at,
                                  struct ow_failure *failure, const char *format, ...)
{
  char text[OW_FAILURE_TEXT];
  char clean[OW_FAILURE_TEXT];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  /* Messages quote the file, which may hold anything. */
  ow_printable(clean, sizeof clean, text, strlen(text));
  return ow_fail(failure, OW_INVALID, "%s:%u: %s", lines->name, ow_conf_lines_number(lines, at), clean);
}

/* The backslash at the end of a line, which continues it, or NULL. A carriage return may stand behind it. */
static const char *continuation(struct ow_piece line)
{
  size_t length = line.length;
  if (length && line.at[length - 1] == '\r')
    length--;
  return length && line.at[length - 1] == '\\' ? line.at + length - 1 : NULL;
}

static enum ow_status check_backslash(const struct ow_conf_lines *lines, struct ow_piece line,
                                      struct ow_failure *failure)
{
  const char *stray = memchr(line.at, '\\', line.length);
  if (!stray)
    return OW_OK;
  if (stray[1 + strspn(stray + 1, " \t\r")] == '\n')
    return ow_conf_lines_fail(lines, stray, failure,
                              "blanks behind the backslash that continues the line; remove them");
  return ow_conf_lines_fail(lines, stray, failure,
                            "a backslash can stand only at the end of a line, to continue it");
}

/* Where a part of the copy can be written to. */
static char *in_copy(const struct ow_conf_lines *lines, const char *at)
{
  return lines->copy + (at - lines->copy);
}

/* Join what is continued. */
static enum ow_status join(struct ow_conf_lines *lines, struct ow_piece *line, struct ow_failure *failure)
{
  enum ow_status status = OW_OK;
  struct ow_piece last = *line;
  const char *mark = continuation(last);
  while (mark && status == OW_OK) {
    if (!ow_lines_join(&lines->lines, line)) {
      status = ow_conf_lines_fail(lines, mark, failure, "a continued line, but the file ends here");
    } else {
      *in_copy(lines, mark) = ' ';
      status = check_backslash(lines, last, failure);
      last.at += last.length + 1;
      last.length = (size_t)(line->at + line->length - last.at);
      mark = continuation(last);
    }
  }
  if (status == OW_OK)
    status = check_backslash(lines, last, failure);
  return status;
}

enum ow_status ow_conf_lines_next(struct ow_conf_lines *lines, char **line, struct ow_failure *failure)
{
  struct ow_piece piece;
  enum ow_status status = OW_OK;
  *line = NULL;
  if (ow_lines_next(&lines->lines, &piece)) {
    status = join(lines, &piece, failure);
    if (status == OW_OK) {
      *line = in_copy(lines, piece.at);
      (*line)[piece.length] = '\0';
    }
  }
  return status;
}

char *ow_conf_word(char **rest)
{
  char *word = *rest + strspn(*rest, OW_CONF_BLANKS);
  char *end = word + strcspn(word, OW_CONF_BLANKS);
  *rest = *end == '\0' ? end : end + 1;
  *end = '\0';
  return *word == '\0' ? NULL : word;
}

char *ow_conf_trim(char *text)
{
  text += strspn(text, OW_CONF_BLANKS);
  size_t length = strlen(text);
  while (length && strchr(OW_CONF_BLANKS, text[length - 1]))
    length--;
  text[length] = '\0';
  return text;
}
