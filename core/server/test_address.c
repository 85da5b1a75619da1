/* SPDX-License-Identifier: MIT */
/* The kernel is asked, by binding to it, whether an address is this host's. */
#include "server/test_address.h"

#include "io/udp.h"
#include "io/zone.h"

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

/*
 * A link-local address that isn't the control connection's interface's is looked for on the others. More than
 * one may have it: then nothing tells which is meant.
 */
static enum ow_status find_zone(union ow_address *address, const union ow_address *control,
                                struct ow_failure *why)
{
  char text[OW_ADDRESS_TEXT];
  uint32_t zone;
  enum ow_status status = OW_OK;
  if (!ow_address_is_link_local(address) || (ow_address_zone(address) && is_ours(address, control)))
    return OW_OK;
  unsigned found = ow_zone_of_own(address, &zone);
  address->v6.sin6_scope_id = zone;
  if (found > 1) {
    address->v6.sin6_scope_id = 0;
    status = ow_fail(why, OW_REFUSED,
                     "the test address %s is link-local, %u interfaces of this host have it, and the control "
                     "connection comes by none of them",
                     ow_address_print_host(text, sizeof text, address), found);
  }
  return status;
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
  bool of_control = ow_endpoint_is_any(asked) || ow_endpoint_same_host(asked, &own);
  *local = *control;
  ow_address_set_port(&address, 0);
  if (!of_control)
    status = find_zone(&address, control, why);
  if (of_control) {
    *kind = OW_SERVE_ADDRESS_OF_CONTROL;
  } else if (status == OW_OK && is_ours(&address, control)) {
    *kind = OW_SERVE_ADDRESS_ASKED;
    *local = address;
  } else if (status != OW_OK || asked->version == own.version) {
    *kind = OW_SERVE_ADDRESS_FOREIGN;
  } else {
    *kind = OW_SERVE_ADDRESS_FOREIGN;
    status = ow_fail(why, OW_REFUSED,
                     "the test address %s is not this host's, and the control connection is IPv%u",
                     ow_address_print_host(text, sizeof text, &address), own.version);
  }
  return status;
}

enum ow_status ow_serve_far_address(const struct ow_endpoint *to, const union ow_address *remote,
                                    const union ow_address *own, union ow_address *far,
                                    struct ow_failure *why)
{
  char text[OW_ADDRESS_TEXT];
  uint32_t zone = ow_address_zone(own);
  enum ow_status status = OW_OK;
  *far = ow_endpoint_is_any(to) ? *remote : ow_address_from_endpoint(to, remote);
  ow_address_set_port(far, to->port);
  if (ow_address_lacks_zone(far) && (zone || ow_zone_of_own(own, &zone) == 1))
    far->v6.sin6_scope_id = zone;
  if (ow_address_lacks_zone(far))
    status = ow_fail(why, OW_REFUSED,
                     "the client's test address %s is link-local, and neither the control connection nor our "
                     "own test address tells by which interface it is reached",
                     ow_address_print_host(text, sizeof text, far));
  return status;
}
