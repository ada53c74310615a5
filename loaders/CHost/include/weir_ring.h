/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The reading end of a ring that the kernel's programs write
 * (BPF_MAP_TYPE_RINGBUF, kernel/bpf/ringbuf.c), by its descriptor alone: for
 * processes that may not make system calls about maps. One reader at a time.
 */
#ifndef WEIR_RING_H
#define WEIR_RING_H

#include <stdint.h>

struct weir_ring {
	void *consumer;		/* a page: how far the reader is */
	void *producer;		/* a page: how far the writers are; then the data, twice */
	uint64_t size;		/* of the data */
	uint64_t position;
};

/*
 * Maps the ring: its reader's page to be written, the rest to be read. size is
 * the number of the map's entries. Returns 0, or -errno.
 */
int weir_ring_open(struct weir_ring *ring, int fd, uint64_t size);

void weir_ring_close(struct weir_ring *ring);

/*
 * The next record that is whole: its place in *record, its length is returned.
 * -EAGAIN where there is none; -EBADMSG where what lies there is no record:
 * all that is unread was passed over. It stays there until weir_ring_release().
 */
int64_t weir_ring_next(struct weir_ring *ring, const void **record);

/* Gives the place of what was read back to the writers. */
void weir_ring_release(struct weir_ring *ring);

/* How far the writers are: of the ring's whole life, as the position is. */
uint64_t weir_ring_written(const struct weir_ring *ring);

/* Passes over what lies before a position, if it is one between the reader and the writers. */
void weir_ring_skip(struct weir_ring *ring, uint64_t position);

#endif
