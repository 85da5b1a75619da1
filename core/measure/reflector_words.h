/* SPDX-License-Identifier: MIT */
/* What is said of a reflector that does not all that it should, or of answers that count for nothing. */
#ifndef OWAMP_MEASURE_REFLECTOR_WORDS_H
#define OWAMP_MEASURE_REFLECTOR_WORDS_H

#include "base/status.h"
#include "traffic/reflected_session.h"

/**
 * What spoils a measurement in parts: "12 answers with wrong HMAC (is the key the reflector's?)", "nobody
 * listens there: Connection refused"; "" if nothing does. Into `remark`.
 */
void ow_reflector_remark(const struct ow_test_reflected *session, char remark[OW_FAILURE_TEXT]);

enum { OW_REFLECTOR_WORDS = 16, OW_REFLECTOR_TEXT = 160 };
/**
 * What was found out about it, a line each: that it counts its answers or not, what it ignores, what its TLVs
 * said. Returns how many, OW_REFLECTOR_WORDS at most.
 */
size_t ow_reflector_words(const struct ow_test_reflected *session,
                          char words[OW_REFLECTOR_WORDS][OW_REFLECTOR_TEXT]);

#endif
