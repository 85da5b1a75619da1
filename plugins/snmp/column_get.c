/* SPDX-License-Identifier: MIT */
/* A getter for each type of member, and one for each value that is made of several. */
#include "column_get.h"

#include "base/version.h"
#include "text/number.h"

/* ---- plain members ---- */

struct mib_value column_get_octet(struct mib_member member)
{
  return mib_gauge(*(const uint8_t *)member.at);
}

struct mib_value column_get_short(struct mib_member member)
{
  return mib_gauge(*(const uint16_t *)member.at);
}

struct mib_value column_get_count(struct mib_member member)
{
  return mib_gauge(*(const uint32_t *)member.at);
}

struct mib_value column_get_counter(struct mib_member member)
{
  return mib_counter(*(const uint64_t *)member.at);
}

struct mib_value column_get_truth(struct mib_member member)
{
  return mib_truth(*(const bool *)member.at);
}

struct mib_value column_get_text(struct mib_member member)
{
  return mib_text(member.at);
}

struct mib_value column_get_date(struct mib_member member)
{
  return mib_date(*(const struct ow_timestamp *)member.at, member.now);
}

/* ---- converted members ---- */

struct mib_value column_get_number(struct mib_member member)
{
  const uint64_t *number = member.at;
  return mib_gauge((uint32_t)*number);
}

struct mib_value column_get_choice(struct mib_member member)
{
  const unsigned *number = member.at;
  return mib_integer((int32_t)*number);
}

struct mib_value column_get_choice_from_1(struct mib_member member)
{
  const unsigned *number = member.at;
  return mib_integer((int32_t)*number + 1);
}

struct mib_value column_get_mode(struct mib_member member)
{
  int32_t number = 1;
  switch (*(const enum ow_mode *)member.at) {
  case OW_MODE_NONE: break;
  case OW_MODE_OPEN: number = 2; break;
  case OW_MODE_AUTHENTICATED: number = 3; break;
  case OW_MODE_ENCRYPTED: number = 4; break;
  case OW_MODE_MIXED: number = 5; break;
  }
  return mib_integer(number);
}

/* Bit i of `bits` to bit i of BITS, which begin at the highest. */
static struct mib_value bits_value(uint32_t bits)
{
  uint8_t octet = 0;
  for (unsigned i = 0; i < 8; i++)
    if (bits >> i & 1)
      octet |= (uint8_t)(0x80U >> i);
  return mib_bits(octet);
}

struct mib_value column_get_bits(struct mib_member member)
{
  return bits_value(*(const uint32_t *)member.at);
}

struct mib_value column_get_octet_of_bits(struct mib_member member)
{
  return mib_bits(*(const uint8_t *)member.at);
}

struct mib_value column_get_delay(struct mib_member member)
{
  return mib_integer(mib_microseconds(*(const int64_t *)member.at));
}

struct mib_value column_get_microseconds_up(struct mib_member member)
{
  return mib_gauge(mib_microseconds_up(*(const int64_t *)member.at));
}

struct mib_value column_get_milliseconds(struct mib_member member)
{
  return mib_gauge((uint32_t)(*(const int64_t *)member.at / OW_NS_PER_MS));
}

struct mib_value column_get_seconds(struct mib_member member)
{
  return mib_gauge((uint32_t)(*(const int64_t *)member.at / OW_NS_PER_S));
}

/* ---- the configuration of a peer ---- */

struct mib_value column_get_address(struct mib_member member)
{
  return peer_address_value(member.at);
}

struct mib_value column_get_port(struct mib_member member)
{
  return mib_gauge((uint32_t)ow_digits_read(ow_piece_of(member.at)).value);
}

struct mib_value column_get_family(struct mib_member member)
{
  int family = *(const int *)member.at;
  return mib_integer(family == 4 ? 2 : family == 6 ? 3 : 1);
}

struct mib_value column_get_worth(struct mib_member member)
{
  static const int32_t numbers[] = {
      [OW_VERDICT_OK] = 1, [OW_VERDICT_WARNING] = 2, [OW_VERDICT_CRITICAL] = 3, [OW_VERDICT_UNKNOWN] = 4};
  return mib_integer(numbers[*(const enum ow_verdict *)member.at]);
}

struct mib_value column_get_directions(struct mib_member member)
{
  const bool *directions = member.at;
  return bits_value((directions[OW_FORWARD] ? 1U : 0) | (directions[OW_REVERSE] ? 2U : 0));
}

struct mib_value column_get_tlvs(struct mib_member member)
{
  static const enum ow_tlv types[] = {OW_TLV_TIMESTAMPS, OW_TLV_CLASS_OF_SERVICE, OW_TLV_COUNTERS,
                                      OW_TLV_FOLLOW_UP};
  const uint32_t *tlvs = member.at;
  uint32_t bits = 0;
  for (size_t i = 0; i < sizeof types / sizeof *types; i++)
    if (*tlvs >> types[i] & 1)
      bits |= 1U << i;
  return bits_value(bits);
}

/* ---- a peer ---- */

static bool is_refused(const struct peer *peer)
{
  return peer->refusal.status != OW_OK;
}

struct mib_value column_get_state(struct mib_member member)
{
  const struct peer *peer = member.at;
  int32_t number = 1;
  if (is_refused(peer))
    number = 4;
  else if (peer->measured)
    number = (int32_t)peer->view.state + 2;
  return mib_integer(number);
}

struct mib_value column_get_status(struct mib_member member)
{
  const struct peer *peer = member.at;
  return mib_integer((int32_t)(is_refused(peer) ? peer->refusal.status : peer->view.status) + 1);
}

struct mib_value column_get_reason(struct mib_member member)
{
  const struct peer *peer = member.at;
  return mib_text(is_refused(peer) ? peer->refusal.text : peer->measured ? peer->view.reason : "");
}

struct mib_value column_get_severity(struct mib_member member)
{
  const struct peer *peer = member.at;
  enum ow_verdict verdict = ow_follower_severity(&peer->follower);
  return mib_integer(verdict == OW_VERDICT_CRITICAL ? 3 : verdict == OW_VERDICT_WARNING ? 2 : 1);
}

/* ---- a result ---- */

struct mib_value column_get_loss_ratio(struct mib_member member)
{
  const struct ow_result *result = member.at;
  return mib_gauge(mib_loss_ratio(result->lost, result->sent));
}

/* ---- the measuring host ---- */

struct mib_value column_get_version(struct mib_member member)
{
  (void)member;
  return mib_text(OWAMP_VERSION);
}

struct mib_value column_get_history_size(struct mib_member member)
{
  return mib_gauge(((const struct mib *)member.at)->peers->history);
}

bool mib_stamp_source(const struct mib *mib, enum ow_stamp_source *source)
{
  bool any = false;
  for (size_t i = 0; i < mib->peers->count; i++) {
    const struct peer *peer = mib->peers->list[i];
    const struct ow_result *result =
        peer->count ? &peer->intervals[peer->count - 1].results[OW_REVERSE] : NULL;
    if (result && result->completeness != OW_RESULT_ABSENT && result->received > 0) {
      bool weaker = result->clock.receive_stamp != OW_STAMP_KERNEL;
      if (!any || (weaker && *source != OW_STAMP_UNKNOWN))
        *source = result->clock.receive_stamp;
      any = true;
    }
  }
  return any;
}

struct mib_value column_get_stamp_source(struct mib_member member)
{
  enum ow_stamp_source source = OW_STAMP_UNKNOWN;
  (void)mib_stamp_source(member.at, &source);
  return mib_integer((int32_t)source + 1);
}
