/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * net/frag.h - fragmentation and reassembly (RFC 791 section 3.2, RFC 815, RFC 8200 section 4.5), bounded in memory and time.
 */
#ifndef NET_FRAG_H
#define NET_FRAG_H

#include "base/clock.h"
#include "base/hash.h"
#include "base/wheel.h"
#include "net/pkt.h"

#define FRAG_TIMEOUT_MS 30000
#define FRAG_TIMEOUT6_MS 60000
#define FRAG_MAX_QUEUES 1024
#define FRAG_MAX_BYTES (4u << 20)	/* by default */
#define FRAG_BYTES_LIMIT (64u << 20)	/* whatever a sysctl says */

struct frag_queue;

struct frag_table {
	struct hash_key key;
	struct list hash[256];
	struct list lru[2];		/* [0] IPv4, [1] IPv6; oldest first */
	unsigned queues;
	uint32_t bytes;
	uint64_t timeout_ms, timeout6_ms;
	uint32_t max_bytes;		/* ipfrag_high_thresh; at most FRAG_BYTES_LIMIT */
	struct pkt *expired;		/* first fragments of queues that timed out, for "reassembly time exceeded" */
};

/** @user values keep queues of different places apart, as the kernel's do */
enum frag_user { FRAG_USER_LOCAL_IN, FRAG_USER_PREROUTING, FRAG_USER_OUTPUT, FRAG_USER_BRIDGE };

/** frag_is_headless() - an IPv6 datagram's first fragment without its whole header chain (RFC 8200 section 4.5: not to be sent) */
bool frag_is_headless(const struct pkt *p);
void frag_init(struct frag_table *t, const struct hash_key *key);
void frag_free(struct frag_table *t);
/**
 * frag_add() - take a fragment
 * Return: the whole datagram (PKT_REASSEMBLED, frag_max, metadata of the first fragment) when it completes it; NULL
 * when it was kept or dropped; *why says which (DROP_NONE: kept). @p belongs to the table in every case.
 */
struct pkt *frag_add(struct frag_table *t, struct pkt *p, enum frag_user user, uint64_t now_ms, enum drop_reason *why);
/**
 * frag_expire() - drop queues that are too old; those that hold their first fragment go to .expired (linked by next)
 * for the caller to report
 */
void frag_expire(struct frag_table *t, uint64_t now_ms);
uint64_t frag_next(const struct frag_table *t);		/* when the oldest times out, ms, UINT64_MAX: none */
/**
 * frag_split() - fragments of @p that fit @mtu, with identification @id over IPv6 (IPv4 has one in its header), linked by next (headers copied, options as RFC 791 says, header
 * checksums right)
 * Return: 0 and *out, with @p freed; -EMSGSIZE (mtu too small), -ENOMEM with @p untouched
 */
int frag_split(struct pkt *p, uint32_t mtu, be32 id, struct pkt **out);

#endif
