/*
 * peak.c - peak FILE COMMAND...: runs the command and writes the most memory that
 * it held, in KiB, to the file. Exits as the command did.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

int
main(int argc, char **argv)
{
	struct rusage use;
	int status;
	FILE *f;
	pid_t pid;

	if (argc < 3)
		return 2;
	pid = fork();
	if (pid == 0) {
		execvp(argv[2], argv + 2);
		_exit(127);
	}
	if (pid < 0 || wait4(pid, &status, 0, &use) < 0)
		return 126;
	f = fopen(argv[1], "w");
	if (f == NULL || fprintf(f, "%ld\n", use.ru_maxrss) < 0 ||
	    fclose(f) != 0)
		return 126;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
