/* SPDX-License-Identifier: MIT */
/* What comes of the packets whose fate is open is judged, what doesn't is lost. */
#include "session/receiver.h"

#include <stdlib.h>
#include <string.h>

#include "schedule/schedule.h"
#include "session/clock_watch.h"
#include "session/window.h"
#include "wire/test_packet.h"

enum {
  FOLLOW_AT_ONCE = 1024,
  EXPIRE_AT_ONCE = 512,
  LOOKED_AT_ONCE = 2048, /* records, by a stop */
  MOST_AHEAD = 4096,     /* how far one packet may jump over what has come or is due so far */
  FIRST_WINDOW = 32,     /* a power of 2 */
};

struct ow_receiver {
  uint32_t packets;
  int64_t timeout;
  uint64_t surplus; /* duplicates that may still be recorded */
  struct ow_schedule *schedule;
  struct ow_packet_codec codec;

  struct ow_window window;
  struct ow_timestamp last_due; /* of the packet before the window's end */
  uint32_t first_unseen;        /* in the window, or at its end */

  struct ow_samples samples;
  uint32_t received;
  uint32_t next_sequence;
  uint32_t arrived_before; /* one beyond the highest that arrived */
  uint32_t counts[OW_RECEPTIONS];
  int64_t off_schedule_by;
  int64_t lead; /* ns by which the sender's stamps are ahead of ours; 0: they aren't */
  struct ow_clock_watch clocks;
  struct ow_timestamp stop_at; /* the sender's stop, once it is known, */
  uint32_t stop_before;        /* and its Next Seqno */
  size_t looked_at;            /* of the records, by a stop */
  size_t kept;                 /* of these */
  struct ow_skip_range *skipped;
  uint32_t skip_ranges;
  bool stopped;
  bool blind; /* memory was short, or the crypto library failed: packets may have come unseen */
};

const char *ow_reception_text(enum ow_reception reception)
{
  const char *text = "";
  switch (reception) {
  case OW_RECEIVED: text = "received"; break;
  case OW_RECEIVED_DUPLICATE: text = "duplicate"; break;
  case OW_RECEIVED_DUPLICATE_UNKEPT: text = "duplicate without a record"; break;
  case OW_IGNORED_SHORT: text = "too short"; break;
  case OW_IGNORED_HMAC: text = "wrong HMAC"; break;
  case OW_IGNORED_ERROR_ESTIMATE: text = "error estimate with Multiplier 0"; break;
  case OW_IGNORED_SEQUENCE: text = "sequence number out of range"; break;
  case OW_IGNORED_OFF_SCHEDULE: text = "stamp off schedule by more than the loss timeout"; break;
  case OW_IGNORED_LATE: text = "arrived after the loss timeout"; break;
  case OW_IGNORED_FULL: text = "no memory for records"; break;
  case OW_RECEPTIONS: break;
  }
  return text;
}

static bool schedule_one(struct ow_receiver *receiver);

struct ow_receiver *ow_receiver_create(const struct ow_session_terms *terms, uint64_t surplus)
{
  const struct ow_session_request *request = terms->request;
  struct ow_receiver *receiver = calloc(1, sizeof *receiver);
  if (receiver) {
    receiver->packets = request->packets;
    receiver->timeout = ow_span_to_ns(request->timeout);
    receiver->surplus = surplus;
    receiver->schedule =
        ow_schedule_create(&request->sid, request->start, terms->slots, request->slot_count, terms->contexts);
    if (ow_packet_codec_open(&receiver->codec, terms->mode, terms->keys, terms->contexts) != OW_OK ||
        !receiver->schedule || !schedule_one(receiver)) {
      ow_receiver_free(receiver);
      receiver = NULL;
    }
  }
  return receiver;
}

void ow_receiver_free(struct ow_receiver *receiver)
{
  if (receiver) {
    ow_schedule_free(receiver->schedule);
    ow_packet_codec_close(&receiver->codec);
    ow_samples_clear(&receiver->samples);
    ow_window_clear(&receiver->window);
    free(receiver->skipped);
  }
  free(receiver);
}

/* ---- the window of outstanding packets ---- */

/* Work out when the next packet is due. False if there is none, or no room. */
static bool schedule_one(struct ow_receiver *receiver)
{
  struct ow_timestamp due = {0};
  enum ow_status status = OW_LIMIT;
  if (receiver->window.end < receiver->packets &&
      receiver->window.end - receiver->window.base < OW_OUTSTANDING_MOST)
    status = ow_schedule_next(receiver->schedule, &due);
  if (status == OW_OK)
    status = ow_window_append(&receiver->window, due);
  if (status == OW_OK)
    receiver->last_due = due;
  receiver->blind |= status == OW_MEMORY || status == OW_CRYPTO;
  return status == OW_OK;
}

void ow_receiver_look(struct ow_receiver *receiver, struct ow_instant now)
{
  ow_clock_watch(&receiver->clocks, now, receiver->timeout);
}

bool ow_receiver_clock_was_set(const struct ow_receiver *receiver)
{
  return receiver->clocks.set;
}

bool ow_receiver_follow(struct ow_receiver *receiver, struct ow_timestamp now)
{
  struct ow_timestamp until = ow_timestamp_plus(now, receiver->lead);
  unsigned done = 0;
  while (!receiver->stopped && done < FOLLOW_AT_ONCE && !ow_timestamp_after(receiver->last_due, until) &&
         schedule_one(receiver))
    done++;
  return done < FOLLOW_AT_ONCE;
}

/*
 * Whether the packet's fate is open. What lies beyond the loss threshold after `sent` is not looked
 * for, so that an invented sequence number costs no more than the packets that could be on their way.
 */
static bool is_outstanding(struct ow_receiver *receiver, uint32_t sequence, struct ow_timestamp sent)
{
  bool more = sequence - receiver->window.base < OW_OUTSTANDING_MOST &&
              (sequence < receiver->window.end || sequence - receiver->window.end < MOST_AHEAD);
  while (more && receiver->window.end <= sequence) {
    more = schedule_one(receiver) && ow_timestamp_difference(receiver->last_due, sent) <= receiver->timeout;
  }
  return more;
}

static void move_first_unseen(struct ow_receiver *receiver)
{
  if (receiver->first_unseen < receiver->window.base)
    receiver->first_unseen = receiver->window.base;
  while (receiver->first_unseen < receiver->window.end &&
         ow_window_seen(&receiver->window, receiver->first_unseen))
    receiver->first_unseen++;
}

/* ---- records ---- */

/* A packet's first and only fate, for which there is always room. */
static bool keep_fate(struct ow_receiver *receiver, const struct ow_sample *sample)
{
  bool kept = ow_samples_append(&receiver->samples, sample) == OW_OK;
  receiver->blind |= !kept;
  if (kept && sample->sequence >= receiver->next_sequence)
    receiver->next_sequence = sample->sequence + 1;
  return kept;
}

/* Its packet is on record: without another one nothing is unknown. */
static enum ow_reception keep_duplicate(struct ow_receiver *receiver, const struct ow_sample *sample)
{
  bool kept = receiver->surplus > 0 && ow_samples_append(&receiver->samples, sample) == OW_OK;
  if (kept)
    receiver->surplus--;
  return kept ? OW_RECEIVED_DUPLICATE : OW_RECEIVED_DUPLICATE_UNKEPT;
}

static enum ow_reception keep_arrival(struct ow_receiver *receiver, const struct ow_sample *sample)
{
  enum ow_reception reception = OW_RECEIVED;
  if (ow_window_seen(&receiver->window, sample->sequence)) {
    reception = keep_duplicate(receiver, sample);
  } else if (keep_fate(receiver, sample)) {
    int64_t lead = ow_timestamp_difference(sample->sent, sample->received);
    receiver->lead = lead > 0 ? lead : 0;
    ow_window_see(&receiver->window, sample->sequence);
    receiver->received++;
    if (sample->sequence >= receiver->arrived_before)
      receiver->arrived_before = sample->sequence + 1;
    move_first_unseen(receiver);
  } else {
    reception = OW_IGNORED_FULL;
  }
  return reception;
}

/* What came unseen must not pass for lost, nor what had no time to come. */
static void record_loss(struct ow_receiver *receiver, uint32_t sequence, struct ow_timestamp due)
{
  const struct ow_sample lost = {
      .sequence = sequence,
      .sent = due,
      .send_error = ow_error_estimate(false, 0),
      .receive_error = ow_error_estimate(false, 0),
      .ttl = OW_TTL_LOST,
  };
  if (!receiver->blind && !receiver->clocks.set)
    (void)keep_fate(receiver, &lost);
}

bool ow_receiver_expire(struct ow_receiver *receiver, struct ow_timestamp now)
{
  unsigned done = 0;
  while (!receiver->stopped && done < EXPIRE_AT_ONCE && receiver->window.base < receiver->packets) {
    if (receiver->window.base == receiver->window.end && !schedule_one(receiver))
      break;
    uint32_t oldest = receiver->window.base;
    struct ow_timestamp due = ow_window_due(&receiver->window, oldest);
    if (ow_timestamp_difference(now, due) <= receiver->timeout)
      break;
    if (!ow_window_seen(&receiver->window, oldest))
      record_loss(receiver, oldest, due);
    ow_window_drop_first(&receiver->window);
    done++;
  }
  if (!receiver->stopped)
    move_first_unseen(receiver);
  return done < EXPIRE_AT_ONCE;
}

/* When a packet that was due then is lost. */
static struct ow_timestamp overdue_at(const struct ow_receiver *receiver, struct ow_timestamp due)
{
  return ow_timestamp_plus(due, receiver->timeout + 1);
}

bool ow_receiver_next_expiry(const struct ow_receiver *receiver, struct ow_timestamp *when)
{
  bool known = !receiver->stopped && receiver->first_unseen < receiver->packets;
  if (known && receiver->first_unseen < receiver->window.end)
    *when = overdue_at(receiver, ow_window_due(&receiver->window, receiver->first_unseen));
  else if (known) /* not worked out yet: not before the last that was */
    *when = overdue_at(receiver, receiver->last_due);
  return known;
}

bool ow_receiver_ends_by(struct ow_receiver *receiver, struct ow_timestamp horizon, struct ow_timestamp *when)
{
  uint32_t last = receiver->packets;
  bool soon = !receiver->stopped && receiver->first_unseen < receiver->packets;
  for (unsigned done = 0; soon && receiver->window.end < receiver->packets; done++)
    soon = done < FOLLOW_AT_ONCE && !ow_timestamp_after(overdue_at(receiver, receiver->last_due), horizon) &&
           schedule_one(receiver);
  while (soon && last > receiver->first_unseen + 1 && ow_window_seen(&receiver->window, last - 1))
    last--;
  if (soon)
    *when = overdue_at(receiver, ow_window_due(&receiver->window, last - 1));
  return soon && !ow_timestamp_after(*when, horizon);
}

/* ---- packets ---- */

static enum ow_reception decode(struct ow_receiver *receiver, const uint8_t *octets, size_t count,
                                struct ow_packet *packet)
{
  enum ow_reception reception = OW_RECEIVED;
  enum ow_status status = ow_packet_decode(&receiver->codec, octets, count, packet);
  receiver->blind |= status == OW_CRYPTO;
  if (status == OW_CRYPTO)
    reception = OW_IGNORED_FULL;
  else if (status == OW_INVALID)
    reception = OW_IGNORED_SHORT;
  else if (status != OW_OK)
    reception = OW_IGNORED_HMAC;
  else if (!ow_error_valid(packet->error))
    reception = OW_IGNORED_ERROR_ESTIMATE;
  else if (packet->sequence >= receiver->packets)
    reception = OW_IGNORED_SEQUENCE;
  return reception;
}

bool ow_receiver_recognizes(struct ow_receiver *receiver, const uint8_t *octets, size_t count)
{
  struct ow_packet packet;
  return receiver->codec.keys && ow_packet_decode(&receiver->codec, octets, count, &packet) == OW_OK;
}

static enum ow_reception judge(struct ow_receiver *receiver, const struct ow_packet *packet,
                               struct ow_timestamp received)
{
  enum ow_reception reception = OW_RECEIVED;
  if (packet->sequence < receiver->window.base)
    return OW_IGNORED_LATE;
  if (!is_outstanding(receiver, packet->sequence, packet->sent))
    return OW_IGNORED_OFF_SCHEDULE;
  int64_t off = ow_timestamp_difference(packet->sent, ow_window_due(&receiver->window, packet->sequence));
  if (off > receiver->timeout || off < -receiver->timeout) {
    receiver->off_schedule_by = off;
    reception = OW_IGNORED_OFF_SCHEDULE;
  } else if (ow_timestamp_difference(received, packet->sent) > receiver->timeout) {
    reception = OW_IGNORED_LATE;
  }
  return reception;
}

enum ow_reception ow_receiver_packet(struct ow_receiver *receiver, const uint8_t *octets, size_t count,
                                     struct ow_timestamp received, enum ow_stamp_source source,
                                     struct ow_error_estimate error, uint8_t ttl)
{
  struct ow_packet packet;
  enum ow_reception reception =
      receiver->stopped ? OW_IGNORED_LATE : decode(receiver, octets, count, &packet);
  if (reception == OW_RECEIVED) {
    ow_clock_watch_stamp(&receiver->clocks, received, receiver->timeout);
    (void)ow_receiver_expire(receiver, received);
    reception = judge(receiver, &packet, received);
  }
  if (reception == OW_RECEIVED) {
    const struct ow_sample sample = {
        .sequence = packet.sequence,
        .sent = packet.sent,
        .send_error = packet.error,
        .received = received,
        .receive_error = error,
        .ttl = ttl,
        .source = (uint8_t)source,
    };
    reception = keep_arrival(receiver, &sample);
  }
  receiver->counts[reception]++;
  return reception;
}

/* ---- what is known ---- */

bool ow_receiver_complete(const struct ow_receiver *receiver)
{
  return receiver->received == receiver->packets;
}

bool ow_receiver_finished(const struct ow_receiver *receiver)
{
  return receiver->stopped || receiver->first_unseen >= receiver->packets;
}

uint32_t ow_receiver_next_sequence(const struct ow_receiver *receiver)
{
  return receiver->next_sequence;
}

bool ow_receiver_knows_all(const struct ow_receiver *receiver)
{
  return !receiver->blind;
}

uint32_t ow_receiver_received(const struct ow_receiver *receiver)
{
  return receiver->received;
}

uint32_t ow_receiver_count(const struct ow_receiver *receiver, enum ow_reception reception)
{
  return receiver->counts[reception];
}

int64_t ow_receiver_off_schedule_by(const struct ow_receiver *receiver)
{
  return receiver->off_schedule_by;
}

const struct ow_samples *ow_receiver_samples(const struct ow_receiver *receiver)
{
  return &receiver->samples;
}

const struct ow_skip_range *ow_receiver_skipped(const struct ow_receiver *receiver, uint32_t *count)
{
  *count = receiver->skip_ranges;
  return receiver->skipped;
}

/* ---- the end ---- */

static bool is_skipped(const struct ow_receiver *receiver, uint32_t sequence)
{
  uint32_t low = 0;
  uint32_t high = receiver->skipped ? receiver->skip_ranges : 0;
  while (low < high) {
    uint32_t middle = low + (high - low) / 2;
    if (receiver->skipped[middle].last < sequence)
      low = middle + 1;
    else
      high = middle;
  }
  return receiver->skipped && low < receiver->skip_ranges && receiver->skipped[low].first <= sequence;
}

static bool holds_after_stop(const struct ow_receiver *receiver, const struct ow_sample *sample)
{
  bool too_fresh =
      ow_sample_lost(sample) && ow_timestamp_difference(receiver->stop_at, sample->sent) < receiver->timeout;
  return sample->sequence < receiver->stop_before && !is_skipped(receiver, sample->sequence) && !too_fresh;
}

/* They are rising and disjoint. */
static uint32_t ranges_below(const struct ow_session_end *end, uint32_t packets)
{
  uint32_t count = end->skip_ranges;
  while (count > 0 && end->skipped[count - 1].first >= packets)
    count--;
  return count;
}

enum ow_status ow_receiver_stop(struct ow_receiver *receiver, struct ow_timestamp now,
                                const struct ow_session_end *end)
{
  enum ow_status status = OW_OK;
  uint32_t count = ranges_below(end, receiver->packets);
  receiver->stop_at = now;
  receiver->stop_before = end->next_sequence < receiver->packets ? end->next_sequence : receiver->packets;
  if (count > 0) {
    receiver->skipped = calloc(count, sizeof *receiver->skipped);
    if (receiver->skipped) {
      memcpy(receiver->skipped, end->skipped, count * sizeof *receiver->skipped);
      receiver->skip_ranges = count;
      if (receiver->skipped[count - 1].last >= receiver->packets)
        receiver->skipped[count - 1].last = receiver->packets - 1;
    } else {
      receiver->blind = true;
      status = OW_MEMORY;
    }
  }
  return status;
}

bool ow_receiver_sender_gone(struct ow_receiver *receiver, struct ow_timestamp now)
{
  receiver->stop_at = now;
  receiver->stop_before = receiver->arrived_before;
  return receiver->next_sequence > receiver->stop_before;
}

bool ow_receiver_stopped(struct ow_receiver *receiver)
{
  struct ow_samples *samples = &receiver->samples;
  receiver->stopped = true;
  receiver->next_sequence = receiver->stop_before;
  size_t until = receiver->looked_at + LOOKED_AT_ONCE;
  if (until > samples->count)
    until = samples->count;
  for (; receiver->looked_at < until; receiver->looked_at++) {
    const struct ow_sample sample = ow_samples_at(samples, receiver->looked_at);
    if (holds_after_stop(receiver, &sample)) /* which never fails, as departures are put in later */
      ow_samples_put(samples, receiver->kept++, &sample);
  }
  bool all = receiver->looked_at == samples->count;
  if (all) {
    ow_samples_shorten(samples, receiver->kept);
    receiver->looked_at = receiver->kept;
  }
  return all;
}

void ow_receiver_settle(struct ow_receiver *receiver)
{
  receiver->stopped = true;
  ow_schedule_free(receiver->schedule);
  ow_packet_codec_close(&receiver->codec);
  ow_window_clear(&receiver->window);
  receiver->schedule = NULL;
  ow_samples_trim(&receiver->samples);
}

bool ow_receiver_forget(struct ow_receiver *receiver, size_t most)
{
  size_t count = receiver->samples.count;
  ow_samples_shorten(&receiver->samples, count > most ? count - most : 0);
  return receiver->samples.count == 0;
}
