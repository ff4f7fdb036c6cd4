/* SPDX-License-Identifier: MIT */
/*
 * A module of the demo: each cycle reads the machine's figures from /proc and writes them as one
 * line to a FIFO:
 *
 *   UPTIME CPU MEMORY LOAD       seconds; tenths of a percent busy since the last cycle; MiB
 * available; hundredths
 *
 * It fails when nobody reads them. Built against an installed greenloop:
 *   cc -shared -fPIC $(pkg-config --cflags greenloop) -o sample.so sample.c
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "greenloop.h"

enum { TRIES = 50 }; /* times 100 ms: for the reader to open its end */

/* One generation's. */
struct sampler {
	char *path;
	int fd;
	uint64_t busy, total; /* of all processors since boot, in ticks */
};

/* The first line of a file, or the one that begins with `key`. */
static bool read_line(const char *path, const char *key, char *line, int size)
{
	FILE *file = fopen(path, "re");
	bool found = false;

	while (file && !found && fgets(line, size, file))
		found = strncmp(line, key, strlen(key)) == 0;
	if (file)
		fclose(file);
	return found;
}

/* The share of time, in 1/1000, that the processors have been busy since the last call. */
static int read_cpu(struct sampler *sampler, unsigned *ret)
{
	uint64_t user, nice, system, idle, wait, irq, soft, steal, busy, total;
	char line[512];

	if (!read_line("/proc/stat", "cpu ", line, sizeof(line)) ||
		sscanf(line,
			"cpu %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64
			" %" SCNu64 " %" SCNu64,
			&user, &nice, &system, &idle, &wait, &irq, &soft, &steal) != 8)
		return -EIO;
	busy = user + nice + system + irq + soft + steal;
	total = busy + idle + wait;
	*ret = total > sampler->total && busy >= sampler->busy
		       ? (unsigned)(1000 * (busy - sampler->busy) / (total - sampler->total))
		       : 0;
	sampler->busy = busy;
	sampler->total = total;
	return 0;
}

static int read_memory(unsigned *ret)
{
	char line[128];

	if (!read_line("/proc/meminfo", "MemAvailable:", line, sizeof(line)) ||
		sscanf(line, "MemAvailable: %u", ret) != 1)
		return -EIO;
	*ret /= 1024;
	return 0;
}

/* A figure with two decimals, in hundredths. */
static int read_hundredths(const char *path, unsigned *ret)
{
	unsigned whole, part;
	char line[128];

	if (!read_line(path, "", line, sizeof(line)) || sscanf(line, "%u.%2u", &whole, &part) != 2)
		return -EIO;
	*ret = whole * 100 + part;
	return 0;
}

/* The reader starts before us, but opens the FIFO in its own time. */
static int connect_reader(gloop_loop *loop, struct sampler *sampler)
{
	for (int i = 0; i < TRIES && sampler->fd < 0; i++) {
		int r = i == 0 ? 0 : gloop_sleep(GLOOP_MSEC(100));

		if (r < 0)
			return r;
		sampler->fd = open(sampler->path, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
		if (sampler->fd < 0 && errno != ENXIO)
			return gloop_error(
				loop, -errno, "cannot open %s: %s", sampler->path, strerror(errno));
	}
	return sampler->fd >= 0 ? 0 : gloop_error(loop, -ENXIO, "nobody reads %s", sampler->path);
}

static int sample(gloop_loop *loop, void *userdata)
{
	struct sampler *sampler = userdata;
	unsigned uptime, cpu, memory, load;
	char line[128];
	int length, r;

	r = connect_reader(loop, sampler);
	if (r < 0)
		return r;
	if (read_hundredths("/proc/uptime", &uptime) < 0 || read_cpu(sampler, &cpu) < 0 ||
		read_memory(&memory) < 0 || read_hundredths("/proc/loadavg", &load) < 0)
		return gloop_error(loop, -EIO, "/proc cannot be read");
	length = snprintf(line, sizeof(line), "%u %u %u %u\n", uptime / 100, cpu, memory, load);
	if (write(sampler->fd, line, (size_t)length) != length)
		return gloop_error(loop, -EPIPE, "nobody reads the samples any more");
	gloop_status(loop, "cpu %u.%u %%", cpu / 10, cpu % 10);
	return GLOOP_AGAIN;
}

static int sampler_start(gloop_loop *loop, void **state)
{
	struct sampler *sampler = calloc(1, sizeof(*sampler));
	unsigned since_boot;
	int r;

	if (!sampler)
		return -ENOMEM;
	sampler->fd = -1;
	r = gloop_get_string(loop, GLOOP_ENVIRONMENT, "fifo", &sampler->path);
	if (r >= 0)
		r = read_cpu(sampler, &since_boot);
	if (r < 0) {
		free(sampler->path);
		free(sampler);
		return gloop_error(loop, r, "needs param.fifo and /proc/stat");
	}
	*state = sampler;
	return 0;
}

static void sampler_stop(gloop_loop *loop, void *state)
{
	struct sampler *sampler = state;

	(void)loop;
	if (sampler->fd >= 0)
		close(sampler->fd);
	free(sampler->path);
	free(sampler);
}

GLOOP_MODULE(.cycle = sample, .on_thread_start = sampler_start, .on_thread_stop = sampler_stop);
