/* SPDX-License-Identifier: MIT */
/* core/text: link-local addresses, and whether they say on which interface. */
#include "support/main.h"
#include "text/link_local.h"

START_TEST(a_link_local_address_needs_a_zone)
{
  static const struct {
    const char *text;
    bool link_local;
    bool lacks_zone;
  } rows[] = {
      {"fe80::1", true, true},
      {"FE80::1", true, true},
      {"febf:1::", true, true},
      {"fe80::1%eth0", true, false},
      {"feA0::2%3", true, false},
      {"fec0::1", false, false},
      {"fe7f::1", false, false},
      {"fe80", false, false},
      {"fe80.example", false, false},
      {"2001:db8::1", false, false},
      {"::1", false, false},
      {"192.0.2.1", false, false},
      {"", false, false},
      {"f", false, false},
      {"fe", false, false},
      {"fe8", false, false},
      {"fe8:1::", false, false},
      {"ff02::1", false, false},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    ck_assert_msg(ow_is_link_local(rows[i].text) == rows[i].link_local, "'%s'", rows[i].text);
    ck_assert_msg(ow_lacks_zone(rows[i].text) == rows[i].lacks_zone, "'%s'", rows[i].text);
  }
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("text: link-local addresses");
  TEST_CASE(suite, "zones", a_link_local_address_needs_a_zone);
  return test_run(suite);
}
