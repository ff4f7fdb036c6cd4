/* SPDX-License-Identifier: MIT */
/* sd_notify(3): what a datagram says, how it is received, and whose it is. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/macro.h"
#include "base/strings.h"
#include "lib/unit.h"
#include "process/note.h"
#include "process/notify.h"
#include "process/process.h"

/* ---- what it says */

static struct notify_message message;
static char text[NOTIFY_TEXT_MAX + 2];

static int parse(const char *words, size_t length)
{
	ck_assert_uint_lt(length, sizeof(text));
	memcpy(text, words, length);
	return notify_message_parse(&message, text, length);
}

static const struct {
	const char *text;
	struct notify_message message;
} said[] = {
	{ "", { 0 } },
	{ "READY=1", { .phase = NOTIFY_READY } },
	{ "READY=1\n", { .phase = NOTIFY_READY } },
	{ "READY=0", { 0 } },
	{ "READY=11", { 0 } },
	{ "READY", { 0 } },
	{ " READY=1", { 0 } },
	{ "XREADY=1\nready=1", { 0 } },
	{ "RELOADING=1\nMONOTONIC_USEC=7", { .phase = NOTIFY_RELOADING } },
	{ "STOPPING=1", { .phase = NOTIFY_STOPPING } },
	{ "READY=1\nRELOADING=1", { .phase = NOTIFY_READY } },
	{ "STOPPING=1\nREADY=1", { .phase = NOTIFY_STOPPING } },
	{ "STATUS=all well", { .status = "all well" } },
	{ "STATUS=", { .status = "" } },
	{ "STATUS=a\nSTATUS=b=c", { .status = "b=c" } },
	{ "STATUS=\xff\nREADY=1", { .phase = NOTIFY_READY } },
	{ "STATUS=\xc3\xbc", { .status = "\xc3\xbc" } },
	{ "WATCHDOG=1", { .keep_alive = true } },
	{ "WATCHDOG=trigger", { .hangs = true } },
	{ "WATCHDOG=2", { 0 } },
	{ "WATCHDOG_USEC=5000000", { .has_watchdog_usec = true, .watchdog_usec = 5000000 } },
	{ "WATCHDOG_USEC=0", { .has_watchdog_usec = true } },
	{ "WATCHDOG_USEC=-1\nWATCHDOG_USEC= 1\nWATCHDOG_USEC=1s\nWATCHDOG_USEC=", { 0 } },
	{ "WATCHDOG_USEC=18446744073709551616", { 0 } },
	{ "EXTEND_TIMEOUT_USEC=18446744073709551615", { .extend_usec = UINT64_MAX } },
	{ "ERRNO=2", { .error = 2 } },
	{ "ERRNO=4096", { 0 } },
	{ "MAINPID=4711", { .main_pid = 4711 } },
	{ "MAINPID=4294967297", { 0 } },
	{ "MAINPID=-1", { 0 } },
	{ "BARRIER=1", { .barrier = true } },
	{ "BARRIER=1\n", { .barrier = true } },
	{ "BARRIER=1\nREADY=1", { .phase = NOTIFY_READY } },
	{ "X_GREENLOOP_FAILURE=lost the line", { .failure = "lost the line" } },
	{ "X_GREENLOOP_FAILURE=\x80", { 0 } },
	{ "FDSTORE=1\nFDNAME=x\nBUSERROR=x\nNOTIFYACCESS=all\n=\n==", { 0 } },
};

START_TEST(test_said)
{
	const struct notify_message *wanted = &said[_i].message;

	ck_assert_int_eq(parse(said[_i].text, strlen(said[_i].text)), 0);
	ck_assert_int_eq(message.phase, wanted->phase);
	ck_assert_int_eq(message.keep_alive, wanted->keep_alive);
	ck_assert_int_eq(message.hangs, wanted->hangs);
	ck_assert_int_eq(message.barrier, wanted->barrier);
	ck_assert(string_equal(message.status, wanted->status));
	ck_assert(string_equal(message.failure, wanted->failure));
	ck_assert_int_eq(message.error, wanted->error);
	ck_assert_int_eq(message.main_pid, wanted->main_pid);
	ck_assert_int_eq(message.has_watchdog_usec, wanted->has_watchdog_usec);
	if (wanted->has_watchdog_usec)
		ck_assert_uint_eq(message.watchdog_usec, wanted->watchdog_usec);
	ck_assert_uint_eq(message.extend_usec, wanted->extend_usec);
	ck_assert_uint_eq(message.n_sets, 0);
}
END_TEST

START_TEST(test_sets)
{
	static const char words[] =
		"X_GREENLOOP_SET=a=1\nX_GREENLOOP_SET=b.c-d_E=x=y\n"
		"X_GREENLOOP_SET=\nX_GREENLOOP_SET==1\nX_GREENLOOP_SET=a b=1\n"
		"X_GREENLOOP_SET=none\nX_GREENLOOP_SET=bad=\xff\nX_GREENLOOP_SET=e=";
	char many[NOTIFY_TEXT_MAX] = "";

	ck_assert_int_eq(parse(words, sizeof(words) - 1), 0);
	ck_assert_uint_eq(message.n_sets, 3);
	ck_assert_str_eq(message.sets[0], "a=1");
	ck_assert_str_eq(message.sets[1], "b.c-d_E=x=y");
	ck_assert_str_eq(message.sets[2], "e=");

	for (unsigned i = 0; i < 2 * NOTIFY_SETS_MAX; i++)
		strncat(many, "X_GREENLOOP_SET=k=v\n", sizeof(many) - strlen(many) - 1);
	ck_assert_int_eq(parse(many, strlen(many)), 0);
	ck_assert_uint_eq(message.n_sets, NOTIFY_SETS_MAX);
}
END_TEST

START_TEST(test_broken)
{
	char longest[NOTIFY_TEXT_MAX + 1];

	ck_assert_int_eq(parse("READY=1\0", 8), 0); /* one at the end is allowed */
	ck_assert_int_eq(message.phase, NOTIFY_READY);
	ck_assert_int_eq(parse("READY=1\0\0", 9), -EBADMSG);
	ck_assert_int_eq(parse("READY=1\0\nSTATUS=x", 17), -EBADMSG);
	memset(longest, 'x', sizeof(longest));
	ck_assert_int_eq(parse(longest, NOTIFY_TEXT_MAX), 0);
	ck_assert_int_eq(parse(longest, NOTIFY_TEXT_MAX + 1), -EBADMSG);
}
END_TEST

/* ---- receiving: a loop's own socket, with this process as its sender */

static struct mailbox box;
static struct notify_socket socket_ = NOTIFY_SOCKET_NONE;
static struct notify_datagram datagram;
static char folder[64];

static void setup(void)
{
	char path[96];

	snprintf(folder, sizeof(folder), "/tmp/test-notify-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/s", folder);
	ck_assert_int_eq(mailbox_init(&box), 0);
	ck_assert_int_eq(processes_start(), 0);
	ck_assert_int_eq(poller_start(), 0);
	ck_assert_int_eq(notify_start(path), 0);
}

static void teardown(void)
{
	notify_close(&socket_);
	notify_stop();
	poller_stop();
	processes_stop();
	mailbox_done(&box);
	ck_assert_int_eq(rmdir(folder), 0); /* nothing is left in it */
}

static void send_with(const char *path, const char *words, size_t length, const int *fds, size_t n)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(8 * sizeof(int))];
	} control = { 0 };
	struct iovec vector = { .iov_base = (char *)words, .iov_len = length };
	struct msghdr header = { .msg_name = &address,
		.msg_namelen = sizeof(address),
		.msg_iov = &vector,
		.msg_iovlen = 1 };
	_cleanup_close_ int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	strncpy(address.sun_path, path, sizeof(address.sun_path) - 1);
	if (n > 0) {
		header.msg_control = &control;
		header.msg_controllen = CMSG_SPACE(n * sizeof(int));
		control.header.cmsg_level = SOL_SOCKET;
		control.header.cmsg_type = SCM_RIGHTS;
		control.header.cmsg_len = CMSG_LEN(n * sizeof(int));
		memcpy(CMSG_DATA(&control.header), fds, n * sizeof(int));
	}
	ck_assert_int_eq(sendmsg(fd, &header, 0), (ssize_t)length);
}

static void send_words(const char *path, const char *words)
{
	send_with(path, words, strlen(words), NULL, 0);
}

static bool is_closed(int read_fd)
{
	struct pollfd look = { .fd = read_fd };

	return poll(&look, 1, 0) == 1 && (look.revents & POLLHUP);
}

START_TEST(test_receive)
{
	struct letter *letter;
	struct stat st;
	unsigned facts;

	ck_assert_int_eq(notify_open(&socket_, "feed", 3, &box), 0);
	ck_assert_str_eq(strrchr(socket_.path, '/'), "/feed.3");
	ck_assert_int_eq(stat(socket_.path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0666);
	ck_assert_int_eq(notify_receive(socket_.fd, &datagram), 0);
	send_words(socket_.path, "READY=1");
	letter = mailbox_wait(&box, USEC_INFINITY, &facts);
	ck_assert_ptr_eq(letter, &socket_.watch.letter);
	ck_assert_int_eq(notify_receive(socket_.fd, &datagram), 1);
	ck_assert_uint_eq(datagram.length, 7);
	ck_assert_int_eq(memcmp(datagram.text, "READY=1", 7), 0);
	ck_assert_int_eq(datagram.sender, getpid());
	ck_assert_uint_eq(datagram.uid, getuid());
	ck_assert_int_eq(datagram.barrier_fd, -1);
	ck_assert_int_eq(notify_receive(socket_.fd, &datagram), 0);
}
END_TEST

START_TEST(test_folder)
{
	char path[128];
	struct stat st;

	snprintf(path, sizeof(path), "%s/s.notify", folder);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0711);
	ck_assert_int_eq(strncmp(notify_shared_path(), path, strlen(path)), 0);
}
END_TEST

START_TEST(test_giant)
{
	char giant[NOTIFY_TEXT_MAX + 1];
	uint64_t dropped = notify_dropped();

	memset(giant, '\n', sizeof(giant));
	ck_assert_int_eq(notify_open(&socket_, "feed", 0, &box), 0);
	send_with(socket_.path, giant, sizeof(giant), NULL, 0);
	send_with(socket_.path, giant, sizeof(giant) - 1, NULL, 0);
	ck_assert_int_eq(notify_receive(socket_.fd, &datagram), -EBADMSG);
	ck_assert_int_eq(notify_receive(socket_.fd, &datagram), 1);
	ck_assert_uint_eq(notify_dropped(), dropped + 1);
}
END_TEST

static const struct {
	const char *words;
	unsigned n_fds;
	bool is_barrier;
} attached[] = {
	{ "BARRIER=1", 1, true },
	{ "BARRIER=1\n", 1, true },
	{ "BARRIER=1", 0, false },
	{ "BARRIER=1", 2, false },
	{ "BARRIER=1", 7, false },
	{ "BARRIER=1\nREADY=1", 1, false },
	{ "BARRIER=2", 1, false },
	{ "BARRIER=", 1, false },
	{ "FDSTORE=1", 1, false },
	{ "", 3, false },
};

/* Whatever comes along is closed: at once, unless it is a barrier. */
START_TEST(test_attached)
{
	int ends[2], fds[8];

	ck_assert_int_eq(notify_open(&socket_, "feed", 0, &box), 0);
	ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
	for (unsigned i = 0; i < ELEMENTS(fds); i++)
		fds[i] = ends[1];
	send_with(socket_.path, attached[_i].words, strlen(attached[_i].words), fds,
		attached[_i].n_fds);
	close(ends[1]);
	ck_assert_int_eq(notify_receive(socket_.fd, &datagram), 1);
	ck_assert_int_eq(datagram.barrier_fd >= 0, attached[_i].is_barrier);
	ck_assert_int_eq(is_closed(ends[0]), !attached[_i].is_barrier);
	closep(&datagram.barrier_fd);
	ck_assert(is_closed(ends[0]));
	close(ends[0]);
}
END_TEST

/* ---- whose it is */

static struct process process;

static void spawn(const char *script)
{
	static char path[] = "PATH=/usr/bin:/bin";
	char *const argv[] = { (char *)"sh", (char *)"-c", (char *)script, NULL };
	char *const environment[] = { path, NULL };

	process_init(&process, &box);
	process.takes_notes = true;
	ck_assert_int_eq(process_spawn(&process, &(struct spec){ .argv = argv,
							 .environment = environment,
							 .output_fd = -1,
							 .error_fd = -1 }),
		0);
}

static unsigned wait_for_fact(unsigned fact)
{
	unsigned facts = 0;

	while (!(facts & fact))
		ck_assert_ptr_eq(mailbox_wait(&box, USEC_INFINITY, &facts), &process.letter);
	return facts;
}

static void end_process(void)
{
	(void)process_signal(&process, SIGKILL, true);
	wait_for_fact(PROCESS_EXITED);
	while (process_lingers(&process))
		sched_yield();
	process_done(&process);
}

static struct notify_datagram said_by(pid_t sender, const char *words)
{
	struct notify_datagram made = { .sender = sender, .barrier_fd = -1 };

	made.length = strlen(words);
	memcpy(made.text, words, made.length);
	return made;
}

START_TEST(test_owns)
{
	spawn("exec sleep 100");
	ck_assert(process_owns(&process, process.pid));
	ck_assert(!process_owns(&process, getpid()));
	ck_assert(!process_owns(&process, 1));
	ck_assert(!process_owns(&process, 0));
	ck_assert(!process_owns(&process, -1));
	end_process();
}
END_TEST

/* The pid of the process's only child. */
static pid_t child_of(pid_t pid)
{
	char path[64];
	int child = 0;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", pid, pid);
	while (child == 0) {
		FILE *file = fopen(path, "re");

		ck_assert_ptr_nonnull(file);
		if (fscanf(file, "%d", &child) != 1)
			child = 0;
		fclose(file);
	}
	return child;
}

/* Of its session, and of another one that a child of it has made. */
START_TEST(test_owns_children)
{
	static const char *const scripts[] = { "sleep 100; :", "setsid -w sleep 100; :" };
	pid_t child;

	spawn(scripts[_i]);
	child = child_of(process.pid);
	ck_assert(process_owns(&process, child));
	(void)kill(child, SIGKILL);
	wait_for_fact(PROCESS_EXITED);
	while (process_lingers(&process))
		sched_yield();
	process_done(&process);
}
END_TEST

START_TEST(test_notes)
{
	struct notify_datagram first, second, foreign = said_by(getpid(), "STATUS=foreign");
	struct note *note;

	spawn("exec sleep 100");
	first = said_by(process.pid, "STATUS=1");
	second = said_by(process.pid, "STATUS=2");
	ck_assert(!note_leave(&foreign));
	ck_assert_ptr_null(note_take(&process));
	ck_assert(note_leave(&first));
	ck_assert(note_leave(&second));
	wait_for_fact(PROCESS_NOTED);
	note = note_take(&process);
	ck_assert_str_eq(note->text, "STATUS=1");
	note_free(note);
	note = note_take(&process);
	ck_assert_str_eq(note->text, "STATUS=2");
	note_free(note);
	ck_assert_ptr_null(note_take(&process));
	end_process();
	ck_assert(!note_leave(&first));
}
END_TEST

/* Nobody reads them: so many are kept and no more; a barrier is held until its note is gone. */
START_TEST(test_notes_bounded)
{
	struct notify_datagram made;
	int ends[2];

	spawn("exec sleep 100");
	ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
	made = said_by(process.pid, "BARRIER=1");
	made.barrier_fd = ends[1];
	ck_assert(note_leave(&made));
	ck_assert_int_eq(made.barrier_fd, -1);
	for (unsigned i = 1; i < NOTES_MAX; i++)
		ck_assert(note_leave(&made));
	ck_assert(!note_leave(&made));
	ck_assert(!is_closed(ends[0]));
	end_process();
	ck_assert(is_closed(ends[0]));
	close(ends[0]);
}
END_TEST

/* One whose owner never reads them, a hook's. */
START_TEST(test_notes_unwanted)
{
	struct notify_datagram made;

	spawn("exec sleep 100");
	process.takes_notes = false;
	made = said_by(process.pid, "STATUS=x");
	ck_assert(!note_leave(&made));
	end_process();
}
END_TEST

/* The whole way through the shared socket; foreign messages do not arrive, and are counted. */
START_TEST(test_shared)
{
	char script[256];
	struct note *note;

	send_words(notify_shared_path(), "STATUS=foreign");
	while (notify_dropped() == 0)
		sched_yield();
	snprintf(script, sizeof(script),
		"NOTIFY_SOCKET=%s systemd-notify --no-block STATUS=mine || exit 77; exec sleep 100",
		notify_shared_path());
	spawn(script);
	if (!(wait_for_fact(PROCESS_NOTED | PROCESS_EXITED) & PROCESS_NOTED)) {
		process_done(&process); /* no systemd-notify here */
		return;
	}
	note = note_take(&process);
	ck_assert_str_eq(note->text, "STATUS=mine");
	note_free(note);
	ck_assert_uint_eq(notify_dropped(), 1);
	end_process();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("notify");
	TCase *cases[9];
	size_t n = 0;

	unit_add_table(suite, "said", test_said, ELEMENTS(said));
	unit_add(suite, "sets", test_sets);
	unit_add(suite, "broken", test_broken);
	cases[n++] = unit_add(suite, "receive", test_receive);
	cases[n++] = unit_add(suite, "folder", test_folder);
	cases[n++] = unit_add(suite, "giant", test_giant);
	cases[n++] = unit_add_table(suite, "attached", test_attached, ELEMENTS(attached));
	cases[n++] = unit_add(suite, "owns", test_owns);
	cases[n++] = unit_add_table(suite, "owns_children", test_owns_children, 2);
	cases[n++] = unit_add(suite, "notes", test_notes);
	cases[n++] = unit_add(suite, "notes_bounded", test_notes_bounded);
	cases[n++] = unit_add(suite, "notes_unwanted", test_notes_unwanted);
	for (size_t i = 0; i < n; i++)
		tcase_add_checked_fixture(cases[i], setup, teardown);
	tcase_add_checked_fixture(unit_add(suite, "shared", test_shared), setup, teardown);
	return unit_main(suite);
}
