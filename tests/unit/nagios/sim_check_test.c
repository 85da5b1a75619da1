/* SPDX-License-Identifier: MIT */
/* The whole check on the simulated network: what it says when time runs out, and while it runs. */
#include <pty.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check_owamp.h"
#include "server/server.h"
#include "sim/sim.h"
#include "sim/sim_serve.h"
#include "support/main.h"
#include "support/policy.h"

#define S OW_NS_PER_S
#define MS OW_NS_PER_MS

enum { HOST = 2, ANSWER = 8192, WORDS = 32 };
enum { OK = 0, CRITICAL = 2, UNKNOWN = 3 };

static struct ow_loop *loop;
static struct ow_serve *server;
static char answer[ANSWER];

static void raise_curtain(uint64_t seed, uint32_t loss)
{
  struct ow_failure failure;
  sim_begin(seed);
  *sim_path(HOST) = (struct sim_path){.delay = {20 * MS, 10 * MS}, .loss = {loss, loss}};
  loop = ow_loop_create(&failure);
  sim_share_loop(loop);
  server = sim_serve(loop, HOST, NULL, &test_policy, NULL);
}

static void drop_curtain(void)
{
  sim_run(loop, 60 * S);
  ow_serve_free(server);
  sim_share_loop(NULL);
  sim_end();
  ow_loop_free(loop);
}

/* Its exit status; what it printed stands in `answer`. */
static int check(const char *line)
{
  char copy[300];
  char *words[WORDS];
  int count = 0;
  FILE *out = fmemopen(answer, sizeof answer, "w");
  snprintf(copy, sizeof copy, "check_owamp -H 127.0.0.%d %s", HOST, line);
  for (char *word = strtok(copy, " "); word; word = strtok(NULL, " "))
    words[count++] = word;
  words[count] = NULL;
  int status = check_run(count, words, out);
  fclose(out);
  return status;
}

/* 4 % of the packets are lost, which breaches nothing; now and then the schedule's tail is longer than -t. */
START_TEST(a_time_that_is_too_short_is_never_critical)
{
  unsigned cut = 0;
  for (uint64_t seed = 1; seed <= 40; seed++) {
    raise_curtain(seed, 40000);
    int status = check("-t 6s -c loss=60%");
    ck_assert_msg(status == OK || status == UNKNOWN, "seed %llu: %s", (unsigned long long)seed, answer);
    if (status == UNKNOWN) {
      cut++;
      ck_assert_msg(strstr(answer, "loss timeout; raise the timeout to 10 s, or send less\n"), "%s", answer);
      ck_assert_msg(strstr(answer, " so far"), "%s", answer);
    }
    drop_curtain();
  }
  ck_assert_uint_gt(cut, 0);
  ck_assert_uint_lt(cut, 40);
}
END_TEST

START_TEST(the_defaults_leave_time_for_every_loss)
{
  for (uint64_t seed = 1; seed <= 40; seed++) {
    raise_curtain(seed, 40000);
    ck_assert_msg(check("-c loss=60%") == OK, "seed %llu: %s", (unsigned long long)seed, answer);
    drop_curtain();
  }
}
END_TEST

START_TEST(a_breach_is_critical_even_if_time_runs_out)
{
  raise_curtain(1, 0);
  ck_assert_int_eq(check("-t 6s --count 66 -c 5ms"), CRITICAL);
  ck_assert_int_eq(check("-t 2s --count 15 --interval 120ms --loss-timeout 150ms -c 5ms"), CRITICAL);
  drop_curtain();
}
END_TEST

/* Silence is an outage; time that a name took isn't the server's. */
START_TEST(only_the_servers_silence_is_critical)
{
  raise_curtain(1, 0);
  sim_path(HOST)->blackhole = true;
  ck_assert_msg(check("") == CRITICAL, "%s", answer);
  ck_assert_msg(check("-t 6s") == CRITICAL, "%s", answer);
  ck_assert_msg(check("--timeout-state unknown") == UNKNOWN, "%s", answer);
  sim_resolving = 7 * S;
  ck_assert_msg(check("") == CRITICAL, "%s", answer);
  sim_resolving = 9 * S;
  ck_assert_msg(check("") == UNKNOWN, "%s", answer);
  ck_assert_msg(strstr(answer, "time ran out at the step \"connect\""), "%s", answer);
  ck_assert_msg(strstr(answer, ", raise the timeout"), "%s", answer);
  sim_resolving = 11 * S;
  ck_assert_msg(check("") == UNKNOWN, "%s", answer);
  sim_path(HOST)->blackhole = false;
  drop_curtain();
}
END_TEST

static void fall_silent(void *context)
{
  (void)context;
  sim_path(HOST)->blackhole = true;
}

/* What it may never have sent is not lost: that it is out tells the failure. */
START_TEST(a_server_that_falls_silent_at_the_end_loses_no_packets)
{
  raise_curtain(1, 0);
  sim_at(sim_monotonic() + 1500 * MS, fall_silent, NULL);
  ck_assert_msg(check("-t 9s --count 20 --schedule fixed:100ms -c 5s,30% --json") == UNKNOWN, "%s", answer);
  const char *reverse = strstr(answer, "\"direction\": \"reverse\", \"completeness\": \"partial\"");
  ck_assert_msg(reverse && strstr(reverse, "\"sent\": 12, \"received\": 12, \"lost\": 0, "), "%s", answer);
  ck_assert_msg(strstr(answer, "time ran out while waiting for server"), "%s", answer);
  sim_path(HOST)->blackhole = false;
  drop_curtain();
}
END_TEST

/* Nothing came back, and nobody knows what was sent: that may be an outage, which no option makes OK. */
START_TEST(what_may_be_an_outage_is_not_excused)
{
  static const char *const options[] = {"", "--timeout-state ok", "--partial-state ok",
                                        "--timeout-state ok --partial-state ok",
                                        "--timeout-state ok --direction reverse"};
  for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
    char line[200];
    snprintf(line, sizeof line, "-t 9s --count 20 --schedule fixed:100ms -c 5s,30%% %s", options[i]);
    raise_curtain(1, 0);
    sim_path(HOST)->loss[1] = 1000000;
    sim_at(sim_monotonic() + 1500 * MS, fall_silent, NULL);
    ck_assert_msg(check(line) == UNKNOWN, "%s: %s", options[i], answer);
    ck_assert_msg(strstr(answer, "OWAMP UNKNOWN - time ran out while waiting for server"), "%s", answer);
    sim_path(HOST)->blackhole = false;
    drop_curtain();
  }
  raise_curtain(1, 0);
  sim_at(sim_monotonic() + 1500 * MS, fall_silent, NULL);
  ck_assert_msg(check("-t 9s --count 20 --schedule fixed:100ms --direction reverse --timeout-state ok") == OK,
                "%s", answer); /* as far as it is known nothing was lost */
  ck_assert_msg(check("-t 9s --timeout-state ok") == OK, "%s", answer); /* no session ran */
  sim_path(HOST)->blackhole = false;
  drop_curtain();
}
END_TEST

/* Of the whole check: the sizes that the way there carries are found, and the way back has no fault. */
START_TEST(a_diagnosis_tells_a_small_mtu_from_a_firewall)
{
  raise_curtain(1, 0);
  sim_path(HOST)->largest[0] = 1400 - 28;
  ck_assert_msg(check("--diagnose --padding 1400") == CRITICAL, "%s", answer);
  ck_assert_msg(strstr(answer, "UDP out: none of 20 packets of 1442 octets"), "%s", answer);
  ck_assert_msg(strstr(answer, "UDP back: 20 of 20 packets arrived"), "%s", answer);
  ck_assert_msg(strstr(answer,
                       "MTU: packets of the forward direction arrive with 1400 octets (--padding 1358), and "
                       "not with 1420"),
                "%s", answer);
  sim_path(HOST)->loss[0] = 1000000;
  ck_assert_msg(check("--diagnose --padding 1400") == CRITICAL, "%s", answer);
  ck_assert_msg(strstr(answer, "MTU: packets without padding don't arrive, either"), "%s", answer);
  ck_assert_msg(strstr(answer, "mend: let UDP through to 127.0.0.2"), "%s", answer);
  drop_curtain();
}
END_TEST

START_TEST(who_does_not_answer_is_pointed_to_the_diagnosis)
{
  raise_curtain(1, 0);
  sim_path(HOST)->blackhole = true;
  ck_assert_int_eq(check(""), CRITICAL);
  ck_assert_msg(strstr(answer, "\nto see where it fails: check_owamp -H 127.0.0.2 --diagnose\n"), "%s",
                answer);
  sim_path(HOST)->blackhole = false;
  drop_curtain();
}
END_TEST

/* ---- at a terminal ---- */

/* The standard error output of `line`, at a terminal or at a pipe; its exit status is `status`. */
static const char *told(const char *line, bool terminal, int status)
{
  static char text[ANSWER];
  int ends[2];
  int saved = dup(STDERR_FILENO);
  if (terminal)
    ck_assert_int_eq(openpty(&ends[0], &ends[1], NULL, NULL, NULL), 0);
  else
    ck_assert_int_eq(pipe(ends), 0);
  dup2(ends[1], STDERR_FILENO);
  int got = check(line);
  dup2(saved, STDERR_FILENO);
  close(saved);
  close(ends[1]);
  size_t used = 0;
  /* Of a terminal that nobody has open any more the end is an error. */
  for (ssize_t octets = 1; octets > 0 && used<sizeof text - 1; used += octets> 0 ? (size_t)octets : 0)
    octets = read(ends[0], text + used, sizeof text - 1 - used);
  close(ends[0]);
  text[used] = '\0';
  ck_assert_msg(got == status, "%s", answer);
  return text;
}

/* What the terminal shows at the end: each '\r' begins the line anew, over what stands there. */
static void assert_erased(const char *text)
{
  char line[100] = "";
  size_t column = 0;
  for (; *text; text++) {
    ck_assert_uint_lt(column, 80);
    ck_assert_int_ne(*text, '\n');
    if (*text == '\r')
      column = 0;
    else
      line[column++] = *text;
  }
  ck_assert_uint_eq(column, 0);
  ck_assert_msg(strspn(line, " ") == strlen(line), "'%s' stays", line);
}

START_TEST(a_long_check_tells_a_terminal_how_far_it_is)
{
  raise_curtain(1, 0);
  /* Packets are due 0.1 s after the connection was set up, and each 0.1 s from then on. */
  const char *text = told("--count 60 --schedule fixed:100ms -t 12s", true, OK);
  ck_assert_msg(strstr(text, "\rcheck_owamp: 17 of 60 packets sent, ") == text, "%s", text);
  ck_assert_msg(strstr(text, "\rcheck_owamp: 17 of 60 packets sent, 17 of 60 received, up to 7 s left\r"),
                "%s", text);
  ck_assert_msg(strstr(text, "\rcheck_owamp: 57 of 60 packets sent, 57 of 60 received, up to 3 s left\r"),
                "%s", text);
  assert_erased(text);
  text = told("--count 60 --schedule fixed:100ms -t 12s --direction reverse", true, OK);
  ck_assert_msg(strstr(text, "\rcheck_owamp: 17 of 60 packets received, up to 7 s left\r"), "%s", text);
  assert_erased(text);
  text = told("--count 60 --schedule fixed:100ms -t 12s --direction forward", true, OK);
  ck_assert_msg(strstr(text, "\rcheck_owamp: 17 of 60 packets sent, up to 7 s left\r"), "%s", text);
  /* It is no news that a short one is soon over. */
  ck_assert_str_eq(told("--count 15 --schedule fixed:100ms", true, OK), "");
  drop_curtain();
}
END_TEST

START_TEST(a_check_that_waits_says_what_for)
{
  raise_curtain(1, 0);
  sim_path(HOST)->blackhole = true;
  const char *text = told("", true, CRITICAL);
  ck_assert_msg(strstr(text, "\rcheck_owamp: connecting, up to 8 s left\r") == text, "%s", text);
  assert_erased(text);
  text = told("--fetch 00112233445566778899aabbccddeeff", true, CRITICAL);
  ck_assert_msg(strstr(text, "\rcheck_owamp: connecting, up to 8 s left\r"), "%s", text);
  assert_erased(text);
  sim_resolving = 9 * S;
  text = told("", true, UNKNOWN);
  ck_assert_msg(strstr(text, "\rcheck_owamp: resolving the name, up to 8 s left\r") == text, "%s", text);
  assert_erased(text);
  sim_path(HOST)->blackhole = false;
  drop_curtain();
}
END_TEST

START_TEST(nothing_is_told_where_nobody_reads)
{
  raise_curtain(1, 0);
  ck_assert_str_eq(told("--count 60 --schedule fixed:100ms -t 12s", false, OK), "");
  drop_curtain();
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("check, simulated");
  TEST_CASE(suite, "time", a_time_that_is_too_short_is_never_critical, the_defaults_leave_time_for_every_loss,
            a_breach_is_critical_even_if_time_runs_out, only_the_servers_silence_is_critical,
            a_server_that_falls_silent_at_the_end_loses_no_packets, what_may_be_an_outage_is_not_excused);
  TEST_CASE(suite, "advice", a_diagnosis_tells_a_small_mtu_from_a_firewall,
            who_does_not_answer_is_pointed_to_the_diagnosis);
  TEST_CASE(suite, "progress", a_long_check_tells_a_terminal_how_far_it_is, a_check_that_waits_says_what_for,
            nothing_is_told_where_nobody_reads);
  return test_run(suite);
}
