/* SPDX-License-Identifier: MIT */
/* Why a value or a row can't be set. */
#ifndef OWAMP_SNMP_SET_ERROR_H
#define OWAMP_SNMP_SET_ERROR_H

/** As SNMPv2 numbers its errors (RFC 3416). */
enum set_error {
  SET_OK = 0,
  SET_WRONG_TYPE = 7,
  SET_WRONG_LENGTH = 8,
  SET_WRONG_VALUE = 10,
  SET_NO_CREATION = 11,
  SET_INCONSISTENT_VALUE = 12,
  SET_RESOURCE_UNAVAILABLE = 13,
  SET_NOT_WRITABLE = 17,
  SET_INCONSISTENT_NAME = 18
};

#endif
