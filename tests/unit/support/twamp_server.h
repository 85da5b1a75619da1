/* SPDX-License-Identifier: MIT */
/*
 * A TWAMP server's control connection, without any I/O, with any habit that real ones have, and some that
 * only broken ones have. It trusts its client: a wrong message fails the test.
 */
#ifndef OWAMP_TEST_TWAMP_SERVER_H
#define OWAMP_TEST_TWAMP_SERVER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/cursor.h"
#include "control/intake.h"
#include "control/outbox.h"
#include "support/twamp_habits.h"
#include "wire/tw_request.h"
#include "wire/twamp_packet.h"

enum test_twamp_stage { TEST_TWAMP_SET_UP, TEST_TWAMP_COMMANDS };

struct test_twamp_server {
  const struct test_twamp_habits *habits; /* must stay; may change */
  enum test_twamp_stage stage;
  struct ow_intake intake;
  struct ow_outbox outbox; /* what it says waits in outbox.octets */
  struct ow_challenge challenge;
  struct ow_keys keys;
  struct ow_twamp_format format;
  enum ow_mode mode;
  uint8_t sids; /* made so far: each SID is another */

  struct ow_tw_request request;       /* the last one, */
  struct ow_tw_acceptance acceptance; /* and its answer */
  unsigned requests, agreed, starts, stops;
  struct ow_stop_sessions stop; /* the last one */
  bool closed;                  /* it wants to close the connection */
};

/** Greets at once. */
void test_twamp_server_open(struct test_twamp_server *server, const struct test_twamp_habits *habits);
/** Take what the client says, and answer it. */
void test_twamp_server_receive(struct test_twamp_server *server, struct ow_reader *input);
/** The test keys of the session that was agreed on last. */
struct ow_keys test_twamp_server_keys(const struct test_twamp_server *server);
void test_twamp_server_close(struct test_twamp_server *server);

#endif
