/* SPDX-License-Identifier: MIT */
/* In the order of the rules: how many there are the configuration says, and no packet. */
#include "policy/listed.h"

#include <stdlib.h>

static enum ow_status add(struct ow_listed *listed, const struct ow_stamp_rule *rule,
                          const struct ow_keys_file *keys)
{
  const struct ow_key *key = rule->key_id[0] ? ow_key_file_find(keys, rule->key_id) : NULL;
  struct ow_listed_peer peer = {.rule = *rule, .codec = listed->open};
  if (key)
    peer.codec = ow_stamp_codec_create(OW_MODE_AUTHENTICATED, key->passphrase.octets, key->passphrase.length);
  if (!peer.codec)
    return OW_MEMORY;
  if (key || rule->key_id[0] == '\0')
    listed->peers[listed->count++] = peer;
  return OW_OK;
}

enum ow_status ow_listed_open(struct ow_listed *listed, const struct ow_limits *limits,
                              const struct ow_keys_file *keys)
{
  enum ow_status status = OW_OK;
  *listed = (struct ow_listed){0};
  if (limits->stamp_count == 0)
    return OW_OK;
  listed->peers = calloc(limits->stamp_count, sizeof *listed->peers);
  listed->open = ow_stamp_codec_create(OW_MODE_OPEN, NULL, 0);
  if (!listed->peers || !listed->open)
    status = OW_MEMORY;
  for (size_t i = 0; i < limits->stamp_count && status == OW_OK; i++)
    status = add(listed, &limits->stamps[i], keys);
  if (status != OW_OK)
    ow_listed_clear(listed);
  return status;
}

void ow_listed_clear(struct ow_listed *listed)
{
  for (size_t i = 0; i < listed->count; i++)
    if (listed->peers[i].codec != listed->open)
      ow_stamp_codec_free(listed->peers[i].codec);
  ow_stamp_codec_free(listed->open);
  free(listed->peers);
  *listed = (struct ow_listed){0};
}

static bool fits(const struct ow_listed_peer *peer, const struct ow_endpoint *from, const uint8_t *octets,
                 size_t length)
{
  uint16_t ssid = peer->rule.ssid;
  return ow_net_contains(&peer->rule.net, from) &&
         (ssid == 0 || ssid == ow_stamp_question_ssid(ow_stamp_codec_mode(peer->codec), octets, length));
}

enum ow_status ow_listed_find(const struct ow_listed *listed, const struct ow_endpoint *from,
                              const uint8_t *octets, size_t length, const struct ow_listed_peer **peer,
                              struct ow_stamp_question *question)
{
  enum ow_status status = OW_REFUSED;
  unsigned keys = 0;
  for (size_t i = 0; i < listed->count && status != OW_OK && keys < OW_LISTED_KEYS_MOST; i++) {
    const struct ow_listed_peer *each = &listed->peers[i];
    if (fits(each, from, octets, length)) {
      enum ow_status found = ow_stamp_question_decode(each->codec, octets, length, question);
      keys += each->codec != listed->open;
      *peer = each;
      if (status != OW_AUTH || found == OW_OK)
        status = found;
    }
  }
  return status;
}
