/* SPDX-License-Identifier: MIT */
/* An account for each class, a visit for each connection; claims are added up along the tree. */
#include "policy/policy.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "io/system_clock.h"
#include "schedule/schedule.h"
#include "wire/test_packet.h"

enum {
  IPV4_UDP = 20 + 8,
  IPV6_UDP = 40 + 8,
  RECORD = 25, /* what owampd counts for a packet; RFC 4656, 3.9 */
  CLASS_GONE = -1,
};

/* What one class's own sessions use. Reached from claims, so it stays while there are any, of nothing too. */
struct account {
  struct account *next;
  int class; /* in the present limits; CLASS_GONE if they don't know it */
  unsigned claims;
  uint64_t bandwidth;
  uint64_t disk;
  struct account *parent; /* its class's parent's; NULL for the root */
  int64_t sent_until;     /* monotonic ns: until then what was sent takes, at the class's bandwidth */
  char name[OW_CLASS_TEXT];
};

/* One control connection. */
struct visit {
  struct visit *next;
  struct visit **from;
  uint64_t sessions; /* requested so far */
};

struct ow_policy {
  struct ow_limits limits;
  struct ow_keys_file keys;
  uint32_t modes;
  struct account *accounts;
  void *by_name; /* tsearch(3) tree of them */
  struct visit *visits;
};

enum resource { BANDWIDTH, DISK };

struct ow_policy *ow_policy_create(void)
{
  return calloc(1, sizeof(struct ow_policy));
}

static void end_visit(struct visit *visit)
{
  *visit->from = visit->next;
  if (visit->next)
    visit->next->from = visit->from;
  free(visit);
}

void ow_policy_free(struct ow_policy *policy)
{
  if (!policy)
    return;
  while (policy->visits)
    end_visit(policy->visits); /* NOLINT(clang-analyzer-unix.Malloc): it unlinks what it frees */
  tdestroy(policy->by_name, free);
  ow_limits_clear(&policy->limits);
  ow_key_file_clear(&policy->keys);
  free(policy);
}

/* ---- rules ---- */

static int compare_names(const void *a, const void *b)
{
  const struct account *left = a;
  const struct account *right = b;
  return strcmp(left->name, right->name);
}

static struct account *account_by_name(const struct ow_policy *policy, const char *name)
{
  struct account like;
  memcpy(like.name, name, sizeof like.name);
  struct account **found = tfind(&like, &policy->by_name, compare_names);
  return found ? *found : NULL;
}

static enum ow_status open_account(struct ow_policy *policy, const char *name)
{
  struct account *account = calloc(1, sizeof *account);
  if (!account)
    return OW_MEMORY;
  memcpy(account->name, name, sizeof account->name);
  account->class = CLASS_GONE;
  if (!tsearch(account, &policy->by_name, compare_names)) {
    free(account);
    return OW_MEMORY;
  }
  account->next = policy->accounts;
  policy->accounts = account;
  return OW_OK;
}

/* An account for each class of the coming limits; those in excess do no harm. */
static enum ow_status open_accounts(struct ow_policy *policy, const struct ow_limits *limits)
{
  enum ow_status status = OW_OK;
  for (size_t i = 0; i < limits->class_count && status == OW_OK; i++)
    if (!account_by_name(policy, limits->classes[i].name))
      status = open_account(policy, limits->classes[i].name);
  return status;
}

static void tie_to_parents(struct ow_policy *policy)
{
  for (struct account *account = policy->accounts; account; account = account->next) {
    int parent = account->class == CLASS_GONE ? OW_CLASS_ROOT : policy->limits.classes[account->class].parent;
    account->parent =
        parent == OW_CLASS_NONE ? NULL : account_by_name(policy, policy->limits.classes[parent].name);
  }
}

/* Of no class, and without claims. */
static void drop_idle_accounts(struct ow_policy *policy)
{
  struct account **at = &policy->accounts;
  while (*at) {
    struct account *account = *at;
    if (account->class == CLASS_GONE && account->claims == 0) {
      (void)tdelete(account, &policy->by_name, compare_names);
      *at = account->next;
      free(account);
    } else {
      at = &account->next;
    }
  }
}

/* Tie accounts to the classes of the present limits; those of no class end with their last claim. */
static void tie_accounts(struct ow_policy *policy)
{
  for (struct account *account = policy->accounts; account; account = account->next)
    account->class = CLASS_GONE;
  for (size_t i = 0; i < policy->limits.class_count; i++)
    account_by_name(policy, policy->limits.classes[i].name)->class = (int)i;
  drop_idle_accounts(policy);
  if (policy->limits.class_count > 0)
    tie_to_parents(policy);
}

enum ow_status ow_policy_install(struct ow_policy *policy, struct ow_limits *limits,
                                 struct ow_keys_file *keys, uint32_t modes)
{
  enum ow_status status = open_accounts(policy, limits);
  if (status == OW_OK) {
    struct ow_limits former_limits = policy->limits;
    struct ow_keys_file former_keys = policy->keys;
    policy->limits = *limits;
    policy->keys = *keys;
    policy->modes = modes;
    *limits = former_limits;
    *keys = former_keys;
  }
  tie_accounts(policy);
  return status;
}

/* ---- who is it ---- */

/* By KeyID if one is assigned, else by address. Looks at nothing else: an owner may be long gone. */
static int class_of(const struct ow_policy *policy, const struct ow_serve_client *client)
{
  int class = OW_CLASS_NONE;
  if (client->key_id[0] != '\0')
    class = ow_limits_class_of_user(&policy->limits, client->key_id);
  if (class == OW_CLASS_NONE)
    class = ow_limits_class_of_address(&policy->limits, &client->address);
  return class;
}

static bool open_mode_allowed(const struct ow_policy *policy, const struct ow_serve_client *client)
{
  int class = ow_limits_class_of_address(&policy->limits, &client->address);
  return policy->modes & OW_MODE_OPEN && policy->limits.classes[class].open_mode;
}

static struct visit *begin_visit(struct ow_policy *policy)
{
  struct visit *visit = calloc(1, sizeof *visit);
  if (visit) {
    visit->next = policy->visits;
    visit->from = &policy->visits;
    if (visit->next)
      visit->next->from = &visit->next;
    policy->visits = visit;
  }
  return visit;
}

static uint32_t admit(void *context, struct ow_serve_client *client, struct ow_failure *why)
{
  struct ow_policy *policy = context;
  uint32_t modes = 0;
  client->account = NULL;
  if (policy->limits.class_count == 0) {
    ow_fail(why, OW_STATE, "no limits are installed");
    return 0;
  }
  if (open_mode_allowed(policy, client))
    modes |= OW_MODE_OPEN;
  if (policy->keys.count)
    modes |= policy->modes & (OW_MODE_AUTHENTICATED | OW_MODE_ENCRYPTED);
  if (!modes) {
    int class = ow_limits_class_of_address(&policy->limits, &client->address);
    ow_fail(why, OW_REFUSED, "open mode isn't allowed to class %s, and there is no other way in",
            policy->limits.classes[class].name);
  } else if (!(client->account = begin_visit(policy))) {
    ow_fail(why, OW_MEMORY, "no memory for another connection");
    modes = 0;
  }
  return modes;
}

static bool find_key(void *context, const char *key_id, struct ow_passphrase *passphrase)
{
  const struct ow_policy *policy = context;
  const struct ow_key *key = ow_key_file_find(&policy->keys, key_id);
  if (key)
    *passphrase = key->passphrase;
  return key != NULL;
}

/* The rules may have changed since it was admitted. */
static enum ow_accept identify(void *context, struct ow_serve_client *client, struct ow_failure *why)
{
  const struct ow_policy *policy = context;
  enum ow_accept accept = OW_ACCEPT_OK;
  if (client->mode == OW_MODE_OPEN && !open_mode_allowed(policy, client)) {
    ow_fail(why, OW_REFUSED, "open mode isn't allowed to this address");
    accept = OW_ACCEPT_FAILURE;
  }
  return accept;
}

static void leave(void *context, const struct ow_serve_client *client)
{
  (void)context;
  if (client->account)
    end_visit(client->account);
}

/* ---- what does it take ---- */

static uint64_t saturate(unsigned __int128 value)
{
  return value > UINT64_MAX ? UINT64_MAX : (uint64_t)value;
}

static unsigned headers_of(const struct ow_session_request *request)
{
  return request->sender.version == 6 ? IPV6_UDP : IPV4_UDP;
}

/*
 * Bits a second on the wire, IP and UDP headers included. Rounded down, as owampd does: a limit may be used
 * to the last bit.
 */
static uint64_t bandwidth_of(const struct ow_session_request *request, const struct ow_slot *slots,
                             enum ow_mode mode)
{
  uint64_t octets = (uint64_t)ow_packet_least(mode) + request->padding + headers_of(request);
  uint64_t mean = (uint64_t)ow_slots_mean_ns(slots, request->slot_count);
  return saturate(((unsigned __int128)octets * 8 * (uint64_t)OW_NS_PER_S) / mean);
}

/* Records are kept only where the server is the receiver. */
static uint64_t disk_of(const struct ow_session_request *request)
{
  return request->server_receives ? (uint64_t)request->packets * RECORD : 0;
}

/* Its own sessions, its descendants' and, for the root, those of classes that are gone. */
static uint64_t used_by_class(const struct ow_policy *policy, int class, enum resource resource)
{
  unsigned __int128 sum = 0;
  for (const struct account *account = policy->accounts; account; account = account->next) {
    int of = account->class == CLASS_GONE ? OW_CLASS_ROOT : account->class;
    if (ow_limits_within(&policy->limits, of, class))
      sum += resource == BANDWIDTH ? account->bandwidth : account->disk;
  }
  return saturate(sum);
}

/* Does it fit into what the class and each of its ancestors have left? */
static enum ow_accept check_resource(const struct ow_policy *policy, int class, enum resource resource,
                                     uint64_t need, unsigned *short_of, struct ow_failure *why)
{
  static const char *const units[] = {"bit/s of bandwidth", "octets of disk"};
  enum ow_accept accept = OW_ACCEPT_OK;
  for (; class != OW_CLASS_NONE && accept == OW_ACCEPT_OK && need > 0;
       class = policy->limits.classes[class].parent) {
    const struct ow_class *rule = &policy->limits.classes[class];
    uint64_t limit = resource == BANDWIDTH ? rule->bandwidth : rule->disk;
    uint64_t taken = limit ? used_by_class(policy, class, resource) : 0;
    if (limit && (taken > limit || need > limit - taken)) {
      accept = need > limit ? OW_ACCEPT_PERMANENT_LIMIT : OW_ACCEPT_TEMPORARY_LIMIT;
      *short_of = (unsigned)class + 1;
      ow_fail(why, OW_LIMIT, "class %s has %llu %s, of which %llu are in use; the session needs %llu",
              rule->name, (unsigned long long)limit, units[resource], (unsigned long long)taken,
              (unsigned long long)need);
    }
  }
  return accept;
}

static enum ow_accept check_sessions(const struct ow_policy *policy, int class, const struct visit *visit,
                                     struct ow_failure *why)
{
  enum ow_accept accept = OW_ACCEPT_OK;
  for (; class != OW_CLASS_NONE && accept == OW_ACCEPT_OK; class = policy->limits.classes[class].parent) {
    const struct ow_class *rule = &policy->limits.classes[class];
    if (rule->test_sessions && visit->sessions >= rule->test_sessions) {
      accept = OW_ACCEPT_PERMANENT_LIMIT;
      ow_fail(why, OW_LIMIT, "class %s has %llu test sessions for one control connection", rule->name,
              (unsigned long long)rule->test_sessions);
    }
  }
  return accept;
}

/* From its Start Time until its last packet is lost, by its schedule's mean. */
static int64_t length_of(const struct ow_session_request *request, const struct ow_slot *slots)
{
  uint64_t mean = (uint64_t)ow_slots_mean_ns(slots, request->slot_count);
  unsigned __int128 length =
      (unsigned __int128)mean * request->packets + (uint64_t)ow_span_to_ns(request->timeout);
  return length > INT64_MAX ? INT64_MAX : (int64_t)length;
}

static enum ow_accept check_time(const char *name, const char *what, int64_t limit, int64_t needed,
                                 struct ow_failure *why)
{
  enum ow_accept accept = OW_ACCEPT_OK;
  if (limit && needed > limit) {
    accept = OW_ACCEPT_PERMANENT_LIMIT;
    ow_fail(why, OW_LIMIT, "class %s has %s of %g s at most; this session's is %.0f s", name, what,
            (double)limit / (double)OW_NS_PER_S, (double)needed / (double)OW_NS_PER_S);
  }
  return accept;
}

static enum ow_accept check_times(const struct ow_policy *policy, int class,
                                  const struct ow_session_request *request, const struct ow_slot *slots,
                                  struct ow_failure *why)
{
  int64_t ahead = ow_timestamp_difference(request->start, ow_system_stamp());
  int64_t length = length_of(request, slots);
  enum ow_accept accept = OW_ACCEPT_OK;
  for (; class != OW_CLASS_NONE && accept == OW_ACCEPT_OK; class = policy->limits.classes[class].parent) {
    const struct ow_class *rule = &policy->limits.classes[class];
    accept = check_time(rule->name, "a time until the start (start_ahead)", rule->start_ahead, ahead, why);
    if (accept == OW_ACCEPT_OK)
      accept = check_time(rule->name, "a length (session_time)", rule->session_time, length, why);
  }
  return accept;
}

static enum ow_accept claim_session(void *context, const struct ow_serve_client *client,
                                    const struct ow_session_request *request, const struct ow_slot *slots,
                                    struct ow_serve_claim *claim, struct ow_failure *why)
{
  struct ow_policy *policy = context;
  struct visit *visit = client->account;
  int class = class_of(policy, client);
  unsigned unused; /* bandwidth comes free by itself */
  *claim = (struct ow_serve_claim){.bandwidth = bandwidth_of(request, slots, client->mode),
                                   .headers = headers_of(request),
                                   .disk = disk_of(request)};
  enum ow_accept accept = check_sessions(policy, class, visit, why);
  if (accept == OW_ACCEPT_OK)
    accept = check_times(policy, class, request, slots, why);
  if (accept == OW_ACCEPT_OK)
    accept = check_resource(policy, class, BANDWIDTH, claim->bandwidth, &unused, why);
  if (accept == OW_ACCEPT_OK)
    accept = check_resource(policy, class, DISK, claim->disk, &claim->short_of, why);
  if (accept == OW_ACCEPT_OK) {
    struct account *account = account_by_name(policy, policy->limits.classes[class].name);
    account->bandwidth += claim->bandwidth;
    account->disk += claim->disk;
    account->claims++;
    claim->account = account;
    claim->class_name = account->name;
    visit->sessions++;
  }
  return accept;
}

/*
 * How long a packet takes at a class's bandwidth and a quarter more, so that schedules which use it up on
 * average aren't held back by chance. 0: there is no limit.
 */
static int64_t time_of(const struct ow_policy *policy, const struct account *account, size_t octets)
{
  uint64_t limit = account->class == CLASS_GONE ? 0 : policy->limits.classes[account->class].bandwidth;
  uint64_t rate = limit + limit / 4;
  unsigned __int128 time = rate ? (unsigned __int128)octets * 8 * (uint64_t)OW_NS_PER_S / rate : 0;
  return time < OW_NS_PER_S ? (int64_t)time : OW_NS_PER_S;
}

/* A second's worth may leave at once, and 64 packets of any size. */
static bool has_room(const struct account *account, int64_t time, int64_t now)
{
  int64_t depth = 64 * time > OW_NS_PER_S ? 64 * time : OW_NS_PER_S;
  return time == 0 || account->sent_until <= now || account->sent_until + time - now <= depth;
}

static bool may_send(void *context, const struct ow_serve_claim *claim, size_t octets, int64_t now)
{
  const struct ow_policy *policy = context;
  size_t on_wire = octets + claim->headers;
  bool may = true;
  for (struct account *account = claim->account; account && may; account = account->parent)
    may = has_room(account, time_of(policy, account, on_wire), now);
  for (struct account *account = claim->account; account && may; account = account->parent) {
    int64_t time = time_of(policy, account, on_wire);
    if (time > 0)
      account->sent_until = (account->sent_until > now ? account->sent_until : now) + time;
  }
  return may;
}

static void release_bandwidth(void *context, const struct ow_serve_claim *claim)
{
  (void)context;
  struct account *account = claim->account;
  if (account)
    account->bandwidth -= claim->bandwidth;
}

static void settle_disk(void *context, struct ow_serve_claim *claim, uint64_t records)
{
  (void)context;
  struct account *account = claim->account;
  uint64_t disk = records * RECORD;
  if (disk < claim->disk && account)
    account->disk -= claim->disk - disk;
  if (disk < claim->disk)
    claim->disk = disk;
}

/* Classes are numbered from 1. After a reload the number may be another class': then it is asked in vain,
 * once. */
static bool frees_disk(void *context, const struct ow_serve_claim *refused,
                       const struct ow_serve_claim *other)
{
  const struct ow_policy *policy = context;
  const struct account *account = other->account;
  bool known = refused->short_of > 0 && refused->short_of <= policy->limits.class_count;
  int of = account && account->class != CLASS_GONE ? account->class : OW_CLASS_ROOT;
  return known && other->disk > 0 && ow_limits_within(&policy->limits, of, (int)refused->short_of - 1);
}

static void release_disk(void *context, const struct ow_serve_claim *claim)
{
  (void)context;
  struct account *account = claim->account;
  if (account) {
    account->disk -= claim->disk;
    account->claims--;
  }
}

/* ---- what becomes of the records ---- */

/* With a key: whoever has the same one. Without: whoever comes from the same address. */
static bool may_fetch(void *context, const struct ow_serve_client *client,
                      const struct ow_serve_client *owner)
{
  (void)context;
  bool may;
  if (owner->key_id[0] != '\0')
    may = strcmp(client->key_id, owner->key_id) == 0;
  else
    may = ow_endpoint_same_host(&client->address, &owner->address);
  return may;
}

static bool delete_on_fetch(void *context, const struct ow_serve_client *owner)
{
  const struct ow_policy *policy = context;
  return policy->limits.classes[class_of(policy, owner)].delete_on_fetch;
}

struct ow_serve_policy ow_policy_answers(struct ow_policy *policy)
{
  return (struct ow_serve_policy){
      .context = policy,
      .admit = admit,
      .find_key = find_key,
      .identify = identify,
      .claim = claim_session,
      .may_send = may_send,
      .release_bandwidth = release_bandwidth,
      .settle_disk = settle_disk,
      .frees_disk = frees_disk,
      .release_disk = release_disk,
      .may_fetch = may_fetch,
      .delete_on_fetch = delete_on_fetch,
      .leave = leave,
  };
}

void ow_policy_log_use(const struct ow_policy *policy, const struct ow_log *log, enum ow_log_level level)
{
  for (size_t i = 0; i < policy->limits.class_count; i++)
    ow_log(log, level, "class %s: %llu bit/s, %llu octets of records", policy->limits.classes[i].name,
           (unsigned long long)used_by_class(policy, (int)i, BANDWIDTH),
           (unsigned long long)used_by_class(policy, (int)i, DISK));
}
