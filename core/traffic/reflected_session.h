/* SPDX-License-Identifier: MIT */
/*
 * The Session-Sender of a reflected session on a real socket: one UDP socket, connected to the reflector,
 * that sends by the schedule and takes the answers.
 */
#ifndef OWAMP_TRAFFIC_REFLECTED_SESSION_H
#define OWAMP_TRAFFIC_REFLECTED_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "io/loop.h"
#include "session/reflected.h"
#include "traffic/session_sender.h"
#include "traffic/traffic.h"

/** Embed it. Zero-initialised: closed. */
struct ow_test_reflected {
  struct ow_traffic *traffic;
  struct ow_watch watch; /* the sender's socket */
  struct ow_timer timer;
  struct ow_completion behind; /* there is more to catch up with than is done at once */
  bool open;
  struct ow_reflected *reflected;
  struct ow_test_sender sender;
  int64_t round_trip;  /* ns, as the opening question's was: how long a closing one's answer is waited for */
  uint8_t dscp;        /* that answers should have */
  uint32_t remarked;   /* answers that had another */
  uint8_t remarked_to; /* the last one's */
  bool ttl_unknown;
  uint32_t unreachable; /* ICMP errors: nobody listens there, or there is no way */
  int last_unreachable; /* errno of the last of them */
  uint32_t dropped;     /* datagrams that lacked buffer at our own socket, as of the end */
  uint32_t drops_before;
  bool overflows_known;
  uint64_t overflows_before;
  bool closing; /* the schedule is through: only the reflector's counter is asked for */
  bool told;
  /**
   * Each question is answered or lost, and what can be known of the directions of losses is known. Once. May
   * close it.
   */
  void (*done)(struct ow_test_reflected *session);
};

/**
 * Take over a bound and connected socket (closed with it, and at once on failure). `dscp` and `done` are the
 * owner's to set. Nothing is sent before ow_test_reflected_start(). OW_MEMORY, OW_CRYPTO.
 */
enum ow_status ow_test_reflected_open(struct ow_test_reflected *session, struct ow_traffic *traffic,
                                      int socket, const struct ow_reflected_terms *terms) OW_MUST_CHECK;
/** Send by the schedule, and take answers. OW_NETWORK. */
enum ow_status ow_test_reflected_start(struct ow_test_reflected *session,
                                       struct ow_failure *failure) OW_MUST_CHECK;
/**
 * Neither send nor receive any more, after taking what waits; what is known stays, T1 of answered questions
 * by their true departures, as far as the kernel told them. `done` isn't called.
 */
void ow_test_reflected_stop(struct ow_test_reflected *session);
void ow_test_reflected_close(struct ow_test_reflected *session);

/** Datagrams that counted for nothing. */
uint32_t ow_test_reflected_discarded(const struct ow_test_reflected *session);

#endif
