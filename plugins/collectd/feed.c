/* SPDX-License-Identifier: MIT */
/* Each stream has a follower, whose news are dispatched in the order of time. */
#include "feed.h"

#include <stdlib.h>
#include <string.h>

#include "alerts.h"
#include "base/sorted_array.h"
#include "log.h"
#include "results/follower.h"
#include "values.h"

struct follow {
  struct ow_follower follower;
  struct owamp_wanted values;
  bool shadowed;           /* a feed above has the name */
  struct ow_timestamp end; /* of the last interval; zero: none yet */
  bool set_back;           /* it was said that the clock went back */
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

static int compare_name(const void *name, const void *element)
{
  const struct follow *const *follow = element;
  return strcmp(name, (*follow)->follower.name);
}

static size_t place_of(const struct owamp_feed *feed, const char *name, bool *found)
{
  return ow_sorted_place(feed->follows, feed->count, sizeof *feed->follows, name, compare_name, found);
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
    ow_follower_close(&follow->follower);
  free(follow);
}

static struct follow *follow_create(const char *name, const struct owamp_rules *rules)
{
  struct follow *follow = calloc(1, sizeof *follow);
  if (follow) {
    follow->values = rules->values;
    ow_follower_open(&follow->follower, name);
    if (ow_follower_judge(&follow->follower, &rules->warning, &rules->critical, &rules->rule) != OW_OK) {
      follow_free(follow);
      follow = NULL;
    }
  }
  return follow;
}

enum ow_status owamp_feed_add(struct owamp_feed *feed, const char *name, const struct owamp_rules *rules)
{
  bool found;
  size_t place = place_of(feed, name, &found);
  struct follow *follow = follow_create(name, rules);
  struct follow **follows =
      follow ? ow_sorted_open(feed->follows, &feed->count, sizeof *follows, place) : NULL;
  if (!follows) {
    follow_free(follow);
    return OW_MEMORY;
  }
  follows[place] = follow;
  feed->follows = follows;
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
static void discover_streams(struct owamp_feed *feed)
{
  size_t count;
  char(*names)[OW_STREAM_NAME];
  if (ow_board_all_names(feed->board, &names, &count) != OW_OK)
    ow_log(&owamp_log, OW_LOG_ERROR, "no memory to look for new streams");
  for (size_t i = 0; i < count; i++) {
    bool found;
    place_of(feed, names[i], &found);
    if (!found && owamp_feed_add(feed, names[i], &feed->rules) != OW_OK)
      ow_log(&owamp_log, OW_LOG_ERROR, "no memory to follow stream %s", names[i]);
  }
  free(names);
}

/* ---- what is new ---- */

/* collectd takes a name's values in the order of time only. */
static bool in_order(struct follow *follow, const struct ow_interval *interval)
{
  bool later = ow_timestamp_is_zero(follow->end) || ow_timestamp_after(interval->end, follow->end);
  if (!later && !follow->set_back)
    ow_log(&owamp_log, OW_LOG_WARNING,
           "%s: a clock was set back; values are left out until it is later again than the last one was",
           follow->follower.name);
  follow->set_back = !later;
  if (later)
    follow->end = interval->end;
  return later;
}

static void take_interval(struct follow *follow, const struct ow_news *news)
{
  if (news->missed > 0)
    ow_log(&owamp_log, OW_LOG_WARNING, "%s: %llu intervals are lost: collectd looked too seldom",
           follow->follower.name, (unsigned long long)news->missed);
  if (in_order(follow, news->interval))
    owamp_values_dispatch(news->view, news->interval, &follow->values);
}

/* Thresholds are the operator's own; what needs none stands in the log as well. */
static void take_alarm(const struct ow_news *news)
{
  char text[OW_ALARM_TEXT];
  bool over = news->alarm->now == OW_VERDICT_OK;
  if (news->alarm->finding.law != OW_LAW_THRESHOLD)
    ow_log(&owamp_log, over ? OW_LOG_NOTICE : OW_LOG_WARNING, "%s: %s", news->view->name,
           ow_alarm_print(text, news->alarm));
  owamp_alert_threshold(news->view, news->interval->end, news->alarm);
}

static void take(struct follow *follow, const struct ow_news *news)
{
  switch (news->kind) {
  case OW_NEWS_ANEW: break; /* its values go on where the other one's ended */
  case OW_NEWS_DOWN:
  case OW_NEWS_UP: owamp_alert_state(news->view); break;
  case OW_NEWS_SERVER: owamp_alert_server(news->view, news->before); break;
  case OW_NEWS_INTERVAL: take_interval(follow, news); break;
  case OW_NEWS_ALARM: take_alarm(news); break;
  }
}

static void look_at(const struct owamp_feed *feed, struct follow *follow)
{
  struct ow_look look;
  struct ow_news news;
  if (!follow->shadowed && ow_follower_look(&follow->follower, feed->board, &look))
    while (ow_look_next(&look, &news))
      take(follow, &news);
}

void owamp_feed_poll(struct owamp_feed *feed)
{
  uint64_t version = ow_board_version(feed->board);
  if (feed->looked && version == feed->version)
    return;
  feed->looked = true;
  feed->version = version;
  if (feed->discovers)
    discover_streams(feed);
  for (size_t i = 0; i < feed->count; i++)
    look_at(feed, feed->follows[i]);
}
