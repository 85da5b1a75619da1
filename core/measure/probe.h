/* One measurement of one peer, both directions at once, from name to numbers. */
#ifndef OWAMP_MEASURE_PROBE_H
#define OWAMP_MEASURE_PROBE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/log.h"
#include "base/status.h"
#include "config/peer.h"
#include "stats/result.h"
#include "time/sample.h"
#include "wire/mode.h"

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

struct ow_probe_direction {
  struct ow_result result;   /* completeness says whether anything is known */
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
  enum ow_status status;     /* OW_OK: both results are complete */
  struct ow_failure failure; /* the sentence, if not */
  enum ow_probe_step step;   /* the step that it stopped in; OW_STEP_DONE if all is well */
  enum ow_mode mode;
  uint32_t modes_offered; /* by the server; 0 if it never said */
  char server[64];        /* "192.0.2.1 port 861": the address that was connected to */
  struct ow_probe_direction directions[OW_DIRECTIONS];
  bool clock_synchronized; /* this host's clock */
  int64_t clock_error;     /* this host's, ns */
  int64_t setup_ns;        /* connect to Start-Ack */
  int64_t verdict_ns;      /* last packet's arrival known to be possible, to the end */
};

/**
 * Measure. Blocks for at most `timeout` nanoseconds; what is known by then is in the report, marked partial.
 * The report is always filled in and must be cleared with ow_probe_report_clear(). Returns its status.
 * Lines for the curious go to `log` (may be NULL).
 */
enum ow_status ow_probe_run(const struct ow_peer *peer, int64_t timeout, const struct ow_log *log,
                            struct ow_probe_report *report) OW_MUST_CHECK;
/**
 * Measure nothing: fetch the records of the session `sid`, which the server received and still holds (it may
 * be running), and work out the forward result from them; the reverse one is absent. Who sent it doesn't
 * matter, the server's rules say who may fetch. Blocks for at most `timeout` nanoseconds. OW_REFUSED: the
 * server has no such session, or not for us. OW_LIMIT: it has more than OW_FETCH_MOST records. Else as
 * ow_probe_run().
 */
enum { OW_FETCH_MOST = 1 << 20 };
enum ow_status ow_probe_fetch(const struct ow_peer *peer, const uint8_t sid[16], int64_t timeout,
                              struct ow_probe_report *report) OW_MUST_CHECK;

void ow_probe_report_clear(struct ow_probe_report *report);

#endif
