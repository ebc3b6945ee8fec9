/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/nft/lex.c - nft's text as tokens.
 *
 * It stands at the beginning of the rule's way: text -> tokens -> parse.c.
 *
 * As in the real tool the longest match wins, and on a tie addresses go before times, times before numbers, and
 * keywords before names. Three habits follow from that, which scripts in the wild know: "22:33" without a blank is a class
 * of traffic, a name may hold dots, dashes and slashes, and so "syn/ack" is one word. A line of nothing but a
 * comment is no line at all, so that one may stand between the elements of a set; an empty line may not.
 *
 * References: nft(8) INPUT FILE FORMATS, LEXICAL CONVENTIONS; the real tool's answers.
 */
#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "front/nft/lex.h"

/* ---- keywords ---- */

#define S(x) (1ull << SC_##x)
#define EVERYWHERE 0

struct keyword {
	const char *name;
	uint64_t scopes;		/* EVERYWHERE or a set of S() */
	const char *alias;		/* another spelling of that word */
};

#define HDR_CSUM (S(MH) | S(UDP) | S(UDPLITE) | S(ICMP) | S(IGMP) | S(IP) | S(SCTP) | S(TCP))
#define HDR_NEXT (S(AH) | S(COMP) | S(DST) | S(FRAG) | S(HBH) | S(MH) | S(RT) | S(IP6))
#define HDR_PORT (S(DCCP) | S(SCTP) | S(TCP) | S(TH) | S(UDP) | S(UDPLITE))
#define HDR_ADDR (S(ARP) | S(CT) | S(ETH) | S(IP) | S(IP6) | S(FIB) | S(IPSEC))
#define TO_SCOPES (S(QUEUE) | S(DUP) | S(FWD) | S(NAT) | S(TPROXY) | S(IP) | S(IP6))
#define MARKUP (S(EXPORT) | S(IMPORT) | S(MONITOR))

/* sorted by name (checked by a test); a word that is not here is a name everywhere */
static const struct keyword keywords[] = {
	{ "a-rwnd", S(SCTP_CHUNK), NULL },
	{ "abort", S(SCTP_CHUNK), NULL },
	{ "accept", EVERYWHERE, NULL },
	{ "ackseq", S(TCP), NULL },
	{ "add", EVERYWHERE, NULL },
	{ "addr", S(RT) | S(NAT) | S(IP) | S(IP6), NULL },
	{ "ah", EVERYWHERE, NULL },
	{ "all", EVERYWHERE, NULL },
	{ "arp", EVERYWHERE, NULL },
	{ "asconf", S(SCTP_CHUNK), NULL },
	{ "asconf-ack", S(SCTP_CHUNK), NULL },
	{ "auto-merge", EVERYWHERE, NULL },
	{ "avgpkt", S(CT), NULL },
	{ "bridge", EVERYWHERE, NULL },
	{ "burst", S(LIMIT), NULL },
	{ "bypass", S(QUEUE), NULL },
	{ "bytes", S(COUNTER) | S(CT) | S(LIMIT) | S(QUOTA), NULL },
	{ "cfi", S(VLAN), NULL },
	{ "cgroup", EVERYWHERE, NULL },
	{ "cgroupv2", S(SOCKET), NULL },
	{ "chain", EVERYWHERE, NULL },
	{ "chains", S(LIST) | S(MONITOR), NULL },
	{ "checksum", HDR_CSUM, NULL },
	{ "chunk", S(SCTP), NULL },
	{ "classid", S(RT) | S(TYPE), NULL },
	{ "code", S(ICMP), NULL },
	{ "comment", EVERYWHERE, NULL },
	{ "comp", EVERYWHERE, NULL },
	{ "constant", EVERYWHERE, NULL },
	{ "continue", EVERYWHERE, NULL },
	{ "cookie-ack", S(SCTP_CHUNK), NULL },
	{ "cookie-echo", S(SCTP_CHUNK), NULL },
	{ "count", S(TCP) | S(CT), NULL },
	{ "counter", EVERYWHERE, NULL },
	{ "counters", S(LIST) | S(RESET), NULL },
	{ "cpi", S(COMP), NULL },
	{ "cpu", EVERYWHERE, NULL },
	{ "create", EVERYWHERE, NULL },
	{ "csumcov", S(UDPLITE), NULL },
	{ "ct", EVERYWHERE, NULL },
	{ "cum-tsn-ack", S(SCTP_CHUNK), NULL },
	{ "cwr", S(SCTP_CHUNK), NULL },
	{ "daddr", HDR_ADDR, NULL },
	{ "data", S(SCTP_CHUNK), NULL },
	{ "day", EVERYWHERE, NULL },
	{ "dccp", EVERYWHERE, NULL },
	{ "define", EVERYWHERE, NULL },
	{ "dei", S(VLAN), NULL },
	{ "delete", EVERYWHERE, NULL },
	{ "describe", EVERYWHERE, NULL },
	{ "device", EVERYWHERE, NULL },
	{ "devices", EVERYWHERE, NULL },
	{ "direction", S(CT), NULL },
	{ "dnat", EVERYWHERE, NULL },
	{ "doff", S(TCP), NULL },
	{ "dport", HDR_PORT | S(CT), NULL },
	{ "drop", EVERYWHERE, NULL },
	{ "dscp", S(IP) | S(IP6) | S(TYPE), NULL },
	{ "dst", EVERYWHERE, NULL },
	{ "dup", EVERYWHERE, NULL },
	{ "dynamic", EVERYWHERE, NULL },
	{ "echo", S(TCP), NULL },
	{ "ecn", EVERYWHERE, NULL },
	{ "ecne", S(SCTP_CHUNK), NULL },
	{ "element", EVERYWHERE, NULL },
	{ "elements", EVERYWHERE, NULL },
	{ "eol", S(TCP), NULL },
	{ "error", S(SCTP_CHUNK), NULL },
	{ "esp", EVERYWHERE, NULL },
	{ "ether", EVERYWHERE, NULL },
	{ "event", S(CT), NULL },
	{ "exists", EVERYWHERE, NULL },
	{ "expectation", S(CT), NULL },
	{ "expiration", S(CT), NULL },
	{ "expires", EVERYWHERE, NULL },
	{ "export", EVERYWHERE, NULL },
	{ "exthdr", EVERYWHERE, NULL },
	{ "fanout", S(QUEUE), NULL },
	{ "fastopen", S(TCP), NULL },
	{ "fib", EVERYWHERE, NULL },
	{ "flags", EVERYWHERE, NULL },
	{ "flow", EVERYWHERE, NULL },
	{ "flowlabel", S(IP6), NULL },
	{ "flowtable", EVERYWHERE, NULL },
	{ "flowtables", S(LIST), NULL },
	{ "flush", EVERYWHERE, NULL },
	{ "forward-tsn", S(SCTP_CHUNK), NULL },
	{ "frag", EVERYWHERE, NULL },
	{ "frag-off", S(FRAG) | S(IP), NULL },
	{ "fully-random", S(NAT), NULL },
	{ "fwd", EVERYWHERE, NULL },
	{ "gateway", S(ICMP), NULL },
	{ "gc-interval", EVERYWHERE, NULL },
	{ "get", EVERYWHERE, NULL },
	{ "goto", EVERYWHERE, NULL },
	{ "group", S(LOG) | S(IGMP), NULL },
	{ "handle", EVERYWHERE, NULL },
	{ "hbh", EVERYWHERE, NULL },
	{ "hdrlength", S(AH) | S(DST) | S(HBH) | S(MH) | S(RT) | S(IP), NULL },
	{ "heartbeat", S(SCTP_CHUNK), NULL },
	{ "heartbeat-ack", S(SCTP_CHUNK), NULL },
	{ "helper", S(CT), NULL },
	{ "helpers", S(CT), NULL },
	{ "hlen", S(ARP), NULL },
	{ "hook", EVERYWHERE, NULL },
	{ "hooks", S(LIST), NULL },
	{ "hoplimit", S(IP6), NULL },
	{ "hour", EVERYWHERE, NULL },
	{ "htype", S(ARP), NULL },
	{ "ibriport", EVERYWHERE, NULL },
	{ "ibrname", EVERYWHERE, NULL },
	{ "icmp", EVERYWHERE, NULL },
	{ "icmpv6", EVERYWHERE, NULL },
	{ "icmpx", S(REJECT), NULL },
	{ "id", S(CT) | S(FRAG) | S(VLAN) | S(IP) | S(ICMP), NULL },
	{ "igmp", EVERYWHERE, NULL },
	{ "iif", EVERYWHERE, NULL },
	{ "iifgroup", EVERYWHERE, NULL },
	{ "iifname", EVERYWHERE, NULL },
	{ "iiftype", EVERYWHERE, NULL },
	{ "import", EVERYWHERE, NULL },
	{ "in", S(IPSEC), NULL },
	{ "inc", S(NUMGEN), NULL },
	{ "include", EVERYWHERE, NULL },
	{ "index", EVERYWHERE, NULL },
	{ "inet", EVERYWHERE, NULL },
	{ "init", S(SCTP_CHUNK), NULL },
	{ "init-ack", S(SCTP_CHUNK), NULL },
	{ "init-tag", S(SCTP_CHUNK), NULL },
	{ "initial-tsn", S(SCTP_CHUNK), NULL },
	{ "insert", EVERYWHERE, NULL },
	{ "interval", EVERYWHERE, NULL },
	{ "ip", EVERYWHERE, NULL },
	{ "ip6", EVERYWHERE, NULL },
	{ "ipsec", EVERYWHERE, NULL },
	{ "jhash", EVERYWHERE, NULL },
	{ "json", MARKUP, NULL },
	{ "jump", EVERYWHERE, NULL },
	{ "l3proto", S(CT), NULL },
	{ "label", S(CT), NULL },
	{ "last-entry", S(RT), NULL },
	{ "left", S(TCP), NULL },
	{ "length", S(UDP) | S(IP) | S(IP6) | S(META) | S(TCP) | S(SCTP) | S(SCTP_CHUNK), NULL },
	{ "level", S(SOCKET) | S(LOG), NULL },
	{ "limit", EVERYWHERE, NULL },
	{ "limits", S(LIST), NULL },
	{ "list", EVERYWHERE, NULL },
	{ "ll", S(AT), NULL },
	{ "log", EVERYWHERE, NULL },
	{ "lowest-tsn", S(SCTP_CHUNK), NULL },
	{ "lsrr", S(IP), NULL },
	{ "map", EVERYWHERE, NULL },
	{ "maps", S(LIST), NULL },
	{ "mark", EVERYWHERE, NULL },
	{ "masquerade", EVERYWHERE, NULL },
	{ "max-delay", S(ICMP), NULL },
	{ "maxseg", S(TCP) | S(SYNPROXY), "mss" },
	{ "md5sig", S(TCP), NULL },
	{ "memory", S(POLICY), NULL },
	{ "meta", EVERYWHERE, NULL },
	{ "meter", EVERYWHERE, NULL },
	{ "meters", S(LIST), NULL },
	{ "mh", EVERYWHERE, NULL },
	{ "minute", S(LIMIT), NULL },
	{ "missing", EVERYWHERE, NULL },
	{ "mod", S(HASH) | S(NUMGEN), NULL },
	{ "monitor", EVERYWHERE, NULL },
	{ "more-fragments", S(FRAG), NULL },
	{ "mptcp", S(TCP), NULL },
	{ "mrt", S(IGMP), NULL },
	{ "mss", S(TCP) | S(SYNPROXY), NULL },
	{ "mtu", S(ICMP) | S(RT), NULL },
	{ "name", S(COUNTER) | S(LIMIT) | S(QUOTA) | S(SYNPROXY) | S(OSF), NULL },
	{ "netdev", EVERYWHERE, NULL },
	{ "new-cum-tsn", S(SCTP_CHUNK), NULL },
	{ "nexthdr", HDR_NEXT, NULL },
	{ "nexthop", S(RT), NULL },
	{ "nftrace", EVERYWHERE, NULL },
	{ "nh", S(AT), NULL },
	{ "noop", S(TCP), "nop" },
	{ "nop", S(TCP), NULL },
	{ "notrack", EVERYWHERE, NULL },
	{ "num", S(QUEUE), NULL },
	{ "num-dup-tsns", S(SCTP_CHUNK), NULL },
	{ "num-gap-ack-blocks", S(SCTP_CHUNK), NULL },
	{ "num-inbound-streams", S(SCTP_CHUNK), NULL },
	{ "num-outbound-streams", S(SCTP_CHUNK), NULL },
	{ "numgen", EVERYWHERE, NULL },
	{ "obriport", EVERYWHERE, NULL },
	{ "obrname", EVERYWHERE, NULL },
	{ "offload", EVERYWHERE, NULL },
	{ "offset", S(HASH) | S(NUMGEN), NULL },
	{ "oif", EVERYWHERE, NULL },
	{ "oifgroup", EVERYWHERE, NULL },
	{ "oifname", EVERYWHERE, NULL },
	{ "oiftype", EVERYWHERE, NULL },
	{ "operation", S(ARP), NULL },
	{ "option", S(IP) | S(TCP), NULL },
	{ "options", S(IP) | S(TCP), NULL },
	{ "original", S(CT), NULL },
	{ "osf", EVERYWHERE, NULL },
	{ "out", S(IPSEC), NULL },
	{ "over", S(CT) | S(LIMIT) | S(QUOTA), NULL },
	{ "packets", S(COUNTER) | S(CT) | S(LIMIT), NULL },
	{ "param-problem", S(ICMP), NULL },
	{ "pcp", S(VLAN), NULL },
	{ "performance", S(POLICY), NULL },
	{ "persistent", S(NAT), NULL },
	{ "pkttype", EVERYWHERE, NULL },
	{ "plen", S(ARP), NULL },
	{ "policy", EVERYWHERE, NULL },
	{ "port", S(NAT), NULL },
	{ "position", EVERYWHERE, NULL },
	{ "ppid", S(SCTP_CHUNK), NULL },
	{ "prefix", S(LOG) | S(NAT) | S(IP) | S(IP6), NULL },
	{ "priority", EVERYWHERE, NULL },
	{ "proto-dst", S(CT), NULL },
	{ "proto-src", S(CT), NULL },
	{ "protocol", S(CT) | S(IP) | S(META) | S(TYPE), NULL },
	{ "ptr", S(IP), NULL },
	{ "ptype", S(ARP), NULL },
	{ "queue", EVERYWHERE, NULL },
	{ "queue-threshold", S(LOG), NULL },
	{ "quota", EVERYWHERE, NULL },
	{ "quotas", S(LIST) | S(RESET), NULL },
	{ "ra", S(IP), NULL },
	{ "random", EVERYWHERE, NULL },
	{ "rate", S(LIMIT), NULL },
	{ "redefine", EVERYWHERE, NULL },
	{ "redirect", EVERYWHERE, NULL },
	{ "reject", EVERYWHERE, NULL },
	{ "rename", EVERYWHERE, NULL },
	{ "replace", EVERYWHERE, NULL },
	{ "reply", S(CT), NULL },
	{ "reqid", S(IPSEC), NULL },
	{ "reserved", S(AH) | S(FRAG) | S(MH) | S(TCP), NULL },
	{ "reserved2", S(FRAG), NULL },
	{ "reset", EVERYWHERE, NULL },
	{ "return", EVERYWHERE, NULL },
	{ "right", S(TCP), NULL },
	{ "rr", S(IP), NULL },
	{ "rt", EVERYWHERE, NULL },
	{ "rt0", EVERYWHERE, NULL },
	{ "rt2", EVERYWHERE, NULL },
	{ "rtclassid", EVERYWHERE, NULL },
	{ "rule", EVERYWHERE, NULL },
	{ "rules", S(MONITOR), NULL },
	{ "ruleset", EVERYWHERE, NULL },
	{ "sack", S(TCP) | S(SCTP_CHUNK), NULL },
	{ "sack-perm", S(TCP) | S(SYNPROXY), NULL },
	{ "sack-permitted", S(TCP) | S(SYNPROXY), "sack-perm" },
	{ "sack0", S(TCP), NULL },
	{ "sack1", S(TCP), NULL },
	{ "sack2", S(TCP), NULL },
	{ "sack3", S(TCP), NULL },
	{ "saddr", HDR_ADDR, NULL },
	{ "sctp", EVERYWHERE, NULL },
	{ "secmark", EVERYWHERE, NULL },
	{ "secmarks", S(LIST), NULL },
	{ "second", S(LIMIT), NULL },
	{ "seed", S(HASH), NULL },
	{ "seg-left", S(RT), NULL },
	{ "seqno", S(SCTP_CHUNK), NULL },
	{ "sequence", S(AH) | S(ESP) | S(ICMP) | S(TCP), NULL },
	{ "set", EVERYWHERE, NULL },
	{ "sets", S(LIST) | S(MONITOR), NULL },
	{ "shutdown", S(SCTP_CHUNK), NULL },
	{ "shutdown-ack", S(SCTP_CHUNK), NULL },
	{ "shutdown-complete", S(SCTP_CHUNK), NULL },
	{ "sid", S(RT), NULL },
	{ "size", EVERYWHERE, NULL },
	{ "skgid", EVERYWHERE, NULL },
	{ "skuid", EVERYWHERE, NULL },
	{ "snaplen", S(LOG), NULL },
	{ "snat", EVERYWHERE, NULL },
	{ "socket", EVERYWHERE, NULL },
	{ "spi", S(AH) | S(ESP) | S(IPSEC), NULL },
	{ "spnum", S(IPSEC), NULL },
	{ "sport", HDR_PORT, NULL },
	{ "srh", EVERYWHERE, NULL },
	{ "ssn", S(SCTP_CHUNK), NULL },
	{ "ssrr", S(IP), NULL },
	{ "state", S(CT), NULL },
	{ "status", S(CT), NULL },
	{ "stream", S(SCTP_CHUNK), NULL },
	{ "subtype", S(TCP), NULL },
	{ "symhash", EVERYWHERE, NULL },
	{ "synproxy", EVERYWHERE, NULL },
	{ "synproxys", S(LIST), NULL },
	{ "table", EVERYWHERE, NULL },
	{ "tables", S(LIST) | S(MONITOR), NULL },
	{ "tag", S(RT), NULL },
	{ "tcp", EVERYWHERE, NULL },
	{ "th", EVERYWHERE, NULL },
	{ "time", EVERYWHERE, NULL },
	{ "timeout", EVERYWHERE, NULL },
	{ "timestamp", S(TCP) | S(SYNPROXY), NULL },
	{ "to", TO_SCOPES, NULL },
	{ "tproxy", EVERYWHERE, NULL },
	{ "trace", S(MONITOR), NULL },
	{ "transparent", S(SOCKET), NULL },
	{ "tsecr", S(TCP), NULL },
	{ "tsn", S(SCTP_CHUNK), NULL },
	{ "tsval", S(TCP), NULL },
	{ "ttl", S(OSF) | S(IP), NULL },
	{ "type", EVERYWHERE, NULL },
	{ "typeof", EVERYWHERE, NULL },
	{ "udp", EVERYWHERE, NULL },
	{ "udplite", EVERYWHERE, NULL },
	{ "undefine", EVERYWHERE, NULL },
	{ "until", S(QUOTA), NULL },
	{ "update", EVERYWHERE, NULL },
	{ "urgptr", S(TCP), NULL },
	{ "used", S(QUOTA), NULL },
	{ "value", S(IP), NULL },
	{ "version", S(IP) | S(IP6) | S(OSF), NULL },
	{ "vlan", EVERYWHERE, NULL },
	{ "vm", MARKUP, NULL },
	{ "vtag", S(SCTP), NULL },
	{ "week", S(LIMIT), NULL },
	{ "wildcard", S(SOCKET), NULL },
	{ "window", S(TCP), NULL },
	{ "with", S(REJECT), NULL },
	{ "wscale", S(SYNPROXY), NULL },
	{ "xml", MARKUP, NULL },
	{ "xt", EVERYWHERE, NULL },
	{ "zone", S(CT), NULL },
};

static int keyword_cmp(const void *key, const void *row)
{
	const struct nft_tok *t = key;
	const struct keyword *k = row;
	int c = strncmp(t->text, k->name, t->len);

	return c ? c : k->name[t->len] ? -1 : 0;
}

const char *nft_keyword(const struct nft_tok *t, enum nft_scope sc)
{
	const struct keyword *k;

	if (t->kind != TOK_WORD || t->plain)
		return NULL;
	k = bsearch(t, keywords, ARRAY_LEN(keywords), sizeof(keywords[0]), keyword_cmp);
	if (!k || (k->scopes && !(k->scopes & 1ull << sc)))
		return NULL;
	return k->alias ? k->alias : k->name;
}

static const char *const kind_names[TOK_KIND_MAX] = {
	[TOK_EOF] = "end of file", [TOK_JUNK] = "junk", [TOK_NEWLINE] = "newline", [TOK_COLON] = "colon",
	[TOK_SEMICOLON] = "semicolon", [TOK_COMMA] = "comma", [TOK_DOT] = ".", [TOK_EQ] = "==", [TOK_NEQ] = "!=",
	[TOK_LT] = "<", [TOK_GT] = ">", [TOK_GE] = ">=", [TOK_LE] = "<=", [TOK_LSHIFT] = "<<", [TOK_RSHIFT] = ">>",
	[TOK_AND] = "&", [TOK_XOR] = "^", [TOK_NOT] = "!", [TOK_SLASH] = "/", [TOK_STAR] = "*", [TOK_DASH] = "-",
	[TOK_AT] = "@", [TOK_VMAP] = "vmap", [TOK_PLUS] = "+", [TOK_ASSIGN] = "'='", [TOK_LBRACE] = "'{'",
	[TOK_RBRACE] = "'}'", [TOK_LPAREN] = "'('", [TOK_RPAREN] = "')'", [TOK_OR] = "'|'", [TOK_DOLLAR] = "'$'",
	[TOK_LBRACKET] = "'['", [TOK_RBRACKET] = "']'", [TOK_NUM] = "number", [TOK_WORD] = "string",
	[TOK_QUOTED] = "quoted string", [TOK_STAR_STRING] = "string with a trailing asterisk",
};

const char *nft_tok_desc(const struct nft_tok *t, enum nft_scope sc)
{
	const char *k = nft_keyword(t, sc);

	if (k && !strcmp(k, "sequence"))
		return "seq";
	return k ? k : kind_names[t->kind];
}

/* ---- tokens ---- */

void nft_lex_init(struct nft_lexer *lx, const struct nft_src *src)
{
	memset(lx, 0, sizeof(*lx));
	lx->src = src;
	lx->line = 1;
}

static bool name_char(char c)
{
	return isalnum((unsigned char)c) || c == '/' || c == '-' || c == '_' || c == '.';
}

static size_t name_len(const char *s, size_t n)
{
	size_t i = 1;

	if (!n || !(isalpha((unsigned char)s[0]) || s[0] == '_' || s[0] == '.'))
		return 0;
	while (i < n && name_char(s[i]))
		i++;
	return i;
}

/* six pairs of hex digits */
static size_t mac_len(const char *s, size_t n)
{
	size_t i = 0;

	for (int group = 0; group < 6; group++) {
		size_t d = 0;

		while (d < 2 && i + d < n && isxdigit((unsigned char)s[i + d]))
			d++;
		i += d;
		if (!d || (group < 5 && (i >= n || s[i++] != ':')))
			return 0;
	}
	return i;
}

static size_t ip4_len(const char *s, size_t n)
{
	size_t i = 0;

	for (int group = 0; group < 4; group++) {
		size_t d = 0;

		while (d < 3 && i + d < n && isdigit((unsigned char)s[i + d]))
			d++;
		i += d;
		if (!d || (group < 3 && (i >= n || s[i++] != '.')))
			return 0;
	}
	return i;
}

/* the longest beginning that is an IPv6 address */
static size_t ip6_len(const char *s, size_t n)
{
	char buf[INET6_ADDRSTRLEN + 1];
	struct in6_addr a;
	size_t run = 0, colons = 0;

	while (run < n && run < sizeof(buf) - 1 && (isxdigit((unsigned char)s[run]) || s[run] == ':' || s[run] == '.'))
		colons += s[run++] == ':';
	for (; run > 1 && colons > 1; run--) {
		memcpy(buf, s, run);
		buf[run] = '\0';
		if (inet_pton(AF_INET6, buf, &a) == 1)
			return run;
	}
	return 0;
}

/* a colon within the next few hex digits: it may be a MAC or IPv6 address or a class */
static bool colon_near(const char *s, size_t n)
{
	size_t i = 0;

	while (i < n && i < 4 && isxdigit((unsigned char)s[i]))
		i++;
	return i < n && s[i] == ':';
}

static size_t addr_len(const char *s, size_t n)
{
	size_t len = isdigit((unsigned char)s[0]) ? ip4_len(s, n) : 0, l;

	if (!colon_near(s, n))
		return len;
	l = mac_len(s, n);
	len = MAX(len, l);
	l = ip6_len(s, n);
	return MAX(len, l);
}

/* 1d2h3m4s5ms, each part once and in this order */
static size_t time_len(const char *s, size_t n)
{
	static const char units[] = "dhms";
	size_t best = 0, i = 0;
	int last = -1;

	for (;;) {
		const char *u;
		int order;
		size_t d = i;

		while (i < n && isdigit((unsigned char)s[i]))
			i++;
		if (i == d || i >= n || !(u = memchr(units, s[i], 4)))
			return best;
		order = u - units;
		if (*u == 'm' && i + 1 < n && s[i + 1] == 's') {
			order = 4;
			i++;
		}
		if (order <= last)
			return best;
		last = order;
		best = ++i;
	}
}

/* 12ab:3, but only in front of what ends a word; its length with that character, which decides which match is longest */
static size_t classid_len(const char *s, size_t n)
{
	size_t i = 0, d;

	while (i < 4 && i < n && isxdigit((unsigned char)s[i]))
		i++;
	if (!i || i >= n || s[i] != ':')
		return 0;
	for (i++, d = 0; d < 4 && i + d < n && isxdigit((unsigned char)s[i + d]); d++)
		;
	while (d > 0 && !(i + d < n && memchr(" \t\n:-},", s[i + d], 7)))
		d--;
	return d ? i + d + 1 : 0;
}

static size_t num_len(const char *s, size_t n)
{
	size_t i = 0;

	if (n > 2 && s[0] == '0' && (s[1] == 'x' || s[1] == 'X') && isxdigit((unsigned char)s[2])) {
		for (i = 2; i < n && isxdigit((unsigned char)s[i]); i++)
			;
		return i;
	}
	while (i < n && isdigit((unsigned char)s[i]))
		i++;
	return i;
}

static void lex_number(struct nft_tok *t)
{
	char buf[40];

	t->kind = TOK_NUM;
	if (t->len < sizeof(buf)) {
		memcpy(buf, t->text, t->len);
		buf[t->len] = '\0';
		errno = 0;
		t->num = strtoull(buf, NULL, 0);
		if (!errno)
			return;
	}
	t->kind = TOK_WORD;
	t->plain = true;
}

/* what begins with a digit or a hex digit in front of a colon; false: nothing of that kind is longer than @other */
static bool lex_digits(struct nft_tok *t, const char *s, size_t n, size_t other)
{
	size_t addr = addr_len(s, n), time = time_len(s, n), num = num_len(s, n), class = classid_len(s, n), best;

	if (n >= 5 && !strncmp(s, "8021q", 5) && addr < 5)
		addr = n >= 6 && !strncmp(s, "8021ad", 6) ? 6 : 5;
	else if (n >= 6 && !strncmp(s, "8021ad", 6) && addr < 6)
		addr = 6;
	best = MAX(MAX(addr, time), MAX(num, class));
	if (!best || best < other || (best == other && addr != best))
		return false;
	t->kind = TOK_WORD;
	t->plain = true;
	t->len = best;
	if (best == addr || best == time)
		return true;
	if (best == num)
		lex_number(t);
	else
		t->len--;
	return true;
}

/* a name, perhaps with an asterisk: eth*, eth\*, eth\*x */
static bool lex_name(struct nft_tok *t, const char *s, size_t n, size_t len)
{
	if (len) {
		t->kind = TOK_WORD;
		t->len = len;
	}
	if (len < n && s[len] == '*' && len) {
		t->kind = TOK_STAR_STRING;
		t->len = len + 1;
	} else if (len + 1 < n && s[len] == '\\' && s[len + 1] == '*') {
		t->kind = TOK_STAR_STRING;
		t->len = len + 2 + (len ? name_len(s + len + 2, n - len - 2) : 0);
	}
	return len || t->kind == TOK_STAR_STRING;
}

static const struct { char text[8]; uint8_t kind; } word_ops[] = {
	{ "eq", TOK_EQ }, { "ne", TOK_NEQ }, { "le", TOK_LE }, { "lt", TOK_LT }, { "ge", TOK_GE }, { "gt", TOK_GT },
	{ "lshift", TOK_LSHIFT }, { "rshift", TOK_RSHIFT }, { "xor", TOK_XOR }, { "and", TOK_AND }, { "or", TOK_OR },
	{ "not", TOK_NOT }, { "vmap", TOK_VMAP }, { ".", TOK_DOT },
};

static void word_op(struct nft_tok *t)
{
	if (t->kind != TOK_WORD || t->plain || t->len > 6)
		return;
	for (size_t i = 0; i < ARRAY_LEN(word_ops); i++)
		if (strlen(word_ops[i].text) == t->len && !memcmp(word_ops[i].text, t->text, t->len))
			t->kind = word_ops[i].kind;
}

static const struct { char text[3]; uint8_t kind; } marks[] = {		/* the longer ones first */
	{ "==", TOK_EQ }, { "!=", TOK_NEQ }, { "<=", TOK_LE }, { ">=", TOK_GE }, { "<<", TOK_LSHIFT }, { ">>", TOK_RSHIFT },
	{ "<", TOK_LT }, { ">", TOK_GT }, { ",", TOK_COMMA }, { ":", TOK_COLON }, { ";", TOK_SEMICOLON },
	{ "{", TOK_LBRACE }, { "}", TOK_RBRACE }, { "[", TOK_LBRACKET }, { "]", TOK_RBRACKET }, { "(", TOK_LPAREN },
	{ ")", TOK_RPAREN }, { "^", TOK_XOR }, { "&", TOK_AND }, { "|", TOK_OR }, { "!", TOK_NOT }, { "/", TOK_SLASH },
	{ "-", TOK_DASH }, { "*", TOK_STAR }, { "@", TOK_AT }, { "$", TOK_DOLLAR }, { "=", TOK_ASSIGN }, { "+", TOK_PLUS },
	{ "\n", TOK_NEWLINE },
};

static void lex_mark(struct nft_tok *t, const char *s, size_t n)
{
	t->kind = TOK_JUNK;
	t->len = 1;
	for (size_t i = 0; i < ARRAY_LEN(marks); i++) {
		size_t len = strlen(marks[i].text);

		if (len <= n && !memcmp(s, marks[i].text, len)) {
			t->kind = marks[i].kind;
			t->len = len;
			return;
		}
	}
}

/* "..." and [ipv6]: the text within; what is taken is two more */
static size_t lex_wrapped(struct nft_tok *t, const char *s, size_t n)
{
	const char *end;
	size_t len;

	if (s[0] == '"' && (end = memchr(s + 1, '"', n - 1))) {
		t->kind = TOK_QUOTED;
		t->text = s + 1;
		t->len = end - s - 1;
		return t->len + 2;
	}
	if (s[0] == '[' && (len = ip6_len(s + 1, n - 1)) && len + 1 < n && s[len + 1] == ']') {
		t->kind = TOK_WORD;
		t->plain = true;
		t->text = s + 1;
		t->len = len;
		return len + 2;
	}
	return 0;
}

static size_t lex_token(struct nft_tok *t, const char *s, size_t n)
{
	size_t taken = 0, name;

	t->text = s;
	if (s[0] == '"' || s[0] == '[')
		taken = lex_wrapped(t, s, n);
	if (taken)
		return taken;
	name = name_len(s, n);
	if ((isdigit((unsigned char)s[0]) || colon_near(s, n)) && lex_digits(t, s, n, name))
		return t->len;
	if (lex_name(t, s, n, name)) {
		word_op(t);
		return t->len;
	}
	lex_mark(t, s, n);
	return t->len;
}

static void new_line(struct nft_lexer *lx)
{
	lx->line++;
	lx->line_at = lx->pos;
}

/* blanks, comments, continued lines and lines of nothing but a comment */
static void skip_blank(struct nft_lexer *lx)
{
	const char *s = lx->src->text;
	size_t n = lx->src->len;

	for (; lx->pos < n; lx->pos++) {
		size_t begin = lx->pos;

		if (s[begin] == '\\' && begin + 1 < n && s[begin + 1] == '\n') {
			lx->pos += 2;
			new_line(lx);
			lx->pos--;
		} else if (s[begin] == '#') {
			const char *end = memchr(s + begin, '\n', n - begin);
			size_t i = begin;

			while (i > lx->line_at && (s[i - 1] == ' ' || s[i - 1] == '\t'))
				i--;
			lx->pos = end ? (size_t)(end - s) : n;
			if (!end || i > lx->line_at)
				return;
			lx->pos++;
			new_line(lx);
			lx->pos--;
		} else if (s[begin] != ' ' && s[begin] != '\t') {
			return;
		}
	}
}

/* past the end the real tool shows the line before it when that one was ended */
static void lex_eof(struct nft_lexer *lx, struct nft_tok *t)
{
	size_t at = lx->line_at;

	t->kind = TOK_EOF;
	if (at == lx->src->len && at > 0)
		for (at--; at > 0 && lx->src->text[at - 1] != '\n'; at--)
			;
	t->loc.at = at;
	t->loc.end = t->loc.col;
}

void nft_lex(struct nft_lexer *lx, struct nft_tok *t)
{
	size_t taken;

	skip_blank(lx);
	memset(t, 0, sizeof(*t));
	t->loc.src = lx->src;
	t->loc.line = lx->line;
	t->loc.at = lx->line_at;
	t->loc.col = lx->pos - lx->line_at + 1;
	if (lx->pos >= lx->src->len) {
		t->text = "";
		lex_eof(lx, t);
		return;
	}
	taken = lex_token(t, lx->src->text + lx->pos, lx->src->len - lx->pos);
	t->loc.end = t->loc.col + taken - 1;
	lx->pos += taken;
	if (t->kind == TOK_NEWLINE)
		new_line(lx);
}
