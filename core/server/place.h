/* SPDX-License-Identifier: MIT */
/*
 * A control connection's place among as many as there may be. Where they run short, those go first that
 * aren't set up, of whoever's keys failed lately; then of whoever holds more than its share the oldest that
 * aren't set up, then those that have been idle longest. None whose sessions run, or that is being answered,
 * is closed for another.
 */
#ifndef OWAMP_SERVER_PLACE_H
#define OWAMP_SERVER_PLACE_H

#include <stdbool.h>

#include "server/accounts.h"

enum ow_serve_place_state { OW_SERVE_PLACE_BUSY, OW_SERVE_PLACE_SETTING_UP, OW_SERVE_PLACE_IDLE };

/** Embed it. Zero-initialised: none is taken. */
struct ow_serve_place {
  struct ow_serve_common *common;
  struct ow_serve_account *account; /* NULL: none is taken */
  enum ow_serve_place_state state;
  TAILQ_ENTRY(ow_serve_place) of_account; /* unless it is busy */
  /** Close the connection, and with it leave the place, at once; `why` is for the log. */
  void (*give_back)(struct ow_serve_place *place, const struct ow_failure *why);
};

/**
 * Is there a place for a client who connects? If there is none, others above their share may have to give
 * theirs back, within this call. OW_LIMIT if nobody has to.
 */
enum ow_status ow_serve_place_find(struct ow_serve_common *common, const struct ow_serve_client *client,
                                   struct ow_failure *failure) OW_MUST_CHECK;
/** `client` has it, and is setting up. OW_MEMORY: it hasn't. */
enum ow_status ow_serve_place_take(struct ow_serve_place *place, struct ow_serve_common *common,
                                   const struct ow_serve_client *client) OW_MUST_CHECK;
/**
 * The client is set up, perhaps with a key: it counts for whoever has that from now on. OW_LIMIT: without
 * one it can't stay. OW_MEMORY.
 */
enum ow_status ow_serve_place_set_up(struct ow_serve_place *place, const struct ow_serve_client *client,
                                     struct ow_failure *failure) OW_MUST_CHECK;
/** What its connection does now. */
void ow_serve_place_watch(struct ow_serve_place *place, enum ow_serve_place_state state);
/** Nothing happens if none is taken. */
void ow_serve_place_leave(struct ow_serve_place *place);

#endif
