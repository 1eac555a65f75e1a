/*
 * bench_hold.c - how long the worst answers within the ceilings hold the loop.
 *
 * The engine on the scripted network of its tests is answered with each of them: one line a form, what it is
 * full of, its MiB, and the CPU time in milliseconds of the longest turn of the loop.  Each is the least of
 * ROUNDS, because what else runs on the machine only adds to it.
 *
 * bench_hold [WORD]: only those whose line has the word.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "sim/world.h"
#include "render/snapshot.h"

enum {
	ROUNDS = 3,
	TURNS_MAX = 100000,
	ROOM = JSON_BYTES_MAX - 4096,
	FILES = SNAPSHOT_ENTRIES_MAX - 8
};

static double now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

/* ---- what an answer is full of ---- */

/* The i-th piece of an object's members; `values` of it count against the ceiling. */
struct filling {
	const char *name;
	void (*put)(struct buf *out, int i);
	int values;
};

static void put_members(struct buf *out, int i)
{
	buf_printf(out, "\"Member%07d\":%d", i, i);
}

static void put_equal(struct buf *out, int i)
{
	buf_printf(out, "\"Member\":%d", i);
}

/* All become m_x_yx_yx_y... */
static void put_colliding(struct buf *out, int i)
{
	buf_puts(out, "\"M");
	for (int bit = 0; bit < 18; bit++)
		buf_puts(out, i >> bit & 1 ? "xY" : "x_y");
	buf_puts(out, "\":1");
}

static void put_control_names(struct buf *out, int i)
{
	buf_printf(out, "\"%d\xc2\x80\xc2\x80\xc2\x80\xc2\x80\xc2\x80\xc2\x80\":1", i);
}

static void put_secrets(struct buf *out, int i)
{
	buf_printf(out, "\"A%dPasswordHash\":1", i);
}

static void put_long_names(struct buf *out, int i)
{
	buf_putc(out, '"');
	for (int n = 0; n < 100; n++)
		buf_puts(out, "LongName0123456789ab");
	buf_printf(out, "%d\":1", i);
}

static void put_directories(struct buf *out, int i)
{
	buf_printf(out, "\"D%d\":{}", i);
}

static void put_deep(struct buf *out, int i)
{
	buf_printf(out, "\"D%d\":", i);
	for (int n = 0; n < 55; n++)
		buf_puts(out, "{\"a\":");
	buf_putc(out, '1');
	for (int n = 0; n < 55; n++)
		buf_putc(out, '}');
}

static void put_list(struct buf *out, int i)
{
	buf_printf(out, "\"List%d\":[{}", i);
	for (int n = 0; n < 99; n++)
		buf_puts(out, ",{\"A\":1}");
	buf_puts(out, "]");
}

static void put_texts(struct buf *out, int i)
{
	buf_printf(out, "\"T%d\":\"", i);
	for (int n = 0; n < 100; n++)
		buf_puts(out, "twenty bytes of text");
	buf_putc(out, '"');
}

static void put_many_texts(struct buf *out, const char *text, int i)
{
	buf_printf(out, "\"T%d\":\"", i);
	for (int n = 0; n < 20000; n++)
		buf_puts(out, text);
	buf_putc(out, '"');
}

static void put_escapes(struct buf *out, int i)
{
	put_many_texts(out, "\\u0001\\\"\\n", i);
}

static void put_controls(struct buf *out, int i)
{
	put_many_texts(out, "\xc2\x80\xc2\x80\xc2\x80\xc2\x80", i);
}

static void put_invalid(struct buf *out, int i)
{
	put_many_texts(out, "\xff\xff\xff\xff", i);
}

static void put_quotes(struct buf *out, int i)
{
	put_many_texts(out, "\\\"", i);
}

static void put_deletes(struct buf *out, int i)
{
	put_many_texts(out, "\x7f", i);
}

static void put_marks(struct buf *out, int i)
{
	put_many_texts(out, "\xe2\x80\x8e", i);
}

static void put_numbers(struct buf *out, int i)
{
	buf_printf(out, "\"N%d\":", i);
	for (int n = 0; n < 300; n++)
		buf_puts(out, "1234567890");
}

static const struct filling FILLINGS[] = {
	{ "members", put_members, 1 },
	{ "equal names", put_equal, 1 },
	{ "names that collide", put_colliding, 1 },
	{ "names of control characters", put_control_names, 1 },
	{ "secrets", put_secrets, 1 },
	{ "names of 2,000 bytes", put_long_names, 1 },
	{ "empty directories", put_directories, 1 },
	{ "56 levels", put_deep, 56 },
	{ "lists of 100", put_list, 200 },
	{ "texts of 2,000 bytes", put_texts, 1 },
	{ "escapes", put_escapes, 1 },
	{ "quotes", put_quotes, 1 },
	{ "U+007F", put_deletes, 1 },
	{ "U+200E", put_marks, 1 },
	{ "C1 controls", put_controls, 1 },
	{ "invalid bytes", put_invalid, 1 },
	{ "numbers of 3,000 digits", put_numbers, 1 },
};

/* As many pieces as fit; hands back how many values they have. */
static int fill(struct buf *out, const struct filling *filling, size_t bytes, int values, const char *open)
{
	struct buf piece;
	int used = 0;

	buf_init(&piece, JSON_BYTES_MAX);
	for (int i = 0;; i++) {
		buf_clear(&piece);
		filling->put(&piece, i);
		if (out->len + piece.len + 2 > bytes || used + filling->values > values)
			break;
		buf_puts(out, open);
		open = ",";
		buf_add(out, piece.data, piece.len);
		used += filling->values;
	}
	buf_release(&piece);
	return used;
}

/* ---- the forms of an answer ---- */

struct form {
	const char *name, *catalog;
	enum question question;
	const char *in, *what; /* the directory, and the name in it that the question asks for */
	const char *before, *after;
	int items; /* of a page; 0: it is one resource */
	const char *item; /* the beginning of an item, up to the number that ends its id */
	int values, bytes; /* at most so many; 0: the ceilings of an answer */
};

#define QIANFAN_LIST "{\"requestId\":\"r\",\"result\":{\"jobList\":["
static const struct form FORMS[] = {
	{ "tione resource", "tione", ASK_LOOKUP, "training", "train-1",
		"{\"Response\":{\"RequestId\":\"r\",\"TrainingTaskDetail\":{\"Id\":\"train-1\"", "}}}", 0, NULL, 0, 0 },
#define DETAIL "{\"Response\":{\"RequestId\":\"r\",\"TrainingTaskDetail\":{\"Id\":\"train-1\""
	{ "tione resource that fits", "tione", ASK_LOOKUP, "training", "train-1", DETAIL, "}}}", 0, NULL,
		FILES, 7 << 19 },
	{ "tione resource of 2.5 MiB", "tione", ASK_LOOKUP, "training", "train-1", DETAIL, "}}}", 0, NULL,
		FILES, 5 << 19 },
	{ "tione resource of 1 MiB", "tione", ASK_LOOKUP, "training", "train-1", DETAIL, "}}}", 0, NULL,
		FILES, 1 << 20 },
	{ "tione page of 1", "tione", ASK_OPEN, "training", NULL,
		"{\"Response\":{\"RequestId\":\"r\",\"TotalCount\":1,\"TrainingTaskSet\":[", "]}}", 1,
		"{\"Id\":\"train-", 0, 0 },
	{ "tione page of 50", "tione", ASK_OPEN, "training", NULL,
		"{\"Response\":{\"RequestId\":\"r\",\"TotalCount\":50,\"TrainingTaskSet\":[", "]}}", 50,
		"{\"Id\":\"train-", 0, 0 },
	{ "tione page of 2,000", "tione", ASK_OPEN, "training", NULL,
		"{\"Response\":{\"RequestId\":\"r\",\"TotalCount\":2000,\"TrainingTaskSet\":[", "]}}", 2000,
		"{\"Id\":\"train-", 0, 0 },
	{ "tione page of all", "tione", ASK_OPEN, "training", NULL,
		"{\"Response\":{\"RequestId\":\"r\",\"TotalCount\":2000,\"TrainingTaskSet\":[", "]}}", -1,
		"{\"Id\":\"train-", 0, 0 },
	{ "tione error", "tione", ASK_LOOKUP, "training", "train-1",
		"{\"Response\":{\"RequestId\":\"r\",\"Error\":{\"Code\":\"ResourceNotFound\"", "}}}", 0, NULL, 0, 0 },
	{ "qianfan page of 50", "qianfan", ASK_OPEN, "finetuning", NULL, QIANFAN_LIST,
		"],\"pageInfo\":{\"isTruncated\":false}}}", 50, "{\"jobId\":\"job-", 0, 0 },
	{ "qianfan error", "qianfan", ASK_OPEN, "finetuning", NULL,
		"{\"requestId\":\"r\",\"code\":\"AccessDenied\",\"message\":\"m\"", "}", 0, NULL, 0, 0 },
};

static void put_body(struct buf *out, const struct form *form, const struct filling *filling)
{
	int spare = JSON_VALUES_MAX - 16, items = form->items;

	buf_puts(out, form->before);
	if (!items)
		fill(out, filling, form->bytes ? (size_t)form->bytes : ROOM, form->values ? form->values : spare, ",");
	if (items < 0)
		items = spare / (1 + 1 + filling->values);
	for (int i = 0; i < items && out->len + 100 < ROOM; i++) {
		size_t bytes = form->items < 0 ? ROOM : (size_t)ROOM / (size_t)items * (size_t)(i + 1);
		buf_puts(out, i ? "," : "");
		buf_printf(out, "%s%d\"", form->item, i + 1);
		fill(out, filling, bytes, form->items < 0 ? filling->values : spare / items - 2, ",");
		buf_putc(out, '}');
	}
	buf_puts(out, form->after);
}

/* The longest turn in which the answer is parsed, and in which it is taken in. */
struct turns {
	double first, rest;
	unsigned n;
	enum error error;
};

static struct turns hold(const struct form *form, const struct buf *body)
{
	struct setup setup = world_setup();
	struct turns turns = { 0 };
	struct ask ask = { 0 };
	struct response response;

	setup.catalog = form->catalog;
	struct world *world = world_open(&setup);
	ask_put(&ask, world, form->question, world_find(world, form->in), form->what);
	response_init(&response);
	response.status = 200;
	buf_add(&response.body, body->data, body->len);
	double before = now_ms();
	exchange_answer(world_only(world), &response);
	turns.first = now_ms() - before;
	while (!ask.answers && turns.n++ < TURNS_MAX) {
		before = now_ms();
		if (!script_step(&world->script))
			break;
		double took = now_ms() - before;
		turns.rest = took > turns.rest ? took : turns.rest;
	}
	turns.error = ask.reply.outcome == RESULT_FAILED ? ask.reply.error : ERR_NONE;
	world_close(world);
	return turns;
}

static void measure(const struct form *form, const struct filling *filling, const char *word)
{
	struct turns least = { .first = 1e9, .rest = 1e9 };
	char line[200];
	struct buf body;

	snprintf(line, sizeof(line), "%s, %s", form->name, filling->name);
	if (word && !strstr(line, word))
		return;
	buf_init(&body, SIZE_MAX);
	put_body(&body, form, filling);
	for (int round = 0; round < ROUNDS; round++) {
		struct turns turns = hold(form, &body);
		least.first = turns.first < least.first ? turns.first : least.first;
		least.rest = turns.rest < least.rest ? turns.rest : least.rest;
		least.n = turns.n;
		least.error = turns.error;
	}
	printf("%-50s %5.1f MiB %6.1f %6.1f ms, %u turns, %s\n", line, (double)body.len / (1 << 20), least.first,
		least.rest, least.n, error_name(least.error));
	buf_release(&body);
}

int main(int argc, char **argv)
{
	for (size_t i = 0; i < COUNT(FORMS); i++)
		for (size_t k = 0; k < COUNT(FILLINGS); k++)
			measure(&FORMS[i], &FILLINGS[k], argc > 1 ? argv[1] : NULL);
	return 0;
}
