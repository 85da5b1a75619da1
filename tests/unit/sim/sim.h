/* SPDX-License-Identifier: MIT */
/*
 * A simulated host and network in place of the operating system: time that passes only from event to event,
 * TCP and UDP between addresses of one process, a wall clock that can be stepped. It defines the functions of
 * io/loop.h, channel.h, listener.h, udp.h, resolver.h, work.h and system_clock.h, so that everything above
 * them, both sides of every measurement, runs as it is: a day in seconds.
 */
#ifndef OWAMP_TEST_SIM_H
#define OWAMP_TEST_SIM_H

#include <stdbool.h>
#include <stdint.h>

#include "io/address.h"
#include "io/loop.h"
#include "time/timestamp.h"

/** Begin anew at a fixed date, with nothing in the network. `seed` decides all that is random. */
void sim_begin(uint64_t seed);
/** Frees what is left. */
void sim_end(void);

/** Let `nanoseconds` pass: everything that falls into them happens. */
void sim_run(struct ow_loop *loop, int64_t nanoseconds);
/**
 * From now on ow_loop_create() yields this loop, which ow_loop_free() then leaves alone, so that what makes
 * its own loop can meet a server in one process; NULL: no longer.
 */
void sim_share_loop(struct ow_loop *loop);
int64_t sim_monotonic(void);
struct ow_timestamp sim_wall(void);
/** Set the wall clock forwards or back. */
void sim_step_clock(struct ow_loop *loop, int64_t nanoseconds);
/** Uniform in 0 .. below-1. */
uint64_t sim_random(uint64_t below);

/* ---- the network between this host (127.0.0.1) and the others (127.0.0.2 and up; or fd00::2) ---- */

/** What a TCP connection meets of which the host has too many already. */
enum sim_full {
  SIM_REFUSES, /* a reset */
  SIM_DROPS,   /* nothing: a firewall's rule */
  SIM_CLOSES,  /* it is accepted and closed */
  SIM_WAITS,   /* it is accepted by the kernel, and by no server */
};

/** How a host is reached; by the last octet of its address. */
struct sim_path {
  int64_t delay[2];     /* ns: to the host, from it */
  int64_t jitter[2];    /* ns: up to so much more, uniform */
  uint32_t loss[2];     /* of a million UDP packets */
  uint32_t copies[2];   /* further ones of each UDP packet that isn't lost */
  uint32_t replayed[2]; /* still further ones of the first UDP packet of each socket */
  int refusal[2];       /* errno with which the sending host refuses to send UDP; 0: it doesn't */
  uint32_t largest[2];  /* octets of UDP that pass; 0: as many as there are */
  uint16_t rewrites;    /* added to the port that UDP packets to the host come from, by a NAT */
  bool blackhole;       /* nothing passes; TCP waits and goes on later */
  bool babbles;         /* on an open connection it says more behind its Stop-Sessions than was asked for */
  bool old;             /* on an open connection the server is one that knows no departures */
  bool mute;            /* TCP connections are made, by something on the way, and nothing is ever said */
  unsigned room;        /* TCP connections at once; 0: any number */
  enum sim_full full;
};
struct sim_path *sim_path(uint8_t host);
/** Break every TCP connection with a host, as a reset does. */
void sim_cut(uint8_t host);
/**
 * What a name is resolved to, "peer.example" and so on: addresses with blanks between, in the order in which
 * they are given; NULL: it doesn't exist any more. Numbers resolve to themselves.
 */
void sim_name(const char *name, const char *address);
/** The host whose server opens a shared UDP port (io/udp_shared.h) next; each can have one. */
extern uint8_t sim_opening;
/** How long that takes, ns; 1 ms after sim_begin(). */
extern int64_t sim_resolving;
/** How long each work (io/work.h) takes a loop's worker, ns; 0 after sim_begin(). */
extern int64_t sim_working;
/** How many there were. */
extern unsigned sim_works_run;
/** How many are awake before something is due (ow_loop_wait_awake()), and how many have been. */
extern int sim_awake;
extern unsigned sim_woken;

/** A datagram that came to a host without sockets. */
struct sim_question {
  const uint8_t *octets;
  size_t length;
  union ow_address from;
  union ow_address to;
};
/** From now on `asked` sees what comes to a host over UDP; NULL: nobody does. */
void sim_when_asked(uint8_t host, void (*asked)(void *context, const struct sim_question *question),
                    void *context);
/** A datagram from where it came to, back to where it came from, as the path lets it through. */
void sim_answer(const struct sim_question *question, const void *packet, size_t octets);

/* ---- what really happened ---- */

/** Every UDP packet that left a socket. */
struct sim_packet {
  struct ow_timestamp sent;
  uint8_t host; /* the other host's */
  bool to_host; /* or from it */
  bool arrived;
  uint16_t port;                /* the host's */
  struct ow_timestamp received; /* the first copy that did */
};
extern struct sim_packet *sim_packets;
extern size_t sim_packet_count;

/** Every attempt to connect. */
struct sim_attempt {
  int64_t when; /* monotonic */
  uint8_t host;
};
extern struct sim_attempt *sim_attempts;
extern size_t sim_attempt_count;

/**
 * Each packet leaves its host up to so many ns after it was sent, uniform, and the kernel says when. 0 after
 * sim_begin(): at once, and nobody says so.
 */
extern int64_t sim_leaving;

/** What each socket that is being read says from now on that it dropped for want of buffer. */
extern uint32_t sim_udp_drops;

/* ---- between the parts of the simulation ---- */

/** Have `run` called at a monotonic time; it frees `context`. */
void sim_at(int64_t when, void (*run)(void *context), void *context);
/** The watch of a descriptor, or NULL. */
struct ow_watch *sim_watch_of(int descriptor);
/** A descriptor that is watched from now on may have had something to read before. */
void sim_net_watched(struct ow_loop *loop, int descriptor);
void sim_net_end(void);

#endif
