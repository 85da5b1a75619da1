/* SPDX-License-Identifier: MIT */
/* Octets are gathered until the part is whole; only then is it decrypted and its HMAC checked. */
#include "control/intake.h"

#include <string.h>

/*
 * The largest message: Stop-Sessions' or a fetch's longest list of skip ranges, or a schedule of
 * OW_SLOTS_MOST.
 */
enum { LARGEST_MESSAGE = 1 << 18 };

void ow_intake_clear(struct ow_intake *intake)
{
  ow_protection_end(&intake->protection);
  ow_buffer_clear(&intake->message);
}

void ow_intake_expect(struct ow_intake *intake, size_t octets, bool ends_with_hmac)
{
  ow_buffer_consume(&intake->message, intake->opened);
  ow_buffer_shrink(&intake->message);
  intake->opened = 0;
  ow_intake_expect_more(intake, octets, ends_with_hmac);
}

void ow_intake_expect_more(struct ow_intake *intake, size_t octets, bool ends_with_hmac)
{
  intake->message.limit = LARGEST_MESSAGE;
  intake->expected = octets;
  intake->ends_with_hmac = ends_with_hmac;
}

static enum ow_status open_part(struct ow_intake *intake)
{
  uint8_t *part = ow_buffer_head(&intake->message) + intake->opened;
  size_t plain = intake->expected - (intake->ends_with_hmac ? OW_HMAC : 0);
  enum ow_status status = ow_protection_open(&intake->protection, part, plain);
  if (status == OW_OK && intake->ends_with_hmac)
    status = ow_protection_check_hmac(&intake->protection, part + plain);
  intake->opened += intake->expected;
  intake->expected = 0;
  return status;
}

enum ow_status ow_intake_feed(struct ow_intake *intake, struct ow_reader *input, bool *complete)
{
  size_t have = ow_buffer_length(&intake->message) - intake->opened;
  size_t lacking = intake->expected - have;
  size_t taken = ow_reader_left(input) < lacking ? ow_reader_left(input) : lacking;
  enum ow_status status = ow_buffer_append(&intake->message, input->at, taken);
  *complete = false;
  if (status == OW_OK) {
    ow_read_skip(input, taken);
    *complete = taken == lacking;
    if (*complete)
      status = open_part(intake);
  }
  return status;
}

bool ow_intake_begun(const struct ow_intake *intake)
{
  return ow_buffer_length(&intake->message) > 0;
}

size_t ow_intake_octets(const struct ow_intake *intake)
{
  return ow_buffer_length(&intake->message);
}

const uint8_t *ow_intake_message(const struct ow_intake *intake)
{
  return ow_buffer_head(&intake->message);
}
