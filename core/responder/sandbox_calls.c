/* SPDX-License-Identifier: MIT */
/* libseccomp: a list of what is needed, for the sockets' families, threads, and devices with a look at the
 * arguments. */
#include "responder/sandbox_calls.h"

#if OWAMP_SECCOMP

#include <errno.h>
#include <linux/netlink.h>
#include <net/if.h>
#include <sched.h>
#include <seccomp.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* Of each kind all that libraries may choose, by whatever release and architecture: names that this one lacks
 * are passed over. */
static const char *const needed[] = {
    /* a packet */
    "clock_gettime", "clock_gettime64", "sendmsg", "sendmmsg", "sendto", "send", "recvmsg", "recvmmsg",
    "recvmmsg_time64", "recvfrom", "recv", "epoll_wait", "epoll_pwait", "epoll_pwait2", "read", "write",
    "timerfd_settime", "timerfd_settime64",
    /* the loop */
    "epoll_create1", "epoll_ctl", "epoll_ctl_old", "eventfd2", "timerfd_create", "timerfd_gettime",
    "timerfd_gettime64", "poll", "ppoll", "ppoll_time64", "select", "_newselect", "pselect6",
    "pselect6_time64", "signalfd4",
    /* clocks */
    "clock_getres", "clock_getres_time64", "clock_nanosleep", "clock_nanosleep_time64", "nanosleep",
    "gettimeofday", "time", "times", "adjtimex", "clock_adjtime", "clock_adjtime64",
    /* sockets; which ones, socket() says */
    "bind", "listen", "accept", "accept4", "connect", "getsockname", "getpeername", "getsockopt",
    "setsockopt", "shutdown", "socketpair",
    /* memory */
    "brk", "mmap", "mmap2", "munmap", "mremap", "mprotect", "madvise", "mlock", "munlock", "membarrier",
    /* threads, and the end */
    "clone3", "futex", "futex_time64", "set_robust_list", "get_robust_list", "rseq", "set_tid_address",
    "gettid", "sched_yield", "sched_getaffinity", "sched_getparam", "sched_getscheduler", "getcpu",
    "rt_sigprocmask", "sigprocmask", "rt_sigaction", "sigaction", "rt_sigreturn", "sigreturn", "sigaltstack",
    "restart_syscall", "exit", "exit_group",
    /* files that are read again, and the pidfile's end */
    "open", "openat", "openat2", "close", "readv", "pread64", "preadv", "writev", "pwrite64", "lseek",
    "_llseek", "fstat", "fstat64", "stat", "stat64", "lstat", "lstat64", "newfstatat", "fstatat64", "statx",
    "statfs", "statfs64", "fstatfs", "fstatfs64", "access", "faccessat", "faccessat2", "readlink",
    "readlinkat", "getcwd", "chdir", "getdents", "getdents64", "fcntl", "fcntl64", "dup", "dup2", "dup3",
    "pipe", "pipe2", "ftruncate", "ftruncate64", "unlink", "unlinkat",
    /* who and where we are */
    "getpid", "getppid", "getuid", "getuid32", "geteuid", "geteuid32", "getgid", "getgid32", "getegid",
    "getegid32", "getresuid", "getresgid", "uname", "sysinfo", "getrusage", "getrlimit", "ugetrlimit",
    "getrandom"};

static const int families[] = {AF_INET, AF_INET6, AF_UNIX};
/* Interfaces by number and name; what is waiting to be read; whether it is a terminal. */
static const unsigned long devices[] = {SIOCGIFINDEX, SIOCGIFNAME, SIOCGIFFLAGS,
                                        FIONREAD,     FIONBIO,     0x5401 /* TCGETS */};
/* A thread's name and slack, those of its memory, what crashes leave behind. */
static const int process_wishes[] = {PR_SET_NAME,     PR_GET_NAME,     PR_GET_TIMERSLACK, PR_SET_TIMERSLACK,
                                     PR_GET_DUMPABLE, PR_SET_DUMPABLE, 0x53564d41 /* PR_SET_VMA */};

#ifdef __s390__
enum { CLONE_FLAGS = 1 };
#else
enum { CLONE_FLAGS = 0 };
#endif

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* The first are asked for with each packet. */
static int allow_plain(scmp_filter_ctx filter)
{
  int error = 0;
  for (size_t i = 0; i < COUNT(needed) && error == 0; i++) {
    int number = seccomp_syscall_resolve_name(needed[i]);
    if (number != __NR_SCMP_ERROR)
      error = seccomp_rule_add(filter, SCMP_ACT_ALLOW, number, 0);
    if (error == -EDOM || error == -EOPNOTSUPP) /* not on this architecture */
      error = 0;
    if (error == 0 && number != __NR_SCMP_ERROR)
      (void)seccomp_syscall_priority(filter, number, (uint8_t)(i < UINT8_MAX ? UINT8_MAX - i : 0));
  }
  return error;
}

/* A thread is a process that shares all: no other kind. */
static int allow_threads(scmp_filter_ctx filter)
{
  return seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1,
                          SCMP_CMP(CLONE_FLAGS, SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD));
}

/* Its flags can't be seen; glibc takes clone() where there is none. A filter of its own, of which nothing is
 * kept in a log. */
static int forbid_clone3(void)
{
  scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
  int error = filter ? seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0) : -ENOMEM;
  if (error == 0)
    error = seccomp_load(filter);
  if (filter)
    seccomp_release(filter);
  return error;
}

static int allow_some(scmp_filter_ctx filter)
{
  int error = 0;
  for (size_t i = 0; i < COUNT(families) && error == 0; i++)
    error = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(socket), 1,
                             SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)families[i]));
  if (error == 0) /* getifaddrs(3) */
    error = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(socket), 2, SCMP_A0(SCMP_CMP_EQ, AF_NETLINK),
                             SCMP_A2(SCMP_CMP_EQ, NETLINK_ROUTE));
  for (size_t i = 0; i < COUNT(devices) && error == 0; i++)
    error = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(ioctl), 1, SCMP_A1(SCMP_CMP_EQ, devices[i]));
  for (size_t i = 0; i < COUNT(process_wishes) && error == 0; i++)
    error = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(prctl), 1,
                             SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)process_wishes[i]));
  if (error == 0) /* limits are read */
    error = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(prlimit64), 1, SCMP_A2(SCMP_CMP_EQ, 0));
  if (error == 0) /* abort(3) */
    error = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1,
                             SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)getpid()));
  return error;
}

enum ow_status ow_sandbox_calls(struct ow_failure *failure)
{
  scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
  int error = filter ? 0 : -ENOMEM;
  if (error == 0) {
    (void)seccomp_attr_set(filter, SCMP_FLTATR_CTL_LOG, 1);      /* kernel 4.14 */
    (void)seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2); /* libseccomp 2.5 */
    error = allow_plain(filter);
  }
  if (error == 0)
    error = allow_threads(filter);
  if (error == 0)
    error = allow_some(filter);
  if (error == 0)
    error = forbid_clone3();
  if (error == 0)
    error = seccomp_load(filter);
  if (filter)
    seccomp_release(filter);
  return error == 0
             ? OW_OK
             : ow_fail(failure, OW_STATE, "no sandbox of system calls (seccomp): %s", strerror(-error));
}

#else

enum ow_status ow_sandbox_calls(struct ow_failure *failure)
{
  return ow_fail(failure, OW_STATE,
                 "no sandbox of system calls: this program is built without libseccomp, or with sanitizers");
}

#endif
