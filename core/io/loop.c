/* SPDX-License-Identifier: MIT */
/*
 * An epoll for what wakes at once, another for what may wait (io/patience), an alarm for the first of all
 * timers, and an eventfd for other threads.
 */
#include "io/loop.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include "io/alarm.h"
#include "io/deadlines.h"
#include "io/patience.h"
#include "io/system_clock.h"
#include "io/wake_up.h"

enum {
  EVENTS_MOST = 64, /* of each epoll */
  ROUNDS_MOST = 4,  /* of completions that follow from each other, before descriptors are looked at again */
};
#define TIMERS_TURN (500 * INT64_C(1000))     /* ns that timers have at a time, */
#define TIMERS_BETWEEN (100 * INT64_C(1000))  /* and between two events, of which many may wait */
#define BACKGROUND_TURN (200 * INT64_C(1000)) /* ns that background work has at the end of a turn */

/* ns that are not worth to fall asleep for: to do so and to be woken takes more of the processor. */
#define SHORT_WAIT (15 * INT64_C(1000))
#define AWAKE_WAIT (50 * INT64_C(1000)) /* the same, for who wants to be on time */

struct ow_loop {
  int epoll;
  int patient_epoll; /* watched by the other one, while what comes there wakes at once */
  bool patient_wakes;
  struct ow_patience patience;
  struct ow_deadlines deadlines;
  struct ow_alarm alarm;
  struct ow_wake_up wake_up;
  unsigned awake; /* so many want to be on time */
  int wake;       /* an eventfd: stop or post */
  uint64_t clock_steps;
  uint64_t steps_told;
  struct ow_step_watcher *step_watchers;
  struct ow_loop_tenant *tenants;
  uint64_t next_order;
  struct ow_completions completions;
  struct ow_completions background;
  struct ow_turns turns;
  bool in_round; /* timers are being run */
  struct epoll_event events[2 * EVENTS_MOST];
  int event_count;
  int event_next; /* those before are done with */
  atomic_bool stopped;
  pthread_mutex_t lock; /* guards the posts */
  struct ow_post *first_post;
  struct ow_post *last_post;
  size_t post_count;
};

static int64_t clock_ns(clockid_t clock)
{
  struct timespec now;
  clock_gettime(clock, &now);
  return (int64_t)now.tv_sec * OW_NS_PER_S + now.tv_nsec;
}

struct ow_instant ow_loop_now(const struct ow_loop *loop)
{
  (void)loop;
  return ow_system_now();
}

/* Watches */

static int epoll_of(const struct ow_loop *loop, const struct ow_watch *watch)
{
  return watch->patience ? loop->patient_epoll : loop->epoll;
}

enum ow_status ow_watch_open(struct ow_loop *loop, struct ow_watch *watch, uint32_t events,
                             struct ow_failure *failure)
{
  struct epoll_event event = {.events = events, .data.ptr = watch};
  watch->events = events;
  watch->patience = 0;
  if (epoll_ctl(loop->epoll, EPOLL_CTL_ADD, watch->descriptor, &event) < 0)
    return ow_fail(failure, OW_NETWORK, "cannot watch a descriptor: %s", strerror(errno));
  return OW_OK;
}

void ow_watch_change(struct ow_loop *loop, struct ow_watch *watch, uint32_t events)
{
  if (events != watch->events) {
    struct epoll_event event = {.events = events, .data.ptr = watch};
    watch->events = events;
    epoll_ctl(epoll_of(loop, watch), EPOLL_CTL_MOD, watch->descriptor, &event);
  }
}

/* True if it is watched by that epoll now. */
static bool move_watch(const struct ow_loop *loop, struct ow_watch *watch, int to)
{
  struct epoll_event event = {.events = watch->events, .data.ptr = watch};
  int from = epoll_of(loop, watch);
  bool there = from == to;
  if (!there && epoll_ctl(to, EPOLL_CTL_ADD, watch->descriptor, &event) == 0) {
    epoll_ctl(from, EPOLL_CTL_DEL, watch->descriptor, NULL);
    there = true;
  }
  return there;
}

void ow_watch_set_patient(struct ow_loop *loop, struct ow_watch *watch, int64_t most)
{
  int64_t wait = ow_patience_within(most);
  if (watch->descriptor >= 0 && wait != watch->patience &&
      move_watch(loop, watch, wait ? loop->patient_epoll : loop->epoll))
    ow_patience_change(&loop->patience, &watch->patience, wait);
}

void ow_watch_look_again(struct ow_loop *loop, const struct ow_watch *watch)
{
  if (watch->patience)
    ow_patience_look_again(&loop->patience);
}

/*
 * An event of the present batch may belong to a watch that an earlier one's callback closed, and perhaps
 * freed.
 */
static void forget_events(struct ow_loop *loop, const struct ow_watch *watch)
{
  for (int i = loop->event_next; i < loop->event_count; i++) {
    if (loop->events[i].data.ptr == watch)
      loop->events[i].data.ptr = NULL;
  }
}

int ow_watch_release(struct ow_loop *loop, struct ow_watch *watch)
{
  int descriptor = watch->descriptor;
  epoll_ctl(epoll_of(loop, watch), EPOLL_CTL_DEL, descriptor, NULL);
  ow_patience_change(&loop->patience, &watch->patience, 0);
  watch->descriptor = -1;
  forget_events(loop, watch);
  return descriptor;
}

void ow_watch_close(struct ow_loop *loop, struct ow_watch *watch)
{
  if (watch->descriptor >= 0)
    close(ow_watch_release(loop, watch));
}

/* Timers */

/*
 * A deadline that is set by a timer's callback and has passed is taken as "now": so it comes after those that
 * were due before, and a callback that always sets its timer to the past holds up nobody.
 */
static void set_timer(struct ow_loop *loop, struct ow_timer *timer, enum ow_timer_kind kind, int64_t when)
{
  struct ow_deadlines *deadlines = &loop->deadlines;
  int64_t ahead = kind == OW_TIMER_WALL ? deadlines->wall_ahead : 0;
  int64_t earliest = loop->in_round ? deadlines->now + ahead : 0;
  ow_deadlines_set(deadlines, timer, kind, when < earliest ? earliest : when);
}

void ow_timer_set(struct ow_loop *loop, struct ow_timer *timer, int64_t when)
{
  set_timer(loop, timer, OW_TIMER_EXACT, when);
}

void ow_timer_set_patient(struct ow_loop *loop, struct ow_timer *timer, int64_t when)
{
  set_timer(loop, timer, OW_TIMER_PATIENT, when);
}

void ow_timer_set_wall(struct ow_loop *loop, struct ow_timer *timer, struct ow_timestamp when)
{
  set_timer(loop, timer, OW_TIMER_WALL, ow_deadlines_of_stamp(&loop->deadlines, when));
}

void ow_timer_cancel(struct ow_loop *loop, struct ow_timer *timer)
{
  ow_deadlines_cancel(&loop->deadlines, timer);
}

void ow_loop_wait_awake(struct ow_loop *loop, bool awake)
{
  loop->awake = awake ? loop->awake + 1 : loop->awake - 1;
}

/*
 * Run what is due now, for so many ns. True if more may be: timers that the callbacks set wait for the next
 * round, and so does what there was no time for.
 */
static bool run_due(struct ow_loop *loop, int64_t most)
{
  struct ow_deadlines *deadlines = &loop->deadlines;
  uint64_t newer = deadlines->next_order;
  struct ow_timer *timer = NULL;
  bool time_left = true;
  if (ow_deadlines_empty(deadlines))
    return false;
  deadlines->now = clock_ns(CLOCK_MONOTONIC);
  loop->in_round = true;
  while ((timer = ow_deadlines_due(deadlines)) && timer->order < newer && time_left &&
         !atomic_load(&loop->stopped)) {
    ow_deadlines_cancel(deadlines, timer);
    timer->expired(timer);
    time_left = clock_ns(CLOCK_MONOTONIC) - deadlines->now < most;
  }
  loop->in_round = false;
  return timer != NULL;
}

/* Completions */

void ow_loop_deliver(struct ow_loop *loop, struct ow_completion *completion)
{
  ow_completions_add(&loop->completions, completion);
}

void ow_loop_withdraw(struct ow_loop *loop, struct ow_completion *completion)
{
  ow_completions_remove(&loop->completions, completion);
}

static bool is_stopped(const void *context)
{
  const struct ow_loop *loop = context;
  return atomic_load(&loop->stopped);
}

/* Timers that became due meanwhile come between two rounds, as between two events. */
static void run_completions(struct ow_loop *loop)
{
  for (int i = 0; i < ROUNDS_MOST && ow_completions_wait(&loop->completions) && !is_stopped(loop); i++) {
    if (i > 0)
      run_due(loop, TIMERS_TURN);
    ow_completions_run(&loop->completions, is_stopped, loop);
  }
}

/* Background work */

void ow_loop_background(struct ow_loop *loop, struct ow_completion *part)
{
  ow_completions_add(&loop->background, part);
}

void ow_loop_withdraw_background(struct ow_loop *loop, struct ow_completion *part)
{
  ow_completions_remove(&loop->background, part);
}

/* One part at least, so that timers that are always due don't keep it back for ever. */
static void run_background(struct ow_loop *loop)
{
  int64_t begin = clock_ns(CLOCK_MONOTONIC);
  int64_t now;
  do {
    ow_completions_run_first(&loop->background);
    now = clock_ns(CLOCK_MONOTONIC);
  } while (ow_completions_wait(&loop->background) && now - begin < BACKGROUND_TURN &&
           ow_deadlines_next(&loop->deadlines).first > now && !is_stopped(loop));
}

/* Steps */

/* That the clock was set must be known before anything acts on its time. */
static void notice_steps(struct ow_loop *loop)
{
  loop->clock_steps += ow_alarm_steps(&loop->alarm);
  loop->deadlines.wall_ahead = ow_alarm_wall_ahead();
}

uint64_t ow_loop_clock_steps(const struct ow_loop *loop)
{
  return loop->clock_steps;
}

void ow_loop_watch_steps(struct ow_loop *loop, struct ow_step_watcher *watcher)
{
  watcher->next = loop->step_watchers;
  loop->step_watchers = watcher;
}

void ow_loop_unwatch_steps(struct ow_loop *loop, struct ow_step_watcher *watcher)
{
  struct ow_step_watcher **at = &loop->step_watchers;
  while (*at && *at != watcher)
    at = &(*at)->next;
  if (*at)
    *at = watcher->next;
}

static void tell_steps(struct ow_loop *loop)
{
  if (loop->steps_told != loop->clock_steps) {
    loop->steps_told = loop->clock_steps;
    for (struct ow_step_watcher *watcher = loop->step_watchers; watcher; watcher = watcher->next)
      watcher->stepped(watcher);
  }
}

/* Stop and post */

/*
 * Nothing but the eventfd's count can be full, and then the loop is awake anyway. Keeps errno: see signal
 * handlers.
 */
static void wake(const struct ow_loop *loop)
{
  static const uint64_t one = 1;
  int error = errno;
  while (write(loop->wake, &one, sizeof one) < 0 && errno == EINTR)
    continue;
  errno = error;
}

void ow_loop_stop(struct ow_loop *loop)
{
  atomic_store(&loop->stopped, true);
  wake(loop);
}

/* Wakes before it unlocks: as soon as the post has run, its owner may free the loop. */
void ow_loop_post(struct ow_loop *loop, struct ow_post *post)
{
  post->next = NULL;
  pthread_mutex_lock(&loop->lock);
  if (loop->last_post)
    loop->last_post->next = post;
  else
    loop->first_post = post;
  loop->last_post = post;
  loop->post_count++;
  wake(loop);
  pthread_mutex_unlock(&loop->lock);
}

/* With the lock held: unlink `post`, which follows `previous` (NULL: it is the first). */
static void unlink_post(struct ow_loop *loop, struct ow_post *previous, struct ow_post *post)
{
  if (previous)
    previous->next = post->next;
  else
    loop->first_post = post->next;
  if (loop->last_post == post)
    loop->last_post = previous;
  loop->post_count--;
}

bool ow_loop_unpost(struct ow_loop *loop, struct ow_post *post)
{
  struct ow_post *previous = NULL;
  pthread_mutex_lock(&loop->lock);
  struct ow_post *at = loop->first_post;
  while (at && at != post) {
    previous = at;
    at = at->next;
  }
  if (at)
    unlink_post(loop, previous, at);
  pthread_mutex_unlock(&loop->lock);
  return at != NULL;
}

static struct ow_post *take_post(struct ow_loop *loop)
{
  pthread_mutex_lock(&loop->lock);
  struct ow_post *post = loop->first_post;
  if (post)
    unlink_post(loop, NULL, post);
  pthread_mutex_unlock(&loop->lock);
  return post;
}

static size_t count_posts(struct ow_loop *loop)
{
  pthread_mutex_lock(&loop->lock);
  size_t count = loop->post_count;
  pthread_mutex_unlock(&loop->lock);
  return count;
}

/* Only as many as wait now: one that posts itself again has woken the loop again, and holds up nobody. */
static void run_posts(struct ow_loop *loop)
{
  uint64_t wakes;
  struct ow_post *post = NULL;
  while (read(loop->wake, &wakes, sizeof wakes) < 0 && errno == EINTR)
    continue;
  for (size_t left = count_posts(loop); left && (post = take_post(loop)); left--)
    post->run(post);
}

/* Tenants */

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

static void end_tenants(struct ow_loop *loop)
{
  struct ow_loop_tenant *next;
  for (struct ow_loop_tenant *tenant = loop->tenants; tenant; tenant = next) {
    next = tenant->next;
    tenant->end(tenant);
  }
}

/* Life */

/* The loop's own descriptors are known by where they stand. */
static enum ow_status watch_own(struct ow_loop *loop, const int *descriptor, uint32_t events,
                                struct ow_failure *failure)
{
  union {
    const int *from;
    void *to;
  } place = {.from = descriptor};
  struct epoll_event event = {.events = events, .data.ptr = place.to};
  if (*descriptor < 0 || epoll_ctl(loop->epoll, EPOLL_CTL_ADD, *descriptor, &event) < 0)
    return ow_fail(failure, OW_NETWORK, "cannot make an event loop: %s", strerror(errno));
  return OW_OK;
}

static enum ow_status open_all(struct ow_loop *loop, struct ow_failure *failure)
{
  enum ow_status status = ow_alarm_open(&loop->alarm, failure);
  loop->epoll = epoll_create1(EPOLL_CLOEXEC);
  loop->patient_epoll = epoll_create1(EPOLL_CLOEXEC);
  loop->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  for (int i = 0; i < OW_ALARM_RINGS && status == OW_OK; i++)
    status = watch_own(loop, &loop->alarm.rings[i], EPOLLIN | EPOLLET, failure);
  if (status == OW_OK)
    status = watch_own(loop, &loop->alarm.steps, EPOLLIN, failure);
  if (status == OW_OK)
    status = watch_own(loop, &loop->wake, EPOLLIN, failure);
  if (status == OW_OK)
    status = watch_own(loop, &loop->patient_epoll, EPOLLIN, failure);
  loop->patient_wakes = true;
  loop->deadlines.wall_ahead = ow_alarm_wall_ahead();
  return status;
}

static void close_all(struct ow_loop *loop)
{
  const int descriptors[] = {loop->epoll, loop->patient_epoll, loop->wake};
  ow_alarm_close(&loop->alarm);
  for (size_t i = 0; i < sizeof descriptors / sizeof *descriptors; i++)
    if (descriptors[i] >= 0)
      close(descriptors[i]);
}

struct ow_loop *ow_loop_create(struct ow_failure *failure)
{
  struct ow_loop *loop = calloc(1, sizeof *loop);
  if (!loop) {
    ow_fail(failure, OW_MEMORY, "no memory for an event loop");
    return NULL;
  }
  pthread_mutex_init(&loop->lock, NULL);
  ow_completions_prepare(&loop->completions);
  ow_completions_prepare(&loop->background);
  if (open_all(loop, failure) != OW_OK) {
    ow_loop_free(loop);
    loop = NULL;
  }
  return loop;
}

void ow_loop_free(struct ow_loop *loop)
{
  if (loop) {
    end_tenants(loop);
    close_all(loop);
    pthread_mutex_destroy(&loop->lock);
  }
  free(loop);
}

/* Running */

/* Returns the monotonic clock. */
static int64_t end_turn(struct ow_loop *loop)
{
  int64_t now = clock_ns(CLOCK_MONOTONIC);
  if (ow_turns_end(&loop->turns, now))
    ow_turns_ran(&loop->turns, now, clock_ns(CLOCK_THREAD_CPUTIME_ID));
  return now;
}

struct ow_turn ow_loop_longest_turn(struct ow_loop *loop)
{
  return ow_turns_longest(&loop->turns);
}

/* What is so near is waited for awake, unless there is something to do. */
static void wait_awake(const struct ow_loop *loop, int64_t until)
{
  while (clock_ns(CLOCK_MONOTONIC) < until && !is_stopped(loop))
    continue;
}

/* What the kernel takes to wake us is known: the alarm rings so much earlier. */
static enum ow_status set_alarm(struct ow_loop *loop, struct ow_deadlines_next next, int64_t look,
                                int64_t now, struct ow_failure *failure)
{
  int64_t early = ow_wake_up_early(&loop->wake_up) + (loop->awake ? AWAKE_WAIT : 0);
  int64_t first = next.first < INT64_MAX ? next.first - early : INT64_MAX;
  int64_t second = next.second < INT64_MAX ? next.second - early : INT64_MAX;
  ow_wake_up_await(&loop->wake_up, look < first ? look : first, now);
  if (look < first)
    return ow_alarm_set(&loop->alarm, look, first, now, failure);
  return ow_alarm_set(&loop->alarm, first, second, now, failure);
}

/* What is so near is not worth to fall asleep for: nobody would be woken in time. */
static int64_t awake_for(const struct ow_loop *loop)
{
  int64_t wait = loop->awake ? AWAKE_WAIT : SHORT_WAIT;
  int64_t early = ow_wake_up_early(&loop->wake_up);
  return wait > early ? wait : early;
}

static enum ow_status wait_for_events(struct ow_loop *loop, bool at_once, struct ow_failure *failure)
{
  enum ow_status status = OW_OK;
  int64_t now = end_turn(loop);
  struct ow_deadlines_next next = ow_deadlines_next(&loop->deadlines);
  int64_t look = ow_patience_until(&loop->patience);
  bool soon = !at_once && (next.first - now <= awake_for(loop) || look <= now);
  ow_wake_up_await(&loop->wake_up, 0, now);
  if (!at_once && !soon)
    status = set_alarm(loop, next, look, now, failure);
  if (status == OW_OK) {
    loop->event_next = 0;
    loop->event_count = epoll_wait(loop->epoll, loop->events, EVENTS_MOST, at_once || soon ? 0 : -1);
    if (loop->event_count < 0 && errno != EINTR)
      status = ow_fail(failure, OW_NETWORK, "the event loop cannot wait: %s", strerror(errno));
    if (loop->event_count == 0 && soon && look > now)
      wait_awake(loop, next.first);
    loop->turns.begin = clock_ns(CLOCK_MONOTONIC);
  }
  return status;
}

/* Those that may wait: whether what comes there shall wake the loop. */
static void set_patient_wakes(struct ow_loop *loop)
{
  bool wakes = !loop->patience.patient;
  struct epoll_event event = {.events = wakes ? EPOLLIN : 0, .data.ptr = &loop->patient_epoll};
  if (wakes != loop->patient_wakes)
    epoll_ctl(loop->epoll, EPOLL_CTL_MOD, loop->patient_epoll, &event);
  loop->patient_wakes = wakes;
}

static void look_at_patient(struct ow_loop *loop, bool woken)
{
  int64_t now = loop->turns.begin;
  if (woken)
    ow_patience_woken(&loop->patience, now);
  if (woken || ow_patience_looks(&loop->patience, now)) {
    int begin = loop->event_count < 0 ? 0 : loop->event_count;
    int found = epoll_wait(loop->patient_epoll, loop->events + begin, EVENTS_MOST, 0);
    found = found < 0 ? 0 : found;
    loop->event_count = begin + found;
    if (loop->patience.patient)
      ow_patience_found(&loop->patience, now, (size_t)found, found < EVENTS_MOST);
    set_patient_wakes(loop);
  }
}

/* What the loop's own descriptors tell. True if something may wait that came. */
static bool take_own_events(struct ow_loop *loop)
{
  bool woken = false;
  for (int i = 0; i < loop->event_count; i++) {
    void *place = loop->events[i].data.ptr;
    bool own = true;
    if (place == &loop->alarm.steps)
      notice_steps(loop);
    else if (place == &loop->patient_epoll)
      woken = true;
    else if (place == &loop->alarm.rings[0] || place == &loop->alarm.rings[1])
      ow_wake_up_rung(&loop->wake_up, loop->turns.begin);
    else
      own = false;
    if (own)
      loop->events[i].data.ptr = NULL;
  }
  return woken;
}

static void handle_event(struct ow_loop *loop, const struct epoll_event *event)
{
  struct ow_watch *watch = event->data.ptr;
  if (event->data.ptr == &loop->wake)
    run_posts(loop);
  else if (watch)
    watch->ready(watch, event->events);
}

/* What is not taken because of a stop is still ready in the next run. */
static bool take_event(struct ow_loop *loop, struct epoll_event *event)
{
  bool taken = loop->event_next < loop->event_count && !is_stopped(loop);
  if (taken)
    *event = loop->events[loop->event_next++];
  return taken;
}

/*
 * The clock's steps first, then timers, for whose sake the loop may be awake, and those that became due
 * meanwhile between two events: they may close the very watch whose event is next.
 */
static void take_events(struct ow_loop *loop)
{
  struct epoll_event event;
  bool woken = take_own_events(loop);
  tell_steps(loop);
  run_due(loop, TIMERS_TURN);
  look_at_patient(loop, woken);
  while (take_event(loop, &event)) {
    handle_event(loop, &event);
    if (loop->event_next < loop->event_count)
      run_due(loop, TIMERS_BETWEEN);
  }
  loop->event_count = 0;
}

static enum ow_status run_turn(struct ow_loop *loop, struct ow_failure *failure)
{
  bool at_once = run_due(loop, TIMERS_TURN) || ow_completions_wait(&loop->completions) ||
                 ow_completions_wait(&loop->background);
  enum ow_status status = wait_for_events(loop, at_once, failure);
  if (status == OW_OK)
    take_events(loop);
  if (status == OW_OK)
    run_completions(loop);
  if (status == OW_OK && ow_completions_wait(&loop->background) && !is_stopped(loop))
    run_background(loop);
  return status;
}

/*
 * The slack is this thread's, and by default lets the kernel be 50 us late where it is not a timerfd that
 * waits.
 */
enum ow_status ow_loop_run(struct ow_loop *loop, struct ow_failure *failure)
{
  enum ow_status status = OW_OK;
  int slack = prctl(PR_GET_TIMERSLACK, 0UL, 0UL, 0UL, 0UL);
  prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
  loop->turns.cpu = clock_ns(CLOCK_THREAD_CPUTIME_ID);
  loop->turns.unread = 0;
  loop->turns.begin = clock_ns(CLOCK_MONOTONIC);
  while (status == OW_OK && !atomic_exchange(&loop->stopped, false))
    status = run_turn(loop, failure);
  if (slack > 0)
    prctl(PR_SET_TIMERSLACK, (unsigned long)slack, 0UL, 0UL, 0UL);
  return status;
}
