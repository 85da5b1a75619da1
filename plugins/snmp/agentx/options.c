/* SPDX-License-Identifier: MIT */
/* getopt_long(3), the help, and whom to become. */
#include "agentx/options.h"

#include <getopt.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <net-snmp/net-snmp-config.h>
#include <net-snmp/net-snmp-includes.h>
#include <net-snmp/agent/net-snmp-agent-includes.h>

#include "agentx/agent.h"
#include "agentx/conf.h"
#include "base/version.h"
#include "text/number.h"

static const char help[] =
    "owamp-agentx " OWAMP_VERSION ": one-way delay for SNMP, as a subagent of snmpd\n"
    "  -f                 stay in the foreground\n"
    "  -x ADDRESS         the master agent's AgentX socket (default: Net-SNMP's own)\n"
    "  -c FILE[,...]      read these files too; with -C, only these\n"
    "  -C                 don't read the default configuration files\n"
    "  -p FILE            write the process id to FILE\n"
    "  -u NAME|UID        become this user once all is open\n"
    "  -g NAME|GID        become this group\n"
    "  -D TOKEN,...       debugging output for these tokens, or ALL\n"
    "  -H                 print what can stand in owamp-agentx.conf\n"
    "  --check            read the configuration, report every fault, and end: 0 if there is none\n"
    "  -V, -v, --version  print the version\n"
    "  -h, --help         print this help\n"
    "  -L...              where to log:\n";

enum { CHECK = 1000 }; /* beyond the letters */
static const struct option long_options[] = {{"check", no_argument, NULL, CHECK},
                                             {"help", no_argument, NULL, 'h'},
                                             {"version", no_argument, NULL, 'V'},
                                             {NULL, 0, NULL, 0}};

static bool number_of(const char *text, unsigned *number)
{
  uint64_t value = 0;
  bool right = ow_whole_parse(text, &value) && value <= INT32_MAX;
  *number = (unsigned)value;
  return right;
}

static bool read_user(const char *text, struct agent_options *options)
{
  unsigned number = 0;
  const struct passwd *entry = getpwnam(text);
  if (!entry && !number_of(text, &number)) {
    fprintf(stderr, "owamp-agentx: -u %s: there is no such user\n", text);
    return false;
  }
  entry = entry ? entry : getpwuid(number);
  options->user_given = true;
  options->identity.user = entry ? entry->pw_uid : number;
  if (entry && !options->group_given) {
    options->group_given = true;
    options->identity.group = entry->pw_gid;
  }
  return true;
}

static bool read_group(const char *text, struct agent_options *options)
{
  unsigned number = 0;
  const struct group *entry = getgrnam(text);
  if (!entry && !number_of(text, &number)) {
    fprintf(stderr, "owamp-agentx: -g %s: there is no such group\n", text);
    return false;
  }
  options->group_given = true;
  options->identity.group = entry ? entry->gr_gid : number;
  return true;
}

/* Root's groups would stay with a user who has none. */
static bool settle_identity(struct agent_options *options)
{
  struct ow_identity *identity = &options->identity;
  bool settled = !options->user_given || options->group_given;
  if (!settled)
    fprintf(stderr, "owamp-agentx: -u %u: there is no entry that tells its group; give -g as well\n",
            (unsigned)identity->user);
  if (!options->user_given)
    identity->user = geteuid();
  identity->change = (options->user_given && identity->user != 0) || identity->group != 0;
  return settled;
}

/* Net-SNMP would read a folder as an empty file, and a device or a pipe without an end. */
static bool take_files(char *list)
{
  bool regular = true;
  for (const char *at = list; *at && regular;) {
    char path[AGENT_PATH];
    struct stat file;
    size_t length = strcspn(at, ",");
    snprintf(path, sizeof path, "%.*s", (int)length, at);
    regular = stat(path, &file) != 0 || S_ISREG(file.st_mode);
    if (!regular)
      fprintf(stderr, "owamp-agentx: -c %s: this is no regular file; it takes a file of configuration\n",
              path);
    at += length + (at[length] == ',');
  }
  netsnmp_ds_set_string(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_OPTIONALCONFIG, list);
  return regular;
}

static enum agent_action show_directives(void)
{
  netsnmp_ds_set_boolean(NETSNMP_DS_APPLICATION_ID, NETSNMP_DS_AGENT_ROLE, 1);
  snmp_enable_stderrlog();
  (void)init_agent(AGENT_NAME);
  agent_conf_register();
  init_snmp(AGENT_NAME);
  read_config_print_usage("  ");
  return AGENT_END_WELL;
}

static void show_help(FILE *out)
{
  fputs(help, out);
  snmp_log_options_usage("    ", out);
}

static enum agent_action unknown(int letter, const char *word)
{
  if (letter == 0 || strncmp(word, "--", 2) == 0)
    fprintf(stderr, "owamp-agentx: %.100s: there is no such option, or it takes no value; see -h\n", word);
  else
    fprintf(stderr, "owamp-agentx: -%c: there is no such option, or it lacks its value; see -h\n", letter);
  return AGENT_END_BADLY;
}

static enum agent_action read_one(int letter, int count, char **words, struct agent_options *options)
{
  enum agent_action action = AGENT_RUN;
  switch (letter) {
  case 'f': options->foreground = true; break;
  case 'x': netsnmp_ds_set_string(NETSNMP_DS_APPLICATION_ID, NETSNMP_DS_AGENT_X_SOCKET, optarg); break;
  case 'c': action = take_files(optarg) ? AGENT_RUN : AGENT_END_BADLY; break;
  case 'C':
    netsnmp_ds_set_boolean(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_DONT_READ_CONFIGS, 1);
    /* Rows that were kept aren't read then, so what would be written is without them. */
    netsnmp_ds_set_boolean(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_DISABLE_PERSISTENT_SAVE, 1);
    break;
  case 'p': options->pid_file = optarg; break;
  case 'u': action = read_user(optarg, options) ? AGENT_RUN : AGENT_END_BADLY; break;
  case 'g': action = read_group(optarg, options) ? AGENT_RUN : AGENT_END_BADLY; break;
  case 'D':
    debug_register_tokens(optarg);
    snmp_set_do_debugging(1);
    break;
  case 'L':
    action = snmp_log_options(optarg, count, words) < 0 ? AGENT_END_BADLY : AGENT_RUN;
    options->log_given = true;
    break;
  case 'H': action = show_directives(); break;
  case CHECK: options->check = true; break;
  case 'V':
  case 'v':
    puts("owamp-agentx " OWAMP_VERSION);
    action = AGENT_END_WELL;
    break;
  case 'h':
    show_help(stdout);
    action = AGENT_END_WELL;
    break;
  default: action = unknown(optopt, words[optind - 1]);
  }
  return action;
}

enum agent_action agent_options_read(int count, char **words, struct agent_options *options)
{
  enum agent_action action = AGENT_RUN;
  *options = (struct agent_options){0};
  opterr = 0;
  int letter = 0;
  while (action == AGENT_RUN &&
         (letter = getopt_long(count, words, "fx:c:Cp:u:g:D:L:HVvh", long_options, NULL)) != -1)
    action = read_one(letter, count, words, options);
  if (action == AGENT_RUN && optind < count) {
    fprintf(stderr, "owamp-agentx: '%s' belongs to no option; see -h\n", words[optind]);
    action = AGENT_END_BADLY;
  }
  if (action == AGENT_RUN && !settle_identity(options))
    action = AGENT_END_BADLY;
  return action;
}
