/* SPDX-License-Identifier: MIT */
/* Read as every reader does, under one lock with the view, which is not looked at here. */
#include "support/board.h"

size_t test_board_intervals(const struct ow_board *board, const char *name, uint64_t after,
                            struct ow_interval *intervals, size_t most)
{
  struct ow_stream_view view;
  size_t count = 0;
  (void)ow_board_read(board, name, after, &view, intervals, most, &count);
  return count;
}

bool test_board_newest(const struct ow_board *board, const char *name, struct ow_interval *interval)
{
  struct ow_stream_view view;
  size_t count = 0;
  (void)ow_board_read_last(board, name, &view, interval, 1, &count);
  return count == 1;
}
