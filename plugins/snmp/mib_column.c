/* SPDX-License-Identifier: MIT */
/* A value's type, length and range against what a column's syntax allows. */
#include "mib_column.h"

enum mib_type mib_type_of(enum mib_kind kind)
{
  static const enum mib_type types[] = {
      [MIB_KIND_INTEGER32] = MIB_INTEGER,   [MIB_KIND_UNSIGNED32] = MIB_GAUGE,
      [MIB_KIND_GAUGE32] = MIB_GAUGE,       [MIB_KIND_COUNTER64] = MIB_COUNTER64,
      [MIB_KIND_ENUMERATION] = MIB_INTEGER, [MIB_KIND_TRUTH_VALUE] = MIB_INTEGER,
      [MIB_KIND_ROW_STATUS] = MIB_INTEGER,  [MIB_KIND_OCTETS] = MIB_OCTETS,
      [MIB_KIND_BITS] = MIB_OCTETS,         [MIB_KIND_DATE_AND_TIME] = MIB_OCTETS,
  };
  return types[kind];
}

/* Bits count from the highest. */
static enum set_error check_bits(const struct mib_syntax *syntax, const struct mib_value *value)
{
  enum set_error error = SET_OK;
  if (value->length != 1)
    error = SET_WRONG_LENGTH;
  else if (value->octets[0] & (0x7f >> syntax->most))
    error = SET_WRONG_VALUE;
  return error;
}

enum set_error mib_syntax_check(const struct mib_syntax *syntax, const struct mib_value *value)
{
  int64_t number = value->type == MIB_INTEGER ? value->integer : (int64_t)value->gauge;
  int64_t length = (int64_t)value->length;
  enum set_error error = SET_OK;
  if (value->type != mib_type_of(syntax->kind))
    error = SET_WRONG_TYPE;
  else if (syntax->kind == MIB_KIND_BITS)
    error = check_bits(syntax, value);
  else if (value->type == MIB_OCTETS)
    error = length < syntax->least || length > syntax->most ? SET_WRONG_LENGTH : SET_OK;
  else if (value->type != MIB_COUNTER64)
    error = number < syntax->least || number > syntax->most ? SET_WRONG_VALUE : SET_OK;
  return error;
}
