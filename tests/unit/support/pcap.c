/* SPDX-License-Identifier: MIT */
/* From the file's header down to TCP and UDP, each layer by a reader of octets. */
#include "support/pcap.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/cursor.h"

enum { TCP = 6, UDP = 17, UDP_HEADER = 8, FRAGMENT = 0x3fff, SYN = 0x02 };

/* One direction of the control connection. */
struct stream {
  bool known;
  uint32_t next; /* sequence number of the octet that is to come */
};

struct parse {
  struct test_capture *capture;
  struct ow_failure *failure;
  bool little;
  uint32_t per_second; /* units of a stamp's second half */
  size_t link_header;
  uint16_t server_port;
  uint16_t client_port; /* 0: no connection seen */
  struct stream streams[2];
};

struct ip_packet {
  struct ow_timestamp wall;
  struct ow_endpoint source;
  struct ow_endpoint destination;
  uint8_t protocol;
  uint8_t ttl;
  uint8_t dscp;
  struct ow_reader payload;
};

static uint32_t file_u32(const struct parse *parse, struct ow_reader *file)
{
  uint32_t value = ow_read_u32(file);
  return parse->little ? __builtin_bswap32(value) : value;
}

/* A reader of the next `octets` octets, which `from` passes over. */
static struct ow_reader slice(struct ow_reader *from, size_t octets)
{
  const uint8_t *start = from->at;
  ow_read_skip(from, octets);
  return ow_reader(start, from->overrun ? 0 : octets);
}

static enum ow_status read_link(struct parse *parse, uint32_t type)
{
  static const struct {
    uint32_t type;
    size_t header;
  } links[] = {{0, 4}, {1, 14}, {101, 0}, {113, 16}, {276, 20}};
  for (size_t i = 0; i < sizeof links / sizeof *links; i++)
    if (links[i].type == type) {
      parse->link_header = links[i].header;
      return OW_OK;
    }
  return ow_fail(parse->failure, OW_INVALID, "unknown link type %u", type);
}

static enum ow_status read_file_header(struct parse *parse, struct ow_reader *file)
{
  uint32_t magic = ow_read_u32(file);
  parse->little = magic == 0xd4c3b2a1 || magic == 0x4d3cb2a1;
  if (parse->little)
    magic = __builtin_bswap32(magic);
  if (magic != 0xa1b2c3d4 && magic != 0xa1b23c4d)
    return ow_fail(parse->failure, OW_INVALID, "not a libpcap file");
  parse->per_second = magic == 0xa1b2c3d4 ? 1000000 : 1000000000;
  ow_read_skip(file, 16);
  uint32_t link = file_u32(parse, file);
  if (file->overrun)
    return ow_fail(parse->failure, OW_INVALID, "the file's header is cut");
  return read_link(parse, link);
}

/* `list` grown by one zeroed element; NULL without memory, and `list` as it was. */
static void *one_more(void *list, size_t count, size_t size)
{
  uint8_t *grown = reallocarray(list, count + 1, size);
  if (grown)
    memset(grown + count * size, 0, size);
  return grown;
}

static enum ow_status add_segment(struct parse *parse, const struct test_segment *segment)
{
  struct test_capture *capture = parse->capture;
  struct test_segment *grown = one_more(capture->segments, capture->segment_count, sizeof *grown);
  if (!grown)
    return OW_MEMORY;
  capture->segments = grown;
  capture->segments[capture->segment_count++] = *segment;
  return OW_OK;
}

/* Drop what came before, refuse what came too early. */
static enum ow_status add_stream_octets(struct parse *parse, uint32_t sequence, struct test_segment segment)
{
  struct stream *stream = &parse->streams[segment.from_server];
  if (!stream->known)
    *stream = (struct stream){.known = true, .next = sequence};
  int32_t seen = (int32_t)(stream->next - sequence);
  if (seen < 0)
    return ow_fail(parse->failure, OW_INVALID, "%d octets of the control connection are missing", -seen);
  if ((size_t)seen >= segment.length)
    return OW_OK;
  segment.octets += seen;
  segment.length -= (size_t)seen;
  stream->next += (uint32_t)segment.length;
  return add_segment(parse, &segment);
}

static bool same_connection(struct parse *parse, uint16_t client_port)
{
  if (parse->client_port == 0)
    parse->client_port = client_port;
  return parse->client_port == client_port;
}

static enum ow_status read_tcp(struct parse *parse, struct ip_packet *packet)
{
  struct ow_reader *reader = &packet->payload;
  const uint8_t *start = reader->at;
  uint16_t source = ow_read_u16(reader);
  uint16_t destination = ow_read_u16(reader);
  uint32_t sequence = ow_read_u32(reader);
  ow_read_skip(reader, 4);
  size_t header = (size_t)(ow_read_u8(reader) >> 4) * 4;
  uint8_t flags = ow_read_u8(reader);
  if (source != parse->server_port && destination != parse->server_port)
    return OW_OK;

  bool from_server = source == parse->server_port;
  size_t length = (size_t)(reader->end - start);
  if (reader->overrun || header > length)
    return ow_fail(parse->failure, OW_INVALID, "a TCP segment is cut");
  if (!same_connection(parse, from_server ? destination : source))
    return ow_fail(parse->failure, OW_INVALID, "more than one control connection");
  if (flags & SYN)
    parse->streams[from_server] = (struct stream){.known = true, .next = sequence + 1};
  if (flags & SYN || length == header)
    return OW_OK;
  return add_stream_octets(parse, sequence,
                           (struct test_segment){.from_server = from_server,
                                                 .octets = start + header,
                                                 .length = length - header,
                                                 .wall = packet->wall});
}

static enum ow_status read_udp(struct parse *parse, struct ip_packet *packet)
{
  struct test_capture *capture = parse->capture;
  struct ow_reader *reader = &packet->payload;
  packet->source.port = ow_read_u16(reader);
  packet->destination.port = ow_read_u16(reader);
  size_t length = ow_read_u16(reader);
  ow_read_skip(reader, 2);
  if (reader->overrun || length < UDP_HEADER || length - UDP_HEADER > ow_reader_left(reader))
    return ow_fail(parse->failure, OW_INVALID, "a UDP datagram is cut");

  struct test_datagram *grown = one_more(capture->datagrams, capture->datagram_count, sizeof *grown);
  if (!grown)
    return OW_MEMORY;
  capture->datagrams = grown;
  capture->datagrams[capture->datagram_count++] = (struct test_datagram){
      .source = packet->source,
      .destination = packet->destination,
      .octets = reader->at,
      .length = length - UDP_HEADER,
      .wall = packet->wall,
      .ttl = packet->ttl,
      .dscp = packet->dscp,
  };
  return OW_OK;
}

static enum ow_status read_ip(struct parse *parse, struct ow_reader frame, struct ow_timestamp wall)
{
  struct ip_packet packet = {.wall = wall, .source.version = 4, .destination.version = 4};
  struct ow_reader reader = frame;
  uint8_t first = ow_read_u8(&reader);
  size_t header = (size_t)(first & 0x0f) * 4;
  if (first >> 4 != 4)
    return OW_OK;
  packet.dscp = ow_read_u8(&reader) >> 2;
  size_t total = ow_read_u16(&reader);
  ow_read_skip(&reader, 2);
  uint16_t fragment = ow_read_u16(&reader) & FRAGMENT;
  packet.ttl = ow_read_u8(&reader);
  packet.protocol = ow_read_u8(&reader);
  ow_read_skip(&reader, 2);
  ow_read_octets(&reader, packet.source.address, 4);
  ow_read_octets(&reader, packet.destination.address, 4);
  if (reader.overrun || header < 20 || total < header || total > ow_reader_left(&frame))
    return ow_fail(parse->failure, OW_INVALID, "an IP packet is cut");
  if (fragment)
    return ow_fail(parse->failure, OW_INVALID, "a fragment of an IP packet");

  packet.payload = ow_reader(frame.at + header, total - header);
  enum ow_status status = OW_OK;
  if (packet.protocol == TCP)
    status = read_tcp(parse, &packet);
  else if (packet.protocol == UDP)
    status = read_udp(parse, &packet);
  return status;
}

static enum ow_status read_record(struct parse *parse, struct ow_reader *file)
{
  uint32_t seconds = file_u32(parse, file);
  uint32_t fraction = file_u32(parse, file);
  uint32_t kept = file_u32(parse, file);
  uint32_t length = file_u32(parse, file);
  struct ow_reader frame = slice(file, kept);
  ow_read_skip(&frame, parse->link_header);
  if (file->overrun || frame.overrun || kept != length || fraction >= parse->per_second)
    return ow_fail(parse->failure, OW_INVALID, "a record is cut");
  struct timespec stamp = {.tv_sec = seconds,
                           .tv_nsec = (long)fraction * (long)(1000000000 / parse->per_second)};
  return read_ip(parse, frame, ow_timestamp_from_unix(stamp));
}

enum ow_status test_capture_parse(struct test_capture *capture, const void *file, size_t octets,
                                  uint16_t server_port, struct ow_failure *failure)
{
  *capture = (struct test_capture){.file = malloc(octets ? octets : 1)};
  if (!capture->file)
    return OW_MEMORY;
  memcpy(capture->file, file, octets);

  struct parse parse = {.capture = capture, .failure = failure, .server_port = server_port};
  struct ow_reader reader = ow_reader(capture->file, octets);
  enum ow_status status = read_file_header(&parse, &reader);
  while (status == OW_OK && ow_reader_left(&reader))
    status = read_record(&parse, &reader);
  if (status != OW_OK)
    test_capture_clear(capture);
  return status;
}

enum ow_status test_capture_read(struct test_capture *capture, const char *path, uint16_t server_port,
                                 struct ow_failure *failure)
{
  uint8_t file[1 << 16];
  size_t octets = 0;
  *capture = (struct test_capture){0};
  FILE *in = fopen(path, "rb");
  if (in) {
    octets = fread(file, 1, sizeof file, in);
    fclose(in);
  }
  if (octets == 0 || octets == sizeof file)
    return ow_fail(failure, OW_INVALID, "%s can't be read, or is larger than 64 KiB", path);
  return test_capture_parse(capture, file, octets, server_port, failure);
}

void test_capture_clear(struct test_capture *capture)
{
  free(capture->file);
  free(capture->segments);
  free(capture->datagrams);
  *capture = (struct test_capture){0};
}

uint8_t *test_capture_stream(const struct test_capture *capture, bool from_server, size_t *octets)
{
  uint8_t *stream = NULL;
  *octets = 0;
  for (size_t i = 0; i < capture->segment_count; i++)
    if (capture->segments[i].from_server == from_server)
      *octets += capture->segments[i].length;
  stream = malloc(*octets ? *octets : 1);
  uint8_t *at = stream;
  for (size_t i = 0; at && i < capture->segment_count; i++)
    if (capture->segments[i].from_server == from_server)
      at = mempcpy(at, capture->segments[i].octets, capture->segments[i].length);
  return stream;
}
