/* SPDX-License-Identifier: MIT */
/*
 * An OWAMP responder inside another program, in a thread of its own: no signals, no privileges given up, no
 * process-wide settings, no output but `log`. Its rules are those of owamp-responder.
 */
#ifndef OWAMP_POLICY_EMBEDDED_H
#define OWAMP_POLICY_EMBEDDED_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/log.h"
#include "base/status.h"

struct ow_embedded_options {
  char listen[320];        /* "192.0.2.1:861", "[2001:db8::1]:861", ":861"; "": port 861 of every address */
  char key_file[PATH_MAX]; /* .pfs; "": no keys, only open mode */
  char limits_file[PATH_MAX]; /* .limits; "": the one bounded class of ow_limits_default() */
  uint32_t modes;             /* mask of enum ow_mode that may be offered at all */
  uint16_t test_port_low;     /* UDP; 0: any */
  uint16_t test_port_high;
  char twamp[320];       /* where to listen for TWAMP's clients, as `listen`; "": not at all */
  uint16_t reflect_port; /* UDP, of the Session-Reflector for whom the limits file lists; 0: there is none */
  uint32_t most_connections; /* control connections at once; 0: 4000, as descriptors allow */
  bool verbose;              /* log each session and fetch as well, at OW_LOG_INFO */
};

/** Every address, port 861; every mode that there are keys for. */
void ow_embedded_defaults(struct ow_embedded_options *options);
/**
 * Look at what can be looked at without listening: the address, which must be a number (no name is ever
 * asked for), and both files. OW_INVALID, OW_LIMIT, OW_MEMORY with a sentence. `failure` must not be NULL.
 */
enum ow_status ow_embedded_check(const struct ow_embedded_options *options,
                                 struct ow_failure *failure) OW_MUST_CHECK;

struct ow_embedded;

/**
 * Read the files, listen and answer. Blocks for no longer than the files take. `log` (may be NULL) is copied;
 * its `emit` is called on the responder's thread, beyond
 * OW_LOG_NOTICE only if the options say so. NULL with a failure (not NULL).
 */
struct ow_embedded *ow_embedded_start(const struct ow_embedded_options *options, const struct ow_log *log,
                                      struct ow_failure *failure) OW_MUST_CHECK;
/** The TCP port it listens on. */
uint16_t ow_embedded_port(const struct ow_embedded *embedded);
/**
 * Ends every connection and the thread. Clients whose sessions run are told so, and may fetch what was
 * recorded: that takes 2 s at most, and no time if there is none. NULL: nothing.
 */
void ow_embedded_stop(struct ow_embedded *embedded);

#endif
