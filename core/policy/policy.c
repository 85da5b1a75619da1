/* SPDX-License-Identifier: MIT */
/* An account for each class, holders of it, a visit for each connection; claims add up along the tree. */
#include "policy/policy.h"

#include <stdlib.h>
#include <string.h>

#include "io/system_clock.h"
#include "policy/class_account.h"
#include "policy/class_holder.h"
#include "policy/listed.h"
#include "schedule/schedule.h"
#include "shares/shares.h"
#include "wire/test_packet.h"

enum {
  IPV4_UDP = 20 + 8,
  IPV6_UDP = 40 + 8,
  RECORD = 25, /* what owampd counts for a packet; RFC 4656, 3.9 */
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
  struct ow_listed listed;
  uint32_t modes;
  struct ow_class_accounts accounts;
  struct visit *visits;
};

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
  ow_class_accounts_clear(&policy->accounts);
  ow_listed_clear(&policy->listed);
  ow_limits_clear(&policy->limits);
  ow_key_file_clear(&policy->keys);
  free(policy);
}

/* ---- rules ---- */

enum ow_status ow_policy_install(struct ow_policy *policy, struct ow_limits *limits,
                                 struct ow_keys_file *keys, uint32_t modes)
{
  struct ow_listed listed;
  enum ow_status status = ow_class_accounts_open(&policy->accounts, limits);
  if (status == OW_OK)
    status = ow_listed_open(&listed, limits, keys);
  if (status == OW_OK) {
    struct ow_limits former_limits = policy->limits;
    struct ow_keys_file former_keys = policy->keys;
    policy->limits = *limits;
    policy->keys = *keys;
    policy->modes = modes;
    ow_listed_clear(&policy->listed);
    policy->listed = listed;
    *limits = former_limits;
    *keys = former_keys;
  }
  ow_class_accounts_tie(&policy->accounts, &policy->limits);
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

static uint64_t limit_of(const struct ow_class *class, enum ow_class_resource resource)
{
  return resource == OW_CLASS_BANDWIDTH ? class->bandwidth : class->disk;
}

static enum ow_accept lacks(const struct ow_class *class, enum ow_class_resource resource, uint64_t taken,
                            uint64_t need, struct ow_failure *why)
{
  static const char *const units[] = {
      [OW_CLASS_BANDWIDTH] = "bit/s of bandwidth", [OW_CLASS_DISK] = "octets of disk"};
  uint64_t limit = limit_of(class, resource);
  ow_fail(why, OW_LIMIT, "class %s has %llu %s, of which %llu are in use; the session needs %llu",
          class->name, (unsigned long long)limit, units[resource], (unsigned long long)taken,
          (unsigned long long)need);
  return need > limit ? OW_ACCEPT_PERMANENT_LIMIT : OW_ACCEPT_TEMPORARY_LIMIT;
}

/*
 * Does it fit into what the class and each of its ancestors have left? If not, is it within the client's
 * share: then others give back, as they send. To a parent a child's claims beyond its own limit don't count.
 */
static enum ow_accept check_bandwidth(const struct ow_policy *policy, const struct ow_class_holder *holder,
                                      uint64_t need, struct ow_failure *why)
{
  uint64_t used[OW_CLASSES_MOST];
  uint64_t more = need;
  enum ow_accept accept = OW_ACCEPT_OK;
  ow_class_accounts_use(&policy->accounts, &policy->limits, OW_CLASS_BANDWIDTH, used);
  for (; holder && accept == OW_ACCEPT_OK; holder = holder->parent) {
    const struct ow_class *class = &policy->limits.classes[holder->account->class];
    uint64_t taken = used[holder->account->class];
    uint64_t left = taken < class->bandwidth ? class->bandwidth - taken : 0;
    if (class->bandwidth > 0 && more > left) {
      if (!ow_class_holder_is_within(holder, OW_CLASS_BANDWIDTH, need))
        accept = lacks(class, OW_CLASS_BANDWIDTH, taken, more, why);
      more = left;
    }
  }
  return accept;
}

static enum ow_accept leave_disk(const struct ow_class_holder *holder, uint64_t taken, uint64_t need,
                                 struct ow_failure *why)
{
  uint64_t limit = holder->account->limit[OW_CLASS_DISK];
  char name[OW_ACCOUNT_KEY_TEXT];
  if (ow_class_holder_leaves_disk(holder, taken, need))
    return OW_ACCEPT_OK;
  ow_fail(why, OW_LIMIT,
          "class %s has %llu octets of disk, of which %llu are in use; the session needs %llu, and the last "
          "quarter "
          "is for those who have a key or less than their share: %s has %llu",
          holder->account->name, (unsigned long long)limit, (unsigned long long)taken,
          (unsigned long long)need, ow_account_key_print(name, sizeof name, &holder->client),
          (unsigned long long)holder->held[OW_CLASS_DISK]);
  return need > ow_share_most(limit) ? OW_ACCEPT_PERMANENT_LIMIT : OW_ACCEPT_TEMPORARY_LIMIT;
}

static enum ow_accept check_disk(const struct ow_policy *policy, const struct ow_class_holder *holder,
                                 struct ow_serve_claim *claim, struct ow_failure *why)
{
  uint64_t used[OW_CLASSES_MOST];
  enum ow_accept accept = OW_ACCEPT_OK;
  if (claim->disk == 0)
    return OW_ACCEPT_OK;
  ow_class_accounts_use(&policy->accounts, &policy->limits, OW_CLASS_DISK, used);
  for (; holder && accept == OW_ACCEPT_OK; holder = holder->parent) {
    int number = holder->account->class;
    const struct ow_class *class = &policy->limits.classes[number];
    if (class->disk > 0 && (used[number] > class->disk || claim->disk > class->disk - used[number]))
      accept = lacks(class, OW_CLASS_DISK, used[number], claim->disk, why);
    else if (class->disk > 0)
      accept = leave_disk(holder, used[number], claim->disk, why);
    if (accept != OW_ACCEPT_OK)
      claim->short_of = (unsigned)number + 1;
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

/* On success the claim counts. */
static enum ow_accept claim_resources(struct ow_policy *policy, int class,
                                      const struct ow_serve_client *client, struct ow_serve_claim *claim,
                                      struct ow_failure *why)
{
  struct ow_class_account *account =
      ow_class_account_find(&policy->accounts, policy->limits.classes[class].name);
  struct ow_account_key key = ow_account_key_of(client->key_id, &client->address);
  struct ow_class_holder *holder = ow_class_holder_join(&policy->accounts, account, &key);
  if (!holder) {
    ow_fail(why, OW_MEMORY, "no memory for what a client has of class %s", account->name);
    return OW_ACCEPT_INTERNAL_ERROR;
  }
  enum ow_accept accept = check_bandwidth(policy, holder, claim->bandwidth, why);
  if (accept == OW_ACCEPT_OK)
    accept = check_disk(policy, holder, claim, why);
  if (accept == OW_ACCEPT_OK) {
    ow_class_holder_take(holder, OW_CLASS_BANDWIDTH, claim->bandwidth);
    ow_class_holder_take(holder, OW_CLASS_DISK, claim->disk);
    claim->account = holder;
    claim->class_name = account->name;
  } else {
    ow_class_holder_leave(&policy->accounts, holder);
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
  *claim = (struct ow_serve_claim){.bandwidth = bandwidth_of(request, slots, client->mode),
                                   .headers = headers_of(request),
                                   .disk = disk_of(request)};
  enum ow_accept accept = check_sessions(policy, class, visit, why);
  if (accept == OW_ACCEPT_OK)
    accept = check_times(policy, class, request, slots, why);
  if (accept == OW_ACCEPT_OK)
    accept = claim_resources(policy, class, client, claim, why);
  if (accept == OW_ACCEPT_OK)
    visit->sessions++;
  return accept;
}

static bool may_send(void *context, const struct ow_serve_claim *claim, size_t octets, int64_t now)
{
  (void)context;
  return ow_class_holder_may_send(claim->account, octets + claim->headers, now);
}

static void release_bandwidth(void *context, const struct ow_serve_claim *claim)
{
  (void)context;
  if (claim->account)
    ow_class_holder_give(claim->account, OW_CLASS_BANDWIDTH, claim->bandwidth);
}

static void settle_disk(void *context, struct ow_serve_claim *claim, uint64_t records)
{
  (void)context;
  uint64_t disk = records * RECORD;
  if (disk < claim->disk) {
    if (claim->account)
      ow_class_holder_give(claim->account, OW_CLASS_DISK, claim->disk - disk);
    claim->disk = disk;
  }
}

/* Classes are numbered from 1. After a reload the number may be another class': then it is asked in vain,
 * once. */
static bool frees_disk(void *context, const struct ow_serve_claim *refused,
                       const struct ow_serve_claim *other)
{
  const struct ow_policy *policy = context;
  const struct ow_class_holder *holder = other->account;
  bool known = refused->short_of > 0 && refused->short_of <= policy->limits.class_count;
  int of = holder && holder->account->class != OW_CLASS_NONE ? holder->account->class : OW_CLASS_ROOT;
  return known && other->disk > 0 && ow_limits_within(&policy->limits, of, (int)refused->short_of - 1);
}

/* The last of a claim. */
static void release_disk(void *context, const struct ow_serve_claim *claim)
{
  struct ow_policy *policy = context;
  if (claim->account) {
    ow_class_holder_give(claim->account, OW_CLASS_DISK, claim->disk);
    ow_class_holder_leave(&policy->accounts, claim->account);
  }
}

/* ---- what becomes of the records ---- */

/* With a key: whoever has the same one. Without: whoever comes from where the owner's account is. */
static bool may_fetch(void *context, const struct ow_serve_client *client,
                      const struct ow_serve_client *owner)
{
  (void)context;
  bool owned = owner->key_id[0] != '\0';
  struct ow_account_key needed = ow_account_key_of(owner->key_id, &owner->address);
  struct ow_account_key has = ow_account_key_of(owned ? client->key_id : "", &client->address);
  return ow_account_key_compare(&needed, &has) == 0;
}

static bool delete_on_fetch(void *context, const struct ow_serve_client *owner)
{
  const struct ow_policy *policy = context;
  return policy->limits.classes[class_of(policy, owner)].delete_on_fetch;
}

/* ---- who is reflected ---- */

static enum ow_status find_listed(void *context, const struct ow_endpoint *from, const uint8_t *octets,
                                  size_t length, struct ow_serve_listed *listed,
                                  struct ow_stamp_question *question)
{
  const struct ow_policy *policy = context;
  const struct ow_listed_peer *peer = NULL;
  enum ow_status status = ow_listed_find(&policy->listed, from, octets, length, &peer, question);
  if (status == OW_OK)
    *listed = (struct ow_serve_listed){peer, peer->codec, peer->rule.key_id};
  return status;
}

/* Nobody knows how much it will ask: it holds a bit a second, to have a share of what may be sent. */
static enum ow_status claim_answers(struct ow_policy *policy, int class, const struct ow_account_key *key,
                                    unsigned version, struct ow_serve_claim *claim)
{
  struct ow_class_account *account =
      ow_class_account_find(&policy->accounts, policy->limits.classes[class].name);
  struct ow_class_holder *holder = ow_class_holder_join(&policy->accounts, account, key);
  *claim = (struct ow_serve_claim){.account = holder,
                                   .bandwidth = 1,
                                   .headers = version == 6 ? IPV6_UDP : IPV4_UDP,
                                   .class_name = account->name};
  if (holder)
    ow_class_holder_take(holder, OW_CLASS_BANDWIDTH, claim->bandwidth);
  return holder ? OW_OK : OW_MEMORY;
}

static enum ow_status claim_listed(void *context, const struct ow_serve_listed *listed,
                                   const struct ow_endpoint *from, struct ow_serve_claim *claim)
{
  const struct ow_listed_peer *peer = listed->peer;
  struct ow_account_key key = ow_account_key_of(listed->key_id, from);
  return claim_answers(context, peer->rule.class, &key, from->version, claim);
}

static enum ow_accept claim_reflected(void *context, const struct ow_serve_client *client, unsigned version,
                                      struct ow_serve_claim *claim, struct ow_failure *why)
{
  struct ow_policy *policy = context;
  struct visit *visit = client->account;
  int class = class_of(policy, client);
  struct ow_account_key key = ow_account_key_of(client->key_id, &client->address);
  enum ow_accept accept = check_sessions(policy, class, visit, why);
  if (accept == OW_ACCEPT_OK && claim_answers(policy, class, &key, version, claim) != OW_OK) {
    ow_fail(why, OW_MEMORY, "no memory for what a client has of its class");
    accept = OW_ACCEPT_INTERNAL_ERROR;
  }
  visit->sessions += accept == OW_ACCEPT_OK;
  return accept;
}

size_t ow_policy_listed(const struct ow_policy *policy)
{
  return policy->listed.count;
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
      .find_listed = find_listed,
      .claim_listed = claim_listed,
      .claim_reflected = claim_reflected,
      .leave = leave,
  };
}

void ow_policy_log_use(const struct ow_policy *policy, const struct ow_log *log, enum ow_log_level level)
{
  uint64_t bandwidth[OW_CLASSES_MOST];
  uint64_t disk[OW_CLASSES_MOST];
  ow_class_accounts_use(&policy->accounts, &policy->limits, OW_CLASS_BANDWIDTH, bandwidth);
  ow_class_accounts_use(&policy->accounts, &policy->limits, OW_CLASS_DISK, disk);
  for (size_t i = 0; i < policy->limits.class_count; i++)
    ow_log(log, level, "class %s: %llu bit/s, %llu octets of records", policy->limits.classes[i].name,
           (unsigned long long)bandwidth[i], (unsigned long long)disk[i]);
}
