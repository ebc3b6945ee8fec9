/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lab/prog_wget.c - wget, as Debian 12's 1.21.3 has it, on a simulated host: plain http, one file at a time.
 *
 * On the packet's way it is a TCP socket like any.
 *
 * Theory of operation: what it tells goes to standard error, the document to a file named after the URL or by -O. A
 * connection that times out is tried again, one second later each time, up to -t times; one that is refused is not.
 *
 * References: RFC 9112; wget(1).
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/fmt.h"
#include "lab/netname.h"
#include "lab/programs.h"
#include "lab/sock.h"
#include "lab/vfs.h"

#define REDIRECTS_MAX 20
#define HEADERS_MAX 65536
#define DOTS 50				/* of 1 KB each in a row */

enum { OK, GENERIC = 1, PARSE = 2, NETWORK = 4, SERVER = 8 };
enum { AGAIN = -1 };			/* may be tried again */

struct wget {
	struct proc *p;
	uint8_t family;			/* of -4 and -6 */
	bool quiet, brief, spider, show_headers;
	const char *output, *folder;
	long tries;
	uint64_t timeout_ns;		/* SCHED_NEVER: none */
	/* the URL */
	char *host, *path;
	uint16_t port;
	struct sbuf url;
	/* the answer */
	struct sbuf in;
	int code;
	char reason[128], type[128];
	char *location;
	long long length;		/* -1: not told */
};

static void say(struct wget *w, const char *fmt, ...) PRINTF_LIKE(2, 3);

static void say(struct wget *w, const char *fmt, ...)
{
	struct sbuf s = SBUF_INIT;
	va_list ap;

	if (w->quiet || w->brief)
		return;
	va_start(ap, fmt);
	sbuf_vprintf(&s, fmt, ap);
	va_end(ap);
	proc_write(w->p, 2, sbuf_str(&s), s.len);
	sbuf_free(&s);
}

/* "2026-01-05 09:00:00" */
static const char *now(struct wget *w, char *b, size_t size)
{
	time_t t = (time_t)(clock_wall_ns(&proc_ns(w->p)->world->clock) / NSEC_PER_SEC);
	struct tm tm;

	gmtime_r(&t, &tm);
	strftime(b, size, "%Y-%m-%d %H:%M:%S", &tm);
	return b;
}

/* ---- the URL ---- */

/* "host", "[2001:db8::1]:8080", as in a URL */
static void put_host(struct sbuf *s, const struct wget *w)
{
	sbuf_printf(s, strchr(w->host, ':') ? "[%s]" : "%s", w->host);
	if (w->port != 80)
		sbuf_printf(s, ":%u", w->port);
}

static bool bad_number6(const char *s, const char *end)
{
	char text[ADDR_STRLEN];
	union inet_addr a;

	if ((size_t)(end - s) >= sizeof(text))
		return true;
	memcpy(text, s, (size_t)(end - s));
	text[end - s] = 0;
	return addr_parse(AF_INET6, text, &a) != 0;
}

static int parse_url(struct wget *w, const char *text)
{
	const char *host = strncasecmp(text, "http://", 7) == 0 ? text + 7 : text, *end, *colon, *bracket;
	uint32_t port = 80;
	char number[8];

	if (host == text && strstr(text, "://")) {
		proc_eprintf(w->p, "%s: Unsupported scheme.\n", text);
		return GENERIC;
	}
	end = host + strcspn(host, "/?#");
	bracket = *host == '[' ? memchr(host, ']', (size_t)(end - host)) : NULL;
	if (*host == '[') {
		const char *why = !bracket ? "Unterminated IPv6 numeric address" : bad_number6(host + 1, bracket) ? "Invalid IPv6 numeric address" :
				  bracket + 1 != end && bracket[1] != ':' ? "Invalid host name" : NULL;

		if (why) {
			proc_eprintf(w->p, "%s: %s.\n", text, why);
			return GENERIC;
		}
		host++;
	}
	if (bracket)
		colon = bracket[1] == ':' ? bracket + 1 : NULL;
	else
		colon = memchr(host, ':', (size_t)(end - host));
	if (colon) {
		snprintf(number, sizeof(number), "%.*s", (int)(end - colon - 1), colon + 1);
		if (fmt_parse_u32(number, 10, 65535, &port)) {
			proc_eprintf(w->p, "%s: Bad port number.\n", text);
			return GENERIC;
		}
	}
	mem_free(w->host);
	mem_free(w->path);
	w->host = mem_strndup(host, (size_t)((bracket ? bracket : colon ? colon : end) - host));
	w->path = mem_strndup(*end == '/' ? end : "/", *end == '/' ? strcspn(end, "#") : 1);
	w->port = (uint16_t)port;
	sbuf_reset(&w->url);
	sbuf_puts(&w->url, "http://");
	put_host(&w->url, w);
	sbuf_puts(&w->url, w->path);
	return OK;
}

/* ---- connection, question, head of the answer ---- */

/* 0 or a negative errno, told */
static int connect_one(struct wget *w, const struct sock_addr *to, bool named, uint64_t until, struct sock **out)
{
	struct sbuf text = SBUF_INIT;
	int err;

	netname_put_addr(w->p, to, &text);
	if (named)
		say(w, "Connecting to %s (%s)|%s|:%u... ", w->host, w->host, sbuf_str(&text), w->port);
	else
		say(w, strchr(w->host, ':') ? "Connecting to [%s]:%u... " : "Connecting to %s:%u... ", w->host, w->port);
	sbuf_free(&text);
	err = sock_open(w->p->host->sock, to->family, SOCK_STREAM, 0, out);
	if (err)
		return err;
	sock_setopt(*out, SOCK_OPT_UID, w->p->uid);
	proc_sock_own(w->p, *out, 4);
	err = proc_connect(w->p, *out, to, until);
	say(w, err ? "failed: %s.\n" : "connected.\n", strerror(-err));
	return err;
}

static int connect_to(struct wget *w, struct sock **out)
{
	uint64_t until = w->timeout_ns == SCHED_NEVER ? SCHED_NEVER : proc_now(w->p) + w->timeout_ns;
	struct sock_addr to[NETNAME_ADDRS_MAX], number = { 0 };
	bool named = netname_addr(w->p, w->host, AF_UNSPEC, true, &number, NULL) != 0;
	struct sbuf list = SBUF_INIT;
	unsigned n;
	int err = netname_list(w->p, w->host, w->family, false, to, &n, NULL);

	if (named)
		say(w, "Resolving %s (%s)... ", w->host, w->host);
	if (err) {
		say(w, "failed: %s.\nwget: unable to resolve host address '%s'\n", gai_strerror(err), w->host);
		return NETWORK;
	}
	for (unsigned i = 0; i < n && named; i++) {
		sbuf_puts(&list, i ? ", " : "");
		netname_put_addr(w->p, &to[i], &list);
	}
	if (named)
		say(w, "%s\n", sbuf_str(&list));
	sbuf_free(&list);
	for (unsigned i = 0; i < n; i++) {
		to[i].port = w->port;
		err = connect_one(w, &to[i], named, until, out);
		if (!err)
			return OK;
		if (i + 1 < n && *out) {
			sock_close(*out);
			*out = NULL;
		}
	}
	return err == -ETIMEDOUT ? AGAIN : NETWORK;
}

static int ask(struct wget *w, struct sock *s)
{
	struct sbuf q = SBUF_INIT;
	int err;

	sbuf_printf(&q, "%s %s HTTP/1.1\r\n", w->spider ? "HEAD" : "GET", w->path);
	sbuf_puts(&q, "Host: ");
	put_host(&q, w);
	sbuf_puts(&q, "\r\n");
	sbuf_puts(&q, "User-Agent: Wget/1.21.3\r\nAccept: */*\r\nAccept-Encoding: identity\r\nConnection: "
		      "Keep-Alive\r\n\r\n");
	err = proc_send(w->p, s, q.data, q.len);
	sbuf_free(&q);
	return err;
}

/* @n: of the line without its end */
static void field(struct wget *w, const char *line, size_t n)
{
	static const char *const names[] = { "Content-Length:", "Content-Type:", "Location:" };

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		size_t len = strlen(names[i]);
		const char *v = line + len;

		if (n < len || strncasecmp(line, names[i], len) != 0)
			continue;
		v += strspn(v, " ");
		n -= (size_t)(v - line);
		if (i == 0) {
			w->length = strtoll(v, NULL, 10);
		} else if (i == 1) {
			snprintf(w->type, sizeof(w->type), "%.*s", (int)MIN(n, strcspn(v, ";")), v);
		} else {
			mem_free(w->location);
			w->location = mem_strndup(v, n);
		}
		return;
	}
}

static int bad_head(struct wget *w, const char *what)
{
	say(w, "%s\n", what);
	return AGAIN;
}

static int read_head(struct wget *w, struct sock *s)
{
	uint64_t until = w->timeout_ns == SCHED_NEVER ? SCHED_NEVER : proc_now(w->p) + w->timeout_ns;
	char b[4096], *end = NULL, *line, *nl;
	ssize_t n;

	sbuf_reset(&w->in);
	while (!end) {
		n = proc_recv(w->p, s, b, sizeof(b), until);
		if (n == -EINTR)
			return GENERIC;
		if (n == 0 && !w->in.len)
			return bad_head(w, "No data received.");
		if (n < 0) {
			snprintf(b, sizeof(b), "Read error (%s) in headers.", strerror((int)-n));
			return bad_head(w, b);
		}
		sbuf_put(&w->in, b, (size_t)n);
		end = memmem(w->in.data, w->in.len, "\r\n\r\n", 4);
		if (!end && (n == 0 || w->in.len > HEADERS_MAX))
			break;
	}
	w->reason[0] = 0;
	if (!end || sscanf(w->in.data, "HTTP/1.%*d %d %127[^\r\n]", &w->code, w->reason) < 1) {
		w->code = 200;		/* HTTP/0.9: all of it is the document */
		snprintf(w->reason, sizeof(w->reason), "No headers, assuming HTTP/0.9");
		say(w, "%d %s\n", w->code, w->reason);
		return OK;
	}
	say(w, w->show_headers ? "\n" : "%d %s\n", w->code, w->reason);
	for (line = w->in.data; line < end + 2; line = nl + 2) {
		nl = memmem(line, (size_t)(end + 2 - line), "\r\n", 2);
		if (w->show_headers)
			say(w, "  %.*s\n", (int)(nl - line), line);
		field(w, line, (size_t)(nl - line));
	}
	sbuf_consume(&w->in, (size_t)(end + 4 - w->in.data));
	return OK;
}

/* ---- the document ---- */

/* bytes a second, @width wide, with a letter; how many digits behind the point follows from its size */
static const char *rate(long long bytes, uint64_t ns, char *b, size_t size, int width, const char *const *units)
{
	double r = (double)bytes / ((double)MAX(ns, 1000ull) / 1e9);
	int i = 0;

	for (; r >= 1024 && i < 3; i++)
		r /= 1024;
	snprintf(b, size, "%*.*f%s", width, r >= 99.95 ? 0 : r >= 9.995 ? 1 : 2, r, units[i]);
	return b;
}

static void dots(struct wget *w, long long got, uint64_t ns)
{
	static const char *const units[] = { "", "K", "M", "G" };
	long long full = got / 1024, rows = full / DOTS;
	double s = (double)ns / 1e9;
	char r[32];

	for (long long row = 0; row <= rows && row < 100000; row++) {
		bool last = row == rows;
		long long n = last ? full % DOTS : DOTS, at = last ? got : (row + 1) * DOTS * 1024;

		if (last && got && n == 0 && row && got % (DOTS * 1024ll) == 0)
			break;
		say(w, "\n%6lldK", row * DOTS);
		for (long long i = 0; i < DOTS; i++)
			say(w, "%s%s", i % 10 ? "" : " ", i < n ? "." : " ");
		say(w, "%3lld%% %s", w->length > 0 ? at * 100 / w->length : 100, rate(got, ns, r, sizeof(r), 4, units));
		if (!last)
			say(w, " 0s");
	}
	if (s >= 0.95)
		say(w, "=%.*fs", s >= 9.95 ? 0 : 1, s);
	else
		say(w, "=%.1gs", s >= 0.0005 ? s : 0);
	say(w, "\n\n");
}

/* where it goes: -O, or the URL's last part, with a number when that file is there */
static void find_name(struct wget *w, struct sbuf *name)
{
	const char *last = strrchr(w->path, '/') + 1;
	struct vfs_stat st;
	size_t len;

	if (w->output) {
		sbuf_puts(name, w->output);
		return;
	}
	if (w->folder)
		sbuf_printf(name, "%s/", w->folder);
	sbuf_puts(name, *last ? last : "index.html");
	len = name->len;
	for (int i = 1; vfs_stat(w->p->host, w->p->cwd, sbuf_str(name), &st) == 0; i++) {
		sbuf_truncate(name, len);
		sbuf_printf(name, ".%d", i);
	}
}

static int save(struct wget *w, struct sock *s, const char *name, struct stream *file)
{
	static const char *const units[] = { " B/s", " KB/s", " MB/s", " GB/s" };
	uint64_t start = proc_now(w->p), until;
	bool to_stdout = strcmp(name, "-") == 0;
	char b[16384], stamp[32], r[32];
	long long got = 0;
	ssize_t n = (ssize_t)w->in.len;

	while (n > 0) {
		const char *bytes = got ? b : w->in.data;

		if (!got && !w->in.len)
			bytes = b;
		if (to_stdout ? proc_write(w->p, 1, bytes, (size_t)n) : stream_write(file, bytes, (size_t)n))
			return GENERIC;
		got += n;
		if (w->length >= 0 && got >= w->length)
			break;
		until = w->timeout_ns == SCHED_NEVER ? SCHED_NEVER : proc_now(w->p) + w->timeout_ns;
		n = proc_recv(w->p, s, b, sizeof(b), until);
	}
	if (n < 0)
		return AGAIN;
	dots(w, got, proc_now(w->p) - start);
	now(w, stamp, sizeof(stamp));
	if (w->brief && !w->quiet) {
		proc_eprintf(w->p, "%s URL:%s [%lld/%lld] -> \"%s\" [1]\n", stamp, sbuf_str(&w->url), got,
			     w->length >= 0 ? w->length : got, name);
		return OK;
	}
	rate(got, proc_now(w->p) - start, r, sizeof(r), 0, units);
	if (to_stdout)
		say(w, "%s (%s) - written to stdout [%lld", stamp, r, got);
	else
		say(w, "%s (%s) - '%s' saved [%lld", stamp, r, name, got);
	say(w, w->length >= 0 ? "/%lld]\n\n" : "]\n\n", w->length);
	return OK;
}

static int take_document(struct wget *w, struct sock *s)
{
	struct sbuf name = SBUF_INIT;
	struct stream *file = NULL;
	char first[1];
	ssize_t n;
	int err = 0;

	find_name(w, &name);
	say(w, "Saving to: '%s'\n", strcmp(sbuf_str(&name), "-") == 0 ? "STDOUT" : sbuf_str(&name));
	if (strcmp(sbuf_str(&name), "-") != 0)
		err = proc_open(w->p, sbuf_str(&name), 'w', &file);
	if (err) {
		say(w, "%s: %s\n\nCannot write to '%s' (%s).\n", sbuf_str(&name), strerror(-err), sbuf_str(&name),
		    strerror(-err));
		err = 3;
	} else {
		/* something to begin with, unless there is nothing */
		if (!w->in.len && w->length != 0 && (n = proc_recv(w->p, s, first, 1, SCHED_NEVER)) > 0)
			sbuf_put(&w->in, first, (size_t)n);
		err = save(w, s, sbuf_str(&name), file);
	}
	stream_put(file);
	sbuf_free(&name);
	return err;
}

/* ---- one try ---- */

/* " (121K)" */
static void put_short(struct wget *w, double n)
{
	int i = -1;

	for (; n >= 1024 && i < 3; i++)
		n /= 1024;
	say(w, " (%.*f%c)", n < 10 ? 1 : 0, n, "KMGT"[i]);
}

static int answer(struct wget *w, struct sock *s)
{
	char stamp[32];
	int err;

	say(w, "HTTP request sent, awaiting response... ");
	w->length = -1;
	w->type[0] = 0;
	mem_free(w->location);
	w->location = NULL;
	err = read_head(w, s);
	if (err)
		return err;
	if (w->code / 100 == 3 && w->location) {
		say(w, "Location: %s [following]\n", w->location);
		return OK;
	}
	if (w->code >= 400) {
		if (w->spider) {
			say(w, "Remote file does not exist -- broken link!!!\n\n");
			return SERVER;
		}
		if (w->brief && !w->quiet)
			proc_eprintf(w->p, "%s:\n", sbuf_str(&w->url));
		if (!w->quiet)
			proc_eprintf(w->p, "%s ERROR %d: %s.\n", now(w, stamp, sizeof(stamp)), w->code, w->reason);
		say(w, "\n");
		return SERVER;
	}
	if (w->length < 0)
		say(w, "Length: unspecified");
	else
		say(w, "Length: %lld", w->length);
	if (w->length >= 1024)
		put_short(w, (double)w->length);
	say(w, w->type[0] ? " [%s]\n" : "\n", w->type);
	if (!w->spider)
		return take_document(w, s);
	if (strcmp(w->type, "text/html") == 0)
		say(w, "Remote file exists and could contain further links,\nbut recursion is disabled -- not "
		       "retrieving.\n\n");
	else
		say(w, "Remote file exists.\n\n");
	return OK;
}

static int attempt(struct wget *w, long n)
{
	struct sock *s = NULL;
	char stamp[32];
	int err;

	if (n > 1)
		say(w, "--%s--  (try:%2ld)  %s\n", now(w, stamp, sizeof(stamp)), n, sbuf_str(&w->url));
	else
		say(w, "--%s--  %s\n", now(w, stamp, sizeof(stamp)), sbuf_str(&w->url));
	err = connect_to(w, &s);
	if (!err)
		err = ask(w, s) ? AGAIN : answer(w, s);
	sock_close(s);
	return err;
}

static int follow(struct wget *w)
{
	struct sbuf next = SBUF_INIT;
	int err;

	if (strstr(w->location, "://"))
		sbuf_puts(&next, w->location);
	else
		sbuf_printf(&next, strchr(w->host, ':') ? "http://[%s]:%u%s%s" : "http://%s:%u%s%s", w->host, w->port,
			    *w->location == '/' ? "" : "/", w->location);
	err = parse_url(w, sbuf_str(&next));
	sbuf_free(&next);
	return err;
}

static int retrieve(struct wget *w, const char *url)
{
	int err = parse_url(w, url);
	long n = 1;

	if (!err && w->spider)
		say(w, "Spider mode enabled. Check if remote file exists.\n");
	for (int redirects = 0; !err; redirects++) {
		while ((err = attempt(w, n)) == AGAIN && !w->p->signal) {
			if (w->tries && n >= w->tries) {
				say(w, "Giving up.\n\n");
				return NETWORK;
			}
			say(w, "Retrying.\n\n");
			proc_sleep(w->p, (uint64_t)MIN(n, 10) * NSEC_PER_SEC);
			n++;
		}
		if (err || w->code / 100 != 3 || !w->location)
			break;
		if (redirects >= REDIRECTS_MAX) {
			say(w, "%d redirections exceeded.\n", REDIRECTS_MAX);
			return SERVER;
		}
		err = follow(w);
	}
	return err == AGAIN ? NETWORK : err;
}

static int usage(struct wget *w, const char *why, int status)
{
	proc_eprintf(w->p, "%sUsage: wget [OPTION]... [URL]...\n\nTry `wget --help' for more options.\n", why);
	return status;
}

static int main_of(struct wget *w, int argc, char **argv)
{
	static const struct option longs[] = {
		{ "quiet", 0, NULL, 'q' }, { "output-document", 1, NULL, 'O' }, { "timeout", 1, NULL, 'T' },
		{ "tries", 1, NULL, 't' }, { "spider", 0, NULL, 1 }, { "server-response", 0, NULL, 'S' },
		{ "no-verbose", 0, NULL, 2 }, { "directory-prefix", 1, NULL, 'P' }, { "version", 0, NULL, 'V' },
		{ "no-proxy", 0, NULL, 3 }, { "inet4-only", 0, NULL, '4' }, { "inet6-only", 0, NULL, '6' }, { "no-check-certificate", 0, NULL, 3 },
		{ NULL, 0, NULL, 0 },
	};
	struct proc_opts o = { 0 };
	int c, status = OK;

	while ((c = proc_getopt(w->p, &o, "qO:T:t:SP:n:V46", longs)) != -1) {
		switch (c) {
		case 'q': w->quiet = true; break;
		case 'O': w->output = o.arg; break;
		case 'P': w->folder = o.arg; break;
		case 'S': w->show_headers = true; break;
		case 'T': w->timeout_ns = (uint64_t)(MAX(strtod(o.arg, NULL), 0) * 1e9); break;
		case 't': w->tries = strtol(o.arg, NULL, 10); break;
		case 1: w->spider = true; break;
		case 2: w->brief = true; break;
		case 3: break;
		case '4': w->family = AF_INET; break;
		case '6': w->family = AF_INET6; break;
		case 'n':
			if (strcmp(o.arg, "v") != 0)
				return prog_refuse_opt(w->p, "wget", 'n');
			w->brief = true;
			break;
		case 'V':
			proc_printf(w->p, "GNU Wget 1.21.3 built on linux-gnu.\n");
			return 0;
		default:
			return usage(w, "", PARSE);
		}
	}
	if (w->timeout_ns == 0)
		w->timeout_ns = SCHED_NEVER;
	if (o.ind >= argc)
		return usage(w, "wget: missing URL\n", GENERIC);
	for (; o.ind < argc && !w->p->signal; o.ind++) {
		int err = retrieve(w, argv[o.ind]);

		status = err ? err : status;
	}
	return status;
}

int prog_wget(struct proc *p, int argc, char **argv)
{
	struct wget *w = mem_zalloc(sizeof(*w));
	int status;

	if (!w)
		return GENERIC;
	w->p = p;
	w->tries = 20;
	w->timeout_ns = 900 * NSEC_PER_SEC;
	status = main_of(w, argc, argv);
	mem_free(w->host);
	mem_free(w->path);
	mem_free(w->location);
	sbuf_free(&w->url);
	sbuf_free(&w->in);
	mem_free(w);
	return status;
}
