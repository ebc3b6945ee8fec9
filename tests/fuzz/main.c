/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tests/fuzz/main.c - instead of libFuzzer, where there is none: gives each file of the command line to the target once.
 */
#include <stdio.h>
#include <stdlib.h>

#include "fuzz.h"

static int replay(const char *path)
{
	FILE *f = fopen(path, "rb");
	uint8_t *data = malloc(1 << 20), *exact;
	size_t n;

	if (!f || !data) {
		perror(path);
		return 1;
	}
	n = fread(data, 1, 1 << 20, f);
	fclose(f);
	exact = malloc(n ? n : 1);	/* no byte more, so that reading past the end is found */
	memcpy(exact, data, n);
	free(data);
	LLVMFuzzerTestOneInput(exact, n);
	free(exact);
	return 0;
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		if (getenv("FUZZ_VERBOSE"))
			fprintf(stderr, "%s\n", argv[i]);
		if (replay(argv[i]))
			return 1;
	}
	printf("%d inputs\n", argc - 1);
	return argc < 2;
}
