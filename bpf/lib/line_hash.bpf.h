/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * The hash of the line engine. A guest chooses its own addresses and ports, so
 * the hash is of a universal family: a sender that does not know the seed cannot
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

static __always_inline __u64 hash_pair(__u32 one, __u32 other, int seed)
{
	return (weir_config.table.seed[seed] + one) *
	       (weir_config.table.seed[seed + 1] + other);
}

/*
 * Of all but the window. The upper halves of IPv6 addresses, which IPv4 has
 * not, come last: a caller that knows that there are none leaves them out.
 */
static __always_inline __u32 line_hash(const union key_words *key, int is_ipv4)
{
	__u64 sum;

	sum = hash_pair(key->words[0], key->words[2], 0);
	sum += hash_pair(key->words[4], key->words[4] >> 32, 2);
	sum += weir_config.table.seed[4] * (__u32)key->words[5];
	if (!is_ipv4 && key->words[5] & WEIR_KEY_IPV6 << KEY_KIND_SHIFT) {
		sum += hash_pair(key->words[0] >> 32, key->words[2] >> 32, 5);
		sum += hash_pair(key->words[1], key->words[3], 7);
		sum += hash_pair(key->words[1] >> 32, key->words[3] >> 32, 9);
	}
	sum ^= sum >> 32;
	return sum * HASH_MULTIPLIER >> 32;
}

#endif
