/* SPDX-License-Identifier: MIT */
/*
 * One thread, one loop: descriptors, deadlines on the monotonic clock, and instants on the wall clock.
 * Nothing here is thread-safe but ow_loop_stop() and ow_loop_post().
 *
 * The rule of everything that lives on it: **no callback runs inside the call that causes it.** Callbacks are
 * called by the loop (a watch, a timer, a completion, a post), or as the last act of another callback. What a
 * call ends at once, or makes possible, is told by a completion at the end of the turn. So whoever is called
 * back may close and free what calls it, and whoever calls finds everything as it was.
 */
#ifndef OWAMP_IO_LOOP_H
#define OWAMP_IO_LOOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "io/completion.h"
#include "io/timer.h"
#include "io/turns.h"
#include "time/clock.h"

struct ow_loop;

/** NULL if the operating system refuses; the failure says why. The caller frees. */
struct ow_loop *ow_loop_create(struct ow_failure *failure) OW_MUST_CHECK;
/**
 * Every watch must be closed, every timer cancelled, every completion withdrawn and every work (io/work.h)
 * cancelled before. Its tenants end with it.
 */
void ow_loop_free(struct ow_loop *loop);

/** Both clocks, now (CLOCK_REALTIME, CLOCK_MONOTONIC). */
struct ow_instant ow_loop_now(const struct ow_loop *loop);

/** A descriptor that the loop watches. Embed it in what it belongs to. */
struct ow_watch {
  int descriptor; /* -1: not watched */
  uint32_t events;
  int64_t patience; /* ns; 0: none. See ow_watch_set_patient() */
  /** `events`: those of epoll(7) that came. May close this and any other watch, and cancel any timer. */
  void (*ready)(struct ow_watch *watch, uint32_t events);
};

/**
 * Begin to watch watch->descriptor for `events` (EPOLLIN, ...; EPOLLERR and EPOLLHUP always come).
 * OW_NETWORK; the descriptor is then still open, and ow_watch_close() closes it.
 */
enum ow_status ow_watch_open(struct ow_loop *loop, struct ow_watch *watch, uint32_t events,
                             struct ow_failure *failure) OW_MUST_CHECK;
/** Watch for other events; no system call if they are the same. */
void ow_watch_change(struct ow_loop *loop, struct ow_watch *watch, uint32_t events);
/**
 * What comes may wait for `most` ns, as it has the kernel's stamp and there is room for it: where much comes
 * to such descriptors they are looked at together, when the loop is awake anyway, every 10 ms at least. Less
 * than half a millisecond is as 0: what comes is told at once, as while this isn't called. The watch is open.
 * Without memory all stays as it was.
 */
void ow_watch_set_patient(struct ow_loop *loop, struct ow_watch *watch, int64_t most);
/** By a patient watch's callback: something is left. It is called again in the next turn, after due timers.
 */
void ow_watch_look_again(struct ow_loop *loop, const struct ow_watch *watch);
/** Stop watching, and return the descriptor, which stays open; watch->descriptor is -1 then. */
int ow_watch_release(struct ow_loop *loop, struct ow_watch *watch) OW_MUST_CHECK;
/** Stop watching; close the descriptor; set it to -1. Nothing happens if it is -1. */
void ow_watch_close(struct ow_loop *loop, struct ow_watch *watch);

/** Fire once, when the monotonic clock reaches `when` (ns). Sets or moves. */
void ow_timer_set(struct ow_loop *loop, struct ow_timer *timer, int64_t when);
/**
 * Fire once, when the wall clock reaches `when`: an absolute wake-up with the kernel's best resolution, at
 * once if it lies in the past. A wall clock that is set is noticed at once, and the wait follows it.
 */
void ow_timer_set_wall(struct ow_loop *loop, struct ow_timer *timer, struct ow_timestamp when);
/**
 * Fire once, when the loop is awake after the monotonic clock has reached `when` (ns), and at the latest 100
 * ms later: for what has time, and would only wake the loop. Exact timers that are due come first.
 */
void ow_timer_set_patient(struct ow_loop *loop, struct ow_timer *timer, int64_t when);
void ow_timer_cancel(struct ow_loop *loop, struct ow_timer *timer);
/**
 * Be awake 50 us before exact timers and wait for them so, for as long as one wants it: each who does says so
 * once, and once that it doesn't any more. It costs CPU time: up to 50 us for each time that something is
 * due. Else the loop falls asleep unless timers are due within a few us, and they are late by what it takes
 * to wake up.
 */
void ow_loop_wait_awake(struct ow_loop *loop, bool awake);

/**
 * Run it at the end of this turn. If this turn's are being run: after them, or at the end of the next, so
 * that none holds up the others. Nothing happens if it waits.
 */
void ow_loop_deliver(struct ow_loop *loop, struct ow_completion *completion);
/** It is not run. Nothing happens if it does not wait. */
void ow_loop_withdraw(struct ow_loop *loop, struct ow_completion *completion);

/**
 * Work whose length a peer determines, such as to skip, count or forget a million packets. Each run does a
 * part of it, some 20 us, and asks again if there is more. All such work together has 200 us of a turn, part
 * after part in the order of asking, and less if a timer becomes due. Nothing happens if it waits.
 */
void ow_loop_background(struct ow_loop *loop, struct ow_completion *part);
/** It is not run. Nothing happens if it does not wait. */
void ow_loop_withdraw_background(struct ow_loop *loop, struct ow_completion *part);

/** How often the wall clock was set (stepped) since the loop was made. Compare before and after. */
uint64_t ow_loop_clock_steps(const struct ow_loop *loop);

/**
 * Somebody who must know at once when the wall clock is set. Embed it; zero-initialised it watches nothing.
 */
struct ow_step_watcher {
  struct ow_step_watcher *next;
  /** The count is higher than before. May set and cancel timers, and close watches; not unwatch steps. */
  void (*stepped)(struct ow_step_watcher *watcher);
};
/** `stepped` is called as soon as the step is noticed, before any other callback. */
void ow_loop_watch_steps(struct ow_loop *loop, struct ow_step_watcher *watcher);
void ow_loop_unwatch_steps(struct ow_loop *loop, struct ow_step_watcher *watcher);

/**
 * The longest turn by either since this was last asked: for how long whatever became ready may have waited.
 */
struct ow_turn ow_loop_longest_turn(struct ow_loop *loop);

/**
 * Run until ow_loop_stop(). OW_NETWORK if the operating system fails. Timers that are due come before
 * descriptors that are ready, for half a millisecond, and are looked at again between any two of them, for a
 * tenth, so that neither holds up the other; completions come next, background work last. Can be called
 * again.
 */
enum ow_status ow_loop_run(struct ow_loop *loop, struct ow_failure *failure) OW_MUST_CHECK;
/**
 * Make ow_loop_run() return soon; called before, the next run returns at once. From any thread, from within,
 * or from a signal handler.
 */
void ow_loop_stop(struct ow_loop *loop);

/**
 * Work handed to the loop's thread from another one. The caller keeps `post` until it was run or withdrawn.
 */
struct ow_post {
  struct ow_post *next;
  void (*run)(struct ow_post *post);
};
/** From any thread. */
void ow_loop_post(struct ow_loop *loop, struct ow_post *post);
/** Take back work that still waits. On the loop's thread. False if it does not wait (any more). */
bool ow_loop_unpost(struct ow_loop *loop, struct ow_post *post);

/** Something of which each loop has one, and which ends with it. Embed it. */
struct ow_loop_tenant {
  struct ow_loop_tenant *next;
  /** ow_loop_free() was called, and the loop is whole yet. Tells one kind of tenant from another. */
  void (*end)(struct ow_loop_tenant *tenant);
};
/** On the loop's thread. */
void ow_loop_house(struct ow_loop *loop, struct ow_loop_tenant *tenant);
/** The tenant that ends so; NULL if there is none. On the loop's thread. */
struct ow_loop_tenant *ow_loop_tenant(const struct ow_loop *loop, void (*end)(struct ow_loop_tenant *tenant));

#endif
