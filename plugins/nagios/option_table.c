#include "option_table.h"

#include <string.h>

#include "text/dscp.h"
#include "text/duration.h"
#include "text/hex.h"
#include "text/number.h"
#include "text/port_range.h"
#include "text/word.h"

enum { MOST_PACKETS = 10 * 1000 * 1000, MOST_VERBOSITY = 3 };

/* Help and version outrank whatever else is asked for. */
static void raise_action(struct check_options *options, enum check_action action)
{
  if (options->action < CHECK_SHOW_HELP) {
    options->actions_clash = options->actions_clash || options->action != CHECK_MEASURE;
    options->action = action;
  }
}

static enum ow_status copy_text(char *out, size_t size, const char *value, struct ow_failure *failure)
{
  size_t length = strlen(value);
  enum ow_status status = OW_OK;
  if (length == 0)
    status = ow_fail(failure, OW_INVALID, "the value is empty");
  else if (length >= size)
    status = ow_fail(failure, OW_INVALID, "the value is longer than %zu characters", size - 1);
  else
    memcpy(out, value, length + 1);
  return status;
}

static enum ow_status not_one_of(const char *value, const char *choices, struct ow_failure *failure)
{
  char shown[32];
  return ow_fail(failure, OW_INVALID, "'%s' is not one of %s",
                 ow_printable(shown, sizeof shown, value, strlen(value)), choices);
}

static enum ow_status set_host(struct check_options *options, const char *value, struct ow_failure *failure)
{
  return copy_text(options->peer.host, sizeof options->peer.host, value, failure);
}

static enum ow_status set_port(struct check_options *options, const char *value, struct ow_failure *failure)
{
  uint32_t number = 0;
  enum ow_status status = OW_OK;
  if (ow_all_digits(value))
    status = ow_number_parse(value, 1, UINT16_MAX, &number, failure);
  if (status == OW_OK)
    status = copy_text(options->peer.port, sizeof options->peer.port, value, failure);
  return status;
}

static void raise_ipv4(struct check_options *options)
{
  options->peer.address_family = 4;
}

static void raise_ipv6(struct check_options *options)
{
  options->peer.address_family = 6;
}

static enum ow_status set_warning(struct check_options *options, const char *value,
                                  struct ow_failure *failure)
{
  return ow_thresholds_parse(value, &options->warning, failure);
}

static enum ow_status set_critical(struct check_options *options, const char *value,
                                   struct ow_failure *failure)
{
  return ow_thresholds_parse(value, &options->critical, failure);
}

static enum ow_status set_uncertain(struct check_options *options, const char *value,
                                    struct ow_failure *failure)
{
  enum ow_status status = OW_OK;
  if (strcmp(value, "remark") == 0)
    options->judging.uncertain = OW_UNCERTAIN_REMARK;
  else if (strcmp(value, "unknown") == 0)
    options->judging.uncertain = OW_UNCERTAIN_IS_UNKNOWN;
  else
    status = not_one_of(value, "remark, unknown", failure);
  return status;
}

static enum ow_status set_min_packets(struct check_options *options, const char *value,
                                      struct ow_failure *failure)
{
  return ow_number_parse(value, 1, MOST_PACKETS, &options->judging.least_packets, failure);
}

/* Plugins take a bare number of seconds here. */
static enum ow_status set_timeout(struct check_options *options, const char *value,
                                  struct ow_failure *failure)
{
  uint32_t seconds = 0;
  enum ow_status status = OW_OK;
  if (ow_all_digits(value)) {
    status = ow_number_parse(value, 1, OW_LONGEST_DURATION / OW_NS_PER_S, &seconds, failure);
    if (status == OW_OK)
      options->timeout = seconds * OW_NS_PER_S;
  } else {
    status = ow_duration_parse(value, &options->timeout, failure);
  }
  return status;
}

static enum ow_status set_timeout_state(struct check_options *options, const char *value,
                                        struct ow_failure *failure)
{
  static const struct {
    const char *name;
    const char *number;
    enum ow_verdict verdict;
  } states[] = {{"ok", "0", OW_VERDICT_OK},
                {"warning", "1", OW_VERDICT_WARNING},
                {"critical", "2", OW_VERDICT_CRITICAL},
                {"unknown", "3", OW_VERDICT_UNKNOWN}};
  for (size_t i = 0; i < sizeof states / sizeof *states; i++) {
    if (ow_same_word(value, states[i].name) || strcmp(value, states[i].number) == 0) {
      options->timeout_state = states[i].verdict;
      options->has_timeout_state = true;
      return OW_OK;
    }
  }
  return not_one_of(value, "ok, warning, critical, unknown", failure);
}

static enum ow_status set_query(struct check_options *options, const char *value, struct ow_failure *failure)
{
  options->query_socket = value;
  raise_action(options, CHECK_QUERY);
  return *value ? OW_OK : ow_fail(failure, OW_INVALID, "the value is empty");
}

static enum ow_status set_name(struct check_options *options, const char *value, struct ow_failure *failure)
{
  options->stream = value;
  return *value ? OW_OK : ow_fail(failure, OW_INVALID, "the value is empty");
}

static enum ow_status set_last(struct check_options *options, const char *value, struct ow_failure *failure)
{
  return ow_number_parse(value, 1, CHECK_MOST_LAST, &options->last, failure);
}

static enum ow_status set_max_age(struct check_options *options, const char *value,
                                  struct ow_failure *failure)
{
  return ow_duration_parse(value, &options->max_age, failure);
}

static enum ow_status set_fetch(struct check_options *options, const char *value, struct ow_failure *failure)
{
  size_t octets = sizeof options->sid;
  struct ow_piece digits = ow_piece_of(value);
  bool good = digits.length == 2 * octets && ow_hex_parse(digits, options->sid);
  raise_action(options, CHECK_FETCH);
  return good ? OW_OK
              : ow_fail(failure, OW_INVALID, "a session identifier has %zu hexadecimal digits", 2 * octets);
}

static void raise_diagnose(struct check_options *options)
{
  raise_action(options, CHECK_DIAGNOSE);
}

/* Those that are written in full were taken out before. */
static enum ow_status set_extra_opts(struct check_options *options, const char *value,
                                     struct ow_failure *failure)
{
  (void)options;
  (void)value;
  return ow_fail(failure, OW_INVALID, "write it in full, with '=' before its value");
}

static enum ow_status set_mode(struct check_options *options, const char *value, struct ow_failure *failure)
{
  enum ow_mode mode = ow_mode_from_name(value);
  enum ow_status status = OW_OK;
  if (mode == OW_MODE_NONE)
    status = not_one_of(value, "open, authenticated, encrypted", failure);
  else
    options->modes_given |= (uint32_t)mode;
  return status;
}

static enum ow_status set_key_id(struct check_options *options, const char *value, struct ow_failure *failure)
{
  enum ow_status status = OW_OK;
  if (!*value || strlen(value) >= OW_KEY_ID_TEXT)
    status = ow_fail(failure, OW_INVALID, "a KeyID has 1 to %d octets", OW_KEY_ID_TEXT - 1);
  else
    options->key_id = value;
  return status;
}

static enum ow_status set_key_file(struct check_options *options, const char *value,
                                   struct ow_failure *failure)
{
  options->key_file = value;
  return *value ? OW_OK : ow_fail(failure, OW_INVALID, "the value is empty");
}

static enum ow_status set_direction(struct check_options *options, const char *value,
                                    struct ow_failure *failure)
{
  bool both = strcmp(value, "both") == 0;
  bool forward = both || strcmp(value, ow_direction_name(OW_FORWARD)) == 0;
  bool reverse = both || strcmp(value, ow_direction_name(OW_REVERSE)) == 0;
  enum ow_status status = OW_OK;
  options->direction_given = true;
  if (forward || reverse) {
    options->peer.directions[OW_FORWARD] = forward;
    options->peer.directions[OW_REVERSE] = reverse;
  } else {
    status = not_one_of(value, "both, forward, reverse", failure);
  }
  return status;
}

static enum ow_status set_count(struct check_options *options, const char *value, struct ow_failure *failure)
{
  return ow_number_parse(value, 1, MOST_PACKETS, &options->peer.packets, failure);
}

static enum ow_status set_interval(struct check_options *options, const char *value,
                                   struct ow_failure *failure)
{
  int64_t mean = 0;
  enum ow_status status = ow_duration_parse(value, &mean, failure);
  if (status == OW_OK) {
    options->peer.slots[0] = (struct ow_slot){OW_SLOT_EXPONENTIAL, ow_span_from_ns(mean)};
    options->peer.slot_count = 1;
    options->interval_given = true;
  }
  return status;
}

static enum ow_status set_schedule(struct check_options *options, const char *value,
                                   struct ow_failure *failure)
{
  options->schedule_given = true;
  return ow_peer_parse_schedule(value, &options->peer, failure);
}

static enum ow_status set_padding(struct check_options *options, const char *value,
                                  struct ow_failure *failure)
{
  return ow_number_parse(value, 0, OW_MOST_PADDING, &options->peer.padding, failure);
}

static void raise_zero_padding(struct check_options *options)
{
  options->peer.zero_padding = true;
}

static enum ow_status set_dscp(struct check_options *options, const char *value, struct ow_failure *failure)
{
  return ow_dscp_parse(value, &options->peer.dscp, failure);
}

static enum ow_status set_loss_timeout(struct check_options *options, const char *value,
                                       struct ow_failure *failure)
{
  return ow_duration_parse(value, &options->peer.loss_timeout, failure);
}

static enum ow_status set_source(struct check_options *options, const char *value, struct ow_failure *failure)
{
  return copy_text(options->peer.source, sizeof options->peer.source, value, failure);
}

static enum ow_status set_interface(struct check_options *options, const char *value,
                                    struct ow_failure *failure)
{
  return copy_text(options->peer.interface, sizeof options->peer.interface, value, failure);
}

static enum ow_status set_ports(struct check_options *options, const char *value, struct ow_failure *failure)
{
  return ow_port_range_parse(value, &options->peer.test_port_low, &options->peer.test_port_high, failure);
}

static void raise_nat(struct check_options *options)
{
  options->peer.nat = true;
}

static void raise_json(struct check_options *options)
{
  options->json = true;
}

static void raise_verbose(struct check_options *options)
{
  if (options->verbosity < MOST_VERBOSITY)
    options->verbosity++;
}

static void raise_help(struct check_options *options)
{
  options->action = CHECK_SHOW_HELP;
}

static void raise_version(struct check_options *options)
{
  options->action = CHECK_SHOW_VERSION;
}

const struct check_option check_option_table[] = {
    {'H', "hostname", "HOST", NULL, set_host, NULL,
     "Name or address of the OWAMP server. Required, but for --query."},
    {'p', "port", "PORT", "861", set_port, NULL, "Its TCP port, a number or a service name."},
    {'4', "use-ipv4", NULL, NULL, NULL, raise_ipv4, "Use IPv4 only."},
    {'6', "use-ipv6", NULL, NULL, NULL, raise_ipv6, "Use IPv6 only."},
    {'w', "warning", "LIST", NULL, set_warning, NULL, "Thresholds for WARNING; see below."},
    {'c', "critical", "LIST", NULL, set_critical, NULL, "Thresholds for CRITICAL; see below."},
    {0, "uncertain", "remark|unknown", "remark", set_uncertain, NULL,
     "What a delay is worth whose threshold lies within the error of the clocks: the plain verdict with a "
     "remark, or UNKNOWN."},
    {0, "min-packets", "PACKETS", NULL, set_min_packets, NULL,
     "A verdict on loss is UNKNOWN if fewer packets than these were sent in its direction."},
    {'t', "timeout", "SECONDS", "10s", set_timeout, NULL,
     "The check always ends within this time. A number of seconds, or a duration such as 2500ms."},
    {0, "timeout-state", "STATE", NULL, set_timeout_state, NULL,
     "What it is worth that the time ran out: ok, warning, critical or unknown (default: CRITICAL while the "
     "server keeps silent, UNKNOWN while packets are on their way)."},
    {0, "direction", "both|forward|reverse", "both", set_direction, NULL,
     "What to measure: forward is from this host to the server."},
    {0, "count", "PACKETS", "50", set_count, NULL, "Packets in each direction."},
    {0, "interval", "DURATION", "100ms", set_interval, NULL,
     "Mean distance of packets; the distances are exponentially distributed (a Poisson stream)."},
    {0, "schedule", "LIST", NULL, set_schedule, NULL,
     "In place of --interval: distances used in turn, exp:MEAN or fixed:DISTANCE, as in exp:10ms,fixed:5ms."},
    {0, "loss-timeout", "DURATION", "2s", set_loss_timeout, NULL, "A packet that takes longer is lost."},
    {0, "padding", "OCTETS", "0", set_padding, NULL, "Octets to add to each packet."},
    {0, "zero-padding", NULL, NULL, NULL, raise_zero_padding,
     "Pad with zeros instead of pseudo-random octets."},
    {0, "dscp", "DSCP", "0", set_dscp, NULL,
     "DSCP of the packets in both directions: a number, or a name such as EF."},
    {0, "mode", "MODE", NULL, set_mode, NULL,
     "Security mode: open, authenticated or encrypted. May be repeated: the strongest one that the server "
     "offers is used (default: any that there is a key for)."},
    {0, "key-id", "NAME", NULL, set_key_id, NULL,
     "The key to use, by its KeyID (with perfSONAR: the user name)."},
    {0, "key-file", "FILE", NULL, set_key_file, NULL,
     "File with KeyIDs and passphrases, as perfSONAR's pfstore writes it (.pfs)."},
    {0, "source", "ADDRESS", NULL, set_source, NULL, "Own address to measure from."},
    {0, "interface", "NAME", NULL, set_interface, NULL, "Network interface to measure through."},
    {0, "ports", "LOW-HIGH", NULL, set_ports, NULL, "Own UDP ports to use (default: any)."},
    {0, "query", "SOCKET", NULL, set_query, NULL,
     "Measure nothing: judge the newest interval of a running stream, as a query socket tells it."},
    {0, "name", "PEER", NULL, set_name, NULL, "The stream to judge, by the name that it has at that socket."},
    {0, "last", "INTERVALS", "1", set_last, NULL,
     "Judge that many of its newest intervals together; percentiles are then the mean of the intervals' "
     "own."},
    {0, "max-age", "DURATION", NULL, set_max_age, NULL,
     "Intervals that ended longer ago are UNKNOWN (default: twice the stream's interval and 5s)."},
    {0, "fetch", "SID", NULL, set_fetch, NULL,
     "Measure nothing: judge the session of that identifier, whose records the server still holds."},
    {0, "diagnose", NULL, NULL, NULL, raise_diagnose,
     "Measure step by step; say what was found at each and how to mend it."},
    {0, "extra-opts", "[SECTION][@FILE]", NULL, set_extra_opts, NULL,
     "Read further options from an ini file, as other plugins do; see the manual page."},
    {0, "nat", NULL, NULL, NULL, raise_nat,
     "One of the hosts is behind NAT: leave addresses out of the requests, so that the server takes those "
     "that "
     "it sees, and open the way for the packets back."},
    {0, "json", NULL, NULL, NULL, raise_json, "Print one JSON object instead of a plugin's output."},
    {'v', "verbose", NULL, NULL, NULL, raise_verbose,
     "Print more; up to three times. Steps go to the standard error output from -vv on, and -vvv prints "
     "every packet."},
    {'V', "version", NULL, NULL, NULL, raise_version, "Print the version."},
    {'h', "help", NULL, NULL, NULL, raise_help, "Print this help."},
};

const size_t check_option_count = sizeof check_option_table / sizeof *check_option_table;

enum ow_status check_option_apply(const struct check_option *option, struct check_options *options,
                                  const char *value, struct ow_failure *failure)
{
  enum ow_status status = OW_OK;
  if (option->set)
    status = option->set(options, value, failure);
  else
    option->raise(options);
  if (status != OW_OK)
    ow_fail_within(failure, "--%s", option->name);
  return status;
}
