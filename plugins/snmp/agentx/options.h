/* SPDX-License-Identifier: MIT */
/* The command line: snmpd's flags, as far as a subagent has use for them. */
#ifndef OWAMP_SNMP_OPTIONS_H
#define OWAMP_SNMP_OPTIONS_H

#include <stdbool.h>

#include "daemon/privileges.h"

struct agent_options {
  bool foreground;
  bool log_given;
  bool check;
  const char *pid_file; /* NULL: none */
  struct ow_identity identity;
  bool user_given;
  bool group_given; /* or known from the user's entry */
};

/** What the program is to do: go on, or end with an exit status. */
enum agent_action { AGENT_RUN = -1, AGENT_END_WELL = 0, AGENT_END_BADLY = 1 };

/** Reads the words; what Net-SNMP itself has to know is told to it. Help and faults are printed. */
enum agent_action agent_options_read(int count, char **words, struct agent_options *options);

#endif
