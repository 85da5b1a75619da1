/* SPDX-License-Identifier: MIT */
/* Words for steps, and mends that several of them know. */
#include "diagnose_steps.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

const char *check_finding_name(enum check_finding finding)
{
  static const char *const names[] = {[CHECK_STEP_NOT_REACHED] = "not reached",
                                      [CHECK_STEP_OK] = "ok",
                                      [CHECK_STEP_REMARK] = "remark",
                                      [CHECK_STEP_FAILED] = "FAILED"};
  return names[finding];
}

struct check_step *say_step(const struct view *view, const char *name, enum check_finding finding,
                            const char *format, ...)
{
  struct check_step *step = &view->diagnosis->steps[view->diagnosis->count++];
  va_list arguments;
  *step = (struct check_step){.name = name, .finding = finding};
  va_start(arguments, format);
  vsnprintf(step->found, sizeof step->found, format, arguments);
  va_end(arguments);
  return step;
}

void say_mend(struct check_step *step, const char *format, ...)
{
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(step->mend, sizeof step->mend, format, arguments);
  va_end(arguments);
}

void not_reached(const struct view *view, const char *name)
{
  say_step(view, name, CHECK_STEP_NOT_REACHED, "not reached");
}

/* What keeps a connection from being made, and where that is to be looked for. */
const char *mend_of_error(int error)
{
  const char *mend = "look at the addresses of this host and of the server, and at what lies between";
  switch (error) {
  case ENETUNREACH:
  case ENETDOWN:
    mend = "give this host a route to the server, and an interface that is up (ip route, ip link)";
    break;
  case EHOSTUNREACH:
  case EHOSTDOWN:
    mend = "check that the host is up and on its network, the routers on the way, and the firewalls that "
           "reject (ip route get, traceroute)";
    break;
  case EPERM:
  case EACCES:
    mend = "let this host's own firewall and routes allow it (nft list ruleset, ip route), or run with the "
           "capability that is named";
    break;
  default: break;
  }
  return mend;
}

const char mend_own_end[] =
    "give --source and --interface what this host has (ip address), or leave them out";

bool is_forbidden(int error)
{
  return error == EPERM || error == EACCES;
}

const char *mend_of_own_port(const struct ow_failure *failure)
{
  const char *mend = "look at this host's routes and its own firewall (ip route, nft list ruleset)";
  if (failure->status == OW_LIMIT)
    mend = "give another range with --ports, or none: the system then chooses free ones";
  else if (is_forbidden(failure->error))
    mend = "give --ports above 1023, and an --interface that this user may use, or run with the capability";
  else if (failure->status == OW_INVALID)
    mend = mend_own_end;
  return mend;
}
