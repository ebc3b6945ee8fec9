/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lab/modules.c - kernel modules of a lab: a table of names, and which of them are loaded.
 *
 * See modules.h. Sizes are those of a Debian 12 kernel, rounded to pages, so that listings look as they should.
 */
#include "lab/modules.h"

#include <errno.h>
#include <string.h>

#include "lab/lab.h"

static const struct known_module {
	const char *name;
	unsigned size;
	const char *needs;		/* loaded with it; one is enough */
	bool conntrack;			/* in use as soon as some host tracks connections */
	bool filter;			/* in use as soon as some host has rules */
} known[] = {
	{ "nf_conntrack", 188416, "nf_defrag_ipv4", true, false },
	{ "nf_defrag_ipv4", 16384, NULL, true, false },
	{ "nf_defrag_ipv6", 24576, NULL, true, false },
	{ "nf_nat", 57344, "nf_conntrack", false, false },
	{ "nf_tables", 303104, "nfnetlink", false, true },
	{ "nfnetlink", 20480, NULL, false, true },
	{ "nft_compat", 20480, "nf_tables", false, true },
	{ "nft_chain_nat", 16384, "nf_nat", false, false },
	{ "x_tables", 61440, NULL, false, true },
	{ "ip_tables", 36864, "x_tables", false, false },
	{ "iptable_filter", 16384, "ip_tables", false, false },
	{ "iptable_nat", 16384, "ip_tables", false, false },
	{ "iptable_mangle", 16384, "ip_tables", false, false },
	{ "iptable_raw", 16384, "ip_tables", false, false },
	{ "xt_conntrack", 16384, "nf_conntrack", false, false },
	{ "xt_state", 16384, "nf_conntrack", false, false },
	{ "xt_MASQUERADE", 20480, "nf_nat", false, false },
	{ "xt_nat", 20480, "nf_nat", false, false },
	{ "xt_tcpudp", 20480, "x_tables", false, false },
	{ "xt_mark", 16384, "x_tables", false, false },
	{ "xt_connmark", 16384, "nf_conntrack", false, false },
	{ "xt_multiport", 20480, "x_tables", false, false },
	{ "xt_limit", 16384, "x_tables", false, false },
	{ "xt_LOG", 20480, "x_tables", false, false },
	{ "ipt_REJECT", 16384, "x_tables", false, false },
	{ "br_netfilter", 32768, "bridge", false, false },
	{ "bridge", 311296, "stp", false, false },
	{ "stp", 16384, "llc", false, false },
	{ "llc", 16384, NULL, false, false },
	{ "veth", 36864, NULL, false, false },
	{ "dummy", 16384, NULL, false, false },
	{ "8021q", 40960, NULL, false, false },
	{ "tun", 61440, NULL, false, false },
};

struct lab_module {
	struct list node;
	const struct known_module *known;
};

static const struct known_module *find_known(const char *name)
{
	/* names of older kernels, which modules still answer to */
	static const char *const aliases[][2] = {
		{ "ip_conntrack", "nf_conntrack" },
		{ "nf_conntrack_ipv4", "nf_conntrack" },
		{ "nf_conntrack-2", "nf_conntrack" },
	};

	for (size_t i = 0; i < ARRAY_LEN(aliases); i++)
		if (strcmp(aliases[i][0], name) == 0)
			name = aliases[i][1];
	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (strcmp(known[i].name, name) == 0)
			return &known[i];
	return NULL;
}

static struct lab_module *find_loaded(struct lab *l, const struct known_module *k)
{
	struct lab_module *m;

	list_for_each(m, &l->modules, node)
		if (m->known == k)
			return m;
	return NULL;
}

int module_load(struct lab *l, const char *name)
{
	const struct known_module *k = find_known(name);
	struct lab_module *m;

	if (!k)
		return -ENOENT;
	if (find_loaded(l, k))
		return 0;
	if (k->needs)
		module_load(l, k->needs);
	m = mem_zalloc(sizeof(*m));
	if (!m)
		return -ENOMEM;
	m->known = k;
	list_add_head(&l->modules, &m->node);
	return 0;
}

int module_unload(struct lab *l, const char *name)
{
	const struct known_module *k = find_known(name);
	struct lab_module *m = k ? find_loaded(l, k) : NULL;

	if (!m)
		return -ENOENT;
	list_del(&m->node);
	mem_free(m);
	return 0;
}

void modules_free(struct lab *l)
{
	while (!list_empty(&l->modules)) {
		struct lab_module *m = list_first(&l->modules, struct lab_module, node);

		list_del(&m->node);
		mem_free(m);
	}
}

/* load what the hosts' rules and links have in use */
static void load_used(struct lab *l)
{
	const struct host *h;
	const struct link *link;
	bool conntrack = false, filter = false;

	list_for_each(h, &l->hosts, node) {
		conntrack |= h->ns->rules.needs_ct[0] || h->ns->rules.needs_ct[1];
		filter |= !list_empty(&h->ns->rules.tables);
		list_for_each(link, &h->ns->links.links, node)
			if (link->kind == LINK_VETH || link->kind == LINK_BRIDGE || link->kind == LINK_DUMMY)
				module_load(l, link_kind_name(link->kind));
	}
	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if ((known[i].conntrack && conntrack) || (known[i].filter && filter))
			module_load(l, known[i].name);
}

static void print_one(struct lab *l, const struct known_module *k, struct sbuf *out, bool proc)
{
	const struct lab_module *m;
	struct sbuf users = SBUF_INIT;
	unsigned n = 0;

	list_for_each(m, &l->modules, node)
		if (m->known->needs && strcmp(m->known->needs, k->name) == 0)
			sbuf_printf(&users, "%s%s", n++ ? "," : "", m->known->name);
	if (proc)
		sbuf_printf(out, "%s %u %u %s%s Live 0x0000000000000000\n", k->name, k->size, n,
			    n ? sbuf_str(&users) : "-", n ? "," : "");
	else
		sbuf_printf(out, "%-19s %7u  %u%s%s\n", k->name, k->size, n, n ? " " : "", sbuf_str(&users));
	sbuf_free(&users);
}

void modules_print(struct lab *l, struct sbuf *out, bool proc)
{
	const struct lab_module *m;

	load_used(l);
	if (!proc)
		sbuf_puts(out, "Module                  Size  Used by\n");
	list_for_each(m, &l->modules, node)
		print_one(l, m->known, out, proc);
}
