#include "keyword.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "config/peer.h"
#include "text/word.h"
#include "time/timestamp.h"

enum { VALUE_TEXT = 48 };

static const double largest_whole = 1e15; /* a double holds every integer up to here */

/* ---- values ---- */

static enum ow_status whole_text(double number, char out[VALUE_TEXT], struct ow_failure *failure)
{
  if (!(fabs(number) <= largest_whole) || floor(number) != number)
    return ow_fail(failure, OW_INVALID, "the value is not a whole number");
  snprintf(out, VALUE_TEXT, "%lld", (long long)number);
  return OW_OK;
}

/* In integers: collectd's locale may write a comma. */
static enum ow_status seconds_text(double seconds, char out[VALUE_TEXT], struct ow_failure *failure)
{
  if (!(seconds > 0) || seconds > 1e6)
    return ow_fail(failure, OW_INVALID, "the value is not a positive number of seconds, a day at most");
  long long ns = llround(seconds * (double)OW_NS_PER_S);
  snprintf(out, VALUE_TEXT, "%lld.%09llds", ns / OW_NS_PER_S, ns % OW_NS_PER_S);
  return OW_OK;
}

static enum ow_status number_text(double number, enum owamp_form form, char out[VALUE_TEXT],
                                  struct ow_failure *failure)
{
  enum ow_status status;
  if (form == OWAMP_DURATION)
    status = seconds_text(number, out, failure);
  else if (form == OWAMP_NUMBER)
    status = whole_text(number, out, failure);
  else
    status = ow_fail(failure, OW_INVALID, "the value is a number, where a text in quotation marks is due");
  return status;
}

/* The value as the core's parsers read it; `text` points into it or into `out`. */
static enum ow_status value_text(const oconfig_value_t *value, enum owamp_form form, char out[VALUE_TEXT],
                                 const char **text, struct ow_failure *failure)
{
  enum ow_status status = OW_OK;
  *text = out;
  if (value->type == OCONFIG_TYPE_STRING)
    *text = value->value.string;
  else if (value->type == OCONFIG_TYPE_NUMBER)
    status = number_text(value->value.number, form, out, failure);
  else if (form == OWAMP_BOOLEAN)
    *text = value->value.boolean ? "true" : "false";
  else
    status = ow_fail(failure, OW_INVALID, "the value is true or false, which means nothing here");
  return status;
}

/* ---- keywords ---- */

static const struct owamp_keyword *find(const struct owamp_block *block, const char *name)
{
  const struct owamp_keyword *found = NULL;
  for (size_t i = 0; i < block->count && !found; i++)
    if ((block->keywords[i].places & block->place) && ow_same_word(block->keywords[i].name, name))
      found = &block->keywords[i];
  return found;
}

static uint64_t bit_of(const struct owamp_block *block, const struct owamp_keyword *keyword)
{
  return UINT64_C(1) << (keyword - block->keywords);
}

static enum ow_status take(struct owamp_block *block, const oconfig_item_t *item,
                           const struct owamp_keyword *keyword, struct ow_failure *failure)
{
  char room[VALUE_TEXT] = "";
  const char *text = NULL;
  enum ow_status status = OW_OK;
  if (item->children_num > 0)
    status = ow_fail(failure, OW_INVALID, "this is a keyword with a value, not a block");
  else if (item->values_num != 1)
    status = ow_fail(failure, OW_INVALID, "it takes one value, and %d are given", item->values_num);
  else if ((block->seen & bit_of(block, keyword)) && !keyword->repeatable)
    status = ow_fail(failure, OW_INVALID, "it is given twice");
  if (status == OW_OK)
    status = value_text(&item->values[0], keyword->form, room, &text, failure);
  if (status == OW_OK)
    status = keyword->set(block->settings, text, failure);
  return status;
}

enum ow_status owamp_block_take(struct owamp_block *block, const oconfig_item_t *item,
                                struct ow_failure *failure)
{
  char shown[64];
  const struct owamp_keyword *keyword = find(block, item->key);
  enum ow_status status;
  ow_printable(shown, sizeof shown, item->key, strlen(item->key));
  if (!keyword) {
    status = ow_fail(failure, OW_INVALID, "%s is not a keyword here; see collectd-owamp(5)", shown);
  } else {
    status = take(block, item, keyword, failure);
    block->seen |= bit_of(block, keyword);
    if (status != OW_OK)
      ow_fail_within(failure, "%s", shown);
  }
  return status;
}

bool owamp_block_has(const struct owamp_block *block, const char *name)
{
  const struct owamp_keyword *keyword = find(block, name);
  return keyword && (block->seen & bit_of(block, keyword));
}

enum ow_status owamp_item_argument(const oconfig_item_t *item, const char **text, struct ow_failure *failure)
{
  if (item->values_num != 1 || item->values[0].type != OCONFIG_TYPE_STRING)
    return ow_fail(failure, OW_INVALID, "it takes one text, as in <%.20s \"text\">", item->key);
  *text = item->values[0].value.string;
  return OW_OK;
}

/* ---- for setters ---- */

enum ow_status owamp_take_text(char *out, size_t size, const char *text, struct ow_failure *failure)
{
  size_t length = strlen(text);
  enum ow_status status = OW_OK;
  if (length == 0)
    status = ow_fail(failure, OW_INVALID, "the value is empty");
  else if (length >= size)
    status = ow_fail(failure, OW_INVALID, "the value is longer than %zu characters", size - 1);
  else
    memcpy(out, text, length + 1);
  return status;
}

static bool is_one_of(const char *text, const char *const words[3])
{
  return ow_same_word(text, words[0]) || ow_same_word(text, words[1]) || ow_same_word(text, words[2]);
}

enum ow_status owamp_take_boolean(bool *out, const char *text, struct ow_failure *failure)
{
  static const char *const yes[] = {"true", "yes", "on"};
  static const char *const no[] = {"false", "no", "off"};
  *out = is_one_of(text, yes);
  return *out || is_one_of(text, no) ? OW_OK
                                     : ow_fail(failure, OW_INVALID, "the value is neither true nor false");
}

enum ow_status owamp_take_mode(uint32_t *modes, const char *text, struct ow_failure *failure)
{
  char shown[32];
  enum ow_mode mode = ow_mode_from_name(text);
  if (mode == OW_MODE_NONE)
    return ow_fail(failure, OW_INVALID, "'%s' is not one of open, authenticated, encrypted",
                   ow_printable(shown, sizeof shown, text, strlen(text)));
  *modes |= (uint32_t)mode;
  return OW_OK;
}
