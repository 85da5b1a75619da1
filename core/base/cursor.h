/* SPDX-License-Identifier: MIT */
/*
 * Bounded reading and writing of big-endian octets.
 *
 * A cursor compares with what is left and then advances. Its error is sticky: after the first
 * overrun every read yields zero and every write does nothing, so that a message can be read in
 * one run and checked once, at the end, with ow_reader_done() or ow_writer_done().
 */
#ifndef OWAMP_BASE_CURSOR_H
#define OWAMP_BASE_CURSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

struct ow_reader {
  const uint8_t *at;
  const uint8_t *end;
  bool overrun;
};

struct ow_writer {
  uint8_t *at;
  uint8_t *end;
  bool overrun;
};

/** Read from, or write into, `octets` octets at `start`, which the caller keeps. */
struct ow_reader ow_reader(const void *start, size_t octets);
struct ow_writer ow_writer(void *start, size_t octets);

uint8_t ow_read_u8(struct ow_reader *reader);
uint16_t ow_read_u16(struct ow_reader *reader);
uint32_t ow_read_u32(struct ow_reader *reader);
uint64_t ow_read_u64(struct ow_reader *reader);
/** Copies `octets` octets to `out`, or zeros it when that many are not left. */
void ow_read_octets(struct ow_reader *reader, void *out, size_t octets);
void ow_read_skip(struct ow_reader *reader, size_t octets);
size_t ow_reader_left(const struct ow_reader *reader);
/** True if nothing was overrun and every octet was consumed. */
bool ow_reader_done(const struct ow_reader *reader) OW_MUST_CHECK;

void ow_write_u8(struct ow_writer *writer, uint8_t value);
void ow_write_u16(struct ow_writer *writer, uint16_t value);
void ow_write_u32(struct ow_writer *writer, uint32_t value);
void ow_write_u64(struct ow_writer *writer, uint64_t value);
void ow_write_octets(struct ow_writer *writer, const void *from, size_t octets);
void ow_write_zeros(struct ow_writer *writer, size_t octets);
/** True if nothing was overrun and the space is filled exactly. */
bool ow_writer_done(const struct ow_writer *writer) OW_MUST_CHECK;

#endif
