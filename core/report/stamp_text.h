/* SPDX-License-Identifier: MIT */
/*
 * Stamps as UTC in ISO 8601 with nanoseconds: "2026-11-24T12:00:00.000000000Z". Of the eras of a stamp the
 * one is taken that lies between 1968 and 2104, so that text and stamp are one and the same without a clock.
 */
#ifndef OWAMP_REPORT_STAMP_TEXT_H
#define OWAMP_REPORT_STAMP_TEXT_H

#include <stdbool.h>

#include "base/status.h"
#include "time/timestamp.h"

enum { OW_STAMP_TEXT = 32 };

/** Returns `out`. */
const char *ow_stamp_print(char out[OW_STAMP_TEXT], struct ow_timestamp stamp);
/** Back: a stamp that prints as `text`. False if it is no such time. */
bool ow_stamp_parse(const char *text, struct ow_timestamp *stamp) OW_MUST_CHECK;

#endif
