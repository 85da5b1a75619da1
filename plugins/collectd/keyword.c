/* SPDX-License-Identifier: MIT */
/* Values of any type become the text that the core's parsers read. */
#include "keyword.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

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

/* ---- options of a peer ---- */

static const struct ow_spelled exceptions[] = {
    {OW_PEER_FAMILY, "AddressFamily"},
    {OW_PEER_KEY_ID, "KeyID"},
    {OW_PEER_DSCP, "DSCP"},
    {OW_PEER_SOURCE, "SourceAddress"},
    {OW_PEER_PORTS, "TestPorts"},
    {OW_PEER_NAT, "NAT"},
    {OW_PEER_SSID, "SSID"},
    {OW_PEER_TLVS, "TLVs"},
};
const struct ow_spelling owamp_spelling = {.capitals = true,
                                           .any_case = true,
                                           .exceptions = exceptions,
                                           .exception_count = sizeof exceptions / sizeof *exceptions};

static enum owamp_form form_of(enum ow_peer_option_id id)
{
  enum owamp_form form = OWAMP_TEXT;
  switch (ow_peer_options[id].type) {
  case OW_TYPE_PORT:
  case OW_TYPE_NUMBER:
  case OW_TYPE_DSCP:
  case OW_TYPE_PORTS:
  case OW_TYPE_RAISE: form = OWAMP_NUMBER; break;
  case OW_TYPE_DURATION:
  case OW_TYPE_MEAN: form = OWAMP_DURATION; break;
  case OW_TYPE_FLAG: form = OWAMP_BOOLEAN; break;
  case OW_TYPE_TEXT:
  case OW_TYPE_HOST:
  case OW_TYPE_KEY_ID:
  case OW_TYPE_FAMILY:
  case OW_TYPE_UNCERTAIN:
  case OW_TYPE_STATE:
  case OW_TYPE_DIRECTIONS:
  case OW_TYPE_MODES:
  case OW_TYPE_PROTOCOL:
  case OW_TYPE_TLVS:
  case OW_TYPE_SCHEDULE:
  case OW_TYPE_PERCENTILES:
  case OW_TYPE_THRESHOLDS: break;
  }
  return form;
}

/* ---- keywords ---- */

static const struct owamp_keyword *find_keyword(const struct owamp_block *block, const char *name)
{
  const struct owamp_keyword *found = NULL;
  for (size_t i = 0; i < block->count && !found; i++)
    if ((block->keywords[i].places & block->place) && ow_same_word(block->keywords[i].name, name))
      found = &block->keywords[i];
  return found;
}

static enum ow_status set_keyword(struct owamp_block *block, const struct owamp_keyword *keyword,
                                  const char *text, struct ow_failure *failure)
{
  uint64_t bit = UINT64_C(1) << (keyword - block->keywords);
  enum ow_status status = OW_OK;
  if ((block->seen & bit) && !keyword->repeatable)
    status = ow_fail(failure, OW_INVALID, "it is given twice");
  else
    status = keyword->set(block->settings, text, failure);
  block->seen |= bit;
  return status;
}

/* `keyword`, or, if that is NULL, the option `id`. */
static enum ow_status take(struct owamp_block *block, const oconfig_item_t *item,
                           const struct owamp_keyword *keyword, enum ow_peer_option_id id,
                           struct ow_failure *failure)
{
  char room[VALUE_TEXT] = "";
  const char *text = NULL;
  enum owamp_form form = keyword ? keyword->form : form_of(id);
  enum ow_status status = OW_OK;
  if (item->children_num > 0)
    status = ow_fail(failure, OW_INVALID, "this is a keyword with a value, not a block");
  else if (item->values_num != 1)
    status = ow_fail(failure, OW_INVALID, "it takes one value, and %d are given", item->values_num);
  if (status == OW_OK)
    status = value_text(&item->values[0], form, room, &text, failure);
  if (status == OW_OK && keyword)
    status = set_keyword(block, keyword, text, failure);
  else if (status == OW_OK)
    status = ow_peer_option_apply_once(block->peer, id, text, &block->given, failure);
  return status;
}

static enum ow_status refuse_keyword(const struct owamp_block *block, const char *name, const char *shown,
                                     struct ow_failure *failure)
{
  char meant[OW_NEAREST_TEXT];
  struct ow_nearest nearest = ow_nearest(ow_piece_of(name));
  for (size_t i = 0; i < block->count; i++)
    if (block->keywords[i].places & block->place)
      ow_nearest_offer(&nearest, block->keywords[i].name);
  if (block->face)
    ow_peer_face_offer(block->face, &nearest);
  ow_nearest_print(meant, &nearest);
  return ow_fail(failure, OW_INVALID, "%s is not a keyword here%s %s collectd-owamp(5)", shown,
                 meant[0] ? meant : ";", meant[0] ? "See" : "see");
}

enum ow_status owamp_block_take(struct owamp_block *block, const oconfig_item_t *item,
                                struct ow_failure *failure)
{
  char shown[64];
  const struct owamp_keyword *keyword = find_keyword(block, item->key);
  enum ow_peer_option_id id = OW_PEER_OPTIONS;
  enum ow_status status;
  ow_printable(shown, sizeof shown, item->key, strlen(item->key));
  if (!keyword && !(block->face && ow_peer_face_find(block->face, item->key, &id))) {
    status = refuse_keyword(block, item->key, shown, failure);
  } else {
    status = take(block, item, keyword, id, failure);
    if (status != OW_OK)
      ow_fail_within(failure, "%s", shown);
  }
  return status;
}

enum ow_status owamp_item_argument(const oconfig_item_t *item, const char **text, struct ow_failure *failure)
{
  if (item->values_num != 1 || item->values[0].type != OCONFIG_TYPE_STRING)
    return ow_fail(failure, OW_INVALID, "it takes one text, as in <%.20s \"text\">", item->key);
  *text = item->values[0].value.string;
  return OW_OK;
}

/* ---- for setters ---- */

enum ow_status owamp_take_mode(uint32_t *modes, const char *text, struct ow_failure *failure)
{
  char shown[32];
  enum ow_mode mode = ow_mode_from_name(text);
  if (!(mode & OW_MODES_ALL))
    return ow_fail(failure, OW_INVALID, "'%s' is not one of open, authenticated, encrypted",
                   ow_printable(shown, sizeof shown, text, strlen(text)));
  *modes |= (uint32_t)mode;
  return OW_OK;
}
