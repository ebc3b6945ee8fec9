/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * canon.c - labs as the tests that run them twice want them.
 *
 *     canon blank LAB			the lab without any expected output (console sim blocks stay as they are)
 *     canon show ORIGINAL LAB		each command with its output, what Linux leaves open made the same
 *     canon changes LAB		the numbers of the lines that change state: ip, iptables, sysctl, conntrack, ... commands
 *     canon steps LAB			the numbers of all lines that are commands, but for those in console sim blocks
 *     canon without N LAB		the lab without the command of line N and its output
 *
 * What is left open, and what it becomes: a line that an (re) line of the original lab matches becomes that; for the others see rules[]. Lines that come in no
 * certain order (conntrack -L, frames of both directions in tcpdump) are sorted; those about IPv6's own noise go.
 */
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "lab/transcript.h"

static const struct rule {
	const char *pattern, *to;	/* POSIX extended; each match's first group (or all of it) becomes @to */
} rules[] = {
	/* times */
	{ "^([0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{6}) ", "TIME" },
	{ "time[=<]([0-9.]+) ?ms", "T" },
	{ "packet loss, time ([0-9]+)ms", "T" },
	{ "^rtt min/avg/max/mdev = (.*)", "T" },
	{ "^\\[ *([0-9]+\\.[0-9]+)\\]", "T" },
	{ "[0-9a-f)s] {2}([0-9.]+) ms", "T" },
	{ " in ([0-9.]+) seconds", "T" },
	{ " ([0-9.]+)(msec|ms)$", "T" },
	{ "(Mon|Tue|Wed|Thu|Fri|Sat|Sun) [A-Z][a-z]{2} [ 0-9]{2} [0-9:]{8}( [A-Z]+)? [0-9]{4}", "DATE" },
	/* what is drawn at random */
	{ " id ([0-9]+)[,)]", "ID" },
	{ "\\bid=([0-9]+)", "ID" },
	{ "\\bID=([0-9]+)", "ID" },
	{ "cksum (0x[0-9a-f]+( \\(incorrect -> 0x[0-9a-f]+\\))?)", "SUM" },
	{ "\\bseq ([0-9]{5,}):", "SEQ" },
	{ "\\bseq ([0-9]{5,})", "SEQ" },
	{ "SEQ:([0-9]{5,})", "SEQ" },
	{ "\\back ([0-9]{5,})", "SEQ" },
	{ "\\bSEQ=([0-9]{5,})", "SEQ" },
	{ "\\bACK=([0-9]{5,})", "SEQ" },
	{ "TS val ([0-9]+)", "TS" },
	{ "ecr ([1-9][0-9]*)", "TS" },
	{ "\\b(3276[89]|327[7-9][0-9]|32[89][0-9]{2}|3[3-9][0-9]{3}|[45][0-9]{4}|60[0-9]{3})\\b", "PORT" },
	{ "(([0-9a-f]{2}:){5}[0-9a-f]{2})", "MAC" },
	{ "flowlabel (0x[0-9a-f]{5})", "LABEL" },
	{ "frag \\((0x[0-9a-f]{8}):", "ID" },
	{ "(\\[udp sum ok\\]|\\[bad udp cksum 0x[0-9a-f]+ -> 0x[0-9a-f]+!\\])", "SUM" },
	/* what a link makes of its MAC */
	{ "(fe80::[0-9a-f]{1,4}(:[0-9a-f]{1,4}){0,3})", "LINKLOCAL" },
	{ "(ff02::1:ff[0-9a-f]{2}:[0-9a-f]{1,4})", "SOLICITED" },
	{ "expires ([0-9]+)sec", "T" },
	{ "0x00[0-9a-f]0:  ([0-9a-f ]{4,39}) .*", "BYTES" },
	/* how a neighbour is doing, where it was asked when */
	{ "\\b(REACHABLE|STALE|DELAY|PROBE)\\b", "NUD" },
	{ "used [0-9/]+ (probes [0-9]+)", "" },
};

/* in labs that are not about IPv6, and in those that are: what its neighbours and groups say of their own accord */
static const char *const noise[] = { "inet6", "fe80:", "IP6", "IPv6", "packets captured", "packets received by filter", "packets dropped by kernel", "ethertype IPv6",
				     "valid_lft forever preferred_lft forever", "ff02::", NULL };

static const char *const noise6[] = { "packets captured", "packets received by filter", "packets dropped by kernel", "router solicitation", "multicast listener",
				      "IP6 fe80:", NULL };

static regex_t compiled[ARRAY_LEN(rules)];

static char *slurp(const char *path, size_t *n)
{
	struct sbuf s = SBUF_INIT;
	FILE *f = fopen(path, "r");
	char part[8192];
	size_t got;

	if (!f) {
		perror(path);
		exit(2);
	}
	while ((got = fread(part, 1, sizeof(part), f)) > 0)
		sbuf_put(&s, part, got);
	fclose(f);
	*n = s.len;
	sbuf_putc(&s, '\0');
	return sbuf_steal(&s);
}

/* timeouts: a second more or less */
static void round_timeout(char *line)
{
	char *p = line, *end;

	if (strncmp(line, "ipv4 ", 5) == 0) {		/* as /proc/net/nf_conntrack has it: "ipv4     2 tcp      6 ..." */
		p += 4;
		p += strspn(p, " 2");
	}
	if (strncmp(p, "tcp ", 4) && strncmp(p, "udp ", 4) && strncmp(p, "icmp ", 5) && strncmp(p, "unknown ", 8))
		return;
	p += strcspn(p, "0123456789");
	p += strspn(p, "0123456789");
	p += strspn(p, " ");
	long v = strtol(p, &end, 10);

	if (end == p)
		return;
	/* the same number of digits, so that the line keeps its length */
	char text[32];
	int n = snprintf(text, sizeof(text), "%0*ld", (int)(end - p), v < 10 ? 10 : (v + 9) / 10 * 10);

	if (n == end - p)
		memcpy(p, text, (size_t)n);
}

static char *canonical(const char *in)
{
	char *line = mem_strdup(in);

	round_timeout(line);
	for (size_t i = 0; i < ARRAY_LEN(rules); i++) {
		struct sbuf out = SBUF_INIT;
		const char *p = line;
		regmatch_t m[2];
		int flags = 0;

		while (*p && regexec(&compiled[i], p, 2, m, flags) == 0 && m[0].rm_eo > 0) {
			int which = m[1].rm_so >= 0 ? 1 : 0;

			sbuf_put(&out, p, (size_t)m[which].rm_so);
			sbuf_puts(&out, rules[i].to);
			sbuf_put(&out, p + m[which].rm_eo, (size_t)(m[0].rm_eo - m[which].rm_eo));
			p += m[0].rm_eo;
			flags = REG_NOTBOL;
		}
		sbuf_puts(&out, p);
		free(line);
		line = sbuf_steal(&out);
	}
	return line;
}

static bool is_noise(const char *line, bool about_ipv6)
{
	for (const char *const *n = about_ipv6 ? noise6 : noise; *n; n++)
		if (strstr(line, *n))
			return true;
	return false;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* what the original lab says of a line, if it leaves something open */
static char *as_original(const struct transcript *o, const struct step *s, const char *line)
{
	for (unsigned i = 0; s && i < s->n_want; i++) {
		const char *want = o->lines[s->want + i];
		size_t n = strlen(want);

		if (n > 5 && strcmp(want + n - 5, " (re)") == 0 && strncmp(want, ".*", 2) && match_line(want, line))
			return mem_strdup(want);
	}
	return NULL;
}

/* does a lab give out addresses of IPv6 */
static bool is_about_ipv6(const struct transcript *t)
{
	for (unsigned i = 0; i < t->n_steps; i++)
		if (t->steps[i].text && strstr(t->steps[i].text, "addr") && strstr(t->steps[i].text, "::"))
			return true;
	return false;
}

static void show_step(const struct transcript *t, const struct step *s, const struct transcript *o, const struct step *os)
{
	char **line = calloc(s->n_want + 1, sizeof(*line));
	bool sorted = false, v6 = is_about_ipv6(t);
	unsigned n = 0;

	for (unsigned i = 0; i < s->n_want; i++)
		if (!is_noise(t->lines[s->want + i], v6) && !(line[n++] = as_original(o, os, t->lines[s->want + i])))
			line[n - 1] = canonical(t->lines[s->want + i]);
	for (unsigned i = 0; i < n; i++)
		sorted |= strstr(line[i], "listening on ") != NULL;
	if (sorted || (s->text && strstr(s->text, "conntrack")))
		qsort(line, n, sizeof(*line), by_text);
	for (unsigned i = 0; i < s->n; i++)
		printf("%s\n", t->lines[s->first + i]);
	for (unsigned i = 0; i < n; i++) {
		/* Linux forwards a burst of segments as one packet, and complains of it once */
		if (i + 1 == n || strcmp(line[i], line[i + 1]) || (!strstr(line[i], "need to frag") && !strstr(line[i], "packet too big")))
			printf("    %s\n", line[i]);
		free(line[i]);
	}
	free(line);
}

static bool is_command(const struct step *s)
{
	return s->kind != STEP_PROSE && s->kind != STEP_FILE && s->kind != STEP_END;
}

/* does a command line change what packets meet */
static bool changes(const char *cmd)
{
	static const char *const tools[] = { "ip ", "iptables ", "iptables-restore", "sysctl ", "conntrack ", "bridge ", "brctl ", "echo ", NULL };
	static const char *const asks[] = { " show", " list", "-L", "-S", " get ", "-br", "-V", "--version", "-h", "netns add", "netns del", " ls", "save", NULL };

	if (strncmp(cmd, "sudo ", 5) == 0)
		cmd += 5;
	for (const char *const *a = asks; *a; a++)
		if (strstr(cmd, *a))
			return false;
	for (const char *const *w = tools; *w; w++)
		if (strncmp(cmd, *w, strlen(*w)) == 0)
			return strncmp(cmd, "echo ", 5) != 0 || strstr(cmd, "/proc/sys");
	return false;
}

/* the @n-th command of a lab */
static const struct step *nth(const struct transcript *t, unsigned n)
{
	for (unsigned i = 0; i < t->n_steps; i++)
		if (is_command(&t->steps[i]) && n-- == 0)
			return &t->steps[i];
	return NULL;
}

static void lines(const struct transcript *t, unsigned from, unsigned to)
{
	for (unsigned i = from; i < to; i++)
		printf("%s\n", t->lines[i]);
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "", *path = argc > 2 ? argv[argc - 1] : NULL;
	struct transcript *t, *o = NULL;
	unsigned skip, at = 0, commands = 0;
	char *text;
	size_t n;

	if (!path || (strcmp(what, "without") == 0 || strcmp(what, "show") == 0) != (argc == 4)) {
		fprintf(stderr, "usage: canon blank|changes|steps LAB, canon show ORIGINAL LAB, canon without N LAB\n");
		return 2;
	}
	skip = argc == 4 ? (unsigned)atoi(argv[2]) : 0;
	for (size_t i = 0; i < ARRAY_LEN(rules); i++)
		if (regcomp(&compiled[i], rules[i].pattern, REG_EXTENDED))
			return 2;
	text = slurp(path, &n);
	t = transcript_parse(path, text, n, false);
	if (!t || t->error) {
		fprintf(stderr, "canon: %s\n", t ? t->error : "no memory");
		return 2;
	}
	if (strcmp(what, "show") == 0) {
		free(text);
		text = slurp(argv[2], &n);
		o = transcript_parse(argv[2], text, n, false);
	}
	for (unsigned i = 0; i < t->n_steps; i++) {
		const struct step *s = &t->steps[i];

		if (o && is_command(s))
			show_step(t, s, o, nth(o, commands++));
		else if (strcmp(what, "changes") == 0 && s->kind == STEP_RUN && changes(s->text))
			printf("%u\n", s->first + 1);
		else if (strcmp(what, "steps") == 0 && is_command(s))
			printf("%u\n", s->first + 1);
		else if (strcmp(what, "blank") == 0 && is_command(s)) {
			lines(t, at, s->first + s->n);
			at = s->want + s->n_want > s->first + s->n ? s->want + s->n_want : s->first + s->n;
		} else if (strcmp(what, "without") == 0 && s->first + 1 == skip) {
			lines(t, at, s->first);
			at = s->want + s->n_want > s->first + s->n ? s->want + s->n_want : s->first + s->n;
		}
	}
	if (strcmp(what, "blank") == 0 || strcmp(what, "without") == 0)
		lines(t, at, t->n_lines);
	transcript_free(t);
	if (o)
		transcript_free(o);
	free(text);
	return 0;
}
