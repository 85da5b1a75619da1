#include "peer_block.h"

#include <string.h>

#include "log.h"
#include "measure/peer_key.h"
#include "text/dscp.h"
#include "text/duration.h"
#include "text/number.h"
#include "text/port_range.h"

void owamp_peer_defaults(struct owamp_peer_settings *settings)
{
  *settings = (struct owamp_peer_settings){0};
  ow_stream_defaults(&settings->stream);
}

/* ---- one setter a keyword ---- */

static struct ow_peer *peer_of(void *settings)
{
  return &((struct owamp_peer_settings *)settings)->stream.peer;
}

static struct owamp_rules *rules_of(void *settings)
{
  return &((struct owamp_peer_settings *)settings)->rules;
}

static enum ow_status not_one_of(const char *text, const char *choices, struct ow_failure *failure)
{
  char shown[32];
  return ow_fail(failure, OW_INVALID, "'%s' is not one of %s",
                 ow_printable(shown, sizeof shown, text, strlen(text)), choices);
}

static enum ow_status set_host(void *settings, const char *text, struct ow_failure *failure)
{
  return owamp_take_text(peer_of(settings)->host, OW_HOST_TEXT, text, failure);
}

static enum ow_status set_port(void *settings, const char *text, struct ow_failure *failure)
{
  uint32_t number = 0;
  enum ow_status status = OW_OK;
  if (ow_all_digits(text))
    status = ow_number_parse(text, 1, UINT16_MAX, &number, failure);
  if (status == OW_OK)
    status = owamp_take_text(peer_of(settings)->port, OW_PORT_TEXT, text, failure);
  return status;
}

static enum ow_status set_family(void *settings, const char *text, struct ow_failure *failure)
{
  enum ow_status status = OW_OK;
  if (strcmp(text, "any") == 0)
    peer_of(settings)->address_family = 0;
  else if (strcmp(text, "ipv4") == 0)
    peer_of(settings)->address_family = 4;
  else if (strcmp(text, "ipv6") == 0)
    peer_of(settings)->address_family = 6;
  else
    status = not_one_of(text, "any, ipv4, ipv6", failure);
  return status;
}

static enum ow_status set_mode(void *settings, const char *text, struct ow_failure *failure)
{
  return owamp_take_mode(&((struct owamp_peer_settings *)settings)->modes, text, failure);
}

static enum ow_status set_key_id(void *settings, const char *text, struct ow_failure *failure)
{
  return owamp_take_text(((struct owamp_peer_settings *)settings)->key_id, OW_KEY_ID_TEXT, text, failure);
}

static enum ow_status set_key_file(void *settings, const char *text, struct ow_failure *failure)
{
  return owamp_take_text(((struct owamp_peer_settings *)settings)->key_file, PATH_MAX, text, failure);
}

static enum ow_status set_direction(void *settings, const char *text, struct ow_failure *failure)
{
  struct ow_peer *peer = peer_of(settings);
  bool both = strcmp(text, "both") == 0;
  bool forward = both || strcmp(text, ow_direction_name(OW_FORWARD)) == 0;
  bool reverse = both || strcmp(text, ow_direction_name(OW_REVERSE)) == 0;
  if (!forward && !reverse)
    return not_one_of(text, "both, forward, reverse", failure);
  peer->directions[OW_FORWARD] = forward;
  peer->directions[OW_REVERSE] = reverse;
  return OW_OK;
}

static enum ow_status set_packet_interval(void *settings, const char *text, struct ow_failure *failure)
{
  struct ow_peer *peer = peer_of(settings);
  int64_t mean = 0;
  enum ow_status status = ow_duration_parse(text, &mean, failure);
  if (status == OW_OK) {
    peer->slots[0] = (struct ow_slot){OW_SLOT_EXPONENTIAL, ow_span_from_ns(mean)};
    peer->slot_count = 1;
  }
  return status;
}

static enum ow_status set_schedule(void *settings, const char *text, struct ow_failure *failure)
{
  return ow_peer_parse_schedule(text, peer_of(settings), failure);
}

static enum ow_status set_interval(void *settings, const char *text, struct ow_failure *failure)
{
  return ow_duration_parse(text, &((struct owamp_peer_settings *)settings)->stream.interval, failure);
}

static enum ow_status set_padding(void *settings, const char *text, struct ow_failure *failure)
{
  return ow_number_parse(text, 0, OW_MOST_PADDING, &peer_of(settings)->padding, failure);
}

static enum ow_status set_zero_padding(void *settings, const char *text, struct ow_failure *failure)
{
  return owamp_take_boolean(&peer_of(settings)->zero_padding, text, failure);
}

static enum ow_status set_dscp(void *settings, const char *text, struct ow_failure *failure)
{
  return ow_dscp_parse(text, &peer_of(settings)->dscp, failure);
}

static enum ow_status set_loss_timeout(void *settings, const char *text, struct ow_failure *failure)
{
  return ow_duration_parse(text, &peer_of(settings)->loss_timeout, failure);
}

static enum ow_status set_source(void *settings, const char *text, struct ow_failure *failure)
{
  return owamp_take_text(peer_of(settings)->source, OW_HOST_TEXT, text, failure);
}

static enum ow_status set_interface(void *settings, const char *text, struct ow_failure *failure)
{
  return owamp_take_text(peer_of(settings)->interface, OW_INTERFACE_TEXT, text, failure);
}

static enum ow_status set_test_ports(void *settings, const char *text, struct ow_failure *failure)
{
  struct ow_peer *peer = peer_of(settings);
  return ow_port_range_parse(text, &peer->test_port_low, &peer->test_port_high, failure);
}

static enum ow_status set_nat(void *settings, const char *text, struct ow_failure *failure)
{
  return owamp_take_boolean(&peer_of(settings)->nat, text, failure);
}

static enum ow_status set_warning(void *settings, const char *text, struct ow_failure *failure)
{
  return ow_thresholds_parse(text, &rules_of(settings)->warning, failure);
}

static enum ow_status set_critical(void *settings, const char *text, struct ow_failure *failure)
{
  return ow_thresholds_parse(text, &rules_of(settings)->critical, failure);
}

static enum ow_status set_raise(void *settings, const char *text, struct ow_failure *failure)
{
  return ow_alarm_rule_parse(text, &rules_of(settings)->rule, failure);
}

static enum ow_status set_uncertain(void *settings, const char *text, struct ow_failure *failure)
{
  struct ow_alarm_rule *rule = &rules_of(settings)->rule;
  enum ow_status status = OW_OK;
  if (strcmp(text, "remark") == 0)
    rule->uncertain = OW_UNCERTAIN_REMARK;
  else if (strcmp(text, "unknown") == 0)
    rule->uncertain = OW_UNCERTAIN_IS_UNKNOWN;
  else
    status = not_one_of(text, "remark, unknown", failure);
  return status;
}

static enum ow_status set_min_packets(void *settings, const char *text, struct ow_failure *failure)
{
  return ow_number_parse(text, 0, UINT32_MAX, &rules_of(settings)->rule.least_packets, failure);
}

static enum ow_status set_values(void *settings, const char *text, struct ow_failure *failure)
{
  return owamp_selection_parse(text, &rules_of(settings)->values, failure);
}

/* ---- the table ---- */

enum {
  HERE = OWAMP_IN_PEER,
  STREAMS = OWAMP_IN_PEER | OWAMP_IN_DEFAULTS,
  ALL = OWAMP_IN_PEER | OWAMP_IN_DEFAULTS | OWAMP_IN_QUERY,
};

static const struct owamp_keyword keywords[] = {
    {"Host", OWAMP_TEXT, false, HERE, set_host},
    {"Port", OWAMP_NUMBER, false, STREAMS, set_port},
    {"AddressFamily", OWAMP_TEXT, false, STREAMS, set_family},
    {"Mode", OWAMP_TEXT, true, STREAMS, set_mode},
    {"KeyID", OWAMP_TEXT, false, STREAMS, set_key_id},
    {"KeyFile", OWAMP_TEXT, false, STREAMS, set_key_file},
    {"Direction", OWAMP_TEXT, false, STREAMS, set_direction},
    {"PacketInterval", OWAMP_DURATION, false, STREAMS, set_packet_interval},
    {"Schedule", OWAMP_TEXT, false, STREAMS, set_schedule},
    {"Interval", OWAMP_DURATION, false, STREAMS, set_interval},
    {"Padding", OWAMP_NUMBER, false, STREAMS, set_padding},
    {"ZeroPadding", OWAMP_BOOLEAN, false, STREAMS, set_zero_padding},
    {"DSCP", OWAMP_NUMBER, false, STREAMS, set_dscp},
    {"LossTimeout", OWAMP_DURATION, false, STREAMS, set_loss_timeout},
    {"SourceAddress", OWAMP_TEXT, false, STREAMS, set_source},
    {"Interface", OWAMP_TEXT, false, STREAMS, set_interface},
    {"TestPorts", OWAMP_NUMBER, false, STREAMS, set_test_ports},
    {"NAT", OWAMP_BOOLEAN, false, STREAMS, set_nat},
    {"Values", OWAMP_TEXT, false, ALL, set_values},
    {"Warning", OWAMP_TEXT, false, ALL, set_warning},
    {"Critical", OWAMP_TEXT, false, ALL, set_critical},
    {"Raise", OWAMP_NUMBER, false, ALL, set_raise},
    {"Uncertain", OWAMP_TEXT, false, ALL, set_uncertain},
    {"MinPackets", OWAMP_NUMBER, false, ALL, set_min_packets},
};
_Static_assert(sizeof keywords / sizeof *keywords <= OWAMP_KEYWORDS_MOST, "a bit for each");

struct owamp_block owamp_peer_block(struct owamp_peer_settings *settings, unsigned place)
{
  settings->modes = 0;
  return (struct owamp_block){.keywords = keywords,
                              .count = sizeof keywords / sizeof *keywords,
                              .place = place,
                              .settings = settings};
}

/* ---- the block as a whole ---- */

/* A default KeyFile without a KeyID is no fault: some peers may have one. */
static enum ow_status load_key(const struct owamp_block *block, struct owamp_peer_settings *settings,
                               struct ow_failure *failure)
{
  enum ow_status status = OW_OK;
  if (settings->key_id[0] && !settings->key_file[0])
    status = ow_fail(failure, OW_INVALID, "KeyID needs KeyFile, which holds its passphrase");
  else if (!settings->key_id[0] && owamp_block_has(block, "KeyFile"))
    status = ow_fail(failure, OW_INVALID, "KeyFile needs KeyID, which says which key of it to use");
  else if (settings->key_id[0])
    status =
        ow_peer_key_load(&settings->stream.peer, settings->key_file, settings->key_id, &owamp_log, failure);
  return status;
}

enum ow_status owamp_peer_block_end(const struct owamp_block *block, struct ow_failure *failure)
{
  struct owamp_peer_settings *settings = block->settings;
  enum ow_status status = OW_OK;
  if (settings->modes)
    settings->stream.peer.modes = settings->modes;
  if (owamp_block_has(block, "PacketInterval") && owamp_block_has(block, "Schedule"))
    status = ow_fail(failure, OW_INVALID, "PacketInterval and Schedule exclude each other");
  if (status == OW_OK && block->place == OWAMP_IN_PEER)
    status = load_key(block, settings, failure);
  if (status == OW_OK && block->place == OWAMP_IN_PEER && !settings->stream.peer.host[0])
    status = ow_fail(failure, OW_INVALID, "Host is missing");
  if (status == OW_OK && block->place == OWAMP_IN_PEER)
    status = ow_stream_check(&settings->stream, failure);
  return status;
}
