/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* A place in a frame that is being read. */
#ifndef WEIR_CURSOR_BPF_H
#define WEIR_CURSOR_BPF_H

#include <linux/types.h>

/* Where headers may begin at most: keeps the verifier's offsets bounded. */
#ifndef FRAME_OFFSET_MAX
#define FRAME_OFFSET_MAX 0x3fff
#endif

struct cursor {
	void *at;
	void *end;	/* of what can be read */
	__u32 left;	/* bytes of the frame, then of the IP packet, from at on */
};

/* The next header, or NULL where it cannot be read. */
static __always_inline void *cursor_take(struct cursor *cursor, __u32 length)
{
	void *header = cursor->at;

	if (cursor->left < length || header + length > cursor->end)
		return NULL;
	cursor->at += length;
	cursor->left -= length;
	return header;
}

#endif
