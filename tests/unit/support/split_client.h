/* SPDX-License-Identifier: MIT */
/*
 * A client whose test packets go to another address of the server's host than its control connection does, as
 * owping does it that is given a TESTADDR and a SERVADDR.
 */
#ifndef OWAMP_TEST_SPLIT_CLIENT_H
#define OWAMP_TEST_SPLIT_CLIENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "config/peer.h"
#include "io/address.h"
#include "io/loop.h"
#include "stats/result.h"

/** What came of both directions; `accepts` is what the server answered to each request. */
struct test_split_report {
  enum ow_accept accepts[OW_DIRECTIONS];
  uint32_t sent[OW_DIRECTIONS];
  uint32_t received[OW_DIRECTIONS];
  struct ow_failure failure; /* status OW_OK: all was said and done */
};

/**
 * Measure over a control connection to `control`, with the server's end of the sessions at `test` and ours at
 * `local`. `peer` says packets, schedule, directions, loss timeout and key. Runs `loop`, on which the server
 * may live too, for 10 s at most.
 */
void test_split_measure(struct ow_loop *loop, const struct ow_peer *peer, const union ow_address *control,
                        const union ow_address *test, const union ow_address *local,
                        struct test_split_report *report);

#endif
