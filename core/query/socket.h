/* SPDX-License-Identifier: MIT */
/* The query socket's place in the file system, and how one gets there. */
#ifndef OWAMP_QUERY_SOCKET_H
#define OWAMP_QUERY_SOCKET_H

#include <sys/stat.h>
#include <sys/un.h>

#include "base/status.h"
#include "query/query.h"

/** A socket that was made here. */
struct ow_query_place {
  struct sockaddr_un address;
  dev_t device; /* what tells it from another one of that name */
  ino_t inode;
};

/**
 * Listen at options->path, non-blocking; the descriptor, or -1 with a failure. The permissions are in force
 * before anybody can connect, and the process' umask(2) isn't touched. The last folder of the path is made,
 * for all to pass through, if it is missing; it stays. Two that begin at once don't take the path from each
 * other: they hold a lock on its folder meanwhile, which is waited for for half a second. In a folder that
 * others can write nothing but the new socket is changed.
 */
int ow_query_listen(const struct ow_query_options *options, struct ow_query_place *place,
                    struct ow_failure *failure) OW_MUST_CHECK;
/** Remove the path if it is still this socket. */
void ow_query_leave(const struct ow_query_place *place);

/**
 * Connect, non-blocking; the descriptor, or -1 with a failure that doesn't name the path: OW_NETWORK, or
 * OW_TIMEOUT when too many wait to be let in: try again.
 */
int ow_query_connect(const char *path, struct ow_failure *failure) OW_MUST_CHECK;

#endif
