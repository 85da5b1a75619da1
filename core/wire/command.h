/* SPDX-License-Identifier: MIT */
/* Command numbers, the first octet of a client's message (RFC 4656, 3.4; RFC 5357, 3.4). */
#ifndef OWAMP_WIRE_COMMAND_H
#define OWAMP_WIRE_COMMAND_H

enum ow_command {
  OW_COMMAND_REQUEST_SESSION = 1,
  OW_COMMAND_START_SESSIONS = 2,
  OW_COMMAND_STOP_SESSIONS = 3,
  OW_COMMAND_FETCH_SESSION = 4, /* not TWAMP's */
  OW_COMMAND_REQUEST_TW_SESSION = 5,
};

enum {
  OW_BLOCK = 16, /* every protected message is a whole number of these */
};

#define OW_WHOLE_BLOCKS(octets) (((octets) + (size_t)OW_BLOCK - 1) / OW_BLOCK * OW_BLOCK)

#endif
