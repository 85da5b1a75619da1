/* SPDX-License-Identifier: MIT */
/* owamp-responder, from its command line to its exit status. */
#ifndef OWAMP_RESPONDER_RUN_H
#define OWAMP_RESPONDER_RUN_H

/** 0: stopped by a signal, or -h or -V; 1: it couldn't start or go on; 2: wrong usage. */
int ow_responder_run(int count, char **words);

#endif
