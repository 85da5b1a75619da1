/* SPDX-License-Identifier: MIT */
/*
 * Which of a reflector's own sequence numbers have come: one bit each, so that those that are missing can be
 * counted, and with them the answers that were lost on their way.
 */
#ifndef OWAMP_SESSION_ANSWER_NUMBERS_H
#define OWAMP_SESSION_ANSWER_NUMBERS_H

#include <stdbool.h>
#include <stdint.h>

/** Zero-initialised: none has come; then `most` is set. */
struct ow_answer_numbers {
  uint32_t most; /* numbers from the first on that are kept track of; memory is taken as they come */
  uint32_t *words;
  uint32_t word_count;
  uint32_t origin; /* the number of bit 0: a little before the first that came */
  bool beyond;     /* one came that is too far from the others, or memory was short: no count is true */
};

void ow_answer_numbers_clear(struct ow_answer_numbers *numbers);
/** It has come. True: for the first time. */
bool ow_answer_numbers_add(struct ow_answer_numbers *numbers, uint32_t number);
/** Numbers between `after` and `before`, both excluded, that have not come. False: it can't be told. */
bool ow_answer_numbers_missing(const struct ow_answer_numbers *numbers, uint32_t after, uint32_t before,
                               uint32_t *missing);

#endif
