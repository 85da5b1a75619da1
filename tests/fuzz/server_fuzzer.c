/*
 * The Server fed by whoever asks. The input's first octet says how: the mode, the size of the pieces, and whether the
 * server stops first. The rest is what the client says. In the protected modes a fuzzer could never find a right HMAC,
 * so there the input is plaintext in runs, each led by an octet: its number of blocks, and whether an HMAC follows it.
 * We know the keys, and seal it.
 */
#include <stdlib.h>
#include <string.h>

#include "control/protected_stream.h"
#include "control/server.h"
#include "wire/command.h"
#include "wire/setup.h"

enum { LONGEST_RUN = 31, HMAC_FOLLOWS = 0x80, RANDOM_OCTET = 0x5a, RECORDS = 20 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct run {
  struct ow_server *server;
  enum ow_mode mode;
  size_t piece; /* 0: all at once */
  bool stop_first;
  struct ow_session_request request; /* the last, for a fetch */
  struct ow_protection sealing;
};

/* Constant, so that we know the Challenge. */
static void fill(void *context, void *out, size_t octets)
{
  (void)context;
  memset(out, RANDOM_OCTET, octets);
}

static bool find_key(void *context, const char *key_id, const void **passphrase, size_t *octets)
{
  (void)context;
  *passphrase = "fuzz";
  *octets = 4;
  return strcmp(key_id, "fuzz") == 0;
}

static const struct ow_instant now = {.wall = {UINT64_C(0xeeae485e00000000)}, .monotonic = OW_NS_PER_S};
static const struct ow_slot slot = {OW_SLOT_FIXED, {1 << 20}};

static void check(enum ow_status status)
{
  if (status != OW_OK)
    abort();
}

/* ---- what a host would do ---- */

static void answer_session(struct run *run, const struct ow_server_event *event)
{
  struct ow_session_acceptance acceptance = {.port = 9000};
  volatile uint64_t seen = 0;
  for (uint32_t i = 0; i < event->request->slot_count; i++)
    seen += event->slots[i].parameter.ntp;
  if (event->request->server_sends && event->request->server_receives)
    acceptance.accept = OW_ACCEPT_NOT_SUPPORTED;
  run->request = *event->request;
  run->request.slot_count = 1;
  check(ow_server_answer_session(run->server, now, &acceptance));
}

static void stop(struct run *run)
{
  static const struct ow_skip_range skipped[] = {{1, 2}};
  const struct ow_session_end ends[] = {{.next_sequence = 100, .skip_ranges = 1, .skipped = skipped}};
  check(ow_server_stop_sessions(run->server, now, OW_ACCEPT_OK, ends, 1));
}

static void on_stop(struct run *run, const struct ow_server_event *event)
{
  volatile uint64_t seen = 0;
  for (uint32_t i = 0; i < event->end_count; i++)
    for (uint32_t j = 0; j < event->ends[i].skip_ranges; j++)
      seen += event->ends[i].skipped[j].last;
  if (ow_server_state(run->server) == OW_SERVER_DECIDE_STOP)
    stop(run);
}

static void answer_fetch(struct run *run, const struct ow_fetch_request *fetch)
{
  struct ow_fetch_ack ack = {.records = fetch->begin % RECORDS};
  struct ow_sample record = {.ttl = 255};
  if (fetch->begin > fetch->end)
    ack.accept = OW_ACCEPT_FAILURE;
  check(ow_server_begin_fetch(run->server, now, &ack, &run->request, &slot, NULL));
  while (ow_server_state(run->server) == OW_SERVER_FETCHING)
    check(ow_server_fetch_record(run->server, now, &record));
}

static void answer_start(struct run *run)
{
  check(ow_server_answer_start(run->server, now, OW_ACCEPT_OK));
  if (run->stop_first)
    stop(run);
}

static void go_on(struct run *run, const struct ow_server_event *event)
{
  switch (event->kind) {
    case OW_SERVER_NOTHING: break;
    case OW_SERVER_SET_UP: check(ow_server_set_up(run->server, now, OW_ACCEPT_OK)); break;
    case OW_SERVER_REQUEST: answer_session(run, event); break;
    case OW_SERVER_START_ASKED: answer_start(run); break;
    case OW_SERVER_STOP: on_stop(run, event); break;
    case OW_SERVER_FETCH: answer_fetch(run, &event->fetch); break;
    case OW_SERVER_BROKEN:
      if (event->failure.status == OW_OK || !event->failure.text[0])
        abort();
      break;
  }
  ow_buffer_consume(ow_server_output(run->server), ow_buffer_length(ow_server_output(run->server)));
}

/* ---- what the client says ---- */

static void say_piece(struct run *run, const uint8_t *octets, size_t count)
{
  struct ow_server_event event;
  struct ow_reader reader = ow_reader(octets, count);
  do {
    ow_server_receive(run->server, now, &reader, &event);
    go_on(run, &event);
  } while (event.kind != OW_SERVER_NOTHING);
  if (ow_reader_left(&reader))
    abort();
}

/* In a block of its own size, so that reading beyond it is seen. */
static void say(struct run *run, const uint8_t *octets, size_t count)
{
  while (count) {
    size_t piece = run->piece && run->piece < count ? run->piece : count;
    uint8_t *block = malloc(piece);
    if (!block)
      abort();
    memcpy(block, octets, piece);
    say_piece(run, block, piece);
    free(block);
    octets += piece;
    count -= piece;
  }
}

static void say_sealed(struct run *run, struct ow_reader *input)
{
  uint8_t octets[LONGEST_RUN * OW_BLOCK + OW_HMAC];
  while (ow_reader_left(input)) {
    uint8_t lead = ow_read_u8(input);
    size_t wanted = (size_t)(lead & LONGEST_RUN) * OW_BLOCK;
    size_t count = wanted < ow_reader_left(input) ? wanted : ow_reader_left(input);
    size_t whole = OW_WHOLE_BLOCKS(count);
    memset(octets, 0, sizeof octets);
    ow_read_octets(input, octets, count);
    check(ow_protection_seal(&run->sealing, octets, whole));
    if (lead & HMAC_FOLLOWS)
      check(ow_protection_seal_hmac(&run->sealing, octets + whole));
    say(run, octets, whole + (lead & HMAC_FOLLOWS ? OW_HMAC : 0));
  }
}

/* An honest Set-Up-Response. */
static void set_up(struct run *run)
{
  uint8_t octets[OW_SETUP_RESPONSE];
  struct ow_setup_response response = {.mode = run->mode, .key_id = "fuzz"};
  struct ow_challenge challenge = {.count = OW_COUNT_LEAST};
  struct ow_keys keys = {0};
  memset(challenge.challenge, RANDOM_OCTET, OW_CHALLENGE);
  memset(challenge.salt, RANDOM_OCTET, OW_SALT);
  if (run->mode != OW_MODE_OPEN) {
    check(ow_token_seal("fuzz", 4, &challenge, &keys, response.token));
    check(ow_protection_seal_from(&run->sealing, &keys, response.client_iv));
  }
  ow_setup_response_encode(&response, octets);
  say(run, octets, sizeof octets);
}

/* The low two bits: open without and with an honest set-up, and the keyed modes. */
static void begin(struct run *run, uint8_t how)
{
  static const enum ow_mode modes[] = {OW_MODE_OPEN, OW_MODE_AUTHENTICATED, OW_MODE_ENCRYPTED, OW_MODE_OPEN};
  *run = (struct run){.mode = modes[how & 3], .stop_first = how & 4, .piece = how >> 3};
  run->request = (struct ow_session_request){.server_receives = true, .slot_count = 1, .packets = 1};
  run->request.sender.version = run->request.receiver.version = 4;
  struct ow_server_config config = {
      .modes = OW_MODES_ALL,
      .pbkdf2_count = OW_COUNT_LEAST,
      .setup_timeout = OW_NS_PER_S,
      .idle_timeout = OW_NS_PER_S,
      .random = {.fill = fill},
      .find_key = find_key,
  };
  run->server = ow_server_create(&config, now);
  if (!run->server)
    abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  struct run run;
  struct ow_server_event event;
  if (size == 0)
    return 0;
  begin(&run, data[0]);
  struct ow_reader input = ow_reader(data + 1, size - 1);
  if (data[0] & 3)
    set_up(&run);
  if (run.mode == OW_MODE_OPEN)
    say(&run, input.at, ow_reader_left(&input));
  else
    say_sealed(&run, &input);
  ow_server_expired(run.server, &event);
  ow_protection_end(&run.sealing);
  ow_server_free(run.server);
  return 0;
}
