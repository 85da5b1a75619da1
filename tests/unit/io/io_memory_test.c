/* SPDX-License-Identifier: MIT */
/* Loops, threads, names, files and sockets, each allocation failing in turn. */
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "io/channel.h"
#include "io/loop.h"
#include "io/resolver.h"
#include "io/text_file.h"
#include "io/thread.h"
#include "io/udp.h"
#include "support/failing_memory.h"
#include "support/main.h"

static struct ow_loop *loop;

static void expect_memory(bool well, const struct ow_failure *failure)
{
  ck_assert_msg(well == !test_memory_failed(), "run %u: %s", test_memory_run(), failure->text);
  if (!well)
    ck_assert_msg(failure->status == OW_MEMORY && strstr(failure->text, "memory"), "run %u: %s",
                  test_memory_run(), failure->text);
}

static void new_loop(void)
{
  struct ow_failure failure;
  test_memory_scarce(false);
  loop = ow_loop_create(&failure);
  ck_assert_ptr_nonnull(loop);
  test_memory_scarce(true);
}

static void run_loop(void)
{
  struct ow_failure failure;
  ck_assert_int_eq(ow_loop_run(loop, &failure), OW_OK);
}

/* ---- what only begins ---- */

static void a_loop(void)
{
  struct ow_failure failure = {.text = ""};
  loop = ow_loop_create(&failure);
  expect_memory(loop != NULL, &failure);
  ow_loop_free(loop);
}

static void a_thread(void)
{
  struct ow_failure failure = {.text = ""};
  struct ow_thread *thread = ow_thread_create(&failure);
  expect_memory(thread != NULL, &failure);
  if (thread)
    ck_assert_int_eq(ow_thread_start(thread, "memory", NULL, &failure), OW_OK);
  ow_thread_free(thread);
}

static void a_batch(void)
{
  struct ow_udp_batch *batch = ow_udp_batch_create();
  ck_assert_int_eq(batch != NULL, !test_memory_failed());
  ow_udp_batch_free(batch);
}

static void a_file(void)
{
  struct ow_failure failure = {.text = ""};
  struct ow_text_file file;
  enum ow_status status = ow_text_file_read("/etc/passwd", &file, &failure);
  expect_memory(status == OW_OK, &failure);
  ck_assert_int_eq(file.text != NULL, status == OW_OK);
  ow_text_file_clear(&file);
}

/* ---- names ---- */

static const char *name;

static void on_resolved(void *context, enum ow_status status, const union ow_address *addresses, size_t count,
                        const struct ow_failure *failure)
{
  (void)context, (void)addresses;
  ck_assert_msg(status == OW_OK, "%s", failure->text);
  ck_assert_uint_gt(count, 0);
  ow_loop_stop(loop);
}

static void a_name(void)
{
  new_loop();
  struct ow_resolution *resolution = ow_resolve(loop, name, "861", 0, on_resolved, NULL);
  ck_assert_int_eq(resolution != NULL, !test_memory_failed());
  if (resolution)
    run_loop();
  ow_loop_free(loop);
}

static void a_number(void)
{
  name = "127.0.0.1";
  a_name();
}

static void a_word(void)
{
  name = "localhost";
  a_name();
}

/* ---- a channel ---- */

static const char *over_for;
static size_t received;

static void on_received(struct ow_channel *channel)
{
  struct ow_reader input = ow_channel_input(channel);
  received += ow_reader_left(&input);
  ow_read_skip(&input, ow_reader_left(&input));
  ow_channel_taken(channel, &input);
}

static void on_over(struct ow_channel *channel, const char *reason)
{
  (void)channel;
  over_for = reason;
  ow_loop_stop(loop);
}

static void a_channel(void)
{
  static const char octets[3000] = "said";
  struct ow_failure failure = {.text = ""};
  struct ow_buffer output = {.limit = 100};
  struct ow_channel channel = {
      .output = &output, .received = on_received, .over = on_over, .watch = {.descriptor = -1}};
  int ends[2];
  new_loop();
  over_for = NULL;
  received = 0;
  ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
  ck_assert_int_eq(ow_channel_adopt(&channel, loop, ends[0], &failure), OW_OK);
  ck_assert_int_eq(write(ends[1], octets, sizeof octets), sizeof octets);
  close(ends[1]);
  run_loop();
  ck_assert_int_eq(over_for != NULL, test_memory_failed());
  ck_assert_msg(over_for == NULL ? received == sizeof octets : strstr(over_for, "memory") != NULL,
                "run %u: %s", test_memory_run(), over_for ? over_for : "nothing said");
  ow_channel_close(&channel);
  ow_loop_free(loop);
}

START_TEST(what_has_no_memory_says_so)
{
  static const struct {
    const char *name;
    void (*run)(void);
  } scenarios[] = {{"a loop", a_loop},      {"a thread", a_thread}, {"a batch", a_batch},
                   {"a file", a_file},      {"a number", a_number}, {"a name", a_word},
                   {"a channel", a_channel}};
  test_memory_exhaust(scenarios[_i].name, scenarios[_i].run);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("io without memory");
  TEST_LOOP(suite, "io", 7, what_has_no_memory_says_so);
  return test_run(suite);
}
