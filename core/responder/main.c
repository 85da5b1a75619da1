/* SPDX-License-Identifier: MIT */
/* owamp-responder: all that happens is in run.c. */
#include "responder/run.h"

int main(int count, char **words)
{
  return ow_responder_run(count, words);
}
