#include "text/conf_lines.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLANKS " \t\r\n\v\f"

enum ow_status ow_conf_lines_open(struct ow_conf_lines *lines, const char *name, const char *text,
                                  size_t octets, struct ow_failure *failure)
{
  *lines = (struct ow_conf_lines){.name = name, .text = text, .octets = octets};
  lines->copy = malloc(octets + 1);
  if (!lines->copy)
    return ow_fail(failure, OW_MEMORY, "%s: no memory", name);
  if (octets)
    memcpy(lines->copy, text, octets);
  lines->copy[octets] = '\0';
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

/* The end of the physical line at `from`: its newline, or the end of the text. */
static char *physical_end(const struct ow_conf_lines *lines, char *from)
{
  char *end = strchr(from, '\n');
  return end ? end : lines->copy + lines->octets;
}

/* The backslash that continues the line up to `end`, or NULL. A carriage return may stand behind it. */
static char *continuation(char *start, char *end)
{
  char *last = end;
  if (last > start && last[-1] == '\r')
    last--;
  return last > start && last[-1] == '\\' ? last - 1 : NULL;
}

static enum ow_status check_backslash(const struct ow_conf_lines *lines, char *start, char *end,
                                      struct ow_failure *failure)
{
  char *stray = memchr(start, '\\', (size_t)(end - start));
  if (!stray)
    return OW_OK;
  if (stray[1 + strspn(stray + 1, " \t\r")] == '\n')
    return ow_conf_lines_fail(lines, stray, failure,
                              "blanks behind the backslash that continues the line; remove them");
  return ow_conf_lines_fail(lines, stray, failure,
                            "a backslash can stand only at the end of a line, to continue it");
}

/* Join what is continued; `*end` moves to the end of the whole. */
static enum ow_status join(const struct ow_conf_lines *lines, char *start, char **end,
                           struct ow_failure *failure)
{
  enum ow_status status = OW_OK;
  char *from = start;
  char *mark = continuation(from, *end);
  while (mark && status == OW_OK) {
    if (**end == '\0') {
      status = ow_conf_lines_fail(lines, mark, failure, "a continued line, but the file ends here");
    } else {
      *mark = ' ';
      status = check_backslash(lines, from, *end, failure);
      from = *end + 1;
      *end = physical_end(lines, from);
      mark = continuation(from, *end);
    }
  }
  if (status == OW_OK)
    status = check_backslash(lines, from, *end, failure);
  return status;
}

enum ow_status ow_conf_lines_next(struct ow_conf_lines *lines, char **line, struct ow_failure *failure)
{
  enum ow_status status = OW_OK;
  *line = NULL;
  while (lines->at < lines->octets && !*line && status == OW_OK) {
    char *start = lines->copy + lines->at;
    char *end = physical_end(lines, start);
    start += strspn(start, " \t\r\v\f");
    if (start < end && *start != '#') {
      status = join(lines, start, &end, failure);
      *line = start;
    }
    lines->at = (size_t)(end - lines->copy) + 1;
    *end = '\0';
  }
  if (status != OW_OK)
    *line = NULL;
  return status;
}

char *ow_conf_word(char **rest)
{
  char *word = *rest + strspn(*rest, BLANKS);
  char *end = word + strcspn(word, BLANKS);
  *rest = *end == '\0' ? end : end + 1;
  *end = '\0';
  return *word == '\0' ? NULL : word;
}
