/* SPDX-License-Identifier: MIT */
/* Requests told apart; the list is printed once and shared until the board changes. */
#include "query/answers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "query/query.h"
#include "report/answer.h"
#include "text/number.h"

enum { REQUEST = 256, NAMES_TOLD = 5 };

struct ow_query_answers {
  const struct ow_board *board;
  struct ow_query_text *list; /* the last one, as long as the board doesn't change */
  uint64_t list_version;
  struct ow_interval intervals[OW_QUERY_INTERVALS];
};

/* ---- texts ---- */

/* Takes `line` over. */
static struct ow_query_text *text_of(char *line, size_t octets)
{
  struct ow_query_text *text = line ? malloc(sizeof *text) : NULL;
  char *longer = text ? realloc(line, octets + 1) : NULL;
  if (!longer) {
    free(line);
    free(text);
    return NULL;
  }
  longer[octets] = '\n';
  *text = (struct ow_query_text){.users = 1, .octets = octets + 1, .line = longer};
  return text;
}

void ow_query_text_drop(struct ow_query_text *text)
{
  if (text && --text->users == 0) {
    free(text->line);
    free(text);
  }
}

struct ow_query_text *ow_query_complain(const char *sentence)
{
  size_t octets = 0;
  char *line = ow_answer_error(sentence, &octets);
  return text_of(line, octets);
}

/* ---- list ---- */

static struct ow_query_text *make_list(const struct ow_board *board)
{
  size_t octets = 0;
  size_t listed = 0;
  size_t count;
  char(*names)[OW_STREAM_NAME];
  enum ow_status status = ow_board_all_names(board, &names, &count);
  struct ow_stream_view *views = calloc(count + 1, sizeof *views);
  char *line = NULL;
  if (status == OW_OK && views) {
    for (size_t i = 0; i < count; i++)
      if (ow_board_view(board, names[i], &views[listed]))
        listed++;
    line = ow_answer_list(views, listed, &octets);
  }
  free(names);
  free(views);
  return text_of(line, octets);
}

/* The version is read first: what changes meanwhile makes the list an old one, never a lasting one. */
static struct ow_query_text *answer_list(struct ow_query_answers *answers)
{
  uint64_t version = ow_board_version(answers->board);
  if (!answers->list || answers->list_version != version) {
    ow_query_text_drop(answers->list);
    answers->list = make_list(answers->board);
    answers->list_version = version;
  }
  if (answers->list)
    answers->list->users++;
  return answers->list;
}

/* ---- get ---- */

static struct ow_query_text *no_such_stream(const struct ow_board *board, const char *name)
{
  char sentence[OW_FAILURE_TEXT];
  char names[NAMES_TOLD][OW_STREAM_NAME];
  size_t count = ow_board_names(board, names, NAMES_TOLD);
  int length = snprintf(sentence, sizeof sentence, "there is no stream \"%s\", but %s", name,
                        count ? "there are: " : "no stream at all");
  for (size_t i = 0; i < count && i < NAMES_TOLD && length < (int)sizeof sentence; i++)
    length += snprintf(sentence + length, sizeof sentence - (size_t)length, "%s%s", i ? ", " : "", names[i]);
  if (count > NAMES_TOLD && length < (int)sizeof sentence)
    snprintf(sentence + length, sizeof sentence - (size_t)length, " and %zu more", count - NAMES_TOLD);
  return ow_query_complain(sentence);
}

static struct ow_query_text *answer_get(struct ow_query_answers *answers, const char *name, size_t most,
                                        bool histograms)
{
  struct ow_stream_view view;
  size_t count;
  size_t octets = 0;
  bool there = histograms ? ow_board_read_whole(answers->board, name, &view, answers->intervals, most, &count)
                          : ow_board_read_last(answers->board, name, &view, answers->intervals, most, &count);
  if (!there)
    return no_such_stream(answers->board, name);
  char *line = ow_answer_stream(&view, answers->intervals, count, &octets);
  for (size_t i = 0; i < count; i++)
    ow_interval_drop(&answers->intervals[i]);
  return text_of(line, octets);
}

/* ---- requests ---- */

/* 1 to OW_QUERY_INTERVALS; more is that many; 0 if it's no number. */
static size_t count_of(const char *text)
{
  struct ow_digits digits = ow_digits_read(ow_piece_of(text));
  size_t count = digits.value > OW_QUERY_INTERVALS ? OW_QUERY_INTERVALS : (size_t)digits.value;
  return text[digits.count] ? 0 : count;
}

/* Ends `text` at its first blank; what follows it, or NULL. */
static char *cut(char *text)
{
  char *rest = text ? strchr(text, ' ') : NULL;
  if (rest)
    *rest++ = '\0';
  return rest;
}

static struct ow_query_text *answer_request(struct ow_query_answers *answers, char *request)
{
  char *name = cut(request);
  char *count = cut(name);
  char *more = cut(count);
  size_t most = count ? count_of(count) : 1;
  bool known = !more || strcmp(more, "histograms") == 0;
  if (strcmp(request, "list") == 0 && !name)
    return answer_list(answers);
  if (strcmp(request, "get") == 0 && name && ow_stream_name_valid(name) && most > 0 && known)
    return answer_get(answers, name, most, more != NULL);
  return ow_query_complain(
      "this is no request; ask \"list\", \"get NAME\", \"get NAME COUNT\" or \"get NAME COUNT histograms\"");
}

struct ow_query_text *ow_query_answer(struct ow_query_answers *answers, const char *line, size_t octets)
{
  char request[REQUEST] = "";
  if (octets && line[octets - 1] == '\r')
    octets--;
  /* A NUL ends a text too early: such a line is no request. */
  if (octets < sizeof request && !memchr(line, '\0', octets))
    memcpy(request, line, octets);
  return answer_request(answers, request);
}

struct ow_query_answers *ow_query_answers_create(const struct ow_board *board)
{
  struct ow_query_answers *answers = calloc(1, sizeof *answers);
  if (answers)
    answers->board = board;
  return answers;
}

void ow_query_answers_free(struct ow_query_answers *answers)
{
  if (answers)
    ow_query_text_drop(answers->list);
  free(answers);
}
