/* SPDX-License-Identifier: MIT */
/* The kernel is asked, by binding to it, whether an address is this host's. */
#include "server/test_address.h"

#include "io/udp.h"

const struct ow_endpoint *ow_serve_own_end(const struct ow_session_request *request)
{
  return request->server_sends ? &request->sender : &request->receiver;
}

void ow_serve_unmap_request(struct ow_session_request *request)
{
  struct ow_endpoint sender = ow_endpoint_unmapped(&request->sender);
  struct ow_endpoint receiver = ow_endpoint_unmapped(&request->receiver);
  bool plain = (sender.version == 4 || ow_endpoint_is_any(&sender)) &&
               (receiver.version == 4 || ow_endpoint_is_any(&receiver));
  if (plain && (sender.version == 4 || receiver.version == 4)) {
    sender.version = receiver.version = 4;
    request->sender = sender;
    request->receiver = receiver;
  }
}

/* Who reaches us from outside can't be reached from there, nor reach it. */
static bool is_beyond_reach(const union ow_address *address, const union ow_address *control)
{
  return ow_address_is_loopback(address) && !ow_address_is_loopback(control);
}

static bool is_ours(const union ow_address *address, const union ow_address *control)
{
  return !ow_address_is_multicast(address) && !is_beyond_reach(address, control) && ow_udp_can_bind(address);
}

enum ow_status ow_serve_test_address(const struct ow_session_request *request,
                                     const union ow_address *control, union ow_address *local,
                                     enum ow_serve_own_address *kind, struct ow_failure *why)
{
  const struct ow_endpoint *asked = ow_serve_own_end(request);
  struct ow_endpoint own = ow_address_to_endpoint(control);
  union ow_address address = ow_address_from_endpoint(asked, control);
  char text[OW_ADDRESS_TEXT];
  enum ow_status status = OW_OK;
  *local = *control;
  ow_address_set_port(&address, 0);
  if (ow_endpoint_is_any(asked) || ow_endpoint_same_host(asked, &own)) {
    *kind = OW_SERVE_ADDRESS_OF_CONTROL;
  } else if (is_ours(&address, control)) {
    *kind = OW_SERVE_ADDRESS_ASKED;
    *local = address;
  } else if (asked->version == own.version) {
    *kind = OW_SERVE_ADDRESS_FOREIGN;
  } else {
    *kind = OW_SERVE_ADDRESS_FOREIGN;
    status = ow_fail(why, OW_REFUSED,
                     "the test address %s is not this host's, and the control connection is IPv%u",
                     ow_address_print_host(text, sizeof text, &address), own.version);
  }
  return status;
}
