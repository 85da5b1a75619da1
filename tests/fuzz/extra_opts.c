/* SPDX-License-Identifier: MIT */
/* An ini file of --extra-opts, and the options that it holds, as check_owamp reads them. */
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "extra_opts.h"
#include "target.h"

static void check_words(const struct check_words *words)
{
  FUZZ_CHECK(words->count > 0 && words->list[words->count] == NULL);
  for (int i = 0; i < words->count; i++)
    FUZZ_CHECK(words->list[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t octets)
{
  char name[] = "check_owamp";
  char place[64];
  char *argv[] = {name, place, NULL};
  struct check_words words;
  struct ow_failure failure = {.text = ""};
  int file = memfd_create("ini", MFD_CLOEXEC);
  FUZZ_CHECK(file >= 0 && write(file, input, octets) == (ssize_t)octets);
  snprintf(place, sizeof place, "--extra-opts=@/proc/self/fd/%d", file);
  enum ow_status status = check_words_expand(2, argv, &words, &failure);
  FUZZ_CHECK(status == OW_OK || (failure.status == status && *failure.text));
  check_words(&words);
  check_words_clear(&words);
  close(file);
  return 0;
}
