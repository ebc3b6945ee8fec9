/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ct/ext.c - see ct/ext.h. One size for all of it, from a pool with the table's bound: few connections have one, unless accounting is on.
 */
#include "ct/ext.h"

#include <errno.h>

#include "ct/table.h"

struct conn_ext *ext_get(struct ct_table *t, struct conn *c)
{
	if (c->ext)
		return c->ext;
	c->ext = mem_pool_get(&t->ext);
	if (c->ext)
		memset(c->ext, 0, sizeof(*c->ext));
	return c->ext;
}

void ext_free(struct ct_table *t, struct conn *c)
{
	struct conn_ext *e = c->ext;

	if (!e)
		return;
	c->ext = NULL;
	if (e->master)
		conn_put(t, e->master);
	mem_pool_put(&t->ext, e);
}

const uint8_t *ext_labels(const struct conn *c)
{
	return c->ext && c->ext->has_labels ? c->ext->labels : NULL;
}

int ext_set_labels(struct ct_table *t, struct conn *c, const uint8_t labels[CT_LABELS_LEN])
{
	struct conn_ext *e = ext_get(t, c);

	if (!e)
		return -ENOMEM;
	if (e->has_labels && memcmp(e->labels, labels, CT_LABELS_LEN) == 0)
		return 0;
	e->has_labels = true;
	memcpy(e->labels, labels, CT_LABELS_LEN);
	c->epoch++;
	conn_event_due(c);
	return 0;
}

const struct ct_counter *ct_acct(const struct conn *c)
{
	return c->ext && c->ext->has_acct ? c->ext->acct : NULL;
}
