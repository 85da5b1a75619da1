/* SPDX-License-Identifier: MIT */
/* The <Plugin owamp> block: what is taken, and what is refused with which words. */
#include <check.h>
#include <string.h>
#include <unistd.h>

#include "config.h"
#include "support/fake_collectd.h"
#include "support/main.h"

static struct owamp_config config;

static void read_config(const char *text)
{
  oconfig_item_t *tree = fake_config(text);
  owamp_config_clear(&config);
  fake_collectd_reset();
  owamp_config_read(&config, tree);
  fake_config_free(tree);
}

static void clear(void)
{
  owamp_config_clear(&config);
}

static void expect_logged(const char *text)
{
  ck_assert_msg(fake_collectd_logged(text) != NULL, "'%s' is not in the log, which begins: %s", text,
                fake_collectd.log[0]);
}

START_TEST(a_peer_has_the_defaults_of_a_stream)
{
  struct ow_stream_config defaults;
  ow_stream_defaults(&defaults);
  read_config("<Peer \"far\">\n Host \"192.0.2.1\"\n</Peer>");
  ck_assert_uint_eq(config.refused, 0);
  ck_assert_uint_eq(config.peer_count, 1);
  const struct ow_stream_config *stream = &config.peers[0]->stream;
  ck_assert_str_eq(stream->name, "far");
  ck_assert_str_eq(stream->peer.host, "192.0.2.1");
  ck_assert_str_eq(stream->peer.port, "861");
  ck_assert_int_eq(stream->interval, defaults.interval);
  ck_assert_uint_eq(stream->peer.modes, defaults.peer.modes);
}
END_TEST

START_TEST(every_keyword_is_taken)
{
  read_config(
      "<Peer \"far\">\n Host \"far.example.net\"\n Port 8610\n AddressFamily \"ipv6\"\n Mode \"open\"\n"
      " Direction \"reverse\"\n PacketInterval 0.25\n Interval 30\n Padding 100\n ZeroPadding true\n"
      " DSCP \"EF\"\n LossTimeout \"1500ms\"\n SourceAddress \"2001:db8::1\"\n Interface \"eth0\"\n"
      " TestPorts \"9000-9100\"\n NAT yes\n BusyWait true\n Warning \"20ms\"\n Critical \"loss=5%\"\n Raise "
      "\"3/5\"\n"
      " Uncertain \"unknown\"\n MinPackets 10\n</Peer>");
  ck_assert_msg(config.refused == 0, "%s", fake_collectd.log[0]);
  const struct ow_stream_config *stream = &config.peers[0]->stream;
  const struct ow_peer *peer = &stream->peer;
  const struct owamp_rules *rules = &config.peers[0]->rules;
  ck_assert_str_eq(peer->port, "8610");
  ck_assert_int_eq(peer->address_family, 6);
  ck_assert_uint_eq(peer->modes, OW_MODE_OPEN);
  ck_assert(!peer->directions[OW_FORWARD] && peer->directions[OW_REVERSE]);
  ck_assert_uint_eq(peer->slot_count, 1);
  ck_assert_int_eq(ow_span_to_ns(peer->slots[0].parameter), 250 * OW_NS_PER_MS);
  ck_assert_int_eq(stream->interval, 30 * OW_NS_PER_S);
  ck_assert_uint_eq(peer->padding, 100);
  ck_assert(peer->zero_padding && peer->nat && peer->busy_wait);
  ck_assert_uint_eq(peer->dscp, 46);
  ck_assert_int_eq(peer->loss_timeout, 1500 * OW_NS_PER_MS);
  ck_assert_str_eq(peer->source, "2001:db8::1");
  ck_assert_str_eq(peer->interface, "eth0");
  ck_assert(peer->test_port_low == 9000 && peer->test_port_high == 9100);
  ck_assert_int_eq(rules->warning.list[0].metric, OW_METRIC_DELAY_P95);
  ck_assert_int_eq(rules->critical.list[0].metric, OW_METRIC_LOSS);
  ck_assert(rules->rule.raise == 3 && rules->rule.of == 5 && rules->rule.how.least_packets == 10);
  ck_assert_int_eq(rules->rule.how.uncertain, OW_UNCERTAIN_IS_UNKNOWN);
}
END_TEST

START_TEST(defaults_hold_for_every_peer_wherever_they_stand)
{
  read_config("Interval 20\n<Peer \"b\">\n Host \"192.0.2.2\"\n Interval 40\n Mode \"open\"\n</Peer>\n"
              "<Peer \"a\">\n Host \"192.0.2.1\"\n</Peer>\nPort 8610\nWarning \"5ms\"");
  ck_assert_uint_eq(config.refused, 0);
  ck_assert_uint_eq(config.peer_count, 2);
  ck_assert_str_eq(config.peers[0]->stream.name, "a");
  ck_assert_int_eq(config.peers[0]->stream.interval, 20 * OW_NS_PER_S);
  ck_assert_int_eq(config.peers[1]->stream.interval, 40 * OW_NS_PER_S);
  ck_assert_uint_eq(config.peers[1]->stream.peer.modes, OW_MODE_OPEN);
  for (size_t i = 0; i < 2; i++) {
    ck_assert_str_eq(config.peers[i]->stream.peer.port, "8610");
    ck_assert_uint_eq(config.peers[i]->rules.warning.count, 1);
  }
}
END_TEST

START_TEST(modes_may_be_repeated_and_replace_the_default)
{
  read_config(
      "Mode \"authenticated\"\n<Peer \"a\">\n Host \"192.0.2.1\"\n Mode \"open\"\n Mode \"authenticated\"\n"
      "</Peer>");
  ck_assert_uint_eq(config.refused, 0);
  ck_assert_uint_eq(config.peers[0]->stream.peer.modes, OW_MODE_OPEN | OW_MODE_AUTHENTICATED);
  read_config("<Peer \"a\">\n Host \"192.0.2.1\"\n Mode \"open,authenticated\"\n</Peer>");
  ck_assert_uint_eq(config.refused, 0);
  ck_assert_uint_eq(config.peers[0]->stream.peer.modes, OW_MODE_OPEN | OW_MODE_AUTHENTICATED);
}
END_TEST

static const struct {
  const char *items;
  const char *why;
} bad_items[] = {
    {"Hots \"x\"", "Hots is not a keyword here; did you mean Host? See collectd-owamp(5)"},
    {"Value \"up\"", "Value is not a keyword here; did you mean Values?"},
    {"Colour 7", "Colour is not a keyword here; see collectd-owamp(5)"},
    {"MinPackets 10000001", "MinPackets: '10000001' is not a number from 0 to 10000000"},
    {"Values \"up\"\n Values \"up\"", "Values: it is given twice"},
    {"Port 70000", "Port: '70000' is not a number from 1 to 65535"},
    {"Port 86.1", "Port: the value is not a whole number"},
    {"Port true", "Port: the value is true or false"},
    {"Port 861\n Port 862", "Port: it is given twice"},
    {"Port 861 862", "Port: it takes one value, and 2 are given"},
    {"Port", "Port: it takes one value, and 0 are given"},
    {"<Port \"861\">\n a 1\n </Port>", "Port: this is a keyword with a value, not a block"},
    {"Interval \"60\"", "Interval: '60' is not a duration"},
    {"Interval -1", "Interval: the value is not a positive number of seconds"},
    {"Interval nan", "Interval: the value is not a positive number of seconds"},
    {"Interval 90000", "Interval: '90000.000000000s' is not a duration"},
    {"Interval 1", "interval"},
    {"Interface 7", "Interface: the value is a number, where a text"},
    {"Mode \"closed\"", "Mode: 'closed' is not one of open, authenticated, encrypted"},
    {"Mode \"encrypted\"", "need a KeyID"},
    {"Direction \"up\"", "Direction: 'up' is not one of both, forward, reverse"},
    {"AddressFamily 4", "AddressFamily: the value is a number"},
    {"AddressFamily \"inet\"", "AddressFamily: 'inet' is not one of any, ipv4, ipv6"},
    {"PacketInterval 1\n Schedule \"fixed:1s\"", "PacketInterval and Schedule exclude each other"},
    {"Warning \"loss=5%\"\n Critical \"loss=1%\"", "loss can never be a WARNING"},
    {"Schedule \"often\"", "Schedule: "},
    {"DSCP \"EFF\"", "DSCP: "},
    {"TestPorts \"9-8\"", "TestPorts: "},
    {"NAT \"maybe\"", "NAT: the value is neither true nor false"},
    {"Warning \"speed=1\"", "Warning: "},
    {"Raise \"6/5\"", "Raise: "},
    {"Uncertain \"ignore\"", "Uncertain: 'ignore' is not one of remark, unknown"},
    {"KeyID \"me\"", "KeyID needs KeyFile"},
    {"KeyFile \"/keys\"", "KeyFile needs KeyID"},
    {"KeyID \"me\"\n KeyFile \"/nowhere/keys.pfs\"", "/nowhere/keys.pfs: there is no such file"},
    {"Padding 70000", "Padding: "},
    {"SourceAddress \"\"", "SourceAddress: the value is empty"},
    {"Interface \"a-name-that-is-too-long\"", "Interface: the value is longer than 15 characters"},
};

START_TEST(a_bad_block_is_refused_alone)
{
  char text[512];
  snprintf(text, sizeof text,
           "<Peer \"bad\">\n Host \"192.0.2.1\"\n %s\n</Peer>\n<Peer \"good\">\n Host \"192.0.2.2\"\n</Peer>",
           bad_items[_i].items);
  read_config(text);
  ck_assert_uint_eq(config.refused, 1);
  ck_assert_uint_eq(config.peer_count, 1);
  ck_assert_str_eq(config.peers[0]->stream.name, "good");
  expect_logged("3 owamp plugin: <Peer \"bad\"> is refused: ");
  expect_logged(bad_items[_i].why);
}
END_TEST

START_TEST(names_are_checked)
{
  read_config("<Peer \"a/b\">\n Host \"x\"\n</Peer>\n<Peer \"a\">\n Host \"x\"\n</Peer>\n<Peer \"a\">\n Host "
              "\"y\"\n</Peer>\n"
              "<Peer>\n Host \"x\"\n</Peer>\n<Peer 7>\n Host \"x\"\n</Peer>\n<Peer \"nobody\">\n</Peer>");
  ck_assert_uint_eq(config.peer_count, 1);
  ck_assert_str_eq(config.peers[0]->stream.peer.host, "x");
  ck_assert_uint_eq(config.refused, 5);
  expect_logged("<Peer \"a/b\"> is refused: a name has 1 to 63");
  expect_logged("<Peer \"a\"> is refused: there is a peer of this name already");
  expect_logged("it takes one text, as in <Peer \"text\">");
  expect_logged("<Peer \"nobody\"> is refused: Host is missing");
}
END_TEST

START_TEST(a_bad_default_refuses_what_builds_on_it)
{
  read_config("Mode \"encypted\"\n<Peer \"a\">\n Host \"x\"\n</Peer>\nQuerySocket \"/run/q.sock\"");
  ck_assert_uint_eq(config.peer_count, 0);
  expect_logged("a default of all peers is refused: Mode: 'encypted'");
  expect_logged("<Peer \"a\"> is refused: a default that it builds on is refused");
  ck_assert_str_eq(config.publish.path, "/run/q.sock");
  read_config("Host \"x\"");
  expect_logged("Host is not a keyword here");
}
END_TEST

START_TEST(the_query_socket)
{
  read_config("QuerySocket \"/run/q.sock\"\nQuerySocketPerms \"0600\"\nQuerySocketGroup \"nagios\"");
  ck_assert_uint_eq(config.refused, 0);
  ck_assert_str_eq(config.publish.path, "/run/q.sock");
  ck_assert_str_eq(config.publish.group, "nagios");
  ck_assert_uint_eq(config.publish.permissions, 0600);
  read_config("QuerySocketPerms 660\nQuerySocket \"/run/q.sock\"");
  expect_logged("the query socket is refused: QuerySocketPerms: ");
  ck_assert_str_eq(config.publish.path, "");
  read_config("QuerySocket \"q.sock\"");
  expect_logged("QuerySocket: the socket's path is not absolute");
}
END_TEST

START_TEST(how_many_intervals_are_kept)
{
  read_config("<Peer \"a\">\n Host \"x\"\n</Peer>");
  ck_assert_uint_eq(config.history, 12);
  read_config("History 30");
  ck_assert_uint_eq(config.history, 30);
  ck_assert_uint_eq(config.refused, 0);
  oconfig_item_t *tree = fake_config("Interval 20"); /* says nothing of it */
  owamp_config_read(&config, tree);
  fake_config_free(tree);
  ck_assert_uint_eq(config.history, 30);
  read_config("History 10000");
  ck_assert_uint_eq(config.history, 10000);
  read_config("History 10001\n<Peer \"a\">\n Host \"x\"\n History 3\n</Peer>");
  ck_assert_uint_eq(config.history, 12);
  expect_logged("History: '10001' is not a number from 1 to 10000");
  read_config("<Peer \"a\">\n Host \"x\"\n History 3\n</Peer>\n<Query \"/q\">\n History 3\n</Query>");
  ck_assert_uint_eq(config.refused, 2);
  expect_logged("<Peer \"a\"> is refused: History is not a keyword here");
  expect_logged("<Query \"/q\"> is refused: History is not a keyword here");
}
END_TEST

START_TEST(queries)
{
  read_config("Warning \"1ms\"\n<Query \"/run/other.sock\">\n Critical \"loss=1%\"\n</Query>\n"
              "<Query \"/run/other.sock\">\n</Query>\n<Query \"other.sock\">\n</Query>\n"
              "<Query \"/run/third.sock\">\n Port 1\n</Query>");
  ck_assert_uint_eq(config.query_count, 1);
  ck_assert_uint_eq(config.refused, 3);
  ck_assert_str_eq(config.queries[0]->path, "/run/other.sock");
  ck_assert(config.queries[0]->rules.warning.count == 1 && config.queries[0]->rules.critical.count == 1);
  expect_logged("<Query \"/run/other.sock\"> is refused: this socket is read already");
  expect_logged("<Query \"/run/third.sock\"> is refused: Port is not a keyword here");
}
END_TEST

START_TEST(the_responder)
{
  read_config("<Responder>\n Listen \"127.0.0.1:8610\"\n TestPorts \"9000-9010\"\n ReflectPort 18620\n "
              "ListenTwamp \":18621\"\n "
              "MaxConnections 10\n Mode "
              "\"open\"\n"
              "</Responder>\n<Responder>\n</Responder>");
  ck_assert(config.responds);
  ck_assert_uint_eq(config.refused, 1);
  ck_assert_str_eq(config.responder.listen, "127.0.0.1:8610");
  ck_assert_uint_eq(config.responder.modes, OW_MODE_OPEN);
  ck_assert_uint_eq(config.responder.most_connections, 10);
  ck_assert_uint_eq(config.responder.reflect_port, 18620);
  ck_assert_str_eq(config.responder.twamp, ":18621");
  ck_assert(!config.responder.verbose);
  expect_logged("<Responder> is refused: there is one already");
  read_config("<Responder>\n Verbose true\n</Responder>");
  ck_assert(config.responder.verbose);
  read_config("<Responder>\n Verbose \"much\"\n</Responder>");
  expect_logged("<Responder> is refused: Verbose: the value is neither true nor false");
  read_config("<Responder>\n Listen \"localhost\"\n</Responder>");
  ck_assert(!config.responds);
  expect_logged("<Responder> is refused: 'localhost' is not a numeric address");
  read_config("<Responder>\n Mode \"encrypted\"\n</Responder>");
  expect_logged("nobody could connect");
  read_config("<Responder>\n Host \"x\"\n</Responder>");
  expect_logged("<Responder> is refused: Host is not a keyword here");
}
END_TEST

START_TEST(several_plugin_blocks_add_up)
{
  read_config("Interval 20\n<Peer \"a\">\n Host \"x\"\n</Peer>");
  oconfig_item_t *tree = fake_config("<Peer \"b\">\n Host \"y\"\n</Peer>");
  owamp_config_read(&config, tree);
  fake_config_free(tree);
  ck_assert_uint_eq(config.peer_count, 2);
  ck_assert_int_eq(config.peers[1]->stream.interval, 60 * OW_NS_PER_S);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("collectd/config");
  TCase *tests = tcase_create("config");
  tcase_add_checked_fixture(tests, NULL, clear);
  tcase_add_test(tests, a_peer_has_the_defaults_of_a_stream);
  tcase_add_test(tests, every_keyword_is_taken);
  tcase_add_test(tests, defaults_hold_for_every_peer_wherever_they_stand);
  tcase_add_test(tests, modes_may_be_repeated_and_replace_the_default);
  tcase_add_loop_test(tests, a_bad_block_is_refused_alone, 0, (int)(sizeof bad_items / sizeof *bad_items));
  tcase_add_test(tests, names_are_checked);
  tcase_add_test(tests, a_bad_default_refuses_what_builds_on_it);
  tcase_add_test(tests, the_query_socket);
  tcase_add_test(tests, how_many_intervals_are_kept);
  tcase_add_test(tests, queries);
  tcase_add_test(tests, the_responder);
  tcase_add_test(tests, several_plugin_blocks_add_up);
  suite_add_tcase(suite, tests);
  return test_run(suite);
}
