/* SPDX-License-Identifier: MIT */
/* Jobs. Everything is allocated before the first call is posted, so that a request is carried out
 * as a whole or not at all. */
#include "daemon/job.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/macro.h"
#include "core/tree.h"
#include "daemon/bus-names.h"
#include "daemon/bus-row.h"

struct job;

struct job_item {
	struct list link; /* in jobs.answered */
	struct job *job;
	struct call *call;
};

struct job {
	struct list link;
	struct jobs *jobs;
	sd_bus_message *message; /* NULL: nobody waits for the answer */
	size_t n_items, n_waiting;
	struct job_item items[];
};

void jobs_init(struct jobs *jobs, struct wake *wake)
{
	*jobs = (struct jobs){ .wake = wake };
	pthread_mutex_init(&jobs->lock, NULL);
	list_init(&jobs->answered);
	list_init(&jobs->all);
}

static void job_free(struct job *job)
{
	for (size_t i = 0; i < job->n_items; i++)
		free(job->items[i].call);
	sd_bus_message_unref(job->message);
	free(job);
}

void jobs_done(struct jobs *jobs)
{
	struct list *node;

	while ((node = list_take(&jobs->all)))
		job_free(container_of(node, struct job, link));
	pthread_mutex_destroy(&jobs->lock);
}

/* On the controller's thread. */
static void on_answered(struct call *call)
{
	struct job_item *item = call->userdata;
	struct jobs *jobs = item->job->jobs;

	pthread_mutex_lock(&jobs->lock);
	list_append(&jobs->answered, &item->link);
	pthread_mutex_unlock(&jobs->lock);
	wake_post(jobs->wake, WAKE_ANSWERS);
}

static int prepare(struct job *job, struct job_item *item, const struct job_request *request,
	struct task *task)
{
	struct call *call = call_new(request->op, task);

	if (!call)
		return -ENOMEM;
	snprintf(call->reason, sizeof(call->reason), "%s", request->reason);
	call->uid = request->uid;
	call->signal = request->signal;
	call->trip = request->trip;
	call->oneway = request->oneway;
	call->answered = on_answered;
	call->userdata = item;
	list_init(&item->link);
	item->job = job;
	item->call = call;
	return 0;
}

static int reply(sd_bus_message *message, const struct job *job)
{
	_cleanup_message_ sd_bus_message *answer = NULL;
	int r = sd_bus_message_new_method_return(message, &answer);

	if (r >= 0)
		r = sd_bus_message_open_container(answer, 'a', BUS_RESULT_ROW);
	for (size_t i = 0; r >= 0 && i < job->n_items; i++) {
		struct call *call = job->items[i].call;

		r = sd_bus_message_append(answer, BUS_RESULT_ROW, task_name(call->target),
			-call->result, bus_clean(call->message));
	}
	if (r >= 0)
		r = sd_bus_message_close_container(answer);
	return r < 0 ? r : sd_bus_send(NULL, answer, NULL);
}

static void finish(struct job *job)
{
	list_remove(&job->link);
	job->jobs->n--;
	job->jobs->n_calls -= job->n_items;
	if (job->message && reply(job->message, job) < 0)
		(void)sd_bus_reply_method_errno(job->message, ENOMEM, NULL);
	job_free(job);
}

static bool is_full(const struct jobs *jobs, const sd_bus *client, size_t n_calls)
{
	unsigned n = 0;

	list_for_each (node, &jobs->all) {
		const struct job *job = container_of(node, const struct job, link);

		n += job->message && sd_bus_message_get_bus(job->message) == client;
	}
	return n >= JOBS_OF_ONE_MAX || jobs->n >= JOBS_MAX ||
	       (jobs->n > 0 && jobs->n_calls + n_calls > CALLS_MAX);
}

int job_start(struct jobs *jobs, sd_bus_message *message, const struct job_request *request)
{
	size_t n = request->targets->n;
	struct job *job;
	int r = 0;

	if (is_full(jobs, sd_bus_message_get_bus(message), n))
		return -EBUSY;
	job = calloc(1, sizeof(*job) + n * sizeof(job->items[0]));
	if (!job)
		return -ENOMEM;
	job->jobs = jobs;
	job->n_waiting = n;
	for (; r == 0 && job->n_items < n; job->n_items += r == 0)
		r = prepare(job, &job->items[job->n_items], request,
			request->targets->tasks[job->n_items]);
	if (r < 0) {
		job_free(job);
		return r;
	}
	job->message = sd_bus_message_ref(message);
	list_append(&jobs->all, &job->link);
	jobs->n++;
	jobs->n_calls += n;
	if (n == 0)
		finish(job);
	for (size_t i = 0; i < n; i++)
		call_post(job->items[i].call);
	return 0;
}

void jobs_collect(struct jobs *jobs)
{
	struct list *node;

	do {
		pthread_mutex_lock(&jobs->lock);
		node = list_take(&jobs->answered);
		pthread_mutex_unlock(&jobs->lock);
		if (node) {
			struct job *job = container_of(node, struct job_item, link)->job;

			if (--job->n_waiting == 0)
				finish(job);
		}
	} while (node);
}

void jobs_forget(struct jobs *jobs, sd_bus *bus)
{
	for (struct list *node = jobs->all.next; node != &jobs->all; node = node->next) {
		struct job *job = container_of(node, struct job, link);

		if (job->message && sd_bus_message_get_bus(job->message) == bus)
			job->message = sd_bus_message_unref(job->message);
	}
}
