/* SPDX-License-Identifier: MIT */
/* One layout is the other with zeros between the fields. */
#include "wire/reflected_packet.h"

#include <stddef.h>

#include "base/cursor.h"
#include "base/units.h"

enum { PTP_TIME = 0x4000 };             /* the Z bit of an error estimate (RFC 8186, 3) */
#define UNIX_EPOCH UINT64_C(2208988800) /* 1970, in seconds since 1900 */

/* How many octets of zeros follow each field. */
struct gaps {
  uint8_t sequence, ssid, received, sender_sequence, sender_error;
};
static const struct gaps gaps[] = {
    [OW_REFLECTED_OPEN] = {.sender_error = 2},
    [OW_REFLECTED_KEYED] = {12, 4, 8, 12, 6},
};
static const size_t sizes[] = {
    [OW_REFLECTED_OPEN] = OW_REFLECTED_OPEN_OCTETS,
    [OW_REFLECTED_KEYED] = OW_REFLECTED_KEYED_OCTETS,
};

void ow_reflection_write(enum ow_reflected_layout layout, const struct ow_reflection *reflection,
                         uint8_t *out)
{
  const struct gaps *gap = &gaps[layout];
  struct ow_writer writer = ow_writer(out, sizes[layout]);
  ow_write_u32(&writer, reflection->sequence);
  ow_write_zeros(&writer, gap->sequence);
  ow_write_u64(&writer, reflection->sent.ntp);
  ow_write_u16(&writer, reflection->error);
  ow_write_u16(&writer, reflection->ssid);
  ow_write_zeros(&writer, gap->ssid);
  ow_write_u64(&writer, reflection->received.ntp);
  ow_write_zeros(&writer, gap->received);
  ow_write_u32(&writer, reflection->sender_sequence);
  ow_write_zeros(&writer, gap->sender_sequence);
  ow_write_u64(&writer, reflection->sender_sent.ntp);
  ow_write_u16(&writer, reflection->sender_error.bits);
  ow_write_zeros(&writer, gap->sender_error);
  ow_write_u8(&writer, reflection->sender_ttl);
}

void ow_reflection_read(enum ow_reflected_layout layout, const uint8_t *in, struct ow_reflection *reflection)
{
  const struct gaps *gap = &gaps[layout];
  struct ow_reader reader = ow_reader(in, sizes[layout]);
  reflection->sequence = ow_read_u32(&reader);
  ow_read_skip(&reader, gap->sequence);
  reflection->sent.ntp = ow_read_u64(&reader);
  reflection->error = ow_read_u16(&reader);
  reflection->ssid = ow_read_u16(&reader);
  ow_read_skip(&reader, gap->ssid);
  reflection->received.ntp = ow_read_u64(&reader);
  ow_read_skip(&reader, gap->received);
  reflection->sender_sequence = ow_read_u32(&reader);
  ow_read_skip(&reader, gap->sender_sequence);
  reflection->sender_sent.ntp = ow_read_u64(&reader);
  reflection->sender_error.bits = ow_read_u16(&reader);
  ow_read_skip(&reader, gap->sender_error);
  reflection->sender_ttl = ow_read_u8(&reader);
  reflection->sender_tos = 0;
}

/* Nanoseconds beyond a second's are no time: they carry over. */
static struct ow_timestamp from_ptp(struct ow_timestamp ptp)
{
  struct ow_timestamp seconds = {((ptp.ntp >> 32) + UNIX_EPOCH) << 32};
  return ow_timestamp_is_zero(ptp) ? ptp : ow_timestamp_plus(seconds, (int64_t)(ptp.ntp & UINT32_MAX));
}

struct ow_timestamp ow_reflection_time(const struct ow_reflection *reflection, struct ow_timestamp stamp)
{
  return reflection->error & PTP_TIME ? from_ptp(stamp) : stamp;
}

bool ow_reflection_stamps(struct ow_reflection *reflection, struct ow_error_estimate *error)
{
  reflection->sent = ow_reflection_time(reflection, reflection->sent);
  reflection->received = ow_reflection_time(reflection, reflection->received);
  error->bits = (uint16_t)(reflection->error & ~PTP_TIME);
  return reflection->error & PTP_TIME;
}
