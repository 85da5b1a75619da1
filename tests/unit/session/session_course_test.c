/* SPDX-License-Identifier: MIT */
/* core/session: the course of a measurement, every state by every event. */
#include <string.h>

#include "session/course.h"
#include "support/main.h"

enum { ANY = -1 };

/* What is not listed changes nothing and asks for nothing. */
struct transition {
  enum ow_course_phase phase;
  int forward; /* fate before, or ANY */
  int reverse;
  enum ow_course_event event;
  enum ow_course_phase next;
  enum ow_course_command command;
  int forward_after; /* ANY: as before */
  int reverse_after;
};

#define UNASKED OW_COURSE_FATE_UNASKED
#define OPEN OW_COURSE_FATE_OPEN
#define WAITED OW_COURSE_FATE_WAITED
#define KNOWN OW_COURSE_FATE_KNOWN

static const struct transition transitions[] = {
    /* Setting up: what the server agreed to leads on, what fails ends it. */
    {OW_COURSE_REQUESTING_FORWARD, ANY, UNASKED, OW_COURSE_ACCEPTED, OW_COURSE_STARTING, OW_COURSE_START, ANY,
     ANY},
    {OW_COURSE_REQUESTING_FORWARD, ANY, ANY, OW_COURSE_ACCEPTED, OW_COURSE_REQUESTING_REVERSE,
     OW_COURSE_REQUEST_REVERSE, ANY, ANY},
    {OW_COURSE_REQUESTING_FORWARD, ANY, ANY, OW_COURSE_LOST, OW_COURSE_DONE, OW_COURSE_FINISH, ANY, ANY},
    {OW_COURSE_REQUESTING_FORWARD, ANY, ANY, OW_COURSE_FAILED, OW_COURSE_DONE, OW_COURSE_FINISH, ANY, ANY},
    {OW_COURSE_REQUESTING_REVERSE, ANY, ANY, OW_COURSE_ACCEPTED, OW_COURSE_STARTING, OW_COURSE_START, ANY,
     ANY},
    {OW_COURSE_REQUESTING_REVERSE, ANY, ANY, OW_COURSE_LOST, OW_COURSE_DONE, OW_COURSE_FINISH, ANY, ANY},
    {OW_COURSE_REQUESTING_REVERSE, ANY, ANY, OW_COURSE_FAILED, OW_COURSE_DONE, OW_COURSE_FINISH, ANY, ANY},
    {OW_COURSE_STARTING, ANY, ANY, OW_COURSE_STARTED, OW_COURSE_RUNNING, OW_COURSE_RUN, ANY, ANY},
    {OW_COURSE_STARTING, ANY, ANY, OW_COURSE_LOST, OW_COURSE_DONE, OW_COURSE_FINISH, ANY, ANY},
    {OW_COURSE_STARTING, ANY, ANY, OW_COURSE_FAILED, OW_COURSE_DONE, OW_COURSE_FINISH, ANY, ANY},

    /* Running: stop as soon as both are settled. */
    {OW_COURSE_RUNNING, OPEN, OPEN, OW_COURSE_FORWARD_ARRIVED, OW_COURSE_RUNNING, OW_COURSE_NOTHING, KNOWN,
     ANY},
    {OW_COURSE_RUNNING, WAITED, OPEN, OW_COURSE_FORWARD_ARRIVED, OW_COURSE_RUNNING, OW_COURSE_NOTHING, KNOWN,
     ANY},
    {OW_COURSE_RUNNING, KNOWN, OPEN, OW_COURSE_FORWARD_ARRIVED, OW_COURSE_RUNNING, OW_COURSE_NOTHING, KNOWN,
     ANY},
    {OW_COURSE_RUNNING, UNASKED, OPEN, OW_COURSE_FORWARD_ARRIVED, OW_COURSE_RUNNING, OW_COURSE_NOTHING, ANY,
     ANY},
    {OW_COURSE_RUNNING, UNASKED, ANY, OW_COURSE_FORWARD_ARRIVED, OW_COURSE_STOPPING, OW_COURSE_STOP, ANY,
     ANY},
    {OW_COURSE_RUNNING, ANY, ANY, OW_COURSE_FORWARD_ARRIVED, OW_COURSE_STOPPING, OW_COURSE_STOP, KNOWN, ANY},
    {OW_COURSE_RUNNING, OPEN, OPEN, OW_COURSE_FORWARD_WAITED, OW_COURSE_RUNNING, OW_COURSE_NOTHING, WAITED,
     ANY},
    {OW_COURSE_RUNNING, ANY, OPEN, OW_COURSE_FORWARD_WAITED, OW_COURSE_RUNNING, OW_COURSE_NOTHING, ANY, ANY},
    {OW_COURSE_RUNNING, OPEN, ANY, OW_COURSE_FORWARD_WAITED, OW_COURSE_STOPPING, OW_COURSE_STOP, WAITED, ANY},
    {OW_COURSE_RUNNING, ANY, ANY, OW_COURSE_FORWARD_WAITED, OW_COURSE_STOPPING, OW_COURSE_STOP, ANY, ANY},
    {OW_COURSE_RUNNING, OPEN, UNASKED, OW_COURSE_REVERSE_ENDED, OW_COURSE_RUNNING, OW_COURSE_NOTHING, ANY,
     ANY},
    {OW_COURSE_RUNNING, OPEN, ANY, OW_COURSE_REVERSE_ENDED, OW_COURSE_RUNNING, OW_COURSE_NOTHING, ANY, KNOWN},
    {OW_COURSE_RUNNING, ANY, UNASKED, OW_COURSE_REVERSE_ENDED, OW_COURSE_STOPPING, OW_COURSE_STOP, ANY, ANY},
    {OW_COURSE_RUNNING, ANY, ANY, OW_COURSE_REVERSE_ENDED, OW_COURSE_STOPPING, OW_COURSE_STOP, ANY, KNOWN},
    {OW_COURSE_RUNNING, ANY, ANY, OW_COURSE_CUT_SHORT, OW_COURSE_STOPPING, OW_COURSE_STOP, ANY, ANY},
    {OW_COURSE_RUNNING, ANY, ANY, OW_COURSE_SERVER_STOPPED, OW_COURSE_STOPPING, OW_COURSE_ANSWER_STOP, ANY,
     ANY},
    {OW_COURSE_RUNNING, UNASKED, ANY, OW_COURSE_LOST, OW_COURSE_DONE, OW_COURSE_FINISH, ANY, ANY},
    {OW_COURSE_RUNNING, KNOWN, ANY, OW_COURSE_LOST, OW_COURSE_DONE, OW_COURSE_FINISH, ANY, ANY},
    {OW_COURSE_RUNNING, ANY, ANY, OW_COURSE_LOST, OW_COURSE_SALVAGING, OW_COURSE_SALVAGE, ANY, ANY},
    {OW_COURSE_RUNNING, ANY, ANY, OW_COURSE_FAILED, OW_COURSE_DONE, OW_COURSE_FINISH, ANY, ANY},

    /* Stopping: fetch only what isn't here. */
    {OW_COURSE_STOPPING, UNASKED, ANY, OW_COURSE_FORWARD_ARRIVED, OW_COURSE_STOPPING, OW_COURSE_NOTHING, ANY,
     ANY},
    {OW_COURSE_STOPPING, ANY, ANY, OW_COURSE_FORWARD_ARRIVED, OW_COURSE_STOPPING, OW_COURSE_NOTHING, KNOWN,
     ANY},
    {OW_COURSE_STOPPING, OPEN, ANY, OW_COURSE_FORWARD_WAITED, OW_COURSE_STOPPING, OW_COURSE_NOTHING, WAITED,
     ANY},
    {OW_COURSE_STOPPING, UNASKED, UNASKED, OW_COURSE_SERVER_STOPPED, OW_COURSE_DONE, OW_COURSE_FINISH, ANY,
     ANY},
    {OW_COURSE_STOPPING, UNASKED, ANY, OW_COURSE_SERVER_STOPPED, OW_COURSE_REFINING, OW_COURSE_REFINE, ANY,
     ANY},
    {OW_COURSE_STOPPING, KNOWN, UNASKED, OW_COURSE_SERVER_STOPPED, OW_COURSE_DONE, OW_COURSE_FINISH, ANY,
     ANY},
    {OW_COURSE_STOPPING, KNOWN, ANY, OW_COURSE_SERVER_STOPPED, OW_COURSE_REFINING, OW_COURSE_REFINE, ANY,
     ANY},
    {OW_COURSE_STOPPING, ANY, ANY, OW_COURSE_SERVER_STOPPED, OW_COURSE_FETCHING, OW_COURSE_FETCH, ANY, ANY},
    {OW_COURSE_STOPPING, UNASKED, ANY, OW_COURSE_LOST, OW_COURSE_DONE, OW_COURSE_FINISH, ANY, ANY},
    {OW_COURSE_STOPPING, KNOWN, ANY, OW_COURSE_LOST, OW_COURSE_DONE, OW_COURSE_FINISH, ANY, ANY},
    {OW_COURSE_STOPPING, ANY, ANY, OW_COURSE_LOST, OW_COURSE_SALVAGING, OW_COURSE_SALVAGE, ANY, ANY},
    {OW_COURSE_STOPPING, ANY, ANY, OW_COURSE_FAILED, OW_COURSE_DONE, OW_COURSE_FINISH, ANY, ANY},

    /* Fetching, refining, and salvaging. */
    {OW_COURSE_FETCHING, OPEN, ANY, OW_COURSE_FORWARD_WAITED, OW_COURSE_FETCHING, OW_COURSE_NOTHING, WAITED,
     ANY},
    {OW_COURSE_FETCHING, ANY, UNASKED, OW_COURSE_FETCHED, OW_COURSE_DONE, OW_COURSE_FINISH, ANY, ANY},
    {OW_COURSE_FETCHING, ANY, ANY, OW_COURSE_FETCHED, OW_COURSE_REFINING, OW_COURSE_REFINE, ANY, ANY},
    {OW_COURSE_FETCHING, UNASKED, ANY, OW_COURSE_LOST, OW_COURSE_DONE, OW_COURSE_FINISH, ANY, ANY},
    {OW_COURSE_FETCHING, KNOWN, ANY, OW_COURSE_LOST, OW_COURSE_DONE, OW_COURSE_FINISH, ANY, ANY},
    {OW_COURSE_FETCHING, ANY, ANY, OW_COURSE_LOST, OW_COURSE_SALVAGING, OW_COURSE_SALVAGE, ANY, ANY},
    {OW_COURSE_FETCHING, ANY, ANY, OW_COURSE_FAILED, OW_COURSE_DONE, OW_COURSE_FINISH, ANY, ANY},
    {OW_COURSE_REFINING, ANY, ANY, OW_COURSE_REFINED, OW_COURSE_DONE, OW_COURSE_FINISH, ANY, ANY},
    {OW_COURSE_REFINING, ANY, ANY, OW_COURSE_LOST, OW_COURSE_DONE, OW_COURSE_FINISH, ANY, ANY},
    {OW_COURSE_REFINING, ANY, ANY, OW_COURSE_FAILED, OW_COURSE_DONE, OW_COURSE_FINISH, ANY, ANY},
    {OW_COURSE_SALVAGING, ANY, ANY, OW_COURSE_SALVAGED, OW_COURSE_DONE, OW_COURSE_FINISH, ANY, ANY},
    {OW_COURSE_SALVAGING, ANY, ANY, OW_COURSE_FAILED, OW_COURSE_DONE, OW_COURSE_FINISH, ANY, ANY},
};

static bool fits(int wanted, enum ow_course_fate fate)
{
  return wanted == ANY || wanted == (int)fate;
}

/* The first that fits. */
static struct transition find_transition(const struct ow_course *before, enum ow_course_event event)
{
  struct transition found = {before->phase, ANY, ANY, event, before->phase, OW_COURSE_NOTHING, ANY, ANY};
  for (size_t i = 0; i < sizeof transitions / sizeof *transitions; i++) {
    const struct transition *at = &transitions[i];
    if (at->phase == before->phase && at->event == event && fits(at->forward, before->forward) &&
        fits(at->reverse, before->reverse))
      return *at;
  }
  return found;
}

static void check_one(const struct ow_course *before, enum ow_course_event event)
{
  struct transition expected = find_transition(before, event);
  struct ow_course after = *before;
  enum ow_course_command command = ow_course_advance(&after, event);
  int forward = expected.forward_after == ANY ? (int)before->forward : expected.forward_after;
  int reverse = expected.reverse_after == ANY ? (int)before->reverse : expected.reverse_after;
  ck_assert_msg(command == expected.command && after.phase == expected.next &&
                    (int)after.forward == forward && (int)after.reverse == reverse,
                "phase %d forward %d reverse %d, event %d: phase %d forward %d reverse %d command %d",
                (int)before->phase, (int)before->forward, (int)before->reverse, (int)event, (int)after.phase,
                (int)after.forward, (int)after.reverse, (int)command);
}

START_TEST(every_event_in_every_state)
{
  for (int phase = 0; phase < OW_COURSE_PHASES; phase++)
    for (int forward = 0; forward < OW_COURSE_FATES; forward++)
      for (int reverse = 0; reverse < OW_COURSE_FATES; reverse++)
        for (int event = 0; event < OW_COURSE_EVENTS; event++)
          if (reverse != OW_COURSE_FATE_WAITED)
            check_one(&(struct ow_course){(enum ow_course_phase)phase, (enum ow_course_fate)forward,
                                          (enum ow_course_fate)reverse},
                      (enum ow_course_event)event);
}
END_TEST

START_TEST(every_transition_of_the_table_is_met)
{
  for (size_t i = 0; i < sizeof transitions / sizeof *transitions; i++) {
    bool met = false;
    for (int forward = 0; forward < OW_COURSE_FATES; forward++)
      for (int reverse = 0; reverse < OW_COURSE_FATES; reverse++) {
        struct ow_course before = {transitions[i].phase, (enum ow_course_fate)forward,
                                   (enum ow_course_fate)reverse};
        struct transition found = find_transition(&before, transitions[i].event);
        met = met || (reverse != OW_COURSE_FATE_WAITED && memcmp(&found, &transitions[i], sizeof found) == 0);
      }
    ck_assert_msg(met, "transition %zu is shadowed by one before it", i);
  }
}
END_TEST

START_TEST(begins_with_the_directions_that_are_asked_for)
{
  struct ow_course course;
  ck_assert_int_eq(ow_course_begin(&course, true, true), OW_COURSE_REQUEST_FORWARD);
  ck_assert_int_eq(course.phase, OW_COURSE_REQUESTING_FORWARD);
  ck_assert(course.forward == OW_COURSE_FATE_OPEN && course.reverse == OW_COURSE_FATE_OPEN);
  ck_assert_int_eq(ow_course_begin(&course, true, false), OW_COURSE_REQUEST_FORWARD);
  ck_assert(course.forward == OW_COURSE_FATE_OPEN && course.reverse == OW_COURSE_FATE_UNASKED);
  ck_assert_int_eq(ow_course_begin(&course, false, true), OW_COURSE_REQUEST_REVERSE);
  ck_assert_int_eq(course.phase, OW_COURSE_REQUESTING_REVERSE);
  ck_assert(course.forward == OW_COURSE_FATE_UNASKED && course.reverse == OW_COURSE_FATE_OPEN);
}
END_TEST

START_TEST(an_absent_packet_is_lost_only_if_it_could_have_come)
{
  for (int fate = 0; fate < OW_COURSE_FATES; fate++) {
    struct ow_course course = {OW_COURSE_DONE, (enum ow_course_fate)fate, OW_COURSE_FATE_KNOWN};
    bool settled = fate == OW_COURSE_FATE_WAITED || fate == OW_COURSE_FATE_KNOWN;
    ck_assert_int_eq(ow_course_absent_is_lost(&course, true), settled);
    ck_assert(!ow_course_absent_is_lost(&course, false));
  }
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("session: course");
  TEST_CASE(suite, "course", every_event_in_every_state, every_transition_of_the_table_is_met,
            begins_with_the_directions_that_are_asked_for,
            an_absent_packet_is_lost_only_if_it_could_have_come);
  return test_run(suite);
}
