/* SPDX-License-Identifier: MIT */
/* Users and groups by name or as -ID; having stepped down, we try to become root again. */
#include "daemon/privileges.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "text/number.h"

/* "-123", as owampd takes it. */
static bool parse_id(const char *text, uint32_t *id)
{
  uint64_t number = 0;
  bool valid = text[0] == '-' && ow_whole_parse(text + 1, &number) && number < UINT32_MAX;
  *id = (uint32_t)number;
  return valid;
}

enum ow_status ow_identity_find_user(const char *name, bool group_given, struct ow_identity *identity,
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
  *identity = (struct ow_identity){
      .change = true, .user = entry ? entry->pw_uid : id, .group = entry ? entry->pw_gid : 0};
  return OW_OK;
}

enum ow_status ow_identity_find_group(const char *name, struct ow_identity *identity,
                                      struct ow_failure *failure)
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

void ow_core_dumps_forbid(void)
{
  (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); /* fails for other numbers only */
}

enum ow_status ow_identity_assume(const struct ow_identity *identity, struct ow_failure *failure)
{
  bool forbidden = prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0;
  if (identity->change && !step_down(identity))
    return ow_fail(failure, OW_NETWORK, "can't become user %u, group %u: %s", (unsigned)identity->user,
                   (unsigned)identity->group, strerror(errno));
  if (identity->change && !stays_down(identity))
    return ow_fail(failure, OW_NETWORK, "became user %u, group %u, but could go back to root",
                   (unsigned)identity->user, (unsigned)identity->group);
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
    return ow_fail(failure, OW_NETWORK, "can't renounce new privileges: %s", strerror(errno));
  if (forbidden) /* for another user it is what fs.suid_dumpable says */
    ow_core_dumps_forbid();
  return OW_OK;
}
