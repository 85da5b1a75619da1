/* SPDX-License-Identifier: MIT */
/* What all connections and sessions of one Server have in common. */
#ifndef OWAMP_SERVER_COMMON_H
#define OWAMP_SERVER_COMMON_H

#include <stdbool.h>
#include <sys/queue.h>

#include "base/log.h"
#include "io/loop.h"
#include "io/udp.h"
#include "server/config.h"
#include "server/counts.h"
#include "server/policy_questions.h"
#include "shares/shares.h"
#include "time/timestamp.h"
#include "traffic/test_port.h"
#include "traffic/traffic.h"

struct ow_serve_session;
LIST_HEAD(ow_serve_busy_sessions, ow_serve_session);
struct ow_serve_tw_session;
LIST_HEAD(ow_serve_tw_list, ow_serve_tw_session);
struct ow_serve_account;
TAILQ_HEAD(ow_serve_failing, ow_serve_account);

/** It outlives all of them. */
struct ow_serve_common {
  struct ow_loop *loop;
  struct ow_serve_config config; /* may change between two turns */
  const struct ow_serve_policy *policy;
  const struct ow_log *log;
  struct ow_traffic traffic;
  struct ow_test_port test_port;     /* that all sessions share; closed: each has its own */
  struct ow_test_port *reflect_port; /* the Session-Reflector's; NULL: there is none */
  struct ow_timestamp up_since;
  struct ow_serve_busy_sessions busy; /* those being settled, or freed, in the background */
  struct ow_serve_counts counts;      /* each is kept by what it counts */
  struct ow_shares shares;            /* likewise: who holds how much */
  struct ow_serve_tw_list stopped;    /* TWAMP's sessions that are stopped, and reflect for a while yet */
  struct ow_serve_failing failing;    /* accounts whose keys failed lately, and so many: */
  unsigned failing_count;
  unsigned fetching;               /* clients that are being answered a fetch */
  struct ow_timer fading;          /* of what is remembered of them */
  struct ow_passphrase passphrase; /* that a connection's machine asked for; only within the call */
  uint8_t packet[OW_UDP_OCTETS];   /* an answer of the Session-Reflector's; only within the call */
};

#endif
