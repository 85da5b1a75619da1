/* SPDX-License-Identifier: MIT */
/* One list of options, of which each place takes the first few, or all. */
#include "peer_block.h"

#include "log.h"
#include "measure/peer_key.h"

void owamp_peer_defaults(struct owamp_peer_settings *settings)
{
  *settings = (struct owamp_peer_settings){0};
  ow_peer_settings_defaults(&settings->peer, OW_USE_STREAM);
}

static enum ow_status set_values(void *settings, const char *text, struct ow_failure *failure)
{
  return owamp_selection_parse(text, &((struct owamp_peer_settings *)settings)->values, failure);
}

static const struct owamp_keyword keywords[] = {
    {"Values", OWAMP_TEXT, false, OWAMP_IN_PEER | OWAMP_IN_DEFAULTS | OWAMP_IN_QUERY, set_values},
};

/* ---- which options stand where ---- */

static const enum ow_peer_option_id options[] = {
    /* At the top level alone: */
    OW_PEER_HISTORY,
    /* In a <Query>: */
    OW_PEER_WARNING,
    OW_PEER_CRITICAL,
    OW_PEER_RAISE,
    OW_PEER_UNCERTAIN,
    OW_PEER_MIN_PACKETS,
    OW_PEER_NOTHING_ARRIVED,
    OW_PEER_PARTIAL_STATE,
    OW_PEER_PERCENTILES,
    /* At the top level also: */
    OW_PEER_PORT,
    OW_PEER_FAMILY,
    OW_PEER_PROTOCOL,
    OW_PEER_SSID,
    OW_PEER_TLVS,
    OW_PEER_MODE,
    OW_PEER_KEY_ID,
    OW_PEER_KEY_FILE,
    OW_PEER_DIRECTION,
    OW_PEER_PACKET_INTERVAL,
    OW_PEER_SCHEDULE,
    OW_PEER_INTERVAL,
    OW_PEER_PADDING,
    OW_PEER_ZERO_PADDING,
    OW_PEER_DSCP,
    OW_PEER_LOSS_TIMEOUT,
    OW_PEER_SOURCE,
    OW_PEER_INTERFACE,
    OW_PEER_PORTS,
    OW_PEER_NAT,
    OW_PEER_BUSY_WAIT,
    /* In a <Peer> also: */
    OW_PEER_HOST,
};
enum { OPTIONS = sizeof options / sizeof *options };

static const struct ow_peer_face query_face = {&owamp_spelling, options + 1, 8};
static const struct ow_peer_face default_face = {&owamp_spelling, options, OPTIONS - 1};
const struct ow_peer_face owamp_peer_face = {&owamp_spelling, options + 1, OPTIONS - 1};

static const struct ow_peer_face *face_of(unsigned place)
{
  const struct ow_peer_face *face = &owamp_peer_face;
  if (place == OWAMP_IN_QUERY)
    face = &query_face;
  else if (place == OWAMP_IN_DEFAULTS)
    face = &default_face;
  return face;
}

struct owamp_block owamp_peer_block(struct owamp_peer_settings *settings, unsigned place)
{
  return (struct owamp_block){.keywords = keywords,
                              .count = sizeof keywords / sizeof *keywords,
                              .place = place,
                              .settings = settings,
                              .face = face_of(place),
                              .peer = &settings->peer};
}

/* ---- the block as a whole ---- */

/* A default KeyFile without a KeyID is no fault: some peers may have one. */
static enum ow_status load_key(const struct owamp_block *block, struct ow_failure *failure)
{
  struct ow_peer_settings *settings = block->peer;
  struct ow_peer *peer = &settings->peer;
  enum ow_status status = OW_OK;
  if (peer->key_id[0] && !settings->key_file[0])
    status = ow_fail(failure, OW_INVALID, "KeyID needs KeyFile, which holds its passphrase");
  else if (!peer->key_id[0] && ow_given_has(&block->given, OW_PEER_KEY_FILE))
    status = ow_fail(failure, OW_INVALID, "KeyFile needs KeyID, which says which key of it to use");
  else if (peer->key_id[0])
    status = ow_peer_key_load(peer, settings->key_file, peer->key_id, &owamp_log, failure);
  return status;
}

enum ow_status owamp_peer_block_end(const struct owamp_block *block, struct ow_failure *failure)
{
  enum ow_status status = OW_OK;
  if (ow_given_has(&block->given, OW_PEER_PACKET_INTERVAL) && ow_given_has(&block->given, OW_PEER_SCHEDULE))
    status = ow_fail(failure, OW_INVALID, "PacketInterval and Schedule exclude each other");
  if (status == OW_OK)
    status = ow_thresholds_check(&block->peer->warning, &block->peer->critical, failure);
  if (status == OW_OK && block->place == OWAMP_IN_PEER)
    status = load_key(block, failure);
  if (status == OW_OK && block->place == OWAMP_IN_PEER && !block->peer->peer.host[0])
    status = ow_fail(failure, OW_INVALID, "Host is missing");
  return status;
}

void owamp_peer_rules(const struct owamp_peer_settings *settings, struct owamp_rules *rules)
{
  *rules = (struct owamp_rules){.values = {settings->values, settings->peer.peer.percentiles},
                                .warning = settings->peer.warning,
                                .critical = settings->peer.critical,
                                .rule = settings->peer.rule};
}
