/* SPDX-License-Identifier: MIT */
/*
 * Session-Receiver (RFC 4656, 4.2): which packets count, which were lost, which came twice.
 * It reads no socket: traffic/ hands it datagrams with their stamps, and the time.
 */
#ifndef OWAMP_SESSION_RECEIVER_H
#define OWAMP_SESSION_RECEIVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "session/sender.h"
#include "time/clock.h"
#include "time/sample.h"

struct ow_receiver;

/** What became of a datagram. */
enum ow_reception {
  OW_RECEIVED,
  OW_RECEIVED_DUPLICATE,        /* recorded again, counted once */
  OW_RECEIVED_DUPLICATE_UNKEPT, /* a copy too, but surplus or memory is used up: counted only */
  OW_IGNORED_SHORT,
  OW_IGNORED_HMAC,
  OW_IGNORED_ERROR_ESTIMATE, /* Multiplier 0 */
  OW_IGNORED_SEQUENCE,       /* not below the number of packets */
  OW_IGNORED_OFF_SCHEDULE,   /* its stamp is further than the loss threshold from its scheduled time */
  OW_IGNORED_LATE,           /* arrived later than the loss threshold allows: it stays lost */
  OW_IGNORED_FULL,           /* memory is short, or crypto fails */
  OW_RECEPTIONS
};

/** "off schedule", ... for a person. */
const char *ow_reception_text(enum ow_reception reception);

/**
 * Copies what it needs of `terms`. There is always room for one record of each packet of the session: that of
 * its arrival or of its loss. `surplus` is how many records of duplicates are kept beside them; however many
 * more come, they take no packet's place, and are counted as OW_RECEIVED_DUPLICATE_UNKEPT. So at most
 * request->packets + `surplus` records are kept; memory is taken as they come. NULL if memory is short or the
 * crypto library fails.
 */
struct ow_receiver *ow_receiver_create(const struct ow_session_terms *terms, uint64_t surplus) OW_MUST_CHECK;
void ow_receiver_free(struct ow_receiver *receiver);

/** Take a datagram from the agreed peer. `error` is this host's, with the stamping error. */
enum ow_reception ow_receiver_packet(struct ow_receiver *receiver, const uint8_t *octets, size_t count,
                                     struct ow_timestamp received, enum ow_stamp_source source,
                                     struct ow_error_estimate error, uint8_t ttl);

/**
 * Is this datagram one of the session's, by its HMAC? Nothing is noted of it. False in open mode, where
 * nothing tells.
 */
bool ow_receiver_recognizes(struct ow_receiver *receiver, const uint8_t *octets, size_t count);

/**
 * Both clocks of this host say `now`: when the session is agreed on, and before datagrams are taken or losses
 * told. If the wall clock was set meanwhile (session/clock_watch.h), packets that are overdue by it are lost
 * no more: of all that have not arrived nothing is known from then on. Never asked, no clock is doubted.
 */
void ow_receiver_look(struct ow_receiver *receiver, struct ow_instant now);
bool ow_receiver_clock_was_set(const struct ow_receiver *receiver);

/**
 * It is `now`: work out when the packets up to now are due, and further by as much as the sender's clock was
 * seen to be ahead, so that ow_receiver_packet() never has many to work out. Before datagrams are handed
 * over, and before ow_receiver_expire(). At most 1024 packets at a time; false if there are more to do.
 */
bool ow_receiver_follow(struct ow_receiver *receiver, struct ow_timestamp now);

/**
 * It is `now`, and every datagram that had arrived by then has been handed over: packets that are overdue
 * become records of loss. At most 512 at a time; false if there are more to do.
 */
bool ow_receiver_expire(struct ow_receiver *receiver, struct ow_timestamp now);
/** When the next packet will be overdue; false if none is outstanding. */
bool ow_receiver_next_expiry(const struct ow_receiver *receiver, struct ow_timestamp *when);

/**
 * True if no packet is outstanding any more after `horizon`; `when` is then the moment when none is. False,
 * too, if more than 1024 packets are still to be worked out for it.
 */
bool ow_receiver_ends_by(struct ow_receiver *receiver, struct ow_timestamp horizon,
                         struct ow_timestamp *when);

/** True if every packet of the session has arrived. */
bool ow_receiver_complete(const struct ow_receiver *receiver);
/** True if every packet has arrived or is recorded as lost. */
bool ow_receiver_finished(const struct ow_receiver *receiver);
/** One beyond the highest sequence number that is recorded, lost ones included. */
uint32_t ow_receiver_next_sequence(const struct ow_receiver *receiver);
/**
 * False if memory was short, or the crypto library failed: packets may have come without a record, and none
 * is called lost from then on.
 */
bool ow_receiver_knows_all(const struct ow_receiver *receiver);
/** Different packets received. */
uint32_t ow_receiver_received(const struct ow_receiver *receiver);
/**
 * How many datagrams met with `reception`. A stop takes nothing from it, though it may drop their records.
 */
uint32_t ow_receiver_count(const struct ow_receiver *receiver, enum ow_reception reception);
/**
 * By how much the stamps of ignored packets lay off schedule (ns, the last one): if it is large and steady,
 * the clocks differ by that much. 0 if none was ignored for it.
 */
int64_t ow_receiver_off_schedule_by(const struct ow_receiver *receiver);

/**
 * The sender has stopped at `now` (RFC 4656, 3.8): drop records of packets that it skipped and of all from
 * its Next Seqno on, and records of loss for packets whose scheduled time lies less than the loss threshold
 * before `now`. Packets that had arrived are still taken, and losses told, until ow_receiver_stopped() is
 * asked. What it says of packets that the session doesn't have is not kept: so there are at most half as
 * many skip ranges as packets. OW_MEMORY if the skip ranges can't be kept: then not all is known.
 */
enum ow_status ow_receiver_stop(struct ow_receiver *receiver, struct ow_timestamp now,
                                const struct ow_session_end *end) OW_MUST_CHECK;

/**
 * The sender is gone at `now` without a word of how far it got: it is known to have sent what arrived and
 * what comes before that. What is missing behind the last arrival may never have been sent: its records of
 * loss are dropped as by a stop, once ow_receiver_stopped() is asked. True if there are any.
 */
bool ow_receiver_sender_gone(struct ow_receiver *receiver, struct ow_timestamp now);

/** After either nothing is expected any more: drop records, 2048 at a time. True when that is done. */
bool ow_receiver_stopped(struct ow_receiver *receiver);

/**
 * The session is over, however it ended: nothing is expected any more, and all memory is given back but the
 * records'.
 */
void ow_receiver_settle(struct ow_receiver *receiver);

/** Forget the last `most` records: some of them are many. True if none is left. Only to be freed then. */
bool ow_receiver_forget(struct ow_receiver *receiver, size_t most);

/** The records, in order of arrival (of their loss). */
const struct ow_samples *ow_receiver_samples(const struct ow_receiver *receiver);
/** Of ow_receiver_stop(), or empty. */
const struct ow_skip_range *ow_receiver_skipped(const struct ow_receiver *receiver, uint32_t *count);

#endif
