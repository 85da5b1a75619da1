/* SPDX-License-Identifier: MIT */
/*
 * A loop in a thread of its own, as a guest in somebody else's process needs it: all signals stay the host's,
 * nothing but the loop waits, and it ends soon after it is told to.
 *
 * While the thread doesn't run, before ow_thread_start() and after ow_thread_stop(), the loop is the
 * caller's: watches and timers are set up, and taken down, on the caller's thread without a lock.
 */
#ifndef OWAMP_IO_THREAD_H
#define OWAMP_IO_THREAD_H

#include <pthread.h>

#include "base/log.h"
#include "base/status.h"
#include "io/loop.h"

/**
 * pthread_create() with all signals blocked: none may be delivered to a thread that the host doesn't know.
 * Returns an error number.
 */
int ow_thread_create_deaf(pthread_t *id, void *(*run)(void *argument), void *argument) OW_MUST_CHECK;

struct ow_thread;

/** The loop, not running yet. NULL with a failure. */
struct ow_thread *ow_thread_create(struct ow_failure *failure) OW_MUST_CHECK;
/**
 * Stops it if it runs, and frees the loop: every watch must be closed, every timer cancelled. NULL: nothing.
 */
void ow_thread_free(struct ow_thread *thread);

/** Valid until the thread is freed. */
struct ow_loop *ow_thread_loop(const struct ow_thread *thread);

/**
 * Run the loop in a thread, with all signals blocked, that ps(1) shows as `name` (15 octets at most). Should
 * the loop itself fail, which no known kernel lets happen, the thread ends and `log` (may be NULL) is told
 * why; it is copied. Not while it runs already. OW_NETWORK: the system grants no thread.
 */
enum ow_status ow_thread_start(struct ow_thread *thread, const char *name, const struct ow_log *log,
                               struct ow_failure *failure) OW_MUST_CHECK;
/**
 * Stop the loop and wait for the thread's end: as long as the callback that is running now, and no longer.
 * Posts that have not run stay undone. Not on the thread itself. Nothing happens if it doesn't run. It can be
 * started again.
 */
void ow_thread_stop(struct ow_thread *thread);

/**
 * Wait until the thread has ended by itself: until somebody has called ow_loop_stop(). Then as
 * ow_thread_stop().
 */
void ow_thread_await(struct ow_thread *thread);

/**
 * Have `run` called with `context` on the thread, and wait until it has returned. If the thread doesn't run
 * it is called at once, by the caller. Not on the thread itself, and not while another thread stops it.
 */
void ow_thread_call(struct ow_thread *thread, void (*run)(void *context), void *context);

#endif
