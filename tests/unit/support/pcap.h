/* SPDX-License-Identifier: MIT */
/*
 * Captured traffic as tests want it: the control connection as two reassembled streams whose segments keep
 * their order and time, and the UDP datagrams. Classic libpcap files in either byte order, stamps in µs or
 * ns; link types NULL, Ethernet, raw IP, Linux cooked v1 and v2; IPv4 without fragments. Other packets are
 * passed over.
 */
#ifndef OWAMP_TEST_PCAP_H
#define OWAMP_TEST_PCAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "time/timestamp.h"
#include "wire/endpoint.h"

/** Octets new to their direction's stream, in the order of their arrival. */
struct test_segment {
  bool from_server;
  const uint8_t *octets;
  size_t length;
  struct ow_timestamp wall;
};

struct test_datagram {
  struct ow_endpoint source;
  struct ow_endpoint destination;
  const uint8_t *octets;
  size_t length;
  struct ow_timestamp wall;
  uint8_t ttl;
  uint8_t dscp;
};

/** The octets of segments and datagrams point into `file`. */
struct test_capture {
  uint8_t *file;
  struct test_segment *segments;
  size_t segment_count;
  struct test_datagram *datagrams;
  size_t datagram_count;
};

/**
 * Read a whole file; `server_port` is the TCP port that tells the control connection, of which there may be
 * one. Octets sent again are dropped. OW_INVALID for what this reader can't tell right: a cut packet, a gap
 * in the stream, a fragment, a second connection, an unknown kind of file; OW_MEMORY. `capture` is then
 * empty.
 */
enum ow_status test_capture_read(struct test_capture *capture, const char *path, uint16_t server_port,
                                 struct ow_failure *failure) OW_MUST_CHECK;
/** The same from memory, which is copied. */
enum ow_status test_capture_parse(struct test_capture *capture, const void *file, size_t octets,
                                  uint16_t server_port, struct ow_failure *failure) OW_MUST_CHECK;
void test_capture_clear(struct test_capture *capture);

/** All octets of one direction, end to end; the caller frees. NULL without memory. */
uint8_t *test_capture_stream(const struct test_capture *capture, bool from_server,
                             size_t *octets) OW_MUST_CHECK;

#endif
