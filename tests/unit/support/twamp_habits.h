/* SPDX-License-Identifier: MIT */
/* What a TWAMP server of a test does (support/twamp_server.h). */
#ifndef OWAMP_TEST_TWAMP_HABITS_H
#define OWAMP_TEST_TWAMP_HABITS_H

#include <stdbool.h>
#include <stdint.h>

#include "wire/mode.h"

/** Zero-initialised but for `modes` it is as RFC 5357 has it. */
struct test_twamp_habits {
  uint32_t modes;         /* offered, features included */
  enum ow_accept session; /* the answer to every request, */
  enum ow_accept start;   /* and to a start */
  uint16_t port;          /* of its reflector; 0: the one wished for */
  bool no_port;           /* Accept-Session names port 0 */
  bool no_sid;            /* and no SID */
  bool no_zero_addresses; /* it refuses them */
  bool silent;            /* it says nothing to a request, */
  bool closes;            /* or closes: an OWAMP server */
  bool closes_running;    /* it closes when it has started a session */
  bool talks;             /* it says something while sessions run */
};

#endif
