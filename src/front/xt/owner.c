/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/xt/owner.c - -m owner: whose socket sent the packet.
 *
 * User and group names are those of the machine that natbox runs on.
 */
#include <grp.h>
#include <pwd.h>

#include "front/xt/util.h"
#include "rules/fn.h"

enum { OWN_UID, OWN_GID, OWN_SOCKET, OWN_SUPPL };

static const struct xt_opt opts[] = {
	{ "uid-owner", OWN_UID, .flags = XT_INVERT },
	{ "gid-owner", OWN_GID, .flags = XT_INVERT },
	{ "socket-exists", OWN_SOCKET, .flags = XT_INVERT | XT_NOVAL },
	{ "suppl-groups", OWN_SUPPL, .flags = XT_NOVAL },
	{ 0 },
};

/* "N" or "N-M" */
static int parse_ids(struct xt_call *c, uint32_t *min, uint32_t *max)
{
	const char *end;
	uint64_t lo, hi;

	if (!xt_strtou(c->arg, &end, 0, UINT32_MAX - 1, &lo))
		return xt_bad_value(c, c->arg);
	hi = lo;
	if (*end && (*end != '-' || !xt_strtou(end + 1, NULL, 0, UINT32_MAX - 1, &hi)))
		return xt_bad_value(c, c->arg);
	*min = (uint32_t)lo;
	*max = (uint32_t)hi;
	return 0;
}

static int parse_uid(struct xt_call *c, struct xt_owner_match_info *d)
{
	const struct passwd *pw = getpwnam(c->arg);

	if (!pw)
		return parse_ids(c, &d->uid_min, &d->uid_max);
	d->uid_min = d->uid_max = pw->pw_uid;
	return 0;
}

static int parse_gid(struct xt_call *c, struct xt_owner_match_info *d)
{
	const struct group *gr = getgrnam(c->arg);

	if (!gr)
		return parse_ids(c, &d->gid_min, &d->gid_max);
	d->gid_min = d->gid_max = gr->gr_gid;
	return 0;
}

static int owner_parse(struct xt_call *c, void *data)
{
	static const uint8_t bits[] = { XT_OWNER_UID, XT_OWNER_GID, XT_OWNER_SOCKET, XT_OWNER_SUPPL_GROUPS };
	struct xt_owner_match_info *d = data;

	if (c->opt->id == OWN_SUPPL && !(d->match & XT_OWNER_GID))
		return xt_bad_value(c, "you need to use --gid-owner first");
	d->match |= bits[c->opt->id];
	if (c->invert)
		d->invert |= bits[c->opt->id];
	switch (c->opt->id) {
	case OWN_UID:
		return parse_uid(c, d);
	case OWN_GID:
		return parse_gid(c, d);
	default:
		return 0;
	}
}

static int owner_check(struct xt_call *c, void *data)
{
	return c->seen ? 0
		       : xt_error(c, "owner: At least one of --uid-owner, --gid-owner or --socket-exists is required");
}

static int owner_verify(const struct xt_where *w, const void *data)
{
	const struct xt_owner_match_info *d = data;

	return d->uid_min > d->uid_max || d->gid_min > d->gid_max ? -EINVAL : 0;
}

static void put_ids(struct sbuf *out, uint32_t min, uint32_t max)
{
	sbuf_printf(out, min == max ? " %u" : " %u-%u", min, max);
}

static void owner_print(struct sbuf *out, const void *data, bool numeric)
{
	const struct xt_owner_match_info *d = data;
	const struct passwd *pw = numeric || d->uid_min != d->uid_max ? NULL : getpwuid(d->uid_min);
	const struct group *gr = numeric || d->gid_min != d->gid_max ? NULL : getgrgid(d->gid_min);

	if (d->match & XT_OWNER_SOCKET)
		sbuf_printf(out, "%s owner socket exists", d->invert & XT_OWNER_SOCKET ? " !" : "");
	if (d->match & XT_OWNER_UID) {
		sbuf_printf(out, "%s owner UID match", d->invert & XT_OWNER_UID ? " !" : "");
		if (pw)
			sbuf_printf(out, " %s", pw->pw_name);
		else
			put_ids(out, d->uid_min, d->uid_max);
	}
	if (d->match & XT_OWNER_GID) {
		sbuf_printf(out, "%s owner GID match", d->invert & XT_OWNER_GID ? " !" : "");
		if (gr)
			sbuf_printf(out, " %s", gr->gr_name);
		else
			put_ids(out, d->gid_min, d->gid_max);
	}
	if (d->match & XT_OWNER_SUPPL_GROUPS)
		sbuf_puts(out, " incl. suppl. groups");
}

static void owner_save(struct sbuf *out, const void *data)
{
	const struct xt_owner_match_info *d = data;

	if (d->match & XT_OWNER_SOCKET)
		sbuf_printf(out, "%s --socket-exists", d->invert & XT_OWNER_SOCKET ? " !" : "");
	if (d->match & XT_OWNER_UID) {
		sbuf_printf(out, "%s --uid-owner", d->invert & XT_OWNER_UID ? " !" : "");
		put_ids(out, d->uid_min, d->uid_max);
	}
	if (d->match & XT_OWNER_GID) {
		sbuf_printf(out, "%s --gid-owner", d->invert & XT_OWNER_GID ? " !" : "");
		put_ids(out, d->gid_min, d->gid_max);
	}
	if (d->match & XT_OWNER_SUPPL_GROUPS)
		sbuf_puts(out, " --suppl-groups");
}

static int owner_emit(struct ir_list *l, const void *data, uint8_t family)
{
	xt_test(l, &fn_owner, data, sizeof(struct xt_owner_match_info));
	return 0;
}

static bool owner_xlate(struct sbuf *out, const void *data, const struct xt_xlate *x)
{
	const struct xt_owner_match_info *d = data;
	bool uid = d->match == XT_OWNER_UID;
	uint32_t lo = uid ? d->uid_min : d->gid_min, hi = uid ? d->uid_max : d->gid_max;

	if (!uid && d->match != XT_OWNER_GID)
		return false;
	sbuf_printf(out, "%s %s%u", uid ? "skuid" : "skgid", d->invert & d->match ? "!= " : "", lo);
	if (hi != lo)
		sbuf_printf(out, "-%u", hi);
	return true;
}

const struct xt_ext xt_owner = {
	.kind = XT_MATCH,
	.name = "owner",
	.revision = 1,
	.families = XT_BOTH,
	.size = sizeof(struct xt_owner_match_info),
	.opts = opts,
	.only_hooks = 1u << NF_INET_LOCAL_OUT | 1u << NF_INET_POST_ROUTING,
	.parse = owner_parse,
	.check = owner_check,
	.verify = owner_verify,
	.print = owner_print,
	.save = owner_save,
	.emit = owner_emit,
	.xlate = owner_xlate,
};
