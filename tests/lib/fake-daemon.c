/* SPDX-License-Identifier: MIT */
#include "lib/fake-daemon.h"

#include <check.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-id128.h>
#include <unistd.h>

#include "daemon/bus-names.h"

static int append_loops(struct fake_daemon *fake, sd_bus_message *reply)
{
	int r = sd_bus_message_open_container(reply, 'a', BUS_LOOP_ROW);

	for (size_t i = 0; r >= 0 && i < fake->n_loops; i++) {
		const struct fake_loop *l = &fake->loops[i];
		const char *reason = l->reason ? l->reason : "";

		r = sd_bus_message_append(reply, BUS_LOOP_ROW, l->name, l->group, "service", "",
			l->state, l->desired, l->color, l->ready, UINT64_C(3), UINT64_C(128),
			l->pid, UINT64_C(1000000), 1, 10, UINT64_C(4), UINT64_C(5),
			*reason ? "exit" : "", reason, UINT64_C(2000000), "", "", "", UINT64_C(0),
			*reason ? "last\033words" : "");
	}
	return r < 0 ? r : sd_bus_message_close_container(reply);
}

static int append_groups(struct fake_daemon *fake, sd_bus_message *reply)
{
	int r = sd_bus_message_open_container(reply, 'a', BUS_GROUP_ROW);

	for (size_t i = 0; r >= 0 && i < fake->n_groups; i++) {
		const struct fake_group *g = &fake->groups[i];

		r = sd_bus_message_append(reply, BUS_GROUP_ROW, g->name, g->parent, "", g->state,
			g->desired, g->color, strcmp(g->color, "green") == 0, "green",
			"one_for_all", UINT64_C(0), 1, 5, UINT64_C(1), UINT64_C(7), g->episode_open,
			2, 2, UINT64_C(1000000), "");
	}
	return r < 0 ? r : sd_bus_message_close_container(reply);
}

static int append_show(struct fake_daemon *fake, sd_bus_message *call, sd_bus_message *reply)
{
	const char *name, *action = "escalate";
	int r = sd_bus_message_read(call, "s", &name);

	for (size_t i = 0; r >= 0 && i < fake->n_groups; i++)
		if (strcmp(fake->groups[i].name, name) == 0)
			action = fake->groups[i].exhausted_action;
	return r < 0 ? r
		     : sd_bus_message_append(reply, "sa{ss}", "group", 2, "MaxLoopFailures", "10",
			       "exhausted_action", action);
}

/* One result for each name; "bad" is refused. */
static int append_results(sd_bus_message *call, sd_bus_message *reply)
{
	char **names = NULL;
	int r = sd_bus_message_read_strv(call, &names);

	if (r >= 0)
		r = sd_bus_message_open_container(reply, 'a', BUS_RESULT_ROW);
	for (char **name = names; r >= 0 && name && *name; name++)
		r = strcmp(*name, "bad") == 0
			    ? sd_bus_message_append(reply, BUS_RESULT_ROW, *name, 1000,
				      "group trading is stopped")
			    : sd_bus_message_append(reply, BUS_RESULT_ROW, *name, 0, "");
	for (char **name = names; name && *name; name++)
		free(*name);
	free(names);
	return r < 0 ? r : sd_bus_message_close_container(reply);
}

static int append_why(sd_bus_message *reply)
{
	return sd_bus_message_append(reply, "a" BUS_EPISODE_ROW "a" BUS_FAILURE_ROW, 2, UINT64_C(2),
		"trading", UINT64_C(5000000), UINT64_C(0), "", "feed", "exit", "line\033[2Jdead",
		"trading/feed:3#128", "", UINT64_C(5000000), 11, 10, "said\nbe\033fore", 1, 3, 1,
		UINT64_C(5000001), "process", "signal", "killed", UINT64_C(2), UINT64_C(9), 0, 0,
		"", UINT64_C(1), "trading", UINT64_C(1000000), UINT64_C(2000000), "green", "feed",
		"exit", "older", "", "", UINT64_C(1000000), 0, 0, "", 1, 0, 0, 0);
}

static int append_answer(struct fake_daemon *fake, sd_bus_message *call, sd_bus_message *reply)
{
	const char *member = sd_bus_message_get_member(call);

	if (strcmp(member, "ListLoops") == 0)
		return append_loops(fake, reply);
	if (strcmp(member, "ListGroups") == 0)
		return append_groups(fake, reply);
	if (strcmp(member, "Daemon") == 0)
		return sd_bus_message_append(reply, BUS_DAEMON_ROW, "0.1.0", fake->color, 2, 2, 0,
			"green: 2/2 loops ready", 42, UINT64_C(1000000), "greenloop.conf");
	if (strcmp(member, "Show") == 0)
		return append_show(fake, call, reply);
	if (strcmp(member, "Why") == 0)
		return append_why(reply);
	if (strcmp(member, "Subscribe") == 0)
		return 0;
	return append_results(call, reply);
}

static int send_signal(sd_bus *bus)
{
	return sd_bus_emit_signal(bus, BUS_PATH, BUS_MANAGER, "StateChanged", "ssssts", "feed",
		"trading", "starting", "running", UINT64_C(3), "green");
}

static int answer(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
	struct fake_daemon *fake = userdata;
	sd_bus *bus = sd_bus_message_get_bus(call);
	const char *member = sd_bus_message_get_member(call);
	sd_bus_message *reply = NULL;
	int r;

	(void)error;
	if (sd_bus_message_is_method_call(call, NULL, NULL) <= 0)
		return 0;
	if (fake->mode == FAKE_DEAF)
		return 1;
	if (strcmp(member, "Reset") == 0)
		return sd_bus_reply_method_errorf(
			call, BUS_ERROR_NO_SUCH, "no such loop or group: x");
	r = sd_bus_message_new_method_return(call, &reply);
	if (r >= 0)
		r = append_answer(fake, call, reply);
	ck_assert_int_ge(r, 0);
	r = sd_bus_send(bus, reply, NULL);
	sd_bus_message_unref(reply);
	if (r >= 0 && strcmp(member, "ListGroups") == 0 && fake->change && fake->change(fake))
		r = send_signal(bus);
	if (r >= 0 && fake->mode == FAKE_NEWS)
		r = send_signal(bus);
	if (fake->mode == FAKE_NEWS ||
		(fake->mode == FAKE_CLOSE_LATER && strcmp(member, "Subscribe") != 0)) {
		(void)sd_bus_flush(bus);
		sd_bus_close(bus);
	}
	return r < 0 ? r : 1;
}

static void serve(struct fake_daemon *fake, int fd)
{
	sd_bus *bus;
	sd_id128_t id;
	int r;

	ck_assert_int_ge(sd_bus_new(&bus), 0);
	ck_assert_int_ge(sd_bus_set_fd(bus, fd, fd), 0);
	ck_assert_int_ge(sd_id128_randomize(&id), 0);
	ck_assert_int_ge(sd_bus_set_server(bus, 1, id), 0);
	ck_assert_int_ge(sd_bus_add_filter(bus, NULL, answer, fake), 0);
	ck_assert_int_ge(sd_bus_start(bus), 0);
	do {
		r = sd_bus_process(bus, NULL);
		if (r == 0)
			r = sd_bus_wait(bus, UINT64_MAX);
	} while (r >= 0);
	sd_bus_close(bus);
	sd_bus_unref(bus);
}

static void *serve_all(void *userdata)
{
	struct fake_daemon *fake = userdata;
	int fd;

	while ((fd = accept4(fake->fd, NULL, NULL, SOCK_CLOEXEC)) >= 0) {
		if (fake->mode == FAKE_CLOSE)
			close(fd);
		else if (fake->mode != FAKE_MUTE) /* a mute one keeps it open for ever */
			serve(fake, fd);
	}
	return NULL;
}

void fake_start(struct fake_daemon *fake)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	pthread_t thread;
	char folder[] = "/tmp/greenloop-test-XXXXXX";

	ck_assert_ptr_nonnull(mkdtemp(folder));
	(void)snprintf(fake->path, sizeof(fake->path), "%s/control.sock", folder);
	memcpy(address.sun_path, fake->path, sizeof(fake->path));
	fake->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_int_ge(fake->fd, 0);
	ck_assert_int_eq(bind(fake->fd, (struct sockaddr *)&address, sizeof(address)), 0);
	ck_assert_int_eq(listen(fake->fd, 8), 0);
	ck_assert_int_eq(pthread_create(&thread, NULL, serve_all, fake), 0);
	ck_assert_int_eq(pthread_detach(thread), 0);
}

void fake_stop(struct fake_daemon *fake)
{
	(void)unlink(fake->path);
	*strrchr(fake->path, '/') = '\0';
	(void)rmdir(fake->path);
}
