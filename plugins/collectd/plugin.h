/* SPDX-License-Identifier: MIT */
/* The plugin as collectd sees it: its callbacks. */
#ifndef OWAMP_COLLECTD_PLUGIN_H
#define OWAMP_COLLECTD_PLUGIN_H

/** Make them known to collectd. */
void owamp_register(void);

#endif
