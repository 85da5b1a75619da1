/*
 * One thread, one loop: descriptors, deadlines on the monotonic clock, and instants on the wall clock.
 * Nothing here is thread-safe but ow_loop_stop() and ow_loop_post().
 */
#ifndef OWAMP_IO_LOOP_H
#define OWAMP_IO_LOOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "time/clock.h"

struct ow_loop;

/** NULL if the operating system refuses; the failure says why. The caller frees. */
struct ow_loop *ow_loop_create(struct ow_failure *failure) OW_MUST_CHECK;
/** Every watch must be closed and every timer cancelled before. */
void ow_loop_free(struct ow_loop *loop);

/** Both clocks, now (CLOCK_REALTIME, CLOCK_MONOTONIC). */
struct ow_instant ow_loop_now(const struct ow_loop *loop);

/** A descriptor that the loop watches. Embed it in what it belongs to. */
struct ow_watch {
  int descriptor; /* -1: not watched */
  uint32_t events;
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
/** Stop watching; close the descriptor; set it to -1. Nothing happens if it is -1. */
void ow_watch_close(struct ow_loop *loop, struct ow_watch *watch);

/** A deadline. Embed it; zero-initialised it is not set. Order among equal deadlines is that of setting. */
struct ow_timer {
  size_t place;   /* in the heap, from 1; 0: not set */
  uint64_t order; /* of setting */
  int64_t when;   /* ns on its clock; on the wall clock since 1970, so that no era can wrap. The loop's own */
  bool on_wall_clock;
  /** The timer is no longer set. May set or cancel this and any other timer, and close any watch. */
  void (*expired)(struct ow_timer *timer);
};

/**
 * Fire once, when the monotonic clock reaches `when` (ns). Sets or moves. OW_MEMORY; but moving on the same
 * clock needs none, nor does setting again within `expired`, before any other timer is set.
 */
enum ow_status ow_timer_set(struct ow_loop *loop, struct ow_timer *timer, int64_t when) OW_MUST_CHECK;
/**
 * Fire once, when the wall clock reaches `when`: an absolute wake-up with the kernel's best resolution, at
 * once if it lies in the past. A wall clock that is set is noticed at once, and the wait follows it.
 */
enum ow_status ow_timer_set_wall(struct ow_loop *loop, struct ow_timer *timer,
                                 struct ow_timestamp when) OW_MUST_CHECK;
void ow_timer_cancel(struct ow_loop *loop, struct ow_timer *timer);

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
 * Run until ow_loop_stop(). OW_NETWORK if the operating system fails. Timers that are due come before
 * descriptors that are ready, and are looked at again between any two of them. Can be called again.
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

#endif
