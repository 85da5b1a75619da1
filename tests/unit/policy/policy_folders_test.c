/* SPDX-License-Identifier: MIT */
/* policy/settings: whose files are read when nobody names any. */
#include "policy/settings.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/main.h"

static char top[32], ours[64], theirs[64];
static const char *const folders[] = {ours, theirs, NULL};

static void set_up(void)
{
  snprintf(top, sizeof top, "/tmp/owamp-folders-XXXXXX");
  ck_assert_ptr_nonnull(mkdtemp(top));
  snprintf(ours, sizeof ours, "%s/owamp-responder", top);
  snprintf(theirs, sizeof theirs, "%s/owamp-server", top);
}

static void tear_down(void)
{
  char command[64];
  snprintf(command, sizeof command, "rm -rf %s", top);
  ck_assert_int_eq(system(command), 0);
}

static void make_file(const char *folder, const char *suffix)
{
  char path[128];
  (void)mkdir(folder, 0755);
  snprintf(path, sizeof path, "%s/owamp-server.%s", folder, suffix);
  int descriptor = open(path, O_WRONLY | O_CREAT, 0644);
  ck_assert_int_ge(descriptor, 0);
  close(descriptor);
}

/* NULL: no file. */
static void expect(const char *folder)
{
  static struct ow_settings_paths paths;
  struct ow_failure failure;
  char conf[128];
  ck_assert_int_eq(ow_settings_find_first(folders, &paths, &failure), OW_OK);
  snprintf(conf, sizeof conf, "%s/owamp-server.conf", folder ? folder : "");
  ck_assert_int_eq(paths.given, folder != NULL);
  ck_assert_str_eq(paths.conf, folder ? conf : "");
}

START_TEST(our_own_folder_comes_first_where_it_has_a_file)
{
  make_file(ours, "limits");
  make_file(theirs, "conf");
  expect(ours);
}
END_TEST

START_TEST(owampds_is_read_where_it_is_the_only_one)
{
  make_file(theirs, "conf");
  expect(theirs);
  ck_assert_int_eq(mkdir(ours, 0755), 0);
  expect(theirs);
  make_file(ours, "pfs");
  expect(ours);
}
END_TEST

START_TEST(without_any_no_file_is_read)
{
  expect(NULL);
  ck_assert_int_eq(mkdir(ours, 0755), 0);
  ck_assert_int_eq(mkdir(theirs, 0755), 0);
  expect(NULL);
}
END_TEST

/* Nobody measures under other rules than were written because a link leads in a circle, or a folder is
 * closed. */
START_TEST(what_can_not_be_looked_at_is_not_passed_over)
{
  struct ow_settings_paths *paths = calloc(1, sizeof *paths);
  struct ow_failure failure;
  ck_assert_ptr_nonnull(paths);
  make_file(theirs, "conf");
  ck_assert_int_eq(symlink(ours, ours), 0);
  ck_assert_int_eq(ow_settings_find_first(folders, paths, &failure), OW_INVALID);
  ck_assert_ptr_nonnull(strstr(failure.text, ours));
  free(paths);
}
END_TEST

START_TEST(the_folders_are_ours_and_owampds)
{
  ck_assert_str_eq(ow_settings_folders[0], "/etc/owamp-responder");
  ck_assert_str_eq(ow_settings_folders[1], "/etc/owamp-server");
  ck_assert_ptr_null(ow_settings_folders[2]);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("policy_folders");
  TEST_CASE_WITH(set_up, tear_down, suite, "folders", our_own_folder_comes_first_where_it_has_a_file,
                 owampds_is_read_where_it_is_the_only_one, without_any_no_file_is_read,
                 what_can_not_be_looked_at_is_not_passed_over, the_folders_are_ours_and_owampds);
  return test_run(suite);
}
