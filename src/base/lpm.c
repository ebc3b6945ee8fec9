/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * base/lpm.c - path-compressed binary trie.
 *
 * Theory of operation: a node holds a prefix (key and length) and perhaps a value; its children's prefixes extend it, told apart by the next
 * bit. Nodes without a value have two children: they are where two prefixes part.
 *
 * Invariants
 *  1. A child's prefix is longer than its parent's and begins with it; bits of a key past plen are zero.
 *  2. A node without a value has exactly two children.
 */
#include "base/lpm.h"

#include <errno.h>
#include <string.h>

#include "base/mem.h"

struct lpm_node {
	struct lpm_node *child[2];
	void *val;
	uint32_t plen;
	uint8_t key[16];
};

void lpm_init(struct lpm *t, uint32_t key_bits)
{
	*t = (struct lpm){ .key_bits = key_bits };
}

static void node_free(struct lpm_node *n)
{
	if (!n)
		return;
	node_free(n->child[0]);
	node_free(n->child[1]);
	mem_free(n);
}

void lpm_free(struct lpm *t)
{
	node_free(t->root);
	lpm_init(t, t->key_bits);
}

static unsigned bit(const uint8_t *key, uint32_t i)
{
	return key[i / 8] >> (7 - i % 8) & 1;
}

/* how many leading bits, up to @max, two keys share */
static uint32_t common(const uint8_t *a, const uint8_t *b, uint32_t max)
{
	uint32_t i = 0;

	while (i + 8 <= max && a[i / 8] == b[i / 8])
		i += 8;
	while (i < max && bit(a, i) == bit(b, i))
		i++;
	return i;
}

static struct lpm_node *node_new(const uint8_t *key, uint32_t plen, void *val)
{
	struct lpm_node *n = mem_zalloc(sizeof(*n));

	if (!n)
		return NULL;
	memcpy(n->key, key, (plen + 7) / 8);
	if (plen % 8)
		n->key[plen / 8] &= (uint8_t)(0xff << (8 - plen % 8));
	n->plen = plen;
	n->val = val;
	return n;
}

int lpm_insert(struct lpm *t, const uint8_t *key, uint32_t plen, void *val)
{
	struct lpm_node **at = &t->root, *n, *fresh, *fork;
	uint32_t same = 0;

	while ((n = *at)) {
		same = common(n->key, key, MIN(n->plen, plen));
		if (same < n->plen || n->plen == plen)
			break;
		at = &n->child[bit(key, n->plen)];
	}
	if (n && same == n->plen && n->plen == plen) {
		if (n->val)
			return -EEXIST;
		n->val = val;
		t->count++;
		return 0;
	}
	fresh = node_new(key, plen, val);
	if (!fresh)
		return -ENOMEM;
	if (n && same == plen) {		/* n extends the new prefix */
		fresh->child[bit(n->key, plen)] = n;
	} else if (n) {				/* they part: a fork holds both */
		fork = node_new(key, same, NULL);
		if (!fork) {
			mem_free(fresh);
			return -ENOMEM;
		}
		fork->child[bit(key, same)] = fresh;
		fork->child[bit(n->key, same)] = n;
		fresh = fork;
	}
	*at = fresh;
	t->count++;
	return 0;
}

void *lpm_remove(struct lpm *t, const uint8_t *key, uint32_t plen)
{
	struct lpm_node **at = &t->root, **up = NULL, *n;
	void *val;

	while ((n = *at)) {
		if (n->plen > plen || common(n->key, key, n->plen) < n->plen)
			return NULL;
		if (n->plen == plen)
			break;
		up = at;
		at = &n->child[bit(key, n->plen)];
	}
	if (!n || !n->val)
		return NULL;
	val = n->val;
	n->val = NULL;
	t->count--;
	if (n->child[0] && n->child[1])
		return val;
	*at = n->child[0] ? n->child[0] : n->child[1];
	mem_free(n);
	if (!*at && up && !(*up)->val) {	/* a fork with one child left */
		n = *up;
		*up = n->child[0] ? n->child[0] : n->child[1];
		mem_free(n);
	}
	return val;
}

void *lpm_exact(const struct lpm *t, const uint8_t *key, uint32_t plen)
{
	const struct lpm_node *n = t->root;

	while (n && n->plen <= plen && common(n->key, key, n->plen) == n->plen) {
		if (n->plen == plen)
			return n->val;
		n = n->child[bit(key, n->plen)];
	}
	return NULL;
}

unsigned lpm_lookup(const struct lpm *t, const uint8_t *key, void **val, unsigned max)
{
	const struct lpm_node *n = t->root, *found[129];
	unsigned depth = 0, k = 0;

	while (n && common(n->key, key, n->plen) == n->plen) {
		if (n->val)
			found[depth++] = n;
		if (n->plen == t->key_bits)
			break;
		n = n->child[bit(key, n->plen)];
	}
	while (depth > 0 && k < max)
		val[k++] = found[--depth]->val;
	return k;
}

static int node_walk(const struct lpm_node *n, int (*fn)(void *, const uint8_t *, uint32_t, void *), void *ctx)
{
	int err = 0;

	if (!n)
		return 0;
	if (n->val)
		err = fn(ctx, n->key, n->plen, n->val);
	if (!err)
		err = node_walk(n->child[0], fn, ctx);
	if (!err)
		err = node_walk(n->child[1], fn, ctx);
	return err;
}

int lpm_walk(const struct lpm *t, int (*fn)(void *ctx, const uint8_t *key, uint32_t plen, void *val), void *ctx)
{
	return node_walk(t->root, fn, ctx);
}
