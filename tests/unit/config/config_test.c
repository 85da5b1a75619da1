/* SPDX-License-Identifier: MIT */
/* core/config: key files, and what a person writes of a peer. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/key_file.h"
#include "config/peer.h"
#include "config/peer_options.h"
#include "support/hex.h"
#include "support/main.h"
#include "support/seed.h"

/* Key files */

/* Parses a copy of just that size, so that the sanitizer sees what is read behind it. */
static enum ow_status parse_octets(const void *text, size_t octets, struct ow_keys_file *file,
                                   struct ow_failure *failure)
{
  char *copy = malloc(octets ? octets : 1);
  ck_assert_ptr_nonnull(copy);
  memcpy(copy, text, octets);
  *file = (struct ow_keys_file){0};
  enum ow_status status = ow_key_file_parse("keys.pfs", copy, octets, file, NULL, failure);
  free(copy);
  return status;
}

static void assert_key(const struct ow_keys_file *file, const char *key_id, const char *passphrase)
{
  const struct ow_key *key = ow_key_file_find(file, key_id);
  ck_assert_ptr_nonnull(key);
  ck_assert_uint_eq(key->passphrase.length, strlen(passphrase));
  ck_assert_mem_eq(key->passphrase.octets, passphrase, strlen(passphrase));
}

/* As pfstore writes them: KeyID, tab, lower-case digits. */
START_TEST(reads_keys)
{
  static const char text[] = "# of this site\n"
                             "monitor\t636f727265637420686f727365\n"
                             "\n"
                             "  # another\n"
                             "\t joe \t 4A4b4C \t \r\n"
                             "m\xc3\xbcller 00ff";
  struct ow_keys_file file;
  struct ow_failure failure;
  ck_assert_int_eq(parse_octets(text, sizeof text - 1, &file, &failure), OW_OK);
  ck_assert_uint_eq(file.count, 3);
  assert_key(&file, "monitor", "correct horse");
  assert_key(&file, "joe", "JKL");
  const struct ow_key *key = ow_key_file_find(&file, "m\xc3\xbcller");
  ck_assert_ptr_nonnull(key);
  ck_assert_uint_eq(key->passphrase.length, 2);
  test_assert_hex(key->passphrase.octets, 2, "00ff");
  ck_assert_ptr_null(ow_key_file_find(&file, "mon"));
  ck_assert_ptr_null(ow_key_file_find(&file, "monitor2"));
  ow_key_file_clear(&file);
  ck_assert_uint_eq(file.count, 0);
  ck_assert_ptr_null(ow_key_file_find(&file, "monitor"));
}
END_TEST

START_TEST(a_byte_order_mark_is_no_part_of_a_key_id)
{
  static const char text[] = "\xef\xbb\xbfjoe 4a4b\n\xef\xbb\xbfjoe 4c\n";
  struct ow_keys_file file;
  struct ow_failure failure;
  ck_assert_int_eq(parse_octets(text, sizeof text - 1, &file, &failure), OW_OK);
  ck_assert_uint_eq(file.count, 2);
  assert_key(&file, "joe", "JK");
  assert_key(&file, "\xef\xbb\xbfjoe", "L");
  ow_key_file_clear(&file);
}
END_TEST

START_TEST(files_may_be_empty)
{
  static const char *const texts[] = {"", "\n", "\n\n", "#", "# only this\n", "   \t\r\n"};
  struct ow_keys_file file;
  struct ow_failure failure;
  ck_assert_int_eq(parse_octets(texts[_i], strlen(texts[_i]), &file, &failure), OW_OK);
  ck_assert_uint_eq(file.count, 0);
  ow_key_file_clear(&file);
}
END_TEST

static const struct {
  const char *text;
  size_t octets;
  const char *words;
} broken_files[] = {
#define BROKEN(text, words)                                                                                  \
  {                                                                                                          \
    text, sizeof text - 1, words                                                                             \
  }
    BROKEN("joe\n", "keys.pfs:1: no passphrase follows the KeyID"),
    BROKEN("# joe\n\njoe \t\r\n", "keys.pfs:3: no passphrase follows the KeyID"),
    BROKEN("a 00\njoe 123\n", "keys.pfs:2: the passphrase has an odd number of hexadecimal digits"),
    BROKEN("a 00\n\nb 0g", "keys.pfs:3: the passphrase is not written in hexadecimal digits"),
    BROKEN("joe 0\0", "keys.pfs:1: the passphrase is not written in hexadecimal digits"),
    BROKEN("joe 00 11\n", "keys.pfs:1: nothing but a comment may follow the passphrase on its line"),
    BROKEN("joe 00\nann 11\njoe 22\n", "keys.pfs:3: a line above already has the KeyID 'joe'"),
    BROKEN("j\0e 00\n", "keys.pfs:1: the KeyID contains a zero octet"),
#undef BROKEN
};

START_TEST(broken_files_are_refused_with_their_line)
{
  struct ow_keys_file file;
  struct ow_failure failure;
  ck_assert_int_eq(parse_octets(broken_files[_i].text, broken_files[_i].octets, &file, &failure), OW_INVALID);
  ck_assert_str_eq(failure.text, broken_files[_i].words);
  ck_assert_uint_eq(file.count, 0);
  ck_assert_ptr_null(file.keys);
  ck_assert_int_eq(parse_octets(broken_files[_i].text, broken_files[_i].octets, &file, NULL), OW_INVALID);
}
END_TEST

START_TEST(key_ids_have_80_octets_at_most)
{
  char text[128];
  struct ow_keys_file file;
  struct ow_failure failure;
  memset(text, 'k', sizeof text);
  memcpy(text + 80, " 00", 3);
  ck_assert_int_eq(parse_octets(text, 83, &file, &failure), OW_OK);
  ck_assert_uint_eq(strlen(file.keys[0].key_id), 80);
  ow_key_file_clear(&file);
  memcpy(text + 80, "k 00", 4);
  ck_assert_int_eq(parse_octets(text, 84, &file, &failure), OW_INVALID);
  ck_assert_str_eq(failure.text, "keys.pfs:1: the KeyID has 81 octets; at most 80 are possible");
}
END_TEST

START_TEST(passphrases_have_1024_octets_at_most)
{
  char text[2 + 2 * OW_PASSPHRASE + 2];
  struct ow_keys_file file;
  struct ow_failure failure;
  memset(text, '7', sizeof text);
  memcpy(text, "k ", 2);
  ck_assert_int_eq(parse_octets(text, sizeof text - 2, &file, &failure), OW_OK);
  ck_assert_uint_eq(file.keys[0].passphrase.length, OW_PASSPHRASE);
  ck_assert_uint_eq(file.keys[0].passphrase.octets[OW_PASSPHRASE - 1], 0x77);
  ow_key_file_clear(&file);
  ck_assert_int_eq(parse_octets(text, sizeof text, &file, &failure), OW_INVALID);
  ck_assert_str_eq(failure.text, "keys.pfs:1: the passphrase has 1025 octets; at most 1024 are possible");
}
END_TEST

START_TEST(many_keys_are_kept)
{
  enum { KEYS = 300 };
  char text[KEYS * 16] = "";
  size_t length = 0;
  for (int i = 0; i < KEYS; i++)
    length += (size_t)snprintf(text + length, sizeof text - length, "k%d %04x\n", i, (unsigned)i);
  struct ow_keys_file file;
  struct ow_failure failure;
  ck_assert_int_eq(parse_octets(text, length, &file, &failure), OW_OK);
  ck_assert_uint_eq(file.count, KEYS);
  const struct ow_key *key = ow_key_file_find(&file, "k299");
  ck_assert_ptr_nonnull(key);
  test_assert_hex(key->passphrase.octets, 2, "012b");
  ow_key_file_clear(&file);
}
END_TEST

/* Whatever stands there: read or refused, nothing read beyond the end, no leak. */
START_TEST(random_files_are_read_or_refused)
{
  static const char letters[] = "ab0f \t\r\n#\\\0G";
  struct test_prng prng = test_prng(test_seed());
  for (int round = 0; round < 20000; round++) {
    char text[64];
    size_t length = (size_t)test_prng_below(&prng, sizeof text);
    for (size_t i = 0; i < length; i++)
      text[i] = letters[test_prng_below(&prng, sizeof letters - 1)];
    struct ow_keys_file file;
    struct ow_failure failure = {0};
    enum ow_status status = parse_octets(text, length, &file, &failure);
    ck_assert(status == OW_OK || (status == OW_INVALID && strncmp(failure.text, "keys.pfs:", 9) == 0));
    for (size_t i = 0; i < file.count; i++)
      ck_assert_ptr_eq(ow_key_file_find(&file, file.keys[i].key_id), &file.keys[i]);
    ow_key_file_clear(&file);
  }
}
END_TEST

/* Schedules */

START_TEST(reads_schedules)
{
  struct ow_peer peer;
  ow_peer_defaults(&peer);
  ck_assert_int_eq(ow_peer_parse_schedule("exp:10ms,fixed:5ms,fixed:1.5s", &peer, NULL), OW_OK);
  ck_assert_uint_eq(peer.slot_count, 3);
  ck_assert_int_eq(peer.slots[0].kind, OW_SLOT_EXPONENTIAL);
  ck_assert_int_eq(peer.slots[1].kind, OW_SLOT_FIXED);
  ck_assert_uint_eq(peer.slots[1].parameter.ntp, ow_span_from_ns(5 * OW_NS_PER_MS).ntp);
  ck_assert_uint_eq(peer.slots[2].parameter.ntp, UINT64_C(3) << 31);
  ck_assert_int_eq(ow_peer_parse_schedule("fixed:1s", &peer, NULL), OW_OK);
  ck_assert_uint_eq(peer.slot_count, 1);
}
END_TEST

START_TEST(refuses_schedules)
{
  static const char *const texts[] = {
      "",
      ",",
      "exp",
      "exp:",
      "10ms",
      "exp:10",
      "exp:10ms,",
      ",exp:10ms",
      "Exp:10ms",
      "fixed:0s",
      "exp:-1s",
      "exp=10ms",
      "fix:10ms",
      "exp:10ms;exp:1s",
      "exp:1s,,exp:1s",
      "exp: 1s",
      "exp:0.00000000000000000000000000000000000000000000000000001ms1s",
      /* What is cut for show would be right: 63 characters that end in "s". */
      "fixed:1.000000000000000000000000000000000000000000000000000000sss",
  };
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    struct ow_peer peer;
    ow_peer_defaults(&peer);
    struct ow_failure failure = {0};
    ck_assert_msg(ow_peer_parse_schedule(texts[i], &peer, &failure) == OW_INVALID, "'%s' was read", texts[i]);
    ck_assert_uint_eq(peer.slot_count, 1);
    ck_assert_uint_eq(peer.slots[0].parameter.ntp, ow_span_from_ns(60 * OW_NS_PER_MS).ntp);
    ck_assert_uint_gt(strlen(failure.text), 0);
  }
}
END_TEST

START_TEST(schedules_have_256_slots_at_most)
{
  char text[8 * (OW_MAX_SLOTS + 1) + 1] = "";
  for (int i = 0; i <= OW_MAX_SLOTS; i++)
    memcpy(text + 8 * i, "exp:1ms,", 9);
  struct ow_peer peer;
  struct ow_failure failure;
  ow_peer_defaults(&peer);
  text[8 * (OW_MAX_SLOTS + 1) - 1] = '\0';
  ck_assert_int_eq(ow_peer_parse_schedule(text, &peer, &failure), OW_INVALID);
  ck_assert_str_eq(failure.text, "more than 256 slots in the schedule");
  text[8 * OW_MAX_SLOTS - 1] = '\0';
  ck_assert_int_eq(ow_peer_parse_schedule(text, &peer, &failure), OW_OK);
  ck_assert_uint_eq(peer.slot_count, OW_MAX_SLOTS);
}
END_TEST

/* Peers */

static struct ow_peer good_peer(void)
{
  struct ow_peer peer;
  ow_peer_defaults(&peer);
  memcpy(peer.host, "192.0.2.1", 10);
  return peer;
}

START_TEST(defaults_are_as_promised)
{
  struct ow_peer peer = good_peer();
  ck_assert_int_eq(ow_peer_check(&peer, NULL), OW_OK);
  ck_assert_str_eq(peer.port, "861");
  ck_assert_uint_eq(peer.packets, 50);
  ck_assert_uint_eq(peer.modes, OW_MODES_ALL);
  ck_assert(peer.directions[0] && peer.directions[1]);
  ck_assert_uint_ge(peer.most_pbkdf2_count, 65536);
  ck_assert_int_eq(peer.slots[0].kind, OW_SLOT_EXPONENTIAL);
  /* 50 x 60 ms, and 2 s to wait. */
  ck_assert_int_le(llabs(ow_peer_duration(&peer) - 5 * OW_NS_PER_S), 100);
  /* With all but a billionth of a Poisson stream's tail: 2.1 times the packets' time. */
  ck_assert_int_le(llabs(ow_peer_longest_duration(&peer) - 8300 * OW_NS_PER_MS), 50 * OW_NS_PER_MS);
}
END_TEST

START_TEST(durations_saturate)
{
  struct ow_peer peer = good_peer();
  peer.packets = UINT32_MAX;
  peer.slots[0].parameter.ntp = UINT64_MAX;
  ck_assert_int_eq(ow_peer_duration(&peer), INT64_MAX);
  ck_assert_int_gt(ow_peer_longest_duration(&peer), INT64_MAX / 4);
  peer.packets = 1;
  peer.loss_timeout = INT64_MAX;
  ck_assert_int_eq(ow_peer_duration(&peer), INT64_MAX);
}
END_TEST

enum fault {
  NO_HOST,
  NO_PORT,
  NO_MODE,
  STRANGE_MODE,
  FOREIGN_MODE,
  NO_KEY,
  NO_PASSPHRASE,
  NO_DIRECTION,
  NO_PACKET,
  NO_SLOT,
  MANY_SLOTS,
  MUCH_PADDING,
  HIGH_DSCP,
  NO_LOSS_TIMEOUT,
  HALF_A_RANGE,
  RANGE_BACKWARDS,
  FAULTS
};

static const char *const fault_words[FAULTS] = {
    [NO_HOST] = "no host",
    [NO_PORT] = "no port",
    [NO_MODE] = "no security mode",
    [STRANGE_MODE] = "no security mode",
    [FOREIGN_MODE] = "mixed mode is TWAMP's",
    [NO_KEY] = "need a KeyID",
    [NO_PASSPHRASE] = "no passphrase",
    [NO_DIRECTION] = "no direction",
    [NO_PACKET] = "no packet",
    [NO_SLOT] = "1 to 256 slots",
    [MANY_SLOTS] = "1 to 256 slots",
    [MUCH_PADDING] = "padding",
    [HIGH_DSCP] = "DSCP",
    [NO_LOSS_TIMEOUT] = "loss timeout",
    [HALF_A_RANGE] = "test ports",
    [RANGE_BACKWARDS] = "test ports",
};

static void break_peer(struct ow_peer *peer, enum fault fault)
{
  switch (fault) {
  case NO_HOST: peer->host[0] = '\0'; break;
  case NO_PORT: peer->port[0] = '\0'; break;
  case NO_MODE: peer->modes = 0; break;
  case STRANGE_MODE: peer->modes = 16 | OW_MODE_OPEN; break;
  case FOREIGN_MODE: peer->modes = OW_MODE_MIXED | OW_MODE_OPEN; break;
  case NO_KEY: peer->modes = OW_MODE_AUTHENTICATED | OW_MODE_ENCRYPTED; break;
  case NO_PASSPHRASE: memcpy(peer->key_id, "joe", 4); break;
  case NO_DIRECTION: peer->directions[0] = peer->directions[1] = false; break;
  case NO_PACKET: peer->packets = 0; break;
  case NO_SLOT: peer->slot_count = 0; break;
  case MANY_SLOTS: peer->slot_count = OW_MAX_SLOTS + 1; break;
  case MUCH_PADDING: peer->padding = OW_MOST_PADDING + 1; break;
  case HIGH_DSCP: peer->dscp = 64; break;
  case NO_LOSS_TIMEOUT: peer->loss_timeout = 0; break;
  case HALF_A_RANGE: peer->test_port_low = 1; break;
  case RANGE_BACKWARDS:
    peer->test_port_low = 2;
    peer->test_port_high = 1;
    break;
  case FAULTS: break;
  }
}

START_TEST(a_link_local_address_needs_a_zone_from_somewhere)
{
  static const struct {
    const char *host, *source, *interface;
    const char *lacking; /* NULL: it is right */
  } rows[] = {
      {"fe80::1", "", "", "fe80::1"},           {"FE80::1", "", "", "FE80::1"},
      {"fe80::1%eth0", "", "", NULL},           {"fe80::1", "", "eth0", NULL},
      {"fe80::1", "fe80::2%eth0", "", NULL},    {"fe80::1", "fe80::2", "", "fe80::1"},
      {"fe80::1%eth0", "fe80::2", "", NULL},    {"2001:db8::1", "fe80::2", "", "fe80::2"},
      {"2001:db8::1", "fe80::2", "eth0", NULL}, {"peer.example", "fe80::2", "", NULL},
      {"::ffff:192.0.2.1", "", "", NULL},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct ow_peer peer;
    struct ow_failure failure = {0};
    char words[64] = "";
    ow_peer_defaults(&peer);
    snprintf(peer.host, sizeof peer.host, "%s", rows[i].host);
    snprintf(peer.source, sizeof peer.source, "%s", rows[i].source);
    snprintf(peer.interface, sizeof peer.interface, "%s", rows[i].interface);
    if (rows[i].lacking)
      snprintf(words, sizeof words, "leads to it: %s%%eth0", rows[i].lacking);
    ck_assert_int_eq(ow_peer_check(&peer, &failure), rows[i].lacking ? OW_INVALID : OW_OK);
    ck_assert_msg(strstr(failure.text, words) != NULL, "%s", failure.text);
  }
}
END_TEST

START_TEST(each_direction_takes_a_port)
{
  struct ow_failure failure = {0};
  struct ow_peer peer;
  ow_peer_defaults(&peer);
  snprintf(peer.host, sizeof peer.host, "x");
  peer.test_port_low = peer.test_port_high = 9000;
  ck_assert_int_eq(ow_peer_check(&peer, &failure), OW_INVALID);
  ck_assert_str_eq(
      failure.text,
      "9000-9000 is 1 UDP port, but 2 test sessions run at a time, and each takes one: give 9000-9001");
  peer.test_port_low = peer.test_port_high = 65535;
  ck_assert_int_eq(ow_peer_check(&peer, &failure), OW_INVALID);
  ck_assert_ptr_nonnull(strstr(failure.text, "give 65534-65535"));
  peer.directions[OW_REVERSE] = false;
  ck_assert_int_eq(ow_peer_check(&peer, &failure), OW_OK);
}
END_TEST

START_TEST(packets_within_one_loss_timeout_are_bounded)
{
  struct ow_failure failure = {0};
  struct ow_peer peer;
  ow_peer_defaults(&peer);
  snprintf(peer.host, sizeof peer.host, "x");
  peer.packets = 20 * 1000 * 1000;
  ck_assert_int_eq(ow_peer_parse_schedule("fixed:1ms", &peer, &failure), OW_OK);
  ck_assert_int_eq(ow_peer_check(&peer, &failure), OW_OK);
  peer.loss_timeout = 7200 * OW_NS_PER_S;
  ck_assert_int_eq(ow_peer_check(&peer, &failure), OW_INVALID);
  ck_assert_ptr_nonnull(
      strstr(failure.text, "packets within one loss timeout, but 1048576 can be kept track of"));
  peer.directions[OW_REVERSE] = false;
  ck_assert_int_eq(ow_peer_check(&peer, &failure), OW_OK);
}
END_TEST

START_TEST(each_fault_of_a_peer_is_named)
{
  struct ow_peer peer = good_peer();
  struct ow_failure failure = {0};
  break_peer(&peer, (enum fault)_i);
  ck_assert_int_eq(ow_peer_check(&peer, &failure), OW_INVALID);
  ck_assert_msg(strstr(failure.text, fault_words[_i]), "'%s' lacks '%s'", failure.text, fault_words[_i]);
}
END_TEST

START_TEST(a_key_is_taken_from_its_file)
{
  static const char text[] = "joe 4a4b\nann 4c\n";
  struct ow_peer peer = good_peer();
  struct ow_keys_file file;
  struct ow_failure failure;
  peer.modes = OW_MODE_ENCRYPTED;
  ck_assert_int_eq(parse_octets(text, sizeof text - 1, &file, &failure), OW_OK);
  ck_assert_int_eq(ow_peer_use_key(&peer, &file, "keys.pfs", "ann\n", &failure), OW_INVALID);
  ck_assert_str_eq(failure.text, "keys.pfs has no key with the KeyID 'ann?'");
  ck_assert_int_eq(ow_peer_check(&peer, &failure), OW_INVALID);
  ck_assert_int_eq(ow_peer_use_key(&peer, &file, "keys.pfs", "ann", &failure), OW_OK);
  ck_assert_str_eq(peer.key_id, "ann");
  ck_assert_uint_eq(peer.passphrase.length, 1);
  ck_assert_int_eq(ow_peer_check(&peer, &failure), OW_OK);
  ow_key_file_clear(&file);
  ow_peer_clear(&peer);
  ck_assert_uint_eq(peer.passphrase.octets[0], 0);
  ck_assert_str_eq(peer.key_id, "");
}
END_TEST

#define LENGTH(array) ((int)(sizeof(array) / sizeof *(array)))

int main(void)
{
  test_seed();
  Suite *suite = suite_create("config");
  TEST_CASE(suite, "key file", reads_keys, a_byte_order_mark_is_no_part_of_a_key_id,
            key_ids_have_80_octets_at_most, passphrases_have_1024_octets_at_most, many_keys_are_kept,
            random_files_are_read_or_refused);
  TEST_LOOP(suite, "empty key files", 6, files_may_be_empty);
  TEST_LOOP(suite, "broken key files", LENGTH(broken_files), broken_files_are_refused_with_their_line);
  TEST_CASE(suite, "schedules", reads_schedules, refuses_schedules, schedules_have_256_slots_at_most);
  TEST_CASE(suite, "peer", defaults_are_as_promised, durations_saturate, a_key_is_taken_from_its_file,
            a_link_local_address_needs_a_zone_from_somewhere, each_direction_takes_a_port,
            packets_within_one_loss_timeout_are_bounded);
  TEST_LOOP(suite, "faults of a peer", FAULTS, each_fault_of_a_peer_is_named);
  return test_run(suite);
}
