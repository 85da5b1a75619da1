/* SPDX-License-Identifier: MIT */
/* owamp-agentx.conf(5) and OWAMP-MIB against the options of a peer. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "column_table.h"
#include "peer_config.h"
#include "support/main.h"
#include "support/manual.h"

static struct manual manual;

static void read_page(void)
{
  manual_read(&manual, "owamp-agentx.conf.5", "Keys of a peer");
}

START_TEST(every_key_is_in_the_manual)
{
  for (size_t i = 0; i < peer_face.count; i++) {
    enum ow_peer_option_id id = peer_face.options[i];
    char name[OW_SPELLED_TEXT];
    const struct manual_item *item = manual_find(&manual, ow_spell(name, peer_face.spelling, id));
    ck_assert_msg(item != NULL, "%s isn't in owamp-agentx.conf.5", name);
    manual_expect_default(item, id, OW_USE_STREAM);
  }
}
END_TEST

START_TEST(every_key_of_the_manual_is_taken)
{
  enum ow_peer_option_id id;
  for (size_t i = 0; i < manual.count; i++)
    ck_assert_msg(ow_peer_face_find(&peer_face, manual.items[i].name, &id), "there is no %s",
                  manual.items[i].name);
}
END_TEST

START_TEST(the_history_is_in_the_manual)
{
  struct manual tokens;
  manual_read(&tokens, "owamp-agentx.conf.5", "Tokens");
  const struct manual_item *item = manual_find(&tokens, "owampHistory");
  ck_assert_ptr_nonnull(item);
  manual_expect_default(item, OW_PEER_HISTORY, OW_USE_STREAM);
  ck_assert_ptr_nonnull(manual_find(&tokens, "owampKeyFile"));
}
END_TEST

/* ---- the MIB ---- */

static const struct ow_spelled exceptions[] = {
    {OW_PEER_KEY_ID, "KeyID"}, {OW_PEER_MODE, "Modes"}, {OW_PEER_DIRECTION, "Directions"}};
static const struct ow_spelling object = {true, false, exceptions, sizeof exceptions / sizeof *exceptions};

/* What stands within "DEFVAL { ... }": without blanks, braces, and what is around texts. */
static void cut_defval(const char *mib, const char *name, char out[64])
{
  char line[64];
  size_t used = 0;
  snprintf(line, sizeof line, "\nowampPeer%s OBJECT-TYPE\n", name);
  const char *begin = strstr(mib, line);
  ck_assert_msg(begin != NULL, "owampPeer%s isn't in OWAMP-MIB.txt", name);
  const char *end = strstr(begin, "\n    ::= {");
  const char *at = strstr(begin, "DEFVAL ");
  ck_assert_msg(end && at && at < end, "owampPeer%s has no DEFVAL", name);
  for (at += strlen("DEFVAL "); *at != '\n'; at++)
    if (!strchr(" {}\"'H", *at))
      out[used++] = *at;
  out[used] = '\0';
}

static enum ow_peer_option_id id_of(const struct mib_column *column)
{
  return (enum ow_peer_option_id)(column->set.option - ow_peer_options);
}

static void expect_default(const char *text, const struct mib_column *column)
{
  struct peer_config usual;
  struct peer_config told;
  struct ow_failure failure = {0};
  char value[72];
  snprintf(value, sizeof value, "%s%s", text, column->set.unit ? column->set.unit : "");
  peer_config_defaults(&usual);
  told = usual;
  ck_assert_msg(peer_option_set(&told, id_of(column), value, &failure) == OW_OK, "%s: %s", column->name,
                failure.text);
  ck_assert_msg(peer_config_same(&told, &usual), "%s: the DEFVAL is another, %s", column->name, value);
}

/* Those of durations are in the column's unit, and its own affair. */
static void expect_bounds(const struct mib_column *column)
{
  const struct ow_peer_option *option = column->set.option;
  if (option->type == OW_TYPE_NUMBER || option->type == OW_TYPE_DSCP)
    ck_assert_int_eq(column->syntax.least, option->least);
  if (option->type == OW_TYPE_NUMBER || option->type == OW_TYPE_DSCP || option->type == OW_TYPE_TEXT ||
      option->type == OW_TYPE_KEY_ID || option->type == OW_TYPE_PORT)
    ck_assert_int_eq(column->syntax.most, option->most);
}

START_TEST(columns_are_options)
{
  const struct mib_table *table = mib_table_of(MIB_PEERS);
  char *mib = manual_file("plugins/snmp/OWAMP-MIB.txt");
  unsigned options = 0;
  for (unsigned number = table->first; number < table->end; number++) {
    const struct mib_column *column = mib_column_of(MIB_PEERS, number);
    char name[OW_SPELLED_TEXT];
    char value[64];
    if (!column->set.option)
      continue;
    ck_assert_str_eq(column->name, ow_spell(name, &object, id_of(column)));
    cut_defval(mib, name, value);
    expect_default(value, column);
    expect_bounds(column);
    options++;
  }
  ck_assert_uint_eq(options, 22);
  free(mib);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("snmp/documents");
  TCase *tests = tcase_create("documents");
  tcase_add_checked_fixture(tests, read_page, NULL);
  tcase_add_test(tests, every_key_is_in_the_manual);
  tcase_add_test(tests, every_key_of_the_manual_is_taken);
  tcase_add_test(tests, the_history_is_in_the_manual);
  tcase_add_test(tests, columns_are_options);
  suite_add_tcase(suite, tests);
  return test_run(suite);
}
