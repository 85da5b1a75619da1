/* SPDX-License-Identifier: MIT */
/* What the kernel dropped before anybody could read it: by socket, and for want of buffer over all of them.
 */
#include <fcntl.h>
#include <linux/sock_diag.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "io/udp.h"
#include "text/number.h"
#include "text/piece.h"

/* SO_MEMINFO tells of the count that SO_RXQ_OVFL attaches to datagrams, without one: also what was dropped
 * last. */
uint32_t ow_udp_dropped(int descriptor)
{
  uint32_t memory[SK_MEMINFO_VARS] = {0};
  socklen_t size = sizeof memory;
  bool told = getsockopt(descriptor, SOL_SOCKET, SO_MEMINFO, memory, &size) == 0 &&
              size > SK_MEMINFO_DROPS * sizeof *memory;
  return told ? memory[SK_MEMINFO_DROPS] : 0;
}

/* The number of that name in a line of names followed by a line of numbers, "Udp: InDatagrams ..." twice;
 * `label` begins with a newline. */
static bool find_in_columns(const char *text, const char *label, const char *name, uint64_t *value)
{
  const char *names_at = strstr(text, label);
  const char *numbers_at = names_at ? strstr(names_at + 1, label) : NULL;
  bool found = false;
  if (!numbers_at)
    return false;
  struct ow_piece names = {names_at + 1, strcspn(names_at + 1, "\n")};
  struct ow_piece numbers = {numbers_at + 1, strcspn(numbers_at + 1, "\n")};
  for (struct ow_piece word = ow_piece_word(&names, " "), number = ow_piece_word(&numbers, " ");
       word.length && number.length && !found;
       word = ow_piece_word(&names, " "), number = ow_piece_word(&numbers, " ")) {
    found = ow_piece_is(word, name);
    if (found)
      *value = ow_digits_read(number).value;
  }
  return found;
}

/* The number behind a name at a line's beginning, "Udp6RcvbufErrors    0". */
static bool find_in_lines(const char *text, const char *name, uint64_t *value)
{
  const char *at = strstr(text, name);
  bool found = at != NULL;
  if (found) {
    struct ow_piece line = {at + 1, strcspn(at + 1, "\n")};
    (void)ow_piece_word(&line, " \t");
    *value = ow_digits_read(ow_piece_word(&line, " \t")).value;
  }
  return found;
}

enum { TEXT = 8192 };

/* A small file of the kernel's own, as text; false if it can't be read. */
static bool read_file(const char *path, char text[TEXT])
{
  size_t length = 0;
  ssize_t got = 1;
  int descriptor = open(path, O_RDONLY | O_CLOEXEC);
  while (descriptor >= 0 && got > 0 && length < TEXT - 1) {
    got = read(descriptor, text + length, TEXT - 1 - length);
    length += got > 0 ? (size_t)got : 0;
  }
  text[length] = '\0';
  if (descriptor >= 0)
    close(descriptor);
  return length > 0;
}

bool ow_udp_overflows(uint64_t *count)
{
  char text[TEXT];
  uint64_t of_v4 = 0;
  uint64_t of_v6 = 0; /* a host without IPv6 has no such file */
  bool known =
      read_file("/proc/self/net/snmp", text) && find_in_columns(text, "\nUdp: ", "RcvbufErrors", &of_v4);
  if (known && read_file("/proc/self/net/snmp6", text))
    (void)find_in_lines(text, "\nUdp6RcvbufErrors", &of_v6);
  *count = of_v4 + of_v6;
  return known;
}
