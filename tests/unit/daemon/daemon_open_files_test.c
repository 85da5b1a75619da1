/* SPDX-License-Identifier: MIT */
/* How many files may be open, and the kernel's table of them. */
#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "daemon/open_files.h"
#include "support/main.h"

enum { LOW = 64, LIMIT = 2048 };

static void limit_to(rlim_t soft, rlim_t hard)
{
  const struct rlimit limit = {soft, hard};
  ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

/* Slots of the kernel's table. */
static unsigned table_size(void)
{
  FILE *status = fopen("/proc/self/status", "re");
  char line[256];
  unsigned size = 0;
  ck_assert_ptr_nonnull(status);
  while (size == 0 && fgets(line, sizeof line, status))
    (void)!sscanf(line, "FDSize: %u", &size);
  fclose(status);
  return size;
}

static unsigned open_files(void)
{
  DIR *folder = opendir("/proc/self/fd");
  unsigned count = 0;
  ck_assert_ptr_nonnull(folder);
  while (readdir(folder))
    count++;
  closedir(folder);
  return count;
}

START_TEST(the_limit_is_raised_to_what_is_allowed)
{
  struct rlimit limit;
  struct ow_failure failure;
  limit_to(LOW, LIMIT);
  ck_assert_int_eq(ow_open_files_raise(&failure), OW_OK);
  ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
  ck_assert_uint_eq(limit.rlim_cur, LIMIT);
}
END_TEST

START_TEST(the_table_has_room_for_all_that_may_be_open)
{
  limit_to(LIMIT, LIMIT);
  ck_assert_uint_lt(table_size(), LIMIT);
  unsigned open = open_files();
  ow_open_files_make_room();
  ck_assert_uint_eq(table_size(), LIMIT);
  ck_assert_uint_eq(open_files(), open);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("daemon, open files");
  TEST_CASE(suite, "limit", the_limit_is_raised_to_what_is_allowed);
  TEST_CASE(suite, "table", the_table_has_room_for_all_that_may_be_open);
  return test_run(suite);
}
