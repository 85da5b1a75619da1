#include "options.h"

#include <getopt.h>
#include <string.h>

#include "text.h"

enum { MOST_PACKETS = 10 * 1000 * 1000, MOST_VERBOSITY = 3, HELP_INDENT = 8, HELP_WIDTH = 79 };

/* `set` reads a value, which is NULL where `argument` is. */
struct row {
  char letter; /* 0: none */
  const char *name;
  const char *argument;
  const char *initial; /* value before the command line is read; NULL: none */
  enum ow_status (*set)(struct check_options *options, const char *value, struct ow_failure *failure);
  const char *help;
};

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
  if (strspn(value, "0123456789") == strlen(value))
    status = ow_peer_parse_number(value, 1, UINT16_MAX, &number, failure);
  if (status == OW_OK)
    status = copy_text(options->peer.port, sizeof options->peer.port, value, failure);
  return status;
}

static enum ow_status set_ipv4(struct check_options *options, const char *value, struct ow_failure *failure)
{
  (void)value;
  (void)failure;
  options->peer.address_family = 4;
  return OW_OK;
}

static enum ow_status set_ipv6(struct check_options *options, const char *value, struct ow_failure *failure)
{
  (void)value;
  (void)failure;
  options->peer.address_family = 6;
  return OW_OK;
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
    options->uncertain = OW_UNCERTAIN_REMARK;
  else if (strcmp(value, "unknown") == 0)
    options->uncertain = OW_UNCERTAIN_IS_UNKNOWN;
  else
    status = not_one_of(value, "remark, unknown", failure);
  return status;
}

/* Plugins take a bare number of seconds here. */
static enum ow_status set_timeout(struct check_options *options, const char *value,
                                  struct ow_failure *failure)
{
  uint32_t seconds = 0;
  enum ow_status status = OW_OK;
  if (strspn(value, "0123456789") == strlen(value)) {
    status = ow_peer_parse_number(value, 1, OW_LONGEST_DURATION / OW_NS_PER_S, &seconds, failure);
    if (status == OW_OK)
      options->timeout = seconds * OW_NS_PER_S;
  } else {
    status = ow_peer_parse_duration(value, &options->timeout, failure);
  }
  return status;
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
  return ow_peer_parse_number(value, 1, MOST_PACKETS, &options->peer.packets, failure);
}

static enum ow_status set_interval(struct check_options *options, const char *value,
                                   struct ow_failure *failure)
{
  int64_t mean = 0;
  enum ow_status status = ow_peer_parse_duration(value, &mean, failure);
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
  return ow_peer_parse_number(value, 0, OW_MOST_PADDING, &options->peer.padding, failure);
}

static enum ow_status set_zero_padding(struct check_options *options, const char *value,
                                       struct ow_failure *failure)
{
  (void)value;
  (void)failure;
  options->peer.zero_padding = true;
  return OW_OK;
}

static enum ow_status set_dscp(struct check_options *options, const char *value, struct ow_failure *failure)
{
  return ow_peer_parse_dscp(value, &options->peer.dscp, failure);
}

static enum ow_status set_loss_timeout(struct check_options *options, const char *value,
                                       struct ow_failure *failure)
{
  return ow_peer_parse_duration(value, &options->peer.loss_timeout, failure);
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
  return ow_peer_parse_ports(value, &options->peer.test_port_low, &options->peer.test_port_high, failure);
}

static enum ow_status set_nat(struct check_options *options, const char *value, struct ow_failure *failure)
{
  (void)value;
  (void)failure;
  options->peer.nat = true;
  return OW_OK;
}

static enum ow_status set_json(struct check_options *options, const char *value, struct ow_failure *failure)
{
  (void)value;
  (void)failure;
  options->json = true;
  return OW_OK;
}

static enum ow_status set_verbose(struct check_options *options, const char *value,
                                  struct ow_failure *failure)
{
  (void)value;
  (void)failure;
  if (options->verbosity < MOST_VERBOSITY)
    options->verbosity++;
  return OW_OK;
}

static enum ow_status set_help(struct check_options *options, const char *value, struct ow_failure *failure)
{
  (void)value;
  (void)failure;
  options->action = CHECK_SHOW_HELP;
  return OW_OK;
}

static enum ow_status set_version(struct check_options *options, const char *value,
                                  struct ow_failure *failure)
{
  (void)value;
  (void)failure;
  options->action = CHECK_SHOW_VERSION;
  return OW_OK;
}

static const struct row rows[] = {
    {'H', "hostname", "HOST", NULL, set_host, "Name or address of the OWAMP server. Required."},
    {'p', "port", "PORT", "861", set_port, "Its TCP port, a number or a service name."},
    {'4', "use-ipv4", NULL, NULL, set_ipv4, "Use IPv4 only."},
    {'6', "use-ipv6", NULL, NULL, set_ipv6, "Use IPv6 only."},
    {'w', "warning", "LIST", NULL, set_warning, "Thresholds for WARNING; see below."},
    {'c', "critical", "LIST", NULL, set_critical, "Thresholds for CRITICAL; see below."},
    {0, "uncertain", "remark|unknown", "remark", set_uncertain,
     "What a delay is worth whose threshold lies within the error of the clocks: the plain verdict with a "
     "remark, "
     "or UNKNOWN."},
    {'t', "timeout", "SECONDS", "10s", set_timeout,
     "The check always ends within this time. A number of seconds, or a duration such as 2500ms."},
    {0, "direction", "both|forward|reverse", "both", set_direction,
     "What to measure: forward is from this host to the server."},
    {0, "count", "PACKETS", "50", set_count, "Packets in each direction."},
    {0, "interval", "DURATION", "100ms", set_interval,
     "Mean distance of packets; the distances are exponentially distributed (a Poisson stream)."},
    {0, "schedule", "LIST", NULL, set_schedule,
     "In place of --interval: distances used in turn, exp:MEAN or fixed:DISTANCE, as in exp:10ms,fixed:5ms."},
    {0, "loss-timeout", "DURATION", "2s", set_loss_timeout, "A packet that takes longer is lost."},
    {0, "padding", "OCTETS", "0", set_padding, "Octets to add to each packet."},
    {0, "zero-padding", NULL, NULL, set_zero_padding, "Pad with zeros instead of pseudo-random octets."},
    {0, "dscp", "DSCP", "0", set_dscp,
     "DSCP of the packets in both directions: a number, or a name such as EF."},
    {0, "mode", "MODE", NULL, set_mode,
     "Security mode: open, authenticated or encrypted. May be repeated: the strongest one that the server "
     "offers "
     "is used (default: any that there is a key for)."},
    {0, "key-id", "NAME", NULL, set_key_id, "The key to use, by its KeyID (with perfSONAR: the user name)."},
    {0, "key-file", "FILE", NULL, set_key_file,
     "File with KeyIDs and passphrases, as perfSONAR's pfstore writes it (.pfs)."},
    {0, "source", "ADDRESS", NULL, set_source, "Own address to measure from."},
    {0, "interface", "NAME", NULL, set_interface, "Network interface to measure through."},
    {0, "ports", "LOW-HIGH", NULL, set_ports, "Own UDP ports to use (default: any)."},
    {0, "nat", NULL, NULL, set_nat,
     "Leave addresses out of the requests, so that the server takes those that it sees."},
    {0, "json", NULL, NULL, set_json, "Print one JSON object instead of a plugin's output."},
    {'v', "verbose", NULL, NULL, set_verbose,
     "Print more; up to three times. Steps go to the standard error output from -vv on, and -vvv prints "
     "every "
     "packet."},
    {'V', "version", NULL, NULL, set_version, "Print the version."},
    {'h', "help", NULL, NULL, set_help, "Print this help."},
};

enum { ROWS = sizeof rows / sizeof *rows, LONG_ONLY = 256 };

/* What getopt_long(3) returns for a row. */
static int code_of(size_t row)
{
  return rows[row].letter ? rows[row].letter : LONG_ONLY + (int)row;
}

/* NULL if there is none. */
static const struct row *find_row(int code)
{
  const struct row *found = NULL;
  for (size_t i = 0; i < ROWS && !found; i++)
    if (code_of(i) == code)
      found = &rows[i];
  return found;
}

/* ':' in front: a lacking argument is told apart from an unknown option. */
static void make_getopt_tables(char letters[2 * ROWS + 2], struct option longs[ROWS + 1])
{
  size_t at = 0;
  letters[at++] = ':';
  for (size_t i = 0; i < ROWS; i++) {
    int argument = rows[i].argument ? required_argument : no_argument;
    longs[i] = (struct option){rows[i].name, argument, NULL, code_of(i)};
    if (rows[i].letter)
      letters[at++] = rows[i].letter;
    if (rows[i].letter && rows[i].argument)
      letters[at++] = ':';
  }
  letters[at] = '\0';
  longs[ROWS] = (struct option){NULL, 0, NULL, 0};
}

static enum ow_status set_row(const struct row *row, struct check_options *options, const char *value,
                              struct ow_failure *failure)
{
  enum ow_status status = row->set(options, value, failure);
  if (status != OW_OK)
    ow_fail_within(failure, "--%s", row->name);
  return status;
}

static void set_defaults(struct check_options *options)
{
  *options = (struct check_options){0};
  ow_peer_defaults(&options->peer);
  for (size_t i = 0; i < ROWS; i++) {
    struct ow_failure failure;
    if (rows[i].initial && set_row(&rows[i], options, rows[i].initial, &failure) != OW_OK)
      options->action = CHECK_SHOW_HELP; /* never: a test reads every default */
  }
  options->interval_given = false;
}

/* getopt_long(3) says no more than '?' or ':'; `word` is what it stands at. */
static enum ow_status refuse_word(int answer, const char *word, struct ow_failure *failure)
{
  const struct row *row = find_row(optopt);
  char shown[64];
  enum ow_status status = OW_INVALID;
  if (row && answer == ':')
    ow_fail(failure, status, "--%s needs a value: %s", row->name, row->argument);
  else if (row)
    ow_fail(failure, status, "--%s takes no value", row->name);
  else if (optopt > ' ' && optopt < 0x7f)
    ow_fail(failure, status, "there is no option -%c", optopt);
  else
    ow_fail(failure, status, "there is no option %s (or several begin like it)",
            ow_printable(shown, sizeof shown, word, strlen(word)));
  return status;
}

/* Reads all words, whatever is wrong with some; the failure is the first one's. */
static enum ow_status read_words(int argc, char **argv, struct check_options *options,
                                 struct ow_failure *failure)
{
  char letters[2 * ROWS + 2];
  struct option longs[ROWS + 1];
  make_getopt_tables(letters, longs);
  enum ow_status status = OW_OK;
  optind = 0; /* so that glibc starts afresh */
  opterr = 0;
  for (int code = 0; (code = getopt_long(argc, argv, letters, longs, NULL)) != -1;) {
    struct ow_failure one = {0};
    const struct row *row = find_row(code);
    enum ow_status outcome =
        row ? set_row(row, options, optarg, &one) : refuse_word(code, argv[optind - 1], &one);
    if (outcome != OW_OK && status == OW_OK) {
      status = outcome;
      *failure = one;
    }
  }
  char shown[64];
  if (status == OW_OK && optind < argc)
    status = ow_fail(failure, OW_INVALID, "'%s' belongs to no option: name the host with -H",
                     ow_printable(shown, sizeof shown, argv[optind], strlen(argv[optind])));
  return status;
}

/* What one option alone can't know. */
static enum ow_status check_together(struct check_options *options, struct ow_failure *failure)
{
  enum ow_status status = OW_OK;
  if (options->modes_given)
    options->peer.modes = options->modes_given;
  if (!options->peer.host[0])
    status = ow_fail(failure, OW_INVALID, "no host is given: name it with -H");
  else if (options->key_id && !options->key_file)
    status = ow_fail(failure, OW_INVALID, "--key-id needs --key-file, which holds its passphrase");
  else if (options->key_file && !options->key_id)
    status = ow_fail(failure, OW_INVALID, "--key-file needs --key-id, which says which key of it to use");
  else if (options->interval_given && options->schedule_given)
    status = ow_fail(failure, OW_INVALID, "--interval and --schedule exclude each other");
  return status;
}

enum ow_status check_options_parse(int argc, char **argv, struct check_options *options,
                                   struct ow_failure *failure)
{
  set_defaults(options);
  enum ow_status status = read_words(argc, argv, options, failure);
  if (status == OW_OK)
    status = check_together(options, failure);
  return options->action == CHECK_MEASURE ? status : OW_OK;
}

void check_options_clear(struct check_options *options)
{
  ow_peer_clear(&options->peer);
}

enum ow_status check_options_fit(const struct check_options *options, struct ow_failure *failure)
{
  const struct ow_peer *peer = &options->peer;
  int64_t planned = ow_peer_duration(peer);
  enum ow_status status = OW_OK;
  if (planned >= options->timeout) {
    char needed[CHECK_NUMBER];
    char loss[CHECK_NUMBER];
    char timeout[CHECK_NUMBER];
    status = ow_fail(
        failure, OW_INVALID,
        "%u packets and a loss timeout of %s need about %s, but -t ends the check after %s: raise -t, or "
        "lower --count, --%s or --loss-timeout",
        peer->packets, check_time_text(loss, check_seconds(peer->loss_timeout)),
        check_time_text(needed, check_seconds(planned)),
        check_time_text(timeout, check_seconds(options->timeout)),
        options->schedule_given ? "schedule" : "interval");
  }
  return status;
}

/* Words of `text`, indented; lines end before HELP_WIDTH. */
static void print_wrapped(FILE *out, const char *text)
{
  size_t column = 0;
  while (*text) {
    size_t length = strcspn(text, " ");
    if (column == 0 || column + 1 + length > HELP_WIDTH) {
      fprintf(out, "%s%*s", column ? "\n" : "", HELP_INDENT, "");
      column = HELP_INDENT;
    } else {
      fputc(' ', out);
      column++;
    }
    fprintf(out, "%.*s", (int)length, text);
    column += length;
    text += length;
    text += strspn(text, " ");
  }
  fputc('\n', out);
}

static void print_row(FILE *out, const struct row *row)
{
  char text[512];
  if (row->letter)
    fprintf(out, "  -%c, ", row->letter);
  else
    fputs("      ", out);
  fprintf(out, "--%s%s%s\n", row->name, row->argument ? "=" : "", row->argument ? row->argument : "");
  if (row->initial)
    snprintf(text, sizeof text, "%s (default: %s)", row->help, row->initial);
  else
    snprintf(text, sizeof text, "%s", row->help);
  print_wrapped(out, text);
}

static const char help_head[] =
    "check_owamp " OWAMP_VERSION "\n"
    "Measures one-way delay, loss and jitter to and from an OWAMP server (RFC 4656).\n"
    "\n"
    "Usage: check_owamp -H HOST [-p PORT] [-w LIST] [-c LIST] [-t SECONDS] [-v]\n"
    "                   [-4 | -6] [OPTION]...\n"
    "\n"
    "Options:\n";

static const char help_tail[] =
    "\n"
    "Thresholds: METRIC[@DIRECTION]=RANGE, separated by commas.\n"
    "  METRIC     delay_min, delay_mean, delay_median, delay_p95, delay_p99,\n"
    "             delay_max, jitter, ipdv, pdv, loss, lost, duplicates, reordered,\n"
    "             hops\n"
    "  DIRECTION  forward or reverse; both if left out\n"
    "  RANGE      as in the Monitoring Plugins guidelines, with units us, ms, s, %\n"
    "  20ms,1% is short for delay_p95=20ms,loss=1%.\n"
    "A direction in which nothing arrives is CRITICAL unless a threshold is set on\n"
    "its loss.\n"
    "\n"
    "Example:\n"
    "  check_owamp -H owamp.example.net -w delay_p95=20ms,loss=1% -c 50ms,5%\n"
    "\n"
    "Exit status: 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN, and after -h or -V.\n";

void check_options_help(FILE *out)
{
  fputs(help_head, out);
  for (size_t i = 0; i < ROWS; i++)
    print_row(out, &rows[i]);
  fputs(help_tail, out);
}
