/* SPDX-License-Identifier: MIT */
/* What there is to tell of a check, each thing in a long and in a short form; the first line is made of it.
 */
#ifndef CHECK_OWAMP_CLAUSES_H
#define CHECK_OWAMP_CLAUSES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"
#include "sla/threshold.h"

enum {
  CHECK_CLAUSES =
      OW_MAX_THRESHOLDS + 16, /* a finding for each metric and direction, and what else there is */
  CHECK_CLAUSE = OW_FAILURE_TEXT + 80,
  CHECK_CLOCK_NOTE = 96,
  CHECK_HEADLINE = 160, /* with "OWAMP CRITICAL - " before it */
};

struct check_clause {
  enum ow_verdict verdict;  /* what it is worth; OK: it is no reason */
  char text[CHECK_CLAUSE];  /* all of it */
  char brief[CHECK_CLAUSE]; /* for the first line; "": not for it */
  bool shortened;           /* `brief` leaves out what nothing else tells */
  bool is_delay;            /* the clocks' error has a part in it */
  bool is_p95;              /* a delay without a name: it is the 95th percentile */
  bool is_clock;            /* what the note says, and more; the first line has the one or the other */
  bool for_asking;          /* as long as all is well, of interest to who asks with -v */
  bool told;                /* the first line tells it, and leaves nothing out */
};

/** Zero-initialised: empty. */
struct check_clauses {
  size_t count;
  struct check_clause list[CHECK_CLAUSES];
  bool p95_told[OW_RESULTS];         /* by a finding that is a reason: the 95th percentile */
  bool loss_told[OW_RESULTS];        /* how much was lost */
  char clock_note[CHECK_CLOCK_NOTE]; /* how far the delays may be off, for the first line; "" */
};

/** Append one that is empty. It stays where it is until check_clauses_sort(). */
struct check_clause *check_clauses_add(struct check_clauses *clauses, enum ow_verdict verdict);
/** Append one with the same long and short form. */
void check_clauses_say(struct check_clauses *clauses, enum ow_verdict verdict, const char *format, ...)
    OW_PRINTF(3, 4);
/** The worst first; of the same worth, in the order of their adding. */
void check_clauses_sort(struct check_clauses *clauses);

/**
 * What follows "OWAMP <verdict> - ": as much of the sorted clauses as makes a line of CHECK_HEADLINE octets,
 * "and 2 more" for the reasons that don't fit, and the clock note where it matters. It has neither ';', which
 * Nagios takes for its own, nor '|'. Marks what it tells.
 */
void check_clauses_headline(struct check_clauses *clauses, enum ow_verdict verdict, char out[CHECK_HEADLINE]);
/** All long forms in one line, "; " between them; what is longer than `size` is cut. */
void check_clauses_join(const struct check_clauses *clauses, char *out, size_t size);

#endif
