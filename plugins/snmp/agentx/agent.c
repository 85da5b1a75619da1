#include "agentx/agent.h"

struct agent the_agent;
