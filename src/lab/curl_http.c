/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lab/curl_http.c - curl's side of HTTP: the connection, the question, and the answer with its body.
 *
 * On the packet's way it is a TCP socket like any.
 *
 * Theory of operation: what was received and not yet read waits in c->in. A body ends by its length, by its last
 * chunk, or with the connection, which is kept for the next question in the first two cases.
 *
 * References: RFC 9110, RFC 9112.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lab/curl.h"

#define LINE_MAX_LEN 102400		/* curl's own limit for one header field */

/* ---- the connection ---- */

static int bind_local(struct curl *c)
{
	struct sock_addr a = { .port = (uint16_t)c->local_port };
	int err;

	if (c->interface && netname_addr(c->p, c->interface, c->s->family, true, &a, NULL)) {
		err = sock_bind_device(c->s, c->interface);
		if (err)
			return curl_fail(c, E_BIND, "Couldn't bind to '%s'", c->interface);
	}
	if (addr_is_any(&a.ip) && !a.port)
		return E_OK;
	err = sock_bind(c->s, &a);
	return err ? curl_fail(c, E_BIND, "bind failed with errno %d: %s", -err, strerror(-err)) : E_OK;
}

/* one of several addresses did not take it, or the only one */
static void tell_refused(struct curl *c, const struct url *u, const struct sock_addr *to, int err)
{
	struct sbuf s = SBUF_INIT;

	addr_put(&s, to->family, &to->ip);
	if (err == -ETIMEDOUT || err == -ECONNREFUSED || err == -EHOSTUNREACH || err == -ENETUNREACH || err == -EACCES)
		curl_tell(c, "connect to %s port %u failed: %s", sbuf_str(&s), u->port, strerror(-err));
	sbuf_free(&s);
}

static int connect_failed(struct curl *c, const struct url *u, int err, uint64_t connect_until)
{
	if (err == -ETIMEDOUT && proc_now(c->p) >= c->deadline_ns) {
		curl_tell(c, "Connection timed out after %ld milliseconds", curl_elapsed_ms(c));
		return curl_fail(c, E_TIMEOUT, "Connection timed out after %ld milliseconds", curl_elapsed_ms(c));
	}
	if (err == -ETIMEDOUT && proc_now(c->p) >= connect_until) {
		curl_tell(c, "%s connect timeout after %ldms, move on!", c->s->family == AF_INET6 ? "ipv6" : "ipv4", c->connect_ms);
		curl_tell(c, "Failed to connect to %s port %u after %ld ms: Timeout was reached", u->host, u->port,
		     curl_elapsed_ms(c));
		return curl_fail(c, E_TIMEOUT, "Failed to connect to %s port %u after %ld ms: Timeout was reached",
				 u->host, u->port, curl_elapsed_ms(c));
	}
	curl_tell(c, "Failed to connect to %s port %u after %ld ms: Couldn't connect to server", u->host, u->port,
	     curl_elapsed_ms(c));
	return curl_fail(c, E_CONNECT, "Failed to connect to %s port %u after %ld ms: Couldn't connect to server",
			 u->host, u->port, curl_elapsed_ms(c));
}

static void disconnect(struct curl *c)
{
	if (!c->s)
		return;
	sock_close(c->s);
	c->s = NULL;
	sbuf_reset(&c->in);
	curl_tell(c, "Closing connection %d", c->conn_n++);
}

/* one address: 0, or a negative errno of the connection, or what curl_fail() returned */
static int try_addr(struct curl *c, const struct url *u, const struct sock_addr *to, uint64_t until)
{
	struct sbuf s = SBUF_INIT;
	int err;

	addr_put(&s, to->family, &to->ip);
	curl_tell(c, to->family == AF_INET6 ? "  Trying [%s]:%u..." : "  Trying %s:%u...", sbuf_str(&s), u->port);
	sbuf_free(&s);
	err = sock_open(c->p->host->sock, to->family, SOCK_STREAM, 0, &c->s);
	if (err)
		return curl_fail(c, E_CONNECT, "Couldn't connect to server");
	proc_sock_own(c->p, c->s, 5);
	sock_setopt(c->s, SOCK_OPT_UID, c->p->uid);
	err = bind_local(c);
	return err ? err : proc_connect(c->p, c->s, to, MIN(until, c->deadline_ns));
}

/* each of them, until one takes it */
static int try_addrs(struct curl *c, const struct url *u, struct sock_addr *to, unsigned n)
{
	uint64_t until = c->connect_ms ? proc_now(c->p) + (uint64_t)(c->connect_ms + 1) * NSEC_PER_MSEC : SCHED_NEVER;
	int err = -EINVAL;

	for (unsigned i = 0; i < n; i++) {
		to[i].port = u->port;
		err = try_addr(c, u, &to[i], until);
		if (err >= 0)
			break;
		if (err != -ETIMEDOUT || (proc_now(c->p) < c->deadline_ns && proc_now(c->p) < until))
			tell_refused(c, u, &to[i], err);
		if (i + 1 < n) {
			sock_close(c->s);
			c->s = NULL;
		}
	}
	return err < 0 ? connect_failed(c, u, err, until) : err;
}

static int connect_to(struct curl *c, const struct url *u)
{
	struct sock_addr to[NETNAME_ADDRS_MAX];
	char text[ADDR_STRLEN];
	unsigned n;
	int err = netname_list(c->p, u->host, c->family, false, to, &n, NULL);

	if (err == EAI_ADDRFAMILY && strchr(u->host, c->family == AF_INET ? ':' : '.'))
		return curl_fail(c, E_CONNECT, "Couldn't connect to server");
	if (err) {
		curl_tell(c, "Could not resolve host: %s", u->host);
		curl_tell(c, "Closing connection %d", c->conn_n);
		return curl_fail(c, E_RESOLVE, "Could not resolve host: %s", u->host);
	}
	if (c->redirects)
		curl_tell(c, "Hostname %s was found in DNS cache", u->host);
	err = try_addrs(c, u, to, n);
	if (err) {
		disconnect(c);
		return err;
	}
	c->connected_ns = proc_now(c->p);
	c->peer = c->s->peer;
	c->local = c->s->local;
	c->connects++;
	addr_fmt(text, c->peer.family, &c->peer.ip);
	curl_tell(c, "Connected to %.*s (%s) port %u (#%d)", (int)strcspn(u->host, "%"), u->host, text, u->port, c->conn_n);
	return E_OK;
}

/* ---- the question ---- */

/* does -H say something about this field */
static bool has_header(const struct curl *c, const char *name)
{
	size_t n = strlen(name);

	for (const char *h = sbuf_str(&c->headers); *h; h += strcspn(h, "\n") + 1)
		if (strncasecmp(h, name, n) == 0 && (h[n] == ':' || h[n] == ';'))
			return true;
	return false;
}

/* -H; @host: only the field Host, which comes first, else all but it */
static void put_own_headers(const struct curl *c, struct sbuf *s, bool host)
{
	for (const char *h = sbuf_str(&c->headers); *h; h += strcspn(h, "\n") + 1) {
		size_t n = strcspn(h, "\n"), name = strcspn(h, ":;\n");
		const char *value = h + name + 1;

		if ((name == 4 && strncasecmp(h, "Host", 4) == 0) != host)
			continue;
		if (h[name] == ';' && name + 1 == n)
			sbuf_printf(s, "%.*s:\r\n", (int)name, h);
		else if (h[name] == ':' && name + 1 + strspn(value, " ") < n)
			sbuf_printf(s, "%.*s\r\n", (int)n, h);
	}
}

/* header lines with "> " or "< " in front */
static void show_lines(struct curl *c, const char *mark, const char *text, size_t n)
{
	struct sbuf s = SBUF_INIT;
	const char *end = text + n, *nl;

	if (!c->verbose)
		return;
	for (; text < end; text = nl) {
		nl = memchr(text, '\n', (size_t)(end - text));
		nl = nl ? nl + 1 : end;
		sbuf_puts(&s, mark);
		sbuf_put(&s, text, (size_t)(nl - text));
	}
	proc_write(c->p, 2, sbuf_str(&s), s.len);
	sbuf_free(&s);
}

static int ask(struct curl *c, const struct url *u, const char *method, bool with_data)
{
	struct sbuf s = SBUF_INIT;
	int err;

	sbuf_printf(&s, "%s %s HTTP/1.%d\r\n", method, u->path, c->http10 || c->server_10 ? 0 : 1);
	if (!has_header(c, "Host")) {
		sbuf_puts(&s, "Host: ");
		curl_put_host(&s, u);
		sbuf_printf(&s, u->port_given ? ":%u\r\n" : "\r\n", u->port);
	}
	put_own_headers(c, &s, true);
	if (!has_header(c, "User-Agent") && *c->agent)
		sbuf_printf(&s, "User-Agent: %s\r\n", c->agent);
	if (!has_header(c, "Accept"))
		sbuf_puts(&s, "Accept: */*\r\n");
	if (c->referer)
		sbuf_printf(&s, "Referer: %s\r\n", c->referer);
	put_own_headers(c, &s, false);
	if (with_data) {
		if (!has_header(c, "Content-Length"))
			sbuf_printf(&s, "Content-Length: %zu\r\n", c->data.len);
		if (!has_header(c, "Content-Type"))
			sbuf_puts(&s, "Content-Type: application/x-www-form-urlencoded\r\n");
	}
	sbuf_puts(&s, "\r\n");
	show_lines(c, "> ", sbuf_str(&s), s.len);
	if (with_data) {
		sbuf_put(&s, c->data.data, c->data.len);
		if (c->verbose)
			proc_eprintf(c->p, "} [%zu bytes data]\n", c->data.len);
	}
	err = proc_send(c->p, c->s, sbuf_str(&s), s.len);
	sbuf_free(&s);
	return err ? curl_fail(c, E_SEND, "Send failure: %s", strerror(-err)) : E_OK;
}

/* ---- the answer ---- */

/* of the body -v tells only how much was received at a time */
static void show_data(struct curl *c, size_t n)
{
	if (c->verbose && c->in_body && n)
		proc_eprintf(c->p, "{ [%zu bytes data]\n", n);
}

/* more bytes into c->in: how many, 0 at the end, or -error of libcurl */
static int more(struct curl *c)
{
	char b[16384];
	ssize_t n = proc_recv(c->p, c->s, b, sizeof(b), c->deadline_ns);

	if (n >= 0) {
		sbuf_put(&c->in, b, (size_t)n);
		show_data(c, (size_t)n);
		return (int)n;
	}
	if (n == -ETIMEDOUT && proc_now(c->p) >= c->deadline_ns) {
		if (c->r.length_known)
			curl_fail(c, E_TIMEOUT,
			     "Operation timed out after %ld milliseconds with %lld out of %lld bytes received",
			     curl_elapsed_ms(c), c->body, c->body_total);
		else
			curl_fail(c, E_TIMEOUT, "Operation timed out after %ld milliseconds with %lld bytes received",
			     curl_elapsed_ms(c), c->body);
		curl_tell(c, "%s", sbuf_str(&c->error));
		return -E_TIMEOUT;
	}
	return -curl_fail(c, E_RECV, "Recv failure: %s", strerror((int)-n));
}

/* the length of the next line with its end, 0 at the connection's end, or -error */
static long next_line(struct curl *c)
{
	const char *nl;
	int n;

	while (!c->in.len || !(nl = memchr(c->in.data, '\n', c->in.len))) {
		if (c->in.len > LINE_MAX_LEN)
			return -curl_fail(c, E_RECV, "Too large response headers: %zu > %d", c->in.len, LINE_MAX_LEN);
		n = more(c);
		if (n <= 0)
			return n;
	}
	return nl - c->in.data + 1;
}

static char *field_value(const char *line, size_t n, const char *name)
{
	size_t len = strlen(name);

	if (n < len + 1 || strncasecmp(line, name, len) != 0 || line[len] != ':')
		return NULL;
	line += len + 1;
	n -= len + 1;
	while (n && (*line == ' ' || *line == '\t')) {
		line++;
		n--;
	}
	while (n && strchr(" \t\r\n", line[n - 1]))
		n--;
	return mem_strndup(line, n);
}

static void field(struct curl *c, const char *line, size_t n)
{
	struct response *r = &c->r;
	char *v;

	if ((v = field_value(line, n, "Content-Length"))) {
		r->length = strtoll(v, NULL, 10);
		r->length_known = true;
	} else if ((v = field_value(line, n, "Transfer-Encoding"))) {
		r->chunked = strcasecmp(v, "chunked") == 0;
	} else if ((v = field_value(line, n, "Connection"))) {
		r->close = strcasecmp(v, "close") == 0;
	} else if ((v = field_value(line, n, "Location"))) {
		mem_free(r->location);
		r->location = v;
		v = NULL;
	} else if ((v = field_value(line, n, "Content-Type"))) {
		mem_free(r->type);
		r->type = v;
		v = NULL;
	}
	mem_free(v);
}

static int status_line(struct curl *c)
{
	long n;
	int got;

	while (c->in.len < 5) {
		got = more(c);
		if (got < 0)
			return -got;
		if (!got)
			break;
		if (strncmp(sbuf_str(&c->in), "HTTP/", MIN(c->in.len, 5u)) != 0)
			break;
	}
	if (!c->in.len) {
		curl_tell(c, "Empty reply from server");
		return curl_fail(c, E_EMPTY, "Empty reply from server");
	}
	n = strncmp(sbuf_str(&c->in), "HTTP/", 5) == 0 ? next_line(c) : 0;
	if (n < 0)
		return (int)-n;
	if (n == 0 || sscanf(c->in.data, "HTTP/1.%d %d", &c->r.minor, &c->r.code) != 2) {
		curl_tell(c, "Received HTTP/0.9 when not allowed");
		return curl_fail(c, E_PROTOCOL, "Received HTTP/0.9 when not allowed");
	}
	return E_OK;
}

static int read_headers(struct curl *c)
{
	int err = status_line(c);
	bool last = false;
	long n;

	if (!err && c->r.minor == 0) {
		curl_tell(c, "HTTP 1.0, assume close after body");
		c->server_10 = c->r.close = true;
	}
	while (!err && !last) {
		n = next_line(c);
		if (n <= 0)
			return n ? (int)-n : curl_fail(c, E_RECV, "Recv failure: Connection reset by peer");
		show_lines(c, "< ", c->in.data, (size_t)n);
		field(c, c->in.data, (size_t)n);
		last = c->in.data[0] == '\n' || (c->in.data[0] == '\r' && n == 2);
		if (c->include || c->head)
			err = curl_put(c, c->in.data, (size_t)n);
		sbuf_consume(&c->in, (size_t)n);
	}
	return err;
}

/* @n bytes of c->in are body */
static int take_body(struct curl *c, size_t n, bool ignore)
{
	int err;

	if (!n)
		return E_OK;
	c->body += ignore ? 0 : (long long)n;
	err = ignore ? E_OK : curl_put(c, c->in.data, n);
	sbuf_consume(&c->in, n);
	return err;
}

static int read_chunks(struct curl *c, bool ignore)
{
	unsigned long long left;
	long n;
	int err;

	for (;;) {
		n = next_line(c);
		if (n <= 0)
			return n ? (int)-n
				 : curl_fail(c, E_PARTIAL, "transfer closed with outstanding read data remaining");
		left = strtoull(c->in.data, NULL, 16);
		sbuf_consume(&c->in, (size_t)n);
		if (!left)
			break;
		for (left += 2; left; ) {	/* its line end too */
			size_t part = MIN(c->in.len, left), text = left > 2 ? MIN(part, left - 2) : 0;

			left -= text;
			err = take_body(c, text, ignore);
			if (err)
				return err;
			if (left <= 2) {
				part = MIN(c->in.len, left);
				sbuf_consume(&c->in, part);
				left -= part;
			}
			if (left && (err = more(c)) <= 0)
				return err ? -err
					   : curl_fail(c, E_PARTIAL,
						       "transfer closed with outstanding read data remaining");
		}
	}
	while ((n = next_line(c)) > 2)		/* trailers */
		sbuf_consume(&c->in, (size_t)n);
	if (n > 0)
		sbuf_consume(&c->in, (size_t)n);
	return n < 0 ? (int)-n : E_OK;
}

static int read_body(struct curl *c, bool ignore)
{
	long long left = c->r.length;
	int err = E_OK, n;

	if (c->head || c->r.code == 204 || c->r.code == 304)
		return E_OK;
	c->in_body = !ignore;
	show_data(c, c->in.len);
	if (c->r.chunked)
		return read_chunks(c, ignore);
	if (!c->r.length_known)
		c->r.close = true;
	while (!err && (!c->r.length_known || left > 0)) {
		size_t part = c->r.length_known ? MIN(c->in.len, (size_t)left) : c->in.len;

		left -= (long long)part;
		err = take_body(c, part, ignore);
		if (err || (c->r.length_known && left <= 0))
			break;
		n = more(c);
		if (n < 0)
			return -n;
		if (n == 0 && c->r.length_known)
			return curl_fail(c, E_PARTIAL, "transfer closed with %lld bytes remaining to read", left);
		if (n == 0)
			break;
	}
	return err;
}

void curl_response_reset(struct response *r)
{
	mem_free(r->location);
	mem_free(r->type);
	*r = (struct response){ .length = -1 };
}

int curl_fetch(struct curl *c, const struct url *u, const char *method, bool with_data)
{
	bool redirect;
	int err = E_OK;

	curl_response_reset(&c->r);
	if (c->s && (strcmp(c->at.host, u->host) != 0 || c->at.port != u->port))
		disconnect(c);
	if (c->s)
		curl_tell(c, "Re-using existing connection #%d with host %s", c->conn_n, u->host);
	else
		err = connect_to(c, u);
	if (!err) {
		curl_url_free(&c->at);
		c->at = (struct url){ .host = mem_strdup(u->host), .path = mem_strdup(u->path), .port = u->port };
		err = ask(c, u, method, with_data);
	}
	if (!err)
		err = read_headers(c);
	redirect = !err && c->follow && c->r.code / 100 == 3 && c->r.location;
	if (!err && c->fail && c->r.code >= 400) {
		c->body_total = c->r.length_known ? c->r.length : 0;
		curl_tell(c, "The requested URL returned error: %d", c->r.code);
		err = curl_fail(c, E_HTTP, "The requested URL returned error: %d", c->r.code);
	}
	if (!err) {
		c->body_total = c->r.length_known && !redirect ? c->r.length : 0;
		err = curl_open_output(c, u);
	}
	if (!err)
		err = read_body(c, redirect);
	c->in_body = false;
	if (c->s && (err || c->r.close))
		disconnect(c);
	else if (c->s)
		curl_tell(c, "Connection #%d to host %s left intact", c->conn_n, u->host);
	return err;
}
