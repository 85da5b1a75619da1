/* SPDX-License-Identifier: MIT */
/* core/daemon: the pidfile, in folders where others may write, too. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/pidfile.h"
#include "support/main.h"

static char folder[] = "/tmp/owamp-pidfile-XXXXXX";
static char path[64], other[64];
static struct ow_pidfile file;
static struct ow_failure failure;

static void set_up(void)
{
  strcpy(folder + strlen(folder) - 6, "XXXXXX");
  ck_assert_ptr_nonnull(mkdtemp(folder));
  snprintf(path, sizeof path, "%s/pid", folder);
  snprintf(other, sizeof other, "%s/other", folder);
}

static void tear_down(void)
{
  ow_pidfile_release(&file);
  unlink(path);
  unlink(other);
  ck_assert_int_eq(rmdir(folder), 0);
}

static void write_to(const char *name, const char *text)
{
  FILE *out = fopen(name, "w");
  ck_assert_ptr_nonnull(out);
  fputs(text, out);
  fclose(out);
}

static void assert_content(const char *name, const char *expected)
{
  char text[64] = "";
  FILE *in = fopen(name, "r");
  ck_assert_ptr_nonnull(in);
  text[fread(text, 1, sizeof text - 1, in)] = '\0';
  fclose(in);
  ck_assert_str_eq(text, expected);
}

static void assert_refused(const char *words)
{
  ck_assert_int_eq(ow_pidfile_lock(&file, path, "vardir", &failure), OW_INVALID);
  ck_assert_msg(strstr(failure.text, words) && strstr(failure.text, path), "%s", failure.text);
  ck_assert_int_eq(file.descriptor, -1);
}

START_TEST(it_has_the_id_and_is_gone_at_the_end)
{
  char id[32];
  snprintf(id, sizeof id, "%ld\n", (long)getpid());
  write_to(path, "4294967295, and what else somebody left there\n");
  ck_assert_msg(ow_pidfile_lock(&file, path, "vardir", &failure) == OW_OK, "%s", failure.text);
  assert_content(path, id);
  ow_pidfile_release(&file);
  ck_assert_int_ne(access(path, F_OK), 0);
}
END_TEST

START_TEST(two_do_not_hold_it)
{
  int status = 1;
  ck_assert_int_eq(ow_pidfile_lock(&file, path, "vardir", &failure), OW_OK);
  pid_t child = fork();
  if (child == 0) {
    struct ow_pidfile mine;
    _exit(ow_pidfile_lock(&mine, path, "vardir", &failure) == OW_STATE &&
                  strstr(failure.text, "already running")
              ? 0
              : 1);
  }
  ck_assert_int_eq(waitpid(child, &status, 0), child);
  ck_assert_int_eq(status, 0);
}
END_TEST

START_TEST(what_is_a_link_is_not_written)
{
  write_to(other, "precious\n");
  ck_assert_int_eq(symlink(other, path), 0);
  assert_refused("is vardir right?");
  ck_assert_int_eq(unlink(path), 0);
  ck_assert_int_eq(link(other, path), 0);
  assert_refused("it has another name, too; remove it, or set another vardir");
  assert_content(other, "precious\n");
}
END_TEST

START_TEST(what_is_no_file_is_not_waited_for)
{
  ck_assert_int_eq(mkfifo(path, 0600), 0);
  assert_refused("it is no file");
}
END_TEST

START_TEST(what_belongs_to_others_is_left_to_them)
{
  if (geteuid() != 0)
    return; /* nobody else can be made its owner */
  write_to(path, "theirs\n");
  ck_assert_int_eq(chown(path, 65534, 65534), 0);
  assert_refused("it belongs to another user");
  assert_content(path, "theirs\n");
}
END_TEST

START_TEST(what_took_its_place_stays)
{
  ck_assert_int_eq(ow_pidfile_lock(&file, path, "vardir", &failure), OW_OK);
  ck_assert_int_eq(rename(path, other), 0);
  write_to(path, "another's\n");
  ow_pidfile_release(&file);
  assert_content(path, "another's\n");
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("pidfile");
  TEST_CASE_WITH(set_up, tear_down, suite, "pidfile", it_has_the_id_and_is_gone_at_the_end,
                 two_do_not_hold_it, what_is_a_link_is_not_written, what_is_no_file_is_not_waited_for,
                 what_belongs_to_others_is_left_to_them, what_took_its_place_stays);
  return test_run(suite);
}
