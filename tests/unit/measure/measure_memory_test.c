/* SPDX-License-Identifier: MIT */
/*
 * A probe on the real loop that reaches nobody, each allocation failing in turn: it says what was in its way.
 */
#include <stdio.h>
#include <string.h>

#include "config/peer_options.h"
#include "measure/probe.h"
#include "support/failing_memory.h"
#include "support/main.h"

static void probe(void)
{
  struct ow_probe_report report;
  struct ow_peer peer;
  ow_peer_defaults(&peer);
  snprintf(peer.host, sizeof peer.host, "127.0.0.1");
  snprintf(peer.port, sizeof peer.port, "9"); /* where nobody listens */
  enum ow_status status = ow_probe_run(&peer, 10 * OW_NS_PER_S, NULL, &report);
  ck_assert_int_eq(status, report.status);
  ck_assert_msg(status == (test_memory_failed() ? OW_MEMORY : OW_NETWORK), "run %u: status %d, %s",
                test_memory_run(), (int)status, report.failure.text);
  ck_assert_msg(strstr(report.failure.text, test_memory_failed() ? "memory" : "refused"), "run %u: %s",
                test_memory_run(), report.failure.text);
  ow_probe_report_clear(&report);
  ow_peer_clear(&peer);
}

START_TEST(a_probe_that_has_no_memory_does_not_blame_the_network)
{
  test_memory_exhaust("a probe that reaches nobody", probe);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("measuring without memory");
  TEST_CASE(suite, "probe", a_probe_that_has_no_memory_does_not_blame_the_network);
  return test_run(suite);
}
