/* SPDX-License-Identifier: MIT */
/* Ranges of ports: "8760-9960", or "8760" for one. */
#ifndef OWAMP_TEXT_PORT_RANGE_H
#define OWAMP_TEXT_PORT_RANGE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"

/** From 1 to 65535. OW_INVALID. */
enum ow_status ow_port_range_parse(const char *text, uint16_t *low, uint16_t *high,
                                   struct ow_failure *failure) OW_MUST_CHECK;
/** As owampd takes it: "0" too, for any port, which leaves both 0. False if it is anything else. */
bool ow_port_range_or_any_parse(const char *text, uint16_t *low, uint16_t *high) OW_MUST_CHECK;

#endif
