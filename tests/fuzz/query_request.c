/* SPDX-License-Identifier: MIT */
/* Lines that are asked on the query socket: each is answered by one line of JSON. */
#include <jansson.h>

#include "query/answers.h"
#include "target.h"

static void check_answer(const struct ow_query_text *answer)
{
  FUZZ_CHECK(answer && answer->octets > 1 && answer->line[answer->octets - 1] == '\n');
  FUZZ_CHECK(memchr(answer->line, '\n', answer->octets) == answer->line + answer->octets - 1);
  json_t *root = json_loadb(answer->line, answer->octets, JSON_REJECT_DUPLICATES, NULL);
  FUZZ_CHECK(json_is_object(root));
  json_decref(root);
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t octets)
{
  struct ow_board *board = ow_board_create(2);
  struct ow_query_answers *answers = ow_query_answers_create(board);
  const struct ow_stream_view view = {.name = "a", .host = "h", .port = "1", .interval = 1};
  char *text = fuzz_text(input, octets);
  char *rest = text;
  FUZZ_CHECK(answers && ow_board_put_stream(board, &view) == OW_OK);
  for (char *line; (line = strsep(&rest, "\n"));) {
    struct ow_query_text *answer = ow_query_answer(answers, line, strlen(line));
    check_answer(answer);
    ow_query_text_drop(answer);
  }
  free(text);
  ow_query_answers_free(answers);
  ow_board_free(board);
  return 0;
}
