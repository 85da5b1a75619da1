/* SPDX-License-Identifier: MIT */
/* Spelled names follow from the words of the canonical one, but for a face's exceptions. */
#include "config/peer_face.h"

#include <stdio.h>
#include <string.h>

#include "text/word.h"

static char capital(char letter)
{
  return letter >= 'a' && letter <= 'z' ? (char)(letter - 'a' + 'A') : letter;
}

/* NULL if it has no name of its own. */
static const char *exception_of(const struct ow_spelling *spelling, enum ow_peer_option_id id)
{
  const char *name = NULL;
  for (size_t i = 0; i < spelling->exception_count && !name; i++)
    if (spelling->exceptions[i].id == id)
      name = spelling->exceptions[i].name;
  return name;
}

/* "loss-timeout" to "LossTimeout". */
static void join_words(char *out, const char *name)
{
  bool begins = true;
  for (; *name; name++) {
    if (*name != '-')
      *out++ = begins ? capital(*name) : *name;
    begins = *name == '-';
  }
  *out = '\0';
}

const char *ow_spell(char out[OW_SPELLED_TEXT], const struct ow_spelling *spelling, enum ow_peer_option_id id)
{
  const char *name = ow_peer_options[id].name;
  const char *exception = exception_of(spelling, id);
  if (spelling->capitals && !exception)
    join_words(out, name);
  else
    snprintf(out, OW_SPELLED_TEXT, "%s", exception ? exception : name);
  return out;
}

static bool is_spelled(const struct ow_spelling *spelling, enum ow_peer_option_id id, const char *name)
{
  char own[OW_SPELLED_TEXT];
  ow_spell(own, spelling, id);
  return spelling->any_case ? ow_same_word(own, name) : strcmp(own, name) == 0;
}

bool ow_peer_face_find(const struct ow_peer_face *face, const char *name, enum ow_peer_option_id *id)
{
  bool found = false;
  for (size_t i = 0; i < face->count && !found; i++) {
    found = is_spelled(face->spelling, face->options[i], name);
    if (found)
      *id = face->options[i];
  }
  return found;
}

void ow_peer_face_offer(const struct ow_peer_face *face, struct ow_nearest *nearest)
{
  char name[OW_SPELLED_TEXT];
  for (size_t i = 0; i < face->count; i++) {
    ow_spell(name, face->spelling, face->options[i]);
    ow_nearest_offer(nearest, name);
  }
}
