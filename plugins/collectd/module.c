/* SPDX-License-Identifier: MIT */
/* The one symbol that collectd looks for. */
#include <collectd/core/daemon/plugin.h>

#include "plugin.h"

__attribute__((visibility("default"))) void module_register(void)
{
  owamp_register();
}
