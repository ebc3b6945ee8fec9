/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lab/curl.h - one run of curl: what prog_curl.c, which reads the command line and writes, and curl_http.c, which talks
 * to servers, share.
 */
#ifndef LAB_CURL_H
#define LAB_CURL_H

#include "lab/netname.h"
#include "lab/programs.h"
#include "lab/sock.h"

/* libcurl's errors */
enum {
	E_OK,
	E_PROTOCOL = 1,
	E_URL = 3,
	E_RESOLVE = 6,
	E_CONNECT = 7,
	E_PARTIAL = 18,
	E_HTTP = 22,
	E_WRITE = 23,
	E_TIMEOUT = 28,
	E_BIND = 45,
	E_REDIRECTS = 47,
	E_EMPTY = 52,
	E_SEND = 55,
	E_RECV = 56
};

struct url {
	char *host, *path;		/* .host: without the brackets of IPv6 */
	uint16_t port;
	bool port_given;
};

struct response {
	int code;
	int minor;			/* HTTP/1.x */
	long long length;		/* -1: until the end, or chunked */
	bool chunked, close, length_known;
	char *location, *type;
};

struct curl {
	struct proc *p;
	/* options */
	uint8_t family;			/* of -4 and -6 */
	bool silent, show_error, head, include, verbose, follow, fail, remote_name, get, no_buffer, http10;
	const char *output, *method, *agent, *referer, *write_out, *interface;
	long max_ms, connect_ms, max_redirs, local_port;	/* 0: none */
	struct sbuf data, headers;	/* of -d and -H */
	bool has_data;
	/* the transfer */
	struct sock *s;
	struct url at;			/* what .s is connected to */
	int conn_n, connects, redirects;
	bool server_10, meter, in_body;
	struct sbuf error;		/* what went wrong, without number */
	struct sbuf in;			/* received and not read yet */
	struct sbuf out;		/* stdio's block */
	struct stream *file;
	struct sock_addr peer, local;	/* of the last connection */
	uint64_t start_ns, deadline_ns, connected_ns;
	long long body, body_total;
	struct response r;
	struct sbuf effective;
};

/** curl_put_host() - as it stands in a URL and behind Host: IPv6 in brackets, without an interface */
static inline void curl_put_host(struct sbuf *s, const struct url *u)
{
	bool v6 = strchr(u->host, ':') != NULL;

	sbuf_printf(s, "%s%.*s%s", v6 ? "[" : "", (int)strcspn(u->host, "%"), u->host, v6 ? "]" : "");
}

/* prog_curl.c */
/** curl_tell() - "* TEXT" of -v */
void curl_tell(struct curl *c, const char *fmt, ...) PRINTF_LIKE(2, 3);
/** curl_fail() - remember what went wrong; returns @code */
int curl_fail(struct curl *c, int code, const char *fmt, ...) PRINTF_LIKE(3, 4);
/** curl_put() - bytes of the document, or of its head with -i; 0 or E_WRITE */
int curl_put(struct curl *c, const void *bytes, size_t n);
/** curl_open_output() - the file of -o or -O, once there is something for it; 0 or E_WRITE */
int curl_open_output(struct curl *c, const struct url *u);
void curl_url_free(struct url *u);

static inline long curl_elapsed_ms(const struct curl *c)
{
	return (long)((proc_now(c->p) - c->start_ns) / NSEC_PER_MSEC);
}

/* curl_http.c */
void curl_response_reset(struct response *r);
/** curl_fetch() - ask for one URL and take the answer; 0 or one of libcurl's errors */
int curl_fetch(struct curl *c, const struct url *u, const char *method, bool with_data);

#endif
