/* SPDX-License-Identifier: MIT */
/*
 * How large an answer of a query socket can honestly be, and whether a text is within that: looked at octet
 * by octet, before a parser makes a hundred octets of memory out of each two of it.
 */
#ifndef OWAMP_REPORT_ANSWER_BOUNDS_H
#define OWAMP_REPORT_ANSWER_BOUNDS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"

struct ow_answer_bounds {
  size_t octets;
  size_t values; /* in all, whatever their kind */
  size_t nests;  /* objects and lists, which take most memory */
};

/** The most streams that a list is taken of. */
enum { OW_ANSWER_STREAMS_MOST = 16384 };
/** The most octets of all histograms of an answer to "get". */
enum { OW_ANSWER_HISTOGRAMS_MOST = 8 << 20 };

/** Of the answer to "list". */
struct ow_answer_bounds ow_answer_bounds_of_list(void);
/**
 * Of the answer to "get" with that many intervals, with histograms if those were asked for; room for what a
 * newer daemon may tell beside.
 */
struct ow_answer_bounds ow_answer_bounds_of_stream(size_t intervals, bool histograms);

/**
 * OW_PROTOCOL if the text has more octets, values or nests than that, or nests deeper than any answer. It
 * needs not be JSON: that is seen by who parses it.
 */
enum ow_status ow_answer_bounds_hold(const struct ow_answer_bounds *bounds, const char *text, size_t octets,
                                     struct ow_failure *failure) OW_MUST_CHECK;

#endif
