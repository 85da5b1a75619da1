/*
 * The responder's side: an OWAMP server for any number of clients and sessions in one loop.
 * What clients may do is the host's policy; what they say is checked here and in control/.
 */
#ifndef OWAMP_SERVER_SERVER_H
#define OWAMP_SERVER_SERVER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/log.h"
#include "base/status.h"
#include "config/key_file.h"
#include "io/loop.h"
#include "time/sample.h"
#include "wire/endpoint.h"
#include "wire/session_request.h"

struct ow_serve_config {
  char address[256];      /* to listen on; "" = every address of both families */
  char port[32];          /* service name or number; "0": a free one */
  uint16_t test_port_low; /* UDP; 0 = ephemeral */
  uint16_t test_port_high;
  uint32_t pbkdf2_count;   /* power of 2, 1024 at least */
  int64_t control_timeout; /* ns of silence after which a control connection without running sessions ends */
  int64_t test_timeout; /* ns that a stopped or ended session may linger before the server stops it itself */
  uint32_t most_connections;   /* control connections at once */
  uint32_t most_sessions;      /* test sessions at once, over all connections */
  uint64_t most_records;       /* records in memory, over all sessions */
  uint32_t most_sessions_kept; /* finished sessions that can still be fetched; the oldest goes first */
  bool third_party; /* send test packets to other hosts than the client; off by default (RFC 4656, 6) */
};

/** Bounded and loopback-friendly: port 861, 1000 connections, 10000 sessions, 16 M records, Count 2048. */
void ow_serve_defaults(struct ow_serve_config *config);

/** Who a client is: known as it connects, `key_id` ("" = open mode) once it has set up. */
struct ow_serve_client {
  struct ow_endpoint address;
  char key_id[OW_KEY_ID_TEXT];
  enum ow_mode mode;
  void *account; /* policy's own; set by `admit` or `identify` */
};

/**
 * What an accepted session has claimed of the policy's resources; filled in by `claim`, given back with it.
 */
struct ow_serve_claim {
  void *account;
  uint64_t bandwidth; /* bits a second */
  uint64_t disk;      /* octets of records, when complete */
};

/** The host's decisions. Every function is called on the loop's thread and must not block. */
struct ow_serve_policy {
  void *context;
  /** Modes to offer this address, as a mask; 0 turns it away. `why` gets a sentence for the log. */
  uint32_t (*admit)(void *context, struct ow_serve_client *client, struct ow_failure *why);
  /** The passphrase of a KeyID; false if unknown. */
  bool (*find_key)(void *context, const char *key_id, struct ow_passphrase *passphrase);
  /** The client proved its key, or chose open mode: OW_ACCEPT_OK, or why not. */
  enum ow_accept (*identify)(void *context, struct ow_serve_client *client, struct ow_failure *why);
  /** May this session be? On OW_ACCEPT_OK the claim counts until `release_bandwidth` and `release_disk`. */
  enum ow_accept (*claim)(void *context, const struct ow_serve_client *client,
                          const struct ow_session_request *request, const struct ow_slot *slots,
                          struct ow_serve_claim *claim, struct ow_failure *why);
  void (*release_bandwidth)(void *context, const struct ow_serve_claim *claim); /* the session ended */
  void (*release_disk)(void *context, const struct ow_serve_claim *claim);      /* its records are gone */
  /** May `client` fetch a session that the client `owner` made? */
  bool (*may_fetch)(void *context, const struct ow_serve_client *client, const struct ow_serve_client *owner);
  /** Are the records of this owner's sessions dropped once they were fetched whole? */
  bool (*delete_on_fetch)(void *context, const struct ow_serve_client *owner);
  /** The client's connection has ended. */
  void (*leave)(void *context, const struct ow_serve_client *client);
};

struct ow_serve;

/**
 * Listen. The loop, the policy and the log must outlive the server. NULL with a failure that names the
 * address. The caller frees before the loop.
 */
struct ow_serve *ow_serve_create(struct ow_loop *loop, const struct ow_serve_config *config,
                                 const struct ow_serve_policy *policy, const struct ow_log *log,
                                 struct ow_failure *failure) OW_MUST_CHECK;
/** Ends every connection and session at once. */
void ow_serve_free(struct ow_serve *serve);
/** The TCP port it listens on. */
uint16_t ow_serve_port(const struct ow_serve *serve);

/**
 * Take a changed configuration for what comes from now on; the listening address and port stay as they are.
 */
void ow_serve_reconfigure(struct ow_serve *serve, const struct ow_serve_config *config);

/** Numbers for a person or a monitor. */
struct ow_serve_counts {
  uint32_t connections;
  uint32_t sessions_running;
  uint32_t sessions_kept;
  uint64_t records;
  uint64_t sessions_total;
  uint64_t refused_total;
};
struct ow_serve_counts ow_serve_count(const struct ow_serve *serve);

#endif
