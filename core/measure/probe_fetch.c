/* SPDX-License-Identifier: MIT */
/* A session that the server holds, from name to numbers. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/container_of.h"
#include "measure/dialogue.h"
#include "measure/fetched_records.h"
#include "measure/probe.h"

struct fetch {
  struct ow_dialogue dialogue;
  struct ow_sid sid;
  struct ow_fetch_ack ack;
  uint32_t packets;              /* that the session has had; while it runs, that it is to have */
  bool early;                    /* it ended before it was to */
  struct ow_skip_range *skipped; /* owned */
  struct ow_fetched_records records;
};

static void fail_fetch(struct fetch *fetch, enum ow_status status, const char *reason)
{
  struct ow_failure failure;
  ow_fail(&failure, status, "%s", reason);
  ow_dialogue_end(&fetch->dialogue, status, &failure);
}

static struct ow_probe_direction *direction_of(const struct fetch *fetch)
{
  return &fetch->dialogue.report->directions[OW_FORWARD];
}

static void on_ack(struct fetch *fetch, const struct ow_fetch_ack *ack)
{
  struct ow_failure failure;
  fetch->ack = *ack;
  if (ack->accept != OW_ACCEPT_OK) {
    ow_fail(&failure, OW_REFUSED, "server %s holds no such session for us: %s",
            fetch->dialogue.control.server, ow_accept_text(ack->accept));
    ow_dialogue_end(&fetch->dialogue, OW_REFUSED, &failure);
  }
}

/* Memory goes by the packets of a session, and what the server says of them isn't to be believed. */
static uint32_t covered(const struct fetch *fetch)
{
  return fetch->packets < OW_FETCH_MOST ? fetch->packets : (uint32_t)OW_FETCH_MOST;
}

static void on_session(struct fetch *fetch, const struct ow_client_event *event)
{
  struct ow_probe_direction *direction = direction_of(fetch);
  size_t octets = fetch->ack.skip_ranges * sizeof *fetch->skipped;
  fetch->packets = fetch->ack.finished ? fetch->ack.next_sequence : event->request->packets;
  fetch->early = fetch->packets < event->request->packets;
  ow_dialogue_print_endpoint(direction->sender, sizeof direction->sender, &event->request->sender, NULL);
  ow_dialogue_print_endpoint(direction->receiver, sizeof direction->receiver, &event->request->receiver,
                             NULL);
  fetch->skipped = octets ? malloc(octets) : NULL;
  if (fetch->skipped)
    memcpy(fetch->skipped, event->skipped, octets);
  else if (octets)
    fail_fetch(fetch, OW_MEMORY, "no memory for the session's skip ranges");
  if (ow_fetched_records_expect(&fetch->records, covered(fetch)) != OW_OK)
    fail_fetch(fetch, OW_MEMORY, "no memory for the fetched records");
}

static void on_records(struct fetch *fetch, const struct ow_client_event *event)
{
  enum ow_status status = ow_fetched_records_add(&fetch->records, event->records, event->record_count);
  if (status == OW_LIMIT)
    fail_fetch(fetch, OW_PROTOCOL, ow_contradiction);
  else if (status != OW_OK)
    fail_fetch(fetch, OW_MEMORY, "no memory for the fetched records");
}

/* A running one is to have more packets than it has had. */
static bool is_cut(const struct fetch *fetch)
{
  bool beyond = fetch->ack.finished || fetch->records.left_out > 0;
  return beyond && fetch->packets > covered(fetch);
}

static void tell_cut(const struct fetch *fetch)
{
  struct ow_probe_report *report = fetch->dialogue.report;
  if (is_cut(fetch))
    snprintf(
        report->remark, sizeof report->remark,
        "only the first %u of the session's %u packets are told; %llu records of the others are left out",
        covered(fetch), fetch->packets, (unsigned long long)fetch->records.left_out);
}

/* A session that still runs tells nothing of what it has no record of. */
static void on_fetched(struct fetch *fetch)
{
  struct ow_probe_direction *direction = direction_of(fetch);
  struct ow_observation observation = {
      .samples = &fetch->records.samples,
      .packets = covered(fetch),
      .skipped = fetch->skipped,
      .skip_ranges = fetch->ack.skip_ranges,
      .percentiles = &fetch->dialogue.peer->percentiles,
      .histogram = true,
      .absent_is_lost = fetch->ack.finished,
      .partial = !fetch->ack.finished || fetch->early || is_cut(fetch),
      .duplicates_unkept = fetch->records.duplicates_unkept,
  };
  bool any = fetch->records.samples.count > 0 || observation.absent_is_lost;
  if (any && ow_result_compute(&observation, &direction->result) != OW_OK) {
    fail_fetch(fetch, OW_MEMORY, "no memory to work out the result");
  } else {
    direction->samples = fetch->records.samples;
    fetch->records.samples = (struct ow_samples){0};
    tell_cut(fetch);
    ow_dialogue_end(&fetch->dialogue, OW_OK, NULL);
  }
  fetch->dialogue.report->step = OW_STEP_DONE;
}

static void on_event(struct ow_client_connection *connection, const struct ow_client_event *event)
{
  struct fetch *fetch = connection->context;
  if (fetch->dialogue.ended)
    return;
  switch (event->kind) {
  case OW_CLIENT_FETCH_ACK: on_ack(fetch, &event->fetch_ack); break;
  case OW_CLIENT_FETCH_SESSION: on_session(fetch, event); break;
  case OW_CLIENT_FETCH_RECORDS: on_records(fetch, event); break;
  case OW_CLIENT_FETCHED: on_fetched(fetch); break;
  case OW_CLIENT_BROKEN: ow_dialogue_end(&fetch->dialogue, event->failure.status, &event->failure); break;
  case OW_CLIENT_NOTHING:
  case OW_CLIENT_DERIVE:
  case OW_CLIENT_SET_UP:
  case OW_CLIENT_SESSION:
  case OW_CLIENT_STARTED:
  case OW_CLIENT_STOPPED:
  case OW_CLIENT_FETCH_DEPARTURES: break;
  }
}

static void on_ready(struct ow_dialogue *dialogue)
{
  struct fetch *fetch = OW_CONTAINER_OF(dialogue, struct fetch, dialogue);
  const struct ow_fetch_request whole = {.end = OW_FETCH_TO_END, .sid = fetch->sid};
  dialogue->report->step = OW_STEP_FETCH;
  dialogue->control.event = on_event;
  dialogue->control.context = fetch;
  enum ow_status status = ow_client_fetch(dialogue->control.client, ow_loop_now(dialogue->loop), &whole);
  if (status == OW_OK)
    ow_client_connection_send(&dialogue->control);
  else
    fail_fetch(fetch, status,
               status == OW_MEMORY ? "can't write Fetch-Session: no memory" : "can't write Fetch-Session");
}

static void on_expired(struct ow_dialogue *dialogue)
{
  struct ow_failure failure;
  ow_fail(&failure, OW_TIMEOUT, "time ran out at the step \"%s\" with %s; raise the timeout",
          ow_probe_step_name(dialogue->report->step), dialogue->control.server);
  ow_dialogue_end(dialogue, OW_TIMEOUT, &failure);
}

enum ow_status ow_probe_fetch_watched(const struct ow_peer *peer, const uint8_t sid[16], int64_t timeout,
                                      const struct ow_probe_watch *watch, struct ow_probe_report *report)
{
  struct fetch fetch = {
      .dialogue = {.peer = peer, .report = report, .ready = on_ready, .expired = on_expired, .watch = watch}};
  memcpy(fetch.sid.octets, sid, sizeof fetch.sid.octets);
  enum ow_status status = ow_dialogue_run(&fetch.dialogue, timeout);
  memcpy(report->directions[OW_FORWARD].sid, sid, sizeof fetch.sid.octets);
  free(fetch.skipped);
  ow_fetched_records_clear(&fetch.records);
  return status;
}

enum ow_status ow_probe_fetch(const struct ow_peer *peer, const uint8_t sid[16], int64_t timeout,
                              struct ow_probe_report *report)
{
  return ow_probe_fetch_watched(peer, sid, timeout, NULL, report);
}
