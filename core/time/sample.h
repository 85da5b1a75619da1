/* SPDX-License-Identifier: MIT */
/*
 * What is known of one test packet on its one way: when it was sent, when it arrived.
 * A reflected packet (TWAMP, STAMP) is two of these, one for each way.
 */
#ifndef OWAMP_TIME_SAMPLE_H
#define OWAMP_TIME_SAMPLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "time/error_estimate.h"
#include "time/timestamp.h"

/** Where a receive stamp came from. */
enum ow_stamp_source {
  OW_STAMP_UNKNOWN = 0, /* another host took it */
  OW_STAMP_KERNEL,      /* the kernel, as the packet came off the wire */
  OW_STAMP_USER,        /* this process, after it was woken: late by the wake-up */
};

/** What a send time rests on. */
enum ow_departed_by {
  OW_DEPARTED_CORRECTED = 0, /* the stamp in the packet, drawn before it left */
  OW_DEPARTED_KERNEL,        /* the sending host's transmit stamp of this packet */
  OW_DEPARTED_HARDWARE,      /* the same by the network card; nothing takes it yet */
};

enum { OW_TTL_LOST = 255 };

/** One record. Lost: `received` is zero, `sent` the scheduled time, `ttl` OW_TTL_LOST. */
struct ow_sample {
  struct ow_timestamp sent;
  struct ow_timestamp received;
  uint32_t sequence;
  struct ow_error_estimate send_error;
  struct ow_error_estimate receive_error;
  uint8_t ttl;            /* TTL or hop limit as it arrived */
  uint8_t source;         /* enum ow_stamp_source */
  uint8_t departed;       /* enum ow_departed_by */
  int32_t stamped_before; /* ns by which the packet's own stamp lies before `sent`; 0: it is `sent` */
};

static inline bool ow_sample_lost(const struct ow_sample *sample)
{
  return sample->received.ntp == 0;
}

/** A run of sequence numbers, both ends included, that the sender never sent. */
struct ow_skip_range {
  uint32_t first;
  uint32_t last;
};

struct ow_sample_block;

/**
 * A growing list of samples, kept in blocks so that it never moves: 27 octets each, and four more in a block
 * where a `stamped_before` isn't 0, as it is until departures are put in. Zero-initialised: empty.
 */
struct ow_samples {
  struct ow_sample_block **blocks;
  size_t block_slots;
  size_t count;
};

void ow_samples_clear(struct ow_samples *samples);
/** Append a copy. OW_MEMORY without memory; the list is then as before. */
enum ow_status ow_samples_append(struct ow_samples *samples, const struct ow_sample *sample) OW_MUST_CHECK;
/** Append copies of all of `from`. OW_MEMORY without memory: of some then. */
enum ow_status ow_samples_append_all(struct ow_samples *samples, const struct ow_samples *from) OW_MUST_CHECK;
/** The sample at `index`, which must be below `count`. */
struct ow_sample ow_samples_at(const struct ow_samples *samples, size_t index);
/**
 * Put a copy there in its place. False without memory for a `stamped_before` that isn't 0: the old one stays.
 */
bool ow_samples_put(const struct ow_samples *samples, size_t index, const struct ow_sample *sample);
/** Keep the first `count` samples only, and give back the memory of the others. */
void ow_samples_shorten(struct ow_samples *samples, size_t count);
/**
 * Give back the memory that no sample needs. Nothing is appended any more, but after ow_samples_clear().
 * Without memory to do so everything stays as it is.
 */
void ow_samples_trim(struct ow_samples *samples);
/** Octets of memory held; an upper bound of a list that was trimmed. */
size_t ow_samples_memory(const struct ow_samples *samples);

#endif
