/* SPDX-License-Identifier: MIT */
/* The `.raw` files beside the captures: what the peer's own client printed of each packet, one a line. */
#ifndef OWAMP_TEST_RAW_H
#define OWAMP_TEST_RAW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "time/timestamp.h"

/** SEQ SEND_TIME SEND_SYNC SEND_ERR RECV_TIME RECV_SYNC RECV_ERR TTL. */
struct test_raw_line {
  uint32_t sequence;
  struct ow_timestamp sent;
  struct ow_timestamp received;
  bool send_synchronized;
  bool receive_synchronized;
  double send_error; /* seconds */
  double receive_error;
  uint8_t ttl;
};

enum { TEST_RAW_LINES = 64 };

struct test_raw {
  struct test_raw_line lines[TEST_RAW_LINES];
  size_t count;
};

/** Read a whole file; fails the test if it can't be read, or a line isn't as above. */
void test_raw_read(struct test_raw *raw, const char *path);

#endif
