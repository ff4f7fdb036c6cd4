/* SPDX-License-Identifier: MIT */
#include "ctl/act.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"

int act_begin(struct client *client, const char *method, const struct options *options,
	char **names, sd_bus_message **ret)
{
	int r = client_open(client, options);

	if (r == EXIT_DONE)
		r = client_message(client, method, ret);
	if (r != EXIT_DONE)
		return r;
	r = sd_bus_message_append_strv(*ret, names);
	if (r >= 0)
		r = sd_bus_message_append(*ret, "b", options->all);
	return r < 0 ? exit_errno(r, method) : EXIT_DONE;
}

static void add_result(json_t *results, const char *name, int error, const char *text)
{
	json_t *object = json_object();

	json_put_text(object, "name", name);
	json_put_text(object, "result", error == 0 ? "done" : "failed");
	json_put_text(object, "message", text);
	json_add(results, object);
}

/* The daemon's sentence, with the name before it unless it begins with that. */
static void tell(const char *name, const char *text)
{
	size_t length = strlen(name);

	if (strncmp(text, name, length) == 0 && text[length] == ':')
		(void)exit_say(EXIT_DONE, "%s", text);
	else
		(void)exit_say(EXIT_DONE, "%s: %s", name, text);
}

/* Reads all results: into the array, and those worth a word onto standard error. */
static int read_results(sd_bus_message *reply, const struct options *options, json_t *results)
{
	int worst = EXIT_DONE, r, error;
	const char *name, *text;

	r = sd_bus_message_enter_container(reply, 'a', BUS_RESULT_ROW);
	while (r >= 0) {
		r = sd_bus_message_read(reply, BUS_RESULT_ROW, &name, &error, &text);
		if (r <= 0)
			break;
		error = error < 0 ? -error : error;
		worst = error != 0 ? EXIT_FAILED : worst;
		if (options->json != JSON_OFF)
			add_result(results, name, error, text);
		if (*text && (error != 0 || !options->quiet))
			tell(name, text);
		else if (error != 0)
			(void)exit_errno(-error, name);
	}
	return r < 0 ? client_garbled(r) : worst;
}

int act_finish(struct client *client, sd_bus_message *call, const struct options *options)
{
	_cleanup_message_ sd_bus_message *reply = NULL;
	json_auto_t *document = NULL;
	json_t *results;
	int status, r;

	/* A start may take its start_timeout, a stop its grace: no limit but --timeout. */
	r = client_call(client, call, USEC_INFINITY, &reply);
	if (r != EXIT_DONE)
		return r;
	document = json_document();
	results = json_array();
	json_put(document, "results", results);
	status = read_results(reply, options, results);
	if (options->json == JSON_OFF)
		return status;
	r = json_print(document, options->json);
	return MAX(status, r);
}

int act_run(const struct verb *verb, const struct options *options, char **names)
{
	_cleanup_client_ struct client client = CLIENT_INIT;
	_cleanup_message_ sd_bus_message *call = NULL;
	int r = act_begin(&client, verb->method, options, names, &call);

	if (r != EXIT_DONE)
		return r;
	r = sd_bus_message_append(
		call, "bs", options->no_block, options->reason ? options->reason : "");
	if (r < 0)
		return exit_errno(r, verb->name);
	return act_finish(&client, call, options);
}
