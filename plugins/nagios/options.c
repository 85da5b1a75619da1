/* SPDX-License-Identifier: MIT */
/* Tables for getopt_long(3) made from ours; then what only all options together can tell. */
#include "options.h"

#include <getopt.h>
#include <string.h>

#include "option_table.h"
#include "text.h"

enum { LONG_ONLY = 256 };

/* What getopt_long(3) returns for an option. */
static int code_of(size_t index)
{
  char letter = check_option_table[index].letter;
  return letter ? letter : LONG_ONLY + (int)index;
}

/* NULL if there is none. */
static const struct check_option *find_option(int code)
{
  const struct check_option *found = NULL;
  for (size_t i = 0; i < check_option_count && !found; i++)
    if (code_of(i) == code)
      found = &check_option_table[i];
  return found;
}

/* What getopt_long(3) asks for; the names stand in `texts`. */
struct getopt_tables {
  char letters[2 * CHECK_OPTIONS_MOST + 2];
  struct option longs[CHECK_OPTIONS_MOST + 1];
  struct check_option_text texts[CHECK_OPTIONS_MOST];
};

/* ':' in front: a lacking argument is told apart from an unknown option. */
static void make_getopt_tables(struct getopt_tables *tables)
{
  size_t at = 0;
  tables->letters[at++] = ':';
  for (size_t i = 0; i < check_option_count; i++) {
    const struct check_option *option = &check_option_table[i];
    struct check_option_text *text = &tables->texts[i];
    check_option_describe(option, text);
    int argument = text->argument ? required_argument : no_argument;
    tables->longs[i] = (struct option){text->name, argument, NULL, code_of(i)};
    if (option->letter)
      tables->letters[at++] = option->letter;
    if (option->letter && text->argument)
      tables->letters[at++] = ':';
  }
  tables->letters[at] = '\0';
  tables->longs[check_option_count] = (struct option){NULL, 0, NULL, 0};
}

static enum ow_status set_defaults(struct check_options *options, struct ow_failure *failure)
{
  enum ow_status status = OW_OK;
  *options = (struct check_options){0};
  ow_peer_settings_defaults(&options->settings, OW_USE_PROBE);
  for (size_t i = 0; status == OW_OK && i < check_option_count; i++) {
    const struct check_option *option = &check_option_table[i];
    if (option->initial)
      status = check_option_apply(option, options, option->initial, failure);
  }
  return status;
}

static struct ow_nearest nearest_option(const char *word)
{
  struct ow_nearest nearest = ow_nearest((struct ow_piece){word, strcspn(word, "=")});
  for (size_t i = 0; i < check_option_count; i++) {
    struct check_option_text text;
    char name[OW_SPELLED_TEXT + 2];
    check_option_describe(&check_option_table[i], &text);
    snprintf(name, sizeof name, "--%s", text.name);
    ow_nearest_offer(&nearest, name);
  }
  return nearest;
}

/* getopt_long(3) says no more than '?' or ':'; `word` is what it stands at. */
static enum ow_status refuse_word(int answer, const char *word, struct ow_failure *failure)
{
  const struct check_option *option = find_option(optopt);
  struct check_option_text text = {.argument = NULL};
  struct ow_nearest nearest = nearest_option(word);
  char shown[64];
  char meant[OW_NEAREST_TEXT];
  enum ow_status status = OW_INVALID;
  if (option)
    check_option_describe(option, &text);
  if (option && answer == ':')
    ow_fail(failure, status, "--%s needs a value: %s", text.name, text.argument);
  else if (option)
    ow_fail(failure, status, "--%s takes no value", text.name);
  else if (optopt > ' ' && optopt < 0x7f)
    ow_fail(failure, status, "there is no option -%c", optopt);
  else
    ow_fail(failure, status, "there is no option %s, or several begin like it%s",
            ow_printable(shown, sizeof shown, word, strlen(word)), ow_nearest_print(meant, &nearest));
  return status;
}

/* Reads all words, whatever is wrong with some; the failure is the first one's. */
static enum ow_status read_words(int argc, char **argv, struct check_options *options,
                                 struct ow_failure *failure)
{
  struct getopt_tables tables;
  make_getopt_tables(&tables);
  enum ow_status status = OW_OK;
  optind = 0; /* so that glibc starts afresh */
  opterr = 0;
  for (int code = 0; (code = getopt_long(argc, argv, tables.letters, tables.longs, NULL)) != -1;) {
    struct ow_failure one = {0};
    const struct check_option *option = find_option(code);
    enum ow_status outcome = option ? check_option_apply(option, options, optarg, &one)
                                    : refuse_word(code, argv[optind - 1], &one);
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

/* A metric of both directions, which only both tell. */
static bool needs_both(enum ow_metric metric, enum ow_protocol protocol)
{
  return ow_metric_of_both(metric) && !(metric == OW_METRIC_RTT && ow_protocol_reflects(protocol));
}

/* What a threshold lacks to alert ever; NULL: nothing. */
static const char *lacks(const struct check_options *options, enum ow_metric metric)
{
  const struct ow_peer *peer = &options->settings.peer;
  const char *lacking = NULL;
  if (ow_metric_of_round_trip(metric) && !options->query_socket)
    lacking = ow_protocol_reflects(peer->protocol) ? NULL : "--protocol stamp or twamp";
  else if (needs_both(metric, peer->protocol) &&
           !(peer->directions[OW_FORWARD] && peer->directions[OW_REVERSE]))
    lacking = "--direction both";
  return lacking;
}

static enum ow_status check_list(const struct check_options *options, const struct ow_thresholds *thresholds,
                                 struct ow_failure *failure)
{
  enum ow_status status = OW_OK;
  for (size_t i = 0; i < thresholds->count && status == OW_OK; i++) {
    const char *lacking = lacks(options, thresholds->list[i].metric);
    if (lacking)
      status = ow_fail(failure, OW_INVALID, "a threshold on %s needs %s",
                       ow_metric_name(thresholds->list[i].metric), lacking);
  }
  return status;
}

/* A threshold that could never alert would be worse than a mistake that is told. */
enum ow_status check_options_directions(const struct check_options *options, struct ow_failure *failure)
{
  enum ow_status status = check_list(options, &options->settings.warning, failure);
  if (status == OW_OK)
    status = check_list(options, &options->settings.critical, failure);
  return status;
}

/* What one option alone can't know. */
static enum ow_status check_together(struct check_options *options, struct ow_failure *failure)
{
  const struct ow_given *given = &options->given;
  const char *key_id = options->settings.peer.key_id;
  const char *key_file = options->settings.key_file;
  enum ow_status status = OW_OK;
  /* A server holds what it received. */
  if (options->action == CHECK_FETCH)
    options->settings.peer.directions[OW_REVERSE] = false;
  if (options->actions_clash)
    status = ow_fail(failure, OW_INVALID, "--query, --fetch and --diagnose exclude each other");
  else if (options->query_socket && !options->stream)
    status = ow_fail(failure, OW_INVALID, "--query needs --name, which says which stream to judge");
  else if (options->stream && !options->query_socket)
    status = ow_fail(failure, OW_INVALID, "--name needs --query, which says at which socket to ask");
  else if (!options->settings.peer.host[0] && !options->query_socket)
    status = ow_fail(failure, OW_INVALID, "no host is given: name it with -H");
  else if (options->settings.peer.protocol != OW_PROTOCOL_OWAMP && options->action == CHECK_FETCH)
    status = ow_fail(failure, OW_INVALID, "--fetch is of OWAMP alone: a reflector keeps no records");
  else if (key_id[0] && !key_file[0])
    status = ow_fail(failure, OW_INVALID, "--key-id needs --key-file, which holds its passphrase");
  else if (key_file[0] && !key_id[0])
    status = ow_fail(failure, OW_INVALID, "--key-file needs --key-id, which says which key of it to use");
  else if (ow_given_has(given, OW_PEER_PACKET_INTERVAL) && ow_given_has(given, OW_PEER_SCHEDULE))
    status = ow_fail(failure, OW_INVALID, "--interval and --schedule exclude each other");
  else
    status = check_options_directions(options, failure);
  if (status == OW_OK)
    status = ow_thresholds_check(&options->settings.warning, &options->settings.critical, failure);
  return status;
}

enum ow_status check_options_parse(int argc, char **argv, struct check_options *options,
                                   struct ow_failure *failure)
{
  enum ow_status status = set_defaults(options, failure);
  options->program = argv[0];
  if (status == OW_OK)
    status = read_words(argc, argv, options, failure);
  if (status == OW_OK)
    status = check_together(options, failure);
  return options->action < CHECK_SHOW_HELP ? status : OW_OK;
}

void check_options_clear(struct check_options *options)
{
  ow_peer_clear(&options->settings.peer);
}

enum ow_status check_options_fit(const struct check_options *options, struct ow_failure *failure)
{
  const struct ow_peer *peer = &options->settings.peer;
  int64_t planned = ow_peer_duration(peer);
  char needed[CHECK_NUMBER];
  char loss[CHECK_NUMBER];
  char timeout[CHECK_NUMBER];
  enum ow_status status = OW_OK;
  ow_seconds_print_apart(needed, timeout, check_seconds(planned), check_seconds(options->timeout));
  if (planned >= options->timeout)
    status =
        ow_fail(failure, OW_INVALID,
                "%u packets and then the loss timeout of %s take about %s, but -t ends the check after %s: "
                "raise -t, or lower --count, --%s or --loss-timeout",
                peer->packets, ow_seconds_print(loss, check_seconds(peer->loss_timeout)), needed, timeout,
                ow_given_has(&options->given, OW_PEER_SCHEDULE) ? "schedule" : "interval");
  return status;
}
