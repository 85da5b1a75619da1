/* SPDX-License-Identifier: MIT */
/* A KeyID and its passphrase are cut from each line; whatever held them on the way is wiped. */
#include "config/key_file.h"

#include <stdlib.h>
#include <string.h>

#include "base/faults.h"
#include "base/secret.h"
#include "text/hex.h"
#include "text/lines.h"

/* A word can hold anything else, a NUL too. */
static const struct ow_lines_form form = {.blanks = " \t\r\v\f", .comments = "#"};

/* A continued line without its backslashes: KeyID, passphrase, and some blanks. */
enum { JOINED = OW_KEY_ID_TEXT + 2 * OW_PASSPHRASE + 256 };

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
  struct ow_piece more = ow_piece_word(&line, form.blanks);
  if (status == OW_OK && more.length > 0 && *more.at != '#')
    status = ow_fail(failure, OW_INVALID, "nothing but a comment may follow the passphrase on its line");
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

/* How much of a line stands before the backslash that continues it; all of it if none does. */
static size_t before_mark(struct ow_piece line)
{
  size_t length = line.length;
  if (length && line.at[length - 1] == '\r')
    length--;
  return length && line.at[length - 1] == '\\' ? length - 1 : line.length;
}

/* The first line is part of all that is joined. Each loop adds the text of one. */
static enum ow_status read_joined(struct ow_lines *lines, struct ow_piece line, struct ow_keys_file *file,
                                  struct ow_failure *failure)
{
  char joined[JOINED];
  struct ow_piece part = line;
  size_t used = 0;
  bool fits = true;
  bool more = true;
  while (more) {
    size_t length = before_mark(part);
    fits = fits && length <= sizeof joined - used;
    if (fits)
      memcpy(joined + used, part.at, length);
    used += fits ? length : 0;
    size_t end = line.length + 1;
    more = length < part.length && ow_lines_join(lines, &line);
    if (more)
      part = (struct ow_piece){line.at + end, line.length - end};
  }
  enum ow_status status = OW_OK;
  if (!fits)
    status = ow_fail(failure, OW_INVALID, "this continued line is too long for a KeyID and a passphrase");
  else
    status = read_line((struct ow_piece){joined, used}, file, failure);
  ow_wipe(joined, sizeof joined);
  return status;
}

enum ow_status ow_key_file_parse(const char *name, const char *text, size_t octets, struct ow_keys_file *file,
                                 const struct ow_log *log, struct ow_failure *failure)
{
  struct ow_failure fault = {0};
  struct ow_faults faults = ow_faults(log, failure);
  struct ow_lines lines = ow_lines(&form, text, octets);
  struct ow_piece line;
  enum ow_status status = OW_OK;
  while (status != OW_MEMORY && ow_lines_next(&lines, &line)) {
    size_t number = lines.number;
    if (before_mark(line) < line.length)
      status = read_joined(&lines, line, file, &fault);
    else
      status = read_line(line, file, &fault);
    if (status != OW_OK) {
      ow_fail_within(&fault, "%s:%zu", name, number);
      ow_faults_add(&faults, &fault);
    }
  }
  if (faults.status != OW_OK)
    ow_key_file_clear(file);
  return faults.status;
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
