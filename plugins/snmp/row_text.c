/* SPDX-License-Identifier: MIT */
/* Words in quotation marks; only options that differ from their defaults are written. */
#include "row_text.h"

#include <stdio.h>
#include <string.h>

#include "base/faults.h"

/* Values and names are free of quotation marks and backslashes, so nothing needs to be escaped. */
static size_t append(char *out, size_t used, const char *word)
{
  int wrote = snprintf(out + used, ROW_TEXT - used, "%s\"%s\"", used ? " " : "", word);
  return used + (size_t)wrote;
}

const char *row_print(char out[ROW_TEXT], const struct peer *peer)
{
  struct peer_config usual;
  struct peer_config scratch;
  struct ow_failure ignored;
  char value[PEER_TEXT];
  char before[PEER_TEXT];
  peer_config_defaults(&usual);
  scratch = usual;
  /* They come with the protocol, so they are written if that brings others. */
  snprintf(usual.stream.peer.port, sizeof usual.stream.peer.port, "%s",
           ow_protocol_port(peer->config.stream.peer.protocol));
  usual.stream.peer.modes = ow_protocol_modes(peer->config.stream.peer.protocol);
  size_t used = append(out, 0, peer->owner);
  used = append(out, used, peer->name);
  used = append(out, used, peer->status == ROW_ACTIVE ? "active" : "waiting");
  for (size_t i = 0; i < peer_face.count; i++) {
    enum ow_peer_option_id id = peer_face.options[i];
    const char *key = ow_peer_options[id].name;
    peer_option_get(&peer->config, id, value);
    peer_option_get(&usual, id, before);
    bool fits = used + strlen(value) + strlen(key) + 8 < ROW_TEXT;
    /*
     * Half of a range of ports, as a row may have that isn't ready, has no text: the rest of the row is kept.
     */
    if (value[0] && strcmp(value, before) != 0 && fits &&
        peer_option_set(&scratch, id, value, &ignored) == OW_OK)
      used = append(out, append(out, used, key), value);
  }
  return out;
}

enum ow_status row_read_options(struct peer_config *config, const struct ow_peer_face *face,
                                char *const *words, size_t count, const struct ow_log *log,
                                struct ow_failure *failure)
{
  struct ow_given given = {0};
  struct ow_failure fault;
  struct ow_faults faults = ow_faults(log, failure);
  for (size_t i = 0; i + 1 < count; i += 2)
    if (peer_config_read(config, face, words[i], words[i + 1], &given, &fault) != OW_OK)
      ow_faults_add(&faults, &fault);
  if (count % 2) {
    ow_fail(&fault, OW_INVALID, "'%s' has no value", words[count - 1]);
    ow_faults_add(&faults, &fault);
  }
  return faults.status;
}
