/* SPDX-License-Identifier: MIT */
/* Text is added to a line as far as it fits, cleaned of '|' and what can't be printed. */
#include "text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "text/decimal.h"

const char *check_decimal_text(char out[CHECK_NUMBER], double value)
{
  return ow_decimal_print(out, CHECK_NUMBER, value, 9, true);
}

static void clean(char *at)
{
  for (; *at; at++)
    if (*at < ' ' || *at > '~' || *at == '|')
      *at = '?';
}

void check_text_add(struct check_text *text, const char *format, ...)
{
  char *at = text->out + text->length;
  size_t room = text->size - text->length;
  va_list arguments;
  va_start(arguments, format);
  int wanted = vsnprintf(at, room, format, arguments);
  va_end(arguments);
  if (wanted >= 0 && (size_t)wanted >= room) {
    text->length = text->size - 1;
    memcpy(text->out + text->size - 4, "...", 4);
  } else if (wanted > 0) {
    text->length += (size_t)wanted;
  }
  clean(at);
}

void check_text_next(struct check_text *text)
{
  if (text->length > 0)
    check_text_add(text, "; ");
}
