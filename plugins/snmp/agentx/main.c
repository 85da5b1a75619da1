/* SPDX-License-Identifier: MIT */
/* owamp-agentx: all that happens is in run.c. */
#include "agentx/run.h"

int main(int count, char **words)
{
  return owamp_agentx_run(count, words);
}
