/* SPDX-License-Identifier: MIT */
/* The system's own words, and a hint for those that are about something else. */
#include "base/refusal.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

const char *ow_refusal_text(int error)
{
  const char *text = NULL;
  switch (error) {
  case 0: break;
  case EPERM: text = "Operation not permitted (a firewall of this host)"; break;
  case EACCES: text = "Permission denied (a route that prohibits it)"; break;
  case EINVAL: text = "Invalid argument (a blackhole route)"; break;
  default: text = strerrordesc_np(error); break;
  }
  return text ? text : "the operating system refused";
}
