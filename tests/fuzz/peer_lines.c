/* SPDX-License-Identifier: MIT */
/* KEY VALUE of owampPeer and owampQuerySocket lines: what is accepted reads the same when it is written
 * again. */
#include <stdio.h>

#include "peer_config.h"
#include "target.h"

static void write_again(const struct peer_config *config)
{
  struct peer_config again;
  struct ow_failure failure;
  char text[PEER_TEXT];
  peer_config_defaults(&again);
  for (unsigned id = 0; id < OW_PEER_OPTIONS; id++) {
    peer_option_get(config, (enum ow_peer_option_id)id, text);
    FUZZ_CHECK(memchr(text, '\0', sizeof text));
    if (*text)
      FUZZ_CHECK(peer_option_set(&again, (enum ow_peer_option_id)id, text, &failure) == OW_OK);
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t octets)
{
  struct peer_config config;
  struct ow_given given = {0};
  struct ow_failure failure = {.text = ""};
  char *text = fuzz_text(input, octets);
  char *rest = text;
  const struct ow_peer_face *face = octets > 0 && input[0] == '!' ? &peer_query_face : &peer_face;
  enum ow_status status = OW_OK;
  rest += face == &peer_query_face;
  peer_config_defaults(&config);
  for (char *key; status == OW_OK && (key = strsep(&rest, " ")) && rest;) {
    const char *value = strsep(&rest, "\n");
    status = peer_config_read(&config, face, key, value, &given, &failure);
  }
  FUZZ_CHECK(status == OW_OK || (failure.status == status && *failure.text));
  if (status == OW_OK)
    write_again(&config);
  if (status == OW_OK && peer_config_check(&config, &failure) != OW_OK)
    FUZZ_CHECK(*failure.text);
  free(text);
  return 0;
}
