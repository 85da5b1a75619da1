/* SPDX-License-Identifier: MIT */
/* Where to listen, and networks: what is accepted fits, and a network is the same when it is read again. */
#include "policy/listen_address.h"
#include "policy/net_match.h"
#include "target.h"

static void check_net(const char *text)
{
  struct ow_net net;
  struct ow_net again;
  struct ow_failure failure = {.text = ""};
  char printed[OW_NET_TEXT];
  if (ow_net_parse(text, &net, &failure) != OW_OK) {
    FUZZ_CHECK(failure.status == OW_INVALID && *failure.text);
    return;
  }
  FUZZ_CHECK((net.version == 4 && net.prefix <= 32) || (net.version == 6 && net.prefix <= 128));
  FUZZ_CHECK(ow_net_parse(ow_net_print(printed, &net), &again, &failure) == OW_OK);
  FUZZ_CHECK(ow_net_compare(&net, &again) == 0 && ow_net_is_plain(printed));
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t octets)
{
  struct ow_listen_address listen = ow_listen_default;
  struct ow_failure failure = {.text = ""};
  char *text = fuzz_text(input, octets);
  if (ow_listen_address_parse(text, &listen, &failure) == OW_OK)
    FUZZ_CHECK(memchr(listen.address, '\0', sizeof listen.address) && *listen.port);
  else
    FUZZ_CHECK(failure.status == OW_INVALID && *failure.text);
  check_net(text);
  free(text);
  return 0;
}
