/* SPDX-License-Identifier: MIT */
/* Looked at before it is copied: what is refused leaves the field alone. */
#include "text/field.h"

#include <string.h>

enum ow_status ow_field_copy(char *field, size_t size, const char *text, struct ow_failure *failure)
{
  size_t length = strlen(text);
  enum ow_status status = OW_OK;
  if (length == 0)
    status = ow_fail(failure, OW_INVALID, "the value is empty");
  else if (length >= size)
    status = ow_fail(failure, OW_INVALID, "the value is longer than %zu characters", size - 1);
  if (status == OW_OK) {
    memset(field, 0, size);
    memcpy(field, text, length);
  }
  return status;
}
