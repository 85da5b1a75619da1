/* SPDX-License-Identifier: MIT */
/* Exponential variates that both ends compute alike, bit for bit (RFC 4656, 5 and appendix A). */
#ifndef OWAMP_SCHEDULE_EXPONENTIAL_H
#define OWAMP_SCHEDULE_EXPONENTIAL_H

#include <stdint.h>

#include "base/status.h"
#include "crypto/keys.h"

struct ow_exponential;

/** A generator keyed with the SID; NULL if the crypto library fails or memory is short. The caller frees. */
struct ow_exponential *ow_exponential_create(const struct ow_sid *sid) OW_MUST_CHECK;
void ow_exponential_free(struct ow_exponential *generator);

/** The next variate of mean 1, 32.32, into `value`. OW_CRYPTO if the library fails. */
enum ow_status ow_exponential_next(struct ow_exponential *generator, uint64_t *value) OW_MUST_CHECK;

#endif
