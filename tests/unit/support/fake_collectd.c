/* SPDX-License-Identifier: MIT */
/* The daemon's functions, what a test asks of them, and a small parser of configurations. */
#include "support/fake_collectd.h"

#include <check.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct fake_collectd fake_collectd;
static char the_host[] = "here";
char *hostname_g = the_host;

void fake_collectd_reset(void)
{
  fake_collectd = (struct fake_collectd){.lines = 0};
}

/* ---- the daemon's functions ---- */

void plugin_log(int level, const char *format, ...)
{
  char *line = fake_collectd.log[fake_collectd.lines++ % FAKE_MOST];
  int length = snprintf(line, FAKE_LINE, "%d ", level);
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(line + length, (size_t)(FAKE_LINE - length), format, arguments);
  va_end(arguments);
}

int plugin_dispatch_values(value_list_t const *list)
{
  ck_assert_uint_lt(fake_collectd.value_count, FAKE_MOST);
  ck_assert_uint_eq(list->values_len, 1);
  size_t place = fake_collectd.value_count++;
  fake_collectd.numbers[place] = list->values[0].gauge;
  fake_collectd.values[place] = *list;
  return 0;
}

static void print_meta(const notification_meta_t *meta, char out[FAKE_LINE])
{
  int length = 0;
  out[0] = '\0';
  for (; meta; meta = meta->next) {
    if (meta->type == NM_TYPE_STRING)
      length += snprintf(out + length, (size_t)(FAKE_LINE - length), "%s=%s;", meta->name,
                         meta->nm_value.nm_string);
    else if (meta->type == NM_TYPE_DOUBLE)
      length += snprintf(out + length, (size_t)(FAKE_LINE - length), "%s=%g;", meta->name,
                         meta->nm_value.nm_double);
    else
      length += snprintf(out + length, (size_t)(FAKE_LINE - length), "%s=%d;", meta->name,
                         meta->nm_value.nm_boolean);
  }
}

int plugin_dispatch_notification(const notification_t *notification)
{
  ck_assert_uint_lt(fake_collectd.notification_count, FAKE_MOST);
  struct fake_notification *kept = &fake_collectd.notifications[fake_collectd.notification_count++];
  kept->told = *notification;
  print_meta(notification->meta, kept->meta);
  return 0;
}

static notification_meta_t *add_meta(notification_t *notification, const char *name,
                                     enum notification_meta_type_e type)
{
  notification_meta_t *meta = calloc(1, sizeof *meta);
  notification_meta_t **end = &notification->meta;
  ck_assert_ptr_nonnull(meta);
  snprintf(meta->name, sizeof meta->name, "%s", name);
  meta->type = type;
  while (*end)
    end = &(*end)->next;
  *end = meta;
  return meta;
}

int plugin_notification_meta_add_string(notification_t *notification, const char *name, const char *value)
{
  add_meta(notification, name, NM_TYPE_STRING)->nm_value.nm_string = strdup(value);
  return 0;
}

int plugin_notification_meta_add_double(notification_t *notification, const char *name, double value)
{
  add_meta(notification, name, NM_TYPE_DOUBLE)->nm_value.nm_double = value;
  return 0;
}

int plugin_notification_meta_add_boolean(notification_t *notification, const char *name, bool value)
{
  add_meta(notification, name, NM_TYPE_BOOLEAN)->nm_value.nm_boolean = value;
  return 0;
}

int plugin_notification_meta_free(notification_meta_t *meta)
{
  while (meta) {
    notification_meta_t *next = meta->next;
    if (meta->type == NM_TYPE_STRING) {
      union {
        const char *in;
        char *out;
      } text = {.in = meta->nm_value.nm_string};
      free(text.out);
    }
    free(meta);
    meta = next;
  }
  return 0;
}

int plugin_register_complex_config(const char *type, int (*callback)(oconfig_item_t *))
{
  ck_assert_str_eq(type, "owamp");
  fake_collectd.config = callback;
  return 0;
}

int plugin_register_init(const char *name, plugin_init_cb callback)
{
  ck_assert_str_eq(name, "owamp");
  fake_collectd.init = callback;
  return 0;
}

int plugin_register_complex_read(const char *group, const char *name, plugin_read_cb callback,
                                 cdtime_t interval, user_data_t const *user_data)
{
  ck_assert(group == NULL && user_data == NULL && interval > 0);
  ck_assert_str_eq(name, "owamp");
  fake_collectd.read = callback;
  return 0;
}

int plugin_register_shutdown(const char *name, plugin_shutdown_cb callback)
{
  ck_assert_str_eq(name, "owamp");
  fake_collectd.shutdown = callback;
  return 0;
}

/* ---- what a test asks ---- */

static bool is(const value_list_t *list, const char *instance, const char *type_and_instance)
{
  char name[2 * DATA_MAX_NAME_LEN];
  snprintf(name, sizeof name, "%s-%s", list->type, list->type_instance);
  return strcmp(list->plugin_instance, instance) == 0 && strcmp(name, type_and_instance) == 0;
}

unsigned fake_collectd_count(const char *instance, const char *type_and_instance)
{
  unsigned count = 0;
  for (size_t i = 0; i < fake_collectd.value_count; i++)
    count += is(&fake_collectd.values[i], instance, type_and_instance);
  return count;
}

double fake_collectd_value(const char *instance, const char *type_and_instance)
{
  size_t at = fake_collectd.value_count;
  while (at > 0 && !is(&fake_collectd.values[at - 1], instance, type_and_instance))
    at--;
  ck_assert_msg(at > 0, "no value %s/%s", instance, type_and_instance);
  return fake_collectd.numbers[at - 1];
}

const char *fake_collectd_logged(const char *text)
{
  const char *found = NULL;
  for (size_t i = 0; i < fake_collectd.lines && i < FAKE_MOST && !found; i++)
    if (strstr(fake_collectd.log[i], text))
      found = fake_collectd.log[i];
  return found;
}

/* ---- configuration ---- */

static char *copy(const char *from, size_t length)
{
  char *to = strndup(from, length);
  ck_assert_ptr_nonnull(to);
  return to;
}

/* "text", true, false, or a number; else a text. */
static oconfig_value_t value_of(const char *word, size_t length)
{
  oconfig_value_t value = {.type = OCONFIG_TYPE_STRING};
  char *text = copy(word, length);
  char *end;
  double number = strtod(text, &end);
  if (*word == '"') {
    value.value.string = copy(word + 1, length - 2);
  } else if (strcmp(text, "true") == 0 || strcmp(text, "false") == 0) {
    value.type = OCONFIG_TYPE_BOOLEAN;
    value.value.boolean = *text == 't';
  } else if (end != text && !*end) {
    value.type = OCONFIG_TYPE_NUMBER;
    value.value.number = number;
  } else {
    value.value.string = copy(word, length);
  }
  free(text);
  return value;
}

static size_t word_length(const char *at)
{
  if (*at != '"')
    return strcspn(at, " \n>");
  const char *end = strchr(at + 1, '"');
  ck_assert_ptr_nonnull(end);
  return (size_t)(end - at) + 1;
}

/* "Key value..." up to the line's end or '>'. */
static const char *read_words(const char *at, oconfig_item_t *item)
{
  size_t length = strcspn(at, " \n>");
  item->key = copy(at, length);
  at += length;
  while (*(at += strspn(at, " ")) && *at != '\n' && *at != '>') {
    length = word_length(at);
    item->values = reallocarray(item->values, (size_t)item->values_num + 1, sizeof *item->values);
    ck_assert_ptr_nonnull(item->values);
    item->values[item->values_num++] = value_of(at, length);
    at += length;
  }
  return at + (*at == '>');
}

static const char *read_items(const char *at, oconfig_item_t *parent)
{
  while (*(at += strspn(at, " \n")) && strncmp(at, "</", 2) != 0) {
    bool block = *at == '<';
    parent->children =
        reallocarray(parent->children, (size_t)parent->children_num + 1, sizeof *parent->children);
    ck_assert_ptr_nonnull(parent->children);
    oconfig_item_t *item = &parent->children[parent->children_num++];
    *item = (oconfig_item_t){.parent = parent};
    at = read_words(at + block, item);
    if (block) {
      at = read_items(at, item);
      at += strcspn(at, ">") + 1;
    }
  }
  return at;
}

oconfig_item_t *fake_config(const char *text)
{
  oconfig_item_t *tree = calloc(1, sizeof *tree);
  ck_assert_ptr_nonnull(tree);
  tree->key = copy("Plugin", 6);
  ck_assert_str_eq(read_items(text, tree), "");
  return tree;
}

static void free_item(oconfig_item_t *item)
{
  for (int i = 0; i < item->values_num; i++)
    if (item->values[i].type == OCONFIG_TYPE_STRING)
      free(item->values[i].value.string);
  for (int i = 0; i < item->children_num; i++)
    free_item(&item->children[i]);
  free(item->values);
  free(item->children);
  free(item->key);
}

void fake_config_free(oconfig_item_t *tree)
{
  free_item(tree);
  free(tree);
}
