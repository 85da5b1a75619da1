/* SPDX-License-Identifier: MIT */
/* What a probe tells: how far it came, and both directions' numbers and records. */
#ifndef OWAMP_MEASURE_PROBE_REPORT_H
#define OWAMP_MEASURE_PROBE_REPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "measure/reflector_words.h"
#include "session/reflected.h"
#include "stats/result.h"
#include "time/sample.h"
#include "wire/mode.h"
#include "wire/protocol.h"

/** How far a probe came; a failure belongs to the step that it stopped in. */
enum ow_probe_step {
  OW_STEP_RESOLVE,
  OW_STEP_CONNECT,
  OW_STEP_SETUP,   /* greeting, mode and key */
  OW_STEP_REQUEST, /* the sessions */
  OW_STEP_START,
  OW_STEP_RUN,
  OW_STEP_STOP,
  OW_STEP_FETCH,
  OW_STEP_DONE,
};

/** "resolve", "connect", "setup", ... */
const char *ow_probe_step_name(enum ow_probe_step step);

/** What became of a peer's `nat`, by which the requests leave the addresses out. */
enum ow_probe_addresses {
  OW_ADDRESSES_AS_ASKED,
  OW_ADDRESSES_PLAIN, /* the server doesn't know zero addresses: plain ones were in the requests */
  OW_ADDRESSES_EITHER /* neither way did anything arrive */
};

struct ow_probe_direction {
  struct ow_result result;   /* completeness says whether anything is known; its histogram is the report's */
  struct ow_samples samples; /* every record, in order of arrival */
  uint8_t sid[16];
  char sender[64]; /* "192.0.2.1 port 40000", as the session was agreed */
  char receiver[64];
  int64_t departure_offset; /* ns by which packets really left after their stamp, corrected since; median */
  bool departure_known;
  /* Of the reverse direction, whose packets arrive here: */
  uint32_t strangers; /* datagrams from elsewhere than the server's sender */
  uint32_t remarked;  /* packets with another DSCP than was asked for, and the last one's */
  uint8_t remarked_to;
};

struct ow_probe_report {
  enum ow_status status;        /* OW_OK: measured to the end, or to where the server ended it */
  struct ow_failure failure;    /* the sentence, if not */
  char remark[OW_FAILURE_TEXT]; /* all went well, but not every result is complete: why; else "" */
  enum ow_probe_step step;      /* the step that it stopped in; OW_STEP_DONE if all is well */
  enum ow_mode mode;
  uint32_t modes_offered; /* by the server; 0 if it never said */
  char server[64];        /* "192.0.2.1 port 861": the address that was connected to */
  enum ow_protocol protocol;
  /** The last one is the round trip of a reflected session, whose `samples` are the losses alone. */
  struct ow_probe_direction directions[OW_RESULTS];
  struct ow_reflector reflector; /* of a reflected session: what was found out about it, */
  size_t reflector_lines;        /* and in words */
  char reflector_words[OW_REFLECTOR_WORDS][OW_REFLECTOR_TEXT];
  bool clock_synchronized; /* this host's clock */
  int64_t clock_error;     /* this host's, ns */
  int64_t setup_ns;        /* connect to Start-Ack */
  enum ow_probe_addresses addresses;
  int64_t verdict_ns; /* last packet's arrival known to be possible, to the end */
  struct ow_failure
      dead_address; /* another address of the peer, which did not answer; OW_OK: there is none */
  bool silent; /* of OW_TIMEOUT: the server had let 2 s, or half of the time, pass without a sign of life */
};

/** Octets of a UDP datagram of this report's mode with that padding. */
uint32_t ow_probe_packet_octets(const struct ow_probe_report *report, uint32_t padding);

void ow_probe_report_clear(struct ow_probe_report *report);

#endif
