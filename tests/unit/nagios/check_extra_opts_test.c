/* SPDX-License-Identifier: MIT */
/* --extra-opts: ini files as command lines, the places where they are looked for, and mistakes in them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "extra_opts.h"
#include "support/main.h"

enum { MOST_WORDS = 8, PATH = 200 };

static char folder[PATH];
static char ini[PATH + 40];

static void make_folder(void)
{
  snprintf(folder, sizeof folder, "/tmp/owamp-ini-XXXXXX");
  ck_assert_ptr_nonnull(mkdtemp(folder));
  snprintf(ini, sizeof ini, "%s/plugins.ini", folder);
  unsetenv("MP_CONFIG_FILE");
  unsetenv("NAGIOS_CONFIG_PATH");
}

static void remove_folder(void)
{
  unlink(ini);
  rmdir(folder);
}

static void write_ini(const char *text)
{
  FILE *file = fopen(ini, "w");
  ck_assert_ptr_nonnull(file);
  fputs(text, file);
  ck_assert_int_eq(fclose(file), 0);
}

/* The expanded command line, with '|' between words; "" if it failed. */
static const char *expanded(int argc, char **argv, struct ow_failure *failure)
{
  static char text[2000];
  struct check_words words;
  text[0] = '\0';
  enum ow_status status = check_words_expand(argc, argv, &words, failure);
  for (int i = 1; i < words.count && status == OW_OK; i++)
    snprintf(text + strlen(text), sizeof text - strlen(text), "%s%s", i > 1 ? "|" : "", words.list[i]);
  ck_assert_ptr_null(words.list[words.count]);
  check_words_clear(&words);
  return text;
}

/* With the one option that tells where. */
static const char *read_as(const char *section, struct ow_failure *failure)
{
  char option[2 * PATH];
  char name[] = "check_owamp";
  char last[] = "-v";
  snprintf(option, sizeof option, "--extra-opts=%s@%s", section, ini);
  char *argv[] = {name, option, last, NULL};
  return expanded(3, argv, failure);
}

static const struct {
  const char *file;
  const char *section;
  const char *words;
} files[] = {
    {"[check_owamp]\nwarning=20ms\nc = 1%\n", "", "--warning=20ms|-c1%|-v"},
    {"[check_owamp]\njson=\nv=\n", "", "--json|-v|-v"},
    {"# a\n; b\n\n[ check_owamp ]\n\t warning \t=\t20ms \r\n", "", "--warning=20ms|-v"},
    {"[check_owamp]\nwarning=20ms # as ever\n", "", "--warning=20ms|-v"},
    {"[check_owamp]\nwarning=a;b\n", "", "--warning=a;b|-v"},
    {"[check_owamp]\nwarning=a=b\n", "", "--warning=a=b|-v"},
    {"[check_owamp]\nmode=open\nmode=encrypted", "", "--mode=open|--mode=encrypted|-v"},
    {"[other]\nx=1\n[mine]\nwarning=1ms\n[other]\ny=2\n", "mine", "--warning=1ms|-v"},
    {"[mine]\na=1\n[check_owamp]\nb=2\n[mine]\nc=3\n", "mine", "-a1|-c3|-v"},
    {"[check_owamp]\nverbose=\nv=\nzebra=1\nzebra=2\n", "", "--verbose|-v|--zebra=1|--zebra=2|-v"},
    {"[check_owamp]\n", "", "-v"},
    {"[other]\nbroken line\n[check_owamp]\nb=2\n", "", "-b2|-v"},
    {"\xef\xbb\xbf[check_owamp]\nb=2\n", "", "-b2|-v"},
};

START_TEST(reads_files)
{
  struct ow_failure failure = {0};
  make_folder();
  write_ini(files[_i].file);
  ck_assert_str_eq(read_as(files[_i].section, &failure), files[_i].words);
  ck_assert_str_eq(failure.text, "");
  remove_folder();
}
END_TEST

static const struct {
  const char *file;
  const char *words;
} mistakes[] = {
    {"warning=20ms\n", "plugins.ini:1: an option before the first [section]"},
    {"[mine]\n\nwarning\n", "plugins.ini:3: no '=': write NAME=VALUE, or NAME= for a flag"},
    {"[mine]\n= 5\n", "plugins.ini:2: no option before '='"},
    {"[other]\na=1\n", "plugins.ini has no section [mine]"},
    {"[mine]\nport=1\n[other]\nport=2\n[mine]\np=3\n", "plugins.ini:6: this option is given twice"},
    {"[check_owamp\na=1\n", "plugins.ini has no section [mine]"},
    {"", "plugins.ini has no section [mine]"},
    {"[check_owamp]\nb=2\n", "plugins.ini has no section [mine]"},
    {"[check_owamp]\nb=2\n[mines]\nc=2\n", "plugins.ini has no section [mine]; did you mean mines?"},
};

START_TEST(refuses_files)
{
  struct ow_failure failure = {0};
  make_folder();
  write_ini(mistakes[_i].file);
  ck_assert_str_eq(read_as("mine", &failure), "");
  ck_assert_msg(strncmp(failure.text, "--extra-opts: ", 14) == 0 && strstr(failure.text, mistakes[_i].words),
                "%s", failure.text);
  remove_folder();
}
END_TEST

START_TEST(finds_the_file)
{
  struct ow_failure failure = {0};
  char name[] = "check_owamp";
  char plain[] = "--extra-opts";
  char host[] = "-Hx";
  char *argv[] = {name, host, plain, NULL};
  char folders[2 * PATH];
  make_folder();
  write_ini("[check_owamp]\na=1\n");
  setenv("MP_CONFIG_FILE", ini, 1);
  ck_assert_str_eq(expanded(3, argv, &failure), "-a1|-Hx");
  unsetenv("MP_CONFIG_FILE");
  snprintf(folders, sizeof folders, ":/nowhere:%s:", folder);
  setenv("NAGIOS_CONFIG_PATH", folders, 1);
  ck_assert_str_eq(expanded(3, argv, &failure), "-a1|-Hx");
  unsetenv("NAGIOS_CONFIG_PATH");
  remove_folder();
  ck_assert_str_eq(read_as("", &failure), "");
  ck_assert_ptr_nonnull(strstr(failure.text, "plugins.ini: there is no such file"));
}
END_TEST

START_TEST(leaves_other_command_lines_alone)
{
  struct ow_failure failure = {0};
  char name[] = "check_owamp";
  char host[] = "-Hx";
  char extra[] = "--extra-optsx";
  char twice[] = "--extra-opts=@/nowhere";
  char *argv[] = {name, host, extra, NULL};
  char *doubled[] = {name, twice, twice, NULL};
  ck_assert_str_eq(expanded(3, argv, &failure), "-Hx|--extra-optsx");
  ck_assert_str_eq(expanded(1, argv, &failure), "");
  ck_assert_str_eq(failure.text, "");
  ck_assert_str_eq(expanded(3, doubled, &failure), "");
  ck_assert_str_eq(failure.text, "--extra-opts: given twice: one file and section is read");
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("check_owamp --extra-opts");
  TEST_LOOP(suite, "files", sizeof files / sizeof *files, reads_files);
  TEST_LOOP(suite, "mistakes", sizeof mistakes / sizeof *mistakes, refuses_files);
  TEST_CASE(suite, "command lines", finds_the_file, leaves_other_command_lines_alone);
  return test_run(suite);
}
