/* SPDX-License-Identifier: MIT */
/* <Plugin owamp> as a tree of any items, values and types: what is refused is counted and told, the rest is
 * sound. */
#include <stdlib.h>

#include "config.h"
#include "support/fake_collectd.h"
#include "target.h"

enum { DEPTH_MOST = 3 };

/* A text ends with a line, a number or a truth value stand alone. */
static void add_value(oconfig_item_t *item, char *word)
{
  oconfig_value_t value = {.type = OCONFIG_TYPE_STRING};
  char *end;
  double number = strtod(word, &end);
  if (strcmp(word, "true") == 0 || strcmp(word, "false") == 0) {
    value.type = OCONFIG_TYPE_BOOLEAN;
    value.value.boolean = *word == 't';
  } else if (*word && !*end) {
    value.type = OCONFIG_TYPE_NUMBER;
    value.value.number = number;
  } else {
    value.value.string = strdup(word + (*word == '"'));
    FUZZ_CHECK(value.value.string);
  }
  item->values = reallocarray(item->values, (size_t)item->values_num + 1, sizeof *item->values);
  FUZZ_CHECK(item->values);
  item->values[item->values_num++] = value;
}

static oconfig_item_t *add_item(oconfig_item_t *parent, char *line)
{
  char *word = strsep(&line, " ");
  parent->children =
      reallocarray(parent->children, (size_t)parent->children_num + 1, sizeof *parent->children);
  FUZZ_CHECK(parent->children);
  oconfig_item_t *item = &parent->children[parent->children_num++];
  *item = (oconfig_item_t){.key = strdup(word), .parent = parent};
  FUZZ_CHECK(item->key);
  while ((word = strsep(&line, " ")))
    add_value(item, word);
  return item;
}

/* Lines; "<" begins a block, ">" ends it. */
static void read_tree(char *text, oconfig_item_t *tree)
{
  oconfig_item_t *at[DEPTH_MOST] = {tree};
  int depth = 0;
  for (char *line; (line = strsep(&text, "\n"));) {
    if (*line == '>') {
      depth -= depth > 0;
    } else if (*line == '<' && depth + 1 < DEPTH_MOST) {
      at[depth + 1] = add_item(at[depth], line + 1);
      depth++;
    } else if (*line) {
      add_item(at[depth], line);
    }
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t octets)
{
  struct owamp_config config = {0};
  char *text = fuzz_text(input, octets);
  oconfig_item_t *tree = calloc(1, sizeof *tree);
  FUZZ_CHECK(tree && (tree->key = strdup("Plugin")));
  fake_collectd_reset();
  read_tree(text, tree);
  owamp_config_read(&config, tree);
  FUZZ_CHECK(config.refused == 0 || fake_collectd.lines > 0);
  for (size_t i = 0; i < config.peer_count; i++) {
    FUZZ_CHECK(config.peers[i]->stream.name[0]);
    FUZZ_CHECK(i == 0 || strcmp(config.peers[i - 1]->stream.name, config.peers[i]->stream.name) < 0);
  }
  owamp_config_clear(&config);
  fake_config_free(tree);
  free(text);
  return 0;
}
