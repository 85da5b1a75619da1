/* SPDX-License-Identifier: MIT */
/* The items of a manual page's lists, as mdoc writes them, to be held against what programs take. */
#ifndef OWAMP_TEST_MANUAL_H
#define OWAMP_TEST_MANUAL_H

#include <stddef.h>

#include "config/peer_options.h"

enum { MANUAL_ITEMS = 128, MANUAL_NAME = 48, MANUAL_BODY = 1024 };

/** A name that stands in an item's head, and what is said below. */
struct manual_item {
  char name[MANUAL_NAME];
  char body[MANUAL_BODY]; /* its lines, joined by blanks, macros and all */
};

struct manual {
  struct manual_item items[MANUAL_ITEMS];
  size_t count;
};

/**
 * Read the items below the heading `section` (of .Sh or .Ss, as it is written) of docs/man/`page`, up to the
 * next heading. Names are those words of heads that stand behind `Cm` at the beginning, or that begin with
 * '-', which is cut off.
 */
void manual_read(struct manual *manual, const char *page, const char *section);
/** NULL if there is none. */
const struct manual_item *manual_find(const struct manual *manual, const char *name);

/**
 * Fail unless the default that the item tells is the option's: "Default: VALUE." or "VALUE if not given". A
 * bare number is seconds, if the option is a duration. What has no default in the table may tell what it
 * likes.
 */
void manual_expect_default(const struct manual_item *item, enum ow_peer_option_id id, enum ow_peer_use use);

/** The text of a file of this source tree; the caller frees. */
char *manual_file(const char *path);

#endif
