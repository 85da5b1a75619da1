/* SPDX-License-Identifier: MIT */
/*
 * Next Seqno, then skip ranges: those accepted rise without overlap below it, and encode to the same octets.
 */
#include <string.h>

#include "base/cursor.h"
#include "target.h"
#include "wire/start_stop.h"

enum { MOST = 512 };

static void check_ranges(const struct ow_skip_range *ranges, uint32_t count, uint32_t next_sequence)
{
  uint64_t least = 0;
  for (uint32_t i = 0; i < count; i++) {
    FUZZ_CHECK(ranges[i].first >= least && ranges[i].last >= ranges[i].first);
    FUZZ_CHECK(ranges[i].last < next_sequence);
    least = (uint64_t)ranges[i].last + 1;
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t octets)
{
  uint8_t again[MOST * OW_SKIP_RANGE];
  struct ow_skip_range ranges[MOST];
  struct ow_failure failure;
  struct ow_reader reader = ow_reader(input, octets);
  uint32_t next_sequence = ow_read_u32(&reader);
  uint32_t count = (uint32_t)(ow_reader_left(&reader) / OW_SKIP_RANGE);
  if (reader.overrun || count > MOST)
    return 0;
  if (ow_skip_ranges_decode(reader.at, count, next_sequence, ranges, &failure) == OW_OK) {
    check_ranges(ranges, count, next_sequence);
    ow_skip_ranges_encode(ranges, count, again);
    FUZZ_CHECK(memcmp(again, reader.at, count * (size_t)OW_SKIP_RANGE) == 0);
  }
  return 0;
}
