/* SPDX-License-Identifier: MIT */
/* From errno to a status, and a sentence with what would help. */
#include "io/own_end.h"

#include <errno.h>
#include <string.h>

static enum ow_status status_of(int error)
{
  enum ow_status status = OW_NETWORK;
  switch (error) {
  case EADDRNOTAVAIL:
  case EAFNOSUPPORT:
  case EACCES:
  case EPERM:
  case EINVAL:
  case ENODEV: status = OW_INVALID; break;
  case EADDRINUSE: status = OW_LIMIT; break;
  default: break;
  }
  return status;
}

enum ow_status ow_fail_bind(struct ow_failure *failure, const char *protocol, const union ow_address *address,
                            int error)
{
  char text[OW_ADDRESS_TEXT];
  const char *why = strerrordesc_np(error);
  if (error == EADDRNOTAVAIL)
    why = "no interface of this host has it";
  else if (error == EACCES)
    why = "Permission denied (ports below 1024 take the capability CAP_NET_BIND_SERVICE)";
  if (ow_address_port(address))
    ow_address_print(text, sizeof text, address);
  else
    ow_address_print_host(text, sizeof text, address);
  return ow_fail_errno(failure, status_of(error), error, "cannot bind %s to %s: %s", protocol, text, why);
}

enum ow_status ow_fail_interface(struct ow_failure *failure, const char *interface, int error)
{
  const char *why = strerrordesc_np(error);
  if (error == EPERM)
    why = "it takes the capability CAP_NET_RAW here";
  else if (error == ENODEV)
    why = "this host has none of that name";
  return ow_fail_errno(failure, status_of(error), error, "cannot use interface %s: %s", interface, why);
}
