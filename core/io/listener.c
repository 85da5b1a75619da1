/* SPDX-License-Identifier: MIT */
/* One connection is accepted at a time; when descriptors or memory run out, listening rests. */
#include "io/listener.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdbool.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/container_of.h"

enum { FAMILIES = 2 };
#define REST (100 * OW_NS_PER_MS)

static void listen_for(struct ow_listeners *listeners, uint32_t events)
{
  for (int i = 0; i < OW_LISTENERS; i++)
    if (listeners->each[i].watch.descriptor >= 0)
      ow_watch_change(listeners->loop, &listeners->each[i].watch, events);
}

static void on_rested(struct ow_timer *timer)
{
  listen_for(OW_CONTAINER_OF(timer, struct ow_listeners, rest), EPOLLIN);
}

/* The connection that can't be accepted stays in the queue, and would wake the loop again and again. */
static void rest(struct ow_listeners *listeners)
{
  listen_for(listeners, 0);
  ow_timer_set(listeners->loop, &listeners->rest, ow_loop_now(listeners->loop).monotonic + REST);
}

static void on_connection(struct ow_watch *watch, uint32_t events)
{
  struct ow_listener *listener = OW_CONTAINER_OF(watch, struct ow_listener, watch);
  union ow_address remote;
  socklen_t size = sizeof remote;
  (void)events;
  int socket = accept4(watch->descriptor, &remote.any, &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (socket >= 0) {
    ow_address_unmap(&remote);
    listener->all->accepted(listener->all, socket, &remote);
  } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
    rest(listener->all);
  }
}

/* IPv4 in IPv6's clothes is IPv4. */
static void take_address(const struct addrinfo *from, union ow_address *address)
{
  memset(address, 0, sizeof *address);
  memcpy(address, from->ai_addr, from->ai_addrlen);
  ow_address_unmap(address);
}

static const char *why_not(const union ow_address *wish)
{
  return ow_address_lacks_zone(wish) ? "it is link-local and lacks its zone, as in fe80::1%eth0"
                                     : strerrordesc_np(errno);
}

static enum ow_status listen_on(struct ow_listeners *listeners, struct ow_listener *listener,
                                const struct addrinfo *address, struct ow_failure *failure)
{
  const int on = 1;
  union ow_address wish;
  char text[OW_ADDRESS_TEXT];
  socklen_t size = sizeof wish;
  take_address(address, &wish);
  if (listeners->port) /* the other family already has one: share it */
    ow_address_set_port(&wish, listeners->port);
  int descriptor = socket(wish.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (descriptor < 0)
    return ow_fail(failure, OW_NETWORK, "can't open a socket: %s", strerrordesc_np(errno));
  (void)setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (wish.any.sa_family == AF_INET6)
    (void)setsockopt(descriptor, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
  if (bind(descriptor, &wish.any, ow_address_length(&wish)) != 0 || listen(descriptor, SOMAXCONN) != 0) {
    ow_fail_errno(failure, OW_NETWORK, errno, "can't listen on %s: %s",
                  ow_address_print(text, sizeof text, &wish), why_not(&wish));
    close(descriptor);
    return OW_NETWORK;
  }
  (void)getsockname(descriptor, &wish.any, &size);
  listeners->port = ow_address_port(&wish);
  listener->all = listeners;
  listener->watch = (struct ow_watch){.descriptor = descriptor, .ready = on_connection};
  return ow_watch_open(listeners->loop, &listener->watch, EPOLLIN, failure);
}

void ow_listeners_prepare(struct ow_listeners *listeners, struct ow_loop *loop,
                          void (*accepted)(struct ow_listeners *listeners, int socket,
                                           const union ow_address *remote))
{
  *listeners = (struct ow_listeners){.loop = loop, .accepted = accepted, .rest = {.expired = on_rested}};
  for (int i = 0; i < OW_LISTENERS; i++)
    listeners->each[i].watch.descriptor = -1;
}

/* 0 for what isn't a TCP socket that listens. */
static uint16_t listening_port(int descriptor)
{
  union ow_address address = {.any.sa_family = AF_UNSPEC};
  socklen_t size = sizeof address;
  int type = 0, listens = 0;
  socklen_t length = sizeof type;
  bool right = getsockopt(descriptor, SOL_SOCKET, SO_TYPE, &type, &length) == 0 && type == SOCK_STREAM &&
               getsockopt(descriptor, SOL_SOCKET, SO_ACCEPTCONN, &listens, &length) == 0 && listens &&
               getsockname(descriptor, &address.any, &size) == 0;
  return right ? ow_address_port(&address) : 0;
}

enum ow_status ow_listeners_adopt(struct ow_listeners *listeners, int first, int count,
                                  struct ow_failure *failure)
{
  enum ow_status status = OW_OK;
  if (count > OW_LISTENERS)
    return ow_fail(failure, OW_INVALID, "%d listening sockets were given; %d can be used", count,
                   OW_LISTENERS);
  for (int i = 0; i < count && status == OW_OK; i++) {
    struct ow_listener *listener = &listeners->each[i];
    int descriptor = first + i;
    uint16_t port = listening_port(descriptor);
    if (port == 0) {
      status =
          ow_fail(failure, OW_INVALID,
                  "descriptor %d, which the service manager gave, is no listening TCP socket", descriptor);
    } else {
      (void)fcntl(descriptor, F_SETFD, FD_CLOEXEC);
      (void)fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK);
      listeners->port = listeners->port ? listeners->port : port;
      listener->all = listeners;
      listener->watch = (struct ow_watch){.descriptor = descriptor, .ready = on_connection};
      status = ow_watch_open(listeners->loop, &listener->watch, EPOLLIN, failure);
    }
  }
  return status;
}

/* freeaddrinfo(3) is the caller's. */
static enum ow_status resolve(const char *host, const char *port, struct addrinfo **addresses,
                              struct ow_failure *failure)
{
  const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE};
  int error = getaddrinfo(host[0] ? host : NULL, port, &hints, addresses);
  return error ? ow_fail(failure, OW_INVALID, "can't listen on \"%s\" port %s: %s", host, port,
                         gai_strerror(error))
               : OW_OK;
}

enum ow_status ow_listeners_open(struct ow_listeners *listeners, const char *host, const char *port,
                                 struct ow_failure *failure)
{
  struct addrinfo *addresses = NULL;
  size_t open = 0;
  enum ow_status status = resolve(host, port, &addresses, failure);
  if (status != OW_OK)
    return status;
  /* A host without one family is served on the other. */
  for (struct addrinfo *at = addresses; at && open < FAMILIES; at = at->ai_next)
    if (listen_on(listeners, &listeners->each[open], at, failure) == OW_OK)
      open++;
  freeaddrinfo(addresses);
  return open ? OW_OK : OW_NETWORK;
}

/* On a free port, as the configured one is in use while the server runs. */
static bool is_own(const struct addrinfo *address, struct ow_failure *failure)
{
  char text[OW_ADDRESS_TEXT];
  union ow_address wish;
  take_address(address, &wish);
  ow_address_print(text, sizeof text, &wish);
  ow_address_set_port(&wish, 0);
  int descriptor = socket(wish.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  bool bound = descriptor >= 0 && bind(descriptor, &wish.any, ow_address_length(&wish)) == 0;
  if (!bound)
    ow_fail(failure, OW_NETWORK, "can't listen on %s: %s", text, why_not(&wish));
  if (descriptor >= 0)
    close(descriptor);
  return bound;
}

enum ow_status ow_listeners_check(const char *host, const char *port, struct ow_failure *failure)
{
  struct addrinfo *addresses = NULL;
  bool found = false;
  enum ow_status status = resolve(host, port, &addresses, failure);
  if (status != OW_OK)
    return status;
  for (const struct addrinfo *at = addresses; at && !found; at = at->ai_next)
    found = is_own(at, failure);
  freeaddrinfo(addresses);
  return found ? OW_OK : OW_NETWORK;
}

void ow_listeners_close(struct ow_listeners *listeners)
{
  ow_timer_cancel(listeners->loop, &listeners->rest);
  for (int i = 0; i < OW_LISTENERS; i++)
    ow_watch_close(listeners->loop, &listeners->each[i].watch);
}
