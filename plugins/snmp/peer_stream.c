/* SPDX-License-Identifier: MIT */
/* A follower reads the board; its news become kept intervals and notices. */
#include "peer_stream.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- notices ---- */

static void tell(const struct peers_host *host, const struct peer *peer, struct notice *notice)
{
  memcpy(notice->owner, peer->owner, sizeof notice->owner);
  memcpy(notice->name, peer->name, sizeof notice->name);
  host->notice(host->context, notice);
}

static void tell_down(const struct peers_host *host, const struct peer *peer, const char *why)
{
  struct notice notice = {.kind = NOTICE_PEER_DOWN};
  snprintf(notice.text, sizeof notice.text, "%s", why[0] ? why : "the last attempt failed");
  tell(host, peer, &notice);
}

static void tell_up(const struct peers_host *host, const struct peer *peer, const struct ow_stream_view *view)
{
  struct notice notice = {.kind = NOTICE_PEER_UP, .text = "measured again"};
  if (view->server[0])
    snprintf(notice.text, sizeof notice.text, "measured again, by %s", view->server);
  tell(host, peer, &notice);
}

static void tell_server(const struct peers_host *host, const struct peer *peer, const struct ow_news *news)
{
  struct notice notice = {.kind = NOTICE_PEER_SERVER};
  snprintf(notice.text, sizeof notice.text, "measured by its address %s, by %s before", news->view->server,
           news->before);
  tell(host, peer, &notice);
}

static void tell_alarm(const struct peers_host *host, const struct peer *peer,
                       const struct ow_alarm_event *event)
{
  struct notice notice = {.kind = event->now == OW_VERDICT_OK ? NOTICE_CLEARED : NOTICE_RAISED,
                          .event = *event};
  char text[OW_ALARM_TEXT];
  snprintf(notice.text, sizeof notice.text, "%s", ow_alarm_print(text, event));
  tell(host, peer, &notice);
}

/* ---- beginning and end ---- */

void peer_stream_clear(struct peer *peer)
{
  ow_follower_close(&peer->follower);
  free(peer->intervals);
  peer->intervals = NULL;
  peer->count = 0;
}

static void forget_measured(struct peer *peer)
{
  ow_follower_close(&peer->follower);
  ow_follower_open(&peer->follower, peer->stream);
  peer->measured = false;
  peer->count = 0;
  peer->refusal = (struct ow_failure){0};
}

static enum ow_status judge(struct peer *peer, const struct ow_peer_settings *settings,
                            struct ow_failure *failure)
{
  enum ow_status status =
      ow_follower_judge(&peer->follower, &settings->warning, &settings->critical, &settings->rule);
  return status == OW_OK ? OW_OK : ow_fail(failure, OW_MEMORY, "no memory for alarms");
}

static enum ow_status begin(struct peer *peer, const struct peer_config *thresholds, struct ow_timestamp now,
                            struct ow_failure *failure)
{
  forget_measured(peer);
  peer->since = now;
  peer->status = ROW_ACTIVE;
  return judge(peer, &thresholds->stream, failure);
}

static void refuse(struct peer *peer, enum ow_status status, const struct ow_failure *failure)
{
  peer->refusal = *failure;
  peer->refusal.status = status;
}

void peer_stream_refuse(struct peer *peer, const struct peers_host *host, enum ow_status status,
                        const struct ow_failure *failure)
{
  refuse(peer, status, failure);
  tell_down(host, peer, failure->text);
}

void peer_stream_start(struct peer *peer, const struct peers_host *host, struct ow_timestamp now)
{
  struct ow_failure failure = {0};
  enum ow_status status = begin(peer, &peer->config, now, &failure);
  if (status == OW_OK)
    status = host->start(host->context, peer, &failure);
  refuse(peer, status, &failure);
  if (status != OW_OK)
    tell_down(host, peer, failure.text);
}

void peer_stream_adopt(struct peer *peer, const struct peer_config *thresholds, struct ow_timestamp now)
{
  struct ow_failure failure = {0};
  enum ow_status status = begin(peer, thresholds, now, &failure);
  refuse(peer, status, &failure);
}

void peer_stream_stop(struct peer *peer, const struct peers_host *host)
{
  if (peer->status == ROW_ACTIVE && peer->origin != PEER_OF_QUERY)
    host->stop(host->context, peer);
  forget_measured(peer);
}

/* ---- what was measured ---- */

/* Without memory none is shown: the next one tries again. */
static void keep_interval(struct peer *peer, const struct ow_interval *interval, size_t history)
{
  if (!peer->intervals)
    peer->intervals = calloc(history, sizeof *peer->intervals);
  if (!peer->intervals)
    return;
  if (peer->count == history)
    memmove(peer->intervals, peer->intervals + 1, --peer->count * sizeof *peer->intervals);
  peer->intervals[peer->count++] = *interval;
}

static void begin_anew(struct peer *peer, struct ow_timestamp now)
{
  peer->count = 0;
  peer->since = now;
}

bool peer_stream_read(struct peer *peer, const struct peers_host *host, const struct ow_board *board,
                      size_t history, struct ow_timestamp now)
{
  struct ow_look look;
  struct ow_news news;
  bool changed = ow_follower_look(&peer->follower, board, &look);
  while (changed && ow_look_next(&look, &news)) {
    switch (news.kind) {
    case OW_NEWS_ANEW: begin_anew(peer, now); break;
    case OW_NEWS_DOWN: tell_down(host, peer, news.view->reason); break;
    case OW_NEWS_UP: tell_up(host, peer, news.view); break;
    case OW_NEWS_SERVER: tell_server(host, peer, &news); break;
    case OW_NEWS_INTERVAL: keep_interval(peer, news.interval, history); break;
    case OW_NEWS_ALARM: tell_alarm(host, peer, news.alarm); break;
    }
  }
  if (changed) {
    peer->view = look.view;
    peer->measured = true;
  }
  return changed;
}
