/* SPDX-License-Identifier: MIT */
/*
 * bench-bare: what this machine leaves at the moment to a TCP server that does nothing, beside which another
 * one is attacked. "serve" echoes, and prints its port; "ask SERVER PORT [COUNT]" connects, waits for as many
 * answers as a set-up of OWAMP-Control has, and prints how long that took in ms. With COUNT, both ends do
 * after the first answer what a key costs: PBKDF2-HMAC-SHA1. It shares no code with the core.
 */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <openssl/evp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* Set-Up-Response, two Request-Session, Start-Sessions, each answered; what their length is matters little.
 */
enum { ROUNDS = 4, OCTETS = 112 };

static void give_up(const char *what)
{
  perror(what);
  exit(EXIT_FAILURE);
}

static void derive(uint32_t count)
{
  uint8_t key[32];
  if (count > 0 && !PKCS5_PBKDF2_HMAC_SHA1("core", 4, (const uint8_t *)"0123456789abcdef", 16, (int)count,
                                           sizeof key, key))
    give_up("PBKDF2");
}

static void at_once(int descriptor)
{
  setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
}

/* ---- serve ---- */

static void echo(int events, int descriptor)
{
  uint8_t octets[OCTETS];
  uint32_t count;
  ssize_t length = recv(descriptor, octets, sizeof octets, MSG_DONTWAIT);
  if (length <= 0) {
    epoll_ctl(events, EPOLL_CTL_DEL, descriptor, NULL);
    close(descriptor);
    return;
  }
  memcpy(&count, octets, sizeof count);
  derive(count);
  if (send(descriptor, octets, (size_t)length, MSG_NOSIGNAL) != length)
    perror("send");
}

static void watch(int events, int descriptor)
{
  struct epoll_event event = {.events = EPOLLIN, .data.fd = descriptor};
  if (epoll_ctl(events, EPOLL_CTL_ADD, descriptor, &event) != 0)
    give_up("epoll_ctl");
}

static void serve(void)
{
  struct sockaddr_in own = {.sin_family = AF_INET};
  socklen_t octets = sizeof own;
  int events = epoll_create1(0);
  int listener = socket(AF_INET, SOCK_STREAM, 0);
  if (bind(listener, (struct sockaddr *)&own, sizeof own) != 0 || listen(listener, 128) != 0)
    give_up("listen");
  getsockname(listener, (struct sockaddr *)&own, &octets);
  printf("%u\n", ntohs(own.sin_port));
  fflush(stdout);
  watch(events, listener);
  for (;;) {
    struct epoll_event event;
    if (epoll_wait(events, &event, 1, -1) != 1)
      continue;
    if (event.data.fd != listener) {
      echo(events, event.data.fd);
    } else {
      int descriptor = accept(listener, NULL, NULL);
      if (descriptor >= 0) {
        at_once(descriptor);
        watch(events, descriptor);
      }
    }
  }
}

/* ---- ask ---- */

static double now_ms(void)
{
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static void ask(const char *server, const char *port, uint32_t count)
{
  struct sockaddr_in far = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port))};
  double began = now_ms();
  int descriptor = socket(AF_INET, SOCK_STREAM, 0);
  inet_pton(AF_INET, server, &far.sin_addr);
  if (connect(descriptor, (struct sockaddr *)&far, sizeof far) != 0)
    give_up("connect");
  at_once(descriptor);
  for (int i = 0; i < ROUNDS; i++) {
    uint8_t octets[OCTETS] = {0};
    if (i == 0) {
      derive(count);
      memcpy(octets, &count, sizeof count);
    }
    if (send(descriptor, octets, sizeof octets, MSG_NOSIGNAL) != sizeof octets ||
        recv(descriptor, octets, sizeof octets, MSG_WAITALL) != sizeof octets)
      give_up("an answer");
  }
  printf("%.3f\n", now_ms() - began);
}

int main(int count, char **words)
{
  if (count == 2 && strcmp(words[1], "serve") == 0)
    serve();
  if (count >= 4 && count <= 5 && strcmp(words[1], "ask") == 0) {
    ask(words[2], words[3], count == 5 ? (uint32_t)atoi(words[4]) : 0);
    return EXIT_SUCCESS;
  }
  fputs("usage: bench-bare serve | ask SERVER PORT [COUNT]\n", stderr);
  return 2;
}
