/* SPDX-License-Identifier: MIT */
/* A table of directives: where each one's value goes, how it is read and what it may be. */
#include "policy/server_conf.h"

#include <string.h>
#include <syslog.h>

#include "base/faults.h"
#include "text/conf_lines.h"
#include "text/decimal.h"
#include "text/number.h"
#include "text/port_range.h"
#include "text/word.h"
#include "time/timestamp.h"
#include "wire/mode.h"
#include "wire/setup.h"

/* More would let one client's set-up hold up everybody else's packets for too long. */
enum { PBKDF2_MOST = 65536, PBKDF2_USUAL = 2048, WEEK = 7 * 24 * 3600, CONNECTIONS_MOST = 1000 * 1000 };

enum kind { FLAG, WHOLE, SECONDS, TEXT, LISTEN, PORTS, MODES, FACILITY, LEVEL, COUNT, NO_MEANING };

/* Where the value goes, and what it may be: numbers and seconds from least to most, texts up to most. */
struct directive {
  const char *name;
  enum kind kind;
  size_t offset;
  uint64_t least;
  uint64_t most;
  size_t line;      /* where the line's number goes; 0: nowhere */
  const char *like; /* an example, or, without meaning here, why */
};

#define AT(member) offsetof(struct ow_server_conf, member)

static const struct directive directives[] = {
    {"authmode", MODES, AT(modes), 0, 0, AT(modes_line), "authmode AEO"},
    {"controltimeout", SECONDS, AT(control_timeout), 1, WEEK, 0, "controltimeout 1800"},
    {"enddelay", SECONDS, AT(end_delay), 0, WEEK, 0, "enddelay 1.0"},
    {"facility", FACILITY, AT(facility), 0, 0, 0, "facility daemon"},
    {"group", TEXT, AT(group), 1, OW_ACCOUNT_TEXT - 1, AT(group_line), "group owamp"},
    {"loglevel", LEVEL, AT(log_most), 0, 0, 0, "loglevel INFO"},
    {"maxcontrolsessions", WHOLE, AT(most_connections), 0, CONNECTIONS_MOST, 0, "maxcontrolsessions 100"},
    {"pbkdf2_count", COUNT, AT(pbkdf2_count), OW_COUNT_LEAST, PBKDF2_MOST, 0, "pbkdf2_count 2048"},
    {"reflectport", WHOLE, AT(reflect_port), 0, UINT16_MAX, AT(reflect_port_line), "reflectport 862"},
    {"rootfolly", FLAG, AT(root_folly), 0, 0, 0, NULL},
    {"srcnode", LISTEN, AT(listen), 0, 0, AT(listen_line), "srcnode 192.0.2.1:861"},
    {"testports", PORTS, 0, 0, 0, AT(test_ports_line), "testports 8760-9960"},
    {"twampnode", LISTEN, AT(twamp), 0, 0, AT(twamp_line), "twampnode 192.0.2.1:862"},
    {"user", TEXT, AT(user), 1, OW_ACCOUNT_TEXT - 1, AT(user_line), "user owamp"},
    {"vardir", TEXT, AT(vardir), 1, PATH_MAX - 32, 0, "vardir /run/owamp"},
    {"verbose", FLAG, AT(verbose), 0, 0, 0, NULL},
    {"datadir", NO_MEANING, 0, 0, 0, 0,
     "finished sessions are kept in memory, within the limits, and aren't written to disk"},
    {"dieby", NO_MEANING, 0, 0, 0, 0, "there are no child processes to wait for"},
    {"diskfudge", NO_MEANING, 0, 0, 0, 0, "the disk limit itself is what holds"},
    {"loglocation", NO_MEANING, 0, 0, 0, 0, "messages name no place in the source"},
    {"priority", NO_MEANING, 0, 0, 0, 0, "each message has its own; loglevel chooses which are logged"},
    {"syncfuzz", NO_MEANING, 0, 0, 0, 0, "the kernel tells how wrong the clock may be"},
    {"testtimeout", NO_MEANING, 0, 0, 0, 0, "it is TWAMP's; each session says its own"},
};

void ow_server_conf_defaults(struct ow_server_conf *conf)
{
  *conf = (struct ow_server_conf){
      .listen = ow_listen_default,
      .modes = OW_MODES_ALL,
      .control_timeout = 1800 * OW_NS_PER_S,
      .end_delay = -1,
      .pbkdf2_count = PBKDF2_USUAL,
      .facility = LOG_DAEMON,
      .log_most = OW_LOG_NOTICE,
  };
}

/* The line that is being read. */
struct reading {
  const struct ow_conf_lines *lines;
  const struct directive *directive;
  char *word; /* of the file, for the line's number */
  struct ow_server_conf *conf;
  const struct ow_log *log;
  struct ow_failure *failure;
};

static void *target_of_directive(const struct reading *reading)
{
  return (char *)reading->conf + reading->directive->offset;
}

/* owampd takes a number up to its last digit, whatever follows. */
static void warn_of_rest(const struct reading *reading, const char *value, const char *rest)
{
  if (*rest != '\0')
    ow_conf_lines_warn(reading->lines, reading->word, reading->log,
                       "%s \"%.40s\" is read as %.*s, as owampd does; \"%.40s\" means nothing",
                       reading->directive->name, value, (int)(rest - value), value, rest);
}

/* The nearest number that can be used; owampd has no bounds. */
static uint64_t bounded(const struct reading *reading, const char *value, uint64_t number)
{
  const struct directive *directive = reading->directive;
  uint64_t used = number;
  if (number < directive->least)
    used = directive->least;
  else if (number > directive->most)
    used = directive->most;
  if (used != number)
    ow_conf_lines_warn(reading->lines, reading->word, reading->log,
                       "%s %.40s is outside of %llu to %llu; %llu is used", directive->name, value,
                       (unsigned long long)directive->least, (unsigned long long)directive->most,
                       (unsigned long long)used);
  return used;
}

static enum ow_status take_whole(const struct reading *reading, const char *value)
{
  const struct directive *directive = reading->directive;
  uint64_t *into = target_of_directive(reading);
  struct ow_digits digits = ow_digits_read(ow_piece_of(value));
  if (digits.count == 0)
    return ow_conf_lines_fail(reading->lines, reading->word, reading->failure,
                              "%s \"%.40s\" is not a whole number from %llu to %llu; e.g. %s",
                              directive->name, value, (unsigned long long)directive->least,
                              (unsigned long long)directive->most, directive->like);
  warn_of_rest(reading, value, value + digits.count);
  *into = bounded(reading, value, digits.value);
  return OW_OK;
}

/* 0 is owampd's word for its default. What is no power of 2 clients refuse (RFC 4656, 3.1). */
static enum ow_status take_count(const struct reading *reading, const char *value)
{
  uint64_t *count = &reading->conf->pbkdf2_count;
  struct ow_digits digits = ow_digits_read(ow_piece_of(value));
  enum ow_status status = OW_OK;
  if (digits.count > 0 && digits.value == 0)
    *count = PBKDF2_USUAL;
  else
    status = take_whole(reading, value);
  uint64_t asked = *count;
  uint64_t power = OW_COUNT_LEAST;
  while (power < asked)
    power *= 2;
  *count = power;
  if (status == OW_OK && power != asked)
    ow_conf_lines_warn(reading->lines, reading->word, reading->log,
                       "pbkdf2_count %.20s is not a power of 2, as RFC 4656 wants it; %llu is used", value,
                       (unsigned long long)power);
  return status;
}

/* The nearest span that can be used. 0 switches owampd's timeout off. */
static int64_t bounded_span(const struct reading *reading, const char *value, struct ow_decimal number)
{
  const struct directive *directive = reading->directive;
  bool never = number.whole == 0 && number.billionths == 0 && directive->least > 0;
  uint64_t whole = never ? directive->most : bounded(reading, value, number.whole);
  if (never)
    ow_conf_lines_warn(reading->lines, reading->word, reading->log,
                       "%s %.40s: no connection may stay for ever here; %llu seconds are used",
                       directive->name, value, (unsigned long long)whole);
  bool fraction = whole == number.whole && whole < directive->most;
  return (int64_t)whole * OW_NS_PER_S + (fraction ? number.billionths : 0);
}

static enum ow_status take_seconds(const struct reading *reading, const char *value)
{
  const struct directive *directive = reading->directive;
  int64_t *into = target_of_directive(reading);
  struct ow_decimal number = ow_decimal_read(ow_piece_of(value));
  if (number.negative || number.whole_digits + number.places == 0)
    return ow_conf_lines_fail(reading->lines, reading->word, reading->failure,
                              "%s \"%.40s\" is not a number of seconds from %llu to %llu; e.g. %s",
                              directive->name, value, (unsigned long long)directive->least,
                              (unsigned long long)directive->most, directive->like);
  warn_of_rest(reading, value, value + number.length);
  *into = bounded_span(reading, value, number);
  return OW_OK;
}

static enum ow_status take_text(const struct reading *reading, const char *value)
{
  size_t length = strlen(value);
  if (length > reading->directive->most)
    return ow_conf_lines_fail(reading->lines, reading->word, reading->failure,
                              "%s: longer than %llu characters", reading->directive->name,
                              (unsigned long long)reading->directive->most);
  if (strchr(value, '#'))
    ow_conf_lines_warn(reading->lines, reading->word, reading->log,
                       "%s: the # belongs to the value; a blank stands before a comment",
                       reading->directive->name);
  memcpy(target_of_directive(reading), value, length + 1);
  return OW_OK;
}

static enum ow_status take_listen(const struct reading *reading, const char *value)
{
  struct ow_failure inner;
  struct ow_listen_address *into = target_of_directive(reading);
  bool twamp = into == &reading->conf->twamp;
  *into = twamp ? ow_listen_twamp : ow_listen_default;
  if (ow_listen_address_parse(value, into, &inner) != OW_OK)
    return ow_conf_lines_fail(reading->lines, reading->word, reading->failure, "%s: %s",
                              reading->directive->name, inner.text);
  return OW_OK;
}

/* owampd takes a range up to its last digit, whatever follows. */
static enum ow_status take_ports(const struct reading *reading, const char *value)
{
  char range[16] = "";
  struct ow_server_conf *conf = reading->conf;
  size_t length = strspn(value, "0123456789-");
  if (length < sizeof range)
    memcpy(range, value, length);
  if (!ow_port_range_or_any_parse(range, &conf->test_port_low, &conf->test_port_high))
    return ow_conf_lines_fail(reading->lines, reading->word, reading->failure,
                              "testports \"%.40s\" is neither one port for all sessions, such as 861, nor "
                              "LOW-HIGH, such as 8760-9960, from 1 to 65535, nor 0",
                              value);
  warn_of_rest(reading, value, value + length);
  return OW_OK;
}

static enum ow_status take_modes(const struct reading *reading, const char *value)
{
  uint32_t modes = 0;
  bool known = *value != '\0';
  for (const char *at = value; *at != '\0'; at++) {
    char letter[2] = {*at, '\0'};
    uint32_t mode = OW_MODE_NONE;
    if (ow_same_word(letter, "A"))
      mode = OW_MODE_AUTHENTICATED;
    else if (ow_same_word(letter, "E"))
      mode = OW_MODE_ENCRYPTED;
    else if (ow_same_word(letter, "O"))
      mode = OW_MODE_OPEN;
    known = known && mode != OW_MODE_NONE;
    modes |= mode;
  }
  if (!known)
    return ow_conf_lines_fail(reading->lines, reading->word, reading->failure,
                              "authmode \"%.20s\" holds other letters than A, E and O; e.g. authmode AEO",
                              value);
  reading->conf->modes = modes;
  return OW_OK;
}

/* Names of syslog's facilities, with or without LOG_ before them. */
static const struct {
  const char *name;
  int facility;
} facilities[] = {
    {"auth", LOG_AUTH},     {"authpriv", LOG_AUTHPRIV}, {"cron", LOG_CRON},     {"daemon", LOG_DAEMON},
    {"ftp", LOG_FTP},       {"kern", LOG_KERN},         {"lpr", LOG_LPR},       {"mail", LOG_MAIL},
    {"news", LOG_NEWS},     {"syslog", LOG_SYSLOG},     {"user", LOG_USER},     {"uucp", LOG_UUCP},
    {"local0", LOG_LOCAL0}, {"local1", LOG_LOCAL1},     {"local2", LOG_LOCAL2}, {"local3", LOG_LOCAL3},
    {"local4", LOG_LOCAL4}, {"local5", LOG_LOCAL5},     {"local6", LOG_LOCAL6}, {"local7", LOG_LOCAL7},
};

static enum ow_status take_facility(const struct reading *reading, const char *value)
{
  enum { PREFIX = 4 };
  char start[PREFIX + 1] = "";
  memcpy(start, value, strnlen(value, PREFIX));
  const char *name = ow_same_word(start, "LOG_") ? value + PREFIX : value;
  for (size_t i = 0; i < sizeof facilities / sizeof *facilities; i++)
    if (ow_same_word(name, facilities[i].name)) {
      reading->conf->facility = facilities[i].facility;
      return OW_OK;
    }
  return ow_conf_lines_fail(
      reading->lines, reading->word, reading->failure,
      "facility \"%.40s\" is not one of syslog's; daemon, user, local0 to local7 and others", value);
}

static enum ow_status take_level(const struct reading *reading, const char *value)
{
  static const struct {
    const char *name;
    enum ow_log_level most;
    bool nothing;
  } levels[] = {
      {"FATAL", OW_LOG_ERROR, false},     {"ERROR", OW_LOG_ERROR, false},   {"WARN", OW_LOG_WARNING, false},
      {"WARNING", OW_LOG_WARNING, false}, {"NOTICE", OW_LOG_NOTICE, false}, {"INFO", OW_LOG_INFO, false},
      {"DEBUG", OW_LOG_DEBUG, false},     {"ALL", OW_LOG_DEBUG, false},     {"NONE", OW_LOG_ERROR, true}};
  for (size_t i = 0; i < sizeof levels / sizeof *levels; i++)
    if (ow_same_word(value, levels[i].name)) {
      reading->conf->log_most = levels[i].most;
      reading->conf->log_nothing = levels[i].nothing;
      return OW_OK;
    }
  return ow_conf_lines_fail(reading->lines, reading->word, reading->failure,
                            "loglevel \"%.40s\" is not one of FATAL, WARN, NOTICE, INFO, DEBUG, ALL, NONE",
                            value);
}

static enum ow_status take(const struct reading *reading, const char *value)
{
  switch (reading->directive->kind) {
  case WHOLE: return take_whole(reading, value);
  case COUNT: return take_count(reading, value);
  case SECONDS: return take_seconds(reading, value);
  case TEXT: return take_text(reading, value);
  case LISTEN: return take_listen(reading, value);
  case PORTS: return take_ports(reading, value);
  case MODES: return take_modes(reading, value);
  case FACILITY: return take_facility(reading, value);
  case LEVEL: return take_level(reading, value);
  case FLAG:
  case NO_MEANING: break;
  }
  return OW_OK;
}

static const struct directive *find(const char *name)
{
  for (size_t i = 0; i < sizeof directives / sizeof *directives; i++)
    if (ow_same_word(name, directives[i].name))
      return &directives[i];
  return NULL;
}

/* owampd doesn't look at the value either. */
static void take_flag(const struct reading *reading, const char *value)
{
  bool *into = target_of_directive(reading);
  if (value)
    ow_conf_lines_warn(
        reading->lines, reading->word, reading->log,
        "%s takes no value: with \"%.40s\" it holds as well; to switch it off, remove the line",
        reading->directive->name, value);
  *into = true;
}

/* A comment may follow on the same line. */
static char *value_or_comment(char **rest)
{
  char *word = ow_conf_word(rest);
  return word && *word == '#' ? NULL : word;
}

static enum ow_status take_valued(const struct reading *reading, char *value, char *rest)
{
  if (!value)
    return ow_conf_lines_fail(reading->lines, reading->word, reading->failure, "%s needs a value; e.g. %s",
                              reading->directive->name, reading->directive->like);
  char *comment = strchr(value, '#');
  const char *more = value_or_comment(&rest);
  if (comment && reading->directive->kind != TEXT)
    *comment = '\0';
  else if (more)
    return ow_conf_lines_fail(reading->lines, more, reading->failure,
                              "%s takes one value; what is \"%.40s\"?", reading->directive->name, more);
  return take(reading, value);
}

static enum ow_status parse_line(struct reading *reading, char *rest)
{
  enum ow_status status = OW_OK;
  reading->word = ow_conf_word(&rest);
  reading->directive = find(reading->word);
  if (!reading->directive)
    return ow_conf_lines_fail(reading->lines, reading->word, reading->failure,
                              "unknown directive \"%.40s\"; owamp-server.conf(5) lists them", reading->word);
  unsigned number = ow_conf_lines_number(reading->lines, reading->word);
  char *value = value_or_comment(&rest);
  if (reading->directive->kind == NO_MEANING)
    ow_conf_lines_warn(reading->lines, reading->word, reading->log, "%s has no effect: %s",
                       reading->directive->name, reading->directive->like);
  else if (reading->directive->kind == FLAG)
    take_flag(reading, value);
  else
    status = take_valued(reading, value, rest);
  if (reading->directive->line)
    *(unsigned *)(void *)((char *)reading->conf + reading->directive->line) = number;
  return status;
}

static enum ow_status parse_lines(struct ow_conf_lines *lines, struct ow_server_conf *conf,
                                  const struct ow_log *log, struct ow_failure *failure)
{
  struct ow_failure fault;
  struct ow_faults faults = ow_faults(log, failure);
  struct reading reading = {.lines = lines, .conf = conf, .log = log, .failure = &fault};
  char *line = NULL;
  enum ow_status status;
  do {
    status = ow_conf_lines_next(lines, &line, &fault);
    if (status == OW_OK && line)
      status = parse_line(&reading, line);
    if (status != OW_OK)
      ow_faults_add(&faults, &fault);
  } while (status != OW_OK || line);
  return faults.status;
}

enum ow_status ow_server_conf_parse(const char *name, const char *text, size_t octets,
                                    struct ow_server_conf *conf, const struct ow_log *log,
                                    struct ow_failure *failure)
{
  struct ow_conf_lines lines;
  conf->file = name;
  enum ow_status status = ow_conf_lines_open(&lines, name, text, octets, failure);
  if (status == OW_OK)
    status = parse_lines(&lines, conf, log, failure);
  ow_conf_lines_close(&lines);
  return status;
}

enum ow_status ow_server_conf_fail_at(const struct ow_server_conf *conf, unsigned line,
                                      struct ow_failure *failure)
{
  return line ? ow_fail_within(failure, "%s:%u", conf->file, line) : failure->status;
}
