/* SPDX-License-Identifier: MIT */
/* The Session-Sender on a real socket: one UDP socket on the loop, sending by the schedule. */
#ifndef OWAMP_TRAFFIC_SESSION_SENDER_H
#define OWAMP_TRAFFIC_SESSION_SENDER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "io/completion.h"
#include "io/timer.h"
#include "session/departure.h"
#include "session/departures.h"
#include "session/sender.h"
#include "traffic/outlet.h"
#include "traffic/test_port.h"
#include "traffic/traffic.h"

/** Embed it. Zero-initialised: closed. */
struct ow_test_sender {
  struct ow_traffic *traffic;
  struct ow_timer timer;
  struct ow_completion skipping; /* more packets are too late than can be skipped at once */
  struct ow_outlet *by;          /* its own, of a socket of its own, or a shared port's */
  struct ow_port_seat *seat;     /* at that port; NULL: at none */
  struct ow_outlet_user user;
  bool open;
  bool borrowed; /* `sender` is another's */
  struct ow_sender *sender;
  struct ow_departure departure;
  struct ow_departures departures; /* the true ones, from ow_departures_begin() on, which is its owner's */
  int64_t drained;                 /* monotonic ns: when the transmit stamps were read last */
  uint32_t refused;                /* packets that the operating system didn't take */
  int last_error;                  /* errno of the last of them */
  uint32_t closed;                 /* answers that nobody listens there (any more): ICMP's port unreachable */
  uint32_t closed_most;            /* so many end the session; 0: none do. Set it before the start */
  uint32_t withheld;               /* packets that may_send() didn't let leave: they are skipped */
  bool busy_wait;                  /* be awake before packets are due: set it before the start */
  bool awake;                      /* it is so now */
  /** May a packet of so many octets (of UDP's payload) leave now (monotonic ns)? NULL: any may. */
  bool (*may_send)(struct ow_test_sender *sender, size_t octets, int64_t now);
  /** Every packet has been sent or skipped. May close the sender. */
  void (*done)(struct ow_test_sender *sender);
  void *context; /* the owner's */
};

/**
 * Take over a bound and connected socket (closed with the sender, and at once on failure). Nothing is sent
 * before ow_test_sender_start(). OW_MEMORY, or OW_CRYPTO.
 */
enum ow_status ow_test_sender_open(struct ow_test_sender *sender, struct ow_traffic *traffic, int socket,
                                   const struct ow_session_terms *terms, bool zero_padding) OW_MUST_CHECK;
/**
 * The same at a shared port, which outlives it, in two steps: take a place there (ow_test_port_join()), which
 * decides our end's port; then what needs the terms. OW_MEMORY, or OW_CRYPTO; the place is left with the
 * sender, and at once on failure.
 */
enum ow_status ow_test_sender_join(struct ow_test_sender *sender, struct ow_test_port *port,
                                   const struct ow_port_claim *claim, struct ow_failure *why) OW_MUST_CHECK;
enum ow_status ow_test_sender_open_joined(struct ow_test_sender *sender,
                                          const struct ow_session_terms *terms) OW_MUST_CHECK;
/**
 * The same with a machine that stays its owner's, who outlives the sender, on a socket that receives, too.
 */
enum ow_status ow_test_sender_open_with(struct ow_test_sender *sender, struct ow_traffic *traffic, int socket,
                                        struct ow_sender *machine) OW_MUST_CHECK;
/** Send by the schedule. */
void ow_test_sender_start(struct ow_test_sender *sender);
/** Send no more, and take note of what has left; what was sent can still be asked for. */
void ow_test_sender_stop(struct ow_test_sender *sender);
/** True if it ended early because nobody listens where its packets go. */
bool ow_test_sender_gave_up(const struct ow_test_sender *sender);
/** How far a true departure that is noted now may be from the truth. */
struct ow_error_estimate ow_test_sender_departed_error(struct ow_test_sender *sender);
void ow_test_sender_close(struct ow_test_sender *sender);

#endif
