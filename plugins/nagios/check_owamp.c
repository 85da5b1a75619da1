#include "check_owamp.h"

#include <signal.h>
#include <time.h>

#include "engine/probe.h"
#include "key_load.h"
#include "last_resort.h"
#include "options.h"
#include "output.h"
#include "verdict.h"

enum { UNKNOWN = 3 };

static int64_t monotonic_ns(void)
{
  struct timespec now = {0};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * OW_NS_PER_S + now.tv_nsec;
}

static void emit(void *context, enum ow_log_level level, const char *line)
{
  (void)level;
  fprintf(context, "%s\n", line);
}

/* What the probe may take: a little of the time is kept for the answer. */
static int64_t time_left(const struct check_options *options, int64_t begin)
{
  int64_t most = 100 * OW_NS_PER_MS;
  int64_t tenth = options->timeout / 10;
  return options->timeout - (tenth < most ? tenth : most) - (monotonic_ns() - begin);
}

/* Whatever comes of it, the report says so. */
static void measure(struct check_options *options, int64_t begin, struct ow_probe_report *report)
{
  struct ow_log log = {stderr, emit, options->verbosity >= 3 ? OW_LOG_DEBUG : OW_LOG_INFO};
  const struct ow_log *steps = options->verbosity >= 2 ? &log : NULL;
  enum ow_status status = check_key_load(options, &report->failure);
  if (status == OW_OK)
    status = ow_peer_check(&options->peer, &report->failure);
  if (status == OW_OK)
    status = check_options_fit(options, &report->failure);
  if (status == OW_OK)
    status = ow_probe_run(&options->peer, time_left(options, begin), steps, report);
  report->status = status;
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
  check_last_resort_arm(options->timeout, options->json);
  measure(options, begin, &report);
  check_judge(options, &report, outcome);
  print(out, options, &report, outcome);
  check_last_resort_disarm();
  ow_probe_report_clear(&report);
}

int check_run(int argc, char **argv, FILE *out)
{
  int64_t begin = monotonic_ns();
  struct check_options options;
  struct check_outcome outcome = {.verdict = OW_VERDICT_UNKNOWN};
  struct ow_failure failure = {0};
  /* A reader that is gone is noticed below; dying of it would be no answer. */
  signal(SIGPIPE, SIG_IGN);
  if (check_options_parse(argc, argv, &options, &failure) != OW_OK) {
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
  bool written = fflush(out) == 0 && !ferror(out);
  return written ? check_exit_status(outcome.verdict) : UNKNOWN;
}
