/* SPDX-License-Identifier: MIT */
/* The steps that are a reflector's own: there is no connection, no key that is agreed on, and no limits. */
#include "diagnose_reflector.h"

#include <errno.h>

/* Nobody is there, or this host can't even ask. */
static void say_unreachable(const struct view *view)
{
  const struct ow_failure *failure = &view->report->failure;
  struct check_step *step = say_step(view, "reflector", CHECK_STEP_FAILED, "%s", failure->text);
  if (failure->error == ECONNREFUSED)
    say_mend(step,
             "configure the reflector there (STAMP or TWAMP Light) for UDP port %s, or correct the port with "
             "-p; \"protocols\" below says what else answers",
             view->options->settings.peer.port);
  else if (failure->status == OW_LIMIT || failure->status == OW_INVALID)
    say_mend(step, "%s", mend_of_own_port(failure));
  else
    say_mend(step, "%s", mend_of_error(failure->error));
}

/* What comes is no answer, or nothing comes. With TWAMP it is the server that lets the reflector answer. */
static void say_silent(const struct view *view, const struct ow_result *result)
{
  const struct ow_probe_report *report = view->report;
  if (report->remark[0])
    say_mend(say_step(view, "reflector", CHECK_STEP_FAILED, "%s", report->remark),
             "give --mode, --key-id and --ssid as the reflector is configured, and this host's address and "
             "port there");
  else if (report->protocol == OW_PROTOCOL_TWAMP)
    say_mend(say_step(view, "reflector", CHECK_STEP_FAILED, "none of %u packets to %s came back",
                      result->sent, report->directions[OW_FORWARD].receiver),
             "let UDP to that port through the firewalls on the way, and the answers back");
  else
    say_mend(
        say_step(view, "reflector", CHECK_STEP_FAILED, "none of %u packets to %s came back", result->sent,
                 report->server),
        "configure the reflector for this host's address, with the same key and SSID, and let UDP port %s "
        "through the firewalls on the way, both ways",
        view->options->settings.peer.port);
}

void diagnose_reflector(const struct view *view)
{
  const struct ow_probe_report *report = view->report;
  const struct ow_result *result = &report->directions[OW_ROUND_TRIP].result;
  enum ow_probe_step before = report->protocol == OW_PROTOCOL_TWAMP ? OW_STEP_START : OW_STEP_RESOLVE;
  if (report->step <= before)
    not_reached(view, "reflector");
  else if (result->received > 0)
    say_step(view, "reflector", CHECK_STEP_OK, "%s answers, mode %s", report->server,
             ow_mode_name(report->mode));
  else if (result->sent > 0)
    say_silent(view, result);
  else
    say_unreachable(view);
}

void diagnose_round_trips(const struct view *view)
{
  const struct ow_result *results[OW_RESULTS];
  for (int d = 0; d < OW_RESULTS; d++)
    results[d] = &view->report->directions[d].result;
  const struct ow_result *both = results[OW_ROUND_TRIP];
  if (both->received == 0)
    not_reached(view, "packets");
  else if (both->lost == 0)
    say_step(view, "packets", CHECK_STEP_OK, "%u of %u came back", both->received, both->sent);
  else if (results[OW_FORWARD]->loss_unknown)
    say_mend(say_step(view, "packets", CHECK_STEP_REMARK, "%u of %u lost, which way is not known", both->lost,
                      both->sent),
             "look for congestion or a faulty link on the way, there and back");
  else
    say_mend(say_step(view, "packets", CHECK_STEP_REMARK,
                      "%u of %u lost: %u on their way there, %u on their way "
                      "back",
                      both->lost, both->sent, results[OW_FORWARD]->lost, results[OW_REVERSE]->lost),
             "look for congestion or a faulty link on that way");
}

void diagnose_counting(const struct view *view)
{
  const struct ow_reflector *reflector = &view->report->reflector;
  if (!reflector->answered)
    not_reached(view, "counting");
  else if (reflector->stateful)
    say_step(view, "counting", CHECK_STEP_OK, "it counts its answers: losses are told by direction");
  else if (!reflector->counter_shown)
    say_step(view, "counting", CHECK_STEP_OK,
             "nothing was lost that would show whether it counts its answers");
  else
    say_mend(say_step(view, "counting", CHECK_STEP_REMARK,
                      "it does not count its answers: which way packets are lost is not known"),
             "let the reflector count (stateful mode) if it can; until then set thresholds on rtt_loss");
}
