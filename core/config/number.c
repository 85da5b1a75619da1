#include "config/peer.h"

#include <string.h>

/* Wrong for anything but 1 to 10 digits that fit. */
static bool read_digits(const char *text, uint32_t *value)
{
  uint64_t sum = 0;
  size_t digits = strspn(text, "0123456789");
  bool right = digits >= 1 && digits <= 10 && text[digits] == '\0';
  for (size_t i = 0; right && i < digits; i++)
    sum = 10 * sum + (uint64_t)(text[i] - '0');
  *value = (uint32_t)sum;
  return right && sum <= UINT32_MAX;
}

enum ow_status ow_peer_parse_number(const char *text, uint32_t least, uint32_t most, uint32_t *value,
                                    struct ow_failure *failure)
{
  char shown[64];
  uint32_t number = 0;
  enum ow_status status = OW_OK;
  if (!read_digits(text, &number) || number < least || number > most)
    status = ow_fail(failure, OW_INVALID, "'%s' is not a number from %u to %u",
                     ow_printable(shown, sizeof shown, text, strlen(text)), least, most);
  else
    *value = number;
  return status;
}
