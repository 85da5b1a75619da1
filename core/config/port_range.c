#include "config/peer.h"

#include <string.h>

enum ow_status ow_peer_parse_ports(const char *text, uint16_t *low, uint16_t *high,
                                   struct ow_failure *failure)
{
  char shown[32];
  char first[8] = "";
  uint32_t from = 0;
  uint32_t to = 0;
  size_t length = strcspn(text, "-");
  const char *last = text[length] == '-' ? text + length + 1 : text;
  enum ow_status status = OW_INVALID;
  if (length < sizeof first) {
    memcpy(first, text, length);
    status = ow_peer_parse_number(first, 1, UINT16_MAX, &from, NULL);
  }
  if (status == OW_OK)
    status = ow_peer_parse_number(last, from, UINT16_MAX, &to, NULL);

  if (status != OW_OK) {
    ow_fail(failure, status, "'%s' is not a range of ports: write LOW-HIGH, as in 8760-9960, from 1 to 65535",
            ow_printable(shown, sizeof shown, text, strlen(text)));
  } else {
    *low = (uint16_t)from;
    *high = (uint16_t)to;
  }
  return status;
}
