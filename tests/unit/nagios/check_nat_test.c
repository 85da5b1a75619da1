/* SPDX-License-Identifier: MIT */
/* check_owamp --nat, from the command line to the answer, against servers that don't know zero addresses. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check_owamp.h"
#include "io/loop.h"
#include "server/server.h"
#include "support/main.h"
#include "support/policy.h"

enum { CRITICAL = 2 };

static struct ow_loop *loop;
static struct ow_serve *server;
static pthread_t thread;
static char key_file[] = "/tmp/owamp-check-nat-XXXXXX";
static char port[8];
static char answer[4096];

static void *serve(void *argument)
{
  struct ow_failure failure;
  return ow_loop_run(loop, &failure) == OW_OK ? NULL : argument;
}

static void write_key_file(void)
{
  struct ow_peer peer = {.port = ""};
  int descriptor = mkstemp(key_file);
  FILE *file = fdopen(descriptor, "w");
  ck_assert_ptr_nonnull(file);
  test_policy_key(&peer);
  fprintf(file, "%s ", peer.key_id);
  for (size_t i = 0; i < peer.passphrase.length; i++)
    fprintf(file, "%02x", (unsigned)peer.passphrase.octets[i]);
  fputc('\n', file);
  ck_assert_int_eq(fclose(file), 0);
}

static void set_up(void)
{
  struct ow_serve_config config;
  struct ow_failure failure = {0};
  ow_serve_defaults(&config);
  snprintf(config.address, sizeof config.address, "127.0.0.1");
  snprintf(config.port, sizeof config.port, "0");
  loop = ow_loop_create(&failure);
  ck_assert_msg(loop != NULL, "%s", failure.text);
  server = ow_serve_create(loop, &config, &test_policy, NULL, &failure);
  ck_assert_msg(server != NULL, "%s", failure.text);
  snprintf(port, sizeof port, "%u", ow_serve_port(server));
  write_key_file();
  ck_assert_int_eq(pthread_create(&thread, NULL, serve, NULL), 0);
}

static void tear_down(void)
{
  ow_loop_stop(loop);
  ck_assert_int_eq(pthread_join(thread, NULL), 0);
  ow_serve_free(server);
  ow_loop_free(loop);
  unlink(key_file);
}

/* Fills in `answer`; `keyed` in encrypted mode. */
static int check(const char *timeout, bool keyed, const char *more)
{
  char text[400];
  char *words[32];
  int count = 0;
  snprintf(text, sizeof text,
           "check_owamp -H 127.0.0.1 -p %s --nat --count 10 --interval 2ms --loss-timeout 500ms -t %s %s",
           port, timeout, more);
  if (keyed) {
    strcat(text, " --key-id monitor --key-file ");
    strcat(text, key_file);
  }
  for (char *word = strtok(text, " "); word; word = strtok(NULL, " "))
    words[count++] = word;
  words[count] = NULL;
  FILE *out = fmemopen(answer, sizeof answer, "w");
  ck_assert_ptr_nonnull(out);
  int status = check_run(count, words, out);
  fclose(out);
  return status;
}

static void says(const char *text)
{
  ck_assert_msg(strstr(answer, text) != NULL, "\"%s\" is not in: %s", text, answer);
}

START_TEST(measured_with_plain_addresses)
{
  bool keyed = _i & 1;
  test_policy_zero = _i & 2 ? TEST_ZERO_MISTAKEN : TEST_ZERO_REFUSED;
  ck_assert_msg(check("20s", keyed, "-v") == 0, "%s", answer);
  says("\npackets sent                           10                      10\n"
       "received                               10                      10\n");
  says("the server does not know zero addresses (--nat): measured with plain addresses");
  ck_assert_int_eq(check("20s", keyed, "--diagnose"), 0);
  says("NAT");
  says("leave out --nat");
  ck_assert_ptr_null(strstr(answer, "use --nat"));
}
END_TEST

START_TEST(zero_addresses_that_are_known_are_no_news)
{
  ck_assert_msg(check("20s", false, "-v") == 0, "%s", answer);
  ck_assert_ptr_null(strstr(answer, "zero addresses"));
}
END_TEST

START_TEST(without_time_left_it_is_said)
{
  test_policy_zero = TEST_ZERO_MISTAKEN;
  ck_assert_int_eq(check("2s", false, "-v"), CRITICAL);
  says("it may be that the server does not know zero addresses (--nat), and there was no time");
}
END_TEST

START_TEST(what_is_refused_either_way_is_refused)
{
  test_policy_claims = OW_ACCEPT_NOT_SUPPORTED;
  ck_assert_int_eq(check("20s", false, "-v"), 3);
  says("it does so with zero addresses (--nat) and with plain ones");
  ck_assert_int_eq(check("20s", false, "--diagnose"), 3);
  ck_assert_ptr_null(strstr(answer, "use --nat"));
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("check_owamp --nat");
  TCase *tests = tcase_create("zero addresses");
  tcase_add_checked_fixture(tests, set_up, tear_down);
  tcase_add_loop_test(tests, measured_with_plain_addresses, 0, 4);
  tcase_add_test(tests, zero_addresses_that_are_known_are_no_news);
  tcase_add_test(tests, without_time_left_it_is_said);
  tcase_add_test(tests, what_is_refused_either_way_is_refused);
  suite_add_tcase(suite, tests);
  return test_run_apart(suite);
}
