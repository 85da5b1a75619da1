/* SPDX-License-Identifier: MIT */
/* One list of options for all; a value that is refused leaves everything as it was. */
#include "peer_config.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

/* ---- which options there are ---- */

static const enum ow_peer_option_id keys[] = {
    OW_PEER_HOST,
    OW_PEER_PORT,
    OW_PEER_FAMILY,
    OW_PEER_MODE,
    OW_PEER_KEY_ID,
    OW_PEER_KEY_FILE,
    OW_PEER_DIRECTION,
    OW_PEER_INTERVAL,
    OW_PEER_SCHEDULE,
    OW_PEER_PADDING,
    OW_PEER_ZERO_PADDING,
    OW_PEER_DSCP,
    OW_PEER_LOSS_TIMEOUT,
    OW_PEER_SOURCE,
    OW_PEER_INTERFACE,
    OW_PEER_PORTS,
    OW_PEER_NAT,
    OW_PEER_BUSY_WAIT,
    OW_PEER_PROTOCOL,
    OW_PEER_SSID,
    OW_PEER_TLVS,
    /* Of another program's streams only these: */
    OW_PEER_WARNING,
    OW_PEER_CRITICAL,
    OW_PEER_RAISE,
    OW_PEER_UNCERTAIN,
    OW_PEER_MIN_PACKETS,
    OW_PEER_NOTHING_ARRIVED,
    OW_PEER_PARTIAL_STATE,
};
enum { KEYS = sizeof keys / sizeof *keys, QUERY_KEYS = 7 };

static const struct ow_spelling spelling = {.capitals = false};
const struct ow_peer_face peer_face = {&spelling, keys, KEYS};
const struct ow_peer_face peer_query_face = {&spelling, keys + KEYS - QUERY_KEYS, QUERY_KEYS};

/* ---- all of them ---- */

/* The text of an option as it was written, if that is kept; else NULL. */
static const char *written(const struct peer_config *config, enum ow_peer_option_id id)
{
  const char *text = NULL;
  if (id == OW_PEER_SCHEDULE)
    text = config->schedule;
  else if (id == OW_PEER_WARNING)
    text = config->warning;
  else if (id == OW_PEER_CRITICAL)
    text = config->critical;
  return text;
}

static void write_text(struct peer_config *config, enum ow_peer_option_id id, const char *text)
{
  if (id == OW_PEER_SCHEDULE)
    snprintf(config->schedule, PEER_TEXT, "%s", text);
  else if (id == OW_PEER_WARNING)
    snprintf(config->warning, PEER_TEXT, "%s", text);
  else if (id == OW_PEER_CRITICAL)
    snprintf(config->critical, PEER_TEXT, "%s", text);
}

void peer_config_defaults(struct peer_config *config)
{
  memset(config, 0, sizeof *config);
  ow_peer_settings_defaults(&config->stream, OW_USE_STREAM);
  ow_peer_option_print(config->schedule, sizeof config->schedule, OW_PEER_SCHEDULE, &config->stream);
}

bool peer_config_same(const struct peer_config *a, const struct peer_config *b)
{
  bool same = a->address_type == b->address_type;
  for (size_t i = 0; i < KEYS && same; i++)
    same = ow_peer_option_same(keys[i], &a->stream, &b->stream);
  return same && strcmp(a->schedule, b->schedule) == 0 && strcmp(a->warning, b->warning) == 0 &&
         strcmp(a->critical, b->critical) == 0;
}

bool peer_text_valid(const char *text)
{
  size_t length = strlen(text);
  bool valid = length > 0 && length < PEER_TEXT;
  for (const char *at = text; valid && *at; at++)
    valid = *at >= ' ' && *at <= '~' && *at != '"' && *at != '\\';
  return valid;
}

/* ---- the server ---- */

static enum peer_address_type address_type_of(const char *host)
{
  uint8_t address[16];
  enum peer_address_type type = PEER_ADDRESS_DNS;
  if (inet_pton(AF_INET, host, address) == 1)
    type = PEER_ADDRESS_IPV4;
  else if (inet_pton(AF_INET6, host, address) == 1)
    type = PEER_ADDRESS_IPV6;
  return type;
}

struct mib_value peer_address_value(const struct peer_config *config)
{
  uint8_t address[16];
  struct mib_value value = {.type = MIB_OCTETS};
  switch (config->address_type) {
  case PEER_ADDRESS_UNKNOWN: break;
  case PEER_ADDRESS_IPV4:
    if (inet_pton(AF_INET, config->stream.peer.host, address) == 1)
      value = mib_octets(address, 4);
    break;
  case PEER_ADDRESS_IPV6:
    if (inet_pton(AF_INET6, config->stream.peer.host, address) == 1)
      value = mib_octets(address, 16);
    break;
  case PEER_ADDRESS_DNS: value = mib_text(config->stream.peer.host); break;
  }
  return value;
}

/* ---- one option ---- */

/* What the MIB's units can't say is refused wherever it stands, so that a row and a line mean the same. */
static enum ow_status check_units(const struct ow_peer_settings *settings, enum ow_peer_option_id id,
                                  struct ow_failure *failure)
{
  int64_t interval = settings->interval;
  enum ow_status status = OW_OK;
  if (id == OW_PEER_INTERVAL && (interval % OW_NS_PER_S || interval < 4 * OW_NS_PER_S))
    status = ow_fail(failure, OW_INVALID, "it is a whole number of seconds, 4 at least");
  else if (id == OW_PEER_LOSS_TIMEOUT && settings->peer.loss_timeout % OW_NS_PER_MS)
    status = ow_fail(failure, OW_INVALID, "it is a whole number of milliseconds");
  return status;
}

/* `config` is as before if the value is refused. */
static enum ow_status apply(struct peer_config *config, enum ow_peer_option_id id, const char *value,
                            struct ow_given *given, struct ow_failure *failure)
{
  struct peer_config next = *config;
  enum ow_status status = ow_peer_option_apply_once(&next.stream, id, value, given, failure);
  if (status == OW_OK)
    status = check_units(&next.stream, id, failure);
  if (status == OW_OK && id == OW_PEER_HOST)
    next.address_type = address_type_of(next.stream.peer.host);
  if (status == OW_OK) {
    write_text(&next, id, value);
    *config = next;
  }
  return status;
}

static bool can_be_empty(enum ow_peer_option_id id)
{
  enum ow_peer_option_type type = ow_peer_options[id].type;
  return type == OW_TYPE_TEXT || type == OW_TYPE_KEY_ID || type == OW_TYPE_THRESHOLDS || type == OW_TYPE_TLVS;
}

enum ow_status peer_option_set(struct peer_config *config, enum ow_peer_option_id id, const char *value,
                               struct ow_failure *failure)
{
  struct ow_given given = {0};
  enum ow_status status = OW_OK;
  if (value[0] || !can_be_empty(id)) {
    status = apply(config, id, value, &given, failure);
  } else {
    struct peer_config usual;
    peer_config_defaults(&usual);
    ow_peer_option_copy(&config->stream, id, &usual.stream);
    write_text(config, id, "");
  }
  return status;
}

const char *peer_option_get(const struct peer_config *config, enum ow_peer_option_id id, char out[PEER_TEXT])
{
  const char *text = written(config, id);
  if (text)
    snprintf(out, PEER_TEXT, "%s", text);
  else
    ow_peer_option_print(out, PEER_TEXT, id, &config->stream);
  return out;
}

/* ---- by its key ---- */

static enum ow_status no_option(const struct ow_peer_face *face, const char *key, struct ow_failure *failure)
{
  char shown[32];
  char meant[OW_NEAREST_TEXT];
  struct ow_nearest nearest = ow_nearest(ow_piece_of(key));
  ow_peer_face_offer(face, &nearest);
  return ow_fail(failure, OW_INVALID, "there is no option '%s'%s",
                 ow_printable(shown, sizeof shown, key, strlen(key)), ow_nearest_print(meant, &nearest));
}

enum ow_status peer_config_read(struct peer_config *config, const struct ow_peer_face *face, const char *key,
                                const char *value, struct ow_given *given, struct ow_failure *failure)
{
  enum ow_peer_option_id id;
  enum ow_status status = OW_OK;
  if (!ow_peer_face_find(face, key, &id))
    return no_option(face, key, failure);
  if (!peer_text_valid(value))
    status =
        ow_fail(failure, OW_INVALID,
                "the value is empty, too long, or has a quotation mark, a backslash or octets that can't "
                "be printed");
  else
    status = apply(config, id, value, given, failure);
  if (status != OW_OK)
    ow_fail_within(failure, "%s", key);
  return status;
}

enum ow_status peer_config_set(struct peer_config *config, const char *key, const char *value,
                               struct ow_failure *failure)
{
  struct ow_given given = {0};
  return peer_config_read(config, &peer_face, key, value, &given, failure);
}

enum ow_status peer_config_check(const struct peer_config *config, struct ow_failure *failure)
{
  const struct ow_alarm_rule *rule = &config->stream.rule;
  struct ow_stream_config stream;
  enum ow_status status = OW_OK;
  /* The row's name is no option, and was looked at already. */
  ow_stream_of_settings(&stream, "row", &config->stream);
  /* The passphrase stands in a file; that it is there is seen when the stream begins. */
  if (stream.peer.key_id[0])
    stream.peer.passphrase = (struct ow_passphrase){.octets = "?", .length = 1};
  if (rule->raise < 1 || rule->of < rule->raise || rule->of > OW_ALARM_WINDOW)
    status = ow_fail(failure, OW_INVALID, "an alarm is raised after 1 to %d of at least as many intervals",
                     OW_ALARM_WINDOW);
  else
    status = ow_stream_check(&stream, failure);
  if (status == OW_OK)
    status = ow_thresholds_check(&config->stream.warning, &config->stream.critical, failure);
  return status;
}
