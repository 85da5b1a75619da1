/* SPDX-License-Identifier: MIT */
/*
 * fuzz_seeds FOLDER: writes a small corpus for each target to FOLDER/<target>, made from the captures where
 * they have what the target reads in clear.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "support/pcap.h"
#include "wire/fetch.h"
#include "wire/session_request.h"
#include "wire/setup.h"
#include "wire/stamp_packet.h"
#include "wire/start_stop.h"
#include "wire/tw_request.h"

enum { SERVER_PORT = 8610, HMAC = 16, SLOTS = 2, PACKETS = 3 };

static void stop(const char *what, const char *why)
{
  fprintf(stderr, "fuzz_seeds: %s: %s\n", what, why);
  exit(EXIT_FAILURE);
}

static void make_folder(const char *path)
{
  if (mkdir(path, 0777) != 0 && errno != EEXIST)
    stop(path, strerror(errno));
}

/* One seed: `first`, unless it is negative, and then the octets. */
static void seed(const char *folder, const char *target, const char *name, int first, const void *octets,
                 size_t count)
{
  char path[1024];
  snprintf(path, sizeof path, "%s/%s", folder, target);
  make_folder(path);
  snprintf(path, sizeof path, "%s/%s/%s", folder, target, name);
  FILE *out = fopen(path, "wb");
  if (!out)
    stop(path, strerror(errno));
  bool written = first < 0 || fputc(first, out) != EOF;
  written = fwrite(octets, 1, count, out) == count && written;
  if (fclose(out) != 0 || !written)
    stop(path, "not written");
}

static void seed_packets(const char *folder, const char *name, int mode, const struct test_capture *capture)
{
  for (size_t i = 0; i < capture->datagram_count && i < PACKETS; i++) {
    char numbered[32];
    snprintf(numbered, sizeof numbered, "%s-%zu", name, i);
    seed(folder, "test_packet", numbered, mode, capture->datagrams[i].octets, capture->datagrams[i].length);
  }
}

/* In open mode the first request and its slots follow the Set-Up-Response, an HMAC behind each part. */
static void seed_requests(const char *folder, const struct test_capture *capture)
{
  size_t octets;
  uint8_t request[OW_REQUEST_SESSION + SLOTS * OW_SLOT];
  uint8_t *stream = test_capture_stream(capture, false, &octets);
  const size_t slots_at = OW_SETUP_RESPONSE + OW_REQUEST_SESSION + HMAC;
  if (!stream || octets < slots_at + sizeof request - OW_REQUEST_SESSION)
    stop("open.pcap", "no Request-Session in it");
  memcpy(request, stream + OW_SETUP_RESPONSE, OW_REQUEST_SESSION);
  memcpy(request + OW_REQUEST_SESSION, stream + slots_at, sizeof request - OW_REQUEST_SESSION);
  seed(folder, "session_request", "open", -1, request, sizeof request);
  free(stream);
}

static void seed_from_captures(const char *folder)
{
  static const char *const names[] = {"open", "auth", "enc"};
  for (int i = 0; i < 3; i++) {
    char path[1024];
    struct test_capture capture;
    struct ow_failure failure = {.text = "no memory"};
    snprintf(path, sizeof path, "%s/%s.pcap", OWAMP_VECTORS, names[i]);
    if (test_capture_read(&capture, path, SERVER_PORT, &failure) != OW_OK)
      stop(path, failure.text);
    seed_packets(folder, names[i], i, &capture);
    if (i == 0)
      seed_requests(folder, &capture);
    test_capture_clear(&capture);
  }
}

/* An answer with each TLV behind it. */
static void seed_stamp(const char *folder)
{
  static const uint8_t tlvs[] = "\0\3\0\4\1\2\1\2\0\4\0\4\xb8\xa4\0\0\0\5\0\x0c\0\0\3\xe8\0\0\3\xe6\0\0\3\xde"
                                "\0\7\0\x10\0\0\0\2\xee\xb1\xee\x56\x30\2\0\0\2\0\0\0\0\1\0\2\xab\xcd";
  uint8_t packet[OW_STAMP_AUTHENTICATED + sizeof tlvs - 1] = {[3] = 3};
  memcpy(packet + OW_STAMP_OPEN, tlvs, sizeof tlvs - 1);
  seed(folder, "stamp_packet", "open", 0, packet, OW_STAMP_OPEN + sizeof tlvs - 1);
  seed(folder, "stamp_reflector", "open", 4, packet, OW_STAMP_OPEN + sizeof tlvs - 1);
  memset(packet + OW_STAMP_OPEN, 0, sizeof packet - OW_STAMP_OPEN);
  memcpy(packet + OW_STAMP_AUTHENTICATED, tlvs, sizeof tlvs - 1);
  seed(folder, "stamp_packet", "keyed", 3, packet, sizeof packet);
  seed(folder, "stamp_reflector", "keyed", 5, packet, sizeof packet);
}

/* Questions, answers and the request of an open session. */
static void seed_twamp(const char *folder)
{
  enum { TWAMP_SERVER_PORT = 8620, SPEAKS_TWAMP = 16 /* as client_machine.c has it */ };
  size_t octets;
  struct test_capture capture;
  struct ow_failure failure = {.text = "no memory"};
  if (test_capture_read(&capture, OWAMP_VECTORS "/twamp-open.pcap", TWAMP_SERVER_PORT, &failure) != OW_OK)
    stop("twamp-open.pcap", failure.text);
  for (size_t i = 0; i < capture.datagram_count && i < PACKETS; i++) {
    char numbered[32];
    snprintf(numbered, sizeof numbered, "open-%zu", i);
    seed(folder, "twamp_packet", numbered, 0, capture.datagrams[i].octets, capture.datagrams[i].length);
  }
  uint8_t *stream = test_capture_stream(&capture, false, &octets);
  if (!stream || octets < OW_SETUP_RESPONSE + OW_REQUEST_TW_SESSION)
    stop("twamp-open.pcap", "no Request-TW-Session in it");
  seed(folder, "twamp_packet", "request", 1, stream + OW_SETUP_RESPONSE, OW_REQUEST_TW_SESSION);
  free(stream);
  stream = test_capture_stream(&capture, true, &octets);
  if (!stream || octets < OW_GREETING + OW_SERVER_START)
    stop("twamp-open.pcap", "no Accept-Session in it");
  seed(folder, "client_machine", "twamp", SPEAKS_TWAMP | 2, stream + OW_GREETING + OW_SERVER_START,
       octets - OW_GREETING - OW_SERVER_START);
  free(stream);
  test_capture_clear(&capture);
}

static void seed_skip_ranges(const char *folder)
{
  static const struct ow_skip_range ranges[] = {{1, 1}, {3, 7}, {8, 19}};
  uint8_t octets[4 + sizeof ranges] = {[3] = 20};
  ow_skip_ranges_encode(ranges, 3, octets + 4);
  seed(folder, "skip_ranges", "three", -1, octets, sizeof octets);
  seed(folder, "skip_ranges", "none", -1, octets, 4);
}

/*
 * What the client's first octet makes it ask for, and the answer in open mode: Fetch-Ack, Request-Session,
 * its slot, no skip ranges, and three departures.
 */
static void seed_departures(const char *folder)
{
  enum { FETCHES_DEPARTURES = 8, SLOT_AT = OW_FETCH_ACK + HMAC + OW_REQUEST_SESSION + HMAC };
  enum { DEPARTURES_AT = SLOT_AT + OW_SLOT + HMAC + HMAC };
  uint8_t request[OW_FETCH_SESSION + HMAC] = {0};
  uint8_t answer[DEPARTURES_AT + 48 + HMAC] = {0};
  const struct ow_session_request session = {.server_sends = true,
                                             .slot_count = 1,
                                             .packets = PACKETS,
                                             .sender = {.version = 4},
                                             .receiver = {.version = 4}};
  const struct ow_fetch_ack ack = {
      .finished = true, .next_sequence = PACKETS, .records = PACKETS, .departures = true};
  ow_fetch_request_encode(&(struct ow_fetch_request){.end = PACKETS - 1, .departures = true}, request);
  seed(folder, "server_machine", "departures", -1, request, sizeof request);
  ow_fetch_ack_encode(&ack, answer);
  ow_session_request_encode(&session, answer + OW_FETCH_ACK + HMAC);
  ow_slot_encode(&(struct ow_slot){OW_SLOT_FIXED, {1}}, answer + SLOT_AT);
  for (uint32_t i = 0; i < PACKETS; i++)
    ow_departure_record_encode(&(struct ow_departure_record){.sequence = i, .source = OW_DEPARTURE_BY_KERNEL},
                               answer + DEPARTURES_AT + (size_t)i * OW_DEPARTURE_RECORD);
  seed(folder, "client_machine", "departures", FETCHES_DEPARTURES, answer, sizeof answer);
}

static void seed_text(const char *folder, const char *target, const char *name, const char *text)
{
  seed(folder, target, name, -1, text, strlen(text));
}

/* What people write, in each of the languages that are read. */
static void seed_configurations(const char *folder)
{
  seed_text(folder, "limits", "tree",
            "limit root with bandwidth=100m, disk=100m, delete_on_fetch=on, allow_open_mode=on\n"
            "limit known with parent=root, test_sessions=4, start_ahead=3600, session_time=0\n"
            "assign default root\nassign user alice known\nassign net 10.0.0.0/8 known # ours\n"
            "assign net 2001:db8::/32 known\n");
  seed_text(folder, "server_conf", "all",
            "# a comment\nsrcnode [::]:861\ntestports 8760-9960\nauthmode AEO\nmaxcontrolsessions 100\n"
            "controltimeout 1800\nenddelay 2\npbkdf2_count 2048\nuser owamp\ngroup owamp\nvardir /run\n"
            "facility daemon\nloglevel NOTICE\nverbose\nrootfolly\ndatadir /x\n");
  seed_text(folder, "addresses", "listen", "[2001:db8::1]:861");
  seed_text(folder, "addresses", "zone", "fe80::1%eth0");
  seed_text(folder, "addresses", "net", "10.128.0.0/9");
  seed_text(folder, "addresses", "old", "10.8/16");
  seed_text(folder, "extra_opts", "ini",
            "[other]\ncount=1\n[check_owamp]\nhost=h\nw=20ms,1% # here\n; c\n-4=\n");
  seed_text(folder, "peer_lines", "peer",
            "host far.example\nport 8610\ninterval 60s\nschedule exp:100ms,fixed:2s\nwarning 20ms,1%\n"
            "critical delay_p95=50ms\nmode authenticated\nkey-id monitor\nsource 192.0.2.1\ndscp EF\n"
            "ports 9000-9010\nraise 2/3\n");
  seed_text(folder, "peer_lines", "query", "!warning 20ms,1%\nraise 2/3\n");
  seed_text(
      folder, "collectd_block", "plugin",
      "Interval 10\nPacketInterval 0.1\nQuerySocket \"/run/q\nQuerySocketPermissions \"0660\n<Peer \"a\n"
      "Host \"h\nPort 8610\nWarning \"20ms\nNAT true\nMode \"encrypted\n>\n<Query \"/run/other\n>\n"
      "<Responder\nListen \"127.0.0.1:0\n>\n");
  seed_text(folder, "query_request", "all", "list\nget a\nget a 5\nget a 5 histograms\nfollow a\nget \"x\n");
}

/* A client that measures, and one of two requests; columns of a row; two results. */
static void seed_sequences(const char *folder)
{
  static const uint8_t room[] = {0, 8, 32, 0, 1, 8,  1, 0, 0, 0, 0,  20, 0, 0,  0,  0,  8, 32, 0,
                                 3, 9, 2,  4, 8, 32, 0, 5, 0, 8, 32, 0,  7, 16, 24, 32, 0, 17};
  static const uint8_t received[] = {0, 8,   32, 0, 1, 0,   0, 9, 0,  0, 0, 0, 8,   32, 0,
                                     3, 244, 0,  1, 0, 244, 0, 1, 1,  8, 1, 0, 244, 0,  1,
                                     7, 4,   8,  1, 0, 243, 0, 0, 54, 0, 0, 8, 32,  0};
  static const uint8_t twamp[] = {240, 0, 8,  32, 0, 241, 0, 1,   0, 0, 0, 0, 8,  32, 0, 3, 8,  32, 0,
                                  244, 0, 65, 0,  8, 32,  0, 244, 0, 1, 1, 8, 32, 0,  4, 8, 32, 0,  7};
  static const uint8_t stamp[] = {244, 0, 0, 0, 8, 32, 0, 244, 0, 32, 1, 1, 2, 3, 4, 9, 9};
  static const uint8_t set[] = {1, 4, 60, 0, 4, 4, 10, 3, 1, 'h', 0};
  static const uint8_t session[] = {1, 0, 20, 1, 0, 0, 0, 9, 6, 2, 4, 6, 2, 4, 4, 6, 3, 7, 0, 255, 0, 0, 0};
  seed(folder, "server_room", "measures", -1, room, sizeof room);
  seed(folder, "server_room", "received", -1, received, sizeof received);
  seed(folder, "server_room", "twamp", -1, twamp, sizeof twamp);
  seed(folder, "server_room", "stamp", -1, stamp, sizeof stamp);
  seed(folder, "snmp_set", "row", -1, set, sizeof set);
  seed(folder, "session_machines", "sent", -1, session, sizeof session);
  seed(folder, "results", "zeros", -1, (uint8_t[300]){1, 0, 10, 0, 3}, 300);
}

int main(int argc, char **argv)
{
  if (argc != 2)
    stop("usage", "fuzz_seeds FOLDER");
  make_folder(argv[1]);
  seed_from_captures(argv[1]);
  seed_skip_ranges(argv[1]);
  seed_departures(argv[1]);
  seed_stamp(argv[1]);
  seed_twamp(argv[1]);
  seed_configurations(argv[1]);
  seed_sequences(argv[1]);
  seed_text(argv[1], "key_file", "two", "# keys\nmonitor\t636f7272656374\n\nother  00ff\n");
  seed_text(argv[1], "key_file", "cut", "monitor 6");
  seed_text(argv[1], "client_machine", "request", "0");
  seed_text(argv[1], "server_machine", "start", "\002");
  seed_text(argv[1], "thresholds", "short", "20ms,1%");
  seed_text(argv[1], "thresholds", "long",
            "delay_p95@forward=~:20ms,loss=1%,jitter=@0:500us,lost@reverse=3:");
  seed_text(argv[1], "query_answer", "list", "{\"streams\":[{\"name\":\"a\",\"newest\":3,\"version\":8}]}");
  seed_text(
      argv[1], "query_answer", "stream",
      "{\"stream\":{\"name\":\"a\",\"host\":\"h\",\"port\":\"1\",\"directions\":[\"forward\"],"
      "\"interval\":60.0,\"state\":\"up\",\"since\":\"2026-11-24T12:00:00.000000000Z\",\"status\":\"ok\","
      "\"newest\":1,\"intervals\":1,\"failed\":0,\"totals\":[],\"version\":1},\"intervals\":[{\"number\":1,"
      "\"status\":\"ok\",\"mode\":\"open\",\"results\":[{\"direction\":\"forward\",\"completeness\":"
      "\"complete\",\"sent\":0,\"received\":0,\"lost\":0,\"longest_loss_run\":0,\"skipped\":0,"
      "\"duplicates\":0,\"reordered\":0,\"discarded\":0}]}]}");
  seed_text(
      argv[1], "query_answer", "histogram",
      "{\"stream\":{\"name\":\"a\",\"host\":\"h\",\"port\":\"1\",\"directions\":[\"forward\"],"
      "\"interval\":60.0,\"state\":\"up\",\"status\":\"ok\",\"newest\":1,\"intervals\":1,\"failed\":0,"
      "\"totals\":[],\"version\":1},\"intervals\":[{\"number\":1,\"status\":\"ok\",\"results\":[{"
      "\"direction\":\"forward\",\"completeness\":\"complete\",\"sent\":4,\"received\":4,\"lost\":0,"
      "\"longest_loss_run\":0,\"skipped\":0,\"duplicates\":0,\"reordered\":0,\"discarded\":0,\"delay\":{"
      "\"min\":-1e-7,\"mean\":1e-9,\"median\":-9.5e-8,\"p95\":2e-7,\"p99\":2e-7,\"max\":2e-7},"
      "\"jitter\":1e-7,\"ipdv\":1e-7,\"ipdv_pairs\":3,\"pdv\":3e-7,\"percentiles\":{\"99.9\":2e-7},"
      "\"percentiles_from\":\"histograms\",\"histogram\":\"0x2 4 272\",\"hops\":{\"min\":1,\"max\":1},"
      "\"clock\":{\"sender_synchronized\":true,\"receiver_synchronized\":true,\"error\":0.1,"
      "\"stepped\":false}}]}]}");
  return EXIT_SUCCESS;
}
