/*
 * What can be configured of a peer. One table of options serves the lines of owamp-agentx.conf, the rows that
 * are kept, and the columns that can be set over SNMP: a value has one text, and one function that reads it.
 *
 *   owampPeer NAME KEY VALUE [KEY VALUE]...
 */
#ifndef OWAMP_SNMP_PEER_CONFIG_H
#define OWAMP_SNMP_PEER_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "mib_index.h"
#include "mib_value.h"
#include "sla/alarm.h"
#include "stream/stream.h"

enum { PEER_TEXT = 256 };

/** InetAddressType (RFC 4001), as far as it occurs. */
enum peer_address_type {
  PEER_ADDRESS_UNKNOWN = 0,
  PEER_ADDRESS_IPV4 = 1,
  PEER_ADDRESS_IPV6 = 2,
  PEER_ADDRESS_DNS = 16
};

struct peer_config {
  struct ow_stream_config stream; /* never holds a passphrase */
  enum peer_address_type address_type;
  char schedule[PEER_TEXT];
  char key_file[PEER_TEXT]; /* "": the one that holds for all peers */
  char warning[PEER_TEXT];
  char critical[PEER_TEXT];
  struct ow_alarm_rule rule;
};

/** Every option as the MIB's DEFVALs have it. */
void peer_config_defaults(struct peer_config *config);

struct peer_option {
  const char *key;
  unsigned column; /* of owampPeerEntry; 0: none */
  const char
      *unit; /* what follows a number that is set over SNMP: "s", "ms"; "" for a plain one; NULL: text */
  enum ow_status (*set)(struct peer_config *config, const char *value, struct ow_failure *failure);
  /* Its text, at most PEER_TEXT octets; "" if it was never set. */
  void (*get)(const struct peer_config *config, char *out);
};

extern const struct peer_option peer_options[];
extern const unsigned peer_option_count;

/** NULL: there is none. */
const struct peer_option *peer_option_of_key(const char *key);

/** OW_INVALID with the option's name and what would be right. */
enum ow_status peer_config_set(struct peer_config *config, const char *key, const char *value,
                               struct ow_failure *failure) OW_MUST_CHECK;
/**
 * All that one option alone can't know, but for the key, which stands in a file. OW_INVALID with a sentence.
 */
enum ow_status peer_config_check(const struct peer_config *config, struct ow_failure *failure) OW_MUST_CHECK;

/** owampPeerAddress. */
struct mib_value peer_address_value(const struct peer_config *config);

/** True for 1 to 255 characters that can stand between quotation marks in a line. */
bool peer_text_valid(const char *text);

#endif
