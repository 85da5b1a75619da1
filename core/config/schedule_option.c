/* SPDX-License-Identifier: MIT */
/* A schedule as people write it, "exp:10ms,fixed:5ms", to slots and back. */
#include "config/peer.h"

#include <stdio.h>
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

/* What was read: spans are finer than nanoseconds, and what they are made from is rounded. */
static int64_t slot_ns(const struct ow_slot *slot)
{
  int64_t ns = ow_span_to_ns(slot->parameter);
  return ow_span_from_ns(ns).ntp == slot->parameter.ntp ? ns : ns + 1;
}

void ow_peer_print_schedule(char *out, size_t size, const struct ow_peer *peer)
{
  size_t used = 0;
  out[0] = '\0';
  for (uint32_t i = 0; i < peer->slot_count && used < size; i++) {
    char parameter[OW_DURATION_TEXT];
    ow_duration_print(parameter, sizeof parameter, slot_ns(&peer->slots[i]));
    used += (size_t)snprintf(out + used, size - used, "%s%s:%s", i ? "," : "",
                             peer->slots[i].kind == OW_SLOT_EXPONENTIAL ? "exp" : "fixed", parameter);
  }
}

void ow_peer_print_mean(char *out, size_t size, const struct ow_peer *peer)
{
  out[0] = '\0';
  if (peer->slot_count == 1 && peer->slots[0].kind == OW_SLOT_EXPONENTIAL)
    ow_duration_print(out, size, slot_ns(&peer->slots[0]));
}
