/* SPDX-License-Identifier: MIT */
/* A work for each, in a list until it has come to its end. */
#include "agentx/keyed_start.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/container_of.h"
#include "io/work.h"
#include "measure/peer_key.h"

/* No work of anybody else takes turns with these. */
enum { PARTY = 1 };

struct agent_keyed {
  LIST_ENTRY(agent_keyed) in_list;
  struct ow_work work;
  struct agent *agent;
  char owner[MIB_OWNER]; /* of the peer, and its name */
  char name[OW_STREAM_NAME];
  struct ow_log log;
  struct ow_stream_config config;
  enum ow_status status;
  struct ow_failure failure;
  char path[];
};

static struct agent_keyed *of_work(struct ow_work *work)
{
  return OW_CONTAINER_OF(work, struct agent_keyed, work);
}

static void free_keyed(struct ow_work *work)
{
  struct agent_keyed *keyed = of_work(work);
  ow_peer_clear(&keyed->config.peer);
  free(keyed);
}

static enum ow_status read_key(struct agent_keyed *keyed)
{
  struct ow_peer *peer = &keyed->config.peer;
  return ow_peer_key_load(peer, keyed->path, peer->key_id, &keyed->log, &keyed->failure);
}

/* On the worker's thread. */
static void on_run(struct ow_work *work)
{
  struct agent_keyed *keyed = of_work(work);
  keyed->status = read_key(keyed);
}

static void on_read(struct ow_work *work, enum ow_status status)
{
  struct agent_keyed *keyed = of_work(work);
  struct agent *agent = keyed->agent;
  (void)status; /* nothing makes it give way */
  LIST_REMOVE(keyed, in_list);
  if (keyed->status == OW_OK)
    keyed->status = ow_streams_add(agent->streams, &keyed->config, &keyed->failure);
  if (keyed->status != OW_OK)
    peers_refuse(&agent->peers, keyed->owner, keyed->name, keyed->status, &keyed->failure);
  free_keyed(work);
}

static enum ow_status hand_over(struct agent *agent, struct agent_keyed *keyed, struct ow_failure *failure)
{
  keyed->work = (struct ow_work){.run = on_run, .done = on_read, .drop = free_keyed};
  enum ow_status status = ow_work_begin(agent->loop, &keyed->work, PARTY, UINT_MAX, failure);
  if (status == OW_OK)
    LIST_INSERT_HEAD(&agent->keyed, keyed, in_list);
  else
    free_keyed(&keyed->work);
  return status;
}

static enum ow_status begin_at_once(const struct agent *agent, struct agent_keyed *keyed,
                                    struct ow_failure *failure)
{
  enum ow_status status = read_key(keyed);
  if (status == OW_OK)
    status = ow_streams_add(agent->streams, &keyed->config, failure);
  else
    *failure = keyed->failure;
  free_keyed(&keyed->work);
  return status;
}

enum ow_status agent_keyed_start(struct agent *agent, const struct peer *peer,
                                 const struct ow_stream_config *config, const char *path,
                                 struct ow_failure *failure)
{
  size_t octets = strlen(path) + 1;
  struct agent_keyed *keyed = calloc(1, sizeof *keyed + octets);
  if (!keyed)
    return ow_fail(failure, OW_MEMORY, "no memory to read a key");
  keyed->agent = agent;
  keyed->log = agent->log;
  keyed->config = *config;
  memcpy(keyed->owner, peer->owner, sizeof keyed->owner);
  memcpy(keyed->name, peer->name, sizeof keyed->name);
  memcpy(keyed->path, path, octets);
  return agent->loop ? hand_over(agent, keyed, failure) : begin_at_once(agent, keyed, failure);
}

static void forget(struct agent_keyed *keyed)
{
  LIST_REMOVE(keyed, in_list);
  ow_work_cancel(&keyed->work);
}

void agent_keyed_forget(struct agent *agent, const struct peer *peer)
{
  struct agent_keyed *keyed = LIST_FIRST(&agent->keyed);
  while (keyed && (strcmp(keyed->owner, peer->owner) != 0 || strcmp(keyed->name, peer->name) != 0))
    keyed = LIST_NEXT(keyed, in_list);
  if (keyed)
    forget(keyed);
}

void agent_keyed_forget_all(struct agent *agent)
{
  struct agent_keyed *next;
  for (struct agent_keyed *keyed = LIST_FIRST(&agent->keyed); keyed; keyed = next) {
    next = LIST_NEXT(keyed, in_list);
    forget(keyed);
  }
}
