/* SPDX-License-Identifier: MIT */
/* One sscanf(3) a line; a test fails at a line that isn't one. */
#include "support/raw.h"

#include <check.h>
#include <inttypes.h>
#include <stdio.h>

static void read_line(const char *text, struct test_raw_line *line)
{
  unsigned send_synchronized;
  unsigned receive_synchronized;
  char end;
  int fields = sscanf(text, "%" SCNu32 " %" SCNu64 " %u %lf %" SCNu64 " %u %lf %" SCNu8 "%c", &line->sequence,
                      &line->sent.ntp, &send_synchronized, &line->send_error, &line->received.ntp,
                      &receive_synchronized, &line->receive_error, &line->ttl, &end);
  ck_assert_msg(fields == 9 && end == '\n', "not a line of a .raw file: %s", text);
  line->send_synchronized = send_synchronized != 0;
  line->receive_synchronized = receive_synchronized != 0;
}

void test_raw_read(struct test_raw *raw, const char *path)
{
  char text[256];
  FILE *in = fopen(path, "r");
  ck_assert_msg(in != NULL, "%s can't be read", path);
  for (raw->count = 0; fgets(text, sizeof text, in); raw->count++) {
    ck_assert_uint_lt(raw->count, TEST_RAW_LINES);
    read_line(text, &raw->lines[raw->count]);
  }
  fclose(in);
}
