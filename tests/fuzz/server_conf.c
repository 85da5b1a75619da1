/* SPDX-License-Identifier: MIT */
/* owamp-server.conf: what is accepted is within what a server can be. */
#include "policy/server_conf.h"
#include "target.h"
#include "wire/mode.h"
#include "wire/setup.h"

#define TERMINATED(text) memchr(text, '\0', sizeof(text))

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t octets)
{
  static struct ow_server_conf conf; /* large */
  struct ow_failure failure = {.text = ""};
  char *text = fuzz_text(input, octets);
  ow_server_conf_defaults(&conf);
  enum ow_status status = ow_server_conf_parse("conf", text, octets, &conf, NULL, &failure);
  if (status == OW_OK) {
    FUZZ_CHECK(conf.test_port_low <= conf.test_port_high && (conf.modes & ~(uint32_t)OW_MODES_ALL) == 0);
    FUZZ_CHECK(conf.control_timeout >= 0 && ow_count_valid((uint32_t)conf.pbkdf2_count, UINT32_MAX));
    FUZZ_CHECK(TERMINATED(conf.listen.address) && TERMINATED(conf.listen.port) && TERMINATED(conf.vardir));
    FUZZ_CHECK(TERMINATED(conf.user) && TERMINATED(conf.group));
  } else {
    FUZZ_CHECK(failure.status == status && *failure.text);
  }
  free(text);
  return 0;
}
