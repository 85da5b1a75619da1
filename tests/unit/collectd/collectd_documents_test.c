/* SPDX-License-Identifier: MIT */
/* collectd-owamp(5) against the keywords of a <Peer>. */
#include <string.h>

#include "config.h"
#include "peer_block.h"
#include "support/main.h"
#include "support/manual.h"

static struct manual manual;

static void read_page(void)
{
  manual_read(&manual, "collectd-owamp.5", "Defaults and <Peer Qq name >");
}

START_TEST(every_keyword_is_in_the_manual)
{
  for (size_t i = 0; i < owamp_peer_face.count; i++) {
    enum ow_peer_option_id id = owamp_peer_face.options[i];
    char name[OW_SPELLED_TEXT];
    const struct manual_item *item = manual_find(&manual, ow_spell(name, owamp_peer_face.spelling, id));
    ck_assert_msg(item != NULL, "%s isn't in collectd-owamp.5", name);
    manual_expect_default(item, id, OW_USE_STREAM);
  }
}
END_TEST

START_TEST(every_keyword_of_the_manual_is_taken)
{
  struct owamp_peer_settings settings;
  struct owamp_block block = owamp_peer_block(&settings, OWAMP_IN_PEER);
  for (size_t i = 0; i < manual.count; i++) {
    const char *name = manual.items[i].name;
    enum ow_peer_option_id id;
    bool own = false;
    for (size_t j = 0; j < block.count; j++)
      own = own || strcmp(block.keywords[j].name, name) == 0;
    ck_assert_msg(own || ow_peer_face_find(&owamp_peer_face, name, &id), "there is no %s", name);
  }
}
END_TEST

START_TEST(the_responders_keywords_are_in_the_manual)
{
  struct ow_embedded_options options;
  struct owamp_block block = owamp_responder_block(&options);
  manual_read(&manual, "collectd-owamp.5", "<Responder>");
  for (size_t i = 0; i < block.count; i++)
    ck_assert_msg(manual_find(&manual, block.keywords[i].name) != NULL, "%s isn't in collectd-owamp.5",
                  block.keywords[i].name);
  ck_assert_uint_eq(manual.count, block.count);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("collectd/documents");
  TCase *tests = tcase_create("documents");
  tcase_add_checked_fixture(tests, read_page, NULL);
  tcase_add_test(tests, every_keyword_is_in_the_manual);
  tcase_add_test(tests, every_keyword_of_the_manual_is_taken);
  tcase_add_test(tests, the_responders_keywords_are_in_the_manual);
  suite_add_tcase(suite, tests);
  return test_run(suite);
}
