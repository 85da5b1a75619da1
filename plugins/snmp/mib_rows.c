#include "mib_rows.h"

#include "text/number.h"

unsigned mib_table_columns(enum mib_group table, unsigned *end)
{
  unsigned first = 0;
  *end = 0;
  switch (table) {
  case MIB_PEERS:
    first = MIB_PEER_ADDRESS_TYPE;
    *end = MIB_PEER_END;
    break;
  case MIB_RESULTS:
    first = MIB_RESULT_NUMBER;
    *end = MIB_RESULT_END;
    break;
  case MIB_HISTORY:
    first = MIB_RESULT_BEGIN - 1;
    *end = MIB_RESULT_END - 1;
    break;
  case MIB_TOTALS:
    first = MIB_TOTALS_SINCE;
    *end = MIB_TOTALS_END;
    break;
  case MIB_SYSTEM:
  case MIB_NOTIFY: break;
  }
  return first;
}

static enum presence presence_of_result_column(unsigned column)
{
  enum presence presence = PRESENT_ALWAYS;
  if (column == MIB_RESULT_LOSS_RATIO)
    presence = PRESENT_SENT;
  else if (column == MIB_RESULT_IPDV)
    presence = PRESENT_IPDV;
  else if (column >= MIB_RESULT_DELAY_MIN && column <= MIB_RESULT_PDV)
    presence = PRESENT_TIMES;
  else if (column >= MIB_RESULT_HOPS_MIN && column <= MIB_RESULT_STAMP_SOURCE)
    presence = PRESENT_RECEIVED;
  else if (column >= MIB_RESULT_SENT)
    presence = PRESENT_KNOWN;
  return presence;
}

static enum presence presence_of_peer_column(unsigned column)
{
  enum presence presence = PRESENT_ALWAYS;
  if (column == MIB_PEER_PORT)
    presence = PRESENT_PORT;
  else if (column == MIB_PEER_STATUS)
    presence = PRESENT_EXPLAINED;
  else if (column == MIB_PEER_SINCE || column == MIB_PEER_MODE_IN_USE || column == MIB_PEER_SERVER ||
           column == MIB_PEER_INTERVALS || column == MIB_PEER_FAILED)
    presence = PRESENT_RUNNING;
  return presence;
}

enum presence mib_presence(enum mib_group table, unsigned column)
{
  enum presence presence = PRESENT_ALWAYS;
  if (table == MIB_PEERS)
    presence = presence_of_peer_column(column);
  else if (table == MIB_RESULTS)
    presence = presence_of_result_column(column);
  else if (table == MIB_HISTORY)
    presence = presence_of_result_column(column + 1);
  return presence;
}

/* ---- words to numbers ---- */

static struct mib_value mode_value(enum ow_mode mode)
{
  int32_t number = 1;
  switch (mode) {
  case OW_MODE_NONE: break;
  case OW_MODE_OPEN: number = 2; break;
  case OW_MODE_AUTHENTICATED: number = 3; break;
  case OW_MODE_ENCRYPTED: number = 4; break;
  }
  return mib_integer(number);
}

static struct mib_value status_value(enum ow_status status)
{
  return mib_integer((int32_t)status + 1);
}

/* ---- peers ---- */

static struct mib_value state_value(const struct peer *peer)
{
  int32_t number = 1;
  if (peer->refusal.status != OW_OK)
    number = 4;
  else if (peer->measured)
    number = (int32_t)peer->view.state + 2;
  return mib_integer(number);
}

static struct mib_value severity_value(const struct peer *peer)
{
  enum ow_verdict verdict = ow_follower_severity(&peer->follower);
  return mib_integer(verdict == OW_VERDICT_CRITICAL ? 3 : verdict == OW_VERDICT_WARNING ? 2 : 1);
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

static struct mib_value measured_value(const struct mib *mib, const struct peer *peer, unsigned column)
{
  struct mib_value value = {.type = MIB_OCTETS};
  bool refused = peer->refusal.status != OW_OK;
  switch (column) {
  case MIB_PEER_STATE: value = state_value(peer); break;
  case MIB_PEER_SINCE: value = mib_date(peer->view.since, mib->now); break;
  case MIB_PEER_STATUS: value = status_value(refused ? peer->refusal.status : peer->view.status); break;
  case MIB_PEER_REASON:
    value = mib_text(refused ? peer->refusal.text : peer->measured ? peer->view.reason : "");
    break;
  case MIB_PEER_MODE_IN_USE: value = mode_value(peer->view.mode); break;
  case MIB_PEER_SERVER: value = mib_text(peer->view.server); break;
  case MIB_PEER_SEVERITY: value = severity_value(peer); break;
  case MIB_PEER_INTERVALS: value = mib_counter(peer->view.intervals); break;
  case MIB_PEER_FAILED: value = mib_counter(peer->view.failed); break;
  default: break;
  }
  return value;
}

static struct mib_value configured_value(const struct peer *peer, unsigned column)
{
  const struct peer_config *config = &peer->config;
  const struct ow_peer *wanted = &config->stream.peer;
  struct mib_value value = {.type = MIB_OCTETS};
  switch (column) {
  case MIB_PEER_ADDRESS_TYPE: value = mib_integer((int32_t)config->address_type); break;
  case MIB_PEER_ADDRESS: value = peer_address_value(config); break;
  case MIB_PEER_PORT: value = mib_gauge((uint32_t)ow_digits_read(ow_piece_of(wanted->port)).value); break;
  case MIB_PEER_FAMILY:
    value = mib_integer(wanted->address_family == 4 ? 2 : wanted->address_family == 6 ? 3 : 1);
    break;
  case MIB_PEER_MODES: value = bits_value(wanted->modes); break;
  case MIB_PEER_KEY_ID: value = mib_text(wanted->key_id); break;
  case MIB_PEER_DIRECTIONS:
    value = bits_value((wanted->directions[0] ? 1U : 0) | (wanted->directions[1] ? 2U : 0));
    break;
  case MIB_PEER_INTERVAL: value = mib_gauge((uint32_t)(config->stream.interval / OW_NS_PER_S)); break;
  case MIB_PEER_SCHEDULE: value = mib_text(config->schedule); break;
  case MIB_PEER_PADDING: value = mib_gauge(wanted->padding); break;
  case MIB_PEER_DSCP: value = mib_gauge(wanted->dscp); break;
  case MIB_PEER_LOSS_TIMEOUT: value = mib_gauge((uint32_t)(wanted->loss_timeout / OW_NS_PER_MS)); break;
  case MIB_PEER_SOURCE: value = mib_text(wanted->source); break;
  case MIB_PEER_INTERFACE: value = mib_text(wanted->interface); break;
  case MIB_PEER_PORT_LOW: value = mib_gauge(wanted->test_port_low); break;
  case MIB_PEER_PORT_HIGH: value = mib_gauge(wanted->test_port_high); break;
  case MIB_PEER_WARNING: value = mib_text(config->warning); break;
  case MIB_PEER_CRITICAL: value = mib_text(config->critical); break;
  case MIB_PEER_RAISE_COUNT: value = mib_gauge(config->rule.raise); break;
  case MIB_PEER_RAISE_WINDOW: value = mib_gauge(config->rule.of); break;
  case MIB_PEER_STORAGE: value = mib_integer((int32_t)peer->storage); break;
  case MIB_PEER_ROW_STATUS: value = mib_integer((int32_t)peer->status); break;
  default: break;
  }
  return value;
}

/* ---- results and totals ---- */

static struct mib_value delay_value(const struct ow_result *result, unsigned column)
{
  int64_t ns = 0;
  switch (column) {
  case MIB_RESULT_DELAY_MIN: ns = result->delay.min; break;
  case MIB_RESULT_DELAY_MEAN: ns = result->delay.mean; break;
  case MIB_RESULT_DELAY_MEDIAN: ns = result->delay.median; break;
  case MIB_RESULT_DELAY_P95: ns = result->delay.p95; break;
  case MIB_RESULT_DELAY_P99: ns = result->delay.p99; break;
  case MIB_RESULT_DELAY_MAX: ns = result->delay.max; break;
  case MIB_RESULT_JITTER: ns = result->jitter; break;
  case MIB_RESULT_IPDV: ns = result->ipdv; break;
  case MIB_RESULT_PDV: ns = result->pdv; break;
  default: break;
  }
  return mib_integer(mib_microseconds(ns));
}

static struct mib_value count_value(const struct ow_result *result, unsigned column)
{
  uint32_t count = 0;
  switch (column) {
  case MIB_RESULT_SENT: count = result->sent; break;
  case MIB_RESULT_RECEIVED: count = result->received; break;
  case MIB_RESULT_LOST: count = result->lost; break;
  case MIB_RESULT_LOSS_RATIO: count = mib_loss_ratio(result->lost, result->sent); break;
  case MIB_RESULT_SKIPPED: count = result->skipped; break;
  case MIB_RESULT_LOSS_RUN: count = result->longest_loss_run; break;
  case MIB_RESULT_DUPLICATES: count = result->duplicates; break;
  case MIB_RESULT_REORDERED: count = result->reordered; break;
  case MIB_RESULT_DISCARDED: count = result->discarded; break;
  case MIB_RESULT_HOPS_MIN: count = result->hops_min; break;
  case MIB_RESULT_HOPS_MAX: count = result->hops_max; break;
  default: break;
  }
  return mib_gauge(count);
}

static struct mib_value result_value(const struct mib *mib, const struct row *row, unsigned column)
{
  const struct ow_interval *interval = row->interval;
  const struct ow_result *result = &interval->results[row->direction];
  struct mib_value value;
  switch (column) {
  case MIB_RESULT_NUMBER: value = mib_gauge((uint32_t)interval->number); break;
  case MIB_RESULT_BEGIN: value = mib_date(interval->begin, mib->now); break;
  case MIB_RESULT_END_TIME: value = mib_date(interval->end, mib->now); break;
  case MIB_RESULT_STATUS: value = status_value(interval->status); break;
  case MIB_RESULT_REASON: value = mib_text(interval->reason); break;
  case MIB_RESULT_MODE: value = mode_value(interval->mode); break;
  case MIB_RESULT_COMPLETENESS: value = mib_integer((int32_t)result->completeness + 1); break;
  case MIB_RESULT_SENDER_SYNC: value = mib_truth(result->clock.sender_synchronized); break;
  case MIB_RESULT_RECEIVER_SYNC: value = mib_truth(result->clock.receiver_synchronized); break;
  case MIB_RESULT_CLOCK_ERROR: value = mib_gauge(mib_microseconds_up(result->clock.error_ns)); break;
  case MIB_RESULT_STAMP_SOURCE: value = mib_integer((int32_t)result->clock.receive_stamp + 1); break;
  case MIB_RESULT_STEPPED: value = mib_truth(result->clock.stepped); break;
  default:
    value = column >= MIB_RESULT_DELAY_MIN && column <= MIB_RESULT_PDV ? delay_value(result, column)
                                                                       : count_value(result, column);
  }
  return value;
}

static struct mib_value totals_value(const struct mib *mib, const struct row *row, unsigned column)
{
  const struct ow_totals *totals = &row->peer->view.totals[row->direction];
  struct mib_value value;
  switch (column) {
  case MIB_TOTALS_SENT: value = mib_counter(totals->sent); break;
  case MIB_TOTALS_RECEIVED: value = mib_counter(totals->received); break;
  case MIB_TOTALS_LOST: value = mib_counter(totals->lost); break;
  case MIB_TOTALS_SKIPPED: value = mib_counter(totals->skipped); break;
  case MIB_TOTALS_DUPLICATES: value = mib_counter(totals->duplicates); break;
  case MIB_TOTALS_REORDERED: value = mib_counter(totals->reordered); break;
  case MIB_TOTALS_DISCARDED: value = mib_counter(totals->discarded); break;
  default: value = mib_date(row->peer->since, mib->now);
  }
  return value;
}

struct mib_value mib_row_value(const struct mib *mib, enum mib_group table, const struct row *row,
                               unsigned column)
{
  struct mib_value value;
  if (table == MIB_RESULTS)
    value = result_value(mib, row, column);
  else if (table == MIB_HISTORY)
    value = result_value(mib, row, column + 1);
  else if (table == MIB_TOTALS)
    value = totals_value(mib, row, column);
  else if (column >= MIB_PEER_STATE && column <= MIB_PEER_FAILED)
    value = measured_value(mib, row->peer, column);
  else
    value = configured_value(row->peer, column);
  return value;
}
