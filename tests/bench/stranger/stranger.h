/* SPDX-License-Identifier: MIT */
/* bench-stranger: what strangers do to a responder faster than a script could. It shares no code with the
 * core. */
#ifndef BENCH_STRANGER_H
#define BENCH_STRANGER_H

#include <netinet/in.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>

/** Whom to attack, from which addresses: `count` of them from `first` on, in turn; and how hard. */
struct target {
  struct sockaddr_in server;
  struct in_addr first;
  unsigned count;
  unsigned level; /* connections at once, or packets or connections a second */
};

extern volatile sig_atomic_t told_to_end;

/** The address of the n-th stranger. */
struct sockaddr_in stranger_address(const struct target *target, unsigned long n);
/** Ends the program with a sentence and the system's reason. */
void give_up(const char *what) __attribute__((noreturn));
int64_t monotonic_ns(void);

/** So many a second; what could not be done is saved for a fiftieth of a second. `last` is now at first. */
struct pace {
  unsigned a_second;
  int64_t last; /* monotonic ns */
  double saved;
};
/** How many are due now. */
unsigned due_now(struct pace *pace);

/* Each goes on until the program is told to end, then prints how much it did. */
void attack_silent(const struct target *target);     /* so many connections that say nothing */
void attack_slow(const struct target *target);       /* so many that write an octet each 100 ms */
void attack_handshakes(const struct target *target); /* so many wrong keys a second */
void attack_resets(
    const struct target *target); /* so many connections a second, reset once they are greeted */
void attack_half_open(const struct target *target); /* so many SYNs a second */
void attack_stray(const struct target *target);     /* so many packets a second to the test ports */

#endif
