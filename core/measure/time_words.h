/* SPDX-License-Identifier: MIT */
/* What is said of a measurement that its time cuts short, by whatever protocol it is. */
#ifndef OWAMP_MEASURE_TIME_WORDS_H
#define OWAMP_MEASURE_TIME_WORDS_H

#include <stdbool.h>
#include <stdint.h>

#include "config/peer.h"

/**
 * OW_TIMEOUT, with a sentence that says how much time to give: whole seconds, in which all but one
 * measurement of the peer in 10^9 end, if what lies beside its packets takes `beside` ns again. If this
 * host's clock was set meanwhile, that is the reason, and no more time helps.
 */
enum ow_status ow_explain_short_time(const struct ow_peer *peer, int64_t beside, bool clock_was_set,
                                     struct ow_failure *failure);

#endif
