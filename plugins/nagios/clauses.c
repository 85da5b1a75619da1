/* SPDX-License-Identifier: MIT */
/* Sorted by severity, then as many as one line takes. */
#include "clauses.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "text.h"

struct check_clause *check_clauses_add(struct check_clauses *clauses, enum ow_verdict verdict)
{
  if (clauses->count < CHECK_CLAUSES)
    clauses->count++;
  struct check_clause *clause = &clauses->list[clauses->count - 1];
  *clause = (struct check_clause){.verdict = verdict};
  return clause;
}

void check_clauses_say(struct check_clauses *clauses, enum ow_verdict verdict, const char *format, ...)
{
  struct check_clause *clause = check_clauses_add(clauses, verdict);
  struct check_text text = {clause->text, sizeof clause->text, 0};
  char words[CHECK_CLAUSE];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(words, sizeof words, format, arguments);
  va_end(arguments);
  check_text_add(&text, "%s", words);
  memcpy(clause->brief, clause->text, sizeof clause->brief);
}

void check_clauses_sort(struct check_clauses *clauses)
{
  for (size_t i = 1; i < clauses->count; i++) {
    struct check_clause moved = clauses->list[i];
    size_t at = i;
    for (; at > 0 && clauses->list[at - 1].verdict < moved.verdict; at--)
      clauses->list[at] = clauses->list[at - 1];
    clauses->list[at] = moved;
  }
}

/* ---- the first line ---- */

enum { MORE = sizeof ", and 10 more" - 1, LEAST_CUT = 24 };

/* Where a sentence that is too long may end: before its advice, or between two words. */
static size_t cut_at(const char *brief, size_t room)
{
  size_t at = strcspn(brief, ";");
  if (at < LEAST_CUT || at > room) {
    at = room > 4 ? room - 4 : 0;
    while (at > LEAST_CUT && brief[at] != ' ')
      at--;
  }
  return at;
}

static void add_cut(struct check_text *line, const char *brief, size_t room)
{
  size_t at = cut_at(brief, room);
  check_text_add(line, "%.*s%s", (int)at, brief, brief[at] == ';' ? "" : " ...");
}

static bool is_reason(const struct check_clause *clause)
{
  return clause->verdict != OW_VERDICT_OK && clause->brief[0];
}

static size_t count_reasons(const struct check_clauses *clauses)
{
  size_t count = 0;
  for (size_t i = 0; i < clauses->count; i++)
    count += is_reason(&clauses->list[i]);
  return count;
}

static void add_clause(struct check_text *line, struct check_clause *clause)
{
  check_text_add(line, "%s%s", line->length ? ", " : "", clause->brief);
  clause->told = !clause->shortened;
}

static bool fits(const struct check_text *line, const struct check_clause *clause, size_t room)
{
  return line->length + 2 + strlen(clause->brief) <= room;
}

/* The first thing is told in any case, though it be cut. */
static bool add_if_it_fits(struct check_text *line, struct check_clause *clause, size_t room)
{
  bool whole = fits(line, clause, room);
  bool first = line->length == 0;
  if (whole)
    add_clause(line, clause);
  else if (first)
    add_cut(line, clause->brief, room);
  return whole || first;
}

/* Once one is left out, so are all that follow: they are less severe, or as severe. */
static void add_reasons(struct check_text *line, struct check_clauses *clauses, size_t room)
{
  size_t left = count_reasons(clauses);
  bool full = false;
  for (size_t i = 0; i < clauses->count && !full; i++) {
    struct check_clause *clause = &clauses->list[i];
    if (!is_reason(clause))
      continue;
    full = !add_if_it_fits(line, clause, room - (left > 1 ? (size_t)MORE : 0));
    left -= !full;
  }
  if (left > 0)
    check_text_add(line, ", and %zu more", left);
}

static void add_what_is_fine(struct check_text *line, struct check_clauses *clauses, size_t room)
{
  for (size_t i = 0; i < clauses->count; i++) {
    struct check_clause *clause = &clauses->list[i];
    if (clause->verdict == OW_VERDICT_OK && clause->brief[0])
      (void)add_if_it_fits(line, clause, room);
  }
}

/* Beside what is fine, or beside a reason that the clocks have a part in. */
static bool wants_note(const struct check_clauses *clauses, enum ow_verdict verdict)
{
  bool wanted = false;
  for (size_t i = 0; i < clauses->count; i++) {
    const struct check_clause *clause = &clauses->list[i];
    wanted = wanted || (clause->is_delay && (is_reason(clause) || verdict == OW_VERDICT_OK));
  }
  return wanted;
}

static void add_note(struct check_text *line, struct check_clauses *clauses)
{
  bool p95 = false;
  for (size_t i = 0; i < clauses->count; i++) {
    p95 = p95 || (clauses->list[i].is_p95 && clauses->list[i].told);
    clauses->list[i].told = clauses->list[i].told || clauses->list[i].is_clock;
  }
  if (p95 || clauses->clock_note[0])
    check_text_add(line, " (%s%s%s)", p95 ? "p95" : "", p95 && clauses->clock_note[0] ? ", " : "",
                   clauses->clock_note);
}

static void mend_semicolons(char *line)
{
  for (; *line; line++)
    if (*line == ';')
      *line = ',';
}

void check_clauses_headline(struct check_clauses *clauses, enum ow_verdict verdict, char out[CHECK_HEADLINE])
{
  struct check_text line = {out, CHECK_HEADLINE, 0};
  size_t room = CHECK_HEADLINE - (sizeof "OWAMP  - " - 1) - strlen(ow_verdict_name(verdict));
  bool noted = wants_note(clauses, verdict);
  if (noted)
    room -= strlen(" (p95, )") + strlen(clauses->clock_note);
  out[0] = '\0';
  add_reasons(&line, clauses, room);
  add_what_is_fine(&line, clauses, room);
  if (noted)
    add_note(&line, clauses);
  mend_semicolons(out);
}

void check_clauses_join(const struct check_clauses *clauses, char *out, size_t size)
{
  struct check_text line = {out, size, 0};
  out[0] = '\0';
  for (size_t i = 0; i < clauses->count; i++) {
    check_text_next(&line);
    check_text_add(&line, "%s", clauses->list[i].text);
  }
}
