/* SPDX-License-Identifier: MIT */
/* A list of percentiles as people write it, "50,95,99.9", and back. */
#include <stdio.h>
#include <string.h>

#include "config/peer.h"
#include "text/percentile.h"

/* In its place; false if it is there already, or there is no room. */
static bool insert(struct ow_percentiles *list, uint32_t percentile)
{
  uint32_t place = list->count;
  bool good = list->count < OW_PERCENTILES_MOST;
  while (place > 0 && list->list[place - 1] >= percentile)
    place--;
  good = good && (place == list->count || list->list[place] != percentile);
  if (good) {
    memmove(&list->list[place + 1], &list->list[place], (list->count - place) * sizeof *list->list);
    list->list[place] = percentile;
    list->count++;
  }
  return good;
}

enum ow_status ow_peer_parse_percentiles(const char *text, struct ow_percentiles *percentiles,
                                         struct ow_failure *failure)
{
  struct ow_percentiles list = {.count = 0};
  char shown[OW_PIECE_TEXT];
  enum ow_status status = OW_OK;
  for (const char *at = text; status == OW_OK && at;) {
    struct ow_piece piece = {at, strcspn(at, ",")};
    uint32_t percentile;
    if (!ow_percentile_parse(piece, &percentile))
      status =
          ow_fail(failure, OW_INVALID,
                  "'%s' is no percentile: write some with commas between, as in 50,95,99.9; each above 0 "
                  "and up to 100, with three decimal places at most",
                  ow_piece_print(shown, piece));
    else if (!insert(&list, percentile))
      status = ow_fail(failure, OW_INVALID, "there are up to %d percentiles, each once", OW_PERCENTILES_MOST);
    at = at[piece.length] ? at + piece.length + 1 : NULL;
  }
  if (status == OW_OK)
    *percentiles = list;
  return status;
}

void ow_peer_print_percentiles(char *out, size_t size, const struct ow_percentiles *percentiles)
{
  char number[OW_PERCENTILE_TEXT];
  size_t length = 0;
  out[0] = '\0';
  for (uint32_t i = 0; i < percentiles->count && length < size; i++)
    length += (size_t)snprintf(out + length, size - length, "%s%s", i ? "," : "",
                               ow_percentile_print(number, percentiles->list[i]));
}
