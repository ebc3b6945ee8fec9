/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lab/netname.c - names of hosts and services from the simulated host's own files.
 *
 * The order is that of nsswitch.conf's "files dns" with a name server that knows nobody: numbers, then /etc/hosts,
 * then "Name or service not known".
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
	const char *name;		/* looked for, or NULL: */
	union inet_addr ip;		/* looked for, or found */
	struct sbuf *canon;
};

static bool hosts_line(char *line, void *ctx)
{
	struct host_search *h = ctx;
	char *number = next_word(&line), *first = number ? next_word(&line) : NULL, *name;
	union inet_addr ip;

	if (!first || addr_parse(AF_INET, number, &ip))
		return false;
	if (!h->name) {
		if (!addr_eq(&ip, &h->ip))
			return false;
	} else {
		for (name = first; name && strcasecmp(name, h->name) != 0; name = next_word(&line))
			;
		if (!name)
			return false;
		h->ip = ip;
	}
	if (h->canon)
		sbuf_puts(h->canon, first);
	return true;
}

int netname_host(struct proc *p, const char *name, union inet_addr *ip, struct sbuf *canon)
{
	struct host_search h = { .name = name, .canon = canon };

	if (netname_number(name, ip) == 0) {
		if (canon)
			sbuf_puts(canon, name);
		return 0;
	}
	if (each_line(p, "/etc/hosts", hosts_line, &h)) {
		*ip = h.ip;
		return 0;
	}
	return EAI_NONAME;
}

bool netname_of(struct proc *p, const union inet_addr *ip, struct sbuf *out)
{
	struct host_search h = { .ip = *ip, .canon = out };

	return each_line(p, "/etc/hosts", hosts_line, &h);
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
