/* SPDX-License-Identifier: MIT */
/* Landlock (kernel 5.13 and later), by its system calls, for which glibc has no functions. */
#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "responder/sandbox_files.h"

/* As the kernel's headers of later versions have them: what the running kernel doesn't know isn't asked for.
 */
struct ruleset {
  uint64_t files;
  uint64_t net;   /* since ABI 4 */
  uint64_t scope; /* since ABI 6 */
};

enum { ABI_REFER = 2, ABI_TRUNCATE = 3, ABI_NET = 4, ABI_IOCTL = 5, ABI_SCOPE = 6 };

#define FIRST_FILES ((LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1)
#define REFER (UINT64_C(1) << 13)
#define TRUNCATE (UINT64_C(1) << 14)
#define IOCTL_DEVICE (UINT64_C(1) << 15)
#define TCP (UINT64_C(3)) /* to bind and to connect */
#define SIGNAL_OTHERS (UINT64_C(1) << 1)
#define READ (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)

/* What libraries read late: the time zone and names, OpenSSL's settings, how many processors there are. */
static const char *const for_everybody[] = {"/etc", "/usr", "/proc", "/sys/devices/system/cpu", NULL};

static long version_here(void)
{
  return syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
}

static int make_ruleset(long version, struct ruleset *rules)
{
  size_t octets = offsetof(struct ruleset, net);
  *rules = (struct ruleset){.files = FIRST_FILES};
  if (version >= ABI_REFER)
    rules->files |= REFER;
  if (version >= ABI_TRUNCATE)
    rules->files |= TRUNCATE;
  if (version >= ABI_IOCTL)
    rules->files |= IOCTL_DEVICE;
  if (version >= ABI_NET) {
    rules->net = TCP;
    octets = offsetof(struct ruleset, scope);
  }
  if (version >= ABI_SCOPE) {
    rules->scope = SIGNAL_OTHERS;
    octets = sizeof *rules;
  }
  return (int)syscall(SYS_landlock_create_ruleset, rules, octets, 0);
}

/* What isn't there needs no right. */
static bool allow(int ruleset, const char *path, uint64_t access)
{
  bool allowed = true;
  int place = path && path[0] ? open(path, O_PATH | O_CLOEXEC) : -1;
  if (place >= 0) {
    struct landlock_path_beneath_attr rule = {.allowed_access = access, .parent_fd = place};
    allowed = syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) == 0;
    close(place);
  }
  return allowed;
}

static bool allow_all(int ruleset, const char *const *folders, const char *removing)
{
  bool allowed = allow(ruleset, removing, LANDLOCK_ACCESS_FS_REMOVE_FILE) &&
                 allow(ruleset, "/proc/self/task", LANDLOCK_ACCESS_FS_WRITE_FILE) && /* threads' names */
                 allow(ruleset, "/dev/urandom", LANDLOCK_ACCESS_FS_READ_FILE) &&
                 allow(ruleset, "/dev/null", LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE);
  for (const char *const *folder = for_everybody; *folder; folder++)
    allowed = allowed && allow(ruleset, *folder, READ);
  for (; *folders; folders++)
    allowed = allowed && allow(ruleset, *folders, READ);
  return allowed;
}

enum ow_status ow_sandbox_files(const char *const *folders, const char *removing, struct ow_failure *failure)
{
  struct ruleset rules;
  long version = version_here();
  int ruleset = version > 0 ? make_ruleset(version, &rules) : -1;
  bool bounded = ruleset >= 0 && allow_all(ruleset, folders, removing) &&
                 syscall(SYS_landlock_restrict_self, ruleset, 0) == 0;
  int error = errno;
  if (ruleset >= 0)
    close(ruleset);
  return bounded ? OW_OK : ow_fail(failure, OW_STATE, "no sandbox of files (Landlock): %s", strerror(error));
}
