/* SPDX-License-Identifier: MIT */
/* What the service manager hears, on a real datagram socket; and the rounds of the watchdog. */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/macro.h"
#include "daemon/systemd.h"
#include "daemon/watchdog.h"
#include "lib/unit.h"

static int manager_fd;
static const char *line = "green: 1/1 loops ready";

static void say_line(char *buf, size_t size, void *userdata)
{
	(void)userdata;
	snprintf(buf, size, "%s", line);
}

/* An abstract socket of the kernel's choosing: nothing to clean up. */
static void listen_as_manager(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	socklen_t length = sizeof(address);
	char name[sizeof(address.sun_path) + 1];

	manager_fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	ck_assert_int_eq(bind(manager_fd, (struct sockaddr *)&address, sizeof(sa_family_t)), 0);
	ck_assert_int_eq(getsockname(manager_fd, (struct sockaddr *)&address, &length), 0);
	snprintf(name, sizeof(name), "@%.*s", (int)(length - sizeof(sa_family_t) - 1),
		address.sun_path + 1);
	setenv("NOTIFY_SOCKET", name, 1);
}

static void assert_heard(const char *text)
{
	char buf[1024];
	ssize_t n = recv(manager_fd, buf, sizeof(buf) - 1, 0);

	ck_assert_int_ge(n, 0);
	buf[n] = '\0';
	ck_assert_str_eq(buf, text);
}

static void assert_silence(void)
{
	char buf[1024];

	ck_assert_int_lt(recv(manager_fd, buf, sizeof(buf), MSG_DONTWAIT), 0);
}

START_TEST(test_takes_the_environment_away)
{
	struct systemd systemd;
	char pid[16];

	snprintf(pid, sizeof(pid), "%d", (int)getpid());
	listen_as_manager();
	setenv("WATCHDOG_PID", pid, 1);
	setenv("WATCHDOG_USEC", "3000000", 1);
	setenv("LISTEN_FDS", "1", 1);
	ck_assert_int_eq(systemd_init(&systemd), 0);
	ck_assert(systemd_present(&systemd));
	ck_assert_uint_eq(systemd.watchdog_usec, 3000000);
	ck_assert_ptr_null(getenv("NOTIFY_SOCKET"));
	ck_assert_ptr_null(getenv("WATCHDOG_PID"));
	ck_assert_ptr_null(getenv("WATCHDOG_USEC"));
	ck_assert_ptr_null(getenv("LISTEN_FDS"));
	systemd_ready(&systemd);
	assert_heard("READY=1");
	systemd_alive(&systemd);
	assert_heard("WATCHDOG=1");
	systemd_done(&systemd);
}
END_TEST

START_TEST(test_without_a_manager_nothing_happens)
{
	struct systemd systemd;

	unsetenv("NOTIFY_SOCKET");
	setenv("WATCHDOG_USEC", "3000000", 1);
	ck_assert_int_eq(systemd_init(&systemd), 0);
	ck_assert(!systemd_present(&systemd));
	ck_assert_uint_eq(systemd.watchdog_usec, 0);
	systemd_ready(&systemd);
	systemd_status_changed(&systemd);
	systemd_stopping(&systemd);
	systemd_done(&systemd);

	setenv("NOTIFY_SOCKET", "relative", 1);
	ck_assert_int_lt(systemd_init(&systemd), 0);
	ck_assert(!systemd_present(&systemd));
}
END_TEST

START_TEST(test_status_is_coalesced)
{
	struct systemd systemd;
	sd_event *event;

	listen_as_manager();
	ck_assert_int_eq(sd_event_new(&event), 0);
	ck_assert_int_eq(systemd_init(&systemd), 0);
	ck_assert_int_eq(systemd_attach(&systemd, event, say_line, NULL), 0);
	systemd_status_changed(&systemd);
	assert_heard("STATUS=green: 1/1 loops ready");
	line = "red: a\nb";
	systemd_status_changed(&systemd);
	line = "red: trading\x01";
	systemd_status_changed(&systemd);
	assert_silence();
	ck_assert_int_ge(sd_event_run(event, UINT64_MAX), 0);
	assert_heard("STATUS=red: trading\\x01");
	systemd_status_changed(&systemd); /* nothing new */
	(void)sd_event_run(event, UINT64_MAX);
	assert_silence();
	systemd_done(&systemd);
	sd_event_unref(event);
}
END_TEST

START_TEST(test_a_long_stop_asks_for_time)
{
	struct systemd systemd;
	sd_event *event;

	listen_as_manager();
	ck_assert_int_eq(sd_event_new(&event), 0);
	ck_assert_int_eq(systemd_init(&systemd), 0);
	ck_assert_int_eq(systemd_attach(&systemd, event, say_line, NULL), 0);
	systemd_stopping(&systemd);
	assert_heard("STOPPING=1");
	assert_heard("EXTEND_TIMEOUT_USEC=20000000");
	systemd_done(&systemd);
	sd_event_unref(event);
}
END_TEST

struct fake { /* a party that answers when it is told to */
	uint64_t asked, answered;
};

static void fake_ping(uint64_t number, void *userdata)
{
	((struct fake *)userdata)->asked = number;
}

static bool fake_answered(uint64_t number, const char **ret_silent, void *userdata)
{
	*ret_silent = "trading";
	return ((struct fake *)userdata)->answered >= number;
}

static void count(void *userdata)
{
	++*(unsigned *)userdata;
}

START_TEST(test_watchdog_needs_all)
{
	struct fake one = { 0 }, two = { 0 };
	struct watchdog_party parties[] = { { "one", fake_ping, fake_answered, &one },
		{ "two", fake_ping, fake_answered, &two } };
	unsigned n = 0;
	struct watchdog watchdog = {
		.parties = parties, .n_parties = 2, .alive = count, .userdata = &n
	};

	ck_assert(watchdog_round(&watchdog));
	ck_assert_uint_eq(n, 1);
	ck_assert_uint_eq(one.asked, 1);
	ck_assert_uint_eq(two.asked, 1);
	one.answered = 1;
	ck_assert(!watchdog_round(&watchdog));
	ck_assert(!watchdog_round(&watchdog));
	ck_assert_uint_eq(n, 1);
	ck_assert_uint_eq(two.asked, 1); /* the round stays open */
	two.answered = 1;
	ck_assert(watchdog_round(&watchdog));
	ck_assert_uint_eq(n, 2);
	ck_assert_uint_eq(one.asked, 2);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("systemd");

	unit_add(suite, "environment", test_takes_the_environment_away);
	unit_add(suite, "no manager", test_without_a_manager_nothing_happens);
	unit_add(suite, "status", test_status_is_coalesced);
	unit_add(suite, "stop", test_a_long_stop_asks_for_time);
	unit_add(suite, "watchdog", test_watchdog_needs_all);
	return unit_main(suite);
}
