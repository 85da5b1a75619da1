/* SPDX-License-Identifier: MIT */
/* TWAMP's messages and packets, octet by octet; every test packet of the captures (tests/vectors). */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/contexts.h"
#include "support/hex.h"
#include "support/main.h"
#include "support/pcap.h"
#include "wire/protocol.h"
#include "wire/setup.h"
#include "wire/tw_request.h"
#include "wire/twamp_packet.h"

#define Z4 "00000000"
#define Z16 Z4 Z4 Z4 Z4

enum { SERVER_PORT = 8620 };

/* ---- control ---- */

#define REQUEST                                                                                              \
  "05 06 00 00" Z4 Z4 "2390 2391" Z16 "20010db8000000000000000000000001" Z16                                 \
  "00000064 eeb1ee5640000000 0000000180000000 2e000000 a1b2 0008" Z4

static const struct ow_tw_request request = {
    .sender = {.version = 6, .port = 0x2390},
    .receiver = {.version = 6, .port = 0x2391, .address = {0x20, 1, 0xd, 0xb8, [15] = 1}},
    .padding = 100,
    .start = {UINT64_C(0xeeb1ee5640000000)},
    .timeout = {UINT64_C(0x180000000)},
    .type_p = 0x2e000000,
    .reflected_octets = 0xa1b2,
    .reflected_length = 8,
};

START_TEST(a_request_is_as_in_the_figure)
{
  uint8_t octets[OW_REQUEST_TW_SESSION];
  struct ow_tw_request back;
  struct ow_failure failure;
  memset(octets, 0xff, sizeof octets);
  ow_tw_request_encode(&request, octets);
  test_assert_hex(octets, sizeof octets, REQUEST);
  ck_assert_int_eq(ow_tw_request_decode(octets, &back, &failure), OW_OK);
  ck_assert(ow_endpoint_same_host(&back.sender, &request.sender));
  ck_assert(ow_endpoint_same_host(&back.receiver, &request.receiver));
  ck_assert_uint_eq(back.sender.port, request.sender.port);
  ck_assert_uint_eq(back.receiver.port, request.receiver.port);
  ck_assert_uint_eq(back.padding, 100);
  ck_assert_uint_eq(back.start.ntp, request.start.ntp);
  ck_assert_uint_eq(back.timeout.ntp, request.timeout.ntp);
  ck_assert_uint_eq(back.type_p, request.type_p);
  ck_assert_uint_eq(back.reflected_octets, 0xa1b2);
  ck_assert_uint_eq(back.reflected_length, 8);
}
END_TEST

static const struct {
  size_t at;
  uint8_t value;
  const char *says;
} wrong_fields[] = {
    {1, 5, "IPVN is 5"},  {2, 1, "Conf-Sender is 1"}, {3, 1, "Conf-Receiver is 1"},
    {7, 1, "slots is 1"}, {11, 20, "packets 20"},
};

START_TEST(a_request_with_what_only_owamp_has_is_refused)
{
  uint8_t octets[OW_REQUEST_TW_SESSION];
  struct ow_tw_request back;
  struct ow_failure failure = {0};
  ow_tw_request_encode(&request, octets);
  octets[wrong_fields[_i].at] = wrong_fields[_i].value;
  ck_assert_int_eq(ow_tw_request_decode(octets, &back, &failure), OW_PROTOCOL);
  ck_assert_msg(strstr(failure.text, wrong_fields[_i].says), "%s", failure.text);
}
END_TEST

START_TEST(an_acceptance_is_as_in_the_figure)
{
  uint8_t octets[OW_ACCEPT_SESSION];
  struct ow_tw_acceptance back;
  struct ow_tw_acceptance there = {.session = {.accept = OW_ACCEPT_TEMPORARY_LIMIT, .port = 0x49f1},
                                   .reflected_octets = 0xa1b2,
                                   .server_octets = 0xc3d4};
  memset(there.session.sid.octets, 0x5a, OW_SID);
  ow_tw_acceptance_encode(&there, octets);
  test_assert_hex(octets, sizeof octets, "05 00 49f1 5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a a1b2 c3d4" Z4 Z4);
  ow_tw_acceptance_decode(octets, &back);
  ck_assert_int_eq(back.session.accept, OW_ACCEPT_TEMPORARY_LIMIT);
  ck_assert_uint_eq(back.session.port, 0x49f1);
  ck_assert_mem_eq(&back.session.sid, &there.session.sid, OW_SID);
  ck_assert_uint_eq(back.reflected_octets, 0xa1b2);
  ck_assert_uint_eq(back.server_octets, 0xc3d4);
}
END_TEST

/* ---- captures ---- */

static const struct captured {
  const char *name;
  struct ow_twamp_format format;
  const char *aes, *hmac; /* the session's test keys */
  uint32_t packets, padding;
  uint16_t sender_port;
} captures[] = {
    {"twamp-open", {OW_MODE_OPEN, 0}, NULL, NULL, 20, 27, 9104},
    {"twamp-auth",
     {OW_MODE_AUTHENTICATED, 0},
     "1f069c8ee3e070c5563266fc73fe0d3a",
     "aa24871ad85ca1537c5b6bd71c8c3f92b6222d488a62744522c435ff1a19948f",
     12,
     64,
     9865},
    {"twamp-enc",
     {OW_MODE_ENCRYPTED, 0},
     "14a07f2cb98e73c91b1d09ea91a27805",
     "a889e29f1749ac5f44d37fb27f78ccda207c13dad7c3a225bc466057eb55afeb",
     12,
     100,
     9202},
    {"twamp-mixed", {OW_MODE_OPEN, 0}, NULL, NULL, 12, 27, 9248},
};
enum { CAPTURES = sizeof captures / sizeof *captures, ENCRYPTED = 2 };

static struct ow_packet_codec codec_of(const struct captured *captured)
{
  struct ow_keys keys = {0};
  if (captured->aes) {
    test_hex(captured->aes, keys.aes, sizeof keys.aes);
    test_hex(captured->hmac, keys.hmac, sizeof keys.hmac);
  }
  struct ow_packet_codec codec;
  ck_assert_int_eq(ow_packet_codec_open(&codec, captured->format.mode, &keys, test_contexts()), OW_OK);
  return codec;
}

static void read_capture(const struct captured *captured, struct test_capture *capture)
{
  char path[256];
  struct ow_failure failure = {0};
  snprintf(path, sizeof path, "%s/%s.pcap", OWAMP_VECTORS, captured->name);
  ck_assert_msg(test_capture_read(capture, path, SERVER_PORT, &failure) == OW_OK, "%s", failure.text);
}

/* In open mode the request stands in clear behind the Set-Up-Response, its answer behind Server-Start. */
START_TEST(the_captured_request_and_its_answer_come_back_octet_for_octet)
{
  struct test_capture capture;
  struct ow_tw_request said;
  struct ow_tw_acceptance answered;
  struct ow_failure failure = {0};
  uint8_t octets[OW_REQUEST_TW_SESSION];
  size_t client_octets;
  size_t server_octets;
  read_capture(&captures[0], &capture);
  uint8_t *client = test_capture_stream(&capture, false, &client_octets);
  uint8_t *server = test_capture_stream(&capture, true, &server_octets);
  ck_assert(client && server);
  ck_assert_uint_eq(client_octets, OW_SETUP_RESPONSE + 112 + 32 + 32);
  ck_assert_uint_eq(server_octets, OW_GREETING + OW_SERVER_START + 48 + 32);

  const uint8_t *asked = client + OW_SETUP_RESPONSE;
  ck_assert_uint_eq(asked[0], OW_COMMAND_REQUEST_TW_SESSION);
  ck_assert_msg(ow_tw_request_decode(asked, &said, &failure) == OW_OK, "%s", failure.text);
  ck_assert_uint_eq(said.sender.port, 9104);
  ck_assert_uint_eq(said.receiver.port, 9104);
  ck_assert_uint_eq(said.sender.address[0], 127);
  ck_assert_uint_eq(said.padding, 27);
  ck_assert_uint_eq(said.timeout.ntp, UINT64_C(1) << 32);
  ow_tw_request_encode(&said, octets);
  ck_assert_mem_eq(octets, asked, sizeof octets);

  const uint8_t *answer = server + OW_GREETING + OW_SERVER_START;
  ow_tw_acceptance_decode(answer, &answered);
  ck_assert_int_eq(answered.session.accept, OW_ACCEPT_OK);
  ck_assert_uint_eq(answered.session.port, 18929);
  ow_tw_acceptance_encode(&answered, octets);
  ck_assert_mem_eq(octets, answer, OW_ACCEPT_SESSION);

  const uint8_t *stop = asked + 112 + 32;
  ow_stop_sessions_encode(&(struct ow_stop_sessions){.sessions = 1}, octets);
  ck_assert_mem_eq(stop, octets, OW_STOP_SESSIONS);
  free(client);
  free(server);
  test_capture_clear(&capture);
}
END_TEST

/* What the peer's own client printed of each packet. */
struct line {
  uint32_t sequence, reflector_sequence;
  struct ow_timestamp stamps[3]; /* T1, T2, T3 */
  unsigned ttl;
};

static size_t read_lines(const struct captured *captured, struct line *lines, size_t most)
{
  char path[256];
  char text[512];
  size_t count = 0;
  snprintf(path, sizeof path, "%s/%s.raw", OWAMP_VECTORS, captured->name);
  FILE *in = fopen(path, "r");
  ck_assert_ptr_nonnull(in);
  while (count < most && fgets(text, sizeof text, in)) {
    struct line *line = &lines[count++];
    int fields = sscanf(text, "%" SCNu32 " %" SCNu64 " %*u %*f %" SCNu64 " %*u %*f %u %" SCNu32 " %" SCNu64,
                        &line->sequence, &line->stamps[0].ntp, &line->stamps[1].ntp, &line->ttl,
                        &line->reflector_sequence, &line->stamps[2].ntp);
    ck_assert_int_eq(fields, 6);
  }
  fclose(in);
  return count;
}

/* Decoded, held to what was printed, and written again: not an octet may differ. */
static void expect_question(const struct captured *captured, const struct test_datagram *datagram,
                            const struct line *line)
{
  struct ow_packet packet;
  uint8_t again[OW_PACKET_SECURE];
  size_t least = ow_packet_least(captured->format.mode);
  struct ow_packet_codec codec = codec_of(captured);
  ck_assert_uint_eq(datagram->length, least + captured->padding);
  ck_assert_int_eq(ow_packet_decode(&codec, datagram->octets, datagram->length, &packet), OW_OK);
  ck_assert_uint_eq(packet.sequence, line->sequence);
  ck_assert_uint_eq(packet.sent.ntp, line->stamps[0].ntp);
  ck_assert_int_eq(ow_packet_prepare(&codec, packet.sequence, again), OW_OK);
  ck_assert_int_eq(ow_packet_stamp(&codec, packet.sequence, packet.sent, packet.error, again), OW_OK);
  ck_assert_mem_eq(again, datagram->octets, captured->format.mode == OW_MODE_OPEN ? 14 : 26);
  if (captured->format.mode != OW_MODE_OPEN)
    ck_assert_mem_eq(again + 26, datagram->octets + 26, least - 26);
  ow_packet_codec_close(&codec);
}

static void expect_answer(const struct captured *captured, const struct test_datagram *datagram,
                          size_t question, const struct line *line)
{
  struct ow_reflection answer;
  uint8_t again[OW_TWAMP_SECURE];
  size_t least = ow_twamp_answer_least(captured->format);
  struct ow_packet_codec codec = codec_of(captured);
  ck_assert_uint_eq(datagram->length, ow_twamp_answer_octets(captured->format, question));
  ck_assert_int_eq(
      ow_twamp_answer_decode(&codec, captured->format, datagram->octets, datagram->length, &answer), OW_OK);
  ck_assert_uint_eq(answer.sequence, line->reflector_sequence);
  ck_assert_uint_eq(answer.sender_sequence, line->sequence);
  ck_assert_uint_eq(answer.sender_sent.ntp, line->stamps[0].ntp);
  ck_assert_uint_eq(answer.received.ntp, line->stamps[1].ntp);
  ck_assert_uint_eq(answer.sent.ntp, line->stamps[2].ntp);
  ck_assert_uint_eq(answer.sender_ttl, line->ttl);
  ck_assert_uint_eq(answer.error, 1);
  ck_assert_int_eq(ow_twamp_answer_encode(&codec, captured->format, &answer, again), OW_OK);
  ck_assert_mem_eq(again, datagram->octets, least);
  ow_packet_codec_close(&codec);
}

START_TEST(every_captured_packet_is_decoded_and_comes_back_octet_for_octet)
{
  enum { MOST = 32 };
  const struct captured *captured = &captures[_i];
  struct line lines[MOST];
  struct test_capture capture;
  uint32_t asked = 0;
  uint32_t answered = 0;
  ck_assert_uint_eq(read_lines(captured, lines, MOST), captured->packets);
  read_capture(captured, &capture);
  for (size_t i = 0; i < capture.datagram_count; i++) {
    const struct test_datagram *datagram = &capture.datagrams[i];
    if (datagram->source.port == captured->sender_port)
      expect_question(captured, datagram, &lines[asked++]);
    else
      expect_answer(captured, datagram, ow_packet_least(captured->format.mode) + captured->padding,
                    &lines[answered++]);
  }
  ck_assert_uint_eq(asked, captured->packets);
  ck_assert_uint_eq(answered, captured->packets);
  test_capture_clear(&capture);
}
END_TEST

/* ---- constructed answers ---- */

static const struct ow_reflection reflection = {
    .sequence = 3,
    .sent = {UINT64_C(0xeeb1ee5640020000)},
    .error = 0x8b20,
    .received = {UINT64_C(0xeeb1ee5640010000)},
    .sender_sequence = 5,
    .sender_sent = {UINT64_C(0xeeb1ee5640000000)},
    .sender_error = {0x8a10},
    .sender_ttl = 61,
    .sender_tos = 0xb9,
};

/* Made by another implementation, with the keys of twamp-enc. */
static const struct {
  struct ow_twamp_format format;
  const char *octets;
} answers[] = {
    {{OW_MODE_OPEN, OW_TWAMP_DSCP_ECN},
     "00000003 eeb1ee5640020000 8b20 0000 eeb1ee5640010000 00000005 eeb1ee5640000000 8a10 0000 3d b9 0000"},
    {{OW_MODE_AUTHENTICATED, OW_TWAMP_DSCP_ECN},
     "baf3df2b3441f81472148720b145668c eeb1ee5640020000 8b20 000000000000 eeb1ee5640010000 0000000000000000"
     "00000005" Z4 Z4 Z4 "eeb1ee5640000000 8a10 000000000000 3d b9 0000" Z4 Z4 Z4
     "3cbceca5b9fa8ec5f1dc756f38569c69"},
    {{OW_MODE_ENCRYPTED, OW_TWAMP_DSCP_ECN},
     "baf3df2b3441f81472148720b145668c1b3204cc2e6639c62a3ee82f1fc400c8e19156d6b42a625bc96ad4a81481d9de"
     "4109895e2cb5e1879ed5eb0285a79bd5b4b24d1380183cf6bce95289bdd0f8bb30afc23952b3b9d19d8168c89dbd2bef"
     "952c07c9cc879d9be28714d64d998d77"},
};
enum { ANSWERS = sizeof answers / sizeof *answers };

static struct ow_packet_codec answer_codec(int which)
{
  struct captured keyed = captures[ENCRYPTED];
  keyed.format = answers[which].format;
  return codec_of(&keyed);
}

START_TEST(an_answer_is_as_in_the_figure)
{
  uint8_t octets[OW_TWAMP_SECURE];
  struct ow_reflection back;
  struct ow_twamp_format format = answers[_i].format;
  size_t least = ow_twamp_answer_least(format);
  struct ow_packet_codec codec = answer_codec(_i);
  memset(octets, 0xff, sizeof octets);
  for (int again = 0; again < 2; again++) {
    ck_assert_int_eq(ow_twamp_answer_encode(&codec, format, &reflection, octets), OW_OK);
    test_assert_hex(octets, least, answers[_i].octets);
    ck_assert_int_eq(ow_twamp_answer_decode(&codec, format, octets, least, &back), OW_OK);
    ck_assert_uint_eq(back.sequence, 3);
    ck_assert_uint_eq(back.sent.ntp, reflection.sent.ntp);
    ck_assert_uint_eq(back.error, reflection.error);
    ck_assert_uint_eq(back.ssid, 0);
    ck_assert_uint_eq(back.received.ntp, reflection.received.ntp);
    ck_assert_uint_eq(back.sender_sequence, 5);
    ck_assert_uint_eq(back.sender_sent.ntp, reflection.sender_sent.ntp);
    ck_assert_uint_eq(back.sender_error.bits, 0x8a10);
    ck_assert_uint_eq(back.sender_ttl, 61);
    ck_assert_uint_eq(back.sender_tos, 0xb9);
  }
  ow_packet_codec_close(&codec);
}
END_TEST

/* Encrypted mode covers all; authenticated mode its first block and the HMAC. */
START_TEST(a_changed_octet_is_noticed_where_the_mode_covers_it)
{
  uint8_t octets[OW_TWAMP_SECURE];
  struct ow_reflection back;
  struct ow_twamp_format format = answers[_i].format;
  struct ow_packet_codec codec = answer_codec(_i);
  size_t least = ow_twamp_answer_least(format);
  test_hex(answers[_i].octets, octets, least);
  for (size_t at = 0; at < least; at++) {
    bool keyed = format.mode != OW_MODE_OPEN;
    bool covered = keyed && (format.mode == OW_MODE_ENCRYPTED || at < 16 || at >= 96);
    octets[at] ^= 1;
    ck_assert_int_eq(ow_twamp_answer_decode(&codec, format, octets, least, &back), covered ? OW_AUTH : OW_OK);
    octets[at] ^= 1;
  }
  ow_packet_codec_close(&codec);
}
END_TEST

START_TEST(an_answer_cut_at_any_octet_is_too_short)
{
  struct ow_reflection back;
  struct ow_twamp_format format = answers[_i].format;
  struct ow_packet_codec codec = answer_codec(_i);
  size_t least = ow_twamp_answer_least(format);
  for (size_t octets = 0; octets < least; octets++) {
    uint8_t *exact = malloc(octets + 1); /* so that a sanitizer sees what is read beyond */
    ck_assert_ptr_nonnull(exact);
    ck_assert_int_eq(ow_twamp_answer_decode(&codec, format, exact + 1, octets, &back), OW_INVALID);
    free(exact);
  }
  ow_packet_codec_close(&codec);
}
END_TEST

START_TEST(lengths_are_those_of_the_figures)
{
  static const struct {
    struct ow_twamp_format format;
    size_t question, zeros, answer;
  } lengths[] = {
      {{OW_MODE_OPEN, 0}, 14, 0, 41},
      {{OW_MODE_OPEN, OW_TWAMP_SYMMETRICAL}, 41, 27, 41},
      {{OW_MODE_OPEN, OW_TWAMP_DSCP_ECN}, 14, 0, 44},
      {{OW_MODE_OPEN, OW_TWAMP_SYMMETRICAL | OW_TWAMP_DSCP_ECN}, 44, 30, 44},
      {{OW_MODE_AUTHENTICATED, 0}, 48, 0, 112},
      {{OW_MODE_ENCRYPTED, OW_TWAMP_DSCP_ECN}, 48, 0, 112},
      {{OW_MODE_ENCRYPTED, OW_TWAMP_SYMMETRICAL}, 112, 64, 112},
  };
  for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
    struct ow_twamp_format format = lengths[i].format;
    ck_assert_uint_eq(ow_twamp_question_least(format), lengths[i].question);
    ck_assert_uint_eq(ow_twamp_question_zeros(format), lengths[i].zeros);
    ck_assert_uint_eq(ow_twamp_answer_least(format), lengths[i].answer);
    ck_assert_uint_eq(ow_twamp_answer_octets(format, 14), lengths[i].answer);
    ck_assert_uint_eq(ow_twamp_answer_octets(format, 1400), 1400);
  }
}
END_TEST

START_TEST(protocols_have_their_names_and_ports)
{
  static const char *const names[] = {"OWAMP", "STAMP", "TWAMP"};
  for (int i = 0; i < 3; i++) {
    enum ow_protocol protocol = (enum ow_protocol)i;
    ck_assert_str_eq(ow_protocol_name(protocol), names[i]);
    ck_assert_str_eq(ow_protocol_port(protocol), i == 0 ? "861" : "862");
    ck_assert_int_eq(ow_protocol_reflects(protocol), i != 0);
  }
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("wire_twamp");
  TEST_CASE(suite, "control", a_request_is_as_in_the_figure, an_acceptance_is_as_in_the_figure,
            protocols_have_their_names_and_ports,
            the_captured_request_and_its_answer_come_back_octet_for_octet, lengths_are_those_of_the_figures);
  TEST_LOOP(suite, "wrong fields", sizeof wrong_fields / sizeof *wrong_fields,
            a_request_with_what_only_owamp_has_is_refused);
  TEST_LOOP(suite, "captures", CAPTURES, every_captured_packet_is_decoded_and_comes_back_octet_for_octet);
  TEST_LOOP(suite, "answers", ANSWERS, an_answer_is_as_in_the_figure,
            a_changed_octet_is_noticed_where_the_mode_covers_it, an_answer_cut_at_any_octet_is_too_short);
  return test_run(suite);
}
