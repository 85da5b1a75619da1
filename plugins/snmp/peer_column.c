#include "peer_column.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "mib_columns.h"
#include "peers.h"

/* What the MIB's SYNTAX says: for texts the length, for numbers the range. */
struct syntax {
  unsigned column;
  enum mib_type type;
  uint32_t least;
  uint32_t most;
};

static const struct syntax syntaxes[] = {
    {MIB_PEER_ADDRESS_TYPE, MIB_INTEGER, 0, 16},
    {MIB_PEER_ADDRESS, MIB_OCTETS, 0, 255},
    {MIB_PEER_PORT, MIB_GAUGE, 1, 65535},
    {MIB_PEER_FAMILY, MIB_INTEGER, 1, 3},
    {MIB_PEER_MODES, MIB_OCTETS, 1, 1},
    {MIB_PEER_KEY_ID, MIB_OCTETS, 0, 80},
    {MIB_PEER_DIRECTIONS, MIB_OCTETS, 1, 1},
    {MIB_PEER_INTERVAL, MIB_GAUGE, 4, 86400},
    {MIB_PEER_SCHEDULE, MIB_OCTETS, 1, 255},
    {MIB_PEER_PADDING, MIB_GAUGE, 0, 65459},
    {MIB_PEER_DSCP, MIB_GAUGE, 0, 63},
    {MIB_PEER_LOSS_TIMEOUT, MIB_GAUGE, 1, 86400000},
    {MIB_PEER_SOURCE, MIB_OCTETS, 0, 255},
    {MIB_PEER_INTERFACE, MIB_OCTETS, 0, 15},
    {MIB_PEER_PORT_LOW, MIB_GAUGE, 0, 65535},
    {MIB_PEER_PORT_HIGH, MIB_GAUGE, 0, 65535},
    {MIB_PEER_WARNING, MIB_OCTETS, 0, 255},
    {MIB_PEER_CRITICAL, MIB_OCTETS, 0, 255},
    {MIB_PEER_RAISE_COUNT, MIB_GAUGE, 1, 32},
    {MIB_PEER_RAISE_WINDOW, MIB_GAUGE, 1, 32},
    {MIB_PEER_STORAGE, MIB_INTEGER, ROW_VOLATILE, ROW_NON_VOLATILE},
    {MIB_PEER_ROW_STATUS, MIB_INTEGER, ROW_ACTIVE, ROW_DESTROY},
};

static const struct syntax *syntax_of(unsigned long column)
{
  const struct syntax *found = NULL;
  for (size_t i = 0; i < sizeof syntaxes / sizeof *syntaxes && !found; i++)
    if (syntaxes[i].column == column)
      found = &syntaxes[i];
  return found;
}

bool peer_column_writable(unsigned long column)
{
  return syntax_of(column) != NULL;
}

static const struct peer_option *option_of(unsigned long column)
{
  const struct peer_option *found = NULL;
  for (unsigned i = 0; i < peer_option_count && !found; i++)
    if (peer_options[i].column && peer_options[i].column == column)
      found = &peer_options[i];
  return found;
}

/* Bits that the MIB names, the highest first. */
static bool bits_valid(unsigned long column, uint8_t octet)
{
  uint8_t named = column == MIB_PEER_MODES ? 0xe0 : 0xc0;
  return octet != 0 && (octet & ~named) == 0;
}

/* The option's own reader has the last word on a value. */
static enum set_error set_option(struct peer_config *config, const struct peer_option *option,
                                 const struct mib_value *value)
{
  char text[PEER_TEXT + 8];
  struct ow_failure ignored;
  const char *shown = text;
  if (value->type == MIB_GAUGE)
    snprintf(text, sizeof text, "%u%s", value->gauge, option->unit);
  else
    shown = (const char *)value->octets;
  if (value->type == MIB_OCTETS && strlen(shown) != value->length)
    return SET_WRONG_VALUE;
  if (shown[0] && !peer_text_valid(shown))
    return SET_WRONG_VALUE;
  return option->set(config, shown, &ignored) == OW_OK ? SET_OK : SET_WRONG_VALUE;
}

static enum set_error check_number(const struct syntax *syntax, int64_t number)
{
  enum set_error error = number < syntax->least || number > syntax->most ? SET_WRONG_VALUE : SET_OK;
  if (syntax->column == MIB_PEER_ADDRESS_TYPE && number != PEER_ADDRESS_UNKNOWN &&
      number != PEER_ADDRESS_IPV4 && number != PEER_ADDRESS_IPV6 && number != PEER_ADDRESS_DNS)
    error = SET_WRONG_VALUE;
  /* A manager can't make a row not ready. */
  if (syntax->column == MIB_PEER_ROW_STATUS && number == ROW_NOT_READY)
    error = SET_WRONG_VALUE;
  return error;
}

enum set_error peer_column_check(unsigned long column, const struct mib_value *value)
{
  const struct syntax *syntax = syntax_of(column);
  enum set_error error = SET_OK;
  if (!syntax)
    error = SET_NOT_WRITABLE;
  else if (value->type != syntax->type)
    error = SET_WRONG_TYPE;
  else if (value->type == MIB_OCTETS && (value->length < syntax->least || value->length > syntax->most))
    error = SET_WRONG_LENGTH;
  else if (column == MIB_PEER_MODES || column == MIB_PEER_DIRECTIONS)
    error = bits_valid(column, value->octets[0]) ? SET_OK : SET_WRONG_VALUE;
  else if (value->type != MIB_OCTETS)
    error = check_number(syntax, value->type == MIB_INTEGER ? value->integer : (int64_t)value->gauge);
  if (error == SET_OK && option_of(column)) {
    struct peer_config scratch;
    peer_config_defaults(&scratch);
    error = set_option(&scratch, option_of(column), value);
  }
  return error;
}

enum set_error peer_column_set(struct peer_config *config, unsigned long column,
                               const struct mib_value *value)
{
  struct ow_peer *peer = &config->stream.peer;
  const struct peer_option *option = option_of(column);
  uint8_t octet = value->octets[0];
  enum set_error error = SET_OK;
  switch (column) {
  case MIB_PEER_FAMILY: peer->address_family = value->integer == 2 ? 4 : value->integer == 3 ? 6 : 0; break;
  case MIB_PEER_MODES:
    peer->modes = (octet & 0x80 ? OW_MODE_OPEN : 0U) | (octet & 0x40 ? OW_MODE_AUTHENTICATED : 0U) |
                  (octet & 0x20 ? OW_MODE_ENCRYPTED : 0U);
    break;
  case MIB_PEER_DIRECTIONS:
    peer->directions[OW_FORWARD] = octet & 0x80;
    peer->directions[OW_REVERSE] = octet & 0x40;
    break;
  case MIB_PEER_PORT_LOW: peer->test_port_low = (uint16_t)value->gauge; break;
  case MIB_PEER_PORT_HIGH: peer->test_port_high = (uint16_t)value->gauge; break;
  case MIB_PEER_RAISE_COUNT: config->rule.raise = (uint8_t)value->gauge; break;
  case MIB_PEER_RAISE_WINDOW: config->rule.of = (uint8_t)value->gauge; break;
  default:
    if (option)
      error = set_option(config, option, value);
  }
  return error;
}

enum set_error peer_address_set(struct peer_config *config, int32_t type, const struct mib_value *address)
{
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
