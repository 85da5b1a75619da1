/* SPDX-License-Identifier: MIT */
/* An epoll, a timerfd for each clock over a heap of timers, and an eventfd for other threads. */
#include "io/loop.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "io/system_clock.h"
#include "io/timer_heap.h"

enum {
  EVENTS_MOST = 64,
  ROUNDS_MOST = 4, /* of completions that follow from each other, before descriptors are looked at again */
};
#define TIMERS_TURN (500 * INT64_C(1000))     /* ns that timers have between two events */
#define BACKGROUND_TURN (200 * INT64_C(1000)) /* ns that background work has at the end of a turn */

/* What an alarm's descriptor was last told. */
enum alarm_state {
  ALARM_UNKNOWN, /* it has rung, or was cancelled: tell it again */
  ALARM_IDLE,    /* nothing to wait for */
  ALARM_SET,
};

/* The timers of one clock, and the timerfd that rings for the first of them. */
struct alarm {
  struct ow_timer_heap heap;
  struct ow_watch watch;
  enum alarm_state state;
  int64_t when; /* ALARM_SET: for this ns of its clock */
  int64_t now;  /* its clock when the present round of timers began */
};

struct ow_loop {
  int epoll;
  struct alarm monotonic;
  struct alarm wall;
  struct ow_watch wake; /* an eventfd: stop or post */
  uint64_t clock_steps;
  uint64_t steps_told;
  struct ow_step_watcher *step_watchers;
  struct ow_loop_tenant *tenants;
  uint64_t next_order;
  struct ow_completions completions;
  struct ow_completions background;
  struct ow_turn longest;
  int64_t turn_begin; /* monotonic */
  int64_t turn_cpu;   /* of this thread, until then */
  bool in_round;      /* timers are being run */
  struct epoll_event events[EVENTS_MOST];
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

static struct timespec ns_to_timespec(int64_t nanoseconds)
{
  return (struct timespec){.tv_sec = (time_t)(nanoseconds / OW_NS_PER_S),
                           .tv_nsec = (long)(nanoseconds % OW_NS_PER_S)};
}

struct ow_instant ow_loop_now(const struct ow_loop *loop)
{
  (void)loop;
  return ow_system_now();
}

/* Watches */

enum ow_status ow_watch_open(struct ow_loop *loop, struct ow_watch *watch, uint32_t events,
                             struct ow_failure *failure)
{
  struct epoll_event event = {.events = events, .data.ptr = watch};
  watch->events = events;
  if (epoll_ctl(loop->epoll, EPOLL_CTL_ADD, watch->descriptor, &event) < 0)
    return ow_fail(failure, OW_NETWORK, "cannot watch a descriptor: %s", strerror(errno));
  return OW_OK;
}

void ow_watch_change(struct ow_loop *loop, struct ow_watch *watch, uint32_t events)
{
  if (events != watch->events) {
    struct epoll_event event = {.events = events, .data.ptr = watch};
    watch->events = events;
    epoll_ctl(loop->epoll, EPOLL_CTL_MOD, watch->descriptor, &event);
  }
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
  epoll_ctl(loop->epoll, EPOLL_CTL_DEL, descriptor, NULL);
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

static struct alarm *alarm_of(struct ow_loop *loop, bool on_wall_clock)
{
  return on_wall_clock ? &loop->wall : &loop->monotonic;
}

/*
 * A deadline that is set by a timer's callback and has passed is taken as "now": so it comes after those that
 * were due before, and a callback that always sets its timer to the past holds up nobody.
 */
static void set_timer(struct ow_loop *loop, struct ow_timer *timer, bool on_wall_clock, int64_t when)
{
  struct alarm *alarm = alarm_of(loop, on_wall_clock);
  int64_t earliest = loop->in_round ? alarm->now : 0;
  ow_timer_cancel(loop, timer);
  timer->on_wall_clock = on_wall_clock;
  timer->when = when < earliest ? earliest : when;
  timer->order = loop->next_order++;
  ow_timer_heap_put(&alarm->heap, timer);
}

void ow_timer_set(struct ow_loop *loop, struct ow_timer *timer, int64_t when)
{
  set_timer(loop, timer, false, when);
}

/* The first nanosecond from 1970 on that, as a stamp, is not before `stamp`. */
static int64_t unix_ns(struct ow_timestamp stamp)
{
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  struct timespec unix_time = ow_timestamp_to_unix(stamp, now);
  if (unix_time.tv_sec < 0)
    return 0;
  int64_t nanoseconds = (int64_t)unix_time.tv_sec * OW_NS_PER_S + unix_time.tv_nsec;
  while (ow_timestamp_after(stamp, ow_timestamp_from_unix(ns_to_timespec(nanoseconds))))
    nanoseconds++;
  return nanoseconds;
}

void ow_timer_set_wall(struct ow_loop *loop, struct ow_timer *timer, struct ow_timestamp when)
{
  set_timer(loop, timer, true, unix_ns(when));
}

void ow_timer_cancel(struct ow_loop *loop, struct ow_timer *timer)
{
  if (timer->set)
    ow_timer_heap_take(&alarm_of(loop, timer->on_wall_clock)->heap, timer);
}

/* The timer of both clocks that is the longest overdue. */
static struct ow_timer *most_overdue(const struct ow_loop *loop)
{
  struct ow_timer *monotonic = loop->monotonic.heap.first;
  struct ow_timer *wall = loop->wall.heap.first;
  if (monotonic && monotonic->when > loop->monotonic.now)
    monotonic = NULL;
  if (wall && wall->when > loop->wall.now)
    wall = NULL;
  if (!monotonic || !wall)
    return monotonic ? monotonic : wall;
  int64_t late = loop->monotonic.now - monotonic->when;
  int64_t late_wall = loop->wall.now - wall->when;
  if (late == late_wall)
    return monotonic->order < wall->order ? monotonic : wall;
  return late > late_wall ? monotonic : wall;
}

/*
 * Run what is due now. True if more may be: timers that the callbacks set wait for the next round, and so
 * does what there was no time for.
 */
static bool run_due(struct ow_loop *loop)
{
  uint64_t newer = loop->next_order;
  struct ow_timer *timer = NULL;
  bool time_left = true;
  if (!loop->monotonic.heap.first && !loop->wall.heap.first)
    return false;
  loop->wall.now = clock_ns(CLOCK_REALTIME);
  loop->monotonic.now = clock_ns(CLOCK_MONOTONIC);
  loop->in_round = true;
  while ((timer = most_overdue(loop)) && timer->order < newer && time_left && !atomic_load(&loop->stopped)) {
    ow_timer_cancel(loop, timer);
    timer->expired(timer);
    time_left = clock_ns(CLOCK_MONOTONIC) - loop->monotonic.now < TIMERS_TURN;
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
      run_due(loop);
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

static bool timer_is_due(const struct ow_loop *loop, int64_t now)
{
  const struct ow_timer *monotonic = loop->monotonic.heap.first;
  const struct ow_timer *wall = loop->wall.heap.first;
  return (monotonic && monotonic->when <= now) || (wall && wall->when <= clock_ns(CLOCK_REALTIME));
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
           !timer_is_due(loop, now) && !is_stopped(loop));
}

/* Alarms */

/*
 * What to tell the descriptor; 0 disarms. The wall clock's is always set, if only for next year, because it
 * also tells when the clock is set.
 */
static int64_t alarm_value(const struct ow_loop *loop, const struct alarm *alarm)
{
  int64_t value = alarm->state == ALARM_SET ? alarm->when : 0;
  if (alarm == &loop->wall) {
    int64_t next_year = clock_ns(CLOCK_REALTIME) + 365 * 86400 * OW_NS_PER_S;
    value = alarm->state == ALARM_SET && value < next_year ? value : next_year;
  }
  return alarm->state == ALARM_SET && value < 1 ? 1 : value;
}

/*
 * Setting it also takes back that it has rung, so that the monotonic one is never read. timerfd_settime(2)
 * may be the first to tell that the clock was set: it then fails with ECANCELED, and yet has set the alarm
 * (its NOTES).
 */
static enum ow_status set_alarm(struct ow_loop *loop, struct alarm *alarm, struct ow_failure *failure)
{
  const struct ow_timer *first = alarm->heap.first;
  enum alarm_state state = first ? ALARM_SET : ALARM_IDLE;
  int64_t when = first ? first->when : 0;
  int flags = TFD_TIMER_ABSTIME | (alarm == &loop->wall ? TFD_TIMER_CANCEL_ON_SET : 0);
  if (state == alarm->state && when == alarm->when)
    return OW_OK;
  alarm->state = state;
  alarm->when = when;
  struct itimerspec setting = {.it_value = ns_to_timespec(alarm_value(loop, alarm))};
  if (timerfd_settime(alarm->watch.descriptor, flags, &setting, NULL) == 0)
    return OW_OK;
  if (errno != ECANCELED)
    return ow_fail(failure, OW_NETWORK, "cannot set a timer of the event loop: %s", strerror(errno));
  loop->clock_steps++;
  return OW_OK;
}

/* It rang, or the clock was set, which cancels it: the read tells which. */
static void wall_alarm_ready(struct ow_loop *loop)
{
  uint64_t rings;
  if (read(loop->wall.watch.descriptor, &rings, sizeof rings) < 0 && errno == ECANCELED)
    loop->clock_steps++;
  loop->wall.state = ALARM_UNKNOWN;
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
  while (write(loop->wake.descriptor, &one, sizeof one) < 0 && errno == EINTR)
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
  while (read(loop->wake.descriptor, &wakes, sizeof wakes) < 0 && errno == EINTR)
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

static enum ow_status watch_own(struct ow_loop *loop, struct ow_watch *watch, int descriptor,
                                struct ow_failure *failure)
{
  watch->descriptor = descriptor;
  if (descriptor < 0)
    return ow_fail(failure, OW_NETWORK, "cannot make an event loop: %s", strerror(errno));
  return ow_watch_open(loop, watch, EPOLLIN, failure);
}

static enum ow_status open_all(struct ow_loop *loop, struct ow_failure *failure)
{
  enum ow_status status = OW_OK;
  loop->epoll = epoll_create1(EPOLL_CLOEXEC);
  if (loop->epoll < 0)
    status = ow_fail(failure, OW_NETWORK, "cannot make an event loop: %s", strerror(errno));
  if (status == OW_OK)
    status = watch_own(loop, &loop->wake, eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), failure);
  if (status == OW_OK)
    status = watch_own(loop, &loop->monotonic.watch,
                       timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK), failure);
  if (status == OW_OK)
    status = watch_own(loop, &loop->wall.watch, timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK),
                       failure);
  /* Now, so that steps count from here on and not from the first run. */
  if (status == OW_OK)
    status = set_alarm(loop, &loop->wall, failure);
  return status;
}

struct ow_loop *ow_loop_create(struct ow_failure *failure)
{
  struct ow_loop *loop = calloc(1, sizeof *loop);
  if (!loop) {
    ow_fail(failure, OW_MEMORY, "no memory for an event loop");
    return NULL;
  }
  loop->wake.descriptor = loop->monotonic.watch.descriptor = loop->wall.watch.descriptor = -1;
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
    ow_watch_close(loop, &loop->wake);
    ow_watch_close(loop, &loop->monotonic.watch);
    ow_watch_close(loop, &loop->wall.watch);
    if (loop->epoll >= 0)
      close(loop->epoll);
    pthread_mutex_destroy(&loop->lock);
  }
  free(loop);
}

/* Running */

static void handle_event(struct ow_loop *loop, struct ow_watch *watch, uint32_t events)
{
  if (watch == &loop->monotonic.watch) {
    loop->monotonic.state = ALARM_UNKNOWN;
  } else if (watch == &loop->wake) {
    run_posts(loop);
  } else if (watch) {
    watch->ready(watch, events);
  }
}

/* That the clock was set must be known before anything acts on its time. */
static void notice_wall_alarm(struct ow_loop *loop)
{
  for (int i = 0; i < loop->event_count; i++) {
    if (loop->events[i].data.ptr == &loop->wall.watch) {
      wall_alarm_ready(loop);
      loop->events[i].data.ptr = NULL;
    }
  }
}

/* A turn lasts from one wait to the next. The thread's time doesn't pass while it waits. */
static void begin_turn(struct ow_loop *loop)
{
  loop->turn_begin = clock_ns(CLOCK_MONOTONIC);
}

static void end_turn(struct ow_loop *loop)
{
  int64_t wall = clock_ns(CLOCK_MONOTONIC) - loop->turn_begin;
  int64_t cpu = clock_ns(CLOCK_THREAD_CPUTIME_ID);
  if (wall > loop->longest.wall)
    loop->longest.wall = wall;
  if (cpu - loop->turn_cpu > loop->longest.cpu)
    loop->longest.cpu = cpu - loop->turn_cpu;
  loop->turn_cpu = cpu;
}

struct ow_turn ow_loop_longest_turn(struct ow_loop *loop)
{
  struct ow_turn longest = loop->longest;
  loop->longest = (struct ow_turn){0};
  return longest;
}

static enum ow_status wait_for_events(struct ow_loop *loop, bool at_once, struct ow_failure *failure)
{
  enum ow_status status = OW_OK;
  if (!at_once)
    status = set_alarm(loop, &loop->monotonic, failure);
  if (!at_once && status == OW_OK)
    status = set_alarm(loop, &loop->wall, failure);
  if (status == OW_OK) {
    loop->event_next = 0;
    end_turn(loop);
    loop->event_count = epoll_wait(loop->epoll, loop->events, EVENTS_MOST, at_once ? 0 : -1);
    begin_turn(loop);
    if (loop->event_count < 0 && errno != EINTR)
      status = ow_fail(failure, OW_NETWORK, "the event loop cannot wait: %s", strerror(errno));
  }
  return status;
}

/*
 * Timers that became due meanwhile come first, and may close the very watch whose event is next: so it is
 * taken from the batch after them. What is not taken because of a stop is still ready in the next run.
 */
static bool take_event(struct ow_loop *loop, struct epoll_event *event)
{
  bool taken = false;
  if (loop->event_next < loop->event_count)
    run_due(loop);
  if (loop->event_next < loop->event_count && !atomic_load(&loop->stopped)) {
    *event = loop->events[loop->event_next++];
    taken = true;
  }
  return taken;
}

static enum ow_status run_turn(struct ow_loop *loop, struct ow_failure *failure)
{
  struct epoll_event event;
  bool at_once =
      run_due(loop) || ow_completions_wait(&loop->completions) || ow_completions_wait(&loop->background);
  enum ow_status status = wait_for_events(loop, at_once, failure);
  if (status == OW_OK)
    notice_wall_alarm(loop);
  tell_steps(loop);
  while (status == OW_OK && take_event(loop, &event))
    handle_event(loop, event.data.ptr, event.events);
  loop->event_count = 0;
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
  loop->turn_cpu = clock_ns(CLOCK_THREAD_CPUTIME_ID);
  begin_turn(loop);
  while (status == OW_OK && !atomic_exchange(&loop->stopped, false))
    status = run_turn(loop, failure);
  if (slack > 0)
    prctl(PR_SET_TIMERSLACK, (unsigned long)slack, 0UL, 0UL, 0UL);
  return status;
}
