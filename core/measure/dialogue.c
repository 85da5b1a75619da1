/* SPDX-License-Identifier: MIT */
/* The loop runs until somebody ends the dialogue, or its deadline does. */
#include "measure/dialogue.h"

#include <stdio.h>
#include <string.h>

#include "base/container_of.h"
#include "io/system_clock.h"

/* A SYN that is lost once is sent again after 1 s. */
#define PATIENCE (2 * OW_NS_PER_S)

/* Time that was spent otherwise, on resolving a name or deriving our key, is no silence of the server's. */
static int64_t silence(const struct ow_dialogue *dialogue)
{
  if (dialogue->control.derivation)
    return 0;
  int64_t since = dialogue->dialer.connecting;
  int64_t heard = ow_dialer_heard(&dialogue->dialer);
  if (heard > since)
    since = heard;
  if (dialogue->control.heard > since)
    since = dialogue->control.heard;
  return since > 0 ? ow_loop_now(dialogue->loop).monotonic - since : 0;
}

static bool kept_silent(const struct ow_dialogue *dialogue)
{
  return silence(dialogue) >= dialogue->patience;
}

void ow_dialogue_end(struct ow_dialogue *dialogue, enum ow_status status, const struct ow_failure *failure)
{
  if (!dialogue->ended) {
    dialogue->ended = true;
    dialogue->report->status = status;
    dialogue->report->silent = status == OW_TIMEOUT && kept_silent(dialogue);
    if (failure)
      dialogue->report->failure = *failure;
    ow_loop_stop(dialogue->loop);
  }
}

static void note_dialing(struct ow_dialogue *dialogue)
{
  static const enum ow_probe_step steps[] = {[OW_DIAL_RESOLVE] = OW_STEP_RESOLVE,
                                             [OW_DIAL_CONNECT] = OW_STEP_CONNECT,
                                             [OW_DIAL_SETUP] = OW_STEP_SETUP};
  struct ow_probe_report *report = dialogue->report;
  const struct ow_dialer *dialer = &dialogue->dialer;
  report->step = steps[ow_dialer_stage(dialer)];
  report->modes_offered = dialer->modes_offered;
  report->dead_address = dialer->dead;
  _Static_assert(sizeof report->server <= sizeof dialer->server, "cut, and ends in NUL");
  memcpy(report->server, dialer->server, sizeof report->server - 1);
}

static void on_dialed(struct ow_dialer *dialer, enum ow_status status, const struct ow_failure *failure)
{
  struct ow_dialogue *dialogue = OW_CONTAINER_OF(dialer, struct ow_dialogue, dialer);
  note_dialing(dialogue);
  if (status == OW_OK) {
    dialogue->is_ready = true;
    dialogue->report->mode = ow_client_mode(dialogue->control.client);
    dialogue->ready(dialogue);
  } else {
    ow_dialogue_end(dialogue, status, failure);
  }
}

/* What was waited for, if the server was silent for long enough; else that our own time was too short. */
static void explain_deadline(struct ow_dialogue *dialogue, struct ow_failure *failure)
{
  if (dialogue->control.client && kept_silent(dialogue)) {
    (void)!ow_client_explain_silence(dialogue->control.client, silence(dialogue), failure);
    ow_fail_within(failure, "server %s", dialogue->control.server);
  } else {
    ow_fail(failure, OW_TIMEOUT, "time ran out at the step \"%s\" with %s port %s%s",
            ow_probe_step_name(dialogue->report->step), dialogue->peer->host, dialogue->peer->port,
            kept_silent(dialogue) ? "" : "; raise the timeout");
  }
}

static void on_deadline(struct ow_timer *timer)
{
  struct ow_dialogue *dialogue = OW_CONTAINER_OF(timer, struct ow_dialogue, deadline);
  struct ow_failure failure;
  if (dialogue->is_ready) {
    dialogue->expired(dialogue);
  } else {
    const struct ow_failure *answer = &dialogue->dialer.failure;
    ow_dialer_expire(&dialogue->dialer);
    note_dialing(dialogue);
    explain_deadline(dialogue, &failure);
    /* One address' answer isn't masked by another's silence, and one that connects and keeps silent says
     * that. */
    bool says_more = answer->status != OW_TIMEOUT ||
                     (kept_silent(dialogue) && ow_dialer_stage(&dialogue->dialer) == OW_DIAL_SETUP);
    if (answer->status != OW_OK && says_more && !dialogue->dialer.greeted)
      failure = *answer;
    ow_dialogue_end(dialogue, failure.status, &failure);
  }
}

/* ---- how far it is ---- */

static void on_telling(struct ow_timer *timer)
{
  struct ow_dialogue *dialogue = OW_CONTAINER_OF(timer, struct ow_dialogue, telling);
  int64_t now = ow_loop_now(dialogue->loop).monotonic;
  if (!dialogue->is_ready)
    note_dialing(dialogue);
  struct ow_probe_progress progress = {.step = dialogue->report->step, .left = dialogue->ends - now};
  if (dialogue->is_ready && dialogue->count)
    dialogue->count(dialogue, &progress);
  if (progress.left < 0)
    progress.left = 0;
  dialogue->watch->tell(dialogue->watch->context, &progress);
  ow_timer_set(dialogue->loop, timer, now + dialogue->watch->period);
}

/* ---- life ---- */

static void open_dialogue(struct ow_dialogue *dialogue, int64_t timeout)
{
  struct ow_probe_report *report = dialogue->report;
  struct ow_clock_state clock = ow_system_clock_state();
  *report = (struct ow_probe_report){.protocol = dialogue->peer->protocol,
                                     .clock_synchronized = clock.synchronized,
                                     .clock_error = clock.error};
  report->status = ow_peer_check(dialogue->peer, &report->failure);
  if (report->status == OW_OK) {
    dialogue->loop = ow_loop_create(&report->failure);
    report->status = dialogue->loop ? OW_OK : report->failure.status;
  }
  if (report->status == OW_OK && dialogue->traffic) {
    report->status = ow_traffic_open(dialogue->traffic, dialogue->loop);
    if (report->status != OW_OK)
      ow_fail(&report->failure, report->status, "no memory for a measurement");
  }
  if (report->status == OW_OK) {
    dialogue->began = ow_loop_now(dialogue->loop).monotonic;
    dialogue->ends = dialogue->began + timeout;
    dialogue->patience = timeout / 2 < PATIENCE ? timeout / 2 : PATIENCE;
    dialogue->deadline.expired = on_deadline;
    ow_timer_set(dialogue->loop, &dialogue->deadline, dialogue->ends);
    dialogue->telling.expired = on_telling;
    if (dialogue->watch)
      ow_timer_set(dialogue->loop, &dialogue->telling, dialogue->began + dialogue->watch->period);
  }
}

static void hold(struct ow_dialogue *dialogue)
{
  struct ow_probe_report *report = dialogue->report;
  dialogue->dialer = (struct ow_dialer){
      .loop = dialogue->loop, .peer = dialogue->peer, .control = &dialogue->control, .done = on_dialed};
  ow_dialer_dial(&dialogue->dialer, dialogue->ends);
  enum ow_status status = ow_loop_run(dialogue->loop, &report->failure);
  if (status != OW_OK)
    report->status = status;
}

static void close_dialogue(struct ow_dialogue *dialogue)
{
  if (dialogue->loop) {
    if (dialogue->over)
      dialogue->over(dialogue);
    if (dialogue->traffic)
      ow_traffic_close(dialogue->traffic);
    ow_dialer_cancel(&dialogue->dialer);
    ow_timer_cancel(dialogue->loop, &dialogue->deadline);
    ow_timer_cancel(dialogue->loop, &dialogue->telling);
    ow_client_connection_close(&dialogue->control);
    ow_loop_free(dialogue->loop);
    dialogue->loop = NULL;
  }
}

enum ow_status ow_dialogue_run(struct ow_dialogue *dialogue, int64_t timeout)
{
  open_dialogue(dialogue, timeout);
  if (dialogue->report->status == OW_OK)
    hold(dialogue);
  close_dialogue(dialogue);
  return dialogue->report->status;
}

void ow_dialogue_print_endpoint(char *out, size_t size, const struct ow_endpoint *endpoint,
                                const union ow_address *like)
{
  union ow_address address = ow_address_from_endpoint(endpoint, like);
  char text[OW_ADDRESS_TEXT];
  snprintf(out, size, "%.*s", (int)size - 1, ow_address_print(text, sizeof text, &address));
}
