/* SPDX-License-Identifier: MIT */
/* From a line that somebody asks on the query socket to the line that answers it. On one thread. */
#ifndef OWAMP_QUERY_ANSWERS_H
#define OWAMP_QUERY_ANSWERS_H

#include <stddef.h>

#include "base/status.h"
#include "results/board.h"

struct ow_query_answers;

/** An answer that may be on its way to many; with its newline. Counted: let go of it when it is sent. */
struct ow_query_text {
  size_t users;
  size_t readers; /* of them those it is on its way to: whoever sends it counts */
  size_t octets;
  char *line;
};

/** NULL without memory. `board` must outlive it. */
struct ow_query_answers *ow_query_answers_create(const struct ow_board *board) OW_MUST_CHECK;
void ow_query_answers_free(struct ow_query_answers *answers);

/** The answer to a line without its newline, which may hold anything. NULL without memory. */
struct ow_query_text *ow_query_answer(struct ow_query_answers *answers, const char *line,
                                      size_t octets) OW_MUST_CHECK;
/** An error of one's own. */
struct ow_query_text *ow_query_complain(const char *sentence) OW_MUST_CHECK;
/** NULL: nothing. */
void ow_query_text_drop(struct ow_query_text *text);

#endif
