/* SPDX-License-Identifier: MIT */
/* check_owamp: all that happens is in check_owamp.c. */
#include "check_owamp.h"

int main(int argc, char **argv)
{
  return check_run(argc, argv, stdout);
}
