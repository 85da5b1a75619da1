/* SPDX-License-Identifier: MIT */
/* responder/readiness: what arrives at the service manager's socket, here one of ours. */
#include "responder/readiness.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "support/main.h"

static struct sockaddr_un manager = {.sun_family = AF_UNIX};
static char folder[] = "/tmp/owamp-readiness-XXXXXX";
static int descriptor;

static void set_up(void)
{
  ck_assert_ptr_nonnull(mkdtemp(folder));
  snprintf(manager.sun_path, sizeof manager.sun_path, "%s/notify", folder);
  descriptor = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  ck_assert_int_eq(bind(descriptor, (struct sockaddr *)&manager, sizeof manager), 0);
}

static void tear_down(void)
{
  close(descriptor);
  unlink(manager.sun_path);
  rmdir(folder);
}

static void expect(const char *text)
{
  char got[64] = "";
  ssize_t length = recv(descriptor, got, sizeof got - 1, 0);
  ck_assert_int_eq(length > 0, text != NULL);
  ck_assert_str_eq(got, text ? text : "");
}

START_TEST(the_manager_that_asked_is_told)
{
  setenv("NOTIFY_SOCKET", manager.sun_path, 1);
  ck_assert_int_eq(ow_readiness_tell("READY=1\nSTATUS=port %u", 861U), OWAMP_SYSTEMD);
  expect(OWAMP_SYSTEMD ? "READY=1\nSTATUS=port 861" : NULL);
}
END_TEST

START_TEST(without_a_manager_nobody_is_told)
{
  unsetenv("NOTIFY_SOCKET");
  ck_assert(!ow_readiness_tell("READY=1"));
  expect(NULL);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("responder_readiness");
  TEST_CASE_WITH(set_up, tear_down, suite, "readiness", the_manager_that_asked_is_told,
                 without_a_manager_nobody_is_told);
  return test_run(suite);
}
