/* SPDX-License-Identifier: MIT */
/*
 * The one table of a peer's options: what each is, its bounds and default, how it is read and printed, and a
 * line of help. Programs add how they spell it (peer_face.h).
 */
#ifndef OWAMP_CONFIG_PEER_OPTIONS_H
#define OWAMP_CONFIG_PEER_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "config/option_type.h"
#include "config/peer_settings.h"

enum ow_peer_option_id {
  OW_PEER_HOST,
  OW_PEER_PORT,
  OW_PEER_FAMILY,
  OW_PEER_MODE,
  OW_PEER_KEY_ID,
  OW_PEER_KEY_FILE,
  OW_PEER_DIRECTION,
  OW_PEER_COUNT,
  OW_PEER_INTERVAL,
  OW_PEER_PACKET_INTERVAL,
  OW_PEER_SCHEDULE,
  OW_PEER_PADDING,
  OW_PEER_ZERO_PADDING,
  OW_PEER_DSCP,
  OW_PEER_LOSS_TIMEOUT,
  OW_PEER_SOURCE,
  OW_PEER_INTERFACE,
  OW_PEER_PORTS,
  OW_PEER_NAT,
  OW_PEER_WARNING,
  OW_PEER_CRITICAL,
  OW_PEER_RAISE,
  OW_PEER_UNCERTAIN,
  OW_PEER_MIN_PACKETS,
  OW_PEER_NOTHING_ARRIVED,
  OW_PEER_PARTIAL_STATE,
  OW_PEER_HISTORY,
  OW_PEER_BUSY_WAIT,
  OW_PEER_PERCENTILES,
  OW_PEER_PROTOCOL,
  OW_PEER_SSID,
  OW_PEER_TLVS,
  OW_PEER_OPTIONS
};

/** The options, by their number. */
extern const struct ow_peer_option ow_peer_options[OW_PEER_OPTIONS];

/** Options that were given; zero-initialised: none. */
struct ow_given {
  uint64_t bits;
};
bool ow_given_has(const struct ow_given *given, enum ow_peer_option_id id);
/** True if it may be given more than once, each value added to those before: OW_PEER_MODE, OW_PEER_TLVS. */
bool ow_peer_option_repeatable(enum ow_peer_option_id id);

/**
 * Read a value into the settings, and note that it was given. A value replaces the one before, but what is
 * repeatable is added to what was given. OW_INVALID with what would be right, without the option's name; then
 * the settings are as before. A protocol brings its port with it, unless one was given.
 */
enum ow_status ow_peer_option_apply(struct ow_peer_settings *settings, enum ow_peer_option_id id,
                                    const char *text, struct ow_given *given,
                                    struct ow_failure *failure) OW_MUST_CHECK;
/** The same, but what is given twice and isn't repeatable is OW_INVALID. */
enum ow_status ow_peer_option_apply_once(struct ow_peer_settings *settings, enum ow_peer_option_id id,
                                         const char *text, struct ow_given *given,
                                         struct ow_failure *failure) OW_MUST_CHECK;

/** Who measures: some defaults differ. */
enum ow_peer_use {
  OW_USE_PROBE,  /* one measurement */
  OW_USE_STREAM, /* one interval after the other */
};

/** As the table says; without a host. Wipe with ow_peer_clear(&settings->peer). */
void ow_peer_settings_defaults(struct ow_peer_settings *settings, enum ow_peer_use use);
/** A peer of one measurement, likewise: 50 packets each way, exponential with mean 60 ms, loss timeout 2 s,
 * port 861. */
void ow_peer_defaults(struct ow_peer *peer);

enum { OW_PEER_OPTION_TEXT = 16384 };
/**
 * The value as ow_peer_option_apply() reads it; "" if there is none, or if what stands there is no value.
 * OW_PEER_OPTION_TEXT octets always suffice; what is longer than `size` is cut. Returns `out`.
 */
const char *ow_peer_option_print(char *out, size_t size, enum ow_peer_option_id id,
                                 const struct ow_peer_settings *settings);

/** Make an option what it is in other settings; is it the same there? */
void ow_peer_option_copy(struct ow_peer_settings *settings, enum ow_peer_option_id id,
                         const struct ow_peer_settings *from);
bool ow_peer_option_same(enum ow_peer_option_id id, const struct ow_peer_settings *a,
                         const struct ow_peer_settings *b);

#endif
