/* SPDX-License-Identifier: MIT */
/*
 * The Session-Receiver on a real socket: one UDP socket on the loop, taking packets with the kernel's stamps.
 */
#ifndef OWAMP_TRAFFIC_SESSION_RECEIVER_H
#define OWAMP_TRAFFIC_SESSION_RECEIVER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "io/loop.h"
#include "session/receiver.h"
#include "traffic/test_port.h"
#include "traffic/traffic.h"
#include "wire/endpoint.h"

/** Embed it. Zero-initialised: closed. */
struct ow_test_receiver {
  struct ow_traffic *traffic;
  struct ow_watch watch;     /* of a socket of its own */
  struct ow_port_seat *seat; /* or, not NULL, at a shared port */
  struct ow_timer timer;
  bool open;
  bool told; /* `done` was called, or is not to be */
  bool started;
  bool kept_out;    /* until the start */
  bool catching_up; /* to the moment `caught_up`: */
  bool emptied;     /* the socket, meanwhile */
  struct ow_receiver *receiver;
  struct ow_completion behind; /* there is more to catch up with than is done at once */
  struct ow_instant caught_up; /* all that had arrived by then */
  unsigned batches_left;       /* of datagrams to take meanwhile */
  /** Of a socket of its own: take packets from any port of the peer (it didn't say which), and from no other
   * host. At a shared port the place says whose packets they are. */
  bool any_port;
  struct ow_endpoint from;
  uint32_t strangers; /* datagrams from others */
  bool ttl_unknown;
  uint8_t dscp;        /* that the packets should have */
  uint8_t remarked_to; /* the one that the last of these had: */
  uint32_t remarked;   /* packets that had another */
  /** Datagrams that were dropped at our own socket for want of buffer, as of the last look: no loss of the
   * path. */
  uint32_t dropped;
  uint32_t untaken; /* of these, at a shared port, that came faster than the schedule could be worked out */
  uint32_t drops_seen;
  int64_t pause;         /* of a socket of its own: what comes may wait for so many ns; */
  uint32_t patient_for;  /* after so many packets it is told at once: the last ones */
  uint32_t drops_before; /* the start */
  bool overflows_known;
  uint64_t overflows_before;
  /** Every packet has arrived, or the last one's loss timeout has passed. Once. May close the receiver. */
  void (*done)(struct ow_test_receiver *receiver);
  void *context; /* the owner's */
};

/**
 * Take over a bound socket (closed with the receiver, and at once on failure). OW_MEMORY, OW_CRYPTO. Packets
 * that arrive before ow_test_receiver_start() wait in it. `surplus` is how many records of duplicates are
 * kept beside one of each packet.
 */
enum ow_status ow_test_receiver_open(struct ow_test_receiver *receiver, struct ow_traffic *traffic,
                                     int socket, const struct ow_session_terms *terms,
                                     uint64_t surplus) OW_MUST_CHECK;
/**
 * The same at a shared port, which outlives it, in two steps: take a place there (ow_test_port_join()), which
 * decides our end's port; then what needs the terms. Nothing waits for it before ow_test_receiver_let_in().
 * The place is left with the receiver, and at once on failure.
 */
enum ow_status ow_test_receiver_join(struct ow_test_receiver *receiver, struct ow_test_port *port,
                                     const struct ow_port_claim *claim, struct ow_failure *why) OW_MUST_CHECK;
enum ow_status ow_test_receiver_open_joined(struct ow_test_receiver *receiver,
                                            const struct ow_session_terms *terms,
                                            uint64_t surplus) OW_MUST_CHECK;
/** Until ow_test_receiver_let_in(), which is due before the start, nothing waits in it either. */
void ow_test_receiver_keep_out(struct ow_test_receiver *receiver);
void ow_test_receiver_let_in(struct ow_test_receiver *receiver);
enum ow_status ow_test_receiver_start(struct ow_test_receiver *receiver,
                                      struct ow_failure *failure) OW_MUST_CHECK;
/**
 * Take what waits in the socket, then let overdue packets become losses: the records are then as of the first
 * of these calls. Each does a part of it; true when all is done.
 */
bool ow_test_receiver_catch_up_part(struct ow_test_receiver *receiver);
/** All at once, for a session whose length is our own choice. */
void ow_test_receiver_catch_up(struct ow_test_receiver *receiver);
/** Go on, but `done` isn't called any more. */
void ow_test_receiver_hush(struct ow_test_receiver *receiver);
/** Receive no more; the records stay. */
void ow_test_receiver_stop(struct ow_test_receiver *receiver);
void ow_test_receiver_close(struct ow_test_receiver *receiver);

/**
 * The receive buffer (octets) that a socket needs for a session of that schedule and padding: what may come
 * while nobody reads for a quarter of a second.
 */
uint32_t ow_test_receiver_buffer(const struct ow_slot *slots, uint32_t slot_count, uint32_t padding);
/** False if the system gave it less (net.core.rmem_max): then drops are to be reckoned with. */
bool ow_test_receiver_has_buffer(int socket, uint32_t wanted);

/** Datagrams that count for nothing: strangers and everything that the receiver ignored. */
uint32_t ow_test_receiver_discarded(const struct ow_test_receiver *receiver);

#endif
