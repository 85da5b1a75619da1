/* SPDX-License-Identifier: MIT */
/* The board is read only if the stream has a new version; the news are told one by one. */
#include "results/follower.h"

#include <string.h>

/* ---- life ---- */

void ow_follower_open(struct ow_follower *follower, const char *name)
{
  *follower = (struct ow_follower){.version = 0};
  memcpy(follower->name, name, strnlen(name, sizeof follower->name - 1));
}

enum ow_status ow_follower_judge(struct ow_follower *follower, const struct ow_thresholds *warning,
                                 const struct ow_thresholds *critical, const struct ow_alarm_rule *rule)
{
  bool any = warning->count + critical->count > 0 || rule->how.nothing_arrived > OW_VERDICT_UNKNOWN ||
             rule->how.partial > OW_VERDICT_UNKNOWN;
  if (any)
    follower->alarms = ow_alarms_create(warning, critical, rule);
  return any && !follower->alarms ? OW_MEMORY : OW_OK;
}

enum ow_verdict ow_follower_severity(const struct ow_follower *follower)
{
  return follower->alarms ? ow_alarms_severity(follower->alarms) : OW_VERDICT_OK;
}

void ow_follower_close(struct ow_follower *follower)
{
  ow_alarms_free(follower->alarms);
  follower->alarms = NULL;
}

/* ---- reading ---- */

static bool read_after(struct ow_look *look, uint64_t after)
{
  return ow_board_read(look->board, look->follower->name, after, &look->view, look->intervals,
                       OW_LOOK_INTERVALS, &look->count);
}

/* With the interval that is known, which tells whether it is still the same stream. */
static bool read_stream(struct ow_look *look)
{
  struct ow_stream_mark *mark = &look->follower->mark;
  bool there = read_after(look, mark->number > 0 ? mark->number - 1 : 0);
  look->anew = there && ow_stream_began_anew(mark, &look->view, look->intervals, look->count);
  if (look->anew) {
    *mark = (struct ow_stream_mark){.number = 0};
    look->follower->server[0] = '\0';
    (void)read_after(look, 0); /* gone meanwhile: the next look will tell */
  }
  look->more = look->count == OW_LOOK_INTERVALS;
  look->next = look->count && look->intervals[0].number == mark->number ? 1 : 0;
  if (there) {
    ow_stream_mark_counts(mark, &look->view);
    look->follower->version = look->view.version;
  }
  return there;
}

bool ow_follower_look(struct ow_follower *follower, const struct ow_board *board, struct ow_look *look)
{
  uint64_t version = ow_board_stream_version(board, follower->name);
  bool changed = version != 0 && version != follower->version;
  look->follower = follower;
  look->board = board;
  look->alarm_count = look->next_alarm = 0;
  if (!changed || !read_stream(look))
    look->follower = NULL;
  return look->follower != NULL;
}

/* ---- telling ---- */

static void take_alarms(struct ow_look *look, const struct ow_interval *interval)
{
  const struct ow_result *results[OW_RESULTS];
  for (int i = 0; i < OW_DIRECTIONS; i++)
    results[i] = look->view.directions[i] ? &interval->results[i] : NULL;
  results[OW_ROUND_TRIP] = interval->results[OW_ROUND_TRIP].completeness != OW_RESULT_ABSENT
                               ? &interval->results[OW_ROUND_TRIP]
                               : NULL;
  look->alarm_count = ow_alarms_take(look->follower->alarms, results, look->alarms, OW_LOOK_ALARMS);
  look->next_alarm = 0;
}

static void tell_interval(struct ow_look *look, struct ow_news *news)
{
  struct ow_stream_mark *mark = &look->follower->mark;
  const struct ow_interval *interval = &look->intervals[look->next++];
  news->kind = OW_NEWS_INTERVAL;
  news->interval = interval;
  if (mark->number > 0)
    news->missed = interval->number - mark->number - 1;
  ow_stream_mark_interval(mark, interval);
  if (look->follower->alarms)
    take_alarms(look, interval);
}

static void tell_alarm(struct ow_look *look, struct ow_news *news)
{
  news->kind = OW_NEWS_ALARM;
  news->interval = &look->intervals[look->next - 1];
  news->alarm = &look->alarms[look->next_alarm++];
}

/* True, and then no longer, if it should be heard of. */
static bool state_is_news(struct ow_follower *follower, const struct ow_stream_view *view)
{
  bool news = view->state == (follower->down ? OW_STREAM_UP : OW_STREAM_DOWN);
  if (news)
    follower->down = !follower->down;
  return news;
}

/* Likewise. */
static bool server_is_news(struct ow_look *look)
{
  char *known = look->follower->server;
  const char *server = look->view.server;
  _Static_assert(sizeof look->before == sizeof look->follower->server &&
                     sizeof look->before == sizeof look->view.server,
                 "copied whole");
  memcpy(look->before, known, sizeof look->before);
  if (server[0])
    memcpy(known, server, sizeof look->follower->server);
  return look->before[0] && strcmp(look->before, known) != 0;
}

static bool tell_next(struct ow_look *look, struct ow_news *news)
{
  bool any = true;
  *news = (struct ow_news){.view = &look->view};
  if (look->anew) {
    news->kind = OW_NEWS_ANEW;
    look->anew = false;
  } else if (state_is_news(look->follower, &look->view)) {
    news->kind = look->follower->down ? OW_NEWS_DOWN : OW_NEWS_UP;
  } else if (server_is_news(look)) {
    news->kind = OW_NEWS_SERVER;
    news->before = look->before;
  } else if (look->next_alarm < look->alarm_count) {
    tell_alarm(look, news);
  } else if (look->next < look->count) {
    tell_interval(look, news);
  } else {
    any = false;
  }
  return any;
}

bool ow_look_next(struct ow_look *look, struct ow_news *news)
{
  bool any = look->follower && tell_next(look, news);
  while (look->follower && !any && look->more && read_stream(look))
    any = tell_next(look, news);
  return any;
}
