/* SPDX-License-Identifier: MIT */
/* The published list merged with what is known; then for each stream what is new is asked for. */
#include "query/mirror_streams.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report/answer.h"

enum { OVERLAP = 2 }; /* intervals asked for beyond the missing: one that we have, one that ends meanwhile */

/* A stream that is published, and how far we have followed it. */
struct ow_mirrored_stream {
  char name[OW_STREAM_NAME];
  bool foreign; /* somebody else's on our board: not ours to touch */
  bool current; /* as of `version` */
  uint64_t version;
  uint64_t newest; /* interval that we have; 0: none */
  uint64_t there;  /* the newest there */
};

/* ---- the list ---- */

static int by_name(const void *a, const void *b)
{
  return strcmp(a, b);
}

static struct ow_mirrored_stream *find_stream(struct ow_mirrored_stream *list, size_t count, const char *name)
{
  return count ? bsearch(name, list, count, sizeof *list, by_name) : NULL;
}

/* One that appears. A name that is taken isn't ours. */
static struct ow_mirrored_stream new_stream(const struct ow_mirror_streams *streams, const char *name)
{
  struct ow_mirrored_stream stream = {.current = false};
  memcpy(stream.name, name, sizeof stream.name);
  stream.foreign = ow_board_stream_version(streams->board, name) != 0;
  if (stream.foreign)
    ow_log(streams->log, OW_LOG_WARNING,
           "query socket %s: stream %s is left out, there is one of that name already", streams->path, name);
  return stream;
}

static struct ow_mirrored_stream merge(const struct ow_mirror_streams *streams,
                                       const struct ow_listed *listed)
{
  const struct ow_mirrored_stream *known = find_stream(streams->list, streams->count, listed->name);
  struct ow_mirrored_stream stream = known ? *known : new_stream(streams, listed->name);
  stream.current = stream.current && stream.version == listed->version;
  stream.there = listed->newest;
  return stream;
}

/* `list` takes the place of what was known; what isn't in it leaves the board. */
static void replace_list(struct ow_mirror_streams *streams, struct ow_mirrored_stream *list, size_t count)
{
  for (size_t i = 0; i < streams->count; i++) {
    const struct ow_mirrored_stream *old = &streams->list[i];
    if (!old->foreign && !find_stream(list, count, old->name))
      ow_board_remove_stream(streams->board, old->name);
  }
  free(streams->list);
  streams->list = list;
  streams->count = count;
  streams->next = streams->asked_count = streams->answered = 0;
}

/* `listed` is sorted here, whatever the other side did: the search relies on it. */
static enum ow_status take_list(struct ow_mirror_streams *streams, struct ow_listed *listed, size_t count,
                                struct ow_failure *failure)
{
  size_t kept = 0;
  struct ow_mirrored_stream *list = calloc(count + 1, sizeof *list);
  if (!list)
    return ow_fail(failure, OW_MEMORY, "no memory for %zu streams", count);
  qsort(listed, count, sizeof *listed, by_name);
  for (size_t i = 0; i < count; i++)
    if (kept == 0 || strcmp(list[kept - 1].name, listed[i].name) != 0)
      list[kept++] = merge(streams, &listed[i]);
  replace_list(streams, list, kept);
  return OW_OK;
}

enum ow_status ow_mirror_streams_list(struct ow_mirror_streams *streams, const char *line, size_t octets,
                                      struct ow_failure *failure)
{
  struct ow_listed *listed = NULL;
  size_t count = 0;
  enum ow_status status = ow_answer_read_list(line, octets, &listed, &count, &streams->histograms, failure);
  if (status == OW_OK)
    status = take_list(streams, listed, count, failure);
  free(listed);
  return status;
}

/* ---- what has changed ---- */

static size_t wanted(const struct ow_mirror_streams *streams, const struct ow_mirrored_stream *stream)
{
  uint64_t count = ow_board_history(streams->board);
  if (stream->newest > 0 && stream->there >= stream->newest)
    count = stream->there - stream->newest + OVERLAP;
  return count < OW_QUERY_INTERVALS ? (size_t)count : OW_QUERY_INTERVALS;
}

size_t ow_mirror_streams_ask(struct ow_mirror_streams *streams, char text[OW_MIRROR_TEXT])
{
  size_t length = 0;
  size_t intervals = 0;
  streams->asked_count = streams->answered = 0;
  for (; streams->next < streams->count && streams->asked_count < OW_MIRROR_BATCH &&
         intervals < OW_QUERY_INTERVALS;
       streams->next++) {
    struct ow_mirrored_stream *stream = &streams->list[streams->next];
    if (!stream->current && !stream->foreign) {
      size_t count = wanted(streams, stream);
      length += (size_t)snprintf(text + length, OW_MIRROR_TEXT - length, "get %s %zu%s\n", stream->name,
                                 count, streams->histograms ? " histograms" : "");
      intervals += count;
      streams->wanted[streams->asked_count] = count;
      streams->asked[streams->asked_count++] = stream;
    }
  }
  return length;
}

size_t ow_mirror_streams_awaited(const struct ow_mirror_streams *streams)
{
  return ow_mirror_streams_wait(streams) ? streams->wanted[streams->answered] : 0;
}

bool ow_mirror_streams_wait(const struct ow_mirror_streams *streams)
{
  return streams->answered < streams->asked_count;
}

static enum ow_status take_stream(struct ow_mirror_streams *streams, struct ow_mirrored_stream *stream,
                                  const struct ow_stream_view *view, size_t count, struct ow_failure *failure)
{
  if (strcmp(view->name, stream->name) != 0)
    return ow_fail(failure, OW_PROTOCOL, "the answer is about another stream, %s", view->name);
  if (ow_board_mirror(streams->board, view, streams->intervals, count) != OW_OK)
    return ow_fail(failure, OW_MEMORY, "no memory for stream %s", stream->name);
  stream->current = true;
  stream->version = view->version;
  stream->newest = count ? streams->intervals[count - 1].number : 0;
  return OW_OK;
}

/* Refused: it has gone since it was listed. */
enum ow_status ow_mirror_streams_answer(struct ow_mirror_streams *streams, const char *line, size_t octets,
                                        struct ow_failure *failure)
{
  struct ow_stream_view view;
  size_t got = 0;
  size_t most = ow_mirror_streams_awaited(streams);
  struct ow_mirrored_stream *stream = streams->asked[streams->answered++];
  enum ow_status status = ow_answer_read_stream(line, octets, &view, streams->intervals, most, &got, failure);
  if (status == OW_OK)
    status = take_stream(streams, stream, &view, got, failure);
  else if (status == OW_REFUSED)
    status = OW_OK;
  for (size_t i = 0; i < got; i++)
    ow_interval_drop(&streams->intervals[i]);
  return status;
}

/* ---- nobody answers ---- */

void ow_mirror_streams_down(struct ow_mirror_streams *streams, const struct ow_failure *failure,
                            struct ow_timestamp now)
{
  struct ow_stream_view view;
  for (size_t i = 0; i < streams->count; i++) {
    struct ow_mirrored_stream *stream = &streams->list[i];
    stream->current = false; /* another process' versions say nothing */
    if (!stream->foreign && ow_board_view(streams->board, stream->name, &view) &&
        (view.state != OW_STREAM_DOWN || strcmp(view.reason, failure->text) != 0)) {
      view.state = OW_STREAM_DOWN;
      view.status = failure->status;
      memcpy(view.reason, failure->text, sizeof view.reason);
      ow_board_set_state(streams->board, &view, now);
    }
  }
}

void ow_mirror_streams_clear(struct ow_mirror_streams *streams)
{
  replace_list(streams, NULL, 0);
}
