/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * The line engine: per CPU and generation an open-addressed table of cache
 * lines, one a flow, and a log of the lines made. Included by table.bpf.h only.
 *
 * Lines lie in pairs, and a search goes from pair to pair. Both lines of a pair
 * are asked for at once: where memory is far away, the second comes with the
 * first, and of a table that is seven tenths full nearly all flows are at home
 * in their first pair.
 *
 * A line is alive while it carries the open window's number, so that opening a
 * window empties the table: nothing is cleared, nothing deleted, and a search
 * ends at the first line that is not alive. User space never opens the number
 * 0, which fresh memory carries, and clears a generation whose lines could
 * carry a number from before the numbers wrapped.
 *
 * One writer per CPU; readers map the memory. They drain a closed generation
 * after a grace period. A reader of an open one sees each line as it was at some
 * moment, and lines that are in the log only after they are whole.
 */
#ifndef WEIR_TABLE_LINE_BPF_H
#define WEIR_TABLE_LINE_BPF_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "control.bpf.h"
#include "line_hash.bpf.h"

/* User space sets max_entries of all of these. */
#define LINE_MAP(name_, value_)                                                \
	struct {                                                               \
		__uint(type, BPF_MAP_TYPE_ARRAY);                              \
		__uint(map_flags, BPF_F_MMAPABLE);                             \
		__uint(max_entries, 1);                                        \
		__type(key, __u32);                                            \
		__type(value, value_);                                         \
	} name_ SEC(".maps")

/* Index: (generation * cpus + CPU) * pairs + pair. */
LINE_MAP(weir_lines, struct weir_line_pair);
/* Index: (generation * cpus + CPU) * lines + place in the log. */
LINE_MAP(weir_entries, struct weir_line_entry);
/* Index: generation * cpus + CPU. */
LINE_MAP(weir_heads, struct weir_line_head);

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, WEIR_MAX_PORTS);
	__type(key, __u32);
	__type(value, struct weir_line_share);
} weir_shares SEC(".maps");

#define TABLE weir_config.table
#define LINE_PACKETS_MASK ((1ULL << WEIR_LINE_PACKETS) - 1)

/* A packet whose line is not in its first pair, and cannot be made there. */
struct line_search {
	union key_words key;
	struct packet_origin origin;
	__u32 packets;
	__u32 octets;
	__u32 now;		/* ticks */
	__u32 table;		/* one CPU's in one generation: index of its head */
	__u32 at;		/* the pair where the search is, first its home */
	__u32 probes;		/* lines looked at */
};

/*
 * Of a CPU that has no table: none of its pairs is in the array, which has
 * fewer than 2^32 - TABLE.pairs. A return in its place would be a second way
 * out, for which the compiler copies the packet on the stack.
 */
#define NO_TABLE ((__u32)-1)

static __always_inline struct weir_line_pair *pair_at(__u32 table, __u32 pair)
{
	__u32 index = table * TABLE.pairs + pair;

	return bpf_map_lookup_elem(&weir_lines, &index);
}

/*
 * 0 where the line is the key's. What is IPv4 by its kind has zeros in the
 * second word of its addresses.
 */
static __always_inline __u64 line_difference(const struct weir_line *line,
					     const union key_words *key,
					     int is_ipv4)
{
	const union key_words *own = (const void *)&line->key;
	__u64 difference = 0;

#pragma unroll
	for (int i = 0; i < KEY_WORDS; i++)
		if (!is_ipv4 || (i != 1 && i != 3))
			difference |= own->words[i] ^ key->words[i];
	barrier_var(difference);	/* or it becomes as many branches */
	return difference;
}

/* 1 or 0, without a branch. */
static __always_inline __u64 is_nonzero(__u64 value)
{
	__u64 bit = -value;

	barrier_var(bit);
	bit = (value | bit) >> 63;
	barrier_var(bit);
	return bit;
}

static __always_inline int line_has_room(const struct weir_line *line,
					 __u32 more_packets, __u32 more_octets)
{
	__u64 octets = (__u64)more_octets << WEIR_LINE_BITS;
	__u64 packets = line->packets_last & LINE_PACKETS_MASK;

	return line->octets_bits + octets >= octets &&
	       packets + more_packets <= LINE_PACKETS_MASK;
}

static __always_inline __u64 line_time(__u32 ticks)
{
	if (unlikely(ticks >= WEIR_LINE_COARSE))
		return WEIR_LINE_COARSE | ticks >> WEIR_LINE_COARSE_SHIFT;
	return ticks;
}

static __always_inline void line_add(struct weir_line *line,
				     const struct packet_view *packet,
				     __u32 now)
{
	__u64 octets = (__u64)packet->octets << WEIR_LINE_BITS;
	__u64 packets = line->packets_last & LINE_PACKETS_MASK;

	line->octets_bits = (line->octets_bits + octets) | packet->tcp_bits;
	line->packets_last = (packets + packet->packets) |
			     line_time(now) << WEIR_LINE_PACKETS;
}

/* What the policy said of it when it was made. */
static __always_inline int line_ruling(const struct weir_line *line)
{
#ifdef WEIR_POLICY
	return line->octets_bits >> WEIR_LINE_RULING_SHIFT & WEIR_LINE_RULING;
#else
	(void)line;
	return WEIR_RULING_NONE;
#endif
}

/* The same, and whether a tap session may want the flow's packets. */
static __always_inline int line_said(const struct weir_line *line)
{
#ifdef WEIR_COPIES
	return line_ruling(line) |
	       (line->octets_bits >> WEIR_LINE_WANTED_SHIFT & 1) *
		       SAID_WANTED;
#else
	return line_ruling(line);
#endif
}

/* Whether the port may take one more line; if so, it has. */
static __always_inline int share_take(__u32 window, __u32 port)
{
	struct weir_line_share *share;

	share = bpf_map_lookup_elem(&weir_shares, &port);
	if (!share)
		return 0;
	if (share->window != window) {
		share->count = 0;
		share->window = window;
	}
	if (share->count >= TABLE.port_share)
		return 0;
	if (++share->count == TABLE.port_high_water)
		wake_meter(window);
	return 1;
}

/* By whole words, as weir_line_entry has them. */
static __always_inline void entry_write(struct weir_line_entry *entry,
					const struct packet_origin *origin,
					__u32 line, __u32 first, __u16 rule)
{
	__u64 *words = (void *)entry;

	words[0] = line | (__u64)first << 32;
	words[1] = origin->mac[0];
	words[2] = origin->mac[1] >> 32 | (__u64)origin->dscp << 32 |
		   (__u64)origin->time_to_live << 40 | (__u64)rule << 48;
}

/*
 * Takes a place in the log for a line that is about to be made, and fills it.
 * What is said of the flow, or -1 where there is no place.
 */
static __always_inline int line_log(const union key_words *key,
				    const struct packet_origin *origin,
				    __u32 window, __u32 table, __u32 line,
				    __u32 first, __u32 probes)
{
	struct weir_line_entry *entry;
	struct weir_line_head *head;
	__u32 index = table;
	__u32 judgement;

	head = bpf_map_lookup_elem(&weir_heads, &index);
	if (!head)
		return -1;
	if (unlikely(head->window != window)) {
		head->count = 0;
		head->probes = 0;
		barrier();	/* a reader of the window finds its count */
		head->window = window;
	}
	if (unlikely(head->count >= TABLE.lines) ||
	    unlikely(!share_take(window, key->key.port)))
		return -1;
	index = table * TABLE.lines + head->count;
	entry = bpf_map_lookup_elem(&weir_entries, &index);
	if (!entry)
		return -1;
	judgement = flow_judge(key);
	entry_write(entry, origin, line, first, judgement_rule(judgement));
	head->probes += probes;
	barrier();		/* a reader of the count finds the entry */
	if (unlikely(++head->count == TABLE.high_water))
		wake_meter(window);
	return judgement_ruling(judgement) | tap_wants(key) * SAID_WANTED;
}

/* Makes a line that is not alive the key's, with nothing counted. */
static __always_inline void line_make(struct weir_line *line,
				      const union key_words *key, int said)
{
	union key_words *own = (void *)&line->key;

	line->octets_bits = SAID_RULING(said) << WEIR_LINE_RULING_SHIFT |
			    (__u64)!!(said & SAID_WANTED)
				    << WEIR_LINE_WANTED_SHIFT;
	line->packets_last = 0;
#pragma unroll
	for (int i = 0; i < KEY_WORDS; i++)
		own->words[i] = key->words[i];
}

/* Of WEIR_LINE_PROBES, how many lines are looked at in one go. */
#define LINE_STRIDE 8

/* What line_probe returns where it is no line. */
#define LINE_BEYOND (-1)	/* none: the search is over */
#define LINE_FURTHER (-2)	/* none of these: look at the next ones */
#define LINE_FREE (-3)		/* the last one is not alive: it may be taken */

/*
 * Looks at the next lines of a search for the key's. The steps from pair to
 * pair grow by one, so that keys with neighbouring homes soon part.
 *
 * A line without room for the packet is sealed, as is one whose ruling holds no
 * more: its flow goes on in another, and user space adds the two up.
 *
 * A global function, called in a loop: the verifier walks through one stride
 * in place of all probes, which is half of what loading a port's programs
 * takes.
 */
__noinline int line_probe(struct line_search *search)
{
	struct weir_line_pair *pair;
	struct weir_line *line;
	__u32 which;

	if (!search)
		return LINE_BEYOND;
	for (int i = 0; i < LINE_STRIDE; i++) {
		which = search->probes % 2;
		if (!which) {
			search->at += search->probes / 2;
			if (search->at >= TABLE.pairs)
				search->at -= TABLE.pairs;
		}
		search->probes++;
		pair = pair_at(search->table, search->at);
		if (!pair)
			return LINE_BEYOND;
		line = &pair->line[which];
		if (line->key.window != search->key.key.window)
			return LINE_FREE;
		if (line_difference(line, &search->key, 0))
			continue;
		if (line_has_room(line, search->packets, search->octets))
			return search->at * 2 + which;
		line->key.kind |= WEIR_KEY_SEALED;
	}
	return LINE_FURTHER;
}

/*
 * Finds the key's line or makes it; returns its number, or a negative one.
 *
 * A global function: off the way of a packet whose line is at home, and looked
 * at by the verifier once.
 */
__noinline int line_place(struct line_search *search)
{
	struct weir_line_pair *pair;
	int at = LINE_FURTHER;
	__u32 which;
	int said;

	if (!search)
		return -1;
	for (int i = 0; i < WEIR_LINE_PROBES / LINE_STRIDE; i++) {
		at = line_probe(search);
		if (at != LINE_FURTHER)
			break;
	}
	if (at != LINE_FREE)
		return at;
	pair = pair_at(search->table, search->at);
	if (!pair)
		return -1;
	which = (search->probes - 1) % 2;
	at = search->at * 2 + which;
	said = line_log(&search->key, &search->origin,
			search->key.key.window, search->table, at, search->now,
			search->probes);
	if (said < 0)
		return -1;
	line_make(&pair->line[which], &search->key, said);
	return at;
}

/*
 * Of a packet whose home has neither its line nor room for it. With a policy,
 * and in programs that copy,
 * not on the stack, which has no room for it beside what they call; each program's
 * own, as weir_judging is. And a line that the flow leaves since it is judged
 * anew is sealed: then another one is found or made.
 */
#if defined(WEIR_POLICY) || defined(WEIR_COPIES)
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct line_search);
} weir_searching SEC(".maps");

static __always_inline int line_leave(__u32 table, __u32 at,
				      const union key_words *key)
{
	struct weir_line_pair *pair = pair_at(table, at / 2);

	if (!pair || !flow_relents(key, line_ruling(&pair->line[at % 2])))
		return 0;
	pair->line[at % 2].key.kind |= WEIR_KEY_SEALED;
	return 1;
}

static __always_inline int line_search(const union key_words *key,
				       const struct packet_view *packet,
				       const void *plain, __u32 now,
				       __u32 table, __u32 home)
{
	struct line_search *search;
	__u32 index = 0;
	int at;

	search = bpf_map_lookup_elem(&weir_searching, &index);
	if (!search)
		return -1;
	search->key = *key;
	search->packets = packet->packets;
	search->octets = packet->octets;
	search->now = now;
	search->table = table;
	search->at = home;
	search->probes = 0;
	packet_origin(&search->origin, packet, plain);
	at = line_place(search);
	if (at < 0 || !line_leave(table, at, key))
		return at;
	search->at = home;
	search->probes = 0;
	return line_place(search);
}
#else
static __always_inline int line_search(const union key_words *key,
				       const struct packet_view *packet,
				       const void *plain, __u32 now,
				       __u32 table, __u32 home)
{
	struct line_search search = {
		.key = *key,
		.packets = packet->packets,
		.octets = packet->octets,
		.now = now,
		.table = table,
		.at = home,
	};

	packet_origin(&search.origin, packet, plain);
	return line_place(&search);
}
#endif

/*
 * Makes the key's line in its home if a line there is not alive. Which;
 * LINE_FURTHER where both are; LINE_BEYOND where none may be made anywhere.
 */
static __always_inline int home_make(struct weir_line_pair *pair,
				     const union key_words *key,
				     const struct open_window *open,
				     const struct packet_view *packet,
				     const void *plain, __u32 now,
				     __u32 table, __u32 home)
{
	__u64 first = pair->line[0].key.window ^ open->number;
	__u64 second = pair->line[1].key.window ^ open->number;
	struct packet_origin origin;
	__u64 which;
	int said;

	if (!first && !second)
		return LINE_FURTHER;
	which = 1 ^ is_nonzero(first);
	packet_origin(&origin, packet, plain);
	said = line_log(key, &origin, open->number, table, home * 2 + which,
			now, 1 + which);
	if (said < 0)
		return LINE_BEYOND;
	line_make(&pair->line[which], key, said);
	return which;
}

/*
 * Which of the two lines of its home is the key's is not asked by a branch:
 * nothing can foresee it, and a branch that was foretold wrong would wait for
 * the lines to arrive before the next packet's are asked for.
 */
static __always_inline int table_count(const struct open_window *open,
				       const struct packet_view *packet,
				       const void *plain)
{
	int is_ipv4 = plain && !(packet->key_kind & WEIR_KEY_IPV6);
	__u64 first, second, which;
	struct weir_line_pair *pair;
	union key_words key;
	__u32 table, home, now;
	int at;

	flow_key_make(&key, packet, open, open->number);
	table = open->generation * TABLE.cpus + open->cpu;
	if (unlikely(open->cpu >= TABLE.cpus))
		table = NO_TABLE;
	home = (__u64)line_hash(&key, is_ipv4) * TABLE.pairs >> 32;
	pair = pair_at(table, home);
	if (unlikely(!pair))
		return -1;
	now = ticks_now(open);
	first = line_difference(&pair->line[0], &key, is_ipv4);
	second = line_difference(&pair->line[1], &key, is_ipv4);
	which = is_nonzero(first);
	if (unlikely(which & is_nonzero(second))) {
		at = home_make(pair, &key, open, packet, plain, now, table,
			       home);
		if (at == LINE_FURTHER)
			goto search;
		if (at < 0)
			return at;
		which = at;
	}
	if (flow_relents(&key, line_ruling(&pair->line[which & 1]))) {
		pair->line[which & 1].key.kind |= WEIR_KEY_SEALED;
		goto search;
	}
	if (likely(line_has_room(&pair->line[which & 1], packet->packets,
				 packet->octets))) {
		line_add(&pair->line[which & 1], packet, now);
		return line_said(&pair->line[which & 1]);
	}
search:
	at = line_search(&key, packet, plain, now, table, home);
	if (at < 0)
		return at;
	pair = pair_at(table, at / 2);
	if (!pair)
		return -1;
	line_add(&pair->line[at % 2], packet, now);
	return line_said(&pair->line[at % 2]);
}

#endif
