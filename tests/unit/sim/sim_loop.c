/* SPDX-License-Identifier: MIT */
/* io/loop.h, system_clock.h: time passes from event to event. */
#include <stdlib.h>
#include <string.h>
#include <sys/timex.h>
#include <unistd.h>

#include "base/container_of.h"
#include "io/system_clock.h"
#include "io/timer_heap.h"
#include "sim.h"

enum { DESCRIPTORS = 65536 };
#define FIRST_WALL (INT64_C(1795557600) * OW_NS_PER_S) /* ns since 1970 */

/* What happens in the network, by time and then in order. */
struct event {
  struct ow_timer timer;
  void (*run)(void *context);
  void *context;
};

struct ow_loop {
  struct ow_timer_heap monotonic;
  struct ow_timer_heap wall;
  struct ow_completions completions;
  struct ow_completions background;
  struct ow_step_watcher *watchers;
  uint64_t steps;
  struct ow_post *first_post;
  struct ow_loop_tenant *tenants;
  bool stopped;
};

static int64_t monotonic;
static int64_t offset; /* wall = monotonic + offset */
static uint64_t order;
static uint64_t random_state;
static struct ow_timer_heap events;
static struct ow_watch *watches[DESCRIPTORS];
static struct ow_loop *shared;

/* ---- time ---- */

int64_t sim_monotonic(void)
{
  return monotonic;
}

static struct ow_timestamp stamp_of(int64_t unix_ns)
{
  return ow_timestamp_from_unix((struct timespec){unix_ns / OW_NS_PER_S, unix_ns % OW_NS_PER_S});
}

struct ow_timestamp sim_wall(void)
{
  return stamp_of(monotonic + offset);
}

/* splitmix64: any seed will do. */
static uint64_t next_random(void)
{
  uint64_t z = random_state += UINT64_C(0x9e3779b97f4a7c15);
  z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
  z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
  return z ^ (z >> 31);
}

uint64_t sim_random(uint64_t below)
{
  return next_random() % below;
}

static void fill(void *context, void *out, size_t octets)
{
  (void)context;
  for (uint8_t *at = out; octets; octets--)
    *at++ = (uint8_t)next_random();
}
const struct ow_random ow_system_random = {.fill = fill};

struct ow_instant ow_system_now(void)
{
  return (struct ow_instant){.wall = sim_wall(), .monotonic = monotonic};
}

struct ow_timestamp ow_system_stamp(void)
{
  return sim_wall();
}

struct ow_clock_state ow_system_clock_state(void)
{
  return (struct ow_clock_state){.synchronized = true, .error = 1000, .maximum = 1000};
}

struct ow_error_estimate ow_system_error(struct ow_clock_cache *cache, int64_t now, int64_t stamping)
{
  (void)cache, (void)now;
  return ow_error_estimate(true, 1000 + stamping);
}

/* ---- events ---- */

void sim_at(int64_t when, void (*run)(void *context), void *context)
{
  struct event *event = calloc(1, sizeof *event);
  if (!event)
    abort();
  event->timer.when = when;
  event->timer.order = order++;
  event->run = run;
  event->context = context;
  ow_timer_heap_put(&events, &event->timer);
}

void sim_begin(uint64_t seed)
{
  sim_udp_drops = 0;
  sim_leaving = 0;
  monotonic = 1000 * OW_NS_PER_S;
  offset = FIRST_WALL;
  order = 0;
  random_state = seed;
  sim_resolving = OW_NS_PER_MS;
  sim_working = 0;
  sim_works_run = 0;
  sim_awake = 0;
  sim_woken = 0;
}

void sim_end(void)
{
  struct ow_timer *first;
  while ((first = events.first)) {
    struct event *event = OW_CONTAINER_OF(first, struct event, timer);
    ow_timer_heap_take(&events, first);
    free(event->context);
    free(event);
  }
  sim_net_end();
}

/* ---- the loop ---- */

struct ow_loop *ow_loop_create(struct ow_failure *failure)
{
  (void)failure;
  struct ow_loop *loop = shared ? shared : calloc(1, sizeof *loop);
  if (loop && !shared) {
    ow_completions_prepare(&loop->completions);
    ow_completions_prepare(&loop->background);
  }
  return loop;
}

void ow_loop_free(struct ow_loop *loop)
{
  struct ow_loop_tenant *tenant;
  if (!loop || loop == shared)
    return;
  while ((tenant = loop->tenants)) {
    loop->tenants = tenant->next;
    tenant->end(tenant);
  }
  free(loop);
}

void ow_loop_house(struct ow_loop *loop, struct ow_loop_tenant *tenant)
{
  tenant->next = loop->tenants;
  loop->tenants = tenant;
}

struct ow_loop_tenant *ow_loop_tenant(const struct ow_loop *loop, void (*end)(struct ow_loop_tenant *tenant))
{
  struct ow_loop_tenant *tenant = loop->tenants;
  while (tenant && tenant->end != end)
    tenant = tenant->next;
  return tenant;
}

void sim_share_loop(struct ow_loop *loop)
{
  shared = loop;
}

struct ow_instant ow_loop_now(const struct ow_loop *loop)
{
  (void)loop;
  return ow_system_now();
}

struct ow_watch *sim_watch_of(int descriptor)
{
  return watches[descriptor];
}

enum ow_status ow_watch_open(struct ow_loop *loop, struct ow_watch *watch, uint32_t wanted,
                             struct ow_failure *failure)
{
  (void)failure;
  watch->events = wanted;
  watches[watch->descriptor] = watch;
  sim_net_watched(loop, watch->descriptor);
  return OW_OK;
}

void ow_watch_change(struct ow_loop *loop, struct ow_watch *watch, uint32_t wanted)
{
  (void)loop;
  watch->events = wanted;
}

void ow_watch_set_patient(struct ow_loop *loop, struct ow_watch *watch, int64_t most)
{
  (void)loop;
  watch->patience = most;
}

/* What is ready is told until it is read. */
void ow_watch_look_again(struct ow_loop *loop, const struct ow_watch *watch)
{
  (void)loop, (void)watch;
}

int ow_watch_release(struct ow_loop *loop, struct ow_watch *watch)
{
  int descriptor = watch->descriptor;
  (void)loop;
  watches[descriptor] = NULL;
  watch->descriptor = -1;
  return descriptor;
}

void ow_watch_close(struct ow_loop *loop, struct ow_watch *watch)
{
  if (watch->descriptor >= 0)
    close(ow_watch_release(loop, watch));
}

static void set_timer(struct ow_loop *loop, struct ow_timer *timer, enum ow_timer_kind kind, int64_t when)
{
  struct ow_timer_heap *heap = kind == OW_TIMER_WALL ? &loop->wall : &loop->monotonic;
  ow_timer_cancel(loop, timer);
  timer->kind = (uint8_t)kind;
  timer->when = when;
  timer->order = order++;
  ow_timer_heap_put(heap, timer);
}

void ow_timer_set(struct ow_loop *loop, struct ow_timer *timer, int64_t when)
{
  set_timer(loop, timer, OW_TIMER_EXACT, when);
}

/* Here the loop is always awake. */
void ow_timer_set_patient(struct ow_loop *loop, struct ow_timer *timer, int64_t when)
{
  set_timer(loop, timer, OW_TIMER_PATIENT, when);
}

/* The first nanosecond that, as a stamp, is not before `when`. */
void ow_timer_set_wall(struct ow_loop *loop, struct ow_timer *timer, struct ow_timestamp when)
{
  int64_t wall = monotonic + offset + ow_timestamp_difference(when, sim_wall());
  while (ow_timestamp_after(when, stamp_of(wall)))
    wall++;
  set_timer(loop, timer, OW_TIMER_WALL, wall);
}

void ow_timer_cancel(struct ow_loop *loop, struct ow_timer *timer)
{
  if (timer->set)
    ow_timer_heap_take(timer->kind == OW_TIMER_WALL ? &loop->wall : &loop->monotonic, timer);
}

void ow_loop_deliver(struct ow_loop *loop, struct ow_completion *completion)
{
  ow_completions_add(&loop->completions, completion);
}

void ow_loop_withdraw(struct ow_loop *loop, struct ow_completion *completion)
{
  ow_completions_remove(&loop->completions, completion);
}

void ow_loop_background(struct ow_loop *loop, struct ow_completion *part)
{
  ow_completions_add(&loop->background, part);
}

void ow_loop_withdraw_background(struct ow_loop *loop, struct ow_completion *part)
{
  ow_completions_remove(&loop->background, part);
}

int sim_awake;
unsigned sim_woken;

void ow_loop_wait_awake(struct ow_loop *loop, bool awake)
{
  (void)loop;
  sim_awake += awake ? 1 : -1;
  sim_woken += awake;
}

struct ow_turn ow_loop_longest_turn(struct ow_loop *loop)
{
  (void)loop;
  return (struct ow_turn){0};
}

uint64_t ow_loop_clock_steps(const struct ow_loop *loop)
{
  return loop->steps;
}

void ow_loop_watch_steps(struct ow_loop *loop, struct ow_step_watcher *watcher)
{
  watcher->next = loop->watchers;
  loop->watchers = watcher;
}

void ow_loop_unwatch_steps(struct ow_loop *loop, struct ow_step_watcher *watcher)
{
  struct ow_step_watcher **at = &loop->watchers;
  while (*at && *at != watcher)
    at = &(*at)->next;
  if (*at)
    *at = watcher->next;
}

void sim_step_clock(struct ow_loop *loop, int64_t nanoseconds)
{
  offset += nanoseconds;
  loop->steps++;
  for (struct ow_step_watcher *watcher = loop->watchers; watcher; watcher = watcher->next)
    watcher->stepped(watcher);
}

void ow_loop_post(struct ow_loop *loop, struct ow_post *post)
{
  struct ow_post **at = &loop->first_post;
  while (*at)
    at = &(*at)->next;
  post->next = NULL;
  *at = post;
}

bool ow_loop_unpost(struct ow_loop *loop, struct ow_post *post)
{
  struct ow_post **at = &loop->first_post;
  while (*at && *at != post)
    at = &(*at)->next;
  bool found = *at != NULL;
  if (found)
    *at = post->next;
  return found;
}

void ow_loop_stop(struct ow_loop *loop)
{
  loop->stopped = true;
}

/* ---- running ---- */

/* What happens without time passing: a turn's end, what was posted, and background work in its parts. */
static void run_waiting(struct ow_loop *loop)
{
  struct ow_post *post;
  while (!loop->stopped && (ow_completions_wait(&loop->completions) ||
                            ow_completions_wait(&loop->background) || loop->first_post)) {
    ow_completions_run(&loop->completions, NULL, NULL);
    ow_completions_run_first(&loop->background);
    if ((post = loop->first_post)) {
      loop->first_post = post->next;
      post->run(post);
    }
  }
}

static int64_t due(const struct ow_timer *timer, int64_t base)
{
  return timer ? timer->when - base : INT64_MAX;
}

/* The next thing that happens, not after `until`; false if there is none. */
static bool happen(struct ow_loop *loop, int64_t until)
{
  struct ow_timer *timer = loop->monotonic.first;
  struct ow_timer *wall = loop->wall.first;
  struct ow_timer *event = events.first;
  int64_t at_timer = due(timer, 0);
  int64_t at_wall = due(wall, offset);
  int64_t at_event = due(event, 0);
  int64_t first = at_timer < at_wall ? at_timer : at_wall;
  first = at_event < first ? at_event : first;
  if (first > until)
    return false;
  if (first > monotonic)
    monotonic = first;
  if (first == at_event) {
    struct event *happening = OW_CONTAINER_OF(event, struct event, timer);
    ow_timer_heap_take(&events, event);
    happening->run(happening->context);
    free(happening);
  } else {
    timer = first == at_timer ? timer : wall;
    ow_timer_cancel(loop, timer);
    timer->expired(timer);
  }
  return true;
}

void sim_run(struct ow_loop *loop, int64_t nanoseconds)
{
  int64_t until = monotonic + nanoseconds;
  do
    run_waiting(loop);
  while (!loop->stopped && happen(loop, until));
  monotonic = until;
}

enum ow_status ow_loop_run(struct ow_loop *loop, struct ow_failure *failure)
{
  (void)failure;
  do
    run_waiting(loop);
  while (!loop->stopped && happen(loop, INT64_MAX - 1));
  loop->stopped = false;
  return OW_OK;
}
