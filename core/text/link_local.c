/* SPDX-License-Identifier: MIT */
/* Four hexadecimal digits from fe80 to febf and a colon: no name has that. */
#include "text/link_local.h"

#include <string.h>

#include "text/hex.h"
#include "text/word.h"

bool ow_is_link_local(const char *address)
{
  return ow_lower(address[0]) == 'f' && ow_lower(address[1]) == 'e' && address[2] &&
         strchr("89abAB", address[2]) && ow_hex_digit(address[3]) >= 0 && address[4] == ':';
}

bool ow_lacks_zone(const char *address)
{
  return ow_is_link_local(address) && !strchr(address, '%');
}
