/* SPDX-License-Identifier: MIT */
/*
 * A UDP socket that test packets leave by, of one session or of many, and what the kernel says of them: it
 * keeps in mind whose packets asked for their transmit stamp, and reads the stamps in batches.
 */
#ifndef OWAMP_TRAFFIC_OUTLET_H
#define OWAMP_TRAFFIC_OUTLET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "io/udp_way.h"
#include "time/timestamp.h"

/** A packet that leaves. */
struct ow_leaving {
  uint32_t sequence;
  struct ow_timestamp reading; /* of the clock, for its stamp */
  int32_t correction;          /* ns: its stamp is the reading and this */
};

/** Whose packets leave: embed it. */
struct ow_outlet_user {
  /**
   * The packet left at `departed`, as the kernel says; some are never told of. Only ow_outlet_drain() and a
   * send that fails call it. It may take note, and nothing else: neither send nor close.
   */
  void (*departed)(struct ow_outlet_user *user, const struct ow_leaving *packet,
                   struct ow_timestamp departed);
};

/** A packet whose stamp is on its way. */
struct ow_outlet_awaited {
  struct ow_outlet_user *user; /* NULL: nobody wants it any more */
  struct ow_timestamp reading;
  uint32_t sequence;
  int32_t correction;
};

/** Embed it. Zero-initialised: closed. */
struct ow_outlet {
  int socket;
  bool open;
  /**
   * Of a shared port, set after ow_outlet_open(): ICMP said that a packet to `to` can't be delivered (errno).
   * It may take note, as ow_outlet_user's. The kernel's count of such an outlet never begins again, as
   * others' packets are on their way: after a send that failed one packet alone asks, and its stamp tells the
   * count.
   */
  void (*refused)(struct ow_outlet *outlet, const union ow_address *to, int error);
  bool uncertain;                 /* the count may be one more */
  uint32_t alone;                 /* sends since that packet asked; 0: none has */
  struct ow_outlet_awaited first; /* it */
  uint32_t asked;  /* since the kernel's count began: the next packet that asks has this order */
  uint32_t unread; /* of them, since the last reading */
  uint32_t slots;  /* a power of two: so many may be on their way */
  struct ow_outlet_awaited *awaited; /* by order, in a ring */
};

/** Room for the packets of one session, of a slow one or any, and of many: half as many are sent before the
 * stamps are read. */
enum { OW_OUTLET_SLOW = 16, OW_OUTLET_OWN = 32, OW_OUTLET_SHARED = 128 };

/**
 * Of a bound socket, which was opened with transmit stamps and stays the caller's until this succeeds: then
 * it is closed with the outlet. OW_MEMORY.
 */
enum ow_status ow_outlet_open(struct ow_outlet *outlet, int socket, uint32_t slots) OW_MUST_CHECK;
/** No user is told of anything any more. */
void ow_outlet_close(struct ow_outlet *outlet);

/**
 * Send by `way`, or where the socket is connected to (NULL), at once. `ask`: and tell the user when it left;
 * asked for or not a packet takes the same way. 0, or errno: ow_udp_send_to().
 */
int ow_outlet_send(struct ow_outlet *outlet, struct ow_outlet_user *user, const struct ow_udp_way *way,
                   const uint8_t *packet, size_t octets, const struct ow_leaving *leaving, bool ask);
/** True if the stamps must be read before more packets ask for one. */
bool ow_outlet_is_full(const struct ow_outlet *outlet);
/** Read the stamps that wait, and tell the users. */
void ow_outlet_drain(struct ow_outlet *outlet);
/** The same of a socket that is watched, when EPOLLERR says that something waits, awaited or not. */
void ow_outlet_hear(struct ow_outlet *outlet);
/** The user goes: what is still on its way is told nobody. Drain before, to hear of what has left. */
void ow_outlet_forget(struct ow_outlet *outlet, const struct ow_outlet_user *user);

#endif
