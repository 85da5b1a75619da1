/* SPDX-License-Identifier: MIT */
/* The responder's start from its files, and their being read again, each allocation failing in turn. */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "policy/answering.h"
#include "policy/embedded.h"
#include "support/failing_memory.h"
#include "support/main.h"

static char folder[64];
static char paths[3][96];
static struct ow_settings_paths where;
static struct ow_loop *loop;

/* ---- files, in which the passphrase is "old" or "new" ---- */

static void write_file(const char *path, const char *text)
{
  FILE *file = fopen(path, "w");
  ck_assert(file && fputs(text, file) >= 0 && fclose(file) == 0);
}

static void write_files(bool anew)
{
  char text[4096] = "";
  write_file(paths[0], "srcnode 127.0.0.1:0\nauthmode AEO\ncontroltimeout 60\n");
  write_file(paths[1], anew ? "monitor 6e6577\nsecond 6e6577\nthird 6e6577\n" : "monitor 6f6c64\n");
  for (int i = 0; i < 20; i++) { /* so many that every list grows */
    size_t length = strlen(text);
    snprintf(text + length, sizeof text - length,
             i ? "limit class%d with parent=class0\nassign net 10.%d.0.0/16 class%d\n"
               : "limit class%d with bandwidth=1M, allow_open_mode=on\nassign default class%d\n",
             i, i, i);
  }
  write_file(
      paths[2],
      strncat(
          text,
          "assign user monitor class1\nassign stamp 192.0.2.1 class1\nassign stamp ::1 key=monitor class1\n",
          sizeof text - strlen(text) - 1));
}

static void set_up(void)
{
  struct ow_failure failure;
  static const char *const suffixes[] = {"conf", "pfs", "limits"};
  snprintf(folder, sizeof folder, "/tmp/owamp-memory-XXXXXX");
  ck_assert_ptr_nonnull(mkdtemp(folder));
  for (int i = 0; i < 3; i++)
    snprintf(paths[i], sizeof paths[i], "%s/owamp-server.%s", folder, suffixes[i]);
  write_files(false);
  ck_assert_int_eq(ow_settings_find(folder, &where, &failure), OW_OK);
}

static void tear_down(void)
{
  for (int i = 0; i < 3; i++)
    unlink(paths[i]);
  rmdir(folder);
}

static void expect_memory(enum ow_status status, const struct ow_failure *failure)
{
  ck_assert_msg((status == OW_OK) == !test_memory_failed(), "run %u: %s", test_memory_run(), failure->text);
  if (status != OW_OK)
    ck_assert_msg(status == OW_MEMORY && failure->status == OW_MEMORY && strstr(failure->text, "memory"),
                  "run %u: status %d, %s", test_memory_run(), (int)status, failure->text);
}

/* ---- scenarios ---- */

static enum ow_status begin(struct ow_answering *answering, struct ow_failure *failure)
{
  struct ow_settings settings;
  enum ow_status status = ow_settings_load(&where, &settings, NULL, failure);
  if (status == OW_OK) {
    status = ow_answering_prepare(answering, &settings, failure);
    if (status == OW_OK)
      status = ow_answering_listen(answering, loop, &settings.conf, NULL, failure);
    ow_settings_clear(&settings);
  }
  return status;
}

static void a_start(void)
{
  struct ow_answering answering = {0};
  struct ow_failure failure = {.text = ""};
  test_memory_scarce(false);
  loop = ow_loop_create(&failure);
  test_memory_scarce(true);
  enum ow_status status = begin(&answering, &failure);
  test_memory_scarce(false);
  expect_memory(status, &failure);
  ow_answering_end(&answering);
  ow_loop_free(loop);
}

static enum ow_status change(struct ow_answering *answering, struct ow_failure *failure)
{
  struct ow_settings settings;
  enum ow_status status = ow_settings_load(&where, &settings, NULL, failure);
  if (status == OW_OK) {
    status = ow_answering_change(answering, &settings, failure);
    ow_settings_clear(&settings);
  }
  return status;
}

static void expect_passphrase(const struct ow_answering *answering, const char *expected)
{
  struct ow_passphrase passphrase;
  struct ow_serve_client client = {.address = {.version = 4, .address = {127, 0, 0, 1}}};
  struct ow_failure why = {.text = ""};
  const struct ow_serve_policy *answers = &answering->answers;
  ck_assert(answers->find_key(answers->context, "monitor", &passphrase));
  ck_assert_uint_eq(passphrase.length, strlen(expected));
  ck_assert_mem_eq(passphrase.octets, expected, strlen(expected));
  ck_assert_msg(answers->admit(answers->context, &client, &why) == OW_MODES_ALL, "%s", why.text);
  answers->leave(answers->context, &client);
}

static void a_reload(void)
{
  struct ow_answering answering = {0};
  struct ow_failure failure = {.text = ""};
  test_memory_scarce(false);
  loop = ow_loop_create(&failure);
  write_files(false);
  ck_assert_int_eq(begin(&answering, &failure), OW_OK);
  write_files(true);
  test_memory_scarce(true);
  enum ow_status status = change(&answering, &failure);
  test_memory_scarce(false);
  expect_memory(status, &failure);
  expect_passphrase(&answering, status == OW_OK ? "new" : "old");
  ck_assert_int_eq(change(&answering, &failure), OW_OK);
  expect_passphrase(&answering, "new");
  ow_answering_end(&answering);
  ow_loop_free(loop);
}

static void a_guest(void)
{
  struct ow_embedded_options options;
  struct ow_failure failure = {.text = ""};
  ow_embedded_defaults(&options);
  snprintf(options.listen, sizeof options.listen, "127.0.0.1:0");
  memcpy(options.key_file, paths[1], sizeof paths[1]);
  memcpy(options.limits_file, paths[2], sizeof paths[2]);
  struct ow_embedded *embedded = ow_embedded_start(&options, NULL, &failure);
  expect_memory(embedded ? OW_OK : failure.status, &failure);
  ow_embedded_stop(embedded);
}

START_TEST(rules_are_taken_over_whole_or_not_at_all)
{
  static const struct {
    const char *name;
    void (*run)(void);
  } scenarios[] = {
      {"a responder's start", a_start}, {"a reload", a_reload}, {"an embedded responder", a_guest}};
  set_up();
  test_memory_exhaust(scenarios[_i].name, scenarios[_i].run);
  tear_down();
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("policy without memory");
  TEST_LOOP(suite, "rules", 3, rules_are_taken_over_whole_or_not_at_all);
  return test_run(suite);
}
