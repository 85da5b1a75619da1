/* SPDX-License-Identifier: MIT */
/* An answer for each of the server's questions; a test chooses what claims come to. */
#include "support/policy.h"

#include <string.h>

static const char KEY_ID[] = "monitor";
static const char PASSPHRASE[] = "correct horse battery staple";

enum ow_accept test_policy_claims = OW_ACCEPT_OK;

static uint32_t admit(void *context, struct ow_serve_client *client, struct ow_failure *why)
{
  (void)context, (void)client, (void)why;
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
  (void)context, (void)client, (void)why;
  return OW_ACCEPT_OK;
}

static enum ow_accept claim(void *context, const struct ow_serve_client *client,
                            const struct ow_session_request *request, const struct ow_slot *slots,
                            struct ow_serve_claim *claimed, struct ow_failure *why)
{
  (void)context, (void)client, (void)request, (void)slots, (void)claimed;
  ow_fail(why, OW_LIMIT, "the test says so");
  return test_policy_claims;
}

static void release(void *context, const struct ow_serve_claim *claimed)
{
  (void)context, (void)claimed;
}

static void settle(void *context, struct ow_serve_claim *claimed, uint64_t records)
{
  (void)context, (void)claimed, (void)records;
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

static void leave(void *context, const struct ow_serve_client *client)
{
  (void)context, (void)client;
}

const struct ow_serve_policy test_policy = {.admit = admit,
                                            .find_key = find_key,
                                            .identify = identify,
                                            .claim = claim,
                                            .release_bandwidth = release,
                                            .settle_disk = settle,
                                            .frees_disk = frees_disk,
                                            .release_disk = release,
                                            .may_fetch = may_fetch,
                                            .delete_on_fetch = delete_on_fetch,
                                            .leave = leave};

void test_policy_key(struct ow_peer *peer)
{
  memcpy(peer->key_id, KEY_ID, sizeof KEY_ID);
  memcpy(peer->passphrase.octets, PASSPHRASE, sizeof PASSPHRASE - 1);
  peer->passphrase.length = sizeof PASSPHRASE - 1;
}
