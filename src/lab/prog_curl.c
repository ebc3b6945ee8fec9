/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lab/prog_curl.c - curl, as Debian 12's 7.88.1 has it, on a simulated host: plain http only.
 *
 * On the packet's way it is a TCP socket like any.
 *
 * Theory of operation: one URL after the other is connected to, asked, and read: status line and header fields,
 * then a body that ends by its length, its chunks, or the connection. What goes to standard output is kept in
 * blocks of 4096 bytes as C's stdio does, so that it comes after what -v tells on standard error. Errors have
 * libcurl's numbers, which are the exit status.
 *
 * References: RFC 9110, RFC 9112; curl(1).
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fmt.h"
#include "lab/curl.h"

#define STDIO_BLOCK 4096
#define REDIRECTS_MAX 50

/* "* TEXT" of -v */
void curl_tell(struct curl *c, const char *fmt, ...)
{
	struct sbuf s = SBUF_INIT;
	va_list ap;

	if (!c->verbose)
		return;
	sbuf_puts(&s, "* ");
	va_start(ap, fmt);
	sbuf_vprintf(&s, fmt, ap);
	va_end(ap);
	sbuf_putc(&s, '\n');
	proc_write(c->p, 2, sbuf_str(&s), s.len);
	sbuf_free(&s);
}

int curl_fail(struct curl *c, int code, const char *fmt, ...)
{
	va_list ap;

	sbuf_reset(&c->error);
	va_start(ap, fmt);
	sbuf_vprintf(&c->error, fmt, ap);
	va_end(ap);
	return code;
}

/* ---- what is written ---- */

static int flush(struct curl *c, size_t block)
{
	size_t n = c->out.len - c->out.len % block;
	int err;

	if (!n)
		return E_OK;
	err = c->file ? stream_write(c->file, c->out.data, n) : proc_write(c->p, 1, c->out.data, n);
	sbuf_consume(&c->out, n);
	return err ? curl_fail(c, E_WRITE, "Failed writing body") : E_OK;
}

int curl_put(struct curl *c, const void *bytes, size_t n)
{
	sbuf_put(&c->out, bytes, n);
	return flush(c, c->no_buffer ? 1 : STDIO_BLOCK);
}

int curl_open_output(struct curl *c, const struct url *u)
{
	const char *name = c->output;
	int err;

	if (c->remote_name)
		name = strrchr(u->path, '/') + 1;
	if (!name || strcmp(name, "-") == 0 || c->file)
		return E_OK;
	flush(c, 1);
	err = proc_open(c->p, name, 'w', &c->file);
	return err ? curl_fail(c, E_WRITE, "Failure writing output to destination") : E_OK;
}

/* a number in five characters, as the meter shows it */
static const char *max5(long long n, char *b, size_t size)
{
	if (n < 100000)
		snprintf(b, size, "%5lld", n);
	else if (n < 10000 * 1024ll)
		snprintf(b, size, "%4lldk", n / 1024);
	else
		snprintf(b, size, "%2lld.%0lldM", n / 1048576, n % 1048576 / (1048576 / 10));
	return b;
}

static void meter_row(struct curl *c)
{
	double s = (double)(proc_now(c->p) - c->start_ns) / 1e9;
	long long speed = s > 0 && c->body ? (long long)((double)c->body / s) : 0, total = MAX(c->body_total, c->body);
	char a[4][32], spent[64] = "--:--:--";

	if (s >= 1)
		snprintf(spent, sizeof(spent), "%2ld:%02ld:%02ld", (long)s / 3600, (long)s / 60 % 60, (long)s % 60);
	proc_eprintf(c->p, "\r%3lld %s  %3lld %s    0     0  %s      0 --:--:-- %s --:--:-- %s",
		     total && c->body ? c->body * 100 / total : 0, max5(total, a[0], sizeof(a[0])),
		     total && c->body ? c->body * 100 / total : 0, max5(c->body, a[1], sizeof(a[1])),
		     max5(speed, a[2], sizeof(a[2])), spent, max5(speed, a[3], sizeof(a[3])));
}

static void meter_start(struct curl *c)
{
	if (!c->meter || c->body)
		return;
	proc_eprintf(c->p, "  %% Total    %% Received %% Xferd  Average Speed   Time    Time     Time  Current\n"
			   "                                 Dload  Upload   Total   Spent    Left  Speed\n");
	meter_row(c);
}

/* ---- URLs ---- */

void curl_url_free(struct url *u)
{
	mem_free(u->host);
	mem_free(u->path);
	*u = (struct url){ 0 };
}

/* an address of IPv6, perhaps with an interface */
static bool is_number6(const char *s, const char *end)
{
	size_t n = strcspn(s, "%]");
	union inet_addr a;
	char text[ADDR_STRLEN];

	if (s + n > end || n >= sizeof(text))
		return false;
	memcpy(text, s, n);
	text[n] = 0;
	return addr_parse(AF_INET6, text, &a) == 0;
}

static int url_parse(struct curl *c, const char *text, struct url *u)
{
	const char *scheme = strstr(text, "://"), *host, *end, *colon, *bracket;
	uint32_t port = 80;
	char number[8];

	if (scheme && (scheme - text != 4 || strncasecmp(text, "http", 4) != 0))
		return curl_fail(c, E_PROTOCOL, "Protocol \"%.*s\" not supported or disabled in libcurl",
			    (int)(scheme - text), text);
	host = scheme ? scheme + 3 : text;
	end = host + strcspn(host, "/?#");
	bracket = *host == '[' ? memchr(host, ']', (size_t)(end - host)) : NULL;
	if (*host == '[' && bracket != host + 1 && (!bracket || !is_number6(host + 1, bracket))) {	/* it could be a range of URLs, but is none */
		int at = (int)(host - text) + 2;

		return curl_fail(c, E_URL, "bad range in URL position %d:\n%s\n%*s^", at, text, at - 1, "");
	}
	if (bracket) {
		host++;
		colon = bracket[1] == ':' ? bracket + 1 : NULL;
		if (!colon && bracket + 1 != end)
			return curl_fail(c, E_URL, "URL using bad/illegal format or missing URL");
	} else {
		colon = memchr(host, ':', (size_t)(end - host));
	}
	if (colon) {
		snprintf(number, sizeof(number), "%.*s", (int)(end - colon - 1), colon + 1);
		if (end - colon > 6 || (end - colon > 1 && fmt_parse_u32(number, 10, 65535, &port)))
			return curl_fail(c, E_URL, "URL using bad/illegal format or missing URL");
		u->port_given = port != 80;
	}
	if ((bracket ? bracket : colon ? colon : end) == host)
		return curl_fail(c, E_URL, "URL using bad/illegal format or missing URL");
	u->port = (uint16_t)port;
	u->host = mem_strndup(host, (size_t)((bracket ? bracket : colon ? colon : end) - host));
	if (bracket && strstr(u->host, "%25"))		/* RFC 6874: how a URL writes the sign before an interface */
		memmove(strchr(u->host, '%') + 1, strchr(u->host, '%') + 3, strlen(strchr(u->host, '%') + 3) + 1);
	if (*end == '/') {
		u->path = mem_strndup(end, strcspn(end, "#"));
	} else {
		struct sbuf s = SBUF_INIT;

		sbuf_printf(&s, "/%.*s", (int)strcspn(end, "#"), end);
		u->path = sbuf_steal(&s);
	}
	return E_OK;
}

static void put_url(struct sbuf *s, const struct url *u)
{
	sbuf_puts(s, "http://");
	curl_put_host(s, u);
	if (u->port_given)
		sbuf_printf(s, ":%u", u->port);
	sbuf_puts(s, u->path);
}

/* ---- one URL ---- */

/* where a Location leads to from @u */
static int follow(struct curl *c, struct url *u, const char *location)
{
	struct url next = { 0 };
	int err;

	if (strstr(location, "://")) {
		err = url_parse(c, location, &next);
		if (err) {
			curl_url_free(&next);
			return err;
		}
		curl_url_free(u);
		*u = next;
	} else {
		struct sbuf s = SBUF_INIT;

		if (*location != '/')
			sbuf_printf(&s, "%.*s", (int)(strrchr(u->path, '/') + 1 - u->path), u->path);
		sbuf_puts(&s, location);
		mem_free(u->path);
		u->path = sbuf_steal(&s);
	}
	return E_OK;
}

static int transfer(struct curl *c, const char *text)
{
	struct url u = { 0 };
	struct sbuf s = SBUF_INIT;
	const char *method = c->method;
	bool with_data = c->has_data && !c->get;
	int err = url_parse(c, text, &u);

	if (!method)
		method = c->head ? "HEAD" : with_data ? "POST" : "GET";
	if (!err && c->remote_name && !u.path[strcspn(u.path, "?")] && !strrchr(u.path, '/')[1])
		err = curl_fail(c, E_WRITE, "Failed writing received data to disk/application");
	c->start_ns = proc_now(c->p);
	c->deadline_ns = c->max_ms ? c->start_ns + (uint64_t)(c->max_ms + 1) * NSEC_PER_MSEC : SCHED_NEVER;
	c->body = c->body_total = c->redirects = 0;
	c->meter = !c->silent && (!c->head || c->output) && !err;
	meter_start(c);
	while (!err) {
		err = curl_fetch(c, &u, method, with_data);
		sbuf_reset(&c->effective);
		put_url(&c->effective, &u);
		if (err || !c->follow || c->r.code / 100 != 3 || !c->r.location)
			break;
		if (c->redirects++ >= c->max_redirs) {
			err = curl_fail(c, E_REDIRECTS, "Maximum (%ld) redirects followed", c->max_redirs);
			break;
		}
		err = follow(c, &u, c->r.location);
		if (!err) {
			put_url(&s, &u);
			curl_tell(c, "Issue another request to this URL: '%s'", sbuf_str(&s));
			sbuf_reset(&s);
		}
		if (c->r.code <= 303 && with_data && !c->method) {
			method = "GET";
			with_data = false;
		}
	}
	sbuf_free(&s);
	curl_url_free(&u);
	if (c->meter) {
		meter_row(c);
		proc_eprintf(c->p, "\n");
	}
	return err;
}

/* ---- -w ---- */

static void put_variable(struct curl *c, const char *name, int status, struct sbuf *s)
{
	double total = (double)(proc_now(c->p) - c->start_ns) / 1e9,
	       connected = c->connected_ns ? (double)(c->connected_ns - c->start_ns) / 1e9 : 0;

	if (strcmp(name, "http_code") == 0 || strcmp(name, "response_code") == 0)
		sbuf_printf(s, "%03d", c->r.code);
	else if (strcmp(name, "size_download") == 0)
		sbuf_printf(s, "%lld", c->body);
	else if (strcmp(name, "time_total") == 0 || strcmp(name, "time_starttransfer") == 0)
		sbuf_printf(s, "%.6f", total);
	else if (strcmp(name, "time_connect") == 0 || strcmp(name, "time_pretransfer") == 0)
		sbuf_printf(s, "%.6f", connected);
	else if (strcmp(name, "time_namelookup") == 0)
		sbuf_printf(s, "%.6f", 0.0);
	else if (strcmp(name, "num_redirects") == 0)
		sbuf_printf(s, "%d", c->redirects);
	else if (strcmp(name, "url_effective") == 0 || strcmp(name, "url") == 0)
		sbuf_puts(s, sbuf_str(&c->effective));
	else if (strcmp(name, "content_type") == 0)
		sbuf_puts(s, c->r.type ? c->r.type : "");
	else if (strcmp(name, "exitcode") == 0)
		sbuf_printf(s, "%d", status);
	else if (strcmp(name, "errormsg") == 0)
		sbuf_puts(s, status ? sbuf_str(&c->error) : "");
	else if (strcmp(name, "http_version") == 0)
		sbuf_printf(s, c->r.code ? "1%s" : "0", c->r.minor ? ".1" : "");
	else if (strcmp(name, "remote_port") == 0)
		sbuf_printf(s, "%u", c->peer.port);
	else if (strcmp(name, "local_port") == 0)
		sbuf_printf(s, "%u", c->local.port);
	else if (strcmp(name, "remote_ip") == 0)
		addr_put(s, c->peer.family ? c->peer.family : AF_INET, &c->peer.ip);
	else if (strcmp(name, "local_ip") == 0)
		addr_put(s, c->local.family ? c->local.family : AF_INET, &c->local.ip);
	else if (strcmp(name, "num_connects") == 0)
		sbuf_printf(s, "%d", c->connects);
	else
		proc_eprintf(c->p, "curl: unknown --write-out variable: '%s'\n", name);
}

static void write_out(struct curl *c, int status)
{
	struct sbuf s = SBUF_INIT;
	char name[32];

	for (const char *f = c->write_out; *f; f++) {
		if (*f == '\\' && f[1]) {
			const char *codes = "n\nr\rt\t", *hit = strchr(codes, *++f);

			if (hit && (hit - codes) % 2 == 0)
				sbuf_putc(&s, hit[1]);
			else
				sbuf_printf(&s, "\\%c", *f);
		} else if (f[0] == '%' && f[1] == '%') {
			sbuf_putc(&s, *f++);
		} else if (f[0] == '%' && f[1] == '{' && strchr(f, '}')) {
			const char *end = strchr(f, '}');

			snprintf(name, sizeof(name), "%.*s", (int)(end - f - 2), f + 2);
			put_variable(c, name, status, &s);
			f = end;
		} else {
			sbuf_putc(&s, *f);
		}
	}
	sbuf_put(&c->out, sbuf_str(&s), s.len);
	sbuf_free(&s);
}

/* ---- options ---- */

static const struct curl_opt { const char *name; char c; bool arg;
} options[] = {
	{ "silent", 's', false },
	{ "show-error", 'S', false },
	{ "output", 'o', true },
	{ "remote-name", 'O', false },
	{ "head", 'I', false },
	{ "include", 'i', false },
	{ "verbose", 'v', false },
	{ "location", 'L', false },
	{ "request", 'X', true },
	{ "data", 'd', true },
	{ "data-ascii", 'd', true },
	{ "data-raw", 1, true },
	{ "header", 'H', true },
	{ "max-time", 'm', true },
	{ "connect-timeout", 2, true },
	{ "write-out", 'w', true },
	{ "fail", 'f', false },
	{ "user-agent", 'A', true },
	{ "referer", 'e', true },
	{ "get", 'G', false },
	{ "interface", 3, true },
	{ "local-port", 4, true },
	{ "max-redirs", 5, true },
	{ "ipv4", '4', false },
	{ "ipv6", '6', false },
	{ "no-buffer", 'N', false },
	{ "http1.0", '0', false },
	{ "http1.1", 6, false },
	{ "globoff", 'g', false },
	{ "insecure", 'k', false },
	{ "noproxy", 7, true },
	{ "version", 'V', false },
	{ "url", 8, true },
	/* known, but not simulated */
	{ "proxy", 'x', true },
	{ "user", 'u', true },
	{ "form", 'F', true },
	{ "upload-file", 'T', true },
	{ "cookie", 'b', true },
	{ "cookie-jar", 'c', true },
	{ "config", 'K', true },
	{ "continue-at", 'C', true },
	{ "range", 'r', true },
	{ "parallel", 'Z', false },
	{ "resolve", 9, true },
	{ "retry", 9, true },
	{ "compressed", 9, false },
	{ "limit-rate", 9, true },
	{ "unix-socket", 9, true },
	{ "progress-bar", '#', false },
	{ "trace", 9, true },
	{ "help", 'h', false },
};

static int usage(struct curl *c, const char *called, const char *what)
{
	if (called)
		proc_eprintf(c->p, "curl: option %s: %s\n", called, what);
	proc_eprintf(c->p, "curl: try 'curl --help' or 'curl --manual' for more information\n");
	return 2;
}

static int seconds(struct curl *c, const char *called, const char *text, long *ms)
{
	char *end;
	double v = strtod(text, &end);

	if (end == text || *end || v < 0 || v > 1e9)
		return usage(c, called, "expected a proper numerical parameter");
	*ms = (long)(v * 1000);
	return 0;
}

static int count(struct curl *c, const char *called, const char *text, long *n)
{
	char *end;

	*n = strtol(text, &end, 10);
	return end == text || *end ? usage(c, called, "expected a proper numerical parameter") : 0;
}

static int add_data(struct curl *c, const char *text, bool raw)
{
	struct sbuf file = SBUF_INIT;

	if (c->has_data)
		sbuf_putc(&c->data, '&');
	c->has_data = true;
	if (raw || *text != '@') {
		sbuf_puts(&c->data, text);
		return 0;
	}
	if (strcmp(text, "@-") == 0 ? proc_read_all(c->p, &file) : proc_file_read(c->p, text + 1, &file)) {
		proc_eprintf(c->p, "Warning: Couldn't read data from file \"%s\", this makes an empty POST.\n",
			     text + 1);
		return 0;
	}
	for (size_t i = 0; i < file.len; i++)
		if (file.data[i] != '\n' && file.data[i] != '\r')
			sbuf_putc(&c->data, file.data[i]);
	sbuf_free(&file);
	return 0;
}

static int option(struct curl *c, char which, const char *called, const char *arg)
{
	switch (which) {
	case 's': c->silent = true; break;
	case 'S': c->show_error = true; break;
	case 'o': c->output = arg; break;
	case 'O': c->remote_name = true; break;
	case 'I': c->head = true; break;
	case 'i': c->include = true; break;
	case 'v': c->verbose = true; break;
	case 'L': c->follow = true; break;
	case 'X': c->method = arg; break;
	case 'd': return add_data(c, arg, false);
	case 1: return add_data(c, arg, true);
	case 'H':
		sbuf_printf(&c->headers, "%s\n", arg);
		break;
	case 'm': return seconds(c, called, arg, &c->max_ms);
	case 2: return seconds(c, called, arg, &c->connect_ms);
	case 'w': c->write_out = arg; break;
	case 'f': c->fail = true; break;
	case 'A': c->agent = arg; break;
	case 'e': c->referer = arg; break;
	case 'G': c->get = true; break;
	case 3: c->interface = arg; break;
	case 4: return count(c, called, arg, &c->local_port);
	case 5: return count(c, called, arg, &c->max_redirs);
	case 'N': c->no_buffer = true; break;
	case '0': c->http10 = true; break;
	case '4': c->family = AF_INET; break;
	case '6': c->family = AF_INET6; break;
	case 'V':
		proc_printf(c->p, "curl 7.88.1 (x86_64-pc-linux-gnu) libcurl/7.88.1\nRelease-Date: "
				  "2023-02-20\nProtocols: http\nFeatures:\n");
		return 256;
	}
	if (strchr("xuFTbcKCrZ#h\t", which))
		return prog_refuse(c->p, "curl", called);
	return 0;				/* -g -k, --http1.1, --noproxy: it is like that anyway */
}

static const struct curl_opt *find_option(const char *name, char c)
{
	for (size_t i = 0; i < ARRAY_LEN(options); i++)
		if (name ? strcmp(options[i].name, name) == 0 : options[i].c == c && c > 9)
			return &options[i];
	return NULL;
}

/* all letters of argv[*at]; the value of the last may be the next word */
static int short_options(struct curl *c, char **argv, int *at)
{
	const char *word = argv[*at];
	char called[3] = "-x";
	int err = 0;

	for (const char *s = word + 1; *s && !err; s++) {
		const struct curl_opt *o = find_option(NULL, *s);

		called[1] = *s;
		if (!o)
			return usage(c, word, "is unknown");
		if (!o->arg) {
			err = option(c, o->c, called, NULL);
			continue;
		}
		if (s[1])
			return option(c, o->c, called, s + 1);
		if (!argv[*at + 1])
			return usage(c, called, "requires parameter");
		return option(c, o->c, called, argv[++*at]);
	}
	return err;
}

static int long_option(struct curl *c, char **argv, int *at)
{
	const char *called = argv[*at];
	const struct curl_opt *o = find_option(called + 2, 0);

	if (!o)
		return usage(c, called, "is unknown");
	if (o->arg && !argv[*at + 1])
		return usage(c, called, "requires parameter");
	return option(c, o->c, called, o->arg ? argv[++*at] : NULL);
}

static int one_url(struct curl *c, const char *text)
{
	int status = transfer(c, text), err = E_OK;

	if (c->file)
		err = flush(c, 1);
	status = status ? status : err;
	stream_put(c->file);
	c->file = NULL;
	if (status && (!c->silent || c->show_error))
		proc_eprintf(c->p, "curl: (%d) %s\n", status, sbuf_str(&c->error));
	if (c->write_out)
		write_out(c, status);
	return status;
}

static int command_line(struct curl *c, int argc, char **argv, char **urls, int *n)
{
	int status = 0;

	for (int i = 1; i < argc && !status; i++) {
		if (argv[i][0] != '-' || !argv[i][1])
			urls[(*n)++] = argv[i];
		else if (strcmp(argv[i], "--url") == 0 && argv[i + 1])
			urls[(*n)++] = argv[++i];
		else if (argv[i][1] == '-')
			status = long_option(c, argv, &i);
		else
			status = short_options(c, argv, &i);
	}
	return !status && !*n ? usage(c, NULL, NULL) : status;
}

static int main_of(struct curl *c, int argc, char **argv)
{
	char **urls = mem_alloc((size_t)argc * sizeof(*urls));
	int status, n = 0;

	if (!urls)
		return 27;
	status = command_line(c, argc, argv, urls, &n);
	for (int i = 0; i < n && !status && !c->p->signal; i++)
		status = one_url(c, urls[i]);
	flush(c, 1);			/* what stdio has kept leaves with the program */
	mem_free(urls);
	return status == 256 ? 0 : status;
}

int prog_curl(struct proc *p, int argc, char **argv)
{
	struct curl *c = mem_zalloc(sizeof(*c));
	int status;

	if (!c)
		return 27;
	c->p = p;
	c->agent = "curl/7.88.1";
	c->max_redirs = REDIRECTS_MAX;
	status = main_of(c, argc, argv);
	sock_close(c->s);
	stream_put(c->file);
	curl_url_free(&c->at);
	curl_response_reset(&c->r);
	sbuf_free(&c->data);
	sbuf_free(&c->headers);
	sbuf_free(&c->error);
	sbuf_free(&c->in);
	sbuf_free(&c->out);
	sbuf_free(&c->effective);
	mem_free(c);
	return status;
}
