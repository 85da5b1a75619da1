/* SPDX-License-Identifier: MIT */
/*
 * core/crypto against vectors from elsewhere: NIST SP 800-38A, and the openssl program. The commands are
 * given beside what they printed; AES, HMAC, SALT and so on stand for the hexadecimal digits of the constants
 * below.
 */
#include <string.h>

#include "crypto/cipher.h"
#include "crypto/hmac.h"
#include "crypto/keys.h"
#include "support/contexts.h"
#include "support/hex.h"
#include "support/main.h"
#include "support/memory_held.h"
#include "support/seed.h"
#include "support/token.h"

/* SP 800-38A, F.1.1 to F.5.2 */
#define NIST_KEY "2b7e151628aed2a6abf7158809cf4f3c"
#define NIST_PLAIN                                                                                           \
  "6bc1bee22e409f96e93d7e117393172a ae2d8a571e03ac9c9eb76fac45af8e51 "                                       \
  "30c81c46a35ce411e5fbc1191a0a52ef f69f2445df4f9b17ad2b417be66c3710"
#define NIST_ECB                                                                                             \
  "3ad77bb40d7a3660a89ecaf32466ef97 f5d3d58503b9699de785895a96fdbaaf "                                       \
  "43b1cd7f598ece23881b00e3ed030688 7b0c785e27e8ad3f8223207104725dd4"
#define NIST_CBC_IV "000102030405060708090a0b0c0d0e0f"
#define NIST_CBC                                                                                             \
  "7649abac8119b246cee98e9b12e9197d 5086cb9b507219ee95db113a917678b2 "                                       \
  "73bed6b8e3c1743b7116e69e22229516 3ff1caa1681fac09120eca307586e1a7"
#define NIST_CTR_IV "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff"
#define NIST_CTR                                                                                             \
  "874d6191b620e3261bef6864990db6ce 9806f66b7970fdff8617187bb9fffdff "                                       \
  "5ae4df3edbd5d35e5b4f09020db03eab 1e031dda2fbe03d1792170a0f3009cee"

/* A made-up control connection: each value goes on counting where the one before it ends. */
#define PASSPHRASE "correct horse battery staple"
#define CHALLENGE "000102030405060708090a0b0c0d0e0f"
#define SALT "101112131415161718191a1b1c1d1e1f"
#define AES_KEY "202122232425262728292a2b2c2d2e2f"
#define HMAC_KEY "303132333435363738393a3b3c3d3e3f404142434445464748494a4b4c4d4e4f"
/*
 * openssl kdf -keylen 16 -kdfopt digest:SHA1 -kdfopt pass:PASSPHRASE -kdfopt hexsalt:SALT -kdfopt iter:2048
 * PBKDF2
 */
#define DERIVED_KEY "89a84468cc9794d7f31eee39a2dc6938"
/*
 * echo CHALLENGE AES_KEY HMAC_KEY | xxd -r -p | openssl enc -aes-128-cbc -nopad -K DERIVED_KEY -iv 0 | xxd -p
 */
#define TOKEN                                                                                                \
  "f6cc1fc9352dffba08c92d8b67ac28e7 5d3e6cdb64cb073cf022e09889dcc69e "                                       \
  "86e5ff562231f5db23299a55ba6c457d a54421acd3d962ae0fd15c92be01107c"

/* Ciphers */

struct vector {
  enum ow_cipher_kind kind;
  const char *iv;
  const char *in;
  const char *out;
};

static const struct vector vectors[] = {
    {OW_ECB_ENCRYPT, NULL, NIST_PLAIN, NIST_ECB},        {OW_ECB_DECRYPT, NULL, NIST_ECB, NIST_PLAIN},
    {OW_CBC_ENCRYPT, NIST_CBC_IV, NIST_PLAIN, NIST_CBC}, {OW_CBC_DECRYPT, NIST_CBC_IV, NIST_CBC, NIST_PLAIN},
    {OW_KEYSTREAM, NIST_CTR_IV, NIST_PLAIN, NIST_CTR},
};
enum { VECTORS = sizeof vectors / sizeof *vectors, TEXT = 64 };

static struct ow_cipher *nist_cipher(enum ow_cipher_kind kind, const char *iv_digits)
{
  uint8_t key[16];
  uint8_t iv[16];
  test_hex(NIST_KEY, key, sizeof key);
  if (iv_digits)
    test_hex(iv_digits, iv, sizeof iv);
  struct ow_cipher *cipher = ow_cipher_create(kind, key, iv_digits ? iv : NULL);
  ck_assert_ptr_nonnull(cipher);
  return cipher;
}

START_TEST(a_cipher_does_what_nist_says)
{
  uint8_t in[TEXT];
  uint8_t out[TEXT];
  struct ow_cipher *cipher = nist_cipher(vectors[_i].kind, vectors[_i].iv);
  test_hex(vectors[_i].in, in, sizeof in);
  ck_assert_int_eq(ow_cipher_run(cipher, in, out, sizeof in), OW_OK);
  test_assert_hex(out, sizeof out, vectors[_i].out);
  ow_cipher_free(cipher);
}
END_TEST

START_TEST(a_cipher_works_in_place)
{
  uint8_t text[TEXT];
  struct ow_cipher *cipher = nist_cipher(vectors[_i].kind, vectors[_i].iv);
  test_hex(vectors[_i].in, text, sizeof text);
  ck_assert_int_eq(ow_cipher_run(cipher, text, text, sizeof text), OW_OK);
  test_assert_hex(text, sizeof text, vectors[_i].out);
  ow_cipher_free(cipher);
}
END_TEST

START_TEST(a_stream_runs_on_from_call_to_call)
{
  uint8_t text[TEXT];
  struct ow_cipher *cipher = nist_cipher(vectors[_i].kind, vectors[_i].iv);
  test_hex(vectors[_i].in, text, sizeof text);
  ck_assert_int_eq(ow_cipher_run(cipher, text, text, 16), OW_OK);
  ck_assert_int_eq(ow_cipher_run(cipher, text + 16, text + 16, 0), OW_OK);
  ck_assert_int_eq(ow_cipher_run(cipher, text + 16, text + 16, 32), OW_OK);
  ck_assert_int_eq(ow_cipher_run(cipher, text + 48, text + 48, 16), OW_OK);
  test_assert_hex(text, sizeof text, vectors[_i].out);
  ow_cipher_free(cipher);
}
END_TEST

START_TEST(a_stream_under_another_key_is_as_new)
{
  static const uint8_t other[16] = {1};
  uint8_t text[TEXT] = {0};
  uint8_t iv[16] = {0};
  uint8_t key[16];
  struct ow_cipher *cipher = nist_cipher(vectors[_i].kind, NULL);
  test_hex(NIST_KEY, key, sizeof key);
  ck_assert_int_eq(ow_cipher_rekey(cipher, other, NULL), OW_OK);
  ck_assert_int_eq(ow_cipher_run(cipher, text, text, 32), OW_OK);
  if (vectors[_i].iv)
    test_hex(vectors[_i].iv, iv, sizeof iv);
  ck_assert_int_eq(ow_cipher_rekey(cipher, key, vectors[_i].iv ? iv : NULL), OW_OK);
  test_hex(vectors[_i].in, text, sizeof text);
  ck_assert_int_eq(ow_cipher_run(cipher, text, text, sizeof text), OW_OK);
  test_assert_hex(text, sizeof text, vectors[_i].out);
  ow_cipher_free(cipher);
}
END_TEST

START_TEST(no_iv_is_a_zero_iv)
{
  static const uint8_t zero[16];
  uint8_t key[16];
  uint8_t with[32] = "an initialisation vector of zero";
  uint8_t without[32];
  memcpy(without, with, sizeof with);
  test_hex(NIST_KEY, key, sizeof key);
  struct ow_cipher *a = ow_cipher_create(OW_CBC_ENCRYPT, key, zero);
  struct ow_cipher *b = ow_cipher_create(OW_CBC_ENCRYPT, key, NULL);
  ck_assert_int_eq(ow_cipher_run(a, with, with, sizeof with), OW_OK);
  ck_assert_int_eq(ow_cipher_run(b, without, without, sizeof without), OW_OK);
  ck_assert_mem_eq(with, without, sizeof with);
  ow_cipher_free(a);
  ow_cipher_free(b);
}
END_TEST

START_TEST(a_keystream_takes_any_number_of_octets)
{
  uint8_t text[TEXT];
  struct ow_cipher *cipher = nist_cipher(OW_KEYSTREAM, NIST_CTR_IV);
  test_hex(NIST_PLAIN, text, sizeof text);
  for (size_t at = 0, step = 1; at < sizeof text;
       at += step, step = at + 7 < sizeof text ? 7 : sizeof text - at)
    ck_assert_int_eq(ow_cipher_run(cipher, text + at, text + at, step), OW_OK);
  test_assert_hex(text, sizeof text, NIST_CTR);
  ow_cipher_free(cipher);
}
END_TEST

START_TEST(a_piece_of_a_block_is_refused)
{
  uint8_t text[TEXT] = {0};
  struct ow_cipher *cipher = nist_cipher(OW_CBC_ENCRYPT, NULL);
  ck_assert_int_eq(ow_cipher_run(cipher, text, text, 17), OW_CRYPTO);
  ow_cipher_free(cipher);
}
END_TEST

START_TEST(no_cipher_can_be_freed)
{
  size_t held = test_memory_held();
  ow_cipher_free(NULL);
  ow_hmac_free(NULL);
  ck_assert_uint_eq(test_memory_held(), held);
}
END_TEST

/* HMAC: echo TEXT | xxd -r -p | openssl mac -digest SHA1 -macopt hexkey:HMAC_KEY HMAC, cut to 16 octets */

static struct ow_hmac *hmac_create(void)
{
  uint8_t key[OW_HMAC_KEY];
  test_hex(HMAC_KEY, key, sizeof key);
  struct ow_hmac *hmac = ow_hmac_create(key);
  ck_assert_ptr_nonnull(hmac);
  return hmac;
}

static void assert_sum(struct ow_hmac *hmac, const char *digits)
{
  uint8_t sum[OW_HMAC];
  ck_assert_int_eq(ow_hmac_finish(hmac, sum), OW_OK);
  test_assert_hex(sum, sizeof sum, digits);
}

#define SUM_OF_NOTHING "e9c84fca7c5af283906b72c8c5db45e0"
#define SUM_OF_ABC "d92ff53197d4b7cc9aac00fe90d065d6"
#define SUM_OF_0_TO_99 "879f4737389ca65803cb9b7b85fa03d0"

START_TEST(an_hmac_is_what_openssl_says)
{
  struct ow_hmac *hmac = hmac_create();
  ck_assert_int_eq(ow_hmac_update(hmac, "abc", 3), OW_OK);
  assert_sum(hmac, SUM_OF_ABC);
  ow_hmac_free(hmac);
}
END_TEST

START_TEST(an_hmac_of_sha256_is_what_openssl_says_and_begins_anew)
{
  static const uint8_t key[] = {0, 1, 2};
  struct ow_hmac *hmac = ow_hmac_create_sha256(key, sizeof key);
  ck_assert_ptr_nonnull(hmac);
  for (int i = 0; i < 2; i++) {
    ck_assert_int_eq(ow_hmac_update(hmac, "abc", 3), OW_OK);
    assert_sum(hmac, "ca7b86a2fbf0031accfc5fd58ed460c3");
  }
  ow_hmac_free(hmac);
}
END_TEST

/* RFC 4231, 4.7 */
START_TEST(a_key_longer_than_a_block_is_hashed_first)
{
  static const char text[] = "Test Using Larger Than Block-Size Key - Hash Key First";
  uint8_t key[131];
  memset(key, 0xaa, sizeof key);
  struct ow_hmac *hmac = ow_hmac_create_sha256(key, sizeof key);
  ck_assert_ptr_nonnull(hmac);
  ck_assert_int_eq(ow_hmac_update(hmac, text, strlen(text)), OW_OK);
  assert_sum(hmac, "60e431591ee0b67f0d8a26aacbf5b77f");
  ow_hmac_free(hmac);
}
END_TEST

START_TEST(an_hmac_of_nothing_is_defined)
{
  struct ow_hmac *hmac = hmac_create();
  assert_sum(hmac, SUM_OF_NOTHING);
  ow_hmac_free(hmac);
}
END_TEST

START_TEST(an_hmac_runs_over_pieces)
{
  uint8_t text[100];
  struct ow_hmac *hmac = hmac_create();
  for (size_t i = 0; i < sizeof text; i++)
    text[i] = (uint8_t)i;
  ck_assert_int_eq(ow_hmac_update(hmac, text, 1), OW_OK);
  ck_assert_int_eq(ow_hmac_update(hmac, text + 1, 0), OW_OK);
  ck_assert_int_eq(ow_hmac_update(hmac, text + 1, 70), OW_OK);
  ck_assert_int_eq(ow_hmac_update(hmac, text + 71, 29), OW_OK);
  assert_sum(hmac, SUM_OF_0_TO_99);
  ow_hmac_free(hmac);
}
END_TEST

START_TEST(a_finished_hmac_begins_anew_under_the_same_key)
{
  struct ow_hmac *hmac = hmac_create();
  ck_assert_int_eq(ow_hmac_update(hmac, "xyz", 3), OW_OK);
  uint8_t sum[OW_HMAC];
  ck_assert_int_eq(ow_hmac_finish(hmac, sum), OW_OK);
  ck_assert_int_eq(ow_hmac_update(hmac, "abc", 3), OW_OK);
  assert_sum(hmac, SUM_OF_ABC);
  assert_sum(hmac, SUM_OF_NOTHING);
  ow_hmac_free(hmac);
}
END_TEST

START_TEST(an_hmac_under_another_key_is_as_new)
{
  static const uint8_t other[OW_HMAC_KEY] = {1};
  uint8_t key[OW_HMAC_KEY];
  struct ow_hmac *hmac = ow_hmac_create(other);
  ck_assert_ptr_nonnull(hmac);
  ck_assert_int_eq(ow_hmac_update(hmac, "xyz", 3), OW_OK);
  test_hex(HMAC_KEY, key, sizeof key);
  ck_assert_int_eq(ow_hmac_rekey(hmac, key), OW_OK);
  ck_assert_int_eq(ow_hmac_update(hmac, "abc", 3), OW_OK);
  assert_sum(hmac, SUM_OF_ABC);
  ow_hmac_free(hmac);
}
END_TEST

/* Contexts */

/* FIPS 197: of a block of zeros under a key of zeros. */
#define AES_OF_ZEROS "66e94bd4ef8a2c3b884cfa59ca342b2e"

START_TEST(contexts_that_forget_a_key_encrypt_with_another)
{
  uint8_t key[OW_HMAC_KEY];
  uint8_t sum[OW_HMAC];
  uint8_t expected[OW_HMAC];
  uint8_t block[OW_AES_BLOCK] = {0};
  struct ow_contexts *contexts = test_contexts();
  struct ow_hmac *hmac = hmac_create();
  test_hex(HMAC_KEY, key, sizeof key);
  ck_assert_int_eq(ow_hmac_finish(hmac, expected), OW_OK);
  ck_assert_int_eq(ow_hmac_rekey(contexts->hmac, key), OW_OK);
  ck_assert_int_eq(ow_cipher_rekey(contexts->encrypt, key, NULL), OW_OK);
  ow_contexts_forget(contexts);
  ck_assert_int_eq(ow_hmac_finish(contexts->hmac, sum), OW_OK);
  ck_assert_mem_ne(sum, expected, sizeof sum);
  ck_assert_int_eq(ow_cipher_run(contexts->encrypt, block, block, sizeof block), OW_OK);
  test_assert_hex(block, sizeof block, AES_OF_ZEROS);
  ow_hmac_free(hmac);
}
END_TEST

/* Tokens */

static struct ow_challenge challenge(void)
{
  struct ow_challenge made = {.count = 2048};
  test_hex(CHALLENGE, made.challenge, sizeof made.challenge);
  test_hex(SALT, made.salt, sizeof made.salt);
  return made;
}

static struct ow_keys session_keys(void)
{
  struct ow_keys made;
  test_hex(AES_KEY, made.aes, sizeof made.aes);
  test_hex(HMAC_KEY, made.hmac, sizeof made.hmac);
  return made;
}

static enum ow_status open_token(const char *passphrase, const struct ow_challenge *said, const char *digits,
                                 struct ow_keys *keys)
{
  uint8_t token[OW_TOKEN];
  test_hex(digits, token, sizeof token);
  memset(keys, 0xaa, sizeof *keys);
  return test_token_open(passphrase, strlen(passphrase), said, token, keys);
}

static void assert_wiped(const struct ow_keys *keys)
{
  static const struct ow_keys zero;
  ck_assert_mem_eq(keys, &zero, sizeof zero);
}

START_TEST(a_sealed_token_is_what_openssl_makes)
{
  uint8_t token[OW_TOKEN];
  struct ow_challenge said = challenge();
  struct ow_keys keys = session_keys();
  ck_assert_int_eq(test_token_seal(PASSPHRASE, strlen(PASSPHRASE), &said, &keys, token), OW_OK);
  test_assert_hex(token, sizeof token, TOKEN);
}
END_TEST

START_TEST(a_token_decrypts_by_hand_to_challenge_and_keys)
{
  uint8_t key[16];
  uint8_t token[OW_TOKEN];
  struct ow_challenge said = challenge();
  struct ow_keys keys = session_keys();
  ck_assert_int_eq(test_token_seal(PASSPHRASE, strlen(PASSPHRASE), &said, &keys, token), OW_OK);
  test_hex(DERIVED_KEY, key, sizeof key);
  struct ow_cipher *cipher = ow_cipher_create(OW_CBC_DECRYPT, key, NULL);
  ck_assert_int_eq(ow_cipher_run(cipher, token, token, sizeof token), OW_OK);
  test_assert_hex(token, sizeof token, CHALLENGE AES_KEY HMAC_KEY);
  ow_cipher_free(cipher);
}
END_TEST

START_TEST(a_token_opens_to_the_keys)
{
  struct ow_keys keys;
  struct ow_challenge said = challenge();
  ck_assert_int_eq(open_token(PASSPHRASE, &said, TOKEN, &keys), OW_OK);
  test_assert_hex(keys.aes, sizeof keys.aes, AES_KEY);
  test_assert_hex(keys.hmac, sizeof keys.hmac, HMAC_KEY);
}
END_TEST

START_TEST(the_wrong_passphrase_is_told_and_yields_no_keys)
{
  struct ow_keys keys;
  struct ow_challenge said = challenge();
  ck_assert_int_eq(open_token("correct horse battery stapler", &said, TOKEN, &keys), OW_AUTH);
  assert_wiped(&keys);
}
END_TEST

START_TEST(another_salt_count_or_challenge_does_not_open_a_token)
{
  struct ow_keys keys;
  struct ow_challenge said[3] = {challenge(), challenge(), challenge()};
  said[0].salt[15] ^= 1;
  said[1].count = 1024;
  said[2].challenge[15] ^= 1;
  for (size_t i = 0; i < 3; i++) {
    ck_assert_int_eq(open_token(PASSPHRASE, &said[i], TOKEN, &keys), OW_AUTH);
    assert_wiped(&keys);
  }
}
END_TEST

/* CBC: a change in the first block, or in the IV that it is, shows in the challenge. */
START_TEST(a_token_with_a_changed_challenge_does_not_open)
{
  uint8_t token[OW_TOKEN];
  struct ow_challenge said = challenge();
  said.count = 1024;
  struct ow_keys keys = session_keys();
  ck_assert_int_eq(test_token_seal("x", 1, &said, &keys, token), OW_OK);
  for (size_t i = 0; i < OW_CHALLENGE; i++) {
    token[i] ^= 0x40;
    ck_assert_int_eq(test_token_open("x", 1, &said, token, &keys), OW_AUTH);
    assert_wiped(&keys);
    token[i] ^= 0x40;
  }
  ck_assert_int_eq(test_token_open("x", 1, &said, token, &keys), OW_OK);
}
END_TEST

START_TEST(an_empty_passphrase_and_one_with_zeros_are_passphrases)
{
  static const char passphrases[][4] = {"", "a\0b", "a"};
  static const size_t lengths[] = {0, 3, 1};
  struct ow_challenge said = challenge();
  said.count = 1024;
  struct ow_keys keys = session_keys();
  for (size_t i = 0; i < 3; i++)
    for (size_t j = 0; j < 3; j++) {
      uint8_t token[OW_TOKEN];
      struct ow_keys opened;
      ck_assert_int_eq(test_token_seal(passphrases[i], lengths[i], &said, &keys, token), OW_OK);
      ck_assert_int_eq(test_token_open(passphrases[j], lengths[j], &said, token, &opened),
                       i == j ? OW_OK : OW_AUTH);
    }
}
END_TEST

START_TEST(an_impossible_count_is_a_failure_and_yields_no_keys)
{
  struct ow_keys keys;
  struct ow_challenge said = challenge();
  said.count = UINT32_MAX;
  ck_assert_int_eq(open_token(PASSPHRASE, &said, TOKEN, &keys), OW_CRYPTO);
  assert_wiped(&keys);
}
END_TEST

/* Test keys */

#define SOME_SID "feed0feed1feed2feed3feed4feed5ab"

START_TEST(test_keys_are_what_openssl_makes)
{
  struct ow_keys session = session_keys();
  struct ow_keys test;
  struct ow_sid sid;
  test_hex(SOME_SID, sid.octets, sizeof sid.octets);
  ck_assert_int_eq(ow_test_keys_derive(&session, &sid, &test), OW_OK);
  /* echo AES_KEY | xxd -r -p | openssl enc -aes-128-ecb -nopad -K SID */
  test_assert_hex(test.aes, sizeof test.aes, "e56d5353643a8dcb8b6ad25672840997");
  /* echo HMAC_KEY | xxd -r -p | openssl enc -aes-128-cbc -nopad -K SID -iv 0 */
  test_assert_hex(test.hmac, sizeof test.hmac,
                  "c1eae3f7373112e3961244d7e9cc8f64 3f7608bcd8f829b611031c76a192952a");
}
END_TEST

START_TEST(every_session_has_keys_of_its_own)
{
  struct ow_keys session = session_keys();
  struct ow_keys a;
  struct ow_keys b;
  struct ow_sid sid;
  test_hex(SOME_SID, sid.octets, sizeof sid.octets);
  ck_assert_int_eq(ow_test_keys_derive(&session, &sid, &a), OW_OK);
  sid.octets[15] ^= 1;
  ck_assert_int_eq(ow_test_keys_derive(&session, &sid, &b), OW_OK);
  ck_assert_mem_ne(a.aes, b.aes, sizeof a.aes);
  ck_assert_mem_ne(a.hmac, b.hmac, sizeof a.hmac);
}
END_TEST

/* The randomness that other tests rely on. */

START_TEST(the_same_seed_gives_the_same_octets)
{
  uint8_t a[100];
  uint8_t b[100];
  struct test_prng first = test_prng(42);
  struct test_prng second = test_prng(42);
  struct ow_random one = test_random(&first);
  struct ow_random two = test_random(&second);
  ow_random_fill(&one, a, sizeof a);
  ow_random_fill(&two, b, 50);
  ow_random_fill(&two, b + 50, 50);
  ck_assert_mem_eq(a, b, sizeof a);
}
END_TEST

START_TEST(a_script_is_handed_out_in_order)
{
  uint8_t out[3];
  struct test_script script = {.octets = (const uint8_t *)"abcde", .left = 5};
  struct ow_random random = test_random_script(&script);
  ow_random_fill(&random, out, 2);
  ow_random_fill(&random, out, 3);
  ck_assert_mem_eq(out, "cde", 3);
  ck_assert_uint_eq(script.left, 0);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("crypto");
  TEST_LOOP(suite, "cipher vectors", VECTORS, a_cipher_does_what_nist_says, a_cipher_works_in_place,
            a_stream_runs_on_from_call_to_call, a_stream_under_another_key_is_as_new);
  TEST_CASE(suite, "cipher", no_iv_is_a_zero_iv, a_keystream_takes_any_number_of_octets,
            a_piece_of_a_block_is_refused, no_cipher_can_be_freed);
  TEST_CASE(suite, "hmac", an_hmac_is_what_openssl_says,
            an_hmac_of_sha256_is_what_openssl_says_and_begins_anew, a_key_longer_than_a_block_is_hashed_first,
            an_hmac_of_nothing_is_defined, an_hmac_runs_over_pieces,
            a_finished_hmac_begins_anew_under_the_same_key, an_hmac_under_another_key_is_as_new);
  TEST_CASE(suite, "contexts", contexts_that_forget_a_key_encrypt_with_another);
  TEST_CASE(
      suite, "token", a_sealed_token_is_what_openssl_makes, a_token_decrypts_by_hand_to_challenge_and_keys,
      a_token_opens_to_the_keys, the_wrong_passphrase_is_told_and_yields_no_keys,
      another_salt_count_or_challenge_does_not_open_a_token, a_token_with_a_changed_challenge_does_not_open,
      an_empty_passphrase_and_one_with_zeros_are_passphrases,
      an_impossible_count_is_a_failure_and_yields_no_keys);
  TEST_CASE(suite, "test keys", test_keys_are_what_openssl_makes, every_session_has_keys_of_its_own);
  TEST_CASE(suite, "test support", the_same_seed_gives_the_same_octets, a_script_is_handed_out_in_order);
  return test_run(suite);
}
