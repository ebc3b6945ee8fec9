/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/sysctl.c - the `sysctl` command: reading, writing and loading settings by name.
 *
 * The settings themselves are ns/sysctl.c's. A name may have dots or slashes between its parts, and * in them.
 *
 * Differences: of the files of --system, those of /etc/sysctl.d and /etc/sysctl.conf are read.
 *
 * References: sysctl(8) of procps-ng 4.0.2.
 */
#include "front/sysctl.h"

#include <ctype.h>
#include <errno.h>
#include <fnmatch.h>
#include <regex.h>
#include <stdio.h>
#include <string.h>

#include "base/diag.h"
#include "base/mem.h"

#define DEFAULT_FILE "/etc/sysctl.conf"
#define CONF_DIR "/etc/sysctl.d"
#define LINE_MAX_LEN 4096

struct sysctl {
	struct cmd *c;
	bool globs; /* * in a name to be written stands for all that fit: only in files */
	bool all, binary, ignore, names, values, load, system, quiet, write, dry_run, have_pattern;
	regex_t pattern;
	int status;
};

static const char usage_text[] =
	"\nUsage:\n sysctl [options] [variable[=value] ...]\n\nOptions:\n"
	"  -a, --all            display all variables\n"
	"  -A                   alias of -a\n"
	"  -X                   alias of -a\n"
	"      --deprecated     include deprecated parameters to listing\n"
	"      --dry-run        Print the key and values but do not write\n"
	"  -b, --binary         print value without new line\n"
	"  -e, --ignore         ignore unknown variables errors\n"
	"  -N, --names          print variable names without values\n"
	"  -n, --values         print only values of the given variable(s)\n"
	"  -p, --load[=<file>]  read values from file\n"
	"  -f                   alias of -p\n"
	"      --system         read values from all system directories\n"
	"  -r, --pattern <expression>\n"
	"                       select setting that match expression\n"
	"  -q, --quiet          do not echo variable set\n"
	"  -w, --write          enable writing a value to variable\n"
	"  -o                   does nothing\n"
	"  -x                   does nothing\n"
	"  -d                   alias of -h\n"
	"\n -h, --help     display this help and exit\n -V, --version  output version information and exit\n"
	"\nFor more details see sysctl(8).\n";

/* the tool's two outputs come in the order in which they are written */
static void complain(struct sysctl *s, const char *fmt, ...) PRINTF_LIKE(2, 3);

static void complain(struct sysctl *s, const char *fmt, ...)
{
	va_list ap;

	cmd_flush(s->c);
	va_start(ap, fmt);
	sbuf_vprintf(&s->c->err, fmt, ap);
	va_end(ap);
}

/* the name with dots as separators; dots inside a part become slashes, as the tool shows them */
static void dotted(const char *name, char *out, size_t size)
{
	const char *first = strpbrk(name, "./");
	bool slashes = first && *first == '/';
	size_t i = 0;

	for (; *name && i + 1 < size; name++)
		out[i++] = slashes && *name == '/' ? '.' : slashes && *name == '.' ? '/' : *name;
	out[i] = '\0';
}

static void as_path(const char *name, char *out, size_t size)
{
	dotted(name, out, size);
	for (; *out; out++)
		*out = *out == '.' ? '/' : *out == '/' ? '.' : *out;
}

static int collect(void *ctx, const char *name)
{
	const char ***next = ctx;

	*(*next)++ = mem_strdup(name);
	return 0;
}

static int count_one(void *ctx, const char *name)
{
	++*(size_t *)ctx;
	return 0;
}

/* the nearest name there is, for whoever mistyped one */
static void hint_name(struct sysctl *s, const char *name)
{
	size_t n = 0;
	const char **names, **end, *near;
	char want[256];

	if (!s->c->hints)
		return;
	ns_sysctl_walk(s->c->ns, count_one, &n);
	names = end = mem_zalloc((n + 1) * sizeof(*names));
	if (!names)
		return;
	ns_sysctl_walk(s->c->ns, collect, &end);
	dotted(name, want, sizeof(want));
	near = diag_nearest(want, names);
	if (near)
		cmd_hint(s->c, "did you mean %s?", near);
	for (const char **p = names; p < end; p++)
		mem_free((void *)*p);
	mem_free(names);
}

static void missing(struct sysctl *s, const char *name)
{
	char path[256];

	if (s->ignore)
		return;
	as_path(name, path, sizeof(path));
	complain(s, "sysctl: cannot stat /proc/sys/%s: No such file or directory\n", path);
	hint_name(s, name);
	s->status = 1;
}

static bool pattern_ok(const struct sysctl *s, const char *name)
{
	return !s->have_pattern || regexec(&s->pattern, name, 0, NULL, 0) == 0;
}

/* ---- reading ---- */

static void show(struct sysctl *s, const char *name)
{
	struct sbuf v = SBUF_INIT;
	char shown[256];

	dotted(name, shown, sizeof(shown));
	if (ns_sysctl_get(s->c->ns, name, &v) == 0 && pattern_ok(s, shown)) {
		if (s->names)
			cmd_out(s->c, "%s\n", shown);
		else if (s->binary)
			cmd_out(s->c, "%s", sbuf_str(&v));
		else if (s->values)
			cmd_out(s->c, "%s\n", sbuf_str(&v));
		else
			cmd_out(s->c, "%s = %s\n", shown, sbuf_str(&v));
	}
	sbuf_free(&v);
}

/* every name that @want selects: a glob, a whole subtree, or NULL for all */
struct select {
	struct sysctl *s;
	char want[256];
	bool subtree;
	const char *value; /* to write, NULL: read */
	unsigned n;
};

static void write_one(struct sysctl *s, const char *name, const char *value, bool ignore_failure);

static int select_one(void *ctx, const char *name)
{
	struct select *x = ctx;
	char path[256];
	size_t n = strlen(x->want);

	as_path(name, path, sizeof(path));
	if (x->subtree ? strncmp(path, x->want, n) != 0 || (n && path[n] != '/')
		       : fnmatch(x->want, path, FNM_PATHNAME) != 0)
		return 0;
	x->n++;
	if (x->value)
		write_one(x->s, name, x->value, false);
	else
		show(x->s, name);
	return 0;
}

static void read_name(struct sysctl *s, const char *name)
{
	struct select x = { .s = s };
	struct sbuf v = SBUF_INIT;
	bool there = ns_sysctl_get(s->c->ns, name, &v) == 0;

	sbuf_free(&v);
	if (there) {
		show(s, name);
		return;
	}
	as_path(name, x.want, sizeof(x.want));
	x.subtree = true;
	ns_sysctl_walk(s->c->ns, select_one, &x);
	if (!x.n)
		missing(s, name);
}

/* ---- writing ---- */

static void write_one(struct sysctl *s, const char *name, const char *value, bool ignore_failure)
{
	char shown[256];
	int err;

	dotted(name, shown, sizeof(shown));
	err = s->dry_run ? 0 : ns_sysctl_set(s->c->ns, name, value);
	if (err == -ENOENT) {
		missing(s, name);
	} else if (err) {
		complain(s, "sysctl: setting key \"%s\": Invalid argument\n", shown);
		if (!ignore_failure && err != -EACCES) /* the tool gives no status for one that is read-only */
			s->status = 1;
	} else if (!s->quiet) {
		if (s->names || s->values)
			cmd_out(s->c, "%s\n", value);
		else
			cmd_out(s->c, "%s = %s\n", shown, value);
	}
}

static char *strip(char *t)
{
	char *end;

	while (isspace((unsigned char)*t))
		t++;
	end = t + strlen(t);
	while (end > t && isspace((unsigned char)end[-1]))
		*--end = '\0';
	return t;
}

/* is there nothing to do in this line: a comment, an exclusion, another pattern's */
static bool is_idle(const struct sysctl *s, const char *name)
{
	return *name == '#' || *name == ';' || !pattern_ok(s, name) || (*name == '-' && !strchr(name, '='));
}

/* false, with a message: the line is no setting */
static bool check_setting(struct sysctl *s, const char *where, unsigned line, char *text)
{
	const char *name = strip(text);

	if (strlen(name) < 2)
		return false;
	if (is_idle(s, name) || strchr(name, '='))
		return true;
	complain(s, "sysctl: %s(%u): invalid syntax, continuing...\n", where, line);
	return false;
}

/* "name = value", with - in front: never mind when it fails; it has been checked */
static bool write_setting(struct sysctl *s, char *text)
{
	char *name = strip(text), *value = strchr(name, '=');
	bool lenient = *name == '-';

	if (!value || is_idle(s, name))
		return true;
	*value++ = '\0';
	name = strip(name + lenient);
	value = strip(value);
	if (!*name) {
		complain(s, "sysctl: Path is not under /proc/sys/: /proc/sys/\n");
		return false;
	}
	if (s->globs && strpbrk(name, "*?[")) {
		struct select x = { .s = s, .value = value };

		as_path(name, x.want, sizeof(x.want));
		ns_sysctl_walk(s->c->ns, select_one, &x);
	} else {
		write_one(s, name, value, lenient);
	}
	return true;
}

/* a file is read as a whole, with what is wrong in it, before anything is written */
static void load_file(struct sysctl *s, const char *path)
{
	struct sbuf text = SBUF_INIT;
	char *line, *end;
	unsigned n = 0;
	int err = s->c->ops->file_read ? s->c->ops->file_read(s->c, path, &text) : -ENOENT;

	if (err < 0) {
		complain(s, "sysctl: cannot open \"%s\": %s\n", path, strerror(-err));
		s->status = 1;
		sbuf_free(&text);
		return;
	}
	end = text.data + text.len;
	for (char *c = text.data; c < end; c++)
		if (*c == '\n')
			*c = '\0';
	for (line = text.data; line < end; line += strlen(line) + 1) {
		n++;
		if (strlen(line) < LINE_MAX_LEN && line[strspn(line, " \t\r")])
			check_setting(s, path, n, line);
	}
	s->globs = true;
	for (line = text.data; line < end;) {
		char *next = line + strlen(line) + 1;

		if (strlen(line) < LINE_MAX_LEN)
			write_setting(s, line);
		line = next;
	}
	s->globs = false;
	sbuf_free(&text);
}

/* ---- the command line ---- */

static bool set_pattern(struct sysctl *s, const char *re)
{
	if (s->have_pattern)
		regfree(&s->pattern);
	s->have_pattern = regcomp(&s->pattern, re, REG_EXTENDED | REG_NOSUB) == 0;
	if (!s->have_pattern) {
		complain(s, "sysctl: Invalid regular expression\n");
		s->status = 1;
	}
	return s->have_pattern;
}

static bool long_option(struct sysctl *s, const char *o, const char **file, int *i, int argc, char **argv)
{
	const struct {
		const char *name;
		bool *flag;
	} flags[] = {
		{ "--all", &s->all },     { "--binary", &s->binary }, { "--ignore", &s->ignore },
		{ "--names", &s->names }, { "--values", &s->values }, { "--system", &s->system },
		{ "--quiet", &s->quiet }, { "--write", &s->write },   { "--dry-run", &s->dry_run },
	};

	for (size_t k = 0; k < ARRAY_LEN(flags); k++)
		if (!strcmp(o, flags[k].name)) {
			*flags[k].flag = true;
			return true;
		}
	if (!strncmp(o, "--load", 6) && (!o[6] || o[6] == '=')) {
		s->load = true;
		if (o[6])
			*file = o + 7;
		return true;
	}
	if (!strcmp(o, "--deprecated"))
		return true;
	if (!strncmp(o, "--pattern=", 10))
		return set_pattern(s, o + 10);
	if (!strcmp(o, "--pattern") && *i + 1 < argc)
		return set_pattern(s, argv[++*i]);
	if (!strcmp(o, "--help")) {
		cmd_out(s->c, "%s", usage_text);
		return false;
	}
	if (!strcmp(o, "--version")) {
		cmd_out(s->c, "sysctl from procps-ng 4.0.2\n");
		return false;
	}
	complain(s, "sysctl: unrecognized option '%s'\n%s", o, usage_text);
	return false;
}

/* one word of short options; false: the command is done */
static bool short_options(struct sysctl *s, const char *o, const char **file, int *i, int argc, char **argv)
{
	for (o++; *o; o++) {
		switch (*o) {
		case 'a':
		case 'A':
		case 'X':
			s->all = true;
			break;
		case 'b':
			s->binary = true;
			break;
		case 'e':
			s->ignore = true;
			break;
		case 'N':
			s->names = true;
			break;
		case 'n':
			s->values = true;
			break;
		case 'q':
			s->quiet = true;
			break;
		case 'w':
			s->write = true;
			break;
		case 'o':
		case 'x':
			break;
		case 'f':
		case 'p':
			s->load = true;
			if (*o == 'p' && o[1]) {
				*file = o + 1;
				return true;
			}
			break;
		case 'r':
			if (!o[1] && *i + 1 >= argc) {
				complain(s, "sysctl: option requires an argument -- 'r'\n%s", usage_text);
				s->status = 1;
				return false;
			}
			return set_pattern(s, o[1] ? o + 1 : argv[++*i]);
		case 'd':
		case 'h':
			cmd_out(s->c, "%s", usage_text);
			return false;
		case 'V':
			cmd_out(s->c, "sysctl from procps-ng 4.0.2\n");
			return false;
		default:
			complain(s, "sysctl: invalid option -- '%c'\n%s", *o, usage_text);
			return false;
		}
	}
	return true;
}

static int show_one_of_all(void *ctx, const char *name)
{
	show(ctx, name);
	return 0;
}

static void run_word(struct sysctl *s, char *word)
{
	if (!s->write && !strchr(word, '=')) {
		read_name(s, word);
	} else {
		char *copy = mem_strdup(word);

		if (!copy || !check_setting(s, "command line", 0, copy) || !write_setting(s, copy))
			s->status = 1;
		mem_free(copy);
	}
}

static int load_one_of_dir(void *ctx, const char *name)
{
	struct sysctl *s = ctx;
	size_t n = strlen(name);
	struct sbuf path = SBUF_INIT;

	if (n < 5 || *name == '.' || strcmp(name + n - 5, ".conf") != 0)
		return 0;
	sbuf_printf(&path, CONF_DIR "/%s", name);
	cmd_out(s->c, "* Applying %s ...\n", sbuf_str(&path));
	load_file(s, sbuf_str(&path));
	sbuf_free(&path);
	return 0;
}

static void run(struct sysctl *s, const char *file, int n, char **words)
{
	if (s->system) {
		struct sbuf none = SBUF_INIT;

		if (s->c->ops->file_list)
			s->c->ops->file_list(s->c, CONF_DIR, load_one_of_dir, s);
		if (s->c->ops->file_read && s->c->ops->file_read(s->c, DEFAULT_FILE, &none) >= 0) {
			cmd_out(s->c, "* Applying " DEFAULT_FILE " ...\n");
			load_file(s, DEFAULT_FILE);
		}
		sbuf_free(&none);
	} else if (s->all) {
		ns_sysctl_walk(s->c->ns, show_one_of_all, s);
	} else if (s->load) {
		if (file || !n)
			load_file(s, file ? file : DEFAULT_FILE);
		for (int i = 0; i < n; i++)
			load_file(s, words[i]);
	} else if (!n) {
		complain(s, "%s", usage_text);
		s->status = 1;
	} else {
		for (int i = 0; i < n; i++)
			run_word(s, words[i]);
	}
}

int sysctl_main(struct cmd *c, int argc, char **argv)
{
	struct sysctl s = { .c = c };
	const char *file = NULL;
	char **words = mem_zalloc((size_t)argc * sizeof(*words));
	int n = 0;
	bool go = words != NULL, options = true;

	for (int i = 1; i < argc && go; i++) {
		if (options && !strcmp(argv[i], "--"))
			options = false;
		else if (options && !strncmp(argv[i], "--", 2))
			go = long_option(&s, argv[i], &file, &i, argc, argv);
		else if (options && argv[i][0] == '-' && argv[i][1])
			go = short_options(&s, argv[i], &file, &i, argc, argv);
		else
			words[n++] = argv[i];
	}
	if (go)
		run(&s, file, n, words);
	if (s.have_pattern)
		regfree(&s.pattern);
	mem_free(words);
	return s.status;
}
