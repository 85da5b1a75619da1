/* SPDX-License-Identifier: MIT */
/* If it opens a shared UDP port, that is its host's. */
#include "sim/sim_serve.h"

#include <check.h>
#include <stdio.h>

#include "sim/sim.h"

struct ow_serve_config sim_serve_config(uint8_t host)
{
  struct ow_serve_config config;
  ow_serve_defaults(&config);
  snprintf(config.address, sizeof config.address, "127.0.0.%u", host);
  config.pbkdf2_count = 1024;
  return config;
}

struct ow_serve *sim_serve(struct ow_loop *loop, uint8_t host, const struct ow_serve_config *config,
                           const struct ow_serve_policy *policy, const struct ow_log *log)
{
  const struct ow_serve_config usual = sim_serve_config(host);
  struct ow_failure failure = {0};
  sim_opening = host;
  struct ow_serve *server = ow_serve_create(loop, config ? config : &usual, policy, log, &failure);
  ck_assert_msg(server != NULL, "%s", failure.text);
  return server;
}
