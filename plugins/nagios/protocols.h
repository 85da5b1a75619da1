/* SPDX-License-Identifier: MIT */
/* Which protocols a host answers: each is tried with a few packets. A check is pinned to one; this is
 * --diagnose's. */
#ifndef CHECK_OWAMP_PROTOCOLS_H
#define CHECK_OWAMP_PROTOCOLS_H

#include "measure/probe_report.h"
#include "mtu_search.h"
#include "options.h"

struct check_protocol {
  enum ow_protocol protocol;
  char port[OW_PORT_TEXT];
  bool tried; /* else there was no time */
  bool answers;
  int error; /* errno that kept it from answering; 0: it is silent, or another reason */
};

enum { CHECK_PROTOCOLS = 3 };
struct check_protocols {
  size_t count; /* 0: nothing was tried; else the first is the check's own */
  struct check_protocol each[CHECK_PROTOCOLS];
};

/** True if a host spoke the protocol of that report, be it to refuse. */
bool check_protocol_answers(const struct ow_probe_report *report);

/** What `report` says of the check's own protocol, and `trial` of the others, in open mode, at their own
 * ports. */
void check_protocols_try(const struct check_options *options, const struct ow_probe_report *report,
                         check_trial trial, void *context, struct check_protocols *found);

/** "TCP" or "UDP": of what its port is. */
const char *check_protocol_transport(enum ow_protocol protocol);

#endif
