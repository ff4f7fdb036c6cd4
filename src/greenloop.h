/* SPDX-License-Identifier: MIT */
/*
 * libgreenloop: co-dependent worker loops, stopped and started together.
 *
 * Words (the same everywhere: here, in the configuration, in greenloopctl, in the journal):
 *
 *   loop         a named unit with its own thread, which runs its cycle again and again until it is
 * stopped cycle        one pass: one call of a module's or program's function, or one child process
 *   generation   one run of a loop's thread, numbered from 0, never reused; the thread is named
 * NAME_GENERATION group        loops (and groups) that depend on each other and share one green
 * light controller   the group's own thread; the only one that starts, stops and resets its members
 *   green light  the group's health flag: anyone may turn it red, only the controller turns it
 * green failure      one thing gone wrong in a loop: counted, with a kind, a reason and a time trip
 * a failure that the loop's budget (max_loop_failures) no longer covers: the light turns red
 *   episode      from red to its result: one number, one first cause
 *   reset        what the controller does in an episode: stop all members, start them again, green
 *
 * Conventions: functions return 0 or more for success and a negative errno for failure; outputs are
 * untouched on failure. Times are microseconds in uint64_t. Strings are UTF-8, copied where they
 * are kept. Which thread may call what stands with each function.
 *
 * The same page serves a module (a shared object that greenloopd loads; it links nothing) and a
 * program that links libgreenloop.
 */
#ifndef GREENLOOP_H
#define GREENLOOP_H

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#ifdef __cplusplus
extern "C" {
#endif

#define GLOOP_EXPORT __attribute__((visibility("default")))

/* ---- time */

#define GLOOP_INFINITY UINT64_MAX
#define GLOOP_USEC(n)  ((uint64_t)(n))
#define GLOOP_MSEC(n)  ((uint64_t)(n)*UINT64_C(1000))
#define GLOOP_SEC(n)   ((uint64_t)(n)*UINT64_C(1000000))

/* ---- handles: opaque; a loop belongs to its group, a group to who made it */

typedef struct gloop_loop gloop_loop;
typedef struct gloop_group gloop_group;

/* ---- what a cycle returns */

enum {
	GLOOP_AGAIN = 0, /* go on with the next cycle */
	GLOOP_DONE = 1,  /* the loop's work is done: it ends and is not started again */
	/* -ECANCELED after a stop is no failure; anything else is one of kind "error" */
};

/* ---- messages: named, typed values of one generation */

enum gloop_registry {
	GLOOP_ENVIRONMENT, /* fixed before the start: param.KEY of the configuration, as strings */
	GLOOP_EVENT,       /* written by hooks */
	GLOOP_ROUTINE,     /* written by the cycle */
};

enum gloop_type { GLOOP_BOOL, GLOOP_INT, GLOOP_DOUBLE, GLOOP_STRING };

struct gloop_value {
	enum gloop_type type;
	union {
		int boolean;
		int64_t integer;
		double real;
		const char *string; /* set: copied; got: the caller's to free() */
	} as;
};

/* ---- the host: what a module finds behind the functions below. Grows at its end only. */

#define GLOOP_ABI 1

struct gloop_host {
	uint32_t abi, size;
	int (*sleep)(uint64_t usec);
	int (*check_stop)(void);
	int (*error)(gloop_loop *loop, int error, const char *text);
	int (*failure)(gloop_loop *loop, const char *text);
	int (*status)(gloop_loop *loop, const char *text);
	int (*get)(gloop_loop *loop, enum gloop_registry registry, const char *key,
		enum gloop_type type, struct gloop_value *ret);
	int (*set)(gloop_loop *loop, enum gloop_registry registry, const char *key,
		const struct gloop_value *value);
	const char *(*name)(gloop_loop *loop);
	uint64_t (*generation)(gloop_loop *loop);
};

/* Of the library, for programs that link it; absent in a module, which gets its host from who loads
 * it. */
extern const struct gloop_host gloop_library_host __attribute__((weak, visibility("default")));

__attribute__((weak, visibility("hidden"))) const struct gloop_host *gloop_module_host =
	(const struct gloop_host *)0;

static inline const struct gloop_host *gloop_host_(void)
{
	return gloop_module_host ? gloop_module_host : &gloop_library_host;
}

/* ---- waiting and stopping: in a loop's own thread; elsewhere they are their plain counterparts */

/* Sleeps. -ECANCELED at once when the loop has been asked to stop, before or meanwhile. In
 * on_thread_stop it sleeps all the same. */
static inline int gloop_sleep(uint64_t usec)
{
	return gloop_host_()->sleep(usec);
}

/* 0, or -ECANCELED when the loop has been asked to stop. Never blocks. */
static inline int gloop_check_stop(void)
{
	return gloop_host_()->check_stop();
}

/* ---- failures */

/* Keeps the reason for the failure that the cycle is about to return; returns `error` (a negative
 * errno) for that purpose: one failure, with its reason. The loop's own thread only. */
static inline int gloop_error(gloop_loop *loop, int error, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Counts one failure of kind "explicit" at once; the loop goes on. 1: it tripped; 0: counted, or on
 * its way to be; -ESTALE: noted only, for the loop is being stopped. Any thread. */
static inline int gloop_failure(gloop_loop *loop, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* One line about itself, for `greenloopctl status`. The loop's own thread only: else -EPERM. */
static inline int gloop_status(gloop_loop *loop, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#define GLOOP_FORMAT_(text, format)                                                                \
	do {                                                                                       \
		va_list arguments_;                                                                \
		va_start(arguments_, format);                                                      \
		vsnprintf(text, sizeof(text), format, arguments_);                                 \
		va_end(arguments_);                                                                \
	} while (0)

static inline int gloop_error(gloop_loop *loop, int error, const char *format, ...)
{
	char text[200];

	GLOOP_FORMAT_(text, format);
	return gloop_host_()->error(loop, error, text);
}

static inline int gloop_failure(gloop_loop *loop, const char *format, ...)
{
	char text[200];

	GLOOP_FORMAT_(text, format);
	return gloop_host_()->failure(loop, text);
}

static inline int gloop_status(gloop_loop *loop, const char *format, ...)
{
	char text[200];

	GLOOP_FORMAT_(text, format);
	return gloop_host_()->status(loop, text);
}

/* ---- messages. The loop's own thread only: else -EPERM. Get: -ENOENT no such key, -EINVAL another
 * type (never a guess). Set: -EROFS for the environment, -ENOMEM. */

static inline int gloop_get_bool(
	gloop_loop *loop, enum gloop_registry registry, const char *key, int *ret)
{
	struct gloop_value value;
	int r = gloop_host_()->get(loop, registry, key, GLOOP_BOOL, &value);

	if (r >= 0)
		*ret = value.as.boolean;
	return r;
}

static inline int gloop_get_int(
	gloop_loop *loop, enum gloop_registry registry, const char *key, int64_t *ret)
{
	struct gloop_value value;
	int r = gloop_host_()->get(loop, registry, key, GLOOP_INT, &value);

	if (r >= 0)
		*ret = value.as.integer;
	return r;
}

static inline int gloop_get_double(
	gloop_loop *loop, enum gloop_registry registry, const char *key, double *ret)
{
	struct gloop_value value;
	int r = gloop_host_()->get(loop, registry, key, GLOOP_DOUBLE, &value);

	if (r >= 0)
		*ret = value.as.real;
	return r;
}

/* *ret is the caller's, to free(). */
static inline int gloop_get_string(
	gloop_loop *loop, enum gloop_registry registry, const char *key, char **ret)
{
	struct gloop_value value;
	int r = gloop_host_()->get(loop, registry, key, GLOOP_STRING, &value);

	if (r >= 0)
		*ret = (char *)value.as.string;
	return r;
}

static inline int gloop_set_bool(
	gloop_loop *loop, enum gloop_registry registry, const char *key, int boolean)
{
	struct gloop_value value;

	value.type = GLOOP_BOOL;
	value.as.boolean = !!boolean;
	return gloop_host_()->set(loop, registry, key, &value);
}

static inline int gloop_set_int(
	gloop_loop *loop, enum gloop_registry registry, const char *key, int64_t integer)
{
	struct gloop_value value;

	value.type = GLOOP_INT;
	value.as.integer = integer;
	return gloop_host_()->set(loop, registry, key, &value);
}

static inline int gloop_set_double(
	gloop_loop *loop, enum gloop_registry registry, const char *key, double real)
{
	struct gloop_value value;

	value.type = GLOOP_DOUBLE;
	value.as.real = real;
	return gloop_host_()->set(loop, registry, key, &value);
}

static inline int gloop_set_string(
	gloop_loop *loop, enum gloop_registry registry, const char *key, const char *string)
{
	struct gloop_value value;

	value.type = GLOOP_STRING;
	value.as.string = string;
	return gloop_host_()->set(loop, registry, key, &value);
}

/* ---- who am I. Any thread. */

static inline const char *gloop_loop_name(gloop_loop *loop) /* lives as long as the loop */
{
	return gloop_host_()->name(loop);
}

/* The present generation: of the calling thread where it is the loop's own, else the newest. */
static inline uint64_t gloop_loop_generation(gloop_loop *loop)
{
	return gloop_host_()->generation(loop);
}

/* ---- functions: what a module or a program gives for a loop */

struct gloop_module {
	uint32_t abi, size;
	const struct gloop_host **host; /* where the loader puts its host; NULL in a program */

	/* The loop's thread. userdata is the generation's state that on_thread_start made, else the
	 * program's own (NULL in a module). */
	int (*cycle)(gloop_loop *loop, void *userdata);

	/* First and last thing in each generation's thread. State belongs to one generation: an
	 * abandoned one and its successor never share it. *state holds userdata at first. < 0: the
	 * generation ends, a failure of kind "hook". May be NULL. */
	int (*on_thread_start)(gloop_loop *loop, void **state);
	void (*on_thread_stop)(gloop_loop *loop, void *state);
};

/* In one source file of a module: GLOOP_MODULE(.cycle = feed); built with -shared -fPIC. */
#define GLOOP_MODULE(...)                                                                          \
	GLOOP_EXPORT const struct gloop_module gloop_module = { .abi = GLOOP_ABI,                  \
		.size = sizeof(struct gloop_module),                                               \
		.host = &gloop_module_host,                                                        \
		__VA_ARGS__ }

/* ---- a program's own group of loops */

struct gloop_functions {
	int (*cycle)(gloop_loop *loop, void *userdata);
	int (*on_thread_start)(
		gloop_loop *loop, void **state); /* as in struct gloop_module; may be NULL */
	void (*on_thread_stop)(gloop_loop *loop, void *state);
};

/* A group under nothing: the caller's, until gloop_group_free(). -EINVAL: not a name; -ENOMEM. */
GLOOP_EXPORT int gloop_group_new(gloop_group **ret, const char *name);

/* Stops it first when it runs. Accepts and returns NULL. Not from a loop's thread. */
GLOOP_EXPORT gloop_group *gloop_group_free(gloop_group *group);

/* One more loop, before the start. The functions are copied; *ret (may be NULL) belongs to the
 * group. -EEXIST: the name is taken; -EBUSY: the group has been started. */
GLOOP_EXPORT int gloop_group_add_loop(gloop_group *group, gloop_loop **ret, const char *name,
	const struct gloop_functions *functions, void *userdata);

/* One setting, by its name in greenloop.conf(5), from text; before the start. -ENOENT: unknown;
 * -EINVAL, -ERANGE: bad value; -EBUSY. */
GLOOP_EXPORT int gloop_loop_set(gloop_loop *loop, const char *key, const char *text);
GLOOP_EXPORT int gloop_group_set(gloop_group *group, const char *key, const char *text);

/* Starts the controller and the loops; returns at once. -EINVAL: settings that contradict each
 * other; -ELOOP: a cycle in `after`. */
GLOOP_EXPORT int gloop_group_start(gloop_group *group);

/* Stops all loops, gracefully and then hard, and waits until nothing runs any more. -EDEADLK: from
 * a thread of the group. */
GLOOP_EXPORT int gloop_group_stop(gloop_group *group);

/* Starts, and waits until SIGTERM or SIGINT (then 0, after a clean stop) or until the group is
 * exhausted (-ENOTRECOVERABLE). For a program's main thread, before any other thread exists: the
 * two signals are blocked and taken here. */
GLOOP_EXPORT int gloop_group_run(gloop_group *group);

/* 1: all loops that should be are ready; 0: not. Any thread. */
GLOOP_EXPORT int gloop_group_is_green(gloop_group *group);

static inline void gloop_group_freep(gloop_group **group)
{
	gloop_group_free(*group);
}

#ifdef __cplusplus
}
#endif
#endif
