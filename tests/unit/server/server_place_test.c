/* SPDX-License-Identifier: MIT */
/* server/place: who has a place when there are too few, and who gives one back. */
#include "server/place.h"

#include <string.h>

#include "server/failures.h"
#include "support/main.h"
#include "support/serving.h"

enum { MOST = 16 };

static struct test_serving serving;
static struct ow_serve_place places[2 * MOST];
static unsigned taken;
static const struct ow_serve_place *given_back;
static char reason[OW_FAILURE_TEXT];

static void set_up(void)
{
  test_serving_open(&serving);
  serving.common.config.most_connections = MOST;
  memset(places, 0, sizeof places);
  taken = 0;
}

static void tear_down(void)
{
  for (unsigned i = 0; i < taken; i++)
    ow_serve_place_leave(&places[i]);
  ow_serve_failures_clear(&serving.common);
  test_serving_close(&serving);
}

static void on_give_back(struct ow_serve_place *place, const struct ow_failure *why)
{
  given_back = place;
  memcpy(reason, why->text, sizeof reason);
  ow_serve_place_leave(place);
}

/* 192.0.2.NUMBER */
static struct ow_serve_client client(uint8_t number, const char *key_id)
{
  struct ow_serve_client found = {.address = {.version = 4, .address = {192, 0, 2, number}}};
  memcpy(found.key_id, key_id, strlen(key_id) + 1);
  return found;
}

/* NULL if it is turned away; the sentence is then in `reason`. */
static struct ow_serve_place *come(uint8_t number)
{
  struct ow_serve_client who = client(number, "");
  struct ow_failure why = {.text = ""};
  given_back = NULL;
  if (ow_serve_place_find(&serving.common, &who, &why) != OW_OK) {
    memcpy(reason, why.text, sizeof reason);
    return NULL;
  }
  struct ow_serve_place *place = &places[taken++];
  place->give_back = on_give_back;
  ck_assert_int_eq(ow_serve_place_take(place, &serving.common, &who), OW_OK);
  return place;
}

/* So many come from there, and do that. */
static struct ow_serve_place *crowd(uint8_t number, unsigned count, enum ow_serve_place_state state)
{
  struct ow_serve_place *first = &places[taken];
  for (unsigned i = 0; i < count; i++) {
    struct ow_serve_place *place = come(number);
    ck_assert_ptr_nonnull(place);
    ck_assert_ptr_null(given_back);
    ow_serve_place_watch(place, state);
  }
  return first;
}

static enum ow_status identify(struct ow_serve_place *place, uint8_t number, const char *key_id)
{
  struct ow_serve_client who = client(number, key_id);
  struct ow_failure why = {.text = ""};
  enum ow_status status = ow_serve_place_set_up(place, &who, &why);
  memcpy(reason, why.text, sizeof reason);
  return status;
}

static uint64_t held(const struct ow_serve_place *place)
{
  return place->account->share.held[OW_SHARE_CONNECTIONS];
}

START_TEST(one_address_leaves_a_quarter_to_others)
{
  crowd(1, 12, OW_SERVE_PLACE_BUSY);
  ck_assert_ptr_null(come(1));
  ck_assert_msg(strstr(reason, "192.0.2.1 holds 12 connections"), "%s", reason);
  crowd(2, 4, OW_SERVE_PLACE_BUSY);
  ck_assert_ptr_null(come(3));
  ck_assert_msg(strstr(reason, "16 of 16 connections are taken"), "%s", reason);
}
END_TEST

START_TEST(the_greediest_gives_back_first_who_is_not_set_up_then_who_is_idle)
{
  crowd(1, 1, OW_SERVE_PLACE_BUSY);
  struct ow_serve_place *idle = crowd(1, 2, OW_SERVE_PLACE_IDLE);
  struct ow_serve_place *setting_up = crowd(1, 7, OW_SERVE_PLACE_SETTING_UP);
  crowd(2, 6, OW_SERVE_PLACE_SETTING_UP);
  ck_assert_ptr_nonnull(come(3));
  ck_assert_ptr_eq(given_back, &setting_up[0]);
  ck_assert_str_eq(reason, "not set up, and closed for another client: 192.0.2.1 holds 10 connections, "
                           "its share is 5");
  for (int i = 1; i < 7; i++)
    ow_serve_place_watch(&setting_up[i], OW_SERVE_PLACE_BUSY);
  ow_serve_place_watch(&idle[0], OW_SERVE_PLACE_BUSY); /* and idle again, which makes it the younger */
  ow_serve_place_watch(&idle[0], OW_SERVE_PLACE_IDLE);
  ck_assert_ptr_nonnull(come(3));
  ck_assert_ptr_eq(given_back, &idle[1]);
  ck_assert_ptr_nonnull(come(3));
  ck_assert_ptr_eq(given_back, &idle[0]);
  /* All others of the greediest are busy; the next holds more than its share as well. */
  ck_assert_ptr_nonnull(come(3));
  ck_assert_ptr_eq(given_back, &setting_up[7]);
  ck_assert_uint_eq(serving.common.shares.pools[OW_SHARE_CONNECTIONS].held, MOST);
}
END_TEST

START_TEST(nobody_gives_back_to_who_holds_as_many)
{
  for (uint8_t number = 0; number < MOST; number++)
    crowd(number, 1, OW_SERVE_PLACE_SETTING_UP);
  ck_assert_ptr_null(come(100));
  ck_assert_ptr_null(come(1));
}
END_TEST

START_TEST(a_connection_counts_for_its_key_once_it_is_set_up)
{
  struct ow_serve_place *place = crowd(1, 2, OW_SERVE_PLACE_SETTING_UP);
  ck_assert_uint_eq(held(place), 2);
  ck_assert_uint_eq(place->account->share.held[OW_SHARE_HANDSHAKES], 2);
  ck_assert_int_eq(identify(&place[0], 1, "monitor"), OW_OK);
  ck_assert_uint_eq(held(&place[0]), 1);
  ck_assert_uint_eq(held(&place[1]), 1);
  ck_assert_ptr_ne(place[0].account, place[1].account);
  ck_assert_int_eq(identify(&place[1], 1, "monitor"), OW_OK);
  ck_assert_uint_eq(held(place), 2);
  ck_assert_uint_eq(serving.common.shares.accounts, 1);
  ck_assert_uint_eq(serving.common.shares.pools[OW_SHARE_HANDSHAKES].held, 0);
}
END_TEST

START_TEST(strangers_stay_in_all_but_the_last_eighth_where_there_are_keys)
{
  serving.common.shares.keys_known = true;
  for (uint8_t number = 0; number < 14; number++) {
    struct ow_serve_place *place = crowd(number, 1, OW_SERVE_PLACE_SETTING_UP);
    ck_assert_int_eq(identify(place, number, ""), OW_OK);
    ow_serve_place_watch(place, OW_SERVE_PLACE_BUSY);
  }
  struct ow_serve_place *stranger = come(100), *monitor = come(101);
  ck_assert_int_eq(identify(stranger, 100, ""), OW_LIMIT);
  ck_assert_msg(strstr(reason, "the last eighth of 16 connections"), "%s", reason);
  ck_assert_int_eq(identify(monitor, 101, "monitor"), OW_OK);
}
END_TEST

/* Whose keys failed lately gives back first, though it holds little; not to one whose keys fail as often. */
START_TEST(whose_keys_fail_gives_back_first)
{
  struct ow_serve_client failing = client(1, "");
  struct ow_serve_place *wrong = crowd(1, 2, OW_SERVE_PLACE_SETTING_UP);
  crowd(2, 6, OW_SERVE_PLACE_SETTING_UP);
  crowd(3, 5, OW_SERVE_PLACE_SETTING_UP);
  crowd(4, 3, OW_SERVE_PLACE_SETTING_UP);
  ow_serve_failures_note(&serving.common, &failing, "");
  ck_assert_ptr_nonnull(come(5));
  ck_assert_ptr_eq(given_back, wrong);
  struct ow_serve_client as_bad = client(6, "");
  ow_serve_failures_note(&serving.common, &as_bad, "");
  ck_assert_ptr_nonnull(come(6));
  ck_assert_ptr_ne(given_back, wrong + 1);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("server_place");
  TEST_CASE_WITH(set_up, tear_down, suite, "places", one_address_leaves_a_quarter_to_others,
                 the_greediest_gives_back_first_who_is_not_set_up_then_who_is_idle,
                 nobody_gives_back_to_who_holds_as_many, a_connection_counts_for_its_key_once_it_is_set_up,
                 strangers_stay_in_all_but_the_last_eighth_where_there_are_keys);
  TEST_CASE_WITH(set_up, tear_down, suite, "failures", whose_keys_fail_gives_back_first);
  return test_run(suite);
}
