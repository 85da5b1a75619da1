/* SPDX-License-Identifier: MIT */
/* Each line is split into words; its first ones choose the function that reads the rest. */
#include "scenario.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_WORDS = 16, MOST_LINE = 4096, MOST_NUMBERS = 1 << 20 };

/* One line's words, and where to complain. */
struct line {
  char *words[MOST_WORDS];
  size_t count;
  const char *folder; /* of the scenario file */
  char *why;
  size_t why_size;
};

static bool complain(struct line *line, const char *format, ...) __attribute__((format(printf, 2, 3)));
static bool complain(struct line *line, const char *format, ...)
{
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(line->why, line->why_size, format, arguments);
  va_end(arguments);
  return false;
}

/* The word at `index`, or "" where the line has ended. */
static const char *word(const struct line *line, size_t index)
{
  return index < line->count ? line->words[index] : "";
}

/* ---- values ---- */

static bool parse_integer(struct line *line, const char *text, uint64_t least, uint64_t most, uint64_t *value)
{
  char *end = NULL;
  errno = 0;
  unsigned long long number = strtoull(text, &end, 10);
  if (!*text || *text == '-' || *end || errno || number < least || number > most)
    return complain(line, "'%s' is not a whole number from %llu to %llu", text, (unsigned long long)least,
                    (unsigned long long)most);
  *value = number;
  return true;
}

static bool parse_duration(struct line *line, const char *text, int64_t *value)
{
  static const struct {
    const char *name;
    double ns;
  } units[] = {{"ns", 1}, {"us", 1e3}, {"ms", 1e6}, {"s", 1e9}};
  char *end = NULL;
  double number = strtod(text, &end);
  if (end != text && number >= 0 && number < 1e6)
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
      if (strcmp(end, units[i].name) == 0) {
        *value = (int64_t)(number * units[i].ns + 0.5);
        return true;
      }
  return complain(line, "'%s' is not a duration (12.5ms; units ns, us, ms, s)", text);
}

static bool parse_percent(struct line *line, const char *text, double *value)
{
  char *end = NULL;
  double number = strtod(text, &end);
  if (end == text || strcmp(end, "%") != 0 || !(number >= 0 && number <= 100))
    return complain(line, "'%s' is not a probability (2.5%%)", text);
  *value = number / 100;
  return true;
}

static bool parse_numbers(struct line *line, const char *text, struct choice *choice)
{
  const char *at = text;
  while (*at) {
    char *end = NULL;
    uint64_t first = strtoull(at, &end, 10);
    uint64_t last = first;
    if (end != at && *end == '-')
      last = strtoull(end + 1, &end, 10);
    if (end == at || (*end && *end != ',') || last < first || choice->range_count >= MOST_NUMBERS)
      return complain(line, "'%s' is not a list of numbers (3,7,10-14)", text);
    struct range *ranges = reallocarray(choice->ranges, choice->range_count + 1, sizeof *ranges);
    if (!ranges)
      return complain(line, "no memory");
    choice->ranges = ranges;
    choice->ranges[choice->range_count++] = (struct range){first, last};
    at = *end ? end + 1 : end;
  }
  return choice->range_count > 0 || complain(line, "a list of numbers is wanted (3,7,10-14)");
}

/* ---- delay ---- */

static bool add_to_trace(struct line *line, struct delay *delay, const char *text)
{
  int64_t value;
  if (!parse_duration(line, text, &value))
    return false;
  int64_t *trace = reallocarray(delay->trace, delay->trace_count + 1, sizeof *trace);
  if (!trace)
    return complain(line, "no memory");
  delay->trace = trace;
  delay->trace[delay->trace_count++] = value;
  return true;
}

static bool read_trace(struct line *line, const char *name, struct delay *delay)
{
  char path[PATH_MAX], text[64];
  bool good = true;
  snprintf(path, sizeof path, "%s%s%s", *name == '/' ? "" : line->folder, *name == '/' ? "" : "/", name);
  FILE *file = fopen(path, "re");
  if (!file)
    return complain(line, "%s: %s", path, strerror(errno));
  while (good && fscanf(file, "%63s", text) == 1)
    good = add_to_trace(line, delay, text);
  fclose(file);
  return good && (delay->trace_count > 0 || complain(line, "%s has no delays", path));
}

static bool set_delay(struct line *line, struct way *way)
{
  const char *kind = word(line, 2);
  struct delay *delay = &way->delay;
  free(delay->trace);
  *delay = (struct delay){0};
  if (strcmp(kind, "trace") == 0) {
    delay->kind = DELAY_TRACE;
    return read_trace(line, word(line, 3), delay);
  }
  bool good = parse_duration(line, word(line, 3), &delay->first);
  if (strcmp(kind, "fixed") == 0)
    delay->kind = DELAY_FIXED;
  else if (strcmp(kind, "uniform") == 0 || strcmp(kind, "normal") == 0) {
    delay->kind = *kind == 'u' ? DELAY_UNIFORM : DELAY_NORMAL;
    good = good && parse_duration(line, word(line, 4), &delay->second);
  } else
    return complain(line, "'%s' is no kind of delay: fixed, uniform, normal or trace", kind);
  if (good && delay->kind == DELAY_UNIFORM && delay->second < delay->first)
    return complain(line, "the least delay is above the most");
  return good;
}

/* ---- rules ---- */

static bool set_gilbert(struct line *line, struct choice *choice, size_t *at)
{
  choice->kind = CHOOSE_GILBERT;
  choice->in_bad = 1;
  bool good = parse_percent(line, word(line, 3), &choice->to_bad) &&
              parse_percent(line, word(line, 4), &choice->to_good);
  *at = 5;
  if (good && strchr(word(line, *at), '%'))
    good = parse_percent(line, word(line, (*at)++), &choice->in_bad);
  if (good && strchr(word(line, *at), '%'))
    good = parse_percent(line, word(line, (*at)++), &choice->in_good);
  return good;
}

static bool set_every(struct line *line, struct choice *choice, size_t *at)
{
  choice->kind = CHOOSE_EVERY;
  bool good = parse_integer(line, word(line, 3), 1, UINT32_MAX, &choice->every);
  choice->from = choice->every - 1;
  *at = 4;
  if (good && strcmp(word(line, 4), "from") == 0) {
    good = parse_integer(line, word(line, 5), 0, UINT32_MAX, &choice->from);
    *at = 6;
  }
  return good;
}

/* `at` becomes the place of the first word behind the choice. */
static bool set_choice(struct line *line, struct choice *choice, size_t *at)
{
  const char *kind = word(line, 2);
  bool good = false;
  *at = 4;
  if (strcmp(kind, "random") == 0) {
    choice->kind = CHOOSE_RANDOM;
    good = parse_percent(line, word(line, 3), &choice->probability);
  } else if (strcmp(kind, "gilbert") == 0) {
    good = set_gilbert(line, choice, at);
  } else if (strcmp(kind, "every") == 0) {
    good = set_every(line, choice, at);
  } else if (strcmp(kind, "numbers") == 0) {
    choice->kind = CHOOSE_NUMBERS;
    good = parse_numbers(line, word(line, 3), choice);
  } else {
    complain(line, "'%s' chooses no packets: random, gilbert, every or numbers", kind);
  }
  return good;
}

static bool set_copies(struct line *line, struct rule *rule, size_t *at)
{
  bool good = true;
  if (strcmp(word(line, *at), "after") == 0) {
    good = parse_duration(line, word(line, *at + 1), &rule->after);
    *at += 2;
  }
  if (good && strcmp(word(line, *at), "copies") == 0) {
    good = parse_integer(line, word(line, *at + 1), 1, 10000, &rule->copies);
    *at += 2;
  }
  return good;
}

static bool add_rule(struct line *line, struct way *way, enum effect effect)
{
  size_t at = 0;
  if (way->rule_count == MOST_RULES)
    return complain(line, "more than %d rules", MOST_RULES);
  struct rule *rule = &way->rules[way->rule_count++];
  *rule = (struct rule){.effect = effect, .copies = 1};
  bool good = set_choice(line, &rule->choice, &at);
  if (good && effect == DUPLICATE) {
    good = set_copies(line, rule, &at);
  } else if (good && effect == CORRUPT && strcmp(word(line, at), "mend") == 0) {
    rule->mend = true;
    at++;
  }
  if (good && at < line->count)
    return complain(line, "'%s' isn't understood here", word(line, at));
  return good;
}

static bool add_loss(struct line *line, struct way *way)
{
  return add_rule(line, way, LOSE);
}

static bool add_duplicate(struct line *line, struct way *way)
{
  return add_rule(line, way, DUPLICATE);
}

static bool add_corruption(struct line *line, struct way *way)
{
  return add_rule(line, way, CORRUPT);
}

/* ---- the rest of a direction ---- */

static bool set_order(struct line *line, struct way *way)
{
  way->keep_order = strcmp(word(line, 2), "kept") == 0;
  return way->keep_order || strcmp(word(line, 2), "free") == 0 || complain(line, "order is kept or free");
}

static bool set_dscp(struct line *line, struct way *way)
{
  uint64_t value = 0;
  way->set_dscp = parse_integer(line, word(line, 2), 0, 63, &value);
  way->dscp = (uint8_t)value;
  return way->set_dscp;
}

static bool set_hops(struct line *line, struct way *way)
{
  uint64_t value = 0;
  bool good = parse_integer(line, word(line, 2), 0, 255, &value);
  way->hops = (uint8_t)value;
  return good;
}

static bool add_blackout(struct line *line, struct way *way)
{
  if (way->blackout_count == MOST_BLACKOUTS)
    return complain(line, "more than %d blackouts", MOST_BLACKOUTS);
  struct blackout *blackout = &way->blackouts[way->blackout_count++];
  *blackout = (struct blackout){0};
  bool good = parse_duration(line, word(line, 2), &blackout->begin) &&
              parse_duration(line, word(line, 3), &blackout->length);
  if (good && strcmp(word(line, 4), "every") == 0)
    good = parse_duration(line, word(line, 5), &blackout->every);
  return good;
}

struct keyword {
  const char *name;
  bool (*set)(struct line *line, struct way *way);
};

static bool read_way(struct line *line, struct way *way)
{
  static const struct keyword keywords[] = {
      {"delay", set_delay}, {"order", set_order}, {"loss", add_loss},          {"duplicate", add_duplicate},
      {"dscp", set_dscp},   {"hops", set_hops},   {"corrupt", add_corruption}, {"blackout", add_blackout},
  };
  for (size_t i = 0; i < sizeof keywords / sizeof *keywords; i++)
    if (strcmp(word(line, 1), keywords[i].name) == 0)
      return keywords[i].set(line, way);
  return complain(line, "'%s' is not known: delay, order, loss, duplicate, corrupt, dscp, hops, blackout",
                  word(line, 1));
}

/* ---- the scenario ---- */

static bool set_match(struct line *line, struct scenario *scenario)
{
  uint64_t low = 0, high = UINT16_MAX;
  bool good = true;
  scenario->any_protocol = strcmp(word(line, 1), "all") == 0;
  if (!scenario->any_protocol && strcmp(word(line, 1), "udp") != 0)
    return complain(line, "match is udp, udp LOW HIGH, or all");
  if (line->count > 2)
    good = parse_integer(line, word(line, 2), 0, UINT16_MAX, &low) &&
           parse_integer(line, word(line, 3), low, UINT16_MAX, &high);
  scenario->port_low = (uint16_t)low;
  scenario->port_high = (uint16_t)high;
  return good;
}

static bool add_nat(struct line *line, struct scenario *scenario)
{
  struct nat *nat = &scenario->nats[scenario->nat_count];
  if (scenario->nat_count == MOST_NATS)
    return complain(line, "more than %d translations", MOST_NATS);
  if (inet_pton(AF_INET, word(line, 1), &nat->inside) != 1 ||
      inet_pton(AF_INET, word(line, 2), &nat->outside) != 1)
    return complain(line, "nat wants two IPv4 addresses: A's own, and as which B sees it");
  scenario->nat_count++;
  return true;
}

static bool read_line(struct line *line, struct scenario *scenario)
{
  const char *first = word(line, 0);
  bool both = strcmp(first, "both") == 0;
  if (strcmp(first, "seed") == 0)
    return parse_integer(line, word(line, 1), 0, UINT64_MAX, &scenario->seed);
  if (strcmp(first, "match") == 0)
    return set_match(line, scenario);
  if (strcmp(first, "nat") == 0)
    return add_nat(line, scenario);
  if (both || strcmp(first, "forward") == 0 || strcmp(first, "reverse") == 0)
    return (*first == 'r' || read_way(line, &scenario->ways[FORWARD])) &&
           (*first == 'f' || read_way(line, &scenario->ways[REVERSE]));
  return complain(line, "'%s' is not known: seed, match, nat, forward, reverse, both", first);
}

static void split(struct line *line, char *text)
{
  char *rest = NULL;
  text[strcspn(text, "#\n")] = '\0';
  line->count = 0;
  char *at = strtok_r(text, " \t", &rest);
  for (; at && line->count < MOST_WORDS; at = strtok_r(NULL, " \t", &rest))
    line->words[line->count++] = at;
}

static bool read_lines(FILE *file, struct line *line, struct scenario *scenario, unsigned *number)
{
  char text[MOST_LINE];
  bool good = true;
  while (good && fgets(text, sizeof text, file)) {
    ++*number;
    split(line, text);
    good = line->count == 0 || read_line(line, scenario);
  }
  return good;
}

static void seed_ways(struct scenario *scenario)
{
  for (int i = 0; i < WAYS; i++)
    scenario->ways[i].random = random_seeded(scenario->seed * WAYS + (uint64_t)i);
}

bool scenario_read(struct scenario *scenario, const char *path, char *why, size_t size)
{
  char real[PATH_MAX], folder[PATH_MAX], reason[512] = "";
  unsigned number = 0;
  *scenario = (struct scenario){.port_high = UINT16_MAX};
  FILE *file = realpath(path, real) ? fopen(real, "re") : NULL;
  if (!file) {
    snprintf(why, size, "%s: %s", path, strerror(errno));
    return false;
  }
  memcpy(folder, real, sizeof folder);
  struct line line = {.folder = dirname(folder), .why = reason, .why_size = sizeof reason};
  bool good = read_lines(file, &line, scenario, &number);
  fclose(file);
  if (!good)
    snprintf(why, size, "%s:%u: %s", path, number, reason);
  seed_ways(scenario);
  return good;
}

void scenario_free(struct scenario *scenario)
{
  for (int i = 0; i < WAYS; i++) {
    free(scenario->ways[i].delay.trace);
    for (size_t j = 0; j < scenario->ways[i].rule_count; j++)
      free(scenario->ways[i].rules[j].choice.ranges);
  }
  *scenario = (struct scenario){0};
}
