/* SPDX-License-Identifier: MIT */
/* Each question that has left is open until it is answered or overdue; the open ones are a window. */
#include "session/reflected.h"

#include <stdlib.h>
#include <string.h>

#include "base/container_of.h"
#include "session/answer_numbers.h"
#include "session/clock_watch.h"
#include "session/window.h"

enum {
  EXPIRE_AT_ONCE = 512,
  FOLLOWED = 64,         /* the last answers, which a follow-up may correct */
  NUMBERS_BEYOND = 4096, /* of the reflector's, beyond twice the questions: copies are answered, too */
};
#define FOLLOW_MOST (100 * OW_NS_PER_MS) /* later than that nothing leaves after its stamp */

/* An answer that a follow-up may be about. */
struct followed {
  uint32_t number; /* the reflector's */
  size_t at;       /* in `reverse` */
};

struct ow_reflected {
  struct ow_packet_maker maker;
  struct ow_sender *sender;
  struct ow_reflected_codec *codec;
  struct ow_tlv_plan plan;
  uint16_t ssid;
  size_t octets; /* of a question, padding included */
  int64_t timeout;
  struct ow_markers opening, closing;
  uint32_t base;    /* the number on the wire of the schedule's first question */
  uint32_t stamped; /* questions that have been stamped: numbers below are in the window, or were */
  uint32_t left;    /* of these, not taken back, and of those before the schedule */

  struct ow_window window;
  uint32_t first_open; /* in the window, or at its end */
  struct ow_samples forward, reverse, lost_samples;
  uint32_t lost;
  uint32_t counts[OW_ECHOES];
  bool blind;
  struct ow_clock_watch clocks;
  bool late; /* an answer came that its question is lost for, all the same */

  struct ow_answer_numbers numbers;
  bool from_zero;     /* it counts this session's answers alone, from 0 */
  bool has_reference; /* the first answered question, in order of sending, */
  uint32_t reference; /* its wire number */
  uint32_t reference_counter;
  struct followed followed[FOLLOWED];
  size_t follow_count;
  struct ow_reflector reflector;
};

const char *ow_echo_text(enum ow_echo echo)
{
  const char *text = "";
  switch (echo) {
  case OW_ECHO_ANSWER: text = "answer"; break;
  case OW_ECHO_MARKER: text = "answer outside the schedule"; break;
  case OW_ECHO_DUPLICATE_FORWARD: text = "answered again"; break;
  case OW_ECHO_DUPLICATE_REVERSE: text = "duplicate answer"; break;
  case OW_ECHO_SHORT: text = "too short"; break;
  case OW_ECHO_HMAC: text = "wrong HMAC"; break;
  case OW_ECHO_SSID: text = "wrong SSID"; break;
  case OW_ECHO_UNASKED: text = "answer to no question"; break;
  case OW_ECHO_FOREIGN: text = "sender's stamp is none of ours"; break;
  case OW_ECHO_LATE: text = "arrived after the loss timeout"; break;
  case OW_ECHO_STAMPS: text = "unusable stamps"; break;
  case OW_ECHO_FULL: text = "no memory for records"; break;
  case OW_ECHOES: break;
  }
  return text;
}

/* ---- questions ---- */

static struct ow_reflected *of_maker(struct ow_packet_maker *maker)
{
  return OW_CONTAINER_OF(maker, struct ow_reflected, maker);
}

static enum ow_status prepare(struct ow_packet_maker *maker, uint32_t sequence, uint8_t *out)
{
  struct ow_reflected *reflected = of_maker(maker);
  struct ow_stamp_codec *stamp = ow_reflected_codec_stamp(reflected->codec);
  enum ow_status status =
      ow_reflected_question_prepare(reflected->codec, reflected->base + sequence, reflected->ssid, out);
  if (status == OW_OK && stamp)
    status = ow_tlv_write(stamp, &reflected->plan, reflected->left + 1, out);
  return status;
}

static void move_first_open(struct ow_reflected *reflected)
{
  if (reflected->first_open < reflected->window.base)
    reflected->first_open = reflected->window.base;
  while (reflected->first_open < reflected->window.end &&
         ow_window_seen(&reflected->window, reflected->first_open))
    reflected->first_open++;
}

/* Those that were skipped before it are in the window, too, and no loss. */
static enum ow_status open_question(struct ow_reflected *reflected, uint32_t sequence,
                                    struct ow_timestamp sent)
{
  enum ow_status status = OW_OK;
  while (status == OW_OK && reflected->window.end <= sequence) {
    status = ow_window_append(&reflected->window, sent);
    if (status == OW_OK && reflected->window.end <= sequence)
      ow_window_see(&reflected->window, reflected->window.end - 1);
  }
  return status;
}

/* Without room for it the question is not asked: its answer could not be told. */
static enum ow_status stamp(struct ow_packet_maker *maker, struct ow_timestamp sent,
                            struct ow_error_estimate error, uint8_t *out)
{
  struct ow_reflected *reflected = of_maker(maker);
  uint32_t sequence = ow_sender_next_sequence(reflected->sender);
  enum ow_status status = open_question(reflected, sequence, sent);
  if (status == OW_OK) {
    reflected->stamped = sequence + 1;
    reflected->left++;
    status = ow_reflected_question_stamp(reflected->codec, sent, error, out);
  }
  return status;
}

/* If it is open no answer can come. */
static void discard(struct ow_packet_maker *maker)
{
  struct ow_reflected *reflected = of_maker(maker);
  uint32_t sequence = ow_sender_next_sequence(reflected->sender);
  if (reflected->stamped == sequence + 1) {
    ow_window_see(&reflected->window, sequence);
    reflected->left--;
    move_first_open(reflected);
  }
}

/* ---- life ---- */

static void note_opening(struct ow_reflected *reflected, const struct ow_markers *opening)
{
  reflected->base = opening->first + OW_MARKERS;
  reflected->left = opening->asked;
  reflected->opening = *opening;
  if (ow_markers_any_answered(opening)) {
    reflected->has_reference = true;
    reflected->reference = opening->first + opening->first_answered;
    reflected->reference_counter = opening->counter;
    reflected->reflector.stateful = reflected->reference != opening->counter;
    (void)ow_answer_numbers_add(&reflected->numbers, opening->counter);
  }
}

/* STAMP's padding is a TLV, TWAMP's what the request says. */
static bool open_parts(struct ow_reflected *reflected, const struct ow_reflected_terms *terms)
{
  struct ow_session_request request = *terms->request;
  const struct ow_session_terms plain = {
      .request = &request, .slots = terms->slots, .contexts = terms->kind.contexts};
  reflected->codec = ow_reflected_codec_create(&terms->kind);
  if (!reflected->codec)
    return false;
  size_t head = ow_reflected_question_head(reflected->codec);
  if (ow_reflected_codec_stamp(reflected->codec)) {
    request.padding = (uint32_t)ow_tlv_fill(&terms->tlvs);
    head += ow_tlv_octets(&terms->tlvs) - request.padding;
  }
  reflected->octets = head + request.padding;
  reflected->maker =
      (struct ow_packet_maker){.head = head, .prepare = prepare, .stamp = stamp, .discard = discard};
  reflected->sender = ow_sender_create_with(&plain, &reflected->maker, terms->zero_padding);
  return reflected->sender != NULL;
}

struct ow_reflected *ow_reflected_create(const struct ow_reflected_terms *terms)
{
  struct ow_reflected *reflected = calloc(1, sizeof *reflected);
  if (reflected) {
    reflected->plan = terms->tlvs;
    reflected->ssid = reflected->closing.ssid = terms->ssid;
    reflected->timeout = ow_span_to_ns(terms->request->timeout);
    reflected->window.marked = true;
    reflected->numbers.most = 2 * terms->request->packets + NUMBERS_BEYOND;
    reflected->reflector.no_dwell = true;
    reflected->from_zero = !terms->opening;
    if (terms->opening)
      note_opening(reflected, terms->opening);
    if (!open_parts(reflected, terms)) {
      ow_reflected_free(reflected);
      reflected = NULL;
    }
  }
  return reflected;
}

void ow_reflected_free(struct ow_reflected *reflected)
{
  if (reflected) {
    ow_sender_free(reflected->sender);
    ow_reflected_codec_free(reflected->codec);
    ow_samples_clear(&reflected->forward);
    ow_samples_clear(&reflected->reverse);
    ow_samples_clear(&reflected->lost_samples);
    ow_window_clear(&reflected->window);
    ow_answer_numbers_clear(&reflected->numbers);
  }
  free(reflected);
}

struct ow_sender *ow_reflected_sender(struct ow_reflected *reflected)
{
  return reflected->sender;
}

/* ---- what an answer tells of the reflector ---- */

static uint32_t tlvs_sent(const struct ow_reflected *reflected)
{
  if (!ow_reflected_codec_stamp(reflected->codec))
    return 0;
  return reflected->plan.choices | (reflected->plan.padding ? 1U << OW_TLV_PADDING : 0);
}

static void note_tlvs(struct ow_reflected *reflected, const struct ow_tlv_answer *tlvs)
{
  struct ow_reflector *reflector = &reflected->reflector;
  uint32_t sent = tlvs_sent(reflected);
  reflector->tlvs_known |= tlvs->known & sent;
  reflector->tlvs_unknown |= sent & ~tlvs->known;
  reflector->tlvs_malformed |= tlvs->malformed;
  reflector->tlvs_distrusted |= tlvs->distrusted;
  reflector->dscp_refused |= tlvs->dscp_refused;
  if (tlvs->known)
    reflector->last = *tlvs;
}

/* The true departure of an answer that came before, if that is plausible and none was told yet. */
static void follow_up(struct ow_reflected *reflected, const struct ow_reflection *answer,
                      const struct ow_tlv_answer *tlvs)
{
  struct ow_timestamp departed = ow_reflection_time(answer, tlvs->follow_sent);
  bool told = tlvs->known & 1U << OW_TLV_FOLLOW_UP && !ow_timestamp_is_zero(tlvs->follow_sent);
  size_t kept = reflected->follow_count < FOLLOWED ? reflected->follow_count : FOLLOWED;
  for (size_t i = 0; i < kept && told; i++) {
    const struct followed *followed = &reflected->followed[(reflected->follow_count - 1 - i) % FOLLOWED];
    if (followed->number == tlvs->follow_sequence) {
      struct ow_sample sample = ow_samples_at(&reflected->reverse, followed->at);
      int64_t later = ow_timestamp_difference(departed, sample.sent);
      if (later > 0 && later <= FOLLOW_MOST) {
        sample.sent = departed;
        ow_samples_put(&reflected->reverse, followed->at, &sample);
      }
      told = false;
    }
  }
}

/* A number of its own shows that it counts, whatever it stands on; the question's own may be by chance. */
static void note_counter(struct ow_reflector *reflector, const struct ow_reflection *answer)
{
  reflector->stateful |= answer->sequence != answer->sender_sequence;
  reflector->counter_shown |= reflector->stateful;
}

static void note_habits(struct ow_reflected *reflected, const struct ow_reflection *answer, size_t octets)
{
  struct ow_reflector *reflector = &reflected->reflector;
  reflector->answered = true;
  note_counter(reflector, answer);
  reflector->counter_shown |= !reflected->from_zero;
  reflector->ssid_ignored |= reflected->ssid && !answer->ssid;
  reflector->shortened |= octets < reflected->octets;
  reflector->no_dwell &= answer->sent.ntp == answer->received.ntp;
  reflector->tos_known = ow_reflected_codec_tells_tos(reflected->codec);
  reflector->dscp_in = answer->sender_tos >> 2;
  reflector->ecn_in = answer->sender_tos & 3;
}

/* The first answered question is where counting begins, whatever came first. */
static void note_reference(struct ow_reflected *reflected, const struct ow_reflection *answer)
{
  if (!reflected->has_reference || (int32_t)(answer->sender_sequence - reflected->reference) < 0) {
    reflected->has_reference = true;
    reflected->reference = answer->sender_sequence;
    reflected->reference_counter = answer->sequence;
  }
}

/* ---- answers ---- */

/* Of a reflector that says nothing of its clock's error, the error has no bound. */
static struct ow_error_estimate bound(struct ow_reflected *reflected, struct ow_error_estimate error)
{
  bool valid = ow_error_valid(error);
  reflected->reflector.error_unknown |= !valid;
  return valid ? error : ow_error_estimate(ow_error_synchronized(error), OW_ERROR_UNKNOWN);
}

/* Both ways, or neither. */
static bool keep(struct ow_reflected *reflected, const struct ow_sample *there, const struct ow_sample *back)
{
  size_t count = reflected->forward.count;
  bool kept = ow_samples_append(&reflected->forward, there) == OW_OK;
  if (kept && ow_samples_append(&reflected->reverse, back) != OW_OK) {
    ow_samples_shorten(&reflected->forward, count);
    kept = false;
  }
  reflected->blind |= !kept;
  return kept;
}

static bool usable(const struct ow_reflection *answer)
{
  return !ow_timestamp_is_zero(answer->sent) && !ow_timestamp_is_zero(answer->received) &&
         !ow_timestamp_after(answer->received, answer->sent);
}

/* What tells copies of an answer from other answers. */
static uint32_t mark_of(const struct ow_reflection *answer)
{
  return (uint32_t)answer->sent.ntp;
}

static void note_answered(struct ow_reflected *reflected, uint32_t question, uint32_t mark)
{
  ow_window_see(&reflected->window, question);
  ow_window_set_mark(&reflected->window, question, mark);
}

/* The first answer to a question that is open. */
static enum ow_echo keep_answer(struct ow_reflected *reflected, struct ow_reflection *answer, size_t octets,
                                struct ow_sample *back)
{
  struct ow_error_estimate error;
  uint32_t question = answer->sender_sequence - reflected->base;
  uint32_t mark = mark_of(answer);
  bool ptp = ow_reflection_stamps(answer, &error);
  if (!usable(answer)) { /* neither lost nor measured */
    note_answered(reflected, question, mark);
    note_reference(reflected, answer);
    (void)ow_answer_numbers_add(&reflected->numbers, answer->sequence);
    return OW_ECHO_STAMPS;
  }
  error = bound(reflected, error);
  back->sequence = question;
  back->sent = answer->sent;
  back->send_error = error;
  const struct ow_sample there = {.sent = ow_window_due(&reflected->window, question),
                                  .received = answer->received,
                                  .sequence = question,
                                  .send_error = back->receive_error,
                                  .receive_error = error,
                                  .ttl = answer->sender_ttl};
  if (!keep(reflected, &there, back))
    return OW_ECHO_FULL;
  note_answered(reflected, question, mark);
  reflected->reflector.ptp |= ptp;
  note_habits(reflected, answer, octets);
  note_reference(reflected, answer);
  (void)ow_answer_numbers_add(&reflected->numbers, answer->sequence);
  reflected->followed[reflected->follow_count++ % FOLLOWED] =
      (struct followed){answer->sequence, reflected->reverse.count - 1};
  return OW_ECHO_ANSWER;
}

/*
 * A copy has a number of its own if the reflector made it, or, of one that doesn't count, a transmit stamp,
 * and the same as what came before if the network did.
 */
static enum ow_echo take_copy(struct ow_reflected *reflected, uint32_t question,
                              const struct ow_reflection *answer)
{
  note_counter(&reflected->reflector, answer);
  bool first = ow_answer_numbers_add(&reflected->numbers, answer->sequence);
  if (!reflected->reflector.stateful || reflected->numbers.beyond)
    first = ow_window_mark(&reflected->window, question) != mark_of(answer);
  return first ? OW_ECHO_DUPLICATE_FORWARD : OW_ECHO_DUPLICATE_REVERSE;
}

/* Its question is lost; which way it was late nobody tells, unless it is only a copy. */
static enum ow_echo take_late(struct ow_reflected *reflected, const struct ow_reflection *answer)
{
  reflected->late |= ow_answer_numbers_add(&reflected->numbers, answer->sequence);
  return OW_ECHO_LATE;
}

static enum ow_echo take_marker(struct ow_reflected *reflected, struct ow_markers *markers,
                                const struct ow_reflection *answer, struct ow_timestamp received)
{
  bool known = ow_marker_answered(markers, answer, received);
  if (known) {
    note_counter(&reflected->reflector, answer);
    reflected->reflector.counter_shown = true;
    (void)ow_answer_numbers_add(&reflected->numbers, answer->sequence);
  }
  return known ? OW_ECHO_MARKER : OW_ECHO_UNASKED;
}

/* By the number of the question that it says it answers. */
static enum ow_echo take_answer(struct ow_reflected *reflected, struct ow_reflection *answer, size_t octets,
                                struct ow_sample *back)
{
  uint32_t sequence = answer->sender_sequence - reflected->base;
  if (reflected->ssid && answer->ssid && answer->ssid != reflected->ssid)
    return OW_ECHO_SSID;
  if (!reflected->from_zero && (int32_t)sequence < 0 && sequence >= -(uint32_t)OW_MARKERS)
    return take_marker(reflected, &reflected->opening, answer, back->received);
  if (sequence >= reflected->window.end)
    return take_marker(reflected, &reflected->closing, answer, back->received);
  if (sequence < reflected->window.base)
    return take_late(reflected, answer);
  struct ow_timestamp asked = ow_window_due(&reflected->window, sequence);
  if (answer->sender_sent.ntp != asked.ntp)
    return OW_ECHO_FOREIGN;
  if (ow_timestamp_difference(back->received, asked) > reflected->timeout)
    return take_late(reflected, answer);
  if (ow_window_seen(&reflected->window, sequence))
    return take_copy(reflected, sequence, answer);
  return keep_answer(reflected, answer, octets, back);
}

/* Only what is our own question's answer is worth looking at what it carries. */
static enum ow_status take_tlvs(struct ow_reflected *reflected, const struct ow_reflection *answer,
                                const uint8_t *octets, size_t count)
{
  struct ow_tlv_answer tlvs;
  enum ow_status status = OW_OK;
  if (tlvs_sent(reflected)) {
    status = ow_tlv_read(ow_reflected_codec_stamp(reflected->codec), &reflected->plan, octets, count, &tlvs);
    if (status == OW_OK) {
      note_tlvs(reflected, &tlvs);
      follow_up(reflected, answer, &tlvs);
    }
  }
  return status;
}

enum ow_echo ow_reflected_take(struct ow_reflected *reflected, const uint8_t *octets, size_t count,
                               struct ow_timestamp received, enum ow_stamp_source source,
                               struct ow_error_estimate error, uint8_t ttl)
{
  struct ow_reflection answer;
  struct ow_sample back = {
      .received = received, .receive_error = error, .ttl = ttl, .source = (uint8_t)source};
  enum ow_echo echo = OW_ECHO_FULL;
  enum ow_status status = ow_reflected_answer_decode(reflected->codec, octets, count, &answer);
  if (status == OW_OK)
    echo = take_answer(reflected, &answer, count, &back);
  else if (status == OW_INVALID)
    echo = OW_ECHO_SHORT;
  else if (status == OW_AUTH)
    echo = OW_ECHO_HMAC;
  reflected->blind |= echo == OW_ECHO_FULL;
  if (echo == OW_ECHO_ANSWER && take_tlvs(reflected, &answer, octets, count) != OW_OK)
    reflected->blind = true;
  if (reflected->counts[echo] < UINT32_MAX)
    reflected->counts[echo]++;
  move_first_open(reflected);
  return echo;
}

/* ---- losses ---- */

static void lose(struct ow_reflected *reflected, uint32_t sequence, struct ow_timestamp sent)
{
  const struct ow_sample lost = {.sequence = sequence, .sent = sent, .ttl = OW_TTL_LOST};
  bool kept = ow_samples_append(&reflected->lost_samples, &lost) == OW_OK;
  reflected->blind |= !kept;
  if (kept)
    reflected->lost++;
}

void ow_reflected_look(struct ow_reflected *reflected, struct ow_instant now)
{
  ow_clock_watch(&reflected->clocks, now, reflected->timeout);
}

bool ow_reflected_clock_was_set(const struct ow_reflected *reflected)
{
  return reflected->clocks.set;
}

bool ow_reflected_expire(struct ow_reflected *reflected, struct ow_timestamp now)
{
  struct ow_window *window = &reflected->window;
  unsigned done = 0;
  while (done < EXPIRE_AT_ONCE && window->base < window->end) {
    struct ow_timestamp due = ow_window_due(window, window->base);
    if (ow_timestamp_difference(now, due) <= reflected->timeout)
      break;
    if (!ow_window_seen(window, window->base) && !reflected->blind && !reflected->clocks.set)
      lose(reflected, window->base, due);
    ow_window_drop_first(window);
    done++;
  }
  move_first_open(reflected);
  return done < EXPIRE_AT_ONCE;
}

bool ow_reflected_next_expiry(const struct ow_reflected *reflected, struct ow_timestamp *when)
{
  uint32_t at = reflected->first_open;
  bool known = at < reflected->window.end;
  if (known)
    *when = ow_timestamp_plus(ow_window_due(&reflected->window, at), reflected->timeout + 1);
  return known;
}

bool ow_reflected_settled(const struct ow_reflected *reflected)
{
  struct ow_timestamp due;
  return !ow_sender_due(reflected->sender, &due) && reflected->first_open == reflected->window.end;
}

/* Whether it counts an answer within the schedule has shown; without any, and in TWAMP, the closing one will.
 */
bool ow_reflected_wants_closing(const struct ow_reflected *reflected)
{
  const struct ow_reflector *reflector = &reflected->reflector;
  bool may_count = reflector->stateful || !reflector->answered || !reflector->counter_shown;
  return reflected->lost > 0 && reflected->has_reference && may_count && !reflected->numbers.beyond &&
         !ow_markers_any_answered(&reflected->closing) && reflected->closing.asked < OW_MARKERS;
}

enum ow_status ow_reflected_close(struct ow_reflected *reflected, struct ow_timestamp now,
                                  struct ow_error_estimate error, uint8_t out[OW_QUESTION_MOST],
                                  size_t *octets)
{
  *octets = ow_reflected_question_least(reflected->codec);
  if (reflected->closing.asked == 0)
    reflected->closing.first =
        reflected->base + reflected->stamped + (reflected->from_zero ? OW_MARKERS : 0U);
  return ow_marker_ask(&reflected->closing, reflected->codec, now, error, out);
}

/* Lost questions that were asked before the first answered one: where they were lost nobody counted. */
static uint32_t lost_before_reference(const struct ow_reflected *reflected)
{
  uint32_t lost = 0;
  for (size_t i = 0; i < reflected->lost_samples.count; i++) {
    uint32_t number = reflected->base + ow_samples_at(&reflected->lost_samples, i).sequence;
    lost += (int32_t)(number - reflected->reference) < 0;
  }
  return lost;
}

/* Questions outside the schedule, behind the one where counting begins and before the one where it ends. */
static bool all_markers_answered(const struct ow_reflected *reflected)
{
  const struct ow_markers *opening = &reflected->opening;
  uint32_t behind = reflected->reference - opening->first + 1;
  bool all = reflected->closing.first_answered == 0;
  for (uint32_t i = behind; all && i < opening->asked; i++)
    all = opening->answered >> i & 1;
  return all;
}

/*
 * The number after which the reflector's are looked at; false: it isn't known. One that counts from 0 has
 * counted all, unless it has counted more than can have come before its first answer.
 */
static bool count_after(const struct ow_reflected *reflected, uint32_t *after)
{
  uint32_t before = lost_before_reference(reflected);
  bool from_zero = reflected->from_zero && reflected->reference_counter <= before;
  *after = from_zero ? UINT32_MAX : reflected->reference_counter;
  return reflected->has_reference && (from_zero || before == 0);
}

/*
 * What is missing of the reflector's numbers up to the closing question's. It may also be the answer to a
 * question outside the schedule, or to a copy: if there were any, only that nothing is missing tells.
 */
bool ow_reflected_losses(const struct ow_reflected *reflected, uint32_t *forward, uint32_t *reverse)
{
  uint32_t missing = 0;
  uint32_t after;
  bool known = !reflected->blind;
  if (known && reflected->lost > 0) {
    known = reflected->reflector.stateful && !reflected->late && count_after(reflected, &after) &&
            ow_markers_any_answered(&reflected->closing) &&
            ow_answer_numbers_missing(&reflected->numbers, after, reflected->closing.counter, &missing);
    bool sure = all_markers_answered(reflected) && reflected->counts[OW_ECHO_DUPLICATE_FORWARD] == 0;
    known = known && missing <= reflected->lost && (sure || missing == 0);
  }
  *reverse = known ? missing : 0;
  *forward = known ? reflected->lost - missing : 0;
  return known;
}

/* ---- what is known ---- */

uint32_t ow_reflected_lost(const struct ow_reflected *reflected)
{
  return reflected->lost;
}

uint32_t ow_reflected_count(const struct ow_reflected *reflected, enum ow_echo echo)
{
  return reflected->counts[echo];
}

uint32_t ow_reflected_answered(const struct ow_reflected *reflected)
{
  return reflected->counts[OW_ECHO_ANSWER];
}

bool ow_reflected_knows_all(const struct ow_reflected *reflected)
{
  return !reflected->blind;
}

const struct ow_reflector *ow_reflected_reflector(const struct ow_reflected *reflected)
{
  return &reflected->reflector;
}

uint32_t ow_reflected_next_number(const struct ow_reflected *reflected)
{
  return reflected->base + reflected->stamped + (reflected->from_zero ? 2U : 1U) * OW_MARKERS;
}

const struct ow_samples *ow_reflected_forward(const struct ow_reflected *reflected)
{
  return &reflected->forward;
}

const struct ow_samples *ow_reflected_reverse(const struct ow_reflected *reflected)
{
  return &reflected->reverse;
}

const struct ow_samples *ow_reflected_losses_list(const struct ow_reflected *reflected)
{
  return &reflected->lost_samples;
}
