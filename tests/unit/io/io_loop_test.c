/* SPDX-License-Identifier: MIT */
/*
 * core/io: the loop's watches, timers and posts, the system's clocks, and the resolver that uses the
 * loop.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/timex.h>
#include <time.h>
#include <unistd.h>

#include "base/container_of.h"
#include "io/loop.h"
#include "io/resolver.h"
#include "io/system_clock.h"
#include "support/main.h"
#include "support/seed.h"

enum { SOON = 10000000 }; /* ns */

/* What a test uses, fresh for each. */
static struct ow_loop *loop;
static char story[64]; /* what happened, in order: one letter each */
static size_t told;
static size_t count;

static void set_up(void)
{
  struct ow_failure failure;
  loop = ow_loop_create(&failure);
  ck_assert_ptr_nonnull(loop);
  told = count = 0;
  story[0] = '\0';
}

static void tear_down(void)
{
  ow_loop_free(loop);
  loop = NULL;
}

static void run(void)
{
  struct ow_failure failure = {0};
  ck_assert_msg(ow_loop_run(loop, &failure) == OW_OK, "%s", failure.text);
}

static void tell(char letter)
{
  ck_assert_uint_lt(told, sizeof story - 1);
  story[told++] = letter;
  story[told] = '\0';
}

/* A timer that tells its name, and may do something. */
struct teller {
  struct ow_timer timer;
  char name;
  void (*act)(struct teller *teller);
  struct ow_timer *other;
  struct ow_watch *watch;
  int64_t monotonic; /* not before this */
  struct ow_timestamp wall;
  int left;
};

static void told_of(struct ow_timer *timer)
{
  struct teller *teller = OW_CONTAINER_OF(timer, struct teller, timer);
  struct ow_instant now = ow_loop_now(loop);
  ck_assert(!timer->set);
  ck_assert_int_ge(now.monotonic, teller->monotonic);
  if (!ow_timestamp_is_zero(teller->wall))
    ck_assert(!ow_timestamp_after(teller->wall, now.wall));
  tell(teller->name);
  if (teller->act)
    teller->act(teller);
}

static void at(struct teller *teller, int64_t when)
{
  teller->timer.expired = told_of;
  teller->monotonic = when;
  ow_timer_set(loop, &teller->timer, when);
}

static void at_wall(struct teller *teller, struct ow_timestamp when)
{
  teller->timer.expired = told_of;
  teller->wall = when;
  ow_timer_set_wall(loop, &teller->timer, when);
}

static void stop(struct teller *teller)
{
  (void)teller;
  ow_loop_stop(loop);
}

static void cancel_other(struct teller *teller)
{
  ow_timer_cancel(loop, teller->other);
}

/* Timers */

START_TEST(timers_fire_in_the_order_of_their_deadlines)
{
  int64_t now = ow_loop_now(loop).monotonic;
  struct teller a = {.name = 'a'}, b = {.name = 'b'}, c = {.name = 'c'}, end = {.name = '.', .act = stop};
  at(&end, now + 4 * SOON);
  at(&c, now + 3 * SOON);
  at(&a, now + SOON);
  at(&b, now + 2 * SOON);
  run();
  ck_assert_str_eq(story, "abc.");
}
END_TEST

START_TEST(equal_deadlines_fire_in_the_order_of_setting)
{
  int64_t now = ow_loop_now(loop).monotonic;
  struct teller tellers[26] = {0};
  struct teller end = {.name = '.', .act = stop};
  for (int i = 0; i < 26; i++) {
    tellers[i].name = (char)('a' + i);
    at(&tellers[i], now + SOON);
  }
  at(&end, now + SOON);
  run();
  ck_assert_str_eq(story, "abcdefghijklmnopqrstuvwxyz.");
}
END_TEST

START_TEST(a_deadline_in_the_past_fires_at_once)
{
  struct teller a = {.name = 'a'}, b = {.name = 'b'}, c = {.name = 'c'}, end = {.name = '.', .act = stop};
  at(&a, INT64_MIN);
  at(&b, 0);
  at(&c, 1);
  at(&end, ow_loop_now(loop).monotonic);
  run();
  ck_assert_str_eq(story, "abc.");
}
END_TEST

START_TEST(a_timer_can_be_moved)
{
  int64_t now = ow_loop_now(loop).monotonic;
  struct teller a = {.name = 'a'}, b = {.name = 'b'}, end = {.name = '.', .act = stop};
  at(&a, now + SOON);
  at(&b, now + 2 * SOON);
  at(&end, OW_NEVER);
  at(&a, now + 3 * SOON);
  at(&end, now + 4 * SOON);
  run();
  ck_assert_str_eq(story, "ba.");
}
END_TEST

START_TEST(a_timer_can_move_to_the_other_clock)
{
  struct ow_instant now = ow_loop_now(loop);
  struct teller a = {.name = 'a'}, end = {.name = '.', .act = stop};
  at(&a, now.monotonic + SOON);
  at_wall(&a, ow_timestamp_plus(now.wall, 2 * SOON));
  at_wall(&end, now.wall);
  at(&end, now.monotonic + 4 * SOON);
  run();
  ck_assert_str_eq(story, "a.");
}
END_TEST

START_TEST(a_cancelled_timer_does_not_fire)
{
  int64_t now = ow_loop_now(loop).monotonic;
  struct teller a = {.name = 'a'}, b = {.name = 'b'}, end = {.name = '.', .act = stop};
  at(&a, now + SOON);
  at(&b, now + SOON);
  at(&end, now + 2 * SOON);
  ow_timer_cancel(loop, &a.timer);
  ow_timer_cancel(loop, &a.timer);
  run();
  ck_assert_str_eq(story, "b.");
}
END_TEST

START_TEST(a_callback_can_cancel_a_timer_that_is_due)
{
  int64_t now = ow_loop_now(loop).monotonic;
  struct teller a = {.name = 'a', .act = cancel_other}, b = {.name = 'b'}, end = {.name = '.', .act = stop};
  a.other = &b.timer;
  at(&a, now);
  at(&b, now);
  at(&end, now);
  run();
  ck_assert_str_eq(story, "a.");
}
END_TEST

/* Sets itself to the past for ever, but for `left`. */
static void again(struct teller *teller)
{
  if (teller->left-- > 0)
    at(teller, 0);
}

START_TEST(a_timer_that_sets_itself_to_the_past_holds_up_nobody)
{
  struct ow_instant now = ow_loop_now(loop);
  struct teller a = {.name = 'a', .act = again, .left = 1000000}, b = {.name = 'b'}, c = {.name = 'c'};
  struct teller end = {.name = '.', .act = stop};
  at(&a, 0);
  at(&b, now.monotonic - SOON);
  at_wall(&c, ow_timestamp_plus(now.wall, -SOON / 2));
  at(&end, now.monotonic);
  run();
  ck_assert_str_eq(story, "abc.");
  ow_timer_cancel(loop, &a.timer);
}
END_TEST

static void stop_ready(struct ow_watch *watch, uint32_t events)
{
  (void)watch;
  ck_assert_uint_eq(events, EPOLLIN);
  ow_loop_stop(loop);
}

START_TEST(a_timer_that_sets_itself_to_the_past_holds_up_no_descriptor)
{
  struct teller a = {.name = 'a', .act = again, .left = 1000000};
  struct ow_failure failure;
  struct ow_watch watch = {.descriptor = eventfd(1, EFD_NONBLOCK | EFD_CLOEXEC), .ready = stop_ready};
  ck_assert_int_eq(ow_watch_open(loop, &watch, EPOLLIN, &failure), OW_OK);
  at(&a, 0);
  run();
  ow_watch_close(loop, &watch);
  ow_timer_cancel(loop, &a.timer);
}
END_TEST

START_TEST(wall_timers_fire_not_before_their_instant)
{
  struct ow_timestamp now = ow_loop_now(loop).wall;
  struct teller a = {.name = 'a'}, b = {.name = 'b'}, c = {.name = 'c'}, end = {.name = '.', .act = stop};
  at_wall(&end, ow_timestamp_plus(now, 3 * SOON));
  at_wall(&c, ow_timestamp_plus(now, 2 * SOON));
  at_wall(&b, ow_timestamp_plus(now, SOON));
  at_wall(&a, ow_timestamp_plus(now, -3600 * OW_NS_PER_S));
  run();
  ck_assert_str_eq(story, "abc.");
}
END_TEST

/* Any fraction of a nanosecond; told_of(), too, compares at the stamp's full resolution. */
START_TEST(wall_timers_keep_to_the_last_bit_of_their_instant)
{
  struct test_prng prng = test_prng(test_seed());
  struct teller a = {.name = 'a', .act = stop};
  for (int i = 0; i < 500; i++) {
    struct ow_timestamp when = ow_loop_now(loop).wall;
    when.ntp += test_prng_below(&prng, 100000);
    at_wall(&a, when);
    struct timespec first = {.tv_sec = a.timer.when / OW_NS_PER_S, .tv_nsec = a.timer.when % OW_NS_PER_S};
    int64_t waited = ow_timestamp_difference(ow_timestamp_from_unix(first), when);
    ck_assert(!ow_timestamp_after(when, ow_timestamp_from_unix(first)));
    ck_assert_int_le(waited, 1);
    told = 0;
    run();
  }
}
END_TEST

START_TEST(instants_of_68_years_around_keep_their_order)
{
  struct ow_timestamp now = ow_loop_now(loop).wall;
  int64_t year = 365 * 86400 * OW_NS_PER_S;
  struct teller a = {.name = 'a'}, b = {.name = 'b'}, c = {.name = 'c'}, d = {.name = 'd'};
  struct teller end = {.name = '.', .act = stop};
  at_wall(&d, ow_timestamp_plus(now, 67 * year));
  at_wall(&c, ow_timestamp_plus(now, 34 * year));
  at_wall(&b, ow_timestamp_plus(now, -34 * year));
  at_wall(&a, ow_timestamp_plus(now, -67 * year));
  at_wall(&end, ow_timestamp_plus(now, SOON));
  run();
  ck_assert_str_eq(story, "ab.");
  ow_timer_cancel(loop, &c.timer);
  ow_timer_cancel(loop, &d.timer);
}
END_TEST

START_TEST(timers_of_both_clocks_that_are_due_fire_by_their_lateness)
{
  struct ow_instant now = ow_loop_now(loop);
  struct teller a = {.name = 'a'}, b = {.name = 'b'}, c = {.name = 'c'}, d = {.name = 'd', .act = stop};
  at(&d, now.monotonic - 1 * OW_NS_PER_S);
  at_wall(&c, ow_timestamp_plus(now.wall, -2 * OW_NS_PER_S));
  at(&b, now.monotonic - 3 * OW_NS_PER_S);
  at_wall(&a, ow_timestamp_plus(now.wall, -4 * OW_NS_PER_S));
  run();
  ck_assert_str_eq(story, "abcd");
}
END_TEST

enum { MANY = 20000 };

struct many {
  struct ow_timer timer;
  int64_t when;
  uint64_t order;
  bool cancelled;
};

static struct many many[MANY];
static int64_t last_when;
static uint64_t last_order;

static void one_of_many(struct ow_timer *timer)
{
  struct many *one = OW_CONTAINER_OF(timer, struct many, timer);
  ck_assert(!one->cancelled);
  ck_assert(one->when > last_when || (one->when == last_when && one->order > last_order));
  ck_assert_int_le(one->when, ow_loop_now(loop).monotonic);
  last_when = one->when;
  last_order = one->order;
  count++;
}

static void set_one(struct many *one, struct test_prng *prng, int64_t base, uint64_t order)
{
  one->when = base + (int64_t)test_prng_below(prng, 500) * (SOON / 100);
  one->order = order;
  one->timer.expired = one_of_many;
  ow_timer_set(loop, &one->timer, one->when);
}

START_TEST(thousands_of_timers_set_moved_and_cancelled_at_random_fire_in_order)
{
  struct test_prng prng = test_prng(test_seed());
  int64_t base = ow_loop_now(loop).monotonic + SOON;
  uint64_t order = 0;
  size_t cancelled = 0;
  struct teller end = {.name = '.', .act = stop};
  for (size_t i = 0; i < MANY; i++)
    set_one(&many[i], &prng, base, ++order);
  for (size_t i = 0; i < MANY / 2; i++) {
    struct many *one = &many[test_prng_below(&prng, MANY)];
    if (!one->cancelled && test_prng_below(&prng, 2)) {
      set_one(one, &prng, base, ++order);
    } else if (!one->cancelled) {
      ow_timer_cancel(loop, &one->timer);
      one->cancelled = true;
      cancelled++;
    }
  }
  at(&end, base + 6 * SOON);
  run();
  ck_assert_uint_eq(count + cancelled, MANY);
}
END_TEST

/* Completions */

struct ending {
  struct ow_completion completion;
  char name;
  void (*act)(struct ending *ending);
};

static struct ending *other_ending;

static void tell_ending(struct ow_completion *completion)
{
  struct ending *ending = OW_CONTAINER_OF(completion, struct ending, completion);
  ck_assert(!ow_completion_waits(completion));
  tell(ending->name);
  if (ending->act)
    ending->act(ending);
}

static void end_loop(struct ending *ending)
{
  (void)ending;
  ow_loop_stop(loop);
}

static void deliver_again(struct ending *ending)
{
  if (told < 6)
    ow_loop_deliver(loop, &ending->completion);
  else
    ow_loop_stop(loop);
}

static void withdraw_other(struct ending *ending)
{
  (void)ending;
  ow_loop_withdraw(loop, &other_ending->completion);
  ow_loop_withdraw(loop, &other_ending->completion);
}

START_TEST(completions_run_once_each_in_the_order_of_coming)
{
  struct ending a = {{.run = tell_ending}, 'a', NULL};
  struct ending b = {{.run = tell_ending}, 'b', NULL};
  struct ending c = {{.run = tell_ending}, 'c', end_loop};
  ow_loop_deliver(loop, &a.completion);
  ow_loop_deliver(loop, &b.completion);
  ow_loop_deliver(loop, &a.completion);
  ow_loop_deliver(loop, &c.completion);
  ck_assert_str_eq(story, "");
  run();
  ck_assert_str_eq(story, "abc");
}
END_TEST

static struct ending late_ending = {{.run = tell_ending}, '.', end_loop};

static void deliver_late(struct ow_timer *timer)
{
  ow_loop_deliver(loop, &late_ending.completion);
  tell(OW_CONTAINER_OF(timer, struct teller, timer)->name);
}

START_TEST(a_completion_comes_after_all_that_its_turn_has_to_do)
{
  int64_t now = ow_loop_now(loop).monotonic;
  struct teller a = {.timer.expired = deliver_late, .name = 'a'};
  struct teller b = {.timer.expired = deliver_late, .name = 'b'};
  ow_timer_set(loop, &a.timer, now);
  ow_timer_set(loop, &b.timer, now);
  run();
  ck_assert_str_eq(story, "ab.");
}
END_TEST

START_TEST(a_completion_can_withdraw_another)
{
  struct ending a = {{.run = tell_ending}, 'a', withdraw_other};
  struct ending b = {{.run = tell_ending}, 'b', NULL};
  struct ending c = {{.run = tell_ending}, 'c', end_loop};
  other_ending = &b;
  ow_loop_deliver(loop, &a.completion);
  ow_loop_deliver(loop, &b.completion);
  ow_loop_deliver(loop, &c.completion);
  run();
  ck_assert_str_eq(story, "ac");
}
END_TEST

START_TEST(a_completion_that_always_delivers_itself_holds_up_nobody)
{
  struct ending again = {{.run = tell_ending}, 'x', deliver_again};
  struct teller timer = {.name = 't'};
  ow_loop_deliver(loop, &again.completion);
  at(&timer, 0);
  run();
  ck_assert_str_eq(story, "txxxxx");
}
END_TEST

/* Watches */

static struct ow_watch pipes[3];
static int pipe_ends[3];

static void open_pipes(void (*ready)(struct ow_watch *, uint32_t))
{
  struct ow_failure failure;
  for (int i = 0; i < 3; i++) {
    int ends[2];
    ck_assert_int_eq(pipe2(ends, O_NONBLOCK | O_CLOEXEC), 0);
    pipe_ends[i] = ends[1];
    pipes[i] = (struct ow_watch){.descriptor = ends[0], .ready = ready};
    ck_assert_int_eq(ow_watch_open(loop, &pipes[i], EPOLLIN, &failure), OW_OK);
    ck_assert_int_eq(write(ends[1], "x", 1), 1);
  }
}

static void close_pipes(void)
{
  for (int i = 0; i < 3; i++) {
    ow_watch_close(loop, &pipes[i]);
    ck_assert_int_eq(pipes[i].descriptor, -1);
    close(pipe_ends[i]);
  }
}

/* At the end of the turn that all events of a batch are told in. */
static void end_with_turn(void)
{
  ow_loop_deliver(loop, &late_ending.completion);
}

/* Whichever comes first closes the others, whose events are in the same batch. */
static void ready_closes_others(struct ow_watch *watch, uint32_t events)
{
  ck_assert_uint_eq(events, EPOLLIN);
  count++;
  end_with_turn();
  for (int i = 0; i < 3; i++) {
    if (watch != &pipes[i]) {
      ow_watch_close(loop, &pipes[i]);
      memset(&pipes[i], 0x5a, sizeof pipes[i]);
      pipes[i].descriptor = -1;
    }
  }
  ow_watch_change(loop, watch, 0);
}

START_TEST(a_callback_can_close_watches_whose_events_are_in_the_same_batch)
{
  open_pipes(ready_closes_others);
  run();
  ck_assert_uint_eq(count, 1);
  close_pipes();
}
END_TEST

static void ready_closes_itself(struct ow_watch *watch, uint32_t events)
{
  (void)events;
  ow_watch_close(loop, watch);
  if (++count == 3)
    ow_loop_stop(loop);
}

START_TEST(a_callback_can_close_its_own_watch)
{
  open_pipes(ready_closes_itself);
  run();
  ck_assert_uint_eq(count, 3);
  close_pipes();
}
END_TEST

/*
 * The descriptor's number, and the watch, are used again within the batch; the old event must not reach the
 * new one.
 */
static void ready_replaces_others(struct ow_watch *watch, uint32_t events)
{
  struct ow_failure failure;
  (void)events;
  count++;
  end_with_turn();
  for (int i = 0; i < 3; i++) {
    if (watch == &pipes[i])
      continue;
    ow_watch_close(loop, &pipes[i]);
    pipes[i].descriptor = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    ck_assert_int_eq(ow_watch_open(loop, &pipes[i], EPOLLIN, &failure), OW_OK);
  }
  ow_watch_change(loop, watch, 0);
}

START_TEST(a_watch_that_is_opened_again_gets_no_event_of_the_old_descriptor)
{
  open_pipes(ready_replaces_others);
  run();
  ck_assert_uint_eq(count, 1);
  close_pipes();
}
END_TEST

static void close_watch(struct teller *teller)
{
  ow_watch_close(loop, teller->watch);
  end_with_turn();
}

START_TEST(a_timer_can_close_a_watch_that_is_ready)
{
  struct teller a = {.name = 'a', .act = close_watch};
  open_pipes(ready_closes_itself);
  a.watch = &pipes[1];
  at(&a, 0);
  run();
  ck_assert_uint_eq(count, 2);
  close_pipes();
}
END_TEST

static void close_pipes_but_handled(struct teller *teller)
{
  (void)teller;
  for (int i = 0; i < 3; i++) {
    if (pipes[i].events) {
      ow_watch_close(loop, &pipes[i]);
      memset(&pipes[i], 0x5a, sizeof pipes[i]);
      pipes[i].descriptor = -1;
    }
  }
}

static struct teller closer = {.name = 'a', .act = close_pipes_but_handled};

/* Spins until the timer is due, which then closes the others before their events are handled. */
static void ready_takes_long(struct ow_watch *watch, uint32_t events)
{
  int64_t deadline = ow_loop_now(loop).monotonic + SOON;
  (void)events;
  count++;
  at(&closer, deadline);
  end_with_turn();
  while (ow_loop_now(loop).monotonic < deadline)
    continue;
  ow_watch_change(loop, watch, 0);
}

START_TEST(a_timer_that_becomes_due_within_a_batch_comes_before_the_next_event_and_can_close_it)
{
  open_pipes(ready_takes_long);
  run();
  ck_assert_uint_eq(count, 1);
  ck_assert_str_eq(story, "a.");
  close_pipes();
}
END_TEST

static void ready_for_both(struct ow_watch *watch, uint32_t events)
{
  if (count++ == 0) {
    ck_assert_uint_eq(events, EPOLLOUT);
    ow_watch_change(loop, watch, EPOLLIN);
    ck_assert_int_eq(write(pipe_ends[0], "x", 1), 1);
  } else {
    ck_assert_uint_eq(events, EPOLLIN);
    ow_loop_stop(loop);
  }
}

START_TEST(a_watch_can_change_its_events)
{
  struct ow_failure failure;
  int ends[2];
  ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
  pipe_ends[0] = ends[1];
  pipes[0] = (struct ow_watch){.descriptor = ends[0], .ready = ready_for_both};
  ck_assert_int_eq(ow_watch_open(loop, &pipes[0], EPOLLOUT, &failure), OW_OK);
  run();
  ck_assert_uint_eq(count, 2);
  ow_watch_close(loop, &pipes[0]);
  close(ends[1]);
}
END_TEST

START_TEST(a_descriptor_that_cannot_be_watched_is_a_failure_with_a_reason)
{
  struct ow_failure failure = {0};
  struct ow_watch watch = {.descriptor = 1000000};
  ck_assert_int_eq(ow_watch_open(loop, &watch, EPOLLIN, &failure), OW_NETWORK);
  ck_assert_ptr_nonnull(strstr(failure.text, "Bad file descriptor"));
  ow_watch_close(loop, &watch);
  ck_assert_int_eq(watch.descriptor, -1);
  ow_watch_close(loop, &watch);
}
END_TEST

enum { CROWD = 200 };

static void ready_in_a_crowd(struct ow_watch *watch, uint32_t events)
{
  (void)events;
  ow_watch_close(loop, watch);
  if (++count == CROWD)
    ow_loop_stop(loop);
}

START_TEST(more_descriptors_than_one_batch_holds_are_all_served)
{
  static struct ow_watch crowd[CROWD];
  struct ow_failure failure;
  for (int i = 0; i < CROWD; i++) {
    crowd[i] =
        (struct ow_watch){.descriptor = eventfd(1, EFD_NONBLOCK | EFD_CLOEXEC), .ready = ready_in_a_crowd};
    ck_assert_int_eq(ow_watch_open(loop, &crowd[i], EPOLLIN, &failure), OW_OK);
  }
  run();
  ck_assert_uint_eq(count, CROWD);
}
END_TEST

/* Stop and post */

START_TEST(a_stop_before_the_run_ends_it_at_once)
{
  struct teller a = {.name = 'a'}, end = {.name = '.', .act = stop};
  at(&a, 0);
  ow_loop_stop(loop);
  run();
  ck_assert_str_eq(story, "");
  at(&end, 0);
  run();
  ck_assert_str_eq(story, "a.");
}
END_TEST

static void *stop_from_thread(void *argument)
{
  ow_loop_stop(argument);
  return NULL;
}

START_TEST(another_thread_can_stop_the_loop)
{
  pthread_t thread;
  ck_assert_int_eq(pthread_create(&thread, NULL, stop_from_thread, loop), 0);
  run();
  pthread_join(thread, NULL);
}
END_TEST

static void stop_on_signal(int number)
{
  (void)number;
  ow_loop_stop(loop);
}

START_TEST(a_signal_handler_can_stop_the_loop)
{
  struct sigaction action = {.sa_handler = stop_on_signal};
  struct itimerspec soon = {.it_value.tv_nsec = SOON};
  struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1};
  timer_t timer;
  sigaction(SIGUSR1, &action, NULL);
  ck_assert_int_eq(timer_create(CLOCK_MONOTONIC, &event, &timer), 0);
  ck_assert_int_eq(timer_settime(timer, 0, &soon, NULL), 0);
  run();
  timer_delete(timer);
}
END_TEST

enum { POSTERS = 4, POSTS = 500 };

struct numbered_post {
  struct ow_post post;
  int poster;
  int number;
};

static struct numbered_post posts[POSTERS][POSTS];
static int next_number[POSTERS];

static void run_numbered(struct ow_post *post)
{
  struct numbered_post *numbered = OW_CONTAINER_OF(post, struct numbered_post, post);
  ck_assert_int_eq(numbered->number, next_number[numbered->poster]++);
  if (++count == POSTERS * POSTS)
    ow_loop_stop(loop);
}

static void *post_many(void *argument)
{
  struct numbered_post *mine = argument;
  for (int i = 0; i < POSTS; i++)
    ow_loop_post(loop, &mine[i].post);
  return NULL;
}

START_TEST(posts_of_several_threads_all_run_each_thread_s_in_order)
{
  pthread_t threads[POSTERS];
  for (int poster = 0; poster < POSTERS; poster++) {
    for (int i = 0; i < POSTS; i++)
      posts[poster][i] = (struct numbered_post){.post.run = run_numbered, .poster = poster, .number = i};
    ck_assert_int_eq(pthread_create(&threads[poster], NULL, post_many, posts[poster]), 0);
  }
  run();
  for (int poster = 0; poster < POSTERS; poster++)
    pthread_join(threads[poster], NULL);
  ck_assert_uint_eq(count, POSTERS * POSTS);
}
END_TEST

static struct ow_post second_post;

static void tell_first(struct ow_post *post)
{
  (void)post;
  tell('1');
  ck_assert(ow_loop_unpost(loop, &second_post));
  ck_assert(!ow_loop_unpost(loop, &second_post));
  ck_assert(!ow_loop_unpost(loop, post));
}

static void tell_second(struct ow_post *post)
{
  (void)post;
  tell('2');
}

static void tell_third(struct ow_post *post)
{
  tell('3');
  if (told < 5)
    ow_loop_post(loop, post);
  else
    ow_loop_stop(loop);
}

START_TEST(a_post_can_withdraw_another_and_post_itself_again)
{
  struct ow_post first = {.run = tell_first}, third = {.run = tell_third};
  second_post.run = tell_second;
  ow_loop_post(loop, &first);
  ow_loop_post(loop, &second_post);
  ow_loop_post(loop, &third);
  run();
  ck_assert_str_eq(story, "13333");
}
END_TEST

static void post_again(struct ow_post *post)
{
  if (++count < 1000)
    ow_loop_post(loop, post);
}

START_TEST(a_post_that_always_posts_itself_again_holds_up_no_descriptor)
{
  struct ow_post post = {.run = post_again};
  struct ow_failure failure;
  struct ow_watch watch = {.descriptor = eventfd(1, EFD_NONBLOCK | EFD_CLOEXEC), .ready = stop_ready};
  ck_assert_int_eq(ow_watch_open(loop, &watch, EPOLLIN, &failure), OW_OK);
  ow_loop_post(loop, &post);
  run();
  ck_assert_uint_lt(count, 10);
  ow_watch_close(loop, &watch);
  ow_loop_unpost(loop, &post);
}
END_TEST

START_TEST(the_last_post_can_be_withdrawn_and_others_follow)
{
  struct ow_post third = {.run = tell_third};
  second_post.run = tell_second;
  ow_loop_post(loop, &third);
  ow_loop_post(loop, &second_post);
  ck_assert(ow_loop_unpost(loop, &second_post));
  ow_loop_post(loop, &second_post);
  run();
  ck_assert_str_eq(story, "32333");
}
END_TEST

START_TEST(the_thread_s_timer_slack_is_as_before_after_a_run)
{
  struct teller end = {.name = '.', .act = stop};
  int before = prctl(PR_GET_TIMERSLACK, 0UL, 0UL, 0UL, 0UL);
  at(&end, 0);
  run();
  ck_assert_int_eq(prctl(PR_GET_TIMERSLACK, 0UL, 0UL, 0UL, 0UL), before);
}
END_TEST

/* Clocks */

/* What the kernel says under the daemons of the field; errors in microseconds. */
static const struct {
  const char *who;
  int result;
  struct timex kernel;
  bool synchronized;
  int64_t error;
  int64_t maximum;
} CLOCKS[] = {
    {"chronyd", TIME_OK, {.status = 0, .esterror = 180, .maxerror = 24000}, true, 180, 24000},
    {"chronyd with a PHC", TIME_OK, {.status = 0, .esterror = 0, .maxerror = 15}, true, 15, 15},
    {"ntpd", TIME_OK, {.status = STA_PLL | STA_NANO, .esterror = 700, .maxerror = 60000}, true, 700, 60000},
    {"ntpd, slewing",
     TIME_OK,
     {.status = STA_PLL | STA_NANO, .esterror = 700, .maxerror = 60000, .offset = -300000},
     true,
     1000,
     60000},
    {"ntpd, slewing in us",
     TIME_OK,
     {.status = STA_PLL, .esterror = 700, .maxerror = 60000, .offset = 300},
     true,
     1000,
     60000},
    {"systemd-timesyncd",
     TIME_OK,
     {.status = STA_PLL | STA_NANO, .esterror = 0, .maxerror = 0},
     true,
     10000,
     1},
    {"systemd-timesyncd, later",
     TIME_OK,
     {.status = STA_PLL | STA_NANO, .esterror = 0, .maxerror = 500000},
     true,
     500000,
     500000},
    {"phc2sys", TIME_OK, {.status = 0, .esterror = 16000000, .maxerror = 0}, true, 1, 1},
    {"a leap second", TIME_INS, {.status = STA_INS, .esterror = 50, .maxerror = 900}, true, 50, 900},
    {"nobody",
     TIME_ERROR,
     {.status = STA_UNSYNC, .esterror = 16000000, .maxerror = 16000000},
     false,
     16000000,
     16000000},
    {"nobody any more",
     TIME_ERROR,
     {.status = STA_UNSYNC, .esterror = 20, .maxerror = 800000},
     false,
     800000,
     800000},
    {"a daemon that says nothing for half an hour",
     TIME_OK,
     {.status = STA_PLL | STA_NANO, .esterror = 50, .maxerror = 1000000},
     true,
     50,
     1000000},
    {"for an hour", /* 50 us, and 15 ppm of the 1600 s that 0.8 s of 500 ppm stand for */
     TIME_OK,
     {.status = STA_PLL | STA_NANO, .esterror = 50, .maxerror = 1800000},
     true,
     24050,
     1800000},
    {"for nearly nine hours",
     TIME_OK,
     {.status = STA_PLL | STA_NANO, .esterror = 50, .maxerror = 15900000},
     false,
     15900000,
     15900000},
    {"a sandbox", -1, {.status = 0}, false, 16000000, 16000000},
};

enum { CLOCK_COUNT = sizeof CLOCKS / sizeof *CLOCKS };

START_TEST(the_clock_s_state_is_what_its_daemon_means)
{
  struct ow_clock_state state = ow_clock_state_from(CLOCKS[_i].result, &CLOCKS[_i].kernel);
  ck_assert_msg(state.synchronized == CLOCKS[_i].synchronized, "%s", CLOCKS[_i].who);
  ck_assert_msg(state.error == CLOCKS[_i].error * 1000, "%s: %lld", CLOCKS[_i].who, (long long)state.error);
  ck_assert_msg(state.maximum == CLOCKS[_i].maximum * 1000, "%s", CLOCKS[_i].who);
}
END_TEST

START_TEST(both_clocks_are_the_system_s)
{
  struct timespec before, after;
  clock_gettime(CLOCK_REALTIME, &before);
  struct ow_instant now = ow_loop_now(loop);
  clock_gettime(CLOCK_REALTIME, &after);
  ck_assert(!ow_timestamp_after(ow_timestamp_from_unix(before), now.wall));
  ck_assert(!ow_timestamp_after(now.wall, ow_timestamp_from_unix(after)));
  ck_assert_int_le(now.monotonic, ow_system_now().monotonic);
}
END_TEST

START_TEST(a_run_without_a_step_counts_none)
{
  struct ow_instant now = ow_loop_now(loop);
  struct teller a = {.name = 'a', .act = stop};
  at_wall(&a, ow_timestamp_plus(now.wall, SOON));
  run();
  struct ow_instant later = ow_loop_now(loop);
  int64_t apart = ow_timestamp_difference(later.wall, now.wall) - (later.monotonic - now.monotonic);
  /* Unless somebody does set this host's clock meanwhile. */
  if (apart > -OW_NS_PER_MS && apart < OW_NS_PER_MS)
    ck_assert_uint_eq(ow_loop_clock_steps(loop), 0);
}
END_TEST

START_TEST(the_clock_s_error_is_within_what_can_be_told)
{
  struct ow_clock_state state = ow_system_clock_state();
  ck_assert_int_ge(state.error, 1000);
  ck_assert_int_le(state.error, 16 * OW_NS_PER_S);
  ck_assert_int_ge(state.maximum, 1000);
  ck_assert_int_le(state.maximum, 16 * OW_NS_PER_S);
  if (!state.synchronized)
    ck_assert_int_eq(state.error, state.maximum);
}
END_TEST

START_TEST(the_error_estimate_holds_the_clock_s_and_the_stamping_s)
{
  struct ow_clock_cache cache = {0};
  struct ow_error_estimate estimate = ow_system_error(&cache, 5, 12345);
  ck_assert(cache.filled);
  ck_assert(ow_error_valid(estimate));
  ck_assert_int_eq(ow_error_synchronized(estimate), cache.state.synchronized);
  ck_assert_int_ge(ow_error_ns(estimate), cache.state.error + 12345);
}
END_TEST

START_TEST(the_kernel_is_asked_once_a_second)
{
  struct ow_clock_cache cache = {
      .filled = true, .read_at = 100, .state = {.synchronized = true, .error = 7000}};
  ck_assert_int_lt(ow_error_ns(ow_system_error(&cache, 99 + OW_NS_PER_S, 0)), 8000);
  ck_assert_int_eq(cache.read_at, 100);
  cache.state.error = 0;
  ow_system_error(&cache, 100 + OW_NS_PER_S, 0);
  ck_assert_int_eq(cache.read_at, 100 + OW_NS_PER_S);
  ck_assert_int_ge(cache.state.error, 1000);
}
END_TEST

START_TEST(random_octets_fill_what_is_asked_and_differ)
{
  uint8_t a[1000] = {0}, b[1000] = {0};
  ow_random_fill(&ow_system_random, a, 999);
  ow_random_fill(&ow_system_random, b, 999);
  ck_assert_int_ne(memcmp(a, b, 999), 0);
  ck_assert_uint_eq(a[999], 0);
  ck_assert_int_ne(memcmp(a + 983, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 16), 0);
}
END_TEST

/* Resolver */

struct answer {
  int calls;
  enum ow_status status;
  size_t count;
  union ow_address addresses[OW_RESOLVED_MOST];
  struct ow_failure failure;
  pthread_t thread;
  struct ow_resolution *cancel; /* within the call */
};

static void resolved(void *context, enum ow_status status, const union ow_address *addresses, size_t found,
                     const struct ow_failure *failure)
{
  struct answer *answer = context;
  answer->calls++;
  answer->status = status;
  answer->count = found;
  memcpy(answer->addresses, addresses, found * sizeof *addresses);
  answer->failure = *failure;
  answer->thread = pthread_self();
  ow_resolve_cancel(answer->cancel);
  ow_loop_stop(loop);
}

static void ask(struct answer *answer, const char *host, const char *port, int family)
{
  memset(answer, 0, sizeof *answer);
  answer->cancel = ow_resolve(loop, host, port, family, resolved, answer);
  ck_assert_ptr_nonnull(answer->cancel);
  ck_assert_int_eq(answer->calls, 0);
  run();
  ck_assert_int_eq(answer->calls, 1);
  ck_assert(pthread_equal(answer->thread, pthread_self()));
}

static void assert_address(const union ow_address *address, const char *text)
{
  char out[OW_ADDRESS_TEXT];
  ck_assert_str_eq(ow_address_print(out, sizeof out, address), text);
}

START_TEST(a_numeric_address_is_resolved)
{
  struct answer answer;
  ask(&answer, "192.0.2.1", "861", 0);
  ck_assert_int_eq(answer.status, OW_OK);
  ck_assert_uint_eq(answer.count, 1);
  assert_address(&answer.addresses[0], "192.0.2.1 port 861");
  ask(&answer, "2001:db8::7", "4000", 6);
  ck_assert_int_eq(answer.status, OW_OK);
  ck_assert_uint_eq(answer.count, 1);
  assert_address(&answer.addresses[0], "2001:db8::7 port 4000");
}
END_TEST

START_TEST(ipv4_in_ipv6s_clothes_is_ipv4)
{
  struct answer answer;
  for (int family = 0; family <= 4; family += 4) {
    ask(&answer, "::ffff:192.0.2.1", "861", family);
    ck_assert_int_eq(answer.status, OW_OK);
    ck_assert_uint_eq(answer.count, 1);
    ck_assert_int_eq(answer.addresses[0].any.sa_family, AF_INET);
    assert_address(&answer.addresses[0], "192.0.2.1 port 861");
  }
  ask(&answer, "::ffff:192.0.2.1", "861", 6);
  ck_assert_int_eq(answer.status, OW_NETWORK);
  ck_assert_msg(strstr(answer.failure.text, "cannot resolve 192.0.2.1: "), "%s", answer.failure.text);
}
END_TEST

START_TEST(a_zone_is_the_interface_of_that_name)
{
  struct answer answer;
  ask(&answer, "fe80::1%lo", "861", 0);
  ck_assert_int_eq(answer.status, OW_OK);
  assert_address(&answer.addresses[0], "fe80::1%lo port 861");
  ask(&answer, "fe80::1%gone0", "861", 0);
  ck_assert_int_eq(answer.status, OW_NETWORK);
  ck_assert_str_eq(answer.failure.text, "cannot resolve fe80::1%gone0: this host has no interface gone0");
}
END_TEST

START_TEST(localhost_is_resolved_in_the_family_asked_for)
{
  struct answer answer;
  ask(&answer, "localhost", "861", 4);
  ck_assert_int_eq(answer.status, OW_OK);
  ck_assert_uint_ge(answer.count, 1);
  assert_address(&answer.addresses[0], "127.0.0.1 port 861");
}
END_TEST

START_TEST(a_name_that_does_not_resolve_fails_with_its_name_and_the_reason)
{
  struct answer answer;
  ask(&answer, "no-such-host.invalid", "861", 0);
  ck_assert_int_eq(answer.status, OW_NETWORK);
  ck_assert_uint_eq(answer.count, 0);
  ck_assert_int_eq(answer.failure.status, OW_NETWORK);
  ck_assert_ptr_nonnull(strstr(answer.failure.text, "cannot resolve no-such-host.invalid: "));
}
END_TEST

START_TEST(an_address_of_the_other_family_fails)
{
  struct answer answer;
  ask(&answer, "192.0.2.1", "861", 6);
  ck_assert_int_eq(answer.status, OW_NETWORK);
  ck_assert_ptr_nonnull(strstr(answer.failure.text, "192.0.2.1"));
}
END_TEST

START_TEST(an_unknown_service_fails_with_what_to_do)
{
  struct answer answer;
  ask(&answer, "127.0.0.1", "no-such-service", 0);
  ck_assert_int_eq(answer.status, OW_NETWORK);
  ck_assert_ptr_nonnull(strstr(answer.failure.text, "port"));
}
END_TEST

START_TEST(a_host_with_control_characters_is_printed_without)
{
  struct answer answer;
  ask(&answer, "no\nsuch\x1bhost.invalid", "861", 0);
  ck_assert_int_eq(answer.status, OW_NETWORK);
  ck_assert_ptr_null(strpbrk(answer.failure.text, "\n\x1b"));
}
END_TEST

START_TEST(a_cancelled_resolution_calls_nobody)
{
  struct answer answer = {0};
  struct teller end = {.name = '.', .act = stop};
  struct ow_resolution *numeric = ow_resolve(loop, "127.0.0.1", "1", 0, resolved, &answer);
  struct ow_resolution *named = ow_resolve(loop, "localhost", "1", 0, resolved, &answer);
  ow_resolve_cancel(numeric);
  ow_resolve_cancel(named);
  ow_resolve_cancel(NULL);
  at(&end, ow_loop_now(loop).monotonic + SOON);
  run();
  ck_assert_int_eq(answer.calls, 0);
}
END_TEST

/* The thread may be before, within or after its look-up; and the loop is freed while it runs. */
START_TEST(a_resolution_can_be_cancelled_at_any_moment)
{
  struct test_prng prng = test_prng(test_seed());
  struct answer answer = {0};
  for (int i = 0; i < 100; i++) {
    struct teller end = {.name = '.', .act = stop};
    struct ow_resolution *resolution = ow_resolve(loop, "localhost", "1", 0, resolved, &answer);
    answer.calls = 0;
    at(&end, ow_loop_now(loop).monotonic + (int64_t)test_prng_below(&prng, SOON / 4));
    run();
    ow_timer_cancel(loop, &end.timer);
    if (!answer.calls)
      ow_resolve_cancel(resolution);
    told = 0;
    tear_down();
    set_up();
  }
}
END_TEST

static Suite *make_suite(void)
{
  Suite *suite = suite_create("io: loop");
  TEST_CASE_WITH(
      set_up, tear_down, suite, "timers", timers_fire_in_the_order_of_their_deadlines,
      equal_deadlines_fire_in_the_order_of_setting, a_deadline_in_the_past_fires_at_once,
      a_timer_can_be_moved, a_timer_can_move_to_the_other_clock, a_cancelled_timer_does_not_fire,
      a_callback_can_cancel_a_timer_that_is_due, a_timer_that_sets_itself_to_the_past_holds_up_nobody,
      a_timer_that_sets_itself_to_the_past_holds_up_no_descriptor, wall_timers_fire_not_before_their_instant,
      wall_timers_keep_to_the_last_bit_of_their_instant, instants_of_68_years_around_keep_their_order,
      timers_of_both_clocks_that_are_due_fire_by_their_lateness,
      thousands_of_timers_set_moved_and_cancelled_at_random_fire_in_order);
  TEST_CASE_WITH(set_up, tear_down, suite, "completions", completions_run_once_each_in_the_order_of_coming,
                 a_completion_comes_after_all_that_its_turn_has_to_do, a_completion_can_withdraw_another,
                 a_completion_that_always_delivers_itself_holds_up_nobody);
  TEST_CASE_WITH(
      set_up, tear_down, suite, "watches", a_callback_can_close_watches_whose_events_are_in_the_same_batch,
      a_callback_can_close_its_own_watch, a_watch_that_is_opened_again_gets_no_event_of_the_old_descriptor,
      a_timer_can_close_a_watch_that_is_ready,
      a_timer_that_becomes_due_within_a_batch_comes_before_the_next_event_and_can_close_it,
      a_watch_can_change_its_events, a_descriptor_that_cannot_be_watched_is_a_failure_with_a_reason,
      more_descriptors_than_one_batch_holds_are_all_served);
  TEST_CASE_WITH(set_up, tear_down, suite, "stop and post", a_stop_before_the_run_ends_it_at_once,
                 another_thread_can_stop_the_loop, a_signal_handler_can_stop_the_loop,
                 posts_of_several_threads_all_run_each_thread_s_in_order,
                 a_post_can_withdraw_another_and_post_itself_again,
                 a_post_that_always_posts_itself_again_holds_up_no_descriptor,
                 the_last_post_can_be_withdrawn_and_others_follow,
                 the_thread_s_timer_slack_is_as_before_after_a_run);
  TEST_CASE_WITH(set_up, tear_down, suite, "clocks", both_clocks_are_the_system_s,
                 a_run_without_a_step_counts_none, the_clock_s_error_is_within_what_can_be_told,
                 the_error_estimate_holds_the_clock_s_and_the_stamping_s, the_kernel_is_asked_once_a_second,
                 random_octets_fill_what_is_asked_and_differ);
  TEST_LOOP(suite, "clock states", CLOCK_COUNT, the_clock_s_state_is_what_its_daemon_means);
  TEST_CASE_WITH(
      set_up, tear_down, suite, "resolver", a_numeric_address_is_resolved, ipv4_in_ipv6s_clothes_is_ipv4,
      a_zone_is_the_interface_of_that_name, localhost_is_resolved_in_the_family_asked_for,
      a_name_that_does_not_resolve_fails_with_its_name_and_the_reason, an_address_of_the_other_family_fails,
      an_unknown_service_fails_with_what_to_do, a_host_with_control_characters_is_printed_without,
      a_cancelled_resolution_calls_nobody, a_resolution_can_be_cancelled_at_any_moment);
  return suite;
}

int main(void)
{
  test_seed();
  return test_run(make_suite());
}
