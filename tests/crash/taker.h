/*
 * taker.h - a command that is a sink.
 */
#ifndef WEIR_TESTS_CRASH_TAKER_H
#define WEIR_TESTS_CRASH_TAKER_H

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * Each time it is started it has a file of its own. What
 * has left the pipe is in the file, whoever is killed: splice() does both.
 */
static int
be_taker(const char *dir)
{
	char path[512];
	int fd = -1;

	mkdir(dir, 0700);
	for (int i = 0; fd == -1 && i < 1000000; i++) {
		snprintf(path, sizeof path, "%s/%06d", dir, i);
		fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
	}
	for (;;) {
		ssize_t n = splice(0, NULL, fd, NULL, 65536, 0);

		if (n <= 0)
			return n != 0;
	}
}

#endif
