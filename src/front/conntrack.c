/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/conntrack.c - the conntrack command: listing, deleting, changing, making and watching connections, with conntrack(8) 1.4.7's texts.
 *
 * Theory of operation. The command line (front/conntrack_args.c) becomes a filter and an action; most commands are one walk over the table.
 * Counts and errors go to standard error, and so come before the listing where both go to one place that is no terminal, as with the real tool.
 *
 * Differences: D-24 (order of the listing), D-25 (no security marks, labels, expectations made by hand).
 */
#include <errno.h>

#include "ct/ext.h"
#include "ct/print.h"
#include "front/conntrack_args.h"

struct run {
	struct cmd *c;
	struct ct_table *t;
	const struct cta *a;
	unsigned n;		/* shown, deleted, ... */
	bool xml_open;
	int error;		/* exit status of a failed update */
};

/* ---- filter ---- */

static bool addr_matches(const struct cta *a, enum cta_option o, const union inet_addr *addr)
{
	const struct cta_addr *want = &a->addr[o];
	union inet_addr x, y;

	if (!cta_has(a, o))
		return true;
	x = addr_and(addr, &want->mask);
	y = addr_and(&want->addr, &want->mask);
	return addr_eq(&x, &y);
}

static bool port_matches(const struct cta *a, enum cta_option o, be16 port)
{
	return !cta_has(a, o) || a->port[o - CTA_SPORT] == ntohs(port);
}

/* The real tool compares what stands where ports do: of an ICMP connection that went through nat chains, identifier and type */
static bool is_bound_icmp(const struct cta_nat *n, const struct conn *c, uint32_t done)
{
	return n->any && c->tuple[0].proto == IPPROTO_ICMP && (c->status & done);
}

static bool src_nat_matches(const struct cta_nat *n, const struct conn *c)
{
	const struct tuple *o = &c->tuple[0], *r = &c->tuple[1];

	if (is_bound_icmp(n, c, IPS_SRC_NAT_DONE))
		return true;
	if (!(c->status & IPS_SRC_NAT))
		return false;
	return n->any || (addr_eq(&n->addr, &r->dst) && !addr_eq(&o->src, &r->dst) && (!n->have_port || n->port == ntohs(r->dport)));
}

static bool dst_nat_matches(const struct cta_nat *n, const struct conn *c)
{
	const struct tuple *o = &c->tuple[0], *r = &c->tuple[1];

	if (is_bound_icmp(n, c, IPS_DST_NAT_DONE))
		return true;
	if (!(c->status & IPS_DST_NAT))
		return false;
	return n->any || (addr_eq(&n->addr, &r->src) && !addr_eq(&o->dst, &r->src) && (!n->have_port || n->port == ntohs(r->sport)));
}

static bool icmp_matches(const struct cta *a, const struct tuple *o)
{
	return (!cta_has(a, CTA_ICMP_TYPE) || a->icmp_type == ntohs(o->dport) >> 8) &&
	       (!cta_has(a, CTA_ICMP_CODE) || a->icmp_code == (ntohs(o->dport) & 0xff)) &&
	       (!cta_has(a, CTA_ICMP_ID) || a->icmp_id == ntohs(o->sport));
}

static bool nat_matches(const struct cta *a, const struct conn *c)
{
	if (cta_has(a, CTA_ANY_NAT))
		return src_nat_matches(&a->any_nat, c) || dst_nat_matches(&a->any_nat, c);
	return (!cta_has(a, CTA_SRC_NAT) || src_nat_matches(&a->src_nat, c)) && (!cta_has(a, CTA_DST_NAT) || dst_nat_matches(&a->dst_nat, c));
}

/* a zone of both directions is none of one direction, and the other way round */
static bool zone_matches(const struct cta *a, uint16_t orig, uint16_t reply)
{
	bool both = orig == reply;

	return (!cta_has(a, CTA_ZONE) || a->zone[0] == (both ? orig : 0)) && (!cta_has(a, CTA_ORIG_ZONE) || a->zone[1] == (both ? 0 : orig)) &&
	       (!cta_has(a, CTA_REPL_ZONE) || a->zone[2] == (both ? 0 : reply));
}

/* which end a connection has; what -U changes is no filter there */
static bool tuple_matches(const struct cta *a, const struct conn *c)
{
	const struct tuple *o = &c->tuple[0], *r = &c->tuple[1];

	return (!a->family || a->family == o->family) && (!cta_has(a, CTA_PROTO) || a->proto == o->proto) &&
	       addr_matches(a, CTA_ORIG_SRC, &o->src) && addr_matches(a, CTA_ORIG_DST, &o->dst) && addr_matches(a, CTA_REPL_SRC, &r->src) &&
	       addr_matches(a, CTA_REPL_DST, &r->dst) && port_matches(a, CTA_SPORT, o->sport) && port_matches(a, CTA_DPORT, o->dport) &&
	       port_matches(a, CTA_REPL_SPORT, r->sport) && port_matches(a, CTA_REPL_DPORT, r->dport) && icmp_matches(a, o) &&
	       zone_matches(a, o->zone, r->zone) && nat_matches(a, c);
}

static bool conn_matches(const struct run *r, const struct conn *c)
{
	const struct cta *a = r->a;

	return tuple_matches(a, c) && (c->status & a->status) == a->status && !(c->status & a->status_unset) &&
	       (!cta_has(a, CTA_MARK) || (c->mark & a->mark_mask) == a->mark) &&
	       (!cta_has(a, CTA_STATE) || c->proto.tcp.state == a->state) && (!cta_has(a, CTA_ID) || ct_id(r->t, c) == a->id);
}

/* ---- showing ---- */

static void show(struct run *r, const struct conn *c, unsigned flags)
{
	if ((r->a->print & CT_PRINT_XML) && !r->xml_open && r->a->command == CTA_LIST) {
		cmd_out(r->c, "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<conntrack>\n");
		r->xml_open = true;
	}
	ct_print(&r->c->out, r->t, c, r->a->print | flags);
	cmd_out(r->c, "\n");
	r->n++;
}

static void finish(struct run *r, const char *what)
{
	if (r->xml_open) {	/* the real tool flushes here, so that its count comes after the listing */
		cmd_out(r->c, "</conntrack>\n");
		cmd_flush(r->c);
	}
	cmd_err(r->c, CTA_PREFIX "%u %s\n", r->n, what);
}

static int list_one(void *ctx, struct conn *c)
{
	struct run *r = ctx;

	if (!conn_matches(r, c))
		return 0;
	show(r, c, 0);
	if (cta_has(r->a, CTA_ZERO) && ct_acct(c))
		memset(c->ext->acct, 0, sizeof(c->ext->acct));
	return 0;
}

static int do_list(struct run *r)
{
	if (r->a->labels)
		cmd_err(r->c, "nfct_labelmap_new: No such file or directory\n");
	if (r->a->table == CTA_EXPECT) {
		finish(r, "expectations have been shown.");
		return 0;
	}
	if (cta_has(r->a, CTA_STATUS) && !r->a->status && !r->a->status_unset)
		return cta_error(r->c, false, "Operation failed: invalid parameters");
	if (r->a->table == CTA_CONNTRACK)
		ct_foreach(r->t, list_one, r);
	finish(r, "flow entries have been shown.");
	return 0;
}

static int delete_one(void *ctx, struct conn *c)
{
	struct run *r = ctx;

	if (!conn_matches(r, c))
		return 0;
	show(r, c, 0);
	ct_delete(r->t, c);
	return 0;
}

static int no_expectation(struct run *r)
{
	return cta_error(r->c, false, "Operation failed: such expectation doesn't exist");
}

static int do_delete(struct run *r)
{
	if (r->a->table == CTA_EXPECT)
		return no_expectation(r);
	ct_foreach(r->t, delete_one, r);
	finish(r, "flow entries have been deleted.");
	return r->n ? 0 : 1;
}

/* ---- one connection by its tuple ---- */

static void tuple_of_args(const struct cta *a, struct tuple *orig)
{
	bool direct = cta_has(a, CTA_ORIG_SRC);
	unsigned src = direct ? CTA_ORIG_SRC : CTA_REPL_DST, dst = direct ? CTA_ORIG_DST : CTA_REPL_SRC;
	bool ports = cta_has(a, CTA_SPORT);

	*orig = (struct tuple){ .src = a->addr[src].addr, .dst = a->addr[dst].addr, .family = a->family ? a->family : AF_INET,
				.proto = a->proto };
	if (a->proto == IPPROTO_ICMP || a->proto == IPPROTO_ICMPV6) {
		orig->sport = htons(a->icmp_id);
		orig->dport = htons((uint16_t)(a->icmp_type << 8 | a->icmp_code));
		return;
	}
	orig->sport = htons(a->port[ports ? 0 : CTA_REPL_DPORT - CTA_SPORT]);
	orig->dport = htons(a->port[ports ? 1 : CTA_REPL_SPORT - CTA_SPORT]);
}

static int do_get(struct run *r)
{
	struct tuple t;
	struct conn *c;
	int dir;

	if (r->a->table == CTA_EXPECT)
		return no_expectation(r);
	tuple_of_args(r->a, &t);
	c = ct_find(r->t, &t, &dir);
	if (!c)
		return cta_error(r->c, false, "Operation failed: such conntrack doesn't exist");
	show(r, c, CT_PRINT_HELD);
	finish(r, "flow entries have been shown.");
	return 0;
}

/* the reply tuple: the original's inverse but for what the options say */
static uint32_t reply_of_args(const struct cta *a, const struct tuple *orig, struct tuple *reply)
{
	uint32_t status = 0;

	if (cta_has(a, CTA_REPL_SRC) && cta_has(a, CTA_ORIG_SRC))
		reply->src = a->addr[CTA_REPL_SRC].addr;
	if (cta_has(a, CTA_REPL_DST) && cta_has(a, CTA_ORIG_SRC))
		reply->dst = a->addr[CTA_REPL_DST].addr;
	if (cta_has(a, CTA_SPORT) && cta_has(a, CTA_REPL_SPORT))
		reply->sport = htons(a->port[2]);
	if (cta_has(a, CTA_SPORT) && cta_has(a, CTA_REPL_DPORT))
		reply->dport = htons(a->port[3]);
	if (cta_has(a, CTA_SRC_NAT) && !a->src_nat.any) {
		reply->dst = a->src_nat.addr;
		if (a->src_nat.have_port)
			reply->dport = htons(a->src_nat.port);
		status |= IPS_SRC_NAT | IPS_SRC_NAT_DONE;
	}
	if (cta_has(a, CTA_DST_NAT) && !a->dst_nat.any) {
		reply->src = a->dst_nat.addr;
		if (a->dst_nat.have_port)
			reply->sport = htons(a->dst_nat.port);
		status |= IPS_DST_NAT | IPS_DST_NAT_DONE;
	}
	return status;
}

static int do_create(struct run *r)
{
	const struct cta *a = r->a;
	struct tuple orig, reply;
	struct conn *c;
	uint32_t status;
	int err;

	if (a->table == CTA_EXPECT)
		return cta_error(r->c, false, "natbox has no expectations made by hand");
	tuple_of_args(a, &orig);
	if (tuple_invert(&orig, &reply) < 0 || cta_has(a, CTA_ZONE) + cta_has(a, CTA_ORIG_ZONE) + cta_has(a, CTA_REPL_ZONE) > 1)
		return cta_error(r->c, false, "Operation failed: invalid parameters");
	orig.zone = (uint16_t)(a->zone[0] + a->zone[1]);
	reply.zone = (uint16_t)(a->zone[0] + a->zone[2]);
	status = reply_of_args(a, &orig, &reply);
	err = ct_insert(r->t, &orig, &reply, status | a->status, a->timeout, a->mark, &c);
	if (err == -EEXIST && a->command == CTA_CREATE)
		return cta_error(r->c, false, "Operation failed: Such conntrack exists, try -U to update");
	if (err < 0 && err != -EEXIST)
		return cta_error(r->c, false, "Operation failed: not enough memory");
	if (err == 0) {
		if (a->proto == IPPROTO_TCP)
			c->proto.tcp.state = a->state;
		ct_announce(r->t, c);
		r->n++;
	}
	finish(r, a->command == CTA_ADD ? "flow entries have been added." : "flow entries have been created.");
	return 0;
}

/* ---- update ---- */

static int update_one(void *ctx, struct conn *c)
{
	struct run *r = ctx;
	const struct cta *a = r->a;
	uint32_t mark = cta_has(a, CTA_MARK) ? (c->mark & ~a->mark_mask) | a->mark : c->mark;
	bool state = cta_has(a, CTA_STATE) && c->proto.tcp.state != a->state, time = cta_has(a, CTA_TIMEOUT);

	if (!tuple_matches(a, c) || (cta_has(a, CTA_ID) && ct_id(r->t, c) != a->id))
		return 0;
	if (mark == c->mark && !state && !time && (c->status & a->status) == a->status)
		return 0;
	if (c->status & IPS_NAT_MASK) {		/* as the real tool and Linux do */
		cmd_err(r->c, "Operation failed: Operation not supported\n");
		r->error = cta_error(r->c, false, "Operation failed: Operation not supported");
		return 1;
	}
	ct_set_mark(r->t, c, mark);
	c->status |= a->status;
	if (state)
		c->proto.tcp.state = a->state;
	if (time)
		ct_set_timeout(r->t, c, a->timeout, false);
	ct_update(r->t, c);
	show(r, c, CT_PRINT_HELD);
	return 0;
}

static int do_update(struct run *r)
{
	ct_foreach(r->t, update_one, r);
	if (r->error)
		return r->error;
	finish(r, "flow entries have been updated.");
	return r->n ? 0 : 1;
}

/* ---- events ---- */

static void print_timestamp(struct run *r)
{
	uint64_t ns = clock_wall_ns(&r->c->world->clock);

	cmd_out(r->c, "[%llu.%06llu]\t", (unsigned long long)(ns / NSEC_PER_SEC), (unsigned long long)(ns % NSEC_PER_SEC / 1000));
}

static void on_event(void *ctx, enum ct_event ev, const struct conn *c)
{
	struct run *r = ctx;
	const struct cta *a = r->a;

	if ((a->events && !(a->events >> ev & 1)) || !conn_matches(r, c))
		return;
	if ((a->print & CT_PRINT_XML) && !r->xml_open) {
		cmd_out(r->c, "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<conntrack>\n");
		r->xml_open = true;
	}
	if (a->timestamp && !(a->print & CT_PRINT_XML))
		print_timestamp(r);
	ct_print_event(&r->c->out, r->t, ev, c, a->print);
	cmd_out(r->c, "\n");
	r->n++;
}

static int do_event(struct run *r)
{
	bool expect = r->a->table == CTA_EXPECT;
	int err = 0;

	if (!r->c->ops->ct_listen || !r->c->ops->wait)
		return cta_error(r->c, false, "natbox cannot wait for events here");
	if (!expect) {
		err = r->c->ops->ct_listen(r->c, on_event, r);
		if (err < 0)
			return cta_error(r->c, false, "Can't open handler");
		ct_watch(r->t, true);
	}
	for (err = 0; err != -EINTR;) {
		err = r->c->ops->wait(r->c, UINT64_MAX);
		if (cmd_flush(r->c) < 0)
			break;
	}
	if (!expect) {
		ct_watch(r->t, false);
		r->c->ops->ct_listen(r->c, NULL, NULL);
	}
	finish(r, expect ? "expectation events have been shown." : "flow events have been shown.");
	return 0;
}

/* ---- the rest ---- */

static int do_flush(struct run *r)
{
	if (r->a->table == CTA_CONNTRACK)
		ct_flush(r->t);
	cmd_err(r->c, CTA_PREFIX "%s table has been emptied.\n", r->a->table == CTA_EXPECT ? "expectation" : "connection tracking");
	return 0;
}

static int do_count(struct run *r)
{
	cmd_out(r->c, "%u\n", r->a->table == CTA_EXPECT ? 0 : ct_count(r->t));
	return 0;
}

static int do_stats(struct run *r)
{
	ct_print_stats(&r->c->out, ct_stats(r->t));
	return 0;
}

static int do_version(struct run *r)
{
	cmd_out(r->c, "conntrack v1.4.7 (conntrack-tools)\n");
	return 0;
}

static int do_help(struct run *r)
{
	cmd_out(r->c,
		"conntrack: list, change and watch the connections that are tracked\n\n"
		"  -L [TABLE]  list             -G  get one by its tuple     -E  show events as they come\n"
		"  -D  delete what matches      -I, -A  make one             -U  change what matches\n"
		"  -F  delete all               -C  count                    -S  statistics\n"
		"  -R FILE  run the lines of a file (conntrack -L -o save)   -V  version\n\n"
		"TABLE: conntrack, expect, dying, unconfirmed\n\n"
		"Which: -s SRC -d DST (original direction) -r SRC -q DST (reply) [/PREFIX], -p PROTOCOL, -f ipv4|ipv6,\n"
		"  -m MARK[/MASK], -u STATUS[,...], -w ZONE, --orig-zone, --reply-zone, -n [ADDR] translated source, -g [ADDR] translated destination, -j [ADDR] either;\n"
		"  behind -p tcp, udp: --sport --dport --reply-port-src --reply-port-dst, --state; behind -p icmp: --icmp-type --icmp-code --icmp-id\n"
		"How: -o xml,extended,id,timestamp,ktimestamp,save; -e NEW,UPDATES,DESTROY with -E; -t SECONDS with -I and -U; -z zero counters\n");
	return 0;
}

static bool changes_table(enum cta_command command)
{
	return command == CTA_CREATE || command == CTA_ADD || command == CTA_UPDATE || command == CTA_DELETE || command == CTA_FLUSH;
}

/* What events name the doer by. A program's first socket has its process id; -D and -U change over a second one, which has a random number. */
static uint32_t netlink_port(const struct run *r)
{
	struct rng *rng = &r->c->world->rng;

	if (r->a->command == CTA_DELETE || r->a->command == CTA_UPDATE)
		return 0x80000000u | rng_u32(rng);
	return 1000 + rng_below(rng, 31000);
}

/* -R: each line is a command line without the tool's name */
static int load_line(struct run *r, char *line)
{
	char *argv[64] = { (char *)"conntrack" }, *save, *w;
	int argc = 1;
	struct cta a;
	struct run one = { .c = r->c, .t = r->t, .a = &a };
	int err;

	for (w = strtok_r(line, " \t", &save); w && argc < (int)ARRAY_LEN(argv); w = strtok_r(NULL, " \t", &save))
		argv[argc++] = w;
	if (argc == 1 || argv[1][0] == '#')
		return 0;
	err = cta_parse(r->c, argc, argv, &a);
	if (err)
		return err;
	switch (a.command) {
	case CTA_CREATE:
	case CTA_ADD:
		return do_create(&one);
	case CTA_DELETE:
		return do_delete(&one);
	case CTA_UPDATE:
		return do_update(&one);
	case CTA_FLUSH:
		return do_flush(&one);
	default:
		return cta_error(r->c, true, "Invalid commands combination");
	}
}

static int do_load(struct run *r)
{
	struct sbuf text = SBUF_INIT;
	char *save, *line;
	int err = -ENOENT;

	if (strcmp(r->a->file, "-") == 0)
		err = cmd_read_all(r->c, &text);
	else if (r->c->ops->file_read)
		err = r->c->ops->file_read(r->c, r->a->file, &text);
	if (err < 0) {
		sbuf_free(&text);
		return cta_error(r->c, true, "Failed to open file %s for reading", r->a->file);
	}
	err = 0;
	ct_set_actor(r->t, netlink_port(r));
	for (line = text.len ? strtok_r(text.data, "\n", &save) : NULL; line && !err; line = strtok_r(NULL, "\n", &save))
		err = load_line(r, line);
	sbuf_free(&text);
	return err;
}

int conntrack_main(struct cmd *c, int argc, char **argv)
{
	static int (*const run[])(struct run *r) = {
		[CTA_LIST] = do_list, [CTA_CREATE] = do_create, [CTA_ADD] = do_create, [CTA_UPDATE] = do_update, [CTA_DELETE] = do_delete,
		[CTA_GET] = do_get, [CTA_FLUSH] = do_flush, [CTA_EVENT] = do_event, [CTA_COUNT] = do_count, [CTA_STATS] = do_stats,
		[CTA_LOAD] = do_load, [CTA_VERSION] = do_version, [CTA_HELP] = do_help,
	};
	struct cta a;
	struct run r = { .c = c, .t = c->ns->ct, .a = &a };
	int err = cta_parse(c, argc, argv, &a);

	if (err)
		return err;
	if (changes_table(a.command))
		ct_set_actor(r.t, netlink_port(&r));
	err = run[a.command](&r);
	ct_set_actor(r.t, 0);
	return err;
}
