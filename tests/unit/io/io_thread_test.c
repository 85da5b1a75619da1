/* SPDX-License-Identifier: MIT */
/* core/io: a loop in a thread of its own. */
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>

#include "base/container_of.h"
#include "io/thread.h"
#include "support/main.h"

static struct ow_thread *create(void)
{
  struct ow_failure failure = {.text = ""};
  struct ow_thread *thread = ow_thread_create(&failure);
  ck_assert_msg(thread != NULL, "%s", failure.text);
  return thread;
}

static void start(struct ow_thread *thread)
{
  struct ow_failure failure = {.text = ""};
  ck_assert_msg(ow_thread_start(thread, "owamp-test", NULL, &failure) == OW_OK, "%s", failure.text);
}

struct visit {
  pthread_t thread;
  char name[16];
  sigset_t blocked;
  int calls;
};

static void visit(void *context)
{
  struct visit *visit = context;
  visit->thread = pthread_self();
  visit->calls++;
  pthread_getname_np(pthread_self(), visit->name, sizeof visit->name);
  pthread_sigmask(SIG_SETMASK, NULL, &visit->blocked);
}

START_TEST(runs_calls_in_a_thread_that_is_deaf_to_signals)
{
  struct visit seen = {.calls = 0};
  sigset_t before;
  sigset_t after;
  struct ow_thread *thread = create();
  pthread_sigmask(SIG_SETMASK, NULL, &before);
  start(thread);
  pthread_sigmask(SIG_SETMASK, NULL, &after);
  ow_thread_call(thread, visit, &seen);
  ck_assert_int_eq(seen.calls, 1);
  ck_assert(!pthread_equal(seen.thread, pthread_self()));
  ck_assert_str_eq(seen.name, "owamp-test");
  for (int number = 1; number <= SIGSYS; number++) {
    if (number != SIGKILL && number != SIGSTOP)
      ck_assert_msg(sigismember(&seen.blocked, number) == 1, "signal %d", number);
    ck_assert_int_eq(sigismember(&before, number), sigismember(&after, number));
  }
  ow_thread_free(thread);
}
END_TEST

START_TEST(calls_run_at_once_while_the_thread_does_not)
{
  struct visit seen = {.calls = 0};
  struct ow_thread *thread = create();
  ow_thread_call(thread, visit, &seen);
  ck_assert_int_eq(seen.calls, 1);
  ck_assert(pthread_equal(seen.thread, pthread_self()));
  start(thread);
  ow_thread_stop(thread);
  ow_thread_call(thread, visit, &seen);
  ck_assert_int_eq(seen.calls, 2);
  ck_assert(pthread_equal(seen.thread, pthread_self()));
  ow_thread_free(thread);
}
END_TEST

START_TEST(stops_and_starts_again)
{
  struct ow_failure failure = {.text = ""};
  struct visit seen = {.calls = 0};
  struct ow_thread *thread = create();
  ow_thread_stop(thread);
  for (int i = 0; i < 20; i++) {
    start(thread);
    ck_assert_int_eq(ow_thread_start(thread, "twice", NULL, &failure), OW_STATE);
    ow_thread_call(thread, visit, &seen);
    ow_thread_stop(thread);
  }
  ck_assert_int_eq(seen.calls, 20);
  ow_thread_free(thread);
  ow_thread_free(NULL);
}
END_TEST

/* A timer that is always due. */
struct busy {
  struct ow_timer timer;
  struct ow_loop *loop;
  sem_t turned;
};

static void turn(struct ow_timer *timer)
{
  struct busy *busy = OW_CONTAINER_OF(timer, struct busy, timer);
  sem_post(&busy->turned);
  ow_timer_set(busy->loop, &busy->timer, 0);
}

START_TEST(ends_though_there_is_always_work)
{
  struct ow_thread *thread = create();
  struct busy busy = {.timer.expired = turn, .loop = ow_thread_loop(thread)};
  sem_init(&busy.turned, 0, 0);
  ow_timer_set(busy.loop, &busy.timer, 0);
  start(thread);
  for (int i = 0; i < 3; i++)
    sem_wait(&busy.turned);
  ow_thread_stop(thread);
  ow_timer_cancel(busy.loop, &busy.timer);
  ow_thread_free(thread);
  sem_destroy(&busy.turned);
}
END_TEST

struct crowd {
  struct ow_thread *thread;
  int total; /* written on the thread alone */
};

static void add_one(void *context)
{
  struct crowd *crowd = context;
  crowd->total++;
}

static void *add_many(void *context)
{
  struct crowd *crowd = context;
  for (int i = 0; i < 500; i++)
    ow_thread_call(crowd->thread, add_one, crowd);
  return NULL;
}

START_TEST(many_threads_may_call)
{
  pthread_t callers[4];
  struct crowd crowd = {.thread = create()};
  start(crowd.thread);
  for (size_t i = 0; i < 4; i++)
    ck_assert_int_eq(pthread_create(&callers[i], NULL, add_many, &crowd), 0);
  for (size_t i = 0; i < 4; i++)
    pthread_join(callers[i], NULL);
  ow_thread_free(crowd.thread);
  ck_assert_int_eq(crowd.total, 2000);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("io/thread");
  TEST_CASE(suite, "life", runs_calls_in_a_thread_that_is_deaf_to_signals,
            calls_run_at_once_while_the_thread_does_not, stops_and_starts_again,
            ends_though_there_is_always_work, many_threads_may_call);
  return test_run(suite);
}
