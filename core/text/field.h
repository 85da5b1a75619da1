/* SPDX-License-Identifier: MIT */
/* A text that a person wrote, into a member of fixed size. */
#ifndef OWAMP_TEXT_FIELD_H
#define OWAMP_TEXT_FIELD_H

#include <stddef.h>

#include "base/status.h"

/**
 * Copy `text` to `field` of `size` octets, and fill the rest with zeros, so that fields can be compared as a
 * whole. OW_INVALID if it is empty or, with its NUL, longer; then `field` is as before.
 */
enum ow_status ow_field_copy(char *field, size_t size, const char *text,
                             struct ow_failure *failure) OW_MUST_CHECK;

#endif
