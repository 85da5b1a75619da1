/* SPDX-License-Identifier: MIT */
/* Pointers sorted by SID. */
#include "control/stop_index.h"

#include <stdlib.h>
#include <string.h>

enum { FEW = 8 };

static int compare_ends(const void *a, const void *b)
{
  const struct ow_session_end *const *left = a;
  const struct ow_session_end *const *right = b;
  return memcmp((*left)->sid.octets, (*right)->sid.octets, OW_SID);
}

static int compare_sid(const void *key, const void *element)
{
  const struct ow_sid *sid = key;
  const struct ow_session_end *const *end = element;
  return memcmp(sid->octets, (*end)->sid.octets, OW_SID);
}

void ow_stop_index_make(struct ow_stop_index *index, const struct ow_session_end *ends, uint32_t count)
{
  *index = (struct ow_stop_index){.ends = ends, .count = ends ? count : 0};
  if (index->count > FEW)
    index->by_sid = calloc(index->count, sizeof(const struct ow_session_end *));
  if (index->by_sid) {
    for (uint32_t i = 0; i < index->count; i++)
      index->by_sid[i] = &ends[i];
    qsort(index->by_sid, index->count, sizeof *index->by_sid, compare_ends);
  }
}

const struct ow_session_end *ow_stop_index_find(const struct ow_stop_index *index, const struct ow_sid *sid)
{
  const struct ow_session_end *found = NULL;
  if (index->by_sid) {
    const struct ow_session_end **at =
        bsearch(sid, index->by_sid, index->count, sizeof *index->by_sid, compare_sid);
    found = at ? *at : NULL;
  } else {
    for (uint32_t i = 0; i < index->count && !found; i++)
      if (memcmp(index->ends[i].sid.octets, sid->octets, OW_SID) == 0)
        found = &index->ends[i];
  }
  return found;
}

void ow_stop_index_clear(struct ow_stop_index *index)
{
  free(index->by_sid);
  *index = (struct ow_stop_index){0};
}
