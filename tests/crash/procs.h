/*
 * procs.h - the processes of a job, by what they are.
 */
#ifndef WEIR_TESTS_CRASH_PROCS_H
#define WEIR_TESTS_CRASH_PROCS_H

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/crash/feed.h"

static const char *const roles[] = {"scheckpoint", "source", "sink", "sfilter",
    "sdedup", "swindow", "sjoin", "crash", "bash", "all"};
#define NROLES (sizeof roles / sizeof *roles)

static size_t nouts; /* sinks of the job */

static pid_t
parent_of(pid_t pid, char comm[32])
{
	char path[64], text[512], *close_paren;
	int ppid = 0, fd;
	ssize_t n;

	snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
	fd = open(path, O_RDONLY);
	n = fd == -1 ? -1 : read(fd, text, sizeof text - 1);
	if (fd != -1)
		close(fd);
	text[n < 0 ? 0 : n] = '\0';
	close_paren = strrchr(text, ')');
	if (close_paren == NULL)
		return 0;
	*close_paren = '\0';
	snprintf(comm, 32, "%s", strchr(text, '(') + 1);
	if (sscanf(close_paren + 2, "%*c %d", &ppid) != 1)
		return 0;
	return ppid;
}

static bool
descends(pid_t pid, pid_t from)
{
	char comm[32];

	for (int i = 0; i < 6 && pid > 1; i++) {
		pid = parent_of(pid, comm);
		if (pid == from)
			return true;
	}
	return false;
}

static int
by_pid(const void *a, const void *b)
{
	pid_t x = *(const pid_t *)a, y = *(const pid_t *)b;

	return (x > y) - (x < y);
}

/*
 * One of the role's processes among the descendants of the run, 0 if there is
 * none now. Forks of scheckpoint: the sinks are made before the sources.
 */
static pid_t
find_role(pid_t run, const char *role)
{
	DIR *dir = opendir("/proc");
	struct dirent *e;
	pid_t ends[64], found[64];
	size_t nends = 0, nfound = 0;
	char comm[32];

	while (dir != NULL && (e = readdir(dir)) != NULL) {
		pid_t pid = atoi(e->d_name), up;

		if (pid <= 0 || (up = parent_of(pid, comm)) == 0)
			continue;
		if (up == run && strcmp(comm, "scheckpoint") == 0 && nends < 64)
			ends[nends++] = pid;
		else if (strcmp(comm, role) == 0 && nfound < 64 &&
		    descends(pid, run))
			found[nfound++] = pid;
	}
	if (dir != NULL)
		closedir(dir);
	if (strcmp(role, "scheckpoint") == 0)
		return run;
	qsort(ends, nends, sizeof *ends, by_pid);
	if (strcmp(role, "sink") == 0)
		return nends > nouts ? ends[dice(nouts)] : 0;
	if (strcmp(role, "source") == 0)
		return nends > nouts ? ends[nouts + dice(nends - nouts)] : 0;
	return nfound > 0 ? found[dice(nfound)] : 0;
}

/* What /proc says of a process's state; 0 if it is gone. */
static char
state_of(const char *pid)
{
	char path[64], text[512], *close_paren;
	int fd;
	ssize_t n;

	snprintf(path, sizeof path, "/proc/%.20s/stat", pid);
	fd = open(path, O_RDONLY);
	n = fd == -1 ? -1 : read(fd, text, sizeof text - 1);
	if (fd != -1)
		close(fd);
	text[n < 0 ? 0 : n] = '\0';
	close_paren = strrchr(text, ')');
	return close_paren != NULL ? close_paren[2] : '\0';
}

static bool
lives(pid_t pid)
{
	char name[32], state;

	snprintf(name, sizeof name, "%d", (int)pid);
	state = state_of(name);
	return state != '\0' && state != 'Z';
}

/* A stopped process that works in our directory, 0 if there is none. */
static pid_t
find_stopped(void)
{
	char ours[4096], path[64], cwd[4096];
	DIR *dir = opendir("/proc");
	struct dirent *e;
	pid_t found = 0;

	if (getcwd(ours, sizeof ours) == NULL)
		ours[0] = '\0';
	while (dir != NULL && found == 0 && (e = readdir(dir)) != NULL) {
		ssize_t n;

		if (atoi(e->d_name) <= 0 || state_of(e->d_name) != 'T')
			continue;
		snprintf(path, sizeof path, "/proc/%.20s/cwd", e->d_name);
		n = readlink(path, cwd, sizeof cwd - 1);
		cwd[n < 0 ? 0 : n] = '\0';
		if (strcmp(cwd, ours) == 0)
			found = atoi(e->d_name);
	}
	if (dir != NULL)
		closedir(dir);
	return found;
}

static bool
kill_role(pid_t run, const char *role)
{
	pid_t pid;

	if (strcmp(role, "all") != 0) {
		pid = find_role(run, role);
		return pid > 0 && kill(pid, SIGKILL) == 0;
	}
	for (size_t i = 0; i + 1 < NROLES; i++) {
		pid = i == 0 ? 0 : find_role(run, roles[i]);
		if (pid > 0)
			kill(pid, SIGKILL);
	}
	return kill(run, SIGKILL) == 0;
}

#endif
