/* SPDX-License-Identifier: MIT */
/* One block holds all that is secret: passphrase and key; it is wiped by whoever frees it. */
#include "derive/derivation.h"

#include <stdlib.h>
#include <string.h>

#include "base/container_of.h"
#include "base/secret.h"
#include "io/work.h"

struct ow_derivation {
  struct ow_work work;
  ow_derived *done;
  void *context;
  enum ow_status status;
  struct ow_token_key key;
  struct ow_key_source source;
  uint8_t passphrase[]; /* source.octets of them */
};

static struct ow_derivation *of_work(struct ow_work *work)
{
  return OW_CONTAINER_OF(work, struct ow_derivation, work);
}

static void free_derivation(struct ow_derivation *derivation)
{
  ow_wipe(derivation, sizeof *derivation + derivation->source.octets);
  free(derivation);
}

static void on_run(struct ow_work *work)
{
  struct ow_derivation *derivation = of_work(work);
  derivation->status = ow_token_key_derive(&derivation->source, &derivation->key);
}

static void on_done(struct ow_work *work, enum ow_status status)
{
  struct ow_derivation *derivation = of_work(work);
  derivation->done(derivation->context, status == OW_OK ? derivation->status : status, &derivation->key);
  free_derivation(derivation);
}

static void on_drop(struct ow_work *work)
{
  free_derivation(of_work(work));
}

struct ow_derivation *ow_derivation_begin(struct ow_loop *loop, const struct ow_key_source *source,
                                          uint64_t party, unsigned behind, unsigned most, ow_derived *done,
                                          void *context, struct ow_failure *failure)
{
  struct ow_derivation *derivation = calloc(1, sizeof *derivation + source->octets);
  if (!derivation) {
    ow_fail(failure, OW_MEMORY, "no memory to derive a key");
    return NULL;
  }
  derivation->work = (struct ow_work){.run = on_run, .done = on_done, .drop = on_drop};
  derivation->work.place.behind = behind;
  derivation->done = done;
  derivation->context = context;
  derivation->source = *source;
  derivation->source.passphrase = derivation->passphrase;
  if (source->octets)
    memcpy(derivation->passphrase, source->passphrase, source->octets);
  if (ow_work_begin(loop, &derivation->work, party, most, failure) != OW_OK) {
    free_derivation(derivation);
    derivation = NULL;
  }
  return derivation;
}

void ow_derivation_redirect(struct ow_derivation *derivation, void *context)
{
  derivation->context = context;
}

void ow_derivation_cancel(struct ow_derivation *derivation)
{
  if (derivation)
    ow_work_cancel(&derivation->work);
}
