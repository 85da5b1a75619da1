/* SPDX-License-Identifier: MIT */
/* Faults of which each is told: of configuration files, where the first is seldom the only one. */
#ifndef OWAMP_BASE_FAULTS_H
#define OWAMP_BASE_FAULTS_H

#include "base/log.h"
#include "base/status.h"

struct ow_faults {
  const struct ow_log *log;   /* gets all but the last; without one (NULL, or no `emit`) the first is kept */
  struct ow_failure *failure; /* the caller's, or NULL; the last one, for whoever asked to tell */
  enum ow_status status;      /* of the one that is kept; OW_OK: none yet */
};

/** None yet. */
struct ow_faults ow_faults(const struct ow_log *log, struct ow_failure *failure);
/** One more. */
void ow_faults_add(struct ow_faults *faults, const struct ow_failure *fault);

#endif
