/* SPDX-License-Identifier: MIT */
/* A TWAMP server and its Session-Reflector on a simulated host, with any habit that real ones have. */
#ifndef OWAMP_TEST_SIM_TWAMP_H
#define OWAMP_TEST_SIM_TWAMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "io/listener.h"
#include "sim/sim.h"
#include "support/twamp_habits.h"

struct sim_twamp_connection;

/** Zero it, set habits.modes, then sim_twamp_open(). Then it is as RFC 5357 has it. */
struct sim_twamp {
  struct test_twamp_habits habits;
  bool stateless;        /* answers have their questions' numbers */
  uint32_t first_number; /* of each session's answers */
  bool no_error;         /* error estimates with Multiplier 0 */
  bool wrong_hmac;
  bool deaf;          /* nothing is answered */
  unsigned times;     /* further answers to each question */
  int64_t dwell;      /* ns */
  int64_t ahead;      /* ns of its clock */
  uint8_t tos;        /* with which questions come, where it is agreed to tell */
  uint32_t strangers; /* questions that are no running session's */
  uint32_t answers;
  size_t shortest, longest; /* of the questions that came */

  struct ow_loop *loop;
  struct ow_listeners listeners;
  struct sim_twamp_connection *connections;
  unsigned connected; /* ever */
};

/** It listens and answers at `host`, given as text too, from now on; must stay until sim_twamp_close(). */
void sim_twamp_open(struct sim_twamp *twamp, struct ow_loop *loop, uint8_t host, const char *address);
void sim_twamp_close(struct sim_twamp *twamp);

#endif
