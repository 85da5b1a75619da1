/* SPDX-License-Identifier: MIT */
/* Continued lines are joined within the copy, where every octet keeps its place. */
#include "text/conf_lines.h"

#include <stdarg.h>
#include <stdbool.h>
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

/* Messages quote the file, which may hold anything. */
static const char *sentence(char out[OW_FAILURE_TEXT], const char *format, va_list arguments)
{
  char text[OW_FAILURE_TEXT];
  vsnprintf(text, sizeof text, format, arguments);
  return ow_printable(out, OW_FAILURE_TEXT, text, strlen(text));
}

enum ow_status ow_conf_lines_fail(const struct ow_conf_lines *lines, const char *at,
                                  struct ow_failure *failure, const char *format, ...)
{
  char text[OW_FAILURE_TEXT];
  va_list arguments;
  va_start(arguments, format);
  sentence(text, format, arguments);
  va_end(arguments);
  return ow_fail(failure, OW_INVALID, "%s:%u: %s", lines->name, ow_conf_lines_number(lines, at), text);
}

void ow_conf_lines_warn(const struct ow_conf_lines *lines, const char *at, const struct ow_log *log,
                        const char *format, ...)
{
  char text[OW_FAILURE_TEXT];
  va_list arguments;
  va_start(arguments, format);
  sentence(text, format, arguments);
  va_end(arguments);
  ow_log(log, OW_LOG_WARNING, "%s:%u: %s", lines->name, ow_conf_lines_number(lines, at), text);
}

/* The backslash at the end of a line, which continues it, or NULL; blanks may stand behind it. */
static const char *continuation(struct ow_piece line)
{
  size_t length = line.length;
  while (length && strchr(form.blanks, line.at[length - 1]))
    length--;
  return length && line.at[length - 1] == '\\' ? line.at + length - 1 : NULL;
}

/* The part of a line before `mark`, where it ends or is continued. */
static enum ow_status check_backslash(const struct ow_conf_lines *lines, struct ow_piece line,
                                      const char *mark, struct ow_failure *failure)
{
  size_t length = mark ? (size_t)(mark - line.at) : line.length;
  const char *behind = mark ? mark + 1 : line.at + line.length;
  size_t blanks = (size_t)(line.at + line.length - behind);
  const char *stray = memchr(line.at, '\\', length);
  if (stray)
    return ow_conf_lines_fail(lines, stray, failure,
                              "a backslash can stand only at the end of a line, to continue it");
  if (blanks > 1 || (blanks == 1 && *behind != '\r'))
    return ow_conf_lines_fail(lines, mark, failure,
                              "blanks behind the backslash that continues the line; remove them");
  return OW_OK;
}

/* Where a part of the copy can be written to. */
static char *in_copy(const struct ow_conf_lines *lines, const char *at)
{
  return lines->copy + (at - lines->copy);
}

static bool is_blank(char c)
{
  return c == '\0' || strchr(OW_CONF_BLANKS, c) != NULL;
}

/*
 * From the backslash up to the next line there is nothing. If that lies within a word, its first part is
 * moved to the other one, so that what follows keeps its place, which tells its line.
 */
static void close_gap(char *start, char *mark, char *next)
{
  char *word = mark;
  while (word > start && !is_blank(word[-1]))
    word--;
  size_t length = is_blank(*next) ? 0 : (size_t)(mark - word);
  char *gap = mark - length;
  memmove(next - length, gap, length);
  memset(gap, ' ', (size_t)(next - mark));
}

/* Join what is continued; whatever is wrong with it, to its end. */
static enum ow_status join(struct ow_conf_lines *lines, struct ow_piece *line, struct ow_failure *failure)
{
  enum ow_status status = OW_OK;
  struct ow_piece last = *line;
  const char *mark = continuation(last);
  while (mark && ow_lines_join(&lines->lines, line)) {
    const char *next = last.at + last.length + 1;
    if (status == OW_OK)
      status = check_backslash(lines, last, mark, failure);
    close_gap(in_copy(lines, line->at), in_copy(lines, mark), in_copy(lines, next));
    last = (struct ow_piece){next, (size_t)(line->at + line->length - next)};
    mark = continuation(last);
  }
  if (status == OW_OK && mark)
    status = ow_conf_lines_fail(lines, mark, failure, "a continued line, but the file ends here");
  else if (status == OW_OK)
    status = check_backslash(lines, last, NULL, failure);
  return status;
}

enum ow_status ow_conf_lines_next(struct ow_conf_lines *lines, char **line, struct ow_failure *failure)
{
  struct ow_piece piece;
  enum ow_status status = OW_OK;
  *line = NULL;
  while (status == OW_OK && !*line && ow_lines_next(&lines->lines, &piece)) {
    status = join(lines, &piece, failure);
    piece = ow_piece_trim_start(piece, OW_CONF_BLANKS);
    /* Only what was joined can be empty, or a comment, now. */
    if (status == OW_OK && piece.length > 0 && *piece.at != '#') {
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
