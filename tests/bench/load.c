/* SPDX-License-Identifier: MIT */
/* bench-load: what tests/bench/run measures with. Prints one line of JSON. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "bench.h"

static const struct {
  const char *name;
  int (*run)(char **arguments);
  int arguments;
  const char *usage;
} commands[] = {
    {"sessions", bench_sessions, 11,
     "ADDRESS PORT RESPONDER-PID COUNT SECONDS PACKETS-A-SECOND MODE KEY-FILE LINK-NS SOURCE SOURCE"},
    {"streams", bench_streams, 12,
     "ADDRESS PORT RESPONDER-PID PROTOCOL MODE STREAMS PACKETS-A-SECOND INTERVAL-SECONDS KEY-FILE LINK-NS "
     "SOURCE "
     "SOURCE"},
    {"flood", bench_flood, 4, "ADDRESS PACKETS INTERVAL-NS MODE"},
    {"packets", bench_packets, 2, "PACKETS MODE"},
    {"publish", bench_publish, 2, "SOCKET PEERS"},
    {"histograms", bench_histograms, 2, "PACKETS WAIT_US"},
    {"timer", bench_timer, 2, "SECONDS TIMES-A-SECOND"},
    {"floor", bench_floor, 4, "OWN-ADDRESS PEER-ADDRESS SECONDS SENDS-A-SECOND"},
    {"link", bench_link, 5, "NEAR-NAMESPACE FAR-NAMESPACE FAR-ADDRESS PACKETS PACKETS-A-SECOND"},
    {"fetch", bench_fetch, 6, "ADDRESS PORT RESPONDER-PID RECORDS MODE KEY-FILE"},
};

int main(int count, char **arguments)
{
  struct rlimit files;
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
    if (count == commands[i].arguments + 2 && strcmp(arguments[1], commands[i].name) == 0)
      return commands[i].run(arguments + 2);
  for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
    fprintf(stderr, "bench-load %s %s\n", commands[i].name, commands[i].usage);
  return EXIT_FAILURE;
}
