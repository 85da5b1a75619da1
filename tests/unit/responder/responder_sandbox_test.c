/* SPDX-License-Identifier: MIT */
/* core/responder: what can't be done in the sandbox, and that what answering takes can. Each test is a
 * process of its own. */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "responder/sandbox.h"
#include "responder/sandbox_calls.h"
#include "responder/sandbox_files.h"
#include "support/main.h"

static char folder[] = "/tmp/owamp-sandbox-XXXXXX";
static char conf[64], target[64], pid[64];
static struct ow_failure failure;

static void make(const char *path)
{
  int file = open(path, O_CREAT | O_WRONLY, 0644);
  ck_assert_int_ge(file, 0);
  close(file);
}

/* Before the tests, in the process that starts them, and after. */
static void make_folders(void)
{
  ck_assert_ptr_nonnull(mkdtemp(folder));
  snprintf(conf, sizeof conf, "%s/conf", folder);
  snprintf(target, sizeof target, "%s/target", folder);
  snprintf(pid, sizeof pid, "%s/run", folder);
  ck_assert_int_eq(mkdir(conf, 0755) + mkdir(target, 0755) + mkdir(pid, 0755), 0);
}

static int remove_one(const char *path, const struct stat *about, int kind, struct FTW *where)
{
  (void)about, (void)kind, (void)where;
  return remove(path);
}

static void remove_folders(void)
{
  ck_assert_int_eq(nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
}

static void renounce(void)
{
  ck_assert_int_eq(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
}

static const char *in(const char *place, const char *name)
{
  static char path[128];
  snprintf(path, sizeof path, "%s/%s", place, name);
  return path;
}

/* False where this build or this kernel has no such sandbox. */
static bool enter_calls(void)
{
  bool entered = ow_sandbox_calls(&failure) == OW_OK;
  ck_assert_msg(entered || (failure.status == OW_STATE && strstr(failure.text, "no sandbox of system calls")),
                "%s", failure.text);
  return entered;
}

static void assert_forbidden(long result)
{
  ck_assert_int_eq(result, -1);
  ck_assert_int_eq(errno, EPERM);
}

/*
 * A test that has entered ends here: Check would ask for a timer once more, which is forbidden, and take the
 * time of another clock for the test's, which for half of all hosts is more than it can send.
 */
static _Noreturn void end_inside(void)
{
  exit(EXIT_SUCCESS);
}

START_TEST(no_call_beyond_what_answering_takes)
{
  if (!enter_calls())
    return;
  assert_forbidden(socket(AF_PACKET, SOCK_RAW, 0));
  assert_forbidden(socket(AF_NETLINK, SOCK_RAW, 12));
  assert_forbidden(ptrace(PTRACE_TRACEME, 0, 0, 0));
  assert_forbidden(execl("/bin/true", "true", NULL));
  assert_forbidden(fork());
  assert_forbidden(setuid(65534));
  assert_forbidden(chmod("/tmp", 0777));
  assert_forbidden(mkdir(in(folder, "new"), 0777));
  assert_forbidden(kill(getppid(), 0));
  assert_forbidden(ioctl(0, TIOCSTI, ""));
  assert_forbidden(prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0));
  end_inside();
}
END_TEST

static void *answer(void *context)
{
  char *text = malloc(1 << 20); /* of this thread's own arena */
  pthread_barrier_wait(context);
  ck_assert_int_eq(pthread_getname_np(pthread_self(), text, 16), 0);
  return text;
}

START_TEST(threads_sockets_and_interfaces_are_left)
{
  const char *const folders[] = {NULL};
  pthread_barrier_t named;
  void *text;
  pthread_t thread;
  struct ifaddrs *all = NULL;
  pthread_barrier_init(&named, NULL, 2);
  (void)!ow_sandbox_files(folders, "", &failure);
  (void)enter_calls();
  ck_assert_int_eq(pthread_create(&thread, NULL, answer, &named), 0);
  ck_assert_int_eq(pthread_setname_np(thread, "answers"), 0);
  pthread_barrier_wait(&named);
  ck_assert_int_eq(pthread_join(thread, &text), 0);
  ck_assert_str_eq(text, "answers");
  free(text);
  ck_assert_int_eq(getifaddrs(&all), 0);
  ck_assert_uint_ne(if_nametoindex(all->ifa_name), 0);
  freeifaddrs(all);
  for (int i = 0; i < 3; i++) {
    static const int families[] = {AF_INET, AF_INET6, AF_UNIX};
    int descriptor = socket(families[i], SOCK_DGRAM, 0);
    ck_assert_int_ge(descriptor, 0);
    close(descriptor);
  }
  end_inside();
}
END_TEST

/* A wrong pointer, or a failed check of glibc's, must still end it. */
START_TEST(it_still_ends_by_abort)
{
  int how = 0;
  pid_t child = fork();
  if (child == 0) {
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    (void)enter_calls();
    abort();
  }
  ck_assert_int_eq(waitpid(child, &how, 0), child);
  ck_assert(WIFSIGNALED(how) && WTERMSIG(how) == SIGABRT);
}
END_TEST

static void assert_denied(const char *path, int flags)
{
  ck_assert_msg(open(path, flags, 0600) == -1 && errno == EACCES, "%s: %s", path, strerror(errno));
}

static void assert_opens(const char *path, int flags)
{
  int file = open(path, flags);
  ck_assert_msg(file >= 0, "%s: %s", path, strerror(errno));
  close(file);
}

static int connect_to_discard(void)
{
  struct sockaddr_in nobody = {
      .sin_family = AF_INET, .sin_port = htons(9), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  int descriptor = socket(AF_INET, SOCK_STREAM, 0);
  int result = connect(descriptor, (struct sockaddr *)&nobody, sizeof nobody) == 0 ? 0 : errno;
  close(descriptor);
  return result;
}

START_TEST(files_are_read_only_and_few)
{
  const char *const folders[] = {conf, "", "/no/such/folder", NULL};
  make(in(conf, "owamp-server.conf"));
  make(in(target, "other"));
  make(in(pid, "pid"));
  enum ow_status status = ow_sandbox_files(folders, pid, &failure);
  if (status == OW_STATE)
    return; /* an older kernel */
  ck_assert_msg(status == OW_OK, "%s", failure.text);
  assert_opens(in(conf, "owamp-server.conf"), O_RDONLY);
  assert_opens("/etc/passwd", O_RDONLY);
  assert_opens("/dev/null", O_RDWR);
  assert_denied(in(target, "other"), O_RDONLY);
  assert_denied(in(conf, "owamp-server.conf"), O_WRONLY);
  assert_denied(in(conf, "new"), O_WRONLY | O_CREAT);
  assert_denied(in(pid, "new"), O_WRONLY | O_CREAT);
  ck_assert_int_eq(unlink(in(pid, "pid")), 0);
  ck_assert(unlink(in(conf, "owamp-server.conf")) == -1 && errno == EACCES);
  pid_t child = fork();
  if (child == 0)
    _exit(execl("/bin/true", "true", NULL) == -1 && errno == EACCES ? 0 : 1);
  int how = 1;
  ck_assert_int_eq(waitpid(child, &how, 0), child);
  ck_assert_int_eq(how, 0);
  /* From kernel 6.7 on. */
  ck_assert(connect_to_discard() == EACCES || connect_to_discard() == ECONNREFUSED);
}
END_TEST

static void remember(void *context, enum ow_log_level level, const char *line)
{
  char *text = context;
  (void)level;
  snprintf(text + strlen(text), 512 - strlen(text), "%s\n", line);
}

START_TEST(a_configuration_that_is_a_link_is_read_again)
{
  static struct ow_settings_paths paths;
  char said[512] = "";
  const struct ow_log log = {.context = said, .emit = remember, .most = OW_LOG_INFO};
  make(in(target, "real.conf"));
  paths.given = true;
  strcpy(paths.conf, in(conf, "owamp-server.conf"));
  (void)unlink(paths.conf);
  ck_assert_int_eq(symlink("../target/real.conf", paths.conf), 0);
  strcpy(paths.limits, in(conf, "owamp-server.limits"));
  strcpy(paths.keys, in(conf, "owamp-server.pfs"));
  ow_sandbox_enter(&paths, in(pid, "pid"), &log);
  ck_assert_ptr_nonnull(strstr(said, "sandbox"));
  assert_opens(paths.conf, O_RDONLY);
  end_inside();
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("sandbox");
  TCase *all = TEST_CASE(suite, "sandbox", no_call_beyond_what_answering_takes,
                         threads_sockets_and_interfaces_are_left, it_still_ends_by_abort,
                         files_are_read_only_and_few, a_configuration_that_is_a_link_is_read_again);
  tcase_add_unchecked_fixture(all, make_folders, remove_folders);
  tcase_add_checked_fixture(all, renounce, NULL);
  return test_run_apart(suite);
}
