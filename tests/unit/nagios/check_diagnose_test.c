/* SPDX-License-Identifier: MIT */
/* --diagnose from made-up reports: each step is ok, remarked upon or failed, and what fails has a mend. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "config/peer_options.h"
#include "diagnose.h"
#include "protocols.h"
#include "support/main.h"

static struct check_options options;
static struct check_diagnosis diagnosis;
static struct ow_probe_report report;
static struct check_trials trials;

static struct ow_result measured(void)
{
  return (struct ow_result){.completeness = OW_RESULT_COMPLETE,
                            .sent = 50,
                            .received = 50,
                            .hops_min = 7,
                            .hops_max = 7,
                            .clock = {true, true, 1000, OW_STAMP_KERNEL, OW_DEPARTED_CORRECTED, false}};
}

static void begin(void)
{
  ow_peer_defaults(&options.settings.peer);
  options.settings.peer.protocol = report.protocol = OW_PROTOCOL_OWAMP;
  trials = (struct check_trials){.protocols = {2,
                                               {{OW_PROTOCOL_OWAMP, "861", true, true, 0},
                                                {OW_PROTOCOL_STAMP, "862", true, false, ECONNREFUSED}}}};
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

static const size_t steps_of[] = {
    [OW_PROTOCOL_OWAMP] = CHECK_STEPS, [OW_PROTOCOL_STAMP] = 10, [OW_PROTOCOL_TWAMP] = 15};

static void look(const struct ow_probe_report *with_nat)
{
  trials.nat_tried = with_nat != NULL;
  if (with_nat)
    trials.with_nat = *with_nat;
  check_diagnose(&options, &report, &trials, &diagnosis);
  ck_assert_uint_eq(diagnosis.count, steps_of[report.protocol]);
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
  report.failure.error = ECONNREFUSED;
  finds("resolve", CHECK_STEP_OK, "far is 192.0.2.1 port 861", "");
  finds("connect", CHECK_STEP_FAILED, "refused", "start the OWAMP server");
  finds("mode", CHECK_STEP_NOT_REACHED, "", "");
  stopped(OW_STEP_CONNECT, OW_TIMEOUT, "no answer");
  finds("connect", CHECK_STEP_FAILED, "no answer", "TCP port 861 through the firewalls");
}
END_TEST

/* ---- protocols ---- */

static void answers(bool own, bool other)
{
  begin();
  trials.protocols.each[0].answers = own;
  trials.protocols.each[1].answers = other;
}

START_TEST(what_else_the_host_speaks_is_told)
{
  answers(true, false);
  finds("protocols", CHECK_STEP_OK,
        "OWAMP answers (TCP port 861); STAMP does not answer (UDP port 862: Connection refused)", "");
  answers(true, true);
  finds("protocols", CHECK_STEP_OK, "OWAMP answers (TCP port 861); STAMP answers (UDP port 862)", "");
  answers(false, true);
  finds("protocols", CHECK_STEP_FAILED, "OWAMP does not answer (TCP port 861: silence); STAMP answers",
        "--protocol stamp");
  answers(false, false);
  finds("protocols", CHECK_STEP_FAILED, "", "let one of them answer");
  answers(true, false);
  trials.protocols.each[1].tried = false;
  finds("protocols", CHECK_STEP_OK, "STAMP was not tried for want of time: raise -t", "");
  begin();
  trials.protocols.count = 0;
  finds("protocols", CHECK_STEP_NOT_REACHED, "not reached", "");
}
END_TEST

/* ---- reflectors ---- */

static void begin_reflector(void)
{
  begin();
  options.settings.peer.protocol = report.protocol = OW_PROTOCOL_STAMP;
  snprintf(report.server, sizeof report.server, "192.0.2.1 port 862");
  snprintf(options.settings.peer.port, sizeof options.settings.peer.port, "862");
  report.directions[OW_ROUND_TRIP].result = measured();
  report.reflector.answered = report.reflector.stateful = report.reflector.counter_shown = true;
  trials.protocols.each[0] = (struct check_protocol){OW_PROTOCOL_STAMP, "862", true, true, 0};
  trials.protocols.each[1] = (struct check_protocol){OW_PROTOCOL_OWAMP, "861", true, false, 0};
}

static void lose_round_trips(uint32_t lost, uint32_t forward, bool unknown)
{
  struct ow_probe_direction *directions = report.directions;
  directions[OW_ROUND_TRIP].result.lost = lost;
  directions[OW_ROUND_TRIP].result.received -= lost;
  directions[OW_FORWARD].result.lost = forward;
  directions[OW_REVERSE].result.lost = lost - forward;
  directions[OW_FORWARD].result.loss_unknown = directions[OW_REVERSE].result.loss_unknown = unknown;
}

START_TEST(a_reflector_that_is_well)
{
  begin_reflector();
  look(NULL);
  for (size_t i = 0; i < diagnosis.count; i++)
    ck_assert_msg(diagnosis.steps[i].finding == CHECK_STEP_OK, "%s", diagnosis.steps[i].name);
  finds("reflector", CHECK_STEP_OK, "192.0.2.1 port 862 answers, mode open", "");
  finds("clock there", CHECK_STEP_OK, "the reflector says that it is synchronised", "");
}
END_TEST

START_TEST(what_a_reflector_loses_and_counts)
{
  begin_reflector();
  lose_round_trips(5, 3, false);
  finds("packets", CHECK_STEP_REMARK, "5 of 50 lost: 3 on their way there, 2 on their way back",
        "congestion");
  begin_reflector();
  lose_round_trips(5, 0, true);
  report.reflector.stateful = false;
  finds("packets", CHECK_STEP_REMARK, "5 of 50 lost, which way is not known", "congestion");
  finds("counting", CHECK_STEP_REMARK, "does not count", "rtt_loss");
}
END_TEST

static void fall_silent(enum ow_probe_step step, enum ow_status status, int error, uint32_t sent)
{
  begin_reflector();
  for (int d = 0; d < OW_RESULTS; d++)
    report.directions[d].result = (struct ow_result){0};
  report.directions[OW_ROUND_TRIP].result.sent = sent;
  report.reflector.answered = false;
  report.step = step;
  report.status = ow_fail_errno(&report.failure, status, error, "it failed");
}

START_TEST(a_reflector_that_does_not_answer)
{
  fall_silent(OW_STEP_CONNECT, OW_NETWORK, ECONNREFUSED, 0);
  finds("reflector", CHECK_STEP_FAILED, "it failed", "for UDP port 862, or correct the port");
  finds("packets", CHECK_STEP_NOT_REACHED, "", "");
  fall_silent(OW_STEP_CONNECT, OW_NETWORK, ENETUNREACH, 0);
  finds("reflector", CHECK_STEP_FAILED, "it failed", "a route");
  fall_silent(OW_STEP_CONNECT, OW_LIMIT, EADDRINUSE, 0);
  finds("reflector", CHECK_STEP_FAILED, "it failed", "another range with --ports");
  fall_silent(OW_STEP_RESOLVE, OW_NETWORK, 0, 0);
  finds("resolve", CHECK_STEP_FAILED, "it failed", "DNS");
  finds("reflector", CHECK_STEP_NOT_REACHED, "", "");
  fall_silent(OW_STEP_DONE, OW_OK, 0, 20);
  finds("reflector", CHECK_STEP_FAILED, "none of 20 packets to 192.0.2.1 port 862 came back",
        "let UDP port 862 through");
  snprintf(report.remark, sizeof report.remark, "20 answers: wrong HMAC");
  finds("reflector", CHECK_STEP_FAILED, "20 answers: wrong HMAC", "--key-id");
}
END_TEST

/* ---- TWAMP's servers ---- */

static void begin_twamp(void)
{
  begin_reflector();
  options.settings.peer.protocol = report.protocol = OW_PROTOCOL_TWAMP;
  report.modes_offered = OW_TWAMP_MODES;
  trials.protocols.each[0].protocol = OW_PROTOCOL_TWAMP;
}

START_TEST(a_twamp_server_that_is_well)
{
  begin_twamp();
  look(NULL);
  for (size_t i = 0; i < diagnosis.count; i++)
    ck_assert_msg(diagnosis.steps[i].finding == CHECK_STEP_OK, "%s", diagnosis.steps[i].name);
  finds("mode", CHECK_STEP_OK, "open, of open, authenticated, encrypted, mixed offered", "");
  finds("reflector", CHECK_STEP_OK, "answers", "");
  report.reflector.stateful = report.reflector.counter_shown = false;
  finds("counting", CHECK_STEP_OK, "nothing was lost that would show", "");
  finds("protocols", CHECK_STEP_OK, "TWAMP answers (TCP port 862)", "");
}
END_TEST

START_TEST(what_a_twamp_server_does_not_do)
{
  begin_twamp();
  report.step = OW_STEP_CONNECT;
  report.status = ow_fail_errno(&report.failure, OW_NETWORK, ECONNREFUSED, "refused");
  finds("connect", CHECK_STEP_FAILED, "refused", "start the TWAMP server there, correct the port 862");
  finds("reflector", CHECK_STEP_NOT_REACHED, "", "");
  report.step = OW_STEP_REQUEST;
  report.status = ow_fail(&report.failure, OW_REFUSED, "no");
  finds("limits", CHECK_STEP_FAILED, "no", "in the server's configuration");
  begin_twamp();
  for (int d = 0; d < OW_RESULTS; d++)
    report.directions[d].result.received = 0;
  finds("reflector", CHECK_STEP_FAILED, "none of 50 packets to 192.0.2.0 port 9000 came back", "let UDP");
}
END_TEST

/* ---- what is tried ---- */

static const struct ow_probe_report *other_report;
static struct ow_peer tried_peer;

static bool trial(void *context, const struct ow_peer *peer, struct ow_probe_report *tried)
{
  (void)context;
  tried_peer = *peer;
  if (other_report)
    *tried = *other_report;
  return other_report != NULL;
}

START_TEST(other_protocols_are_tried_at_their_own_ports_in_open_mode)
{
  struct check_protocols found = {0};
  struct ow_probe_report other = {.protocol = OW_PROTOCOL_STAMP, .step = OW_STEP_DONE};
  stopped(OW_STEP_CONNECT, OW_NETWORK, "refused");
  report.modes_offered = 0;
  snprintf(options.settings.peer.port, sizeof options.settings.peer.port, "8610");
  snprintf(options.settings.peer.key_id, sizeof options.settings.peer.key_id, "monitor");
  options.settings.peer.modes = OW_MODE_ENCRYPTED;
  options.settings.peer.padding = 2;
  options.settings.peer.nat = true;
  other.directions[OW_ROUND_TRIP].result.received = 1;
  other_report = &other;
  check_protocols_try(&options, &report, trial, NULL, &found);
  ck_assert_uint_eq(found.count, 3);
  ck_assert(found.each[0].protocol == OW_PROTOCOL_OWAMP && !found.each[0].answers);
  ck_assert_str_eq(found.each[0].port, "8610");
  ck_assert(found.each[1].protocol == OW_PROTOCOL_STAMP && found.each[1].tried && found.each[1].answers);
  ck_assert(found.each[2].protocol == OW_PROTOCOL_TWAMP && found.each[2].tried);
  ck_assert_str_eq(tried_peer.port, "862");
  struct ow_failure failure = {0};
  ck_assert_msg(ow_peer_check(&tried_peer, &failure) == OW_OK, "%s", failure.text);
  ck_assert_int_eq(ow_peer_stamp_mode(&tried_peer), OW_MODE_OPEN);
}
END_TEST

START_TEST(a_server_that_refuses_answers)
{
  stopped(OW_STEP_SETUP, OW_REFUSED, "no");
  report.modes_offered = 0;
  ck_assert(check_protocol_answers(&report));
  stopped(OW_STEP_SETUP, OW_TIMEOUT, "silence");
  report.modes_offered = 0;
  ck_assert(!check_protocol_answers(&report));
}
END_TEST

static const struct {
  enum ow_probe_step step;
  enum ow_status status;
  int error;
  const char *at, *mend;
} causes[] = {
    {OW_STEP_CONNECT, OW_NETWORK, ECONNREFUSED, "connect", "start the OWAMP server"},
    {OW_STEP_CONNECT, OW_NETWORK, EHOSTUNREACH, "connect", "check that the host is up and on its network"},
    {OW_STEP_CONNECT, OW_NETWORK, ENETUNREACH, "connect", "a route to the server"},
    {OW_STEP_CONNECT, OW_NETWORK, EACCES, "connect", "own firewall and routes"},
    {OW_STEP_CONNECT, OW_NETWORK, ECONNRESET, "connect", "what lies between"},
    {OW_STEP_CONNECT, OW_INVALID, EADDRNOTAVAIL, "connect", "--source and --interface what this host has"},
    {OW_STEP_CONNECT, OW_INVALID, ENODEV, "connect", "--source and --interface what this host has"},
    {OW_STEP_REQUEST, OW_LIMIT, EADDRINUSE, "ports here", "--ports"},
    {OW_STEP_REQUEST, OW_INVALID, EADDRNOTAVAIL, "ports here", "--source and --interface what this host has"},
    {OW_STEP_REQUEST, OW_INVALID, EACCES, "ports here", "above 1023"},
    {OW_STEP_REQUEST, OW_NETWORK, ENETUNREACH, "ports here", "this host's routes"},
};

/* Only a refused connection advises to start a server, and nothing of this host's is a limit of the server's.
 */
START_TEST(each_cause_has_its_own_mend)
{
  stopped(causes[_i].step, causes[_i].status, "why");
  report.failure.error = causes[_i].error;
  finds(causes[_i].at, CHECK_STEP_FAILED, "why", causes[_i].mend);
  bool start = strstr(step(causes[_i].at)->mend, "start the OWAMP server") != NULL;
  ck_assert(start == (causes[_i].error == ECONNREFUSED));
  ck_assert_int_eq(step("limits")->finding, CHECK_STEP_NOT_REACHED);
}
END_TEST

START_TEST(an_address_that_is_dead_while_another_works)
{
  static const char dead[] = "server 2001:db8::1 port 861: no answer to our TCP connection within 0.27 s";
  begin();
  ow_fail(&report.dead_address, OW_TIMEOUT, "%s", dead);
  finds("connect", CHECK_STEP_REMARK, "TCP connection to 192.0.2.1 port 861; but server 2001:db8::1",
        "--ipv4");
  stopped(OW_STEP_CONNECT, OW_NETWORK, "server 192.0.2.1 port 861: Connection refused");
  report.failure.error = ECONNREFUSED;
  ow_fail(&report.dead_address, OW_TIMEOUT, "%s", dead);
  finds("connect", CHECK_STEP_FAILED, "192.0.2.1 port 861: Connection refused; and server 2001:db8::1",
        "start the OWAMP server");
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
  finds("ports here", CHECK_STEP_OK, "", "");
  ck_assert(check_nat_suspected(&options, &report));
  begin();
  report.directions[OW_FORWARD].result.received = 0;
  report.directions[OW_FORWARD].result.lost = 50;
  finds("UDP out", CHECK_STEP_FAILED, "none of 50 packets to 192.0.2.0 port 9000",
        "testports 861 there, one rule");
  finds("UDP back", CHECK_STEP_OK, "50 of 50", "");
  options.settings.peer.nat = true;
  finds("UDP out", CHECK_STEP_FAILED, "192.0.2.0 port 9000", "by a key only: use --key-id and --key-file");
  report.mode = OW_MODE_AUTHENTICATED;
  finds("UDP out", CHECK_STEP_FAILED, "192.0.2.0 port 9000", "testports 861 there, one rule");
  report.mode = OW_MODE_OPEN;
  options.settings.peer.nat = false;
  snprintf(report.directions[OW_FORWARD].receiver, sizeof report.directions[OW_FORWARD].receiver, "%s",
           "192.0.2.0 port 861");
  finds("UDP out", CHECK_STEP_FAILED, "to 192.0.2.0 port 861", "the server's one test port in all firewalls");
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

/* ---- the packets' size ---- */

/* A path that carries IP packets of so many octets in each direction, and time for so many tries. */
struct path {
  uint32_t mtu[OW_DIRECTIONS];
  int tries;
  int runs; /* of them that come to their end */
  int tried;
};

static bool try_path(void *context, const struct ow_peer *peer, struct ow_probe_report *tried)
{
  struct path *path = context;
  bool time = path->tried < path->tries;
  for (int d = 0; d < OW_DIRECTIONS && time; d++)
    tried->directions[d].result =
        (struct ow_result){.completeness = OW_RESULT_COMPLETE,
                           .sent = peer->packets,
                           .received = check_packet_octets(&report, peer->padding) <= path->mtu[d]};
  tried->step = path->tried < path->runs ? OW_STEP_DONE : OW_STEP_CONNECT;
  path->tried += time;
  return time;
}

static const struct {
  const char *server;
  enum ow_mode mode;
  uint32_t padding;
  struct path path;
  bool tried, arrives[OW_DIRECTIONS];
  uint32_t largest, smallest_that_fails;
  const char *found, *mend;
} paths[] = {
    {"192.0.2.1 port 861",
     OW_MODE_OPEN,
     1400,
     {{1400, 1500}, 9, 9, 0},
     true,
     {true, false},
     1400,
     1420,
     "packets of the forward direction arrive with 1400 octets (--padding 1358), and not with 1420",
     "fragments"},
    {"2001:db8::1 port 861",
     OW_MODE_ENCRYPTED,
     1404,
     {{1500, 1280}, 9, 9, 0},
     true,
     {false, true},
     1280,
     1360,
     "packets of the reverse direction arrive with 1280 octets (--padding 1184), and not with 1360",
     "Packet Too Big"},
    {"192.0.2.1 port 861",
     OW_MODE_OPEN,
     8000,
     {{1500, 1500}, 9, 9, 0},
     true,
     {true, true},
     1500,
     4352,
     "packets of both directions arrive with 1500 octets (--padding 1458), and not with 4352",
     "--padding"},
    {"192.0.2.1 port 861",
     OW_MODE_OPEN,
     1400,
     {{1400, 1400}, 1, 9, 0},
     true,
     {true, true},
     42,
     1442,
     "packets of both directions arrive with 42 octets (--padding 0), and not with 1442",
     "fragments"},
    {"192.0.2.1 port 861",
     OW_MODE_OPEN,
     1400,
     {{0, 0}, 9, 9, 0},
     true,
     {false, false},
     42,
     1442,
     "without padding don't arrive, either",
     ""},
    {"192.0.2.1 port 861",
     OW_MODE_OPEN,
     1400,
     {{1400, 1400}, 0, 9, 0},
     false,
     {false, false},
     42,
     1442,
     "no time was left to try without padding",
     ""},
    {"192.0.2.1 port 861",
     OW_MODE_OPEN,
     1400,
     {{1400, 1400}, 9, 2, 0},
     true,
     {true, true},
     1380,
     1442,
     "packets of both directions arrive with 1380 octets (--padding 1338), and not with 1442",
     "fragments"},
};

static void begin_with_size(size_t at)
{
  begin();
  snprintf(report.server, sizeof report.server, "%s", paths[at].server);
  report.mode = paths[at].mode;
  options.settings.peer.padding = paths[at].padding;
  for (int d = 0; d < OW_DIRECTIONS; d++)
    if (check_packet_octets(&report, paths[at].padding) > paths[at].path.mtu[d])
      report.directions[d].result.received = 0;
}

START_TEST(a_path_that_drops_what_is_large_is_no_firewall)
{
  struct path path = paths[_i].path;
  begin_with_size((size_t)_i);
  ck_assert(check_mtu_suspected(&options, &report));
  check_mtu_search(&options, &report, &options.settings.peer, try_path, &path, &trials.mtu);
  ck_assert(trials.mtu.tried == paths[_i].tried);
  ck_assert_uint_eq(trials.mtu.largest, paths[_i].largest);
  ck_assert_uint_eq(trials.mtu.smallest_that_fails, paths[_i].smallest_that_fails);
  ck_assert_int_le(path.tried, 6);
  bool any = paths[_i].arrives[OW_FORWARD] || paths[_i].arrives[OW_REVERSE];
  ck_assert(check_mtu_explains(&options, &report, &trials.mtu) == any);
  finds("MTU", any ? CHECK_STEP_FAILED : CHECK_STEP_NOT_REACHED, paths[_i].found, paths[_i].mend);
  for (int d = 0; d < OW_DIRECTIONS; d++) {
    const struct check_step *udp = step(d == OW_FORWARD ? "UDP out" : "UDP back");
    ck_assert(trials.mtu.arrives[d] == paths[_i].arrives[d]);
    ck_assert((strstr(udp->mend, "see MTU") != NULL) == paths[_i].arrives[d]);
    ck_assert(!paths[_i].arrives[d] || !strstr(udp->mend, "firewall"));
  }
}
END_TEST

/* What every path carries, and what arrives, isn't suspected. */
START_TEST(small_packets_and_those_that_arrive_have_no_mtu_problem)
{
  begin_with_size(0);
  options.settings.peer.padding = 500;
  ck_assert(!check_mtu_suspected(&options, &report));
  finds("UDP out", CHECK_STEP_FAILED, "none of 50 packets", "testports");
  finds("MTU", CHECK_STEP_OK, "packets have 542 octets", "");
  begin();
  options.settings.peer.padding = 1400;
  ck_assert(!check_mtu_suspected(&options, &report));
  finds("MTU", CHECK_STEP_OK, "packets have 1442 octets", "");
  stopped(OW_STEP_CONNECT, OW_NETWORK, "why");
  finds("MTU", CHECK_STEP_NOT_REACHED, "not reached", "");
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
  TEST_CASE(suite, "steps", all_is_well, before_any_packet, an_address_that_is_dead_while_another_works,
            mode_and_key, limits_and_packets, address_translation, marks_and_hops, clocks,
            small_packets_and_those_that_arrive_have_no_mtu_problem);
  TEST_CASE(suite, "TWAMP", a_twamp_server_that_is_well, what_a_twamp_server_does_not_do);
  TEST_CASE(suite, "protocols", what_else_the_host_speaks_is_told,
            other_protocols_are_tried_at_their_own_ports_in_open_mode, a_server_that_refuses_answers);
  TEST_CASE(suite, "reflectors", a_reflector_that_is_well, what_a_reflector_loses_and_counts,
            a_reflector_that_does_not_answer);
  TEST_LOOP(suite, "causes", sizeof causes / sizeof *causes, each_cause_has_its_own_mend);
  TEST_LOOP(suite, "sizes", sizeof paths / sizeof *paths, a_path_that_drops_what_is_large_is_no_firewall);
  return test_run(suite);
}
