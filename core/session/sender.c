/* SPDX-License-Identifier: MIT */
/* The next packet is prepared ahead; packets that are too late, or couldn't leave, are skipped. */
#include "session/sender.h"

#include <stdlib.h>
#include <string.h>

#include "base/container_of.h"
#include "base/secret.h"
#include "crypto/cipher.h"
#include "schedule/schedule.h"
#include "wire/test_packet.h"

enum { BURST = 16 };                 /* late packets that may always leave at once */
#define LATE (10 * OW_NS_PER_MS)     /* a busy host; less is no backlog */
#define BURST_TIME (1 * OW_NS_PER_S) /* of the schedule, that may leave at once */
#define MEAN_MOST (86400 * OW_NS_PER_S)

/* OWAMP's packets. */
struct own_maker {
  struct ow_packet_maker maker;
  struct ow_packet_codec codec;
  uint32_t sequence; /* of the packet that is prepared */
};

struct ow_sender {
  struct ow_sid sid;
  uint32_t packets;
  uint32_t next;           /* sequence number */
  struct ow_timestamp due; /* of `next` */
  struct ow_timestamp last_due;
  struct ow_timestamp until; /* no packet is due after it; zero: no such bound */
  int64_t timeout;
  int64_t mean;                /* ns between packets */
  int64_t burst;               /* ns by which the backlog's time may be ahead */
  struct ow_timestamp stamped; /* the packet that was last */
  struct ow_timestamp backlog; /* when the late packets sent so far would be through, at the mean rate */
  bool paced;                  /* a backlog was sent, and perhaps still is */
  bool prepared;               /* `packet` holds `next`, but for its stamp */
  bool over;
  enum ow_status trouble; /* that made it over */

  struct ow_schedule *schedule;
  struct ow_packet_maker *maker; /* its own, but for reflected sessions */
  struct own_maker own;
  struct ow_cipher *padding_source; /* that all share; NULL: zeros */
  struct ow_skip_range *skipped;
  uint32_t skip_ranges;
  uint32_t skip_slots;

  size_t head;   /* octets before the padding */
  size_t octets; /* of a packet */
  uint8_t packet[];
};

/* ---- OWAMP's packets ---- */

static struct own_maker *own_of(struct ow_packet_maker *maker)
{
  return OW_CONTAINER_OF(maker, struct own_maker, maker);
}

static enum ow_status prepare_own(struct ow_packet_maker *maker, uint32_t sequence, uint8_t *out)
{
  own_of(maker)->sequence = sequence;
  return ow_packet_prepare(&own_of(maker)->codec, sequence, out);
}

static enum ow_status stamp_own(struct ow_packet_maker *maker, struct ow_timestamp sent,
                                struct ow_error_estimate error, uint8_t *out)
{
  const struct own_maker *own = own_of(maker);
  return ow_packet_stamp(&own->codec, own->sequence, sent, error, out);
}

/* ---- the schedule ---- */

static bool is_beyond(const struct ow_sender *sender)
{
  return !ow_timestamp_is_zero(sender->until) && ow_timestamp_after(sender->due, sender->until);
}

static void give_up(struct ow_sender *sender, enum ow_status trouble)
{
  sender->over = true;
  sender->trouble = trouble;
}

/* The next sequence number and when it is due. */
static void advance_schedule(struct ow_sender *sender)
{
  sender->next++;
  sender->last_due = sender->due;
  if (sender->next >= sender->packets)
    sender->over = true;
  else if (ow_schedule_next(sender->schedule, &sender->due) != OW_OK)
    give_up(sender, OW_CRYPTO);
  else
    sender->over = is_beyond(sender);
}

static enum ow_status prepare_packet(struct ow_sender *sender)
{
  enum ow_status status = OW_OK;
  if (!sender->prepared) {
    status = sender->maker->prepare(sender->maker, sender->next, sender->packet);
    if (status == OW_OK && sender->padding_source)
      status = ow_cipher_run(sender->padding_source, sender->packet + sender->head,
                             sender->packet + sender->head, sender->octets - sender->head);
    sender->prepared = status == OW_OK;
  }
  return status;
}

static bool open_parts(struct ow_sender *sender, const struct ow_session_terms *terms)
{
  const struct ow_session_request *request = terms->request;
  sender->schedule =
      ow_schedule_create(&request->sid, request->start, terms->slots, request->slot_count, terms->contexts);
  return sender->schedule && ow_schedule_next(sender->schedule, &sender->due) == OW_OK;
}

static void fill_in(struct ow_sender *sender, const struct ow_session_terms *terms)
{
  sender->sid = terms->request->sid;
  sender->packets = terms->request->packets;
  sender->timeout = ow_span_to_ns(terms->request->timeout);
  sender->mean = ow_slots_mean_ns(terms->slots, terms->request->slot_count);
  if (sender->mean > MEAN_MOST)
    sender->mean = MEAN_MOST;
  sender->burst = BURST * sender->mean > BURST_TIME ? BURST * sender->mean : BURST_TIME;
}

/* OWAMP's own packets, if no `maker` is given. */
static enum ow_status choose_maker(struct ow_sender *sender, const struct ow_session_terms *terms,
                                   struct ow_packet_maker *maker)
{
  sender->own.maker = (struct ow_packet_maker){sender->head, prepare_own, stamp_own, NULL};
  sender->maker = maker ? maker : &sender->own.maker;
  return maker ? OW_OK : ow_packet_codec_open(&sender->own.codec, terms->mode, terms->keys, terms->contexts);
}

static struct ow_sender *create(const struct ow_session_terms *terms, struct ow_packet_maker *maker,
                                size_t head, bool zero_padding)
{
  size_t octets = head + terms->request->padding;
  struct ow_sender *sender = octets <= OW_PACKET_LARGEST ? calloc(1, sizeof *sender + octets) : NULL;
  if (sender) {
    sender->head = head;
    sender->octets = octets;
    fill_in(sender, terms);
    if (octets > head && !zero_padding)
      sender->padding_source = terms->contexts->padding;
    if (choose_maker(sender, terms, maker) != OW_OK || !open_parts(sender, terms) ||
        prepare_packet(sender) != OW_OK) {
      ow_sender_free(sender);
      sender = NULL;
    }
  }
  return sender;
}

struct ow_sender *ow_sender_create(const struct ow_session_terms *terms, bool zero_padding)
{
  return create(terms, NULL, ow_packet_least(terms->mode), zero_padding);
}

struct ow_sender *ow_sender_create_with(const struct ow_session_terms *terms, struct ow_packet_maker *maker,
                                        bool zero_padding)
{
  return create(terms, maker, maker->head, zero_padding);
}

void ow_sender_free(struct ow_sender *sender)
{
  if (sender) {
    ow_schedule_free(sender->schedule);
    ow_packet_codec_close(&sender->own.codec);
    free(sender->skipped);
  }
  free(sender);
}

void ow_sender_until(struct ow_sender *sender, struct ow_timestamp until)
{
  sender->until = until;
  sender->over = sender->over || is_beyond(sender);
}

bool ow_sender_due(const struct ow_sender *sender, struct ow_timestamp *when)
{
  struct ow_timestamp backlog = ow_timestamp_plus(sender->backlog, -sender->burst);
  if (!sender->over)
    *when = sender->paced && ow_timestamp_after(backlog, sender->due) ? backlog : sender->due;
  return !sender->over;
}

/* A packet that has left late has its place in the backlog, which moves on with the mean rate. */
static void pace(struct ow_sender *sender)
{
  if (ow_timestamp_difference(sender->stamped, sender->due) > LATE) {
    if (!sender->paced || ow_timestamp_after(sender->stamped, sender->backlog))
      sender->backlog = sender->stamped;
    sender->backlog = ow_timestamp_plus(sender->backlog, sender->mean);
    sender->paced = true;
  }
}

static enum ow_status room_for_range(struct ow_sender *sender)
{
  if (sender->skipped && sender->skip_ranges < sender->skip_slots)
    return OW_OK;
  uint32_t slots = sender->skip_slots ? sender->skip_slots * 2 : 4;
  if (slots > OW_MAX_SKIP_RANGES) /* a session that would need more ends early */
    return OW_LIMIT;
  struct ow_skip_range *skipped = reallocarray(sender->skipped, slots, sizeof *skipped);
  if (!skipped)
    return OW_MEMORY;
  sender->skipped = skipped;
  sender->skip_slots = slots;
  return OW_OK;
}

/* A packet that can't be described as skipped was not reached: the session ends before it. */
static void skip(struct ow_sender *sender)
{
  struct ow_skip_range *last =
      sender->skipped && sender->skip_ranges ? &sender->skipped[sender->skip_ranges - 1] : NULL;
  enum ow_status status = OW_OK;
  sender->prepared = false;
  if (last && last->last + 1 == sender->next) {
    last->last = sender->next;
  } else {
    status = room_for_range(sender);
    if (status == OW_OK)
      sender->skipped[sender->skip_ranges++] = (struct ow_skip_range){sender->next, sender->next};
  }
  if (status == OW_OK)
    advance_schedule(sender);
  else
    give_up(sender, status);
}

static void discard_prepared(struct ow_sender *sender)
{
  if (sender->maker->discard)
    sender->maker->discard(sender->maker);
  sender->prepared = false;
}

static bool is_too_late(const struct ow_sender *sender, struct ow_timestamp now)
{
  return !sender->over && ow_timestamp_difference(now, sender->due) > sender->timeout;
}

enum ow_sender_turn ow_sender_ready(struct ow_sender *sender, struct ow_timestamp now)
{
  enum ow_sender_turn turn = OW_SENDER_SEND;
  for (int i = 0; i < OW_SKIPPED_AT_ONCE && is_too_late(sender, now); i++) {
    discard_prepared(sender);
    skip(sender);
  }
  if (is_too_late(sender, now))
    turn = OW_SENDER_SKIPPING;
  else if (!sender->over && prepare_packet(sender) != OW_OK)
    give_up(sender, OW_CRYPTO);
  return sender->over ? OW_SENDER_OVER : turn;
}

const uint8_t *ow_sender_stamp(struct ow_sender *sender, struct ow_timestamp now,
                               struct ow_error_estimate error, size_t *octets)
{
  *octets = sender->octets;
  sender->prepared = false;
  sender->stamped = now;
  if (sender->maker->stamp(sender->maker, now, error, sender->packet) != OW_OK)
    give_up(sender, OW_CRYPTO);
  return sender->over ? NULL : sender->packet;
}

void ow_sender_sent(struct ow_sender *sender, bool left)
{
  if (left) {
    pace(sender);
    advance_schedule(sender);
  } else {
    discard_prepared(sender);
    if (!sender->over)
      skip(sender);
  }
  if (!sender->over && prepare_packet(sender) != OW_OK)
    give_up(sender, OW_CRYPTO);
}

size_t ow_sender_octets(const struct ow_sender *sender)
{
  return sender->octets;
}

void ow_sender_give_up(struct ow_sender *sender)
{
  sender->over = true;
}

uint32_t ow_sender_next_sequence(const struct ow_sender *sender)
{
  return sender->next;
}

struct ow_timestamp ow_sender_last_due(const struct ow_sender *sender)
{
  return sender->last_due;
}

enum ow_status ow_sender_trouble(const struct ow_sender *sender)
{
  return sender->trouble;
}

struct ow_session_end ow_sender_end(const struct ow_sender *sender)
{
  return (struct ow_session_end){
      .sid = sender->sid,
      .next_sequence = sender->next,
      .skip_ranges = sender->skip_ranges,
      .skipped = sender->skipped,
  };
}
