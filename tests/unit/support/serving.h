/* SPDX-License-Identifier: MIT */
/* What a Server's connections and sessions have in common, on a loop, with a policy that counts. */
#ifndef OWAMP_TEST_SERVING_H
#define OWAMP_TEST_SERVING_H

#include <stdbool.h>

#include "server/common.h"
#include "server/fetch_answer.h"
#include "server/session.h"
#include "support/machine.h"

/** Zero it, then test_serving_open(). It must not move. */
struct test_serving {
  struct ow_serve_common common;
  struct ow_serve_policy policy;
  struct test_pair pair; /* a control connection's machines, set up in open mode */
  struct ow_serve_client client;
  enum ow_accept claims; /* the policy's answer */
  unsigned short_of;     /* and what it says is short, if that is no */
  bool forbids_fetch;    /* and its others */
  bool deletes_on_fetch;
  bool departures; /* sessions that the server sends keep them */
  unsigned claimed;
  unsigned bandwidth_released;
  unsigned disk_released;
  struct ow_serve_lack lack; /* of the last session that was asked for */
  uint64_t settled;          /* the records of the last session that ended */
};

void test_serving_open(struct test_serving *serving);
/** Let its sessions share a UDP port, a free one, which is returned. */
uint16_t test_serving_share_port(struct test_serving *serving);
/** Fails the test unless everything that was claimed has been given back once. */
void test_serving_close(struct test_serving *serving);

/** A session of `packets`, 1 ms apart, all due an hour ago, with the client and the server on 127.0.0.1. */
struct ow_session_request test_serving_request(bool server_sends, uint32_t packets);
/** Ask for it; NULL unless `expected` is OW_ACCEPT_OK. */
struct ow_serve_session *test_serving_session(struct test_serving *serving,
                                              const struct ow_session_request *request,
                                              enum ow_accept expected);

/** What its client's Stop-Sessions says when every packet was sent: those that did not come are lost. */
void test_serving_stop(struct ow_serve_session *session);
/** A packet of such a session comes, a millisecond after it was due. */
void test_serving_arrival(struct ow_serve_session *session, uint32_t sequence);

enum { TEST_FETCH_WINDOW = 65536 }; /* octets that a connection takes before it is read */
/** What the loop would do with a fetch: part after part, until the connection has as much as it takes. */
enum ow_status test_serving_fetch_go_on(struct test_serving *serving, struct ow_serve_fetch *fetch,
                                        struct ow_serve_kept_sessions *kept, struct ow_failure *failure);

#endif
