/* SPDX-License-Identifier: MIT */
/* A KeyID and its passphrase are cut from each line; whatever held them on the way is wiped. */
#include "config/key_file.h"

#include <stdlib.h>
#include <string.h>

#include "base/secret.h"
#include "text/hex.h"
#include "text/lines.h"

/* No line is continued, and a word can hold anything else, a NUL too. */
static const struct ow_lines_form form = {.blanks = " \t\r\v\f", .comments = "#"};

static enum ow_status parse_key_id(struct ow_piece word, struct ow_key *key, struct ow_failure *failure)
{
  enum ow_status status = OW_OK;
  if (word.length >= sizeof key->key_id)
    status = ow_fail(failure, OW_INVALID, "the KeyID has %zu octets; at most %zu are possible", word.length,
                     sizeof key->key_id - 1);
  else if (memchr(word.at, '\0', word.length))
    status = ow_fail(failure, OW_INVALID, "the KeyID contains a zero octet");
  else
    memcpy(key->key_id, word.at, word.length);
  return status;
}

static enum ow_status parse_passphrase(struct ow_piece hex, struct ow_passphrase *passphrase,
                                       struct ow_failure *failure)
{
  enum ow_status status = OW_OK;
  if (hex.length == 0)
    status = ow_fail(failure, OW_INVALID, "no passphrase follows the KeyID");
  else if (hex.length / 2 > sizeof passphrase->octets)
    status = ow_fail(failure, OW_INVALID, "the passphrase has %zu octets; at most %zu are possible",
                     hex.length / 2, sizeof passphrase->octets);
  else if (hex.length % 2 != 0)
    status = ow_fail(failure, OW_INVALID, "the passphrase has an odd number of hexadecimal digits");
  else if (!ow_hex_parse(hex, passphrase->octets))
    status = ow_fail(failure, OW_INVALID, "the passphrase is not written in hexadecimal digits");
  else
    passphrase->length = hex.length / 2;
  return status;
}

static enum ow_status parse_key(struct ow_piece line, struct ow_key *key, struct ow_failure *failure)
{
  enum ow_status status = parse_key_id(ow_piece_word(&line, form.blanks), key, failure);
  if (status == OW_OK)
    status = parse_passphrase(ow_piece_word(&line, form.blanks), &key->passphrase, failure);
  if (status == OW_OK && ow_piece_word(&line, form.blanks).length > 0)
    status = ow_fail(failure, OW_INVALID, "nothing may follow the passphrase on its line");
  return status;
}

/* Not realloc(3): it would leave passphrases behind in memory that was given back. */
static enum ow_status grow(struct ow_keys_file *file)
{
  size_t slots = file->slots ? 2 * file->slots : 8;
  struct ow_key *keys = calloc(slots, sizeof *keys);
  if (!keys)
    return OW_MEMORY;
  if (file->count > 0) {
    memcpy(keys, file->keys, file->count * sizeof *keys);
    ow_wipe(file->keys, file->count * sizeof *keys);
  }
  free(file->keys);
  file->keys = keys;
  file->slots = slots;
  return OW_OK;
}

static enum ow_status add(struct ow_keys_file *file, const struct ow_key *key, struct ow_failure *failure)
{
  char id[OW_KEY_ID_TEXT];
  enum ow_status status = OW_OK;
  if (ow_key_file_find(file, key->key_id))
    status = ow_fail(failure, OW_INVALID, "a line above already has the KeyID '%s'",
                     ow_printable(id, sizeof id, key->key_id, strlen(key->key_id)));
  else if (file->count == file->slots && grow(file) != OW_OK)
    status = ow_fail(failure, OW_MEMORY, "no memory for %zu keys", file->count + 1);
  else
    file->keys[file->count++] = *key;
  return status;
}

static enum ow_status read_line(struct ow_piece line, struct ow_keys_file *file, struct ow_failure *failure)
{
  struct ow_key key = {0};
  enum ow_status status = parse_key(line, &key, failure);
  if (status == OW_OK)
    status = add(file, &key, failure);
  ow_wipe(&key, sizeof key);
  return status;
}

enum ow_status ow_key_file_parse(const char *name, const char *text, size_t octets, struct ow_keys_file *file,
                                 struct ow_failure *failure)
{
  struct ow_failure why = {0};
  struct ow_lines lines = ow_lines(&form, text, octets);
  struct ow_piece line;
  enum ow_status status = OW_OK;
  while (status == OW_OK && ow_lines_next(&lines, &line))
    status = read_line(line, file, &why);
  if (status != OW_OK) {
    ow_key_file_clear(file);
    status = ow_fail(failure, status, "%s:%zu: %s", name, lines.number, why.text);
  }
  return status;
}

void ow_key_file_clear(struct ow_keys_file *file)
{
  if (file->keys)
    ow_wipe(file->keys, file->count * sizeof *file->keys);
  free(file->keys);
  *file = (struct ow_keys_file){0};
}

const struct ow_key *ow_key_file_find(const struct ow_keys_file *file, const char *key_id)
{
  const struct ow_key *found = NULL;
  for (size_t i = 0; i < file->count && !found; i++)
    if (strcmp(file->keys[i].key_id, key_id) == 0)
      found = &file->keys[i];
  return found;
}
