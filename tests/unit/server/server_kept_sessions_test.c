/* SPDX-License-Identifier: MIT */
/* server/kept_sessions: which sessions can be fetched, and for how long. */
#include "server/kept_sessions.h"
#include "support/main.h"
#include "support/serving.h"

enum { MOST = 3 };

static struct test_serving serving;
static struct ow_serve_kept_sessions kept;
static struct ow_serve_connection {
  int nothing;
} connection; /* somebody who runs sessions */

static void set_up(void)
{
  test_serving_open(&serving);
  serving.common.config.most_sessions_kept = MOST;
  ow_serve_kept_prepare(&kept, &serving.common);
}

static void tear_down(void)
{
  ow_serve_kept_clear(&kept);
  test_serving_close(&serving);
}

/* A session that its connection holds and keeps. */
static struct ow_serve_session *run_one(void)
{
  struct ow_session_request request = test_serving_request(false, 5);
  struct ow_serve_session *session = test_serving_session(&serving, &request, OW_ACCEPT_OK);
  session->connection = &connection;
  ck_assert(ow_serve_keep(&kept, session));
  return session;
}

/* Its connection has ended; returns the SID, since the session may go any time. */
static struct ow_sid leave(struct ow_serve_session *session)
{
  struct ow_sid sid = session->request.sid;
  session->connection = NULL;
  ow_serve_session_end(session, NULL);
  ow_serve_session_drop(session);
  return sid;
}

static void expect_kept(const struct ow_sid *sid, bool expected)
{
  const struct ow_serve_session *found = ow_serve_kept_find(&kept, sid);
  ck_assert_int_eq(found != NULL, expected);
  if (found)
    ck_assert_mem_eq(found->request.sid.octets, sid->octets, OW_SID);
}

START_TEST(a_kept_session_outlives_its_connection)
{
  struct ow_sid strange = test_sid(1);
  expect_kept(&strange, false);
  struct ow_sid sid = leave(run_one());
  expect_kept(&sid, true);
  expect_kept(&strange, false);
  ck_assert_uint_eq(serving.common.counts.sessions_kept, 1);
  ck_assert_uint_eq(serving.disk_released, 0);

  ow_serve_forget(&kept, ow_serve_kept_find(&kept, &sid));
  expect_kept(&sid, false);
  ck_assert_uint_eq(serving.disk_released, 1);
}
END_TEST

START_TEST(the_oldest_makes_room)
{
  struct ow_sid sids[2 * MOST];
  for (unsigned i = 0; i < 2 * MOST; i++) {
    sids[i] = leave(run_one());
    for (unsigned j = 0; j <= i; j++)
      expect_kept(&sids[j], j + MOST > i);
    ck_assert_uint_eq(serving.common.counts.sessions_kept, i < MOST ? i + 1 : MOST);
  }
}
END_TEST

START_TEST(one_that_a_connection_runs_stays)
{
  struct ow_sid sids[MOST];
  struct ow_serve_session *oldest = run_one();
  struct ow_sid running = oldest->request.sid;
  for (int i = 0; i < MOST; i++)
    sids[i] = leave(run_one());
  expect_kept(&running, true);
  expect_kept(&sids[0], false);
  for (int i = 1; i < MOST; i++)
    expect_kept(&sids[i], true);

  leave(oldest);
  leave(run_one());
  expect_kept(&running, false);
  expect_kept(&sids[1], true);
}
END_TEST

START_TEST(if_all_run_the_bound_gives_way)
{
  struct ow_serve_session *sessions[MOST + 1];
  for (int i = 0; i <= MOST; i++)
    sessions[i] = run_one();
  ck_assert_uint_eq(serving.common.counts.sessions_kept, MOST + 1);
  struct ow_sid first = leave(sessions[0]);
  struct ow_sid second = leave(sessions[1]);
  ck_assert_uint_eq(serving.common.counts.sessions_kept, MOST + 1);
  leave(run_one()); /* makes room for itself, and for what was too much */
  expect_kept(&first, false);
  expect_kept(&second, false);
  ck_assert_uint_eq(serving.common.counts.sessions_kept, MOST);
  for (int i = 2; i <= MOST; i++)
    leave(sessions[i]);
}
END_TEST

START_TEST(one_that_is_being_fetched_survives_until_the_fetch_ends)
{
  struct ow_serve_session *fetched = run_one();
  ow_serve_session_hold(fetched);
  struct ow_sid sid = leave(fetched);
  for (int i = 0; i < MOST; i++)
    leave(run_one());
  expect_kept(&sid, false);
  ck_assert_uint_eq(serving.disk_released, 0);
  ck_assert_mem_eq(fetched->request.sid.octets, sid.octets, OW_SID);
  ow_serve_forget(&kept, fetched); /* for the second time */
  ck_assert_uint_eq(serving.common.counts.sessions_kept, MOST);
  ow_serve_session_drop(fetched);
  ck_assert_uint_eq(serving.disk_released, 1);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("server_kept_sessions");
  TEST_CASE_WITH(set_up, tear_down, suite, "kept", a_kept_session_outlives_its_connection,
                 the_oldest_makes_room, one_that_a_connection_runs_stays, if_all_run_the_bound_gives_way,
                 one_that_is_being_fetched_survives_until_the_fetch_ends);
  return test_run(suite);
}
