/* SPDX-License-Identifier: MIT */
/* What stands on a board, for tests that ask for the intervals alone. */
#ifndef OWAMP_TEST_BOARD_H
#define OWAMP_TEST_BOARD_H

#include "results/board.h"

/** The oldest kept intervals with a number above `after`, in order, `most` at most; returns how many. */
size_t test_board_intervals(const struct ow_board *board, const char *name, uint64_t after,
                            struct ow_interval *intervals, size_t most);
/** The newest interval; false if there is none. */
bool test_board_newest(const struct ow_board *board, const char *name, struct ow_interval *interval);

#endif
