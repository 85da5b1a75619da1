/* SPDX-License-Identifier: MIT */
/* Asking a query socket once, by a thread that may wait. */
#include <stdio.h>
#include <string.h>

#include "query/link.h"
#include "query/query.h"
#include "report/answer.h"
#include "report/answer_bounds.h"

struct question {
  const char *name;
  bool histograms; /* asked for */
  int64_t deadline;
};

static enum ow_status ask(struct ow_query_link *link, const struct question *question,
                          struct ow_stream_view *view, struct ow_interval *intervals, size_t count,
                          size_t *got, struct ow_failure *failure)
{
  char request[OW_STREAM_NAME + 48];
  const char *line = NULL;
  size_t octets = 0;
  link->lines.most = ow_answer_bounds_of_stream(count, question->histograms).octets;
  int length = snprintf(request, sizeof request, "get %s %zu%s\n", question->name, count,
                        question->histograms ? " histograms" : "");
  enum ow_status status = ow_query_link_send(link, request, (size_t)length, question->deadline, failure);
  if (status == OW_OK)
    status = ow_query_link_read(link, question->deadline, &line, &octets, failure);
  if (status == OW_OK)
    status = ow_answer_read_stream(line, octets, view, intervals, count, got, failure);
  if (status == OW_OK && strcmp(view->name, question->name) != 0) {
    status = ow_fail(failure, OW_PROTOCOL, "the answer is about another stream, %s", view->name);
    for (size_t i = 0; i < *got; i++)
      ow_interval_drop(&intervals[i]);
  }
  return status;
}

/* Who refuses may be older than histograms; else it says the same again. */
static enum ow_status ask_twice(struct ow_query_link *link, struct question *question,
                                struct ow_stream_view *view, struct ow_interval *intervals, size_t count,
                                size_t *got, struct ow_failure *failure)
{
  question->histograms = true;
  enum ow_status status = ask(link, question, view, intervals, count, got, failure);
  if (status == OW_REFUSED) {
    question->histograms = false;
    *failure = (struct ow_failure){.text = ""};
    status = ask(link, question, view, intervals, count, got, failure);
  }
  return status;
}

enum ow_status ow_query_get(const char *path, const char *name, int64_t timeout, struct ow_stream_view *view,
                            struct ow_interval *intervals, size_t count, size_t *got,
                            struct ow_failure *failure)
{
  struct ow_failure own = {.text = ""};
  struct ow_query_link link;
  struct question question = {.name = name, .deadline = ow_query_clock() + timeout};
  *got = 0;
  if (!ow_stream_name_valid(name))
    return ow_fail(failure, OW_INVALID,
                   "a stream's name has 1 to %d printable characters and no space, / \" or \\",
                   OW_STREAM_NAME - 1);
  enum ow_status status = ow_query_link_open(&link, path, question.deadline, &own);
  if (status == OW_OK)
    status = ask_twice(&link, &question, view, intervals, count, got, &own);
  ow_query_link_close(&link);
  if (status != OW_OK) {
    ow_fail_within(&own, "query socket %s", path);
    *got = 0;
    if (failure)
      *failure = own;
  }
  return status;
}
