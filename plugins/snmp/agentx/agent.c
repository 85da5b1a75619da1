/* SPDX-License-Identifier: MIT */
/* The one agent that there is. */
#include "agentx/agent.h"

struct agent the_agent;
