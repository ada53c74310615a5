/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ISA-L as Swift sees it: Swift cannot import the arrays of struct
 * isal_zstream. For the checksum Swift calls crc32_gzip_refl() itself.
 */
#include <stddef.h>
#include <isa-l/crc.h>
#include <isa-l/igzip_lib.h>

/* What ISA-L works in; no part of it must be kept from member to member. */
struct weir_gzip {
	struct isal_zstream stream;
	uint8_t level_buffer[ISAL_DEF_LVL1_MEDIUM];
};

/* Bytes of memory that weir_gzip_member() works in, aligned to 8. */
static inline size_t weir_gzip_memory(void)
{
	return (sizeof(struct weir_gzip) + 7) & ~(size_t)7;
}

/*
 * The most bytes that a member of so many bytes can have: what cannot be
 * compressed is stored in blocks of at most 65,535 bytes with 5 bytes before
 * each (RFC 1951 section 3.2.4), behind 10 bytes of header and before 8 of
 * trailer (RFC 1952 section 2.3).
 */
static inline size_t weir_gzip_bound(size_t count)
{
	return count + (count / 65535 + 1) * 5 + 18;
}

/*
 * Compresses the bytes to one whole gzip member, at level 1 of 0 to 3.
 *
 * All memory is the caller's and is used for the call only. Returns the
 * member's length; 0 where the room is less than weir_gzip_bound().
 */
static inline uint32_t weir_gzip_member(void *memory, const uint8_t *bytes,
					uint32_t count, uint8_t *member,
					uint32_t room)
{
	struct weir_gzip *gzip = (struct weir_gzip *)memory;
	struct isal_zstream *stream = &gzip->stream;

	isal_deflate_stateless_init(stream);
	stream->level = 1;
	stream->level_buf = gzip->level_buffer;
	stream->level_buf_size = sizeof(gzip->level_buffer);
	stream->gzip_flag = IGZIP_GZIP;
	stream->end_of_stream = 1;
	/* ISA-L does not write to its input. */
	stream->next_in = (uint8_t *)bytes;
	stream->avail_in = count;
	stream->next_out = member;
	stream->avail_out = room;
	if (isal_deflate_stateless(stream) != COMP_OK || stream->avail_in)
		return 0;
	return stream->total_out;
}
