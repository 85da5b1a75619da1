/* SPDX-License-Identifier: MIT */
/* The whole check on the simulated network: what it says when time runs out. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check_owamp.h"
#include "server/server.h"
#include "sim/sim.h"
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
  struct ow_serve_config config;
  sim_begin(seed);
  *sim_path(HOST) = (struct sim_path){.delay = {20 * MS, 10 * MS}, .loss = {loss, loss}};
  loop = ow_loop_create(&failure);
  sim_share_loop(loop);
  ow_serve_defaults(&config);
  snprintf(config.address, sizeof config.address, "127.0.0.%u", HOST);
  server = ow_serve_create(loop, &config, &test_policy, NULL, &failure);
  ck_assert_ptr_nonnull(server);
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

int main(void)
{
  Suite *suite = suite_create("check, simulated");
  TEST_CASE(suite, "time", a_time_that_is_too_short_is_never_critical, the_defaults_leave_time_for_every_loss,
            a_breach_is_critical_even_if_time_runs_out, only_the_servers_silence_is_critical);
  TEST_CASE(suite, "advice", a_diagnosis_tells_a_small_mtu_from_a_firewall,
            who_does_not_answer_is_pointed_to_the_diagnosis);
  return test_run(suite);
}
