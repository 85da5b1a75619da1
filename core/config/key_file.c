#include "config/key_file.h"

#include <stdlib.h>
#include <string.h>

#include "base/secret.h"

/* A part of the text: a line, or a word of it. */
struct piece {
  const char *at;
  size_t length;
};

static bool is_blank(char c)
{
  return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f';
}

/* Takes the next line, without its newline, from the front of `rest`. */
static struct piece next_line(struct piece *rest)
{
  const char *newline = memchr(rest->at, '\n', rest->length);
  struct piece line = {rest->at, newline ? (size_t)(newline - rest->at) : rest->length};
  size_t taken = line.length + (newline ? 1 : 0);
  rest->at += taken;
  rest->length -= taken;
  return line;
}

/* Takes the next word from the front of `line`; its length is 0 at the end. */
static struct piece next_word(struct piece *line)
{
  size_t begin = 0;
  while (begin < line->length && is_blank(line->at[begin]))
    begin++;
  size_t end = begin;
  while (end < line->length && !is_blank(line->at[end]))
    end++;
  struct piece word = {line->at + begin, end - begin};
  line->at += end;
  line->length -= end;
  return word;
}

static int hex_digit(char c)
{
  int value = -1;
  if (c >= '0' && c <= '9')
    value = c - '0';
  else if (c >= 'a' && c <= 'f')
    value = c - 'a' + 10;
  else if (c >= 'A' && c <= 'F')
    value = c - 'A' + 10;
  return value;
}

static bool decode_hex(struct piece hex, uint8_t *out)
{
  bool right = true;
  for (size_t i = 0; i + 1 < hex.length; i += 2) {
    int high = hex_digit(hex.at[i]);
    int low = hex_digit(hex.at[i + 1]);
    right = right && high >= 0 && low >= 0;
    out[i / 2] = (uint8_t)((high & 0xf) << 4 | (low & 0xf));
  }
  return right;
}

static enum ow_status parse_key_id(struct piece word, struct ow_key *key, struct ow_failure *failure)
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

static enum ow_status parse_passphrase(struct piece hex, struct ow_passphrase *passphrase,
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
  else if (!decode_hex(hex, passphrase->octets))
    status = ow_fail(failure, OW_INVALID, "the passphrase is not written in hexadecimal digits");
  else
    passphrase->length = hex.length / 2;
  return status;
}

static enum ow_status parse_key(struct piece line, struct ow_key *key, struct ow_failure *failure)
{
  enum ow_status status = parse_key_id(next_word(&line), key, failure);
  if (status == OW_OK)
    status = parse_passphrase(next_word(&line), &key->passphrase, failure);
  if (status == OW_OK && next_word(&line).length > 0)
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

static bool says_nothing(struct piece line)
{
  struct piece word = next_word(&line);
  return word.length == 0 || *word.at == '#';
}

static enum ow_status parse_line(struct piece line, struct ow_keys_file *file, struct ow_failure *failure)
{
  struct ow_key key = {0};
  enum ow_status status = OW_OK;
  if (!says_nothing(line)) {
    status = parse_key(line, &key, failure);
    if (status == OW_OK)
      status = add(file, &key, failure);
    ow_wipe(&key, sizeof key);
  }
  return status;
}

enum ow_status ow_key_file_parse(const char *name, const char *text, size_t octets, struct ow_keys_file *file,
                                 struct ow_failure *failure)
{
  struct ow_failure why = {0};
  struct piece rest = {text, octets};
  size_t line = 0;
  enum ow_status status = OW_OK;
  while (status == OW_OK && rest.length > 0) {
    line++;
    status = parse_line(next_line(&rest), file, &why);
  }
  if (status != OW_OK) {
    ow_key_file_clear(file);
    status = ow_fail(failure, status, "%s:%zu: %s", name, line, why.text);
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
