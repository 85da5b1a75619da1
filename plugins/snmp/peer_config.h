/* SPDX-License-Identifier: MIT */
/*
 * What can be configured of a peer: which of the core's options (config/peer_options.h) the lines of
 * owamp-agentx.conf, the rows that are kept, and the columns that can be set over SNMP take.
 *
 *   owampPeer NAME KEY VALUE [KEY VALUE]...
 */
#ifndef OWAMP_SNMP_PEER_CONFIG_H
#define OWAMP_SNMP_PEER_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "config/peer_face.h"
#include "mib_index.h"
#include "mib_value.h"
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
  struct ow_peer_settings stream; /* never holds a passphrase */
  enum peer_address_type address_type;
  /* As they were written, which is how a manager reads them back. */
  char schedule[PEER_TEXT];
  char warning[PEER_TEXT];
  char critical[PEER_TEXT];
};

/** Every option as the MIB's DEFVALs have it. */
void peer_config_defaults(struct peer_config *config);
/** True if every option is the same. */
bool peer_config_same(const struct peer_config *a, const struct peer_config *b);

/** The keys of an owampPeer line, and of an owampQuerySocket line. */
extern const struct ow_peer_face peer_face;
extern const struct ow_peer_face peer_query_face;

/** "": as by default, for those that can be empty. OW_INVALID without the option's name. */
enum ow_status peer_option_set(struct peer_config *config, enum ow_peer_option_id id, const char *value,
                               struct ow_failure *failure) OW_MUST_CHECK;
/** Its text, at most PEER_TEXT octets; "" if it was never set. Returns `out`. */
const char *peer_option_get(const struct peer_config *config, enum ow_peer_option_id id, char out[PEER_TEXT]);

/** OW_INVALID with the option's name and what would be right. */
enum ow_status peer_config_set(struct peer_config *config, const char *key, const char *value,
                               struct ow_failure *failure) OW_MUST_CHECK;
/**
 * The same for a key of a line, of which no key may be given twice, but for the modes, which add up; `given`
 * keeps which were.
 */
enum ow_status peer_config_read(struct peer_config *config, const struct ow_peer_face *face, const char *key,
                                const char *value, struct ow_given *given,
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
