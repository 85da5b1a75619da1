/* SPDX-License-Identifier: MIT */
/* bench-stranger ATTACK SERVER PORT FIRST-ADDRESS ADDRESSES LEVEL: says "ready", and goes on until SIGTERM.
 */
#include "stranger.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

volatile sig_atomic_t told_to_end;

static const struct {
  const char *name;
  void (*run)(const struct target *target);
} attacks[] = {
    {"silent", attack_silent}, {"slow", attack_slow},           {"handshakes", attack_handshakes},
    {"resets", attack_resets}, {"half-open", attack_half_open}, {"stray", attack_stray},
};

static void on_signal(int number)
{
  (void)number;
  told_to_end = 1;
}

void give_up(const char *what)
{
  perror(what);
  exit(EXIT_FAILURE);
}

int64_t monotonic_ns(void)
{
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

unsigned due_now(struct pace *pace)
{
  double most = pace->a_second / 50.0 + 1;
  int64_t now = monotonic_ns();
  pace->saved += (double)pace->a_second * (double)(now - pace->last) / 1e9;
  pace->last = now;
  if (pace->saved > most)
    pace->saved = most;
  unsigned due = (unsigned)pace->saved;
  pace->saved -= due;
  return due;
}

struct sockaddr_in stranger_address(const struct target *target, unsigned long n)
{
  uint32_t address = ntohl(target->first.s_addr) + (uint32_t)(n % target->count);
  return (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(address)};
}

int main(int count, char **words)
{
  struct target target = {.server.sin_family = AF_INET};
  struct rlimit files;
  if (count != 7 || inet_pton(AF_INET, words[2], &target.server.sin_addr) != 1 ||
      inet_pton(AF_INET, words[4], &target.first) != 1 || atoi(words[5]) < 1) {
    fputs("usage: bench-stranger ATTACK SERVER PORT FIRST-ADDRESS ADDRESSES LEVEL\n", stderr);
    return 2;
  }
  target.server.sin_port = htons((uint16_t)atoi(words[3]));
  target.count = (unsigned)atoi(words[5]);
  target.level = (unsigned)atoi(words[6]);
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  signal(SIGTERM, on_signal);
  puts("ready");
  fflush(stdout);
  for (size_t i = 0; i < sizeof attacks / sizeof *attacks; i++)
    if (strcmp(words[1], attacks[i].name) == 0) {
      attacks[i].run(&target);
      return EXIT_SUCCESS;
    }
  fprintf(stderr, "bench-stranger: no attack is called %s\n", words[1]);
  return 2;
}
