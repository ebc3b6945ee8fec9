/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/conntrack_args.c - reading conntrack(8)'s command line, with its messages and exit statuses (2 for a wrong one).
 *
 * Theory of operation. Options are rows; those of a protocol count only behind its -p, as in the real tool. What a command may and must be given is
 * the table "allowed", looked at once everything was read. Numbers are read as the real tool reads them, with atoi() and strtoul(): text that is
 * no number is 0.
 */
#include "front/conntrack_args.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "ct/print.h"
#include "front/optscan.h"

int cta_error(struct cmd *c, bool usage, const char *fmt, ...)
{
	va_list ap;

	sbuf_puts(&c->err, CTA_PREFIX);
	va_start(ap, fmt);
	sbuf_vprintf(&c->err, fmt, ap);
	va_end(ap);
	sbuf_putc(&c->err, '\n');
	if (!usage)
		return 1;
	sbuf_puts(&c->err, "Try `conntrack -h' or 'conntrack --help' for more information.\n");
	return 2;
}

/* ---- rows ---- */

#define V_OPTION 256		/* a row's value: a short option's letter, or this + enum cta_option */
#define V_LABEL_ADD 512
#define V_LABEL_DEL 513
#define V_EXPECT 516		/* --tuple-src and its like */

static const struct opt_row rows[] = {
	{ "dump", OPT_MAYBE, 'L' },	   { "create", OPT_MAYBE, 'I' },    { "delete", OPT_MAYBE, 'D' },
	{ "update", OPT_MAYBE, 'U' },	   { "get", OPT_MAYBE, 'G' },	    { "flush", OPT_MAYBE, 'F' },
	{ "event", OPT_MAYBE, 'E' },	   { "count", OPT_MAYBE, 'C' },   { "counter", OPT_MAYBE, 'C' },
	{ "stats", OPT_MAYBE, 'S' },	   { "add", OPT_MAYBE, 'A' },	    { "load-file", OPT_REQ, 'R' },
	{ "version", OPT_NONE, 'V' },	   { "help", OPT_MAYBE, 'h' },	    { "orig-src", OPT_REQ, 's' },
	{ "src", OPT_REQ, 's' },	   { "orig-dst", OPT_REQ, 'd' },    { "dst", OPT_REQ, 'd' },
	{ "reply-src", OPT_REQ, 'r' },	   { "reply-dst", OPT_REQ, 'q' },   { "protonum", OPT_REQ, 'p' },
	{ "timeout", OPT_REQ, 't' },	   { "status", OPT_REQ, 'u' },	    { "zero", OPT_NONE, 'z' },
	{ "event-mask", OPT_REQ, 'e' },	   { "mask-src", OPT_REQ, '{' },    { "mask-dst", OPT_REQ, '}' },
	{ "tuple-src", OPT_REQ, V_EXPECT }, { "tuple-dst", OPT_REQ, V_EXPECT }, { "nat-range", OPT_REQ, 'a' },
	{ "mark", OPT_REQ, 'm' },	   { "secmark", OPT_REQ, 'c' },	    { "id", OPT_REQ, 'i' },
	{ "family", OPT_REQ, 'f' },	   { "src-nat", OPT_MAYBE, 'n' },   { "dst-nat", OPT_MAYBE, 'g' },
	{ "any-nat", OPT_MAYBE, 'j' },	   { "output", OPT_REQ, 'o' },	    { "buffer-size", OPT_REQ, 'b' },
	{ "zone", OPT_REQ, 'w' },	   { "label", OPT_REQ, 'l' },	    { "label-add", OPT_REQ, V_LABEL_ADD },
	{ "label-del", OPT_REQ, V_LABEL_DEL }, { "orig-zone", OPT_REQ, '(' }, { "reply-zone", OPT_REQ, ')' },
};

#define PORTS                                                                                                     \
	{ "orig-port-src", OPT_REQ, V_OPTION + CTA_SPORT }, { "sport", OPT_REQ, V_OPTION + CTA_SPORT },           \
	{ "orig-port-dst", OPT_REQ, V_OPTION + CTA_DPORT }, { "dport", OPT_REQ, V_OPTION + CTA_DPORT },           \
	{ "reply-port-src", OPT_REQ, V_OPTION + CTA_REPL_SPORT }, { "reply-port-dst", OPT_REQ, V_OPTION + CTA_REPL_DPORT }

static const struct opt_row tcp_rows[] = { PORTS, { "state", OPT_REQ, V_OPTION + CTA_STATE } };
static const struct opt_row port_rows[] = { PORTS };
static const struct opt_row icmp_rows[] = {
	{ "icmp-type", OPT_REQ, V_OPTION + CTA_ICMP_TYPE },
	{ "icmp-code", OPT_REQ, V_OPTION + CTA_ICMP_CODE },
	{ "icmp-id", OPT_REQ, V_OPTION + CTA_ICMP_ID },
};
static const struct opt_row icmp6_rows[] = {
	{ "icmpv6-type", OPT_REQ, V_OPTION + CTA_ICMP_TYPE },
	{ "icmpv6-code", OPT_REQ, V_OPTION + CTA_ICMP_CODE },
	{ "icmpv6-id", OPT_REQ, V_OPTION + CTA_ICMP_ID },
};
static const struct opt_row gre_rows[] = {
	{ "srckey", OPT_REQ, V_OPTION + CTA_SRCKEY },		   { "orig-key-src", OPT_REQ, V_OPTION + CTA_SRCKEY },
	{ "dstkey", OPT_REQ, V_OPTION + CTA_DSTKEY },		   { "orig-key-dst", OPT_REQ, V_OPTION + CTA_DSTKEY },
	{ "reply-key-src", OPT_REQ, V_OPTION + CTA_REPL_SRCKEY }, { "reply-key-dst", OPT_REQ, V_OPTION + CTA_REPL_DSTKEY },
};

static const struct protocol {
	uint8_t proto;
	const char *name;
	const struct opt_row *rows;
	unsigned n_rows;
} protocols[] = {
	{ IPPROTO_TCP, "tcp", tcp_rows, ARRAY_LEN(tcp_rows) },
	{ IPPROTO_UDP, "udp", port_rows, ARRAY_LEN(port_rows) },
	{ IPPROTO_UDPLITE, "udplite", port_rows, ARRAY_LEN(port_rows) },
	{ IPPROTO_SCTP, "sctp", port_rows, ARRAY_LEN(port_rows) },
	{ IPPROTO_DCCP, "dccp", port_rows, ARRAY_LEN(port_rows) },
	{ IPPROTO_ICMP, "icmp", icmp_rows, ARRAY_LEN(icmp_rows) },
	{ IPPROTO_ICMPV6, "icmpv6", icmp6_rows, ARRAY_LEN(icmp6_rows) },
	{ IPPROTO_GRE, "gre", gre_rows, ARRAY_LEN(gre_rows) },
};

/* ---- what each command takes: '1' must, '2' may, '0' must not; 32 columns as enum cta_option; protocols' own are left to the protocol ---- */

static const struct {
	const char *option;	/* long name, for messages */
} option_name[] = {
	{ "src" }, { "dst" }, { "reply-src" }, { "reply-dst" }, { "protonum" }, { "timeout" }, { "status" }, { "zero" }, { "event-mask" },
	{ "mask-src" }, { "mask-dst" }, { "mark" }, { "id" }, { "family" }, { "src-nat" }, { "dst-nat" }, { "output" }, { "buffer-size" },
	{ "any-nat" }, { "zone" }, { "orig-zone" }, { "reply-zone" },
};

static const char *const allowed[] = {
	/*                  sdrqptuze{}mifngobjw() */
	[CTA_LIST]	= "2222202202220222202222",
	[CTA_CREATE]	= "2222112000020222000222",
	[CTA_ADD]	= "2222112000020222000222",
	[CTA_UPDATE]	= "2222222000022222200200",
	[CTA_DELETE]	= "2222222002222222202222",
	[CTA_GET]	= "2222100000000200200000",
	[CTA_FLUSH]	= "0000000000000200000000",
	[CTA_EVENT]	= "2222200022220222222222",
	[CTA_COUNT]	= "0000000000000200000000",
	[CTA_STATS]	= "0000000000000000000000",
	[CTA_LOAD]	= "0000000000000000000000",
	[CTA_VERSION]	= "0000000000000000000000",
	[CTA_HELP]	= "0000000000000000000000",
};
static_assert(ARRAY_LEN(option_name) == CTA_REPL_ZONE + 1, "a name for each option");
static_assert(ARRAY_LEN(allowed) == CTA_NONE, "a row for each command");

static int check_allowed(struct cmd *c, const struct cta *a)
{
	for (int o = 0; o <= CTA_REPL_ZONE; o++) {
		char may = allowed[a->command][o];

		if (!cta_has(a, o) && may == '1')
			return cta_error(c, true, "You need to supply the `--%s' option for this command", option_name[o].option);
		if (cta_has(a, o) && may == '0')
			return cta_error(c, true, "Illegal option `--%s' with this command", option_name[o].option);
	}
	return 0;
}

static bool any_of(const struct cta *a, enum cta_option x, enum cta_option y)
{
	return cta_has(a, x) || cta_has(a, y);
}

static bool both_of(const struct cta *a, enum cta_option x, enum cta_option y)
{
	return cta_has(a, x) && cta_has(a, y);
}

/* a connection that is made or looked for by its tuple needs all of it */
static int check_tuple(struct cmd *c, const struct cta *a)
{
	bool made = a->command == CTA_CREATE || a->command == CTA_ADD;

	if (!made && a->command != CTA_GET)
		return 0;
	if (!both_of(a, CTA_ORIG_SRC, CTA_ORIG_DST) && !both_of(a, CTA_REPL_SRC, CTA_REPL_DST))
		return cta_error(c, true, "you have to specify `--src' and `--dst'");
	switch (a->proto) {
	case IPPROTO_TCP:
	case IPPROTO_UDP:
	case IPPROTO_UDPLITE:
	case IPPROTO_SCTP:
		if (made && a->proto == IPPROTO_TCP && !cta_has(a, CTA_STATE))
			return cta_error(c, true, "You need to supply the `--state' option for this command");
		if (!both_of(a, CTA_SPORT, CTA_DPORT) && !both_of(a, CTA_REPL_SPORT, CTA_REPL_DPORT))
			return cta_error(c, true, "you have to specify `--sport' and `--dport'");
		break;
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		if (!cta_has(a, CTA_ICMP_TYPE))
			return cta_error(c, true, "You need to supply the `--%s' option for this command",
					 a->proto == IPPROTO_ICMP ? "icmp-type" : "icmpv6-type");
		if (!cta_has(a, CTA_ICMP_ID))
			return cta_error(c, true, "You need to supply the `--%s' option for this command",
					 a->proto == IPPROTO_ICMP ? "icmp-id" : "icmpv6-id");
		break;
	}
	return 0;
}

/* ---- values ---- */

static const char *word_of_command(int letter)
{
	return strchr("LIDUGFECSAVhR", letter);
}

static enum cta_command command_of(int letter)
{
	static const struct { char letter; enum cta_command command; } of[] = {
		{ 'L', CTA_LIST }, { 'I', CTA_CREATE }, { 'A', CTA_ADD }, { 'U', CTA_UPDATE }, { 'D', CTA_DELETE }, { 'G', CTA_GET },
		{ 'F', CTA_FLUSH }, { 'E', CTA_EVENT }, { 'C', CTA_COUNT }, { 'S', CTA_STATS }, { 'R', CTA_LOAD }, { 'V', CTA_VERSION },
		{ 'h', CTA_HELP },
	};

	for (size_t i = 0; i < ARRAY_LEN(of); i++)
		if (of[i].letter == letter)
			return of[i].command;
	return CTA_NONE;
}

static int read_table(struct cmd *c, const char *word, struct cta *a)
{
	static const char *const names[] = { [CTA_CONNTRACK] = "conntrack", [CTA_EXPECT] = "expect", [CTA_DYING] = "dying",
					     [CTA_UNCONFIRMED] = "unconfirmed" };

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		if (strcasecmp(word, names[i]) == 0) {
			a->table = (enum cta_table)i;
			return 0;
		}
	}
	return cta_error(c, true, "unknown type `%s'", word);
}

static int read_addr(struct cmd *c, const char *text, struct cta *a, struct cta_addr *out)
{
	char buf[64];
	char *slash;
	uint8_t family = AF_INET;
	unsigned plen;

	snprintf(buf, sizeof(buf), "%s", text);
	slash = strchr(buf, '/');
	if (slash)
		*slash = '\0';
	if (addr_parse(AF_INET, buf, &out->addr) < 0) {
		family = AF_INET6;
		if (addr_parse(AF_INET6, buf, &out->addr) < 0)
			return cta_error(c, true, "Invalid IP address `%s'", text);
	}
	plen = slash ? (unsigned)atoi(slash + 1) : addr_bits(family);
	if (plen > addr_bits(family))
		return cta_error(c, true, "Invalid netmask");
	if (a->family && a->family != family)
		return cta_error(c, true, "mismatched address family");
	a->family = family;
	out->mask = addr_mask(family, plen);
	return 0;
}

/* ADDRESS[:PORT] */
static int read_nat(struct cmd *c, const char *text, struct cta *a, struct cta_nat *n)
{
	char buf[64], *colon, *end;
	struct cta_addr addr;
	int r;

	*n = (struct cta_nat){ .any = !text };
	if (!text)
		return 0;
	snprintf(buf, sizeof(buf), "%s", text);
	colon = strchr(buf, ':');
	if (colon && !strchr(colon + 1, ':')) {
		*colon = '\0';
		n->have_port = true;
		n->port = (uint16_t)strtoul(colon + 1, &end, 0);
		if (*end)
			return cta_error(c, true, "Invalid port `%s'", colon + 1);
	}
	r = read_addr(c, buf, a, &addr);
	n->addr = addr.addr;
	return r;
}

/* comma-separated words, each of them an abbreviation of one of @names; @fn gets its index */
static int read_words(struct cmd *c, const char *text, const char *const *names, int (*fn)(struct cmd *c, struct cta *a, int i), struct cta *a)
{
	char buf[256], *save, *word;

	snprintf(buf, sizeof(buf), "%s", text);
	for (word = strtok_r(buf, ",", &save); word; word = strtok_r(NULL, ",", &save)) {
		int i = 0, r;

		while (names[i] && strncasecmp(word, names[i], strlen(word)) != 0)
			i++;
		if (!names[i])
			return cta_error(c, true, "Bad parameter `%s'", word);
		r = fn(c, a, i);
		if (r)
			return r;
	}
	return 0;
}

static const char *const status_names[] = { "ASSURED", "SEEN_REPLY", "UNSET", "FIXED_TIMEOUT", "EXPECTED", "OFFLOAD", "HW_OFFLOAD", "UNREPLIED",
					    "SRC_NAT", "DST_NAT", NULL };

static int take_status(struct cmd *c, struct cta *a, int i)
{
	static const uint32_t bits[] = { IPS_ASSURED, IPS_SEEN_REPLY, 0, IPS_FIXED_TIMEOUT, IPS_EXPECTED, IPS_OFFLOAD, IPS_HW_OFFLOAD };

	if (i >= 8)
		cmd_err(c, "WARNING: ignoring %s, use --%s-nat instead\n", status_names[i], i == 8 ? "src" : "dst");
	else if (i == 7)
		a->status_unset |= IPS_SEEN_REPLY;
	else
		a->status |= bits[i];
	return 0;
}

static const char *const event_names[] = { "ALL", "NEW", "UPDATES", "DESTROY", NULL };

static int take_event(struct cmd *c, struct cta *a, int i)
{
	static const unsigned bits[] = { 7, 1u << CT_EVENT_NEW, 1u << CT_EVENT_UPDATE, 1u << CT_EVENT_DESTROY };
	static_assert(ARRAY_LEN(bits) == ARRAY_LEN(event_names) - 1, "a bit for each event");

	a->events |= bits[i];
	return 0;
}

static const char *const output_names[] = { "xml", "extended", "timestamp", "id", "ktimestamp", "labels", "userspace", "save", NULL };

static int take_output(struct cmd *c, struct cta *a, int i)
{
	static const unsigned bits[] = { CT_PRINT_XML, CT_PRINT_EXTENDED, 0, CT_PRINT_ID, CT_PRINT_KTIMESTAMP, 0, 0, CT_PRINT_SAVE };
	static_assert(ARRAY_LEN(bits) == ARRAY_LEN(output_names) - 1, "a bit for each format");

	a->print |= bits[i];
	a->timestamp |= i == 2;
	a->labels |= i == 5;
	return 0;
}

static int read_proto(struct cmd *c, const char *text, struct cta *a, struct optscan *s, struct opt_row *all)
{
	char *end;
	unsigned long n = strtoul(text, &end, 0);
	const struct protocol *p = NULL;

	for (size_t i = 0; i < ARRAY_LEN(protocols); i++)
		if (strcasecmp(text, protocols[i].name) == 0 || (!*end && n == protocols[i].proto))
			p = &protocols[i];
	if (!p && (*end || end == text || n > 255))
		return cta_error(c, true, "`%s' unsupported protocol", text);
	a->proto = p ? p->proto : (uint8_t)n;
	s->n_rows = ARRAY_LEN(rows);
	if (p) {
		memcpy(all + s->n_rows, p->rows, p->n_rows * sizeof(*all));
		s->n_rows += p->n_rows;
	}
	return 0;
}

static int read_state(struct cmd *c, const char *text, struct cta *a)
{
	for (unsigned i = 0; i < TCP_CONNTRACK_MAX; i++) {
		if (strcmp(text, ct_tcp_state_name(i)) == 0) {
			a->state = (uint8_t)i;
			return 0;
		}
	}
	if (strcmp(text, "LISTEN") == 0) {
		a->state = TCP_CONNTRACK_LISTEN;
		return 0;
	}
	return cta_error(c, true, "unknown TCP state `%s'", text);
}

static void read_mark(const char *text, struct cta *a)
{
	char *end;

	a->mark = (uint32_t)strtoul(text, &end, 0);
	a->mark_mask = *end == '/' ? (uint32_t)strtoul(end + 1, NULL, 0) : UINT32_MAX;
}

static int read_proto_option(struct cmd *c, enum cta_option o, const char *text, struct cta *a)
{
	unsigned n = (unsigned)atoi(text);

	a->seen |= 1ull << o;
	switch (o) {
	case CTA_STATE:
		return read_state(c, text, a);
	case CTA_ICMP_TYPE:
		a->icmp_type = (uint8_t)n;
		return 0;
	case CTA_ICMP_CODE:
		a->icmp_code = (uint8_t)n;
		return 0;
	case CTA_ICMP_ID:
		a->icmp_id = (uint16_t)n;
		return 0;
	case CTA_SRCKEY:
	case CTA_DSTKEY:
	case CTA_REPL_SRCKEY:
	case CTA_REPL_DSTKEY:
		a->port[o - CTA_SRCKEY] = (uint16_t)strtoul(text, NULL, 0);
		a->seen |= 1ull << (CTA_SPORT + (o - CTA_SRCKEY));	/* keys stand where ports do */
		return 0;
	default:
		a->port[o - CTA_SPORT] = (uint16_t)n;
		return 0;
	}
}

/* an option with an optional value also takes the next word */
static const char *optional_arg(struct optscan *s)
{
	if (s->arg || s->cluster || !optscan_has_arg(s))
		return s->arg;
	return s->argv[s->next++];
}

static int read_command(struct cmd *c, struct optscan *s, struct cta *a)
{
	const char *word;
	int letter = s->val;

	if (a->command != CTA_NONE)
		return cta_error(c, true, "Invalid commands combination");
	a->command = command_of(letter);
	if (letter == 'R') {
		a->file = s->arg;
		return 0;
	}
	if (letter == 'V' || letter == 'h')
		return 0;
	word = optional_arg(s);
	return word ? read_table(c, word, a) : 0;
}

static int read_label(struct cmd *c, const char *text)
{
	sbuf_puts(&c->err, "nfct_labelmap_new: No such file or directory\n");	/* there is no connlabel.conf */
	return cta_error(c, true, "unknown label '%s'", text);
}

static int read_family(struct cmd *c, const char *text, struct cta *a)
{
	if (strcmp(text, "ipv4") != 0 && strcmp(text, "ipv6") != 0)
		return cta_error(c, true, "`%s' unsupported protocol", text);
	a->family = text[3] == '4' ? AF_INET : AF_INET6;
	return 0;
}

static int read_mask(struct cmd *c, const char *text, struct cta *a, enum cta_option of)
{
	struct cta_addr mask;
	int r = read_addr(c, text, a, &mask);

	if (r == 0)
		a->addr[of].mask = mask.addr;
	return r;
}

static int read_option(struct cmd *c, struct optscan *s, struct cta *a, struct opt_row *all)
{
	static const char letters[] = "sdrqptuze{}mifngobjw()";
	const char *at = s->val < V_OPTION ? strchr(letters, s->val) : NULL;

	if (at)
		a->seen |= 1ull << (at - letters);
	switch (s->val) {
	case 's': case 'd': case 'r': case 'q':
		return read_addr(c, s->arg, a, &a->addr[at - letters]);
	case 'p':
		return read_proto(c, s->arg, a, s, all);
	case 't':
		a->timeout = (uint32_t)atol(s->arg);
		return 0;
	case 'u':
		return read_words(c, s->arg, status_names, take_status, a);
	case 'e':
		return read_words(c, s->arg, event_names, take_event, a);
	case 'o':
		return read_words(c, s->arg, output_names, take_output, a);
	case '{':
		return read_mask(c, s->arg, a, CTA_ORIG_SRC);
	case '}':
		return read_mask(c, s->arg, a, CTA_ORIG_DST);
	case 'm':
		read_mark(s->arg, a);
		return 0;
	case 'i':
		a->id = (uint32_t)strtoul(s->arg, NULL, 0);
		return 0;
	case 'f':
		return read_family(c, s->arg, a);
	case 'n':
		return read_nat(c, optional_arg(s), a, &a->src_nat);
	case 'g':
		return read_nat(c, optional_arg(s), a, &a->dst_nat);
	case 'j':
		return read_nat(c, optional_arg(s), a, &a->any_nat);
	case 'w': case '(': case ')':
		a->zone[at - strchr(letters, 'w')] = (int)strtol(s->arg, NULL, 0);
		return 0;
	case 'a':
		cmd_err(c, "WARNING: ignoring -a, deprecated option.\n");
		return 0;
	case 'l': case V_LABEL_ADD: case V_LABEL_DEL:
		return read_label(c, s->arg);
	case 'c': case V_EXPECT:
		return cta_error(c, false, "natbox has no %s", s->val == 'c' ? "security marks" : "expectations made by hand");
	default:	/* z, b: said by having been seen */
		return s->val >= V_OPTION ? read_proto_option(c, (enum cta_option)(s->val - V_OPTION), s->arg, a) : 0;
	}
}

static int unknown(struct cmd *c, const struct optscan *s)
{
	if (s->is_long)
		return cta_error(c, true, "unknown option `%s'", s->argv[s->next - 1]);
	return cta_error(c, true, "unknown option `-%c'", s->val);
}

static int missing(struct cmd *c, const struct optscan *s)
{
	if (s->is_long)
		return cta_error(c, true, "option `%s' requires an argument", s->argv[s->next - 1]);
	if (s->val == 'R')
		return cta_error(c, true, "unknown option `-R'");
	return cta_error(c, true, "option `-%c' requires an argument", s->val);
}

static int check_rest(struct cmd *c, const struct cta *a)
{
	if (a->table >= CTA_DYING && a->command != CTA_LIST)
		return cta_error(c, true, "Can't do that command with tables `dying' and `unconfirmed'");
	for (int m = CTA_MASK_SRC; m <= CTA_MASK_DST; m++) {
		int of = m == CTA_MASK_SRC ? CTA_ORIG_SRC : CTA_ORIG_DST;

		if (cta_has(a, m) && !cta_has(a, of))
			return cta_error(c, true, "Can't use --%s without --%s", option_name[m].option, option_name[of].option);
	}
	if (cta_has(a, CTA_ZERO) && (a->seen & ~(1ull << CTA_ZERO | 1ull << CTA_OUTPUT | 1ull << CTA_FAMILY)))
		return cta_error(c, true, "Can't use -z with filtering parameters");
	if (a->table == CTA_EXPECT && (a->command == CTA_DELETE || a->command == CTA_GET || a->command == CTA_CREATE) &&
	    !any_of(a, CTA_ORIG_SRC, CTA_ORIG_SRC))
		return cta_error(c, true, "You need to supply the `--src' option for this command");
	return 0;
}

int cta_parse(struct cmd *c, int argc, char **argv, struct cta *a)
{
	struct opt_row all[ARRAY_LEN(rows) + 16];
	struct optscan s = {
		.argc = argc, .argv = argv, .next = 1, .rows = all, .n_rows = ARRAY_LEN(rows),
		.shorts = "L::I::U::D::G::E::F::A::C::S::h::VR:s:d:r:q:p:t:u:e:a:z{:}:m:i:f:o:n::g::j::c:b:w:l:",
	};
	int r = 0;

	memcpy(all, rows, sizeof(rows));
	*a = (struct cta){ .command = CTA_NONE };
	for (;;) {
		enum opt_event ev = optscan_next(&s);

		if (ev == OPT_END)
			break;
		if (ev == OPT_WORD)
			continue;
		if (ev == OPT_UNKNOWN)
			return unknown(c, &s);
		if (ev == OPT_MISSING)
			return missing(c, &s);
		r = s.val < V_OPTION && word_of_command(s.val) ? read_command(c, &s, a) : read_option(c, &s, a, all);
		if (r)
			return r;
	}
	if (a->command == CTA_NONE)
		a->command = CTA_HELP;
	r = check_allowed(c, a);
	if (r == 0)
		r = check_rest(c, a);
	return r ? r : a->table == CTA_CONNTRACK ? check_tuple(c, a) : 0;
}
