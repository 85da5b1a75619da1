/* SPDX-License-Identifier: MIT */
/* A manual page's options are found by their mdoc macros. */
#include "support/manual.h"

#include <check.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char *manual_file(const char *path)
{
  enum { MOST = 1 << 20 };
  char where[512];
  snprintf(where, sizeof where, "%s/%s", OWAMP_SOURCE, path);
  char *text = calloc(1, MOST + 1);
  FILE *file = fopen(where, "r");
  ck_assert_msg(file != NULL, "%s can't be read", where);
  ck_assert_ptr_nonnull(text);
  ck_assert_uint_lt(fread(text, 1, MOST, file), MOST);
  fclose(file);
  return text;
}

static void add_item(struct manual *manual, const char *name)
{
  ck_assert_uint_lt(manual->count, MANUAL_ITEMS);
  snprintf(manual->items[manual->count++].name, MANUAL_NAME, "%s", name);
}

/* The names of "Cm host Ar name" and of "Fl H , -hostname Ns = Ns Ar host". */
static void take_head(struct manual *manual, char *head)
{
  const char *before = "";
  bool first = true;
  for (char *word = strtok(head, " "); word; word = strtok(NULL, " ")) {
    if (word[0] == '-' && word[1])
      add_item(manual, word + 1);
    else if (first && strcmp(before, "Cm") == 0)
      add_item(manual, word);
    first = before[0] == '\0';
    before = word;
  }
}

/* Heads that follow each other have one body. */
static void add_line(struct manual *manual, size_t first, const char *line)
{
  for (size_t i = first; i < manual->count; i++) {
    char *body = manual->items[i].body;
    size_t used = strlen(body);
    snprintf(body + used, MANUAL_BODY - used, "%s%s", used ? " " : "", line);
  }
}

static void take_line(struct manual *manual, char *line, size_t *first, bool *in_head)
{
  bool head = strncmp(line, ".It ", 4) == 0;
  if (head && !*in_head)
    *first = manual->count;
  if (head)
    take_head(manual, line + 4);
  else
    add_line(manual, *first, line);
  *in_head = head;
}

void manual_read(struct manual *manual, const char *page, const char *section)
{
  char path[128];
  bool inside = false;
  bool in_head = false;
  size_t first = 0;
  char *rest = NULL;
  snprintf(path, sizeof path, "docs/man/%s", page);
  char *text = manual_file(path);
  *manual = (struct manual){.count = 0};
  rest = text;
  for (char *line = strsep(&rest, "\n"); line; line = strsep(&rest, "\n")) {
    bool heading = strncmp(line, ".Sh ", 4) == 0 || strncmp(line, ".Ss ", 4) == 0;
    if (heading)
      inside = strcmp(line + 4, section) == 0;
    else if (inside)
      take_line(manual, line, &first, &in_head);
  }
  free(text);
  ck_assert_msg(manual->count > 0, "%s has no items below %s", path, section);
}

const struct manual_item *manual_find(const struct manual *manual, const char *name)
{
  const struct manual_item *found = NULL;
  for (size_t i = 0; i < manual->count && !found; i++)
    if (strcmp(manual->items[i].name, name) == 0)
      found = &manual->items[i];
  return found;
}

/* The value that is told as the default; "" if none is. */
static void find_default(const char *body, char out[MANUAL_NAME])
{
  const char *after = strstr(body, "Default: ");
  const char *before = strstr(body, " if not given");
  out[0] = '\0';
  if (after) {
    after += strlen("Default: ");
    size_t length = strcspn(after, " ");
    length -= length > 0 && after[length - 1] == '.';
    snprintf(out, MANUAL_NAME, "%.*s", (int)length, after);
  } else if (before) {
    const char *at = before;
    while (at > body && at[-1] != ' ')
      at--;
    snprintf(out, MANUAL_NAME, "%.*s", (int)(before - at), at);
  }
}

void manual_expect_default(const struct manual_item *item, enum ow_peer_option_id id, enum ow_peer_use use)
{
  const struct ow_peer_option *option = &ow_peer_options[id];
  struct ow_peer_settings usual;
  struct ow_peer_settings told;
  struct ow_given given = {0};
  char value[MANUAL_NAME + 1];
  bool flag = option->type == OW_TYPE_FLAG;
  bool duration = option->type == OW_TYPE_DURATION || option->type == OW_TYPE_MEAN;
  find_default(item->body, value);
  if (!option->initial || (flag && !value[0]))
    return;
  ow_peer_settings_defaults(&usual, use);
  told = usual;
  if (duration && value[0] && strspn(value, "0123456789.") == strlen(value))
    memcpy(value + strlen(value), "s", 2);
  ck_assert_msg(ow_peer_option_apply(&told, id, value, &given, NULL) == OW_OK &&
                    ow_peer_option_same(id, &told, &usual),
                "%s: the default is told as '%s'", item->name, value);
}
