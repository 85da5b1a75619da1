/* SPDX-License-Identifier: MIT */
/* A packet is decided upon, queued until its time, sent, and written down with its stamp. */
#include "forward.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

/* What became of a packet, before it is queued. */
struct decision {
  int64_t delay;
  bool lost;
  uint64_t copies;
  int64_t copy_after;
};

/* ---- decisions ---- */

static void corrupt(const struct frame *frame, const struct layout *layout, const struct rule *rule,
                    struct way *way, struct record *record)
{
  if (layout->payload && layout->end > layout->payload) {
    size_t bit = (size_t)random_below(&way->random, (layout->end - layout->payload) * 8);
    packet_corrupt(frame, layout, bit, rule->mend);
    record_note(record, "%s@%zu", rule->mend ? "corrupt-mended" : "corrupt", bit / 8);
  }
}

/* Every rule is asked about every packet, so that one rule's choices don't move another's. */
static void apply_rules(const struct frame *frame, const struct layout *layout, struct way *way,
                        struct record *record, struct decision *decision)
{
  static const char *const kinds[] = {"random", "gilbert", "every", "numbers"};
  for (size_t i = 0; i < way->rule_count; i++) {
    struct rule *rule = &way->rules[i];
    if (!choice_made(&rule->choice, &way->random, record->number))
      continue;
    switch (rule->effect) {
    case LOSE:
      decision->lost = true;
      record_note(record, "lost:%s", kinds[rule->choice.kind]);
      break;
    case DUPLICATE:
      decision->copies = rule->copies;
      decision->copy_after = rule->after;
      break;
    case CORRUPT: corrupt(frame, layout, rule, way, record); break;
    }
  }
}

static void rewrite(const struct frame *frame, const struct layout *layout, const struct way *way,
                    struct record *record, struct decision *decision)
{
  if (way->set_dscp) {
    packet_set_dscp(frame, layout, way->dscp);
    record_note(record, "dscp=%u", way->dscp);
  }
  if (way->hops && !packet_take_hops(frame, layout, way->hops)) {
    decision->lost = true;
    record_note(record, "lost:ttl");
  } else if (way->hops) {
    record_note(record, "hops=%u", way->hops);
  }
  record->ttl = packet_ttl(frame, layout);
}

static struct decision decide(const struct frame *frame, const struct layout *layout, struct way *way,
                              int64_t since_first, struct record *record)
{
  struct decision decision = {.delay = delay_next(&way->delay, &way->random)};
  if (blacked_out(way, since_first)) {
    decision.lost = true;
    record_note(record, "lost:blackout");
  }
  apply_rules(frame, layout, way, record, &decision);
  rewrite(frame, layout, way, record, &decision);
  return decision;
}

/* ---- queueing ---- */

static void never_leaves(struct forwarder *forwarder, struct record *record)
{
  record->out = 0;
  truth_log_write(forwarder->log, record);
}

static void put(struct forwarder *forwarder, const struct frame *frame, struct record *record,
                int64_t release)
{
  struct pending *pending = pending_create(frame, record);
  if (pending) {
    pending->release = release;
    if (queue_put(&forwarder->queue, pending))
      return;
    free(pending);
  }
  record_note(record, "lost:queue");
  never_leaves(forwarder, record);
}

static void queue(struct forwarder *forwarder, const struct frame *frame, struct record *record,
                  const struct decision *decision)
{
  const struct way *way = &forwarder->scenario.ways[record->way];
  int64_t since_arrival = clock_ns(CLOCK_REALTIME) - record->in;
  int64_t release = clock_ns(CLOCK_MONOTONIC) - since_arrival + decision->delay;
  int64_t *last = &forwarder->last_release[record->way];
  if (way->keep_order && release < *last)
    release = *last;
  *last = release;
  put(forwarder, frame, record, release);
  if (decision->copies)
    record_note(record, "copy");
  for (uint64_t i = 1; i <= decision->copies; i++) {
    record->copy = (unsigned)i;
    put(forwarder, frame, record, release + (int64_t)i * decision->copy_after);
  }
}

static void impair(struct forwarder *forwarder, const struct frame *frame, const struct layout *layout,
                   struct record *record, int64_t since_first)
{
  struct way *way = &forwarder->scenario.ways[record->way];
  packet_finish_checksum(frame, layout);
  struct decision decision = decide(frame, layout, way, since_first, record);
  if (packet_translate(frame, layout, &forwarder->scenario, record->way))
    record_note(record, "nat");
  if (decision.lost)
    never_leaves(forwarder, record);
  else
    queue(forwarder, frame, record, &decision);
}

static bool matches(const struct scenario *scenario, const struct layout *layout)
{
  const struct flow_name *flow = &layout->flow;
  bool ports = (flow->source_port >= scenario->port_low && flow->source_port <= scenario->port_high) ||
               (flow->target_port >= scenario->port_low && flow->target_port <= scenario->port_high);
  return flow->version && (scenario->any_protocol || flow->protocol == IPPROTO_UDP) && ports;
}

static void forward_matched(struct forwarder *forwarder, int way, const struct arrival *arrival,
                            const struct layout *layout)
{
  struct flow *flow = flow_of(&forwarder->flows, &layout->flow);
  if (flow->packets == 0)
    flow->first = arrival->stamp;
  struct record record = {.way = way,
                          .number = flow->packets++,
                          .in = arrival->stamp,
                          .flow = layout->flow,
                          .length = layout->payload ? layout->end - layout->payload : 0};
  if (layout->payload)
    memcpy(record.head, arrival->frame.octets + layout->payload,
           record.length < HEAD_OCTETS ? record.length : HEAD_OCTETS);
  impair(forwarder, &arrival->frame, layout, &record, arrival->stamp - flow->first);
}

void forward_arrivals(struct forwarder *forwarder, int way)
{
  struct arrival arrivals[PORT_BATCH];
  size_t count = port_receive(&forwarder->ports[way], forwarder->batch, arrivals);
  for (size_t i = 0; i < count; i++) {
    struct layout layout = packet_layout(&arrivals[i].frame);
    if (matches(&forwarder->scenario, &layout)) {
      forward_matched(forwarder, way, &arrivals[i], &layout);
    } else {
      (void)packet_translate(&arrivals[i].frame, &layout, &forwarder->scenario, way);
      (void)port_send(&forwarder->ports[!way], &arrivals[i].frame, false, NULL);
    }
  }
}

/* ---- departure ---- */

/*
 * The stamp has come, or never will: then the time just before the sending stands for it, and it is said so.
 */
static void departed(struct forwarder *forwarder, struct pending **awaited, int64_t stamp)
{
  struct pending *pending = *awaited;
  *awaited = NULL;
  if (pending && stamp)
    pending->record.out = stamp;
  else if (pending)
    record_note(&pending->record, "unstamped");
  if (pending)
    truth_log_write(forwarder->log, &pending->record);
  free(pending);
}

static void send_one(struct forwarder *forwarder, struct pending *pending)
{
  int port = !pending->record.way;
  struct frame frame = pending_frame(pending);
  uint32_t order = 0;
  pending->record.out = clock_ns(CLOCK_REALTIME);
  if (port_send(&forwarder->ports[port], &frame, true, &order)) {
    struct pending **awaited = &forwarder->awaited[port][order % AWAITED];
    departed(forwarder, awaited, 0);
    *awaited = pending;
  } else {
    record_note(&pending->record, "lost:interface");
    never_leaves(forwarder, &pending->record);
    free(pending);
  }
}

int64_t forward_due(struct forwarder *forwarder)
{
  struct pending *first;
  while ((first = queue_first(&forwarder->queue))) {
    int64_t wait = first->release - clock_ns(CLOCK_MONOTONIC);
    if (wait > 0)
      return wait;
    send_one(forwarder, queue_take(&forwarder->queue));
  }
  return -1;
}

void forward_departures(struct forwarder *forwarder, int port)
{
  struct departure departures[PORT_BATCH];
  size_t count;
  while ((count = port_departures(&forwarder->ports[port], departures)))
    for (size_t i = 0; i < count; i++)
      departed(forwarder, &forwarder->awaited[port][departures[i].order % AWAITED], departures[i].stamp);
}

void forward_close(struct forwarder *forwarder)
{
  for (int port = 0; port < WAYS; port++) {
    forward_departures(forwarder, port);
    for (size_t i = 0; i < AWAITED; i++)
      departed(forwarder, &forwarder->awaited[port][i], 0);
  }
  while (queue_first(&forwarder->queue)) {
    struct pending *pending = queue_take(&forwarder->queue);
    record_note(&pending->record, "lost:end");
    never_leaves(forwarder, &pending->record);
    free(pending);
  }
}
