/* SPDX-License-Identifier: MIT */
/* Lists of thresholds: what is accepted is within bounds and can be printed. */
#include <math.h>
#include <string.h>

#include "sla/threshold.h"
#include "target.h"

static void check_threshold(const struct ow_threshold *threshold)
{
  char text[64];
  FUZZ_CHECK(threshold->metric < OW_METRICS);
  FUZZ_CHECK(threshold->applies[OW_FORWARD] || threshold->applies[OW_REVERSE]);
  FUZZ_CHECK(!isnan(threshold->range.low) && !isnan(threshold->range.high));
  FUZZ_CHECK(threshold->range.low <= threshold->range.high);
  FUZZ_CHECK(ow_range_print(text, sizeof text, threshold->range) == text);
  FUZZ_CHECK(memchr(text, '\0', sizeof text));
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t octets)
{
  static struct ow_thresholds thresholds;
  struct ow_failure failure = {.text = ""};
  char *text = malloc(octets + 1);
  FUZZ_CHECK(text);
  if (octets)
    memcpy(text, input, octets);
  text[octets] = '\0';
  enum ow_status status = ow_thresholds_parse(text, &thresholds, &failure);
  free(text);
  if (status == OW_OK) {
    FUZZ_CHECK(thresholds.count <= OW_MAX_THRESHOLDS);
    for (size_t i = 0; i < thresholds.count; i++)
      check_threshold(&thresholds.list[i]);
  } else {
    FUZZ_CHECK(failure.status == status && *failure.text);
  }
  return 0;
}
