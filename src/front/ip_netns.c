/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/ip_netns.c - `ip netns`.
 *
 * References: ip-netns(8).
 */
#include <errno.h>
#include <string.h>

#include "base/mem.h"
#include "front/ip.h"

#define DIRECTORY "/run/netns"

static bool name_ok(const char *name)
{
	return *name && strlen(name) < 256 && !strchr(name, '/') && strcmp(name, ".") != 0 && strcmp(name, "..") != 0;
}

static int netns_list(struct ip *x)
{
	char **names = x->c->ops->netns_list ? x->c->ops->netns_list(x->c) : NULL;

	for (size_t i = 0; names && names[i]; i++) {
		const struct netns *other = x->c->ops->netns_find(x->c, names[i]);
		int id = other ? netns_id(x->ns, other, false) : -1;

		cmd_out(x->c, "%s", names[i]);
		if (id >= 0)
			cmd_out(x->c, " (id: %d)", id);
		cmd_out(x->c, "\n");
	}
	mem_free(names);
	return 0;
}

static int netns_add(struct ip *x)
{
	const char *name = ip_cur(x);
	int err;

	if (!*name)
		return ip_fail(x, 1, "No netns name specified\n");
	if (!name_ok(name))
		return ip_fail(x, 255, "Invalid netns name \"%s\"\n", name);
	err = x->c->ops->netns_add ? x->c->ops->netns_add(x->c, name) : -EPERM;
	if (err)
		return ip_fail(x, 1, "Cannot create namespace file \"" DIRECTORY "/%s\": %s\n", name, strerror(-err));
	return 0;
}

static int delete_one(struct ip *x, const char *name)
{
	int err = x->c->ops->netns_del ? x->c->ops->netns_del(x->c, name) : -EPERM;

	if (err)
		return ip_fail(x, 1, "Cannot remove namespace file \"" DIRECTORY "/%s\": %s\n", name, strerror(-err));
	return 0;
}

static int netns_delete(struct ip *x)
{
	char **names;

	if (!x->all)
		return *ip_cur(x) ? delete_one(x, ip_cur(x)) : ip_fail(x, 1, "No netns name specified\n");
	names = x->c->ops->netns_list(x->c);
	for (size_t i = 0; names && names[i]; i++)
		delete_one(x, names[i]);
	mem_free(names);
	return x->status;
}

static int exec_all(struct ip *x)
{
	char **names = x->c->ops->netns_list(x->c);

	for (size_t i = 0; names && names[i]; i++) {
		struct netns *ns = x->c->ops->netns_find(x->c, names[i]);

		cmd_out(x->c, "\nnetns: %s\n", names[i]);
		cmd_flush(x->c);
		if (ns)
			x->c->ops->exec(x->c, ns, x->argc, x->argv);
	}
	mem_free(names);
	return 0;
}

static int netns_exec(struct ip *x)
{
	const char *name = ip_cur(x);
	struct netns *ns;

	if (!x->c->ops->exec)
		return ip_refuse(x, "netns exec");
	if (!ip_more(x))
		return ip_fail(x, 1, x->all ? "No command specified\n" : "No netns name specified\n");
	if (x->all)
		return exec_all(x);
	ip_shift(x);
	if (!ip_more(x))
		return ip_fail(x, 1, "No command specified\n");
	ns = x->c->ops->netns_find(x->c, name);
	if (!ns)
		return ip_fail(x, 255, "Cannot open network namespace \"%s\": No such file or directory\n", name);
	cmd_flush(x->c);
	return x->c->ops->exec(x->c, ns, x->argc, x->argv);
}

static int netns_identify(struct ip *x)
{
	char **names = x->c->ops->netns_list ? x->c->ops->netns_list(x->c) : NULL;
	bool found = false;

	if (*ip_cur(x) && strcmp(ip_cur(x), "self") != 0) {
		mem_free(names);
		return ip_refuse(x, "netns identify PID");
	}
	for (size_t i = 0; names && names[i]; i++)
		if (x->c->ops->netns_find(x->c, names[i]) == x->c->ns) {
			cmd_out(x->c, "%s\n", names[i]);
			found = true;
		}
	cmd_out(x->c, "%s", found ? "" : "\n");
	mem_free(names);
	return 0;
}

int ip_netns_main(struct ip *x)
{
	static const struct {
		const char *word;
		ip_fn *run;
	} verbs[] = {
		{ "list", netns_list }, { "show", netns_list },     { "lst", netns_list },
		{ "list-id", NULL },    { "help", NULL },           { "add", netns_add },
		{ "set", NULL },        { "delete", netns_delete }, { "identify", netns_identify },
		{ "pids", NULL },       { "exec", netns_exec },     { "monitor", NULL },
		{ "attach", NULL },
	};

	if (!ip_more(x))
		return netns_list(x);
	for (size_t i = 0; i < ARRAY_LEN(verbs); i++)
		if (ip_abbr(x, verbs[i].word)) {
			if (!verbs[i].run)
				return ip_refuse(x, "netns %s", verbs[i].word);
			ip_shift(x);
			return verbs[i].run(x);
		}
	return ip_unknown(x, "netns");
}
