/* SPDX-License-Identifier: MIT */
/*
 * A Control-Client on a real connection: the machine of control/client.h, a channel, and a timer for its
 * deadline.
 */
#ifndef OWAMP_MEASURE_CLIENT_CONNECTION_H
#define OWAMP_MEASURE_CLIENT_CONNECTION_H

#include <stdbool.h>

#include "base/status.h"
#include "config/peer.h"
#include "control/client.h"
#include "derive/derivation.h"
#include "io/channel.h"
#include "io/loop.h"

/** Embed it. Zero-initialised: closed. */
struct ow_client_connection {
  struct ow_loop *loop;
  struct ow_channel channel;
  struct ow_timer timer;
  struct ow_client *client;
  struct ow_derivation *derivation; /* of our key; or NULL */
  const struct ow_peer *peer;
  int64_t timeout; /* ns, for connecting and for each answer */
  char server[OW_ADDRESS_TEXT];
  int64_t began;      /* monotonic ns: connect() */
  int64_t answered;   /* monotonic ns: our answer to the greeting; 0 before */
  int64_t heard;      /* monotonic ns: the last sign of life of the server; 0 before */
  int64_t round_trip; /* ns: the quicker of the TCP handshake and the set-up; 0 before */
  /**
   * The owner's, kept over all connections to this server: it doesn't know zero addresses, so requests tell
   * them though NAT is on the way.
   */
  bool plain_addresses;
  bool addresses_doubted;  /* likewise: nothing arrived, and it was told */
  bool departures_unknown; /* of this connection: the server doesn't know what a fetch of departures is */
  /**
   * An event of the machine. OW_CLIENT_BROKEN comes for every failure, that of connecting included, with a
   * sentence that names the server; it is the last, and leaves only the machine to be asked. May give
   * commands (then ow_client_connection_send()), close, and free.
   */
  void (*event)(struct ow_client_connection *connection, const struct ow_client_event *event);
  /**
   * The server has greeted us, and is answered, at once or as soon as our key is derived: it is there, and
   * goes on. The last act of its turn: may
   * move, close and free the connection. NULL: not to be told.
   */
  void (*greeted)(struct ow_client_connection *connection);
  void *context; /* the owner's */
};

/**
 * Connect; key and modes are those of `peer`, which must stay. `timeout`, ns, is for connecting and for each
 * answer.
 */
enum ow_status ow_client_connection_open(struct ow_client_connection *connection, struct ow_loop *loop,
                                         const struct ow_peer *peer, const union ow_address *server,
                                         const union ow_address *source, int64_t timeout,
                                         struct ow_failure *failure) OW_MUST_CHECK;
/**
 * Go on in `connection`, which is closed and keeps its owner's members, with the connection of `from`, which
 * is connected; `from` is closed. OW_NETWORK: both are closed.
 */
enum ow_status ow_client_connection_move(struct ow_client_connection *connection,
                                         struct ow_client_connection *from,
                                         struct ow_failure *failure) OW_MUST_CHECK;
/** Send what a command has written, and watch its deadline. */
void ow_client_connection_send(struct ow_client_connection *connection);
void ow_client_connection_close(struct ow_client_connection *connection);

#endif
