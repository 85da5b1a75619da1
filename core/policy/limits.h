/* SPDX-License-Identifier: MIT */
/*
 * owamp-server.limits: classes of clients with what each may use, and which client belongs to which. Classes
 * form a tree. What a class doesn't say it takes over from its parent; whatever it uses its ancestors use
 * too.
 */
#ifndef OWAMP_POLICY_LIMITS_H
#define OWAMP_POLICY_LIMITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/log.h"
#include "base/status.h"
#include "config/key_file.h"
#include "policy/net_match.h"

enum { OW_CLASS_TEXT = 64, OW_CLASSES_MOST = 1000, OW_CLASS_NONE = -1, OW_CLASS_ROOT = 0 };

struct ow_class {
  char name[OW_CLASS_TEXT];
  int parent;             /* index, below its own; OW_CLASS_NONE for the root, which is the first */
  uint64_t bandwidth;     /* bits a second, over all running sessions; 0 = no limit */
  uint64_t disk;          /* octets of records kept; 0 = no limit */
  uint64_t test_sessions; /* sessions that may be requested over one control connection; 0 = no limit */
  bool delete_on_fetch;
  bool open_mode;       /* allow_open_mode */
  int64_t start_ahead;  /* ns from a request to its Start Time; 0 = no limit */
  int64_t session_time; /* ns from a session's Start Time to its end, by its schedule's mean; 0 = no limit */
};

struct ow_net_rule {
  struct ow_net net;
  int class;
  size_t place; /* in the file */
};

struct ow_user_rule {
  char key_id[OW_KEY_ID_TEXT];
  int class;
  size_t place;
};

/** Whose questions a Session-Reflector answers. */
struct ow_stamp_rule {
  struct ow_net net;
  uint16_t ssid;               /* 0: any */
  char key_id[OW_KEY_ID_TEXT]; /* of who asks in authenticated mode; "": in open mode */
  int class;
  size_t place;
};

/** Zero-initialised: empty, no good for look-ups. */
struct ow_limits {
  struct ow_class *classes;
  size_t class_count;
  struct ow_net_rule *nets; /* longest prefix first */
  size_t net_count;
  struct ow_user_rule *users; /* by KeyID */
  size_t user_count;
  struct ow_stamp_rule *stamps; /* longest prefix first, then those of one SSID, then those with a key */
  size_t stamp_count;
  int fallback; /* of `assign default`, else the root */
};

/**
 * Read the text of a limits file, called `name`. Users that are assigned must have a key in `keys`, unless
 * that is NULL, as it can't be read. A file that defines no class gets the bounded one of
 * ow_limits_default(), with a warning; so does what may have been meant otherwise than owampd, and this, read
 * it. OW_INVALID names file and line of the last fault; those before are errors in `log` (see
 * base/faults.h). OW_MEMORY. On failure `limits` is empty. `failure` must not be NULL.
 */
enum ow_status ow_limits_parse(const char *name, const char *text, size_t octets,
                               const struct ow_keys_file *keys, struct ow_limits *limits,
                               const struct ow_log *log, struct ow_failure *failure) OW_MUST_CHECK;
/**
 * One class for everybody, "default": open mode, 100 Mbit/s, 400 MB of records, a Start Time within the hour
 * and two days at most. OW_MEMORY.
 */
enum ow_status ow_limits_default(struct ow_limits *limits, struct ow_failure *failure) OW_MUST_CHECK;
void ow_limits_clear(struct ow_limits *limits);

/** The class of a client by its address: the longest assigned prefix, else the default. */
int ow_limits_class_of_address(const struct ow_limits *limits, const struct ow_endpoint *address);
/** The class assigned to a KeyID; OW_CLASS_NONE if there is none. */
int ow_limits_class_of_user(const struct ow_limits *limits, const char *key_id);
/** The class of that name; OW_CLASS_NONE if there is none. */
int ow_limits_class_by_name(const struct ow_limits *limits, const char *name);
/** True if `class` is `ancestor` or descends from it. */
bool ow_limits_within(const struct ow_limits *limits, int class, int ancestor);

#endif
