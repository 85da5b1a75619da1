/* SPDX-License-Identifier: MIT */
/* One function for each phase: an event comes in, a command goes out. */
#include "session/course.h"

static enum ow_course_command enter_phase(struct ow_course *course, enum ow_course_phase phase,
                                          enum ow_course_command command)
{
  course->phase = phase;
  return command;
}

static enum ow_course_command finish_course(struct ow_course *course)
{
  return enter_phase(course, OW_COURSE_DONE, OW_COURSE_FINISH);
}

/* ---- what is known of the packets ---- */

static bool both_settled(const struct ow_course *course)
{
  return course->forward != OW_COURSE_FATE_OPEN && course->reverse != OW_COURSE_FATE_OPEN;
}

static bool records_are_elsewhere(const struct ow_course *course)
{
  return course->forward == OW_COURSE_FATE_OPEN || course->forward == OW_COURSE_FATE_WAITED;
}

static void forward_arrived(struct ow_course *course)
{
  if (course->forward != OW_COURSE_FATE_UNASKED)
    course->forward = OW_COURSE_FATE_KNOWN;
}

static void forward_waited(struct ow_course *course)
{
  if (course->forward == OW_COURSE_FATE_OPEN)
    course->forward = OW_COURSE_FATE_WAITED;
}

static void reverse_ended(struct ow_course *course)
{
  if (course->reverse != OW_COURSE_FATE_UNASKED)
    course->reverse = OW_COURSE_FATE_KNOWN;
}

/* All that counts is here. */
static enum ow_course_command refine_or_finish(struct ow_course *course)
{
  return course->reverse != OW_COURSE_FATE_UNASKED ? enter_phase(course, OW_COURSE_REFINING, OW_COURSE_REFINE)
                                                   : finish_course(course);
}

/* ---- the phases ---- */

/* What was asked of the server has no result yet: nothing can be saved. */
static enum ow_course_command while_setting_up(struct ow_course *course, enum ow_course_event event)
{
  enum ow_course_command command = OW_COURSE_NOTHING;
  switch (event) {
  case OW_COURSE_ACCEPTED:
    if (course->phase == OW_COURSE_REQUESTING_FORWARD && course->reverse != OW_COURSE_FATE_UNASKED)
      command = enter_phase(course, OW_COURSE_REQUESTING_REVERSE, OW_COURSE_REQUEST_REVERSE);
    else if (course->phase != OW_COURSE_STARTING)
      command = enter_phase(course, OW_COURSE_STARTING, OW_COURSE_START);
    break;
  case OW_COURSE_STARTED:
    if (course->phase == OW_COURSE_STARTING)
      command = enter_phase(course, OW_COURSE_RUNNING, OW_COURSE_RUN);
    break;
  case OW_COURSE_LOST:
  case OW_COURSE_FAILED: command = finish_course(course); break;
  case OW_COURSE_FORWARD_ARRIVED:
  case OW_COURSE_FORWARD_WAITED:
  case OW_COURSE_REVERSE_ENDED:
  case OW_COURSE_SERVER_STOPPED:
  case OW_COURSE_FETCHED:
  case OW_COURSE_REFINED:
  case OW_COURSE_SALVAGED:
  case OW_COURSE_CUT_SHORT:
  case OW_COURSE_EVENTS: break;
  }
  return command;
}

/* The control connection is lost, and with it the sessions; but the server may still hold the records. */
static enum ow_course_command salvage_or_finish(struct ow_course *course)
{
  return records_are_elsewhere(course) ? enter_phase(course, OW_COURSE_SALVAGING, OW_COURSE_SALVAGE)
                                       : finish_course(course);
}

static enum ow_course_command stop_if_settled(struct ow_course *course)
{
  return both_settled(course) ? enter_phase(course, OW_COURSE_STOPPING, OW_COURSE_STOP) : OW_COURSE_NOTHING;
}

static enum ow_course_command while_running(struct ow_course *course, enum ow_course_event event)
{
  enum ow_course_command command = OW_COURSE_NOTHING;
  switch (event) {
  case OW_COURSE_FORWARD_ARRIVED:
    forward_arrived(course);
    command = stop_if_settled(course);
    break;
  case OW_COURSE_FORWARD_WAITED:
    forward_waited(course);
    command = stop_if_settled(course);
    break;
  case OW_COURSE_REVERSE_ENDED:
    reverse_ended(course);
    command = stop_if_settled(course);
    break;
  case OW_COURSE_CUT_SHORT: command = enter_phase(course, OW_COURSE_STOPPING, OW_COURSE_STOP); break;
  case OW_COURSE_SERVER_STOPPED:
    command = enter_phase(course, OW_COURSE_STOPPING, OW_COURSE_ANSWER_STOP);
    break;
  case OW_COURSE_LOST: command = salvage_or_finish(course); break;
  case OW_COURSE_FAILED: command = finish_course(course); break;
  case OW_COURSE_ACCEPTED:
  case OW_COURSE_STARTED:
  case OW_COURSE_FETCHED:
  case OW_COURSE_REFINED:
  case OW_COURSE_SALVAGED:
  case OW_COURSE_EVENTS: break;
  }
  return command;
}

static enum ow_course_command while_stopping(struct ow_course *course, enum ow_course_event event)
{
  enum ow_course_command command = OW_COURSE_NOTHING;
  switch (event) {
  case OW_COURSE_FORWARD_ARRIVED: forward_arrived(course); break;
  case OW_COURSE_FORWARD_WAITED: forward_waited(course); break;
  case OW_COURSE_SERVER_STOPPED:
    command = records_are_elsewhere(course) ? enter_phase(course, OW_COURSE_FETCHING, OW_COURSE_FETCH)
                                            : refine_or_finish(course);
    break;
  case OW_COURSE_LOST: command = salvage_or_finish(course); break;
  case OW_COURSE_FAILED: command = finish_course(course); break;
  case OW_COURSE_ACCEPTED:
  case OW_COURSE_STARTED:
  case OW_COURSE_REVERSE_ENDED:
  case OW_COURSE_FETCHED:
  case OW_COURSE_REFINED:
  case OW_COURSE_SALVAGED:
  case OW_COURSE_CUT_SHORT:
  case OW_COURSE_EVENTS: break;
  }
  return command;
}

static enum ow_course_command while_fetching(struct ow_course *course, enum ow_course_event event)
{
  enum ow_course_command command = OW_COURSE_NOTHING;
  switch (event) {
  case OW_COURSE_FORWARD_WAITED: forward_waited(course); break;
  case OW_COURSE_LOST: command = salvage_or_finish(course); break;
  case OW_COURSE_FETCHED: command = refine_or_finish(course); break;
  case OW_COURSE_FAILED: command = finish_course(course); break;
  case OW_COURSE_ACCEPTED:
  case OW_COURSE_STARTED:
  case OW_COURSE_FORWARD_ARRIVED:
  case OW_COURSE_REVERSE_ENDED:
  case OW_COURSE_SERVER_STOPPED:
  case OW_COURSE_REFINED:
  case OW_COURSE_SALVAGED:
  case OW_COURSE_CUT_SHORT:
  case OW_COURSE_EVENTS: break;
  }
  return command;
}

/* Whatever ends the asking, the results are what they were. */
static enum ow_course_command while_refining(struct ow_course *course, enum ow_course_event event)
{
  enum ow_course_command command = OW_COURSE_NOTHING;
  switch (event) {
  case OW_COURSE_REFINED:
  case OW_COURSE_LOST:
  case OW_COURSE_FAILED: command = finish_course(course); break;
  case OW_COURSE_ACCEPTED:
  case OW_COURSE_STARTED:
  case OW_COURSE_FORWARD_ARRIVED:
  case OW_COURSE_FORWARD_WAITED:
  case OW_COURSE_REVERSE_ENDED:
  case OW_COURSE_SERVER_STOPPED:
  case OW_COURSE_FETCHED:
  case OW_COURSE_SALVAGED:
  case OW_COURSE_CUT_SHORT:
  case OW_COURSE_EVENTS: break;
  }
  return command;
}

static enum ow_course_command while_salvaging(struct ow_course *course, enum ow_course_event event)
{
  enum ow_course_command command = OW_COURSE_NOTHING;
  switch (event) {
  case OW_COURSE_SALVAGED:
  case OW_COURSE_FAILED: command = finish_course(course); break;
  case OW_COURSE_ACCEPTED:
  case OW_COURSE_STARTED:
  case OW_COURSE_FORWARD_ARRIVED:
  case OW_COURSE_FORWARD_WAITED:
  case OW_COURSE_REVERSE_ENDED:
  case OW_COURSE_SERVER_STOPPED:
  case OW_COURSE_FETCHED:
  case OW_COURSE_REFINED:
  case OW_COURSE_CUT_SHORT:
  case OW_COURSE_LOST:
  case OW_COURSE_EVENTS: break;
  }
  return command;
}

/* ---- all together ---- */

enum ow_course_command ow_course_begin(struct ow_course *course, bool forward, bool reverse)
{
  course->forward = forward ? OW_COURSE_FATE_OPEN : OW_COURSE_FATE_UNASKED;
  course->reverse = reverse ? OW_COURSE_FATE_OPEN : OW_COURSE_FATE_UNASKED;
  return forward ? enter_phase(course, OW_COURSE_REQUESTING_FORWARD, OW_COURSE_REQUEST_FORWARD)
                 : enter_phase(course, OW_COURSE_REQUESTING_REVERSE, OW_COURSE_REQUEST_REVERSE);
}

enum ow_course_command ow_course_advance(struct ow_course *course, enum ow_course_event event)
{
  enum ow_course_command command = OW_COURSE_NOTHING;
  switch (course->phase) {
  case OW_COURSE_REQUESTING_FORWARD:
  case OW_COURSE_REQUESTING_REVERSE:
  case OW_COURSE_STARTING: command = while_setting_up(course, event); break;
  case OW_COURSE_RUNNING: command = while_running(course, event); break;
  case OW_COURSE_STOPPING: command = while_stopping(course, event); break;
  case OW_COURSE_FETCHING: command = while_fetching(course, event); break;
  case OW_COURSE_REFINING: command = while_refining(course, event); break;
  case OW_COURSE_SALVAGING: command = while_salvaging(course, event); break;
  case OW_COURSE_DONE:
  case OW_COURSE_PHASES: break;
  }
  return command;
}

bool ow_course_absent_is_lost(const struct ow_course *course, bool whole)
{
  return whole && (course->forward == OW_COURSE_FATE_WAITED || course->forward == OW_COURSE_FATE_KNOWN);
}
