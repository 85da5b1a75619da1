/* SPDX-License-Identifier: MIT */
/*
 * Session-Sender, also of reflected sessions, and Session-Receiver, each allocation failing in turn: what
 * could not be recorded is not lost, and what could not be sent is not the end.
 */
#include <string.h>

#include "session/departures.h"
#include "session/receiver.h"
#include "session/reflected.h"
#include "session/sender.h"
#include "stats/merge.h"
#include "stats/reflected_results.h"
#include "support/contexts.h"
#include "support/failing_memory.h"
#include "support/main.h"
#include "wire/test_packet.h"

enum { PACKETS = 300, MISSING = 17 /* each so many-th is lost */ };

static const struct ow_keys KEYS = {.aes = {1}, .hmac = {2}};
static const struct ow_slot SLOT = {OW_SLOT_EXPONENTIAL, {UINT64_C(1) << 26}}; /* 16 ms */
static const struct ow_timestamp START = {UINT64_C(0xfffffffb00000000)};
static const struct ow_error_estimate ERROR = {0x8001};
static const struct ow_session_request REQUEST = {.slot_count = 1,
                                                  .packets = PACKETS,
                                                  .start = {UINT64_C(0xfffffffb00000000)},
                                                  .timeout = {UINT64_C(2) << 32}};
static struct ow_session_terms terms = {
    .mode = OW_MODE_ENCRYPTED, .keys = &KEYS, .request = &REQUEST, .slots = &SLOT};

static struct ow_sender *new_sender(void)
{
  struct ow_sender *sender = ow_sender_create(&terms, false);
  ck_assert(sender || test_memory_failed());
  return sender;
}

/* ---- receiver ---- */

static bool is_missing(uint32_t sequence)
{
  return sequence % MISSING == 1;
}

/* All packets but those that are missing, each 5 ms after it was sent. */
static void transmit(struct ow_sender *sender, struct ow_receiver *receiver)
{
  struct ow_timestamp when;
  while (ow_sender_due(sender, &when)) {
    size_t octets;
    uint32_t sequence = ow_sender_next_sequence(sender);
    ck_assert_int_eq(ow_sender_ready(sender, when), OW_SENDER_SEND);
    const uint8_t *packet = ow_sender_stamp(sender, when, ERROR, &octets);
    ck_assert_ptr_nonnull(packet);
    test_memory_scarce(true);
    if (!is_missing(sequence))
      (void)ow_receiver_packet(receiver, packet, octets, ow_timestamp_plus(when, 5 * OW_NS_PER_MS),
                               OW_STAMP_KERNEL, ERROR, 250);
    test_memory_scarce(false);
    ow_sender_sent(sender, true);
  }
}

static void expect_true_records(const struct ow_receiver *receiver)
{
  const struct ow_samples *samples = ow_receiver_samples(receiver);
  for (size_t i = 0; i < samples->count; i++) {
    const struct ow_sample sample = ow_samples_at(samples, i);
    ck_assert_msg(ow_sample_lost(&sample) == is_missing(sample.sequence), "run %u: packet %u",
                  test_memory_run(), sample.sequence);
  }
  if (ow_receiver_knows_all(receiver)) {
    ck_assert(ow_receiver_finished(receiver));
    ck_assert_msg(samples->count == PACKETS, "run %u: %zu records, and all is well", test_memory_run(),
                  samples->count);
  } else {
    ck_assert(test_memory_failed());
  }
}

static void a_session(void)
{
  test_memory_scarce(false);
  struct ow_sender *sender = new_sender();
  test_memory_scarce(true);
  struct ow_receiver *receiver = ow_receiver_create(&terms, 2 * PACKETS);
  if (receiver) {
    test_memory_scarce(false);
    transmit(sender, receiver);
    test_memory_scarce(true);
    while (!ow_receiver_expire(receiver, ow_timestamp_plus(START, 3600 * OW_NS_PER_S)))
      continue;
    expect_true_records(receiver);
  } else {
    ck_assert(test_memory_failed());
  }
  ow_receiver_free(receiver);
  ow_sender_free(sender);
}

START_TEST(a_packet_without_a_record_is_not_lost)
{
  test_memory_exhaust("a receiver", a_session);
}
END_TEST

/* The last packet, 600 times more: blocks of records are asked for in vain. */
static void copies(void)
{
  enum { COPIES = 600 };
  struct ow_timestamp when;
  size_t octets;
  test_memory_scarce(false);
  struct ow_sender *sender = new_sender();
  struct ow_receiver *receiver = ow_receiver_create(&terms, UINT64_MAX);
  ck_assert(ow_sender_due(sender, &when));
  ck_assert_int_eq(ow_sender_ready(sender, when), OW_SENDER_SEND);
  const uint8_t *packet = ow_sender_stamp(sender, when, ERROR, &octets);
  ck_assert_int_eq(ow_receiver_packet(receiver, packet, octets, when, OW_STAMP_KERNEL, ERROR, 250),
                   OW_RECEIVED);
  test_memory_scarce(true);
  for (int i = 0; i < COPIES; i++)
    (void)ow_receiver_packet(receiver, packet, octets, when, OW_STAMP_KERNEL, ERROR, 250);
  test_memory_scarce(false);
  uint32_t kept = ow_receiver_count(receiver, OW_RECEIVED_DUPLICATE);
  uint32_t unkept = ow_receiver_count(receiver, OW_RECEIVED_DUPLICATE_UNKEPT);
  uint32_t unreadable = ow_receiver_count(receiver, OW_IGNORED_FULL); /* the crypto library had no memory */
  ck_assert_uint_eq(kept + unkept + unreadable, COPIES);
  ck_assert_uint_eq(ow_receiver_samples(receiver)->count, 1 + kept);
  ck_assert(kept == COPIES || test_memory_failed());
  ck_assert_int_eq(ow_receiver_knows_all(receiver), unreadable == 0);
  test_memory_scarce(true);
  ow_receiver_free(receiver);
  ow_sender_free(sender);
}

START_TEST(a_copy_without_a_record_leaves_nothing_unknown)
{
  test_memory_exhaust("copies", copies);
}
END_TEST

static void a_stop(void)
{
  const struct ow_skip_range skipped = {3, 5};
  const struct ow_session_end end = {.next_sequence = PACKETS, .skip_ranges = 1, .skipped = &skipped};
  test_memory_scarce(false);
  struct ow_receiver *receiver = ow_receiver_create(&terms, PACKETS);
  test_memory_scarce(true);
  enum ow_status status = ow_receiver_stop(receiver, START, &end);
  ck_assert_int_eq(status, test_memory_failed() ? OW_MEMORY : OW_OK);
  ck_assert_int_eq(ow_receiver_knows_all(receiver), status == OW_OK);
  ow_receiver_free(receiver);
}

START_TEST(skip_ranges_that_could_not_be_kept_are_known)
{
  test_memory_exhaust("skip ranges", a_stop);
}
END_TEST

/* ---- sender ---- */

/* The operating system takes each second packet. */
static void send_all(struct ow_sender *sender)
{
  struct ow_timestamp when;
  for (uint32_t i = 0; ow_sender_due(sender, &when); i++) {
    size_t octets;
    if (ow_sender_ready(sender, when) == OW_SENDER_SEND) {
      const uint8_t *packet = ow_sender_stamp(sender, when, ERROR, &octets);
      ow_sender_sent(sender, packet && i % 2);
    }
  }
}

static void a_hindered_sender(void)
{
  struct ow_sender *sender = new_sender();
  if (sender) {
    send_all(sender);
    struct ow_session_end end = ow_sender_end(sender);
    ck_assert_msg((end.next_sequence == PACKETS) == (ow_sender_trouble(sender) == OW_OK),
                  "run %u: came to packet %u with status %d", test_memory_run(), end.next_sequence,
                  (int)ow_sender_trouble(sender));
    ck_assert(test_memory_failed() || end.next_sequence == PACKETS);
    ck_assert_uint_eq(end.skip_ranges, (end.next_sequence + 1) / 2);
  }
  ow_sender_free(sender);
}

START_TEST(a_sender_that_ends_early_says_why)
{
  test_memory_exhaust("a hindered sender", a_hindered_sender);
}
END_TEST

/* ---- reflected sessions ---- */

enum { QUESTIONS = 100 };
static const char STAMP_KEY[] = "a key of its own";
static struct ow_stamp_codec *reflector;

/* Each answer a millisecond after its question, but those that are missing. */
static void reflect(struct ow_reflected *reflected, const uint8_t *question, size_t octets, uint32_t number,
                    struct ow_timestamp sent)
{
  uint8_t packet[512];
  struct ow_stamp_question asked;
  struct ow_timestamp arrived = ow_timestamp_plus(sent, OW_NS_PER_MS);
  ck_assert_int_eq(ow_stamp_question_decode(reflector, question, octets, &asked), OW_OK);
  const struct ow_reflection answer = {.sequence = number,
                                       .sent = arrived,
                                       .error = ERROR.bits,
                                       .received = arrived,
                                       .sender_sequence = asked.sequence,
                                       .sender_sent = asked.sent,
                                       .sender_ttl = 250};
  memcpy(packet, question, octets);
  ck_assert_int_eq(ow_stamp_answer_encode(reflector, &answer, packet), OW_OK);
  test_memory_scarce(true);
  (void)ow_reflected_take(reflected, packet, octets, ow_timestamp_plus(arrived, OW_NS_PER_MS),
                          OW_STAMP_KERNEL, ERROR, 250);
  test_memory_scarce(false);
}

static void ask_all(struct ow_reflected *reflected)
{
  struct ow_sender *sender = ow_reflected_sender(reflected);
  struct ow_timestamp when;
  uint32_t number = 0;
  while (ow_sender_due(sender, &when)) {
    size_t octets;
    uint32_t sequence = ow_sender_next_sequence(sender);
    test_memory_scarce(true);
    bool ready = ow_sender_ready(sender, when) == OW_SENDER_SEND;
    const uint8_t *question = ready ? ow_sender_stamp(sender, when, ERROR, &octets) : NULL;
    test_memory_scarce(false);
    if (question && !is_missing(sequence))
      reflect(reflected, question, octets, number++, when);
    test_memory_scarce(true);
    if (ready)
      ow_sender_sent(sender, question != NULL);
    test_memory_scarce(false);
  }
}

/* Nothing is lost but what was, and the results say what the session knows, or nothing. */
static void expect_true_results(const struct ow_reflected *reflected, uint32_t sent)
{
  struct ow_result results[OW_RESULTS];
  const struct ow_samples *lost = ow_reflected_losses_list(reflected);
  const struct ow_reflected_observation observation = {.forward = ow_reflected_forward(reflected),
                                                       .reverse = ow_reflected_reverse(reflected),
                                                       .lost = lost,
                                                       .packets = sent,
                                                       .histogram = true};
  uint32_t answered = ow_reflected_answered(reflected);
  ck_assert_uint_eq(observation.forward->count, answered);
  ck_assert_uint_eq(observation.reverse->count, answered);
  for (size_t i = 0; i < lost->count; i++)
    ck_assert_msg(is_missing(ow_samples_at(lost, i).sequence) && ow_samples_at(lost, i).sequence < sent,
                  "run %u: packet %u", test_memory_run(), ow_samples_at(lost, i).sequence);
  if (ow_reflected_knows_all(reflected))
    ck_assert_msg(answered + lost->count == sent, "run %u: %u and %zu of %u", test_memory_run(), answered,
                  lost->count, sent);
  enum ow_status status = ow_reflected_results(&observation, results);
  ck_assert(status == OW_OK || (status == OW_MEMORY && test_memory_failed()));
  ck_assert_uint_eq(results[OW_ROUND_TRIP].received, status == OW_OK ? answered : 0);
  for (int d = 0; d < OW_RESULTS; d++) {
    ck_assert(status == OW_OK || results[d].completeness == OW_RESULT_ABSENT);
    ow_result_drop(&results[d]);
  }
}

static void a_reflected_session(void)
{
  struct ow_session_request request = REQUEST;
  const struct ow_markers opening = {0};
  const struct ow_reflected_terms reflected_terms = {
      .kind = {.protocol = OW_PROTOCOL_STAMP,
               .mode = OW_MODE_AUTHENTICATED,
               .key = STAMP_KEY,
               .key_octets = sizeof STAMP_KEY,
               .contexts = test_contexts()},
      .request = &request,
      .slots = &SLOT,
      .tlvs = {.choices = 1U << OW_TLV_FOLLOW_UP, .padding = 20},
      .opening = &opening};
  request.packets = QUESTIONS;
  struct ow_reflected *reflected = ow_reflected_create(&reflected_terms);
  if (reflected) {
    ask_all(reflected);
    test_memory_scarce(true);
    while (!ow_reflected_expire(reflected, ow_timestamp_plus(START, 3600 * OW_NS_PER_S)))
      continue;
    struct ow_session_end end = ow_sender_end(ow_reflected_sender(reflected));
    ck_assert(ow_reflected_settled(reflected));
    ck_assert_msg((end.next_sequence == QUESTIONS) ==
                      (ow_sender_trouble(ow_reflected_sender(reflected)) == OW_OK),
                  "run %u: came to question %u", test_memory_run(), end.next_sequence);
    ck_assert(test_memory_failed() || (end.next_sequence == QUESTIONS && ow_reflected_knows_all(reflected)));
    expect_true_results(reflected, end.next_sequence);
  } else {
    ck_assert(test_memory_failed());
  }
  ow_reflected_free(reflected);
}

START_TEST(a_question_that_could_not_be_asked_or_kept_is_not_lost)
{
  test_memory_scarce(false);
  reflector = ow_stamp_codec_create(OW_MODE_AUTHENTICATED, STAMP_KEY, sizeof STAMP_KEY);
  ck_assert_ptr_nonnull(reflector);
  test_memory_exhaust("a reflected session", a_reflected_session);
  ow_stamp_codec_free(reflector);
}
END_TEST

/* ---- departures ---- */

static void some_departures(void)
{
  struct ow_departures departures = {0};
  int64_t offset;
  ow_departures_begin(&departures, 1000);
  for (uint32_t i = 0; i < 1000; i++)
    ow_departures_note_offset(&departures, i, i);
  bool all = true;
  for (uint32_t i = 0; i < 1000; i++) {
    bool known = ow_departures_offset(&departures, i, &offset);
    ck_assert_int_eq(offset, known ? i : 0);
    all = all && known;
  }
  ck_assert(all || test_memory_failed());
  ow_departures_trim(&departures);
  ow_departures_clear(&departures);
}

START_TEST(a_departure_without_memory_stays_unknown)
{
  test_memory_exhaust("departures", some_departures);
}
END_TEST

/* Each sample has its departure with all that belongs to it, or the stamp that the packet carried. */
static void expect_departed_or_not(struct ow_sample sample, unsigned *departed)
{
  bool known = sample.departed == OW_DEPARTED_KERNEL;
  ck_assert_int_eq(sample.departed, known ? OW_DEPARTED_KERNEL : OW_DEPARTED_CORRECTED);
  ck_assert_int_eq(sample.stamped_before, known ? OW_NS_PER_MS : 0);
  ck_assert_uint_eq(sample.sent.ntp, ow_timestamp_plus(START, sample.stamped_before).ntp);
  *departed += known;
}

static void departures_of_samples(void)
{
  enum { COUNT = 50 };
  struct ow_departures departures = {0};
  struct ow_samples kept = {0}, copied = {0};
  unsigned departed = 0;
  test_memory_scarce(false);
  ow_departures_begin(&departures, COUNT);
  for (uint32_t i = 0; i < COUNT; i++) {
    const struct ow_sample sample = {.sent = START, .received = START, .sequence = i, .ttl = 9};
    ow_departures_note_offset(&departures, i, OW_NS_PER_MS);
    ck_assert_int_eq(ow_samples_append(&kept, &sample), OW_OK);
  }
  test_memory_scarce(true);
  ow_departures_put_into(&departures, &kept, ERROR);
  for (uint32_t i = 0; i < COUNT; i++) {
    const struct ow_sample sample = ow_samples_at(&kept, i);
    size_t before = copied.count;
    expect_departed_or_not(sample, &departed);
    enum ow_status status = ow_samples_append(&copied, &sample);
    ck_assert_uint_eq(copied.count, before + (status == OW_OK));
  }
  ck_assert((departed == COUNT && copied.count == COUNT) || test_memory_failed());
  ow_samples_clear(&kept);
  ow_samples_clear(&copied);
  ow_departures_clear(&departures);
}

START_TEST(a_sample_without_memory_for_its_departure_keeps_its_stamp)
{
  test_memory_exhaust("departures of samples", departures_of_samples);
}
END_TEST

/* ---- results ---- */

static struct ow_samples samples;

static void a_result(void)
{
  struct ow_result result;
  const struct ow_observation observation = {.samples = &samples, .packets = 100, .absent_is_lost = true};
  enum ow_status status = ow_result_compute(&observation, &result);
  ck_assert_int_eq(status, test_memory_failed() ? OW_MEMORY : OW_OK);
  ck_assert_int_eq(result.completeness, status == OW_OK ? OW_RESULT_COMPLETE : OW_RESULT_ABSENT);
  ck_assert_uint_eq(result.lost, status == OW_OK ? 100 : 0);
}

START_TEST(a_result_without_memory_is_absent)
{
  samples = (struct ow_samples){0};
  test_memory_exhaust("a result", a_result);
}
END_TEST

/* Without memory for its histogram it is whole, and has none. */
static void a_result_with_a_histogram(void)
{
  struct ow_result result;
  const struct ow_observation observation = {.samples = &samples, .packets = 1, .histogram = true};
  enum ow_status status = ow_result_compute(&observation, &result);
  ck_assert(status == OW_OK || (status == OW_MEMORY && test_memory_failed()));
  ck_assert_uint_eq(result.received, status == OW_OK ? 1 : 0);
  ck_assert_int_eq(result.histogram != NULL, !test_memory_failed());
  ow_result_drop(&result);
}

START_TEST(a_result_without_memory_for_its_histogram)
{
  const struct ow_sample arrived = {.sent.ntp = 1, .received.ntp = 2};
  samples = (struct ow_samples){0};
  test_memory_scarce(false);
  ck_assert_int_eq(ow_samples_append(&samples, &arrived), OW_OK);
  test_memory_exhaust("a result with a histogram", a_result_with_a_histogram);
  ow_samples_clear(&samples);
}
END_TEST

static void several_results(void)
{
  const int64_t delays[] = {1, 2, 3};
  struct ow_result results[2];
  struct ow_result merged;
  test_memory_scarce(false);
  for (int i = 0; i < 2; i++)
    results[i] = (struct ow_result){.completeness = OW_RESULT_COMPLETE,
                                    .received = 3,
                                    .delay = {1, 2, 2, 3, 3, 3},
                                    .histogram = ow_histogram_of(delays, 3)};
  test_memory_scarce(true);
  enum ow_status status = ow_result_merge(results, 2, NULL, &merged);
  ck_assert_int_eq(status, test_memory_failed() ? OW_MEMORY : OW_OK);
  ck_assert_uint_eq(merged.received, status == OW_OK ? 6 : 0);
  ck_assert_int_eq(merged.delay.median, status == OW_OK ? 2 : 0);
  ow_result_drop(&results[0]);
  ow_result_drop(&results[1]);
}

START_TEST(several_results_without_memory_are_absent)
{
  test_memory_exhaust("several results", several_results);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("sessions without memory");
  test_memory_of_crypto();
  terms.contexts = test_contexts();
  TEST_CASE(suite, "receiver", a_packet_without_a_record_is_not_lost,
            a_copy_without_a_record_leaves_nothing_unknown, skip_ranges_that_could_not_be_kept_are_known);
  TEST_CASE(suite, "sender", a_sender_that_ends_early_says_why);
  TEST_CASE(suite, "reflected", a_question_that_could_not_be_asked_or_kept_is_not_lost);
  TEST_CASE(suite, "departures", a_departure_without_memory_stays_unknown,
            a_sample_without_memory_for_its_departure_keeps_its_stamp);
  TEST_CASE(suite, "results", a_result_without_memory_is_absent, a_result_without_memory_for_its_histogram,
            several_results_without_memory_are_absent);
  return test_run(suite);
}
