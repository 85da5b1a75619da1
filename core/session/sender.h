/* SPDX-License-Identifier: MIT */
/*
 * Session-Sender (RFC 4656, 4.1): what is due when, which packets are skipped, and the packets themselves.
 * It sends nothing: traffic/ asks for the next packet, stamps it as late as it can, and sends.
 */
#ifndef OWAMP_SESSION_SENDER_H
#define OWAMP_SESSION_SENDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "crypto/keys.h"
#include "time/sample.h"
#include "wire/mode.h"
#include "wire/session_request.h"
#include "wire/start_stop.h"

/** A session as both ends agreed on it. */
struct ow_session_terms {
  enum ow_mode mode;
  const struct ow_keys *keys;               /* test keys; not needed in open mode */
  const struct ow_session_request *request; /* SID, packets, padding, start, timeout */
  const struct ow_slot *slots;
  struct ow_contexts *contexts; /* of the loop: they outlive the session */
};

struct ow_sender;

/** Who writes a session's packets, where OWAMP's own codec doesn't: embedded by its owner, who outlives the
 * sender. */
struct ow_packet_maker {
  size_t head; /* octets before the padding */
  /** Write all of packet `sequence` but its stamp, and not the padding. OW_CRYPTO. */
  enum ow_status (*prepare)(struct ow_packet_maker *maker, uint32_t sequence, uint8_t *out);
  /** Put the stamp into the packet that is prepared. OW_CRYPTO. */
  enum ow_status (*stamp)(struct ow_packet_maker *maker, struct ow_timestamp sent,
                          struct ow_error_estimate error, uint8_t *out);
  /** The packet that was prepared last, stamped or not, is not sent. NULL: that is nothing to it. */
  void (*discard)(struct ow_packet_maker *maker);
};

/**
 * Copies what it needs of `terms`. With `zero_padding` the padding is zeros, else pseudo-random and new for
 * each packet. NULL if memory is short, the crypto library fails, or a packet would be larger than
 * OW_PACKET_LARGEST.
 */
struct ow_sender *ow_sender_create(const struct ow_session_terms *terms, bool zero_padding) OW_MUST_CHECK;
/** The same with packets of the maker's: `terms` need neither mode nor keys. */
struct ow_sender *ow_sender_create_with(const struct ow_session_terms *terms, struct ow_packet_maker *maker,
                                        bool zero_padding) OW_MUST_CHECK;
void ow_sender_free(struct ow_sender *sender);

/**
 * Send no packet that is due after `until`, however many were agreed on: the session then ends with a lower
 * Next Seqno (RFC 4656, 3.8). Before the first packet is sent.
 */
void ow_sender_until(struct ow_sender *sender, struct ow_timestamp until);

/**
 * When the next packet is to be sent: at its scheduled time, or later, where a backlog is being sent: once a
 * second's packets (or 16) have left late, the others follow no faster than the schedule's mean rate, and
 * what gets later than the loss threshold meanwhile is skipped. False when every packet has been sent or
 * skipped.
 */
bool ow_sender_due(const struct ow_sender *sender, struct ow_timestamp *when);
/** What is to be done for the packet that is due. */
enum ow_sender_turn {
  OW_SENDER_SEND,     /* it is ready for its stamp */
  OW_SENDER_SKIPPING, /* more are too late than are skipped at once: ask again */
  OW_SENDER_OVER,     /* no packet is left */
};
/**
 * It is `now`: skip what is more than the loss threshold late (RFC 4656, 4.1.1), at most OW_SKIPPED_AT_ONCE
 * packets of it. OW_CRYPTO ends the session: `due` turns false.
 */
enum ow_sender_turn ow_sender_ready(struct ow_sender *sender, struct ow_timestamp now);
enum { OW_SKIPPED_AT_ONCE = 256 };
/**
 * Stamp the packet that is ready; it goes to the wire at once. NULL if the crypto library fails, which ends
 * the session.
 */
const uint8_t *ow_sender_stamp(struct ow_sender *sender, struct ow_timestamp now,
                               struct ow_error_estimate error, size_t *octets);
/**
 * It has left (`true`), or it didn't, stamped or not, and counts as skipped. Prepares the next.
 */
void ow_sender_sent(struct ow_sender *sender, bool left);

/** Octets of each packet. */
size_t ow_sender_octets(const struct ow_sender *sender);

/** Send no more: the packets that are left count as never sent. */
void ow_sender_give_up(struct ow_sender *sender);

/** Sequence number of the packet that is due next, or the number of packets when all are done. */
uint32_t ow_sender_next_sequence(const struct ow_sender *sender);
/** When every packet has been sent: the scheduled time of the last one. */
struct ow_timestamp ow_sender_last_due(const struct ow_sender *sender);
/**
 * OW_OK, or why it ended before the schedule did: OW_MEMORY or OW_LIMIT (no more skipped packets can be
 * noted), OW_CRYPTO.
 */
enum ow_status ow_sender_trouble(const struct ow_sender *sender);
/** What Stop-Sessions says of this session; `skipped` is the sender's. */
struct ow_session_end ow_sender_end(const struct ow_sender *sender);

#endif
