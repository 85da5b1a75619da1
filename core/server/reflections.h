/* SPDX-License-Identifier: MIT */
/*
 * The Session-Reflector for STAMP (RFC 8762) on its UDP port: whoever is listed asks, without any control
 * connection, and is answered at once; the answer goes where the question came from, and from where it came
 * to. A session is what comes from one address and port to one address of ours with one SSID; it has its own
 * counters until nobody has asked for 15 minutes. Their number is bounded, shared and taken beforehand:
 * nothing is allocated for a packet.
 */
#ifndef OWAMP_SERVER_REFLECTIONS_H
#define OWAMP_SERVER_REFLECTIONS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/log.h"
#include "base/status.h"
#include "server/common.h"

struct ow_serve_reflection;
TAILQ_HEAD(ow_serve_reflection_queue, ow_serve_reflection);

/** Embed it. Zero-initialised: nobody is answered. */
struct ow_serve_reflections {
  struct ow_port_answerer answerer;
  struct ow_serve_common *common; /* NULL: closed */
  struct ow_test_port own;
  struct ow_test_port *port; /* its own, or that of all test sessions */
  struct ow_tuple_table tuples;
  struct ow_serve_reflection *places;      /* config.most_reflections */
  struct ow_serve_reflection_queue unused; /* places */
  struct ow_serve_reflection_queue by_age; /* sessions; whoever asked last is the last */
  struct ow_timer aging;
  uint64_t told_at[OW_UNANSWERED_KINDS]; /* so many: the log tells of them */
};

/** Take the port that the configuration names. Fails as ow_test_port_open() does, and is closed then. */
enum ow_status ow_serve_reflections_open(struct ow_serve_reflections *reflections,
                                         struct ow_serve_common *common,
                                         struct ow_failure *failure) OW_MUST_CHECK;
/** Before the port of all test sessions. Nothing happens if it is closed. */
void ow_serve_reflections_close(struct ow_serve_reflections *reflections);
/** While it is open: is whoever asks from that port answered? Two reflectors mustn't answer each other. */
bool ow_serve_reflects_to(const struct ow_serve_common *common, uint16_t port);
/** The policy's rules have changed: each session's next question is looked at as its first one was. */
void ow_serve_reflections_ask_anew(struct ow_serve_reflections *reflections);
/** What was answered, and what wasn't and why. Nothing if it is closed. */
void ow_serve_reflections_log(const struct ow_serve_reflections *reflections, const struct ow_log *log,
                              enum ow_log_level level);

#endif
