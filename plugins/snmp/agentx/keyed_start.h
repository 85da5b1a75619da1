/* SPDX-License-Identifier: MIT */
/*
 * Streams whose key stands in a file, which may lie where reading takes long: while the subagent answers, the
 * loop's worker reads it, and the stream begins after that.
 */
#ifndef OWAMP_SNMP_KEYED_START_H
#define OWAMP_SNMP_KEYED_START_H

#include "agentx/agent.h"
#include "stream/stream_config.h"

/**
 * Begin this peer's stream, with the key `config->peer.key_id` of the file `path`: at once if the loop
 * doesn't run yet, else later; what then makes that impossible is kept in the peer's row, as peer_start()
 * does. OW_OK, or why it can't begin.
 */
enum ow_status agent_keyed_start(struct agent *agent, const struct peer *peer,
                                 const struct ow_stream_config *config, const char *path,
                                 struct ow_failure *failure) OW_MUST_CHECK;
/** It is not to begin any more. Nothing happens if it has begun. */
void agent_keyed_forget(struct agent *agent, const struct peer *peer);
/** None is. Before the loop is freed. */
void agent_keyed_forget_all(struct agent *agent);

#endif
