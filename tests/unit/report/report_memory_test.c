/* SPDX-License-Identifier: MIT */
/*
 * JSON and back, each allocation failing in turn: Jansson's own where it writes. Where it reads, Jansson 2.14
 * copies beyond its buffer if that can't grow, so that there only the core's fail.
 */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "report/answer.h"
#include "support/failing_memory.h"
#include "support/main.h"
#include "support/seed.h"

enum { COUNT = 3 };

static bool writing;

static void *jansson_malloc(size_t octets)
{
  return writing ? failing_malloc(octets) : malloc(octets);
}

static struct ow_stream_view view_of(const char *name)
{
  struct ow_stream_view view = {.host = "far.example.net",
                                .port = "861",
                                .directions = {true, true},
                                .interval = 60 * OW_NS_PER_S,
                                .state = OW_STREAM_UP,
                                .newest = COUNT,
                                .version = 1,
                                .mode = OW_MODE_OPEN};
  memcpy(view.name, name, strlen(name) + 1);
  return view;
}

static void fill(struct ow_interval intervals[COUNT])
{
  for (unsigned i = 0; i < COUNT; i++) {
    intervals[i] = (struct ow_interval){.number = i + 1, .mode = OW_MODE_OPEN, .begin.ntp = 1, .end.ntp = 2};
    for (int d = 0; d < OW_DIRECTIONS; d++)
      intervals[i].results[d] = (struct ow_result){.completeness = OW_RESULT_COMPLETE,
                                                   .sent = 60,
                                                   .received = 59,
                                                   .lost = 1,
                                                   .delay = {.min = 1, .p95 = INT64_MAX, .max = 30}};
  }
}

/* Of 59 packets, from the least to the largest. Drop it. */
static void add_histogram(struct ow_result *result)
{
  const struct ow_histogram_entry entries[] = {{0, 50}, {1, 8}, {29, 1}};
  test_memory_scarce(false);
  result->histogram = ow_histogram_make(entries, 3);
  test_memory_scarce(true);
}

/* Without memory for it there is none. */
static void expect_histogram(const struct ow_result *result)
{
  ck_assert(result->histogram || test_memory_failed());
  ck_assert(!result->histogram || ow_histogram_entries(result->histogram) == 3);
}

/* A text as long as it says, or none, for want of memory. */
static bool is_whole(const char *text, size_t octets)
{
  writing = false;
  ck_assert(text || test_memory_failed());
  if (text)
    ck_assert_msg(octets > 0 && text[0] == '{' && text[octets - 1] == '}', "run %u: %zu octets",
                  test_memory_run(), octets);
  return text;
}

static void expect_read(enum ow_status status, const struct ow_failure *failure)
{
  if (status != OW_OK) {
    ck_assert(test_memory_failed());
    ck_assert_msg(status == OW_MEMORY && strstr(failure->text, "memory"), "run %u: status %d, %s",
                  test_memory_run(), (int)status, failure->text);
  }
}

static void a_stream(void)
{
  struct ow_failure failure = {.text = ""};
  struct ow_interval intervals[COUNT];
  struct ow_interval back[COUNT];
  struct ow_stream_view view = view_of("peer");
  size_t octets = 0;
  size_t got;
  fill(intervals);
  add_histogram(&intervals[0].results[OW_REVERSE]);
  writing = true;
  char *text = ow_answer_stream(&view, intervals, COUNT, &octets);
  if (is_whole(text, octets)) {
    enum ow_status status = ow_answer_read_stream(text, octets, &view, back, COUNT, &got, &failure);
    expect_read(status, &failure);
    ck_assert_uint_eq(got, status == OW_OK ? COUNT : 0);
    if (status == OW_OK) {
      ck_assert_int_eq(back[COUNT - 1].results[OW_REVERSE].delay.p95, INT64_MAX);
      expect_histogram(&back[0].results[OW_REVERSE]);
    }
    for (size_t i = 0; i < got; i++)
      ow_interval_drop(&back[i]);
  }
  ow_interval_drop(&intervals[0]);
  failing_free(text);
}

static void a_list(void)
{
  struct ow_failure failure = {.text = ""};
  const struct ow_stream_view views[] = {view_of("one"), view_of("two")};
  struct ow_listed *listed = NULL;
  bool histograms = false;
  size_t octets = 0;
  size_t count;
  writing = true;
  char *text = ow_answer_list(views, 2, &octets);
  if (is_whole(text, octets)) {
    enum ow_status status = ow_answer_read_list(text, octets, &listed, &count, &histograms, &failure);
    expect_read(status, &failure);
    ck_assert_uint_eq(count, status == OW_OK ? 2 : 0);
    failing_free(listed);
  }
  failing_free(text);
}

static void an_error(void)
{
  struct ow_failure failure = {.text = ""};
  struct ow_listed *listed = NULL;
  bool histograms = false;
  size_t octets = 0;
  size_t count;
  writing = true;
  char *text = ow_answer_error("there is no such stream", &octets);
  if (is_whole(text, octets)) {
    enum ow_status status = ow_answer_read_list(text, octets, &listed, &count, &histograms, &failure);
    ck_assert_int_ne(status, OW_OK);
    if (status != OW_REFUSED)
      expect_read(status, &failure);
  }
  failing_free(text);
}

START_TEST(an_answer_is_whole_or_none)
{
  static const struct {
    const char *name;
    void (*run)(void);
  } answers[] = {{"a stream's answer", a_stream}, {"a list", a_list}, {"an error", an_error}};
  json_set_alloc_funcs(jansson_malloc, failing_free);
  test_memory_exhaust(answers[_i].name, answers[_i].run);
}
END_TEST

static void *no_malloc(size_t octets)
{
  (void)octets;
  return NULL;
}

START_TEST(an_answer_that_no_memory_is_there_for_is_not_called_wrong)
{
  static const char text[] = "{\"streams\": []}";
  struct ow_failure failure = {.text = ""};
  struct ow_listed *listed;
  bool histograms = false;
  size_t count;
  json_set_alloc_funcs(no_malloc, free);
  ck_assert_int_eq(ow_answer_read_list(text, sizeof text - 1, &listed, &count, &histograms, &failure),
                   OW_MEMORY);
  ck_assert_ptr_nonnull(strstr(failure.text, "no memory"));
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("report without memory");
  test_seed();
  TEST_LOOP(suite, "answers", 3, an_answer_is_whole_or_none);
  TEST_CASE(suite, "reading", an_answer_that_no_memory_is_there_for_is_not_called_wrong);
  return test_run(suite);
}
