#include "daemon/privileges.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "text/number.h"

static const char unprivileged[] = "nobody";

/* "-123", as owampd takes it. */
static bool parse_id(const char *text, uint32_t *id)
{
  uint64_t number = 0;
  bool valid = text[0] == '-' && ow_whole_parse(text + 1, &number) && number < UINT32_MAX;
  *id = (uint32_t)number;
  return valid;
}

static enum ow_status find_user(const char *name, bool group_given, struct ow_identity *identity,
                                struct ow_failure *failure)
{
  uint32_t id;
  bool numeric = parse_id(name, &id);
  errno = 0;
  const struct passwd *entry = numeric ? getpwuid(id) : getpwnam(name);
  if (!entry && !numeric)
    return ow_fail(failure, OW_INVALID, "user %s: %s", name,
                   errno ? strerror(errno) : "there is no such user");
  if (!entry && !group_given)
    return ow_fail(failure, OW_INVALID, "user %s has no entry that tells its group; set group as well", name);
  identity->user = entry ? entry->pw_uid : id;
  identity->group = entry ? entry->pw_gid : 0;
  return OW_OK;
}

static enum ow_status find_group(const char *name, struct ow_identity *identity, struct ow_failure *failure)
{
  uint32_t id;
  if (parse_id(name, &id)) {
    identity->group = id;
    return OW_OK;
  }
  errno = 0;
  const struct group *entry = getgrnam(name);
  if (!entry)
    return ow_fail(failure, OW_INVALID, "group %s: %s", name,
                   errno ? strerror(errno) : "there is no such group");
  identity->group = entry->gr_gid;
  return OW_OK;
}

enum ow_status ow_identity_find(const struct ow_server_conf *conf, bool is_root, struct ow_identity *identity,
                                struct ow_failure *failure)
{
  bool user_given = conf->user[0] != '\0';
  bool group_given = conf->group[0] != '\0';
  *identity = (struct ow_identity){0};
  if (!is_root || (!user_given && conf->root_folly))
    return OW_OK;
  enum ow_status status = find_user(user_given ? conf->user : unprivileged, group_given, identity, failure);
  if (status == OW_OK && identity->user == 0 && !conf->root_folly)
    status = ow_fail(failure, OW_INVALID, "user %s is root; take another, or add rootfolly if it must be",
                     conf->user);
  if (status != OW_OK)
    return ow_server_conf_fail_at(conf, conf->user_line, failure);
  if (group_given && find_group(conf->group, identity, failure) != OW_OK)
    return ow_server_conf_fail_at(conf, conf->group_line, failure);
  identity->change = true;
  return OW_OK;
}

static bool step_down(const struct ow_identity *identity)
{
  return setgroups(1, &identity->group) == 0 &&
         setresgid(identity->group, identity->group, identity->group) == 0 &&
         setresuid(identity->user, identity->user, identity->user) == 0;
}

/* Whoever was root and can become it again has dropped nothing. */
static bool stays_down(const struct ow_identity *identity)
{
  return identity->user == 0 ||
         (geteuid() == identity->user && getegid() == identity->group && setuid(0) != 0);
}

enum ow_status ow_identity_assume(const struct ow_identity *identity, struct ow_failure *failure)
{
  if (identity->change && !step_down(identity))
    return ow_fail(failure, OW_NETWORK, "can't become user %u, group %u: %s", (unsigned)identity->user,
                   (unsigned)identity->group, strerror(errno));
  if (identity->change && !stays_down(identity))
    return ow_fail(failure, OW_NETWORK, "became user %u, group %u, but could go back to root",
                   (unsigned)identity->user, (unsigned)identity->group);
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
    return ow_fail(failure, OW_NETWORK, "can't renounce new privileges: %s", strerror(errno));
  return OW_OK;
}
