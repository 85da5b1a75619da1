/* SPDX-License-Identifier: MIT */
/* core/measure: a peer's key is loaded from its key file, or a sentence says why not. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/peer_options.h"
#include "measure/peer_key.h"
#include "support/main.h"

static char path[] = "/tmp/owamp-key-XXXXXX";
static unsigned warnings;

static void hear(void *context, enum ow_log_level level, const char *line)
{
  (void)context;
  ck_assert_int_eq(level, OW_LOG_WARNING);
  ck_assert(strstr(line, path) && strstr(line, "chmod o="));
  warnings++;
}

static const struct ow_log ear = {.emit = hear, .most = OW_LOG_DEBUG};

static void write_keys(const char *text, mode_t permissions)
{
  FILE *file = fopen(path, "w");
  ck_assert(file && fputs(text, file) >= 0 && fclose(file) == 0 && chmod(path, permissions) == 0);
}

static void make(void)
{
  strcpy(path + strlen(path) - 6, "XXXXXX");
  int descriptor = mkstemp(path);
  ck_assert_int_ge(descriptor, 0);
  close(descriptor);
  warnings = 0;
}

static void drop(void)
{
  unlink(path);
}

START_TEST(a_key_comes_from_its_file)
{
  struct ow_peer peer;
  struct ow_failure failure = {.text = ""};
  ow_peer_defaults(&peer);
  write_keys("one 6f6e65\ntwo 74776f\n", 0600);
  ck_assert_int_eq(ow_peer_key_load(&peer, path, "two", &ear, &failure), OW_OK);
  ck_assert_str_eq(peer.key_id, "two");
  ck_assert_mem_eq(peer.passphrase.octets, "two", peer.passphrase.length);
  ck_assert_uint_eq(warnings, 0);
  ow_peer_clear(&peer);
}
END_TEST

START_TEST(a_file_that_everybody_reads_is_a_warning)
{
  struct ow_peer peer;
  struct ow_failure failure = {.text = ""};
  ow_peer_defaults(&peer);
  write_keys("one 6f6e65\n", 0644);
  ck_assert_int_eq(ow_peer_key_load(&peer, path, "one", &ear, &failure), OW_OK);
  ck_assert_uint_eq(warnings, 1);
  ck_assert_int_eq(ow_peer_key_load(&peer, path, "one", NULL, &failure), OW_OK);
  ow_peer_clear(&peer);
}
END_TEST

static void expect_refusal(const char *file, const char *key_id, const char *why)
{
  struct ow_peer peer;
  struct ow_failure failure = {.text = ""};
  ow_peer_defaults(&peer);
  ck_assert_int_eq(ow_peer_key_load(&peer, file, key_id, &ear, &failure), OW_INVALID);
  ck_assert_msg(strstr(failure.text, file) && strstr(failure.text, why), "%s", failure.text);
  ck_assert_str_eq(peer.key_id, "");
}

START_TEST(what_is_wrong_is_said_with_the_file)
{
  write_keys("one 6f6e65\n", 0600);
  expect_refusal(path, "two", "no key with the KeyID 'two'");
  expect_refusal("/nowhere/keys.pfs", "one", "no such file");
  expect_refusal("/tmp", "one", "not a regular file");
  write_keys("one 6f6e6\n", 0600);
  expect_refusal(path, "one", ":1");
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("measure/peer_key");
  TCase *keys = tcase_create("keys");
  tcase_add_checked_fixture(keys, make, drop);
  tcase_add_test(keys, a_key_comes_from_its_file);
  tcase_add_test(keys, a_file_that_everybody_reads_is_a_warning);
  tcase_add_test(keys, what_is_wrong_is_said_with_the_file);
  suite_add_tcase(suite, keys);
  return test_run(suite);
}
