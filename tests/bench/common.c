/* SPDX-License-Identifier: MIT */
/* What the load generators share: peers, keys, the kernel's accounts, percentiles. */
#include "bench.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "measure/peer_key.h"

void give_up(const char *format, ...)
{
  va_list arguments;
  va_start(arguments, format);
  fputs("bench-load: ", stderr);
  vfprintf(stderr, format, arguments);
  fputc('\n', stderr);
  exit(EXIT_FAILURE);
}

double monotonic_seconds(void)
{
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

void wait_for_timer(int timer, double due)
{
  uint64_t rings;
  double whole = floor(due);
  struct itimerspec setting = {.it_value = {.tv_sec = (time_t)whole, .tv_nsec = (long)((due - whole) * 1e9)}};
  timerfd_settime(timer, TFD_TIMER_ABSTIME, &setting, NULL);
  if (read(timer, &rings, sizeof rings) < 0)
    give_up("the timer cannot be read");
}

/* The number behind `key` in /proc/PROCESS/smaps_rollup, kB. */
static double memory_of(int process)
{
  char path[64], line[256];
  double kilobytes = 0;
  snprintf(path, sizeof path, "/proc/%d/smaps_rollup", process);
  FILE *file = fopen(path, "re");
  while (file && fgets(line, sizeof line, file))
    sscanf(line, "Anonymous: %lf kB", &kilobytes);
  if (file)
    fclose(file);
  return kilobytes * 1024;
}

/* Nanoseconds on the CPU, of all threads. */
static double cpu_of(int process)
{
  clockid_t clock;
  struct timespec used = {0};
  if (clock_getcpuclockid(process, &clock) == 0)
    clock_gettime(clock, &used);
  return (double)used.tv_sec + (double)used.tv_nsec / 1e9;
}

struct usage usage_of(int process)
{
  int id = process ? process : getpid();
  return (struct usage){.cpu = cpu_of(id), .memory = memory_of(id)};
}

unsigned descriptors_of(int process)
{
  char path[64];
  unsigned count = 0;
  snprintf(path, sizeof path, "/proc/%d/fd", process);
  DIR *folder = opendir(path);
  while (folder && readdir(folder))
    count++;
  if (folder)
    closedir(folder);
  return count > 2 ? count - 2 : 0; /* "." and ".." */
}

void use_mode(struct ow_peer *peer, const char *mode, const char *key_file, const char *key)
{
  struct ow_failure failure;
  peer->modes = (uint32_t)ow_mode_from_name(mode);
  if (peer->modes == 0)
    give_up("no mode is called %s", mode);
  if (peer->modes != OW_MODE_OPEN && ow_peer_key_load(peer, key_file, key, NULL, &failure) != OW_OK)
    give_up("%s", failure.text);
}

union ow_address parse_address(const char *text, uint16_t port)
{
  union ow_address address = {.v4 = {.sin_family = AF_INET, .sin_port = htons(port)}};
  if (inet_pton(AF_INET, text, &address.v4.sin_addr) != 1)
    give_up("%s is no IPv4 address", text);
  return address;
}

void spread_add(struct spread *spread, double value)
{
  if (spread->count == spread->slots) {
    spread->slots = spread->slots ? spread->slots * 2 : 1024;
    spread->values = reallocarray(spread->values, spread->slots, sizeof *spread->values);
    if (!spread->values)
      give_up("no memory");
  }
  spread->values[spread->count++] = value;
}

static int compare(const void *a, const void *b)
{
  double left = *(const double *)a;
  double right = *(const double *)b;
  return (left > right) - (left < right);
}

static double rank(const struct spread *spread, unsigned percent)
{
  size_t at = (spread->count * percent + 99) / 100;
  return spread->values[at ? at - 1 : 0];
}

void spread_print(struct spread *spread, const char *name, double scale)
{
  if (spread->count) {
    qsort(spread->values, spread->count, sizeof *spread->values, compare);
    printf("\"%s\": {\"min\": %.3f, \"p50\": %.3f, \"p95\": %.3f, \"p99\": %.3f, \"max\": %.3f}, ", name,
           spread->values[0] * scale, rank(spread, 50) * scale, rank(spread, 95) * scale,
           rank(spread, 99) * scale, rank(spread, 100) * scale);
  }
  free(spread->values);
  *spread = (struct spread){0};
}
