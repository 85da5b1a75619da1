/* SPDX-License-Identifier: MIT */
/* A sorted array of streams, each with a ring of intervals; every change is a new version. */
#include "results/board.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/sorted_array.h"

#include "results/mark.h"

/* The last intervals of a stream: number `first` of the ring is the oldest. */
struct ring {
  struct ow_interval *intervals;
  uint32_t slots;
  uint32_t first;
  uint32_t count;
};

struct entry {
  struct ow_stream_view view;
  struct ring ring;
};

struct ow_board {
  pthread_mutex_t lock; /* guards all but `history` and `version` */
  uint32_t history;
  atomic_uint_fast64_t version;
  struct entry **entries; /* sorted by name */
  size_t count;
};

/* ---- the ring ---- */

static struct ow_interval *ring_at(const struct ring *ring, uint32_t index)
{
  return &ring->intervals[(ring->first + index) % ring->slots];
}

static void ring_clear(struct ring *ring)
{
  for (uint32_t i = 0; i < ring->count; i++)
    ow_interval_drop(ring_at(ring, i));
  ring->first = ring->count = 0;
}

/* It grows with what is in it: most streams of a short life never need all of the history. */
static bool ring_grow(struct ring *ring, uint32_t most)
{
  uint32_t slots = ring->slots ? ring->slots * 2 : 2;
  if (slots > most || slots < ring->slots)
    slots = most;
  struct ow_interval *intervals = calloc(slots, sizeof *intervals);
  if (intervals) {
    for (uint32_t i = 0; i < ring->count; i++)
      intervals[i] = *ring_at(ring, i);
    free(ring->intervals);
    ring->intervals = intervals;
    ring->slots = slots;
    ring->first = 0;
  }
  return intervals != NULL;
}

/* Without memory for more the oldest goes early: the newest is worth more. */
static void ring_add(struct ring *ring, uint32_t most, const struct ow_interval *interval)
{
  if (ring->count == ring->slots && ring->slots < most)
    (void)ring_grow(ring, most);
  if (ring->slots == 0)
    return;
  if (ring->count == ring->slots) {
    ow_interval_drop(ring_at(ring, 0));
    ring->first = (ring->first + 1) % ring->slots;
  } else {
    ring->count++;
  }
  *ring_at(ring, ring->count - 1) = *interval;
  ow_interval_share(ring_at(ring, ring->count - 1));
}

/* What is read has no histograms: few need them, and those are their users then. */
static void copy_out(const struct ow_interval *from, bool histograms, struct ow_interval *to)
{
  *to = *from;
  for (int d = 0; d < OW_RESULTS && !histograms; d++)
    to->results[d].histogram = NULL;
  ow_interval_share(to);
}

/* The oldest with a number above `after`. */
static size_t ring_copy(const struct ring *ring, uint64_t after, struct ow_interval *intervals, size_t most)
{
  size_t count = 0;
  for (uint32_t i = 0; i < ring->count && count < most; i++) {
    const struct ow_interval *interval = ring_at(ring, i);
    if (interval->number > after)
      copy_out(interval, false, &intervals[count++]);
  }
  return count;
}

static size_t ring_copy_last(const struct ring *ring, bool histograms, struct ow_interval *intervals,
                             size_t most)
{
  uint32_t count = ring->count < most ? ring->count : (uint32_t)most;
  for (uint32_t i = 0; i < count; i++)
    copy_out(ring_at(ring, ring->count - count + i), histograms, &intervals[i]);
  return count;
}

/* ---- entries ---- */

static int compare_name(const void *name, const void *element)
{
  const struct entry *const *entry = element;
  return strcmp(name, (*entry)->view.name);
}

/* Where `name` stands, or would. */
static size_t place_of(const struct ow_board *board, const char *name, bool *found)
{
  return ow_sorted_place(board->entries, board->count, sizeof *board->entries, name, compare_name, found);
}

static struct entry *find_entry(const struct ow_board *board, const char *name)
{
  bool found;
  size_t place = place_of(board, name, &found);
  return found ? board->entries[place] : NULL;
}

static void free_entry(struct entry *entry)
{
  if (entry) {
    ring_clear(&entry->ring);
    free(entry->ring.intervals);
  }
  free(entry);
}

/* The entry of that name, made if there is none; NULL without memory. */
static struct entry *find_or_add(struct ow_board *board, const char *name)
{
  bool found;
  size_t place = place_of(board, name, &found);
  struct entry *entry = found ? board->entries[place] : calloc(1, sizeof *entry);
  struct entry **entries = NULL;
  if (entry && !found) {
    entries = ow_sorted_open(board->entries, &board->count, sizeof *entries, place);
    if (entries) {
      entries[place] = entry;
      board->entries = entries;
    } else {
      free(entry);
      entry = NULL;
    }
  }
  return entry;
}

/* ---- life ---- */

struct ow_board *ow_board_create(uint32_t history)
{
  struct ow_board *board = calloc(1, sizeof *board);
  if (board) {
    pthread_mutex_init(&board->lock, NULL);
    board->history = history ? history : 1;
  }
  return board;
}

void ow_board_free(struct ow_board *board)
{
  if (board) {
    for (size_t i = 0; i < board->count; i++)
      free_entry(board->entries[i]);
    free(board->entries);
    pthread_mutex_destroy(&board->lock);
  }
  free(board);
}

/* ---- writing ---- */

/* With the lock held: a version that no stream of this board has had. */
static void note_change(struct ow_board *board, struct ow_stream_view *view)
{
  uint64_t version = atomic_fetch_add(&board->version, 1) + 1;
  if (view)
    view->version = version;
}

/* With the lock held. */
static enum ow_status put_entry(struct ow_board *board, const struct ow_stream_view *view,
                                struct entry **entry)
{
  *entry = NULL;
  if (memchr(view->name, '\0', sizeof view->name) && ow_stream_name_valid(view->name))
    *entry = find_or_add(board, view->name);
  else
    return OW_INVALID;
  return *entry ? OW_OK : OW_MEMORY;
}

enum ow_status ow_board_put_stream(struct ow_board *board, const struct ow_stream_view *view)
{
  struct entry *entry;
  pthread_mutex_lock(&board->lock);
  enum ow_status status = put_entry(board, view, &entry);
  if (status == OW_OK) {
    ring_clear(&entry->ring);
    entry->view = (struct ow_stream_view){.protocol = view->protocol, .interval = view->interval};
    memcpy(entry->view.name, view->name, sizeof view->name);
    memcpy(entry->view.host, view->host, sizeof view->host);
    memcpy(entry->view.port, view->port, sizeof view->port);
    memcpy(entry->view.directions, view->directions, sizeof view->directions);
    note_change(board, &entry->view);
  }
  pthread_mutex_unlock(&board->lock);
  return status;
}

void ow_board_remove_stream(struct ow_board *board, const char *name)
{
  bool found;
  pthread_mutex_lock(&board->lock);
  size_t place = place_of(board, name, &found);
  if (found) {
    free_entry(board->entries[place]);
    ow_sorted_close(board->entries, &board->count, sizeof *board->entries, place);
    note_change(board, NULL);
  }
  pthread_mutex_unlock(&board->lock);
}

void ow_board_set_state(struct ow_board *board, const struct ow_stream_view *view, struct ow_timestamp now)
{
  pthread_mutex_lock(&board->lock);
  struct entry *entry = find_entry(board, view->name);
  if (entry) {
    struct ow_stream_view *own = &entry->view;
    if (own->state != view->state || ow_timestamp_is_zero(own->since))
      own->since = now;
    own->state = view->state;
    own->status = view->status;
    own->mode = view->mode;
    own->single_connection = view->single_connection;
    memcpy(own->reason, view->reason, sizeof own->reason);
    memcpy(own->server, view->server, sizeof own->server);
    note_change(board, own);
  }
  pthread_mutex_unlock(&board->lock);
}

void ow_board_add_interval(struct ow_board *board, const char *name, const struct ow_interval *interval)
{
  pthread_mutex_lock(&board->lock);
  struct entry *entry = find_entry(board, name);
  if (entry && interval->number > entry->view.newest) {
    struct ow_stream_view *view = &entry->view;
    ring_add(&entry->ring, board->history, interval);
    view->newest = interval->number;
    view->intervals++;
    view->failed += interval->status != OW_OK;
    for (int i = 0; i < OW_RESULTS; i++)
      ow_totals_add(&view->totals[i], &interval->results[i]);
    note_change(board, view);
  }
  pthread_mutex_unlock(&board->lock);
}

/* What stands here of a stream that is mirrored. */
static struct ow_stream_mark mark_of(const struct entry *entry)
{
  struct ow_stream_mark mark = {.number = 0};
  ow_stream_mark_counts(&mark, &entry->view);
  if (entry->ring.count)
    ow_stream_mark_interval(&mark, ring_at(&entry->ring, entry->ring.count - 1));
  return mark;
}

enum ow_status ow_board_mirror(struct ow_board *board, const struct ow_stream_view *view,
                               const struct ow_interval *intervals, size_t count)
{
  struct entry *entry;
  pthread_mutex_lock(&board->lock);
  enum ow_status status = put_entry(board, view, &entry);
  if (status == OW_OK) {
    struct ow_stream_mark mark = mark_of(entry);
    uint64_t newest = mark.number;
    if (ow_stream_began_anew(&mark, view, intervals, count)) {
      ring_clear(&entry->ring);
      newest = 0;
    }
    for (size_t i = 0; i < count; i++) {
      if (intervals[i].number > newest) {
        ring_add(&entry->ring, board->history, &intervals[i]);
        newest = intervals[i].number;
      }
    }
    entry->view = *view;
    entry->view.newest = newest;
    note_change(board, &entry->view);
  }
  pthread_mutex_unlock(&board->lock);
  return status;
}

/* ---- reading ---- */

/* Reading locks, too: a lock is no part of what a board says. */
static void lock_to_read(const struct ow_board *board)
{
  union {
    const struct ow_board *from;
    struct ow_board *to;
  } same = {.from = board};
  pthread_mutex_lock(&same.to->lock);
}

static void unlock_after_reading(const struct ow_board *board)
{
  union {
    const struct ow_board *from;
    struct ow_board *to;
  } same = {.from = board};
  pthread_mutex_unlock(&same.to->lock);
}

uint64_t ow_board_version(const struct ow_board *board)
{
  return atomic_load(&board->version);
}

uint32_t ow_board_history(const struct ow_board *board)
{
  return board->history;
}

size_t ow_board_count(const struct ow_board *board)
{
  return ow_board_names(board, NULL, 0);
}

size_t ow_board_names(const struct ow_board *board, char (*names)[OW_STREAM_NAME], size_t most)
{
  lock_to_read(board);
  size_t count = board->count;
  for (size_t i = 0; i < count && i < most; i++)
    memcpy(names[i], board->entries[i]->view.name, OW_STREAM_NAME);
  unlock_after_reading(board);
  return count;
}

/* Streams may appear between counting and copying; those that do are among the next time's. */
enum ow_status ow_board_all_names(const struct ow_board *board, char (**names)[OW_STREAM_NAME], size_t *count)
{
  size_t room = ow_board_count(board);
  *names = calloc(room + 1, sizeof **names);
  *count = *names ? ow_board_names(board, *names, room) : 0;
  if (*count > room)
    *count = room;
  return *names ? OW_OK : OW_MEMORY;
}

uint64_t ow_board_stream_version(const struct ow_board *board, const char *name)
{
  lock_to_read(board);
  const struct entry *entry = find_entry(board, name);
  uint64_t version = entry ? entry->view.version : 0;
  unlock_after_reading(board);
  return version;
}

bool ow_board_view(const struct ow_board *board, const char *name, struct ow_stream_view *view)
{
  lock_to_read(board);
  const struct entry *entry = find_entry(board, name);
  if (entry)
    *view = entry->view;
  unlock_after_reading(board);
  return entry != NULL;
}

bool ow_board_read(const struct ow_board *board, const char *name, uint64_t after,
                   struct ow_stream_view *view, struct ow_interval *intervals, size_t most, size_t *count)
{
  *count = 0;
  lock_to_read(board);
  const struct entry *entry = find_entry(board, name);
  if (entry) {
    *view = entry->view;
    *count = ring_copy(&entry->ring, after, intervals, most);
  }
  unlock_after_reading(board);
  return entry != NULL;
}

static bool read_last(const struct ow_board *board, const char *name, bool histograms,
                      struct ow_stream_view *view, struct ow_interval *intervals, size_t most, size_t *count)
{
  *count = 0;
  lock_to_read(board);
  const struct entry *entry = find_entry(board, name);
  if (entry) {
    *view = entry->view;
    *count = ring_copy_last(&entry->ring, histograms, intervals, most);
  }
  unlock_after_reading(board);
  return entry != NULL;
}

bool ow_board_read_last(const struct ow_board *board, const char *name, struct ow_stream_view *view,
                        struct ow_interval *intervals, size_t most, size_t *count)
{
  return read_last(board, name, false, view, intervals, most, count);
}

bool ow_board_read_whole(const struct ow_board *board, const char *name, struct ow_stream_view *view,
                         struct ow_interval *intervals, size_t most, size_t *count)
{
  return read_last(board, name, true, view, intervals, most, count);
}
