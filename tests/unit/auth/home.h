/*
 * home.h - a HOME of the test's own, with key files in it, and an environment that holds nothing else.
 */
#ifndef TESTS_HOME_H
#define TESTS_HOME_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "auth/credential_chain.h"

#define CANARY "cAnArYsEcReT"
#define TEST(name) cmocka_unit_test_setup_teardown(name, home_setup, home_teardown)

struct home {
	char path[64];
	struct credential_chain *credential_chain; /* made by the first home_load */
	struct credential_source found;
	struct buf why, looked;
};

/* We stand in it, too. */
int home_setup(void **state);
int home_teardown(void **state);
/* HOME/NAME, "" for HOME itself. */
void home_path(const struct home *home, char path[static 256], const char *name);
/* A file of that name, 0600, and its directory. */
void home_put(const struct home *home, const char *name, const char *text);
/* ".tccli/NAME" */
void home_put_tccli(const struct home *home, const char *name, const char *text);
bool home_load(struct home *home, const char *cloud, const char *profile);
/* The environment is read anew by the next home_load. */
void home_forget(struct home *home);

void assert_key(const struct home *home, const char *id, const char *secret, const char *token);
/* The words are in the line that says where it was found. */
void assert_where(const struct home *home, const char *words);
/* Refused, with these words in the line, and the key that was there is untouched. */
void assert_refused(struct home *home, const char *cloud, const char *profile, const char *words);

#endif
