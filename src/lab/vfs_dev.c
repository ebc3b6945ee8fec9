/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lab/vfs_dev.c - the devices that scripts read: /dev/zero and /dev/urandom, without end.
 */
#include "lab/lab.h"

#include <errno.h>
#include <string.h>

struct dev_stream {
	struct stream s;
	struct rng *rng;		/* NULL: zeros */
};

static ssize_t dev_read(struct stream *s, void *bytes, size_t n)
{
	struct dev_stream *d = container_of(s, struct dev_stream, s);

	if (d->rng)
		rng_fill(d->rng, bytes, n);
	else
		memset(bytes, 0, n);
	return (ssize_t)n;
}

static int dev_write(struct stream *s, const void *bytes, size_t n)
{
	return 0;
}

static void dev_free(struct stream *s)
{
	mem_free(container_of(s, struct dev_stream, s));
}

int dev_open(struct host *h, const char *path, struct stream **out)
{
	static const struct stream_ops ops = { .read = dev_read, .write = dev_write, .free = dev_free };
	bool random = strcmp(path, "/dev/urandom") == 0 || strcmp(path, "/dev/random") == 0;
	struct dev_stream *d;

	if (!random && strcmp(path, "/dev/zero"))
		return -ENOENT;
	d = mem_zalloc(sizeof(*d));
	if (!d)
		return -ENOMEM;
	d->s = (struct stream){ &ops, 1 };
	d->rng = random ? &h->lab->wire_rng : NULL;
	*out = &d->s;
	return 0;
}
