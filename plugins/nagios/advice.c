/* SPDX-License-Identifier: MIT */
/* The command is this one, of which only what leads to the server is left, and quoted for a shell. */
#include "advice.h"

#include <string.h>

#include "protocols.h"
#include "text.h"

enum { LINE = 1024, WORD = 4 * OW_HOST_TEXT };

static bool needs_quotes(const char *word)
{
  static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./:@%+,-";
  return !word[0] || word[strspn(word, plain)] != '\0';
}

/* As one word for a shell, whatever is in it; what is too long is left out, and never half of it printed. */
static void add_word(struct check_text *line, const char *word)
{
  char quoted[WORD];
  size_t length = 0;
  bool quotes = needs_quotes(word);
  if (quotes)
    quoted[length++] = '\'';
  for (; *word && length < sizeof quoted - 6; word++) {
    if (*word == '\'') {
      memcpy(quoted + length, "'\\'", 3);
      length += 3;
    }
    quoted[length++] = *word;
  }
  if (quotes)
    quoted[length++] = '\'';
  quoted[length] = '\0';
  check_text_add(line, "%s", *word ? "..." : quoted);
}

static void add_option(struct check_text *line, const char *name, const char *value)
{
  if (value[0]) {
    check_text_add(line, " %s ", name);
    add_word(line, value);
  }
}

static void add_family(struct check_text *line, int family)
{
  if (family)
    check_text_add(line, " -%d", family);
}

/* What leads to the server: where it is, from where, and with which key. */
static void add_command(struct check_text *line, const struct check_options *options)
{
  const struct ow_peer *peer = &options->settings.peer;
  bool placed = options->program && strchr(options->program, '/');
  add_word(line, placed ? options->program : "check_owamp");
  add_option(line, "-H", peer->host);
  add_option(line, "-p", ow_given_has(&options->given, OW_PEER_PORT) ? peer->port : "");
  add_family(line, peer->address_family);
  if (peer->protocol != OW_PROTOCOL_OWAMP)
    add_option(line, "--protocol", ow_protocol_word(peer->protocol));
  add_option(line, "--source", peer->source);
  add_option(line, "--interface", peer->interface);
  add_option(line, "--key-id", peer->key_id);
  add_option(line, "--key-file", options->settings.key_file);
  check_text_add(line, " --diagnose");
}

/* Refused, out of reach, or silent. */
static bool no_server_answers(const struct ow_probe_report *report)
{
  bool on_the_way = report->step == OW_STEP_CONNECT || report->step == OW_STEP_SETUP;
  bool silent = report->status == OW_TIMEOUT && report->silent;
  return on_the_way && (report->status == OW_NETWORK || silent);
}

static bool nobody_answers(const struct ow_probe_report *report)
{
  const struct ow_result *both = &report->directions[OW_ROUND_TRIP].result;
  bool none = no_server_answers(report);
  if (ow_protocol_reflects(report->protocol))
    none = none || (both->sent > 0 && both->received == 0);
  return none;
}

void check_advice_print(FILE *out, const struct check_options *options, const struct ow_probe_report *report)
{
  char text[LINE];
  struct check_text line = {text, sizeof text, 0};
  bool tried = options->action == CHECK_MEASURE || options->action == CHECK_FETCH;
  if (options->key_warning[0]) {
    check_text_add(&line, "warning: %s", options->key_warning);
    fprintf(out, "%s\n", text);
    line.length = 0;
  }
  if (report && tried && nobody_answers(report)) {
    check_text_add(&line, "to see where it fails: ");
    add_command(&line, options);
    fprintf(out, "%s\n", text);
  }
}
