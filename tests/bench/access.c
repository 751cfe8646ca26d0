/*
 * access - writes a web server's access log as JSON lines, for the benches.
 *
 *     access [EVENTS [SEED]]
 *
 * About 270 bytes an event, times about 10 ms apart and ascending, 20 hosts,
 * 2 % of the statuses 500 or more, an escape or a non-ASCII character in 1 % of
 * the user agents, ids unique. The same arguments always give the same bytes.
 */
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* The log begins here, and its days are those of one month. */
#define MONTH	       "2026-01-"
#define DAY_MS	       86400000u
#define STEP	       20 /* times are 0 to 19 ms apart */

#define COUNT(a)       ((uint32_t)(sizeof(a) / sizeof(*(a))))
#define PICK(state, a) ((a)[below((state), COUNT(a))])

static const char *const methods[] = {"GET", "GET", "GET", "GET", "GET", "GET",
    "POST", "POST", "PUT", "DELETE", "HEAD"};
/* A number goes behind those that end in a slash or an equals sign. */
static const char *const paths[] = {"/api/v1/items/", "/api/v1/orders/",
    "/api/v1/users/", "/static/img/", "/search?q=", "/login", "/health",
    "/static/js/app.min.js"};
static const char *const agents[] = {
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML) Chrome/131.0",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 "
    "Safari/605.1.15",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:133.0) Gecko/20100101 "
    "Firefox/133.0",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) Mobile/15E148"};
static const char *const odd_agents[] = {
    "Crawler \\\"deep\\\" 1.2 (+https:\\/\\/www.example.org\\/about-the-bot)",
    "Navigateur/2.1 (version fran\303\247aise; x86_64) Gecko/20100101",
    "\\u30d6\\u30e9\\u30a6\\u30b6/3.0 (Linux; \346\227\245\346\234\254)"};
static const unsigned good[] = {
    200, 200, 200, 200, 200, 200, 201, 204, 301, 304, 304, 400, 401, 404};
static const unsigned bad[] = {500, 502, 503, 504};

/* The output function of splitmix64: one to one, so that ids are unique. */
static uint64_t
scramble(uint64_t z)
{
	z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
	z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
	return z ^ z >> 31;
}

static uint32_t
below(uint64_t *state, uint32_t n)
{
	*state += UINT64_C(0x9E3779B97F4A7C15);
	return (uint32_t)((scramble(*state) >> 32) * n >> 32);
}

static void
print_time(uint64_t ms)
{
	unsigned day = (unsigned)(ms / DAY_MS % 31),
		 t = (unsigned)(ms % DAY_MS);

	printf("{\"ts\":\"" MONTH "%02uT%02u:%02u:%02u.%03uZ\",", day + 1,
	    t / 3600000, t / 60000 % 60, t / 1000 % 60, t % 1000);
}

static void
print_request(uint64_t *r)
{
	const char *path = PICK(r, paths), *end = path;
	/* skewed: most answers are small and quick, some are not */
	unsigned bytes = below(r, 1 + below(r, 60000));
	unsigned tenths = 1 + below(r, 1 + below(r, 1 + below(r, 20000)));

	while (end[1] != '\0')
		end++;
	printf("\"method\":\"%s\",\"path\":\"%s", PICK(r, methods), path);
	if (*end == '/' || *end == '=')
		printf("%u", below(r, 1000));
	printf("\",\"status\":%u,\"bytes\":%u,\"latency_ms\":%u",
	    below(r, 50) == 0 ? PICK(r, bad) : PICK(r, good), bytes,
	    tenths / 10);
	if (tenths % 10 != 0)
		printf(".%u", tenths % 10);
	printf(",\"user\":\"u%05u\",\"ua\":\"%s\"", below(r, 100000),
	    below(r, 100) == 0 ? PICK(r, odd_agents) : PICK(r, agents));
}

int
main(int argc, char **argv)
{
	unsigned long long n = argc > 1 ? strtoull(argv[1], NULL, 10) : 1000000;
	uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
	uint64_t r = scramble(seed), ms = 123;

	for (uint64_t i = 0; i < n; i++) {
		print_time(ms);
		printf("\"host\":\"web-%02u\",\"ip\":\"10.%u.%u.%u\",",
		    1 + below(&r, 20), below(&r, 4), below(&r, 256),
		    below(&r, 256));
		print_request(&r);
		printf(
		    ",\"id\":\"%016" PRIx64 "\"}\n", scramble(seed << 40 ^ i));
		ms += below(&r, STEP);
	}
	return fflush(stdout) == 0 && !ferror(stdout) ? 0 : 1;
}
