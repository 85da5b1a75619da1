/* SPDX-License-Identifier: MIT */
#include "agentx/agent.h"

struct agent the_agent;
