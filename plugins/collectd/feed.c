#include "feed.h"

#include <stdlib.h>
#include <string.h>

#include "alerts.h"
#include "log.h"
#include "values.h"

/* A stream, and how far it was followed. */
struct follow {
  char name[OW_STREAM_NAME];
  owamp_selection values;
  struct ow_alarms *alarms; /* NULL: no thresholds */
  bool shadowed;            /* a feed above has the name */
  uint64_t version;         /* of the view, when it was looked at */
  uint64_t seen;            /* number of the last interval */
  struct ow_timestamp end;  /* of the last interval; zero: none yet */
  bool set_back;            /* it was said that the clock went back */
  bool down;                /* it was said that the stream is down */
};

struct owamp_feed {
  const struct ow_board *board;
  const struct owamp_feed *above;
  bool discovers;
  struct owamp_rules rules; /* of what is discovered */
  struct follow **follows;  /* sorted by name */
  size_t count;
  uint64_t version; /* of the board, when it was looked at */
  bool looked;
};

/* ---- who is followed ---- */

static size_t place_of(const struct owamp_feed *feed, const char *name, bool *found)
{
  size_t low = 0;
  size_t high = feed->count;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (strcmp(feed->follows[middle]->name, name) < 0)
      low = middle + 1;
    else
      high = middle;
  }
  *found = low < feed->count && strcmp(feed->follows[low]->name, name) == 0;
  return low;
}

static bool is_taken(const struct owamp_feed *feed, const char *name)
{
  bool found = false;
  for (const struct owamp_feed *at = feed->above; at && !found; at = at->above)
    place_of(at, name, &found);
  return found;
}

static void follow_free(struct follow *follow)
{
  if (follow)
    ow_alarms_free(follow->alarms);
  free(follow);
}

static struct follow *follow_create(const char *name, const struct owamp_rules *rules)
{
  struct follow *follow = calloc(1, sizeof *follow);
  bool whole = follow != NULL;
  if (whole && rules->warning.count + rules->critical.count > 0) {
    follow->alarms = ow_alarms_create(&rules->warning, &rules->critical, &rules->rule);
    whole = follow->alarms != NULL;
  }
  if (whole) {
    memcpy(follow->name, name, strnlen(name, sizeof follow->name - 1));
    follow->values = rules->values;
  } else {
    follow_free(follow);
    follow = NULL;
  }
  return follow;
}

enum ow_status owamp_feed_add(struct owamp_feed *feed, const char *name, const struct owamp_rules *rules)
{
  bool found;
  size_t place = place_of(feed, name, &found);
  struct follow *follow = follow_create(name, rules);
  struct follow **follows = follow ? reallocarray(feed->follows, feed->count + 1, sizeof *follows) : NULL;
  if (!follows) {
    follow_free(follow);
    return OW_MEMORY;
  }
  memmove(follows + place + 1, follows + place, (feed->count - place) * sizeof *follows);
  follows[place] = follow;
  feed->follows = follows;
  feed->count++;
  follow->shadowed = is_taken(feed, name);
  if (follow->shadowed)
    ow_log(&owamp_log, OW_LOG_WARNING,
           "stream %s of a query socket is left out: another one of that name is there already", name);
  return OW_OK;
}

struct owamp_feed *owamp_feed_create(const struct ow_board *board, const struct owamp_feed *above,
                                     const struct owamp_rules *rules)
{
  struct owamp_feed *feed = calloc(1, sizeof *feed);
  if (feed) {
    feed->board = board;
    feed->above = above;
    feed->discovers = rules != NULL;
    if (rules)
      feed->rules = *rules;
  }
  return feed;
}

void owamp_feed_free(struct owamp_feed *feed)
{
  if (feed) {
    for (size_t i = 0; i < feed->count; i++)
      follow_free(feed->follows[i]);
    free(feed->follows);
  }
  free(feed);
}

/* Whoever has appeared on the board. Who is gone from it keeps its place: it may come back. */
static void discover(struct owamp_feed *feed)
{
  size_t room = ow_board_count(feed->board);
  char(*names)[OW_STREAM_NAME] = calloc(room ? room : 1, sizeof *names);
  size_t count = names ? ow_board_names(feed->board, names, room) : 0;
  for (size_t i = 0; i < count && i < room; i++) {
    bool found;
    place_of(feed, names[i], &found);
    if (!found && owamp_feed_add(feed, names[i], &feed->rules) != OW_OK)
      ow_log(&owamp_log, OW_LOG_ERROR, "no memory to follow stream %s", names[i]);
  }
  free(names);
}

/* ---- what is new ---- */

static void look_at_state(struct follow *follow, const struct ow_stream_view *view)
{
  bool down = view->state == OW_STREAM_DOWN;
  bool tell = down ? !follow->down : follow->down && view->state == OW_STREAM_UP;
  if (tell) {
    owamp_alert_state(view);
    follow->down = down;
  }
}

static void look_at_alarms(struct follow *follow, const struct ow_stream_view *view,
                           const struct ow_interval *interval)
{
  struct ow_alarm_event events[OW_MAX_FINDINGS];
  const struct ow_result *results[OW_DIRECTIONS] = {NULL, NULL};
  for (int i = 0; i < OW_DIRECTIONS; i++)
    if (view->directions[i])
      results[i] = &interval->results[i];
  size_t count = ow_alarms_take(follow->alarms, results, events, OW_MAX_FINDINGS);
  for (size_t i = 0; i < count; i++)
    owamp_alert_threshold(view, interval->end, &events[i]);
}

/* collectd takes a name's values in the order of time only. */
static bool in_order(struct follow *follow, const struct ow_interval *interval)
{
  bool later = ow_timestamp_is_zero(follow->end) || ow_timestamp_after(interval->end, follow->end);
  if (!later && !follow->set_back)
    ow_log(&owamp_log, OW_LOG_WARNING,
           "%s: a clock was set back; values are left out until it is later again than the last one was",
           follow->name);
  follow->set_back = !later;
  if (later)
    follow->end = interval->end;
  return later;
}

static void take(struct follow *follow, const struct ow_stream_view *view, const struct ow_interval *interval)
{
  if (follow->seen > 0 && interval->number > follow->seen + 1)
    ow_log(&owamp_log, OW_LOG_WARNING, "%s: %llu intervals are lost: collectd looked too seldom",
           follow->name, (unsigned long long)(interval->number - follow->seen - 1));
  follow->seen = interval->number;
  if (in_order(follow, interval))
    owamp_values_dispatch(view, interval, follow->values);
  if (follow->alarms)
    look_at_alarms(follow, view, interval);
}

static void look_at_intervals(const struct owamp_feed *feed, struct follow *follow,
                              const struct ow_stream_view *view)
{
  struct ow_interval intervals[OWAMP_HISTORY];
  size_t count = OWAMP_HISTORY;
  if (view->newest < follow->seen)
    follow->seen = 0; /* who measures has begun anew */
  while (count == OWAMP_HISTORY) {
    count = ow_board_intervals(feed->board, follow->name, follow->seen, intervals, OWAMP_HISTORY);
    for (size_t i = 0; i < count; i++)
      take(follow, view, &intervals[i]);
  }
}

static void look_at(const struct owamp_feed *feed, struct follow *follow)
{
  struct ow_stream_view view;
  if (!follow->shadowed && ow_board_view(feed->board, follow->name, &view) &&
      view.version != follow->version) {
    follow->version = view.version;
    look_at_state(follow, &view);
    look_at_intervals(feed, follow, &view);
  }
}

void owamp_feed_poll(struct owamp_feed *feed)
{
  uint64_t version = ow_board_version(feed->board);
  if (feed->looked && version == feed->version)
    return;
  feed->looked = true;
  feed->version = version;
  if (feed->discovers)
    discover(feed);
  for (size_t i = 0; i < feed->count; i++)
    look_at(feed, feed->follows[i]);
}
