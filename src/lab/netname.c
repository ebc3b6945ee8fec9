/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lab/netname.c - names of hosts and services from the simulated host's own files.
 *
 * The order is that of nsswitch.conf's "files dns" with a name server that knows nobody: numbers, then /etc/hosts,
 * then "Name or service not known".
 *
 * References: RFC 6724 section 6 (rules 1 and 6, which are those that matter between one host's addresses).
 */
#include "lab/netname.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

/* the next word of @line, NULL at its end or at a comment; *line moves behind it */
static char *next_word(char **line)
{
	char *s = *line + strspn(*line, " \t\r"), *end;

	if (!*s || *s == '#')
		return NULL;
	end = s + strcspn(s, " \t\r#");
	*line = *end && *end != '#' ? end + 1 : end + strlen(end);
	*end = 0;
	return s;
}

/* call @fn for each line of a file until it is true */
static bool each_line(struct proc *p, const char *path, bool (*fn)(char *line, void *ctx), void *ctx)
{
	struct sbuf text = SBUF_INIT;
	bool hit = false;
	char *save, *line;

	if (proc_file_read(p, path, &text) == 0 && text.len) {
		for (line = strtok_r(text.data, "\n", &save); line && !hit; line = strtok_r(NULL, "\n", &save))
			hit = fn(line, ctx);
	}
	sbuf_free(&text);
	return hit;
}

int netname_number(const char *name, union inet_addr *ip)
{
	struct in_addr a;

	if (!inet_aton(name, &a) || strpbrk(name, " \t\n"))
		return EAI_NONAME;
	*ip = addr_ip4(a.s_addr);
	return 0;
}

struct host_search {
	const char *name;		/* looked for; NULL: the name of .ip is */
	uint8_t family;			/* AF_UNSPEC: any */
	union inet_addr ip;
	struct sock_addr *found;	/* NETNAME_ADDRS_MAX */
	unsigned n;
	bool known;			/* the name is there, with whatever address */
	struct sbuf *canon;
};

static void found_addr(struct host_search *h, uint8_t family, const union inet_addr *ip)
{
	for (unsigned i = 0; i < h->n; i++)
		if (h->found[i].family == family && addr_eq(&h->found[i].ip, ip))
			return;
	if (h->n < NETNAME_ADDRS_MAX)
		h->found[h->n++] = (struct sock_addr){ .ip = *ip, .family = family };
}

static bool hosts_line(char *line, void *ctx)
{
	struct host_search *h = ctx;
	char *number = next_word(&line), *first = number ? next_word(&line) : NULL, *name;
	uint8_t family = first && strchr(number, ':') ? AF_INET6 : AF_INET;
	union inet_addr ip = { 0 };

	if (!first || addr_parse(family, number, &ip))
		return false;
	if (!h->name) {
		if (h->family != family || !addr_eq(&ip, &h->ip))
			return false;
		sbuf_puts(h->canon, first);
		return true;
	}
	for (name = first; name && strcasecmp(name, h->name) != 0; name = next_word(&line))
		;
	if (!name)
		return false;
	h->known = true;
	if (h->family != AF_UNSPEC && h->family != family)
		return false;
	if (h->canon && !h->n)
		sbuf_puts(h->canon, first);
	found_addr(h, family, &ip);
	return false;
}

/* ---- in order ---- */

static bool reachable(struct proc *p, const struct sock_addr *a)
{
	struct route_key k = { .family = a->family, .proto = IPPROTO_UDP, .dst = a->ip, .oif = a->scope };
	struct route_result res;

	return sock_path_io.route(proc_ns(p), &k, &res) == 0;
}

static int rank(struct proc *p, const struct sock_addr *a)
{
	return 2 * !reachable(p, a) + (a->family == AF_INET);
}

/* few, and those of equal rank stay as they are in the file */
static void sort_addrs(struct proc *p, struct sock_addr *a, unsigned n)
{
	for (unsigned i = 1; i < n; i++)
		for (unsigned k = i; k > 0 && rank(p, &a[k]) < rank(p, &a[k - 1]); k--) {
			struct sock_addr tmp = a[k];

			a[k] = a[k - 1];
			a[k - 1] = tmp;
		}
}

/* ---- numbers ---- */

/* "fe80::1%va": EAI_NONAME where it is no number, or the interface is none */
static int number6(struct proc *p, const char *name, struct sock_addr *out)
{
	const char *percent = strchr(name, '%');
	char text[ADDR_STRLEN];
	struct link *l;
	size_t n = percent ? (size_t)(percent - name) : strlen(name);
	char *end;

	if (n >= sizeof(text) || !memchr(name, ':', n))
		return EAI_NONAME;
	memcpy(text, name, n);
	text[n] = 0;
	*out = (struct sock_addr){ .family = AF_INET6, .port = out->port };
	if (addr_parse(AF_INET6, text, &out->ip))
		return EAI_NONAME;
	if (!percent)
		return 0;
	l = link_by_name(&proc_ns(p)->links, percent + 1);
	out->scope = l ? l->ifindex : (int)strtol(percent + 1, &end, 10);
	return l || (percent[1] && !*end) ? 0 : EAI_NONAME;
}

int netname_list(struct proc *p, const char *name, uint8_t family, bool numeric, struct sock_addr *out, unsigned *n,
		 struct sbuf *canon)
{
	struct host_search h = { .name = name, .family = family, .found = out, .canon = canon };
	union inet_addr ip4;

	*n = 0;
	out[0] = (struct sock_addr){ .family = AF_INET };
	if (netname_number(name, &ip4) == 0)
		out[0].ip = ip4;
	else if (number6(p, name, &out[0]))
		goto names;
	if (family != AF_UNSPEC && family != out[0].family)
		return EAI_ADDRFAMILY;
	if (canon)
		sbuf_puts(canon, name);
	*n = 1;
	return 0;
names:
	if (numeric)
		return EAI_NONAME;
	each_line(p, "/etc/hosts", hosts_line, &h);
	sort_addrs(p, out, h.n);
	*n = h.n;
	if (h.n)
		return 0;
	return h.known && family == AF_INET6 ? EAI_ADDRFAMILY : EAI_NONAME;	/* glibc says so of that family only */
}

int netname_addr(struct proc *p, const char *name, uint8_t family, bool numeric, struct sock_addr *out, struct sbuf *canon)
{
	struct sock_addr list[NETNAME_ADDRS_MAX];
	uint16_t port = out->port;
	unsigned n;
	int err = netname_list(p, name, family, numeric, list, &n, canon);

	if (err)
		return err;
	*out = list[0];
	out->port = port;
	return 0;
}

int netname_host(struct proc *p, const char *name, union inet_addr *ip, struct sbuf *canon)
{
	struct sock_addr a = { .port = 0 };
	int err = netname_addr(p, name, AF_INET, false, &a, canon);

	if (!err)
		*ip = a.ip;
	return err;
}

bool netname_of(struct proc *p, uint8_t family, const union inet_addr *ip, struct sbuf *out)
{
	struct host_search h = { .family = family, .ip = *ip, .canon = out };

	return each_line(p, "/etc/hosts", hosts_line, &h);
}

void netname_put_addr(struct proc *p, const struct sock_addr *a, struct sbuf *out)
{
	struct link *l = a->scope ? link_by_index(&proc_ns(p)->links, a->scope) : NULL;

	addr_put(out, a->family ? a->family : AF_INET, &a->ip);
	if (l)
		sbuf_printf(out, "%%%s", l->name);
}

struct service_search {
	const char *name, *proto;
	unsigned long port;
	struct sbuf *out;
};

static bool services_line(char *line, void *ctx)
{
	struct service_search *s = ctx;
	char *first = next_word(&line), *port = first ? next_word(&line) : NULL, *proto, *name;
	unsigned long n;

	if (!port)
		return false;
	n = strtoul(port, &proto, 10);
	if (*proto != '/' || strcmp(proto + 1, s->proto) != 0)
		return false;
	if (!s->name) {
		if (n != s->port)
			return false;
		sbuf_puts(s->out, first);
		return true;
	}
	for (name = first; name; name = next_word(&line))
		if (strcmp(name, s->name) == 0)
			break;
	s->port = n;
	return name != NULL;
}

bool netname_service(struct proc *p, uint16_t port, const char *proto, struct sbuf *out)
{
	struct service_search s = { .proto = proto, .port = port, .out = out };

	return each_line(p, "/etc/services", services_line, &s);
}

bool netname_port(struct proc *p, const char *name, const char *proto, uint16_t *port)
{
	struct service_search s = { .name = name, .proto = proto };

	if (!each_line(p, "/etc/services", services_line, &s))
		return false;
	*port = (uint16_t)s.port;
	return true;
}

int prog_refuse(struct proc *p, const char *name, const char *what)
{
	proc_eprintf(p, "%s: natbox does not simulate %s\n", name, what);
	return 2;
}

int prog_refuse_opt(struct proc *p, const char *name, int c)
{
	char what[] = "option -x";

	what[sizeof(what) - 2] = (char)c;
	return prog_refuse(p, name, what);
}

const char *prog_called(const char *argv0)
{
	const char *slash = strrchr(argv0, '/');

	return slash ? slash + 1 : argv0;
}
