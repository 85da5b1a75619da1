#include "peer_config.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "mib_columns.h"
#include "text/dscp.h"
#include "text/duration.h"
#include "text/number.h"
#include "text/port_range.h"

void peer_config_defaults(struct peer_config *config)
{
  *config = (struct peer_config){.schedule = "exp:1s", .rule = {.raise = 1, .of = 1}};
  ow_stream_defaults(&config->stream);
}

bool peer_text_valid(const char *text)
{
  size_t length = strlen(text);
  bool valid = length > 0 && length < PEER_TEXT;
  for (const char *at = text; valid && *at; at++)
    valid = *at >= ' ' && *at <= '~' && *at != '"' && *at != '\\';
  return valid;
}

static enum ow_status copy_text(char *out, size_t size, const char *value, struct ow_failure *failure)
{
  enum ow_status status = OW_OK;
  if (strlen(value) >= size)
    status = ow_fail(failure, OW_INVALID, "the value is longer than %zu characters", size - 1);
  else
    memcpy(out, value, strlen(value) + 1);
  return status;
}

static enum ow_status not_one_of(const char *value, const char *choices, struct ow_failure *failure)
{
  char shown[32];
  return ow_fail(failure, OW_INVALID, "'%s' is not one of %s",
                 ow_printable(shown, sizeof shown, value, strlen(value)), choices);
}

/* ---- the server ---- */

static enum ow_status set_host(struct peer_config *config, const char *value, struct ow_failure *failure)
{
  uint8_t address[16];
  enum ow_status status = OW_OK;
  if (!value[0] || strchr(value, ' '))
    status = ow_fail(failure, OW_INVALID, "'%s' is no name or address", value);
  else
    status = copy_text(config->stream.peer.host, sizeof config->stream.peer.host, value, failure);
  if (status == OW_OK && inet_pton(AF_INET, value, address) == 1)
    config->address_type = PEER_ADDRESS_IPV4;
  else if (status == OW_OK && inet_pton(AF_INET6, value, address) == 1)
    config->address_type = PEER_ADDRESS_IPV6;
  else if (status == OW_OK)
    config->address_type = PEER_ADDRESS_DNS;
  return status;
}

/* `out` has PEER_TEXT octets, as every option's text has. */
static void put_text(char *out, const char *text)
{
  snprintf(out, PEER_TEXT, "%s", text);
}

static void get_host(const struct peer_config *config, char *out)
{
  put_text(out, config->stream.peer.host);
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

static enum ow_status set_port(struct peer_config *config, const char *value, struct ow_failure *failure)
{
  uint32_t number;
  enum ow_status status = ow_number_parse(value, 1, UINT16_MAX, &number, failure);
  if (status == OW_OK)
    snprintf(config->stream.peer.port, sizeof config->stream.peer.port, "%u", number);
  return status;
}

static void get_port(const struct peer_config *config, char *out)
{
  put_text(out, config->stream.peer.port);
}

static const struct {
  const char *name;
  int family;
} families[] = {{"any", 0}, {"ipv4", 4}, {"ipv6", 6}};

static enum ow_status set_family(struct peer_config *config, const char *value, struct ow_failure *failure)
{
  for (size_t i = 0; i < 3; i++) {
    if (strcmp(value, families[i].name) == 0) {
      config->stream.peer.address_family = families[i].family;
      return OW_OK;
    }
  }
  return not_one_of(value, "any, ipv4, ipv6", failure);
}

static void get_family(const struct peer_config *config, char *out)
{
  for (size_t i = 0; i < 3; i++)
    if (config->stream.peer.address_family == families[i].family)
      put_text(out, families[i].name);
}

/* ---- sets of words, separated by commas; bit i stands for words[i] ---- */

static const char *const mode_words[] = {"open", "authenticated", "encrypted", NULL};
static const char *const direction_words[] = {"forward", "reverse", NULL};

static uint32_t bit_of(const char *word, size_t length, const char *const *words)
{
  uint32_t bit = 0;
  for (unsigned i = 0; words[i]; i++)
    if (strlen(words[i]) == length && memcmp(words[i], word, length) == 0)
      bit = 1U << i;
  return bit;
}

/* 0 if any is unknown. */
static uint32_t read_words(const char *value, const char *const *words)
{
  uint32_t bits = 0;
  bool known = true;
  for (const char *at = value; known && at;) {
    size_t length = strcspn(at, ",");
    uint32_t bit = bit_of(at, length, words);
    known = bit != 0;
    bits |= bit;
    at = at[length] == ',' ? at + length + 1 : NULL;
  }
  return known ? bits : 0;
}

static void print_words(uint32_t bits, const char *const *words, char *out)
{
  char *end = out;
  *end = '\0';
  for (unsigned i = 0; words[i]; i++) {
    if (bits & (1U << i)) {
      if (end != out)
        *end++ = ',';
      end = stpcpy(end, words[i]);
    }
  }
}

static enum ow_status set_mode(struct peer_config *config, const char *value, struct ow_failure *failure)
{
  uint32_t modes = read_words(value, mode_words);
  if (!modes)
    return not_one_of(value, "open, authenticated, encrypted, or some of them with commas between", failure);
  config->stream.peer.modes = modes;
  return OW_OK;
}

static void get_mode(const struct peer_config *config, char *out)
{
  print_words(config->stream.peer.modes, mode_words, out);
}

static enum ow_status set_direction(struct peer_config *config, const char *value, struct ow_failure *failure)
{
  uint32_t directions = strcmp(value, "both") == 0 ? 3 : read_words(value, direction_words);
  if (!directions)
    return not_one_of(value, "both, forward, reverse", failure);
  for (unsigned i = 0; i < OW_DIRECTIONS; i++)
    config->stream.peer.directions[i] = (directions >> i) & 1;
  return OW_OK;
}

static void get_direction(const struct peer_config *config, char *out)
{
  const bool *directions = config->stream.peer.directions;
  print_words((directions[0] ? 1U : 0) | (directions[1] ? 2U : 0), direction_words, out);
}

/* ---- keys ---- */

static enum ow_status set_key_id(struct peer_config *config, const char *value, struct ow_failure *failure)
{
  if (strchr(value, ' '))
    return ow_fail(failure, OW_INVALID, "a KeyID has no blank");
  return copy_text(config->stream.peer.key_id, sizeof config->stream.peer.key_id, value, failure);
}

static void get_key_id(const struct peer_config *config, char *out)
{
  put_text(out, config->stream.peer.key_id);
}

static enum ow_status set_key_file(struct peer_config *config, const char *value, struct ow_failure *failure)
{
  return copy_text(config->key_file, sizeof config->key_file, value, failure);
}

static void get_key_file(const struct peer_config *config, char *out)
{
  put_text(out, config->key_file);
}

/* ---- traffic ---- */

static void print_duration(int64_t ns, char *out)
{
  if (ns % OW_NS_PER_S == 0)
    snprintf(out, PEER_TEXT, "%llds", (long long)(ns / OW_NS_PER_S));
  else
    snprintf(out, PEER_TEXT, "%lldms", (long long)((ns + OW_NS_PER_MS / 2) / OW_NS_PER_MS));
}

static enum ow_status set_interval(struct peer_config *config, const char *value, struct ow_failure *failure)
{
  int64_t ns = 0;
  enum ow_status status = ow_duration_parse(value, &ns, failure);
  if (status == OW_OK && (ns % OW_NS_PER_S || ns < 4 * OW_NS_PER_S))
    status = ow_fail(failure, OW_INVALID, "it is a whole number of seconds, 4 at least");
  if (status == OW_OK)
    config->stream.interval = ns;
  return status;
}

static void get_interval(const struct peer_config *config, char *out)
{
  print_duration(config->stream.interval, out);
}

static enum ow_status set_schedule(struct peer_config *config, const char *value, struct ow_failure *failure)
{
  enum ow_status status = ow_peer_parse_schedule(value, &config->stream.peer, failure);
  return status == OW_OK ? copy_text(config->schedule, sizeof config->schedule, value, failure) : status;
}

static void get_schedule(const struct peer_config *config, char *out)
{
  put_text(out, config->schedule);
}

static enum ow_status set_padding(struct peer_config *config, const char *value, struct ow_failure *failure)
{
  return ow_number_parse(value, 0, OW_MOST_PADDING, &config->stream.peer.padding, failure);
}

static void get_padding(const struct peer_config *config, char *out)
{
  snprintf(out, PEER_TEXT, "%u", config->stream.peer.padding);
}

static enum ow_status set_dscp(struct peer_config *config, const char *value, struct ow_failure *failure)
{
  return ow_dscp_parse(value, &config->stream.peer.dscp, failure);
}

static void get_dscp(const struct peer_config *config, char *out)
{
  snprintf(out, PEER_TEXT, "%u", config->stream.peer.dscp);
}

static enum ow_status set_loss_timeout(struct peer_config *config, const char *value,
                                       struct ow_failure *failure)
{
  int64_t ns = 0;
  enum ow_status status = ow_duration_parse(value, &ns, failure);
  if (status == OW_OK && ns % OW_NS_PER_MS)
    status = ow_fail(failure, OW_INVALID, "it is a whole number of milliseconds");
  if (status == OW_OK)
    config->stream.peer.loss_timeout = ns;
  return status;
}

static void get_loss_timeout(const struct peer_config *config, char *out)
{
  print_duration(config->stream.peer.loss_timeout, out);
}

/* ---- this end ---- */

static enum ow_status set_source(struct peer_config *config, const char *value, struct ow_failure *failure)
{
  return copy_text(config->stream.peer.source, sizeof config->stream.peer.source, value, failure);
}

static void get_source(const struct peer_config *config, char *out)
{
  put_text(out, config->stream.peer.source);
}

static enum ow_status set_interface(struct peer_config *config, const char *value, struct ow_failure *failure)
{
  return copy_text(config->stream.peer.interface, sizeof config->stream.peer.interface, value, failure);
}

static void get_interface(const struct peer_config *config, char *out)
{
  put_text(out, config->stream.peer.interface);
}

static enum ow_status set_ports(struct peer_config *config, const char *value, struct ow_failure *failure)
{
  struct ow_peer *peer = &config->stream.peer;
  return ow_port_range_parse(value, &peer->test_port_low, &peer->test_port_high, failure);
}

static void get_ports(const struct peer_config *config, char *out)
{
  const struct ow_peer *peer = &config->stream.peer;
  *out = '\0';
  if (peer->test_port_low)
    snprintf(out, PEER_TEXT, "%u-%u", peer->test_port_low, peer->test_port_high);
}

/* ---- thresholds ---- */

static enum ow_status set_thresholds(char *out, const char *value, struct ow_failure *failure)
{
  struct ow_thresholds parsed;
  enum ow_status status = value[0] ? ow_thresholds_parse(value, &parsed, failure) : OW_OK;
  return status == OW_OK ? copy_text(out, PEER_TEXT, value, failure) : status;
}

static enum ow_status set_warning(struct peer_config *config, const char *value, struct ow_failure *failure)
{
  return set_thresholds(config->warning, value, failure);
}

static void get_warning(const struct peer_config *config, char *out)
{
  put_text(out, config->warning);
}

static enum ow_status set_critical(struct peer_config *config, const char *value, struct ow_failure *failure)
{
  return set_thresholds(config->critical, value, failure);
}

static void get_critical(const struct peer_config *config, char *out)
{
  put_text(out, config->critical);
}

static enum ow_status set_raise(struct peer_config *config, const char *value, struct ow_failure *failure)
{
  struct ow_alarm_rule rule = config->rule;
  enum ow_status status = ow_alarm_rule_parse(value, &rule, failure);
  if (status == OW_OK) {
    config->rule.raise = rule.raise;
    config->rule.of = rule.of;
  }
  return status;
}

static void get_raise(const struct peer_config *config, char *out)
{
  snprintf(out, PEER_TEXT, "%u/%u", config->rule.raise, config->rule.of);
}

static enum ow_status set_uncertain(struct peer_config *config, const char *value, struct ow_failure *failure)
{
  enum ow_status status = OW_OK;
  if (strcmp(value, "remark") == 0)
    config->rule.uncertain = OW_UNCERTAIN_REMARK;
  else if (strcmp(value, "unknown") == 0)
    config->rule.uncertain = OW_UNCERTAIN_IS_UNKNOWN;
  else
    status = not_one_of(value, "remark, unknown", failure);
  return status;
}

static void get_uncertain(const struct peer_config *config, char *out)
{
  put_text(out, config->rule.uncertain == OW_UNCERTAIN_REMARK ? "remark" : "unknown");
}

/* ---- the table ---- */

const struct peer_option peer_options[] = {
    {"host", 0, NULL, set_host, get_host},
    {"port", MIB_PEER_PORT, "", set_port, get_port},
    {"family", 0, NULL, set_family, get_family},
    {"mode", 0, NULL, set_mode, get_mode},
    {"key-id", MIB_PEER_KEY_ID, NULL, set_key_id, get_key_id},
    {"key-file", 0, NULL, set_key_file, get_key_file},
    {"direction", 0, NULL, set_direction, get_direction},
    {"interval", MIB_PEER_INTERVAL, "s", set_interval, get_interval},
    {"schedule", MIB_PEER_SCHEDULE, NULL, set_schedule, get_schedule},
    {"padding", MIB_PEER_PADDING, "", set_padding, get_padding},
    {"dscp", MIB_PEER_DSCP, "", set_dscp, get_dscp},
    {"loss-timeout", MIB_PEER_LOSS_TIMEOUT, "ms", set_loss_timeout, get_loss_timeout},
    {"source", MIB_PEER_SOURCE, NULL, set_source, get_source},
    {"interface", MIB_PEER_INTERFACE, NULL, set_interface, get_interface},
    {"ports", 0, NULL, set_ports, get_ports},
    {"warning", MIB_PEER_WARNING, NULL, set_warning, get_warning},
    {"critical", MIB_PEER_CRITICAL, NULL, set_critical, get_critical},
    {"raise", 0, NULL, set_raise, get_raise},
    {"uncertain", 0, NULL, set_uncertain, get_uncertain},
};
const unsigned peer_option_count = sizeof peer_options / sizeof *peer_options;

const struct peer_option *peer_option_of_key(const char *key)
{
  const struct peer_option *found = NULL;
  for (unsigned i = 0; i < peer_option_count && !found; i++)
    if (strcmp(peer_options[i].key, key) == 0)
      found = &peer_options[i];
  return found;
}

enum ow_status peer_config_set(struct peer_config *config, const char *key, const char *value,
                               struct ow_failure *failure)
{
  const struct peer_option *option = peer_option_of_key(key);
  char shown[32];
  enum ow_status status = OW_OK;
  if (!option)
    return ow_fail(failure, OW_INVALID, "there is no option '%s'",
                   ow_printable(shown, sizeof shown, key, strlen(key)));
  if (!peer_text_valid(value))
    status =
        ow_fail(failure, OW_INVALID,
                "the value is empty, too long, or has a quotation mark, a backslash or octets that can't "
                "be printed");
  else
    status = option->set(config, value, failure);
  if (status != OW_OK)
    ow_fail_within(failure, "%s", key);
  return status;
}

enum ow_status peer_config_check(const struct peer_config *config, struct ow_failure *failure)
{
  struct peer_config copy = *config;
  enum ow_status status = OW_OK;
  /* The row's name is no option, and was looked at already. */
  memcpy(copy.stream.name, "row", sizeof "row");
  /* The passphrase stands in a file; that it is there is seen when the stream begins. */
  if (copy.stream.peer.key_id[0])
    copy.stream.peer.passphrase = (struct ow_passphrase){.octets = "?", .length = 1};
  if (config->rule.raise < 1 || config->rule.of < config->rule.raise || config->rule.of > OW_ALARM_WINDOW)
    status = ow_fail(failure, OW_INVALID, "an alarm is raised after 1 to %d of at least as many intervals",
                     OW_ALARM_WINDOW);
  else
    status = ow_stream_check(&copy.stream, failure);
  return status;
}
