/* SPDX-License-Identifier: MIT */
/* Numeric addresses are found at once; for names a detached thread posts what it found. */
#include "io/resolver.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netdb.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/container_of.h"
#include "io/thread.h"

/* Who holds it, and so who frees it. */
enum stage {
  STAGE_RUNNING,   /* the thread */
  STAGE_CANCELLED, /* the thread, alone: the loop may be gone */
  STAGE_POSTED,    /* the loop, which will run it; and then `done` */
};

struct ow_resolution {
  struct ow_post post;
  struct ow_loop *loop;
  ow_resolved *done;
  void *context;
  char *host;
  char *port;
  int family;
  pthread_mutex_t lock; /* guards `stage` */
  enum stage stage;
  enum ow_status status;
  struct ow_failure failure;
  union ow_address addresses[OW_RESOLVED_MOST];
  size_t count;
};

static void free_resolution(struct ow_resolution *resolution)
{
  if (resolution) {
    pthread_mutex_destroy(&resolution->lock);
    free(resolution->host);
    free(resolution->port);
  }
  free(resolution);
}

/* "::ffff:192.0.2.1" is 192.0.2.1, and of IPv4. */
static const char *unmapped(const char *host, char out[INET_ADDRSTRLEN])
{
  struct in6_addr address;
  if (inet_pton(AF_INET6, host, &address) == 1 && IN6_IS_ADDR_V4MAPPED(&address) &&
      inet_ntop(AF_INET, address.s6_addr + 12, out, INET_ADDRSTRLEN))
    host = out;
  return host;
}

static struct ow_resolution *create_resolution(const char *host, const char *port)
{
  struct ow_resolution *resolution = calloc(1, sizeof *resolution);
  char plain[INET_ADDRSTRLEN];
  if (resolution) {
    pthread_mutex_init(&resolution->lock, NULL);
    resolution->host = strdup(unmapped(host, plain));
    resolution->port = strdup(port);
    if (!resolution->host || !resolution->port) {
      free_resolution(resolution);
      resolution = NULL;
    }
  }
  return resolution;
}

/* What to do about it. */
static const char *advice(int error)
{
  const char *text = "";
  if (error == EAI_NONAME || error == EAI_NODATA)
    text = "; check the spelling, and the address family if one is given";
  else if (error == EAI_SERVICE)
    text = "; give the port as a number";
  else if (error == EAI_AGAIN || error == EAI_FAIL)
    text = "; no name server answers, try again or give an address";
  return text;
}

/* What follows the "%" of an address if no interface has that name; else NULL. */
static const char *unknown_zone(const char *host)
{
  const char *zone = strchr(host, ':') ? strchr(host, '%') : NULL;
  return zone && if_nametoindex(zone + 1) == 0 ? zone + 1 : NULL;
}

static void fail(struct ow_resolution *resolution, int error, int system_error)
{
  const char *reason = error == EAI_SYSTEM ? strerror(system_error) : gai_strerror(error);
  const char *zone = error == EAI_NONAME ? unknown_zone(resolution->host) : NULL;
  char host[128];
  char shown[32];
  ow_printable(host, sizeof host, resolution->host, strlen(resolution->host));
  resolution->status = error == EAI_MEMORY ? OW_MEMORY : OW_NETWORK;
  if (zone)
    ow_fail(&resolution->failure, OW_NETWORK, "cannot resolve %s: this host has no interface %s", host,
            ow_printable(shown, sizeof shown, zone, strlen(zone)));
  else
    ow_fail(&resolution->failure, resolution->status, "cannot resolve %s: %s%s", host, reason, advice(error));
}

static void keep_one(struct ow_resolution *resolution, const struct addrinfo *found)
{
  union ow_address address;
  bool fresh = found->ai_addrlen <= sizeof address;
  memset(&address, 0, sizeof address);
  if (fresh)
    memcpy(&address, found->ai_addr, found->ai_addrlen);
  ow_address_unmap(&address);
  if (resolution->family == 6 && address.any.sa_family != AF_INET6)
    fresh = false;
  for (size_t i = 0; i < resolution->count; i++)
    fresh = fresh && !ow_address_same(&resolution->addresses[i], &address);
  if (fresh && resolution->count < OW_RESOLVED_MOST)
    resolution->addresses[resolution->count++] = address;
}

static const struct addrinfo *of_family(const struct addrinfo *at, int family, bool same)
{
  while (at && (at->ai_family == family) != same)
    at = at->ai_next;
  return at;
}

/* One family after the other for as long as there are both (RFC 8305, 4), the resolver's first one first. */
static void keep(struct ow_resolution *resolution, const struct addrinfo *found)
{
  const struct addrinfo *next[] = {found, of_family(found, found->ai_family, false)};
  for (bool other = false; next[0] || next[1]; other = !other)
    if (next[other]) {
      keep_one(resolution, next[other]);
      next[other] = of_family(next[other]->ai_next, found->ai_family, !other);
    }
  if (resolution->count == 0)
    fail(resolution, EAI_NODATA, 0);
}

/* Returns getaddrinfo's code, and fills in addresses or failure. */
static int look_up(struct ow_resolution *resolution, int flags)
{
  struct addrinfo *found = NULL;
  struct addrinfo hints = {.ai_flags = flags, .ai_socktype = SOCK_STREAM};
  if (resolution->family)
    hints.ai_family = resolution->family == 6 ? AF_INET6 : AF_INET;
  int error = getaddrinfo(resolution->host, resolution->port, &hints, &found);
  int system_error = errno;
  if (error)
    fail(resolution, error, system_error);
  else
    keep(resolution, found);
  if (found)
    freeaddrinfo(found);
  return error;
}

static void finish(struct ow_post *post)
{
  struct ow_resolution *resolution = OW_CONTAINER_OF(post, struct ow_resolution, post);
  /* The thread may still be on its way out of the lock. */
  pthread_mutex_lock(&resolution->lock);
  pthread_mutex_unlock(&resolution->lock);
  resolution->done(resolution->context, resolution->status, resolution->addresses, resolution->count,
                   &resolution->failure);
  free_resolution(resolution);
}

static void hand_over(struct ow_resolution *resolution)
{
  pthread_mutex_lock(&resolution->lock);
  bool cancelled = resolution->stage == STAGE_CANCELLED;
  if (!cancelled) {
    resolution->stage = STAGE_POSTED;
    ow_loop_post(resolution->loop, &resolution->post);
  }
  pthread_mutex_unlock(&resolution->lock);
  if (cancelled)
    free_resolution(resolution);
}

static void *resolve(void *argument)
{
  struct ow_resolution *resolution = argument;
  look_up(resolution, 0);
  hand_over(resolution);
  return NULL;
}

/* Returns an error number. */
static int start_thread(struct ow_resolution *resolution)
{
  pthread_t thread;
  int error = ow_thread_create_deaf(&thread, resolve, resolution);
  if (error == 0)
    pthread_detach(thread);
  return error;
}

/* An address needs no thread: nothing is asked of anybody. */
static void begin_resolving(struct ow_resolution *resolution)
{
  int error = 0;
  bool known = look_up(resolution, AI_NUMERICHOST | AI_NUMERICSERV) == 0;
  if (!known) {
    resolution->status = OW_OK;
    error = start_thread(resolution);
  }
  if (error)
    resolution->status = ow_fail(&resolution->failure, OW_NETWORK,
                                 "cannot start a thread to resolve a name: %s", strerror(error));
  if (known || error)
    hand_over(resolution);
}

struct ow_resolution *ow_resolve(struct ow_loop *loop, const char *host, const char *port, int family,
                                 ow_resolved *done, void *context)
{
  struct ow_resolution *resolution = create_resolution(host, port);
  if (resolution) {
    resolution->post.run = finish;
    resolution->loop = loop;
    resolution->family = family;
    resolution->done = done;
    resolution->context = context;
    begin_resolving(resolution);
  }
  return resolution; /* NOLINT(clang-analyzer-unix.Malloc): nobody could cancel it before now */
}

void ow_resolve_cancel(struct ow_resolution *resolution)
{
  if (!resolution)
    return;
  pthread_mutex_lock(&resolution->lock);
  enum stage stage = resolution->stage;
  if (stage == STAGE_RUNNING)
    resolution->stage = STAGE_CANCELLED;
  pthread_mutex_unlock(&resolution->lock);
  /* Within `done` it is not waiting any more, and freed afterwards. */
  if (stage == STAGE_POSTED && ow_loop_unpost(resolution->loop, &resolution->post))
    free_resolution(resolution);
}
