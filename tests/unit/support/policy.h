/* SPDX-License-Identifier: MIT */
/* A server's policy that allows everything in every mode, for those who hold its one key. */
#ifndef OWAMP_TEST_POLICY_H
#define OWAMP_TEST_POLICY_H

#include "config/peer.h"
#include "server/policy_questions.h"

extern const struct ow_serve_policy test_policy;

/** What it answers to a request for a session; OW_ACCEPT_OK unless a test says otherwise. */
extern enum ow_accept test_policy_claims;

/** What all its servers have room for; 0: any number. Zero unless a test says otherwise. */
struct test_policy_room {
  unsigned greeted; /* control connections; others are greeted without a mode */
  unsigned set_up;  /* control connections; others are refused at set-up, with Accept 5 */
  unsigned running; /* test sessions; others are refused with Accept 5 */
};
extern struct test_policy_room test_policy_room;

/** What becomes of requests with zero addresses, as NAT needs them. */
enum test_zero {
  TEST_ZERO_KNOWN,
  TEST_ZERO_REFUSED, /* as by perfSONAR's owampd in open mode */
  TEST_ZERO_MISTAKEN /* as by the same in a keyed mode: the session is agreed, and its packets go nowhere */
};
extern enum test_zero test_policy_zero;

/** Give a peer the key that the policy knows. */
void test_policy_key(struct ow_peer *peer);

#endif
