/* SPDX-License-Identifier: MIT */
/*
 * In-process loops: one fails past its budget, all M are stopped and started anew, against M bare
 * threads that are joined and created. Both in turn, in one process; a line for each: "W10 M SYSTEM
 * MILLISECONDS".
 *
 *   functions M TIMES
 */
#include <greenloop.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

#include "now.h"

static unsigned n_loops, n_running; /* n_running: under lock */
static bool stop;                   /* of the bare threads, under lock */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER, stopped = PTHREAD_COND_INITIALIZER;

static void count_running(void)
{
	pthread_mutex_lock(&lock);
	if (++n_running == n_loops)
		pthread_cond_signal(&changed);
	pthread_mutex_unlock(&lock);
}

static void await_all(void)
{
	pthread_mutex_lock(&lock);
	while (n_running < n_loops)
		pthread_cond_wait(&changed, &lock);
	n_running = 0;
	pthread_mutex_unlock(&lock);
}

static void print(const char *system, double begin)
{
	printf("W10 %u %s %.4f\n", n_loops, system, (now_usec() - begin) / 1e3);
}

/* ---- greenloop */

static int cycle(gloop_loop *loop, void *userdata)
{
	(void)loop;
	(void)userdata;
	count_running();
	return gloop_sleep(GLOOP_INFINITY);
}

static int make_group(gloop_group **ret, gloop_loop **ret_first)
{
	const struct gloop_functions functions = { .cycle = cycle };
	int r = gloop_group_new(ret, "functions");

	if (r >= 0)
		r = gloop_group_set(
			*ret, "reset_window", "1ms"); /* each reset is the first one: no pause */
	for (unsigned i = 0; r >= 0 && i < n_loops; i++) {
		gloop_loop *loop;
		char name[32];

		(void)snprintf(name, sizeof(name), "l%u", i);
		r = gloop_group_add_loop(*ret, &loop, name, &functions, NULL);
		if (r >= 0)
			r = gloop_loop_set(loop, "max_loop_failures", "0");
		if (r >= 0 && i == 0)
			*ret_first = loop;
	}
	return r < 0 ? r : gloop_group_start(*ret);
}

/* The reset is over when the light is green, a little after the last loop runs: the next one must
 * not join it, nor count it. */
static void await_green(gloop_group *group)
{
	while (!gloop_group_is_green(group))
		gloop_sleep(GLOOP_MSEC(1));
	gloop_sleep(GLOOP_MSEC(5));
}

static void reset_group(gloop_group *group, gloop_loop *first)
{
	double begin;

	await_green(group);
	begin = now_usec();
	if (gloop_failure(first, "measured") < 0)
		abort();
	await_all();
	print("greenloop", begin);
}

/* ---- bare threads */

static void *run(void *argument)
{
	count_running();
	pthread_mutex_lock(&lock);
	while (!stop)
		pthread_cond_wait(&stopped, &lock);
	pthread_mutex_unlock(&lock);
	return argument;
}

static void start_threads(pthread_t *threads)
{
	for (unsigned i = 0; i < n_loops; i++)
		if (pthread_create(&threads[i], NULL, run, NULL) != 0)
			abort();
	await_all();
}

static void stop_threads(pthread_t *threads)
{
	pthread_mutex_lock(&lock);
	stop = true;
	pthread_cond_broadcast(&stopped);
	pthread_mutex_unlock(&lock);
	for (unsigned i = 0; i < n_loops; i++)
		pthread_join(threads[i], NULL);
	stop = false;
}

static void reset_threads(pthread_t *threads)
{
	double begin = now_usec();

	stop_threads(threads);
	start_threads(threads);
	print("limit", begin);
}

int main(int argc, char *argv[])
{
	unsigned times = argc == 3 ? (unsigned)strtoul(argv[2], NULL, 10) : 0;
	gloop_loop *first = NULL;
	pthread_t *threads;
	gloop_group *group;

	n_loops = argc == 3 ? (unsigned)strtoul(argv[1], NULL, 10) : 0;
	threads = calloc(n_loops, sizeof(threads[0]));
	if (n_loops == 0 || times == 0 || !threads) {
		fputs("usage: functions M TIMES\n", stderr);
		return 2;
	}
	if (make_group(&group, &first) < 0)
		return 1;
	await_all();
	start_threads(threads);
	for (unsigned i = 0; i < times; i++) {
		reset_group(group, first);
		reset_threads(threads);
	}
	stop_threads(threads);
	free(threads);
	gloop_group_free(group);
	return 0;
}
