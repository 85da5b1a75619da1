/* SPDX-License-Identifier: MIT */
/* core/base: cursors, buffers, secrets, status texts, log. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "base/cursor.h"
#include "base/log.h"
#include "base/refusal.h"
#include "base/secret.h"
#include "base/status.h"
#include "support/hex.h"
#include "support/main.h"
#include "support/seed.h"

/*
 * Wiping made visible: every area that the core wipes, before it is freed. This definition comes before
 * libc's; the second name is what a build with _FORTIFY_SOURCE calls.
 */
static struct {
  const void *area;
  size_t octets;
  unsigned calls;
} wiped;

void __explicit_bzero_chk(void *area, size_t octets, size_t size);

static void wipe_visibly(void *area, size_t octets)
{
  volatile uint8_t *at = area;
  for (size_t i = 0; i < octets; i++)
    at[i] = 0;
  wiped.area = area;
  wiped.octets = octets;
  wiped.calls++;
}

void explicit_bzero(void *area, size_t octets)
{
  wipe_visibly(area, octets);
}

void __explicit_bzero_chk(void *area, size_t octets, size_t size)
{
  ck_assert_uint_le(octets, size);
  wipe_visibly(area, octets);
}

/* Cursor */

START_TEST(integers_are_read_big_endian)
{
  uint8_t in[15];
  test_hex("01 0203 04050607 08090a0b0c0d0e0f", in, sizeof in);
  struct ow_reader reader = ow_reader(in, sizeof in);
  ck_assert_uint_eq(ow_read_u8(&reader), 0x01);
  ck_assert_uint_eq(ow_read_u16(&reader), 0x0203);
  ck_assert_uint_eq(ow_read_u32(&reader), 0x04050607);
  ck_assert_uint_eq(ow_read_u64(&reader), UINT64_C(0x08090a0b0c0d0e0f));
  ck_assert(ow_reader_done(&reader));
}
END_TEST

START_TEST(integers_are_written_big_endian)
{
  uint8_t out[15];
  struct ow_writer writer = ow_writer(out, sizeof out);
  ow_write_u8(&writer, 0x01);
  ow_write_u16(&writer, 0x0203);
  ow_write_u32(&writer, 0x04050607);
  ow_write_u64(&writer, UINT64_C(0x08090a0b0c0d0e0f));
  ck_assert(ow_writer_done(&writer));
  test_assert_hex(out, sizeof out, "01 0203 04050607 08090a0b0c0d0e0f");
}
END_TEST

START_TEST(octets_are_read_and_skipped_in_order)
{
  uint8_t out[3];
  struct ow_reader reader = ow_reader("abcdef", 6);
  ow_read_skip(&reader, 2);
  ow_read_octets(&reader, out, 3);
  ck_assert_mem_eq(out, "cde", 3);
  ck_assert_uint_eq(ow_reader_left(&reader), 1);
  ck_assert(!ow_reader_done(&reader));
}
END_TEST

START_TEST(a_read_beyond_the_end_yields_zero_and_stays_there)
{
  struct ow_reader reader = ow_reader("\xff\xff\xff", 3);
  ck_assert_uint_eq(ow_read_u32(&reader), 0);
  ck_assert(reader.overrun);
  ck_assert_uint_eq(ow_reader_left(&reader), 3);
}
END_TEST

START_TEST(a_read_after_an_overrun_yields_zero)
{
  uint8_t out[2] = {0xaa, 0xaa};
  struct ow_reader reader = ow_reader("\xff\xff\xff", 3);
  ow_read_skip(&reader, 4);
  ck_assert_uint_eq(ow_read_u8(&reader), 0);
  ck_assert_uint_eq(ow_read_u16(&reader), 0);
  ck_assert_uint_eq(ow_read_u64(&reader), 0);
  ow_read_octets(&reader, out, sizeof out);
  test_assert_hex(out, sizeof out, "0000");
}
END_TEST

START_TEST(a_reader_that_overran_is_never_done)
{
  struct ow_reader reader = ow_reader("ab", 2);
  ow_read_skip(&reader, 2);
  ck_assert(ow_reader_done(&reader));
  ow_read_skip(&reader, 1);
  ck_assert(!ow_reader_done(&reader));
}
END_TEST

START_TEST(a_reader_is_not_fooled_by_a_huge_skip)
{
  struct ow_reader reader = ow_reader("ab", 2);
  ow_read_skip(&reader, 1);
  ow_read_skip(&reader, SIZE_MAX);
  ck_assert(reader.overrun);
  ck_assert_uint_eq(ow_reader_left(&reader), 1);
}
END_TEST

START_TEST(a_reader_of_nothing_is_done_at_once)
{
  struct ow_reader reader = ow_reader("", 0);
  ck_assert(ow_reader_done(&reader));
  ck_assert_uint_eq(ow_read_u8(&reader), 0);
  ck_assert(!ow_reader_done(&reader));
}
END_TEST

START_TEST(cursors_take_no_area_when_there_are_no_octets)
{
  struct ow_reader reader = ow_reader(NULL, 0);
  struct ow_writer writer = ow_writer(NULL, 0);
  ck_assert(ow_reader_done(&reader));
  ck_assert(ow_writer_done(&writer));
}
END_TEST

START_TEST(reading_or_writing_no_octets_needs_no_area)
{
  uint8_t area[1] = {0};
  struct ow_reader reader = ow_reader(area, sizeof area);
  struct ow_writer writer = ow_writer(area, sizeof area);
  ow_read_octets(&reader, NULL, 0);
  ow_write_octets(&writer, NULL, 0);
  ck_assert(!reader.overrun);
  ck_assert(!writer.overrun);
}
END_TEST

START_TEST(a_write_beyond_the_end_writes_nothing)
{
  uint8_t out[4] = {0xaa, 0xaa, 0xaa, 0xaa};
  struct ow_writer writer = ow_writer(out, 3);
  ow_write_u32(&writer, 0);
  ck_assert(writer.overrun);
  test_assert_hex(out, sizeof out, "aaaaaaaa");
}
END_TEST

START_TEST(a_write_after_an_overrun_writes_nothing)
{
  uint8_t out[3] = {0xaa, 0xaa, 0xaa};
  struct ow_writer writer = ow_writer(out, sizeof out);
  ow_write_zeros(&writer, 4);
  ow_write_u8(&writer, 1);
  ow_write_octets(&writer, "b", 1);
  ow_write_zeros(&writer, 1);
  ck_assert(!ow_writer_done(&writer));
  test_assert_hex(out, sizeof out, "aaaaaa");
}
END_TEST

START_TEST(a_writer_is_done_only_when_its_space_is_filled)
{
  uint8_t out[4];
  struct ow_writer writer = ow_writer(out, sizeof out);
  ow_write_octets(&writer, "abc", 3);
  ck_assert(!ow_writer_done(&writer));
  ow_write_zeros(&writer, 1);
  ck_assert(ow_writer_done(&writer));
  ck_assert_mem_eq(out, "abc", 4);
}
END_TEST

/* Buffer */

static void append(struct ow_buffer *buffer, const char *text)
{
  ck_assert_int_eq(ow_buffer_append(buffer, text, strlen(text)), OW_OK);
}

static void assert_holds(const struct ow_buffer *buffer, const char *text)
{
  ck_assert_uint_eq(ow_buffer_length(buffer), strlen(text));
  ck_assert_mem_eq(ow_buffer_head(buffer), text, strlen(text));
}

START_TEST(octets_leave_a_buffer_in_the_order_they_came)
{
  struct ow_buffer buffer = {.limit = 100};
  append(&buffer, "abc");
  append(&buffer, "def");
  assert_holds(&buffer, "abcdef");
  ow_buffer_consume(&buffer, 2);
  assert_holds(&buffer, "cdef");
  append(&buffer, "gh");
  assert_holds(&buffer, "cdefgh");
  ow_buffer_clear(&buffer);
}
END_TEST

START_TEST(a_buffer_that_was_consumed_whole_is_empty)
{
  struct ow_buffer buffer = {.limit = 100};
  append(&buffer, "abc");
  ow_buffer_consume(&buffer, 3);
  ck_assert_uint_eq(ow_buffer_length(&buffer), 0);
  append(&buffer, "x");
  assert_holds(&buffer, "x");
  ow_buffer_clear(&buffer);
}
END_TEST

START_TEST(a_buffer_takes_its_limit_and_not_an_octet_more)
{
  struct ow_buffer buffer = {.limit = 5};
  append(&buffer, "abcde");
  ck_assert_int_eq(ow_buffer_append(&buffer, "f", 1), OW_LIMIT);
  ck_assert_ptr_null(ow_buffer_extend(&buffer, 1));
  assert_holds(&buffer, "abcde");
  ow_buffer_clear(&buffer);
}
END_TEST

START_TEST(consumed_octets_make_room_below_the_limit)
{
  struct ow_buffer buffer = {.limit = 5};
  append(&buffer, "abcde");
  ow_buffer_consume(&buffer, 2);
  append(&buffer, "fg");
  assert_holds(&buffer, "cdefg");
  ck_assert_int_eq(ow_buffer_append(&buffer, "h", 1), OW_LIMIT);
  ow_buffer_clear(&buffer);
}
END_TEST

START_TEST(a_buffer_without_a_limit_takes_nothing)
{
  struct ow_buffer buffer = {0};
  ck_assert_int_eq(ow_buffer_append(&buffer, "a", 1), OW_LIMIT);
  ck_assert_int_eq(ow_buffer_append(&buffer, NULL, 0), OW_OK);
  ow_buffer_clear(&buffer);
}
END_TEST

START_TEST(a_huge_request_does_not_wrap_round)
{
  struct ow_buffer buffer = {.limit = 100};
  append(&buffer, "abc");
  ck_assert_int_eq(ow_buffer_append(&buffer, "", SIZE_MAX - 1), OW_LIMIT);
  assert_holds(&buffer, "abc");
  ow_buffer_clear(&buffer);
}
END_TEST

START_TEST(an_extended_buffer_counts_the_new_octets_at_once)
{
  struct ow_buffer buffer = {.limit = 100};
  append(&buffer, "abc");
  uint8_t *at = ow_buffer_extend(&buffer, 2);
  ck_assert_ptr_nonnull(at);
  memcpy(at, "de", 2);
  assert_holds(&buffer, "abcde");
  ow_buffer_clear(&buffer);
}
END_TEST

START_TEST(extending_by_nothing_is_no_failure)
{
  struct ow_buffer buffer = {.limit = 100};
  ck_assert_ptr_nonnull(ow_buffer_extend(&buffer, 0));
  ow_buffer_clear(&buffer);
}
END_TEST

START_TEST(the_head_of_an_empty_buffer_may_be_asked_for)
{
  struct ow_buffer buffer = {.limit = 100};
  struct ow_reader reader = ow_reader(ow_buffer_head(&buffer), ow_buffer_length(&buffer));
  ck_assert(ow_reader_done(&reader));
}
END_TEST

/* Appends and consumes at random, beside a plain array that says what must be in the buffer. */
START_TEST(a_buffer_keeps_every_octet_as_it_grows_and_closes_gaps)
{
  enum { LIMIT = 5000, STEPS = 3000 };
  static uint8_t model[LIMIT];
  size_t length = 0;
  struct test_prng prng = test_prng(test_seed());
  struct ow_buffer buffer = {.limit = LIMIT};
  for (int step = 0; step < STEPS; step++) {
    uint8_t chunk[700];
    size_t octets = test_prng_below(&prng, sizeof chunk);
    test_prng_fill(&prng, chunk, octets);
    enum ow_status status = ow_buffer_append(&buffer, chunk, octets);
    ck_assert_int_eq(status, length + octets <= LIMIT ? OW_OK : OW_LIMIT);
    if (status == OW_OK) {
      memcpy(model + length, chunk, octets);
      length += octets;
    }
    size_t gone = test_prng_below(&prng, length + 1);
    ow_buffer_consume(&buffer, gone);
    length -= gone;
    memmove(model, model + gone, length);
    ck_assert_uint_eq(ow_buffer_length(&buffer), length);
    if (length)
      ck_assert_mem_eq(ow_buffer_head(&buffer), model, length);
  }
  ow_buffer_clear(&buffer);
}
END_TEST

START_TEST(clearing_wipes_the_whole_memory_of_a_buffer)
{
  struct ow_buffer buffer = {.limit = 100};
  append(&buffer, "secret");
  ow_buffer_consume(&buffer, 6);
  const void *octets = buffer.octets;
  size_t capacity = buffer.capacity;
  ow_buffer_clear(&buffer);
  ck_assert_uint_eq(wiped.calls, 1);
  ck_assert_ptr_eq(wiped.area, octets);
  ck_assert_uint_eq(wiped.octets, capacity);
}
END_TEST

START_TEST(growing_wipes_the_memory_left_behind)
{
  struct ow_buffer buffer = {.limit = 1 << 20};
  append(&buffer, "secret");
  const void *octets = buffer.octets;
  size_t capacity = buffer.capacity;
  ck_assert_ptr_nonnull(ow_buffer_extend(&buffer, capacity));
  ck_assert_uint_eq(wiped.calls, 1);
  ck_assert_ptr_eq(wiped.area, octets);
  ck_assert_uint_eq(wiped.octets, capacity);
  ow_buffer_clear(&buffer);
}
END_TEST

START_TEST(a_cleared_buffer_is_empty_and_keeps_its_limit)
{
  struct ow_buffer buffer = {.limit = 5};
  append(&buffer, "abc");
  ow_buffer_clear(&buffer);
  ck_assert_ptr_null(buffer.octets);
  ck_assert_uint_eq(ow_buffer_length(&buffer), 0);
  ck_assert_uint_eq(buffer.limit, 5);
  ow_buffer_clear(&buffer);
}
END_TEST

/* Secret */

START_TEST(equal_secrets_are_equal)
{
  ck_assert(ow_secret_equal("0123456789abcdef", "0123456789abcdef", 16));
  ck_assert(ow_secret_equal("x", "y", 0));
}
END_TEST

START_TEST(secrets_differ_by_any_bit_of_any_octet)
{
  uint8_t a[16] = {0};
  uint8_t b[16] = {0};
  for (size_t bit = 0; bit < 8 * sizeof a; bit++) {
    b[bit / 8] = (uint8_t)(1U << bit % 8);
    ck_assert(!ow_secret_equal(a, b, sizeof a));
    b[bit / 8] = 0;
  }
}
END_TEST

START_TEST(wiping_zeroes_the_area_and_nothing_beside_it)
{
  uint8_t area[4] = {1, 2, 3, 4};
  ow_wipe(area + 1, 2);
  test_assert_hex(area, sizeof area, "01000004");
}
END_TEST

START_TEST(wiping_nothing_is_allowed)
{
  ow_wipe(NULL, 0);
  ow_wipe(NULL, 16);
  ck_assert_uint_eq(wiped.calls, 0);
}
END_TEST

/* Status */

START_TEST(a_failure_carries_its_status_and_text)
{
  struct ow_failure failure;
  ck_assert_int_eq(ow_fail(&failure, OW_AUTH, "no key %s for %d", "k", 7), OW_AUTH);
  ck_assert_int_eq(failure.status, OW_AUTH);
  ck_assert_str_eq(failure.text, "no key k for 7");
}
END_TEST

START_TEST(a_failure_may_be_nobodys_concern)
{
  ck_assert_int_eq(ow_fail(NULL, OW_TIMEOUT, "too late"), OW_TIMEOUT);
}
END_TEST

START_TEST(a_long_failure_is_cut)
{
  struct ow_failure failure;
  ck_assert_int_eq(ow_fail(&failure, OW_INVALID, "%0*d", 2 * OW_FAILURE_TEXT, 0), OW_INVALID);
  ck_assert_uint_eq(strlen(failure.text), OW_FAILURE_TEXT - 1);
}
END_TEST

START_TEST(the_place_is_put_before_a_failure)
{
  struct ow_failure failure;
  ck_assert_int_eq(ow_fail(&failure, OW_PROTOCOL, "IPVN is 5"), OW_PROTOCOL);
  ck_assert_int_eq(ow_fail_within(&failure, "peer %s", "a"), OW_PROTOCOL);
  ck_assert_int_eq(ow_fail_within(&failure, "file"), OW_PROTOCOL);
  ck_assert_int_eq(failure.status, OW_PROTOCOL);
  ck_assert_str_eq(failure.text, "file: peer a: IPVN is 5");
}
END_TEST

/* For every length of the place: what is kept is a prefix of "place: inner", and it is terminated. */
START_TEST(a_place_before_a_long_failure_cuts_its_end)
{
  char whole[3 * OW_FAILURE_TEXT];
  for (int place = 0; place < OW_FAILURE_TEXT + 10; place++) {
    struct ow_failure failure;
    ck_assert_int_eq(ow_fail(&failure, OW_LIMIT, "%0*d", 2 * OW_FAILURE_TEXT, 0), OW_LIMIT);
    int length = snprintf(whole, sizeof whole, "%*s: %s", place, "", failure.text);
    ck_assert_int_eq(ow_fail_within(&failure, "%*s", place, ""), OW_LIMIT);
    size_t kept = strlen(failure.text);
    ck_assert_uint_lt(kept, OW_FAILURE_TEXT);
    ck_assert_uint_ge(kept, length < OW_FAILURE_TEXT ? (size_t)length : OW_FAILURE_TEXT - 1);
    ck_assert_mem_eq(failure.text, whole, kept);
  }
}
END_TEST

START_TEST(printable_text_stays_as_it_is)
{
  char out[16];
  ck_assert_str_eq(ow_printable(out, sizeof out, "~ monitor-1 ", 12), "~ monitor-1 ");
}
END_TEST

START_TEST(control_characters_and_other_octets_become_question_marks)
{
  char out[16];
  ck_assert_str_eq(ow_printable(out, sizeof out, "a\0b\033[m\n\x7f\xc3\xa9z", 11), "a?b?[m????z");
}
END_TEST

START_TEST(printable_text_is_cut_to_its_room)
{
  char out[4] = "***";
  ck_assert_str_eq(ow_printable(out, sizeof out, "abcdef", 6), "abc");
  ck_assert_str_eq(ow_printable(out, 1, "abcdef", 6), "");
  ck_assert_str_eq(ow_printable(out, sizeof out, "", 0), "");
}
END_TEST

/* Log */

struct heard {
  unsigned lines;
  enum ow_log_level level;
  char line[1024];
};

static void hear(void *context, enum ow_log_level level, const char *line)
{
  struct heard *heard = context;
  heard->lines++;
  heard->level = level;
  strncpy(heard->line, line, sizeof heard->line - 1);
}

START_TEST(a_line_reaches_the_sink_formatted)
{
  struct heard heard = {0};
  struct ow_log log = {.context = &heard, .emit = hear, .most = OW_LOG_INFO};
  ow_log(&log, OW_LOG_WARNING, "%s is %d", "x", 3);
  ck_assert_uint_eq(heard.lines, 1);
  ck_assert_int_eq(heard.level, OW_LOG_WARNING);
  ck_assert_str_eq(heard.line, "x is 3");
}
END_TEST

START_TEST(lines_above_the_level_are_dropped)
{
  struct heard heard = {0};
  struct ow_log log = {.context = &heard, .emit = hear, .most = OW_LOG_NOTICE};
  ow_log(&log, OW_LOG_INFO, "no");
  ck_assert_uint_eq(heard.lines, 0);
  ow_log(&log, OW_LOG_NOTICE, "yes");
  ck_assert_uint_eq(heard.lines, 1);
}
END_TEST

START_TEST(no_sink_drops_everything)
{
  struct ow_log log = {.most = OW_LOG_DEBUG};
  int formatted = -1; /* octets, if at all */
  ow_log(NULL, OW_LOG_ERROR, "no%n", &formatted);
  ow_log(&log, OW_LOG_ERROR, "no%n", &formatted);
  ck_assert_int_eq(formatted, -1);
}
END_TEST

START_TEST(a_long_line_is_cut_to_511_octets)
{
  struct heard heard = {0};
  struct ow_log log = {.context = &heard, .emit = hear, .most = OW_LOG_DEBUG};
  ow_log(&log, OW_LOG_DEBUG, "%0*d", 1000, 0);
  ck_assert_uint_eq(strlen(heard.line), 511);
}
END_TEST

START_TEST(a_refusal_says_where_to_look)
{
  ck_assert_str_eq(ow_refusal_text(ENETUNREACH), "Network is unreachable");
  ck_assert_str_eq(ow_refusal_text(EPERM), "Operation not permitted (a firewall of this host)");
  ck_assert_str_eq(ow_refusal_text(EACCES), "Permission denied (a route that prohibits it)");
  ck_assert_str_eq(ow_refusal_text(EINVAL), "Invalid argument (a blackhole route)");
  ck_assert_str_eq(ow_refusal_text(0), "the operating system refused");
  ck_assert_str_eq(ow_refusal_text(100000), "the operating system refused");
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("base");
  test_seed();
  TEST_CASE(suite, "cursor", integers_are_read_big_endian, integers_are_written_big_endian,
            octets_are_read_and_skipped_in_order, a_read_beyond_the_end_yields_zero_and_stays_there,
            a_read_after_an_overrun_yields_zero, a_reader_that_overran_is_never_done,
            a_reader_is_not_fooled_by_a_huge_skip, a_reader_of_nothing_is_done_at_once,
            cursors_take_no_area_when_there_are_no_octets, reading_or_writing_no_octets_needs_no_area,
            a_write_beyond_the_end_writes_nothing, a_write_after_an_overrun_writes_nothing,
            a_writer_is_done_only_when_its_space_is_filled);
  TEST_CASE(suite, "buffer", octets_leave_a_buffer_in_the_order_they_came,
            a_buffer_that_was_consumed_whole_is_empty, a_buffer_takes_its_limit_and_not_an_octet_more,
            consumed_octets_make_room_below_the_limit, a_buffer_without_a_limit_takes_nothing,
            a_huge_request_does_not_wrap_round, an_extended_buffer_counts_the_new_octets_at_once,
            extending_by_nothing_is_no_failure, the_head_of_an_empty_buffer_may_be_asked_for,
            a_buffer_keeps_every_octet_as_it_grows_and_closes_gaps,
            clearing_wipes_the_whole_memory_of_a_buffer, growing_wipes_the_memory_left_behind,
            a_cleared_buffer_is_empty_and_keeps_its_limit);
  TEST_CASE(suite, "secret", equal_secrets_are_equal, secrets_differ_by_any_bit_of_any_octet,
            wiping_zeroes_the_area_and_nothing_beside_it, wiping_nothing_is_allowed);
  TEST_CASE(suite, "status", a_failure_carries_its_status_and_text, a_failure_may_be_nobodys_concern,
            a_long_failure_is_cut, the_place_is_put_before_a_failure,
            a_place_before_a_long_failure_cuts_its_end, printable_text_stays_as_it_is,
            control_characters_and_other_octets_become_question_marks, printable_text_is_cut_to_its_room,
            a_refusal_says_where_to_look);
  TEST_CASE(suite, "log", a_line_reaches_the_sink_formatted, lines_above_the_level_are_dropped,
            no_sink_drops_everything, a_long_line_is_cut_to_511_octets);
  return test_run_apart(suite);
}
