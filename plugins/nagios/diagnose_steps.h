/* SPDX-License-Identifier: MIT */
/* A diagnosis and its steps: what was found at each, and how to mend it. */
#ifndef CHECK_OWAMP_DIAGNOSE_STEPS_H
#define CHECK_OWAMP_DIAGNOSE_STEPS_H

#include "measure/probe_report.h"
#include "mtu_search.h"
#include "options.h"
#include "protocols.h"

enum check_finding {
  CHECK_STEP_NOT_REACHED,
  CHECK_STEP_OK,
  CHECK_STEP_REMARK, /* works, but not as it should */
  CHECK_STEP_FAILED,
};
/** "not reached", "ok", "remark", "FAILED". */
const char *check_finding_name(enum check_finding finding);

enum { CHECK_STEPS = 16, CHECK_STEP_TEXT = 400 };

struct check_step {
  const char *name;
  enum check_finding finding;
  char found[CHECK_STEP_TEXT];
  char mend[CHECK_STEP_TEXT]; /* "" if there is nothing to mend */
};

struct check_diagnosis {
  size_t count; /* 0: none was asked for */
  struct check_step steps[CHECK_STEPS];
};

/** What was tried besides; zero-initialised: nothing. */
struct check_trials {
  struct check_mtu mtu;
  bool nat_tried;
  struct ow_probe_report with_nat; /* of that other try */
  struct check_protocols protocols;
};

struct view {
  const struct check_options *options;
  const struct ow_probe_report *report;
  const struct check_trials *trials;
  struct check_diagnosis *diagnosis;
};

/** The next step: what it is called, whether it is well, and what was found. */
struct check_step *say_step(const struct view *view, const char *name, enum check_finding finding,
                            const char *format, ...) OW_PRINTF(4, 5);
/** How to mend it. */
void say_mend(struct check_step *step, const char *format, ...) OW_PRINTF(2, 3);
void not_reached(const struct view *view, const char *name);

/** What keeps a host from being reached, by errno, and where that is to be looked for. */
const char *mend_of_error(int error);
/** A reason that lies in what this host's user may do. */
bool is_forbidden(int error);
/** "give --source and --interface what this host has ..." */
extern const char mend_own_end[];
/** What keeps this host from opening a socket for test packets. */
const char *mend_of_own_port(const struct ow_failure *failure);

#endif
