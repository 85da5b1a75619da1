/* SPDX-License-Identifier: MIT */
/* --help, made from the table of options, in lines of 79 columns. */
#include "options.h"

#include <string.h>

#include "base/version.h"
#include "option_table.h"

enum { INDENT = 8, WIDTH = 79 };

/* Words of `text`, indented; lines end before WIDTH. */
static void print_wrapped(FILE *out, const char *text)
{
  size_t column = 0;
  while (*text) {
    size_t length = strcspn(text, " ");
    if (column == 0 || column + 1 + length > WIDTH) {
      fprintf(out, "%s%*s", column ? "\n" : "", INDENT, "");
      column = INDENT;
    } else {
      fputc(' ', out);
      column++;
    }
    fprintf(out, "%.*s", (int)length, text);
    column += length;
    text += length;
    text += strspn(text, " ");
  }
  fputc('\n', out);
}

static void print_option(FILE *out, const struct check_option *option)
{
  struct check_option_text text;
  char sentence[CHECK_OPTION_HELP + 64];
  check_option_describe(option, &text);
  if (option->letter)
    fprintf(out, "  -%c, ", option->letter);
  else
    fputs("      ", out);
  fprintf(out, "--%s%s%s\n", text.name, text.argument ? "=" : "", text.argument ? text.argument : "");
  if (text.initial)
    snprintf(sentence, sizeof sentence, "%s (default: %s)", text.help, text.initial);
  else
    snprintf(sentence, sizeof sentence, "%s", text.help);
  print_wrapped(out, sentence);
}

static const char help_head[] =
    "check_owamp " OWAMP_VERSION "\n"
    "Measures one-way delay, loss and jitter to and from an OWAMP server (RFC 4656),\n"
    "or a router that answers STAMP (RFC 8762).\n"
    "\n"
    "Usage: check_owamp -H HOST [-p PORT] [-w LIST] [-c LIST] [-t SECONDS] [-v]\n"
    "                   [-4 | -6] [OPTION]...\n"
    "\n"
    "Options:\n";

static const char help_tail[] =
    "\n"
    "Thresholds: METRIC[@DIRECTION]=RANGE, separated by commas.\n"
    "  METRIC     delay_min, delay_mean, delay_median, delay_p95, delay_p99,\n"
    "             delay_max, jitter, ipdv, pdv, loss, lost, duplicates, reordered,\n"
    "             skipped (never sent), received, hops; of both directions\n"
    "             together: asymmetry (forward minus reverse median delay), rtt\n"
    "             (their sum); of STAMP and TWAMP, by round trips: rtt, rtt_min,\n"
    "             rtt_mean, rtt_p95, rtt_p99, rtt_max, rtt_loss, and the time that\n"
    "             packets spend at the reflector: dwell, dwell_p95, dwell_max\n"
    "  DIRECTION  forward or reverse; both if left out\n"
    "  RANGE      as in the Monitoring Plugins guidelines, with units us, ms, s, %;\n"
    "             a bare 20ms means ~:20ms for delays and rtt, which may be negative\n"
    "  20ms,1% is short for delay_p95=20ms,loss=1%.\n"
    "A direction in which nothing arrives is CRITICAL whatever the thresholds allow;\n"
    "see --nothing-arrived.\n"
    "\n"
    "Example:\n"
    "  check_owamp -H owamp.example.net -w delay_p95=20ms,loss=1% -c 50ms,5%\n"
    "\n"
    "Exit status: 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN, and after -h or -V.\n";

void check_options_help(FILE *out)
{
  fputs(help_head, out);
  for (size_t i = 0; i < check_option_count; i++)
    print_option(out, &check_option_table[i]);
  fputs(help_tail, out);
}
