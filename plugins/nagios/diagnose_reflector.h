/* SPDX-License-Identifier: MIT */
/* The steps that are a reflector's own. */
#ifndef CHECK_OWAMP_DIAGNOSE_REFLECTOR_H
#define CHECK_OWAMP_DIAGNOSE_REFLECTOR_H

#include "diagnose_steps.h"

/** Whether it answers, what of its answers is lost, and whether it counts them. */
void diagnose_reflector(const struct view *view);
void diagnose_round_trips(const struct view *view);
void diagnose_counting(const struct view *view);

#endif
