/* SPDX-License-Identifier: MIT */
/* Which of the modes that a server offers a client takes (RFC 4656, 3.1; RFC 5357, 3.1; RFC 5618, 3.1). */
#ifndef OWAMP_CONTROL_MODE_CHOICE_H
#define OWAMP_CONTROL_MODE_CHOICE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "wire/mode.h"
#include "wire/protocol.h"

/** What a client may take. */
struct ow_mode_limits {
  enum ow_protocol protocol; /* OWAMP or TWAMP, which has modes beyond OWAMP's */
  uint32_t modes;
  bool keyed; /* it has a key: without one only the open mode is of use */
};

/** The strongest of `offered` that the limits allow. OW_REFUSED, with a sentence on both sides' modes. */
enum ow_status ow_mode_choose(uint32_t offered, const struct ow_mode_limits *limits, enum ow_mode *mode,
                              struct ow_failure *failure) OW_MUST_CHECK;

#endif
