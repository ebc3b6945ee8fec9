/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ct/print.c - a connection as text, byte for byte as /proc/net/nf_conntrack and conntrack(8) 1.4.7 write it.
 *
 * Off the packet's way: the conntrack command and /proc read it.
 */
#include "ct/print.h"

#include <time.h>

#include "ct/ext.h"
#include "ct/table.h"

static const struct proto_name {
	uint8_t proto;
	const char *name;
	bool kernel;		/* /proc knows it too */
} proto_name[] = {
	{ IPPROTO_TCP, "tcp", true },	    { IPPROTO_UDP, "udp", true }, { IPPROTO_ICMP, "icmp", true },
	{ IPPROTO_ICMPV6, "icmpv6", true }, { IPPROTO_GRE, "gre", true }, { IPPROTO_SCTP, "sctp", true },
	{ IPPROTO_UDPLITE, "udplite", true }, { IPPROTO_DCCP, "dccp", false },
};

static const char *name_of(uint8_t proto, bool kernel)
{
	for (size_t i = 0; i < ARRAY_LEN(proto_name); i++)
		if (proto_name[i].proto == proto)
			return kernel && !proto_name[i].kernel ? "unknown" : proto_name[i].name;
	return "unknown";
}

const char *ct_proto_name(uint8_t proto)
{
	return name_of(proto, false);
}

static bool shows_ports(uint8_t proto, bool kernel)
{
	return proto == IPPROTO_TCP || proto == IPPROTO_UDP || proto == IPPROTO_UDPLITE || proto == IPPROTO_SCTP ||
	       (proto == IPPROTO_DCCP && !kernel);
}

static bool is_icmp(uint8_t proto)
{
	return proto == IPPROTO_ICMP || proto == IPPROTO_ICMPV6;
}

static const char *family_name(uint8_t family)
{
	return family == AF_INET ? "ipv4" : "ipv6";
}

/* the seconds between its beginning and its end or now */
static unsigned long long age_s(const struct conn_ext *e, uint64_t now_ns)
{
	uint64_t end = e->stop_ns ? e->stop_ns : now_ns;

	return end > e->start_ns ? (end - e->start_ns) / NSEC_PER_SEC : 0;
}

static const struct conn_ext *timestamps(const struct conn *c)
{
	return c->ext && c->ext->has_tstamp && c->ext->start_ns ? c->ext : NULL;
}

static bool shows_timeout(const struct ct_table *t, const struct conn *c, unsigned flags)
{
	return !(flags & CT_PRINT_DESTROY) || ct_remaining_s(t, c);
}

static bool shows_counters(unsigned flags)
{
	return !(flags & CT_PRINT_EVENT) || (flags & CT_PRINT_DESTROY);
}

static bool shows_mark(const struct conn *c, unsigned flags)
{
	return !(flags & CT_PRINT_EVENT) || c->mark || (c->status & CONN_MARKED);
}

/* ---- text ---- */

static void text_tuple(struct sbuf *out, const struct tuple *t, bool kernel)
{
	void (*put)(struct sbuf *out, uint8_t family, const union inet_addr *a) = kernel ? addr_put_kernel : addr_put;

	sbuf_puts(out, "src=");
	put(out, t->family, &t->src);
	sbuf_puts(out, " dst=");
	put(out, t->family, &t->dst);
	sbuf_putc(out, ' ');
	if (shows_ports(t->proto, kernel))
		sbuf_printf(out, "sport=%u dport=%u ", ntohs(t->sport), ntohs(t->dport));
	else if (is_icmp(t->proto))
		sbuf_printf(out, "type=%u code=%u id=%u ", ntohs(t->dport) >> 8, ntohs(t->dport) & 0xff, ntohs(t->sport));
	else if (t->proto == IPPROTO_GRE)
		sbuf_printf(out, "srckey=0x%x dstkey=0x%x ", ntohs(t->sport), ntohs(t->dport));
}

/* the zone of one direction, where it is not both directions' */
static void text_zone_of(struct sbuf *out, const struct conn *c, int dir)
{
	uint16_t zone = c->tuple[dir].zone;

	if (zone && zone != c->tuple[!dir].zone)
		sbuf_printf(out, "zone-%s=%u ", dir == IP_CT_DIR_REPLY ? "reply" : "orig", zone);
}

static void text_counter(struct sbuf *out, const struct conn *c, int dir, unsigned flags)
{
	const struct ct_counter *n = ct_acct(c);

	if (n && shows_counters(flags))
		sbuf_printf(out, "packets=%llu bytes=%llu ", (unsigned long long)n[dir].packets, (unsigned long long)n[dir].bytes);
}

/* as ctime() writes it */
static void text_time(struct sbuf *out, const char *what, uint64_t ns)
{
	time_t s = (time_t)(ns / NSEC_PER_SEC);
	struct tm tm;
	char buf[32];

	if (!ns || !gmtime_r(&s, &tm) || !strftime(buf, sizeof(buf), "%a %b %e %H:%M:%S %Y", &tm))
		return;
	sbuf_printf(out, "[%s=%s] ", what, buf);
}

static void text_head(struct sbuf *out, const struct ct_table *t, const struct conn *c, unsigned flags)
{
	const struct tuple *orig = &c->tuple[0];
	bool kernel = flags & CT_PRINT_PROC;

	if (flags & (CT_PRINT_EXTENDED | CT_PRINT_PROC))
		sbuf_printf(out, "%-8s %u ", family_name(orig->family), orig->family);
	sbuf_printf(out, "%-8s %u ", name_of(orig->proto, kernel), orig->proto);
	if (shows_timeout(t, c, flags))
		sbuf_printf(out, "%u ", ct_remaining_s(t, c));
	if (orig->proto == IPPROTO_TCP)
		sbuf_printf(out, "%s ", ct_tcp_state_name(c->proto.tcp.state));
}

static void text_tail(struct sbuf *out, const struct ct_table *t, const struct conn *c, unsigned flags, uint64_t now_ns)
{
	const struct conn_ext *e = timestamps(c);
	bool one_way = c->tuple[0].zone != c->tuple[1].zone;

	if (shows_mark(c, flags))
		sbuf_printf(out, "mark=%u ", c->mark);
	if (!one_way && (c->tuple[0].zone || (flags & CT_PRINT_PROC)))
		sbuf_printf(out, "zone=%u ", c->tuple[0].zone);
	if (e && shows_counters(flags)) {
		sbuf_printf(out, "delta-time=%llu ", age_s(e, now_ns));
		if (flags & CT_PRINT_KTIMESTAMP) {
			text_time(out, "start", e->start_ns);
			text_time(out, "stop", e->stop_ns);
		}
	}
	if (!(flags & CT_PRINT_EVENT))
		sbuf_printf(out, "use=%d ", flags & (CT_PRINT_PROC | CT_PRINT_HELD) ? 2 : 1);
	if (flags & CT_PRINT_ID)
		sbuf_printf(out, "id=%u ", ct_id(t, c));
}

static void text(struct sbuf *out, const struct ct_table *t, const struct conn *c, unsigned flags, uint64_t now_ns)
{
	bool kernel = flags & CT_PRINT_PROC;

	text_head(out, t, c, flags);
	if (kernel && c->tuple[0].proto == IPPROTO_GRE)
		sbuf_printf(out, "timeout=%u, stream_timeout=%u ", t->conf->gre, t->conf->gre_stream);
	text_tuple(out, &c->tuple[0], kernel);
	text_zone_of(out, c, 0);
	text_counter(out, c, 0, flags);
	if (!(c->status & IPS_SEEN_REPLY))
		sbuf_puts(out, "[UNREPLIED] ");
	text_tuple(out, &c->tuple[1], kernel);
	text_zone_of(out, c, 1);
	text_counter(out, c, 1, flags);
	if (c->status & (IPS_OFFLOAD | IPS_HW_OFFLOAD))
		sbuf_puts(out, c->status & IPS_HW_OFFLOAD ? "[HW_OFFLOAD] " : "[OFFLOAD] ");
	else if (c->status & IPS_ASSURED)
		sbuf_puts(out, "[ASSURED] ");
	text_tail(out, t, c, flags, now_ns);
	if (out->len && out->data[out->len - 1] == ' ')
		sbuf_truncate(out, out->len - 1);
}

/* ---- XML ---- */

static void xml_direction(struct sbuf *out, const struct conn *c, int dir, unsigned flags)
{
	const struct tuple *t = &c->tuple[dir];
	const struct ct_counter *n = ct_acct(c);
	char src[ADDR_STRLEN], dst[ADDR_STRLEN];

	sbuf_printf(out, "<meta direction=\"%s\"><layer3 protonum=\"%u\" protoname=\"%s\"><src>%s</src><dst>%s</dst></layer3>",
		    dir ? "reply" : "original", t->family, family_name(t->family), addr_fmt(src, t->family, &t->src),
		    addr_fmt(dst, t->family, &t->dst));
	sbuf_printf(out, "<layer4 protonum=\"%u\" protoname=\"%s\">", t->proto, ct_proto_name(t->proto));
	if (shows_ports(t->proto, false))
		sbuf_printf(out, "<sport>%u</sport><dport>%u</dport>", ntohs(t->sport), ntohs(t->dport));
	sbuf_puts(out, "</layer4>");
	if (t->zone && t->zone != c->tuple[!dir].zone)
		sbuf_printf(out, "<zone>%u</zone>", t->zone);
	if (n && shows_counters(flags))
		sbuf_printf(out, "<counters><packets>%llu</packets><bytes>%llu</bytes></counters>", (unsigned long long)n[dir].packets,
			    (unsigned long long)n[dir].bytes);
	sbuf_puts(out, "</meta>");
}

static void xml(struct sbuf *out, const struct ct_table *t, const struct conn *c, unsigned flags, uint64_t now_ns)
{
	const struct conn_ext *e = timestamps(c);

	if (flags & CT_PRINT_EVENT)
		sbuf_printf(out, "<flow type=\"%s\">", flags & CT_PRINT_DESTROY ? "destroy" : flags & CT_PRINT_UPDATE ? "update" : "new");
	else
		sbuf_puts(out, "<flow>");
	xml_direction(out, c, 0, flags);
	xml_direction(out, c, 1, flags);
	sbuf_puts(out, "<meta direction=\"independent\">");
	if (c->tuple[0].proto == IPPROTO_TCP)
		sbuf_printf(out, "<state>%s</state>", ct_tcp_state_name(c->proto.tcp.state));
	if (shows_timeout(t, c, flags))
		sbuf_printf(out, "<timeout>%u</timeout>", ct_remaining_s(t, c));
	if (shows_mark(c, flags))
		sbuf_printf(out, "<mark>%u</mark>", c->mark);
	if (c->tuple[0].zone && c->tuple[0].zone == c->tuple[1].zone)
		sbuf_printf(out, "<zone>%u</zone>", c->tuple[0].zone);
	if (!(flags & CT_PRINT_EVENT))
		sbuf_printf(out, "<use>%d</use>", flags & CT_PRINT_HELD ? 2 : 1);
	sbuf_printf(out, "<id>%u</id>", ct_id(t, c));
	if (c->status & IPS_ASSURED)
		sbuf_puts(out, "<assured/>");
	if (!(c->status & IPS_SEEN_REPLY))
		sbuf_puts(out, "<unreplied/>");
	if (e && shows_counters(flags)) {
		if (flags & CT_PRINT_KTIMESTAMP) {
			sbuf_printf(out, "<timestamp><start>%llu</start>", (unsigned long long)e->start_ns);
			if (e->stop_ns)
				sbuf_printf(out, "<stop>%llu</stop>", (unsigned long long)e->stop_ns);
			sbuf_puts(out, "</timestamp>");
		}
		sbuf_printf(out, "<deltatime>%llu</deltatime>", age_s(e, now_ns));
	}
	sbuf_puts(out, "</meta></flow>");
}

/* ---- conntrack -o save ---- */

static void save_status(struct sbuf *out, const struct conn *c)
{
	static const struct {
		uint32_t bit;
		const char *name;
	} names[] = { { IPS_SEEN_REPLY, "SEEN_REPLY" }, { IPS_ASSURED, "ASSURED" }, { IPS_FIXED_TIMEOUT, "FIXED_TIMEOUT" },
		      { IPS_EXPECTED, "EXPECTED" } };
	const char *sep = " -u ";

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		if (!(c->status & names[i].bit))
			continue;
		sbuf_printf(out, "%s%s", sep, names[i].name);
		sep = ",";
	}
	if (sep[0] == ' ')
		sbuf_puts(out, " -u UNSET");
}

/* without the mark, which conntrack 1.4.7 does not save either */
static void save(struct sbuf *out, const struct ct_table *t, const struct conn *c)
{
	const struct tuple *o = &c->tuple[0], *r = &c->tuple[1];
	char a[ADDR_STRLEN];

	sbuf_printf(out, "-A -t %u", ct_remaining_s(t, c));
	save_status(out, c);
	if (o->zone || r->zone)
		sbuf_printf(out, " %s %u", o->zone == r->zone ? "-w" : o->zone ? "--orig-zone" : "--reply-zone", o->zone ? o->zone : r->zone);
	sbuf_printf(out, " -s %s", addr_fmt(a, o->family, &o->src));
	sbuf_printf(out, " -d %s", addr_fmt(a, o->family, &o->dst));
	sbuf_printf(out, " -%c %s", c->status & IPS_DST_NAT ? 'g' : 'r', addr_fmt(a, o->family, &r->src));
	sbuf_printf(out, " -%c %s", c->status & IPS_SRC_NAT ? 'n' : 'q', addr_fmt(a, o->family, &r->dst));
	if (strcmp(ct_proto_name(o->proto), "unknown") == 0) {
		sbuf_printf(out, " -p %u", o->proto);
		return;
	}
	sbuf_printf(out, " -p %s", ct_proto_name(o->proto));
	if (shows_ports(o->proto, true))
		sbuf_printf(out, " --sport %u --dport %u --reply-port-src %u --reply-port-dst %u", ntohs(o->sport), ntohs(o->dport),
			    ntohs(r->sport), ntohs(r->dport));
	else if (is_icmp(o->proto))
		sbuf_printf(out, " --icmp-type %u --icmp-code %u --icmp-id %u", ntohs(o->dport) >> 8, ntohs(o->dport) & 0xff,
			    ntohs(o->sport));
	else if (o->proto == IPPROTO_GRE)
		sbuf_printf(out, " --srckey %u --dstkey %u --reply-key-src %u --reply-key-dst %u", ntohs(o->sport), ntohs(o->dport),
			    ntohs(r->sport), ntohs(r->dport));
	if (o->proto == IPPROTO_TCP)
		sbuf_printf(out, " --state %s", ct_tcp_state_name(c->proto.tcp.state));
}

void ct_print(struct sbuf *out, const struct ct_table *t, const struct conn *c, unsigned flags)
{
	uint64_t now_ns = clock_wall_ns(t->env.clock);

	if (flags & CT_PRINT_SAVE)
		save(out, t, c);
	else if (flags & CT_PRINT_XML)
		xml(out, t, c, flags, now_ns);
	else
		text(out, t, c, flags, now_ns);
}

void ct_print_event(struct sbuf *out, const struct ct_table *t, enum ct_event ev, const struct conn *c, unsigned flags)
{
	static const char *const name[] = { [CT_EVENT_NEW] = "[NEW]", [CT_EVENT_UPDATE] = "[UPDATE]", [CT_EVENT_DESTROY] = "[DESTROY]" };

	flags |= CT_PRINT_EVENT;
	if (ev == CT_EVENT_DESTROY)
		flags |= CT_PRINT_DESTROY;
	if (ev == CT_EVENT_UPDATE)
		flags |= CT_PRINT_UPDATE;
	if (!(flags & CT_PRINT_XML))
		sbuf_printf(out, "%9s ", name[ev]);
	ct_print(out, t, c, flags);
	if (t->actor && !(flags & (CT_PRINT_XML | CT_PRINT_SAVE)))
		sbuf_printf(out, " [USERSPACE] portid=%u", t->actor);
}

struct proc {
	struct sbuf *out;
	const struct ct_table *t;
};

static int proc_line(void *ctx, struct conn *c)
{
	const struct proc *p = ctx;

	ct_print(p->out, p->t, c, CT_PRINT_PROC);
	sbuf_putc(p->out, '\n');
	return 0;
}

void ct_print_proc(struct sbuf *out, struct ct_table *t)
{
	struct proc p = { .out = out, .t = t };

	ct_foreach(t, proc_line, &p);
}

void ct_print_stats(struct sbuf *out, const struct ct_stats *s)
{
	sbuf_printf(out,
		    "cpu=0   \tfound=%llu invalid=%llu insert=%llu insert_failed=%llu drop=%llu early_drop=%llu error=%llu "
		    "search_restart=%llu clash_resolve=%llu chaintoolong=%llu \n",
		    (unsigned long long)s->found, (unsigned long long)s->invalid, (unsigned long long)s->insert,
		    (unsigned long long)s->insert_failed, (unsigned long long)s->drop, (unsigned long long)s->early_drop,
		    (unsigned long long)s->error, (unsigned long long)s->search_restart, (unsigned long long)s->clash_resolve,
		    (unsigned long long)s->chaintoolong);
}
