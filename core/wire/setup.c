/* SPDX-License-Identifier: MIT */
/* Each message field by field; Server-Start is decoded in two parts, clear and protected. */
#include "wire/setup.h"

#include <string.h>

#include "base/cursor.h"

void ow_greeting_encode(const struct ow_greeting *greeting, uint8_t out[OW_GREETING])
{
  struct ow_writer writer = ow_writer(out, OW_GREETING);
  ow_write_zeros(&writer, 12);
  ow_write_u32(&writer, greeting->modes);
  ow_write_octets(&writer, greeting->challenge.challenge, OW_CHALLENGE);
  ow_write_octets(&writer, greeting->challenge.salt, OW_SALT);
  ow_write_u32(&writer, greeting->challenge.count);
  ow_write_zeros(&writer, 12);
}

void ow_greeting_decode(const uint8_t in[OW_GREETING], struct ow_greeting *greeting)
{
  struct ow_reader reader = ow_reader(in, OW_GREETING);
  ow_read_skip(&reader, 12);
  greeting->modes = ow_read_u32(&reader);
  ow_read_octets(&reader, greeting->challenge.challenge, OW_CHALLENGE);
  ow_read_octets(&reader, greeting->challenge.salt, OW_SALT);
  greeting->challenge.count = ow_read_u32(&reader);
}

bool ow_count_valid(uint32_t count, uint32_t most)
{
  return count >= OW_COUNT_LEAST && count <= most && (count & (count - 1)) == 0;
}

void ow_setup_response_encode(const struct ow_setup_response *response, uint8_t out[OW_SETUP_RESPONSE])
{
  size_t key_id = strnlen(response->key_id, OW_KEY_ID);
  struct ow_writer writer = ow_writer(out, OW_SETUP_RESPONSE);
  ow_write_u32(&writer, response->mode);
  ow_write_octets(&writer, response->key_id, key_id);
  ow_write_zeros(&writer, OW_KEY_ID - key_id);
  ow_write_octets(&writer, response->token, OW_TOKEN);
  ow_write_octets(&writer, response->client_iv, OW_IV);
}

void ow_setup_response_decode(const uint8_t in[OW_SETUP_RESPONSE], struct ow_setup_response *response)
{
  struct ow_reader reader = ow_reader(in, OW_SETUP_RESPONSE);
  response->mode = ow_read_u32(&reader);
  ow_read_octets(&reader, response->key_id, OW_KEY_ID);
  response->key_id[OW_KEY_ID] = '\0';
  ow_read_octets(&reader, response->token, OW_TOKEN);
  ow_read_octets(&reader, response->client_iv, OW_IV);
}

void ow_server_start_encode(const struct ow_server_start *start, uint8_t out[OW_SERVER_START])
{
  struct ow_writer writer = ow_writer(out, OW_SERVER_START);
  ow_write_zeros(&writer, 15);
  ow_write_u8(&writer, (uint8_t)start->accept);
  ow_write_octets(&writer, start->server_iv, OW_IV);
  ow_write_u64(&writer, start->start_time.ntp);
  ow_write_zeros(&writer, 8);
}

void ow_server_start_decode_clear(const uint8_t in[OW_SERVER_START_CLEAR], struct ow_server_start *start)
{
  struct ow_reader reader = ow_reader(in, OW_SERVER_START_CLEAR);
  ow_read_skip(&reader, 15);
  start->accept = ow_accept_from_wire(ow_read_u8(&reader));
  ow_read_octets(&reader, start->server_iv, OW_IV);
}

void ow_server_start_decode_rest(const uint8_t in[OW_SERVER_START - OW_SERVER_START_CLEAR],
                                 struct ow_server_start *start)
{
  struct ow_reader reader = ow_reader(in, OW_SERVER_START - OW_SERVER_START_CLEAR);
  start->start_time.ntp = ow_read_u64(&reader);
}
