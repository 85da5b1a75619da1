/* SPDX-License-Identifier: MIT */
/* core/io: work off the loop's thread, bounded, and cancelled at any moment. */
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>

#include "base/container_of.h"
#include "io/work.h"
#include "support/main.h"
#include "support/seed.h"

enum { MANY = 400 };

struct errand {
  struct ow_work work;
  bool waits; /* for the gate */
  pthread_t thread;
  sigset_t blocked;
  unsigned done;
  enum ow_status status;
  atomic_uint dropped;
};

static struct ow_loop *loop;
static struct errand errands[MANY];
static sem_t at_work; /* one that waits has begun, */
static sem_t gate;    /* and goes on */
static unsigned told; /* of their end; the loop stops when so many are */
static unsigned awaited;

static void set_up(void)
{
  struct ow_failure failure = {.text = ""};
  loop = ow_loop_create(&failure);
  ck_assert_msg(loop != NULL, "%s", failure.text);
  sem_init(&at_work, 0, 0);
  sem_init(&gate, 0, 0);
}

static void tear_down(void)
{
  ow_loop_free(loop);
}

static struct errand *of_work(struct ow_work *work)
{
  return OW_CONTAINER_OF(work, struct errand, work);
}

static void on_run(struct ow_work *work)
{
  struct errand *errand = of_work(work);
  errand->thread = pthread_self();
  pthread_sigmask(SIG_SETMASK, NULL, &errand->blocked);
  if (errand->waits) {
    sem_post(&at_work);
    sem_wait(&gate);
  }
}

static void on_done(struct ow_work *work, enum ow_status status)
{
  struct errand *errand = of_work(work);
  errand->done++;
  errand->status = status;
  if (++told == awaited)
    ow_loop_stop(loop);
}

static void on_drop(struct ow_work *work)
{
  atomic_fetch_add(&of_work(work)->dropped, 1);
}

static enum ow_status begin(struct errand *errand, uint64_t party, unsigned most)
{
  struct ow_failure failure = {.text = ""};
  errand->work = (struct ow_work){.run = on_run, .done = on_done, .drop = on_drop};
  return ow_work_begin(loop, &errand->work, party, most, &failure);
}

/* Run the loop until so many more have been told. */
static void await(unsigned count)
{
  struct ow_failure failure = {.text = ""};
  awaited = told + count;
  ck_assert_int_eq(ow_loop_run(loop, &failure), OW_OK);
}

/* The worker is busy with the first until the gate opens. */
static void keep_busy(void)
{
  errands[0].waits = true;
  ck_assert_int_eq(begin(&errands[0], 1, 100), OW_OK);
  sem_wait(&at_work);
}

START_TEST(it_is_done_in_a_deaf_thread_and_told_on_the_loops)
{
  ck_assert_int_eq(begin(&errands[0], 1, 1), OW_OK);
  ck_assert_uint_eq(errands[0].done, 0);
  await(1);
  ck_assert_uint_eq(errands[0].done, 1);
  ck_assert_int_eq(errands[0].status, OW_OK);
  ck_assert(!pthread_equal(errands[0].thread, pthread_self()));
  ck_assert(sigismember(&errands[0].blocked, SIGTERM) == 1);
  /* And again, once the thread has ended, or is about to. */
  ck_assert_int_eq(begin(&errands[0], 1, 1), OW_OK);
  await(1);
  ck_assert_uint_eq(errands[0].done, 2);
}
END_TEST

START_TEST(no_more_wait_than_may)
{
  keep_busy();
  for (unsigned i = 1; i <= 3; i++)
    ck_assert_int_eq(begin(&errands[i], 1, 3), OW_OK);
  ck_assert_int_eq(begin(&errands[4], 1, 3), OW_LIMIT);
  sem_post(&gate);
  await(4);
  for (unsigned i = 0; i <= 3; i++)
    ck_assert_uint_eq(errands[i].done, 1);
  ck_assert_uint_eq(errands[4].done + errands[4].dropped, 0);
}
END_TEST

START_TEST(another_party_takes_the_place_of_the_last_and_its_turn_comes_soon)
{
  keep_busy();
  for (unsigned i = 1; i <= 3; i++)
    ck_assert_int_eq(begin(&errands[i], 1, 3), OW_OK);
  ck_assert_int_eq(begin(&errands[4], 2, 3), OW_OK);
  ck_assert_uint_eq(errands[3].done, 0); /* not within the call */
  await(1);
  ck_assert_uint_eq(errands[3].done, 1);
  ck_assert_int_eq(errands[3].status, OW_LIMIT);
  sem_post(&gate);
  await(4);
  ck_assert_int_eq(errands[4].status, OW_OK);
  ck_assert_uint_eq(errands[4].done, 1);
  ck_assert_uint_eq(errands[2].done, 1);
}
END_TEST

START_TEST(cancelled_while_it_waits_it_is_dropped_at_once)
{
  keep_busy();
  ck_assert_int_eq(begin(&errands[1], 1, 3), OW_OK);
  ow_work_cancel(&errands[1].work);
  ck_assert_uint_eq(errands[1].dropped, 1);
  sem_post(&gate);
  await(1);
  ck_assert_uint_eq(errands[1].done, 0);
}
END_TEST

START_TEST(cancelled_while_it_runs_it_is_dropped_afterwards_and_nobody_waits)
{
  keep_busy();
  ow_work_cancel(&errands[0].work);
  ck_assert_uint_eq(errands[0].dropped, 0);
  ck_assert_int_eq(begin(&errands[1], 1, 3), OW_OK);
  sem_post(&gate);
  await(1);
  ck_assert_uint_eq(errands[1].done, 1);
  ck_assert_uint_eq(errands[0].dropped, 1);
  ck_assert_uint_eq(errands[0].done, 0);
}
END_TEST

/* The second has begun: the first was posted. */
START_TEST(cancelled_before_it_is_told_it_is_dropped_and_not_told)
{
  keep_busy();
  errands[1].waits = true;
  ck_assert_int_eq(begin(&errands[1], 1, 3), OW_OK);
  sem_post(&gate);
  sem_wait(&at_work);
  ow_work_cancel(&errands[0].work);
  ck_assert_uint_eq(errands[0].dropped, 1);
  sem_post(&gate);
  await(1);
  ck_assert_uint_eq(errands[0].done, 0);
  ck_assert_uint_eq(errands[1].done, 1);
}
END_TEST

START_TEST(who_gave_way_can_be_cancelled_before_it_is_told)
{
  keep_busy();
  for (unsigned i = 1; i <= 3; i++)
    ck_assert_int_eq(begin(&errands[i], 1, 3), OW_OK);
  ck_assert_int_eq(begin(&errands[4], 2, 3), OW_OK);
  ow_work_cancel(&errands[3].work);
  ck_assert_uint_eq(errands[3].dropped, 1);
  sem_post(&gate);
  await(4);
  ck_assert_uint_eq(errands[3].done, 0);
}
END_TEST

START_TEST(a_loop_that_is_freed_waits_for_the_one_that_runs)
{
  keep_busy();
  ow_work_cancel(&errands[0].work);
  sem_post(&gate);
  ow_loop_free(loop);
  ck_assert_uint_eq(errands[0].dropped, 1);
  set_up();
}
END_TEST

/* Each comes to one end, whatever moment it is cancelled at. */
START_TEST(whenever_it_is_cancelled_it_ends_once)
{
  struct test_prng prng = test_prng(test_seed());
  for (unsigned i = 0; i < MANY; i++) {
    struct ow_failure failure;
    ck_assert_int_eq(begin(&errands[i], test_prng_below(&prng, 3), MANY), OW_OK);
    if (test_prng_below(&prng, 2) == 0) {
      ow_loop_stop(loop); /* one turn: some are told */
      ck_assert_int_eq(ow_loop_run(loop, &failure), OW_OK);
    }
    unsigned any = (unsigned)test_prng_below(&prng, i + 1);
    if (!errands[any].done && !errands[any].status) {
      errands[any].status = OW_STATE; /* cancelled */
      ow_work_cancel(&errands[any].work);
    }
  }
  unsigned left = 0;
  for (unsigned i = 0; i < MANY; i++)
    left += errands[i].status != OW_STATE && !errands[i].done;
  if (left)
    await(left);
  ow_loop_free(loop);
  for (unsigned i = 0; i < MANY; i++)
    ck_assert_msg(errands[i].done + errands[i].dropped == 1 &&
                      errands[i].done == (errands[i].status != OW_STATE),
                  "errand %u: %u times told, %u dropped", i, errands[i].done, (unsigned)errands[i].dropped);
  set_up();
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("io_work");
  test_seed();
  TEST_CASE_WITH(set_up, tear_down, suite, "work", it_is_done_in_a_deaf_thread_and_told_on_the_loops,
                 no_more_wait_than_may, another_party_takes_the_place_of_the_last_and_its_turn_comes_soon);
  TEST_CASE_WITH(set_up, tear_down, suite, "cancel", cancelled_while_it_waits_it_is_dropped_at_once,
                 cancelled_while_it_runs_it_is_dropped_afterwards_and_nobody_waits,
                 cancelled_before_it_is_told_it_is_dropped_and_not_told,
                 who_gave_way_can_be_cancelled_before_it_is_told,
                 a_loop_that_is_freed_waits_for_the_one_that_runs, whenever_it_is_cancelled_it_ends_once);
  return test_run_apart(suite);
}
