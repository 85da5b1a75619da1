/* SPDX-License-Identifier: MIT */
/* Documents are walked down to what isn't an object; the manual's items are read by its macros. */
#include "support/json_members.h"

#include <check.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "support/manual.h"

static bool has(const struct json_members *members, const char *path)
{
  bool found = false;
  for (size_t i = 0; i < members->count && !found; i++)
    found = strcmp(members->paths[i], path) == 0;
  return found;
}

static void add(struct json_members *members, const char *path)
{
  if (!has(members, path)) {
    ck_assert_uint_lt(members->count, JSON_MEMBERS);
    ck_assert_uint_lt(strlen(path), JSON_MEMBER_PATH);
    strcpy(members->paths[members->count++], path);
  }
}

/* "max_ns" beside "max". */
static bool is_exact_time(const json_t *object, const char *name, const json_t *value)
{
  char time[JSON_MEMBER_PATH];
  size_t length = strlen(name);
  bool exact = length > 3 && strcmp(name + length - 3, "_ns") == 0;
  snprintf(time, sizeof time, "%.*s", (int)(exact ? length - 3 : 0), name);
  return exact && json_is_integer(value) && json_is_real(json_object_get(object, time));
}

static void walk(struct json_members *members, const char *path, const json_t *value)
{
  const char *name;
  json_t *inner;
  size_t index;
  ck_assert_msg(!json_is_null(value), "%s is null", path);
  if (json_is_object(value)) {
    json_object_foreach((json_t *)(uintptr_t)value, name, inner)
    {
      char below[2 * JSON_MEMBER_PATH];
      snprintf(below, sizeof below, "%s%s%s", path, path[0] ? "." : "", name);
      if (!is_exact_time(value, name, inner))
        walk(members, below, inner);
    }
  } else if (json_is_array(value)) {
    json_array_foreach(value, index, inner) walk(members, path, inner);
  } else {
    add(members, path);
  }
}

void json_members_add(struct json_members *members, const json_t *object)
{
  ck_assert(json_is_object(object));
  walk(members, "", object);
}

void json_members_add_manual(struct json_members *members, const char *section, const char *prefix)
{
  struct manual manual;
  manual_read(&manual, "owamp-json.5", section);
  for (size_t i = 0; i < manual.count; i++) {
    char path[2 * JSON_MEMBER_PATH];
    snprintf(path, sizeof path, "%s%s", prefix, manual.items[i].name);
    ck_assert_msg(!has(members, path), "%s stands twice in owamp-json(5)", path);
    add(members, path);
  }
}

void json_members_of_check(struct json_members *members)
{
  json_members_add_manual(members, "The check", "");
  json_members_add_manual(members, "A direction's result", "results.");
}

void json_members_expect_within(const struct json_members *some, const struct json_members *all,
                                const char *words)
{
  for (size_t i = 0; i < some->count; i++)
    ck_assert_msg(has(all, some->paths[i]), "%s %s", some->paths[i], words);
}
