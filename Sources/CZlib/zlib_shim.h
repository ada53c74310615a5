/* SPDX-License-Identifier: Apache-2.0 */
/* zlib as Swift sees it: deflateInit2 is a macro that Swift cannot import. */
#include <zlib.h>

static inline int weir_deflate_init_gzip(z_streamp stream, int level)
{
	/* 15 bits of window; + 16 writes a gzip header (zlib.h). */
	return deflateInit2(stream, level, Z_DEFLATED, 15 + 16, 8,
			    Z_DEFAULT_STRATEGY);
}
