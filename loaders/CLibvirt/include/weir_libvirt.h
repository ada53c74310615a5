/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libvirt, as far as Weir uses it. The library is looked for at run time
 * (dlopen(3)), so that nothing depends on it where there is none. A connection
 * is used from one thread at a time; only one connection is followed.
 */
#ifndef WEIR_LIBVIRT_H
#define WEIR_LIBVIRT_H

#include <stdint.h>

/* What weir_libvirt_wait has to tell. */
#define WEIR_LIBVIRT_CHANGED 1 /* a machine or one of its devices came, went or changed */
#define WEIR_LIBVIRT_CLOSED 2 /* libvirt has gone away */

/*
 * Looks for the library, and prepares its events. Returns 0, or -1 where
 * there is none, or none that can be used. What it fails with is not printed.
 */
int weir_libvirt_load(void);

/*
 * Connects read-only (virConnectOpenReadOnly). Blocks. Returns NULL on failure.
 */
void *weir_libvirt_connect(const char *uri);

/* Has changes told of. Blocks. */
void weir_libvirt_follow(void *connection);

void weir_libvirt_disconnect(void *connection);

/*
 * Waits for something to happen, a second at most. Returns what has: the flags
 * above, or 0; -1 where events do not work.
 */
int weir_libvirt_wait(void);

/*
 * The XML of each machine that runs (virDomainGetXMLDesc), in *documents, which
 * weir_libvirt_release frees. A machine that ends meanwhile is left out. Blocks.
 * Returns their number, or -1.
 */
int weir_libvirt_machines(void *connection, char ***documents);

void weir_libvirt_release(char **documents, int count);

/*
 * The figures of all machines, also of those that do not run, in *records, which
 * weir_libvirt_forget frees (virConnectGetAllDomainStats). libvirt leaves out
 * what it would have to wait for at a machine that another call waits for; the
 * first call that asks a hypervisor which does not answer hangs with it. Blocks.
 * Returns their number, or -1.
 */
int weir_libvirt_statistics(void *connection, void ***records);

struct weir_libvirt_machine {
	const char *name;
	char uuid[37];
	/* Another number after each start, -1 while it does not run. */
	int life;
};

/* Whose record it is. The name lives as long as the record. Returns 0, or -1. */
int weir_libvirt_machine(void *record, struct weir_libvirt_machine *machine);

/* A figure by its name in libvirt's documentation: a number, a text, or neither. */
struct weir_libvirt_figure {
	const char *name;
	const char *text;
	int64_t number;
	int is_number;
};

/* The figure of that place in the record, and 0; -1 where there are no more. */
int weir_libvirt_figure(void *record, int index, struct weir_libvirt_figure *figure);

void weir_libvirt_forget(void **records);

/* What the last call on this thread failed with; an empty text where libvirt does not say. */
const char *weir_libvirt_error(void);

#endif
