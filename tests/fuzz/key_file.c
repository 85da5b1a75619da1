/* SPDX-License-Identifier: MIT */
/* Key files: every key that was read can be found, and a refused file leaves nothing behind. */
#include <string.h>

#include "config/key_file.h"
#include "target.h"

static void check_key(const struct ow_keys_file *file, const struct ow_key *key)
{
  size_t length = strnlen(key->key_id, sizeof key->key_id);
  FUZZ_CHECK(length > 0 && length < sizeof key->key_id);
  FUZZ_CHECK(key->passphrase.length <= sizeof key->passphrase.octets);
  FUZZ_CHECK(ow_key_file_find(file, key->key_id) == key);
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t octets)
{
  struct ow_keys_file file = {0};
  struct ow_failure failure = {.text = ""};
  char *text = malloc(octets ? octets : 1); /* just the size, without a terminator */
  FUZZ_CHECK(text);
  if (octets)
    memcpy(text, input, octets);
  enum ow_status status = ow_key_file_parse("keys", text, octets, &file, NULL, &failure);
  free(text);
  if (status == OW_OK) {
    for (size_t i = 0; i < file.count; i++)
      check_key(&file, &file.keys[i]);
  } else {
    FUZZ_CHECK(file.count == 0 && failure.status == status && *failure.text);
  }
  ow_key_file_clear(&file);
  return 0;
}
