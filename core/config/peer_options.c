/* SPDX-License-Identifier: MIT */
/* The table, a row for each option; below it what is done with any of them. */
#include "config/peer_options.h"

#include <stdio.h>
#include <string.h>

#include "text/dscp.h"
#include "text/duration.h"

enum {
  MOST_PACKETS = 10 * 1000 * 1000, /* that a verdict can be made to wait for; OWAMP-MIB has it too */
  MOST_HISTORY = 10000,
  /* A tenth of a second or so of one core; servers in the field ask for 2048 to some ten thousands. */
  DEFAULT_PBKDF2_COUNT = 1 << 18,
};

/* What of the settings is an option's: a member, or the members from one to another. */
#define PART(member) offsetof(struct ow_peer_settings, member), sizeof((struct ow_peer_settings *)0)->member
#define PARTS(first, last)                                                                                   \
  offsetof(struct ow_peer_settings, first), offsetof(struct ow_peer_settings, last) +                        \
                                                sizeof((struct ow_peer_settings *)0)->last -                 \
                                                offsetof(struct ow_peer_settings, first)
/* The bounds of a text: octets. */
#define TEXT(member) PART(member), 1, sizeof((struct ow_peer_settings *)0)->member - 1

const struct ow_peer_option ow_peer_options[OW_PEER_OPTIONS] = {
    [OW_PEER_HOST] = {"host", OW_TYPE_HOST, TEXT(peer.host), "HOST", NULL, NULL,
                      "Name or address of the OWAMP server, or of the reflector."},
    [OW_PEER_PORT] = {"port", OW_TYPE_PORT, PART(peer.port), 1, UINT16_MAX, "PORT", "861", NULL,
                      "Its TCP port, or the reflector's UDP port: a number or the name of a service."},
    [OW_PEER_FAMILY] = {"family", OW_TYPE_FAMILY, PART(peer.address_family), 0, 0, "any|ipv4|ipv6", "any",
                        NULL, "What a name is resolved to."},
    [OW_PEER_MODE] =
        {"mode", OW_TYPE_MODES, PART(peer.modes), 0, 0, "MODE", NULL, NULL,
         "Security mode: open, authenticated or encrypted, of TWAMP also mixed, or some of them with "
         "commas between. May be repeated: the strongest one that the server offers is used (default: any "
         "that "
         "there is a key for)."},
    [OW_PEER_KEY_ID] = {"key-id", OW_TYPE_KEY_ID, TEXT(peer.key_id), "NAME", NULL, NULL,
                        "The key to use, by its KeyID (with perfSONAR: the user name)."},
    [OW_PEER_KEY_FILE] = {"key-file", OW_TYPE_TEXT, TEXT(key_file), "FILE", NULL, NULL,
                          "File with KeyIDs and passphrases, as perfSONAR's pfstore writes it (.pfs)."},
    [OW_PEER_DIRECTION] = {"direction", OW_TYPE_DIRECTIONS, PART(peer.directions), 0, 0,
                           "both|forward|reverse", "both", NULL,
                           "What to measure: forward is from this host to the server."},
    [OW_PEER_COUNT] = {"count", OW_TYPE_NUMBER, PART(peer.packets), 1, OW_PACKETS_MOST, "PACKETS", "50", NULL,
                       "Packets in each direction."},
    [OW_PEER_INTERVAL] = {"interval", OW_TYPE_DURATION, PART(interval), 1, OW_LONGEST_DURATION, "DURATION",
                          "60s", NULL,
                          "Over how long each result goes; at least the loss timeout and 3 seconds."},
    [OW_PEER_PACKET_INTERVAL] = {"packet-interval", OW_TYPE_MEAN, PARTS(peer.slots, peer.slot_count), 1,
                                 OW_LONGEST_DURATION, "DURATION", "60ms", "1s",
                                 "Mean distance of packets; the distances are exponentially distributed (a "
                                 "Poisson stream)."},
    [OW_PEER_SCHEDULE] = {"schedule", OW_TYPE_SCHEDULE, PARTS(peer.slots, peer.slot_count), 0, 0, "LIST",
                          NULL, NULL,
                          "Distances of packets, used in turn: exp:MEAN or fixed:DISTANCE, as in "
                          "exp:10ms,fixed:5ms."},
    [OW_PEER_PADDING] = {"padding", OW_TYPE_NUMBER, PART(peer.padding), 0, OW_MOST_PADDING, "OCTETS", "0",
                         NULL, "Octets to add to each packet."},
    [OW_PEER_ZERO_PADDING] = {"zero-padding", OW_TYPE_FLAG, PART(peer.zero_padding), 0, 1, "true|false",
                              "false", NULL, "Pad with zeros instead of pseudo-random octets."},
    [OW_PEER_DSCP] = {"dscp", OW_TYPE_DSCP, PART(peer.dscp), 0, OW_DSCP_MOST, "DSCP", "0", NULL,
                      "DSCP of the packets in both directions: a number, or a name such as EF or BE."},
    [OW_PEER_LOSS_TIMEOUT] = {"loss-timeout", OW_TYPE_DURATION, PART(peer.loss_timeout), 1,
                              OW_LOSS_TIMEOUT_MOST, "DURATION", "2s", NULL,
                              "A packet that takes longer is lost."},
    [OW_PEER_SOURCE] = {"source", OW_TYPE_TEXT, TEXT(peer.source), "ADDRESS", NULL, NULL,
                        "Own address to measure from."},
    [OW_PEER_INTERFACE] = {"interface", OW_TYPE_TEXT, TEXT(peer.interface), "NAME", NULL, NULL,
                           "Network interface to measure through."},
    [OW_PEER_PORTS] = {"ports", OW_TYPE_PORTS, PARTS(peer.test_port_low, peer.test_port_high), 1, UINT16_MAX,
                       "LOW-HIGH", NULL, NULL, "Own UDP ports to use (default: any)."},
    [OW_PEER_NAT] = {"nat", OW_TYPE_FLAG, PART(peer.nat), 0, 1, "true|false", "false", NULL,
                     "One of the hosts is behind NAT: leave addresses out of the requests, so that the "
                     "server takes those that it sees, and open the way for the packets back."},
    [OW_PEER_WARNING] = {"warning", OW_TYPE_THRESHOLDS, PART(warning), 0, 0, "LIST", NULL, NULL,
                         "Thresholds for WARNING."},
    [OW_PEER_CRITICAL] = {"critical", OW_TYPE_THRESHOLDS, PART(critical), 0, 0, "LIST", NULL, NULL,
                          "Thresholds for CRITICAL."},
    [OW_PEER_RAISE] =
        {"raise", OW_TYPE_RAISE, PARTS(rule.raise, rule.of), 1, OW_ALARM_WINDOW, "X/Y", "1/1", NULL,
         "Raise an alarm when X of the last Y intervals breached a threshold, and clear it when "
         "so many kept it; without Y, X in a row."},
    [OW_PEER_UNCERTAIN] = {"uncertain", OW_TYPE_UNCERTAIN, PART(rule.how.uncertain), 0, 0, "remark|unknown",
                           "remark", NULL,
                           "What a delay is worth whose threshold lies within the error of the clocks: the "
                           "plain verdict with a remark, or UNKNOWN."},
    [OW_PEER_MIN_PACKETS] = {"min-packets", OW_TYPE_NUMBER, PART(rule.how.least_packets), 0, MOST_PACKETS,
                             "PACKETS", "0", NULL,
                             "A verdict on loss is UNKNOWN if fewer packets than these were sent in its "
                             "direction."},
    [OW_PEER_NOTHING_ARRIVED] = {"nothing-arrived", OW_TYPE_STATE, PART(rule.how.nothing_arrived), 0, 0,
                                 "ok|warning|critical|unknown", "critical", NULL,
                                 "What it is worth that nothing arrives of min-packets or more, or that none "
                                 "can be sent, whatever the thresholds say; with ok they alone decide."},
    [OW_PEER_PARTIAL_STATE] = {"partial-state", OW_TYPE_STATE, PART(rule.how.partial), 0, 0,
                               "ok|warning|critical|unknown", "unknown", NULL,
                               "What a partial result is worth that breaches no threshold: one that was cut "
                               "short, or of which more than "
                               "a twentieth of the packets was never sent."},
    [OW_PEER_PROTOCOL] =
        {"protocol", OW_TYPE_PROTOCOL, PART(peer.protocol), 0, 0, "owamp|stamp|twamp", "owamp", NULL,
         "What the peer speaks: OWAMP, with a server; TWAMP, whose servers routers have; or STAMP "
         "(and TWAMP Light), whose reflectors have no server. The latter two's port is 862 by "
         "default, of TCP for TWAMP and of UDP for STAMP."},
    [OW_PEER_SSID] = {"ssid", OW_TYPE_NUMBER, PART(peer.ssid), 0, UINT16_MAX, "NUMBER", "0", NULL,
                      "STAMP's session identifier, as the reflector is configured for it; 0: none."},
    [OW_PEER_TLVS] = {"tlvs", OW_TYPE_TLVS, PART(peer.tlvs), 0, 0, "LIST", "none", NULL,
                      "What to ask a STAMP reflector for beside its stamps: none, or some of timestamps, "
                      "class-of-service, counters and follow-up, with commas between."},
    [OW_PEER_HISTORY] = {"history", OW_TYPE_NUMBER, PART(history), 1, MOST_HISTORY, "INTERVALS", "12", NULL,
                         "How many intervals are kept."},
    [OW_PEER_BUSY_WAIT] =
        {"busy-wait", OW_TYPE_FLAG, PART(peer.busy_wait), 0, 1, "true|false", "false", NULL,
         "Wait awake for the last 50 us before each packet is due, which then leaves closer "
         "to its time. It costs CPU time."},
    [OW_PEER_PERCENTILES] = {"percentiles", OW_TYPE_PERCENTILES, PART(peer.percentiles), 0, 0, "LIST", NULL,
                             NULL,
                             "Percentiles of the delays to tell beside the usual ones: up to 8 with commas "
                             "between, as in 50,95,99.9."},
};
_Static_assert(OW_PEER_OPTIONS <= 64, "a bit for each");
_Static_assert(offsetof(struct ow_peer, slot_count) ==
                   offsetof(struct ow_peer, slots) + sizeof((struct ow_peer *)0)->slots,
               "nothing lies between a schedule's members, nor between these");
_Static_assert(offsetof(struct ow_peer, test_port_high) == offsetof(struct ow_peer, test_port_low) + 2, "");
_Static_assert(offsetof(struct ow_alarm_rule, of) == offsetof(struct ow_alarm_rule, raise) + 1, "");

/* ---- what was given ---- */

static uint64_t bit_of(enum ow_peer_option_id id)
{
  return UINT64_C(1) << id;
}

bool ow_given_has(const struct ow_given *given, enum ow_peer_option_id id)
{
  return given->bits & bit_of(id);
}

bool ow_peer_option_repeatable(enum ow_peer_option_id id)
{
  return ow_peer_options[id].type == OW_TYPE_MODES || ow_peer_options[id].type == OW_TYPE_TLVS;
}

/* ---- values ---- */

/* What wasn't given is as the protocol has it; modes that aren't the former one's were chosen, too. */
static void follow_protocol(struct ow_peer *peer, enum ow_protocol former, const struct ow_given *given)
{
  if (!ow_given_has(given, OW_PEER_PORT))
    snprintf(peer->port, sizeof peer->port, "%s", ow_protocol_port(peer->protocol));
  if (!ow_given_has(given, OW_PEER_MODE) && peer->modes == ow_protocol_modes(former))
    peer->modes = ow_protocol_modes(peer->protocol);
}

enum ow_status ow_peer_option_apply(struct ow_peer_settings *settings, enum ow_peer_option_id id,
                                    const char *text, struct ow_given *given, struct ow_failure *failure)
{
  enum ow_protocol former = settings->peer.protocol;
  enum ow_status status =
      ow_option_parse(&ow_peer_options[id], settings, text, ow_given_has(given, id), failure);
  given->bits |= bit_of(id);
  if (id == OW_PEER_PROTOCOL && status == OW_OK)
    follow_protocol(&settings->peer, former, given);
  return status;
}

enum ow_status ow_peer_option_apply_once(struct ow_peer_settings *settings, enum ow_peer_option_id id,
                                         const char *text, struct ow_given *given, struct ow_failure *failure)
{
  if (ow_given_has(given, id) && !ow_peer_option_repeatable(id))
    return ow_fail(failure, OW_INVALID, "it is given twice");
  return ow_peer_option_apply(settings, id, text, given, failure);
}

const char *ow_peer_option_print(char *out, size_t size, enum ow_peer_option_id id,
                                 const struct ow_peer_settings *settings)
{
  ow_option_print(&ow_peer_options[id], settings, out, size);
  return out;
}

void ow_peer_option_copy(struct ow_peer_settings *settings, enum ow_peer_option_id id,
                         const struct ow_peer_settings *from)
{
  const struct ow_peer_option *option = &ow_peer_options[id];
  memcpy((char *)settings + option->offset, (const char *)from + option->offset, option->size);
}

static bool is_list(enum ow_peer_option_type type)
{
  return type == OW_TYPE_SCHEDULE || type == OW_TYPE_MEAN || type == OW_TYPE_THRESHOLDS;
}

/* What lies between the members of a list's elements may differ. */
static bool same_text(enum ow_peer_option_id id, const struct ow_peer_settings *a,
                      const struct ow_peer_settings *b)
{
  char a_text[OW_PEER_OPTION_TEXT];
  char b_text[OW_PEER_OPTION_TEXT];
  ow_peer_option_print(a_text, sizeof a_text, id, a);
  ow_peer_option_print(b_text, sizeof b_text, id, b);
  return strcmp(a_text, b_text) == 0;
}

bool ow_peer_option_same(enum ow_peer_option_id id, const struct ow_peer_settings *a,
                         const struct ow_peer_settings *b)
{
  const struct ow_peer_option *option = &ow_peer_options[id];
  const char *a_part = (const char *)a + option->offset;
  const char *b_part = (const char *)b + option->offset;
  return is_list(option->type) ? same_text(id, a, b) : memcmp(a_part, b_part, option->size) == 0;
}

/* ---- all of them ---- */

void ow_peer_settings_defaults(struct ow_peer_settings *settings, enum ow_peer_use use)
{
  struct ow_given given = {0};
  memset(settings, 0, sizeof *settings);
  settings->peer.modes = OW_MODES_ALL;
  settings->peer.most_pbkdf2_count = DEFAULT_PBKDF2_COUNT;
  for (int id = 0; id < OW_PEER_OPTIONS; id++) {
    const struct ow_peer_option *option = &ow_peer_options[id];
    const char *initial = option->initial;
    if (use == OW_USE_STREAM && option->stream_initial)
      initial = option->stream_initial;
    /* That each default can be read is tested. */
    if (initial)
      (void)!ow_peer_option_apply(settings, (enum ow_peer_option_id)id, initial, &given, NULL);
  }
}

void ow_peer_defaults(struct ow_peer *peer)
{
  struct ow_peer_settings settings;
  ow_peer_settings_defaults(&settings, OW_USE_PROBE);
  *peer = settings.peer;
}
