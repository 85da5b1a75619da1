/* SPDX-License-Identifier: MIT */
/* First the request's shape, then its addresses, then what this Server still has room for. */
#include "server/request_check.h"

#include "schedule/schedule.h"
#include "session/departures.h"
#include "shares/shares.h"
#include "wire/start_stop.h"
#include "wire/test_packet.h"

/* Clocks differ and answers take their time; what lies further back would only be skipped. */
#define LATEST_START (60 * OW_NS_PER_S)

enum {
  SLOTS_FREE = 16,     /* take less than the rest of a session */
  OPEN_PER_RECORD = 2, /* packets, by their memory */
};

static enum ow_accept check_start(const struct ow_session_request *request, struct ow_timestamp now,
                                  struct ow_failure *why)
{
  int64_t timeout = ow_span_to_ns(request->timeout);
  int64_t ago = ow_timestamp_difference(now, request->start);
  enum ow_accept accept = OW_ACCEPT_OK;
  if (ago > LATEST_START && ago > timeout) {
    ow_fail(why, OW_INVALID,
            "the Start Time lies %lld s back, further than a minute and the loss timeout: clocks may differ",
            (long long)(ago / OW_NS_PER_S));
    accept = OW_ACCEPT_FAILURE;
  }
  return accept;
}

static enum ow_accept check_shape(const struct ow_session_request *request, struct ow_failure *why)
{
  uint8_t dscp;
  enum ow_accept accept = OW_ACCEPT_OK;
  if (request->server_sends == request->server_receives) {
    ow_fail(why, OW_INVALID, "exactly one of Conf-Sender and Conf-Receiver is supported");
    accept = OW_ACCEPT_NOT_SUPPORTED;
  } else if (!ow_type_p_to_dscp(request->type_p, &dscp)) {
    ow_fail(why, OW_INVALID, "Type-P Descriptor %08x is not a plain DSCP", request->type_p);
    accept = OW_ACCEPT_NOT_SUPPORTED;
  } else if (request->padding > OW_PADDING_MOST) {
    ow_fail(why, OW_INVALID, "a padding of %u octets; %u fit in a datagram of every mode", request->padding,
            OW_PADDING_MOST);
    accept = OW_ACCEPT_NOT_SUPPORTED;
  } else if (ow_span_to_ns(request->timeout) > OW_LOSS_TIMEOUT_MOST) {
    ow_fail(why, OW_INVALID, "a loss timeout of more than a day");
    accept = OW_ACCEPT_NOT_SUPPORTED;
  } else if (request->slot_count > OW_SLOTS_MOST) {
    ow_fail(why, OW_LIMIT, "a schedule of %u slots; %u are supported", request->slot_count, OW_SLOTS_MOST);
    accept = OW_ACCEPT_PERMANENT_LIMIT;
  }
  return accept;
}

/* RFC 4656, 6: who sends to third parties on request is a weapon. */
static enum ow_accept check_addresses(const struct ow_session_request *request,
                                      const struct ow_endpoint *client, bool third_party,
                                      struct ow_failure *why)
{
  enum ow_accept accept = OW_ACCEPT_OK;
  bool any = ow_endpoint_is_any(&request->sender) || ow_endpoint_is_any(&request->receiver);
  if (request->sender.version != client->version && any) {
    ow_fail(why, OW_INVALID,
            "the test is to be IPv%u with the addresses of the control connection, which is IPv%u",
            request->sender.version, client->version);
    accept = OW_ACCEPT_NOT_SUPPORTED;
  } else if (request->server_sends && !third_party && !ow_endpoint_is_any(&request->receiver) &&
             !ow_endpoint_same_host(&request->receiver, client)) {
    ow_fail(why, OW_REFUSED,
            "test packets are to go to another host than the client's "
            "(behind NAT, the client can request with zero addresses)");
    accept = OW_ACCEPT_NOT_SUPPORTED;
  } else if (request->server_sends && request->receiver.port == 0) {
    ow_fail(why, OW_INVALID, "the client did not say on which port it receives");
    accept = OW_ACCEPT_NOT_SUPPORTED;
  }
  return accept;
}

enum ow_accept ow_serve_check_window(const struct ow_session_request *request, const struct ow_slot *slots,
                                     struct ow_failure *why)
{
  uint32_t most = ow_slots_most_packets(slots, request->slot_count, ow_span_to_ns(request->timeout));
  enum ow_accept accept = OW_ACCEPT_OK;
  if (request->server_receives && most > OW_OUTSTANDING_MOST && request->packets > OW_OUTSTANDING_MOST) {
    ow_fail(why, OW_LIMIT, "some %u packets within one loss timeout; %u can be kept track of", most,
            OW_OUTSTANDING_MOST);
    accept = OW_ACCEPT_PERMANENT_LIMIT;
  }
  return accept;
}

uint64_t ow_serve_slots_for(const struct ow_session_request *request)
{
  return request->slot_count > SLOTS_FREE ? request->slot_count : 0;
}

static uint64_t lesser(uint64_t a, uint64_t b)
{
  return a < b ? a : b;
}

uint64_t ow_serve_beside_for(const struct ow_session_request *request, const struct ow_slot *slots)
{
  uint64_t open = ow_slots_most_packets(slots, request->slot_count, ow_span_to_ns(request->timeout));
  uint64_t ranges = lesser(request->packets / 2, OW_MAX_SKIP_RANGES);
  return request->server_receives ? lesser(open, request->packets) / OPEN_PER_RECORD
                                  : ranges / OW_SKIP_RANGES_PER_RECORD;
}

uint64_t ow_serve_departures_for(const struct ow_session_request *request,
                                 const struct ow_serve_config *config)
{
  const size_t record = sizeof(struct ow_sample);
  uint64_t records = (ow_departures_memory(request->packets) + record - 1) / record;
  return request->server_sends && records <= ow_share_most(config->most_records) ? records : 0;
}

uint64_t ow_serve_records_for(const struct ow_session_request *request)
{
  return request->server_receives ? (uint64_t)request->packets + request->packets / 8 + 16 : 0;
}

/* Whoever fetches can count only the duplicates that are on record: Fetch-Ack has no number of them. */
uint64_t ow_serve_records_to_reserve(const struct ow_session_request *request,
                                     const struct ow_serve_config *config,
                                     const struct ow_serve_counts *counts)
{
  enum { COPIES = 2 };
  uint64_t half = config->most_records / 2;
  uint64_t records = half > counts->records ? half - counts->records : 0;
  uint64_t least = ow_serve_records_for(request);
  uint64_t most = request->server_receives ? least + (uint64_t)request->packets * COPIES : 0;
  if (records > most)
    records = most;
  return records > least ? records : least;
}

static enum ow_accept check_bounds(const struct ow_session_request *request,
                                   const struct ow_serve_config *config, const struct ow_serve_counts *counts,
                                   struct ow_failure *why)
{
  uint64_t records = ow_serve_records_for(request) + ow_serve_slots_for(request);
  enum ow_accept accept = OW_ACCEPT_OK;
  if (records > ow_share_most(config->most_records)) {
    ow_fail(why, OW_LIMIT, "%u packets are more than the server keeps records of for one client",
            request->packets);
    accept = OW_ACCEPT_PERMANENT_LIMIT;
  } else if (counts->records + records > config->most_records ||
             counts->sessions_running >= config->most_sessions) {
    ow_fail(why, OW_LIMIT, "the server is full: %u sessions, %llu records reserved", counts->sessions_running,
            (unsigned long long)counts->records);
    accept = OW_ACCEPT_TEMPORARY_LIMIT;
  }
  return accept;
}

enum ow_accept ow_serve_check_request(const struct ow_session_request *request, struct ow_timestamp now,
                                      const struct ow_endpoint *client, const struct ow_serve_config *config,
                                      const struct ow_serve_counts *counts, struct ow_failure *why)
{
  enum ow_accept accept = check_shape(request, why);
  if (accept == OW_ACCEPT_OK)
    accept = check_start(request, now, why);
  if (accept == OW_ACCEPT_OK)
    accept = check_addresses(request, client, config->third_party, why);
  if (accept == OW_ACCEPT_OK)
    accept = check_bounds(request, config, counts, why);
  return accept;
}
