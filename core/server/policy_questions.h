/* SPDX-License-Identifier: MIT */
/* What a Server asks the program that it lives in: who may connect, with which key, for which sessions. */
#ifndef OWAMP_SERVER_POLICY_QUESTIONS_H
#define OWAMP_SERVER_POLICY_QUESTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "config/key_file.h"
#include "schedule/slot.h"
#include "wire/endpoint.h"
#include "wire/mode.h"
#include "wire/session_request.h"
#include "wire/stamp_packet.h"

/** Who a client is: known as it connects, `key_id` ("" = open mode) once it has set up. */
struct ow_serve_client {
  struct ow_endpoint address;
  char key_id[OW_KEY_ID_TEXT];
  enum ow_mode mode;
  bool twamp;    /* it speaks TWAMP-Control */
  void *account; /* policy's own; set by `admit` or `identify` */
};

/**
 * What an accepted session has claimed of the policy's resources; filled in by `claim`, given back with it.
 */
struct ow_serve_claim {
  void *account;
  uint64_t bandwidth; /* bits a second */
  unsigned headers;   /* octets of IP and UDP with each packet */
  uint64_t disk;      /* octets of records: at first of all that may come, later of those that came */
  /** Of one that was refused: what lacks disk that other sessions hold, by a number of the policy's; 0: that
   * isn't why. */
  unsigned short_of;
  const char *class_name; /* that it counts against, for the log, as long as the claim; NULL: none */
};

/** Who a question to the Session-Reflector is from. */
struct ow_serve_listed {
  const void *peer;             /* policy's own */
  struct ow_stamp_codec *codec; /* of its session */
  const char *key_id;           /* "" in open mode */
  /* All of it is valid until the rules change. */
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
  /**
   * A packet of that many octets (IP and UDP headers not counted) is due now (monotonic ns): may it leave?
   * What a claim's schedule sends on average is less than what it may send at once.
   */
  bool (*may_send)(void *context, const struct ow_serve_claim *claim, size_t octets, int64_t now);
  void (*release_bandwidth)(void *context, const struct ow_serve_claim *claim); /* the session ended */
  /** The session ended, and there are no more than so many records of it: what it claimed for more is free
   * again. */
  void (*settle_disk)(void *context, struct ow_serve_claim *claim, uint64_t records);
  /** Would it help a client whose claim was `refused` if the records of another claim were gone? */
  bool (*frees_disk)(void *context, const struct ow_serve_claim *refused, const struct ow_serve_claim *other);
  void (*release_disk)(void *context, const struct ow_serve_claim *claim); /* its records are gone */
  /** May `client` fetch a session that the client `owner` made? */
  bool (*may_fetch)(void *context, const struct ow_serve_client *client, const struct ow_serve_client *owner);
  /** Are the records of this owner's sessions dropped once they were fetched whole? */
  bool (*delete_on_fetch)(void *context, const struct ow_serve_client *owner);
  /**
   * Who is listed with that address, and the SSID and HMAC of this packet? Fills in `listed` and `question`.
   * OW_REFUSED: nobody is; OW_AUTH: the HMAC is wrong; OW_INVALID: it is too short; OW_CRYPTO. Only asked of
   * a policy whose server has a port for reflectors.
   */
  enum ow_status (*find_listed)(void *context, const struct ow_endpoint *from, const uint8_t *octets,
                                size_t length, struct ow_serve_listed *listed,
                                struct ow_stamp_question *question);
  /**
   * A session with somebody listed begins: on OW_OK the claim counts as that of `claim` does, without disk
   * and with any bandwidth that `may_send` grants. OW_MEMORY.
   */
  enum ow_status (*claim_listed)(void *context, const struct ow_serve_listed *listed,
                                 const struct ow_endpoint *from, struct ow_serve_claim *claim);
  /** The same for a session that a client's Request-TW-Session asks for. */
  enum ow_accept (*claim_reflected)(void *context, const struct ow_serve_client *client, unsigned version,
                                    struct ow_serve_claim *claim, struct ow_failure *why);
  /** The client's connection has ended. */
  void (*leave)(void *context, const struct ow_serve_client *client);
};

#endif
