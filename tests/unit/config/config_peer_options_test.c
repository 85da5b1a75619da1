/* SPDX-License-Identifier: MIT */
/* core/config: the table of a peer's options: bounds, defaults, and that what is printed can be read. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/peer_face.h"
#include "config/peer_options.h"
#include "support/main.h"
#include "text/duration.h"

static struct ow_peer_settings settings;
static struct ow_given given;
static struct ow_failure failure;

static void fresh(void)
{
  ow_peer_settings_defaults(&settings, OW_USE_PROBE);
  given = (struct ow_given){0};
  failure = (struct ow_failure){0};
}

static enum ow_status apply(enum ow_peer_option_id id, const char *text)
{
  return ow_peer_option_apply(&settings, id, text, &given, &failure);
}

static const char *print(enum ow_peer_option_id id)
{
  static char text[OW_PEER_OPTION_TEXT];
  return ow_peer_option_print(text, sizeof text, id, &settings);
}

/* What it prints is read as the same, and printed as the same. */
static void assert_round_trip(enum ow_peer_option_id id)
{
  struct ow_peer_settings before = settings;
  char text[OW_PEER_OPTION_TEXT];
  snprintf(text, sizeof text, "%s", print(id));
  given = (struct ow_given){0};
  ow_peer_settings_defaults(&settings, OW_USE_PROBE);
  ck_assert_msg(apply(id, text) == OW_OK, "%s: %s", ow_peer_options[id].name, failure.text);
  ck_assert_msg(ow_peer_option_same(id, &settings, &before), "%s became %s", text, print(id));
  ck_assert_str_eq(print(id), text);
}

static void assert_taken(enum ow_peer_option_id id, const char *text)
{
  fresh();
  ck_assert_msg(apply(id, text) == OW_OK, "%s %s: %s", ow_peer_options[id].name, text, failure.text);
  assert_round_trip(id);
}

/* Refused with a sentence, and nothing is changed. */
static void assert_refused(enum ow_peer_option_id id, const char *text)
{
  struct ow_peer_settings before;
  fresh();
  before = settings;
  ck_assert_msg(apply(id, text) == OW_INVALID, "%s takes %s", ow_peer_options[id].name, text);
  ck_assert_str_ne(failure.text, "");
  ck_assert_mem_eq(&settings, &before, sizeof before);
}

START_TEST(every_option_has_a_line_in_the_table)
{
  const struct ow_peer_option *option = &ow_peer_options[_i];
  ck_assert_ptr_nonnull(option->name);
  ck_assert_uint_lt(strlen(option->name), OW_SPELLED_TEXT);
  ck_assert_uint_eq(strspn(option->name, "abcdefghijklmnopqrstuvwxyz-"), strlen(option->name));
  ck_assert_ptr_nonnull(option->value);
  ck_assert_ptr_nonnull(option->help);
  ck_assert_int_eq(option->help[strlen(option->help) - 1], '.');
  ck_assert_uint_gt(option->size, 0);
  ck_assert_uint_le(option->offset + option->size, sizeof settings);
  ck_assert_int_le(option->least, option->most);
  for (int i = 0; i < _i; i++)
    ck_assert_str_ne(option->name, ow_peer_options[i].name);
}
END_TEST

/* The table and the core agree. */
START_TEST(defaults)
{
  struct ow_peer peer;
  ow_peer_defaults(&peer);
  fresh();
  ck_assert_mem_eq(&settings.peer, &peer, sizeof peer);
  ck_assert_str_eq(peer.port, "861");
  ck_assert_uint_eq(peer.modes, OW_MODES_ALL);
  ck_assert_uint_eq(peer.packets, 50);
  ck_assert_int_eq(peer.loss_timeout, 2 * OW_NS_PER_S);
  ck_assert(peer.directions[OW_FORWARD] && peer.directions[OW_REVERSE]);
  ck_assert_uint_eq(peer.most_pbkdf2_count, 1 << 18);
  ck_assert_str_eq(print(OW_PEER_SCHEDULE), "exp:60ms");
  ck_assert_int_eq(settings.interval, 60 * OW_NS_PER_S);
  ck_assert_uint_eq(settings.rule.raise, 1);
  ck_assert_uint_eq(settings.rule.of, 1);
  ow_peer_settings_defaults(&settings, OW_USE_STREAM);
  ck_assert_str_eq(print(OW_PEER_SCHEDULE), "exp:1s");
}
END_TEST

START_TEST(a_default_can_be_read_and_printed)
{
  enum ow_peer_option_id id = (enum ow_peer_option_id)_i;
  const struct ow_peer_option *option = &ow_peer_options[id];
  struct ow_peer_settings usual;
  ow_peer_settings_defaults(&usual, OW_USE_PROBE);
  fresh();
  if (option->initial) {
    assert_taken(id, option->initial);
    ck_assert(ow_peer_option_same(id, &settings, &usual));
  }
  if (option->stream_initial)
    assert_taken(id, option->stream_initial);
  fresh();
  if (print(id)[0])
    assert_round_trip(id);
}
END_TEST

static const char *duration(int64_t ns)
{
  static char text[OW_DURATION_TEXT];
  return ow_duration_print(text, sizeof text, ns);
}

static const char *number(const char *format, int64_t value)
{
  static char text[64];
  snprintf(text, sizeof text, format, (long long)value, (long long)value);
  return text;
}

static const char *letters(int64_t count)
{
  static char text[PATH_MAX + 2];
  memset(text, 'a', sizeof text);
  ck_assert_int_lt(count, (int64_t)sizeof text);
  text[count] = '\0';
  return text;
}

/* A value of that size; NULL if the type has no bounds. */
static const char *value_of(enum ow_peer_option_type type, int64_t size)
{
  const char *text = NULL;
  switch (type) {
  case OW_TYPE_TEXT:
  case OW_TYPE_HOST:
  case OW_TYPE_KEY_ID: text = letters(size); break;
  case OW_TYPE_PORT:
  case OW_TYPE_NUMBER:
  case OW_TYPE_DSCP: text = number("%lld", size); break;
  case OW_TYPE_DURATION:
  case OW_TYPE_MEAN: text = duration(size); break;
  case OW_TYPE_PORTS: text = number("%lld-%lld", size); break;
  case OW_TYPE_RAISE: text = number("%lld/%lld", size); break;
  case OW_TYPE_FLAG: text = size == 0 ? "false" : size == 1 ? "true" : "2"; break;
  case OW_TYPE_FAMILY:
  case OW_TYPE_UNCERTAIN:
  case OW_TYPE_STATE:
  case OW_TYPE_DIRECTIONS:
  case OW_TYPE_MODES:
  case OW_TYPE_PROTOCOL:
  case OW_TYPE_TLVS:
  case OW_TYPE_SCHEDULE:
  case OW_TYPE_PERCENTILES:
  case OW_TYPE_THRESHOLDS: break;
  }
  return text;
}

START_TEST(bounds_hold)
{
  enum ow_peer_option_id id = (enum ow_peer_option_id)_i;
  const struct ow_peer_option *option = &ow_peer_options[id];
  if (!value_of(option->type, option->least))
    return;
  assert_taken(id, value_of(option->type, option->least));
  assert_taken(id, value_of(option->type, option->most));
  assert_refused(id, value_of(option->type, option->most + 1));
  assert_refused(id, value_of(option->type, option->least - 1));
}
END_TEST

static const struct {
  enum ow_peer_option_id id;
  const char *text;
  const char *printed;
} values[] = {
    {OW_PEER_HOST, "2001:db8::1", "2001:db8::1"},
    {OW_PEER_PORT, "owamp-control", "owamp-control"},
    {OW_PEER_FAMILY, "ipv6", "ipv6"},
    {OW_PEER_FAMILY, "ipv4", "ipv4"},
    {OW_PEER_MODE, "encrypted,open", "open,encrypted"},
    {OW_PEER_MODE, "authenticated", "authenticated"},
    {OW_PEER_PROTOCOL, "stamp", "stamp"},
    {OW_PEER_PROTOCOL, "twamp", "twamp"},
    {OW_PEER_PROTOCOL, "owamp", "owamp"},
    {OW_PEER_MODE, "mixed,open", "open,mixed"},
    {OW_PEER_TLVS, "follow-up,timestamps,counters", "timestamps,counters,follow-up"},
    {OW_PEER_TLVS, "none", "none"},
    {OW_PEER_DIRECTION, "reverse,forward", "both"},
    {OW_PEER_DIRECTION, "forward", "forward"},
    {OW_PEER_DIRECTION, "reverse", "reverse"},
    {OW_PEER_PACKET_INTERVAL, "0.1s", "100ms"},
    {OW_PEER_SCHEDULE, "exp:100ms,fixed:1.5us,fixed:1us,exp:3s", "exp:100ms,fixed:1.500us,fixed:1us,exp:3s"},
    {OW_PEER_ZERO_PADDING, "Yes", "true"},
    {OW_PEER_NAT, "off", "false"},
    {OW_PEER_BUSY_WAIT, "on", "true"},
    {OW_PEER_DSCP, "EF", "46"},
    {OW_PEER_LOSS_TIMEOUT, "1.5s", "1500ms"},
    {OW_PEER_LOSS_TIMEOUT, "0.123456789s", "123456.789us"},
    {OW_PEER_PORTS, "9000", "9000-9000"},
    {OW_PEER_WARNING, "20ms, 1%", "delay_p95=~:0.02s,loss=0:1"},
    {OW_PEER_CRITICAL, "delay_max@reverse=@1ms:5ms,lost@forward=2:,asymmetry=5ms,rtt=~:",
     "delay_max@reverse=@0.001s:0.005s,lost@forward=2:,asymmetry=-0.005s:0.005s,rtt=~:"},
    {OW_PEER_RAISE, "3", "3/3"},
    {OW_PEER_RAISE, "3/5", "3/5"},
    {OW_PEER_UNCERTAIN, "unknown", "unknown"},
    {OW_PEER_NOTHING_ARRIVED, "ok", "ok"},
    {OW_PEER_NOTHING_ARRIVED, "unknown", "unknown"},
    {OW_PEER_PARTIAL_STATE, "warning", "warning"},
    {OW_PEER_PARTIAL_STATE, "critical", "critical"},
    {OW_PEER_PERCENTILES, "99.9,50,095.50,100", "50,95.5,99.9,100"},
    {OW_PEER_PERCENTILES, "0.001,8,7,6,5,4,3,2", "0.001,2,3,4,5,6,7,8"},
};

START_TEST(values_are_printed_so_that_they_can_be_read)
{
  assert_taken(values[_i].id, values[_i].text);
  ck_assert_str_eq(print(values[_i].id), values[_i].printed);
}
END_TEST

static const struct {
  enum ow_peer_option_id id;
  const char *text;
} mistakes[] = {
    {OW_PEER_HOST, "a b"},
    {OW_PEER_KEY_ID, "a b"},
    {OW_PEER_FAMILY, "inet"},
    {OW_PEER_MODE, "open,"},
    {OW_PEER_MODE, "none"},
    {OW_PEER_PROTOCOL, "icmp"},
    {OW_PEER_TLVS, "hmac"},
    {OW_PEER_MODE, ""},
    {OW_PEER_DIRECTION, "up"},
    {OW_PEER_DIRECTION, ""},
    {OW_PEER_SCHEDULE, "often"},
    {OW_PEER_PACKET_INTERVAL, "1"},
    {OW_PEER_INTERVAL, "60"},
    {OW_PEER_NAT, "maybe"},
    {OW_PEER_DSCP, "EFF"},
    {OW_PEER_PORTS, "9-8"},
    {OW_PEER_WARNING, "speed=1"},
    {OW_PEER_RAISE, "6/5"},
    {OW_PEER_UNCERTAIN, "ignore"},
    {OW_PEER_PADDING, "-1"},
    {OW_PEER_NOTHING_ARRIVED, "2"},
    {OW_PEER_PARTIAL_STATE, "OK"},
    {OW_PEER_CRITICAL, ""},
    {OW_PEER_MIN_PACKETS, "a few"},
    {OW_PEER_PORT, ""},
    {OW_PEER_PERCENTILES, ""},
    {OW_PEER_PERCENTILES, "50,"},
    {OW_PEER_PERCENTILES, "0"},
    {OW_PEER_PERCENTILES, "100.001"},
    {OW_PEER_PERCENTILES, "99.9999"},
    {OW_PEER_PERCENTILES, "99.9,99.90"},
    {OW_PEER_PERCENTILES, "50, 95"},
    {OW_PEER_PERCENTILES, "p95"},
    {OW_PEER_PERCENTILES, "1,2,3,4,5,6,7,8,9"},
};

START_TEST(what_is_no_value_is_refused)
{
  assert_refused(mistakes[_i].id, mistakes[_i].text);
}
END_TEST

START_TEST(the_longest_lists_can_be_printed)
{
  char text[64 * OW_MAX_SLOTS] = "";
  for (size_t i = 0, used = 0; i < OW_MAX_SLOTS; i++)
    used += (size_t)snprintf(text + used, sizeof text - used, "%sfixed:86399.123456789s", i ? "," : "");
  assert_taken(OW_PEER_SCHEDULE, text);
  text[0] = '\0';
  size_t used = 0;
  for (int m = OW_METRIC_DELAY_MIN; m <= OW_METRIC_DELAY_MAX; m++)
    for (int d = 0; d < OW_DIRECTIONS; d++)
      used += (size_t)snprintf(text + used, sizeof text - used, "%s%s@%s=@-12345.123456789s:12345.123456789s",
                               used ? "," : "", ow_metric_name((enum ow_metric)m),
                               ow_direction_name((enum ow_direction)d));
  assert_taken(OW_PEER_WARNING, text);
}
END_TEST

/* What a manager has set only half of. */
START_TEST(what_is_no_value_has_no_text)
{
  fresh();
  settings.peer.test_port_low = 9000;
  ck_assert_str_eq(print(OW_PEER_PORTS), "");
  settings.rule.raise = 5;
  ck_assert_str_eq(print(OW_PEER_RAISE), "");
  settings.peer.directions[0] = settings.peer.directions[1] = false;
  ck_assert_str_eq(print(OW_PEER_DIRECTION), "");
}
END_TEST

START_TEST(given_twice)
{
  fresh();
  ck_assert(!ow_given_has(&given, OW_PEER_PORT));
  ck_assert_int_eq(ow_peer_option_apply_once(&settings, OW_PEER_PORT, "1", &given, &failure), OW_OK);
  ck_assert(ow_given_has(&given, OW_PEER_PORT));
  ck_assert_int_eq(ow_peer_option_apply_once(&settings, OW_PEER_PORT, "2", &given, &failure), OW_INVALID);
  ck_assert_str_eq(failure.text, "it is given twice");
  ck_assert_str_eq(settings.peer.port, "1");
  ck_assert_int_eq(apply(OW_PEER_PORT, "3"), OW_OK);
  ck_assert_str_eq(settings.peer.port, "3");
}
END_TEST

START_TEST(a_protocol_brings_its_port_unless_one_is_given)
{
  fresh();
  ck_assert_str_eq(settings.peer.port, "861");
  ck_assert_int_eq(apply(OW_PEER_PROTOCOL, "stamp"), OW_OK);
  ck_assert_str_eq(settings.peer.port, "862");
  ck_assert_int_eq(apply(OW_PEER_PROTOCOL, "owamp"), OW_OK);
  ck_assert_str_eq(settings.peer.port, "861");
  ck_assert_int_eq(apply(OW_PEER_PORT, "861"), OW_OK);
  ck_assert_int_eq(apply(OW_PEER_PROTOCOL, "stamp"), OW_OK);
  ck_assert_str_eq(settings.peer.port, "861");
}
END_TEST

START_TEST(twamp_brings_its_mode_unless_some_are_given)
{
  fresh();
  ck_assert_int_eq(apply(OW_PEER_PROTOCOL, "twamp"), OW_OK);
  ck_assert_uint_eq(settings.peer.modes, OW_TWAMP_MODES);
  ck_assert_str_eq(settings.peer.port, "862");
  ck_assert_int_eq(apply(OW_PEER_PROTOCOL, "stamp"), OW_OK);
  ck_assert_uint_eq(settings.peer.modes, OW_MODES_ALL);
  ck_assert_int_eq(apply(OW_PEER_MODE, "open"), OW_OK);
  ck_assert_int_eq(apply(OW_PEER_PROTOCOL, "twamp"), OW_OK);
  ck_assert_uint_eq(settings.peer.modes, OW_MODE_OPEN);
  given = (struct ow_given){0}; /* in another place: they are no protocol's */
  ck_assert_int_eq(apply(OW_PEER_PROTOCOL, "stamp"), OW_OK);
  ck_assert_int_eq(apply(OW_PEER_PROTOCOL, "twamp"), OW_OK);
  ck_assert_uint_eq(settings.peer.modes, OW_MODE_OPEN);
}
END_TEST

START_TEST(modes_add_up)
{
  fresh();
  ck_assert_uint_eq(settings.peer.modes, OW_MODES_ALL);
  ck_assert_int_eq(ow_peer_option_apply_once(&settings, OW_PEER_MODE, "open", &given, &failure), OW_OK);
  ck_assert_uint_eq(settings.peer.modes, OW_MODE_OPEN);
  ck_assert_int_eq(ow_peer_option_apply_once(&settings, OW_PEER_MODE, "encrypted", &given, &failure), OW_OK);
  ck_assert_uint_eq(settings.peer.modes, OW_MODE_OPEN | OW_MODE_ENCRYPTED);
}
END_TEST

START_TEST(an_option_is_copied)
{
  struct ow_peer_settings other;
  fresh();
  other = settings;
  ck_assert_int_eq(apply(OW_PEER_SCHEDULE, "fixed:1s,fixed:2s"), OW_OK);
  ck_assert_int_eq(apply(OW_PEER_PORTS, "1-2"), OW_OK);
  ck_assert(!ow_peer_option_same(OW_PEER_SCHEDULE, &settings, &other));
  ow_peer_option_copy(&other, OW_PEER_SCHEDULE, &settings);
  ck_assert(ow_peer_option_same(OW_PEER_SCHEDULE, &settings, &other));
  ck_assert(!ow_peer_option_same(OW_PEER_PORTS, &settings, &other));
  ck_assert_uint_eq(other.peer.slot_count, 2);
}
END_TEST

/* ---- spelling ---- */

static const enum ow_peer_option_id some[] = {OW_PEER_HOST, OW_PEER_LOSS_TIMEOUT, OW_PEER_KEY_ID};
static const struct ow_spelled exceptions[] = {{OW_PEER_KEY_ID, "KeyID"}};
static const struct ow_spelling dashed = {.capitals = false};
static const struct ow_spelling capital = {true, true, exceptions, 1};

START_TEST(spellings)
{
  char name[OW_SPELLED_TEXT];
  ck_assert_str_eq(ow_spell(name, &dashed, OW_PEER_LOSS_TIMEOUT), "loss-timeout");
  ck_assert_str_eq(ow_spell(name, &capital, OW_PEER_LOSS_TIMEOUT), "LossTimeout");
  ck_assert_str_eq(ow_spell(name, &capital, OW_PEER_KEY_ID), "KeyID");
  ck_assert_str_eq(ow_spell(name, &capital, OW_PEER_NAT), "Nat");
}
END_TEST

START_TEST(every_spelling_finds_its_option)
{
  static const struct ow_spelling *const all[] = {&dashed, &capital};
  enum ow_peer_option_id ids[OW_PEER_OPTIONS];
  for (int id = 0; id < OW_PEER_OPTIONS; id++)
    ids[id] = (enum ow_peer_option_id)id;
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
    struct ow_peer_face face = {all[i], ids, OW_PEER_OPTIONS};
    char name[OW_SPELLED_TEXT];
    enum ow_peer_option_id found = OW_PEER_OPTIONS;
    ck_assert_msg(ow_peer_face_find(&face, ow_spell(name, all[i], ids[_i]), &found), "%s", name);
    ck_assert_int_eq(found, _i);
  }
}
END_TEST

START_TEST(a_face_takes_its_own_options_only)
{
  struct ow_peer_face face = {&capital, some, 3};
  enum ow_peer_option_id id = OW_PEER_OPTIONS;
  ck_assert(ow_peer_face_find(&face, "keyid", &id));
  ck_assert_int_eq(id, OW_PEER_KEY_ID);
  ck_assert(!ow_peer_face_find(&face, "Port", &id));
  ck_assert(!ow_peer_face_find(&face, "key-id", &id));
  face.spelling = &dashed;
  ck_assert(!ow_peer_face_find(&face, "Host", &id));
}
END_TEST

START_TEST(a_face_offers_its_own_options)
{
  struct ow_peer_face face = {&capital, some, 3};
  struct ow_nearest nearest = ow_nearest(ow_piece_of("LossTimeuot"));
  ow_peer_face_offer(&face, &nearest);
  ck_assert_str_eq(nearest.word, "LossTimeout");
  nearest = ow_nearest(ow_piece_of("Pork"));
  ow_peer_face_offer(&face, &nearest);
  ck_assert_str_eq(nearest.word, "");
}
END_TEST

#define LENGTH(array) ((int)(sizeof(array) / sizeof *(array)))

int main(void)
{
  Suite *suite = suite_create("config/peer options");
  TEST_LOOP(suite, "each option", OW_PEER_OPTIONS, every_option_has_a_line_in_the_table,
            a_default_can_be_read_and_printed, bounds_hold, every_spelling_finds_its_option);
  TEST_LOOP(suite, "values", LENGTH(values), values_are_printed_so_that_they_can_be_read);
  TEST_LOOP(suite, "mistakes", LENGTH(mistakes), what_is_no_value_is_refused);
  TEST_CASE(suite, "settings", defaults, a_protocol_brings_its_port_unless_one_is_given,
            twamp_brings_its_mode_unless_some_are_given, the_longest_lists_can_be_printed,
            what_is_no_value_has_no_text, given_twice, modes_add_up, an_option_is_copied);
  TEST_CASE(suite, "faces", spellings, a_face_takes_its_own_options_only, a_face_offers_its_own_options);
  return test_run(suite);
}
