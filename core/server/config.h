/* SPDX-License-Identifier: MIT */
/* What a Server is told when it is made: where it listens, how long it waits, how much it holds. */
#ifndef OWAMP_SERVER_CONFIG_H
#define OWAMP_SERVER_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "io/udp_shared.h"

struct ow_serve_config {
  char address[256];       /* to listen on; "" = every address of both families */
  char port[32];           /* service name or number; "0": a free one */
  char twamp_address[256]; /* likewise, for TWAMP's clients; */
  char twamp_port[32];     /* "": there are none. It takes a `reflect_port` */
  int listening_first; /* sockets that listen already, in place of address and port: the first descriptor */
  int listening_count; /* 0: none */
  int tw_listening_first; /* likewise, for TWAMP's clients */
  int tw_listening_count;
  struct ow_udp_given test_sockets;    /* of the one test port, if they are bound already */
  struct ow_udp_given reflect_sockets; /* likewise, of `reflect_port`, if that is another one */
  uint16_t test_port_low;              /* UDP; 0 = ephemeral; one port alone is shared by all sessions */
  uint16_t test_port_high;
  uint16_t reflect_port; /* UDP, of the Session-Reflector; 0: there is none; may be the one of all sessions */
  uint32_t pbkdf2_count; /* power of 2, 1024 at least */
  int64_t control_timeout; /* ns of silence after which a control connection without running sessions ends */
  int64_t test_timeout; /* ns that a stopped or ended session may linger before the server stops it itself */
  uint32_t most_connections;   /* control connections at once */
  uint32_t most_sessions;      /* test sessions at once, over all connections */
  uint64_t most_records;       /* records in memory, over all sessions */
  uint32_t most_sessions_kept; /* finished sessions that can still be fetched; the oldest goes first */
  uint32_t most_reflections;   /* sessions of the Session-Reflector at once */
  bool busy_wait;              /* be awake shortly before each packet is due, which costs CPU time */
  bool third_party; /* send test packets to other hosts than the client; off by default (RFC 4656, 6) */
};

/**
 * Bounded and loopback-friendly: port 861, 4000 connections, 10000 sessions, as many results, 32 M records,
 * Count 2048. One client alone can have three quarters of each: a thousand streams, of two connections and
 * four sessions each, from one address.
 */
void ow_serve_defaults(struct ow_serve_config *config);
/** True if that range of test ports is one port, which all sessions share. */
bool ow_serve_shares_port(uint16_t low, uint16_t high);

#endif
