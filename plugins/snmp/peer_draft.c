/* SPDX-License-Identifier: MIT */
/* A draft begins as its row or with defaults; type and address are settled together. */
#include "peer_draft.h"

#include <arpa/inet.h>
#include <string.h>

void peer_draft_init(struct peer_draft *draft, const struct peer_config *config, enum row_storage storage)
{
  *draft = (struct peer_draft){.storage = storage};
  draft->config = *config;
  draft->address_type = (int32_t)config->address_type;
  draft->address = peer_address_value(config);
}

void peer_draft_init_new(struct peer_draft *draft)
{
  struct peer_config usual;
  peer_config_defaults(&usual);
  peer_draft_init(draft, &usual, ROW_NON_VOLATILE);
}

enum set_error peer_draft_settle_address(struct peer_draft *draft)
{
  struct peer_config *config = &draft->config;
  const struct mib_value *address = &draft->address;
  int32_t type = draft->address_type;
  char text[PEER_TEXT] = "";
  struct ow_failure ignored;
  bool fits = false;
  if (type == PEER_ADDRESS_UNKNOWN) {
    fits = address->length == 0;
  } else if (type == PEER_ADDRESS_DNS) {
    memcpy(text, address->octets, address->length);
    fits = address->length > 0 && strlen(text) == address->length && peer_text_valid(text);
  } else {
    int family = type == PEER_ADDRESS_IPV4 ? AF_INET : AF_INET6;
    fits = address->length == (family == AF_INET ? 4 : 16) &&
           inet_ntop(family, address->octets, text, sizeof text);
  }
  if (fits && text[0])
    fits = peer_config_set(config, "host", text, &ignored) == OW_OK;
  else if (fits)
    config->stream.peer.host[0] = '\0';
  /* A name that looks like an address is none; an address is of its own type. */
  if (fits && (int32_t)config->address_type != type && text[0])
    fits = false;
  if (fits)
    config->address_type = (enum peer_address_type)type;
  return fits ? SET_OK : SET_INCONSISTENT_VALUE;
}
