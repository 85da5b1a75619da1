/* SPDX-License-Identifier: MIT */
/* Networks, "192.0.2.0/24" or "2001:db8::/32", and which addresses lie in them. */
#ifndef OWAMP_POLICY_NET_MATCH_H
#define OWAMP_POLICY_NET_MATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "wire/endpoint.h"

struct ow_net {
  uint8_t version; /* 4 or 6 */
  uint8_t prefix;  /* bits that count */
  uint8_t address[16];
};

/**
 * Without "/bits" it is one address. An IPv4 address may be written as inet_aton(3) reads it, as owampd takes
 * that ("10.0/8"). No bit behind the prefix may be set. IPv4-mapped IPv6 becomes IPv4, as
 * clients' addresses do. OW_INVALID with what is wrong. `failure` must not be NULL.
 */
enum ow_status ow_net_parse(const char *text, struct ow_net *net, struct ow_failure *failure) OW_MUST_CHECK;
/** False if a text that ow_net_parse() takes is written in an unusual way, and may have been meant otherwise.
 */
bool ow_net_is_plain(const char *text);
enum { OW_NET_TEXT = 64 };
/** "10.0.0.0/8". Returns `out`. */
const char *ow_net_print(char out[OW_NET_TEXT], const struct ow_net *net);
bool ow_net_contains(const struct ow_net *net, const struct ow_endpoint *address);
/** For qsort(3): longest prefix first, then by family and address. */
int ow_net_compare(const struct ow_net *a, const struct ow_net *b);

#endif
