/* SPDX-License-Identifier: MIT */
/* daemon/readiness, watchdog: what arrives at the service manager's socket, here one of ours. */
#include "daemon/readiness.h"

#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "daemon/watchdog.h"
#include "support/main.h"

static struct sockaddr_un manager = {.sun_family = AF_UNIX};
static char folder[] = "/tmp/owamp-readiness-XXXXXX";
static int descriptor;
static struct ow_loop *the_loop;

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

/* Until two further words have come. */
static void heard(struct ow_watch *watch, uint32_t events)
{
  static int words;
  (void)events;
  expect("WATCHDOG=1");
  (void)watch;
  if (++words == 2)
    ow_loop_stop(the_loop);
}

START_TEST(the_watchdog_hears_from_the_loop_as_often_as_it_wants)
{
  struct ow_watchdog watchdog = {0};
  struct ow_failure failure;
  char process[32];
  setenv("NOTIFY_SOCKET", manager.sun_path, 1);
  snprintf(process, sizeof process, "%d", (int)getpid());
  setenv("WATCHDOG_PID", process, 1);
  setenv("WATCHDOG_USEC", "40000", 1);
  ck_assert_int_eq(ow_readiness_watchdog(), OWAMP_SYSTEMD ? 40 * OW_NS_PER_MS : 0);
  the_loop = ow_loop_create(&failure);
  ck_assert_ptr_nonnull(the_loop);
  ow_watchdog_start(&watchdog, the_loop);
  if (OWAMP_SYSTEMD) {
    struct ow_watch watch = {.descriptor = dup(descriptor), .ready = heard};
    ck_assert_int_eq(watchdog.period, 20 * OW_NS_PER_MS);
    expect("WATCHDOG=1");
    ck_assert_int_eq(ow_watch_open(the_loop, &watch, EPOLLIN, &failure), OW_OK);
    ck_assert_int_eq(ow_loop_run(the_loop, &failure), OW_OK);
    ow_watch_close(the_loop, &watch);
  }
  ow_watchdog_stop(&watchdog);
  ow_watchdog_stop(&watchdog);
  ow_loop_free(the_loop);
  expect(NULL);
}
END_TEST

START_TEST(a_watchdog_that_nobody_wants_says_nothing)
{
  struct ow_watchdog watchdog = {0};
  struct ow_failure failure;
  setenv("NOTIFY_SOCKET", manager.sun_path, 1);
  unsetenv("WATCHDOG_USEC");
  the_loop = ow_loop_create(&failure);
  ck_assert_ptr_nonnull(the_loop);
  ow_watchdog_start(&watchdog, the_loop);
  ck_assert_int_eq(watchdog.period, 0);
  ow_watchdog_stop(&watchdog);
  ow_loop_free(the_loop);
  expect(NULL);
}
END_TEST

START_TEST(sockets_are_taken_if_they_are_given_to_this_process)
{
  char process[32];
  setenv("LISTEN_FDS", "2", 1);
  setenv("LISTEN_PID", "1", 1);
  ck_assert_int_eq(ow_readiness_sockets().count, 0);
  snprintf(process, sizeof process, "%d", (int)getpid());
  setenv("LISTEN_FDS", "0", 1);
  setenv("LISTEN_PID", process, 1);
  ck_assert_int_eq(ow_readiness_sockets().count, 0);
  ck_assert_ptr_eq(getenv("LISTEN_FDS"), OWAMP_SYSTEMD ? NULL : getenv("LISTEN_FDS"));
}
END_TEST

/* What the manager reads, and how many sockets came with it; a barrier's descriptor it closes, as all others.
 */
static int next_message(char *text, size_t size)
{
  union {
    struct cmsghdr header;
    char octets[CMSG_SPACE(8 * sizeof(int))];
  } control;
  struct iovec place = {text, size - 1};
  struct msghdr message = {
      .msg_iov = &place, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
  struct pollfd wait = {.fd = descriptor, .events = POLLIN};
  ck_assert_int_eq(poll(&wait, 1, 10000), 1);
  ssize_t length = recvmsg(descriptor, &message, MSG_CMSG_CLOEXEC);
  ck_assert_int_ge(length, 0);
  text[length] = '\0';
  int count = 0;
  const struct cmsghdr *header = CMSG_FIRSTHDR(&message);
  if (header && header->cmsg_type == SCM_RIGHTS) {
    int sockets[8];
    count = (int)((header->cmsg_len - CMSG_LEN(0)) / sizeof(int));
    memcpy(sockets, CMSG_DATA(header), (size_t)count * sizeof(int));
    for (int i = 0; i < count; i++)
      close(sockets[i]);
  }
  return count;
}

struct heard {
  char text[4][80];
  int sockets[4];
};

static void *manage(void *context)
{
  struct heard *heard = context;
  for (int i = 0; i < 4; i++)
    heard->sockets[i] = next_message(heard->text[i], sizeof heard->text[i]);
  return NULL;
}

/* Each is over only when the manager has read it. */
START_TEST(sockets_are_kept_in_place_of_those_before)
{
  struct heard heard = {.sockets = {-1, -1, -1, -1}};
  pthread_t thread;
  int pair[2];
  ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
  setenv("NOTIFY_SOCKET", manager.sun_path, 1);
  if (OWAMP_SYSTEMD)
    ck_assert_int_eq(pthread_create(&thread, NULL, manage, &heard), 0);
  ck_assert_int_eq(ow_readiness_empty_store(), OWAMP_SYSTEMD);
  ck_assert_int_eq(ow_readiness_keep_sockets(pair, 2), OWAMP_SYSTEMD);
  if (OWAMP_SYSTEMD) {
    pthread_join(thread, NULL);
    ck_assert_str_eq(heard.text[0], "FDSTOREREMOVE=1\nFDNAME=owamp-ports");
    ck_assert_str_eq(heard.text[1], "BARRIER=1");
    ck_assert_str_eq(heard.text[2], "FDSTORE=1\nFDPOLL=0\nFDNAME=owamp-ports");
    ck_assert_int_eq(heard.sockets[2], 2);
    ck_assert_str_eq(heard.text[3], "BARRIER=1");
  }
  close(pair[0]);
  close(pair[1]);
}
END_TEST

START_TEST(without_a_manager_nobody_keeps_sockets)
{
  const int socket = 0;
  unsetenv("NOTIFY_SOCKET");
  ck_assert(!ow_readiness_empty_store());
  ck_assert(!ow_readiness_keep_sockets(&socket, 1));
  ow_readiness_forget_sockets();
  expect(NULL);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("daemon_readiness");
  TEST_CASE_WITH(set_up, tear_down, suite, "readiness", the_manager_that_asked_is_told,
                 without_a_manager_nobody_is_told, the_watchdog_hears_from_the_loop_as_often_as_it_wants,
                 a_watchdog_that_nobody_wants_says_nothing,
                 sockets_are_taken_if_they_are_given_to_this_process,
                 sockets_are_kept_in_place_of_those_before, without_a_manager_nobody_keeps_sockets);
  return test_run_apart(suite);
}
