/* SPDX-License-Identifier: MIT */
/* May this process use the UDP ports that it is told to? */
#ifndef OWAMP_POLICY_TEST_PORTS_H
#define OWAMP_POLICY_TEST_PORTS_H

#include <stdbool.h>

#include "base/status.h"
#include "policy/server_conf.h"

/** True if `testports` is one port, which all sessions share; it is opened at the start. */
bool ow_test_port_is_shared(const struct ow_server_conf *conf);
/** True if `reflectport` is that one, so that nothing is to be opened for it. */
bool ow_reflect_port_is_test_port(const struct ow_server_conf *conf);
/** OW_INVALID or OW_LIMIT if `testports` is one port that can't be opened now. Before ow_serve_create(). */
enum ow_status ow_test_port_check(const struct ow_server_conf *conf,
                                  struct ow_failure *failure) OW_MUST_CHECK;
/** The same of `reflectport`. */
enum ow_status ow_reflect_port_check(const struct ow_server_conf *conf,
                                     struct ow_failure *failure) OW_MUST_CHECK;
/** OW_INVALID if this process may not bind `testports`, which is so for low ones and not root. */
enum ow_status ow_test_ports_allowed(const struct ow_server_conf *conf,
                                     struct ow_failure *failure) OW_MUST_CHECK;
/** The same of `reflectport`; and if `twampnode` needs one that isn't there. */
enum ow_status ow_reflect_port_allowed(const struct ow_server_conf *conf,
                                       struct ow_failure *failure) OW_MUST_CHECK;

#endif
