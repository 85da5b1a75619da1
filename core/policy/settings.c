/* SPDX-License-Identifier: MIT */
/* From one path to the three files' names, and from the files to what they say together. */
#include "policy/settings.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/faults.h"
#include "io/text_file.h"
#include "wire/mode.h"

static bool name_file(char out[PATH_MAX], const char *stem, size_t length, const char *suffix)
{
  int written = snprintf(out, PATH_MAX, "%.*s%s", (int)length, stem, suffix);
  return written > 0 && written < PATH_MAX;
}

/* Not realpath(3): the neighbours of a symbolic link are those where the link is. */
static bool make_absolute(const char *path, char out[PATH_MAX])
{
  char folder[PATH_MAX] = "";
  bool absolute = *path == '/';
  if (!absolute && !getcwd(folder, sizeof folder))
    return false;
  int written = snprintf(out, PATH_MAX, "%s%s%s", folder, absolute ? "" : "/", path);
  return written > 0 && written < PATH_MAX;
}

static enum ow_status name_all(const char *stem, size_t length, struct ow_settings_paths *paths,
                               struct ow_failure *failure)
{
  if (!name_file(paths->conf, stem, length, ".conf") || !name_file(paths->limits, stem, length, ".limits") ||
      !name_file(paths->keys, stem, length, ".pfs"))
    return ow_fail(failure, OW_INVALID, "%.200s: the path is too long", stem);
  paths->given = true;
  return OW_OK;
}

enum ow_status ow_settings_find(const char *path, struct ow_settings_paths *paths, struct ow_failure *failure)
{
  char stem[PATH_MAX];
  char inside[PATH_MAX];
  struct stat about;
  *paths = (struct ow_settings_paths){0};
  if (!path)
    return OW_OK;
  if (stat(path, &about) != 0)
    return ow_fail(failure, OW_INVALID,
                   "%.200s: %s; -c takes the folder that holds owamp-server.conf, or the file", path,
                   strerror(errno));
  if (!make_absolute(path, stem))
    return ow_fail(failure, OW_INVALID, "%.200s: the path is too long", path);
  size_t length = strlen(stem);
  if (S_ISDIR(about.st_mode)) {
    if (!name_file(inside, stem, length, "/owamp-server"))
      return ow_fail(failure, OW_INVALID, "%.200s: the path is too long", path);
    return name_all(inside, strlen(inside), paths, failure);
  }
  if (length < 5 || strcmp(stem + length - 5, ".conf") != 0)
    return ow_fail(failure, OW_INVALID, "%.200s: neither a folder nor a .conf file", path);
  return name_all(stem, length - 5, paths, failure);
}

const char *const ow_settings_folders[] = {"/etc/owamp-responder", "/etc/owamp-server", NULL};

/* What can't be looked at is there, and to be complained of. */
static bool is_there(const char *path)
{
  struct stat about;
  return stat(path, &about) == 0 || (errno != ENOENT && errno != ENOTDIR);
}

enum ow_status ow_settings_find_first(const char *const *folders, struct ow_settings_paths *paths,
                                      struct ow_failure *failure)
{
  enum ow_status status = OW_OK;
  bool found = false;
  for (size_t i = 0; folders[i] && !found && status == OW_OK; i++)
    if (is_there(folders[i])) {
      status = ow_settings_find(folders[i], paths, failure);
      found = status == OW_OK && (is_there(paths->conf) || is_there(paths->limits) || is_there(paths->keys));
    }
  if (!found)
    *paths = (struct ow_settings_paths){0};
  return status;
}

void ow_settings_clear(struct ow_settings *settings)
{
  ow_limits_clear(&settings->limits);
  ow_key_file_clear(&settings->keys);
}

static enum ow_status load_conf(const char *path, struct ow_server_conf *conf, bool *found,
                                const struct ow_log *log, struct ow_failure *failure)
{
  struct ow_text_file file;
  enum ow_status status = ow_text_file_read(path, &file, failure);
  if (status == OW_OK && !file.missing)
    status = ow_server_conf_parse(path, file.text, file.octets, conf, log, failure);
  *found |= !file.missing;
  ow_text_file_clear(&file);
  return status;
}

static enum ow_status load_keys(const char *path, struct ow_keys_file *keys, bool *found,
                                const struct ow_log *log, struct ow_failure *failure)
{
  struct ow_text_file file;
  enum ow_status status = ow_text_file_read(path, &file, failure);
  ow_text_file_warn_exposed(path, &file, log);
  if (status == OW_OK && !file.missing)
    status = ow_key_file_parse(path, file.text, file.octets, keys, log, failure);
  *found |= !file.missing;
  ow_text_file_clear(&file);
  return status;
}

/* `keys` may be NULL: they can't be read. */
static enum ow_status load_limits(const char *path, const struct ow_keys_file *keys, struct ow_limits *limits,
                                  bool *found, const struct ow_log *log, struct ow_failure *failure)
{
  struct ow_text_file file;
  enum ow_status status = ow_text_file_read(path, &file, failure);
  if (status == OW_OK && file.missing)
    status = ow_limits_default(limits, failure);
  else if (status == OW_OK)
    status = ow_limits_parse(path, file.text, file.octets, keys, limits, log, failure);
  *found |= !file.missing;
  ow_text_file_clear(&file);
  return status;
}

static enum ow_status missing(const char *path, struct ow_failure *failure)
{
  return ow_fail(failure, OW_INVALID, "%.200s: there is no such file", path);
}

enum ow_status ow_settings_load_rules(const char *keys, const char *limits, struct ow_settings *settings,
                                      const struct ow_log *log, struct ow_failure *failure)
{
  bool found_keys = keys[0] == '\0';
  bool found_limits = limits[0] == '\0';
  enum ow_status status = OW_OK;
  if (keys[0])
    status = load_keys(keys, &settings->keys, &found_keys, log, failure);
  if (status == OW_OK && limits[0])
    status = load_limits(limits, &settings->keys, &settings->limits, &found_limits, log, failure);
  else if (status == OW_OK)
    status = ow_limits_default(&settings->limits, failure);
  if (status == OW_OK && !(found_keys && found_limits))
    status = missing(found_keys ? limits : keys, failure);
  if (status != OW_OK)
    ow_settings_clear(settings);
  return status;
}

/* What is wrong in one file is no reason not to look at the next. */
static enum ow_status load_files(const struct ow_settings_paths *paths, struct ow_settings *settings,
                                 const struct ow_log *log, struct ow_failure *failure)
{
  struct ow_failure fault;
  struct ow_faults faults = ow_faults(log, failure);
  const struct ow_log in_order = ow_faults_log(&faults);
  bool found = false;
  if (load_conf(paths->conf, &settings->conf, &found, &in_order, &fault) != OW_OK)
    ow_faults_add(&faults, &fault);
  bool keys = load_keys(paths->keys, &settings->keys, &found, &in_order, &fault) == OW_OK;
  if (!keys)
    ow_faults_add(&faults, &fault);
  if (load_limits(paths->limits, keys ? &settings->keys : NULL, &settings->limits, &found, &in_order,
                  &fault) != OW_OK)
    ow_faults_add(&faults, &fault);
  if (faults.status == OW_OK && !found) {
    ow_fail(&fault, OW_INVALID, "%.200s: neither it nor its .limits and .pfs exist; is -c right?",
            paths->conf);
    ow_faults_add(&faults, &fault);
  }
  return faults.status;
}

/* Keyed modes need keys: without, only open mode is left. */
static enum ow_status check_modes(const struct ow_settings_paths *paths, const struct ow_settings *settings,
                                  struct ow_failure *failure)
{
  if (settings->conf.modes & OW_MODE_OPEN || settings->keys.count > 0)
    return OW_OK;
  ow_fail(failure, OW_INVALID, "authmode leaves out open mode, but %.120s holds no key: nobody could connect",
          paths->keys);
  return ow_server_conf_fail_at(&settings->conf, settings->conf.modes_line, failure);
}

enum ow_status ow_settings_load(const struct ow_settings_paths *paths, struct ow_settings *settings,
                                const struct ow_log *log, struct ow_failure *failure)
{
  enum ow_status status;
  *settings = (struct ow_settings){0};
  ow_server_conf_defaults(&settings->conf);
  if (paths->given)
    status = load_files(paths, settings, log, failure);
  else
    status = ow_limits_default(&settings->limits, failure);
  if (status == OW_OK)
    status = check_modes(paths, settings, failure);
  if (status != OW_OK)
    ow_settings_clear(settings);
  return status;
}
