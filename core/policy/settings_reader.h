/* SPDX-License-Identifier: MIT */
/*
 * The three files, read again off the loop: by its worker, which also frees what was in force before. They
 * may be large, or lie where reading takes long; nobody who measures waits for that.
 */
#ifndef OWAMP_POLICY_SETTINGS_READER_H
#define OWAMP_POLICY_SETTINGS_READER_H

#include "base/log.h"
#include "base/status.h"
#include "io/loop.h"
#include "policy/settings.h"

struct ow_settings_reader;

/**
 * What ow_settings_load() came to, on the loop's thread; `failure` says why it isn't OW_OK. What `settings`
 * hold after the call is freed in the worker. May not free the reader.
 */
typedef void ow_settings_read(void *context, enum ow_status status, struct ow_settings *settings,
                              const struct ow_failure *failure);

/** All but the loop, `log` and `context`, which must outlive it, is copied. NULL without memory. */
struct ow_settings_reader *ow_settings_reader_create(struct ow_loop *loop,
                                                     const struct ow_settings_paths *paths,
                                                     const struct ow_log *log, ow_settings_read *done,
                                                     void *context) OW_MUST_CHECK;
/**
 * Read, and call `done` once, later; what was found besides is logged before. While they are being read, they
 * are read once more afterwards. OW_MEMORY, OW_NETWORK: there is no worker, and nothing is read.
 */
enum ow_status ow_settings_reader_read(struct ow_settings_reader *reader,
                                       struct ow_failure *failure) OW_MUST_CHECK;
/** `done` will not be called. Before the loop is freed. NULL: nothing. */
void ow_settings_reader_free(struct ow_settings_reader *reader);

#endif
