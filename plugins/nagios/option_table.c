/* SPDX-License-Identifier: MIT */
/* The setters of options, then the table itself. */
#include "option_table.h"

#include <stdio.h>
#include <string.h>

#include "text/duration.h"
#include "text/hex.h"
#include "text/number.h"
#include "text/word.h"

enum { MOST_VERBOSITY = 3 };

/* Help and version outrank whatever else is asked for. */
static void raise_action(struct check_options *options, enum check_action action)
{
  if (options->action < CHECK_SHOW_HELP) {
    options->actions_clash = options->actions_clash || options->action != CHECK_MEASURE;
    options->action = action;
  }
}

static enum ow_status not_one_of(const char *value, const char *choices, struct ow_failure *failure)
{
  char shown[32];
  return ow_fail(failure, OW_INVALID, "'%s' is not one of %s",
                 ow_printable(shown, sizeof shown, value, strlen(value)), choices);
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

static enum ow_status set_perfdata(struct check_options *options, const char *value,
                                   struct ow_failure *failure)
{
  options->sparse = strcmp(value, "sparse") == 0;
  return options->sparse || strcmp(value, "full") == 0 ? OW_OK : not_one_of(value, "full, sparse", failure);
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

/* ---- a peer's options ---- */

static const struct ow_spelled exceptions[] = {{OW_PEER_HOST, "hostname"},
                                               {OW_PEER_PACKET_INTERVAL, "interval"}};
static const struct ow_spelling spelling = {.exceptions = exceptions,
                                            .exception_count = sizeof exceptions / sizeof *exceptions};

/* ---- the table ---- */

#define OF_PEER(option) .of_peer = true, .id = (option)

const struct check_option check_option_table[] = {
    {'H', OF_PEER(OW_PEER_HOST), .help = "Required, but for --query."},
    {'p', OF_PEER(OW_PEER_PORT)},
    {'4', OF_PEER(OW_PEER_FAMILY), .flag = "ipv4", .name = "use-ipv4", .help = "Use IPv4 only."},
    {'6', OF_PEER(OW_PEER_FAMILY), .flag = "ipv6", .name = "use-ipv6", .help = "Use IPv6 only."},
    {'w', OF_PEER(OW_PEER_WARNING), .help = "See below."},
    {'c', OF_PEER(OW_PEER_CRITICAL), .help = "See below."},
    {0, OF_PEER(OW_PEER_UNCERTAIN)},
    {0, OF_PEER(OW_PEER_MIN_PACKETS)},
    {0, OF_PEER(OW_PEER_NOTHING_ARRIVED)},
    {0, OF_PEER(OW_PEER_PARTIAL_STATE)},
    {'t', .name = "timeout", .argument = "SECONDS", .initial = "10s", .set = set_timeout,
     .help = "The check always ends within this time. A number of seconds, or a duration such as 2500ms."},
    {.name = "timeout-state",
     .argument = "STATE",
     .set = set_timeout_state,
     .help = "What it is worth that the time ran out: ok, warning, critical or unknown (default: CRITICAL "
             "if the server keeps silent before its sessions run, else UNKNOWN)."},
    {0, OF_PEER(OW_PEER_DIRECTION)},
    {0, OF_PEER(OW_PEER_COUNT)},
    {0, OF_PEER(OW_PEER_PACKET_INTERVAL)},
    {0, OF_PEER(OW_PEER_SCHEDULE), .help = "In place of --interval."},
    {0, OF_PEER(OW_PEER_LOSS_TIMEOUT)},
    {0, OF_PEER(OW_PEER_BUSY_WAIT), .flag = "true"},
    {0, OF_PEER(OW_PEER_PERCENTILES)},
    {0, OF_PEER(OW_PEER_PADDING)},
    {0, OF_PEER(OW_PEER_ZERO_PADDING), .flag = "true"},
    {0, OF_PEER(OW_PEER_DSCP)},
    {0, OF_PEER(OW_PEER_PROTOCOL)},
    {0, OF_PEER(OW_PEER_SSID)},
    {0, OF_PEER(OW_PEER_TLVS)},
    {0, OF_PEER(OW_PEER_MODE)},
    {0, OF_PEER(OW_PEER_KEY_ID)},
    {0, OF_PEER(OW_PEER_KEY_FILE)},
    {0, OF_PEER(OW_PEER_SOURCE)},
    {0, OF_PEER(OW_PEER_INTERFACE)},
    {0, OF_PEER(OW_PEER_PORTS)},
    {.name = "query",
     .argument = "SOCKET",
     .set = set_query,
     .help = "Measure nothing: judge the newest interval of a running stream, as a query socket tells it: by "
             "custom "
             "/run/owamp/query.sock."},
    {.name = "name",
     .argument = "PEER",
     .set = set_name,
     .help = "The stream to judge, by the name that it has at that socket."},
    {.name = "last",
     .argument = "INTERVALS",
     .initial = "1",
     .set = set_last,
     .help = "Judge that many of its newest intervals together; percentiles, jitter and pdv are then "
             "within 1 % of their distance from the least delay."},
    {.name = "max-age",
     .argument = "DURATION",
     .set = set_max_age,
     .help = "Intervals that ended longer ago are UNKNOWN (default: twice the stream's interval and 5s)."},
    {.name = "fetch",
     .argument = "SID",
     .set = set_fetch,
     .help = "Measure nothing: judge the session of that identifier, whose records the server still holds."},
    {.name = "diagnose",
     .raise = raise_diagnose,
     .help = "Measure step by step; say what was found at each and how to mend it."},
    {.name = "extra-opts",
     .argument = "[SECTION][@FILE]",
     .set = set_extra_opts,
     .help = "Read further options from an ini file, as other plugins do; see the manual page."},
    {0, OF_PEER(OW_PEER_NAT), .flag = "true"},
    {.name = "perfdata",
     .argument = "full|sparse",
     .initial = "full",
     .set = set_perfdata,
     .help = "Performance data of what isn't known: U, as PNP4Nagios needs it, or left out, as Icinga 2 "
             "likes it."},
    {.name = "json", .raise = raise_json, .help = "Print one JSON object instead of a plugin's output."},
    {'v', .name = "verbose", .raise = raise_verbose, .repeatable = true,
     .help = "Print more; up to three times: both directions' numbers; histograms, with the steps on the "
             "standard error output; every packet."},
    {'V', .name = "version", .raise = raise_version, .help = "Print the version."},
    {'h', .name = "help", .raise = raise_help, .help = "Print this help."},
};

const size_t check_option_count = sizeof check_option_table / sizeof *check_option_table;

/* What the check says of a peer's option with a name of its own is all that is said of it. */
static void describe_of_peer(const struct check_option *option, struct check_option_text *text)
{
  const struct ow_peer_option *core = &ow_peer_options[option->id];
  if (option->name)
    return;
  ow_spell(text->name, &spelling, option->id);
  text->argument = option->flag ? NULL : core->value;
  text->initial = option->flag ? NULL : core->initial;
  snprintf(text->help, sizeof text->help, "%s%s%s", core->help, option->help ? " " : "",
           option->help ? option->help : "");
}

void check_option_describe(const struct check_option *option, struct check_option_text *text)
{
  *text = (struct check_option_text){.argument = option->argument, .initial = option->initial};
  snprintf(text->name, sizeof text->name, "%s", option->name ? option->name : "");
  snprintf(text->help, sizeof text->help, "%s", option->help ? option->help : "");
  if (option->of_peer)
    describe_of_peer(option, text);
}

const struct check_option *check_option_find(struct ow_piece name)
{
  const struct check_option *found = NULL;
  struct check_option_text text;
  for (size_t i = 0; i < check_option_count && !found; i++) {
    const struct check_option *option = &check_option_table[i];
    check_option_describe(option, &text);
    if (ow_piece_is(name, text.name) || (name.length == 1 && *name.at == option->letter))
      found = option;
  }
  return found;
}

bool check_option_repeatable(const struct check_option *option)
{
  return option->of_peer ? ow_peer_option_repeatable(option->id) : option->repeatable;
}

static enum ow_status apply_own(const struct check_option *option, struct check_options *options,
                                const char *value, struct ow_failure *failure)
{
  enum ow_status status = OW_OK;
  if (option->set)
    status = option->set(options, value, failure);
  else
    option->raise(options);
  return status;
}

enum ow_status check_option_apply(const struct check_option *option, struct check_options *options,
                                  const char *value, struct ow_failure *failure)
{
  struct check_option_text text;
  enum ow_status status = OW_OK;
  if (option->of_peer)
    status = ow_peer_option_apply(&options->settings, option->id, option->flag ? option->flag : value,
                                  &options->given, failure);
  else
    status = apply_own(option, options, value, failure);
  if (status != OW_OK) {
    check_option_describe(option, &text);
    ow_fail_within(failure, "--%s", text.name);
  }
  return status;
}
