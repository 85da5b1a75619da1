/* SPDX-License-Identifier: MIT */
/* "ADDRESS:PORT" as owampd writes it. */
#ifndef OWAMP_POLICY_LISTEN_ADDRESS_H
#define OWAMP_POLICY_LISTEN_ADDRESS_H

#include "base/status.h"

struct ow_listen_address {
  char address[256]; /* name or number; "": every address */
  char port[32];     /* number, or the name of a service */
};

/** Every address, port 861. */
extern const struct ow_listen_address ow_listen_default;
/** Every address, port 862. */
extern const struct ow_listen_address ow_listen_twamp;

/**
 * "host", "host:port", ":port", "port" (a number), "[2001:db8::1]", "[2001:db8::1]:port", "2001:db8::1",
 * and these with a zone, without which a link-local address is refused: "[fe80::1%eth0]:port". What isn't
 * given stays as it is in `listen`. Port "0": a free one. "::" is every address of both families, as the
 * system has it, and owampd. OW_INVALID. `failure` must not be NULL.
 */
enum ow_status ow_listen_address_parse(const char *text, struct ow_listen_address *listen,
                                       struct ow_failure *failure) OW_MUST_CHECK;

#endif
