/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lab/interactive.c - a lab to type into.
 *
 * `natbox lab` without a file. Lines are what a lab file's console blocks hold: a command for the host whose prompt
 * is shown, a line with a prompt of its own (HOST# command, a pasted [root@HOST ~]# command), a terminal's HOST:TERM
 * line, or one of a few words for the lab itself. All of it is kept as it would stand in a file, so `save` is
 * printing it, and `undo`, `load` and `restart` are running what is left of it again in a fresh lab: virtual time
 * makes that instant.
 *
 * Invariants
 *  1. log[] holds every line that changed the lab, in order, with its output.
 *  2. The lab is what running log[] from the start gives.
 */
#include "lab/interactive.h"

#include <errno.h>
#include <histedit.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/diag.h"
#include "front/shell.h"
#include "lab/draw.h"
#include "lab/lab.h"
#include "lab/sim.h"
#include "lab/topology.h"
#include "lab/transcript.h"

struct entry {
	char *typed;			/* as in a lab file, with its prompt */
	struct sbuf output;
};

struct play {
	struct backend *b;
	uint64_t seed, wall_ns;
	const char *topology;
	char *host;			/* where a line without a prompt goes */
	struct entry *log;
	size_t n_log, cap_log;
	size_t n_ready;			/* of them made by the ready topology */
	bool tty, at_line_start;
	EditLine *el;
	History *hist;
	HistEvent hist_ev;
	char prompt[300];
};

static volatile int interrupted;	/* ^C: set by the signal handler, taken by the simulation */

static void on_sigint(int sig)
{
	interrupted = 1;
}

/* ---- the log ---- */

static struct entry *log_add(struct play *p, const char *typed)
{
	struct entry *e;

	if (p->n_log == p->cap_log) {
		size_t cap = p->cap_log ? 2 * p->cap_log : 64;

		e = mem_realloc(p->log, cap * sizeof(*e));
		if (!e)
			return NULL;
		p->log = e;
		p->cap_log = cap;
	}
	e = &p->log[p->n_log];
	*e = (struct entry){ .typed = mem_strdup(typed) };
	if (!e->typed)
		return NULL;
	p->n_log++;
	return e;
}

static void log_truncate(struct play *p, size_t n)
{
	while (p->n_log > n) {
		struct entry *e = &p->log[--p->n_log];

		mem_free(e->typed);
		sbuf_free(&e->output);
	}
}

/* ---- running ---- */

static void echo(void *ctx, const char *bytes, size_t n)
{
	struct play *p = ctx;

	if (!n)
		return;
	fwrite(bytes, 1, n, stdout);
	p->at_line_start = bytes[n - 1] == '\n';
	fflush(stdout);
}

static void fresh_line(struct play *p)
{
	if (!p->at_line_start)
		putchar('\n');
	p->at_line_start = true;
}

/* the first word of a command, for hints; into @word */
static void first_word(const char *cmd, char *word, size_t size)
{
	size_t n = strcspn(cmd, " \t\n;|&<>()");

	snprintf(word, size, "%.*s", (int)MIN(n, size - 1), cmd);
}

static void hint_command(const char *cmd)
{
	struct sbuf hint = SBUF_INIT;
	char word[64];

	first_word(cmd, word, sizeof(word));
	command_hint(word, &hint);
	printf("natbox: hint: %s\n", sbuf_str(&hint));
	sbuf_free(&hint);
}

static void hint_host(struct play *p)
{
	char **names = lab_host_names(sim_lab(p->b));

	printf("natbox: hint: the hosts are lab");
	for (size_t i = 0; names && names[i]; i++)
		printf(" %s", names[i]);
	putchar('\n');
	mem_free(names);
}

/* one line of a lab file with its prompt; @show: the user is to see its output. 0 or -errno */
static int run_line(struct play *p, const char *line, struct sbuf *out, bool show)
{
	char *host, *term;
	const char *cmd;
	struct transcript *t;
	int status = 0, err = -EINVAL;

	p->b->echo = show ? echo : NULL;
	p->b->echo_ctx = p;
	if (transcript_prompt(line, &host, &term, &cmd)) {
		if (term) {
			err = p->b->ops->term_open(p->b, host, term, cmd);
		} else {
			err = p->b->ops->run(p->b, host, cmd, out, &status);
			fresh_line(p);
			if (status && show && !host_find(sim_lab(p->b), host))
				hint_host(p);
			else if (status == 127 && show)
				hint_command(cmd);
			if (status)
				sbuf_printf(out, "%s[%d]\n", out->len && out->data[out->len - 1] != '\n' ? "\n" : "",
					    status);
		}
		mem_free(host);
		mem_free(term);
	} else {
		struct sbuf block = SBUF_INIT;

		sbuf_printf(&block, "```console\n%s\n```\n", line);
		t = transcript_parse("line", sbuf_str(&block), block.len, true);
		for (unsigned i = 0; t && !t->error && i < t->n_steps; i++) {
			const struct step *s = &t->steps[i];

			if (s->kind == STEP_STOP)
				err = p->b->ops->term_stop(p->b, s->host, s->term, out);
			else if (s->kind == STEP_SHOW)
				err = p->b->ops->term_show(p->b, s->host, s->term, out);
			else if (s->kind == STEP_TYPE)
				err = p->b->ops->term_type(p->b, s->host, s->term, s->text);
		}
		transcript_free(t);
		sbuf_free(&block);
		if (show && err == 0)
			echo(p, sbuf_str(out), out->len);
		fresh_line(p);
	}
	if (err < 0 && show)
		printf("natbox: %s\n", p->b->why.len ? sbuf_str(&p->b->why) : strerror(-err));
	return err;
}

static void new_lab(struct play *p)
{
	if (p->b)
		p->b->ops->free(p->b);
	p->b = sim_new(p->seed, p->wall_ns);
}

/* the first @n lines of the log again, in a fresh lab, as fast as it goes */
static void replay_log(struct play *p, size_t n)
{
	log_truncate(p, n);
	new_lab(p);
	for (size_t i = 0; p->b && i < p->n_log; i++) {
		sbuf_reset(&p->log[i].output);
		run_line(p, p->log[i].typed, &p->log[i].output, false);
	}
	if (p->b)
		sim_interactive(p->b, &interrupted);
}

/* what ^C ended is, in a file, a command in a terminal of its own and the line that ends it */
static void log_as_terminal(struct play *p, struct entry *e)
{
	struct sbuf open = SBUF_INIT, stop = SBUF_INIT, output = e->output;
	const char *mark = strchr(e->typed, '#'), *status;
	struct entry *end;

	if (!mark)
		return;
	sbuf_printf(&open, "%.*s:c%zu%s", (int)(mark - e->typed), e->typed, p->n_log, mark);
	sbuf_printf(&stop, "%.*s:c%zu^C", (int)(mark - e->typed), e->typed, p->n_log);
	status = output.len > 6 ? output.data + output.len - 6 : NULL;
	if (status && strcmp(status, "[130]\n") == 0)	/* which ^C does not show */
		sbuf_truncate(&output, output.len - 6);
	mem_free(e->typed);
	e->typed = sbuf_steal(&open);
	e->output = (struct sbuf)SBUF_INIT;
	end = log_add(p, sbuf_str(&stop));		/* may move *e */
	if (end)
		end->output = output;
	else
		sbuf_free(&output);
	sbuf_free(&stop);
}

static void run_and_log(struct play *p, const char *line)
{
	struct entry *e = log_add(p, line);
	unsigned before = sim_interrupts(p->b);

	if (!e)
		return;
	run_line(p, line, &e->output, true);
	if (sim_interrupts(p->b) != before)
		log_as_terminal(p, e);
}

/* ---- words for the lab itself ---- */

static void cmd_help(struct play *p, const char *arg);

static void cmd_hosts(struct play *p, const char *arg)
{
	char **names = lab_host_names(sim_lab(p->b));

	printf("lab");
	for (size_t i = 0; names && names[i]; i++)
		printf(" %s", names[i]);
	putchar('\n');
	mem_free(names);
}

static void cmd_draw(struct play *p, const char *arg)
{
	struct sbuf s = SBUF_INIT;

	draw_topology(sim_lab(p->b), &s);
	fputs(s.len ? sbuf_str(&s) : "nothing to draw: no host has an address yet\n", stdout);
	sbuf_free(&s);
}

/* does @stop end the terminal that the line before it opened: one thing to whoever typed it */
static bool is_interrupt_of(const char *stop, const char *open)
{
	size_t n = strcspn(stop, "^");

	return strcmp(stop + n, "^C") == 0 && strncmp(stop, open, n) == 0 && open[n] == '#';
}

static void cmd_undo(struct play *p, const char *arg)
{
	size_t n;

	if (p->n_log <= p->n_ready) {
		puts("nothing to undo");
		return;
	}
	n = p->n_log - 1;
	if (n > p->n_ready && is_interrupt_of(p->log[n].typed, p->log[n - 1].typed))
		n--;
	printf("undone: %s\n", p->log[n].typed);
	replay_log(p, n);
}

static void cmd_restart(struct play *p, const char *arg)
{
	replay_log(p, p->n_ready);
	puts("as at the beginning");
}

static void put_block(FILE *f, const struct play *p, size_t from, size_t to)
{
	if (from == to)
		return;
	fputs("```console\n", f);
	for (size_t i = from; i < to; i++) {
		const struct sbuf *out = &p->log[i].output;

		fprintf(f, "%s\n", p->log[i].typed);
		if (out->len)
			fprintf(f, "%s%s", sbuf_str(out), out->data[out->len - 1] == '\n' ? "" : "\n");
	}
	fputs("```\n", f);
}

static void cmd_save(struct play *p, const char *arg)
{
	FILE *f;

	if (!*arg) {
		puts("usage: save FILE.md");
		return;
	}
	f = fopen(arg, "wx");
	if (!f) {
		printf("%s: %s\n", arg, strerror(errno));
		return;
	}
	fprintf(f, "# A lab\n\n");
	put_block(f, p, 0, p->n_ready);
	if (p->n_ready && p->n_log > p->n_ready)
		fprintf(f, "\n");
	put_block(f, p, p->n_ready, p->n_log);
	if (fclose(f) != 0)
		printf("%s: %s\n", arg, strerror(errno));
	else
		printf("saved: `natbox lab %s` runs it; what differs each time (ports, times, ids) is to be written as "
		       "(re) or ...\n",
		       arg);
}

static void load_text(struct play *p, const char *name, const char *text, size_t n)
{
	struct transcript *t = transcript_parse(name, text, n, true);

	if (!t || t->error) {
		puts(t ? t->error : "no memory");
		transcript_free(t);
		return;
	}
	for (unsigned i = 0; i < t->n_steps; i++) {
		const struct step *s = &t->steps[i];
		struct sbuf line = SBUF_INIT;
		struct entry *e;

		if (s->kind == STEP_FILE) {
			for (unsigned k = 0; k < s->n; k++)
				sbuf_printf(&line, "%s\n", t->lines[s->first + k]);
			if (p->b->ops->put_file(p->b, s->host, s->text, sbuf_str(&line), line.len) < 0)
				printf("%s\n", sbuf_str(&p->b->why));
		} else if (s->kind == STEP_RUN || s->kind == STEP_OPEN) {
			sbuf_printf(&line, "%s%s%s# %s", s->host, s->term ? ":" : "", s->term ? s->term : "", s->text);
		} else if (s->kind != STEP_PROSE && s->kind != STEP_END) {
			sbuf_puts(&line, t->lines[s->first]);
		}
		e = s->kind != STEP_FILE && line.len ? log_add(p, sbuf_str(&line)) : NULL;
		if (e)
			run_line(p, e->typed, &e->output, false);
		sbuf_free(&line);
	}
	transcript_free(t);
}

static void cmd_load(struct play *p, const char *arg)
{
	struct sbuf text = SBUF_INIT;
	FILE *f = *arg ? fopen(arg, "r") : NULL;
	char part[4096];
	size_t n;

	if (!f) {
		printf("%s: %s\n", *arg ? arg : "usage: load FILE.md", *arg ? strerror(errno) : "a lab to go on from");
		return;
	}
	while ((n = fread(part, 1, sizeof(part), f)) > 0)
		sbuf_put(&text, part, n);
	fclose(f);
	replay_log(p, 0);
	p->n_ready = 0;
	p->b->echo = NULL;
	load_text(p, arg, sbuf_str(&text), text.len);
	p->n_ready = p->n_log;
	sbuf_free(&text);
	cmd_hosts(p, "");
}

static const struct word {
	const char *name, *args, *what;
	void (*run)(struct play *p, const char *arg);
} words[] = {
	{ "help", "", "this", cmd_help },
	{ "hosts", "", "the hosts there are", cmd_hosts },
	{ "draw", "", "the topology as a picture", cmd_draw },
	{ "undo", "", "take the last line back, with all that it did", cmd_undo },
	{ "restart", "", "as at the beginning", cmd_restart },
	{ "load", "FILE.md", "begin anew with what a lab does", cmd_load },
	{ "save", "FILE.md", "write all that was typed and printed as a lab", cmd_save },
	{ "quit", "", "leave (^D does too)", NULL },
};

static int print_word(void *ctx, const char *name)
{
	int *col = ctx;

	if (*col + (int)strlen(name) > 90) {
		printf("\n    ");
		*col = 4;
	}
	*col += printf("%s ", name);
	return 0;
}

static void cmd_help(struct play *p, const char *arg)
{
	int col = 4;

	puts("Type commands as on the host whose prompt is shown, or for any host:\n"
	     "    HOST                        go to that host; `lab' is the outside, where `ip netns add' is typed\n"
	     "    HOST# command               run there\n"
	     "    [root@HOST ~]# command      the same, pasted; root@HOST:~# command too\n"
	     "    HOST:TERM# command          start it in another terminal (tcpdump, nc -l)\n"
	     "    HOST:TERM^C  HOST:TERM?     interrupt it and show what it printed; show what it has printed so far\n"
	     "    HOST:TERM< text             type a line into it\n"
	     "\nFor the lab itself:");
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		printf("    %s %-*s%s\n", words[i].name, 27 - (int)strlen(words[i].name), words[i].args, words[i].what);
	printf("\nOn the hosts:\n    ");
	command_words(print_word, &col);
	puts("\n    and the shell's own: cd echo printf test export if for while case ...");
}

/* ---- reading ---- */

static char *el_prompt(EditLine *el)
{
	struct play *p;

	el_get(el, EL_CLIENTDATA, &p);
	return p->prompt;
}

struct completion {
	const char *start;
	size_t len;
	char common[256];
	unsigned hits;
	struct sbuf all;
};

static int complete_word(void *ctx, const char *name)
{
	struct completion *c = ctx;

	if (strncmp(name, c->start, c->len) != 0 || strlen(name) >= sizeof(c->common))
		return 0;
	if (!c->hits++) {
		strcpy(c->common, name);
	} else {
		size_t n = 0;

		while (c->common[n] && c->common[n] == name[n])
			n++;
		c->common[n] = 0;
	}
	sbuf_printf(&c->all, "%s  ", name);
	return 0;
}

/* what may stand at the cursor: hosts, words and commands first, links and files behind them */
static void complete_all(struct play *p, struct completion *c, bool first)
{
	struct lab *l = sim_lab(p->b);
	struct host *h = host_find(l, p->host);
	char **names = lab_host_names(l);
	const struct link *link;

	for (size_t i = 0; names && names[i]; i++)
		complete_word(c, names[i]);
	mem_free(names);
	for (size_t i = 0; first && i < ARRAY_LEN(words); i++)
		complete_word(c, words[i].name);
	command_words(complete_word, c);
	if (first || !h)
		return;
	list_for_each(link, &h->ns->links.links, node)
		complete_word(c, link->name);
	vfs_list(h, ".", ".", complete_word, c);
}

static unsigned char el_complete(EditLine *el, int ch)
{
	const LineInfo *li = el_line(el);
	const char *start = li->cursor;
	struct completion c = { 0 };
	struct play *p;
	unsigned char result = CC_ERROR;

	el_get(el, EL_CLIENTDATA, &p);
	while (start > li->buffer && !strchr(" \t|;&#$", start[-1]))
		start--;
	c.start = start;
	c.len = (size_t)(li->cursor - start);
	complete_all(p, &c, strspn(li->buffer, " \t") >= (size_t)(start - li->buffer));
	if (c.hits && strlen(c.common) > c.len) {
		el_insertstr(el, c.common + c.len);
		result = CC_REFRESH;
	} else if (c.hits > 1) {
		printf("\n%s\n", sbuf_str(&c.all));
		result = CC_REDISPLAY;
	}
	if (c.hits == 1)
		el_insertstr(el, " ");
	sbuf_free(&c.all);
	return result;
}

static void open_editor(struct play *p)
{
	p->el = el_init("natbox", stdin, stdout, stderr);
	p->hist = history_init();
	if (!p->el || !p->hist)
		return;
	history(p->hist, &p->hist_ev, H_SETSIZE, 1000);
	history(p->hist, &p->hist_ev, H_SETUNIQUE, 1);
	el_set(p->el, EL_CLIENTDATA, p);
	el_set(p->el, EL_PROMPT, el_prompt);
	el_set(p->el, EL_EDITOR, "emacs");
	el_set(p->el, EL_SIGNAL, 0);
	el_set(p->el, EL_HIST, history, p->hist);
	el_set(p->el, EL_ADDFN, "natbox-complete", "complete hosts, commands, links and files", el_complete);
	el_set(p->el, EL_BIND, "^I", "natbox-complete", NULL);
	el_source(p->el, NULL);
}

/* one line without its newline, malloc()ed; NULL at the end */
static char *read_line(struct play *p, const char *prompt)
{
	char *line = NULL;
	size_t cap = 0;
	ssize_t n;

	snprintf(p->prompt, sizeof(p->prompt), "%s", prompt);
	if (p->el) {
		int count = 0;
		const char *got;

		errno = 0;
		got = el_gets(p->el, &count);
		if (!got || count <= 0) {
			if (interrupted || errno == EINTR) {
				interrupted = 0;
				putchar('\n');
				el_reset(p->el);
				return mem_strdup("");
			}
			return NULL;
		}
		line = mem_strndup(got, (size_t)count);
		n = count;
	} else {
		n = getline(&line, &cap, stdin);
		if (n < 0) {
			free(line);
			return NULL;
		}
	}
	while (line && n > 0 && (line[n - 1] == '\n' || line[n - 1] == '\r'))
		line[--n] = 0;
	return line;
}

/* the line and what it needs to be whole: after a backslash, in quotes, in a here-document */
static char *read_command(struct play *p)
{
	char prompt[280], *line, *more;
	const char *cmd;
	char *host, *term;

	snprintf(prompt, sizeof(prompt), "%s# ", p->host);
	line = read_line(p, prompt);
	while (line) {
		struct sbuf joined = SBUF_INIT;
		size_t n = strlen(line);
		bool prompted = transcript_prompt(line, &host, &term, &cmd);

		if (prompted) {
			mem_free(host);
			mem_free(term);
		} else {
			cmd = line;
		}
		if (!shell_incomplete(cmd) || !(more = read_line(p, "> ")))
			break;
		if (line[n - 1] == '\\')
			sbuf_put(&joined, line, n - 1);
		else
			sbuf_printf(&joined, "%s\n", line);
		sbuf_puts(&joined, more);
		mem_free(more);
		mem_free(line);
		line = sbuf_steal(&joined);
	}
	if (line && *line && p->el)
		history(p->hist, &p->hist_ev, H_ENTER, line);
	return line;
}

/* is it one of the lab's own words; false: not, or "quit" */
static bool run_word(struct play *p, const char *line, bool *quit)
{
	size_t n = strcspn(line, " \t");
	const char *arg = line + n + strspn(line + n, " \t");

	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if (strlen(words[i].name) != n || strncmp(words[i].name, line, n) != 0)
			continue;
		*quit = !words[i].run;
		if (words[i].run)
			words[i].run(p, arg);
		return true;
	}
	return false;
}

static bool is_term_line(const char *line)
{
	size_t n = strcspn(line, ":");
	const char *s;

	if (!line[n] || !n || strcspn(line, " \t") < n)
		return false;
	s = line + n + 1;
	s += strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");
	return s > line + n + 1 && (strcmp(s, "^C") == 0 || strcmp(s, "?") == 0 || *s == '<');
}

/* false: the user leaves */
static bool do_line(struct play *p, const char *line)
{
	struct sbuf full = SBUF_INIT;
	char *host, *term;
	const char *cmd;
	bool quit = false;

	line += strspn(line, " \t");
	if (!*line)
		return true;
	if (strcmp(line, "exit") == 0)
		return false;
	if (run_word(p, line, &quit))
		return !quit;
	if (line[0] == '#' && line[1] == ' ')		/* a pasted "# command" */
		line += 2;
	if (host_find(sim_lab(p->b), line)) {
		mem_free(p->host);
		p->host = mem_strdup(line);
		return p->host;
	}
	if (is_term_line(line)) {
		run_and_log(p, line);
		return true;
	}
	if (transcript_prompt(line, &host, &term, &cmd)) {
		if (*cmd) {
			sbuf_printf(&full, "%s%s%s# %s", host, term ? ":" : "", term ? term : "", cmd);
			run_and_log(p, sbuf_str(&full));
		}
		if (!term && host_find(sim_lab(p->b), host)) {	/* a pasted prompt says where one is */
			mem_free(p->host);
			p->host = host;
			host = NULL;
		}
		mem_free(host);
		mem_free(term);
	} else {
		sbuf_printf(&full, "%s# %s", p->host, line);
		run_and_log(p, sbuf_str(&full));
	}
	sbuf_free(&full);
	return p->host;
}

static bool build_topology(struct play *p)
{
	const char *text;

	if (!p->topology)
		return true;
	text = topology_text(p->topology);
	if (!text) {
		fprintf(stderr, "natbox lab: no topology is called '%s'. There are:\n", p->topology);
		topologies_print(stderr);
		return false;
	}
	load_text(p, p->topology, text, strlen(text));
	p->n_ready = p->n_log;
	return true;
}

int interactive_run(const char *topology, uint64_t seed)
{
	struct play p = { .seed = seed, .topology = topology, .tty = isatty(0), .at_line_start = true };
	struct sigaction act = { .sa_handler = on_sigint };
	struct timespec now;
	char *line;
	bool more = true, ok;

	clock_gettime(CLOCK_REALTIME, &now);
	p.wall_ns = p.tty ? (uint64_t)now.tv_sec * NSEC_PER_SEC : SIM_EPOCH_NS;
	p.host = mem_strdup("lab");
	new_lab(&p);
	ok = p.b && p.host && build_topology(&p);
	if (ok && p.tty) {
		sigaction(SIGINT, &act, NULL);
		sim_interactive(p.b, &interrupted);
		open_editor(&p);
		puts("natbox " NATBOX_VERSION ", an interactive lab. `help' tells what there is; ^D leaves.");
		if (topology)
			cmd_draw(&p, "");
	}
	while (ok && more && (line = read_command(&p))) {
		if (!p.tty)
			printf("%s%s%s\n", p.host, "# ", line);
		more = do_line(&p, line);
		mem_free(line);
	}
	if (p.el) {
		putchar('\n');
		el_end(p.el);
	}
	if (p.hist)
		history_end(p.hist);
	log_truncate(&p, 0);
	mem_free(p.log);
	mem_free(p.host);
	if (p.b)
		p.b->ops->free(p.b);
	return ok ? 0 : 2;
}
