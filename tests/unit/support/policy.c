/* SPDX-License-Identifier: MIT */
/* An answer for each of the server's questions; a test chooses what claims come to. */
#include "support/policy.h"

#include <string.h>

static const char KEY_ID[] = "monitor";
static const char PASSPHRASE[] = "correct horse battery staple";

enum ow_accept test_policy_claims = OW_ACCEPT_OK;
struct test_policy_room test_policy_room;
static unsigned connected; /* control connections that were admitted */
static unsigned claimed;   /* sessions */

static bool has_room(unsigned used, unsigned most)
{
  return most == 0 || used < most;
}

enum test_zero test_policy_zero = TEST_ZERO_KNOWN;

/* What is taken for the client's address is nobody's. */
static void mistake(const struct ow_session_request *request)
{
  union {
    const struct ow_session_request *from;
    struct ow_session_request *to;
  } same = {.from = request};
  struct ow_endpoint *client = request->server_sends ? &same.to->receiver : &same.to->sender;
  client->address[0] = 127;
  client->address[3] = 99;
}

static uint32_t admit(void *context, struct ow_serve_client *client, struct ow_failure *why)
{
  (void)context;
  ow_fail(why, OW_LIMIT, "the test has no room");
  if (!has_room(connected, test_policy_room.greeted))
    return 0;
  connected++;
  client->account = &connected;
  return OW_MODES_ALL;
}

static bool find_key(void *context, const char *key_id, struct ow_passphrase *passphrase)
{
  (void)context;
  passphrase->length = sizeof PASSPHRASE - 1;
  memcpy(passphrase->octets, PASSPHRASE, passphrase->length);
  return strcmp(key_id, KEY_ID) == 0;
}

static enum ow_accept identify(void *context, struct ow_serve_client *client, struct ow_failure *why)
{
  (void)context, (void)client;
  ow_fail(why, OW_LIMIT, "the test has no room");
  return has_room(connected - 1, test_policy_room.set_up) ? OW_ACCEPT_OK : OW_ACCEPT_TEMPORARY_LIMIT;
}

static enum ow_accept claim(void *context, const struct ow_serve_client *client,
                            const struct ow_session_request *request, const struct ow_slot *slots,
                            struct ow_serve_claim *claim_made, struct ow_failure *why)
{
  bool zero = ow_endpoint_is_any(request->server_sends ? &request->receiver : &request->sender);
  (void)context, (void)client, (void)slots, (void)claim_made;
  ow_fail(why, OW_LIMIT, "the test says so");
  if (zero && test_policy_zero == TEST_ZERO_MISTAKEN)
    mistake(request);
  if (zero && test_policy_zero == TEST_ZERO_REFUSED)
    return OW_ACCEPT_FAILURE;
  if (test_policy_claims != OW_ACCEPT_OK)
    return test_policy_claims;
  if (!has_room(claimed, test_policy_room.running))
    return OW_ACCEPT_TEMPORARY_LIMIT;
  claimed++;
  return OW_ACCEPT_OK;
}

static bool may_send(void *context, const struct ow_serve_claim *claim, size_t octets, int64_t now)
{
  (void)context, (void)claim, (void)octets, (void)now;
  return true;
}

static void release_bandwidth(void *context, const struct ow_serve_claim *claim_made)
{
  (void)context, (void)claim_made;
  claimed--;
}

static void release_disk(void *context, const struct ow_serve_claim *claim_made)
{
  (void)context, (void)claim_made;
}

static void settle(void *context, struct ow_serve_claim *claim_of, uint64_t records)
{
  (void)context, (void)claim_of, (void)records;
}

static bool frees_disk(void *context, const struct ow_serve_claim *refused,
                       const struct ow_serve_claim *other)
{
  (void)context, (void)refused, (void)other;
  return false;
}

static bool may_fetch(void *context, const struct ow_serve_client *client,
                      const struct ow_serve_client *owner)
{
  (void)context, (void)client, (void)owner;
  return true;
}

static bool delete_on_fetch(void *context, const struct ow_serve_client *owner)
{
  (void)context, (void)owner;
  return true;
}

/* Nobody is listed. */
static enum ow_status find_listed(void *context, const struct ow_endpoint *from, const uint8_t *octets,
                                  size_t length, struct ow_serve_listed *listed,
                                  struct ow_stamp_question *question)
{
  (void)context, (void)from, (void)octets, (void)length, (void)listed, (void)question;
  return OW_REFUSED;
}

static enum ow_accept claim_reflected(void *context, const struct ow_serve_client *client, unsigned version,
                                      struct ow_serve_claim *claim_made, struct ow_failure *why)
{
  (void)context, (void)client, (void)version, (void)claim_made;
  ow_fail(why, OW_LIMIT, "the test says so");
  if (test_policy_claims != OW_ACCEPT_OK)
    return test_policy_claims;
  claimed++;
  return OW_ACCEPT_OK;
}

static void leave(void *context, const struct ow_serve_client *client)
{
  (void)context;
  connected -= client->account == &connected;
}

const struct ow_serve_policy test_policy = {.admit = admit,
                                            .find_key = find_key,
                                            .identify = identify,
                                            .claim = claim,
                                            .may_send = may_send,
                                            .release_bandwidth = release_bandwidth,
                                            .settle_disk = settle,
                                            .frees_disk = frees_disk,
                                            .release_disk = release_disk,
                                            .may_fetch = may_fetch,
                                            .delete_on_fetch = delete_on_fetch,
                                            .find_listed = find_listed,
                                            .claim_reflected = claim_reflected,
                                            .leave = leave};

void test_policy_key(struct ow_peer *peer)
{
  memcpy(peer->key_id, KEY_ID, sizeof KEY_ID);
  memcpy(peer->passphrase.octets, PASSPHRASE, sizeof PASSPHRASE - 1);
  peer->passphrase.length = sizeof PASSPHRASE - 1;
}
