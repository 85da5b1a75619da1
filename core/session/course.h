/* SPDX-License-Identifier: MIT */
/*
 * The course of a measurement, state by event: sessions are requested, started, run until both directions are
 * settled, stopped, what the server recorded is fetched, and at last when the packets that it sent really
 * left, which only makes a result better. Pure: whoever does the work feeds what happened and is told what to
 * do next (RFC 4656, 3.5 to 3.9, from the Control-Client's side).
 *
 * A direction is settled when nothing that matters can still come: the reverse one when its Session-Receiver
 * has finished, the forward one when all its packets are known to have arrived, or the last one's loss
 * timeout has passed. What arrived forward stands in the server's records; whoever knows that all did has
 * read them.
 */
#ifndef OWAMP_SESSION_COURSE_H
#define OWAMP_SESSION_COURSE_H

#include <stdbool.h>

enum ow_course_phase {
  OW_COURSE_REQUESTING_FORWARD,
  OW_COURSE_REQUESTING_REVERSE,
  OW_COURSE_STARTING,
  OW_COURSE_RUNNING,
  OW_COURSE_STOPPING, /* our Stop-Sessions is sent, or owed; the server's is still to come */
  OW_COURSE_FETCHING,
  OW_COURSE_REFINING,  /* the reverse packets' departures are asked for: nothing that happens is a failure */
  OW_COURSE_SALVAGING, /* the control connection is lost: the records are asked for over another one */
  OW_COURSE_DONE,
  OW_COURSE_PHASES
};

/** What is known of a direction's packets. */
enum ow_course_fate {
  OW_COURSE_FATE_UNASKED, /* this direction isn't measured */
  OW_COURSE_FATE_OPEN,    /* some may still come */
  OW_COURSE_FATE_WAITED,  /* forward: the last one's loss timeout has passed; the records are still to be
                             fetched */
  OW_COURSE_FATE_KNOWN,   /* all is known: the records are here */
  OW_COURSE_FATES
};

enum ow_course_event {
  OW_COURSE_ACCEPTED,        /* the server agreed to the session, and our end of it is open */
  OW_COURSE_STARTED,         /* Start-Ack */
  OW_COURSE_FORWARD_ARRIVED, /* all forward packets have arrived, and their records are here */
  OW_COURSE_FORWARD_WAITED,  /* the last forward packet's loss timeout has passed */
  OW_COURSE_REVERSE_ENDED,   /* the Session-Receiver has finished */
  OW_COURSE_SERVER_STOPPED,  /* Stop-Sessions came, first or as the answer to ours */
  OW_COURSE_FETCHED,
  OW_COURSE_REFINED,   /* the departures are here, or there are none to be had */
  OW_COURSE_SALVAGED,  /* what could be had is here */
  OW_COURSE_CUT_SHORT, /* time is short: stop now and gather what is known */
  OW_COURSE_LOST,      /* the control connection */
  OW_COURSE_FAILED,    /* refused, impossible, or out of time: what is known at this moment is all */
  OW_COURSE_EVENTS
};

enum ow_course_command {
  OW_COURSE_NOTHING,
  OW_COURSE_REQUEST_FORWARD,
  OW_COURSE_REQUEST_REVERSE,
  OW_COURSE_START,
  OW_COURSE_RUN,
  OW_COURSE_STOP,        /* send Stop-Sessions */
  OW_COURSE_ANSWER_STOP, /* the same, to a server that stopped first; then OW_COURSE_SERVER_STOPPED is due */
  OW_COURSE_FETCH,
  OW_COURSE_REFINE,
  OW_COURSE_SALVAGE,
  OW_COURSE_FINISH, /* work out the results; nothing more is to be done */
};

/** Embed it. */
struct ow_course {
  enum ow_course_phase phase;
  enum ow_course_fate forward;
  enum ow_course_fate reverse; /* never OW_COURSE_FATE_WAITED */
};

/** Begin to measure these directions, one at least. */
enum ow_course_command ow_course_begin(struct ow_course *course, bool forward, bool reverse);
/** An event that has no meaning in the present phase changes nothing. */
enum ow_course_command ow_course_advance(struct ow_course *course, enum ow_course_event event);
/**
 * True if a forward packet without a record is lost, and not only unknown: if the measurement was `whole`,
 * and all arrived or the last one's loss timeout had passed.
 */
bool ow_course_absent_is_lost(const struct ow_course *course, bool whole);

#endif
