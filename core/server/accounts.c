/* SPDX-License-Identifier: MIT */
/* By key, or by address without one. */
#include "server/accounts.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "base/container_of.h"

/* With fewer test ports than that, whoever sets them knows who needs them. */
enum { PORTS_LEAST = 64 };

static void begin(struct ow_account *share)
{
  struct ow_serve_account *account = ow_serve_account_of(share);
  TAILQ_INIT(&account->ended);
  TAILQ_INIT(&account->setting_up);
  TAILQ_INIT(&account->idle);
}

void ow_serve_accounts_prepare(struct ow_serve_common *common)
{
  ow_shares_prepare(&common->shares, sizeof(struct ow_serve_account), begin);
}

struct ow_serve_account *ow_serve_account_of(struct ow_account *share)
{
  return share ? OW_CONTAINER_OF(share, struct ow_serve_account, share) : NULL;
}

struct ow_serve_account *ow_serve_account_join(struct ow_serve_common *common,
                                               const struct ow_serve_client *client)
{
  struct ow_account_key key = ow_account_key_of(client->key_id, &client->address);
  return ow_serve_account_of(ow_shares_join(&common->shares, &key));
}

struct ow_serve_account *ow_serve_account_find(const struct ow_serve_common *common,
                                               const struct ow_serve_client *client)
{
  struct ow_account_key key = ow_account_key_of(client->key_id, &client->address);
  return ow_serve_account_of(ow_shares_find(&common->shares, &key));
}

/* As ow_address_print() names it, without its port; a zone of a link-local address stays out of it. */
uint64_t ow_serve_account_named(const char *name, size_t length)
{
  struct ow_endpoint address = {0};
  char text[INET6_ADDRSTRLEN + 1] = "";
  size_t octets = strcspn(name, "%");
  if (octets > length)
    octets = length;
  if (octets < sizeof text)
    memcpy(text, name, octets);
  if (inet_pton(AF_INET, text, address.address) == 1)
    address.version = 4;
  else if (inet_pton(AF_INET6, text, address.address) == 1)
    address.version = 6;
  struct ow_account_key key = ow_account_key_of("", &address);
  return ow_account_key_number(&key);
}

uint64_t ow_serve_sessions_in_all(const struct ow_serve_config *config)
{
  uint64_t ports = (uint64_t)config->test_port_high - config->test_port_low + 1;
  bool few = config->test_port_low > 0 && ports >= PORTS_LEAST && ports < config->most_sessions;
  return few ? ports : config->most_sessions;
}

void ow_serve_accounts_log(const struct ow_serve_common *common, const struct ow_log *log,
                           enum ow_log_level level)
{
  const struct ow_shares *shares = &common->shares;
  char line[1024] = "";
  for (int kind = 0; kind < OW_SHARE_KINDS; kind++) {
    const struct ow_share_pool *pool = &shares->pools[kind];
    const struct ow_account *most = ow_shares_greediest(shares, (enum ow_share_kind)kind);
    char name[OW_ACCOUNT_KEY_TEXT];
    size_t length = strlen(line);
    if (most)
      (void)snprintf(line + length, sizeof line - length, "; %llu %s of %u, most of them %llu of %s",
                     (unsigned long long)pool->held, ow_share_name((enum ow_share_kind)kind), pool->holders,
                     (unsigned long long)most->held[kind],
                     ow_account_key_print(name, sizeof name, &most->key));
  }
  ow_log(log, level, "%u accounts%s", shares->accounts, line);
}
