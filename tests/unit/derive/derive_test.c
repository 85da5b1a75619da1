/* SPDX-License-Identifier: MIT */
/* core/derive: the right key comes, later, and nothing of it stays in memory. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/secret.h"
#include "derive/derivation.h"
#include "support/main.h"

enum { COUNT = 4096, SECRET = 28, KEY = 16 };

static struct ow_loop *loop;
static unsigned told;
static enum ow_status last_status;
static struct ow_token_key last_key;

static void set_up(void)
{
  struct ow_failure failure = {.text = ""};
  loop = ow_loop_create(&failure);
  ck_assert_msg(loop != NULL, "%s", failure.text);
}

static void tear_down(void)
{
  ow_loop_free(loop);
}

static struct ow_key_source source_of(const char *passphrase)
{
  struct ow_key_source source = {passphrase, strlen(passphrase), {0}, COUNT};
  memset(source.salt, 's', sizeof source.salt);
  return source;
}

static void on_derived(void *context, enum ow_status status, const struct ow_token_key *key)
{
  ck_assert_ptr_eq(context, &told);
  told++;
  last_status = status;
  last_key = *key;
  ow_loop_stop(loop);
}

static struct ow_derivation *begin(const struct ow_key_source *source)
{
  struct ow_failure failure = {.text = ""};
  struct ow_derivation *derivation = ow_derivation_begin(loop, source, 0, 0, 100, on_derived, NULL, &failure);
  ck_assert_msg(derivation != NULL, "%s", failure.text);
  ow_derivation_redirect(derivation, &told);
  return derivation;
}

static void run(void)
{
  struct ow_failure failure;
  ck_assert_int_eq(ow_loop_run(loop, &failure), OW_OK);
}

START_TEST(the_key_is_told_later)
{
  char passphrase[] = "correct horse battery staple";
  struct ow_token_key expected;
  struct ow_key_source source = source_of(passphrase);
  ck_assert_int_eq(ow_token_key_derive(&source, &expected), OW_OK);
  begin(&source);
  memset(passphrase, 'x', sizeof passphrase); /* it was copied */
  ck_assert_uint_eq(told, 0);
  run();
  ck_assert_uint_eq(told, 1);
  ck_assert_int_eq(last_status, OW_OK);
  ck_assert_mem_eq(last_key.octets, expected.octets, KEY);
}
END_TEST

START_TEST(no_passphrase_is_one_too)
{
  struct ow_key_source source = {.count = COUNT};
  begin(&source);
  run();
  ck_assert_int_eq(last_status, OW_OK);
}
END_TEST

START_TEST(what_the_library_cant_derive_is_told)
{
  struct ow_key_source source = source_of("x");
  source.count = UINT32_MAX;
  begin(&source);
  run();
  ck_assert_int_eq(last_status, OW_CRYPTO);
}
END_TEST

START_TEST(who_cancels_is_not_told)
{
  struct ow_key_source source = source_of("x");
  struct ow_derivation *first = begin(&source);
  struct ow_derivation *second = begin(&source);
  begin(&source);
  ow_derivation_cancel(second);
  ow_derivation_cancel(first);
  ow_derivation_cancel(NULL);
  run();
  ck_assert_uint_eq(told, 1);
}
END_TEST

/* ---- what stays ---- */

/* So that what is looked for isn't in memory for its own sake. */
struct veiled {
  uint8_t octets[SECRET];
  size_t count;
};

static struct veiled veil(const void *octets, size_t count)
{
  struct veiled veiled = {.count = count};
  for (size_t i = 0; i < count; i++)
    veiled.octets[i] = ((const uint8_t *)octets)[i] ^ 0xa5;
  return veiled;
}

static bool is_at(const struct veiled *veiled, const uint8_t *at)
{
  bool same = true;
  for (size_t i = 0; i < veiled->count && same; i++)
    same = at[i] == (veiled->octets[i] ^ 0xa5);
  return same;
}

/* How often it begins at one of so many places; by its first octet, as sanitizers look at each access of
 * ours. */
static unsigned count_at(const struct veiled *veiled, const uint8_t *at, size_t places)
{
  const uint8_t *end = at + places;
  unsigned found = 0;
  while (at < end && (at = memchr(at, veiled->octets[0] ^ 0xa5, (size_t)(end - at))))
    found += is_at(veiled, at++);
  return found;
}

/* How often it lies in a piece of this process' memory. */
static unsigned count_in(int memory, unsigned long from, unsigned long to, const struct veiled *veiled)
{
  enum { PIECE = 1 << 16 };
  static uint8_t piece[PIECE + SECRET];
  unsigned found = 0;
  for (unsigned long at = from; at < to; at += PIECE) {
    size_t wanted = to - at < sizeof piece ? to - at : sizeof piece;
    bool own = at < (unsigned long)(piece + sizeof piece) && at + wanted > (unsigned long)piece;
    ssize_t got = own ? 0 : pread(memory, piece, wanted, (off_t)at);
    if (got >= (ssize_t)veiled->count)
      found += count_at(veiled, piece,
                        got - (ssize_t)veiled->count < PIECE ? (size_t)got - veiled->count + 1 : PIECE);
    ow_wipe(piece, sizeof piece);
  }
  return found;
}

/* In all that can be written to: heap, data, and the stacks of threads that are and that were. */
static unsigned count_in_memory(const struct veiled *veiled)
{
  FILE *maps = fopen("/proc/self/maps", "re");
  int memory = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
  unsigned long from;
  unsigned long to;
  char rights[5];
  char line[512];
  unsigned found = 0;
  ck_assert(maps && memory >= 0);
  while (fgets(line, sizeof line, maps))
    if (sscanf(line, "%lx-%lx %4s", &from, &to, rights) == 3 && rights[0] == 'r' && rights[1] == 'w' &&
        to - from < 1UL << 28) /* a sanitizer's shadow is larger */
      found += count_in(memory, from, to, veiled);
  fclose(maps);
  close(memory);
  return found;
}

static void take_key(void *context, enum ow_status status, const struct ow_token_key *key)
{
  (void)status;
  *(struct veiled *)context = veil(key->octets, KEY);
  told++;
  ow_loop_stop(loop);
}

/* One that is told, one that runs while it is cancelled, and one that waits. */
START_TEST(nothing_of_passphrase_and_key_stays)
{
  static struct veiled key;
  static struct veiled passphrase;
  struct ow_failure failure;
  char *secret = strdup("dsqqdbu!ipstf!cbuufsz!tubqmf"); /* each letter by one */
  ck_assert_ptr_nonnull(secret);
  for (size_t i = 0; i < SECRET; i++)
    secret[i]--;
  passphrase = veil(secret, SECRET);
  ck_assert_uint_ge(count_in_memory(&passphrase), 1); /* so it would be found */
  struct ow_key_source source = source_of(secret);
  struct ow_derivation *cancelled[3];
  for (int i = 0; i < 3; i++)
    cancelled[i] = ow_derivation_begin(loop, &source, 0, 0, 9, take_key, &key, &failure);
  ck_assert(ow_derivation_begin(loop, &source, 0, 0, 9, take_key, &key, &failure) != NULL);
  for (int i = 0; i < 3; i++)
    ow_derivation_cancel(cancelled[i]);
  ow_wipe(secret, SECRET);
  run();
  ow_loop_free(loop); /* the worker has ended */
  ck_assert_uint_eq(told, 1);
  ck_assert_uint_eq(count_in_memory(&passphrase), 0);
  ck_assert_uint_eq(count_in_memory(&key), 0);
  free(secret);
  set_up();
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("derive");
  TEST_CASE_WITH(set_up, tear_down, suite, "derivation", the_key_is_told_later, no_passphrase_is_one_too,
                 what_the_library_cant_derive_is_told, who_cancels_is_not_told);
  TEST_CASE_WITH(set_up, tear_down, suite, "secrets", nothing_of_passphrase_and_key_stays);
  return test_run_apart(suite);
}
