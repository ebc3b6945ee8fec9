/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/xt/hashlimit.c - -m hashlimit: a limit for each address, network or port, by packets or bytes.
 *
 * A rate by packets is kept as the time between two of them, multiplied by --hashlimit-rate-interval, with which
 * only seconds count; -L shows that product, -S divides it again. A rate by bytes is kept in sixteens of bytes, and its burst as a multiple of it.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "front/xt/util.h"
#include "rules/fn.h"

#define BURST_DEFAULT 5
#define BURST_MAX 1000000
#define GC_DEFAULT 1000
#define BYTES_EXPIRE_S 15

enum { HL_UPTO, HL_ABOVE, HL_BURST, HL_MODE, HL_SRCMASK, HL_DSTMASK, HL_NAME, HL_SIZE, HL_MAX, HL_GC, HL_EXPIRE, HL_RATEMATCH,
       HL_INTERVAL };

static const struct xt_opt opts[] = {
	{ "hashlimit-upto", HL_UPTO, .flags = XT_INVERT, .excl = XT_BIT(HL_ABOVE) },
	{ "hashlimit-above", HL_ABOVE, .flags = XT_INVERT, .excl = XT_BIT(HL_UPTO) },
	{ "hashlimit", HL_UPTO, .flags = XT_INVERT, .excl = XT_BIT(HL_ABOVE) },
	{ "hashlimit-srcmask", HL_SRCMASK, .flags = 0 },
	{ "hashlimit-dstmask", HL_DSTMASK, .flags = 0 },
	{ "hashlimit-burst", HL_BURST, .flags = 0 },
	{ "hashlimit-htable-size", HL_SIZE, .flags = 0, .type = XT_T_U32 },
	{ "hashlimit-htable-max", HL_MAX, .flags = 0, .type = XT_T_U32 },
	{ "hashlimit-htable-gcinterval", HL_GC, .flags = 0, .type = XT_T_U32 },
	{ "hashlimit-htable-expire", HL_EXPIRE, .flags = 0, .type = XT_T_U32 },
	{ "hashlimit-mode", HL_MODE, .flags = 0 },
	{ "hashlimit-name", HL_NAME, .flags = XT_MAND },
	{ "hashlimit-rate-match", HL_RATEMATCH, .flags = XT_NOVAL },
	{ "hashlimit-rate-interval", HL_INTERVAL, .flags = 0 },
	{ 0 },
};

static const struct {
	const char *name, *word;
	uint32_t seconds;
} units[] = {	/* the largest first */
	{ "day", "day", 86400 }, { "hour", "hour", 3600 }, { "minute", "min", 60 }, { "second", "sec", 1 },
};

static const struct {
	const char *word;
	uint32_t bit;
} modes[] = {	/* in the order in which they are shown */
	{ "srcip", HASHLIMIT_SIP }, { "srcport", HASHLIMIT_SPT }, { "dstip", HASHLIMIT_DIP }, { "dstport", HASHLIMIT_DPT },
};

struct hashlimit {
	struct fn_hashlimit fn;
	uint8_t family;
	uint32_t unit_s;	/* of the rate as written */
	uint64_t burst, rate;	/* as written, 0: not */
};

static void hl_init(void *data, uint8_t family)
{
	struct hashlimit *d = data;

	d->fn.burst = BURST_DEFAULT;
	d->fn.gc_interval = GC_DEFAULT;
	d->fn.interval = 1;
	d->family = family;
	d->fn.srcmask = d->fn.dstmask = (uint8_t)addr_bits(family);
}

/* ---- parsing ---- */

static uint64_t bytes_of_avg(uint64_t avg)
{
	return (uint64_t)((avg ? UINT32_MAX / (uint32_t)avg : UINT32_MAX) - 1) << HASHLIMIT_BYTE_SHIFT;
}

static uint64_t avg_of_bytes(uint64_t n)
{
	return UINT32_MAX / (MIN(n >> HASHLIMIT_BYTE_SHIFT, (uint64_t)UINT32_MAX - 1) + 1);
}

/* "512kb/s"; false: it is not of that form */
static bool parse_bytes(const char *s, struct hashlimit *d)
{
	const char *unit = strstr(s, "b/s");
	uint64_t n = (uint64_t)atoll(s);

	if (!unit || unit == s || !n)
		return false;
	n *= unit[-1] == 'm' ? 1 << 20 : unit[-1] == 'k' ? 1 << 10 : 1;
	d->fn.avg = avg_of_bytes(n);
	d->fn.mode |= HASHLIMIT_BYTES;
	d->unit_s = BYTES_EXPIRE_S;
	return true;
}

static int parse_rate(struct xt_call *c, struct hashlimit *d)
{
	const char *slash = strchr(c->arg, '/');
	size_t n = slash ? strlen(slash + 1) : 0;
	uint64_t rate = (uint64_t)strtoll(c->arg, NULL, 10);
	int i = (int)ARRAY_LEN(units) - 1;

	if (slash)
		for (; i >= 0; i--)
			if (n && strncasecmp(slash + 1, units[i].name, n) == 0)
				break;
	if (i < 0 || !rate)
		return xt_bad_value(c, c->arg);
	d->unit_s = units[i].seconds;
	d->rate = rate;
	d->fn.avg = units[i].seconds * HASHLIMIT_SCALE / rate;
	return d->fn.avg ? 0 : xt_error(c, "Rate too fast \"%s\"", c->arg);
}

static int bad_burst(struct xt_call *c)
{
	return xt_error(c, "bad value for option \"--hashlimit-burst\", or out of range (1-%u).", BURST_MAX);
}

/* a number of packets, or bytes as "10kb" */
static int parse_burst(struct xt_call *c, struct hashlimit *d)
{
	const char *end;
	uint64_t v;

	if (!xt_strtou(c->arg, &end, 1, UINT32_MAX, &v))
		return bad_burst(c);
	if (strcmp(end, "mb") == 0)
		v <<= 20;
	else if (strcmp(end, "kb") == 0)
		v <<= 10;
	else if (*end && strcmp(end, "b") != 0)
		return bad_burst(c);
	d->burst = v;
	return 0;
}

static int parse_mode(struct xt_call *c, struct hashlimit *d)
{
	const char *s = c->arg;

	while (*s) {
		size_t n = strcspn(s, ",");
		unsigned i;

		for (i = 0; i < ARRAY_LEN(modes); i++)
			if (strlen(modes[i].word) == n && strncmp(s, modes[i].word, n) == 0)
				break;
		if (i == ARRAY_LEN(modes))
			return xt_bad_value(c, c->arg);
		d->fn.mode |= modes[i].bit;
		s += n + (s[n] == ',');
	}
	return 0;
}

/* kept beyond what an address has, for the kernel to refuse */
static int parse_plen(struct xt_call *c, uint8_t *plen)
{
	union inet_addr mask;

	if (xt_mask_arg(c, &mask) < 0)
		return -EINVAL;
	/* "33" is 0.0.0.33 for IPv4, which is no mask: the kernel will say so */
	*plen = c->family == AF_INET && mask.b[15] ? UINT8_MAX : (uint8_t)addr_plen(c->family, &mask);
	return 0;
}

static int parse_interval(struct xt_call *c, struct hashlimit *d)
{
	uint64_t v;

	if (!xt_strtou(c->arg, NULL, 1, UINT32_MAX, &v))
		return xt_bad_value(c, c->arg);
	d->fn.interval = (uint32_t)v;
	return 0;
}

static int parse_name(struct xt_call *c, struct hashlimit *d)
{
	size_t n = strlen(c->arg);

	if (!n)
		return xt_error(c, "Argument must have a minimum length of 1 characters\n");
	memcpy(d->fn.name, c->arg, MIN(n, sizeof(d->fn.name) - 1));
	return 0;
}

static int hl_parse(struct xt_call *c, void *data)
{
	struct hashlimit *d = data;

	switch (c->opt->id) {
	case HL_UPTO:
	case HL_ABOVE:
		if (c->invert != (c->opt->id == HL_ABOVE))
			d->fn.mode |= HASHLIMIT_INVERT;
		return parse_bytes(c->arg, d) ? 0 : parse_rate(c, d);
	case HL_BURST:
		return parse_burst(c, d);
	case HL_MODE:
		return parse_mode(c, d);
	case HL_SRCMASK:
		return parse_plen(c, &d->fn.srcmask);
	case HL_DSTMASK:
		return parse_plen(c, &d->fn.dstmask);
	case HL_NAME:
		return parse_name(c, d);
	case HL_SIZE:
		d->fn.size = c->val.u32;
		return 0;
	case HL_MAX:
		d->fn.max = c->val.u32;
		return 0;
	case HL_GC:
		d->fn.gc_interval = c->val.u32;
		return 0;
	case HL_EXPIRE:
		d->fn.expire = c->val.u32;
		return 0;
	case HL_RATEMATCH:
		d->fn.mode |= HASHLIMIT_RATE_MATCH;
		return 0;
	default:
		return parse_interval(c, d);
	}
}

static int check_bytes_burst(struct xt_call *c, struct hashlimit *d)
{
	uint64_t rate = MAX(bytes_of_avg(d->fn.avg), 1u);

	d->fn.burst = 0;
	if (!(c->seen & XT_BIT(HL_BURST)))
		return 0;
	if (d->burst < rate)
		return xt_error(c, "burst cannot be smaller than %" PRIu64 "b", rate);
	d->fn.burst = (d->burst + rate - 1) / rate;
	return 0;
}

static int hl_check(struct xt_call *c, void *data)
{
	struct hashlimit *d = data;

	if (!(c->seen & (XT_BIT(HL_UPTO) | XT_BIT(HL_ABOVE))))
		return xt_error(c, "You have to specify --hashlimit");
	if (!(c->seen & XT_BIT(HL_EXPIRE)))
		d->fn.expire = d->unit_s * 1000;
	if (d->fn.mode & HASHLIMIT_BYTES)
		return check_bytes_burst(c, d);
	if (c->seen & XT_BIT(HL_BURST)) {
		if (d->burst > BURST_MAX)
			return bad_burst(c);
		d->fn.burst = d->burst;
	}
	if (d->fn.interval != 1)	/* and then the rate is by seconds, whatever was written */
		d->fn.avg = HASHLIMIT_SCALE / d->rate * d->fn.interval;
	return 0;
}

/* what the kernel counts in, for a time of @user / HASHLIMIT_SCALE s: 2^39 a jiffy of 4 ms, modulo 2^64 */
static uint64_t credits(uint64_t user)
{
	return (uint64_t)(((unsigned __int128)user * 250 << 39) / HASHLIMIT_SCALE);
}

static int hl_verify(const struct xt_where *w, const void *data)
{
	const struct fn_hashlimit *f = &((const struct hashlimit *)data)->fn;

	if (!f->gc_interval || !f->expire || f->srcmask > addr_bits(w->family) || f->dstmask > addr_bits(w->family))
		return -EINVAL;
	if (!(f->mode & HASHLIMIT_BYTES) && credits(f->avg * f->burst) < credits(f->avg))
		return -ERANGE;
	return strchr(f->name, '/') || strcmp(f->name, ".") == 0 || strcmp(f->name, "..") == 0 ? -EINVAL : 0;
}

/* ---- showing ---- */

static void put_unit(struct sbuf *out, uint64_t n, unsigned shift)
{
	sbuf_printf(out, " %" PRIu64 "%s", n >> shift, shift == 20 ? "mb" : shift ? "kb" : "b");
}

/* a rate in the largest unit in which it comes to the same again */
static void put_bytes(struct sbuf *out, uint64_t avg)
{
	uint64_t n = bytes_of_avg(avg);
	unsigned shift = 20;

	while (shift && (n < 1ull << shift || avg_of_bytes(n >> shift << shift) != avg))
		shift -= 10;
	put_unit(out, n, shift);
}

/* the seconds of the unit in which it was shown */
static uint32_t put_rate(struct sbuf *out, uint64_t avg)
{
	unsigned i;

	for (i = 1; i < ARRAY_LEN(units); i++) {
		uint64_t unit = units[i].seconds * HASHLIMIT_SCALE;

		if (avg > unit || unit / avg < unit % avg)
			break;
	}
	i--;
	sbuf_printf(out, " %" PRIu64 "/%s", (uint64_t)(units[i].seconds * HASHLIMIT_SCALE / avg), units[i].word);
	return units[i].seconds;
}

static uint32_t put_limit(struct sbuf *out, const struct fn_hashlimit *f, uint64_t avg, const char *burst)
{
	uint32_t unit_s;

	if (!(f->mode & HASHLIMIT_BYTES)) {
		unit_s = put_rate(out, avg);
		sbuf_printf(out, "%s %" PRIu64, burst, f->burst);
		return unit_s;
	}
	put_bytes(out, avg);
	sbuf_puts(out, "/s");
	if (f->burst) {
		uint64_t n = f->burst * bytes_of_avg(avg);

		sbuf_puts(out, burst);
		put_unit(out, n, n >> 20 ? 20 : n >> 10 ? 10 : 0);
	}
	return BYTES_EXPIRE_S;
}

static void put_modes(struct sbuf *out, const struct fn_hashlimit *f, const char *head, char sep)
{
	for (unsigned i = 0; i < ARRAY_LEN(modes); i++)
		if (f->mode & modes[i].bit) {
			sbuf_printf(out, "%s%s", head, modes[i].word);
			head = sep == ',' ? "," : "-";
		}
}

static void put_settings(struct sbuf *out, const struct hashlimit *d, uint32_t unit_s, const char *dashes)
{
	const struct fn_hashlimit *f = &d->fn;

	if (f->size)
		sbuf_printf(out, " %shtable-size %u", dashes, f->size);
	if (f->max)
		sbuf_printf(out, " %shtable-max %u", dashes, f->max);
	if (f->gc_interval != GC_DEFAULT)
		sbuf_printf(out, " %shtable-gcinterval %u", dashes, f->gc_interval);
	if (f->expire != unit_s * 1000)
		sbuf_printf(out, " %shtable-expire %u", dashes, f->expire);
	if (f->srcmask != addr_bits(d->family))
		sbuf_printf(out, " %ssrcmask %u", dashes, f->srcmask);
	if (f->dstmask != addr_bits(d->family))
		sbuf_printf(out, " %sdstmask %u", dashes, f->dstmask);
	if (!(f->mode & HASHLIMIT_RATE_MATCH))
		return;
	sbuf_printf(out, " %srate-match", dashes);
	if (f->interval != 1)
		sbuf_printf(out, " %srate-interval %u", dashes, f->interval);
}

static void hl_print(struct sbuf *out, const void *data, bool numeric)
{
	const struct fn_hashlimit *f = &((const struct hashlimit *)data)->fn;
	uint32_t unit_s;

	sbuf_puts(out, f->mode & HASHLIMIT_INVERT ? " limit: above" : " limit: up to");
	unit_s = put_limit(out, f, f->avg, " burst");
	put_modes(out, f, " mode ", '-');
	put_settings(out, data, unit_s, "");
}

static void hl_save(struct sbuf *out, const void *data)
{
	const struct fn_hashlimit *f = &((const struct hashlimit *)data)->fn;
	uint32_t unit_s;

	sbuf_puts(out, f->mode & HASHLIMIT_INVERT ? " --hashlimit-above" : " --hashlimit-upto");
	unit_s = put_limit(out, f, f->mode & HASHLIMIT_BYTES ? f->avg : f->avg / f->interval, " --hashlimit-burst");
	put_modes(out, f, " --hashlimit-mode ", ',');
	sbuf_printf(out, " --hashlimit-name %s", f->name);
	put_settings(out, data, unit_s, "--hashlimit-");
}

/* what was written differently is the same rule when it came to the same */
static bool hl_equal(const void *a, const void *b)
{
	return memcmp(&((const struct hashlimit *)a)->fn, &((const struct hashlimit *)b)->fn,
		      sizeof(struct fn_hashlimit)) == 0;
}

static int hl_emit(struct ir_list *l, const void *data, uint8_t family)
{
	xt_test(l, &fn_hashlimit, &((const struct hashlimit *)data)->fn, sizeof(struct fn_hashlimit));
	return 0;
}

const struct xt_ext xt_hashlimit = {
	.kind = XT_MATCH,
	.name = "hashlimit",
	.revision = 3,
	.families = XT_BOTH,
	.size = sizeof(struct hashlimit),
	.opts = opts,
	.init = hl_init,
	.parse = hl_parse,
	.check = hl_check,
	.verify = hl_verify,
	.print = hl_print,
	.save = hl_save,
	.equal = hl_equal,
	.emit = hl_emit,
};
