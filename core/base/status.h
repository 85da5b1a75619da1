/* SPDX-License-Identifier: MIT */
/* What a call can come to, and the sentence that tells a person why it failed. */
#ifndef OWAMP_BASE_STATUS_H
#define OWAMP_BASE_STATUS_H

/** Functions that return a status, or an object that would leak, carry this. */
#define OW_MUST_CHECK __attribute__((warn_unused_result))
#define OW_PRINTF(string, first) __attribute__((format(printf, string, first)))

enum ow_status {
  OW_OK = 0,
  OW_INVALID,  /* input that can't be read: malformed octets, bad option, bad file */
  OW_PROTOCOL, /* the peer broke the protocol */
  OW_AUTH,     /* wrong passphrase, unknown KeyID, or an HMAC that doesn't match */
  OW_REFUSED,  /* the peer said no, in the protocol's own words */
  OW_LIMIT,    /* one of our own bounds was reached */
  OW_TIMEOUT,  /* the peer was silent for too long */
  OW_NETWORK,  /* the operating system reported a failure */
  OW_MEMORY,   /* no memory */
  OW_CRYPTO,   /* the crypto library failed */
  OW_STATE,    /* the call is not possible in the object's present state */
};

enum { OW_FAILURE_TEXT = 320 };

/** A failure for a person: what failed, where, and what to do. */
struct ow_failure {
  enum ow_status status;
  char text[OW_FAILURE_TEXT];
  int error; /* errno of the operating system's call that failed; 0: it was something else */
};

/**
 * Fill in `failure` (may be NULL) and return `status`, so that a function can end with
 * `return ow_fail(failure, OW_AUTH, "...")`. Text longer than the buffer is cut.
 */
enum ow_status ow_fail(struct ow_failure *failure, enum ow_status status, const char *format, ...)
    OW_PRINTF(3, 4);

/** The same for a call of the operating system's that failed with errno `error`. */
enum ow_status ow_fail_errno(struct ow_failure *failure, enum ow_status status, int error, const char *format,
                             ...) OW_PRINTF(4, 5);

/** Put "where: " before the text of a failure, which must be filled in (not NULL). */
enum ow_status ow_fail_within(struct ow_failure *failure, const char *format, ...) OW_PRINTF(2, 3);

/**
 * Copy text that a peer or a file supplied into `out` so that it can be printed: control
 * characters and octets outside ASCII become '?'. `out_size` is 1 at least; always terminates; returns `out`.
 */
const char *ow_printable(char *out, unsigned long out_size, const void *text, unsigned long octets);

#endif
