/* SPDX-License-Identifier: MIT */
/* core/io: whose turn it is among works of several parties. */
#include <string.h>

#include "base/container_of.h"
#include "io/work_queue.h"
#include "support/main.h"

enum { WORKS = 64 };

struct errand {
  struct ow_queued_work place;
  char name;
};

static struct errand errands[WORKS];
static unsigned errand_count;
static struct ow_work_queue queue;

static void set_up(void)
{
  errand_count = 0;
  ow_work_queue_prepare(&queue);
}

/* One for each letter: who asks is the letter, in upper case. */
static void put(const char *names)
{
  for (; *names; names++) {
    struct errand *errand = &errands[errand_count++];
    errand->name = *names;
    errand->place.party = (uint64_t)(*names & ~0x20);
    ow_work_queue_put(&queue, &errand->place);
  }
}

static char name_of(struct ow_queued_work *place)
{
  return place ? OW_CONTAINER_OF(place, struct errand, place)->name : '-';
}

static const char *take(unsigned count)
{
  static char names[WORKS + 1];
  memset(names, 0, sizeof names);
  for (unsigned i = 0; i < count; i++)
    names[i] = name_of(ow_work_queue_take(&queue));
  return names;
}

START_TEST(works_of_one_party_are_done_in_their_order)
{
  put("aAaA");
  ck_assert_uint_eq(queue.count, 4);
  ck_assert_str_eq(take(5), "aAaA-");
  ck_assert_uint_eq(queue.count, 0);
}
END_TEST

START_TEST(several_parties_take_turns)
{
  put("aaaabbc");
  ck_assert_str_eq(take(7), "abcabaa");
}
END_TEST

START_TEST(who_comes_late_waits_for_one_of_those_who_ask_much)
{
  put("aaaaaaaa");
  ck_assert_str_eq(take(3), "aaa");
  put("b");
  ck_assert_str_eq(take(2), "ab");
  put("bb");
  ck_assert_str_eq(take(6), "ababaa");
}
END_TEST

/* Newcomers, however many, don't keep back for ever who asked first. */
START_TEST(nobody_is_passed_by_without_end)
{
  put("aa");
  for (int i = 0; i < 20; i++) {
    put((const char[]){(char)('b' + i), '\0'});
    if (name_of(ow_work_queue_take(&queue)) == 'a' && i > 0) {
      ck_assert_int_le(i, 3);
      return;
    }
  }
  ck_abort_msg("the second of a never had its turn");
}
END_TEST

static char gives_way_to(char party, unsigned behind)
{
  const struct ow_queued_work newcomer = {.party = (uint64_t)party, .behind = behind};
  return name_of(ow_work_queue_give_way(&queue, &newcomer));
}

static void put_behind(unsigned behind, const char *names)
{
  for (; *names; names++) {
    errands[errand_count].place.behind = behind;
    put((const char[]){*names, '\0'});
  }
}

/* Three rounds go first each time; but they have their turn, and at once where nobody else waits. */
START_TEST(who_is_behind_lets_others_go_first)
{
  put_behind(3, "zzz");
  put("aaaaa");
  ck_assert_str_eq(take(8), "aaazaazz");
  put_behind(3, "z");
  ck_assert_str_eq(take(2), "z-");
}
END_TEST

START_TEST(who_is_furthest_behind_gives_way_first)
{
  put_behind(2, "y");
  put_behind(9, "zx");
  put("aaaa");
  ck_assert_int_eq(gives_way_to('B', 0), 'x');
  ck_assert_int_eq(gives_way_to('B', 8), 'x');
  ck_assert_int_eq(gives_way_to('B', 9), '-'); /* and drives out nobody who isn't */
  ck_assert_str_eq(take(2), "aa");
}
END_TEST

START_TEST(the_last_of_whoever_has_most_gives_way)
{
  put("aaAbbc");
  ck_assert_int_eq(gives_way_to('D', 0), 'A');
  ck_assert_int_eq(gives_way_to('C', 0), 'A');
  ck_assert_int_eq(gives_way_to('B', 0), '-');
  ck_assert_int_eq(gives_way_to('A', 0), '-');
}
END_TEST

START_TEST(among_equals_nobody_gives_way)
{
  put("abcd");
  ck_assert_int_eq(gives_way_to('E', 0), '-');
  ck_assert_int_eq(gives_way_to('A', 0), '-');
}
END_TEST

START_TEST(what_is_removed_has_no_turn)
{
  put("aBcab");
  ow_work_queue_remove(&queue, &errands[1].place);
  ck_assert_uint_eq(queue.count, 4);
  ck_assert_str_eq(take(5), "acab-");
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("io_work_queue");
  TEST_CASE_WITH(set_up, NULL, suite, "turns", works_of_one_party_are_done_in_their_order,
                 several_parties_take_turns, who_comes_late_waits_for_one_of_those_who_ask_much,
                 nobody_is_passed_by_without_end, who_is_behind_lets_others_go_first,
                 what_is_removed_has_no_turn);
  TEST_CASE_WITH(set_up, NULL, suite, "room", the_last_of_whoever_has_most_gives_way,
                 among_equals_nobody_gives_way, who_is_furthest_behind_gives_way_first);
  return test_run_apart(suite);
}
