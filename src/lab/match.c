/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lab/match.c - expected output against output: lines, "..." for any lines, (re) and (glob), and how they differ.
 *
 * Used by lab/transcript.c. Whether a whole output matches is decided like a shell pattern: "..." is a star, and on a
 * mismatch only the last star needs to be tried again. How it differs is a shortest edit, with "..." free of charge.
 *
 * Reference: design/lab-format, "Lines of a console block".
 */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <string.h>

#include "base/mem.h"
#include "lab/transcript.h"

#define RE_MATCH_MAX 1000000		/* steps; a pattern that needs more does not match */
#define DIFF_CELLS_MAX (4u << 20)

static bool match_re(const char *pattern, size_t n, const char *got)
{
	int code;
	size_t at;
	pcre2_code *re = pcre2_compile((PCRE2_SPTR)pattern, n,
				       PCRE2_ANCHORED | PCRE2_ENDANCHORED | PCRE2_DOLLAR_ENDONLY, &code, &at, NULL);
	pcre2_match_data *m = re ? pcre2_match_data_create_from_pattern(re, NULL) : NULL;
	pcre2_match_context *ctx = m ? pcre2_match_context_create(NULL) : NULL;
	bool hit = false;

	if (ctx) {
		pcre2_set_match_limit(ctx, RE_MATCH_MAX);
		hit = pcre2_match(re, (PCRE2_SPTR)got, strlen(got), 0, 0, m, ctx) > 0;
	}
	pcre2_match_context_free(ctx);
	pcre2_match_data_free(m);
	pcre2_code_free(re);
	return hit;
}

/* only * and ? are special */
static bool match_glob(const char *p, const char *end, const char *s)
{
	const char *star = NULL, *back = NULL;

	while (*s) {
		if (p < end && *p == '*') {
			star = p++;
			back = s;
		} else if (p < end && (*p == '?' || *p == *s)) {
			p++;
			s++;
		} else if (star) {
			p = star + 1;
			s = ++back;
		} else {
			return false;
		}
	}
	while (p < end && *p == '*')
		p++;
	return p == end;
}

static bool ends_with(const char *s, size_t n, const char *suffix)
{
	size_t k = strlen(suffix);

	return n >= k && memcmp(s + n - k, suffix, k) == 0;
}

bool match_line(const char *want, const char *got)
{
	size_t n = strlen(want);

	if (ends_with(want, n, " (re)"))
		return match_re(want, n - 5, got);
	if (ends_with(want, n, " (glob)"))
		return match_glob(want, want + n - 7, got);
	return strcmp(want, got) == 0;
}

static bool is_any(const char *want)
{
	return strcmp(want, "...") == 0;
}

bool match_lines(char *const *want, size_t n_want, char *const *got, size_t n_got)
{
	size_t w = 0, g = 0, star = SIZE_MAX, back = 0;

	while (g < n_got) {
		if (w < n_want && is_any(want[w])) {
			star = w++;
			back = g;
		} else if (w < n_want && match_line(want[w], got[g])) {
			w++;
			g++;
		} else if (star != SIZE_MAX) {
			w = star + 1;
			g = ++back;
		} else {
			return false;
		}
	}
	while (w < n_want && is_any(want[w]))
		w++;
	return w == n_want;
}

/* ---- differences ---- */

static void put(struct sbuf *out, const char *indent, char mark, const char *line)
{
	sbuf_printf(out, "%s%c%s\n", indent, mark, line);
}

static void diff_plain(char *const *want, size_t n_want, char *const *got, size_t n_got, const char *indent,
		       struct sbuf *out)
{
	for (size_t i = 0; i < n_want; i++)
		put(out, indent, '-', want[i]);
	for (size_t i = 0; i < n_got; i++)
		put(out, indent, '+', got[i]);
}

void match_diff(char *const *want, size_t n_want, char *const *got, size_t n_got, const char *indent, struct sbuf *out)
{
	size_t cols = n_got + 1, cells = (n_want + 1) * cols, w = 0, g = 0;
	uint32_t *cost = cells <= DIFF_CELLS_MAX ? mem_alloc(cells * sizeof(*cost)) : NULL;
	bool *hit = cost ? mem_zalloc(cells) : NULL;

	if (!hit) {
		diff_plain(want, n_want, got, n_got, indent, out);
		mem_free(cost);
		return;
	}
	/* cost[w][g]: of making got[g..] from want[w..] */
	for (size_t i = n_want + 1; i-- > 0;) {
		for (size_t j = n_got + 1; j-- > 0;) {
			uint32_t *c = &cost[i * cols + j], best = UINT32_MAX;

			if (i == n_want) {
				*c = (uint32_t)(n_got - j);
				continue;
			}
			if (is_any(want[i])) {
				*c = MIN(cost[(i + 1) * cols + j], j < n_got ? cost[i * cols + j + 1] : UINT32_MAX);
				continue;
			}
			best = cost[(i + 1) * cols + j] + 1;
			if (j < n_got) {
				best = MIN(best, cost[i * cols + j + 1] + 1);
				hit[i * cols + j] = match_line(want[i], got[j]);
				if (hit[i * cols + j])
					best = MIN(best, cost[(i + 1) * cols + j + 1]);
			}
			*c = best;
		}
	}
	while (w < n_want || g < n_got) {
		uint32_t here = cost[w * cols + g];

		if (w < n_want && is_any(want[w])) {
			if (g < n_got && cost[w * cols + g + 1] == here && cost[(w + 1) * cols + g] != here) {
				g++;
			} else {
				put(out, indent, ' ', "...");
				w++;
			}
		} else if (w < n_want && g < n_got && hit[w * cols + g] && cost[(w + 1) * cols + g + 1] == here) {
			put(out, indent, ' ', got[g]);
			w++;
			g++;
		} else if (w < n_want && cost[(w + 1) * cols + g] + 1 == here) {
			put(out, indent, '-', want[w++]);
		} else {
			put(out, indent, '+', got[g++]);
		}
	}
	mem_free(hit);
	mem_free(cost);
}
