/* SPDX-License-Identifier: MIT */
/* The socket: connecting, reading as far as there is room, sending as much as it takes. */
#include "io/channel.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/container_of.h"
#include "io/own_end.h"

enum { MOST_LEFT = 4 * OW_CHANNEL_INPUT }; /* octets that are read at the close, at most */

/* ---- events ---- */

static void on_connected(struct ow_channel *channel)
{
  int error = 0;
  socklen_t size = sizeof error;
  channel->connecting = false;
  if (getsockopt(channel->watch.descriptor, SOL_SOCKET, SO_ERROR, &error, &size) != 0)
    error = errno;
  channel->error = error;
  if (error) {
    channel->over(channel, strerrordesc_np(error));
  } else {
    ow_channel_watch(channel);
    channel->connected(channel);
  }
}

static void on_readable(struct ow_channel *channel)
{
  uint8_t octets[OW_CHANNEL_INPUT];
  size_t room = sizeof octets - ow_buffer_length(&channel->input);
  ssize_t got = room ? recv(channel->watch.descriptor, octets, room, MSG_DONTWAIT) : -1;
  if (!room) {
    ow_channel_input_ends(channel, strerrordesc_np(ECONNRESET)); /* only an end wakes us then */
  } else if (got > 0 && ow_buffer_append(&channel->input, octets, (size_t)got) != OW_OK) {
    ow_channel_input_ends(channel, "no memory for what was received");
  } else if (got > 0) {
    ow_channel_watch(channel);
    channel->received(channel);
  } else if (got == 0) {
    ow_channel_input_ends(channel, NULL);
  } else if (errno != EAGAIN && errno != EINTR) {
    ow_channel_input_ends(channel, strerrordesc_np(errno));
  }
}

static void on_ready(struct ow_watch *watch, uint32_t events)
{
  struct ow_channel *channel = OW_CONTAINER_OF(watch, struct ow_channel, watch);
  if (channel->connecting) {
    on_connected(channel);
    return;
  }
  if (events & EPOLLOUT)
    ow_channel_flush(channel);
  if (events & (EPOLLIN | EPOLLHUP | EPOLLERR) && !channel->ended)
    on_readable(channel);
}

/* ---- output ---- */

void ow_channel_flush(struct ow_channel *channel)
{
  struct ow_buffer *output = channel->output;
  ssize_t sent = 0;
  if (!channel->open || channel->connecting)
    return;
  bool had = ow_buffer_length(output) > 0;
  while (ow_buffer_length(output) && sent >= 0) {
    sent = send(channel->watch.descriptor, ow_buffer_head(output), ow_buffer_length(output),
                MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent > 0)
      ow_buffer_consume(output, (size_t)sent);
  }
  if (sent < 0 && errno != EAGAIN && errno != EINTR)
    ow_buffer_consume(output, ow_buffer_length(output)); /* the reading side will tell why */
  if (had)
    ow_channel_output_left(channel);
  ow_channel_watch(channel);
}

/* ---- life ---- */

/*
 * A peer that is gone without a word, as is its host or the path to it, is noticed within a minute, whether
 * or not anything is to be sent.
 */
static void notice_silence(int socket)
{
  const int on = 1, idle = 25, between = 10, probes = 3; /* seconds */
  const unsigned unacknowledged = 50000;                 /* ms */
  (void)setsockopt(socket, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
  (void)setsockopt(socket, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof idle);
  (void)setsockopt(socket, IPPROTO_TCP, TCP_KEEPINTVL, &between, sizeof between);
  (void)setsockopt(socket, IPPROTO_TCP, TCP_KEEPCNT, &probes, sizeof probes);
  (void)setsockopt(socket, IPPROTO_TCP, TCP_USER_TIMEOUT, &unacknowledged, sizeof unacknowledged);
}

/*
 * What a peer doesn't read would otherwise wait in the kernel, up to net.ipv4.tcp_wmem for each connection.
 * This bounds what has not been sent, not what is on its way: far peers are told as fast as before.
 */
static void bound_unsent(int socket)
{
  const int octets = 65536;
  (void)setsockopt(socket, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &octets, sizeof octets);
}

static enum ow_status start_watching(struct ow_channel *channel, struct ow_loop *loop, int socket,
                                     uint32_t events, struct ow_failure *failure)
{
  const int on = 1;
  ow_channel_begin(channel, loop, OW_CHANNEL_INPUT);
  channel->watch = (struct ow_watch){.descriptor = socket, .ready = on_ready};
  /* Each message leaves in one segment, at once. */
  (void)setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  enum ow_status status = ow_watch_open(loop, &channel->watch, events, failure);
  if (status != OW_OK)
    ow_channel_close(channel);
  return status;
}

static enum ow_status bind_source(int descriptor, const union ow_address *source, const char *interface,
                                  struct ow_failure *failure)
{
  if (interface && interface[0] &&
      setsockopt(descriptor, SOL_SOCKET, SO_BINDTODEVICE, interface, (socklen_t)strlen(interface)) != 0)
    return ow_fail_interface(failure, interface, errno);
  if (source && bind(descriptor, &source->any, ow_address_length(source)) != 0)
    return ow_fail_bind(failure, "TCP", source, errno);
  return OW_OK;
}

enum ow_status ow_channel_connect(struct ow_channel *channel, struct ow_loop *loop,
                                  const union ow_address *server, const union ow_address *source,
                                  const char *interface, struct ow_failure *failure)
{
  int descriptor = socket(server->any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (descriptor < 0)
    return ow_fail_errno(failure, OW_NETWORK, errno, "can't open a socket: %s", strerrordesc_np(errno));
  enum ow_status status = bind_source(descriptor, source, interface, failure);
  if (status == OW_OK && connect(descriptor, &server->any, ow_address_length(server)) != 0 &&
      errno != EINPROGRESS)
    status = ow_fail_errno(failure, OW_NETWORK, errno, "%s", strerrordesc_np(errno));
  if (status != OW_OK) {
    close(descriptor);
    return status;
  }
  channel->connecting = true;
  return start_watching(channel, loop, descriptor, EPOLLOUT, failure);
}

enum ow_status ow_channel_adopt(struct ow_channel *channel, struct ow_loop *loop, int socket,
                                struct ow_failure *failure)
{
  notice_silence(socket);
  bound_unsent(socket);
  return start_watching(channel, loop, socket, EPOLLIN, failure);
}

enum ow_status ow_channel_move(struct ow_channel *channel, struct ow_channel *from,
                               struct ow_failure *failure)
{
  struct ow_loop *loop = from->loop;
  int socket = ow_watch_release(loop, &from->watch);
  enum ow_status status = start_watching(channel, loop, socket, EPOLLIN, failure);
  if (status == OW_OK)
    ow_channel_take_over(channel, from);
  else
    ow_channel_end(from);
  return status;
}

union ow_address ow_channel_local(const struct ow_channel *channel)
{
  union ow_address address = {.any.sa_family = AF_UNSPEC};
  socklen_t size = sizeof address;
  (void)getsockname(channel->watch.descriptor, &address.any, &size);
  ow_address_unmap(&address);
  return address;
}

union ow_address ow_channel_remote(const struct ow_channel *channel)
{
  union ow_address address = {.any.sa_family = AF_UNSPEC};
  socklen_t size = sizeof address;
  (void)getpeername(channel->watch.descriptor, &address.any, &size);
  ow_address_unmap(&address);
  return address;
}

/* Of what is unread at its close the kernel makes a reset, which can overtake the last words. */
static void read_the_rest(int socket)
{
  uint8_t octets[OW_CHANNEL_INPUT];
  ssize_t got = 1;
  for (int i = 0; i < MOST_LEFT / OW_CHANNEL_INPUT && got > 0; i++)
    got = recv(socket, octets, sizeof octets, MSG_DONTWAIT);
}

void ow_channel_close(struct ow_channel *channel)
{
  if (channel->open && !channel->connecting && !channel->ended)
    read_the_rest(channel->watch.descriptor);
  if (channel->open)
    ow_channel_end(channel);
}
