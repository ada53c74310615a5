/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libvirt, as far as Weir uses it. The library is looked for at run time
 * (dlopen(3)), so that nothing depends on it where there is none. Everything
 * is called from one thread.
 */
#ifndef WEIR_LIBVIRT_H
#define WEIR_LIBVIRT_H

/* What weir_libvirt_wait has to tell. */
#define WEIR_LIBVIRT_CHANGED 1 /* a machine or one of its devices came, went or changed */
#define WEIR_LIBVIRT_CLOSED 2 /* libvirt has gone away */

/*
 * Looks for the library, and prepares its events. Returns 0, or -1 where
 * there is none, or none that can be used. What it fails with is not printed.
 */
int weir_libvirt_load(void);

/*
 * Connects read-only (virConnectOpenReadOnly), and has changes told of. Blocks.
 * Returns NULL on failure.
 */
void *weir_libvirt_connect(const char *uri);

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

/* What the last call failed with; an empty text where libvirt does not say. */
const char *weir_libvirt_error(void);

#endif
