/* SPDX-License-Identifier: MIT */
/*
 * What collectd's daemon would be to the plugin: it takes down all that is logged, dispatched and notified.
 */
#ifndef OWAMP_TEST_FAKE_COLLECTD_H
#define OWAMP_TEST_FAKE_COLLECTD_H

#include <collectd/core/daemon/plugin.h>

enum { FAKE_MOST = 1000, FAKE_LINE = 600 };

/** A notification with its meta data as "name=value;...". */
struct fake_notification {
  notification_t told;
  char meta[FAKE_LINE];
};

struct fake_collectd {
  char log[FAKE_MOST][FAKE_LINE]; /* "SEVERITY message" */
  size_t lines;
  value_list_t values[FAKE_MOST]; /* `values` points to nothing; see `numbers` */
  double numbers[FAKE_MOST];
  size_t value_count;
  struct fake_notification notifications[FAKE_MOST];
  size_t notification_count;
  int (*config)(oconfig_item_t *item);
  int (*init)(void);
  int (*read)(user_data_t *data);
  int (*shutdown)(void);
};
extern struct fake_collectd fake_collectd;

/** As new. */
void fake_collectd_reset(void);
/** The last value dispatched as "type-instance" of that plugin instance; fails the test if there is none. */
double fake_collectd_value(const char *instance, const char *type_and_instance);
/** How many were. */
unsigned fake_collectd_count(const char *instance, const char *type_and_instance);
/** A log line with that text in it; NULL if there is none. */
const char *fake_collectd_logged(const char *text);

/**
 * A tree as liboconfig makes it of `text`, in its own syntax, one item a line. fake_config_free() frees it.
 */
oconfig_item_t *fake_config(const char *text);
void fake_config_free(oconfig_item_t *tree);

#endif
