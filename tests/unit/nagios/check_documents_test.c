/* SPDX-License-Identifier: MIT */
/*
 * check_owamp's manual page, and the options that Icinga's command passes, against the table of options; its
 * JSON against owamp-json(5).
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "option_table.h"
#include "output.h"
#include "report/json.h"
#include "support/json_members.h"
#include "support/main.h"
#include "support/manual.h"

START_TEST(every_option_is_in_the_manual)
{
  struct manual manual;
  manual_read(&manual, "check_owamp.8", "DESCRIPTION");
  for (size_t i = 0; i < check_option_count; i++) {
    const struct check_option *option = &check_option_table[i];
    struct check_option_text text;
    check_option_describe(option, &text);
    const struct manual_item *item = manual_find(&manual, text.name);
    ck_assert_msg(item != NULL, "--%s isn't in check_owamp.8", text.name);
    if (option->of_peer && !option->flag)
      manual_expect_default(item, option->id, OW_USE_PROBE);
  }
}
END_TEST

START_TEST(every_option_of_the_manual_is_taken)
{
  struct manual manual;
  manual_read(&manual, "check_owamp.8", "DESCRIPTION");
  for (size_t i = 0; i < manual.count; i++)
    ck_assert_msg(check_option_find(ow_piece_of(manual.items[i].name)) != NULL, "there is no --%s",
                  manual.items[i].name);
}
END_TEST

START_TEST(icinga_passes_options_that_there_are)
{
  char *text = manual_file("docs/examples/icinga/owamp-command.conf");
  unsigned count = 0;
  for (const char *at = strstr(text, "\"--"); at; at = strstr(at + 1, "\"--")) {
    struct ow_piece name = {at + 3, strcspn(at + 3, "\"")};
    ck_assert_msg(check_option_find(name) != NULL, "there is no --%.*s", (int)name.length, name.at);
    count++;
  }
  ck_assert_uint_gt(count, 5);
  free(text);
}
END_TEST

/* ---- JSON ---- */

static struct ow_probe_report measured(void)
{
  struct ow_probe_report report = {.step = OW_STEP_DONE,
                                   .mode = OW_MODE_OPEN,
                                   .server = "192.0.2.1 port 861",
                                   .clock_error = 1,
                                   .setup_ns = 1};
  static const int64_t delay = 1;
  struct ow_probe_direction *reverse = &report.directions[OW_REVERSE];
  for (int d = 0; d < OW_DIRECTIONS; d++)
    report.directions[d].result = (struct ow_result){.completeness = OW_RESULT_COMPLETE,
                                                     .begin.ntp = 1,
                                                     .end.ntp = 2,
                                                     .sent = 2,
                                                     .received = 1,
                                                     .lost = 1,
                                                     .has_ipdv = true,
                                                     .ipdv_pairs = 1,
                                                     .percentiles = {1, {99900}},
                                                     .quantiles = OW_QUANTILES_HISTOGRAM,
                                                     .histogram = ow_histogram_of(&delay, 1),
                                                     .clock.receive_stamp = OW_STAMP_KERNEL};
  strcpy(reverse->sender, "2001:db8::1 port 8760");
  strcpy(reverse->receiver, "2001:db8::2 port 8761");
  reverse->sid[15] = 1;
  for (uint32_t i = 0; i < 2; i++) {
    struct ow_sample sample = {
        .sequence = i, .sent.ntp = 1, .received.ntp = i, .ttl = 64, .departed = OW_DEPARTED_KERNEL};
    ck_assert_int_eq(ow_samples_append(&reverse->samples, &sample), OW_OK);
  }
  return report;
}

static struct ow_probe_report reflected(void)
{
  struct ow_probe_report report = {.protocol = OW_PROTOCOL_STAMP,
                                   .step = OW_STEP_DONE,
                                   .reflector = {.answered = true, .counter_shown = true},
                                   .reflector_lines = 1,
                                   .reflector_words = {"it ignores the SSID"}};
  for (int d = 0; d < OW_RESULTS; d++)
    report.directions[d].result =
        (struct ow_result){.completeness = OW_RESULT_COMPLETE, .sent = 2, .received = 1, .lost = 1};
  report.directions[OW_FORWARD].result.loss_unknown = true;
  report.directions[OW_REVERSE].result.run_unknown = true;
  report.directions[OW_ROUND_TRIP].result.has_dwell = true;
  return report;
}

static void add_output(struct json_members *told, const char *line, const struct ow_probe_report *report,
                       const struct check_stream *stream, const struct check_diagnosis *diagnosis)
{
  static char copy[256];
  char *words[16];
  int count = 0;
  struct check_options options;
  static struct check_outcome outcome;
  char *text = NULL;
  size_t octets;
  snprintf(copy, sizeof copy, "check_owamp %s --json -vvv", line);
  for (char *word = strtok(copy, " "); word; word = strtok(NULL, " "))
    words[count++] = word;
  words[count] = NULL;
  ck_assert_int_eq(check_options_parse(count, words, &options, NULL), OW_OK);
  snprintf(options.key_warning, sizeof options.key_warning, "others may read it");
  check_judge(&options, report, stream, &outcome);
  if (diagnosis)
    outcome.diagnosis = *diagnosis;
  FILE *out = open_memstream(&text, &octets);
  ck_assert_ptr_nonnull(out);
  check_json_print(out, &options, report, &outcome);
  ck_assert_int_eq(fclose(out), 0);
  json_t *object = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
  json_members_add(told, object);
  json_decref(object);
  free(text);
  check_options_clear(&options);
}

START_TEST(the_json_has_the_documented_members)
{
  static struct json_members told, documented;
  struct ow_probe_report report = measured();
  struct check_stream stream = {
      .known = true, .name = "far", .state = OW_STREAM_UP, .intervals = 1, .asked = 1};
  struct check_diagnosis diagnosis = {
      .count = 1, .steps = {{.name = "NAT", .finding = CHECK_STEP_FAILED, .found = "none", .mend = "--nat"}}};
  add_output(&told, "-H h -c 1us,1%,asymmetry=@0:1s", &report, NULL, &diagnosis);
  add_output(&told, "--query s --name far", &report, &stream, NULL);
  for (uint32_t i = 0; i < 16385; i++) {
    struct ow_sample sample = {.sequence = i, .sent.ntp = 1};
    ck_assert_int_eq(ow_samples_append(&report.directions[OW_FORWARD].samples, &sample), OW_OK);
  }
  add_output(&told, "-H h --fetch=00112233445566778899aabbccddeeff", &report, NULL, NULL);
  ow_probe_report_clear(&report);
  report = (struct ow_probe_report){.status = OW_NETWORK, .failure.text = "no route"};
  report.directions[OW_FORWARD].result = (struct ow_result){.completeness = OW_RESULT_PARTIAL,
                                                            .skipped = 9,
                                                            .refused = 9,
                                                            .refusal = ENETUNREACH,
                                                            .dropped = 1,
                                                            .incomplete = true,
                                                            .clock.stepped = true};
  add_output(&told, "-H h -c 1us,1%", &report, NULL, NULL);
  report = reflected();
  add_output(&told, "-H h --protocol stamp -c rtt_p95=1us", &report, NULL, NULL);
  json_members_of_check(&documented);
  json_members_expect_within(&told, &documented, "isn't in owamp-json(5)");
  json_members_expect_within(&documented, &told, "is in owamp-json(5), and never told");
}
END_TEST

/* Without memory a state and a reason are told all the same, and never a part of anything. */

static unsigned allocations_left;

static void *scarce_malloc(size_t size)
{
  return allocations_left > 0 && allocations_left-- ? malloc(size) : NULL;
}

START_TEST(json_is_whole_or_says_that_memory_is_short)
{
  static struct json_members documented;
  struct ow_probe_report report = measured();
  bool short_of_memory = true;
  json_members_of_check(&documented);
  for (unsigned most = 0; short_of_memory; most++) {
    struct check_options options = {.verbosity = 3,
                                    .settings.peer = {.host = "h", .directions = {true, true}}};
    struct check_outcome outcome = {.reason = "so"};
    struct json_members told = {.count = 0};
    char text[16384] = "";
    FILE *out = fmemopen(text, sizeof text, "w");
    ck_assert_ptr_nonnull(out);
    allocations_left = most;
    json_set_alloc_funcs(scarce_malloc, free);
    check_json_print(out, &options, &report, &outcome);
    json_set_alloc_funcs(malloc, free);
    ck_assert_int_eq(fclose(out), 0);
    json_t *object = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    ck_assert_msg(object != NULL, "%u allocations: %s", most, text);
    json_members_add(&told, object);
    json_members_expect_within(&told, &documented, "isn't in owamp-json(5)");
    ck_assert_int_eq(json_integer_value(json_object_get(object, "schema")), OW_JSON_SCHEMA);
    const char *reason = json_string_value(json_object_get(object, "reason"));
    short_of_memory = strcmp(reason, "no memory") == 0;
    ck_assert(short_of_memory || strcmp(reason, "so") == 0);
    ck_assert_uint_eq(json_array_size(json_object_get(object, "results")), short_of_memory ? 0 : 2);
    json_decref(object);
  }
  ow_probe_report_clear(&report);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("check_owamp/documents");
  TEST_CASE(suite, "documents", every_option_is_in_the_manual, every_option_of_the_manual_is_taken,
            icinga_passes_options_that_there_are, the_json_has_the_documented_members,
            json_is_whole_or_says_that_memory_is_short);
  return test_run(suite);
}
