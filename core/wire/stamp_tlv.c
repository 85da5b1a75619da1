/* SPDX-License-Identifier: MIT */
/* One loop over headers; each value has a fixed length, and anything else makes it malformed. */
#include "wire/stamp_tlv.h"

#include <string.h>

#include "base/cursor.h"
#include "base/secret.h"

enum { TYPES = 32 };

static const struct {
  const char *name;
  enum ow_tlv type;
  uint8_t octets; /* of the value; 0: any */
} tlvs[] = {
    {"timestamps", OW_TLV_TIMESTAMPS, 4}, {"class-of-service", OW_TLV_CLASS_OF_SERVICE, 4},
    {"counters", OW_TLV_COUNTERS, 12},    {"follow-up", OW_TLV_FOLLOW_UP, 16},
    {"hmac", OW_TLV_HMAC, OW_TLV_SUM},    {"padding", OW_TLV_PADDING, 0},
};
enum { TLVS = sizeof tlvs / sizeof *tlvs };

const char *ow_tlv_name(enum ow_tlv tlv)
{
  const char *name = "";
  for (size_t i = 0; i < TLVS; i++)
    if (tlvs[i].type == tlv)
      name = tlvs[i].name;
  return name;
}

enum ow_tlv ow_tlv_from_name(const char *name)
{
  enum ow_tlv found = (enum ow_tlv)0;
  for (size_t i = 0; i < TLVS; i++)
    if (OW_TLV_CHOICES & 1 << tlvs[i].type && strcmp(tlvs[i].name, name) == 0)
      found = tlvs[i].type;
  return found;
}

bool ow_tlv_is_known(uint8_t type, uint8_t *octets)
{
  bool known = false;
  for (size_t i = 0; i < TLVS; i++)
    if (tlvs[i].type == type) {
      known = true;
      *octets = tlvs[i].octets;
    }
  return known;
}

/* ---- the Session-Sender's ---- */

static bool has_hmac(const struct ow_tlv_plan *plan)
{
  return plan->hmac && plan->choices;
}

size_t ow_tlv_octets(const struct ow_tlv_plan *plan)
{
  size_t octets = plan->padding;
  for (size_t i = 0; i < TLVS; i++)
    if (plan->choices & 1U << tlvs[i].type)
      octets += (size_t)OW_TLV_HEADER + tlvs[i].octets;
  return octets + (has_hmac(plan) ? OW_TLV_HEADER + OW_TLV_SUM : 0);
}

size_t ow_tlv_fill(const struct ow_tlv_plan *plan)
{
  return plan->padding ? (size_t)plan->padding - OW_TLV_HEADER : 0;
}

static void write_header(struct ow_writer *writer, enum ow_tlv type, size_t octets)
{
  ow_write_u8(writer, OW_TLV_UNRECOGNISED);
  ow_write_u8(writer, (uint8_t)type);
  ow_write_u16(writer, (uint16_t)octets);
}

/* What the reflector is to fill in is zero. */
static void write_choice(struct ow_writer *writer, const struct ow_tlv_plan *plan, size_t at, uint32_t sent)
{
  size_t octets = tlvs[at].octets;
  write_header(writer, tlvs[at].type, octets);
  if (tlvs[at].type == OW_TLV_CLASS_OF_SERVICE) {
    ow_write_u8(writer, (uint8_t)(plan->dscp << 2));
    octets -= 1;
  } else if (tlvs[at].type == OW_TLV_COUNTERS) {
    ow_write_u32(writer, sent);
    octets -= 4;
  }
  ow_write_zeros(writer, octets);
}

enum ow_status ow_tlv_write(struct ow_stamp_codec *codec, const struct ow_tlv_plan *plan, uint32_t sent,
                            uint8_t *packet)
{
  uint8_t *begin = packet + ow_stamp_least(ow_stamp_codec_mode(codec));
  struct ow_writer writer = ow_writer(begin, ow_tlv_octets(plan));
  enum ow_status status = OW_OK;
  for (size_t i = 0; i < TLVS; i++)
    if (plan->choices & 1U << tlvs[i].type)
      write_choice(&writer, plan, i, sent);
  if (has_hmac(plan)) {
    uint8_t sum[OW_TLV_SUM];
    status = ow_stamp_codec_sum(codec, packet, begin, (size_t)(writer.at - begin), sum);
    write_header(&writer, OW_TLV_HMAC, OW_TLV_SUM);
    ow_write_octets(&writer, sum, status == OW_OK ? OW_TLV_SUM : 0);
  }
  if (plan->padding && status == OW_OK)
    write_header(&writer, OW_TLV_PADDING, ow_tlv_fill(plan));
  return status;
}

/* ---- the reflector's ---- */

struct header {
  uint8_t flags, type;
  uint16_t octets;
};

static struct header read_header(struct ow_reader *reader)
{
  struct header header = {.flags = ow_read_u8(reader)};
  header.type = ow_read_u8(reader);
  header.octets = ow_read_u16(reader);
  return header;
}

/* A length that its type doesn't have is as malformed as one beyond the packet. */
static bool fits(const struct ow_reader *reader, struct header header)
{
  bool fits = !reader->overrun && header.octets <= ow_reader_left(reader);
  for (size_t i = 0; i < TLVS && !(header.flags & OW_TLV_UNRECOGNISED); i++)
    if (tlvs[i].type == header.type && tlvs[i].octets && tlvs[i].octets != header.octets)
      fits = false;
  return fits;
}

static void read_timestamps(struct ow_reader value, struct ow_tlv_answer *answer)
{
  answer->sync_in = ow_read_u8(&value);
  answer->method_in = ow_read_u8(&value);
  answer->sync_out = ow_read_u8(&value);
  answer->method_out = ow_read_u8(&value);
}

static void read_class_of_service(struct ow_reader value, struct ow_tlv_answer *answer)
{
  uint16_t bits = ow_read_u16(&value);
  answer->dscp_in = bits >> 4 & 0x3f;
  answer->ecn_in = bits >> 2 & 3;
  answer->dscp_refused = (bits & 3) != 0;
}

static void read_counters(struct ow_reader value, struct ow_tlv_answer *answer)
{
  answer->counter_sent = ow_read_u32(&value);
  answer->counter_received = ow_read_u32(&value);
  answer->counter_answered = ow_read_u32(&value);
}

static void read_follow_up(struct ow_reader value, struct ow_tlv_answer *answer)
{
  answer->follow_sequence = ow_read_u32(&value);
  answer->follow_sent.ntp = ow_read_u64(&value);
  answer->follow_method = ow_read_u8(&value);
}

static void read_value(struct header header, struct ow_reader value, struct ow_tlv_answer *answer)
{
  switch ((enum ow_tlv)header.type) {
  case OW_TLV_TIMESTAMPS: read_timestamps(value, answer); break;
  case OW_TLV_CLASS_OF_SERVICE: read_class_of_service(value, answer); break;
  case OW_TLV_COUNTERS: read_counters(value, answer); break;
  case OW_TLV_FOLLOW_UP: read_follow_up(value, answer); break;
  case OW_TLV_PADDING:
  case OW_TLV_HMAC: break;
  }
}

/* Beyond 32 there is no type of ours. */
static uint32_t bit_of(struct header header)
{
  return header.type < TYPES ? UINT32_C(1) << header.type : 0;
}

/* One after the other: false when what follows counts for nothing. */
static bool read_one(struct ow_reader *reader, struct ow_tlv_answer *answer)
{
  struct header header = read_header(reader);
  bool whole = fits(reader, header) && !(header.flags & OW_TLV_MALFORMED);
  answer->distrusted |= !reader->overrun && header.flags & OW_TLV_INTEGRITY;
  answer->malformed |= !whole;
  if (whole && header.flags & OW_TLV_UNRECOGNISED) {
    answer->unknown |= bit_of(header);
  } else if (whole) {
    answer->known |= bit_of(header);
    read_value(header, ow_reader(reader->at, header.octets), answer);
  }
  if (whole)
    ow_read_skip(reader, header.octets);
  return whole;
}

/* Where the HMAC's TLV begins that is neither unrecognised nor malformed; NULL: nowhere. */
static const uint8_t *find_hmac(struct ow_reader reader)
{
  const uint8_t *found = NULL;
  bool more = true;
  while (!found && more && ow_reader_left(&reader) > 0) {
    const uint8_t *at = reader.at;
    struct header header = read_header(&reader);
    more = fits(&reader, header) && !(header.flags & OW_TLV_MALFORMED);
    if (more && header.type == OW_TLV_HMAC && !(header.flags & OW_TLV_UNRECOGNISED))
      found = at;
    ow_read_skip(&reader, more ? header.octets : 0);
  }
  return found;
}

/* What follows the HMAC it doesn't cover: that may be padding alone. */
static bool only_padding(struct ow_reader reader)
{
  bool only = true;
  while (only && ow_reader_left(&reader) > 0) {
    struct header header = read_header(&reader);
    only = fits(&reader, header) && header.type == OW_TLV_PADDING;
    ow_read_skip(&reader, only ? header.octets : 0);
  }
  return only;
}

/* Of all that was known, but padding, none counts without its HMAC. */
static enum ow_status verify(struct ow_stamp_codec *codec, const uint8_t *packet, struct ow_reader reader,
                             struct ow_tlv_answer *answer)
{
  uint8_t sum[OW_TLV_SUM] = {0};
  const uint8_t *hmac = find_hmac(reader);
  enum ow_status status = OW_OK;
  if (hmac) {
    status = ow_stamp_codec_sum(codec, packet, reader.at, (size_t)(hmac - reader.at), sum);
    ow_read_skip(&reader, (size_t)(hmac - reader.at) + OW_TLV_HEADER + OW_TLV_SUM);
    answer->distrusted |= !ow_secret_equal(sum, hmac + OW_TLV_HEADER, OW_TLV_SUM) || !only_padding(reader);
  } else {
    answer->distrusted |= (answer->known & OW_TLV_CHOICES) != 0;
  }
  return status;
}

enum ow_status ow_tlv_read(struct ow_stamp_codec *codec, const struct ow_tlv_plan *plan,
                           const uint8_t *packet, size_t octets, struct ow_tlv_answer *answer)
{
  size_t head = ow_stamp_least(ow_stamp_codec_mode(codec));
  enum ow_status status = OW_OK;
  *answer = (struct ow_tlv_answer){0};
  if (octets <= head)
    return OW_OK;
  struct ow_reader begin = ow_reader(packet + head, octets - head);
  struct ow_reader reader = begin;
  while (ow_reader_left(&reader) > 0 && read_one(&reader, answer))
    continue;
  if (has_hmac(plan))
    status = verify(codec, packet, begin, answer);
  if (answer->distrusted)
    answer->known = 0;
  return status;
}
