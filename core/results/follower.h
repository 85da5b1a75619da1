/* SPDX-License-Identifier: MIT */
/*
 * One stream of a board, followed: what is new on it since the last look, in order, each once.
 *
 *   struct ow_look look;
 *   struct ow_news news;
 *   if (ow_follower_look(&follower, board, &look))
 *     while (ow_look_next(&look, &news))
 *       ...
 *
 * A look holds some intervals at a time, however many there are; a follower holds none. One thread at a time.
 */
#ifndef OWAMP_RESULTS_FOLLOWER_H
#define OWAMP_RESULTS_FOLLOWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "results/board.h"
#include "results/mark.h"
#include "sla/alarm.h"

/** Who follows. Embed it; its members are its own. */
struct ow_follower {
  char name[OW_STREAM_NAME];
  struct ow_alarms *alarms; /* NULL: there is nothing to raise one for */
  struct ow_stream_mark mark;
  uint64_t version;              /* of the stream, when it was read; 0: never */
  bool down;                     /* it was told that it is down */
  char server[OW_STREAM_SERVER]; /* by which address it was measured, as was told last; "": none was yet */
};

/** Follow the stream of that name, which need not be there yet; the first look tells all that is kept. */
void ow_follower_open(struct ow_follower *follower, const char *name);
/**
 * Raise and clear alarms from now on, by these thresholds (copied; if there is none at all, and neither an
 * outage nor a partial result is anything by the rule, there are no alarms). Once. OW_MEMORY.
 */
enum ow_status ow_follower_judge(struct ow_follower *follower, const struct ow_thresholds *warning,
                                 const struct ow_thresholds *critical,
                                 const struct ow_alarm_rule *rule) OW_MUST_CHECK;
/** The worst severity that is raised now; OK if none. */
enum ow_verdict ow_follower_severity(const struct ow_follower *follower);
/** Also of a zero-initialised one. */
void ow_follower_close(struct ow_follower *follower);

enum ow_news_kind {
  /** The stream began anew (results/mark.h). All that is kept of it follows, and nothing is missed. */
  OW_NEWS_ANEW,
  /** It is down, and this wasn't told since it was up. */
  OW_NEWS_DOWN,
  /** It is up, after it was told that it is down. */
  OW_NEWS_UP,
  /** It is measured by another address of its peer than before. */
  OW_NEWS_SERVER,
  /** An interval has ended. */
  OW_NEWS_INTERVAL,
  /** An alarm was raised, changed or cleared by the interval that was told before. */
  OW_NEWS_ALARM,
};

/** Valid until the look goes on. */
struct ow_news {
  enum ow_news_kind kind;
  const struct ow_stream_view *view;  /* the stream, of the moment when this was read */
  const struct ow_interval *interval; /* of INTERVAL and ALARM */
  uint64_t missed;                    /* of INTERVAL: that many before it are lost, not kept any more */
  const struct ow_alarm_event *alarm; /* of ALARM */
  const char *before;                 /* of SERVER: the address, as in the view, that it was measured by */
};

enum { OW_LOOK_INTERVALS = 8, OW_LOOK_ALARMS = OW_METRICS * OW_RESULTS };

/** A look that has begun. 10 KB; its members, but `view`, are its own. */
struct ow_look {
  struct ow_follower *follower; /* NULL: there is nothing to tell */
  const struct ow_board *board;
  struct ow_stream_view view;
  bool anew; /* to be told */
  char before[OW_STREAM_SERVER];
  struct ow_interval intervals[OW_LOOK_INTERVALS];
  size_t count;
  size_t next;
  bool more; /* the board may have more than were read */
  struct ow_alarm_event alarms[OW_LOOK_ALARMS];
  size_t alarm_count;
  size_t next_alarm;
};

/**
 * Begin to look, at the same board each time. False if there is no such stream, or nothing of it has changed
 * since the last look; else look->view says how it stands, also when nothing is to be told.
 */
bool ow_follower_look(struct ow_follower *follower, const struct ow_board *board, struct ow_look *look);
/** The next of what is new; false if that was all. Go on until then: what is left is lost, or told late. */
bool ow_look_next(struct ow_look *look, struct ow_news *news);

#endif
