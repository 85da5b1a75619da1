/* SPDX-License-Identifier: MIT */
/* Sentences are formatted here, put before others, and cleaned of what can't be printed. */
#include "base/status.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

__attribute__((format(printf, 4, 0))) static void fill_in(struct ow_failure *failure, enum ow_status status,
                                                          int error, const char *format, va_list arguments)
{
  if (failure) {
    failure->status = status;
    failure->error = error;
    vsnprintf(failure->text, sizeof failure->text, format, arguments);
  }
}

enum ow_status ow_fail(struct ow_failure *failure, enum ow_status status, const char *format, ...)
{
  va_list arguments;
  va_start(arguments, format);
  fill_in(failure, status, 0, format, arguments);
  va_end(arguments);
  return status;
}

enum ow_status ow_fail_errno(struct ow_failure *failure, enum ow_status status, int error, const char *format,
                             ...)
{
  va_list arguments;
  va_start(arguments, format);
  fill_in(failure, status, error, format, arguments);
  va_end(arguments);
  return status;
}

enum ow_status ow_fail_within(struct ow_failure *failure, const char *format, ...)
{
  char inner[OW_FAILURE_TEXT];
  memcpy(inner, failure->text, sizeof inner);

  va_list arguments;
  va_start(arguments, format);
  int length = vsnprintf(failure->text, sizeof failure->text, format, arguments);
  va_end(arguments);
  size_t at = length < 0 ? 0 : (size_t)length;
  if (at < sizeof failure->text) {
    int room = (int)(sizeof failure->text - at) - 3;
    snprintf(failure->text + at, sizeof failure->text - at, ": %.*s", room > 0 ? room : 0, inner);
  }
  return failure->status;
}

const char *ow_printable(char *out, unsigned long out_size, const void *text, unsigned long octets)
{
  const unsigned char *from = text;
  unsigned long length = octets < out_size - 1 ? octets : out_size - 1;
  for (unsigned long i = 0; i < length; i++)
    out[i] = from[i] >= 0x20 && from[i] < 0x7f ? (char)from[i] : '?';
  out[length] = '\0';
  return out;
}
