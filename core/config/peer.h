/* SPDX-License-Identifier: MIT */
/* What a person configures of one measurement: the peer, how to reach it, what to send. */
#ifndef OWAMP_CONFIG_PEER_H
#define OWAMP_CONFIG_PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "config/key_file.h"
#include "schedule/slot.h"
#include "stats/percentiles.h"
#include "wire/mode.h"
#include "wire/protocol.h"
#include "wire/reflected_codec.h"
#include "wire/session_request.h"
#include "wire/stamp_tlv.h"
#include "wire/test_packet.h"

enum {
  OW_HOST_TEXT = 256,
  OW_PORT_TEXT = 32,
  OW_INTERFACE_TEXT = 16,
  OW_MOST_PADDING = OW_PADDING_MOST,
};

/** Filled in with ow_peer_defaults() (peer_options.h), then changed by options. Wipe with ow_peer_clear(). */
struct ow_peer {
  enum ow_protocol protocol;
  char host[OW_HOST_TEXT];           /* name or address of the OWAMP server, or of the reflector */
  char port[OW_PORT_TEXT];           /* service name or number, "861" */
  int address_family;                /* 0: either, 4, 6 */
  char source[OW_HOST_TEXT];         /* own address, "" = the routing table's choice */
  char interface[OW_INTERFACE_TEXT]; /* "" = any */
  uint16_t test_port_low;            /* range for own UDP ports; 0 = ephemeral */
  uint16_t test_port_high;

  uint32_t modes;              /* mask of modes that may be used; the strongest that both sides can is */
  char key_id[OW_KEY_ID_TEXT]; /* "" = no key: only open mode is possible */
  struct ow_passphrase passphrase;
  uint32_t most_pbkdf2_count; /* refuse servers that ask for more work */

  bool directions[2]; /* by enum ow_direction: forward, reverse */
  uint32_t packets;   /* for each direction */
  struct ow_slot slots[OW_MAX_SLOTS];
  uint32_t slot_count;
  uint32_t padding; /* octets */
  bool zero_padding;
  uint8_t dscp;
  int64_t loss_timeout;              /* loss threshold, nanoseconds */
  struct ow_percentiles percentiles; /* of the delays, to be told beside the usual ones */
  bool busy_wait;                    /* be awake shortly before each packet is due */
  uint32_t ssid;                     /* STAMP's session identifier; 0: none */
  uint32_t tlvs;                     /* STAMP's, of OW_TLV_CHOICES */
  bool nat; /* send zero addresses: the server takes those of the control connection */
};

void ow_peer_clear(struct ow_peer *peer);

/**
 * Everything that can be said against a peer before any packet is sent: no host, a link-local address whose
 * interface nothing tells, a keyed mode without a key, padding beyond what a datagram holds, no direction.
 * OW_INVALID with a sentence.
 */
enum ow_status ow_peer_check(const struct ow_peer *peer, struct ow_failure *failure) OW_MUST_CHECK;

/**
 * OW_INVALID if more of `packets` than a receiver keeps track of are within one loss timeout, on the reverse
 * direction, where the receiver is ours.
 */
enum ow_status ow_peer_check_window(const struct ow_peer *peer, uint32_t packets,
                                    struct ow_failure *failure) OW_MUST_CHECK;
/**
 * The mode that a STAMP peer is measured in: authenticated if it has a key and may be, else open;
 * OW_MODE_NONE if neither may be.
 */
enum ow_mode ow_peer_stamp_mode(const struct ow_peer *peer);
/** How a STAMP peer's packets are protected; its key stays the peer's. */
struct ow_reflected_kind ow_peer_stamp_kind(const struct ow_peer *peer);
/** What is put behind the peer's STAMP packets. */
struct ow_tlv_plan ow_peer_tlv_plan(const struct ow_peer *peer);
/** Test sessions of one measurement: one for each direction, each with a UDP port of its own. */
unsigned ow_peer_sessions(const struct ow_peer *peer);
/** OW_INVALID if the range of test ports is too small for so many sessions at a time. */
enum ow_status ow_peer_check_ports(const struct ow_peer *peer, unsigned sessions,
                                   struct ow_failure *failure) OW_MUST_CHECK;

/**
 * How long a measurement takes on average if a packet is lost, once its sessions are set up: the packets at
 * their mean distance, then the loss timeout. Nanoseconds; saturates.
 */
int64_t ow_peer_duration(const struct ow_peer *peer);
/**
 * How long it takes at most, but for one measurement in 10^9: a Poisson stream has a tail. Nanoseconds;
 * saturates.
 */
int64_t ow_peer_longest_duration(const struct ow_peer *peer);

/** Take the key `key_id` from the key file that messages call `name`. OW_INVALID if the file lacks it. */
enum ow_status ow_peer_use_key(struct ow_peer *peer, const struct ow_keys_file *file, const char *name,
                               const char *key_id, struct ow_failure *failure) OW_MUST_CHECK;

/** "exp:10ms,fixed:5ms" to slots, which replace the peer's. OW_INVALID names the piece. */
enum ow_status ow_peer_parse_schedule(const char *text, struct ow_peer *peer,
                                      struct ow_failure *failure) OW_MUST_CHECK;
/** The peer's slots, as they can be parsed; what is longer than `size` is cut. */
void ow_peer_print_schedule(char *out, size_t size, const struct ow_peer *peer);
/** "50,95,99.9" in any order to a list, which replaces the one there. OW_INVALID names the piece. */
enum ow_status ow_peer_parse_percentiles(const char *text, struct ow_percentiles *percentiles,
                                         struct ow_failure *failure) OW_MUST_CHECK;
/** The list, rising, as it can be parsed; what is longer than `size` is cut. */
void ow_peer_print_percentiles(char *out, size_t size, const struct ow_percentiles *percentiles);
/** "10ms" if the schedule is one exponential slot with that mean, else "". */
void ow_peer_print_mean(char *out, size_t size, const struct ow_peer *peer);

#endif
