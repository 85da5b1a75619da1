/* SPDX-License-Identifier: MIT */
/* A table of protocols; nothing of the check's own key, mode and packets goes into a try of another one. */
#include "protocols.h"

#include <stdio.h>
#include <string.h>

static const struct {
  enum ow_protocol protocol;
  const char *transport;
} protocols[CHECK_PROTOCOLS] = {
    {OW_PROTOCOL_OWAMP, "TCP"},
    {OW_PROTOCOL_STAMP, "UDP"},
    {OW_PROTOCOL_TWAMP, "TCP"},
};

enum { TRIED_PACKETS = 3 };
#define TRIED_DISTANCE (20 * OW_NS_PER_MS)
#define TRIED_LOSS_TIMEOUT (500 * OW_NS_PER_MS)

static size_t index_of(enum ow_protocol protocol)
{
  size_t i = 0;
  while (i < CHECK_PROTOCOLS - 1 && protocols[i].protocol != protocol)
    i++;
  return i;
}

const char *check_protocol_transport(enum ow_protocol protocol)
{
  return protocols[index_of(protocol)].transport;
}

bool check_protocol_answers(const struct ow_probe_report *report)
{
  bool answers = report->directions[OW_ROUND_TRIP].result.received > 0;
  if (report->protocol != OW_PROTOCOL_STAMP)
    answers = report->modes_offered != 0 || report->status == OW_REFUSED || report->step > OW_STEP_SETUP;
  return answers;
}

static void note(struct check_protocols *found, enum ow_protocol protocol, const char *port, bool tried,
                 const struct ow_probe_report *report)
{
  struct check_protocol *one = &found->each[found->count++];
  *one = (struct check_protocol){.protocol = protocol, .tried = tried};
  snprintf(one->port, sizeof one->port, "%s", port);
  if (tried) {
    one->answers = check_protocol_answers(report);
    one->error = report->failure.error;
  }
}

/* In open mode and without whatever only the check's own protocol knows. */
static void simplify(struct ow_peer *peer, enum ow_protocol protocol)
{
  peer->protocol = protocol;
  snprintf(peer->port, sizeof peer->port, "%s", ow_protocol_port(protocol));
  peer->modes = OW_MODE_OPEN;
  peer->key_id[0] = '\0';
  peer->nat = false;
  peer->padding = 0;
  peer->tlvs = 0;
  peer->packets = TRIED_PACKETS;
  peer->slots[0] = (struct ow_slot){OW_SLOT_FIXED, ow_span_from_ns(TRIED_DISTANCE)};
  peer->slot_count = 1;
  peer->loss_timeout = TRIED_LOSS_TIMEOUT;
  for (int d = 0; d < OW_DIRECTIONS; d++)
    peer->directions[d] = true;
}

void check_protocols_try(const struct check_options *options, const struct ow_probe_report *report,
                         check_trial trial, void *context, struct check_protocols *found)
{
  const struct ow_peer *own = &options->settings.peer;
  note(found, own->protocol, own->port, true, report);
  for (size_t i = 0; i < CHECK_PROTOCOLS; i++) {
    if (protocols[i].protocol == own->protocol)
      continue;
    struct ow_peer peer = *own;
    struct ow_probe_report tried = {0};
    simplify(&peer, protocols[i].protocol);
    bool ran = trial(context, &peer, &tried);
    note(found, peer.protocol, peer.port, ran, &tried);
    ow_probe_report_clear(&tried);
    ow_peer_clear(&peer);
  }
}
