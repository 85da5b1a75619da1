/* SPDX-License-Identifier: MIT */
/* The few columns that are no plain option: addresses, ports, raise rule, storage, row status. */
#include "column_set.h"

enum set_error column_set_address_type(struct peer_draft *draft, const struct mib_value *value)
{
  int32_t type = value->integer;
  draft->address_touched = true;
  draft->address_type = type;
  bool occurs = type == PEER_ADDRESS_UNKNOWN || type == PEER_ADDRESS_IPV4 || type == PEER_ADDRESS_IPV6 ||
                type == PEER_ADDRESS_DNS;
  return occurs ? SET_OK : SET_WRONG_VALUE;
}

enum set_error column_set_address(struct peer_draft *draft, const struct mib_value *value)
{
  draft->address_touched = true;
  draft->address = *value;
  return SET_OK;
}

enum set_error column_set_port_low(struct peer_draft *draft, const struct mib_value *value)
{
  draft->config.stream.peer.test_port_low = (uint16_t)value->gauge;
  return SET_OK;
}

enum set_error column_set_port_high(struct peer_draft *draft, const struct mib_value *value)
{
  draft->config.stream.peer.test_port_high = (uint16_t)value->gauge;
  return SET_OK;
}

enum set_error column_set_raise_count(struct peer_draft *draft, const struct mib_value *value)
{
  draft->config.stream.rule.raise = (uint8_t)value->gauge;
  return SET_OK;
}

enum set_error column_set_raise_window(struct peer_draft *draft, const struct mib_value *value)
{
  draft->config.stream.rule.of = (uint8_t)value->gauge;
  return SET_OK;
}

enum set_error column_set_storage(struct peer_draft *draft, const struct mib_value *value)
{
  draft->storage = (enum row_storage)value->integer;
  return draft->storage == ROW_VOLATILE || draft->storage == ROW_NON_VOLATILE ? SET_OK : SET_WRONG_VALUE;
}

enum set_error column_set_row_status(struct peer_draft *draft, const struct mib_value *value)
{
  draft->wanted = (enum row_status)value->integer;
  return draft->wanted == ROW_NOT_READY ? SET_WRONG_VALUE : SET_OK;
}
