/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rules/fn_packet.c - matches over packets, sockets and interfaces that no comparison of fields can say: owner,
 * multiport, iprange, addrtype, rpfilter, physdev, TCP options and MSS.
 *
 * Theory of operation: each is the kernel's match of the same name over the kernel's own data. Where the kernel drops
 * a packet whose header is cut off (par->hotdrop), so does this.
 *
 * Invariants
 *  1. Nothing is read past the end of the packet or of its TCP header.
 *
 * References: the kernel's xt_owner.c, xt_multiport.c, xt_iprange.c, xt_addrtype.c, ipt_rpfilter.c, xt_physdev.c, xt_tcpudp.c,
 * xt_tcpmss.c.
 */
#include <string.h>

#include "base/buf.h"
#include "rules/fn.h"
#include "rules/vm.h"

#define LOOPBACK_IFINDEX 1
#define IPTOS_DSCP 0xfc

/* ---- owner ---- */

static bool owner_in(uint32_t id, uint32_t min, uint32_t max, bool invert)
{
	return (id >= min && id <= max) != invert;
}

static bool owner_eval(struct match_ctx *m, const void *data, void *state)
{
	const struct xt_owner_match_info *o = data;

	if (!m->pkt->sk)
		return (o->match ^ o->invert) == 0;
	if (o->match & o->invert & XT_OWNER_SOCKET)
		return false;
	if ((o->match & XT_OWNER_UID) && !owner_in(m->pkt->sk_uid, o->uid_min, o->uid_max, o->invert & XT_OWNER_UID))
		return false;
	return !(o->match & XT_OWNER_GID) || owner_in(m->pkt->sk_gid, o->gid_min, o->gid_max, o->invert & XT_OWNER_GID);
}

const struct ir_fn fn_owner = { .name = "owner", .pure = true, .eval = owner_eval };

/* ---- multiport ---- */

static bool multiport_one(const struct xt_multiport_v1 *p, uint16_t src, uint16_t dst, uint16_t lo, uint16_t hi)
{
	bool s = src >= lo && src <= hi, d = dst >= lo && dst <= hi;

	return p->flags == XT_MULTIPORT_SOURCE ? s : p->flags == XT_MULTIPORT_DESTINATION ? d : s || d;
}

static bool multiport_eval(struct match_ctx *m, const void *data, void *state)
{
	const struct xt_multiport_v1 *p = data;
	const uint8_t *l4 = pkt_l4(m->pkt);
	uint16_t src, dst;

	if (m->pkt->flags & PKT_LATER_FRAG)
		return false;
	if (pkt_l4_len(m->pkt) < 4) {
		m->hotdrop = true;
		return false;
	}
	src = get_u16(l4);
	dst = get_u16(l4 + 2);
	for (unsigned i = 0; i < p->count && i < XT_MULTI_PORTS; i++) {
		bool range = p->pflags[i] && i + 1 < XT_MULTI_PORTS;

		if (multiport_one(p, src, dst, p->ports[i], p->ports[i + range]))
			return !p->invert;
		i += range;
	}
	return p->invert;
}

const struct ir_fn fn_multiport = { .name = "multiport", .cacheable = true, .eval = multiport_eval };

/* ---- iprange ---- */

static bool iprange_one(const union inet_addr *a, const union nf_inet_addr *min, const union nf_inet_addr *max,
			unsigned len, bool invert)
{
	return (memcmp(a, min, len) >= 0 && memcmp(a, max, len) <= 0) != invert;
}

static bool iprange_eval(struct match_ctx *m, const void *data, void *state)
{
	const struct xt_iprange_mtinfo *r = data;
	union inet_addr src = pkt_src(m->pkt), dst = pkt_dst(m->pkt);
	unsigned len = addr_len(m->family);

	if ((r->flags & IPRANGE_SRC) && !iprange_one(&src, &r->src_min, &r->src_max, len, r->flags & IPRANGE_SRC_INV))
		return false;
	return !(r->flags & IPRANGE_DST) ||
	       iprange_one(&dst, &r->dst_min, &r->dst_max, len, r->flags & IPRANGE_DST_INV);
}

const struct ir_fn fn_iprange = { .name = "iprange", .cacheable = true, .pure = true, .eval = iprange_eval };

/* ---- addrtype ---- */

static bool addrtype_one(struct match_ctx *m, const union inet_addr *a, uint16_t mask, const struct link *limit)
{
	return m->fib && (mask >> fib_addr_type(m->fib, m->family, a, limit) & 1);
}

/*
 * IPv6: each of multicast, unicast and unspecified that is asked for must hold; of the types that need a lookup, one
 */
static bool addrtype_one6(struct match_ctx *m, const union inet_addr *a, uint16_t mask, const struct link *limit)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	bool any = addr_is_any(a), many = addr_is_multicast(AF_INET6, a);
	struct route_key k = { .family = AF_INET6, .dst = *a, .oif = limit ? limit->ifindex : 0 };
	struct route_result r = { 0 };

	if (((mask & XT_ADDRTYPE_MULTICAST) && !many) || ((mask & XT_ADDRTYPE_UNICAST) && (any || many || memcmp(a, mapped, sizeof(mapped)) == 0)) ||
	    ((mask & XT_ADDRTYPE_UNSPEC) && !any))
		return false;
	if (!(mask & (XT_ADDRTYPE_LOCAL | XT_ADDRTYPE_ANYCAST | XT_ADDRTYPE_UNREACHABLE)))
		return true;
	if (!m->fib)
		return false;
	fib_lookup(m->fib, &k, &r);
	if (r.err)
		return mask & XT_ADDRTYPE_UNREACHABLE;
	return (mask & (XT_ADDRTYPE_LOCAL | XT_ADDRTYPE_ANYCAST)) >> fib_addr_type(m->fib, AF_INET6, a, limit) & 1;
}

static bool addrtype_eval(struct match_ctx *m, const void *data, void *state)
{
	const struct xt_addrtype_info_v1 *t = data;
	const struct link *limit = NULL;
	union inet_addr src = pkt_src(m->pkt), dst = pkt_dst(m->pkt);
	bool (*one)(struct match_ctx *m, const union inet_addr *a, uint16_t mask, const struct link *limit) =
		m->family == AF_INET6 ? addrtype_one6 : addrtype_one;

	if (t->flags & XT_ADDRTYPE_LIMIT_IFACE_IN)
		limit = m->in;
	else if (t->flags & XT_ADDRTYPE_LIMIT_IFACE_OUT)
		limit = m->out;
	if (t->source && one(m, &src, t->source, limit) == !!(t->flags & XT_ADDRTYPE_INVERT_SOURCE))
		return false;
	return !t->dest || one(m, &dst, t->dest, limit) != !!(t->flags & XT_ADDRTYPE_INVERT_DEST);
}

const struct ir_fn fn_addrtype = { .name = "addrtype", .pure = true, .eval = addrtype_eval };

/* ---- rpfilter ---- */

/* does @l carry one of the route's next hops */
static bool route_by(const struct route_result *r, const struct link *l)
{
	for (unsigned i = 0; r->route && i < r->route->n_nh; i++)
		if (r->route->nh[i].ifindex == l->ifindex)
			return true;
	return r->out == l;
}

static bool to_many(const union inet_addr *dst)
{
	return addr_is_multicast(AF_INET, dst) || dst->ip4 == INADDR_BROADCAST;
}

/*
 * IPv6: the route to the source is looked up with the interface, except in the loose form, and then for sources of
 * this link only
 */
static bool way_back6(struct match_ctx *m, uint8_t flags)
{
	union inet_addr src = pkt_src(m->pkt), dst = pkt_dst(m->pkt);
	bool link_local = addr_is_link_local6(&src);
	struct route_key k = { .family = AF_INET6, .tos = pkt_dsfield(m->pkt), .iif = LOOPBACK_IFINDEX, .dst = src,
			       .proto = pkt_l3(m->pkt)[6] };
	struct route_result r = { 0 };

	if (!addr_is_multicast(AF_INET6, &dst) && !addr_is_any(&dst))
		k.src = dst;
	if (flags & XT_RPFILTER_VALID_MARK)
		k.mark = m->pkt->mark;
	if (link_local || !(flags & XT_RPFILTER_LOOSE))
		k.oif = m->in->ifindex;
	fib_lookup(m->fib, &k, &r);
	if (r.err || r.type == RTN_ANYCAST)
		return false;
	if (r.type == RTN_LOCAL)
		return flags & XT_RPFILTER_ACCEPT_LOCAL;
	return (flags & XT_RPFILTER_LOOSE) || route_by(&r, m->in);
}

/* is there a way back to the source, and with the strict form by this interface */
static bool way_back(struct match_ctx *m, uint8_t flags)
{
	union inet_addr dst = pkt_dst(m->pkt);
	struct route_key k = { .family = m->family, .tos = pkt_dsfield(m->pkt) & IPTOS_DSCP, .iif = LOOPBACK_IFINDEX,
			       .dst = pkt_src(m->pkt) };
	struct route_result r;

	if (!to_many(&dst) && dst.b[0])
		k.src = dst;
	if (flags & XT_RPFILTER_VALID_MARK)
		k.mark = m->pkt->mark;
	fib_lookup(m->fib, &k, &r);
	if (r.err || (r.type != RTN_UNICAST && !(r.type == RTN_LOCAL && (flags & XT_RPFILTER_ACCEPT_LOCAL))))
		return false;
	return (flags & XT_RPFILTER_LOOSE) || route_by(&r, m->in);
}

static bool rpfilter_eval(struct match_ctx *m, const void *data, void *state)
{
	const struct xt_rpfilter_info *i = data;
	union inet_addr src = pkt_src(m->pkt), dst = pkt_dst(m->pkt);
	bool invert = i->flags & XT_RPFILTER_INVERT;

	if (m->pkt->flags & PKT_LOOPED || !m->in || m->in->kind == LINK_LOOPBACK || !m->fib)
		return !invert;
	if (m->family == AF_INET6)
		return (addr_is_any(&src) || way_back6(m, i->flags)) != invert;
	if (!src.b[0] && to_many(&dst))		/* who has no address yet asks by broadcast */
		return !invert;
	return way_back(m, i->flags) != invert;
}

const struct ir_fn fn_rpfilter = { .name = "rpfilter", .pure = true, .eval = rpfilter_eval };

/* ---- physdev ---- */

static bool ifname_masked_eq(const struct link *l, const char *name, const char *mask)
{
	char own[IFNAMSIZ] = { 0 };

	memcpy(own, l->name, strnlen(l->name, IFNAMSIZ));
	for (int i = 0; i < IFNAMSIZ; i++)
		if ((own[i] ^ name[i]) & mask[i])
			return false;
	return true;
}

static bool physdev_eval(struct match_ctx *m, const void *data, void *state)
{
	const struct xt_physdev_info *p = data;
	const struct link *in = m->phys_in, *out = m->phys_out;
	uint8_t want = p->bitmask & XT_PHYSDEV_OP_MASK, inv = p->invert;

	if (!(m->pkt->flags & PKT_BRIDGED))
		return !(want & ~inv);
	if ((want & XT_PHYSDEV_OP_BRIDGED) && !out != !!(inv & XT_PHYSDEV_OP_BRIDGED))
		return false;
	if ((want & XT_PHYSDEV_OP_ISIN) && !in != !!(inv & XT_PHYSDEV_OP_ISIN))
		return false;
	if ((want & XT_PHYSDEV_OP_ISOUT) && !out != !!(inv & XT_PHYSDEV_OP_ISOUT))
		return false;
	if ((want & XT_PHYSDEV_OP_IN) && in &&
	    ifname_masked_eq(in, p->physindev, p->in_mask) == !!(inv & XT_PHYSDEV_OP_IN))
		return false;
	if (!(want & XT_PHYSDEV_OP_OUT))
		return true;
	return out && ifname_masked_eq(out, p->physoutdev, p->out_mask) != !!(inv & XT_PHYSDEV_OP_OUT);
}

const struct ir_fn fn_physdev = { .name = "physdev", .pure = true, .eval = physdev_eval };

/* ---- transport headers ---- */

static bool header_eval(struct match_ctx *m, const void *data, void *state)
{
	const struct fn_header *h = data;
	const struct pkt *p = m->pkt;

	if (p->flags & PKT_LATER_FRAG) {
		m->hotdrop = p->proto == IPPROTO_TCP && p->frag_off == 8; /* would put other flags into the header */
		return false;
	}
	m->hotdrop = pkt_l4_len(p) < h->len;
	return !m->hotdrop;
}

const struct ir_fn fn_header = { .name = "header", .cacheable = true, .eval = header_eval };

static bool spi_eval(struct match_ctx *m, const void *data, void *state)
{
	const struct fn_spi *s = data;
	uint32_t v;

	if (m->pkt->flags & PKT_LATER_FRAG)
		return false;
	m->hotdrop = pkt_l4_len(m->pkt) < s->header;
	if (m->hotdrop)
		return false;
	v = get_u32(pkt_l4(m->pkt) + s->at);
	return (v >= s->min && v <= s->max) != s->invert;
}

const struct ir_fn fn_spi = { .name = "spi", .eval = spi_eval };

/* ---- what does not depend on the packet ---- */

static bool constant_eval(struct match_ctx *m, const void *data, void *state)
{
	return *(const bool *)data;
}

const struct ir_fn fn_constant = { .name = "constant", .cacheable = true, .pure = true, .eval = constant_eval };

static bool in_group(const struct link *l, uint32_t group, uint32_t mask)
{
	return ((l ? l->group : 0) & mask) == group;
}

static bool devgroup_eval(struct match_ctx *m, const void *data, void *state)
{
	const struct fn_devgroup *d = data;

	if (d->src && in_group(m->in, d->src_group, d->src_mask) == d->invert_src)
		return false;
	return !d->dst || in_group(m->out, d->dst_group, d->dst_mask) != d->invert_dst;
}

const struct ir_fn fn_devgroup = { .name = "devgroup", .pure = true, .eval = devgroup_eval };

/* ---- TCP flags ---- */

static bool tcp_flags_eval(struct match_ctx *m, const void *data, void *state)
{
	const struct fn_tcp_flags *f = data;
	const struct tcphdr *th = pkt_tcp(m->pkt);

	return th && (((const uint8_t *)th)[13] & f->mask ? !f->invert : f->invert);
}

const struct ir_fn fn_tcp_flags = { .name = "tcp-flags", .pure = true, .eval = tcp_flags_eval };

/* ---- TCP options ---- */

/* the options of a TCP segment; false: the header is not whole, and the packet is to be dropped */
static bool tcp_options(struct match_ctx *m, const uint8_t **opt, unsigned *len)
{
	const struct tcphdr *th = pkt_tcp(m->pkt);

	if (!th || th->doff * 4u < sizeof(*th) || th->doff * 4u > pkt_l4_len(m->pkt)) {
		m->hotdrop = !(m->pkt->flags & PKT_LATER_FRAG);
		return false;
	}
	*opt = (const uint8_t *)(th + 1);
	*len = th->doff * 4u - sizeof(*th);
	return true;
}

/* the next option after that at @i; as the kernel steps, which does not stop at the end-of-options one */
static unsigned option_next(const uint8_t *opt, unsigned len, unsigned i)
{
	if (opt[i] < 2 || i + 1 >= len || !opt[i + 1])
		return i + 1;
	return i + opt[i + 1];
}

static bool tcp_option_eval(struct match_ctx *m, const void *data, void *state)
{
	const struct fn_tcp_option *o = data;
	const uint8_t *opt;
	unsigned len;

	if (!tcp_options(m, &opt, &len))
		return false;
	for (unsigned i = 0; i < len; i = option_next(opt, len, i))
		if (opt[i] == o->kind)
			return !o->invert;
	return o->invert;
}

const struct ir_fn fn_tcp_option = { .name = "tcp-option", .eval = tcp_option_eval };

static bool tcpmss_eval(struct match_ctx *m, const void *data, void *state)
{
	const struct fn_tcpmss *t = data;
	const uint8_t *opt;
	unsigned len;

	if (!tcp_options(m, &opt, &len))
		return false;
	for (unsigned i = 0; i < len; i = option_next(opt, len, i)) {
		if (opt[i] == 2 && len - i >= 4 && opt[i + 1] == 4) {
			uint16_t mss = get_u16(opt + i + 2);

			return (mss >= t->min && mss <= t->max) != t->invert;
		}
	}
	return t->invert;
}

const struct ir_fn fn_tcpmss = { .name = "tcpmss", .eval = tcpmss_eval };
