/* SPDX-License-Identifier: MIT */
/* May this process use the UDP ports that it is told to? */
#ifndef OWAMP_POLICY_TEST_PORTS_H
#define OWAMP_POLICY_TEST_PORTS_H

#include "base/status.h"
#include "policy/server_conf.h"

/** OW_INVALID if this process may not bind `testports`, which is so for low ones and not root. */
enum ow_status ow_test_ports_allowed(const struct ow_server_conf *conf,
                                     struct ow_failure *failure) OW_MUST_CHECK;

#endif
