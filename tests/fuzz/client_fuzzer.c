/*
 * The Control-Client fed by whoever answers. The input's first octet says how: the mode, the size of the pieces, and
 * whether the client stops first. The rest is what the server says. In the protected modes a fuzzer could never find a
 * right HMAC, so there the input is plaintext in runs, each led by an octet: its number of blocks, and whether an HMAC
 * follows it. We know the keys, and seal it.
 */
#include <stdlib.h>
#include <string.h>

#include "control/client.h"
#include "control/protected_stream.h"
#include "wire/command.h"
#include "wire/setup.h"

enum { MOST_RECORDS = 100000, LONGEST_RUN = 31, HMAC_FOLLOWS = 0x80, RANDOM_OCTET = 0x5a };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct run {
  struct ow_client *client;
  enum ow_mode mode;
  size_t piece; /* 0: all at once */
  bool stop_first;
  unsigned sessions;
  struct ow_protection sealing;
};

/* Constant, so that we know the keys. */
static void fill(void *context, void *out, size_t octets)
{
  (void)context;
  memset(out, RANDOM_OCTET, octets);
}

static const struct ow_instant now = {.wall = {UINT64_C(0xeeae485e00000000)}, .monotonic = OW_NS_PER_S};

static void check(enum ow_status status)
{
  if (status != OW_OK)
    abort();
}

/* ---- what a host would do ---- */

static void ask(struct run *run)
{
  static const struct ow_slot slots[] = {{OW_SLOT_EXPONENTIAL, {1 << 20}}, {OW_SLOT_FIXED, {1 << 20}}};
  struct ow_session_request request = {
      .server_sends = run->sessions % 2 == 1,
      .server_receives = run->sessions % 2 == 0,
      .slot_count = 2,
      .packets = 100,
      .sender.version = 4,
      .receiver.version = 4,
  };
  if (run->sessions++ < 3)
    check(ow_client_request_session(run->client, now, &request, slots));
  else
    check(ow_client_start_sessions(run->client, now));
}

static void stop(struct run *run)
{
  static const struct ow_skip_range skipped[] = {{1, 2}};
  const struct ow_session_end ends[] = {{.next_sequence = 100, .skip_ranges = 1, .skipped = skipped}};
  check(ow_client_stop_sessions(run->client, now, OW_ACCEPT_OK, ends, 1));
}

static void fetch(struct run *run)
{
  struct ow_fetch_request request = {.end = OW_FETCH_TO_END};
  check(ow_client_fetch(run->client, now, &request, MOST_RECORDS));
}

/* Read all that an event points to, so that a bad pointer is seen. */
static uint64_t sum(const struct ow_client_event *event)
{
  uint64_t total = 0;
  for (uint32_t i = 0; i < event->end_count; i++)
    for (uint32_t j = 0; j < event->ends[i].skip_ranges; j++)
      total += event->ends[i].skipped[j].last;
  for (uint32_t i = 0; i < event->record_count; i++)
    total += event->records[i].sent.ntp;
  for (uint32_t i = 0; event->request && i < event->request->slot_count; i++)
    total += event->slots[i].parameter.ntp;
  for (uint32_t i = 0; event->skipped && i < event->fetch_ack.skip_ranges; i++)
    total += event->skipped[i].first;
  return total;
}

static void go_on(struct run *run, const struct ow_client_event *event)
{
  volatile uint64_t seen = sum(event);
  (void)seen;
  switch (event->kind) {
    case OW_CLIENT_SET_UP:
    case OW_CLIENT_SESSION: ask(run); break;
    case OW_CLIENT_STARTED:
      if (event->accept != OW_ACCEPT_OK)
        fetch(run);
      else if (run->stop_first)
        stop(run);
      break;
    case OW_CLIENT_STOPPED:
      if (ow_client_state(run->client) == OW_CLIENT_STOP_OWED)
        stop(run);
      fetch(run);
      break;
    case OW_CLIENT_FETCHED: run->sessions = 0; ask(run); break;
    case OW_CLIENT_FETCH_ACK:
      if (event->fetch_ack.accept != OW_ACCEPT_OK)
        ask(run);
      break;
    case OW_CLIENT_NOTHING:
    case OW_CLIENT_FETCH_SESSION:
    case OW_CLIENT_FETCH_RECORDS: break;
    case OW_CLIENT_BROKEN:
      if (event->failure.status == OW_OK || !event->failure.text[0])
        abort();
      break;
  }
  ow_buffer_consume(ow_client_output(run->client), ow_buffer_length(ow_client_output(run->client)));
}

/* ---- what the server says ---- */

static void say_piece(struct run *run, const uint8_t *octets, size_t count)
{
  struct ow_client_event event;
  struct ow_reader reader = ow_reader(octets, count);
  do {
    ow_client_receive(run->client, now, &reader, &event);
    go_on(run, &event);
  } while (event.kind != OW_CLIENT_NOTHING);
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

/* An honest greeting and Server-Start, up to where protection begins. */
static void set_up(struct run *run)
{
  uint8_t greeting[OW_GREETING];
  uint8_t start[OW_SERVER_START] = {0};
  struct ow_keys keys;
  memset(&keys, RANDOM_OCTET, sizeof keys);
  ow_greeting_encode(&(struct ow_greeting){.modes = run->mode, .challenge = {.count = OW_COUNT_LEAST}}, greeting);
  say(run, greeting, sizeof greeting);
  check(ow_protection_seal_from(&run->sealing, &keys, start + 16));
  check(ow_protection_seal(&run->sealing, start + OW_SERVER_START_CLEAR, OW_BLOCK));
  say(run, start, sizeof start);
}

static void begin(struct run *run, uint8_t how)
{
  static const enum ow_mode modes[] = {OW_MODE_OPEN, OW_MODE_AUTHENTICATED, OW_MODE_ENCRYPTED, OW_MODE_OPEN};
  *run = (struct run){.mode = modes[how & 3], .stop_first = how & 4, .piece = how >> 3};
  struct ow_client_config config = {
      .modes = OW_MODES_ALL,
      .key_id = run->mode == OW_MODE_OPEN ? NULL : "fuzz",
      .passphrase = "fuzz",
      .passphrase_octets = 4,
      .most_count = OW_COUNT_LEAST,
      .timeout = OW_NS_PER_S,
      .random = {.fill = fill},
  };
  run->client = ow_client_create(&config, now);
  if (!run->client)
    abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  struct run run;
  struct ow_client_event event;
  if (size == 0)
    return 0;
  begin(&run, data[0]);
  struct ow_reader input = ow_reader(data + 1, size - 1);
  if (run.mode == OW_MODE_OPEN) {
    say(&run, input.at, ow_reader_left(&input));
  } else {
    set_up(&run);
    say_sealed(&run, &input);
  }
  ow_client_disconnected(run.client, NULL, &event);
  ow_protection_end(&run.sealing);
  ow_client_free(run.client);
  return 0;
}
