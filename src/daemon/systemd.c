/* SPDX-License-Identifier: MIT */
/* One datagram per call; one field of state in each, for older managers heed the last one only. */
#include "daemon/systemd.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <systemd/sd-daemon.h>

#include "base/clock.h"
#include "base/strings.h"

#define STATUS_EVERY_USEC (100 * USEC_PER_MSEC)
#define RETRY_USEC        (1 * USEC_PER_SEC) /* of a status for which there was no room */
#define EXTEND_EVERY_USEC (5 * USEC_PER_SEC)
#define EXTEND_BY_USEC    (20 * USEC_PER_SEC)

static int connect_socket(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct timeval patience = {
		.tv_sec = 1
	}; /* never hang on a service manager that does not read */
	size_t length = strlen(path);
	_cleanup_close_ int fd = -1;

	if ((path[0] != '/' && path[0] != '@') || length < 2 || length >= sizeof(address.sun_path))
		return -EINVAL;
	memcpy(address.sun_path, path, length);
	if (path[0] == '@')
		address.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	if (connect(fd, (struct sockaddr *)&address,
		    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length)) < 0)
		return -errno;
	return TAKE_FD(fd);
}

int systemd_init(struct systemd *systemd)
{
	const char *path = getenv("NOTIFY_SOCKET");
	uint64_t watchdog_usec = 0;
	int r = 0;

	*systemd = (struct systemd){ .fd = -1 };
	if (path && *path)
		r = connect_socket(path);
	if (r > 0)
		systemd->fd = r;
	if (sd_watchdog_enabled(1, &watchdog_usec) > 0 && systemd->fd >= 0)
		systemd->watchdog_usec = watchdog_usec;
	unsetenv("NOTIFY_SOCKET");
	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_FDNAMES");
	return MIN(r, 0);
}

/* Says it, or says nothing when the service manager has no room: what comes again does not wait for
 * it. */
static bool _printf_(3, 4) notify(struct systemd *systemd, int flags, const char *format, ...)
{
	char text[4 * sizeof(systemd->sent) + 16]; /* all of it escaped */
	va_list arguments;
	int n;

	if (systemd->fd < 0)
		return true;
	va_start(arguments, format);
	n = vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	return send(systemd->fd, text, MIN((size_t)MAX(n, 0), sizeof(text) - 1),
		       flags | MSG_NOSIGNAL) >= 0;
}

static void send_status(struct systemd *systemd)
{
	char line[sizeof(systemd->sent)];
	_cleanup_free_ char *clean = NULL;

	systemd->line(line, sizeof(line), systemd->userdata);
	if (string_equal(line, systemd->sent))
		return;
	clean = string_escape(line);
	systemd->status_sent_usec = clock_now();
	if (clean && notify(systemd, MSG_DONTWAIT, "STATUS=%s", clean)) {
		memcpy(systemd->sent, line, sizeof(line));
		return;
	}
	(void)sd_event_source_set_time_relative(systemd->status_timer, RETRY_USEC);
	(void)sd_event_source_set_enabled(systemd->status_timer, SD_EVENT_ONESHOT);
}

static int on_status(_unused_ sd_event_source *source, _unused_ uint64_t usec, void *userdata)
{
	send_status(userdata);
	return 0;
}

static void extend(struct systemd *systemd)
{
	(void)notify(systemd, MSG_DONTWAIT, "EXTEND_TIMEOUT_USEC=%llu",
		(unsigned long long)EXTEND_BY_USEC);
	(void)sd_event_source_set_time_relative(systemd->extend_timer, EXTEND_EVERY_USEC);
	(void)sd_event_source_set_enabled(systemd->extend_timer, SD_EVENT_ONESHOT);
}

static int on_extend(_unused_ sd_event_source *source, _unused_ uint64_t usec, void *userdata)
{
	extend(userdata);
	return 0;
}

static int add_timer(
	sd_event *event, sd_event_source **ret, sd_event_time_handler_t handler, void *userdata)
{
	int r = sd_event_add_time(event, ret, CLOCK_MONOTONIC, 0, 0, handler, userdata);

	return r < 0 ? r : sd_event_source_set_enabled(*ret, SD_EVENT_OFF);
}

int systemd_attach(struct systemd *systemd, sd_event *event,
	void (*line)(char *buf, size_t size, void *userdata), void *userdata)
{
	int r = 0;

	systemd->line = line;
	systemd->userdata = userdata;
	if (systemd->fd >= 0)
		r = add_timer(event, &systemd->status_timer, on_status, systemd);
	if (r >= 0 && systemd->fd >= 0)
		r = add_timer(event, &systemd->extend_timer, on_extend, systemd);
	return MIN(r, 0);
}

void systemd_done(struct systemd *systemd)
{
	sd_event_source_disable_unref(systemd->status_timer);
	sd_event_source_disable_unref(systemd->extend_timer);
	closep(&systemd->fd);
	*systemd = (struct systemd){ .fd = -1 };
}

void systemd_ready(struct systemd *systemd)
{
	(void)notify(systemd, 0, "READY=1");
}

void systemd_alive(struct systemd *systemd)
{
	(void)notify(systemd, MSG_DONTWAIT, "WATCHDOG=1");
}

void systemd_stopping(struct systemd *systemd)
{
	if (systemd->fd < 0)
		return;
	(void)notify(systemd, 0, "STOPPING=1");
	extend(systemd);
}

void systemd_status_changed(struct systemd *systemd)
{
	uint64_t next = usec_add(systemd->status_sent_usec, STATUS_EVERY_USEC);
	int enabled = SD_EVENT_OFF;

	if (!systemd->status_timer)
		return;
	(void)sd_event_source_get_enabled(systemd->status_timer, &enabled);
	if (enabled != SD_EVENT_OFF)
		return;
	if (systemd->status_sent_usec == 0 || clock_now() >= next) {
		send_status(systemd);
		return;
	}
	(void)sd_event_source_set_time(systemd->status_timer, next);
	(void)sd_event_source_set_enabled(systemd->status_timer, SD_EVENT_ONESHOT);
}
