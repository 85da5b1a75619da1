/* SPDX-License-Identifier: MIT */
/* The members that JSON documents have, to be held against those that owamp-json(5) describes. */
#ifndef OWAMP_TEST_JSON_MEMBERS_H
#define OWAMP_TEST_JSON_MEMBERS_H

#include <jansson.h>
#include <stddef.h>

enum { JSON_MEMBERS = 256, JSON_MEMBER_PATH = 64 };

/** Zero-initialised: none. A path is "results.delay.min", of objects in lists, too. */
struct json_members {
  char paths[JSON_MEMBERS][JSON_MEMBER_PATH];
  size_t count;
};

/**
 * Add those of `object` that are no objects, nor lists of them. Fails if one is null. The integer NAME_ns
 * beside a time of 11 days or more is one with NAME.
 */
void json_members_add(struct json_members *members, const json_t *object);
/** Add the items of a section of owamp-json(5), each with `prefix` before it. */
void json_members_add_manual(struct json_members *members, const char *section, const char *prefix);

/** All that check_owamp --json may print. */
void json_members_of_check(struct json_members *members);

/** Fail if `some` has a member that `all` lacks; `words` says what that means. */
void json_members_expect_within(const struct json_members *some, const struct json_members *all,
                                const char *words);

#endif
