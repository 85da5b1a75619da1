/* SPDX-License-Identifier: MIT */
/* A function for each step: what is seen there, and what would mend it. */
#include "diagnose.h"

#include <errno.h>
#include <string.h>

#include "base/refusal.h"
#include "diagnose_reflector.h"
#include "nat_fallback.h"
#include "text.h"

/* ---- reaching the server ---- */

static bool stopped_at(const struct view *view, enum ow_probe_step step)
{
  return view->report->status != OW_OK && view->report->step == step;
}

/* True if the probe came beyond that step. */
static bool came_beyond(const struct view *view, enum ow_probe_step step)
{
  return view->report->step > step;
}

static void diagnose_resolve(const struct view *view)
{
  const struct ow_probe_report *report = view->report;
  if (came_beyond(view, OW_STEP_RESOLVE))
    say_step(view, "resolve", CHECK_STEP_OK, "%s is %s", view->options->settings.peer.host,
             report->server[0] ? report->server : "known");
  else if (report->status == OW_INVALID)
    say_mend(say_step(view, "resolve", CHECK_STEP_FAILED, "%s", report->failure.text), "correct the options");
  else
    say_mend(say_step(view, "resolve", CHECK_STEP_FAILED, "%s", report->failure.text),
             "check the name, /etc/resolv.conf and the DNS server, or give the address with -H");
}

static bool is_twamp(const struct view *view)
{
  return view->options->settings.peer.protocol == OW_PROTOCOL_TWAMP;
}

/* What a server's rules and keys stand in: a router's are nowhere else than in its configuration. */
static const char *rules_of(const struct view *view)
{
  return is_twamp(view) ? "configuration" : "owamp-server.limits";
}

static void mend_connect(const struct view *view, struct check_step *step)
{
  const struct ow_probe_report *report = view->report;
  const char *port = view->options->settings.peer.port;
  int error = report->failure.error;
  if (report->status == OW_TIMEOUT)
    say_mend(step,
             "let TCP port %s through the firewalls on the way to the server, and check that the host is up",
             port);
  else if (report->status == OW_INVALID && !is_forbidden(error))
    say_mend(step, "%s", mend_own_end);
  else if (error == ECONNREFUSED)
    say_mend(
        step,
        "start the %s server there%s, correct the port %s with -p, or look for a firewall that rejects it",
        ow_protocol_name(report->protocol), is_twamp(view) ? "" : " (systemctl start owamp-responder)", port);
  else
    say_mend(step, "%s", mend_of_error(error));
}

/* One address works, and another doesn't: whoever comes that way first waits for it. */
static void diagnose_dead_address(const struct view *view)
{
  const struct ow_probe_report *report = view->report;
  say_mend(
      say_step(view, "connect", CHECK_STEP_REMARK, "TCP connection to %s; but %s", report->server,
               report->dead_address.text),
      "let TCP port %s through to that address too, or take it out of %s's name; until then --ipv4 or --ipv6 "
      "chooses the family that works",
      view->options->settings.peer.port, view->options->settings.peer.host);
}

/* Neither does, for reasons of its own perhaps. */
static struct check_step *say_unconnected(const struct view *view)
{
  const struct ow_probe_report *report = view->report;
  bool another = report->dead_address.status != OW_OK;
  return say_step(view, "connect", CHECK_STEP_FAILED, "%s%s%s", report->failure.text, another ? "; and " : "",
                  another ? report->dead_address.text : "");
}

static void diagnose_connect(const struct view *view)
{
  const struct ow_probe_report *report = view->report;
  if (came_beyond(view, OW_STEP_CONNECT) && report->dead_address.status != OW_OK) {
    diagnose_dead_address(view);
  } else if (came_beyond(view, OW_STEP_CONNECT)) {
    say_step(view, "connect", CHECK_STEP_OK, "TCP connection to %s", report->server);
  } else if (!stopped_at(view, OW_STEP_CONNECT)) {
    not_reached(view, "connect");
  } else {
    mend_connect(view, say_unconnected(view));
  }
}

static void print_offered_modes(const struct view *view, char *out, size_t size)
{
  struct check_text text = {out, size, 0};
  out[0] = '\0';
  for (uint32_t mode = OW_MODE_OPEN; mode <= OW_MODE_MIXED; mode <<= 1)
    if (view->report->modes_offered & mode)
      check_text_add(&text, "%s%s", text.length ? ", " : "", ow_mode_name((enum ow_mode)mode));
}

static bool mode_is_common(const struct view *view)
{
  uint32_t usable = view->options->settings.peer.modes;
  if (!view->options->settings.peer.key_id[0])
    usable &= OW_MODE_OPEN;
  return view->report->modes_offered & usable;
}

static void diagnose_mode(const struct view *view)
{
  const struct ow_probe_report *report = view->report;
  char modes[64];
  print_offered_modes(view, modes, sizeof modes);
  if (came_beyond(view, OW_STEP_SETUP))
    say_step(view, "mode", CHECK_STEP_OK, "%s, of %s offered", ow_mode_name(report->mode), modes);
  else if (!stopped_at(view, OW_STEP_SETUP))
    not_reached(view, "mode");
  else if (report->status == OW_PROTOCOL || report->status == OW_TIMEOUT)
    say_mend(say_step(view, "mode", CHECK_STEP_FAILED, "%s", report->failure.text),
             "check that the %s server listens on port %s, and not something else",
             ow_protocol_name(report->protocol), view->options->settings.peer.port);
  else if (!report->modes_offered)
    say_mend(say_step(view, "mode", CHECK_STEP_FAILED, "%s", report->failure.text),
             "allow this host's address in the server's %s, or wait until it has fewer clients",
             rules_of(view));
  else if (!mode_is_common(view))
    say_mend(
        say_step(view, "mode", CHECK_STEP_FAILED, "%s", report->failure.text),
        "allow another mode with --mode, give a key with --key-id and --key-file, or let the server offer "
        "open mode "
        "(it offers %s)",
        modes);
  else
    say_step(view, "mode", CHECK_STEP_OK, "the server offers %s", modes);
}

static void diagnose_key(const struct view *view)
{
  const struct ow_probe_report *report = view->report;
  bool failed = stopped_at(view, OW_STEP_SETUP) && mode_is_common(view) && report->status != OW_PROTOCOL &&
                report->status != OW_TIMEOUT;
  if (came_beyond(view, OW_STEP_SETUP))
    say_step(view, "key", CHECK_STEP_OK,
             report->mode == OW_MODE_OPEN ? "none is needed" : "the server knows it");
  else if (failed)
    say_mend(say_step(view, "key", CHECK_STEP_FAILED, "%s", report->failure.text),
             "put the same KeyID and passphrase into the server's %s and into %s, then reload the server",
             is_twamp(view) ? "keys" : "owamp-server.pfs",
             view->options->settings.key_file[0] ? view->options->settings.key_file : "--key-file");
  else
    not_reached(view, "key");
}

/* A socket for test packets that this host won't open has nothing to do with the server's limits. */
static bool failed_here(const struct view *view)
{
  return stopped_at(view, OW_STEP_REQUEST) && view->report->failure.error != 0;
}

static void diagnose_own_ports(const struct view *view)
{
  if (failed_here(view))
    say_mend(say_step(view, "ports here", CHECK_STEP_FAILED, "%s", view->report->failure.text), "%s",
             mend_of_own_port(&view->report->failure));
  else if (view->report->step >= OW_STEP_REQUEST)
    say_step(view, "ports here", CHECK_STEP_OK, "this host has UDP ports for the test packets");
  else
    not_reached(view, "ports here");
}

static void diagnose_limits(const struct view *view)
{
  const struct ow_probe_report *report = view->report;
  bool asking = (report->step == OW_STEP_REQUEST || report->step == OW_STEP_START) && !failed_here(view);
  if (report->step > OW_STEP_START)
    say_step(view, "limits", CHECK_STEP_OK, "the server agreed to the sessions");
  else if (report->status != OW_OK && asking)
    say_mend(
        say_step(view, "limits", CHECK_STEP_FAILED, "%s", report->failure.text),
        "send less (--count, --interval, --padding), raise bandwidth in the server's %s or the number of its "
        "testports%s",
        rules_of(view), view->options->settings.peer.nat ? "" : "; with NAT on the way use --nat");
  else
    not_reached(view, "limits");
}

/* ---- packets ---- */

static const char *receiver_of(const struct ow_probe_direction *direction)
{
  return direction->receiver[0] ? direction->receiver : "the receiver";
}

/* Of packets that never left whoever should have sent them. */
static void diagnose_shortfall(const struct view *view, const char *name, enum ow_direction way,
                               const struct ow_result *result)
{
  char shortfall[OW_REMARK_TEXT];
  const char *mend =
      way == OW_FORWARD
          ? "let this host send UDP there: look at its load, its routes, and its own firewall's "
            "output"
          : "look at the server's log, its load, its routes, and its own firewall's output";
  say_mend(say_step(view, name, result->sent == 0 ? CHECK_STEP_FAILED : CHECK_STEP_REMARK, "%s",
                    ow_result_shortfall(shortfall, result)),
           "%s", mend);
}

/* RFC 8545's, which all of a server's sessions share. */
static bool is_one_for_all(const char *receiver)
{
  static const char port[] = " port 861";
  size_t length = strlen(receiver);
  return length >= sizeof port - 1 && strcmp(receiver + length - (sizeof port - 1), port) == 0;
}

static const char *way_through(const struct view *view, enum ow_direction way)
{
  const char *words = "fix the ports with --ports and open them here, or use --nat";
  if (way == OW_FORWARD && is_one_for_all(view->report->directions[way].receiver))
    words = "the server's one test port in all firewalls on the way, or its NAT's forwarding";
  else if (way == OW_FORWARD && view->options->settings.peer.nat && view->report->mode == OW_MODE_OPEN)
    words = "the server's testports in all firewalls on the way; if that is one port for all, clients behind "
            "NAT come to it by a key only: use --key-id and --key-file";
  else if (way == OW_FORWARD)
    words = "the server's testports in all firewalls on the way, or its NAT's forwarding; "
            "with testports 861 there, one rule for TCP and UDP 861 is enough";
  else if (view->options->settings.peer.nat)
    words = "fix the ports with --ports and open them here";
  return words;
}

static void diagnose_packets(const struct view *view, enum ow_direction way)
{
  const struct ow_probe_direction *direction = &view->report->directions[way];
  const struct ow_result *result = &direction->result;
  const char *name = way == OW_FORWARD ? "UDP out" : "UDP back";
  char shortfall[OW_REMARK_TEXT];
  if (!view->options->settings.peer.directions[way]) {
    say_step(view, name, CHECK_STEP_NOT_REACHED, "not asked for");
  } else if (result->completeness == OW_RESULT_ABSENT) {
    not_reached(view, name);
  } else if (result->sent == 0 || (result->lost == 0 && ow_result_shortfall(shortfall, result)[0])) {
    diagnose_shortfall(view, name, way, result);
  } else if (result->received == 0 && view->trials->mtu.arrives[way]) {
    say_mend(say_step(view, name, CHECK_STEP_FAILED, "none of %u packets of %u octets to %s arrived",
                      result->sent, check_packet_octets(view->report, view->options->settings.peer.padding),
                      receiver_of(direction)),
             "smaller ones arrive: see MTU");
  } else if (result->received == 0) {
    say_mend(say_step(view, name, CHECK_STEP_FAILED, "none of %u packets to %s arrived", result->sent,
                      receiver_of(direction)),
             "let UDP through to %s: %s", receiver_of(direction), way_through(view, way));
  } else if (result->lost > 0) {
    say_mend(say_step(view, name, CHECK_STEP_REMARK, "%u of %u packets lost, at most %u in a row",
                      result->lost, result->sent, result->longest_loss_run),
             "look for congestion or a faulty link on the %s way", ow_direction_name(way));
  } else {
    say_step(view, name, CHECK_STEP_OK, "%u of %u packets arrived", result->received, result->sent);
  }
}

static const char *ways_of_mtu(const struct check_mtu *mtu)
{
  const char *words = "of the reverse direction";
  if (mtu->arrives[OW_FORWARD])
    words = mtu->arrives[OW_REVERSE] ? "of both directions" : "of the forward direction";
  return words;
}

static void diagnose_mtu(const struct view *view)
{
  const struct check_mtu *mtu = &view->trials->mtu;
  const struct ow_probe_report *report = view->report;
  uint32_t octets = check_packet_octets(report, view->options->settings.peer.padding);
  if (mtu->arrives[OW_FORWARD] || mtu->arrives[OW_REVERSE])
    say_mend(say_step(view, "MTU", CHECK_STEP_FAILED,
                      "packets %s arrive with %u octets (--padding %u), and not with %u: what is larger than "
                      "the path's MTU is dropped",
                      ways_of_mtu(mtu), mtu->largest, mtu->largest - check_packet_octets(report, 0),
                      mtu->smallest_that_fails),
             "let the firewalls on the way pass fragments and, on IPv6, ICMPv6 Packet Too Big, or raise the "
             "MTU of the tunnel that is too small; until then send less --padding");
  else if (report->step <= OW_STEP_START)
    not_reached(view, "MTU");
  else if (!check_mtu_suspected(view->options, report))
    say_step(view, "MTU", CHECK_STEP_OK, "nothing points to it: packets have %u octets", octets);
  else if (mtu->tried)
    say_step(view, "MTU", CHECK_STEP_NOT_REACHED, "packets without padding don't arrive, either");
  else
    say_step(view, "MTU", CHECK_STEP_NOT_REACHED, "no time was left to try without padding; raise -t");
}

static bool any_arrived(const struct ow_probe_report *report, enum ow_direction way)
{
  return report->directions[way].result.completeness != OW_RESULT_ABSENT &&
         report->directions[way].result.received > 0;
}

static bool all_arrive(const struct check_options *options, const struct ow_probe_report *report)
{
  bool all = true;
  for (int d = 0; d < OW_DIRECTIONS; d++)
    all = all && (!options->settings.peer.directions[d] || any_arrived(report, (enum ow_direction)d));
  return all;
}

bool check_nat_suspected(const struct check_options *options, const struct ow_probe_report *report)
{
  bool refused = report->status == OW_REFUSED && report->step == OW_STEP_REQUEST;
  bool ran = report->step > OW_STEP_START && !all_arrive(options, report);
  return !options->settings.peer.nat && (refused || ran);
}

/* --nat is in use. */
static void diagnose_zero_addresses(const struct view *view)
{
  const struct ow_probe_report *report = view->report;
  if (report->addresses == OW_ADDRESSES_PLAIN)
    say_mend(
        say_step(view, "NAT", CHECK_STEP_REMARK,
                 "the server does not know zero addresses (--nat): measured with plain addresses"),
        "leave out --nat; where addresses are rewritten on the way, run owamp-responder, which knows zero "
        "addresses, in place of perfSONAR's owampd");
  else if (report->addresses == OW_ADDRESSES_EITHER)
    say_step(view, "NAT", CHECK_STEP_NOT_REACHED,
             "nothing arrives, neither with zero addresses (--nat) nor with plain ones");
  else if (check_nat_fails(view->options, report))
    say_mend(say_step(view, "NAT", CHECK_STEP_REMARK,
                      "nothing arrives with --nat; it may be that the server does not know zero addresses"),
             "raise the timeout with -t, so that there is time to measure with plain addresses as well");
  else
    say_step(view, "NAT", CHECK_STEP_OK, "packets pass with --nat");
}

static void diagnose_nat(const struct view *view)
{
  const struct ow_probe_report *report = view->report;
  uint32_t strangers = report->directions[OW_REVERSE].strangers;
  if (view->trials->nat_tried && all_arrive(view->options, &view->trials->with_nat))
    say_mend(say_step(view, "NAT", CHECK_STEP_FAILED,
                      "addresses are rewritten on the way: without addresses in the requests packets arrive"),
             "use --nat");
  else if (strangers > 0 && !any_arrived(report, OW_REVERSE))
    say_mend(
        say_step(
            view, "NAT", CHECK_STEP_FAILED,
            "%u packets came from another address or port than the server's: they are rewritten on the way",
            strangers),
        "let the NAT before the server forward its testports unchanged, in both directions");
  else if (report->step <= OW_STEP_REQUEST)
    not_reached(view, "NAT");
  else if (view->options->settings.peer.nat)
    diagnose_zero_addresses(view);
  else if (!all_arrive(view->options, report))
    say_step(view, "NAT", CHECK_STEP_NOT_REACHED, "%s",
             view->trials->nat_tried ? "--nat makes no difference" : "nothing is known of it");
  else
    say_step(view, "NAT", CHECK_STEP_OK, "addresses arrive as they were sent");
}

static void diagnose_dscp(const struct view *view)
{
  const struct ow_probe_direction *direction = &view->report->directions[OW_REVERSE];
  if (!any_arrived(view->report, OW_REVERSE))
    not_reached(view, "DSCP");
  else if (direction->remarked > 0)
    say_mend(say_step(view, "DSCP", CHECK_STEP_REMARK,
                      "%u packets of the reverse direction came with DSCP %u, not %u", direction->remarked,
                      direction->remarked_to, view->options->settings.peer.dscp),
             "let the routers on the way trust the DSCP, or measure with the one that they set");
  else
    say_step(view, "DSCP", CHECK_STEP_OK, "%u, unchanged in the reverse direction",
             view->options->settings.peer.dscp);
}

/* A TTL of 255 or what hops have taken off it; more hops than any path has were set anew on the way. */
enum { MOST_HOPS = 64 };

static void diagnose_ttl(const struct view *view)
{
  unsigned least = 255;
  unsigned most = 0;
  bool any = false;
  bool varies = false;
  for (int d = 0; d < OW_DIRECTIONS; d++) {
    const struct ow_result *result = &view->report->directions[d].result;
    if (any_arrived(view->report, (enum ow_direction)d)) {
      any = true;
      varies = varies || result->hops_min != result->hops_max;
      least = result->hops_min < least ? result->hops_min : least;
      most = result->hops_max > most ? result->hops_max : most;
    }
  }
  if (!any)
    not_reached(view, "TTL");
  else if (most > MOST_HOPS)
    say_mend(
        say_step(view, "TTL", CHECK_STEP_REMARK, "packets sent with a TTL of 255 arrive with %u", 255 - most),
        "something on the way sets the TTL anew (a proxy, a tunnel, a firewall's scrubbing), so hops mean "
        "nothing");
  else if (varies)
    say_mend(say_step(view, "TTL", CHECK_STEP_REMARK, "from %u to %u hops in one direction", least, most),
             "packets take different paths: look for a routing change or load balancing by packet");
  else
    say_step(view, "TTL", CHECK_STEP_OK, "%u to %u hops, each direction by one path", least, most);
}

/* ---- clocks ---- */

static void diagnose_own_clock(const struct view *view)
{
  char error[CHECK_NUMBER];
  ow_seconds_print(error, check_seconds(view->report->clock_error));
  if (view->report->clock_error == 0)
    not_reached(view, "clock here");
  else if (view->report->clock_synchronized)
    say_step(view, "clock here", CHECK_STEP_OK, "synchronised, error +- %s", error);
  else
    say_mend(
        say_step(view, "clock here", CHECK_STEP_REMARK, "not synchronised, error +- %s", error),
        "run chrony (with rtcsync in its configuration: else it does not tell the kernel that it steers the "
        "clock), ntpd or ptp4l on this host; until then only loss, jitter, ipdv, pdv and rtt are to be "
        "trusted");
}

static void diagnose_peer_clock(const struct view *view)
{
  const struct ow_probe_report *report = view->report;
  const char *peer = ow_protocol_reflects(report->protocol) ? "reflector" : "server";
  bool forward = any_arrived(report, OW_FORWARD);
  const struct ow_clock_trust *clock = &report->directions[forward ? OW_FORWARD : OW_REVERSE].result.clock;
  if (report->status == OW_INVALID && report->step > OW_STEP_START)
    say_mend(say_step(view, "clock there", CHECK_STEP_FAILED, "%s", report->failure.text),
             "synchronise both clocks");
  else if (!forward && !any_arrived(report, OW_REVERSE))
    not_reached(view, "clock there");
  else if (forward ? clock->receiver_synchronized : clock->sender_synchronized)
    say_step(view, "clock there", CHECK_STEP_OK, "the %s says that it is synchronised", peer);
  else
    say_mend(
        say_step(view, "clock there", CHECK_STEP_REMARK, "the %s says that it is not synchronised", peer),
        "run chrony (with rtcsync), ntpd or ptp4l on the %s, and see that it goes on", peer);
}

static void diagnose_clock_step(const struct view *view)
{
  bool stepped = false;
  bool any = false;
  for (int d = 0; d < OW_DIRECTIONS; d++) {
    const struct ow_result *result = &view->report->directions[d].result;
    any = any || result->completeness != OW_RESULT_ABSENT;
    stepped = stepped || result->clock.stepped;
  }
  if (stepped)
    say_mend(
        say_step(view, "clock step", CHECK_STEP_FAILED, "this host's clock was set during the measurement"),
        "measure again; if it recurs, let one daemon alone discipline the clock, and by slewing");
  else if (any)
    say_step(view, "clock step", CHECK_STEP_OK, "this host's clock was not set meanwhile");
  else
    not_reached(view, "clock step");
}

/* ---- other protocols ---- */

static void add_protocol(struct check_text *text, const struct check_protocol *one)
{
  const char *transport = check_protocol_transport(one->protocol);
  check_text_add(text, "%s%s", text->length ? "; " : "", ow_protocol_name(one->protocol));
  if (!one->tried)
    check_text_add(text, " was not tried for want of time: raise -t");
  else if (one->answers)
    check_text_add(text, " answers (%s port %s)", transport, one->port);
  else
    check_text_add(text, " does not answer (%s port %s: %s)", transport, one->port,
                   one->error ? ow_refusal_text(one->error) : "silence");
}

/* The check goes on measuring what it is told to: another protocol in its place would hide an outage. */
static void diagnose_protocols(const struct view *view)
{
  const struct check_protocols *protocols = &view->trials->protocols;
  char words[CHECK_STEP_TEXT] = "";
  struct check_text text = {words, sizeof words, 0};
  const struct check_protocol *other = NULL;
  for (size_t i = 0; i < protocols->count; i++) {
    add_protocol(&text, &protocols->each[i]);
    if (i > 0 && protocols->each[i].answers)
      other = &protocols->each[i];
  }
  if (protocols->count == 0)
    not_reached(view, "protocols");
  else if (protocols->each[0].answers)
    say_step(view, "protocols", CHECK_STEP_OK, "%s", words);
  else if (other)
    say_mend(say_step(view, "protocols", CHECK_STEP_FAILED, "%s", words),
             "measure this host with --protocol %s", ow_protocol_word(other->protocol));
  else
    say_mend(say_step(view, "protocols", CHECK_STEP_FAILED, "%s", words),
             "let one of them answer there: a router's STAMP or TWAMP Light reflector, or owamp-responder");
}

/* ---- the walk ---- */

static void diagnose_packets_out(const struct view *view)
{
  diagnose_packets(view, OW_FORWARD);
}

static void diagnose_packets_back(const struct view *view)
{
  diagnose_packets(view, OW_REVERSE);
}

typedef void step_function(const struct view *view);

/* With a control connection. */
static step_function *const server_steps[] = {
    diagnose_resolve,
    diagnose_connect,
    diagnose_mode,
    diagnose_key,
    diagnose_own_ports,
    diagnose_limits,
    diagnose_packets_out,
    diagnose_packets_back,
    diagnose_mtu,
    diagnose_nat,
    diagnose_dscp,
    diagnose_ttl,
    diagnose_own_clock,
    diagnose_peer_clock,
    diagnose_clock_step,
    diagnose_protocols,
    NULL,
};
_Static_assert(sizeof server_steps / sizeof *server_steps == CHECK_STEPS + 1, "each has its place");

/* A server, which lets its reflector answer. */
static step_function *const twamp_steps[] = {
    diagnose_resolve,    diagnose_connect,    diagnose_mode,      diagnose_key,
    diagnose_own_ports,  diagnose_limits,     diagnose_reflector, diagnose_round_trips,
    diagnose_counting,   diagnose_dscp,       diagnose_ttl,       diagnose_own_clock,
    diagnose_peer_clock, diagnose_clock_step, diagnose_protocols, NULL,
};

static step_function *const reflector_steps[] = {
    diagnose_resolve,
    diagnose_reflector,
    diagnose_round_trips,
    diagnose_counting,
    diagnose_dscp,
    diagnose_ttl,
    diagnose_own_clock,
    diagnose_peer_clock,
    diagnose_clock_step,
    diagnose_protocols,
    NULL,
};

void check_diagnose(const struct check_options *options, const struct ow_probe_report *report,
                    const struct check_trials *trials, struct check_diagnosis *diagnosis)
{
  const struct view view = {options, report, trials, diagnosis};
  step_function *const *steps = server_steps;
  switch (options->settings.peer.protocol) {
  case OW_PROTOCOL_OWAMP: break;
  case OW_PROTOCOL_STAMP: steps = reflector_steps; break;
  case OW_PROTOCOL_TWAMP: steps = twamp_steps; break;
  }
  diagnosis->count = 0;
  for (size_t i = 0; steps[i]; i++)
    steps[i](&view);
}
