/* SPDX-License-Identifier: MIT */
/*
 * The types of a peer's options: how a value of each is read and printed. The options are in peer_options.h.
 */
#ifndef OWAMP_CONFIG_OPTION_TYPE_H
#define OWAMP_CONFIG_OPTION_TYPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "config/peer_settings.h"

/** What a value is; `least` and `most` are of it. */
enum ow_peer_option_type {
  OW_TYPE_TEXT,     /* octets */
  OW_TYPE_HOST,     /* a text without blanks; octets */
  OW_TYPE_KEY_ID,   /* likewise */
  OW_TYPE_PORT,     /* a number or the name of a service; the number */
  OW_TYPE_NUMBER,   /* uint32_t */
  OW_TYPE_DSCP,     /* a number or a name; the number */
  OW_TYPE_DURATION, /* int64_t, nanoseconds */
  OW_TYPE_MEAN,     /* a duration: the mean of the one slot of an exponential schedule; nanoseconds */
  OW_TYPE_FLAG,     /* bool */
  OW_TYPE_PORTS,    /* a range of ports; each of them */
  OW_TYPE_RAISE,    /* X of Y; each of them */
  OW_TYPE_FAMILY,   /* words and lists have no bounds */
  OW_TYPE_UNCERTAIN,
  OW_TYPE_STATE, /* enum ow_verdict */
  OW_TYPE_DIRECTIONS,
  OW_TYPE_MODES,
  OW_TYPE_PROTOCOL,
  OW_TYPE_TLVS,
  OW_TYPE_SCHEDULE,
  OW_TYPE_THRESHOLDS,
  OW_TYPE_PERCENTILES,
};

struct ow_peer_option {
  const char *name; /* in small letters, words joined by '-' */
  enum ow_peer_option_type type;
  size_t offset; /* of its part of struct ow_peer_settings, */
  size_t size;   /* and how long that is */
  int64_t least;
  int64_t most;
  const char *value;          /* what stands for a value in a text: "PORT", "remark|unknown" */
  const char *initial;        /* its default, as a value; NULL: none */
  const char *stream_initial; /* that of OW_USE_STREAM, if it differs; else NULL */
  const char *help;           /* a sentence or two for people, without the default */
};

/**
 * `add`: to the value that stands there, where that means something. OW_INVALID with what would be right,
 * and the settings are as before.
 */
enum ow_status ow_option_parse(const struct ow_peer_option *option, struct ow_peer_settings *settings,
                               const char *text, bool add, struct ow_failure *failure) OW_MUST_CHECK;
/** As ow_peer_option_print(). */
void ow_option_print(const struct ow_peer_option *option, const struct ow_peer_settings *settings, char *out,
                     size_t size);

#endif
