/* SPDX-License-Identifier: MIT */
/* Each fault goes to the log when the next one comes, so that those of one file are told in their order. */
#include "base/faults.h"

#include <stddef.h>

struct ow_faults ow_faults(const struct ow_log *log, struct ow_failure *failure)
{
  return (struct ow_faults){.log = log, .failure = failure, .status = OW_OK};
}

static bool is_heard(const struct ow_faults *faults)
{
  return faults->failure && ow_log_takes(faults->log, OW_LOG_ERROR);
}

static void tell_kept(struct ow_faults *faults)
{
  if (faults->status != OW_OK && !faults->told && is_heard(faults))
    ow_log(faults->log, OW_LOG_ERROR, "%s", faults->failure->text);
  faults->told = true;
}

void ow_faults_add(struct ow_faults *faults, const struct ow_failure *fault)
{
  bool first = faults->status == OW_OK;
  tell_kept(faults);
  if (first || is_heard(faults)) {
    faults->status = fault->status;
    faults->told = false;
    if (faults->failure)
      *faults->failure = *fault;
  }
}

static void emit(void *context, enum ow_log_level level, const char *line)
{
  struct ow_faults *faults = context;
  if (level == OW_LOG_ERROR)
    tell_kept(faults);
  ow_log(faults->log, level, "%s", line);
}

struct ow_log ow_faults_log(struct ow_faults *faults)
{
  bool takes = ow_log_takes(faults->log, OW_LOG_ERROR);
  return (struct ow_log){
      .context = faults, .emit = takes ? emit : NULL, .most = takes ? faults->log->most : OW_LOG_ERROR};
}
