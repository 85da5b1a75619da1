/* SPDX-License-Identifier: MIT */
/* The table of all objects, and the macros that make its rows short. */
#include "column_table.h"

#include "column_get.h"
#include "column_set.h"

/* ---- syntaxes ---- */

#define INTEGER32(least, most) MIB_KIND_INTEGER32, least, most
#define UNSIGNED32(least, most) MIB_KIND_UNSIGNED32, least, most
#define GAUGE32(least, most) MIB_KIND_GAUGE32, least, most
#define ENUMERATION(least, most) MIB_KIND_ENUMERATION, least, most
#define OCTETS(least, most) MIB_KIND_OCTETS, least, most
#define BITS(last) MIB_KIND_BITS, 0, last
#define COUNTER64 MIB_KIND_COUNTER64, 0, 0
#define TRUTH_VALUE MIB_KIND_TRUTH_VALUE, 1, 2
#define ROW_STATUS MIB_KIND_ROW_STATUS, ROW_ACTIVE, ROW_DESTROY
#define STORAGE_TYPE ENUMERATION(1, ROW_READ_ONLY)
#define DATE_AND_TIME MIB_KIND_DATE_AND_TIME, 8, 11
#define TEXT OCTETS(0, MIB_OCTETS_MOST)
#define PORT UNSIGNED32(0, UINT16_MAX)
#define COUNT GAUGE32(0, UINT32_MAX)
#define ADDRESS_TYPE ENUMERATION(PEER_ADDRESS_UNKNOWN, PEER_ADDRESS_DNS)
#define DIRECTION ENUMERATION(OW_FORWARD + 1, OW_ROUND_TRIP + 1)
#define DELAY INTEGER32(INT32_MIN, INT32_MAX)
#define VARIATION INTEGER32(0, INT32_MAX)
#define MODE ENUMERATION(1, 5)
#define STATUS ENUMERATION(OW_OK + 1, OW_STATE + 1)
#define SEVERITY ENUMERATION(1, 3)
#define WORTH ENUMERATION(1, 4)
#define STAMP_ORIGIN ENUMERATION(OW_STAMP_UNKNOWN + 1, OW_STAMP_USER + 1)
#define DEPARTURE ENUMERATION(OW_DEPARTED_CORRECTED + 1, OW_DEPARTED_HARDWARE + 1)

/* ---- getters ---- */

#define OBJECT_FROM_MIB struct mib
#define OBJECT_FROM_PEER struct peer
#define OBJECT_FROM_INTERVAL struct ow_interval
#define OBJECT_FROM_RESULT struct ow_result
#define OBJECT_FROM_TOTALS struct ow_totals
#define MEMBER_OF(from, member) ((const OBJECT_##from *)0)->member

/* A member by the getter of its type. */
#define PLAIN(from, member)                                                                                  \
  from, offsetof(OBJECT_##from, member),                                                                     \
      _Generic(MEMBER_OF(from, member), uint8_t                                                              \
               : column_get_octet, uint16_t                                                                  \
               : column_get_short, uint32_t                                                                  \
               : column_get_count, uint64_t                                                                  \
               : column_get_counter, bool                                                                    \
               : column_get_truth, const char *                                                              \
               : column_get_text, struct ow_timestamp                                                        \
               : column_get_date)
/* A member by another getter, which reads that type: a member of another doesn't compile. */
#define VIA(getter, from, type, member)                                                                      \
  from, _Generic(MEMBER_OF(from, member), type : offsetof(OBJECT_##from, member)), column_get_##getter
#define WHOLE(getter, from) from, 0, column_get_##getter

/* ---- setters ---- */

static const char *const family_words[] = {"any", "ipv4", "ipv6"};
static const char *const mode_words[] = {"open", "authenticated", "encrypted", "mixed"};
static const char *const truth_words[] = {"true", "false"}; /* TruthValue's, from 1 on */
static const char *const worth_words[] = {"ok", "warning", "critical", "unknown"};
static const char *const direction_words[] = {"forward", "reverse"};
static const char *const protocol_words[] = {"owamp", "stamp", "twamp"};
static const char *const tlv_words[] = {"timestamps", "class-of-service", "counters", "follow-up"};

#define OPTION(id) .option = &ow_peer_options[id]
#define NUMBER(id, its_unit) .option = &ow_peer_options[id], .unit = its_unit
#define WORDS(id, its_words) .option = &ow_peer_options[id], .words = its_words
#define SETTER(setter) .set = column_set_##setter

/* ---- the tables ---- */

#define INDEX(its_name, its_syntax) .name = its_name, .syntax = {its_syntax}, .access = MIB_NOT_ACCESSIBLE
#define READ(its_name, its_syntax, when, getter)                                                             \
  .name = its_name, .syntax = {its_syntax}, .access = MIB_READ_ONLY, .presence = when, .get = {getter}
#define WRITE(its_name, its_syntax, when, getter)                                                            \
  .name = its_name, .syntax = {its_syntax}, .access = MIB_READ_WRITE, .presence = when, .get = {getter}
#define CREATE(its_name, its_syntax, when, getter, setter)                                                   \
  .name = its_name, .syntax = {its_syntax}, .access = MIB_READ_CREATE, .presence = when, .get = {getter},    \
  .set = {setter}

static const struct mib_column system_columns[] = {
    [MIB_VERSION] = {READ("Version", TEXT, PRESENT_ALWAYS, WHOLE(version, FROM_MIB))},
    [MIB_CLOCK_SYNCHRONIZED] = {READ("ClockSynchronized", TRUTH_VALUE, PRESENT_ALWAYS,
                                     PLAIN(FROM_MIB, system.clock_synchronized))},
    [MIB_CLOCK_ERROR] = {READ("ClockError", COUNT, PRESENT_ALWAYS,
                              VIA(microseconds_up, FROM_MIB, int64_t, system.clock_error))},
    [MIB_STAMP_SOURCE] = {READ("StampSource", STAMP_ORIGIN, PRESENT_RECEIVED, WHOLE(stamp_source, FROM_MIB))},
    [MIB_HISTORY_SIZE] = {READ("HistorySize", UNSIGNED32(1, 10000), PRESENT_ALWAYS,
                               WHOLE(history_size, FROM_MIB))},
    [MIB_NOTIFICATIONS_ENABLED] = {WRITE("NotificationsEnabled", BITS(4), PRESENT_ALWAYS,
                                         VIA(octet_of_bits, FROM_MIB, uint8_t, system.notifications))},
    [MIB_NOTIFICATIONS_DROPPED] = {READ("NotificationsDropped", COUNTER64, PRESENT_ALWAYS,
                                        PLAIN(FROM_MIB, system.dropped))},
};

#define CONFIGURED(member) PLAIN(FROM_PEER, config.member)
#define CONFIGURED_VIA(how, type, member) VIA(how, FROM_PEER, type, config.member)

static const struct mib_column peer_columns[] = {
    [MIB_PEER_OWNER] = {INDEX("Owner", OCTETS(0, MIB_OWNER - 1))},
    [MIB_PEER_NAME] = {INDEX("Name", OCTETS(1, OW_STREAM_NAME - 1))},
    [MIB_PEER_ADDRESS_TYPE] = {CREATE("AddressType", ADDRESS_TYPE, PRESENT_ALWAYS,
                                      CONFIGURED_VIA(choice, unsigned, address_type), SETTER(address_type))},
    [MIB_PEER_ADDRESS] = {CREATE("Address", OCTETS(0, 255), PRESENT_ALWAYS,
                                 VIA(address, FROM_PEER, struct peer_config, config), SETTER(address))},
    [MIB_PEER_PORT] = {CREATE("Port", PORT, PRESENT_PORT,
                              CONFIGURED_VIA(port, const char *, stream.peer.port),
                              NUMBER(OW_PEER_PORT, ""))},
    [MIB_PEER_FAMILY] = {CREATE("Family", ENUMERATION(1, 3), PRESENT_ALWAYS,
                                CONFIGURED_VIA(family, int, stream.peer.address_family),
                                WORDS(OW_PEER_FAMILY, family_words))},
    [MIB_PEER_MODES] = {CREATE("Modes", BITS(3), PRESENT_ALWAYS,
                               CONFIGURED_VIA(bits, uint32_t, stream.peer.modes),
                               WORDS(OW_PEER_MODE, mode_words))},
    [MIB_PEER_KEY_ID] = {CREATE("KeyID", OCTETS(0, 80), PRESENT_ALWAYS, CONFIGURED(stream.peer.key_id),
                                OPTION(OW_PEER_KEY_ID))},
    [MIB_PEER_DIRECTIONS] = {CREATE("Directions", BITS(1), PRESENT_ALWAYS,
                                    CONFIGURED_VIA(directions, const bool *, stream.peer.directions),
                                    WORDS(OW_PEER_DIRECTION, direction_words))},
    [MIB_PEER_INTERVAL] = {CREATE("Interval", UNSIGNED32(4, 86400), PRESENT_ALWAYS,
                                  CONFIGURED_VIA(seconds, int64_t, stream.interval),
                                  NUMBER(OW_PEER_INTERVAL, "s"))},
    [MIB_PEER_SCHEDULE] = {CREATE("Schedule", OCTETS(1, 255), PRESENT_ALWAYS, CONFIGURED(schedule),
                                  OPTION(OW_PEER_SCHEDULE))},
    [MIB_PEER_PADDING] = {CREATE("Padding", UNSIGNED32(0, OW_MOST_PADDING), PRESENT_ALWAYS,
                                 CONFIGURED(stream.peer.padding), NUMBER(OW_PEER_PADDING, ""))},
    [MIB_PEER_DSCP] = {CREATE("Dscp", UNSIGNED32(0, 63), PRESENT_ALWAYS, CONFIGURED(stream.peer.dscp),
                              NUMBER(OW_PEER_DSCP, ""))},
    [MIB_PEER_LOSS_TIMEOUT] = {CREATE("LossTimeout", UNSIGNED32(1, 86400000), PRESENT_ALWAYS,
                                      CONFIGURED_VIA(milliseconds, int64_t, stream.peer.loss_timeout),
                                      NUMBER(OW_PEER_LOSS_TIMEOUT, "ms"))},
    [MIB_PEER_SOURCE] = {CREATE("Source", OCTETS(0, 255), PRESENT_ALWAYS, CONFIGURED(stream.peer.source),
                                OPTION(OW_PEER_SOURCE))},
    [MIB_PEER_INTERFACE] = {CREATE("Interface", OCTETS(0, OW_INTERFACE_TEXT - 1), PRESENT_ALWAYS,
                                   CONFIGURED(stream.peer.interface), OPTION(OW_PEER_INTERFACE))},
    [MIB_PEER_PORT_LOW] = {CREATE("PortLow", PORT, PRESENT_ALWAYS, CONFIGURED(stream.peer.test_port_low),
                                  SETTER(port_low))},
    [MIB_PEER_PORT_HIGH] = {CREATE("PortHigh", PORT, PRESENT_ALWAYS, CONFIGURED(stream.peer.test_port_high),
                                   SETTER(port_high))},
    [MIB_PEER_WARNING] = {CREATE("Warning", OCTETS(0, 255), PRESENT_ALWAYS, CONFIGURED(warning),
                                 OPTION(OW_PEER_WARNING))},
    [MIB_PEER_CRITICAL] = {CREATE("Critical", OCTETS(0, 255), PRESENT_ALWAYS, CONFIGURED(critical),
                                  OPTION(OW_PEER_CRITICAL))},
    [MIB_PEER_RAISE_COUNT] = {CREATE("RaiseCount", UNSIGNED32(1, OW_ALARM_WINDOW), PRESENT_ALWAYS,
                                     CONFIGURED(stream.rule.raise), SETTER(raise_count))},
    [MIB_PEER_RAISE_WINDOW] = {CREATE("RaiseWindow", UNSIGNED32(1, OW_ALARM_WINDOW), PRESENT_ALWAYS,
                                      CONFIGURED(stream.rule.of), SETTER(raise_window))},
    [MIB_PEER_STATE] = {READ("State", ENUMERATION(1, 4), PRESENT_ALWAYS, WHOLE(state, FROM_PEER))},
    [MIB_PEER_SINCE] = {READ("StateSince", DATE_AND_TIME, PRESENT_RUNNING, PLAIN(FROM_PEER, view.since))},
    [MIB_PEER_STATUS] = {READ("Status", STATUS, PRESENT_EXPLAINED, WHOLE(status, FROM_PEER))},
    [MIB_PEER_REASON] = {READ("Reason", TEXT, PRESENT_ALWAYS, WHOLE(reason, FROM_PEER))},
    [MIB_PEER_MODE_IN_USE] = {READ("ModeInUse", MODE, PRESENT_RUNNING,
                                   VIA(mode, FROM_PEER, enum ow_mode, view.mode))},
    [MIB_PEER_SERVER] = {READ("Server", TEXT, PRESENT_RUNNING, PLAIN(FROM_PEER, view.server))},
    [MIB_PEER_SEVERITY] = {READ("Severity", SEVERITY, PRESENT_ALWAYS, WHOLE(severity, FROM_PEER))},
    [MIB_PEER_INTERVALS] = {READ("Intervals", COUNTER64, PRESENT_RUNNING, PLAIN(FROM_PEER, view.intervals))},
    [MIB_PEER_FAILED] = {READ("FailedIntervals", COUNTER64, PRESENT_RUNNING, PLAIN(FROM_PEER, view.failed))},
    [MIB_PEER_STORAGE] = {CREATE("StorageType", STORAGE_TYPE, PRESENT_ALWAYS,
                                 VIA(choice, FROM_PEER, unsigned, storage), SETTER(storage))},
    [MIB_PEER_ROW_STATUS] = {CREATE("RowStatus", ROW_STATUS, PRESENT_ALWAYS,
                                    VIA(choice, FROM_PEER, unsigned, status), SETTER(row_status))},
    [MIB_PEER_ZERO_PADDING] = {CREATE("ZeroPadding", TRUTH_VALUE, PRESENT_ALWAYS,
                                      CONFIGURED(stream.peer.zero_padding),
                                      WORDS(OW_PEER_ZERO_PADDING, truth_words))},
    [MIB_PEER_NAT] = {CREATE("Nat", TRUTH_VALUE, PRESENT_ALWAYS, CONFIGURED(stream.peer.nat),
                             WORDS(OW_PEER_NAT, truth_words))},
    [MIB_PEER_MIN_PACKETS] = {CREATE("MinPackets", UNSIGNED32(0, 10000000), PRESENT_ALWAYS,
                                     CONFIGURED(stream.rule.how.least_packets),
                                     NUMBER(OW_PEER_MIN_PACKETS, ""))},
    [MIB_PEER_NOTHING_ARRIVED] = {CREATE(
        "NothingArrived", WORTH, PRESENT_ALWAYS,
        CONFIGURED_VIA(worth, enum ow_verdict, stream.rule.how.nothing_arrived),
        WORDS(OW_PEER_NOTHING_ARRIVED, worth_words))},
    [MIB_PEER_PARTIAL_STATE] = {CREATE("PartialState", WORTH, PRESENT_ALWAYS,
                                       CONFIGURED_VIA(worth, enum ow_verdict, stream.rule.how.partial),
                                       WORDS(OW_PEER_PARTIAL_STATE, worth_words))},
    [MIB_PEER_PROTOCOL] = {CREATE("Protocol", ENUMERATION(1, 3), PRESENT_ALWAYS,
                                  CONFIGURED_VIA(choice_from_1, enum ow_protocol, stream.peer.protocol),
                                  WORDS(OW_PEER_PROTOCOL, protocol_words))},
    [MIB_PEER_SSID] = {CREATE("Ssid", UNSIGNED32(0, UINT16_MAX), PRESENT_ALWAYS, CONFIGURED(stream.peer.ssid),
                              NUMBER(OW_PEER_SSID, ""))},
    [MIB_PEER_TLVS] = {CREATE("Tlvs", BITS(3), PRESENT_ALWAYS,
                              CONFIGURED_VIA(tlvs, uint32_t, stream.peer.tlvs),
                              WORDS(OW_PEER_TLVS, tlv_words))},
};

#define RESULT(member) PLAIN(FROM_RESULT, member)
#define RESULT_VIA(how, type, member) VIA(how, FROM_RESULT, type, member)
#define RESULT_DELAY(member) VIA(delay, FROM_RESULT, int64_t, member)

static const struct mib_column result_columns[] = {
    [MIB_RESULT_DIRECTION] = {INDEX("Direction", DIRECTION)},
    [MIB_RESULT_NUMBER] = {READ("Number", UNSIGNED32(1, UINT32_MAX), PRESENT_ALWAYS,
                                VIA(number, FROM_INTERVAL, uint64_t, number))},
    [MIB_RESULT_BEGIN] = {READ("Begin", DATE_AND_TIME, PRESENT_ALWAYS, PLAIN(FROM_INTERVAL, begin))},
    [MIB_RESULT_END_TIME] = {READ("End", DATE_AND_TIME, PRESENT_ALWAYS, PLAIN(FROM_INTERVAL, end))},
    [MIB_RESULT_STATUS] = {READ("Status", STATUS, PRESENT_ALWAYS,
                                VIA(choice_from_1, FROM_INTERVAL, unsigned, status))},
    [MIB_RESULT_REASON] = {READ("Reason", TEXT, PRESENT_ALWAYS, PLAIN(FROM_INTERVAL, reason))},
    [MIB_RESULT_MODE] = {READ("Mode", MODE, PRESENT_ALWAYS, VIA(mode, FROM_INTERVAL, enum ow_mode, mode))},
    [MIB_RESULT_COMPLETENESS] = {READ("Completeness", ENUMERATION(1, 3), PRESENT_ALWAYS,
                                      RESULT_VIA(choice_from_1, unsigned, completeness))},
    [MIB_RESULT_SENT] = {READ("Sent", COUNT, PRESENT_LOSSES, RESULT(sent))},
    [MIB_RESULT_RECEIVED] = {READ("Received", COUNT, PRESENT_LOSSES, RESULT(received))},
    [MIB_RESULT_LOST] = {READ("Lost", COUNT, PRESENT_LOSSES, RESULT(lost))},
    [MIB_RESULT_LOSS_RATIO] = {READ("LossRatio", GAUGE32(0, 100000), PRESENT_SENT,
                                    WHOLE(loss_ratio, FROM_RESULT))},
    [MIB_RESULT_SKIPPED] = {READ("Skipped", COUNT, PRESENT_KNOWN, RESULT(skipped))},
    [MIB_RESULT_LOSS_RUN] = {READ("LongestLossRun", COUNT, PRESENT_LOSS_RUN, RESULT(longest_loss_run))},
    [MIB_RESULT_DUPLICATES] = {READ("Duplicates", COUNT, PRESENT_KNOWN, RESULT(duplicates))},
    [MIB_RESULT_REORDERED] = {READ("Reordered", COUNT, PRESENT_KNOWN, RESULT(reordered))},
    [MIB_RESULT_DISCARDED] = {READ("Discarded", COUNT, PRESENT_KNOWN, RESULT(discarded))},
    [MIB_RESULT_DELAY_MIN] = {READ("DelayMin", DELAY, PRESENT_TIMES, RESULT_DELAY(delay.min))},
    [MIB_RESULT_DELAY_MEAN] = {READ("DelayMean", DELAY, PRESENT_TIMES, RESULT_DELAY(delay.mean))},
    [MIB_RESULT_DELAY_MEDIAN] = {READ("DelayMedian", DELAY, PRESENT_TIMES, RESULT_DELAY(delay.median))},
    [MIB_RESULT_DELAY_P95] = {READ("DelayP95", DELAY, PRESENT_TIMES, RESULT_DELAY(delay.p95))},
    [MIB_RESULT_DELAY_P99] = {READ("DelayP99", DELAY, PRESENT_TIMES, RESULT_DELAY(delay.p99))},
    [MIB_RESULT_DELAY_MAX] = {READ("DelayMax", DELAY, PRESENT_TIMES, RESULT_DELAY(delay.max))},
    [MIB_RESULT_JITTER] = {READ("Jitter", VARIATION, PRESENT_TIMES, RESULT_DELAY(jitter))},
    [MIB_RESULT_IPDV] = {READ("Ipdv", VARIATION, PRESENT_IPDV, RESULT_DELAY(ipdv))},
    [MIB_RESULT_PDV] = {READ("Pdv", VARIATION, PRESENT_TIMES, RESULT_DELAY(pdv))},
    [MIB_RESULT_HOPS_MIN] = {READ("HopsMin", GAUGE32(0, UINT8_MAX), PRESENT_RECEIVED, RESULT(hops_min))},
    [MIB_RESULT_HOPS_MAX] = {READ("HopsMax", GAUGE32(0, UINT8_MAX), PRESENT_RECEIVED, RESULT(hops_max))},
    [MIB_RESULT_SENDER_SYNC] = {READ("SenderSync", TRUTH_VALUE, PRESENT_RECEIVED,
                                     RESULT(clock.sender_synchronized))},
    [MIB_RESULT_RECEIVER_SYNC] = {READ("ReceiverSync", TRUTH_VALUE, PRESENT_RECEIVED,
                                       RESULT(clock.receiver_synchronized))},
    [MIB_RESULT_CLOCK_ERROR] = {READ("ClockError", COUNT, PRESENT_RECEIVED,
                                     RESULT_VIA(microseconds_up, int64_t, clock.error_ns))},
    [MIB_RESULT_STAMP_SOURCE] = {READ("StampSource", STAMP_ORIGIN, PRESENT_RECEIVED,
                                      RESULT_VIA(choice_from_1, unsigned, clock.receive_stamp))},
    [MIB_RESULT_STEPPED] = {READ("ClockStepped", TRUTH_VALUE, PRESENT_KNOWN, RESULT(clock.stepped))},
    [MIB_RESULT_DEPARTED] = {READ("Departed", DEPARTURE, PRESENT_RECEIVED,
                                  RESULT_VIA(choice_from_1, unsigned, clock.departed))},
    [MIB_RESULT_DWELL_MIN] = {READ("DwellMin", DELAY, PRESENT_DWELL, RESULT_DELAY(dwell.min))},
    [MIB_RESULT_DWELL_MEAN] = {READ("DwellMean", DELAY, PRESENT_DWELL, RESULT_DELAY(dwell.mean))},
    [MIB_RESULT_DWELL_MEDIAN] = {READ("DwellMedian", DELAY, PRESENT_DWELL, RESULT_DELAY(dwell.median))},
    [MIB_RESULT_DWELL_P95] = {READ("DwellP95", DELAY, PRESENT_DWELL, RESULT_DELAY(dwell.p95))},
    [MIB_RESULT_DWELL_P99] = {READ("DwellP99", DELAY, PRESENT_DWELL, RESULT_DELAY(dwell.p99))},
    [MIB_RESULT_DWELL_MAX] = {READ("DwellMax", DELAY, PRESENT_DWELL, RESULT_DELAY(dwell.max))},
};

static const struct mib_column totals_columns[] = {
    [MIB_TOTALS_SINCE] = {READ("Since", DATE_AND_TIME, PRESENT_ALWAYS, PLAIN(FROM_PEER, since))},
    [MIB_TOTALS_SENT] = {READ("Sent", COUNTER64, PRESENT_LOSSES, PLAIN(FROM_TOTALS, sent))},
    [MIB_TOTALS_RECEIVED] = {READ("Received", COUNTER64, PRESENT_LOSSES, PLAIN(FROM_TOTALS, received))},
    [MIB_TOTALS_LOST] = {READ("Lost", COUNTER64, PRESENT_LOSSES, PLAIN(FROM_TOTALS, lost))},
    [MIB_TOTALS_SKIPPED] = {READ("Skipped", COUNTER64, PRESENT_ALWAYS, PLAIN(FROM_TOTALS, skipped))},
    [MIB_TOTALS_DUPLICATES] = {READ("Duplicates", COUNTER64, PRESENT_ALWAYS, PLAIN(FROM_TOTALS, duplicates))},
    [MIB_TOTALS_REORDERED] = {READ("Reordered", COUNTER64, PRESENT_ALWAYS, PLAIN(FROM_TOTALS, reordered))},
    [MIB_TOTALS_DISCARDED] = {READ("Discarded", COUNTER64, PRESENT_ALWAYS, PLAIN(FROM_TOTALS, discarded))},
    [MIB_TOTALS_LOSS_UNKNOWN] = {READ("LossUnknownIntervals", COUNTER64, PRESENT_ALWAYS,
                                      PLAIN(FROM_TOTALS, loss_unknown))},
};

static const struct mib_table tables[] = {
    [MIB_SYSTEM] = {"owamp", system_columns, MIB_VERSION, MIB_SYSTEM_END},
    [MIB_PEERS] = {"owampPeer", peer_columns, MIB_PEER_ADDRESS_TYPE, MIB_PEER_END},
    [MIB_RESULTS] = {"owampResult", result_columns, MIB_RESULT_NUMBER, MIB_RESULT_END},
    /* The result's, without the direction: so each number is less by 1, and the interval's is an index. */
    [MIB_HISTORY] = {"owampHistory", result_columns + 1, MIB_HISTORY_OF(MIB_RESULT_BEGIN),
                     MIB_HISTORY_OF(MIB_RESULT_END)},
    [MIB_TOTALS] = {"owampTotals", totals_columns, MIB_TOTALS_SINCE, MIB_TOTALS_END},
    [MIB_NOTIFY] = {"owampNotify", NULL, 0, 0},
};

const struct mib_table *mib_table_of(enum mib_group group)
{
  return &tables[group];
}

const struct mib_column *mib_column_of(enum mib_group group, unsigned long number)
{
  const struct mib_table *table = mib_table_of(group);
  return number >= table->first && number < table->end ? &table->columns[number] : NULL;
}
