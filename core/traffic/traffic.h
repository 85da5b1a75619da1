/*
 * The two ends of OWAMP-Test on real sockets: a test sender and a test receiver, each one UDP socket on the
 * loop. Many share one ow_traffic: buffers, the clock's error, and what is known of departures.
 */
#ifndef OWAMP_TRAFFIC_TRAFFIC_H
#define OWAMP_TRAFFIC_TRAFFIC_H

#include <stdbool.h>
#include <stdint.h>

#include "base/random.h"
#include "base/status.h"
#include "io/loop.h"
#include "io/system_clock.h"
#include "io/udp.h"
#include "session/departure.h"
#include "session/receiver.h"
#include "session/sender.h"

/** What all test sessions of a loop share. */
struct ow_traffic {
  struct ow_loop *loop;
  struct ow_udp_batch *batch;
  struct ow_clock_cache clock;
  struct ow_departure departure; /* where a new sender's correction begins */
  int64_t last_stamp_asked; /* monotonic ns: transmit stamps cost two system calls, so they are rationed */
};

/** OW_MEMORY. */
enum ow_status ow_traffic_open(struct ow_traffic *traffic, struct ow_loop *loop) OW_MUST_CHECK;
void ow_traffic_close(struct ow_traffic *traffic);

/** Embed it. Zero-initialised: closed. */
struct ow_test_sender {
  struct ow_traffic *traffic;
  struct ow_timer timer;
  int socket;
  bool open;
  struct ow_sender *sender;
  struct ow_departure departure;
  struct ow_timestamp readings[8]; /* uncorrected stamps of packets whose departure was asked for, by order */
  uint32_t asked;
  int64_t last_asked;
  uint32_t refused; /* packets that the operating system didn't take */
  int last_error;   /* errno of the last of them */
  /** Every packet has been sent or skipped. May close the sender. */
  void (*done)(struct ow_test_sender *sender);
};

/**
 * Take over a bound and connected socket (closed with the sender, and at once on failure). Nothing is sent
 * before ow_test_sender_start(). OW_MEMORY, or OW_CRYPTO.
 */
enum ow_status ow_test_sender_open(struct ow_test_sender *sender, struct ow_traffic *traffic, int socket,
                                   const struct ow_session_terms *terms, bool zero_padding) OW_MUST_CHECK;
/** Send by the schedule. */
void ow_test_sender_start(struct ow_test_sender *sender);
/** Send no more; what was sent can still be asked for. */
void ow_test_sender_stop(struct ow_test_sender *sender);
void ow_test_sender_close(struct ow_test_sender *sender);

/** Embed it. Zero-initialised: closed. */
struct ow_test_receiver {
  struct ow_traffic *traffic;
  struct ow_watch watch;
  struct ow_timer timer;
  bool open;
  struct ow_receiver *receiver;
  bool any_port;           /* take packets from any port of the peer (it didn't say which) */
  struct ow_endpoint from; /* and from no other host */
  uint32_t strangers;      /* datagrams from others */
  bool ttl_unknown;
  uint8_t dscp;        /* that the packets should have */
  uint32_t remarked;   /* packets that had another */
  uint8_t remarked_to; /* the last one's */
  /** Every packet has arrived, or the last one's loss timeout has passed. Once. May close the receiver. */
  void (*done)(struct ow_test_receiver *receiver);
  bool told;
};

/** Take over a bound socket, as above. Packets that arrive before ow_test_receiver_start() wait in it. */
enum ow_status ow_test_receiver_open(struct ow_test_receiver *receiver, struct ow_traffic *traffic,
                                     int socket, const struct ow_session_terms *terms,
                                     uint64_t most_records) OW_MUST_CHECK;
enum ow_status ow_test_receiver_start(struct ow_test_receiver *receiver,
                                      struct ow_failure *failure) OW_MUST_CHECK;
/** Take what waits in the socket, then let overdue packets become losses: the records are as of now. */
void ow_test_receiver_catch_up(struct ow_test_receiver *receiver);
/** Receive no more; the records stay. */
void ow_test_receiver_stop(struct ow_test_receiver *receiver);
void ow_test_receiver_close(struct ow_test_receiver *receiver);

/** Datagrams that count for nothing: strangers and everything that the receiver ignored. */
uint32_t ow_test_receiver_discarded(const struct ow_test_receiver *receiver);

#endif
