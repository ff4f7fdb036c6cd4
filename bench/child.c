/* SPDX-License-Identifier: MIT */
/* The smallest child there is: child SOCKET INDEX tells its birth to a socket, and stays until it
 * is killed. */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "birth.h"
#include "now.h"

int main(int argc, char *argv[])
{
	struct birth birth = { .usec = now_usec(), .pid = getpid() };
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (argc != 3 || fd < 0 || strlen(argv[1]) >= sizeof(address.sun_path))
		return 2;
	memcpy(address.sun_path, argv[1], strlen(argv[1]));
	birth.index = (unsigned)strtoul(argv[2], NULL, 10);
	if (sendto(fd, &birth, sizeof(birth), 0, (struct sockaddr *)&address, sizeof(address)) < 0)
		return 1;
	for (;;)
		pause();
}
