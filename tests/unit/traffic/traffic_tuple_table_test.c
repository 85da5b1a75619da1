/* SPDX-License-Identifier: MIT */
/* traffic/tuple_table: what was entered is found, nothing else is, and chains stay short. */
#include <stdlib.h>
#include <string.h>

#include "io/system_clock.h"
#include "support/main.h"
#include "support/seed.h"
#include "traffic/tuple_table.h"

enum { MANY = 3000 };

static struct ow_tuple_table table;

static void set_up(void)
{
  ck_assert_int_eq(ow_tuple_table_open(&table, &ow_system_random), OW_OK);
}

static void tear_down(void)
{
  ow_tuple_table_close(&table);
}

/* All of them are different, by address, port, family or zone alone. */
static struct ow_tuple tuple_of(uint32_t number)
{
  struct ow_tuple tuple = {.end = {.version = number % 2 ? 6 : 4, .port = (uint16_t)(1 + number / 2 % 5)}};
  uint32_t host = number / 10 / 3;
  memcpy(tuple.end.address, &host, sizeof host);
  tuple.zone = number / 10 % 3;
  return tuple;
}

START_TEST(each_is_found_and_no_other)
{
  struct ow_tuple_entry *entries = calloc(MANY, sizeof *entries);
  for (uint32_t i = 0; i < MANY; i++) {
    struct ow_tuple tuple = tuple_of(i);
    ck_assert_ptr_null(ow_tuple_table_find(&table, &tuple));
    ck_assert(ow_tuple_table_add(&table, &entries[i], &tuple, 1));
  }
  for (uint32_t i = 0; i < MANY; i++) {
    struct ow_tuple tuple = tuple_of(i);
    ck_assert_ptr_eq(ow_tuple_table_find(&table, &tuple), &entries[i]);
    ck_assert_ptr_null(ow_tuple_entry_next(&entries[i]));
  }
  for (uint32_t i = 0; i < MANY; i += 2)
    ow_tuple_entry_remove(&entries[i]);
  for (uint32_t i = 0; i < MANY; i++) {
    struct ow_tuple tuple = tuple_of(i);
    ck_assert_ptr_eq(ow_tuple_table_find(&table, &tuple), i % 2 ? &entries[i] : NULL);
  }
  free(entries);
}
END_TEST

START_TEST(no_more_are_alike_than_may_be)
{
  struct ow_tuple_entry entries[4] = {0};
  struct ow_tuple tuple = tuple_of(7);
  unsigned found = 0;
  for (int i = 0; i < 4; i++)
    ck_assert_int_eq(ow_tuple_table_add(&table, &entries[i], &tuple, 3), i < 3);
  ck_assert(!entries[3].listed);
  for (const struct ow_tuple_entry *each = ow_tuple_table_find(&table, &tuple); each;
       each = ow_tuple_entry_next(each))
    found++;
  ck_assert_uint_eq(found, 3);
  ow_tuple_entry_remove(&entries[1]);
  ow_tuple_entry_remove(&entries[1]);
  ck_assert(ow_tuple_table_add(&table, &entries[3], &tuple, 3));
}
END_TEST

/* Ten thousand clients of one /64 and of one port, or of one address and each port: two or three a chain. */
START_TEST(neither_addresses_nor_ports_in_a_row_make_long_chains)
{
  enum { CLIENTS = 10000 };
  struct ow_tuple_entry *entries = calloc(CLIENTS, sizeof *entries);
  for (uint32_t i = 0; i < CLIENTS; i++) {
    struct ow_tuple tuple = {.end = {.version = 6, .address = {0xfd}, .port = 9000}};
    if (_i == 0)
      memcpy(tuple.end.address + 12, &i, sizeof i);
    else
      tuple.end.port = (uint16_t)(i + 1);
    ck_assert_msg(ow_tuple_table_add(&table, &entries[i], &tuple, 1), "%u", i);
  }
  free(entries);
}
END_TEST

START_TEST(a_chain_is_bounded)
{
  struct ow_tuple_entry *entries = calloc(OW_TUPLE_CHAIN_MOST + 1, sizeof *entries);
  unsigned entered = 0;
  memset(table.factors, 0, sizeof table.factors); /* as if chance were at its worst */
  for (uint32_t i = 0; i <= OW_TUPLE_CHAIN_MOST; i++) {
    struct ow_tuple tuple = tuple_of(i);
    entered += ow_tuple_table_add(&table, &entries[i], &tuple, 1);
  }
  ck_assert_uint_eq(entered, OW_TUPLE_CHAIN_MOST);
  free(entries);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("traffic/tuple_table");
  TEST_CASE_WITH(set_up, tear_down, suite, "entries", each_is_found_and_no_other,
                 no_more_are_alike_than_may_be, a_chain_is_bounded);
  TEST_LOOP_WITH(set_up, tear_down, suite, "chains", 2,
                 neither_addresses_nor_ports_in_a_row_make_long_chains);
  return test_run(suite);
}
