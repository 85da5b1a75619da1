/* SPDX-License-Identifier: MIT */
/* What answers clients, by settings: the policy and the server, on a loop that somebody else runs. */
#ifndef OWAMP_POLICY_ANSWERING_H
#define OWAMP_POLICY_ANSWERING_H

#include "base/log.h"
#include "base/status.h"
#include "io/loop.h"
#include "policy/policy.h"
#include "policy/settings.h"
#include "server/server.h"

/** Zero-initialised: nothing yet. */
struct ow_answering {
  int listening_first;    /* descriptors that listen already; set them before ow_answering_listen() */
  int listening_count;    /* 0: listen where the configuration says */
  int tw_listening_first; /* likewise, for TWAMP's clients */
  int tw_listening_count;
  struct ow_udp_given test_sockets;    /* likewise, of the one test port */
  struct ow_udp_given reflect_sockets; /* likewise, of the Session-Reflector's, if that is another one */
  struct ow_policy *policy;
  struct ow_serve_policy answers;
  struct ow_serve *server;
};

/**
 * Take over the limits and keys of `settings`, which it leaves empty: the first rules. OW_MEMORY. Whatever
 * comes of this and the next: ow_answering_end(). `failure` must not be NULL.
 */
enum ow_status ow_answering_prepare(struct ow_answering *answering, struct ow_settings *settings,
                                    struct ow_failure *failure) OW_MUST_CHECK;
/**
 * Listen where `conf` says. `answering` and `log` stay where they are until the end. Fails as
 * ow_serve_create() does.
 */
enum ow_status ow_answering_listen(struct ow_answering *answering, struct ow_loop *loop,
                                   const struct ow_server_conf *conf, const struct ow_log *log,
                                   struct ow_failure *failure) OW_MUST_CHECK;
/**
 * Other settings for what comes from now on; takes over their limits and keys, in place of which they hold
 * those in force before. OW_MEMORY: all is as before. On the loop's thread.
 */
enum ow_status ow_answering_change(struct ow_answering *answering, struct ow_settings *settings,
                                   struct ow_failure *failure) OW_MUST_CHECK;
/** Log whom the Session-Reflector answers, of the rules in force; a warning if nobody. Nothing without one.
 */
void ow_answering_log_reflector(const struct ow_answering *answering, const struct ow_server_conf *conf,
                                const struct ow_log *log);
/** For ow_serve_drain(): how long clients may take to end their sessions and fetch. */
#define OW_ANSWERING_LEAVE_TIME (2 * OW_NS_PER_S)
/** Ends every connection and session at once. Before the loop is freed. */
void ow_answering_end(struct ow_answering *answering);

#endif
