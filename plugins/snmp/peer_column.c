/* SPDX-License-Identifier: MIT */
/* A value becomes the text that the option's own reader takes, or refuses. */
#include "peer_column.h"

#include <stdio.h>
#include <string.h>

#include "column_table.h"

bool peer_column_writable(unsigned long column)
{
  const struct mib_column *found = mib_column_of(MIB_PEERS, column);
  return found && found->access == MIB_READ_CREATE;
}

/* ---- values as options read them ---- */

enum { OPTION_TEXT = PEER_TEXT + 8 };

/* The words of an enumeration, or of bits: one, or some with commas between. */
static void print_words(const struct mib_column *column, const struct mib_value *value, char *out)
{
  char *end = out;
  *end = '\0';
  for (int64_t i = column->syntax.least; i <= column->syntax.most; i++) {
    bool is_set = value->type == MIB_INTEGER ? value->integer == i : value->octets[0] & (0x80 >> i);
    if (is_set && end != out)
      *end++ = ',';
    if (is_set)
      end = stpcpy(end, column->set.words[i - column->syntax.least]);
  }
}

/* False: octets that are no text. */
static bool print_value(const struct mib_column *column, const struct mib_value *value, char *out)
{
  bool printed = true;
  if (column->set.words) {
    print_words(column, value, out);
  } else if (column->set.unit) {
    snprintf(out, OPTION_TEXT, "%u%s", value->gauge, column->set.unit);
  } else {
    memcpy(out, value->octets, value->length);
    out[value->length] = '\0';
    printed = strlen(out) == value->length && (value->length == 0 || peer_text_valid(out));
  }
  return printed;
}

/* What the row has of its own: set by this request, or none that its protocol brought. */
static void keep_own(struct peer_draft *draft, const struct ow_peer *before)
{
  struct ow_peer *peer = &draft->config.stream.peer;
  if (draft->port_touched || strcmp(before->port, ow_protocol_port(before->protocol)) != 0)
    memcpy(peer->port, before->port, sizeof peer->port);
  if (draft->modes_touched || before->modes != ow_protocol_modes(before->protocol))
    peer->modes = before->modes;
}

/* The option's own reader has the last word on a value. */
static enum set_error set_option(struct peer_draft *draft, const struct mib_column *column,
                                 const struct mib_value *value, struct ow_failure *failure)
{
  enum ow_peer_option_id id = (enum ow_peer_option_id)(column->set.option - ow_peer_options);
  const struct ow_peer before = draft->config.stream.peer;
  char text[OPTION_TEXT];
  enum ow_status status = OW_OK;
  if (!print_value(column, value, text))
    status =
        ow_fail(failure, OW_INVALID, "it has a quotation mark, a backslash or octets that can't be printed");
  else
    status = peer_option_set(&draft->config, id, text, failure);
  if (id == OW_PEER_PROTOCOL)
    keep_own(draft, &before);
  draft->port_touched |= id == OW_PEER_PORT;
  draft->modes_touched |= id == OW_PEER_MODE;
  return status == OW_OK ? SET_OK : SET_WRONG_VALUE;
}

/* ---- setting ---- */

enum set_error peer_column_set(struct peer_draft *draft, unsigned long column, const struct mib_value *value,
                               struct ow_failure *failure)
{
  const struct mib_column *of = mib_column_of(MIB_PEERS, column);
  enum set_error error = SET_OK;
  if (!of->set.set)
    error = set_option(draft, of, value, failure);
  else if ((error = of->set.set(draft, value)) != SET_OK)
    ow_fail(failure, OW_INVALID, "%d is no value that can be set", (int)value->integer);
  return error;
}

static void explain(const struct mib_syntax *syntax, enum set_error error, struct ow_failure *failure)
{
  long long least = syntax->least;
  long long most = syntax->most;
  if (error == SET_WRONG_TYPE)
    ow_fail(failure, OW_INVALID, "the value is of another type");
  else if (syntax->kind == MIB_KIND_BITS)
    ow_fail(failure, OW_INVALID, "it is one octet, with bits 0 to %lld alone", most);
  else if (error == SET_WRONG_LENGTH)
    ow_fail(failure, OW_INVALID, "it has %lld to %lld octets", least, most);
  else
    ow_fail(failure, OW_INVALID, "it is %lld at least and %lld at most", least, most);
}

enum set_error peer_column_check(unsigned long column, const struct mib_value *value,
                                 struct ow_failure *failure)
{
  const struct mib_syntax *syntax = &mib_column_of(MIB_PEERS, column)->syntax;
  enum set_error error = mib_syntax_check(syntax, value);
  if (error == SET_OK) {
    struct peer_draft scratch;
    peer_draft_init_new(&scratch);
    error = peer_column_set(&scratch, column, value, failure);
  } else {
    explain(syntax, error, failure);
  }
  return error;
}
