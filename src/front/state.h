/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/state.h - a namespace kept in a file, as the commands that make it.
 *
 * The file is a setup file like replay's: `ip`, `sysctl` and iptables-restore with a here-document. People may read
 * and edit it.
 */
#ifndef FRONT_STATE_H
#define FRONT_STATE_H

#include "base/sbuf.h"
#include "ns/netns.h"

struct state;

/**
 * state_open() - fill @ns, which is fresh, from @path; the file may be missing: an empty namespace
 * @err: gets messages
 * Until state_close() no other natbox works on files of that folder.
 * Return: NULL when the file cannot be read or one of its lines fails
 */
struct state *state_open(struct netns *ns, const char *path, struct sbuf *err);
/**
 * state_close() - write the namespace back if it is not as it was, in one step, and free @s
 * @keep: false: leave the file alone
 * Return: 0 or -errno
 */
int state_close(struct state *s, bool keep);
/** state_print() - the commands that make @ns; 0 or -errno */
int state_print(struct netns *ns, struct sbuf *out);

#endif
