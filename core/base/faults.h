/* SPDX-License-Identifier: MIT */
/* Faults of which each is told: of configuration files, where the first is seldom the only one. */
#ifndef OWAMP_BASE_FAULTS_H
#define OWAMP_BASE_FAULTS_H

#include <stdbool.h>

#include "base/log.h"
#include "base/status.h"

struct ow_faults {
  const struct ow_log *log;   /* gets all but the last; without one (NULL, or no `emit`) the first is kept */
  struct ow_failure *failure; /* the caller's, or NULL; the last one, for whoever asked to tell */
  enum ow_status status;      /* of the one that is kept; OW_OK: none yet */
  bool told;                  /* it went to the log already: another one is sure to come */
};

/** None yet. */
struct ow_faults ow_faults(const struct ow_log *log, struct ow_failure *failure);
/** One more. */
void ow_faults_add(struct ow_faults *faults, const struct ow_failure *fault);
/**
 * The log for a part that keeps its own last fault for us to add: what we keep is told before the others of
 * that part, so that all stand in their order. `faults` must not move while it is used.
 */
struct ow_log ow_faults_log(struct ow_faults *faults);

#endif
