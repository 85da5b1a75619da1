/* SPDX-License-Identifier: MIT */
/* getopt_long(3), the help, and what owampd's options are called here. */
#include "responder/options.h"

#include <getopt.h>
#include <stddef.h>
#include <string.h>

const char ow_options_help[] =
    "Usage: owamp-responder [-fhvV] [--check] [--busy-wait] [--no-sandbox] [--open-ports]\n"
    "                       [-c PATH] [-S ADDRESS:PORT]\n"
    "The OWAMP server (RFC 4656) that one-way measurements are made against.\n"
    "\n"
    "  -f, --foreground           stay in the foreground and log to stderr\n"
    "  -c, --config=PATH          folder with owamp-server.conf, .limits and .pfs, or the .conf itself;\n"
    "                             without it: /etc/owamp-responder, or /etc/owamp-server; if there is none:\n"
    "                             open mode, bounded, port 861 on every address\n"
    "  -S, --listen=ADDRESS:PORT  listen here, whatever the configuration says; port 0: a free one\n"
    "      --check                read the configuration, report every fault with file and line, and end:\n"
    "                             status 0 if there is none, else 1\n"
    "      --busy-wait            wait awake for the last 50 us before each test packet is due, which then "
    "leaves\n"
    "                             closer to its time; it costs CPU time\n"
    "      --no-sandbox           once it listens it may call and open whatever its user may, not only what\n"
    "                             answering takes\n"
    "      --open-ports           for ExecStartPre= of its systemd unit: open the ports that the "
    "configuration\n"
    "                             names, let systemd keep them for the service, and end\n"
    "  -v, --verbose              log each session, each fetch and why clients leave; twice: every message\n"
    "  -V, --version              print the version\n"
    "  -h, --help                 print this\n"
    "\n"
    "owamp-responder(8) and owamp-server.conf(5) tell more.\n";

enum { CHECK = 1000, BUSY_WAIT, NO_SANDBOX, OPEN_PORTS }; /* beyond the letters */

static const struct option long_options[] = {
    {"check", no_argument, NULL, CHECK},
    {"foreground", no_argument, NULL, 'f'},
    {"config", required_argument, NULL, 'c'},
    {"listen", required_argument, NULL, 'S'},
    {"verbose", no_argument, NULL, 'v'},
    {"version", no_argument, NULL, 'V'},
    {"help", no_argument, NULL, 'h'},
    {"busy-wait", no_argument, NULL, BUSY_WAIT},
    {"no-sandbox", no_argument, NULL, NO_SANDBOX},
    {"open-ports", no_argument, NULL, OPEN_PORTS},
    {NULL, 0, NULL, 0},
};

/* Options that owampd has and this program writes in its configuration. */
static const struct {
  char letter;
  const char *here;
} owampd_options[] = {
    {'a', "authmode in owamp-server.conf"},  {'d', "nothing: records are kept in memory"},
    {'e', "facility in owamp-server.conf"},  {'G', "group in owamp-server.conf"},
    {'P', "testports in owamp-server.conf"}, {'R', "vardir in owamp-server.conf"},
    {'U', "user in owamp-server.conf"},      {'Z', "-f"},
};

static enum ow_status unknown(const char *word, int letter, struct ow_failure *failure)
{
  for (size_t i = 0; i < sizeof owampd_options / sizeof *owampd_options; i++)
    if (letter == owampd_options[i].letter)
      return ow_fail(failure, OW_INVALID, "owampd's option -%c is here: %s", letter, owampd_options[i].here);
  if (letter != 0 && strncmp(word, "--", 2) != 0)
    return ow_fail(failure, OW_INVALID, "unknown option -%c", letter);
  return ow_fail(failure, OW_INVALID, "unknown option %.100s", word);
}

static enum ow_status take_listen(const char *text, struct ow_options *options, struct ow_failure *failure)
{
  options->listen_given = true;
  options->listen = ow_listen_default;
  enum ow_status status = ow_listen_address_parse(text, &options->listen, failure);
  return status == OW_OK ? OW_OK : ow_fail_within(failure, "-S");
}

static enum ow_status take(int letter, const char *word, struct ow_options *options,
                           struct ow_failure *failure)
{
  enum ow_status status = OW_OK;
  switch (letter) {
  case 'f': options->foreground = true; break;
  case 'c': options->conf = optarg; break;
  case 'S': status = take_listen(optarg, options, failure); break;
  case CHECK: options->check = true; break;
  case BUSY_WAIT: options->busy_wait = true; break;
  case NO_SANDBOX: options->no_sandbox = true; break;
  case OPEN_PORTS: options->open_ports = true; break;
  case 'v': options->verbose++; break;
  case 'V': options->version = true; break;
  case 'h': options->help = true; break;
  case ':': status = ow_fail(failure, OW_INVALID, "option %.100s needs a value", word); break;
  default: status = unknown(word, optopt, failure); break;
  }
  return status;
}

enum ow_status ow_options_find_settings(const struct ow_options *options, struct ow_settings_paths *paths,
                                        struct ow_failure *failure)
{
  return options->conf ? ow_settings_find(options->conf, paths, failure)
                       : ow_settings_find_first(ow_settings_folders, paths, failure);
}

void ow_options_apply(const struct ow_options *options, struct ow_server_conf *conf)
{
  if (options->listen_given) {
    conf->listen = options->listen;
    conf->listen_line = 0;
  }
  conf->busy_wait = options->busy_wait;
}

enum ow_status ow_options_parse(int count, char **words, struct ow_options *options,
                                struct ow_failure *failure)
{
  enum ow_status status = OW_OK;
  *options = (struct ow_options){0};
  opterr = 0;
  optind = 0; /* glibc: begin anew, whatever was parsed before */
  int letter;
  while (status == OW_OK && (letter = getopt_long(count, words, ":fc:S:vVh", long_options, NULL)) != -1)
    status = take(letter, words[optind - 1], options, failure);
  if (status == OW_OK && optind < count)
    status = ow_fail(failure, OW_INVALID, "what is \"%.100s\"? There are only options", words[optind]);
  return status;
}
