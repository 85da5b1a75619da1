/* SPDX-License-Identifier: MIT */
/* --diagnose from made-up reports: each step is ok, remarked upon or failed, and what fails has a mend. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "config/peer_options.h"
#include "diagnose.h"
#include "support/main.h"

static struct check_options options;
static struct check_diagnosis diagnosis;
static struct ow_probe_report report;

static struct ow_result measured(void)
{
  return (struct ow_result){.completeness = OW_RESULT_COMPLETE,
                            .sent = 50,
                            .received = 50,
                            .hops_min = 7,
                            .hops_max = 7,
                            .clock = {true, true, 1000, OW_STAMP_KERNEL, false}};
}

static void begin(void)
{
  ow_peer_defaults(&options.settings.peer);
  snprintf(options.settings.peer.host, sizeof options.settings.peer.host, "far");
  report = (struct ow_probe_report){.step = OW_STEP_DONE,
                                    .mode = OW_MODE_OPEN,
                                    .modes_offered = OW_MODES_ALL,
                                    .server = "192.0.2.1 port 861",
                                    .clock_synchronized = true,
                                    .clock_error = 1000};
  for (int d = 0; d < OW_DIRECTIONS; d++) {
    report.directions[d].result = measured();
    snprintf(report.directions[d].receiver, sizeof report.directions[d].receiver, "192.0.2.%d port 9000", d);
  }
}

static void stopped(enum ow_probe_step step, enum ow_status status, const char *words)
{
  begin();
  report.step = step;
  report.status = ow_fail(&report.failure, status, "%s", words);
  for (int d = 0; d < OW_DIRECTIONS; d++)
    report.directions[d].result = (struct ow_result){0};
}

static const struct check_step *step(const char *name)
{
  const struct check_step *found = NULL;
  for (size_t i = 0; i < diagnosis.count; i++)
    if (strcmp(diagnosis.steps[i].name, name) == 0)
      found = &diagnosis.steps[i];
  ck_assert_msg(found != NULL, "no step %s", name);
  return found;
}

static void look(const struct ow_probe_report *with_nat)
{
  check_diagnose(&options, &report, with_nat, &diagnosis);
  ck_assert_uint_eq(diagnosis.count, CHECK_STEPS);
  for (size_t i = 0; i < diagnosis.count; i++) {
    const struct check_step *one = &diagnosis.steps[i];
    bool wrong = one->finding == CHECK_STEP_FAILED || one->finding == CHECK_STEP_REMARK;
    ck_assert_msg(wrong == (one->mend[0] != 0), "%s: %s", one->name, one->mend);
    ck_assert_int_ne(one->found[0], 0);
  }
}

static void finds(const char *name, enum check_finding finding, const char *found, const char *mend)
{
  look(NULL);
  const struct check_step *one = step(name);
  ck_assert_msg(one->finding == finding, "%s is %s", name, check_finding_name(one->finding));
  ck_assert_msg(strstr(one->found, found) != NULL, "%s", one->found);
  ck_assert_msg(strstr(one->mend, mend) != NULL, "%s", one->mend);
}

START_TEST(all_is_well)
{
  begin();
  look(NULL);
  for (size_t i = 0; i < diagnosis.count; i++)
    ck_assert_msg(diagnosis.steps[i].finding == CHECK_STEP_OK, "%s", diagnosis.steps[i].name);
  ck_assert(!check_nat_suspected(&options, &report));
}
END_TEST

START_TEST(before_any_packet)
{
  stopped(OW_STEP_RESOLVE, OW_NETWORK, "far: Name or service not known");
  finds("resolve", CHECK_STEP_FAILED, "not known", "DNS");
  finds("connect", CHECK_STEP_NOT_REACHED, "not reached", "");
  stopped(OW_STEP_RESOLVE, OW_INVALID, "no key");
  finds("resolve", CHECK_STEP_FAILED, "no key", "options");
  stopped(OW_STEP_CONNECT, OW_NETWORK, "Connection refused");
  finds("resolve", CHECK_STEP_OK, "far is 192.0.2.1 port 861", "");
  finds("connect", CHECK_STEP_FAILED, "refused", "start the OWAMP server");
  finds("mode", CHECK_STEP_NOT_REACHED, "", "");
  stopped(OW_STEP_CONNECT, OW_TIMEOUT, "no answer");
  finds("connect", CHECK_STEP_FAILED, "no answer", "TCP port 861 through the firewalls");
}
END_TEST

START_TEST(mode_and_key)
{
  stopped(OW_STEP_SETUP, OW_PROTOCOL, "SSH-2.0");
  finds("mode", CHECK_STEP_FAILED, "SSH", "something else");
  finds("key", CHECK_STEP_NOT_REACHED, "", "");
  stopped(OW_STEP_SETUP, OW_REFUSED, "offers no mode");
  report.modes_offered = 0;
  finds("mode", CHECK_STEP_FAILED, "no mode", "owamp-server.limits");
  stopped(OW_STEP_SETUP, OW_REFUSED, "no common mode");
  report.modes_offered = OW_MODE_ENCRYPTED;
  finds("mode", CHECK_STEP_FAILED, "no common", "it offers encrypted");
  stopped(OW_STEP_SETUP, OW_AUTH, "refused the key");
  memcpy(options.settings.peer.key_id, "joe", 4);
  finds("mode", CHECK_STEP_OK, "offers open, authenticated, encrypted", "");
  finds("key", CHECK_STEP_FAILED, "refused", "owamp-server.pfs");
  begin();
  memcpy(options.settings.peer.key_id, "joe", 4);
  report.mode = OW_MODE_ENCRYPTED;
  finds("key", CHECK_STEP_OK, "knows it", "");
}
END_TEST

START_TEST(limits_and_packets)
{
  stopped(OW_STEP_REQUEST, OW_REFUSED, "a temporary resource limit");
  finds("limits", CHECK_STEP_FAILED, "resource limit", "bandwidth");
  ck_assert(check_nat_suspected(&options, &report));
  begin();
  report.directions[OW_FORWARD].result.received = 0;
  report.directions[OW_FORWARD].result.lost = 50;
  finds("UDP out", CHECK_STEP_FAILED, "none of 50 packets to 192.0.2.0 port 9000", "testports");
  finds("UDP back", CHECK_STEP_OK, "50 of 50", "");
  ck_assert(check_nat_suspected(&options, &report));
  begin();
  report.directions[OW_REVERSE].result.received = 0;
  report.directions[OW_REVERSE].result.lost = 50;
  finds("UDP back", CHECK_STEP_FAILED, "none of 50", "--ports");
  finds("DSCP", CHECK_STEP_NOT_REACHED, "", "");
  begin();
  report.directions[OW_FORWARD].result = (struct ow_result){
      .completeness = OW_RESULT_PARTIAL, .skipped = 50, .refused = 50, .refusal = EHOSTUNREACH};
  report.directions[OW_REVERSE].result = (struct ow_result){.completeness = OW_RESULT_PARTIAL, .skipped = 50};
  finds("UDP out", CHECK_STEP_FAILED, "none of 50 packets was sent: No route to host", "this host");
  finds("UDP back", CHECK_STEP_FAILED, "none of 50 packets was sent", "server's log");
  begin();
  report.directions[OW_REVERSE].result.completeness = OW_RESULT_PARTIAL;
  report.directions[OW_REVERSE].result.skipped = 50;
  finds("UDP back", CHECK_STEP_REMARK, "50 of 100 packets were never sent", "load");
  begin();
  report.directions[OW_REVERSE].result.received = 45;
  report.directions[OW_REVERSE].result.lost = 5;
  report.directions[OW_REVERSE].result.longest_loss_run = 3;
  finds("UDP back", CHECK_STEP_REMARK, "5 of 50 packets lost, at most 3 in a row", "reverse");
  options.settings.peer.directions[OW_REVERSE] = false;
  finds("UDP back", CHECK_STEP_NOT_REACHED, "not asked for", "");
}
END_TEST

START_TEST(address_translation)
{
  struct ow_probe_report other;
  begin();
  other = report;
  report.directions[OW_REVERSE].result.received = 0;
  look(&other);
  ck_assert_int_eq(step("NAT")->finding, CHECK_STEP_FAILED);
  ck_assert_str_eq(step("NAT")->mend, "use --nat");
  look(&report);
  ck_assert_str_eq(step("NAT")->found, "--nat makes no difference");
  report.directions[OW_REVERSE].strangers = 50;
  finds("NAT", CHECK_STEP_FAILED, "50 packets came from another address or port", "testports unchanged");
  options.settings.peer.nat = true;
  ck_assert(!check_nat_suspected(&options, &report));
  begin();
  options.settings.peer.nat = true;
  finds("NAT", CHECK_STEP_OK, "--nat", "");
}
END_TEST

START_TEST(marks_and_hops)
{
  begin();
  options.settings.peer.dscp = 46;
  report.directions[OW_REVERSE].remarked = 50;
  report.directions[OW_REVERSE].remarked_to = 0;
  finds("DSCP", CHECK_STEP_REMARK, "50 packets of the reverse direction came with DSCP 0, not 46", "trust");
  report.directions[OW_REVERSE].result.hops_max = 9;
  finds("TTL", CHECK_STEP_REMARK, "from 7 to 9 hops", "paths");
  report.directions[OW_REVERSE].result.hops_max = 191;
  finds("TTL", CHECK_STEP_REMARK, "arrive with 64", "anew");
}
END_TEST

START_TEST(clocks)
{
  begin();
  report.clock_synchronized = false;
  finds("clock here", CHECK_STEP_REMARK, "not synchronised", "chrony");
  report.clock_error = 0;
  finds("clock here", CHECK_STEP_NOT_REACHED, "", "");
  begin();
  report.directions[OW_FORWARD].result.clock.receiver_synchronized = false;
  finds("clock there", CHECK_STEP_REMARK, "not synchronised", "server");
  report.directions[OW_FORWARD].result.received = 0;
  finds("clock there", CHECK_STEP_OK, "", "");
  report.directions[OW_REVERSE].result.clock.sender_synchronized = false;
  finds("clock there", CHECK_STEP_REMARK, "", "");
  begin();
  report.directions[OW_REVERSE].result.clock.stepped = true;
  finds("clock step", CHECK_STEP_FAILED, "was set", "slewing");
  stopped(OW_STEP_DONE, OW_INVALID, "all outside the loss timeout");
  finds("clock there", CHECK_STEP_FAILED, "outside", "synchronise");
  finds("clock step", CHECK_STEP_NOT_REACHED, "", "");
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("check_owamp --diagnose");
  TEST_CASE(suite, "steps", all_is_well, before_any_packet, mode_and_key, limits_and_packets,
            address_translation, marks_and_hops, clocks);
  return test_run(suite);
}
