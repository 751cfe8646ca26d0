#define _GNU_SOURCE
#include "cmd/tool_sandbox.h"

#include "base/mem.h"
#include "event/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* --- the kernel's side, for systems whose headers are older --- */

#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset 444
#define SYS_landlock_add_rule	    445
#define SYS_landlock_restrict_self  446
#endif

#define ASK_ABI	     1 /* flag of landlock_create_ruleset */
#define PATH_BENEATH 1 /* the kind of our rules */
#define ABI_MAX	     5 /* what is known here */

#define EXECUTE	     (1u << 0)
#define WRITE_FILE   (1u << 1)
#define READ_FILE    (1u << 2)
#define READ_DIR     (1u << 3)
#define REMOVE_DIR   (1u << 4)
#define REMOVE_FILE  (1u << 5)
#define MAKE_DIR     (1u << 7)
#define MAKE_REG     (1u << 8)
#define REFER	     (1u << 13) /* from ABI 2 on: link and rename elsewhere */
#define TRUNCATE     (1u << 14) /* from ABI 3 on */
#define IOCTL_DEV    (1u << 15) /* from ABI 5 on */
#define TCP_BOTH     3u		/* bind and connect, from ABI 4 on */

#define LOOK	     (READ_FILE | READ_DIR)
#define RUN	     (EXECUTE | LOOK)
#define WRITE	     (WRITE_FILE | TRUNCATE)
#define SPILL	     (READ_FILE | WRITE | MAKE_REG | REMOVE_FILE)
#define STATE	     (SPILL | READ_DIR | MAKE_DIR | REMOVE_DIR | REFER)
#define FOR_FILE     (EXECUTE | READ_FILE | WRITE | IOCTL_DEV)

struct ruleset {
	uint64_t fs, net;
};
struct beneath {
	uint64_t access;
	int32_t fd;
} __attribute__((packed));

/* All that an ABI can take away from file access. */
static uint32_t
handled(long abi)
{
	uint32_t all = (1u << 13) - 1;

	if (abi >= 2)
		all |= REFER;
	if (abi >= 3)
		all |= TRUNCATE;
	if (abi >= 5)
		all |= IOCTL_DEV;
	return all;
}

static long
kernel_abi(void)
{
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, ASK_ABI);

	return abi > ABI_MAX ? ABI_MAX : abi;
}

/* --- rules --- */

struct rules {
	int fd;
	uint32_t handled;
	bool failed; /* with errno */
	bool exact;  /* only what is named, or also what it may lead to */
	bool runs;   /* programs that decompress */
};

/* Beneath fd: what else it is, a rule for it does not say. */
static void
allow(struct rules *r, int fd, uint32_t access)
{
	struct beneath b = {.access = access & r->handled, .fd = fd};
	struct stat st;

	if (fstat(fd, &st) == 0 && !S_ISDIR(st.st_mode))
		b.access &= FOR_FILE;
	/* EBADFD: a pipe by a name such as /dev/fd/63. Those stay free. */
	if (b.access != 0 &&
	    syscall(SYS_landlock_add_rule, r->fd, PATH_BENEATH, &b, 0) != 0 &&
	    errno != EBADFD)
		r->failed = true;
}

/* 1; 0 if there is no such thing (or flags forbid it). */
static int
allow_path(struct rules *r, const char *path, int flags, uint32_t access)
{
	int fd = open(path, O_PATH | O_CLOEXEC | flags), e;

	if (fd < 0)
		return 0;
	allow(r, fd, access);
	e = errno;
	close(fd);
	errno = e;
	return 1;
}

/* The directory that path, of len bytes, is in, or is to be in one day. */
static void
allow_around(struct rules *r, const char *path, size_t len, uint32_t access)
{
	char *dir = weir_strndup(path, len), *slash;

	while ((slash = strrchr(dir, '/')) != NULL && slash != dir) {
		*slash = '\0';
		if (allow_path(r, dir, O_DIRECTORY, access))
			break;
	}
	if (slash == NULL || slash == dir)
		allow_path(r, slash == NULL ? "." : "/", O_DIRECTORY, access);
	free(dir);
}

/* --- what is opened later --- */

#define FEW 64 /* FILEs to look at one by one, unless rules are exact */

static bool
named(const struct weir_stage_config *c, size_t i)
{
	return strcmp(c->files[i], "-") != 0;
}

/* Are there FILEs that are opened anew, at any time? */
static bool
roams(const struct weir_stage_config *c)
{
	size_t i;

	for (i = 0; i < c->noperands; i++)
		if (c->operands[i].table)
			return true;
	return c->follow;
}

/* May a program be needed to read it? Only what can be seen is known. */
static bool
is_packed(const char *path)
{
	char head[WEIR_MAGIC_MAX];
	struct stat st;
	bool packed = true;
	ssize_t n;
	int fd;

	if (stat(path, &st) != 0 || !S_ISREG(st.st_mode))
		return true;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return true;
	n = pread(fd, head, sizeof head, 0);
	if (n >= 0)
		packed = weir_unpack_is(head, (size_t)n) ||
		    weir_unpack_maybe(head, (size_t)n);
	close(fd);
	return packed;
}

static bool
needs_programs(const struct weir_stage_config *c)
{
	size_t i;

	if (c->nfiles < 2 && !roams(c)) /* it is open, and known */
		return false;
	if (roams(c) || c->nfiles > FEW)
		return true;
	for (i = 0; i < c->nfiles; i++)
		if (!named(c, i) || is_packed(c->files[i]))
			return true;
	return false;
}

/* It, what it is a link to, and what comes to its place. */
static void
allow_file(struct rules *r, const char *name, bool follow)
{
	size_t len = strlen(name), wild = strcspn(name, "*?[");
	char *real;

	if (follow && wild < len)
		len = wild;
	allow_around(r, name, len, LOOK);
	real = realpath(name, NULL);
	if (real == NULL)
		return;
	allow_path(r, real, 0, READ_FILE);
	if (follow)
		allow_around(r, real, strlen(real), LOOK);
	free(real);
}

static void
allow_inputs(struct rules *r, const struct weir_stage_config *c)
{
	size_t i;

	if (c->nfiles < 2 && !roams(c))
		return;
	/* A link may point elsewhere tomorrow, a directory be made anew. */
	if (!r->exact && (roams(c) || c->nfiles > FEW)) {
		allow_path(r, "/", 0, LOOK);
		return;
	}
	for (i = 0; i < c->nfiles; i++)
		if (named(c, i))
			allow_file(r, c->files[i], roams(c));
}

/*
 * Of inputs that others write, one may be read ahead while another is waited
 * for. That files there have no name, a rule cannot say.
 */
static void
allow_spill(struct rules *r, const struct weir_stage_config *c)
{
	size_t i, n = 0;

	for (i = 0; i < c->nfiles && n < 2; i++)
		n += !named(c, i) || is_packed(c->files[i]);
	if (n > 1 && c->spill_dir != NULL)
		allow_path(r, c->spill_dir, O_DIRECTORY, SPILL);
}

/* --- what is the same for all --- */

/* Where systems keep programs and libraries. */
static const char *const systems[] = {"/usr", "/bin", "/lib", "/lib32",
    "/lib64", "/opt", "/nix/store", "/gnu/store"};
#define NSYSTEMS (sizeof systems / sizeof *systems)

/* The next directory of PATH: 1 and *dir (malloc'd), or 0 at the end. */
static int
next_dir(const char **path, char **dir)
{
	size_t len;

	if (*path == NULL || **path == '\0')
		return 0;
	len = strcspn(*path, ":");
	*dir = weir_strndup(*path, len);
	*path += len + ((*path)[len] == ':');
	return 1;
}

/* Is it where systems keep programs, whatever links lead there? */
static bool
of_system(const char *program)
{
	char *real = realpath(program, NULL);
	bool found = false;
	size_t i, len;

	for (i = 0; real != NULL && i < NSYSTEMS && !found; i++) {
		len = strlen(systems[i]);
		found = strncmp(real, systems[i], len) == 0 && real[len] == '/';
	}
	free(real);
	return found;
}

/* Will posix_spawnp() find the programs that decompress there? */
static bool
all_of_system(void)
{
	static const char *const programs[] = {
	    "gzip", "zstd", "xz", "lz4", "cat"};
	bool all = true;
	size_t i;

	for (i = 0; i < sizeof programs / sizeof *programs && all; i++) {
		const char *path = getenv("PATH");
		bool found = false;
		char *dir;

		while (all && !found && next_dir(&path, &dir)) {
			struct weir_buf name = {0};

			weir_buf_printf(&name, "%s/%s", dir, programs[i]);
			found = access(weir_buf_cstr(&name), X_OK) == 0;
			all = !found || of_system(weir_buf_cstr(&name));
			weir_buf_fini(&name);
			free(dir);
		}
	}
	return all;
}

static void
allow_programs(struct rules *r)
{
	const char *path = getenv("PATH");
	size_t i;
	char *dir;

	allow_path(r, "/dev/null", 0, READ_FILE | WRITE_FILE);
	if (!r->exact && !all_of_system()) {
		allow_path(r, "/", 0, RUN);
		return;
	}
	for (i = 0; i < NSYSTEMS; i++)
		allow_path(r, systems[i], O_DIRECTORY, RUN);
	allow_path(r, "/etc/ld.so.cache", 0, READ_FILE);
	allow_path(r, "/etc/ld.so.preload", 0, READ_FILE);
	while (r->exact && next_dir(&path, &dir)) {
		if (*dir == '/')
			allow_path(r, dir, O_DIRECTORY, RUN);
		free(dir);
	}
}

/* Expressions may come to name any time zone. */
static void
allow_zones(struct rules *r)
{
	static const char *const places[] = {"/usr/share/zoneinfo",
	    "/usr/lib/zoneinfo", "/usr/share/lib/zoneinfo", "/etc/zoneinfo"};
	size_t i;

	for (i = 0; i < sizeof places / sizeof *places; i++)
		allow_path(r, places[i], O_DIRECTORY, LOOK);
}

/* What builds for tests do besides. */
static void
allow_tests(struct rules *r)
{
#ifdef __SANITIZE_ADDRESS__
	allow_path(r, "/", 0, RUN);
#endif
#ifdef WEIR_PROBES
	const char *log = getenv("WEIR_CRASH_LOG");
	const char *dir = getenv("WEIR_CRASH_DIR");

	if (log != NULL)
		allow_around(r, log, strlen(log), STATE);
	if (dir != NULL)
		allow_path(r, dir, O_DIRECTORY, STATE);
#endif
	(void)r;
}

/* --- */

int
sandbox_read(enum sandbox *how, const char *word)
{
	static const char *const words[] = {"auto", "require", "off"};
	size_t i;

	for (i = 0; i < sizeof words / sizeof *words; i++)
		if (strcmp(word, words[i]) == 0) {
			*how = (enum sandbox)i;
			return 1;
		}
	return 0;
}

int
sandbox_check(enum sandbox how, struct weir_error *err)
{
	if (how != SANDBOX_REQUIRE || kernel_abi() >= 1)
		return 1;
	return weir_fail_errno(err,
	    "--sandbox=require: no Landlock here (it takes Linux 5.13 with "
	    "landlock among its security modules, and a container that lets "
	    "it through); --sandbox=auto goes without");
}

static int
restrict_self(enum sandbox how, const struct weir_stage_config *c,
    const struct weir_dir *dir)
{
	long abi = kernel_abi();
	struct ruleset set = {.net = TCP_BOTH};
	struct rules r = {.exact = how == SANDBOX_REQUIRE};
	int e;

	/* Whatever the kernel: a program that is run gains nothing. */
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || abi < 1)
		return -1;
	set.fs = r.handled = handled(abi);
	r.fd = (int)syscall(SYS_landlock_create_ruleset, &set,
	    abi >= 4 ? sizeof set : sizeof set.fs, 0);
	if (r.fd < 0)
		return -1;
	allow_inputs(&r, c);
	allow_zones(&r);
	if (needs_programs(c))
		allow_programs(&r);
	if (dir != NULL) /* that is where it spills, too */
		allow(&r, dir->fd, STATE);
	else
		allow_spill(&r, c);
	allow_tests(&r);
	if (!r.failed)
		r.failed = syscall(SYS_landlock_restrict_self, r.fd, 0) != 0;
	e = errno;
	close(r.fd);
	errno = e;
	return r.failed ? -1 : 1;
}

int
sandbox_enter(enum sandbox how, const struct weir_stage_config *c,
    const struct weir_dir *dir, struct weir_error *err)
{
	if (how == SANDBOX_OFF || restrict_self(how, c, dir) > 0 ||
	    how == SANDBOX_AUTO)
		return 1;
	return weir_fail_errno(err, "--sandbox=require: cannot set it up");
}
