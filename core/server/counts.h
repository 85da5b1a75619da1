/* SPDX-License-Identifier: MIT */
/* How much a Server carries, and has carried. */
#ifndef OWAMP_SERVER_COUNTS_H
#define OWAMP_SERVER_COUNTS_H

#include <stdint.h>

/** Why a question to the Session-Reflector is not answered. */
enum ow_serve_unanswered {
  OW_UNANSWERED_STRANGER,  /* nobody is listed who could have sent it */
  OW_UNANSWERED_KEY,       /* its HMAC is wrong */
  OW_UNANSWERED_SIZE,      /* too short, or longer than OW_UDP_OCTETS */
  OW_UNANSWERED_PORT,      /* from a port that no Session-Sender has: two reflectors must never talk */
  OW_UNANSWERED_ROOM,      /* there are too many sessions */
  OW_UNANSWERED_BANDWIDTH, /* its class has used up what it has */
  OW_UNANSWERED_FAILED,    /* the answer could not be sent */
  OW_UNANSWERED_KINDS
};

/** Numbers for a person or a monitor. */
struct ow_serve_counts {
  uint32_t connections;
  uint32_t sessions_running; /* or agreed */
  uint32_t sessions_kept;    /* that can be fetched, or will be */
  uint64_t records;          /* reserved, over all sessions */
  uint64_t sessions_total;
  uint64_t strangers;   /* datagrams at the shared test port that belong to no session */
  uint32_t reflections; /* sessions of the Session-Reflector that go on */
  uint64_t answered;    /* questions to it, */
  uint64_t unanswered[OW_UNANSWERED_KINDS];
  uint64_t refused_total; /* connections, set-ups and sessions */
};

#endif
