/* SPDX-License-Identifier: MIT */
/* First without padding, then the usual MTUs, by bisection. */
#include "mtu_search.h"

#include <string.h>

enum { IPV4_HEADER = 20, IPV6_HEADER = 40, UDP_HEADER = 8, CARRIED_BY_ALL = 576 };

/* IPv6's least, tunnels (IPsec, GRE, WireGuard, VXLAN), DSL, Ethernet, and its larger frames. */
static const uint32_t usual_mtus[] = {576,  1280, 1360, 1380, 1400, 1420, 1438, 1450, 1462,
                                      1472, 1476, 1480, 1492, 1500, 4352, 8900, 9000};
enum { USUAL_MTUS = sizeof usual_mtus / sizeof *usual_mtus };

uint32_t check_packet_octets(const struct ow_probe_report *report, uint32_t padding)
{
  uint32_t header = strchr(report->server, ':') ? IPV6_HEADER : IPV4_HEADER;
  return header + UDP_HEADER + ow_probe_packet_octets(report, padding);
}

static bool nothing_arrived(const struct check_options *options, const struct ow_probe_report *report, int d)
{
  const struct ow_result *result = &report->directions[d].result;
  return options->settings.peer.directions[d] && result->completeness != OW_RESULT_ABSENT &&
         result->sent > 0 && result->received == 0;
}

bool check_mtu_suspected(const struct check_options *options, const struct ow_probe_report *report)
{
  bool large = check_packet_octets(report, options->settings.peer.padding) > CARRIED_BY_ALL;
  bool any = false;
  for (int d = 0; d < OW_DIRECTIONS; d++)
    any = any || nothing_arrived(options, report, d);
  return large && any;
}

bool check_mtu_explains(const struct check_options *options, const struct ow_probe_report *report,
                        const struct check_mtu *mtu)
{
  bool explains = mtu->tried;
  for (int d = 0; d < OW_DIRECTIONS; d++)
    explains = explains && (mtu->arrives[d] || !nothing_arrived(options, report, d));
  return explains;
}

/* With packets of that size; `arrives`: in each direction. False if there is no time, or the sessions didn't
 * run. */
static bool try_size(const struct ow_probe_report *report, const struct ow_peer *peer, uint32_t size,
                     check_trial trial, void *context, bool arrives[OW_DIRECTIONS])
{
  struct ow_peer other = *peer;
  struct ow_probe_report tried = {0};
  other.padding = size - check_packet_octets(report, 0);
  bool ran = trial(context, &other, &tried) && tried.step > OW_STEP_START;
  for (int d = 0; d < OW_DIRECTIONS; d++)
    arrives[d] = ran && tried.directions[d].result.completeness != OW_RESULT_ABSENT &&
                 tried.directions[d].result.received > 0;
  ow_probe_report_clear(&tried);
  ow_peer_clear(&other);
  return ran;
}

/* Of those directions alone whose packets arrive without padding. */
static bool all_arrive(const struct check_mtu *mtu, const bool arrives[OW_DIRECTIONS])
{
  bool all = true;
  for (int d = 0; d < OW_DIRECTIONS; d++)
    all = all && (!mtu->arrives[d] || arrives[d]);
  return all;
}

/* The middle one of the usual MTUs between; 0: there is none. */
static uint32_t between(const struct check_mtu *mtu)
{
  uint32_t low = 0;
  uint32_t high = USUAL_MTUS;
  while (low < USUAL_MTUS && usual_mtus[low] <= mtu->largest)
    low++;
  while (high > 0 && usual_mtus[high - 1] >= mtu->smallest_that_fails)
    high--;
  return low < high ? usual_mtus[low + (high - low) / 2] : 0;
}

static void bisect(const struct ow_probe_report *report, const struct ow_peer *peer, check_trial trial,
                   void *context, struct check_mtu *mtu)
{
  bool arrives[OW_DIRECTIONS];
  uint32_t size;
  while ((size = between(mtu)) && try_size(report, peer, size, trial, context, arrives)) {
    if (all_arrive(mtu, arrives))
      mtu->largest = size;
    else
      mtu->smallest_that_fails = size;
  }
}

void check_mtu_search(const struct check_options *options, const struct ow_probe_report *report,
                      const struct ow_peer *peer, check_trial trial, void *context, struct check_mtu *mtu)
{
  bool arrives[OW_DIRECTIONS];
  bool any = false;
  *mtu =
      (struct check_mtu){.largest = check_packet_octets(report, 0),
                         .smallest_that_fails = check_packet_octets(report, options->settings.peer.padding)};
  mtu->tried = try_size(report, peer, mtu->largest, trial, context, arrives);
  for (int d = 0; d < OW_DIRECTIONS; d++) {
    mtu->arrives[d] = arrives[d] && nothing_arrived(options, report, d);
    any = any || mtu->arrives[d];
  }
  if (any)
    bisect(report, peer, trial, context, mtu);
}
