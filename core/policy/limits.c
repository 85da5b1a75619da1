/* SPDX-License-Identifier: MIT */
/* Each line is a class, which begins as its parent is, or says which clients belong to one. */
#include "policy/limits.h"

#include <stdlib.h>
#include <string.h>

#include "text/conf_lines.h"
#include "text/quantity.h"
#include "text/word.h"

static const struct ow_class bounded_class = {
    .name = "default", .parent = OW_CLASS_NONE, .bandwidth = 100000000, .disk = 400000000, .open_mode = true};
/* What the root has, unless it says otherwise. */
static const struct ow_class unlimited_class = {.parent = OW_CLASS_NONE, .open_mode = true};

void ow_limits_clear(struct ow_limits *limits)
{
  free(limits->classes);
  free(limits->nets);
  free(limits->users);
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
  const struct ow_keys_file *keys;
  struct ow_limits *limits;
  struct ow_failure *failure;
  bool fallback_given;
};

static enum ow_status no_memory(const struct parser *parser)
{
  return ow_fail(parser->failure, OW_MEMORY, "%s: no memory", parser->lines.name);
}

/* ---- limit CLASS with KEY=VALUE, KEY=VALUE ---- */

enum key { PARENT, BANDWIDTH, DISK, TEST_SESSIONS, DELETE_ON_FETCH, ALLOW_OPEN_MODE, KEYS };
static const char *const key_names[KEYS] = {"parent",        "bandwidth",       "disk",
                                            "test_sessions", "delete_on_fetch", "allow_open_mode"};

/* The pairs of one line, as they stand. */
struct pairs {
  char *values[KEYS]; /* NULL: not given */
};

static enum key key_of(const char *name)
{
  int key = 0;
  while (key < KEYS && !ow_same_word(name, key_names[key]))
    key++;
  return (enum key)key;
}

static enum ow_status split_pair(const struct parser *parser, char *text, struct pairs *pairs)
{
  const char *start = text;
  char *equals = strchr(text, '=');
  if (equals)
    *equals = '\0';
  char *name = ow_conf_trim(text);
  char *value = equals ? ow_conf_trim(equals + 1) : NULL;
  enum key key = key_of(name);
  if (*name == '\0')
    return ow_conf_lines_fail(&parser->lines, start, parser->failure, "a limit is missing beside the comma");
  if (key == KEYS)
    return ow_conf_lines_fail(
        &parser->lines, name, parser->failure,
        "unknown limit \"%.40s\"; parent, bandwidth, disk, test_sessions, delete_on_fetch or "
        "allow_open_mode",
        name);
  if (!value || *value == '\0')
    return ow_conf_lines_fail(&parser->lines, name, parser->failure, "%s needs a value: %s=...",
                              key_names[key], key_names[key]);
  if (strpbrk(value, OW_CONF_BLANKS "="))
    return ow_conf_lines_fail(&parser->lines, name, parser->failure,
                              "%s=%.40s: one value; is a comma missing behind it?", key_names[key], value);
  if (pairs->values[key])
    return ow_conf_lines_fail(&parser->lines, name, parser->failure, "%s is given twice", key_names[key]);
  pairs->values[key] = value;
  return OW_OK;
}

static enum ow_status split_pairs(const struct parser *parser, char *text, struct pairs *pairs)
{
  enum ow_status status = OW_OK;
  if (text[strspn(text, OW_CONF_BLANKS)] == '\0')
    return OW_OK;
  while (text && status == OW_OK) {
    char *comma = strchr(text, ',');
    if (comma)
      *comma = '\0';
    status = split_pair(parser, text, pairs);
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

static enum ow_status parse_limit(struct parser *parser, const char *keyword, char *rest)
{
  struct pairs pairs = {{NULL}};
  struct ow_class class;
  const char *name = ow_conf_word(&rest);
  const char *with = name ? ow_conf_word(&rest) : NULL;
  if (!with || !ow_same_word(with, "with"))
    return ow_conf_lines_fail(&parser->lines, keyword, parser->failure,
                              "write: limit CLASS with KEY=VALUE, KEY=VALUE");
  enum ow_status status = check_name(parser, name);
  if (status == OW_OK)
    status = split_pairs(parser, rest, &pairs);
  if (status == OW_OK)
    status = inherit_limits(parser, name, pairs.values[PARENT], &class);
  if (status == OW_OK)
    status = take_values(parser, &pairs, &class);
  if (status == OW_OK) {
    memcpy(class.name, name, strlen(name) + 1);
    status = add_class(parser, &class);
  }
  return status;
}

/* ---- assign default CLASS, assign net NET CLASS, assign user KEYID CLASS ---- */

/* The last word of the line names the class. */
static enum ow_status take_class(const struct parser *parser, const char *at, char *rest, int *class)
{
  const char *name = ow_conf_word(&rest);
  const char *more = ow_conf_word(&rest);
  if (!name)
    return ow_conf_lines_fail(&parser->lines, at, parser->failure, "the class is missing at the end");
  if (more)
    return ow_conf_lines_fail(&parser->lines, more, parser->failure, "what is \"%.40s\" behind the class?",
                              more);
  *class = ow_limits_class_by_name(parser->limits, name);
  if (*class == OW_CLASS_NONE)
    return ow_conf_lines_fail(&parser->lines, name, parser->failure,
                              "class \"%.40s\" is not defined above this line", name);
  return OW_OK;
}

static enum ow_status assign_default(struct parser *parser, const char *at, char *rest)
{
  if (parser->fallback_given)
    return ow_conf_lines_fail(&parser->lines, at, parser->failure,
                              "there already is an \"assign default\" above");
  parser->fallback_given = true;
  return take_class(parser, at, rest, &parser->limits->fallback);
}

static enum ow_status assign_net(struct parser *parser, const char *at, char *rest)
{
  struct ow_limits *limits = parser->limits;
  struct ow_net_rule rule = {.place = (size_t)(at - parser->lines.copy)};
  struct ow_failure inner;
  const char *text = ow_conf_word(&rest);
  if (!text)
    return ow_conf_lines_fail(&parser->lines, at, parser->failure, "write: assign net ADDRESS/BITS CLASS");
  if (ow_net_parse(text, &rule.net, &inner) != OW_OK)
    return ow_conf_lines_fail(&parser->lines, text, parser->failure, "%s", inner.text);
  enum ow_status status = take_class(parser, at, rest, &rule.class);
  if (status == OW_OK) {
    struct ow_net_rule *nets = room_for_one_more(limits->nets, limits->net_count, sizeof *nets);
    if (!nets)
      return no_memory(parser);
    limits->nets = nets;
    nets[limits->net_count++] = rule;
  }
  return status;
}

static enum ow_status assign_user(struct parser *parser, const char *at, char *rest)
{
  struct ow_limits *limits = parser->limits;
  struct ow_user_rule rule = {.place = (size_t)(at - parser->lines.copy)};
  const char *key_id = ow_conf_word(&rest);
  if (!key_id)
    return ow_conf_lines_fail(&parser->lines, at, parser->failure, "write: assign user KEYID CLASS");
  if (strlen(key_id) >= sizeof rule.key_id)
    return ow_conf_lines_fail(&parser->lines, key_id, parser->failure, "a KeyID has at most %zu octets",
                              sizeof rule.key_id - 1);
  if (!ow_key_file_find(parser->keys, key_id))
    return ow_conf_lines_fail(&parser->lines, key_id, parser->failure,
                              "user %s has no passphrase; add one to the .pfs file, or remove this line",
                              key_id);
  memcpy(rule.key_id, key_id, strlen(key_id) + 1);
  enum ow_status status = take_class(parser, at, rest, &rule.class);
  if (status == OW_OK) {
    struct ow_user_rule *users = room_for_one_more(limits->users, limits->user_count, sizeof *users);
    if (!users)
      return no_memory(parser);
    limits->users = users;
    users[limits->user_count++] = rule;
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
  return ow_conf_lines_fail(
      &parser->lines, keyword, parser->failure,
      "write: assign default CLASS, assign net ADDRESS/BITS CLASS or assign user KEYID CLASS");
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

static enum ow_status parse_lines(struct parser *parser)
{
  char *line = NULL;
  enum ow_status status = ow_conf_lines_next(&parser->lines, &line, parser->failure);
  while (status == OW_OK && line) {
    status = parse_line(parser, line);
    if (status == OW_OK)
      status = ow_conf_lines_next(&parser->lines, &line, parser->failure);
  }
  return status;
}

/* Among equals the order of the file, so that the later one is the one to complain about. */
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

static enum ow_status assigned_twice(const struct parser *parser, size_t first, size_t second)
{
  const struct ow_conf_lines *lines = &parser->lines;
  return ow_conf_lines_fail(lines, lines->copy + second, parser->failure, "assigned already in line %u",
                            ow_conf_lines_number(lines, lines->copy + first));
}

/* Into the order that look-ups need. */
static enum ow_status sort_rules(const struct parser *parser)
{
  const struct ow_limits *limits = parser->limits;
  enum ow_status status = OW_OK;
  if (limits->net_count)
    qsort(limits->nets, limits->net_count, sizeof *limits->nets, compare_nets);
  if (limits->user_count)
    qsort(limits->users, limits->user_count, sizeof *limits->users, compare_users);
  for (size_t i = 1; i < limits->net_count && status == OW_OK; i++)
    if (ow_net_compare(&limits->nets[i - 1].net, &limits->nets[i].net) == 0)
      status = assigned_twice(parser, limits->nets[i - 1].place, limits->nets[i].place);
  for (size_t i = 1; i < limits->user_count && status == OW_OK; i++)
    if (strcmp(limits->users[i - 1].key_id, limits->users[i].key_id) == 0)
      status = assigned_twice(parser, limits->users[i - 1].place, limits->users[i].place);
  return status;
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
  struct parser parser = {.keys = keys, .limits = limits, .failure = failure};
  *limits = (struct ow_limits){0};
  enum ow_status status = ow_conf_lines_open(&parser.lines, name, text, octets, failure);
  if (status == OW_OK)
    status = parse_lines(&parser);
  if (status == OW_OK)
    status = sort_rules(&parser);
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
