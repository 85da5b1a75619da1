/* SPDX-License-Identifier: MIT */
/*
 * The address that the Server's end of a test session has: the one that the client asked for, if it is this
 * host's, for a host may have others than that of the control connection. If it isn't, somebody on the way
 * rewrites addresses (NAT), and what is sent to it arrives where the control connection does.
 */
#ifndef OWAMP_SERVER_TEST_ADDRESS_H
#define OWAMP_SERVER_TEST_ADDRESS_H

#include "base/status.h"
#include "io/address.h"
#include "wire/session_request.h"

enum ow_serve_own_address {
  OW_SERVE_ADDRESS_OF_CONTROL, /* asked for, or none was */
  OW_SERVE_ADDRESS_ASKED,      /* another one of this host */
  OW_SERVE_ADDRESS_FOREIGN,    /* asked for, but not this host's: that of the control connection instead */
};

/** The end of a session that the Server configures. */
const struct ow_endpoint *ow_serve_own_end(const struct ow_session_request *request);

/** IPv4 addresses that were written as IPv6 ones (::ffff:192.0.2.1) make it a request for IPv4. */
void ow_serve_unmap_request(struct ow_session_request *request);

/**
 * Where to bind the Server's end of `request`; `control` is the Server's end of the control connection. A
 * loopback address is only for clients on this host. A link-local one, which comes without its interface, is
 * that of the interface of the control connection, or of the only one that has it. OW_REFUSED if several have
 * it; or if the address is not this host's, and the control connection, of the other family, has none to take
 * instead; `why` then has a sentence.
 */
enum ow_status ow_serve_test_address(const struct ow_session_request *request,
                                     const union ow_address *control, union ow_address *local,
                                     enum ow_serve_own_address *kind, struct ow_failure *why) OW_MUST_CHECK;

/**
 * Where the client's end `to` of a session is reached, of which the Server's is bound to `own`; `remote` is
 * the client's end of the control connection. A link-local address is on the interface of `remote`, or of
 * `own`. OW_REFUSED if these don't tell; `why` then has a sentence.
 */
enum ow_status ow_serve_far_address(const struct ow_endpoint *to, const union ow_address *remote,
                                    const union ow_address *own, union ow_address *far,
                                    struct ow_failure *why) OW_MUST_CHECK;

#endif
