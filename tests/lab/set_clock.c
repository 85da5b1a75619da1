/* SPDX-License-Identifier: MIT */
/*
 * LD_PRELOAD for programs whose wall clock is to be set: a time namespace doesn't shift it, and this host's
 * is others'. What the file OWAMP_CLOCK says is added to CLOCK_REALTIME and to the kernel's stamps of
 * packets, and whoever waits for the clock to be set, by a timer that is cancelled then, hears of it.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))
#define NS_PER_S INT64_C(1000000000)

/* The file. */
struct setting {
  int64_t offset;     /* ns */
  int64_t ppm;        /* and so much of what has passed since */
  int64_t since;      /* ns of CLOCK_MONOTONIC */
  uint64_t times_set; /* steps; slewing is none */
};

static const volatile struct setting *setting;
static uint64_t times_seen;
static int steps = -1; /* stands for the timer */
static int (*real_gettime)(clockid_t, struct timespec *);
static int (*real_create)(int, int);
static int (*real_settime)(int, int, const struct itimerspec *, struct itimerspec *);
static ssize_t (*real_read)(int, void *, size_t);
static ssize_t (*real_recvmsg)(int, struct msghdr *, int);
static int (*real_recvmmsg)(int, struct mmsghdr *, unsigned, int, struct timespec *);

static void find(const char *name, void *function)
{
  void *found = dlsym(RTLD_NEXT, name);
  memcpy(function, &found, sizeof found);
}

__attribute__((constructor)) static void begin(void)
{
  const char *path = getenv("OWAMP_CLOCK");
  int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
  void *there = file < 0 ? MAP_FAILED : mmap(NULL, sizeof *setting, PROT_READ, MAP_SHARED, file, 0);
  if (there == MAP_FAILED)
    abort();
  close(file);
  setting = there;
  times_seen = setting->times_set;
  find("clock_gettime", &real_gettime);
  find("timerfd_create", &real_create);
  find("timerfd_settime", &real_settime);
  find("read", &real_read);
  find("recvmsg", &real_recvmsg);
  find("recvmmsg", &real_recvmmsg);
}

static int64_t offset_now(void)
{
  struct timespec now;
  real_gettime(CLOCK_MONOTONIC, &now);
  int64_t passed = now.tv_sec * NS_PER_S + now.tv_nsec - setting->since;
  return setting->offset + (setting->ppm ? passed / 1000000 * setting->ppm : 0);
}

static void shift(struct timespec *time)
{
  int64_t sum = time->tv_sec * NS_PER_S + time->tv_nsec + offset_now();
  *time = (struct timespec){.tv_sec = sum / NS_PER_S, .tv_nsec = sum % NS_PER_S};
}

EXPORT int clock_gettime(clockid_t clock, struct timespec *now)
{
  const uint64_t one = 1;
  int result = real_gettime(clock, now);
  if (clock == CLOCK_REALTIME && result == 0)
    shift(now);
  if (steps >= 0 && times_seen != setting->times_set) {
    times_seen = setting->times_set;
    if (write(steps, &one, sizeof one) != sizeof one)
      abort();
  }
  return result;
}

EXPORT int timerfd_create(int clock, int flags)
{
  if (clock != CLOCK_REALTIME)
    return real_create(clock, flags);
  steps = eventfd(0, (flags & TFD_CLOEXEC ? EFD_CLOEXEC : 0) | (flags & TFD_NONBLOCK ? EFD_NONBLOCK : 0));
  return steps;
}

EXPORT int timerfd_settime(int descriptor, int flags, const struct itimerspec *new, struct itimerspec *old)
{
  return descriptor == steps ? 0 : real_settime(descriptor, flags, new, old);
}

EXPORT ssize_t read(int descriptor, void *out, size_t octets)
{
  ssize_t got = real_read(descriptor, out, octets);
  if (got > 0 && descriptor == steps) {
    errno = ECANCELED;
    got = -1;
  }
  return got;
}

static void shift_stamps(struct msghdr *message)
{
  for (struct cmsghdr *at = CMSG_FIRSTHDR(message); at; at = CMSG_NXTHDR(message, at)) {
    size_t count = at->cmsg_type == SO_TIMESTAMPING ? 3 : at->cmsg_type == SO_TIMESTAMPNS ? 1 : 0;
    for (size_t i = 0; at->cmsg_level == SOL_SOCKET && i < count; i++) {
      struct timespec stamp;
      unsigned char *place = CMSG_DATA(at) + i * sizeof stamp;
      memcpy(&stamp, place, sizeof stamp);
      if (stamp.tv_sec != 0)
        shift(&stamp);
      memcpy(place, &stamp, sizeof stamp);
    }
  }
}

EXPORT ssize_t recvmsg(int socket, struct msghdr *message, int flags)
{
  ssize_t got = real_recvmsg(socket, message, flags);
  if (got >= 0)
    shift_stamps(message);
  return got;
}

EXPORT int recvmmsg(int socket, struct mmsghdr *messages, unsigned most, int flags, struct timespec *timeout)
{
  int got = real_recvmmsg(socket, messages, most, flags, timeout);
  for (int i = 0; i < got; i++)
    shift_stamps(&messages[i].msg_hdr);
  return got;
}
