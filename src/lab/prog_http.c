/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lab/prog_http.c - a small http server for simulated hosts: `python3 -m http.server`, with its answers and its
 * log; `httpd` starts the same.
 *
 * On the packet's way it is a listening TCP socket.
 *
 * Theory of operation: every connection is served by a process of its own, as Python's server has a thread for
 * each, so that a client that says nothing stops nobody. One request, one answer, HTTP/1.0. A folder is its
 * index.html, or a list of what is in it.
 *
 * References: RFC 1945; Python 3.11 http.server.
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

#define REQUEST_MAX 65536
#define SERVER "SimpleHTTP/0.6 Python/3.11.2"

struct request {
	struct proc *p;
	struct sock *s;
	const char *dir;		/* what is served */
	char line[1024];		/* the request line */
	char method[32], target[768];
	bool old;			/* HTTP/0.9: only the body is sent */
	struct sbuf path;		/* of the file, on the host */
};

static const struct { const char *ending, *type;
} types[] = {
	{ ".html", "text/html" },      { ".htm", "text/html" },       { ".txt", "text/plain" },
	{ ".css", "text/css" },        { ".js", "text/javascript" },  { ".json", "application/json" },
	{ ".png", "image/png" },       { ".jpg", "image/jpeg" },      { ".gif", "image/gif" },
	{ ".xml", "text/xml" },        { ".gz", "application/gzip" }, { ".tar", "application/x-tar" },
	{ ".zip", "application/zip" }, { ".pdf", "application/pdf" }, { ".sh", "application/x-sh" },
	{ ".c", "text/plain" },        { ".h", "text/plain" },        { ".py", "text/x-python" },
};

static const struct { int code; const char *text, *explain; } answers[] = {
	{ 200, "OK", "Request fulfilled, document follows" },
	{ 301, "Moved Permanently", "Object moved permanently -- see URI list" },
	{ 400, "Bad Request", "Bad request syntax or unsupported method" },
	{ 404, "Not Found", "Nothing matches the given URI" },
	{ 501, "Not Implemented", "Server does not support this operation" },
	{ 505, "HTTP Version Not Supported", "Cannot fulfill request" },
};

static void put_date(struct request *q, struct sbuf *s, uint64_t ns, const char *format)
{
	time_t t = (time_t)(ns / NSEC_PER_SEC);
	char text[64];
	struct tm tm;

	gmtime_r(&t, &tm);
	strftime(text, sizeof(text), format, &tm);
	sbuf_puts(s, text);
}

static uint64_t wall(const struct request *q)
{
	return clock_wall_ns(&proc_ns(q->p)->world->clock);
}

/* one line of the log */
static void note(struct request *q, const char *fmt, ...) PRINTF_LIKE(2, 3);

static void note(struct request *q, const char *fmt, ...)
{
	struct sbuf s = SBUF_INIT;
	va_list ap;

	sock_addr_put(&s, q->s, &q->s->peer);
	sbuf_puts(&s, " - - [");
	put_date(q, &s, wall(q), "%d/%b/%Y %H:%M:%S");
	sbuf_puts(&s, "] ");
	va_start(ap, fmt);
	sbuf_vprintf(&s, fmt, ap);
	va_end(ap);
	sbuf_putc(&s, '\n');
	proc_write(q->p, 2, sbuf_str(&s), s.len);
	sbuf_free(&s);
}

/* status line and the fields that every answer has */
static void begin(struct request *q, struct sbuf *s, int code, const char *text)
{
	note(q, "\"%s\" %d -", q->line, code);
	if (q->old)
		return;
	sbuf_printf(s, "HTTP/1.0 %d %s\r\nServer: " SERVER "\r\nDate: ", code, text);
	put_date(q, s, wall(q), "%a, %d %b %Y %H:%M:%S GMT");
	sbuf_puts(s, "\r\n");
}

static void header(struct request *q, struct sbuf *s, const char *fmt, ...) PRINTF_LIKE(3, 4);

static void header(struct request *q, struct sbuf *s, const char *fmt, ...)
{
	va_list ap;

	if (q->old)
		return;
	va_start(ap, fmt);
	sbuf_vprintf(s, fmt, ap);
	va_end(ap);
	sbuf_puts(s, "\r\n");
}

/* the head in @s, then the body unless it was only asked about; both freed */
static void send_all(struct request *q, struct sbuf *s, struct sbuf *body)
{
	header(q, s, "%s", "");
	if (body && strcmp(q->method, "HEAD") != 0)
		sbuf_put(s, body->data, body->len);
	proc_send(q->p, q->s, sbuf_str(s), s->len);
	sbuf_free(s);
	if (body)
		sbuf_free(body);
}

static void send_error(struct request *q, int code, const char *message)
{
	struct sbuf s = SBUF_INIT, body = SBUF_INIT;
	const char *explain = "";

	for (size_t i = 0; i < ARRAY_LEN(answers); i++)
		if (answers[i].code == code)
			explain = answers[i].explain;
	note(q, "code %d, message %s", code, message);
	sbuf_printf(&body,
		    "<!DOCTYPE HTML>\n<html lang=\"en\">\n    <head>\n        <meta charset=\"utf-8\">\n        "
		    "<title>Error response</title>\n"
		    "    </head>\n    <body>\n        <h1>Error response</h1>\n        <p>Error code: %d</p>\n        "
		    "<p>Message: %s.</p>\n"
		    "        <p>Error code explanation: %d - %s.</p>\n    </body>\n</html>\n",
		    code, message, code, explain);
	begin(q, &s, code, message);
	header(q, &s, "Connection: close");
	header(q, &s, "Content-Type: text/html;charset=utf-8");
	header(q, &s, "Content-Length: %zu", body.len);
	send_all(q, &s, &body);
}

/* ---- files and folders ---- */

static const char *type_of(const char *path)
{
	const char *dot = strrchr(path, '.');

	for (size_t i = 0; dot && i < ARRAY_LEN(types); i++)
		if (strcasecmp(dot, types[i].ending) == 0)
			return types[i].type;
	return "application/octet-stream";
}

static void send_file(struct request *q, const char *path, const struct vfs_stat *st)
{
	struct sbuf s = SBUF_INIT, body = SBUF_INIT, date = SBUF_INIT;

	if (vfs_read(q->p->host, q->p->cwd, path, &body)) {
		sbuf_free(&body);
		send_error(q, 404, "File not found");
		return;
	}
	begin(q, &s, 200, "OK");
	header(q, &s, "Content-type: %s", type_of(path));
	header(q, &s, "Content-Length: %zu", body.len);
	put_date(q, &date, st->mtime_ns, "%a, %d %b %Y %H:%M:%S GMT");
	header(q, &s, "Last-Modified: %s", sbuf_str(&date));
	sbuf_free(&date);
	send_all(q, &s, &body);
}

static void put_html(struct sbuf *s, const char *text)
{
	static const struct {
		char c;
		const char *as;
	} escapes[] = { { '&', "&amp;" }, { '<', "&lt;" }, { '>', "&gt;" } };
	size_t i;

	for (; *text; text++) {
		for (i = 0; i < ARRAY_LEN(escapes) && escapes[i].c != *text; i++)
			;
		if (i < ARRAY_LEN(escapes))
			sbuf_puts(s, escapes[i].as);
		else
			sbuf_putc(s, *text);
	}
}

/* as urllib.parse.quote() */
static void put_quoted(struct sbuf *s, const char *text)
{
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || strchr("/_.-~", c))
			sbuf_putc(s, *text);
		else
			sbuf_printf(s, "%%%02X", c);
	}
}

struct names {
	char **v;
	size_t n, cap;
};

static int add_name(void *ctx, const char *name)
{
	struct names *l = ctx;

	if (l->n == l->cap) {
		size_t cap = l->cap ? 2 * l->cap : 32;
		char **v = mem_realloc(l->v, cap * sizeof(*v));

		if (!v)
			return -ENOMEM;
		l->v = v;
		l->cap = cap;
	}
	l->v[l->n] = mem_strdup(name);
	return l->v[l->n++] ? 0 : -ENOMEM;
}

static int by_lower(const void *a, const void *b)
{
	return strcasecmp(*(char *const *)a, *(char *const *)b);
}

static void send_folder(struct request *q, const char *path)
{
	struct sbuf s = SBUF_INIT, body = SBUF_INIT, full = SBUF_INIT;
	struct names l = { NULL, 0, 0 };
	struct vfs_stat st;

	vfs_list(q->p->host, q->p->cwd, path, add_name, &l);
	if (l.n)
		qsort(l.v, l.n, sizeof(*l.v), by_lower);
	sbuf_puts(
		&body,
		"<!DOCTYPE HTML>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>Directory listing for ");
	put_html(&body, q->target);
	sbuf_puts(&body, "</title>\n</head>\n<body>\n<h1>Directory listing for ");
	put_html(&body, q->target);
	sbuf_puts(&body, "</h1>\n<hr>\n<ul>\n");
	for (size_t i = 0; i < l.n; i++) {
		const char *slash;

		sbuf_reset(&full);
		sbuf_printf(&full, "%s/%s", path, l.v[i]);
		slash = vfs_stat(q->p->host, q->p->cwd, sbuf_str(&full), &st) == 0 && st.type == 'd' ? "/" : "";
		sbuf_puts(&body, "<li><a href=\"");
		put_quoted(&body, l.v[i]);
		sbuf_printf(&body, "%s\">", slash);
		put_html(&body, l.v[i]);
		sbuf_printf(&body, "%s</a></li>\n", slash);
		mem_free(l.v[i]);
	}
	sbuf_puts(&body, "</ul>\n<hr>\n</body>\n</html>\n");
	mem_free(l.v);
	sbuf_free(&full);
	begin(q, &s, 200, "OK");
	header(q, &s, "Content-type: text/html; charset=utf-8");
	header(q, &s, "Content-Length: %zu", body.len);
	send_all(q, &s, &body);
}

static int hex(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10 : -1;
}

/* the host's path for the target: %xx read, query cut off, never above the folder */
static void find_path(struct request *q)
{
	size_t base;

	sbuf_puts(&q->path, q->dir);
	base = q->path.len;
	for (const char *t = q->target; *t && *t != '?' && *t != '#';) {
		size_t n = strcspn(t, "/?#");

		if (n == 2 && t[0] == '.' && t[1] == '.') {
			while (q->path.len > base && q->path.data[q->path.len - 1] != '/')
				sbuf_truncate(&q->path, q->path.len - 1);
			if (q->path.len > base)
				sbuf_truncate(&q->path, q->path.len - 1);
		} else if (n && !(n == 1 && *t == '.')) {
			sbuf_putc(&q->path, '/');
			for (size_t i = 0; i < n; i++) {
				int hi = t[i] == '%' && i + 2 < n ? hex(t[i + 1]) : -1,
				    lo = hi >= 0 ? hex(t[i + 2]) : -1;

				if (lo < 0) {
					sbuf_putc(&q->path, t[i]);
				} else if (hi << 4 | lo) {
					sbuf_putc(&q->path, (char)(hi << 4 | lo));
					i += 2;
				}
			}
		}
		t += n + (t[n] == '/');
	}
}

static void get(struct request *q)
{
	struct sbuf s = SBUF_INIT;
	struct vfs_stat st;
	size_t n = strcspn(q->target, "?#");

	find_path(q);
	if (vfs_stat(q->p->host, q->p->cwd, sbuf_str(&q->path), &st)) {
		send_error(q, 404, "File not found");
		return;
	}
	if (st.type != 'd') {
		if (n && q->target[n - 1] == '/')
			send_error(q, 404, "File not found");
		else
			send_file(q, sbuf_str(&q->path), &st);
		return;
	}
	if (!n || q->target[n - 1] != '/') {
		begin(q, &s, 301, "Moved Permanently");
		header(q, &s, "Location: %.*s/%s", (int)n, q->target, q->target + n);
		header(q, &s, "Content-Length: 0");
		send_all(q, &s, NULL);
		return;
	}
	n = q->path.len;
	for (int i = 0; i < 2; i++) {
		sbuf_puts(&q->path, i ? "/index.htm" : "/index.html");
		if (vfs_stat(q->p->host, q->p->cwd, sbuf_str(&q->path), &st) == 0 && st.type == 'f') {
			send_file(q, sbuf_str(&q->path), &st);
			return;
		}
		sbuf_truncate(&q->path, n);
	}
	send_folder(q, sbuf_str(&q->path));
}

/* ---- one connection ---- */

/* the request with its header fields; false: the client said nothing */
static bool read_request(struct request *q)
{
	struct sbuf in = SBUF_INIT;
	char part[2048], version[32] = "";
	ssize_t n = 1;
	bool whole = false;
	size_t len;
	int words;

	while (!whole && in.len < REQUEST_MAX && (n = proc_recv(q->p, q->s, part, sizeof(part), SCHED_NEVER)) > 0) {
		sbuf_put(&in, part, (size_t)n);
		/* a request of HTTP/0.9 is one line without a version */
		whole = strstr(sbuf_str(&in), "\r\n\r\n") || strstr(sbuf_str(&in), "\n\n") ||
			(strchr(sbuf_str(&in), '\n') && !memmem(in.data, strcspn(in.data, "\n"), " HTTP/", 6));
	}
	len = strcspn(sbuf_str(&in), "\r\n");
	snprintf(q->line, sizeof(q->line), "%.*s", (int)MIN(len, sizeof(q->line) - 1), sbuf_str(&in));
	words = sscanf(q->line, "%31s %767s %31s", q->method, q->target, version);
	sbuf_free(&in);
	if (words <= 0)
		return false;
	q->old = words == 2 && strcmp(q->method, "GET") == 0;
	if (words != 3 && !q->old) {
		struct sbuf m = SBUF_INIT;

		sbuf_printf(&m, "Bad request syntax ('%s')", q->line);
		send_error(q, 400, sbuf_str(&m));
		sbuf_free(&m);
		return false;
	}
	return true;
}

static int serve_one(struct proc *p, int argc, char **argv)
{
	struct request *q = mem_zalloc(sizeof(*q));
	struct sbuf m = SBUF_INIT;

	if (q) {
		q->p = p;
		q->s = p->data;
		q->dir = argv[1];
		if (read_request(q)) {
			if (strcmp(q->method, "GET") == 0 || strcmp(q->method, "HEAD") == 0) {
				get(q);
			} else {
				sbuf_printf(&m, "Unsupported method ('%s')", q->method);
				send_error(q, 501, sbuf_str(&m));
				sbuf_free(&m);
			}
		}
		sbuf_free(&q->path);
		mem_free(q);
	}
	sock_close(p->data);
	return 0;
}

/* ---- the server ---- */

static int serve(struct proc *p, const struct sock_addr *at, const char *dir)
{
	uint8_t family = at->family ? at->family : AF_INET;
	char ip[ADDR_STRLEN], *child_argv[] = { p->argv[0], (char *)(uintptr_t)dir };
	struct proc *child;
	struct sock *s = NULL, *c;
	int err = sock_open(p->host->sock, family, SOCK_STREAM, 0, &s);

	if (!err) {
		proc_sock_own(p, s, 3);
		sock_setopt(s, SOCK_OPT_REUSEADDR, 1);
		sock_setopt(s, SOCK_OPT_UID, p->uid);
		err = sock_bind(s, at);
		if (!err)
			err = sock_listen(s, 5);
	}
	if (err) {
		proc_eprintf(p, "OSError: [Errno %d] %s\n", -err, strerror(-err));
		sock_close(s);
		return 1;
	}
	addr_fmt(ip, family, &at->ip);
	proc_printf(p, "Serving HTTP on %s port %u (http://%s%s%s:%u/) ...\n", ip, s->local.port, family == AF_INET6 ? "[" : "", ip,
		    family == AF_INET6 ? "]" : "", s->local.port);
	if (!p->ignores_int)		/* Python leaves alone what is ignored */
		proc_catch_int(p);
	while (!(err = proc_accept(p, s, &c, SCHED_NEVER))) {
		struct proc_start how = { .host = p->host,
					  .job = p->job,
					  .parent = p,
					  .run = serve_one,
					  .data = c,
					  .argc = 2,
					  .argv = child_argv,
					  .fd = { NULL, p->fd[1], p->fd[2] } };

		proc_sock_own(p, c, 4);
		child = proc_spawn(&how);
		if (child)
			proc_put(child);
		else
			sock_close(c);
	}
	sock_close(s);
	if (err == -EINTR)
		proc_printf(p, "\nKeyboard interrupt received, exiting.\n");
	return 0;
}

static int bad_port(struct proc *p, const char *text)
{
	proc_eprintf(p,
		     "usage: server.py [-h] [--cgi] [-b ADDRESS] [-d DIRECTORY] [-p VERSION]\n                 [port]\n"
		     "server.py: error: argument port: invalid int value: '%s'\n",
		     text);
	return 2;
}

/* python3 [-u] -m http.server [PORT] [-b ADDRESS] [-d DIRECTORY] */
int prog_python(struct proc *p, int argc, char **argv)
{
	static const struct option longs[] = { { "bind", required_argument, NULL, 'b' },
					       { "directory", required_argument, NULL, 'd' },
					       { NULL, 0, NULL, 0 } };
	struct sock_addr at = { .port = 8000 };
	int at_m = argc > 1 && strcmp(argv[1], "-u") == 0 ? 2 : 1, c;
	struct proc_opts o = { .ind = at_m + 2 };
	const char *dir = ".";
	uint32_t port;

	if (argc >= 2 && (strcmp(argv[1], "-V") == 0 || strcmp(argv[1], "--version") == 0)) {
		proc_printf(p, "Python 3.11.2\n");
		return 0;
	}
	if (argc < at_m + 2 || strcmp(argv[at_m], "-m") != 0 || strcmp(argv[at_m + 1], "http.server") != 0) {
		proc_eprintf(p, "%s: natbox simulates only %s -m http.server\n", argv[0], argv[0]);
		return 2;
	}
	while ((c = proc_getopt(p, &o, "b:d:", longs)) != -1) {
		if (c == '?')
			return 2;
		if (c == 'd')
			dir = o.arg;
		if (c == 'b' && netname_addr(p, o.arg, AF_UNSPEC, false, &at, NULL)) {
			proc_eprintf(p, "socket.gaierror: [Errno -2] Name or service not known\n");
			return 1;
		}
	}
	if (o.ind < argc) {
		if (fmt_parse_u32(argv[o.ind], 10, 65535, &port))
			return bad_port(p, argv[o.ind]);
		at.port = (uint16_t)port;
	}
	return serve(p, &at, dir);
}

/* httpd -f -p [ADDRESS:]PORT -h DIRECTORY, the options of busybox's */
int prog_httpd(struct proc *p, int argc, char **argv)
{
	struct sock_addr at = { .port = 80 };
	struct proc_opts o = { 0 };
	const char *dir = ".", *colon;
	uint32_t port = 80;
	int c;

	while ((c = proc_getopt(p, &o, "fvp:h:", NULL)) != -1) {
		switch (c) {
		case 'f': case 'v': break;
		case 'h': dir = o.arg; break;
		case 'p':
			colon = strrchr(o.arg, ':');
			if (fmt_parse_u32(colon ? colon + 1 : o.arg, 10, 65535, &port)) {
				proc_eprintf(p, "httpd: bad port '%s'\n", o.arg);
				return 1;
			}
			if (colon) {
				bool bracket = *o.arg == '[' && colon > o.arg + 1 && colon[-1] == ']';
				char ip[ADDR_STRLEN];

				snprintf(ip, sizeof(ip), "%.*s", (int)MIN(colon - o.arg - 2 * bracket, ADDR_STRLEN - 1), o.arg + bracket);
				if (netname_addr(p, ip, AF_UNSPEC, false, &at, NULL)) {
					proc_eprintf(p, "httpd: bad address '%s'\n", ip);
					return 1;
				}
			}
			break;
		default:
			return 1;
		}
	}
	at.port = (uint16_t)port;
	return serve(p, &at, dir);
}
