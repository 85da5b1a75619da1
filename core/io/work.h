/* SPDX-License-Identifier: MIT */
/*
 * Work that takes long and knows nothing but itself, such as to derive a key, off the loop's thread: each
 * loop has one worker at most. Its thread is started when there is work and ends when there is none; it has
 * all signals blocked. What the work leaves on the thread's stack is wiped.
 */
#ifndef OWAMP_IO_WORK_H
#define OWAMP_IO_WORK_H

#include "base/status.h"
#include "io/loop.h"
#include "io/work_queue.h"

enum ow_work_stage {
  OW_WORK_NONE,     /* the owner's alone */
  OW_WORK_WAITING,  /* for the worker */
  OW_WORK_RUNNING,  /* the worker's */
  OW_WORK_DROPPED,  /* the worker's still, and nobody else's any more */
  OW_WORK_FINISHED, /* `done` is to be called */
};

/** Embed it; zero-initialised, then the first group filled in. */
struct ow_work {
  /** On the worker's thread. Touches nothing but this work. */
  void (*run)(struct ow_work *work);
  /**
   * On the loop's thread, later than ow_work_begin(). The work is the owner's again: may free it. OW_OK: it
   * was run; OW_LIMIT: it had to give way, and wasn't.
   */
  void (*done)(struct ow_work *work, enum ow_status status);
  /** It was cancelled: free it. On either thread; `done` is not called. */
  void (*drop)(struct ow_work *work);

  struct ow_queued_work place; /* of it `behind`, too; see io/work_queue.h */
  struct ow_post post;
  struct ow_loop *loop;
  enum ow_work_stage stage;
  enum ow_status status;
};

/**
 * Hand it over for `party`: while it waits, works of other parties take turns with those of this one. `most`
 * may wait: if so many do, what lets others go first gives way, or the last of the party that has the most of
 * them, should that be another than this one and have more. OW_LIMIT: none does; OW_MEMORY, OW_NETWORK: there
 * is no worker, for want of memory or of a thread. The work is then the caller's, as before. Every work must
 * have come to its end, or be cancelled, before the loop is freed, which waits for the one that runs.
 */
enum ow_status ow_work_begin(struct ow_loop *loop, struct ow_work *work, uint64_t party, unsigned most,
                             struct ow_failure *failure) OW_MUST_CHECK;
/**
 * It is dropped, at once or as soon as the worker is through with it; nothing is waited for. On the loop's
 * thread, not within `done`.
 */
void ow_work_cancel(struct ow_work *work);

#endif
