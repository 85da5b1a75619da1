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

/* The option's own reader has the last word on a value. */
static enum set_error set_option(struct peer_config *config, const struct mib_column *column,
                                 const struct mib_value *value)
{
  enum ow_peer_option_id id = (enum ow_peer_option_id)(column->set.option - ow_peer_options);
  char text[OPTION_TEXT];
  struct ow_failure ignored;
  bool fits = print_value(column, value, text) && peer_option_set(config, id, text, &ignored) == OW_OK;
  return fits ? SET_OK : SET_WRONG_VALUE;
}

/* ---- setting ---- */

enum set_error peer_column_set(struct peer_draft *draft, unsigned long column, const struct mib_value *value)
{
  const struct mib_column *of = mib_column_of(MIB_PEERS, column);
  return of->set.set ? of->set.set(draft, value) : set_option(&draft->config, of, value);
}

enum set_error peer_column_check(unsigned long column, const struct mib_value *value)
{
  enum set_error error = mib_syntax_check(&mib_column_of(MIB_PEERS, column)->syntax, value);
  if (error == SET_OK) {
    struct peer_draft scratch;
    peer_draft_init_new(&scratch);
    error = peer_column_set(&scratch, column, value);
  }
  return error;
}
