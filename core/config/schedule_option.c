#include "config/peer.h"

#include <string.h>

#include "text/duration.h"

enum { SLOT_TEXT = 64 };

static bool read_kind(const char *word, size_t length, enum ow_slot_kind *kind)
{
  bool known = true;
  if (length == 3 && memcmp(word, "exp", 3) == 0)
    *kind = OW_SLOT_EXPONENTIAL;
  else if (length == 5 && memcmp(word, "fixed", 5) == 0)
    *kind = OW_SLOT_FIXED;
  else
    known = false;
  return known;
}

static enum ow_status parse_slot(const char *text, size_t length, struct ow_slot *slot,
                                 struct ow_failure *failure)
{
  char piece[SLOT_TEXT] = "";
  int64_t ns = 0;
  /* What is longer than any right slot is cut for show, and refused. */
  ow_printable(piece, sizeof piece, text, length);
  size_t kind_length = strcspn(piece, ":");
  enum ow_status status = OW_OK;
  if (length >= sizeof piece || piece[kind_length] != ':' || !read_kind(piece, kind_length, &slot->kind))
    status = ow_fail(failure, OW_INVALID,
                     "slot '%s': write exp:MEAN or fixed:DISTANCE, as in exp:10ms,fixed:5ms", piece);
  else
    status = ow_duration_parse(piece + kind_length + 1, &ns, failure);
  if (status == OW_OK)
    slot->parameter = ow_span_from_ns(ns);
  return status;
}

enum ow_status ow_peer_parse_schedule(const char *text, struct ow_peer *peer, struct ow_failure *failure)
{
  struct ow_slot slots[OW_MAX_SLOTS] = {0};
  uint32_t count = 0;
  bool more = true;
  enum ow_status status = OW_OK;
  for (const char *at = text; status == OW_OK && more;) {
    size_t length = strcspn(at, ",");
    if (count == OW_MAX_SLOTS)
      status = ow_fail(failure, OW_INVALID, "more than %d slots in the schedule", OW_MAX_SLOTS);
    else
      status = parse_slot(at, length, &slots[count], failure);
    if (status == OW_OK) {
      count++;
      more = at[length] == ',';
      at += length + 1;
    }
  }
  if (status == OW_OK) {
    memcpy(peer->slots, slots, sizeof slots);
    peer->slot_count = count;
  }
  return status;
}
