/* SPDX-License-Identifier: MIT */
/*
 * Where nothing arrives with padding, is it the packets' size? Test packets leave without "don't fragment":
 * those that are larger than the path's MTU come in fragments, which firewalls drop, or, on IPv6, are dropped
 * by a router whose Packet Too Big never comes back.
 */
#ifndef CHECK_OWAMP_MTU_SEARCH_H
#define CHECK_OWAMP_MTU_SEARCH_H

#include <stdbool.h>
#include <stdint.h>

#include "measure/probe_report.h"
#include "option_values.h"

/** What other sizes came to. Sizes are of IP packets, in octets. */
struct check_mtu {
  bool tried;                   /* without padding */
  bool arrives[OW_DIRECTIONS];  /* so it does in this direction, in which it didn't with padding */
  uint32_t largest;             /* that arrived */
  uint32_t smallest_that_fails; /* so did none of this size, or larger */
};

/** Another measurement, with those settings; false if there is no time left. The report is to be cleared. */
typedef bool (*check_trial)(void *context, const struct ow_peer *peer, struct ow_probe_report *report);

/** Octets of an IP packet of the report's mode and family with that padding. */
uint32_t check_packet_octets(const struct ow_probe_report *report, uint32_t padding);

/**
 * True if the size may be it: packets larger than every path must carry (576 octets; RFC 1122, 3.3.2) were
 * sent in a direction that was asked for, and none arrived.
 */
bool check_mtu_suspected(const struct check_options *options, const struct ow_probe_report *report);

/**
 * Try `peer` without padding, and then, if packets arrive now, sizes between, as MTUs are: each halves what
 * is left, until nothing is or `trial` has no more time.
 */
void check_mtu_search(const struct check_options *options, const struct ow_probe_report *report,
                      const struct ow_peer *peer, check_trial trial, void *context, struct check_mtu *mtu);

/** True if packets arrived without padding wherever none had arrived with it. */
bool check_mtu_explains(const struct check_options *options, const struct ow_probe_report *report,
                        const struct check_mtu *mtu);

#endif
