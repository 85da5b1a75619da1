/* SPDX-License-Identifier: MIT */
/* core/daemon: users and groups by name and number. */
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "daemon/privileges.h"
#include "support/main.h"

static const struct ow_identity untouched = {.change = false, .user = 7, .group = 8};

START_TEST(a_user_is_found_with_his_group)
{
  struct ow_identity identity = untouched;
  struct ow_failure failure;
  ck_assert_int_eq(ow_identity_find_user("root", false, &identity, &failure), OW_OK);
  ck_assert(identity.change && identity.user == 0 && identity.group == 0);
  identity = untouched;
  ck_assert_int_eq(ow_identity_find_user("-0", false, &identity, &failure), OW_OK);
  ck_assert(identity.change && identity.user == 0 && identity.group == 0);
}
END_TEST

START_TEST(a_number_needs_no_entry_if_a_group_is_given)
{
  struct ow_identity identity = untouched;
  struct ow_failure failure;
  ck_assert_int_eq(ow_identity_find_user("-12345", true, &identity, &failure), OW_OK);
  ck_assert(identity.change && identity.user == 12345 && identity.group == 0);
  ck_assert_int_eq(ow_identity_find_group("-54321", &identity, &failure), OW_OK);
  ck_assert(identity.change && identity.user == 12345 && identity.group == 54321);
  ck_assert_int_eq(ow_identity_find_group("root", &identity, &failure), OW_OK);
  ck_assert(identity.user == 12345 && identity.group == 0);
}
END_TEST

START_TEST(those_that_are_not_there_change_nothing)
{
  static const char *const nobodies[] = {"no-such-user", "", "-", "-1x", "--1", "-4294967295", "12345"};
  for (size_t i = 0; i < sizeof nobodies / sizeof *nobodies; i++) {
    struct ow_identity identity = untouched;
    struct ow_failure failure = {0};
    ck_assert_msg(ow_identity_find_user(nobodies[i], true, &identity, &failure) == OW_INVALID, "%s",
                  nobodies[i]);
    ck_assert_ptr_nonnull(strstr(failure.text, "there is no such user"));
    ck_assert_msg(ow_identity_find_group(nobodies[i], &identity, &failure) == OW_INVALID, "%s", nobodies[i]);
    ck_assert_ptr_nonnull(strstr(failure.text, "there is no such group"));
    ck_assert(!identity.change && identity.user == 7 && identity.group == 8);
  }
  struct ow_identity identity = untouched;
  struct ow_failure failure = {0};
  ck_assert_int_eq(ow_identity_find_user("-12345", false, &identity, &failure), OW_INVALID);
  ck_assert_ptr_nonnull(strstr(failure.text, "set group as well"));
  ck_assert(!identity.change);
}
END_TEST

static int dumpable(void)
{
  return prctl(PR_GET_DUMPABLE, 0, 0, 0, 0);
}

/* Each test is a process of its own. */
START_TEST(whoever_forbids_core_dumps_has_none_as_somebody_else_either)
{
  struct ow_failure failure;
  struct ow_identity nobody = {.change = geteuid() == 0, .user = 65534, .group = 65534};
  ow_core_dumps_forbid();
  ck_assert_int_eq(dumpable(), 0);
  ck_assert_msg(ow_identity_assume(&nobody, &failure) == OW_OK, "%s", failure.text);
  ck_assert_int_eq(dumpable(), 0);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("identity");
  TEST_CASE(suite, "users and groups", a_user_is_found_with_his_group,
            a_number_needs_no_entry_if_a_group_is_given, those_that_are_not_there_change_nothing);
  TEST_CASE(suite, "core dumps", whoever_forbids_core_dumps_has_none_as_somebody_else_either);
  return test_run(suite);
}
