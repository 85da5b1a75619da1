#include "text/quantity.h"

#include <string.h>

#include "base/units.h"

/* The number that `*text` begins with; false if there is none or it is too large. */
static bool take_digits(const char **text, uint64_t *value)
{
  const char *at = *text;
  bool fits = true;
  *value = 0;
  for (; *at >= '0' && *at <= '9'; at++)
    fits = fits && !__builtin_mul_overflow(*value, 10U, value) &&
           !__builtin_add_overflow(*value, (uint64_t)(*at - '0'), value);
  fits = fits && at != *text;
  *text = at;
  return fits;
}

bool ow_whole_parse(const char *text, uint64_t *value)
{
  return take_digits(&text, value) && *text == '\0';
}

static char lower(char letter)
{
  return letter >= 'A' && letter <= 'Z' ? (char)(letter - 'A' + 'a') : letter;
}

bool ow_quantity_parse(const char *text, uint64_t *value)
{
  static const char suffixes[] = "kmgtpe";
  bool fits = take_digits(&text, value);
  if (fits && *text != '\0') {
    const char *suffix = strchr(suffixes, lower(*text));
    fits = suffix && text[1] == '\0';
    for (const char *at = suffixes; fits && at <= suffix; at++)
      fits = !__builtin_mul_overflow(*value, 1000U, value);
  }
  return fits;
}

bool ow_seconds_parse(const char *text, int64_t *nanoseconds)
{
  enum { SECONDS_MOST = 1000 * 1000 * 1000 };
  uint64_t whole;
  int64_t fraction = 0;
  if (!take_digits(&text, &whole) || whole > SECONDS_MOST)
    return false;
  if (*text == '.') {
    int64_t place = OW_NS_PER_S / 10;
    for (text++; *text >= '0' && *text <= '9'; text++, place /= 10)
      fraction += (*text - '0') * place;
  }
  *nanoseconds = (int64_t)whole * OW_NS_PER_S + fraction;
  return *text == '\0';
}

bool ow_same_word(const char *a, const char *b)
{
  while (*a != '\0' && lower(*a) == lower(*b)) {
    a++;
    b++;
  }
  return *a == '\0' && *b == '\0';
}
