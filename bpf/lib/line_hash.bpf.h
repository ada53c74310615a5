/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * The hash of the line engine. A guest chooses its own addresses and ports, so
 * the hash is of a universal family: whoever does not know the seed cannot
 * find keys that collide more often than chance has it, whichever keys he
 * takes. (Multilinear hashing of pairs of 32-bit pieces, a multiplication a
 * pair: Lemire and Kaser, "Strongly universal string hashing is fast", 2014.)
 *
 * The sum is linear in each piece. The last step makes keys that follow each
 * other, as addresses and ports do, fall as if by chance.
 */
#ifndef WEIR_LINE_HASH_BPF_H
#define WEIR_LINE_HASH_BPF_H

#include "config.bpf.h"
#include "flow_key.bpf.h"

#define HASH_MULTIPLIER 0x9e3779b97f4a7c15ULL	/* odd; 2^64 / golden ratio */

static __always_inline __u64 hash_pair(__u32 low, __u32 high, int seed)
{
	return (weir_port_config.table.seed[seed] + low) *
	       (weir_port_config.table.seed[seed + 1] + high);
}

/* Of all but the window. */
static __always_inline __u32 line_hash(const union key_words *key)
{
	__u64 sum;

	sum = hash_pair((__u32)key->words[KEY_WORDS - 1], 0,
			2 * (KEY_WORDS - 1));
#pragma unroll
	for (int i = 0; i < KEY_WORDS - 1; i++)
		sum += hash_pair((__u32)key->words[i], key->words[i] >> 32,
				 2 * i);
	sum ^= sum >> 32;
	return sum * HASH_MULTIPLIER >> 32;
}

#endif
