#include "io/channel.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/container_of.h"

enum {
  READ_AT_ONCE = 65536,
  MOST_BACKLOG = 65536,
  REFILLS_AT_ONCE = 8, /* of the output, before others get their turn */
};

static struct ow_channel *of_watch(struct ow_watch *watch)
{
  return OW_CONTAINER_OF(watch, struct ow_channel, watch);
}

/* ---- events ---- */

/* Reading pauses while the machine doesn't take what was read. */
static void watch_for_more(struct ow_channel *channel)
{
  uint32_t events = 0;
  if (ow_buffer_length(&channel->backlog) < MOST_BACKLOG / 2 && !channel->ended)
    events |= EPOLLIN;
  if (channel->connecting || ow_buffer_length(channel->output) || channel->emptied)
    events |= EPOLLOUT;
  ow_watch_change(channel->loop, &channel->watch, events);
}

static void on_connected(struct ow_channel *channel)
{
  int error = 0;
  socklen_t size = sizeof error;
  channel->connecting = false;
  if (getsockopt(channel->watch.descriptor, SOL_SOCKET, SO_ERROR, &error, &size) != 0)
    error = errno;
  if (error) {
    channel->over(channel, strerrordesc_np(error));
  } else {
    watch_for_more(channel);
    channel->connected(channel);
  }
}

static bool still(const struct ow_channel *channel, unsigned life)
{
  return channel->open && channel->life == life;
}

/* Who asks from within for what waits to be offered again gets it afterwards: nested, it would come twice. */
static void hand_over(struct ow_channel *channel, struct ow_reader *input)
{
  unsigned life = channel->life;
  channel->handing = true;
  do {
    channel->again = false;
    channel->received(channel, input);
  } while (still(channel, life) && channel->again && ow_reader_left(input));
  if (still(channel, life))
    channel->handing = false;
}

/* What was just read, and isn't taken at once, joins what waits. */
static void hand_over_new(struct ow_channel *channel, const uint8_t *octets, size_t count)
{
  unsigned life = channel->life;
  struct ow_reader input = ow_reader(octets, count);
  if (ow_buffer_length(&channel->backlog) == 0)
    hand_over(channel, &input);
  if (still(channel, life) && ow_buffer_append(&channel->backlog, input.at, ow_reader_left(&input)) != OW_OK)
    channel->over(channel, "no memory for what was received");
  else if (still(channel, life) && ow_reader_left(&input) < count)
    watch_for_more(channel);
  else if (still(channel, life))
    ow_channel_offer(channel);
}

static void on_readable(struct ow_channel *channel)
{
  uint8_t octets[READ_AT_ONCE];
  ssize_t got = recv(channel->watch.descriptor, octets, sizeof octets, MSG_DONTWAIT);
  if (got > 0) {
    hand_over_new(channel, octets, (size_t)got);
  } else if (got == 0) {
    channel->ended = true;
    channel->over(channel, NULL);
  } else if (errno != EAGAIN && errno != EINTR) {
    channel->over(channel, strerrordesc_np(errno));
  }
}

static void on_ready(struct ow_watch *watch, uint32_t events)
{
  struct ow_channel *channel = of_watch(watch);
  if (channel->connecting) {
    on_connected(channel);
    return;
  }
  if (events & EPOLLOUT)
    ow_channel_flush(channel);
  if (channel->open && events & (EPOLLIN | EPOLLHUP | EPOLLERR))
    on_readable(channel);
}

void ow_channel_offer(struct ow_channel *channel)
{
  size_t length = ow_buffer_length(&channel->backlog);
  unsigned life = channel->life;
  channel->again = true;
  if (channel->handing)
    return;
  if (length) {
    uint8_t *head = ow_buffer_head(&channel->backlog);
    struct ow_reader input = ow_reader(head, length);
    hand_over(channel, &input);
    if (still(channel, life))
      ow_buffer_consume(&channel->backlog, (size_t)(input.at - head));
  }
  if (still(channel, life))
    watch_for_more(channel);
}

static void send_output(struct ow_channel *channel)
{
  struct ow_buffer *output = channel->output;
  ssize_t sent = 0;
  bool had = ow_buffer_length(output) > 0;
  while (!channel->connecting && ow_buffer_length(output) && sent >= 0) {
    sent = send(channel->watch.descriptor, ow_buffer_head(output), ow_buffer_length(output),
                MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent > 0)
      ow_buffer_consume(output, (size_t)sent);
  }
  if (sent < 0 && errno != EAGAIN && errno != EINTR)
    ow_buffer_consume(output, ow_buffer_length(output)); /* the reading side will tell why */
  if (had && !ow_buffer_length(output) && channel->drained)
    channel->emptied = true;
}

/*
 * A fast reader empties the output as quickly as it is filled again. Others get their turn all the same: what
 * is left to do is done when the loop comes back, since a connection that can take octets is always ready.
 */
void ow_channel_flush(struct ow_channel *channel)
{
  unsigned life = channel->life;
  send_output(channel);
  if (!channel->draining) {
    channel->draining = true;
    for (int i = 0; still(channel, life) && channel->emptied && i < REFILLS_AT_ONCE; i++) {
      channel->emptied = false;
      channel->drained(channel);
      if (still(channel, life))
        send_output(channel);
    }
    if (still(channel, life))
      channel->draining = false;
  }
  if (still(channel, life))
    watch_for_more(channel);
}

/* ---- life ---- */

static enum ow_status start(struct ow_channel *channel, struct ow_loop *loop, int socket, uint32_t events,
                            struct ow_failure *failure)
{
  const int on = 1;
  channel->loop = loop;
  channel->open = true;
  channel->life++;
  channel->handing = channel->draining = channel->emptied = false;
  channel->backlog.limit = MOST_BACKLOG;
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
  char text[OW_ADDRESS_TEXT];
  if (interface && interface[0] &&
      setsockopt(descriptor, SOL_SOCKET, SO_BINDTODEVICE, interface, (socklen_t)strlen(interface)) != 0)
    return ow_fail(failure, OW_NETWORK, "can't use interface %s: %s", interface, strerrordesc_np(errno));
  if (source && bind(descriptor, &source->any, ow_address_length(source)) != 0)
    return ow_fail(failure, OW_NETWORK, "can't use source address %s: %s",
                   ow_address_print(text, sizeof text, source), strerrordesc_np(errno));
  return OW_OK;
}

enum ow_status ow_channel_connect(struct ow_channel *channel, struct ow_loop *loop,
                                  const union ow_address *server, const union ow_address *source,
                                  const char *interface, struct ow_failure *failure)
{
  int descriptor = socket(server->any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (descriptor < 0)
    return ow_fail(failure, OW_NETWORK, "can't open a socket: %s", strerrordesc_np(errno));
  enum ow_status status = bind_source(descriptor, source, interface, failure);
  if (status == OW_OK && connect(descriptor, &server->any, ow_address_length(server)) != 0 &&
      errno != EINPROGRESS)
    status = ow_fail(failure, OW_NETWORK, "%s", strerrordesc_np(errno));
  if (status != OW_OK) {
    close(descriptor);
    return status;
  }
  channel->connecting = true;
  return start(channel, loop, descriptor, EPOLLOUT, failure);
}

enum ow_status ow_channel_adopt(struct ow_channel *channel, struct ow_loop *loop, int socket,
                                struct ow_failure *failure)
{
  return start(channel, loop, socket, EPOLLIN, failure);
}

union ow_address ow_channel_local(const struct ow_channel *channel)
{
  union ow_address address = {.any.sa_family = AF_UNSPEC};
  socklen_t size = sizeof address;
  (void)getsockname(channel->watch.descriptor, &address.any, &size);
  return address;
}

union ow_address ow_channel_remote(const struct ow_channel *channel)
{
  union ow_address address = {.any.sa_family = AF_UNSPEC};
  socklen_t size = sizeof address;
  (void)getpeername(channel->watch.descriptor, &address.any, &size);
  return address;
}

void ow_channel_close(struct ow_channel *channel)
{
  if (channel->open) {
    ow_watch_close(channel->loop, &channel->watch);
    ow_buffer_clear(&channel->backlog);
    channel->open = false;
  }
}
