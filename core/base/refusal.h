/* SPDX-License-Identifier: MIT */
/* Why an operating system would not send a packet, in words. */
#ifndef OWAMP_BASE_REFUSAL_H
#define OWAMP_BASE_REFUSAL_H

/**
 * What errno `error` says for a person, and where to look if that tells little: "Network is unreachable",
 * "Operation not permitted (a firewall of this host)". 0, or one that nobody knows: that it refused. Static.
 */
const char *ow_refusal_text(int error);

#endif
