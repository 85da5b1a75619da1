/* SPDX-License-Identifier: MIT */
/* Each fault goes to the log when the next one comes, so that those of one file are told in their order. */
#include "base/faults.h"

#include <stdbool.h>

struct ow_faults ow_faults(const struct ow_log *log, struct ow_failure *failure)
{
  return (struct ow_faults){.log = log, .failure = failure, .status = OW_OK};
}

void ow_faults_add(struct ow_faults *faults, const struct ow_failure *fault)
{
  bool first = faults->status == OW_OK;
  bool heard = faults->failure && faults->log && faults->log->emit;
  if (!first && heard)
    ow_log(faults->log, OW_LOG_ERROR, "%s", faults->failure->text);
  if (first || heard) {
    faults->status = fault->status;
    if (faults->failure)
      *faults->failure = *fault;
  }
}
