/* SPDX-License-Identifier: MIT */
/* A STAMP reflector on a simulated host, with any habit that real ones have, and some that only enemies have.
 */
#ifndef OWAMP_TEST_SIM_REFLECTOR_H
#define OWAMP_TEST_SIM_REFLECTOR_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/sim.h"
#include "wire/stamp_packet.h"

enum { SIM_ASKED_MOST = 4096 };

/** Zero-initialised but for `mode` it is as RFC 8762 has it, and copies TLVs, which it doesn't know. */
struct sim_reflector {
  enum ow_mode mode;
  const char *key;
  bool stateless;
  bool bare;           /* answers have no more than the base packet */
  bool knows_tlvs;     /* and says so in each */
  bool no_ssid;        /* answers 0 */
  uint16_t wrong_ssid; /* another one; 0: none */
  bool wrong_hmac;
  bool no_arrival;  /* no receive stamp */
  bool loops;       /* the question comes back as it is */
  unsigned times;   /* further answers to each question, each a new one */
  int64_t dwell;    /* ns */
  int64_t ahead;    /* ns of its clock */
  uint32_t counter; /* the first number of each session: of each port that asks */
  uint32_t crowd;   /* by which others raise it with each answer */

  /* What came, by number on the wire. */
  bool arrived[SIM_ASKED_MOST];
  uint32_t answered[1 << 16]; /* by the asker's port */
};

/** It answers at `host` from now on; must stay until sim_end(). */
void sim_reflect(uint8_t host, struct sim_reflector *reflector);

#endif
