/* SPDX-License-Identifier: MIT */
/*
 * One UDP port that many test sessions share (RFC 8545: 861). Who a packet is from decides whose it is: the
 * address and port that it comes from, and the address of ours that it comes to. Where addresses are
 * rewritten on the way (NAT) its HMAC decides, tried with a bounded number of sessions with that host; the
 * packets that follow are then known by where they come from. No session is ever guessed: what belongs to
 * none is a stranger's, and counted.
 */
#ifndef OWAMP_TRAFFIC_TEST_PORT_H
#define OWAMP_TRAFFIC_TEST_PORT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/log.h"
#include "base/status.h"
#include "io/loop.h"
#include "io/udp_shared.h"
#include "schedule/slot.h"
#include "traffic/outlet.h"
#include "traffic/traffic.h"
#include "traffic/tuple_table.h"

struct ow_port_by_key;

/** The place of a session at the port. Embed it. Zero-initialised: it has none. */
struct ow_port_seat {
  void *holder;                   /* whose it is, for its functions */
  struct ow_tuple_entry by_tuple; /* where its packets come from, or go to */
  struct ow_port_by_key *by_key;  /* of one whose packets only their HMAC tells apart; owned */
  struct ow_port_side *side;
  struct ow_endpoint own; /* its address of ours */
  struct ow_udp_way *way; /* of one that sends; owned */
  bool receives;
  bool proven;   /* its packets come from by_tuple; else that is only what is expected */
  bool admitted; /* what comes for it is taken */
  uint32_t packets;
  uint64_t octets; /* of buffer, that may come, or leave, in a tenth of a second */
  /**
   * A datagram came for it, `now`. It may take note, set timers and completions, and nothing else. NULL for
   * one that sends.
   */
  void (*arrived)(struct ow_port_seat *seat, const struct ow_datagram *datagram, struct ow_instant now);
  /** Is this datagram by its HMAC one of the session's? Only asked of sessions that came `by_key`. */
  bool (*recognizes)(struct ow_port_seat *seat, const struct ow_datagram *datagram);
  /** ICMP said that a packet can't be delivered (errno). Likewise. NULL for one that receives. */
  void (*refused)(struct ow_port_seat *seat, int error);
};

/** What a session wants of the port. */
struct ow_port_claim {
  union ow_address far; /* the client's end; port 0: not known */
  union ow_address own; /* ours */
  bool receives;
  bool by_key;  /* the far end's address or port may be another one on the way; the HMAC tells */
  bool hearsay; /* another host named the far end, and could keep it from its place */
  const struct ow_slot *slots;
  uint32_t slot_count;
  uint32_t padding;
  uint8_t dscp; /* of what is sent */
};

/** The port, of one family. */
struct ow_port_side {
  struct ow_test_port *port;
  struct ow_watch watch;     /* of the socket that receives */
  struct ow_outlet outlet;   /* of the other one; closed: this side is */
  struct ow_instant emptied; /* when a look found all that there was */
  uint64_t packets[2];       /* of its sessions in a tenth of a second, by `receives` */
  uint64_t octets[2];
  uint32_t asked[2];   /* octets of buffer that were asked for, by `receives`, */
  size_t room[2];      /* and that there are */
  int64_t pause;       /* ns that what comes may wait for, by what is agreed */
  int64_t stamps_read; /* monotonic: when the outlet was drained last, by a session that sends */
  uint32_t drops;      /* as the kernel counts them, as of the last look; */
  uint64_t overflows;
  bool overflows_known;
  int64_t looked_at;
  uint32_t dropped; /* of these, our own doing */
};

enum { OW_PORT_SIDES = 2 };

/**
 * Who answers what comes to a port and is no session's: embed it, and give it to the port after
 * ow_test_port_open(). What comes there is read at once, however much it is.
 */
struct ow_port_answerer {
  /**
   * A datagram came, `now`. It may send by the side's outlet, take note, set timers and completions, and
   * nothing else. False: it is a stranger's.
   */
  bool (*asked)(struct ow_port_answerer *answerer, struct ow_port_side *side,
                const struct ow_datagram *datagram, struct ow_instant now);
};

/** Embed it. Zero-initialised: closed. */
struct ow_test_port {
  struct ow_traffic *traffic;
  const struct ow_log *log;
  uint16_t number;                          /* 0: closed */
  struct ow_port_side sides[OW_PORT_SIDES]; /* IPv4, IPv6 */
  struct ow_tuple_table tuples;
  struct ow_tuple_table hosts;
  struct ow_port_answerer *answerer; /* NULL: what is no session's is a stranger's */
  uint64_t strangers;                /* datagrams of no session */
  uint64_t told_at;                  /* so many: the log tells of them */
};

/**
 * Take UDP port `number` of every address of both families, of which the host must have one at least. `log`
 * and `traffic` stay where they are. Fails as ow_udp_shared_open() does, with OW_MEMORY, and closed.
 */
enum ow_status ow_test_port_open(struct ow_test_port *port, struct ow_traffic *traffic, uint16_t number,
                                 const struct ow_log *log, struct ow_failure *failure) OW_MUST_CHECK;
/** The same with sockets that are bound already, of one family or both. */
enum ow_status ow_test_port_adopt(struct ow_test_port *port, struct ow_traffic *traffic,
                                  const struct ow_udp_given *given, uint16_t number, const struct ow_log *log,
                                  struct ow_failure *failure) OW_MUST_CHECK;
void ow_test_port_close(struct ow_test_port *port);

/** The far end that a datagram came from. */
struct ow_tuple ow_tuple_of(const union ow_address *far);

/** Of each session's keyed ones with one host, whose packets could be anyone's of them. */
enum { OW_PORT_BY_KEY_MOST = 8 };

/**
 * Take a place, with the seat's functions set before; what comes for it is dropped until it is `admitted`.
 * OW_MEMORY; OW_LIMIT if another session has that far end, there are OW_PORT_BY_KEY_MOST of that host
 * already, or the claim tells too little: then it needs a port of its own, and `why` says so.
 */
enum ow_status ow_test_port_join(struct ow_test_port *port, struct ow_port_seat *seat,
                                 const struct ow_port_claim *claim, struct ow_failure *why) OW_MUST_CHECK;
/** Nothing happens if it has none. */
void ow_test_port_leave(struct ow_port_seat *seat);
/** Whose that far end is; NULL: nobody's. */
struct ow_port_seat *ow_test_port_seat_of(const struct ow_test_port *port, const union ow_address *far);
/**
 * The same with a seat of its own memory, which only a session at a shared port needs: `like` has its holder
 * and functions. NULL after a failure (OW_MEMORY, too), and after it was left, which it may have been before.
 */
enum ow_status ow_test_port_join_new(struct ow_test_port *port, struct ow_port_seat **seat,
                                     const struct ow_port_seat *like, const struct ow_port_claim *claim,
                                     struct ow_failure *why) OW_MUST_CHECK;
void ow_test_port_leave_free(struct ow_port_seat **seat);

/**
 * Take some of what waits, for whomever it is. True if all that had arrived by `moment` is taken: at once if
 * that is so already.
 */
bool ow_test_port_drain_part(struct ow_port_side *side, struct ow_instant moment);
/**
 * Datagrams that were dropped at our own socket for want of buffer so far, modulo 2^32: any session's. As of
 * some 50 ms ago, or, if `now`, of now.
 */
uint32_t ow_test_port_dropped(struct ow_port_side *side, bool now);

#endif
