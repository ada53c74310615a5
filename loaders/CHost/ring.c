// SPDX-License-Identifier: Apache-2.0
#include "weir_ring.h"

#include <errno.h>
#include <linux/bpf.h>
#include <sys/mman.h>
#include <unistd.h>

/* No length is followed that leads beyond what the writers have written. */
#define HEADER_BYTES BPF_RINGBUF_HDR_SZ
#define LENGTH_BITS (~(BPF_RINGBUF_BUSY_BIT | BPF_RINGBUF_DISCARD_BIT))

static uint64_t page_bytes(void)
{
	return (uint64_t)sysconf(_SC_PAGESIZE);
}

int weir_ring_open(struct weir_ring *ring, int fd, uint64_t size)
{
	uint64_t page = page_bytes();

	if (size < page || size & (size - 1) || size > UINT32_MAX / 4)
		return -EINVAL;
	ring->consumer = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (ring->consumer == MAP_FAILED)
		return -errno;
	ring->producer = mmap(NULL, page + 2 * size, PROT_READ, MAP_SHARED, fd, (off_t)page);
	if (ring->producer == MAP_FAILED) {
		int result = -errno;

		munmap(ring->consumer, page);
		return result;
	}
	ring->size = size;
	ring->position = __atomic_load_n((uint64_t *)ring->consumer, __ATOMIC_ACQUIRE);
	return 0;
}

void weir_ring_close(struct weir_ring *ring)
{
	munmap(ring->consumer, page_bytes());
	munmap(ring->producer, page_bytes() + 2 * ring->size);
}

int64_t weir_ring_next(struct weir_ring *ring, const void **record)
{
	uint64_t written = __atomic_load_n((uint64_t *)ring->producer, __ATOMIC_ACQUIRE);
	const uint8_t *data = (const uint8_t *)ring->producer + page_bytes();

	while (ring->position < written) {
		const uint8_t *header = data + (ring->position & (ring->size - 1));
		uint32_t word = __atomic_load_n((const uint32_t *)header, __ATOMIC_ACQUIRE);
		uint64_t length = word & LENGTH_BITS;
		uint64_t whole = (HEADER_BYTES + length + 7) & ~7ULL;

		if (word & BPF_RINGBUF_BUSY_BIT)
			return -EAGAIN;
		if (whole > ring->size || whole > written - ring->position) {
			ring->position = written;
			return -EBADMSG;
		}
		ring->position += whole;
		if (word & BPF_RINGBUF_DISCARD_BIT)
			continue;
		*record = header + HEADER_BYTES;
		return (int64_t)length;
	}
	return -EAGAIN;
}

void weir_ring_release(struct weir_ring *ring)
{
	__atomic_store_n((uint64_t *)ring->consumer, ring->position, __ATOMIC_RELEASE);
}

uint64_t weir_ring_written(const struct weir_ring *ring)
{
	return __atomic_load_n((uint64_t *)ring->producer, __ATOMIC_ACQUIRE);
}

void weir_ring_skip(struct weir_ring *ring, uint64_t position)
{
	if (position < ring->position || position > weir_ring_written(ring))
		return;
	ring->position = position;
	weir_ring_release(ring);
}
