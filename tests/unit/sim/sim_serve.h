/* SPDX-License-Identifier: MIT */
/* A Server of ours on a simulated host. */
#ifndef OWAMP_TEST_SIM_SERVE_H
#define OWAMP_TEST_SIM_SERVE_H

#include "server/server.h"

/** The defaults, at 127.0.0.`host`, with a count that is quickly derived. */
struct ow_serve_config sim_serve_config(uint8_t host);
/** `config` NULL: sim_serve_config(host). Fails the test if there is none; ow_serve_free() ends it. */
struct ow_serve *sim_serve(struct ow_loop *loop, uint8_t host, const struct ow_serve_config *config,
                           const struct ow_serve_policy *policy, const struct ow_log *log);

#endif
