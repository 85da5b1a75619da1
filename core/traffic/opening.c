/* SPDX-License-Identifier: MIT */
/* A question every quarter of a second; what comes is an answer, an ICMP error, or nothing. */
#include "traffic/opening.h"

#include <errno.h>
#include <sys/epoll.h>

#include "base/container_of.h"
#include "io/udp.h"

#define PACE (250 * OW_NS_PER_MS)

static void stop_asking(struct ow_test_opening *opening)
{
  ow_timer_cancel(opening->traffic->loop, &opening->again);
}

/* One question is kept for later: numbers before the schedule have a gap in any case. */
static int ask(struct ow_test_opening *opening)
{
  uint8_t packet[OW_QUESTION_MOST];
  int64_t now = ow_loop_now(opening->traffic->loop).monotonic;
  struct ow_error_estimate error = ow_system_error(&opening->traffic->clock, now, 0);
  int refusal = 0;
  if (opening->markers.asked < OW_MARKERS - 1 &&
      ow_marker_ask(&opening->markers, opening->codec, ow_system_stamp(), error, packet) == OW_OK)
    refusal = ow_udp_send_to(opening->watch.descriptor, NULL, packet,
                             ow_reflected_question_least(opening->codec), false);
  if (!refusal && opening->markers.asked < OW_MARKERS - 1)
    ow_timer_set(opening->traffic->loop, &opening->again, now + PACE);
  return refusal;
}

static void on_again(struct ow_timer *timer)
{
  struct ow_test_opening *opening = OW_CONTAINER_OF(timer, struct ow_test_opening, again);
  int refusal = ask(opening);
  if (refusal)
    opening->refused(opening, refusal);
}

static bool is_answer(struct ow_test_opening *opening, const struct ow_datagram *datagram)
{
  struct ow_reflection answer;
  return ow_reflected_answer_decode(opening->codec, datagram->octets, datagram->length, &answer) == OW_OK &&
         (!answer.ssid || answer.ssid == opening->markers.ssid) &&
         ow_marker_answered(&opening->markers, &answer, datagram->received);
}

/* ICMP's errors are told once, and before reading, which would pass them over. */
static void on_ready(struct ow_watch *watch, uint32_t events)
{
  struct ow_test_opening *opening = OW_CONTAINER_OF(watch, struct ow_test_opening, watch);
  struct ow_datagram datagrams[OW_UDP_BATCH];
  int error = events & EPOLLERR ? ow_udp_pending_error(watch->descriptor) : 0;
  size_t count = ow_udp_receive(watch->descriptor, opening->traffic->batch, datagrams);
  bool found = false;
  for (size_t i = 0; i < count; i++)
    found = is_answer(opening, &datagrams[i]) || found;
  if (found) {
    opening->answered(opening);
  } else if (error) {
    stop_asking(opening);
    opening->refused(opening, error);
  }
}

int ow_test_opening_begin(struct ow_test_opening *opening, int socket)
{
  struct ow_failure failure;
  opening->open = true;
  opening->watch = (struct ow_watch){.descriptor = socket, .ready = on_ready};
  opening->again.expired = on_again;
  enum ow_status status = ow_watch_open(opening->traffic->loop, &opening->watch, EPOLLIN, &failure);
  return status == OW_OK ? ask(opening) : EIO;
}

int ow_test_opening_release(struct ow_test_opening *opening)
{
  stop_asking(opening);
  opening->open = false;
  return ow_watch_release(opening->traffic->loop, &opening->watch);
}

void ow_test_opening_close(struct ow_test_opening *opening)
{
  if (opening->open) {
    stop_asking(opening);
    ow_watch_close(opening->traffic->loop, &opening->watch);
    opening->open = false;
  }
}
