/* SPDX-License-Identifier: MIT */
/* server/kept_sessions: which sessions can be fetched, for how long, and who makes room for whom. */
#include "server/kept_sessions.h"

#include <string.h>

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

static bool is_full(void)
{
  struct ow_failure why;
  return ow_serve_kept_check(&kept, &serving.client, &why) != OW_OK;
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

/* Its connection has ended, its packets are lost; returns the SID, since the session may go any time. */
static struct ow_sid leave(struct ow_serve_session *session)
{
  struct ow_sid sid = session->request.sid;
  session->connection = NULL;
  test_serving_stop(session);
  ow_serve_session_drop(session);
  return sid;
}

static void expect_kept(const struct ow_sid *sid, bool expected)
{
  const struct ow_serve_session *found = ow_serve_kept_find(&kept, sid, false);
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

  ow_serve_forget(&kept, ow_serve_kept_find(&kept, &sid, false));
  expect_kept(&sid, false);
  ck_assert_uint_eq(serving.disk_released, 1);
}
END_TEST

/* ---- making room ---- */

static const struct ow_serve_lack a_place = {.what = OW_SERVE_ENOUGH};
static const struct ow_serve_lack records = {.what = OW_SERVE_SCARCE_RECORDS};
static const struct ow_serve_lack disk = {.what = OW_SERVE_SCARCE_DISK, .refused = {.short_of = 1}};

/* Who asks from now on: 127.0.0.NUMBER, in open mode. */
static void become(uint8_t number)
{
  serving.client.address.address[3] = number;
}

/* A session of the present client that ended so many seconds ago, with `packets` records. */
static struct ow_sid ended(uint32_t packets, int64_t seconds)
{
  struct ow_session_request request = test_serving_request(false, packets);
  struct ow_serve_session *session = test_serving_session(&serving, &request, OW_ACCEPT_OK);
  session->connection = &connection;
  ck_assert(ow_serve_keep(&kept, session));
  ck_assert_int_eq(ow_serve_session_start(session, NULL), OW_OK);
  struct ow_sid sid = leave(session);
  session->ended_at -= seconds * OW_NS_PER_S;
  return sid;
}

static bool make_room(const struct ow_serve_lack *lack)
{
  struct ow_failure why = {.text = "it is full"};
  bool made = ow_serve_kept_make_room(&kept, &serving.client, lack, &why);
  ck_assert_int_eq(strcmp(why.text, "it is full") == 0, made);
  return made;
}

START_TEST(the_oldest_of_ones_own_goes_first)
{
  become(2);
  struct ow_sid others = ended(5, 90);
  become(1);
  struct ow_sid oldest = ended(5, 60);
  struct ow_sid older = ended(5, 40);
  struct ow_sid young = ended(5, 29);
  ck_assert(is_full());
  ck_assert(make_room(&a_place));
  expect_kept(&oldest, false);
  ck_assert(make_room(&records));
  expect_kept(&older, false);
  /* What is left of both is too young, or the other's own share. */
  ck_assert(!make_room(&records));
  ck_assert(!make_room(&a_place));
  expect_kept(&young, true);
  expect_kept(&others, true);
}
END_TEST

START_TEST(who_holds_more_than_its_share_makes_room)
{
  become(2);
  struct ow_sid modest = ended(7, 100);
  become(3);
  struct ow_sid greedy = ended(8, 90);
  struct ow_sid later = ended(4, 80);
  become(1);
  serving.common.config.most_records = 30; /* 10 for each of three */
  ck_assert(make_room(&records));
  expect_kept(&greedy, false);
  ck_assert(!make_room(&records)); /* both hold less than ten now */
  expect_kept(&modest, true);
  expect_kept(&later, true);
}
END_TEST

START_TEST(a_key_is_an_owner_wherever_it_comes_from)
{
  memcpy(serving.client.key_id, "monitor", 8);
  become(2);
  struct ow_sid mine = ended(5, 60);
  become(1);
  ck_assert(make_room(&records));
  expect_kept(&mine, false);
  struct ow_sid again = ended(5, 60);
  memset(serving.client.key_id, 0, sizeof serving.client.key_id);
  ck_assert(!make_room(&records)); /* another client, of the same address */
  expect_kept(&again, true);
}
END_TEST

START_TEST(only_what_helps_goes)
{
  struct ow_sid none = ended(5, 90);
  struct ow_sid some = ended(5, 60);
  ow_serve_kept_find(&kept, &some, false)->claim.disk = 125;
  ck_assert(make_room(&disk));
  expect_kept(&none, true);
  expect_kept(&some, false);
  ck_assert(!make_room(&disk));
}
END_TEST

START_TEST(what_runs_or_is_fetched_stays)
{
  struct ow_serve_session *running = run_one();
  struct ow_sid sid = ended(5, 60);
  struct ow_serve_session *fetched = ow_serve_kept_find(&kept, &sid, false);
  ow_serve_session_hold(fetched);
  ck_assert(!make_room(&records));
  ow_serve_session_drop(fetched);
  ck_assert(make_room(&records));
  expect_kept(&sid, false);
  ck_assert(!make_room(&records));
  leave(running);
}
END_TEST

/* Whoever could end all that it runs at once would leave no place to others. */
START_TEST(a_place_is_taken_from_the_agreement_on)
{
  struct ow_serve_session *sessions[MOST];
  for (int i = 0; i < MOST; i++) {
    ck_assert(!is_full());
    sessions[i] = run_one();
  }
  ck_assert(is_full());
  for (int i = 0; i < MOST; i++)
    leave(sessions[i]);
  ck_assert(is_full());
  ck_assert_uint_eq(serving.common.counts.sessions_kept, MOST);
}
END_TEST

/* Who fills all with results that are as young as may be keeps no modest client out. */
START_TEST(the_greedy_lose_young_results_to_the_modest)
{
  become(2);
  struct ow_sid modest = ended(5, 1);
  become(3);
  struct ow_sid first = ended(5, 1), second = ended(5, 0);
  become(1);
  ck_assert(is_full());
  ck_assert(make_room(&a_place)); /* a share is one of three */
  expect_kept(&modest, true);
  expect_kept(&first, false);
  expect_kept(&second, true);
  ck_assert(!is_full());
  struct ow_sid mine = ended(5, 0);
  ck_assert(is_full());
  ck_assert(!make_room(&a_place)); /* nobody holds more than one */
  expect_kept(&mine, true);
}
END_TEST

/* Of twelve places the last three are for those below their share. */
START_TEST(who_is_above_its_share_leaves_the_last_quarter)
{
  serving.common.config.most_sessions_kept = 12;
  become(3);
  for (int i = 0; i < 9; i++) {
    ck_assert(!is_full());
    (void)ended(1, 40);
  }
  ck_assert(is_full());
  become(1);
  for (int i = 0; i < 3; i++) {
    ck_assert(!is_full());
    (void)ended(1, 40);
  }
  ck_assert(is_full());
  become(3);
  ck_assert(is_full());
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("server_kept_sessions");
  TEST_CASE_WITH(set_up, tear_down, suite, "kept", a_kept_session_outlives_its_connection,
                 the_oldest_of_ones_own_goes_first, who_holds_more_than_its_share_makes_room,
                 a_key_is_an_owner_wherever_it_comes_from, only_what_helps_goes,
                 what_runs_or_is_fetched_stays, a_place_is_taken_from_the_agreement_on,
                 the_greedy_lose_young_results_to_the_modest, who_is_above_its_share_leaves_the_last_quarter);
  return test_run(suite);
}
