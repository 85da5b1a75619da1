/* SPDX-License-Identifier: MIT */
/* Claims and releases are counted; a loop, a request and a session as a test needs them. */
#include "support/serving.h"

#include <unistd.h>

#include <check.h>
#include <string.h>

#include "io/system_clock.h"
#include "server/failures.h"
#include "wire/test_packet.h"

static enum ow_accept claim(void *context, const struct ow_serve_client *client,
                            const struct ow_session_request *request, const struct ow_slot *slots,
                            struct ow_serve_claim *claimed, struct ow_failure *why)
{
  struct test_serving *serving = context;
  (void)client, (void)request, (void)slots;
  *claimed = (struct ow_serve_claim){.account = serving, .short_of = serving->short_of};
  serving->claimed += serving->claims == OW_ACCEPT_OK;
  ow_fail(why, OW_LIMIT, "the test says so");
  return serving->claims;
}

static bool may_send(void *context, const struct ow_serve_claim *claim, size_t octets, int64_t now)
{
  (void)context, (void)claim, (void)octets, (void)now;
  return true;
}

static void release_bandwidth(void *context, const struct ow_serve_claim *claimed)
{
  ck_assert_ptr_eq(claimed->account, context);
  ((struct test_serving *)context)->bandwidth_released++;
}

static void settle_disk(void *context, struct ow_serve_claim *claimed, uint64_t records)
{
  ck_assert_ptr_eq(claimed->account, context);
  ((struct test_serving *)context)->settled = records;
}

static bool frees_disk(void *context, const struct ow_serve_claim *refused,
                       const struct ow_serve_claim *other)
{
  (void)context;
  return refused->short_of == 1 && other->disk > 0;
}

static void release_disk(void *context, const struct ow_serve_claim *claimed)
{
  ck_assert_ptr_eq(claimed->account, context);
  ((struct test_serving *)context)->disk_released++;
}

static bool may_fetch(void *context, const struct ow_serve_client *client,
                      const struct ow_serve_client *owner)
{
  (void)client, (void)owner;
  return !((struct test_serving *)context)->forbids_fetch;
}

static bool delete_on_fetch(void *context, const struct ow_serve_client *owner)
{
  (void)owner;
  return ((struct test_serving *)context)->deletes_on_fetch;
}

static union ow_address loopback(void)
{
  return (union ow_address){.v4 = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}}};
}

void test_serving_open(struct test_serving *serving)
{
  struct ow_failure failure;
  union ow_address address = loopback();
  *serving = (struct test_serving){.client.address = ow_address_to_endpoint(&address)};
  serving->policy = (struct ow_serve_policy){.context = serving,
                                             .claim = claim,
                                             .may_send = may_send,
                                             .release_bandwidth = release_bandwidth,
                                             .settle_disk = settle_disk,
                                             .frees_disk = frees_disk,
                                             .release_disk = release_disk,
                                             .may_fetch = may_fetch,
                                             .delete_on_fetch = delete_on_fetch};
  serving->common = (struct ow_serve_common){.loop = ow_loop_create(&failure), .policy = &serving->policy};
  ck_assert_ptr_nonnull(serving->common.loop);
  ow_serve_defaults(&serving->common.config);
  ow_serve_accounts_prepare(&serving->common);
  ow_serve_failures_prepare(&serving->common);
  ck_assert_int_eq(ow_traffic_open(&serving->common.traffic, serving->common.loop), OW_OK);
  test_pair_open(&serving->pair, OW_MODE_OPEN);
}

uint16_t test_serving_share_port(struct test_serving *serving)
{
  struct ow_serve_common *common = &serving->common;
  struct ow_failure failure;
  for (int tries = 0; tries < 100 && common->test_port.number == 0; tries++) {
    const struct ow_udp_options options = {.local.any.sa_family = AF_INET};
    union ow_address bound;
    int descriptor;
    ck_assert_int_eq(ow_udp_open(&options, &descriptor, &bound, &failure), OW_OK);
    close(descriptor);
    uint16_t number = ow_address_port(&bound);
    if (ow_test_port_open(&common->test_port, &common->traffic, number, NULL, &failure) == OW_OK)
      common->config.test_port_low = common->config.test_port_high = number;
  }
  ck_assert_msg(common->test_port.number != 0, "%s", failure.text);
  return common->test_port.number;
}

void test_serving_close(struct test_serving *serving)
{
  ow_serve_sessions_bury(&serving->common);
  ck_assert_uint_eq(serving->bandwidth_released, serving->claimed);
  ck_assert_uint_eq(serving->disk_released, serving->claimed);
  ck_assert_uint_eq(serving->common.counts.sessions_running, 0);
  ck_assert_uint_eq(serving->common.counts.sessions_kept, 0);
  ck_assert_uint_eq(serving->common.counts.records, 0);
  ck_assert_uint_eq(serving->common.shares.accounts, 0);
  test_pair_close(&serving->pair);
  ow_test_port_close(&serving->common.test_port);
  ow_traffic_close(&serving->common.traffic);
  ow_loop_free(serving->common.loop);
}

struct ow_session_request test_serving_request(bool server_sends, uint32_t packets)
{
  union ow_address address = loopback();
  struct ow_session_request request = {.server_sends = server_sends,
                                       .server_receives = !server_sends,
                                       .slot_count = 1,
                                       .packets = packets,
                                       .sender = ow_address_to_endpoint(&address),
                                       .receiver = ow_address_to_endpoint(&address),
                                       .start = ow_timestamp_plus(ow_system_stamp(), -59 * OW_NS_PER_S),
                                       .timeout = ow_span_from_ns(OW_NS_PER_S)};
  request.sender.port = request.receiver.port = 9;
  return request;
}

struct ow_serve_session *test_serving_session(struct test_serving *serving,
                                              const struct ow_session_request *request,
                                              enum ow_accept expected)
{
  static const struct ow_slot slot = {.kind = OW_SLOT_FIXED, .parameter = {UINT64_C(1) << 22}}; /* 0.98 ms */
  struct ow_session_acceptance acceptance;
  struct ow_failure why = {0};
  union ow_address address = loopback();
  const struct ow_serve_asked asked = {.request = request,
                                       .slots = &slot,
                                       .client = &serving->client,
                                       .machine = serving->pair.server,
                                       .local = address,
                                       .remote = address,
                                       .departures = serving->departures};
  struct ow_serve_session *session =
      ow_serve_session_open(&serving->common, &asked, &acceptance, &serving->lack, &why);
  ck_assert_int_eq(acceptance.accept, expected);
  ck_assert_int_eq(session != NULL, expected == OW_ACCEPT_OK);
  if (session)
    ck_assert_mem_eq(acceptance.sid.octets, session->request.sid.octets, OW_SID);
  else
    ck_assert_str_ne(why.text, "");
  return session;
}

void test_serving_stop(struct ow_serve_session *session)
{
  const struct ow_session_end end = {.sid = session->request.sid, .next_sequence = session->request.packets};
  ow_serve_session_end(session, &end);
}

void test_serving_arrival(struct ow_serve_session *session, uint32_t sequence)
{
  struct ow_timestamp due = ow_timestamp_plus(session->request.start, (int64_t)(sequence + 1) * 976563);
  struct ow_receiver *receiver = session->receiver->receiver;
  const struct ow_packet_codec codec = {.mode = OW_MODE_OPEN};
  const struct ow_error_estimate error = ow_error_estimate(false, 1);
  uint8_t octets[OW_PACKET_OPEN];
  while (!ow_receiver_follow(receiver, due))
    continue;
  ck_assert_int_eq(ow_packet_prepare(&codec, sequence, octets), OW_OK);
  ck_assert_int_eq(ow_packet_stamp(&codec, sequence, due, error, octets), OW_OK);
  ck_assert_int_eq(ow_receiver_packet(receiver, octets, sizeof octets, ow_timestamp_plus(due, OW_NS_PER_MS),
                                      OW_STAMP_KERNEL, error, 255),
                   OW_RECEIVED);
}

enum ow_status test_serving_fetch_go_on(struct test_serving *serving, struct ow_serve_fetch *fetch,
                                        struct ow_serve_kept_sessions *kept, struct ow_failure *failure)
{
  struct ow_server *machine = serving->pair.server;
  enum ow_status status;
  do
    status = ow_serve_fetch_go_on(fetch, kept, machine, failure);
  while (status == OW_OK && fetch->session &&
         (ow_server_state(machine) == OW_SERVER_DECIDE_FETCH ||
          ow_buffer_length(ow_server_output(machine)) < TEST_FETCH_WINDOW));
  return status;
}
