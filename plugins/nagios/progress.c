/* SPDX-License-Identifier: MIT */
/* Carriage return, the line, blanks over what is left of the one before. */
#include "progress.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "text.h"

#define PERIOD (250 * OW_NS_PER_MS)

enum { PATIENCE = 8 /* periods */, MOST_COLUMNS = 79, LEAST_COLUMNS = 20 };

static const struct check_options *shown_for;
static unsigned tellings;
static volatile sig_atomic_t shown; /* columns that are written on */

/* A terminal that doesn't take it can't be helped. */
static void put(const char *text, size_t octets)
{
  if (write(STDERR_FILENO, text, octets) < 0)
    return;
}

/* One column stays free: a cursor beyond the last one would be in the next line. */
static size_t columns(void)
{
  struct winsize window = {0};
  size_t most = MOST_COLUMNS;
  if (ioctl(STDERR_FILENO, TIOCGWINSZ, &window) == 0 && window.ws_col > LEAST_COLUMNS &&
      window.ws_col <= most)
    most = (size_t)window.ws_col - 1;
  return most;
}

/* ---- words ---- */

static void add_packets(struct check_text *line, const struct ow_probe_progress *progress)
{
  const bool *directions = shown_for->settings.peer.directions;
  uint32_t packets = progress->packets;
  if (directions[OW_FORWARD])
    check_text_add(line, "%u of %u packets sent", progress->sent, packets);
  if (directions[OW_FORWARD] && directions[OW_REVERSE])
    check_text_add(line, ", %u of %u received", progress->received, packets);
  else if (directions[OW_REVERSE])
    check_text_add(line, "%u of %u packets received", progress->received, packets);
}

static void add_step(struct check_text *line, const struct ow_probe_progress *progress)
{
  const char *words = "working out the result";
  switch (progress->step) {
  case OW_STEP_RESOLVE: words = "resolving the name"; break;
  case OW_STEP_CONNECT: words = "connecting"; break;
  case OW_STEP_SETUP: words = "waiting for the server to set up"; break;
  case OW_STEP_REQUEST: words = "requesting the sessions"; break;
  case OW_STEP_START: words = "waiting for the server to start"; break;
  case OW_STEP_RUN: words = ""; break;
  case OW_STEP_STOP: words = "stopping"; break;
  case OW_STEP_FETCH: words = "fetching the records"; break;
  case OW_STEP_DONE: break;
  }
  if (words[0])
    check_text_add(line, "%s", words);
  else
    add_packets(line, progress);
}

/* ---- the line ---- */

static void show(const struct check_text *line)
{
  char text[2 * MOST_COLUMNS + 4];
  size_t length = line->length;
  size_t before = (size_t)shown;
  int octets =
      snprintf(text, sizeof text, "\r%s%*s", line->out, before > length ? (int)(before - length) : 0, "");
  shown = (sig_atomic_t)(before > length ? before : length);
  put(text, (size_t)octets);
}

static void tell(void *context, const struct ow_probe_progress *progress)
{
  char text[MOST_COLUMNS + 1];
  struct check_text line = {text, columns() + 1, 0};
  (void)context;
  if (++tellings < PATIENCE)
    return;
  check_text_add(&line, "check_owamp: ");
  add_step(&line, progress);
  check_text_add(&line, ", up to %lld s left", (long long)((progress->left + OW_NS_PER_S - 1) / OW_NS_PER_S));
  show(&line);
}

void check_progress_begin(const struct check_options *options)
{
  shown_for = options;
  tellings = 0;
}

const struct ow_probe_watch *check_progress_watch(void)
{
  static const struct ow_probe_watch watch = {.period = PERIOD, .tell = tell};
  return isatty(STDERR_FILENO) ? &watch : NULL;
}

void check_progress_erase(void)
{
  static const char blanks[MOST_COLUMNS + 1] =
      "                                                                               ";
  if (shown > 0) {
    put("\r", 1);
    put(blanks, (size_t)shown);
    put("\r", 1);
    shown = 0;
  }
}
