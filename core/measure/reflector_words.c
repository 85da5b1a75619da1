/* SPDX-License-Identifier: MIT */
/* Each habit of reflectors has its sentence. */
#include "measure/reflector_words.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/refusal.h"

/* What each kind of useless answer lets suspect. */
static const char *const hints[OW_ECHOES] = {
    [OW_ECHO_HMAC] = " (is the key the reflector's?)",
    [OW_ECHO_SHORT] = " (is the mode the reflector's?)",
    [OW_ECHO_SSID] = " (is the SSID the reflector's?)",
    [OW_ECHO_STAMPS] = " (the reflector gives no time of arrival or departure)",
};

static void add(char remark[OW_FAILURE_TEXT], const char *format, ...) OW_PRINTF(2, 3);

static void add(char remark[OW_FAILURE_TEXT], const char *format, ...)
{
  size_t length = strlen(remark);
  va_list arguments;
  if (length)
    length += (size_t)snprintf(remark + length, OW_FAILURE_TEXT - length, "; ");
  if (length < OW_FAILURE_TEXT) {
    va_start(arguments, format);
    vsnprintf(remark + length, OW_FAILURE_TEXT - length, format, arguments);
    va_end(arguments);
  }
}

/* Where answers come, what comes beside them is a matter for the curious alone; stamps spoil an answer. */
void ow_reflector_remark(const struct ow_test_reflected *session, char remark[OW_FAILURE_TEXT])
{
  bool none = ow_reflected_answered(session->reflected) == 0;
  remark[0] = '\0';
  if (none && session->unreachable)
    add(remark, "no reflector listens there: %s", ow_refusal_text(session->last_unreachable));
  for (int echo = OW_ECHO_SHORT; echo < OW_ECHOES; echo++) {
    uint32_t count = ow_reflected_count(session->reflected, (enum ow_echo)echo);
    if (count && hints[echo] && (none || echo == OW_ECHO_STAMPS))
      add(remark, "%u answers: %s%s", count, ow_echo_text((enum ow_echo)echo), hints[echo]);
  }
}

/* ---- for the curious ---- */

struct words {
  char (*lines)[OW_REFLECTOR_TEXT];
  size_t count;
};

static void say(struct words *words, const char *format, ...) OW_PRINTF(2, 3);

static void say(struct words *words, const char *format, ...)
{
  va_list arguments;
  if (words->count < OW_REFLECTOR_WORDS) {
    va_start(arguments, format);
    vsnprintf(words->lines[words->count++], OW_REFLECTOR_TEXT, format, arguments);
    va_end(arguments);
  }
}

static void say_kind(struct words *words, const struct ow_reflector *reflector)
{
  if (reflector->counter_shown && reflector->stateful)
    say(words, "it counts its answers (stateful): losses are told by direction");
  else if (reflector->counter_shown)
    say(words, "it does not count its answers (stateless): which way a packet was lost is not known");
  if (reflector->ssid_ignored)
    say(words, "it ignores the SSID");
  if (reflector->shortened)
    say(words, "its answers are shorter than the questions");
  if (reflector->no_dwell)
    say(words, "its times of arrival and departure are the same: its dwell time goes into the round trip");
  if (reflector->ptp)
    say(words, "its stamps are PTP's: their time scale may be 37 s ahead of UTC");
  if (reflector->tos_known)
    say(words, "packets arrive there with DSCP %u, ECN %u", reflector->dscp_in, reflector->ecn_in);
  if (reflector->error_unknown)
    say(words, "it says nothing of its clock's error: one-way delays have no bound");
}

static void print_tlvs(char out[OW_REFLECTOR_TEXT], uint32_t tlvs)
{
  out[0] = '\0';
  for (int tlv = 0; tlv < 32; tlv++)
    if (tlvs >> tlv & 1)
      snprintf(out + strlen(out), OW_REFLECTOR_TEXT - strlen(out), "%s%s", out[0] ? ", " : "",
               ow_tlv_name((enum ow_tlv)tlv));
}

static const char *sync_name(uint8_t source)
{
  static const char *const names[] = {"?", "NTP", "PTP", "SSU/BITS", "GNSS", "free-running"};
  return names[source < sizeof names / sizeof *names ? source : 0];
}

static const char *method_name(uint8_t method)
{
  static const char *const names[] = {"?", "hardware", "software", "control plane"};
  return names[method < sizeof names / sizeof *names ? method : 0];
}

static void say_tlvs(struct words *words, const struct ow_reflector *reflector)
{
  const struct ow_tlv_answer *last = &reflector->last;
  char names[OW_REFLECTOR_TEXT];
  print_tlvs(names, reflector->tlvs_unknown & ~reflector->tlvs_known);
  if (names[0])
    say(words, "it does not know these TLVs, or does not answer them: %.100s", names);
  if (reflector->tlvs_malformed)
    say(words, "it calls TLVs malformed, or its own are");
  if (reflector->tlvs_distrusted)
    say(words, "its TLVs have no right HMAC, or it says that ours have none: they count for nothing");
  if (last->known & 1U << OW_TLV_TIMESTAMPS)
    say(words, "its clock: %s, stamps by %s in, %s out", sync_name(last->sync_in),
        method_name(last->method_in), method_name(last->method_out));
  if (last->known & 1U << OW_TLV_CLASS_OF_SERVICE)
    say(words, "packets arrive there with DSCP %u, ECN %u%s", last->dscp_in, last->ecn_in,
        reflector->dscp_refused ? "; it does not answer with the DSCP that was asked for" : "");
  if (last->known & 1U << OW_TLV_COUNTERS)
    say(words, "by its counters it has received %u of %u packets, and answered %u", last->counter_received,
        last->counter_sent, last->counter_answered);
}

size_t ow_reflector_words(const struct ow_test_reflected *session,
                          char words[OW_REFLECTOR_WORDS][OW_REFLECTOR_TEXT])
{
  const struct ow_reflector *reflector = ow_reflected_reflector(session->reflected);
  struct words said = {words, 0};
  if (reflector->answered) {
    say_kind(&said, reflector);
    say_tlvs(&said, reflector);
  }
  for (int echo = OW_ECHO_SHORT; echo < OW_ECHOES; echo++)
    if (ow_reflected_count(session->reflected, (enum ow_echo)echo))
      say(&said, "%u answers count for nothing: %s",
          ow_reflected_count(session->reflected, (enum ow_echo)echo), ow_echo_text((enum ow_echo)echo));
  return said.count;
}
