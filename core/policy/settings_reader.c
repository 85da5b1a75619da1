/* SPDX-License-Identifier: MIT */
/* A work that reads, then one that frees what was before; what is said meanwhile waits for the loop's thread.
 */
#include "policy/settings_reader.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/container_of.h"
#include "io/work.h"

/* No client's, so that it takes turns with none. */
#define PARTY UINT64_MAX

struct line {
  STAILQ_ENTRY(line) next;
  enum ow_log_level level;
  char text[];
};

struct ow_settings_reader {
  struct ow_work work;
  struct ow_loop *loop;
  struct ow_settings_paths paths;
  const struct ow_log *log;
  ow_settings_read *done;
  void *context;
  bool busy;  /* with the next members, which are the worker's meanwhile */
  bool again; /* it was asked for since */
  STAILQ_HEAD(line_queue, line) lines;
  struct ow_settings settings;
  enum ow_status status;
  struct ow_failure failure;
};

static struct ow_settings_reader *of_work(struct ow_work *work)
{
  return OW_CONTAINER_OF(work, struct ow_settings_reader, work);
}

static void forget_lines(struct ow_settings_reader *reader)
{
  struct line *line;
  while ((line = STAILQ_FIRST(&reader->lines))) {
    STAILQ_REMOVE_HEAD(&reader->lines, next);
    free(line);
  }
}

static void on_drop(struct ow_work *work)
{
  struct ow_settings_reader *reader = of_work(work);
  forget_lines(reader);
  ow_settings_clear(&reader->settings);
  free(reader);
}

/* ---- on the worker's thread ---- */

/* A line for which there is no memory is lost. */
static void keep_line(void *context, enum ow_log_level level, const char *text)
{
  struct ow_settings_reader *reader = context;
  size_t octets = strlen(text) + 1;
  struct line *line = malloc(sizeof *line + octets);
  if (line) {
    line->level = level;
    memcpy(line->text, text, octets);
    STAILQ_INSERT_TAIL(&reader->lines, line, next);
  }
}

static void read_files(struct ow_work *work)
{
  struct ow_settings_reader *reader = of_work(work);
  const struct ow_log log = {.context = reader, .emit = keep_line, .most = OW_LOG_DEBUG};
  reader->status = ow_settings_load(&reader->paths, &reader->settings, &log, &reader->failure);
}

static void forget(struct ow_work *work)
{
  ow_settings_clear(&of_work(work)->settings);
}

/* ---- on the loop's ---- */

static enum ow_status begin(struct ow_settings_reader *reader, void (*run)(struct ow_work *),
                            void (*done)(struct ow_work *, enum ow_status), struct ow_failure *failure)
{
  reader->work = (struct ow_work){.run = run, .done = done, .drop = on_drop};
  enum ow_status status = ow_work_begin(reader->loop, &reader->work, PARTY, UINT_MAX, failure);
  reader->busy = status == OW_OK;
  return status;
}

static void on_read(struct ow_work *work, enum ow_status status);

static void read_again(struct ow_settings_reader *reader)
{
  reader->again = false;
  if (begin(reader, read_files, on_read, &reader->failure) != OW_OK)
    reader->done(reader->context, reader->failure.status, &reader->settings, &reader->failure);
}

static void on_forgotten(struct ow_work *work, enum ow_status status)
{
  struct ow_settings_reader *reader = of_work(work);
  (void)status;
  reader->busy = false;
  if (reader->again)
    read_again(reader);
}

/* Nothing makes it give way: `status` is OW_OK. */
static void on_read(struct ow_work *work, enum ow_status status)
{
  struct ow_settings_reader *reader = of_work(work);
  struct ow_failure ignored;
  for (const struct line *line = STAILQ_FIRST(&reader->lines); line; line = STAILQ_NEXT(line, next))
    ow_log(reader->log, line->level, "%s", line->text);
  forget_lines(reader);
  reader->done(reader->context, reader->status, &reader->settings, &reader->failure);
  if (begin(reader, forget, on_forgotten, &ignored) != OW_OK) {
    forget(work);
    on_forgotten(work, status);
  }
}

enum ow_status ow_settings_reader_read(struct ow_settings_reader *reader, struct ow_failure *failure)
{
  enum ow_status status = OW_OK;
  if (reader->busy)
    reader->again = true;
  else
    status = begin(reader, read_files, on_read, failure);
  return status;
}

struct ow_settings_reader *ow_settings_reader_create(struct ow_loop *loop,
                                                     const struct ow_settings_paths *paths,
                                                     const struct ow_log *log, ow_settings_read *done,
                                                     void *context)
{
  struct ow_settings_reader *reader = calloc(1, sizeof *reader);
  if (reader) {
    STAILQ_INIT(&reader->lines);
    reader->loop = loop;
    reader->paths = *paths;
    reader->log = log;
    reader->done = done;
    reader->context = context;
  }
  return reader;
}

void ow_settings_reader_free(struct ow_settings_reader *reader)
{
  if (reader && reader->busy)
    ow_work_cancel(&reader->work);
  else if (reader)
    on_drop(&reader->work);
}
