/* SPDX-License-Identifier: MIT */
/* A fetch from a server that isn't ours: one that keeps every copy, and some that mean no good. */
#include <arpa/inet.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "config/peer_options.h"
#include "measure/probe.h"
#include "support/machine.h"
#include "support/main.h"
#include "support/memory_held.h"
#include "support/policy.h"

#define MS OW_NS_PER_MS

/* ---- the server: the machine on a blocking socket, and an answer to the first fetch ---- */

struct foreign {
  struct ow_fetch_ack ack;
  struct ow_session_request request;
  struct ow_sample (*record)(uint32_t index); /* of ack.records of them, or until the client has gone */
  struct test_pair pair;
  int listener;
  uint16_t port;
  pthread_t thread;
  size_t held; /* the most memory that the program held while records were sent */
};

static bool send_all(int socket, struct ow_buffer *output)
{
  bool sent = true;
  while (sent && ow_buffer_length(output)) {
    ssize_t count = send(socket, ow_buffer_head(output), ow_buffer_length(output), MSG_NOSIGNAL);
    sent = count > 0;
    if (sent)
      ow_buffer_consume(output, (size_t)count);
  }
  return sent;
}

static bool answer_fetch(struct foreign *foreign, int socket, const struct ow_fetch_request *asked)
{
  struct ow_server *machine = foreign->pair.server;
  struct ow_buffer *output = ow_server_output(machine);
  foreign->request.sid = asked->sid;
  bool good =
      ow_server_begin_fetch(machine, test_at(0), &foreign->ack, &foreign->request, test_slots, NULL) == OW_OK;
  for (uint32_t i = 0; good && i < foreign->ack.records; i++) {
    struct ow_sample record = foreign->record(i);
    good = ow_server_fetch_record(machine, test_at(0), &record) == OW_OK;
    if (good && ow_buffer_length(output) > 1 << 16) {
      good = send_all(socket, output);
      size_t held = test_memory_held();
      foreign->held = held > foreign->held ? held : foreign->held;
    }
  }
  return good;
}

static bool act(struct foreign *foreign, int socket, const struct ow_server_event *event)
{
  bool good = true;
  if (event->kind == OW_SERVER_SET_UP)
    good = ow_server_set_up(foreign->pair.server, test_at(0), OW_ACCEPT_OK) == OW_OK;
  else if (event->kind == OW_SERVER_FETCH)
    good = answer_fetch(foreign, socket, &event->fetch);
  return good && event->kind != OW_SERVER_BROKEN;
}

static void *serve(void *context)
{
  struct foreign *foreign = context;
  int socket = accept(foreign->listener, NULL, NULL);
  uint8_t octets[4096];
  ssize_t count;
  bool good = send_all(socket, ow_server_output(foreign->pair.server));
  while (good && (count = recv(socket, octets, sizeof octets, 0)) > 0) {
    struct ow_reader reader = ow_reader(octets, (size_t)count);
    struct ow_server_event event;
    do {
      ow_server_receive(foreign->pair.server, test_at(0), &reader, &event);
      test_server_derive(foreign->pair.server, &event);
      good = act(foreign, socket, &event) && send_all(socket, ow_server_output(foreign->pair.server));
    } while (good && event.kind != OW_SERVER_NOTHING);
  }
  close(socket);
  return NULL;
}

static void open_foreign(struct foreign *foreign, enum ow_mode mode)
{
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t octets = sizeof address;
  test_pair_prepare(&foreign->pair, mode);
  foreign->pair.server = ow_server_create(&foreign->pair.server_config, test_at(0));
  foreign->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  ck_assert_int_eq(bind(foreign->listener, (struct sockaddr *)&address, sizeof address), 0);
  ck_assert_int_eq(listen(foreign->listener, 1), 0);
  ck_assert_int_eq(getsockname(foreign->listener, (struct sockaddr *)&address, &octets), 0);
  foreign->port = ntohs(address.sin_port);
  ck_assert_int_eq(pthread_create(&foreign->thread, NULL, serve, foreign), 0);
}

/* Fetch from it within `timeout`, ns; the report is the caller's. */
static enum ow_status fetch(struct foreign *foreign, enum ow_mode mode, int64_t timeout,
                            struct ow_probe_report *report)
{
  struct ow_peer peer;
  open_foreign(foreign, mode);
  ow_peer_defaults(&peer);
  snprintf(peer.host, sizeof peer.host, "127.0.0.1");
  snprintf(peer.port, sizeof peer.port, "%u", foreign->port);
  peer.modes = mode;
  test_policy_key(&peer);
  enum ow_status status = ow_probe_fetch(&peer, test_sid(1).octets, timeout, report);
  ow_peer_clear(&peer);
  ck_assert_int_eq(pthread_join(foreign->thread, NULL), 0);
  close(foreign->listener);
  test_pair_close(&foreign->pair);
  return status;
}

/* ---- what it holds ---- */

enum { PACKETS = 1000, REPLAYED = 7, REPLAYS = 1500, LOST = 500 };

static struct foreign session_of(bool finished, uint32_t packets, uint32_t records,
                                 struct ow_sample (*record)(uint32_t index))
{
  struct foreign foreign = {
      .ack = {.finished = finished, .next_sequence = finished ? packets : 0, .records = records},
      .request = test_request(false, 1),
      .record = record,
  };
  foreign.request.packets = packets;
  return foreign;
}

/* Every packet but the lost one, one of them many times before the others have come; that loss is told twice.
 */
static struct ow_sample replayed(uint32_t index)
{
  uint32_t sequence = index < REPLAYS ? (uint32_t)REPLAYED : index - REPLAYS;
  struct ow_sample record = test_record(sequence % PACKETS);
  if (record.sequence == LOST || sequence == PACKETS)
    record = (struct ow_sample){.sequence = LOST, .ttl = OW_TTL_LOST};
  return record;
}

START_TEST(every_record_of_a_server_that_keeps_all_copies_is_read)
{
  struct foreign foreign = session_of(true, PACKETS, REPLAYS + PACKETS + 1, replayed);
  struct ow_probe_report report;
  enum ow_status status = fetch(&foreign, test_modes[_i], 20 * OW_NS_PER_S, &report);
  const struct ow_probe_direction *forward = &report.directions[OW_FORWARD];
  ck_assert_msg(status == OW_OK, "%s", report.failure.text);
  ck_assert_int_eq(forward->result.completeness, OW_RESULT_COMPLETE);
  ck_assert_uint_eq(forward->result.sent, PACKETS);
  ck_assert_uint_eq(forward->result.received, PACKETS - 1);
  ck_assert_uint_eq(forward->result.lost, 1);
  ck_assert_uint_eq(forward->result.duplicates, REPLAYS);
  ck_assert_uint_eq(forward->samples.count, PACKETS + PACKETS + 64);
  ow_probe_report_clear(&report);
}
END_TEST

START_TEST(records_without_end_take_time_and_no_memory)
{
  enum { ROOM = 16 << 20 };
  struct foreign foreign = session_of(true, PACKETS, UINT32_MAX, replayed);
  struct ow_probe_report report;
  size_t before = test_memory_held();
  ck_assert_int_eq(fetch(&foreign, test_modes[_i], 500 * MS, &report), OW_TIMEOUT);
  ck_assert_int_eq(report.step, OW_STEP_FETCH);
  ck_assert_int_eq(report.directions[OW_FORWARD].result.completeness, OW_RESULT_ABSENT);
  ck_assert_uint_eq(report.directions[OW_FORWARD].samples.count, 0);
  ck_assert_uint_le(foreign.held, before + ROOM);
  ow_probe_report_clear(&report);
}
END_TEST

/* ---- sessions of more packets than can be held ---- */

/* Of four thousand million packets that were told to be over; of one that runs, a record beyond the bound. */
static struct ow_sample far_away(uint32_t index)
{
  return test_record(index + OW_FETCH_MOST);
}

START_TEST(of_a_session_of_too_many_packets_the_first_ones_are_told)
{
  struct foreign foreign = session_of(_i, UINT32_MAX, _i ? 0 : 3, far_away);
  struct ow_probe_report report;
  enum ow_status status = fetch(&foreign, OW_MODE_OPEN, 20 * OW_NS_PER_S, &report);
  const struct ow_result *result = &report.directions[OW_FORWARD].result;
  ck_assert_msg(status == OW_OK, "%s", report.failure.text);
  ck_assert_int_eq(result->completeness, _i ? OW_RESULT_PARTIAL : OW_RESULT_ABSENT);
  ck_assert_uint_eq(result->sent, _i ? OW_FETCH_MOST : 0);
  ck_assert_ptr_nonnull(
      strstr(report.remark, _i ? "the first 1048576 of the session's 4294967295 packets are "
                                 "told; 0 records of the others are left out"
                               : "3 records of the others are left out"));
  ow_probe_report_clear(&report);
}
END_TEST

/* As much as can be: each packet is lost, and arrives, and once more; then all of it again. */
static struct ow_sample everything(uint32_t index)
{
  uint32_t sequence = index % OW_FETCH_MOST;
  struct ow_sample record = test_record(sequence);
  if (sequence < 1 << 15 && index < OW_FETCH_MOST)
    record = (struct ow_sample){.sequence = sequence, .ttl = OW_TTL_LOST};
  return record;
}

START_TEST(the_largest_fetch_costs_less_than_64_mb)
{
  enum { ROOM = 64 << 20, TIMES = 3 };
  struct foreign foreign = session_of(true, UINT32_MAX - 1, TIMES * OW_FETCH_MOST, everything);
  struct ow_probe_report report;
  size_t before = test_memory_peak();
  enum ow_status status = fetch(&foreign, OW_MODE_OPEN, 60 * OW_NS_PER_S, &report);
  const struct ow_result *result = &report.directions[OW_FORWARD].result;
  ck_assert_msg(status == OW_OK, "%s", report.failure.text);
  ck_assert_uint_eq(result->received, OW_FETCH_MOST);
  ck_assert_uint_eq(result->duplicates, (TIMES - 1) * OW_FETCH_MOST - (1 << 15));
  ck_assert_int_eq(result->completeness, OW_RESULT_PARTIAL);
  ck_assert_uint_le(test_memory_peak(), before + ROOM);
  ow_probe_report_clear(&report);
}
END_TEST

static struct ow_sample lost_then_arrived(uint32_t index)
{
  struct ow_sample record = test_record(index % OW_FETCH_MOST);
  if (index < OW_FETCH_MOST)
    record = (struct ow_sample){.sequence = index, .ttl = OW_TTL_LOST};
  return record;
}

START_TEST(who_says_of_all_packets_that_they_were_lost_and_arrived_is_not_believed)
{
  struct foreign foreign = session_of(true, OW_FETCH_MOST, 2 * OW_FETCH_MOST, lost_then_arrived);
  struct ow_probe_report report;
  ck_assert_int_eq(fetch(&foreign, OW_MODE_OPEN, 60 * OW_NS_PER_S, &report), OW_PROTOCOL);
  ck_assert_ptr_nonnull(strstr(report.failure.text, "both that they were lost and that they arrived"));
  ck_assert_int_eq(report.directions[OW_FORWARD].result.completeness, OW_RESULT_ABSENT);
  ow_probe_report_clear(&report);
}
END_TEST

/* One that runs and is to have many has had few until now. */
START_TEST(a_long_session_is_fetched_while_it_is_short)
{
  struct foreign foreign = session_of(false, UINT32_MAX, 20, test_record);
  struct ow_probe_report report;
  enum ow_status status = fetch(&foreign, OW_MODE_OPEN, 20 * OW_NS_PER_S, &report);
  ck_assert_msg(status == OW_OK, "%s", report.failure.text);
  ck_assert_int_eq(report.directions[OW_FORWARD].result.completeness, OW_RESULT_PARTIAL);
  ck_assert_uint_eq(report.directions[OW_FORWARD].result.received, 20);
  ck_assert_uint_eq(report.directions[OW_FORWARD].result.lost, 0);
  ow_probe_report_clear(&report);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("fetch from a foreign server");
  TEST_LOOP(suite, "copies", TEST_MODES, every_record_of_a_server_that_keeps_all_copies_is_read,
            records_without_end_take_time_and_no_memory);
  TEST_LOOP(suite, "too many", 2, of_a_session_of_too_many_packets_the_first_ones_are_told);
  TEST_CASE(suite, "largest", the_largest_fetch_costs_less_than_64_mb,
            who_says_of_all_packets_that_they_were_lost_and_arrived_is_not_believed);
  TEST_CASE(suite, "running", a_long_session_is_fetched_while_it_is_short);
  return test_run(suite);
}
