/* SPDX-License-Identifier: MIT */
/* A peer's defaults, what can be wrong with one, how long it measures, and its key. */
#include "config/peer.h"

#include <string.h>

#include "base/secret.h"
#include "schedule/schedule.h"
#include "stats/result.h"
#include "text/dscp.h"
#include "text/link_local.h"

void ow_peer_clear(struct ow_peer *peer)
{
  ow_wipe(peer, sizeof *peer);
}

enum ow_mode ow_peer_stamp_mode(const struct ow_peer *peer)
{
  enum ow_mode mode = OW_MODE_NONE;
  if (peer->modes & OW_MODE_AUTHENTICATED && peer->key_id[0])
    mode = OW_MODE_AUTHENTICATED;
  else if (peer->modes & OW_MODE_OPEN)
    mode = OW_MODE_OPEN;
  return mode;
}

struct ow_reflected_kind ow_peer_stamp_kind(const struct ow_peer *peer)
{
  const struct ow_passphrase *key = &peer->passphrase;
  return (struct ow_reflected_kind){.protocol = OW_PROTOCOL_STAMP,
                                    .mode = ow_peer_stamp_mode(peer),
                                    .key = key->length ? key->octets : NULL,
                                    .key_octets = key->length};
}

/* In open mode a key protects the TLVs alone. */
struct ow_tlv_plan ow_peer_tlv_plan(const struct ow_peer *peer)
{
  return (struct ow_tlv_plan){.choices = peer->tlvs,
                              .dscp = peer->dscp,
                              .hmac = peer->key_id[0] != '\0',
                              .padding = (uint16_t)peer->padding};
}

/* What the protocol leaves no choice of. */
static const char *stamp_fault(const struct ow_peer *peer)
{
  const struct ow_tlv_plan plan = ow_peer_tlv_plan(peer);
  const char *fault = NULL;
  if (ow_peer_stamp_mode(peer) == OW_MODE_NONE)
    fault = "STAMP is open or authenticated, and the latter needs a KeyID and its passphrase";
  else if (peer->padding > 0 && peer->padding < OW_TLV_HEADER)
    fault = "STAMP's padding has 4 octets at least, for it is a TLV";
  else if (ow_stamp_least(ow_peer_stamp_mode(peer)) + ow_tlv_octets(&plan) > OW_PACKET_LARGEST)
    fault = "the padding is more than a datagram holds";
  else if (peer->nat)
    fault = "STAMP's packets have no addresses in them, so that there is nothing to do for NAT";
  return fault;
}

/* The first thing wrong with the key, or NULL. */
static const char *key_fault(const struct ow_peer *peer)
{
  const char *fault = NULL;
  if (peer->modes == 0 || (peer->modes & ~(uint32_t)OW_TWAMP_MODES) != 0)
    fault = "no security mode is chosen: open, authenticated or encrypted";
  else if (peer->modes & ~ow_protocol_modes(peer->protocol))
    fault = "mixed mode is TWAMP's, and the protocol is another";
  else if (!(peer->modes & OW_MODE_OPEN) && !peer->key_id[0])
    fault = peer->modes & OW_MODES_ALL
                ? "authenticated and encrypted mode need a KeyID and its passphrase, and none is given"
                : "mixed mode needs a KeyID and its passphrase, and none is given";
  else if (peer->key_id[0] && peer->passphrase.length == 0)
    fault = "there is a KeyID, but no passphrase for it";
  return fault;
}

unsigned ow_peer_sessions(const struct ow_peer *peer)
{
  unsigned sessions = (peer->directions[0] ? 1U : 0U) + (peer->directions[1] ? 1U : 0U);
  return ow_protocol_reflects(peer->protocol) ? 1 : sessions;
}

enum ow_status ow_peer_check_ports(const struct ow_peer *peer, unsigned sessions, struct ow_failure *failure)
{
  unsigned given = peer->test_port_high - peer->test_port_low + 1U;
  unsigned low = peer->test_port_low;
  enum ow_status status = OW_OK;
  if (low + sessions - 1 > UINT16_MAX)
    low = UINT16_MAX - sessions + 1;
  if (peer->test_port_low && given < sessions)
    status =
        ow_fail(failure, OW_INVALID,
                "%u-%u is %u UDP port%s, but %u test sessions run at a time, and each takes one: give %u-%u",
                peer->test_port_low, peer->test_port_high, given, given > 1 ? "s" : "", sessions, low,
                low + sessions - 1);
  return status;
}

enum ow_status ow_peer_check_window(const struct ow_peer *peer, uint32_t packets, struct ow_failure *failure)
{
  uint32_t within = ow_slots_most_packets(peer->slots, peer->slot_count, peer->loss_timeout);
  uint32_t most = within < packets ? within : packets;
  enum ow_status status = OW_OK;
  bool tracked = peer->directions[OW_REVERSE] || ow_protocol_reflects(peer->protocol);
  if (tracked && most > OW_OUTSTANDING_MOST)
    status = ow_fail(
        failure, OW_INVALID,
        "some %u packets within one loss timeout, but %u can be kept track of: send fewer in that time, or "
        "shorten it",
        most, OW_OUTSTANDING_MOST);
  return status;
}

static const char *traffic_fault(const struct ow_peer *peer)
{
  const char *fault = NULL;
  if (!peer->directions[0] && !peer->directions[1])
    fault = "no direction is to be measured";
  else if (peer->packets == 0)
    fault = "no packet is to be sent";
  else if (peer->slot_count == 0 || peer->slot_count > OW_MAX_SLOTS)
    fault = "the schedule needs 1 to 256 slots";
  else if (peer->padding > OW_MOST_PADDING)
    fault = "the padding is more than a datagram holds (65459 octets)";
  else if (peer->dscp > OW_DSCP_MOST)
    fault = "the DSCP is above 63";
  else if (peer->loss_timeout <= 0)
    fault = "the loss timeout is not positive";
  else if ((peer->test_port_low == 0) != (peer->test_port_high == 0) ||
           peer->test_port_low > peer->test_port_high)
    fault = "the range of test ports is empty";
  return fault;
}

_Static_assert(OW_MAX_SLOTS == 256 && OW_MOST_PADDING == 65459, "as the sentences above say");

/* Of a name its addresses are looked at when it is resolved: they may have a zone. */
static enum ow_status check_zones(const struct ow_peer *peer, struct ow_failure *failure)
{
  const char *host = peer->host;
  const char *source = peer->source;
  bool is_name = !strchr(host, ':');
  bool host_tells = ow_is_link_local(host) && !ow_lacks_zone(host);
  bool source_tells = ow_is_link_local(source) && !ow_lacks_zone(source);
  const char *lacking = NULL;
  if (ow_lacks_zone(host) && !source_tells && !peer->interface[0])
    lacking = host;
  else if (ow_lacks_zone(source) && !host_tells && !is_name && !peer->interface[0])
    lacking = source;
  return lacking
             ? ow_fail(failure, OW_INVALID,
                       "the address %.60s is link-local and needs a zone, the interface that leads to it: "
                       "%.60s%%eth0",
                       lacking, lacking)
             : OW_OK;
}

enum ow_status ow_peer_check(const struct ow_peer *peer, struct ow_failure *failure)
{
  const char *fault = NULL;
  if (!peer->host[0])
    fault = "no host is given";
  else if (!peer->port[0])
    fault = "no port is given";
  if (!fault)
    fault = key_fault(peer);
  if (!fault)
    fault = traffic_fault(peer);
  if (!fault && peer->protocol == OW_PROTOCOL_STAMP)
    fault = stamp_fault(peer);
  else if (!fault && (peer->ssid || peer->tlvs))
    fault = peer->protocol == OW_PROTOCOL_OWAMP ? "an SSID and TLVs are STAMP's, and the protocol is OWAMP"
                                                : "an SSID and TLVs are STAMP's, and the protocol is TWAMP";
  enum ow_status status = fault ? ow_fail(failure, OW_INVALID, "%s", fault) : OW_OK;
  if (status == OW_OK)
    status = check_zones(peer, failure);
  if (status == OW_OK)
    status = ow_peer_check_ports(peer, ow_peer_sessions(peer), failure);
  if (status == OW_OK)
    status = ow_peer_check_window(peer, peer->packets, failure);
  return status;
}

int64_t ow_peer_duration(const struct ow_peer *peer)
{
  int64_t sum = 0;
  int64_t mean = ow_slots_mean_ns(peer->slots, peer->slot_count);
  bool overflow = __builtin_mul_overflow(mean, (int64_t)peer->packets, &sum);
  overflow = __builtin_add_overflow(sum, peer->loss_timeout, &sum) || overflow;
  return overflow ? INT64_MAX : sum;
}

int64_t ow_peer_longest_duration(const struct ow_peer *peer)
{
  double longest =
      (double)peer->loss_timeout + ow_slots_longest_ns(peer->slots, peer->slot_count, peer->packets);
  return longest < (double)INT64_MAX ? (int64_t)longest : INT64_MAX;
}

enum ow_status ow_peer_use_key(struct ow_peer *peer, const struct ow_keys_file *file, const char *name,
                               const char *key_id, struct ow_failure *failure)
{
  char shown[OW_KEY_ID_TEXT];
  const struct ow_key *key = ow_key_file_find(file, key_id);
  enum ow_status status = OW_OK;
  if (!key) {
    status = ow_fail(failure, OW_INVALID, "%s has no key with the KeyID '%s'", name,
                     ow_printable(shown, sizeof shown, key_id, strlen(key_id)));
  } else {
    memcpy(peer->key_id, key->key_id, sizeof peer->key_id);
    peer->passphrase = key->passphrase;
  }
  return status;
}
