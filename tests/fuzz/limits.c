/* SPDX-License-Identifier: MIT */
/* owamp-server.limits: classes form a tree, every rule names one, and whoever asks is in one. */
#include "policy/limits.h"
#include "target.h"

static const char keys_text[] = "alice 616c696365\nbob 626f62\n";

static void check_classes(const struct ow_limits *limits)
{
  FUZZ_CHECK(limits->class_count > 0 && limits->class_count <= OW_CLASSES_MOST);
  FUZZ_CHECK(limits->classes[OW_CLASS_ROOT].parent == OW_CLASS_NONE);
  FUZZ_CHECK(limits->fallback >= 0 && (size_t)limits->fallback < limits->class_count);
  for (int i = 0; (size_t)i < limits->class_count; i++) {
    const struct ow_class *class = &limits->classes[i];
    FUZZ_CHECK(memchr(class->name, '\0', sizeof class->name) && class->parent < i);
    FUZZ_CHECK(ow_limits_class_by_name(limits, class->name) == i);
    FUZZ_CHECK(ow_limits_within(limits, i, OW_CLASS_ROOT) && ow_limits_within(limits, i, i));
    FUZZ_CHECK(class->start_ahead >= 0 && class->session_time >= 0);
  }
}

static void check_rules(const struct ow_limits *limits)
{
  for (size_t i = 0; i < limits->net_count; i++) {
    const struct ow_net *net = &limits->nets[i].net;
    struct ow_endpoint first = {.version = net->version};
    memcpy(first.address, net->address, sizeof first.address);
    FUZZ_CHECK(limits->nets[i].class >= 0 && (size_t)limits->nets[i].class < limits->class_count);
    FUZZ_CHECK(ow_net_contains(net, &first));
    int class = ow_limits_class_of_address(limits, &first);
    FUZZ_CHECK(class >= 0 && (size_t) class < limits->class_count);
  }
  for (size_t i = 0; i < limits->user_count; i++)
    FUZZ_CHECK(ow_limits_class_of_user(limits, limits->users[i].key_id) == limits->users[i].class);
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t octets)
{
  struct ow_keys_file keys = {0};
  struct ow_limits limits;
  struct ow_failure failure = {.text = ""};
  char *text = fuzz_text(input, octets);
  FUZZ_CHECK(ow_key_file_parse("keys", keys_text, sizeof keys_text - 1, &keys, NULL, &failure) == OW_OK);
  enum ow_status status = ow_limits_parse("limits", text, octets, &keys, &limits, NULL, &failure);
  if (status == OW_OK) {
    check_classes(&limits);
    check_rules(&limits);
  } else {
    FUZZ_CHECK(failure.status == status && *failure.text && !limits.classes && !limits.nets && !limits.users);
  }
  ow_limits_clear(&limits);
  ow_key_file_clear(&keys);
  free(text);
  return 0;
}
