/* SPDX-License-Identifier: MIT */
/* By the C library's own reader, which knows no zones. */
#include "support/address.h"

#include <arpa/inet.h>
#include <check.h>
#include <string.h>

union ow_address test_address(const char *text, uint16_t port)
{
  union ow_address address;
  memset(&address, 0, sizeof address);
  address.any.sa_family = strchr(text, ':') ? AF_INET6 : AF_INET;
  if (address.any.sa_family == AF_INET6)
    ck_assert_int_eq(inet_pton(AF_INET6, text, &address.v6.sin6_addr), 1);
  else
    ck_assert_int_eq(inet_pton(AF_INET, text, &address.v4.sin_addr), 1);
  ow_address_set_port(&address, port);
  return address;
}
