/* SPDX-License-Identifier: MIT */
/* First the files, for the filter of system calls lets nobody bound them. */
#include "responder/sandbox.h"

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "responder/sandbox_calls.h"
#include "responder/sandbox_files.h"

enum { CONF, LIMITS, KEYS, CONF_TARGET, LIMITS_TARGET, KEYS_TARGET, FOLDERS };

typedef char path_text[PATH_MAX];

static void cut_name(char *path)
{
  char *slash = strrchr(path, '/');
  if (slash)
    slash[slash == path] = '\0';
}

/* Its folder, in which it may be replaced; and if it is a link, the folder of what it leads to. */
static void find_folders(const char *file, char *folder, char *target)
{
  snprintf(folder, PATH_MAX, "%s", file);
  cut_name(folder);
  if (!realpath(file, target))
    target[0] = '\0';
  cut_name(target);
}

void ow_sandbox_enter(const struct ow_settings_paths *paths, const char *pidfile, const struct ow_log *log)
{
  path_text folders[FOLDERS], removing;
  const char *list[FOLDERS + 1] = {NULL};
  struct ow_failure failure;
  find_folders(paths->conf, folders[CONF], folders[CONF_TARGET]);
  find_folders(paths->limits, folders[LIMITS], folders[LIMITS_TARGET]);
  find_folders(paths->keys, folders[KEYS], folders[KEYS_TARGET]);
  for (int i = 0; i < FOLDERS; i++)
    list[i] = paths->given ? folders[i] : "";
  snprintf(removing, sizeof removing, "%s", pidfile);
  cut_name(removing);
  bool bounded = ow_sandbox_files(list, removing, &failure) == OW_OK;
  if (!bounded)
    ow_log(log, OW_LOG_NOTICE, "%s", failure.text);
  bool filtered = ow_sandbox_calls(&failure) == OW_OK;
  if (!filtered)
    ow_log(log, OW_LOG_NOTICE, "%s", failure.text);
  if (bounded || filtered)
    ow_log(log, OW_LOG_INFO, "in a sandbox%s",
           !filtered ? ", of files alone" : (!bounded ? ", of system calls alone" : ""));
}
