#include "text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char *check_decimal_text(char out[CHECK_NUMBER], double value)
{
  int length = snprintf(out, CHECK_NUMBER, "%.9f", value);
  if (length < 0 || length >= CHECK_NUMBER)
    length = snprintf(out, CHECK_NUMBER, "0.0");
  while (out[length - 1] == '0')
    length--;
  if (out[length - 1] == '.')
    length--;
  out[length] = '\0';
  return strcmp(out, "-0") == 0 ? out + 1 : out;
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
