/* SPDX-License-Identifier: MIT */
/*
 * A job: one request from the bus, carried out as one deferred call for each of its targets,
 * answered when all of them have been. The main thread posts and goes on; the controllers answer
 * into a list, and wake it. A client that goes away stops nothing: the calls are carried out, only
 * their answers are dropped.
 */
#pragma once

#include <pthread.h>
#include <sys/types.h>

#include <systemd/sd-bus.h>

#include "core/call.h"
#include "daemon/target.h"
#include "daemon/wake.h"

enum {
	JOBS_MAX = 512,        /* unanswered requests at a time */
	JOBS_OF_ONE_MAX = 128, /* of these by one client: others get on, too */
	CALLS_MAX = 65536,     /* of all of them; the only one may have more */
};

struct jobs {
	pthread_mutex_t lock;
	struct list answered; /* struct job_item.link; under lock */
	struct list all;      /* struct job.link; main thread */
	unsigned n;
	size_t n_calls;
	struct wake *wake; /* borrowed */
};

struct job_request {
	enum call_op op;
	const struct targets *targets;
	const char *reason; /* "" for none */
	uid_t uid;
	int signal;
	bool trip, oneway;
};

void jobs_init(struct jobs *jobs, struct wake *wake);
void jobs_done(struct jobs *jobs); /* no controller runs any more */

/* Keeps a reference of the message and replies to it later, with an array of BUS_RESULT_ROW.
 * -EBUSY: too many; -ENOMEM; then nothing was asked for. */
int job_start(struct jobs *jobs, sd_bus_message *message, const struct job_request *request);

void jobs_collect(struct jobs *jobs);             /* after WAKE_ANSWERS */
void jobs_forget(struct jobs *jobs, sd_bus *bus); /* that client has gone */
