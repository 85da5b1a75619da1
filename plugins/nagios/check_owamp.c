/* SPDX-License-Identifier: MIT */
/* Options, measurement, diagnosis, verdict, output; some of the time is kept for the answer. */
#include "check_owamp.h"

#include <signal.h>
#include <time.h>

#include "base/version.h"
#include "extra_opts.h"
#include "key_load.h"
#include "last_resort.h"
#include "measure/probe.h"
#include "nat_fallback.h"
#include "options.h"
#include "output.h"
#include "progress.h"
#include "stream.h"
#include "verdict.h"

enum { UNKNOWN = 3 };

#define USUAL_TIMEOUT (10 * OW_NS_PER_S) /* until the options say another */

static int64_t monotonic_ns(void)
{
  struct timespec now = {0};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * OW_NS_PER_S + now.tv_nsec;
}

static void emit(void *context, enum ow_log_level level, const char *line)
{
  (void)level;
  check_progress_erase();
  fprintf(context, "%s\n", line);
}

/* What the probe may take: a little of the time is kept for the answer. */
static int64_t time_left(const struct check_options *options, int64_t begin)
{
  int64_t most = 200 * OW_NS_PER_MS;
  int64_t tenth = options->timeout / 10;
  return options->timeout - (tenth < most ? tenth : most) - (monotonic_ns() - begin);
}

enum { DIAGNOSIS_PACKETS = 20, NAT_PACKETS = 5 };
#define PROTOCOL_TIME                                                                                        \
  (5 * OW_NS_PER_S / 2)                     /* at most, to find out whether a host speaks another protocol,  \
                                             */
#define PROTOCOL_LEAST (300 * OW_NS_PER_MS) /* and at least, beside what its few packets take */

/* A diagnosis asks for other protocols, too; the time that it has is first what its own packets need. */
static int64_t kept_for_protocols(const struct check_options *options)
{
  const struct ow_peer *peer = &options->settings.peer;
  int64_t spare = (options->timeout - ow_peer_duration(peer) - OW_NS_PER_S) / 2;
  int64_t kept = spare < PROTOCOL_TIME ? spare : PROTOCOL_TIME;
  return options->action == CHECK_DIAGNOSE && kept > 0 ? kept : 0;
}

/* A diagnosis looks for faults: fewer packets do, and leave time within -t for another try. */
static enum ow_status prepare(struct check_options *options, struct ow_failure *failure)
{
  enum ow_status status = check_key_load(options, failure);
  if (options->action == CHECK_DIAGNOSE && options->settings.peer.packets > DIAGNOSIS_PACKETS)
    options->settings.peer.packets = DIAGNOSIS_PACKETS;
  if (status == OW_OK)
    status = ow_peer_check(&options->settings.peer, failure);
  return status;
}

/* With plain addresses, of as many packets as can be measured in time; false if there is no time. */
static bool measure_plainly(const struct check_options *options, int64_t begin, const struct ow_log *log,
                            struct ow_probe_report *report)
{
  struct ow_peer peer = options->settings.peer;
  int64_t left = time_left(options, begin) - OW_NS_PER_S;
  peer.nat = false;
  while (peer.packets > NAT_PACKETS && ow_peer_duration(&peer) > left)
    peer.packets -= peer.packets / NAT_PACKETS;
  bool fits = ow_peer_duration(&peer) <= left;
  if (fits)
    (void)!ow_probe_run_watched(&peer, time_left(options, begin), log, check_progress_watch(), report);
  ow_peer_clear(&peer);
  return fits;
}

/* If it is the zero addresses that the server doesn't know, what comes without them is the measurement. */
static void fall_back(const struct check_options *options, int64_t begin, const struct ow_log *log,
                      struct ow_probe_report *report)
{
  struct ow_probe_report plain = {0};
  if (check_nat_fails(options, report) && measure_plainly(options, begin, log, &plain)) {
    if (check_anything_arrived(options, &plain)) {
      ow_probe_report_clear(report);
      *report = plain;
      report->addresses = OW_ADDRESSES_PLAIN;
    } else {
      ow_probe_report_clear(&plain);
      report->addresses = OW_ADDRESSES_EITHER;
    }
  }
}

static enum ow_status measure(struct check_options *options, int64_t begin, const struct ow_log *log,
                              struct ow_probe_report *report)
{
  enum ow_status status = prepare(options, &report->failure);
  if (status == OW_OK && options->action != CHECK_FETCH)
    status = check_options_fit(options, &report->failure);
  if (status == OW_OK && options->action == CHECK_FETCH) {
    status = ow_probe_fetch_watched(&options->settings.peer, options->sid, time_left(options, begin),
                                    check_progress_watch(), report);
  } else if (status == OW_OK) {
    (void)!ow_probe_run_watched(&options->settings.peer,
                                time_left(options, begin) - kept_for_protocols(options), log,
                                check_progress_watch(), report);
    fall_back(options, begin, log, report);
    status = report->status;
  }
  return status;
}

struct trials {
  const struct check_options *options;
  int64_t begin;
};

/* Another measurement, as far as time allows. */
static bool try_otherwise(void *context, const struct ow_peer *peer, struct ow_probe_report *report)
{
  const struct trials *trials = context;
  int64_t left = time_left(trials->options, trials->begin) - kept_for_protocols(trials->options);
  bool fits = left > ow_peer_duration(peer) + OW_NS_PER_S;
  if (fits)
    (void)!ow_probe_run_watched(peer, left, NULL, check_progress_watch(), report);
  return fits;
}

/* Another protocol: who answers does so at once. */
static bool try_protocol(void *context, const struct ow_peer *peer, struct ow_probe_report *report)
{
  const struct trials *trials = context;
  int64_t left = time_left(trials->options, trials->begin);
  left = left < PROTOCOL_TIME ? left : PROTOCOL_TIME;
  bool fits = left > ow_peer_duration(peer) + PROTOCOL_LEAST;
  if (fits)
    (void)!ow_probe_run_watched(peer, left, NULL, check_progress_watch(), report);
  return fits;
}

/* If the packets' size, or else NAT, may be the reason, other tries with few packets tell. */
static void diagnose(const struct check_options *options, int64_t begin, const struct ow_probe_report *report,
                     struct check_diagnosis *diagnosis)
{
  struct trials trials = {options, begin};
  struct check_trials found = {.with_nat = {0}};
  struct ow_peer peer = options->settings.peer;
  if (peer.packets > NAT_PACKETS)
    peer.packets = NAT_PACKETS;
  if (peer.loss_timeout > OW_NS_PER_S)
    peer.loss_timeout = OW_NS_PER_S;
  bool reflected = ow_protocol_reflects(peer.protocol); /* of which these tries tell nothing */
  if (!reflected && check_mtu_suspected(options, report))
    check_mtu_search(options, report, &peer, try_otherwise, &trials, &found.mtu);
  peer.nat = true;
  if (!reflected && check_nat_suspected(options, report) && !check_mtu_explains(options, report, &found.mtu))
    found.nat_tried = try_otherwise(&trials, &peer, &found.with_nat);
  if (report->step > OW_STEP_RESOLVE)
    check_protocols_try(options, report, try_protocol, &trials, &found.protocols);
  check_diagnose(options, report, &found, diagnosis);
  ow_probe_report_clear(&found.with_nat);
  ow_peer_clear(&peer);
}

/* Whatever comes of it, the report says so. */
static void act(struct check_options *options, int64_t begin, struct ow_probe_report *report,
                struct check_stream *stream)
{
  struct ow_log log = {stderr, emit, options->verbosity >= 3 ? OW_LOG_DEBUG : OW_LOG_INFO};
  const struct ow_log *steps = options->verbosity >= 2 ? &log : NULL;
  if (options->action == CHECK_QUERY)
    report->status = check_stream_query(options, time_left(options, begin), report, stream);
  else
    report->status = measure(options, begin, steps, report);
}

static void print(FILE *out, const struct check_options *options, const struct ow_probe_report *report,
                  const struct check_outcome *outcome)
{
  if (options->json)
    check_json_print(out, options, report, outcome);
  else
    check_output_print(out, options, report, outcome);
}

/* Measure and answer; the outcome's verdict is the exit status. */
static void check(struct check_options *options, int64_t begin, FILE *out, struct check_outcome *outcome)
{
  struct ow_probe_report report = {0};
  struct check_stream stream = {0};
  check_last_resort_arm(options->timeout - (monotonic_ns() - begin),
                        options->has_timeout_state ? options->timeout_state : OW_VERDICT_UNKNOWN,
                        ow_protocol_name(options->settings.peer.protocol), options->json);
  check_progress_begin(options);
  act(options, begin, &report, &stream);
  check_judge(options, &report, &stream, outcome);
  if (options->action == CHECK_DIAGNOSE)
    diagnose(options, begin, &report, &outcome->diagnosis);
  check_progress_erase();
  print(out, options, &report, outcome);
  ow_probe_report_clear(&report);
}

int check_run(int argc, char **argv, FILE *out)
{
  int64_t begin = monotonic_ns();
  struct check_options options;
  struct check_words words;
  struct check_outcome outcome = {.verdict = OW_VERDICT_UNKNOWN};
  struct ow_failure failure = {0};
  /* A reader that is gone is noticed below; dying of it would be no answer. */
  signal(SIGPIPE, SIG_IGN);
  check_last_resort_arm(USUAL_TIMEOUT, OW_VERDICT_UNKNOWN, ow_protocol_name(OW_PROTOCOL_OWAMP), false);
  enum ow_status status = check_words_expand(argc, argv, &words, &failure);
  struct ow_failure mistake = {0};
  /* The options say in which form the answer is to be, whatever is wrong. */
  enum ow_status parsed = check_options_parse(words.list ? words.count : argc, words.list ? words.list : argv,
                                              &options, &mistake);
  if (status == OW_OK && parsed != OW_OK) {
    status = parsed;
    failure = mistake;
  }
  if (status != OW_OK && options.action < CHECK_SHOW_HELP) {
    check_refuse(&failure, &outcome);
    print(out, &options, NULL, &outcome);
  } else if (options.action == CHECK_SHOW_HELP) {
    check_options_help(out);
  } else if (options.action == CHECK_SHOW_VERSION) {
    fputs("check_owamp " OWAMP_VERSION "\n", out);
  } else {
    check(&options, begin, out, &outcome);
  }
  check_options_clear(&options);
  check_words_clear(&words);
  bool written = fflush(out) == 0 && !ferror(out);
  check_last_resort_disarm();
  return written ? check_exit_status(outcome.verdict) : UNKNOWN;
}
