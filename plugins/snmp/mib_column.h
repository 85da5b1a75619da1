/* SPDX-License-Identifier: MIT */
/* An object of OWAMP-MIB: what may stand in it, when it exists, what it is read from, and who sets it. */
#ifndef OWAMP_SNMP_MIB_COLUMN_H
#define OWAMP_SNMP_MIB_COLUMN_H

#include <stddef.h>
#include <stdint.h>

#include "mib_value.h"
#include "peer_draft.h"
#include "rows.h"
#include "set_error.h"

enum mib_kind {
  MIB_KIND_INTEGER32,
  MIB_KIND_UNSIGNED32,
  MIB_KIND_GAUGE32,
  MIB_KIND_COUNTER64,
  MIB_KIND_ENUMERATION,
  MIB_KIND_TRUTH_VALUE,
  MIB_KIND_ROW_STATUS,
  MIB_KIND_OCTETS,
  MIB_KIND_BITS, /* eight at most */
  MIB_KIND_DATE_AND_TIME
};

/** Least and most of numbers, of the length of octets, of the numbers of bits; no meaning for Counter64. */
struct mib_syntax {
  enum mib_kind kind;
  int64_t least;
  int64_t most;
};

/** How a value of that kind is carried. */
enum mib_type mib_type_of(enum mib_kind kind);
/** SET_OK, or why the value is none of that syntax. */
enum set_error mib_syntax_check(const struct mib_syntax *syntax, const struct mib_value *value);

enum mib_access { MIB_READ_ONLY, MIB_READ_WRITE, MIB_READ_CREATE, MIB_NOT_ACCESSIBLE };

/** What a value is read from, of a row or of all. */
enum mib_source { FROM_MIB, FROM_PEER, FROM_INTERVAL, FROM_RESULT, FROM_TOTALS };

/** A member of a source, and the present, which tells the era of its stamps. */
struct mib_member {
  const void *at;
  struct timespec now;
};

struct mib_getter {
  enum mib_source from;
  size_t offset;
  struct mib_value (*show)(struct mib_member member); /* NULL: an index, which has no value of its own */
};

/** Either an option that reads the value as text, or a function for what is no option. */
struct mib_setter {
  const struct ow_peer_option *option; /* of config/peer_options.h */
  const char *unit;                    /* what follows a number in that text: "s"; "" for a plain one */
  const char *const *words; /* the values of an enumeration from its least on, or of bits, in that text */
  enum set_error (*set)(struct peer_draft *draft, const struct mib_value *value);
};

struct mib_column {
  const char *name; /* behind its table's */
  struct mib_syntax syntax;
  enum mib_access access;
  enum presence presence;
  struct mib_getter get;
  struct mib_setter set;
};

#endif
