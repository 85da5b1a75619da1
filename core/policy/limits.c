/* SPDX-License-Identifier: MIT */
/* Each line is a class, which begins as its parent is, or says which clients belong to one. */
#include "policy/limits.h"

#include <stdlib.h>
#include <string.h>

#include "base/faults.h"
#include "base/units.h"
#include "text/conf_lines.h"
#include "text/duration.h"
#include "text/number.h"
#include "text/quantity.h"
#include "text/word.h"

#define HOUR (3600 * OW_NS_PER_S)
#define DAY (24 * HOUR)

static const struct ow_class bounded_class = {.name = "default",
                                              .parent = OW_CLASS_NONE,
                                              .bandwidth = 100000000,
                                              .disk = 400000000,
                                              .open_mode = true,
                                              .start_ahead = HOUR,
                                              .session_time = 2 * DAY};
/*
 * What the root has, unless it says otherwise. owampd knows no bounds of time, and its users have sessions of
 * any length; nobody asks for one days before, but who wants to hold what others need.
 */
static const struct ow_class unlimited_class = {
    .parent = OW_CLASS_NONE, .open_mode = true, .start_ahead = DAY};

void ow_limits_clear(struct ow_limits *limits)
{
  free(limits->classes);
  free(limits->nets);
  free(limits->users);
  free(limits->stamps);
  *limits = (struct ow_limits){0};
}

int ow_limits_class_by_name(const struct ow_limits *limits, const char *name)
{
  for (size_t i = 0; i < limits->class_count; i++)
    if (strcmp(limits->classes[i].name, name) == 0)
      return (int)i;
  return OW_CLASS_NONE;
}

bool ow_limits_within(const struct ow_limits *limits, int class, int ancestor)
{
  while (class != OW_CLASS_NONE && class != ancestor)
    class = limits->classes[class].parent;
  return class == ancestor;
}

int ow_limits_class_of_address(const struct ow_limits *limits, const struct ow_endpoint *address)
{
  for (size_t i = 0; i < limits->net_count; i++)
    if (ow_net_contains(&limits->nets[i].net, address))
      return limits->nets[i].class;
  return limits->fallback;
}

static int compare_key_id(const void *key_id, const void *rule)
{
  return strcmp(key_id, ((const struct ow_user_rule *)rule)->key_id);
}

int ow_limits_class_of_user(const struct ow_limits *limits, const char *key_id)
{
  const struct ow_user_rule *found = NULL;
  if (limits->user_count)
    found = bsearch(key_id, limits->users, limits->user_count, sizeof *limits->users, compare_key_id);
  return found ? found->class : OW_CLASS_NONE;
}

/* Room for one more in an array that grows by doubling; NULL without memory. */
static void *room_for_one_more(void *array, size_t count, size_t size)
{
  bool full = count == 0 || (count & (count - 1)) == 0;
  return full ? reallocarray(array, count ? count * 2 : 1, size) : array;
}

struct parser {
  struct ow_conf_lines lines;
  const struct ow_keys_file *keys; /* NULL: they can't be known */
  struct ow_limits *limits;
  const struct ow_log *log;
  struct ow_failure *failure; /* of the line that is read */
  bool fallback_given;
  size_t fallback_place;
};

static enum ow_status no_memory(const struct parser *parser)
{
  return ow_fail(parser->failure, OW_MEMORY, "%s: no memory", parser->lines.name);
}

/* ---- limit CLASS with KEY=VALUE, KEY=VALUE ---- */

enum key {
  PARENT,
  BANDWIDTH,
  DISK,
  TEST_SESSIONS,
  DELETE_ON_FETCH,
  ALLOW_OPEN_MODE,
  START_AHEAD,
  SESSION_TIME,
  KEYS
};
static const char *const key_names[KEYS] = {"parent",        "bandwidth",       "disk",
                                            "test_sessions", "delete_on_fetch", "allow_open_mode",
                                            "start_ahead",   "session_time"};

/* The pairs of one line, as they stand. */
struct pairs {
  const char *values[KEYS]; /* NULL: not given */
  bool end;                 /* what follows is a comment */
};

static const char no_limit[] = "0";

static enum key key_of(const char *name)
{
  int key = 0;
  while (key < KEYS && !ow_same_word(name, key_names[key]))
    key++;
  return (enum key)key;
}

/* What owampd takes no notice of, behind a value or a class. */
static void warn_of_rest(const struct parser *parser, const char *what, char *rest, const char *hint)
{
  const char *more = ow_conf_word(&rest);
  if (more && *more != '#')
    ow_conf_lines_warn(&parser->lines, more, parser->log,
                       "\"%.40s\" behind %.40s means nothing, as with owampd%s", more, what, hint);
}

/* "NAME=VALUE", in which a blank can stand for the equals sign. Each part is terminated. */
struct pair {
  const char *name;
  char *value; /* NULL: none, nor an equals sign */
  char *rest;
};

static struct pair cut_pair(char *text)
{
  static const char marks[] = OW_CONF_BLANKS "=";
  struct pair pair = {.name = text + strspn(text, OW_CONF_BLANKS)};
  char *end = text + (pair.name - text) + strcspn(pair.name, marks);
  size_t gap = strspn(end, marks);
  bool equals = memchr(end, '=', gap) != NULL;
  pair.rest = end + gap;
  *end = '\0';
  if (equals || *pair.rest != '\0') {
    pair.value = pair.rest;
    (void)ow_conf_word(&pair.rest);
  }
  return pair;
}

/* A number without a value is 0 to owampd. */
static enum ow_status check_value(const struct parser *parser, enum key key, const struct pair *pair)
{
  bool number = key == BANDWIDTH || key == DISK || key == TEST_SESSIONS;
  enum ow_status status = OW_OK;
  if (!pair->value || (*pair->value == '\0' && !number))
    status = ow_conf_lines_fail(&parser->lines, pair->name, parser->failure, "%s needs a value: %s=...",
                                key_names[key], key_names[key]);
  else if (*pair->value == '\0')
    ow_conf_lines_warn(&parser->lines, pair->name, parser->log,
                       "%s= without a value is 0, as with owampd: no limit at all", key_names[key]);
  return status;
}

static enum ow_status take_pair(const struct parser *parser, char *text, struct pairs *pairs)
{
  struct pair pair = cut_pair(text);
  enum key key = key_of(pair.name);
  if (key == KEYS)
    return ow_conf_lines_fail(
        &parser->lines, pair.name, parser->failure,
        "unknown limit \"%.40s\"; parent, bandwidth, disk, test_sessions, delete_on_fetch, "
        "allow_open_mode, start_ahead or session_time",
        pair.name);
  if (pairs->values[key])
    return ow_conf_lines_fail(&parser->lines, pair.name, parser->failure, "%s is given twice",
                              key_names[key]);
  /* A class's name can hold the mark of a comment, nothing else can. */
  char *comment = pair.value && key != PARENT ? strchr(pair.value, '#') : NULL;
  pairs->end = comment || pair.rest[strspn(pair.rest, OW_CONF_BLANKS)] == '#';
  if (comment)
    *comment = '\0';
  else
    warn_of_rest(parser, key_names[key], pair.rest, "; is a comma missing?");
  pairs->values[key] = pair.value && *pair.value == '\0' ? no_limit : pair.value;
  return check_value(parser, key, &pair);
}

/* A comment begins with a word; of commas there may be too many. */
static enum ow_status split_pairs(const struct parser *parser, char *text, struct pairs *pairs)
{
  enum ow_status status = OW_OK;
  while (text && status == OW_OK && !pairs->end) {
    char *comma = strchr(text, ',');
    if (comma)
      *comma = '\0';
    char first = text[strspn(text, OW_CONF_BLANKS)];
    pairs->end = first == '#';
    if (first != '\0' && first != '#')
      status = take_pair(parser, text, pairs);
    text = comma ? comma + 1 : NULL;
  }
  return status;
}

/* What the class is before its own limits are applied: its parent's, or for the root no limit at all. */
static enum ow_status inherit_limits(const struct parser *parser, const char *at, const char *parent,
                                     struct ow_class *class)
{
  bool first = parser->limits->class_count == 0;
  *class = unlimited_class;
  if (first && parent)
    return ow_conf_lines_fail(&parser->lines, parent, parser->failure,
                              "the first class is the root and can't have a parent");
  if (!first && !parent)
    return ow_conf_lines_fail(&parser->lines, at, parser->failure, "class %.40s needs a parent: parent=%s",
                              at, parser->limits->classes[OW_CLASS_ROOT].name);
  if (parent) {
    int index = ow_limits_class_by_name(parser->limits, parent);
    if (index == OW_CLASS_NONE)
      return ow_conf_lines_fail(&parser->lines, parent, parser->failure,
                                "parent \"%.40s\" is not defined above this line", parent);
    *class = parser->limits->classes[index];
    class->parent = index;
  }
  return OW_OK;
}

static enum ow_status take_quantity(const struct parser *parser, const struct pairs *pairs, enum key key,
                                    uint64_t *into)
{
  const char *value = pairs->values[key];
  if (value && !ow_quantity_parse(value, into))
    return ow_conf_lines_fail(
        &parser->lines, value, parser->failure,
        "%s=%.40s is not a whole number, with k, m, g or t behind it if need be; e.g. %s=10m", key_names[key],
        value, key_names[key]);
  return OW_OK;
}

static enum ow_status take_switch(const struct parser *parser, const struct pairs *pairs, enum key key,
                                  bool *into)
{
  const char *value = pairs->values[key];
  if (value && !ow_same_word(value, "on") && !ow_same_word(value, "off"))
    return ow_conf_lines_fail(&parser->lines, value, parser->failure, "%s=%.40s is neither on nor off",
                              key_names[key], value);
  if (value)
    *into = ow_same_word(value, "on");
  return OW_OK;
}

static enum ow_status take_seconds(const struct parser *parser, const struct pairs *pairs, enum key key,
                                   int64_t *into)
{
  const char *value = pairs->values[key];
  if (value && !ow_seconds_parse(value, into))
    return ow_conf_lines_fail(
        &parser->lines, value, parser->failure,
        "%s=%.40s is not a number of seconds without a unit; e.g. %s=3600, or 0 for no limit", key_names[key],
        value, key_names[key]);
  return OW_OK;
}

static enum ow_status take_values(const struct parser *parser, const struct pairs *pairs,
                                  struct ow_class *class)
{
  enum ow_status status = take_quantity(parser, pairs, BANDWIDTH, &class->bandwidth);
  if (status == OW_OK)
    status = take_quantity(parser, pairs, DISK, &class->disk);
  if (status == OW_OK)
    status = take_quantity(parser, pairs, TEST_SESSIONS, &class->test_sessions);
  if (status == OW_OK)
    status = take_switch(parser, pairs, DELETE_ON_FETCH, &class->delete_on_fetch);
  if (status == OW_OK)
    status = take_switch(parser, pairs, ALLOW_OPEN_MODE, &class->open_mode);
  if (status == OW_OK)
    status = take_seconds(parser, pairs, START_AHEAD, &class->start_ahead);
  if (status == OW_OK)
    status = take_seconds(parser, pairs, SESSION_TIME, &class->session_time);
  return status;
}

static enum ow_status check_name(const struct parser *parser, const char *name)
{
  if (strlen(name) >= OW_CLASS_TEXT)
    return ow_conf_lines_fail(&parser->lines, name, parser->failure,
                              "a class's name has at most %d characters", OW_CLASS_TEXT - 1);
  if (ow_limits_class_by_name(parser->limits, name) != OW_CLASS_NONE)
    return ow_conf_lines_fail(&parser->lines, name, parser->failure, "class %s is already defined above",
                              name);
  if (parser->limits->class_count >= OW_CLASSES_MOST)
    return ow_conf_lines_fail(&parser->lines, name, parser->failure, "more than %d classes", OW_CLASSES_MOST);
  return OW_OK;
}

static enum ow_status add_class(const struct parser *parser, const struct ow_class *class)
{
  struct ow_limits *limits = parser->limits;
  struct ow_class *classes = room_for_one_more(limits->classes, limits->class_count, sizeof *classes);
  if (!classes)
    return no_memory(parser);
  limits->classes = classes;
  classes[limits->class_count++] = *class;
  return OW_OK;
}

static enum ow_status read_class(const struct parser *parser, const char *name, char *rest,
                                 struct ow_class *class)
{
  struct pairs pairs = {.end = false};
  enum ow_status status = split_pairs(parser, rest, &pairs);
  if (status == OW_OK)
    status = inherit_limits(parser, name, pairs.values[PARENT], class);
  if (status == OW_OK)
    status = take_values(parser, &pairs, class);
  return status;
}

static enum ow_status parse_limit(struct parser *parser, const char *keyword, char *rest)
{
  struct ow_class class;
  const char *name = ow_conf_word(&rest);
  const char *with = name ? ow_conf_word(&rest) : NULL;
  if (!with || !ow_same_word(with, "with"))
    return ow_conf_lines_fail(&parser->lines, keyword, parser->failure,
                              "write: limit CLASS with KEY=VALUE, KEY=VALUE");
  enum ow_status status = check_name(parser, name);
  if (status != OW_OK)
    return status;
  status = read_class(parser, name, rest, &class);
  /* Of a class that can't be, at least its name is known, so that lines that use it aren't faults too. */
  if (status != OW_OK)
    class = unlimited_class;
  memcpy(class.name, name, strlen(name) + 1);
  enum ow_status added = add_class(parser, &class);
  return added == OW_OK ? status : added;
}

/* ---- assign default CLASS, assign net NET CLASS, assign user KEYID CLASS, assign stamp NET CLASS ---- */

/* The last word of the line names the class. */
static enum ow_status take_class(const struct parser *parser, const char *at, char *rest, int *class)
{
  const char *name = ow_conf_word(&rest);
  if (!name || *name == '#')
    return ow_conf_lines_fail(&parser->lines, at, parser->failure, "the class is missing at the end");
  *class = ow_limits_class_by_name(parser->limits, name);
  if (*class == OW_CLASS_NONE)
    return ow_conf_lines_fail(&parser->lines, name, parser->failure,
                              "class \"%.40s\" is not defined above this line", name);
  warn_of_rest(parser, name, rest, "");
  return OW_OK;
}

/* Of two rules for the same the later one holds, as with owampd. */
static void warn_of_former(const struct parser *parser, size_t first, int first_class, size_t second,
                           int second_class)
{
  const struct ow_conf_lines *lines = &parser->lines;
  const struct ow_class *classes = parser->limits->classes;
  if (first_class != second_class)
    ow_conf_lines_warn(lines, lines->copy + second, parser->log,
                       "assigned to %s already in line %u; this line holds, and it is %s",
                       classes[first_class].name, ow_conf_lines_number(lines, lines->copy + first),
                       classes[second_class].name);
}

static enum ow_status assign_default(struct parser *parser, const char *at, char *rest)
{
  int class;
  size_t place = (size_t)(at - parser->lines.copy);
  enum ow_status status = take_class(parser, at, rest, &class);
  if (status == OW_OK) {
    if (parser->fallback_given)
      warn_of_former(parser, parser->fallback_place, parser->limits->fallback, place, class);
    parser->limits->fallback = class;
    parser->fallback_given = true;
    parser->fallback_place = place;
  }
  return status;
}

static enum ow_status take_net(const struct parser *parser, const char *text, struct ow_net *net)
{
  struct ow_failure inner;
  char shown[OW_NET_TEXT];
  if (ow_net_parse(text, net, &inner) != OW_OK)
    return ow_conf_lines_fail(&parser->lines, text, parser->failure, "%s", inner.text);
  if (!ow_net_is_plain(text))
    ow_conf_lines_warn(&parser->lines, text, parser->log, "%.60s is read as %s, as owampd does", text,
                       ow_net_print(shown, net));
  return OW_OK;
}

static enum ow_status assign_net(struct parser *parser, const char *at, char *rest)
{
  struct ow_limits *limits = parser->limits;
  struct ow_net_rule rule = {.place = (size_t)(at - parser->lines.copy)};
  const char *text = ow_conf_word(&rest);
  if (!text)
    return ow_conf_lines_fail(&parser->lines, at, parser->failure, "write: assign net ADDRESS/BITS CLASS");
  enum ow_status status = take_net(parser, text, &rule.net);
  if (status == OW_OK)
    status = take_class(parser, at, rest, &rule.class);
  if (status == OW_OK) {
    struct ow_net_rule *nets = room_for_one_more(limits->nets, limits->net_count, sizeof *nets);
    if (!nets)
      return no_memory(parser);
    limits->nets = nets;
    nets[limits->net_count++] = rule;
  }
  return status;
}

static enum ow_status take_key_id(const struct parser *parser, const char *key_id, char into[OW_KEY_ID_TEXT])
{
  if (strlen(key_id) >= OW_KEY_ID_TEXT)
    return ow_conf_lines_fail(&parser->lines, key_id, parser->failure, "a KeyID has at most %d octets",
                              OW_KEY_ID_TEXT - 1);
  if (parser->keys && !ow_key_file_find(parser->keys, key_id))
    return ow_conf_lines_fail(&parser->lines, key_id, parser->failure,
                              "user %s has no passphrase; add one to the .pfs file, or remove this line",
                              key_id);
  memcpy(into, key_id, strlen(key_id) + 1);
  return OW_OK;
}

static enum ow_status assign_user(struct parser *parser, const char *at, char *rest)
{
  struct ow_limits *limits = parser->limits;
  struct ow_user_rule rule = {.place = (size_t)(at - parser->lines.copy)};
  const char *key_id = ow_conf_word(&rest);
  if (!key_id)
    return ow_conf_lines_fail(&parser->lines, at, parser->failure, "write: assign user KEYID CLASS");
  enum ow_status status = take_key_id(parser, key_id, rule.key_id);
  if (status == OW_OK)
    status = take_class(parser, at, rest, &rule.class);
  if (status == OW_OK) {
    struct ow_user_rule *users = room_for_one_more(limits->users, limits->user_count, sizeof *users);
    if (!users)
      return no_memory(parser);
    limits->users = users;
    users[limits->user_count++] = rule;
  }
  return status;
}

/* "ssid=9" or "key=router": what stands behind the mark. NULL if the word isn't that. */
static const char *value_of(const char *word, const char *name)
{
  size_t length = strlen(name);
  bool same = strncmp(word, name, length) == 0 && word[length] == '=';
  return same ? word + length + 1 : NULL;
}

/* What may stand between the net and the class; `*rest` is then what follows it. */
static enum ow_status take_stamp_options(const struct parser *parser, char **rest, struct ow_stamp_rule *rule)
{
  enum ow_status status = OW_OK;
  bool more = true;
  while (more && status == OW_OK) {
    char *at = *rest + strspn(*rest, OW_CONF_BLANKS);
    const char *ssid = value_of(at, "ssid");
    const char *key_id = value_of(at, "key");
    uint32_t number = 0;
    struct ow_failure inner;
    more = ssid || key_id;
    if (more)
      (void)ow_conf_word(rest);
    if (ssid && ow_number_parse(ssid, 1, UINT16_MAX, &number, &inner) != OW_OK)
      status = ow_conf_lines_fail(&parser->lines, at, parser->failure, "ssid: %s", inner.text);
    else if (ssid)
      rule->ssid = (uint16_t)number;
    else if (key_id)
      status = take_key_id(parser, key_id, rule->key_id);
  }
  return status;
}

static enum ow_status assign_stamp(struct parser *parser, const char *at, char *rest)
{
  struct ow_limits *limits = parser->limits;
  struct ow_stamp_rule rule = {.place = (size_t)(at - parser->lines.copy)};
  const char *text = ow_conf_word(&rest);
  if (!text)
    return ow_conf_lines_fail(&parser->lines, at, parser->failure,
                              "write: assign stamp ADDRESS/BITS [ssid=NUMBER] [key=KEYID] CLASS");
  enum ow_status status = take_net(parser, text, &rule.net);
  if (status == OW_OK)
    status = take_stamp_options(parser, &rest, &rule);
  if (status == OW_OK)
    status = take_class(parser, at, rest, &rule.class);
  if (status == OW_OK) {
    struct ow_stamp_rule *stamps = room_for_one_more(limits->stamps, limits->stamp_count, sizeof *stamps);
    if (!stamps)
      return no_memory(parser);
    limits->stamps = stamps;
    stamps[limits->stamp_count++] = rule;
  }
  return status;
}

static enum ow_status parse_assign(struct parser *parser, const char *keyword, char *rest)
{
  const char *what = ow_conf_word(&rest);
  if (what && ow_same_word(what, "default"))
    return assign_default(parser, keyword, rest);
  if (what && ow_same_word(what, "net"))
    return assign_net(parser, keyword, rest);
  if (what && ow_same_word(what, "user"))
    return assign_user(parser, keyword, rest);
  if (what && ow_same_word(what, "stamp"))
    return assign_stamp(parser, keyword, rest);
  return ow_conf_lines_fail(&parser->lines, keyword, parser->failure,
                            "write: assign default CLASS, assign net ADDRESS/BITS CLASS, assign user KEYID "
                            "CLASS or assign stamp ADDRESS/BITS CLASS");
}

/* ---- the file ---- */

static enum ow_status parse_line(struct parser *parser, char *rest)
{
  const char *keyword = ow_conf_word(&rest);
  if (ow_same_word(keyword, "limit"))
    return parse_limit(parser, keyword, rest);
  if (ow_same_word(keyword, "assign"))
    return parse_assign(parser, keyword, rest);
  return ow_conf_lines_fail(&parser->lines, keyword, parser->failure,
                            "\"%.40s\": a line begins with limit or with assign", keyword);
}

/* OW_INVALID if any can't be read; OW_MEMORY ends it at once. */
static enum ow_status parse_lines(struct parser *parser, struct ow_failure *failure)
{
  struct ow_faults faults = ow_faults(parser->log, failure);
  char *line = NULL;
  enum ow_status status;
  do {
    status = ow_conf_lines_next(&parser->lines, &line, parser->failure);
    if (status == OW_OK && line)
      status = parse_line(parser, line);
    if (status != OW_OK)
      ow_faults_add(&faults, parser->failure);
  } while (status != OW_MEMORY && (status != OW_OK || line));
  return faults.status;
}

/* Among equals the order of the file, so that the last one is the one that holds. */
static int by_place(size_t a, size_t b)
{
  return (a > b) - (a < b);
}

static int compare_nets(const void *left, const void *right)
{
  const struct ow_net_rule *a = left;
  const struct ow_net_rule *b = right;
  int order = ow_net_compare(&a->net, &b->net);
  return order ? order : by_place(a->place, b->place);
}

static int compare_users(const void *left, const void *right)
{
  const struct ow_user_rule *a = left;
  const struct ow_user_rule *b = right;
  int order = strcmp(a->key_id, b->key_id);
  return order ? order : by_place(a->place, b->place);
}

static int compare_stamps(const void *left, const void *right)
{
  const struct ow_stamp_rule *a = left;
  const struct ow_stamp_rule *b = right;
  int order = ow_net_compare(&a->net, &b->net);
  if (order == 0)
    order = (b->ssid > a->ssid) - (b->ssid < a->ssid);
  if (order == 0)
    order = strcmp(b->key_id, a->key_id);
  return order ? order : by_place(a->place, b->place);
}

static bool same_stamp(const struct ow_stamp_rule *a, const struct ow_stamp_rule *b)
{
  return ow_net_compare(&a->net, &b->net) == 0 && a->ssid == b->ssid && strcmp(a->key_id, b->key_id) == 0;
}

static void sort_stamps(const struct parser *parser)
{
  struct ow_limits *limits = parser->limits;
  size_t kept = 0;
  if (limits->stamp_count)
    qsort(limits->stamps, limits->stamp_count, sizeof *limits->stamps, compare_stamps);
  for (size_t i = 0; i < limits->stamp_count; i++) {
    const struct ow_stamp_rule *rule = &limits->stamps[i];
    const struct ow_stamp_rule *former = &limits->stamps[kept ? kept - 1 : 0];
    bool again = kept > 0 && same_stamp(former, rule);
    if (again)
      warn_of_former(parser, former->place, former->class, rule->place, rule->class);
    limits->stamps[again ? kept - 1 : kept++] = *rule;
  }
  limits->stamp_count = kept;
}

/* Into the order that look-ups need, and of equals the last one only. */
static void sort_nets(const struct parser *parser)
{
  struct ow_limits *limits = parser->limits;
  size_t kept = 0;
  if (limits->net_count)
    qsort(limits->nets, limits->net_count, sizeof *limits->nets, compare_nets);
  for (size_t i = 0; i < limits->net_count; i++) {
    const struct ow_net_rule *rule = &limits->nets[i];
    const struct ow_net_rule *former = &limits->nets[kept ? kept - 1 : 0];
    bool again = kept > 0 && ow_net_compare(&former->net, &rule->net) == 0;
    if (again)
      warn_of_former(parser, former->place, former->class, rule->place, rule->class);
    limits->nets[again ? kept - 1 : kept++] = *rule;
  }
  limits->net_count = kept;
}

static void sort_users(const struct parser *parser)
{
  struct ow_limits *limits = parser->limits;
  size_t kept = 0;
  if (limits->user_count)
    qsort(limits->users, limits->user_count, sizeof *limits->users, compare_users);
  for (size_t i = 0; i < limits->user_count; i++) {
    const struct ow_user_rule *rule = &limits->users[i];
    const struct ow_user_rule *former = &limits->users[kept ? kept - 1 : 0];
    bool again = kept > 0 && strcmp(former->key_id, rule->key_id) == 0;
    if (again)
      warn_of_former(parser, former->place, former->class, rule->place, rule->class);
    limits->users[again ? kept - 1 : kept++] = *rule;
  }
  limits->user_count = kept;
}

enum ow_status ow_limits_default(struct ow_limits *limits, struct ow_failure *failure)
{
  *limits = (struct ow_limits){.classes = malloc(sizeof *limits->classes)};
  if (!limits->classes)
    return ow_fail(failure, OW_MEMORY, "no memory for a class of clients");
  limits->classes[0] = bounded_class;
  limits->class_count = 1;
  return OW_OK;
}

enum ow_status ow_limits_parse(const char *name, const char *text, size_t octets,
                               const struct ow_keys_file *keys, struct ow_limits *limits,
                               const struct ow_log *log, struct ow_failure *failure)
{
  struct ow_failure fault;
  struct parser parser = {.keys = keys, .limits = limits, .log = log, .failure = &fault};
  *limits = (struct ow_limits){0};
  enum ow_status status = ow_conf_lines_open(&parser.lines, name, text, octets, failure);
  if (status == OW_OK)
    status = parse_lines(&parser, failure);
  if (status == OW_OK) {
    sort_nets(&parser);
    sort_users(&parser);
    sort_stamps(&parser);
  }
  if (status == OW_OK && limits->class_count == 0) {
    ow_log(log, OW_LOG_WARNING, "%s: defines no class; everybody shares 100 Mbit/s and 400 MB of records",
           name);
    status = ow_limits_default(limits, failure);
  }
  ow_conf_lines_close(&parser.lines);
  if (status != OW_OK)
    ow_limits_clear(limits);
  return status;
}
