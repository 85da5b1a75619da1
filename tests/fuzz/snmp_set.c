/* SPDX-License-Identifier: MIT */
/* SET requests to the peer table: any columns, rows, types and values; refused whole, done whole, or undone.
 */
#include "base/cursor.h"
#include "mib_columns.h"
#include "peer_set.h"
#include "target.h"

enum { VARIABLES_MOST = 8, REQUESTS_MOST = 8 };

static enum ow_status start(void *context, const struct peer *peer, struct ow_failure *failure)
{
  (void)context;
  return peer->config.stream.peer.host[0] == 'n' ? ow_fail(failure, OW_INVALID, "no") : OW_OK;
}

static void stop(void *context, const struct peer *peer)
{
  (void)context, (void)peer;
}

static void take_notice(void *context, const struct notice *notice)
{
  (void)context, (void)notice;
}

static const struct peers_host host = {NULL, start, stop, take_notice};

static struct mib_value read_value(struct ow_reader *input)
{
  uint8_t octets[MIB_OCTETS_MOST];
  size_t length;
  switch (ow_read_u8(input) % 4) {
  case 0: return mib_integer((int8_t)ow_read_u8(input));
  case 1: return mib_gauge(ow_read_u32(input));
  case 2: return mib_counter(ow_read_u32(input));
  default:
    length = ow_read_u8(input) % sizeof octets;
    length = length < ow_reader_left(input) ? length : ow_reader_left(input);
    ow_read_octets(input, octets, length);
    return mib_octets(octets, length);
  }
}

struct request {
  struct set_variable variables[VARIABLES_MOST];
  unsigned long names[VARIABLES_MOST][1 + MIB_PEER_INDEX];
};

static size_t read_request(struct ow_reader *input, struct request *request)
{
  static const char *const names[] = {"a", "b", "", "far.example"};
  size_t count = 1 + ow_read_u8(input) % VARIABLES_MOST;
  for (size_t i = 0; i < count; i++) {
    uint8_t row = ow_read_u8(input);
    unsigned long *name = request->names[i];
    name[0] = ow_read_u8(input) % 64;
    size_t length = 1 + mib_peer_index(row & 4 ? "me" : "", names[row % 4], name + 1);
    if (row & 8)
      name[1 + row % length] = ow_read_u32(input);
    if (row & 16)
      length = row % length;
    request->variables[i] = (struct set_variable){.name = name, .count = length, .value = read_value(input)};
  }
  return count;
}

static void perform(struct peers *peers, struct ow_reader *input)
{
  const struct ow_timestamp now = {UINT64_C(0xe000000000000000)};
  static struct request request; /* large */
  struct peer_set set = {0};
  size_t wrong = 0;
  size_t count = read_request(input, &request);
  size_t before = peers->count;
  bool undone = ow_read_u8(input) & 1;
  enum set_error error = peer_set_check(&set, peers, request.variables, count, &wrong);
  FUZZ_CHECK(error == SET_OK || wrong < count);
  FUZZ_CHECK(peers->count == before);
  if (error == SET_OK) {
    FUZZ_CHECK(peer_set_apply(&set, now));
    if (undone) {
      peer_set_undo(&set, now);
      FUZZ_CHECK(peers->count == before);
    }
  }
  peer_set_finish(&set);
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t octets)
{
  struct ow_reader reader = ow_reader(input, octets);
  struct ow_board *board = ow_board_create(2);
  struct peers peers;
  FUZZ_CHECK(board);
  peers_init(&peers, &host, board, 2);
  for (int i = 0; i < REQUESTS_MOST && ow_reader_left(&reader) > 0; i++)
    perform(&peers, &reader);
  peers_clear(&peers);
  ow_board_free(board);
  return 0;
}
