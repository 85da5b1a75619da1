/* SPDX-License-Identifier: MIT */
/* The Session-Reflector over a simulated path: asked by our own Session-Sender, and by whoever isn't listed.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "config/peer_options.h"
#include "measure/probe.h"
#include "policy/policy.h"
#include "server/server.h"
#include "sim/sim.h"
#include "sim/sim_serve.h"
#include "support/main.h"

#define S OW_NS_PER_S
#define MS OW_NS_PER_MS
#define THERE (10 * MS)
#define BACK (30 * MS)

enum { HOST = 2, PORT = 862, PACKETS = 50, SSID = 7 };

/* ---- the stage ---- */

static const char KEYS[] = "router 726f75746572\nother 6f74686572\n";
static const char LISTED[] = "limit root with bandwidth=10m\n"
                             "limit routers with parent=root\n"
                             "limit slow with parent=root, bandwidth=1k\n"
                             "assign stamp 127.0.0.1 routers\n"
                             "assign stamp 127.0.0.1 ssid=7 key=router routers\n"
                             "assign stamp 127.0.0.1 ssid=8 slow\n";
static const char STRANGERS[] = "limit root with bandwidth=10m, allow_open_mode=on\nassign default root\n";
static const char NOBODY[] = "limit root with bandwidth=10m\n";

static struct ow_policy *policy;
static struct ow_serve_policy answers;
static struct ow_serve_config config;
static struct ow_loop *loop;
static struct ow_serve *server;
static struct ow_udp_batch *batch;
static char said[4096];

static void on_log(void *context, enum ow_log_level level, const char *line)
{
  size_t length = strlen(said);
  (void)context, (void)level;
  snprintf(said + length, sizeof said - length, "%s\n", line);
}

static struct ow_log ears = {.emit = on_log, .most = OW_LOG_INFO};

static void install(const char *text)
{
  struct ow_failure failure;
  struct ow_keys_file keys = {0};
  struct ow_limits limits;
  ck_assert_int_eq(ow_key_file_parse("t.pfs", KEYS, sizeof KEYS - 1, &keys, NULL, &failure), OW_OK);
  ck_assert_int_eq(ow_limits_parse("t.limits", text, strlen(text), &keys, &limits, NULL, &failure), OW_OK);
  ck_assert_int_eq(ow_policy_install(policy, &limits, &keys, OW_MODES_ALL), OW_OK);
  if (server)
    ow_serve_reconfigure(server, &config);
  ow_limits_clear(&limits);
  ow_key_file_clear(&keys);
}

static void raise_curtain(const char *limits, uint32_t most)
{
  struct ow_failure failure;
  said[0] = '\0';
  server = NULL;
  sim_begin(1);
  *sim_path(HOST) = (struct sim_path){.delay = {THERE, BACK}};
  loop = ow_loop_create(&failure);
  sim_share_loop(loop);
  policy = ow_policy_create();
  batch = ow_udp_batch_create();
  install(limits);
  answers = ow_policy_answers(policy);
  config = sim_serve_config(HOST);
  config.reflect_port = PORT;
  snprintf(config.twamp_address, sizeof config.twamp_address, "127.0.0.%u", HOST);
  snprintf(config.twamp_port, sizeof config.twamp_port, "%d", PORT);
  config.most_reflections = most;
  server = sim_serve(loop, HOST, &config, &answers, &ears);
}

static void drop_curtain(void)
{
  ow_serve_free(server);
  ow_policy_free(policy);
  ow_udp_batch_free(batch);
  sim_share_loop(NULL);
  sim_end();
  ow_loop_free(loop);
}

static uint64_t unanswered(enum ow_serve_unanswered why)
{
  return ow_serve_count(server).unanswered[why];
}

static uint64_t unanswered_in_all(void)
{
  uint64_t sum = 0;
  for (int why = 0; why < OW_UNANSWERED_KINDS; why++)
    sum += unanswered((enum ow_serve_unanswered)why);
  return sum;
}

/* ---- our own sender ---- */

static struct ow_probe_report report;

static void prepare(struct ow_peer *peer, enum ow_protocol protocol)
{
  ow_peer_defaults(peer);
  peer->protocol = protocol;
  snprintf(peer->port, sizeof peer->port, "%d", PORT);
  snprintf(peer->host, sizeof peer->host, "127.0.0.%u", HOST);
  peer->packets = PACKETS;
  peer->slots[0] = (struct ow_slot){OW_SLOT_FIXED, ow_span_from_ns(20 * MS)};
  peer->slot_count = 1;
}

static void probe(uint16_t ssid, const char *key, uint32_t tlvs)
{
  struct ow_peer peer;
  prepare(&peer, OW_PROTOCOL_STAMP);
  peer.ssid = ssid;
  peer.tlvs = tlvs;
  if (key) {
    snprintf(peer.key_id, sizeof peer.key_id, "router");
    peer.passphrase.length = strlen(key);
    memcpy(peer.passphrase.octets, key, peer.passphrase.length);
  }
  ow_probe_report_clear(&report);
  (void)!ow_probe_run(&peer, 10 * S, NULL, &report);
  ow_peer_clear(&peer);
}

static const struct ow_result *result_of(enum ow_direction direction)
{
  return &report.directions[direction].result;
}

START_TEST(our_own_sender_measures_it)
{
  raise_curtain(LISTED, 16);
  sim_leaving = 50000;
  probe(_i ? SSID : 0, _i ? "router" : NULL, _i ? OW_TLV_CHOICES : 0);
  ck_assert_msg(report.status == OW_OK, "%s", report.failure.text);
  ck_assert_int_eq(report.mode, _i ? OW_MODE_AUTHENTICATED : OW_MODE_OPEN);
  ck_assert(report.reflector.stateful);
  for (enum ow_direction d = 0; d < OW_RESULTS; d++) {
    ck_assert_uint_eq(result_of(d)->sent, PACKETS);
    ck_assert_uint_eq(result_of(d)->received, PACKETS);
    ck_assert(!result_of(d)->loss_unknown);
  }
  ck_assert_int_ge(result_of(OW_FORWARD)->delay.min, THERE - 50000);
  ck_assert_int_le(result_of(OW_REVERSE)->delay.max, BACK + 50000);
  struct ow_serve_counts counts = ow_serve_count(server);
  ck_assert_uint_ge(counts.answered, PACKETS);
  ck_assert_uint_eq(counts.reflections, 1);
  ck_assert_uint_eq(unanswered_in_all(), 0);
  ck_assert_msg(strstr(said, _i ? "STAMP with SSID 7, class routers, authenticated: begins"
                                : "STAMP with SSID 0, class routers, open mode: begins"),
                "%s", said);
  ow_probe_report_clear(&report);
  drop_curtain();
  ck_assert_msg(strstr(said, "ends, "), "%s", said);
}
END_TEST

/* How many packets were lost on one way, by what the network saw. */
static uint32_t lost_on_the_way(bool to_host)
{
  uint32_t count = 0;
  for (size_t i = 0; i < sim_packet_count; i++)
    count += sim_packets[i].to_host == to_host && !sim_packets[i].arrived;
  return count;
}

static void go_bad(void *context)
{
  (void)context;
  sim_path(HOST)->loss[0] = 100000;
  sim_path(HOST)->loss[1] = 200000;
}

static void go_well(void *context)
{
  (void)context;
  sim_path(HOST)->loss[0] = sim_path(HOST)->loss[1] = 0;
}

/* Neither the first question nor those after the last are lost: without these nobody could tell. */
START_TEST(losses_are_told_by_direction)
{
  raise_curtain(LISTED, 16);
  sim_at(sim_monotonic() + 200 * MS, go_bad, NULL);
  sim_at(sim_monotonic() + 900 * MS, go_well, NULL);
  probe(0, NULL, 0);
  ck_assert_msg(report.status == OW_OK, "%s", report.failure.text);
  ck_assert(!result_of(OW_FORWARD)->loss_unknown && !result_of(OW_REVERSE)->loss_unknown);
  ck_assert_uint_gt(result_of(OW_FORWARD)->lost, 0);
  ck_assert_uint_gt(result_of(OW_REVERSE)->lost, 0);
  ck_assert_uint_eq(result_of(OW_FORWARD)->lost, lost_on_the_way(true));
  ck_assert_uint_eq(result_of(OW_REVERSE)->lost, lost_on_the_way(false));
  ck_assert_uint_eq(result_of(OW_ROUND_TRIP)->received + result_of(OW_FORWARD)->lost +
                        result_of(OW_REVERSE)->lost,
                    PACKETS);
  ow_probe_report_clear(&report);
  drop_curtain();
}
END_TEST

/* ---- anybody ---- */

struct asker {
  int descriptor;
  size_t answers;
  uint8_t last[OW_UDP_OCTETS];
  size_t length;
};

static struct asker new_asker(void)
{
  struct asker asker = {0};
  struct ow_failure failure;
  struct ow_udp_options options = {.local.v4 = {AF_INET, 0, {htonl(0x7f000001)}, {0}}};
  union ow_address bound, to = {.v4 = {AF_INET, htons(PORT), {htonl(0x7f000000 + HOST)}, {0}}};
  ck_assert_int_eq(ow_udp_open(&options, &asker.descriptor, &bound, &failure), OW_OK);
  ck_assert_int_eq(ow_udp_connect(asker.descriptor, &to, &failure), OW_OK);
  return asker;
}

/* An open question; SSID where there is room for it. */
static void ask(struct asker *asker, size_t octets, uint16_t ssid)
{
  uint8_t packet[OW_UDP_OCTETS + 1] = {[3] = 1, [13] = 1, [14] = (uint8_t)(ssid >> 8), [15] = (uint8_t)ssid};
  struct ow_datagram datagrams[OW_UDP_BATCH];
  ck_assert_int_eq(ow_udp_send_to(asker->descriptor, NULL, packet, octets, false), 0);
  sim_run(loop, 100 * MS);
  size_t count = ow_udp_receive(asker->descriptor, batch, datagrams);
  asker->answers += count;
  if (count) {
    asker->length = datagrams[count - 1].length;
    memcpy(asker->last, datagrams[count - 1].octets, asker->length);
  }
}

START_TEST(who_is_not_listed_hears_nothing)
{
  raise_curtain(NOBODY, 16);
  struct asker asker = new_asker();
  for (int i = 0; i < 12; i++)
    ask(&asker, 44, 0);
  ck_assert_uint_eq(asker.answers, 0);
  ck_assert_uint_eq(unanswered(OW_UNANSWERED_STRANGER), 12);
  ck_assert_uint_eq(ow_serve_count(server).reflections, 0);
  ck_assert_msg(strstr(said, "1 questions to UDP port 862 were not answered") &&
                    strstr(said, "10 questions to UDP port 862 were not answered so far, this one the last: "
                                 "no \"assign stamp\""),
                "%s", said);
  close(asker.descriptor);
  drop_curtain();
}
END_TEST

START_TEST(only_the_right_net_ssid_and_key_is_answered)
{
  raise_curtain(LISTED, 16);
  struct asker asker = new_asker();
  ask(&asker, 13, 0);
  ck_assert_uint_eq(unanswered(OW_UNANSWERED_SIZE), 1);
  ask(&asker, 14, 0);
  ck_assert_uint_eq(asker.length, 44);
  ask(&asker, 44, 1);
  ck_assert_uint_eq(asker.answers, 2);
  ck_assert_uint_eq(asker.length, 44);
  ck_assert_uint_eq(asker.last[15], 1);
  ck_assert_uint_eq(ow_serve_count(server).reflections, 2);
  ask(&asker, 200, 1);
  ck_assert_uint_eq(asker.length, 200);
  ck_assert_uint_eq(asker.last[3], 1); /* the second answer of this session */
  ck_assert_uint_eq(unanswered_in_all(), 1);
  close(asker.descriptor);
  probe(SSID, "wrong", 0);
  ck_assert_uint_eq(result_of(OW_ROUND_TRIP)->received, 0);
  ow_probe_report_clear(&report);
  drop_curtain();
}
END_TEST

START_TEST(a_question_as_long_as_a_jumbo_frame_is_answered)
{
  raise_curtain(LISTED, 16);
  struct asker asker = new_asker();
  ask(&asker, OW_UDP_OCTETS, 1);
  ck_assert_uint_eq(asker.answers, 1);
  ck_assert_uint_eq(asker.length, OW_UDP_OCTETS);
  ask(&asker, OW_UDP_OCTETS + 1, 1);
  ck_assert_uint_eq(asker.answers, 1);
  ck_assert_uint_eq(unanswered(OW_UNANSWERED_SIZE), 1);
  close(asker.descriptor);
  drop_curtain();
}
END_TEST

/* With all TLVs, of which the HMAC comes last: each octet came back as it was sent. TWAMP: all is copied. */
START_TEST(padding_of_jumbo_frames_is_measured)
{
  struct ow_peer peer;
  raise_curtain(_i ? STRANGERS : LISTED, 16);
  prepare(&peer, _i ? OW_PROTOCOL_TWAMP : OW_PROTOCOL_STAMP);
  peer.padding = 8800;
  if (!_i) {
    peer.ssid = SSID;
    peer.tlvs = OW_TLV_CHOICES;
    snprintf(peer.key_id, sizeof peer.key_id, "router");
    peer.passphrase.length = strlen("router");
    memcpy(peer.passphrase.octets, "router", peer.passphrase.length);
  }
  ow_probe_report_clear(&report);
  (void)!ow_probe_run(&peer, 10 * S, NULL, &report);
  ck_assert_msg(report.status == OW_OK, "%s", report.failure.text);
  for (enum ow_direction d = 0; d < OW_RESULTS; d++)
    ck_assert_uint_eq(result_of(d)->received, PACKETS);
  /* The simulated network has no DSCP. */
  ck_assert_uint_eq(report.reflector.tlvs_known & OW_TLV_CHOICES,
                    peer.tlvs & ~(UINT32_C(1) << OW_TLV_CLASS_OF_SERVICE));
  ck_assert(!report.reflector.tlvs_malformed && !report.reflector.tlvs_distrusted);
  ck_assert_uint_eq(unanswered_in_all(), 0);
  ow_peer_clear(&peer);
  ow_probe_report_clear(&report);
  drop_curtain();
}
END_TEST

START_TEST(random_padding_of_twamp_light_is_one_session)
{
  enum { QUESTIONS = 40, OCTETS = 60 };
  struct ow_datagram datagrams[OW_UDP_BATCH];
  uint8_t packet[OCTETS] = {[3] = 1, [13] = 1};
  raise_curtain(LISTED, 16);
  struct asker asker = new_asker();
  for (uint32_t i = 0; i < QUESTIONS; i++) {
    for (size_t at = 14; at < OCTETS; at++)
      packet[at] = (uint8_t)(1 + i + at * i);
    ck_assert_int_eq(ow_udp_send_to(asker.descriptor, NULL, packet, 14 + i, false), 0);
    sim_run(loop, 100 * MS);
    ck_assert_uint_eq(ow_udp_receive(asker.descriptor, batch, datagrams), 1);
    ck_assert_uint_eq(datagrams[0].octets[3], i);
    ck_assert_uint_eq(datagrams[0].octets[14] | datagrams[0].octets[15], 0);
  }
  ck_assert_uint_eq(ow_serve_count(server).reflections, 1);
  close(asker.descriptor);
  drop_curtain();
}
END_TEST

START_TEST(a_class_answers_no_more_than_its_bandwidth)
{
  raise_curtain(LISTED, 16);
  struct asker asker = new_asker();
  for (int i = 0; i < 200; i++)
    ask(&asker, 44, 8);
  /* 1 kbit/s and a quarter, for 20 s, of 72 octets; and 64 at once. */
  ck_assert_uint_ge(asker.answers, 64);
  ck_assert_uint_le(asker.answers, 64 + 20 * 1250 / (72 * 8) + 2);
  ck_assert_uint_eq(unanswered(OW_UNANSWERED_BANDWIDTH), 200 - asker.answers);
  close(asker.descriptor);
  drop_curtain();
}
END_TEST

/* Its client asks for ten minutes, and is gone. */
START_TEST(a_session_of_twamp_ends_within_a_minute_of_its_stop)
{
  struct ow_peer peer;
  raise_curtain(STRANGERS, 16);
  prepare(&peer, OW_PROTOCOL_TWAMP);
  peer.loss_timeout = 600 * S;
  ow_probe_report_clear(&report);
  (void)!ow_probe_run(&peer, 10 * S, NULL, &report);
  ck_assert_msg(report.status == OW_OK, "%s", report.failure.text);
  ck_assert_uint_eq(result_of(OW_ROUND_TRIP)->received, PACKETS);
  sim_run(loop, 45 * S);
  ck_assert_uint_eq(ow_serve_count(server).connections, 0);
  ck_assert_uint_eq(ow_serve_count(server).reflections, 1);
  sim_run(loop, 6 * S);
  ck_assert_uint_eq(ow_serve_count(server).reflections, 0);
  ow_peer_clear(&peer);
  ow_probe_report_clear(&report);
  drop_curtain();
}
END_TEST

START_TEST(changed_rules_hold_for_the_next_question)
{
  raise_curtain(LISTED, 16);
  struct asker asker = new_asker();
  ask(&asker, 44, 0);
  install(LISTED);
  ask(&asker, 44, 0);
  ck_assert_uint_eq(asker.answers, 2);
  ck_assert_uint_eq(asker.last[3], 1); /* it goes on counting */
  install(NOBODY);
  ask(&asker, 44, 0);
  ck_assert_uint_eq(asker.answers, 2);
  ck_assert_uint_eq(ow_serve_count(server).reflections, 0);
  install(LISTED);
  ask(&asker, 44, 0);
  ck_assert_uint_eq(asker.answers, 3);
  ck_assert_uint_eq(asker.last[3], 0);
  close(asker.descriptor);
  drop_curtain();
}
END_TEST

START_TEST(sessions_are_bounded_and_age)
{
  enum { MOST = 8, ALONE = 6 }; /* the last quarter is for others */
  struct asker askers[MOST];
  raise_curtain(LISTED, MOST);
  for (int i = 0; i < MOST; i++) {
    askers[i] = new_asker();
    ask(&askers[i], 44, 0);
    ck_assert_uint_eq(askers[i].answers, i < ALONE);
  }
  ck_assert_uint_eq(unanswered(OW_UNANSWERED_ROOM), MOST - ALONE);
  ck_assert_uint_eq(ow_serve_count(server).reflections, ALONE);
  sim_run(loop, 890 * S);
  ck_assert_uint_eq(ow_serve_count(server).reflections, ALONE);
  ask(&askers[0], 44, 0);
  ck_assert_uint_eq(askers[0].last[3], 1);
  sim_run(loop, 100 * S);
  ck_assert_uint_eq(ow_serve_count(server).reflections, 1);
  sim_run(loop, 900 * S);
  ck_assert_uint_eq(ow_serve_count(server).reflections, 0);
  for (int i = 0; i < MOST; i++)
    close(askers[i].descriptor);
  drop_curtain();
}
END_TEST

START_TEST(an_idle_session_gives_way)
{
  struct asker first, second;
  raise_curtain(LISTED, 1);
  first = new_asker();
  second = new_asker();
  ask(&first, 44, 0);
  ask(&second, 44, 0);
  ck_assert_uint_eq(first.answers, 1);
  ck_assert_uint_eq(second.answers, 0);
  sim_run(loop, 10 * S);
  ask(&second, 44, 0);
  ck_assert_uint_eq(second.answers, 1);
  ck_assert_uint_eq(ow_serve_count(server).reflections, 1);
  close(first.descriptor);
  close(second.descriptor);
  drop_curtain();
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("sim_reflections");
  TEST_LOOP(suite, "our own sender", 2, our_own_sender_measures_it);
  TEST_LOOP(suite, "our own sender's jumbo frames", 2, padding_of_jumbo_frames_is_measured);
  TEST_CASE(suite, "our own sender over a bad path", losses_are_told_by_direction);
  TEST_CASE(suite, "anybody", who_is_not_listed_hears_nothing, only_the_right_net_ssid_and_key_is_answered,
            a_question_as_long_as_a_jumbo_frame_is_answered, random_padding_of_twamp_light_is_one_session,
            a_class_answers_no_more_than_its_bandwidth, a_session_of_twamp_ends_within_a_minute_of_its_stop,
            changed_rules_hold_for_the_next_question, sessions_are_bounded_and_age,
            an_idle_session_gives_way);
  return test_run(suite);
}
