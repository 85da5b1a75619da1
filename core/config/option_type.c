/* SPDX-License-Identifier: MIT */
/* A reader and a printer for each type of value; bounds and sentences are theirs. */
#include "config/option_type.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "text/dscp.h"
#include "text/duration.h"
#include "text/field.h"
#include "text/number.h"
#include "text/port_range.h"
#include "text/word.h"

/* ---- texts ---- */

static bool has_blank(const char *text)
{
  return text[strcspn(text, " \t\r\n\v\f")] != '\0';
}

static enum ow_status parse_host(const struct ow_peer_option *option, char *out, const char *text,
                                 struct ow_failure *failure)
{
  char shown[64];
  if (has_blank(text))
    return ow_fail(failure, OW_INVALID, "'%s' is no name or address",
                   ow_printable(shown, sizeof shown, text, strlen(text)));
  return ow_field_copy(out, option->size, text, failure);
}

static enum ow_status parse_key_id(const struct ow_peer_option *option, char *out, const char *text,
                                   struct ow_failure *failure)
{
  size_t length = strlen(text);
  enum ow_status status = OW_OK;
  if (length == 0 || length >= option->size)
    status = ow_fail(failure, OW_INVALID, "a KeyID has 1 to %zu octets", option->size - 1);
  else if (has_blank(text))
    status = ow_fail(failure, OW_INVALID, "a KeyID has no blank");
  else
    status = ow_field_copy(out, option->size, text, failure);
  return status;
}

static enum ow_status parse_port(const struct ow_peer_option *option, char *out, const char *text,
                                 struct ow_failure *failure)
{
  uint32_t number = 0;
  enum ow_status status = OW_OK;
  if (ow_all_digits(text))
    status = ow_number_parse(text, (uint32_t)option->least, (uint32_t)option->most, &number, failure);
  return status == OW_OK ? ow_field_copy(out, option->size, text, failure) : status;
}

/* ---- one word of a few ---- */

struct choice {
  const char *word;
  uint32_t value;
};

static const struct choice families[] = {{"any", 0}, {"ipv4", 4}, {"ipv6", 6}, {NULL, 0}};
static const struct choice policies[] = {
    {"remark", OW_UNCERTAIN_REMARK}, {"unknown", OW_UNCERTAIN_IS_UNKNOWN}, {NULL, 0}};
static const struct choice states[] = {{"ok", OW_VERDICT_OK},
                                       {"warning", OW_VERDICT_WARNING},
                                       {"critical", OW_VERDICT_CRITICAL},
                                       {"unknown", OW_VERDICT_UNKNOWN},
                                       {NULL, 0}};
static const struct choice modes[] = {{"open", OW_MODE_OPEN},
                                      {"authenticated", OW_MODE_AUTHENTICATED},
                                      {"encrypted", OW_MODE_ENCRYPTED},
                                      {"mixed", OW_MODE_MIXED},
                                      {NULL, 0}};
static const struct choice protocols[] = {
    {"owamp", OW_PROTOCOL_OWAMP}, {"stamp", OW_PROTOCOL_STAMP}, {"twamp", OW_PROTOCOL_TWAMP}, {NULL, 0}};
static const struct choice tlvs[] = {{"none", 0},
                                     {"timestamps", 1U << OW_TLV_TIMESTAMPS},
                                     {"class-of-service", 1U << OW_TLV_CLASS_OF_SERVICE},
                                     {"counters", 1U << OW_TLV_COUNTERS},
                                     {"follow-up", 1U << OW_TLV_FOLLOW_UP},
                                     {NULL, 0}};
enum { FORWARD = 1U << OW_FORWARD, REVERSE = 1U << OW_REVERSE };
static const struct choice directions[] = {
    {"both", FORWARD | REVERSE}, {"forward", FORWARD}, {"reverse", REVERSE}, {NULL, 0}};

static const struct choice *choice_of(const struct choice *choices, struct ow_piece word)
{
  const struct choice *choice = choices;
  while (choice->word && !ow_piece_is(word, choice->word))
    choice++;
  return choice->word ? choice : NULL;
}

static const char *word_of(const struct choice *choices, uint32_t value)
{
  const struct choice *choice = choices;
  while (choice->word && choice->value != value)
    choice++;
  return choice->word ? choice->word : "";
}

static enum ow_status not_one_of(const struct choice *choices, const char *text, const char *remark,
                                 struct ow_failure *failure)
{
  char shown[32];
  char words[80] = "";
  for (const struct choice *choice = choices; choice->word; choice++)
    snprintf(words + strlen(words), sizeof words - strlen(words), "%s%s", words[0] ? ", " : "", choice->word);
  return ow_fail(failure, OW_INVALID, "'%s' is not one of %s%s",
                 ow_printable(shown, sizeof shown, text, strlen(text)), words, remark);
}

static enum ow_status parse_choice(const struct choice *choices, const char *text, uint32_t *value,
                                   struct ow_failure *failure)
{
  const struct choice *choice = choice_of(choices, ow_piece_of(text));
  if (!choice)
    return not_one_of(choices, text, "", failure);
  *value = choice->value;
  return OW_OK;
}

/* Bits of words with commas between. */
static enum ow_status parse_set(const struct choice *choices, const char *text, uint32_t *bits,
                                struct ow_failure *failure)
{
  const struct choice *choice = choices;
  *bits = 0;
  for (const char *at = text; choice && at;) {
    size_t length = strcspn(at, ",");
    choice = choice_of(choices, (struct ow_piece){at, length});
    if (choice)
      *bits |= choice->value;
    at = at[length] ? at + length + 1 : NULL;
  }
  return choice ? OW_OK : not_one_of(choices, text, ", or some of them with commas between", failure);
}

static enum ow_status parse_bits(const struct choice *choices, uint32_t *out, const char *text, bool add,
                                 struct ow_failure *failure)
{
  uint32_t bits = 0;
  enum ow_status status = parse_set(choices, text, &bits, failure);
  if (status == OW_OK)
    *out = add ? *out | bits : bits;
  return status;
}

/* Without any, the word for none, if there is one. */
static void print_bits(const struct choice *choices, uint32_t mask, char *out, size_t size)
{
  snprintf(out, size, "%s", mask ? "" : word_of(choices, 0));
  for (const struct choice *choice = choices; choice->word; choice++)
    if (mask & choice->value)
      snprintf(out + strlen(out), size - strlen(out), "%s%s", out[0] ? "," : "", choice->word);
}

static enum ow_status parse_directions(bool *out, const char *text, struct ow_failure *failure)
{
  uint32_t bits = 0;
  enum ow_status status = parse_set(directions, text, &bits, failure);
  for (int d = 0; status == OW_OK && d < OW_DIRECTIONS; d++)
    out[d] = (bits >> d) & 1;
  return status;
}

static enum ow_status parse_flag(bool *out, const char *text, struct ow_failure *failure)
{
  static const char *const words[] = {"false", "true", "no", "yes", "off", "on"};
  enum { WORDS = sizeof words / sizeof *words };
  unsigned i = 0;
  while (i < WORDS && !ow_same_word(text, words[i]))
    i++;
  if (i == WORDS)
    return ow_fail(failure, OW_INVALID, "the value is neither true nor false");
  *out = i % 2;
  return OW_OK;
}

/* ---- numbers and times ---- */

static enum ow_status parse_duration(const struct ow_peer_option *option, int64_t *out, const char *text,
                                     struct ow_failure *failure)
{
  int64_t ns = 0;
  char least[OW_DURATION_TEXT];
  char most[OW_DURATION_TEXT];
  enum ow_status status = ow_duration_parse(text, &ns, failure);
  if (status == OW_OK && (ns < option->least || ns > option->most))
    status = ow_fail(failure, OW_INVALID, "it is %s at least and %s at most",
                     ow_duration_print(least, sizeof least, option->least),
                     ow_duration_print(most, sizeof most, option->most));
  if (status == OW_OK)
    *out = ns;
  return status;
}

static enum ow_status parse_mean(const struct ow_peer_option *option, struct ow_peer *peer, const char *text,
                                 struct ow_failure *failure)
{
  int64_t mean = 0;
  enum ow_status status = parse_duration(option, &mean, text, failure);
  if (status == OW_OK) {
    memset(peer->slots, 0, sizeof peer->slots);
    peer->slots[0] = (struct ow_slot){OW_SLOT_EXPONENTIAL, ow_span_from_ns(mean)};
    peer->slot_count = 1;
  }
  return status;
}

/* Half a range, as a program may hold that fills it in step by step, has no text. */
static void print_ports(const struct ow_peer *peer, char *out, size_t size)
{
  out[0] = '\0';
  if (peer->test_port_low && peer->test_port_low <= peer->test_port_high)
    snprintf(out, size, "%u-%u", peer->test_port_low, peer->test_port_high);
}

/* ---- what results are worth ---- */

static enum ow_status parse_thresholds(struct ow_thresholds *out, const char *text,
                                       struct ow_failure *failure)
{
  struct ow_thresholds thresholds = {.count = 0};
  enum ow_status status = ow_thresholds_parse(text, &thresholds, failure);
  if (status == OW_OK)
    *out = thresholds;
  return status;
}

static void print_raise(const struct ow_alarm_rule *rule, char *out, size_t size)
{
  out[0] = '\0';
  if (rule->raise >= 1 && rule->raise <= rule->of && rule->of <= OW_ALARM_WINDOW)
    snprintf(out, size, "%u/%u", rule->raise, rule->of);
}

/* ---- by type ---- */

enum ow_status ow_option_parse(const struct ow_peer_option *option, struct ow_peer_settings *settings,
                               const char *text, bool add, struct ow_failure *failure)
{
  void *field = (char *)settings + option->offset;
  struct ow_peer *peer = &settings->peer;
  uint32_t choice = 0;
  enum ow_status status = OW_INVALID;
  switch (option->type) {
  case OW_TYPE_TEXT: status = ow_field_copy(field, option->size, text, failure); break;
  case OW_TYPE_HOST: status = parse_host(option, field, text, failure); break;
  case OW_TYPE_KEY_ID: status = parse_key_id(option, field, text, failure); break;
  case OW_TYPE_PORT: status = parse_port(option, field, text, failure); break;
  case OW_TYPE_NUMBER:
    status = ow_number_parse(text, (uint32_t)option->least, (uint32_t)option->most, field, failure);
    break;
  case OW_TYPE_DSCP: status = ow_dscp_parse(text, &peer->dscp, failure); break;
  case OW_TYPE_DURATION: status = parse_duration(option, field, text, failure); break;
  case OW_TYPE_MEAN: status = parse_mean(option, peer, text, failure); break;
  case OW_TYPE_FLAG: status = parse_flag(field, text, failure); break;
  case OW_TYPE_FAMILY:
    status = parse_choice(families, text, &choice, failure);
    if (status == OW_OK)
      peer->address_family = (int)choice;
    break;
  case OW_TYPE_UNCERTAIN:
    status = parse_choice(policies, text, &choice, failure);
    if (status == OW_OK)
      settings->rule.how.uncertain = (enum ow_uncertain_policy)choice;
    break;
  case OW_TYPE_STATE:
    status = parse_choice(states, text, &choice, failure);
    if (status == OW_OK)
      *(enum ow_verdict *)field = (enum ow_verdict)choice;
    break;
  case OW_TYPE_DIRECTIONS: status = parse_directions(field, text, failure); break;
  case OW_TYPE_MODES: status = parse_bits(modes, field, text, add, failure); break;
  case OW_TYPE_TLVS: status = parse_bits(tlvs, field, text, add, failure); break;
  case OW_TYPE_PROTOCOL:
    status = parse_choice(protocols, text, &choice, failure);
    if (status == OW_OK)
      peer->protocol = (enum ow_protocol)choice;
    break;
  case OW_TYPE_PORTS:
    status = ow_port_range_parse(text, &peer->test_port_low, &peer->test_port_high, failure);
    break;
  case OW_TYPE_SCHEDULE: status = ow_peer_parse_schedule(text, peer, failure); break;
  case OW_TYPE_THRESHOLDS: status = parse_thresholds(field, text, failure); break;
  case OW_TYPE_PERCENTILES: status = ow_peer_parse_percentiles(text, field, failure); break;
  case OW_TYPE_RAISE: status = ow_alarm_rule_parse(text, &settings->rule, failure); break;
  }
  return status;
}

void ow_option_print(const struct ow_peer_option *option, const struct ow_peer_settings *settings, char *out,
                     size_t size)
{
  const void *field = (const char *)settings + option->offset;
  const struct ow_peer *peer = &settings->peer;
  switch (option->type) {
  case OW_TYPE_TEXT:
  case OW_TYPE_HOST:
  case OW_TYPE_KEY_ID:
  case OW_TYPE_PORT: snprintf(out, size, "%s", (const char *)field); break;
  case OW_TYPE_NUMBER: snprintf(out, size, "%" PRIu32, *(const uint32_t *)field); break;
  case OW_TYPE_DSCP: snprintf(out, size, "%u", peer->dscp); break;
  case OW_TYPE_DURATION: ow_duration_print(out, size, *(const int64_t *)field); break;
  case OW_TYPE_MEAN: ow_peer_print_mean(out, size, peer); break;
  case OW_TYPE_FLAG: snprintf(out, size, "%s", *(const bool *)field ? "true" : "false"); break;
  case OW_TYPE_FAMILY: snprintf(out, size, "%s", word_of(families, (uint32_t)peer->address_family)); break;
  case OW_TYPE_UNCERTAIN: snprintf(out, size, "%s", word_of(policies, settings->rule.how.uncertain)); break;
  case OW_TYPE_STATE: snprintf(out, size, "%s", word_of(states, *(const enum ow_verdict *)field)); break;
  case OW_TYPE_DIRECTIONS:
    snprintf(out, size, "%s",
             word_of(directions, (peer->directions[OW_FORWARD] ? FORWARD : 0U) |
                                     (peer->directions[OW_REVERSE] ? REVERSE : 0U)));
    break;
  case OW_TYPE_MODES: print_bits(modes, peer->modes, out, size); break;
  case OW_TYPE_TLVS: print_bits(tlvs, peer->tlvs, out, size); break;
  case OW_TYPE_PROTOCOL: snprintf(out, size, "%s", word_of(protocols, peer->protocol)); break;
  case OW_TYPE_PORTS: print_ports(peer, out, size); break;
  case OW_TYPE_SCHEDULE: ow_peer_print_schedule(out, size, peer); break;
  case OW_TYPE_THRESHOLDS: ow_thresholds_print(out, size, field); break;
  case OW_TYPE_PERCENTILES: ow_peer_print_percentiles(out, size, field); break;
  case OW_TYPE_RAISE: print_raise(&settings->rule, out, size); break;
  }
}
