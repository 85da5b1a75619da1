/* SPDX-License-Identifier: MIT */
/* Words are hashed (FNV-1a) to keys; each key has a place, whose minute begins with its first line. */
#include "base/log_limit.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/units.h"

#define MINUTE (60 * OW_NS_PER_S)
#define SEED UINT64_C(0xcbf29ce484222325)

static const char client_of[] = "client ";
static const char port_of[] = " port ";

/* ---- keys ---- */

static uint64_t hash(uint64_t sum, const char *octets, size_t count)
{
  for (size_t i = 0; i < count; i++)
    sum = (sum ^ (uint8_t)octets[i]) * UINT64_C(0x100000001b3);
  return sum;
}

/* A word with a digit in it is a number, an address or an identifier. */
static bool has_digit(const char *word, size_t count)
{
  bool has = false;
  for (size_t i = 0; i < count && !has; i++)
    has = word[i] >= '0' && word[i] <= '9';
  return has;
}

/* What is quoted is somebody's own. */
static uint64_t hash_words(uint64_t sum, const char *text)
{
  bool quoted = false;
  while (*text) {
    size_t length = strcspn(text, " \"");
    if (!quoted && !has_digit(text, length))
      sum = hash(sum, text, length);
    text += length;
    if (*text == '"')
      quoted = !quoted;
    text += *text != '\0';
  }
  return sum;
}

struct keys {
  uint64_t of[3]; /* all, the client, the kind and client */
};

/* No key is 0. */
static struct keys keys_of(const struct ow_log_limit *limit, bool curious, const char *line)
{
  const char *rest = line;
  uint64_t sum = hash(SEED, curious ? "i" : "n", 1);
  struct keys keys = {.of = {sum | 1}};
  if (strncmp(line, client_of, sizeof client_of - 1) == 0) {
    const char *name = line + sizeof client_of - 1;
    const char *end = strstr(name, port_of);
    size_t length = end ? (size_t)(end - name) : strcspn(name, " ");
    if (limit->client)
      sum = (sum ^ limit->client(name, length)) * UINT64_C(0x100000001b3);
    else
      sum = hash(sum, name, length);
    rest = name + length;
  }
  keys.of[1] = hash(sum, "c", 1) | 1;
  keys.of[2] = hash_words(hash(sum, "k", 1), rest) | 1;
  return keys;
}

/* ---- places ---- */

static bool over(const struct ow_log_limit_place *place, int64_t now)
{
  return now - place->since >= MINUTE;
}

/* Its own; else a free one; else one that is over and holds nothing; else everybody's. */
static struct ow_log_limit_place *find_place(struct ow_log_limit *limit, uint64_t key, int64_t now)
{
  struct ow_log_limit_place *free_one = NULL;
  struct ow_log_limit_place *found = NULL;
  for (int i = 0; i < OW_LOG_LIMIT_PLACES - 1 && !found; i++) {
    struct ow_log_limit_place *place = &limit->places[i];
    if (place->key == key)
      found = place;
    else if (!free_one && (place->key == 0 || (over(place, now) && place->held == 0)))
      free_one = place;
  }
  if (!found)
    found = free_one ? free_one : &limit->places[OW_LOG_LIMIT_PLACES - 1];
  if (found->key == 0 || (found->held == 0 && (found == free_one || over(found, now))))
    *found = (struct ow_log_limit_place){.key = key, .since = now};
  return found;
}

static void hold(struct ow_log_limit_place *place, enum ow_log_level level, const char *line)
{
  if (place->held < UINT32_MAX)
    place->held++;
  place->level = level;
  snprintf(place->last, sizeof place->last, "%s", line);
}

bool ow_log_limit_pass(struct ow_log_limit *limit, int64_t now, enum ow_log_level level, const char *line)
{
  static const uint32_t most[] = {OW_LOG_LIMIT_OF_ALL, OW_LOG_LIMIT_OF_CLIENT, OW_LOG_LIMIT_OF_KIND};
  enum { KEYS = sizeof most / sizeof *most };
  bool curious = level >= OW_LOG_INFO;
  struct keys keys = keys_of(limit, curious, line);
  struct ow_log_limit_place *places[KEYS];
  struct ow_log_limit_place *full = NULL;
  if (level >= OW_LOG_DEBUG)
    return true;
  for (int i = 0; i < KEYS; i++) {
    places[i] = find_place(limit, keys.of[i], now);
    if (places[i]->passed >= most[i] * (curious ? (uint32_t)OW_LOG_LIMIT_CURIOUS : 1))
      full = places[i];
  }
  if (full)
    hold(full, level, line);
  for (int i = 0; i < KEYS && !full; i++)
    places[i]->passed++;
  return !full;
}

/* ---- what is held ---- */

int64_t ow_log_limit_due(const struct ow_log_limit *limit)
{
  int64_t due = INT64_MAX;
  for (int i = 0; i < OW_LOG_LIMIT_PLACES; i++) {
    const struct ow_log_limit_place *place = &limit->places[i];
    if (place->held > 0 && place->since + MINUTE < due)
      due = place->since + MINUTE;
  }
  return due;
}

bool ow_log_limit_tell(struct ow_log_limit *limit, int64_t now, bool all, enum ow_log_level *level,
                       char text[2 * OW_LOG_LIMIT_TEXT])
{
  bool told = false;
  for (int i = 0; i < OW_LOG_LIMIT_PLACES && !told; i++) {
    struct ow_log_limit_place *place = &limit->places[i];
    told = place->held > 0 && (all || over(place, now));
    if (told) {
      snprintf(text, 2 * (size_t)OW_LOG_LIMIT_TEXT, "%" PRIu32 " more line%s like this within a minute: %s",
               place->held, place->held == 1 ? "" : "s", place->last);
      *level = place->level;
      *place = (struct ow_log_limit_place){0};
    }
  }
  return told;
}
