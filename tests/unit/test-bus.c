/* SPDX-License-Identifier: MIT */
/* The control socket and its server: whose path it is, how many may come, and what a call brings.
 * The tree never runs. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/macro.h"
#include "base/strings.h"
#include "core/body.h"
#include "core/tree.h"
#include "daemon/bus-names.h"
#include "daemon/bus-row.h"
#include "daemon/bus.h"
#include "daemon/events.h"
#include "daemon/job.h"
#include "lib/unit.h"

static char folder[] = "/tmp/greenloop-test-XXXXXX";
static char path[64];

static void make_folder(void)
{
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/run/control.sock", folder);
}

static void remove_folder(void)
{
	_cleanup_free_ char *lock = string_printf("%s.lock", path),
			    *run = string_printf("%s/run", folder);

	unlink(path);
	unlink(lock);
	rmdir(run);
	rmdir(folder);
}

static int client(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	memcpy(address.sun_path, path, strlen(path));
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

START_TEST(test_two_daemons_never_share_a_path)
{
	struct bus_socket first = BUS_SOCKET_NONE, second = BUS_SOCKET_NONE;
	_cleanup_free_ char *reason = NULL;
	struct stat st;

	ck_assert_int_eq(bus_socket_open(&first, path, &reason), 0);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 0777, 0666);
	ck_assert_int_eq(bus_socket_open(&second, path, &reason), -EADDRINUSE);
	ck_assert_ptr_nonnull(reason);
	ck_assert_int_eq(stat(path, &st), 0);
	bus_socket_close(&first);
	ck_assert_int_lt(stat(path, &st), 0);
}
END_TEST

START_TEST(test_a_dead_one_is_replaced)
{
	struct bus_socket dead = BUS_SOCKET_NONE, next = BUS_SOCKET_NONE;
	_cleanup_free_ char *reason = NULL;

	ck_assert_int_eq(bus_socket_open(&dead, path, &reason), 0);
	close(dead.fd);
	close(dead.lock_fd);
	ck_assert_int_eq(bus_socket_open(&next, path, &reason), 0);
	close(client());
	free(dead.path);
	bus_socket_close(&next);
}
END_TEST

START_TEST(test_what_is_not_ours_stays)
{
	struct bus_socket made = BUS_SOCKET_NONE;
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	_cleanup_free_ char *reason = NULL, *other = NULL, *run = string_printf("%s/run", folder);
	int fd;

	ck_assert_int_eq(mkdir(run, 0755), 0);
	fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	close(fd);
	ck_assert_int_eq(bus_socket_open(&made, path, &reason), -EADDRINUSE);
	ck_assert_int_eq(access(path, F_OK), 0);
	unlink(path);

	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0); /* another program, without our lock */
	memcpy(address.sun_path, path, strlen(path));
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	ck_assert_int_eq(listen(fd, 1), 0);
	ck_assert_int_eq(bus_socket_open(&made, path, &other), -EADDRINUSE);
	close(client());
	close(fd);
}
END_TEST

struct world { /* a server and what it needs */
	sd_event *event;
	struct tree *tree;
	struct wake wake;
	struct events events;
	struct jobs jobs;
	struct bus bus;
};

static void begin(struct world *world)
{
	static const struct body_ops nothing = { .name = "nothing" };
	struct tree_config tree_config = { 0 };
	struct loop_settings settings = { 0 };
	struct gloop_loop *loop;
	_cleanup_free_ char *reason = NULL;
	struct bus_config config = {
		.jobs = &world->jobs, .events = &world->events, .config_path = "x\xff.conf"
	};

	ck_assert_int_eq(tree_new(&world->tree, &tree_config), 0);
	ck_assert_int_eq(settings_init(SETTINGS_LOOP, &settings), 0);
	ck_assert_int_eq(tree_add_loop(world->tree, "web-1", NULL, &settings, &nothing, &loop), 0);
	ck_assert_int_eq(
		settings_set(SETTINGS_LOOP, &settings, "command", "true \"\\xff\"", &reason), 0);
	ck_assert_int_eq(tree_add_loop(world->tree, "web-2", NULL, &settings, &nothing, &loop), 0);
	settings_done(SETTINGS_LOOP, &settings);
	ck_assert_int_ge(sd_event_new(&world->event), 0);
	ck_assert_int_eq(wake_init(&world->wake), 0);
	events_init(&world->events, &world->wake);
	jobs_init(&world->jobs, &world->wake);
	config.event = world->event;
	config.tree = world->tree;
	ck_assert_int_eq(bus_start(&world->bus, &config, path, &reason), 0);
}

static void end(struct world *world)
{
	bus_stop(&world->bus);
	ck_assert_uint_eq(world->bus.n_peers, 0);
	tree_free(world->tree); /* answers what nobody has carried out */
	jobs_done(&world->jobs);
	events_done(&world->events);
	wake_done(&world->wake);
	sd_event_unref(world->event);
}

START_TEST(test_the_129th_is_closed)
{
	int fds[BUS_PEERS_MAX + 1];
	unsigned most = geteuid() == 0 ? BUS_PEERS_MAX : BUS_PEERS_MAX - BUS_RESERVED_FOR_ROOT;
	struct world world;
	char byte;

	begin(&world);
	for (unsigned i = 0; i < most; i++)
		fds[i] = client();
	while (world.bus.n_peers < most)
		ck_assert_int_gt(sd_event_run(world.event, UINT64_MAX), 0);
	fds[most] = client();
	ck_assert_int_gt(sd_event_run(world.event, UINT64_MAX), 0);
	ck_assert_int_eq(recv(fds[most], &byte, 1, 0), 0);
	ck_assert_uint_eq(world.bus.n_peers, most);

	close(fds[0]); /* a place is free again */
	while (world.bus.n_peers == most)
		ck_assert_int_gt(sd_event_run(world.event, UINT64_MAX), 0);
	for (unsigned i = 1; i <= most; i++)
		close(fds[i]);
	end(&world);
}
END_TEST

static sd_bus *connect_bus(struct world *world)
{
	sd_bus *bus;
	int fd = client();

	ck_assert_int_ge(sd_bus_new(&bus), 0);
	ck_assert_int_ge(sd_bus_set_fd(bus, fd, fd), 0);
	ck_assert_int_ge(sd_bus_start(bus), 0);
	while (sd_bus_is_ready(bus) == 0) {
		ck_assert_int_ge(sd_event_run(world->event, 1000), 0);
		ck_assert_int_ge(sd_bus_process(bus, NULL), 0);
	}
	return bus;
}

struct answer {
	sd_bus_message *message;
};

static int on_answer(sd_bus_message *message, void *userdata, _unused_ sd_bus_error *error)
{
	((struct answer *)userdata)->message = sd_bus_message_ref(message);
	return 0;
}

/* Sends the call (and takes it); server and client take turns until the answer is there. */
static sd_bus_message *ask(struct world *world, sd_bus *bus, sd_bus_message *call)
{
	struct answer answer = { NULL };

	ck_assert_int_ge(sd_bus_call_async(bus, NULL, call, on_answer, &answer, 0), 0);
	sd_bus_message_unref(call);
	while (!answer.message) {
		ck_assert_int_ge(sd_event_run(world->event, 1000), 0);
		ck_assert_int_ge(sd_bus_process(bus, NULL), 0);
	}
	return answer.message;
}

static sd_bus_message *new_call(sd_bus *bus, const char *method)
{
	sd_bus_message *call;

	ck_assert_int_ge(
		sd_bus_message_new_method_call(bus, &call, NULL, BUS_PATH, BUS_MANAGER, method), 0);
	return call;
}

START_TEST(test_rows_have_their_signature)
{
	struct world world;
	sd_bus_message *call, *reply;
	sd_bus *bus;
	const char *name, *group;

	begin(&world);
	bus = connect_bus(&world);
	call = new_call(bus, "ListLoops");
	ck_assert_int_ge(sd_bus_message_append(call, "as", 0), 0);
	reply = ask(&world, bus, call);
	ck_assert_str_eq(sd_bus_message_get_signature(reply, 1), "a" BUS_LOOP_ROW);
	ck_assert_int_gt(sd_bus_message_enter_container(reply, 'a', BUS_LOOP_ROW), 0);
	ck_assert_int_gt(sd_bus_message_enter_container(reply, 'r', "sssssssbttutuuttsstsssts"), 0);
	ck_assert_int_gt(sd_bus_message_read(reply, "ss", &name, &group), 0);
	ck_assert_str_eq(name, "web-1");
	ck_assert_str_eq(group, "");
	sd_bus_message_unref(reply);
	sd_bus_close_unref(bus);
	end(&world);
}
END_TEST

static const struct refusal {
	const char *method, *pattern; /* NULL: an empty array */
	const char *error;
} refusals[] = {
	{ "Start", NULL, BUS_ERROR_USAGE },
	{ "Stop", "nobody", BUS_ERROR_NO_SUCH },
	{ "Reset", "web-1", BUS_ERROR_USAGE },
	{ "Forgive", "x*", BUS_ERROR_NO_SUCH },
};

START_TEST(test_refusals)
{
	const struct refusal *row = &refusals[_i];
	struct world world;
	sd_bus_message *call, *reply;
	sd_bus *bus;

	begin(&world);
	bus = connect_bus(&world);
	call = new_call(bus, row->method);
	if (row->pattern)
		ck_assert_int_ge(sd_bus_message_append(call, "as", 1, row->pattern), 0);
	else
		ck_assert_int_ge(sd_bus_message_append(call, "as", 0), 0);
	ck_assert_int_ge(sd_bus_message_append(call, "bbs", 0, 0, ""), 0);
	reply = ask(&world, bus, call);
	ck_assert(sd_bus_message_is_method_error(reply, row->error));
	ck_assert_uint_eq(world.jobs.n, 0);
	sd_bus_message_unref(reply);
	sd_bus_close_unref(bus);
	end(&world);
}
END_TEST

START_TEST(test_clean)
{
	static const struct {
		const char *text, *expected;
	} rows[] = {
		{ "plain", "plain" },
		{ "gr\xc3\xbcn", "gr\xc3\xbcn" },
		{ "gr\xc3", "gr" }, /* cut in the middle of a character */
		{ "\xe2\x82\xac\xe2\x82", "\xe2\x82\xac" },
		{ "a\xff"
		  "b\xc3\xbc",
			"a?b??" },
	};

	for (size_t i = 0; i < ELEMENTS(rows); i++) {
		char buf[32];

		snprintf(buf, sizeof(buf), "%s", rows[i].text);
		ck_assert_str_eq(bus_clean(buf), rows[i].expected);
	}
}
END_TEST

/* No byte of a configuration makes an answer that D-Bus refuses. */
START_TEST(test_any_bytes)
{
	struct world world;
	sd_bus_message *call, *reply;
	sd_bus *bus;

	begin(&world);
	bus = connect_bus(&world);
	reply = ask(&world, bus, new_call(bus, "Daemon"));
	ck_assert_str_eq(sd_bus_message_get_signature(reply, 1), BUS_DAEMON_ROW);
	sd_bus_message_unref(reply);
	call = new_call(bus, "Show");
	ck_assert_int_ge(sd_bus_message_append(call, "s", "web-2"), 0);
	reply = ask(&world, bus, call);
	ck_assert_str_eq(sd_bus_message_get_signature(reply, 1), "sa{ss}");
	sd_bus_message_unref(reply);
	sd_bus_close_unref(bus);
	end(&world);
}
END_TEST

static sd_bus_message *new_stop(sd_bus *bus)
{
	sd_bus_message *call = new_call(bus, "Stop");

	ck_assert_int_ge(sd_bus_message_append(call, "asbbs", 1, "web-1", 0, 0, ""), 0);
	return call;
}

/* The tree does not run, so nothing is ever answered. */
START_TEST(test_one_client_leaves_room)
{
	struct world world;
	sd_bus_message *call, *reply;
	sd_bus *greedy, *other;

	begin(&world);
	greedy = connect_bus(&world);
	for (unsigned i = 0; i < JOBS_OF_ONE_MAX; i++) {
		call = new_stop(greedy);
		ck_assert_int_ge(sd_bus_send(greedy, call, NULL), 0);
		sd_bus_message_unref(call);
	}
	reply = ask(&world, greedy, new_stop(greedy));
	ck_assert(sd_bus_message_is_method_error(reply, BUS_ERROR_BUSY));
	sd_bus_message_unref(reply);
	ck_assert_uint_eq(world.jobs.n, JOBS_OF_ONE_MAX);
	other = connect_bus(&world);
	call = new_stop(other);
	ck_assert_int_ge(sd_bus_send(other, call, NULL), 0);
	sd_bus_message_unref(call);
	while (world.jobs.n == JOBS_OF_ONE_MAX)
		ck_assert_int_gt(sd_event_run(world.event, UINT64_MAX), 0);
	sd_bus_close_unref(greedy);
	sd_bus_close_unref(other);
	end(&world);
}
END_TEST

static void in_folder(TCase *tcase)
{
	tcase_add_checked_fixture(tcase, make_folder, remove_folder);
}

int main(void)
{
	Suite *suite = suite_create("bus");

	in_folder(unit_add(suite, "in use", test_two_daemons_never_share_a_path));
	in_folder(unit_add(suite, "stale", test_a_dead_one_is_replaced));
	in_folder(unit_add(suite, "not ours", test_what_is_not_ours_stays));
	in_folder(unit_add(suite, "full", test_the_129th_is_closed));
	in_folder(unit_add(suite, "rows", test_rows_have_their_signature));
	in_folder(unit_add_table(suite, "refusals", test_refusals, ELEMENTS(refusals)));
	in_folder(unit_add(suite, "any bytes", test_any_bytes));
	in_folder(unit_add(suite, "one client leaves room", test_one_client_leaves_room));
	unit_add(suite, "clean", test_clean);
	return unit_main(suite);
}
