/* Reading of ranges. Private to this room; printing is in threshold.h. */
#ifndef OWAMP_SLA_RANGE_H
#define OWAMP_SLA_RANGE_H

#include "base/status.h"
#include "sla/number.h"
#include "sla/threshold.h"

/** RANGE of threshold.h, for `metric`. OW_INVALID with what is wrong and what would be right. */
enum ow_status ow_range_parse(struct ow_piece piece, enum ow_metric metric, struct ow_range *range,
                              struct ow_failure *failure) OW_MUST_CHECK;

#endif
