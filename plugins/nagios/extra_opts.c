/* SPDX-License-Identifier: MIT */
/* Where the file is looked for, and its section's lines as words of the command line. */
#include "extra_opts.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "io/text_file.h"
#include "option_table.h"
#include "text/lines.h"
#include "text/nearest.h"
#include "text/piece.h"

static const char flag[] = "--extra-opts";
static const char usual_section[] = "check_owamp";

enum { PATH = 512, SHOWN = 80 };

/* ---- where the file is ---- */

static const char *const names[] = {"monitoring-plugins.ini", "plugins.ini", "nagios-plugins.ini"};
static const char *const places[] = {
    "/etc/monitoring-plugins/monitoring-plugins.ini",
    "/etc/monitoring-plugins.ini",
    "/etc/nagios/plugins.ini",
    "/usr/local/nagios/etc/plugins.ini",
    "/usr/local/etc/nagios/plugins.ini",
    "/etc/opt/nagios/plugins.ini",
    "/etc/nagios-plugins.ini",
    "/usr/local/etc/nagios-plugins.ini",
    "/etc/opt/nagios-plugins.ini",
};

static bool exists(const char *path)
{
  return access(path, F_OK) == 0;
}

/* In the folders of a list such as "/a:/b". */
static bool find_in(const char *folders, char out[PATH])
{
  bool found = false;
  while (*folders && !found) {
    size_t length = strcspn(folders, ":");
    for (size_t i = 0; i < sizeof names / sizeof *names && !found && length > 0; i++) {
      int wanted = snprintf(out, PATH, "%.*s/%s", (int)length, folders, names[i]);
      found = wanted < PATH && exists(out);
    }
    folders += length + (folders[length] ? 1 : 0);
  }
  return found;
}

static bool find_usual(char out[PATH])
{
  const char *named = getenv("MP_CONFIG_FILE");
  const char *folders = getenv("NAGIOS_CONFIG_PATH");
  bool found = false;
  if (named && *named)
    found = snprintf(out, PATH, "%s", named) < PATH;
  if (!found && folders)
    found = find_in(folders, out);
  for (size_t i = 0; i < sizeof places / sizeof *places && !found; i++) {
    snprintf(out, PATH, "%s", places[i]);
    found = exists(out);
  }
  return found;
}

/* ---- what it says ---- */

/* As plugins read it: an indented line is no continued one, and ';' within a line no comment. */
static const char blanks[] = " \t\r";
static const struct ow_lines_form form = {.blanks = blanks, .comments = "#;"};

static struct ow_piece trimmed_piece(const char *at, size_t length)
{
  return ow_piece_trim((struct ow_piece){at, length}, blanks);
}

struct reading {
  struct check_words *words;
  const char *path;
  struct ow_piece section;
  size_t line;
  bool any_section;
  bool inside;
  bool found;
  struct ow_nearest nearest; /* section to the one that is asked for */
  uint64_t seen;             /* options of the section, by their places in the table */
};

static enum ow_status bad_line(const struct reading *reading, const char *advice, struct ow_failure *failure)
{
  return ow_fail(failure, OW_INVALID, "%s:%zu: %s", reading->path, reading->line, advice);
}

/* One more word at the end of the list, which has room; the text grows by it. */
static void add_word(struct check_words *words, char **at, const char *format, int first_length,
                     const char *first, int second_length, const char *second)
{
  words->list[words->count++] = *at;
  *at += sprintf(*at, format, first_length, first, second_length, second) + 1;
}

/* What is unknown is refused with the command line. */
static bool is_given_twice(struct reading *reading, struct ow_piece name)
{
  const struct check_option *option = check_option_find(name);
  uint64_t bit = option ? UINT64_C(1) << (option - check_option_table) : 0;
  bool twice = (reading->seen & bit) && !check_option_repeatable(option);
  reading->seen |= bit;
  return twice;
}

/* "name=value" or "name=" */
static enum ow_status take_option(struct reading *reading, struct ow_piece line, char **at,
                                  struct ow_failure *failure)
{
  const char *equals = memchr(line.at, '=', line.length);
  if (!equals)
    return bad_line(reading, "no '=': write NAME=VALUE, or NAME= for a flag", failure);
  struct ow_piece name = trimmed_piece(line.at, (size_t)(equals - line.at));
  struct ow_piece value = trimmed_piece(equals + 1, line.length - (size_t)(equals - line.at) - 1);
  const char *comment = memchr(value.at, '#', value.length);
  if (comment)
    value = trimmed_piece(value.at, (size_t)(comment - value.at));
  if (name.length == 0)
    return bad_line(reading, "no option before '='", failure);
  if (is_given_twice(reading, name))
    return bad_line(reading, "this option is given twice in its section", failure);
  bool letter = name.length == 1;
  const char *format = letter ? "-%.*s%.*s" : "--%.*s=%.*s";
  if (!letter && value.length == 0)
    format = "--%.*s%.*s";
  add_word(reading->words, at, format, (int)name.length, name.at, (int)value.length, value.at);
  return OW_OK;
}

static void enter_section(struct reading *reading, struct ow_piece line)
{
  const char *end = memchr(line.at, ']', line.length);
  struct ow_piece name = trimmed_piece(line.at + 1, end ? (size_t)(end - line.at) - 1 : line.length - 1);
  char shown[OW_PIECE_TEXT];
  reading->any_section = true;
  ow_nearest_offer(&reading->nearest, ow_piece_print(shown, name));
  reading->inside =
      end && name.length == reading->section.length && memcmp(name.at, reading->section.at, name.length) == 0;
  reading->found = reading->found || reading->inside;
}

static enum ow_status take_line(struct reading *reading, struct ow_piece line, char **at,
                                struct ow_failure *failure)
{
  enum ow_status status = OW_OK;
  if (*line.at == '[')
    enter_section(reading, line);
  else if (!reading->any_section)
    status = bad_line(reading, "an option before the first [section]", failure);
  else if (reading->inside)
    status = take_option(reading, line, at, failure);
  return status;
}

static size_t count_lines(const char *text)
{
  size_t count = 1;
  for (; *text; text++)
    count += *text == '\n';
  return count;
}

/* Room for every line as a word: "--" and a NUL more than the line has, at most. */
static enum ow_status make_room(struct check_words *words, const struct ow_text_file *file, char **at,
                                struct ow_failure *failure)
{
  size_t lines = count_lines(file->text);
  char **list = realloc(words->list, ((size_t)words->count + lines + 1) * sizeof *list);
  char *text = malloc(file->octets + 4 * lines + 1);
  enum ow_status status = OW_OK;
  if (list)
    words->list = list;
  if (!list || !text) {
    free(text);
    status = ow_fail(failure, OW_MEMORY, "no memory for the options of the file");
  } else {
    free(words->text);
    words->text = text;
    *at = text;
  }
  return status;
}

static enum ow_status read_section(struct reading *reading, const char *text, char **at,
                                   struct ow_failure *failure)
{
  struct ow_lines lines = ow_lines(&form, text, strlen(text));
  struct ow_piece line;
  enum ow_status status = OW_OK;
  reading->any_section = reading->inside = false;
  while (status == OW_OK && ow_lines_next(&lines, &line)) {
    reading->line = lines.number;
    status = take_line(reading, trimmed_piece(line.at, line.length), at, failure);
  }
  return status;
}

static enum ow_status take_file(struct reading *reading, const struct ow_text_file *file,
                                struct ow_failure *failure)
{
  char *at = NULL;
  char shown[SHOWN];
  char meant[OW_NEAREST_TEXT];
  enum ow_status status = make_room(reading->words, file, &at, failure);
  if (status == OW_OK)
    status = read_section(reading, file->text, &at, failure);
  /* Another section's options would be another check's. */
  if (status == OW_OK && !reading->found)
    status = ow_fail(failure, OW_INVALID, "%s has no section [%s]%s", reading->path,
                     ow_printable(shown, sizeof shown, reading->section.at, reading->section.length),
                     ow_nearest_print(meant, &reading->nearest));
  return status;
}

/* `locator` is [SECTION][@FILE]. */
static enum ow_status read_located(struct check_words *words, const char *locator, struct ow_failure *failure)
{
  char path[PATH] = "";
  struct ow_text_file file = {0};
  size_t length = strcspn(locator, "@");
  struct reading reading = {.words = words, .path = path, .section = {locator, length}};
  enum ow_status status = OW_OK;
  if (length == 0)
    reading.section = (struct ow_piece){usual_section, strlen(usual_section)};
  reading.nearest = ow_nearest(reading.section);
  if (locator[length] == '@')
    reading.path = locator + length + 1;
  else if (!find_usual(path))
    status = ow_fail(failure, OW_INVALID,
                     "no ini file in the usual places, such as /etc/nagios/plugins.ini: name it with @FILE");
  if (status == OW_OK)
    status = ow_text_file_read(reading.path, &file, failure);
  if (status == OW_OK && file.missing)
    status = ow_fail(failure, OW_INVALID, "%s: there is no such file", reading.path);
  else if (status == OW_OK)
    status = take_file(&reading, &file, failure);
  ow_text_file_clear(&file);
  return status;
}

/* ---- the command line ---- */

static bool is_flag(const char *word)
{
  size_t length = sizeof flag - 1;
  return strncmp(word, flag, length) == 0 && (word[length] == '\0' || word[length] == '=');
}

static const char *locator_of(const char *word)
{
  const char *rest = word + sizeof flag - 1;
  return *rest == '=' ? rest + 1 : rest;
}

static enum ow_status copy_rest(int argc, char **argv, struct check_words *words, struct ow_failure *failure)
{
  char **list = realloc(words->list, ((size_t)words->count + (size_t)argc + 1) * sizeof *list);
  if (!list)
    return ow_fail(failure, OW_MEMORY, "no memory for the command line");
  words->list = list;
  for (int i = 1; i < argc; i++)
    if (!is_flag(argv[i]))
      words->list[words->count++] = argv[i];
  words->list[words->count] = NULL;
  return OW_OK;
}

static enum ow_status begin(char **argv, struct check_words *words, struct ow_failure *failure)
{
  *words = (struct check_words){.list = calloc(2, sizeof *words->list)};
  if (!words->list)
    return ow_fail(failure, OW_MEMORY, "no memory for the command line");
  words->list[words->count++] = argv[0];
  return OW_OK;
}

enum ow_status check_words_expand(int argc, char **argv, struct check_words *words,
                                  struct ow_failure *failure)
{
  const char *locator = NULL;
  enum ow_status status = begin(argv, words, failure);
  for (int i = 1; i < argc && status == OW_OK; i++) {
    if (is_flag(argv[i]) && locator)
      status = ow_fail(failure, OW_INVALID, "given twice: one file and section is read");
    else if (is_flag(argv[i]))
      locator = locator_of(argv[i]);
  }
  if (locator && status == OW_OK)
    status = read_located(words, locator, failure);
  if (status != OW_OK)
    ow_fail_within(failure, "%s", flag);
  if (words->list && status != OW_MEMORY) {
    struct ow_failure unwanted;
    if (copy_rest(argc, argv, words, status == OW_OK ? failure : &unwanted) != OW_OK)
      status = OW_MEMORY;
  }
  return status;
}

void check_words_clear(struct check_words *words)
{
  free(words->list);
  free(words->text);
  *words = (struct check_words){0};
}
