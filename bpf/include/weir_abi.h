/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * What the kernel programs and user space agree on: the layout of keys, slots,
 * totals and control, and the names of maps and programs. Data only. Included
 * by bpf/lib and, as module CWeirABI, by FlowKernel.
 *
 * A change of anything here changes the layout hash that names the directory
 * of pins, so that two builds with different layouts never share a map.
 */
#ifndef WEIR_ABI_H
#define WEIR_ABI_H

#include <linux/types.h>

#define WEIR_ABI_VERSION 8

/* Port numbers are 1 .. WEIR_MAX_PORTS - 1; 0 is no port. */
#define WEIR_MAX_PORTS 4096
#define WEIR_GENERATIONS 2
#define WEIR_DIRECTIONS 2
#define WEIR_ADDRESS_LENGTH 16
#define WEIR_MAC_LENGTH 6
#define WEIR_INTERFACE_NAME_LENGTH 16

/* Always the view of the machine behind a guest port, as AWS has it. */
enum weir_direction {
	WEIR_INGRESS = 0,
	WEIR_EGRESS = 1,
};

enum weir_role {
	WEIR_GUEST = 0,
	WEIR_UPLINK = 1,
};

/* weir_flow_key.kind */
#define WEIR_KEY_IPV6 0x01			/* else IPv4 */
#define WEIR_KEY_EGRESS 0x02			/* else ingress */
#define WEIR_KEY_FRAGMENT_WITHOUT_FLOW 0x04
#define WEIR_KEY_SEALED 0x80	/* a line that its flow has left; a slot after that */

/*
 * The version of the policy that judged a flow, in bits of a key that are free:
 * its lower half above an inner VLAN id, its upper half in the kind. What was
 * judged by one version and what by another are two flows. 0: by none.
 */
#define WEIR_KEY_VLAN_ID 0x0fff
#define WEIR_POLICY_VERSION_LOW_SHIFT 12
#define WEIR_POLICY_VERSION_HIGH_SHIFT 27

/*
 * What makes a flow. Addresses and ports are in wire order, the rest in host
 * order. An IPv4 address fills the first four bytes; the others are zero.
 * Aligned, so that programs can take it as six words.
 */
struct weir_flow_key {
	__u8 src_addr[WEIR_ADDRESS_LENGTH];
	__u8 dst_addr[WEIR_ADDRESS_LENGTH];
	__u16 src_port;		/* wire order; ICMP: the type */
	__u16 dst_port;		/* wire order; ICMP: the code, WEIR_KEY_RELATED */
	__u16 port;		/* number of the port */
	__u16 vlan_id;		/* outermost tag; 0: untagged or priority tag */
	__u16 inner_vlan_id;	/* WEIR_KEY_VLAN_ID: the tag below it; 0: none */
	__u8 protocol;		/* IANA number of the transport */
	__u8 kind;		/* WEIR_KEY_* */
	__u32 window;		/* of a line: the window it counts in; else 0 */
} __attribute__((aligned(8)));

/*
 * In dst_port of an ICMP error, in host order: the packet that it reports
 * belongs to a connection that the policy allows. Errors that report such
 * packets and errors that do not are two flows.
 */
#define WEIR_KEY_RELATED 0x0100

/*
 * Times are ticks (jiffies) since the generation was opened; weir_control says
 * when that was.
 *
 * TCP bits: bits 0-11 are the OR of the control bits of all segments, bytes 12
 * (low half) and 13 of the header; bit 12 says that a segment had SYN and ACK.
 * Bit 15: the first fragment of a segment ended before its flags.
 */
#define WEIR_TCP_BITS 0x1fff
#define WEIR_TCP_SYN_ACK 0x1000
#define WEIR_TCP_HIDDEN 0x8000

/*
 * What a policy says of a flow. It is asked when the flow's counters are made,
 * and what it says is kept with them.
 */
enum weir_ruling {
	WEIR_RULING_NONE = 0,	/* it is not asked, or not about this */
	WEIR_RULING_ACCEPT = 1,
	WEIR_RULING_REJECT = 2,	/* of a port that is only audited: passed */
	WEIR_RULING_DROP = 3,
};

/*
 * The plain engine: the counters of one flow on one CPU in one window. The
 * fields from dscp to dst_mac describe the first packet only.
 */
struct weir_slot {
	__u64 packets;		/* wire packets: a GSO frame counts its segments */
	__u64 octets;		/* from the IP header on, without padding */
	__u32 first;		/* ticks */
	__u32 last;		/* ticks */
	__u16 tcp_bits;
	__u8 dscp;
	__u8 time_to_live;	/* IPv6: the hop limit */
	__u8 src_mac[WEIR_MAC_LENGTH];
	__u8 dst_mac[WEIR_MAC_LENGTH];
	__u16 rule;		/* number of the rule that decided; 0: none */
	__u8 ruling;		/* enum weir_ruling */
	__u8 zero[5];
};

/*
 * The line engine: the same in one cache line, which is all that a packet of a
 * known flow touches. Alive while key.window is the open window's number.
 */
struct weir_line {
	struct weir_flow_key key;
	__u64 octets_bits;	/* WEIR_LINE_BITS low: TCP bits, ruling; above: octets */
	__u64 packets_last;	/* WEIR_LINE_PACKETS low: packets; above: last */
};

/* Fetched together; a search looks at both before it goes on. */
struct weir_line_pair {
	struct weir_line line[2];
};

/* 47 bits of octets: 200 Gb/s for an hour and a half. The rest is flags. */
#define WEIR_LINE_BITS 17
/* Of the flags, from here on two bits: enum weir_ruling. */
#define WEIR_LINE_RULING_SHIFT 13
#define WEIR_LINE_RULING 3
/* And the highest: a tap session may want packets of the flow. */
#define WEIR_LINE_WANTED_SHIFT 16
/* 39 bits of packets: 100 million a second for an hour and a half. */
#define WEIR_LINE_PACKETS 39
/*
 * 25 bits of time: ticks below 2^24; from there on this bit, and the ticks in
 * units of 256. Daemons that are away for days cost precision, not the time.
 */
#define WEIR_LINE_COARSE (1 << 24)
#define WEIR_LINE_COARSE_SHIFT 8

/*
 * What only the first packet of a line knows. The entries of a CPU lie in the
 * order in which its lines were made: they are the log that a drain walks.
 */
struct weir_line_entry {
	__u32 line;		/* number of the line among its CPU's */
	__u32 first;		/* ticks */
	__u8 dst_mac[WEIR_MAC_LENGTH];	/* as a frame begins */
	__u8 src_mac[WEIR_MAC_LENGTH];
	__u8 dscp;
	__u8 time_to_live;	/* IPv6: the hop limit */
	__u16 rule;		/* number of the rule that decided; 0: none */
};

/* The state of one CPU's table in one generation, in a cache line of its own. */
struct weir_line_head {
	__u32 window;		/* whose state this is; of another: nothing yet */
	__u32 count;		/* lines made, and entries */
	__u64 probes;		/* lines looked at to make them */
	__u64 zero[6];
};

/* How many lines of a CPU's table one port has taken. */
struct weir_line_share {
	__u32 window;		/* in which window; in another: none yet */
	__u32 count;
};

struct weir_count {
	__u64 packets;
	__u64 octets;
};

/* Why a frame is in no flow: the first of these that holds. */
enum weir_unparsed {
	WEIR_UNPARSED_NOT_IP = 0,
	WEIR_UNPARSED_MALFORMED = 1,	/* its headers contradict each other */
	WEIR_UNPARSED_TRUNCATED = 2,	/* it ends before its headers or its IP length do */
	WEIR_UNPARSED_BEYOND_LIMITS = 3,	/* more headers than are read */
};
#define WEIR_UNPARSED_REASONS 4

/*
 * Every frame that a hook sees, counted by what became of it. They only grow;
 * a window is the difference to what they were when the generation was drained
 * before, which user space keeps beside them. In cache lines of their own.
 *
 *	seen = packets in the flow table + overflow + not_ip + malformed
 *
 * truncated and beyond_limits are parts of malformed, fragment_without_flow of
 * the first two. audited and refused, by enum weir_unparsed, are parts of
 * not_ip and malformed: what the port's policy would have dropped, had it been
 * enforced, and what it dropped. Octets are counted from the IP header on; for
 * what is not IP or malformed, from where the IP header would be to the end of
 * the frame.
 */
struct weir_totals {
	struct weir_count seen;
	__u64 sample_at;	/* packets seen at which one is sampled, or enum weir_sample_at */
	__u64 sampled_from;	/* packets seen when sampling began */
	struct weir_count overflow;
	struct weir_count not_ip;
	struct weir_count malformed;
	struct weir_count truncated;
	struct weir_count fragment_without_flow;
	struct weir_count beyond_limits;
	struct weir_count audited[WEIR_UNPARSED_REASONS];
	struct weir_count refused[WEIR_UNPARSED_REASONS];
};

/*
 * Of weir_totals.sample_at: what user space writes for programs, and programs
 * for themselves. A number of packets is larger than the first two.
 */
enum weir_sample_at {
	WEIR_SAMPLE_BEGIN = 0,	/* the next packet is the first that can be sampled */
	WEIR_SAMPLE_ANEW = 1,	/* the port's rate is another */
};
#define WEIR_SAMPLE_NEVER (~0ULL)	/* the port is not sampled */

/*
 * The beginning of the first frame of a window, port and direction that is in no
 * flow for that reason: of those that are not IP only one that a policy refuses.
 */
#define WEIR_SAMPLE_BYTES 128

struct weir_sample {
	__u32 window;		/* in which it was seen; 0: never */
	__u32 length;		/* of the whole frame */
	__u32 kept;		/* bytes of it that are here */
	__u32 zero;
	__u8 bytes[WEIR_SAMPLE_BYTES];
	__u64 more_zero[14];
};

/*
 * Places in a port's array of totals. First what was drained, for each
 * generation and in it for each direction; then as many rows of samples as there
 * are reasons, laid out alike; then the same of each possible CPU.
 */
#define WEIR_TOTALS_PER_CPU (WEIR_GENERATIONS * WEIR_DIRECTIONS)
#define WEIR_TOTALS_ROWS (1 + WEIR_UNPARSED_REASONS)
#define WEIR_TOTALS_OF_SAMPLE(reason) ((1 + (reason)) * WEIR_TOTALS_PER_CPU)
#define WEIR_TOTALS_OF_CPU(cpu) ((WEIR_TOTALS_ROWS + (cpu)) * WEIR_TOTALS_PER_CPU)

enum weir_engine {
	WEIR_ENGINE_LINE = 1,
	WEIR_ENGINE_PERCPU_HASH = 2,
};

/* Longest search for a line; a flow that finds none in it goes to overflow. */
#define WEIR_LINE_PROBES 64
/* One for each 32-bit piece of a key without its window. */
#define WEIR_SEED_WORDS 11

/* The tables, fixed when they are made. What every packet needs comes first. */
struct weir_table {
	/* To port_high_water the line engine's, per CPU and generation. */
	__u32 cpus;		/* those numbered below this have a table */
	__u32 pairs;		/* half the lines, at least WEIR_LINE_PROBES / 2 */
	__u64 seed[WEIR_SEED_WORDS];	/* of the hash, from the kernel's random source */
	__u32 lines;		/* twice the pairs */
	__u32 high_water;	/* lines made at which the meter is woken */
	__u32 port_share;	/* lines that one port can take */
	__u32 port_high_water;	/* of these, at which the meter is woken */
	__u32 engine;		/* enum weir_engine */
	__u32 flow_budget;
};

/* A moment on both clocks that do not jump. */
struct weir_tick {
	__u64 monotonic_ns;	/* CLOCK_MONOTONIC */
	__u32 jiffies;		/* the lower half of the kernel's 64 bits */
	__u32 zero;
};

/* The window that a generation counts, or counted last: written before it is opened. */
struct weir_window {
	__u64 opened_monotonic_ns;	/* its anchor: ... */
	__u64 opened_realtime_ns;	/* ... both clocks when it was opened */
	__u64 closes_realtime_ns;	/* when it is due to be closed; 0: unknown */
	__u32 first;		/* number of its first part; see weir_control.window */
	__u32 zero;
};

/*
 * One mmap-able page; what user space tells the programs, and other readers.
 * Programs write nothing but woken.
 */
struct weir_control {
	__u32 window;		/* the open window's number, never 0; bit 0: its generation */
	__u32 meter_pid;	/* the daemon that swaps; 0: none */
	__u64 installation;	/* random, given when the tables are made */
	__u32 released;		/* number of the generation that was emptied last */
	/*
	 * The policy's version as a key has it, to be put into its last word; its
	 * lowest bit is the generation of the rules. 0: there is no policy.
	 * Programs that copy frames have it in keys, too: a change of tap sessions
	 * takes the next version of the same generation.
	 */
	__u32 policy;
	__u32 taps;		/* lowest bit: the generation of tap sessions in force */
	__u32 none;
	struct weir_tick opened[WEIR_GENERATIONS];	/* zero of their ticks */
	__u32 interval_ms;	/* length of a window; 0: no daemon swaps */
	__u32 last_port;	/* the port number given out last */
	struct weir_table table;
	struct weir_window windows[WEIR_GENERATIONS];
	/* In a cache line that no packet reads. */
	__u32 woken;		/* the window whose high water the meter was told of */
	/* For loaders of policies: versions are not used twice in a window. */
	__u32 policy_window;	/* in which the versions below were given out */
	__u32 policy_versions;	/* how many */
	__u32 zero;
};

/*
 * The rules of a policy: two generations, of which the version says the one in
 * force; the other is at rest, and the next version is written there. A rule
 * compares some bits of a flow's key, words of which it has as the kernel
 * composes them:
 *
 *	0-3	both addresses
 *	4	src_port and dst_port in the lower half, above it zero
 *	5	in the lowest 16 bits the set of rules that the port has, then
 *		protocol and kind (IPV6, EGRESS, FRAGMENT_WITHOUT_FLOW), zero
 *
 * Rules that compare the same bits are in one hash table, at the addresses of
 * its tags. Masks are in the order of the best rule that each has, and rules in
 * the order in which they count: the first that matches decides.
 */
#define WEIR_POLICY_WORDS 6
#define WEIR_POLICY_MASKS 256
#define WEIR_POLICY_RULES 65536
#define WEIR_POLICY_TAGS (5 * WEIR_POLICY_RULES)
/* Longest search for a rule from where its hash says that it is. */
#define WEIR_POLICY_PROBES 32

/* Index: generation * WEIR_POLICY_MASKS + place in the order. */
struct weir_policy_mask {
	__u64 words[WEIR_POLICY_WORDS];
	__u32 best;		/* the rule of its that counts first */
	__u32 tags;		/* where its tags begin among the generation's */
	__u32 size;		/* places that a hash can say; 0: no mask any more */
	__u32 kinds;		/* bit n: it has rules that match kind n */
};

/* Of a key's kind, what rules of a mask are told apart by before they are searched. */
#define WEIR_POLICY_KIND (WEIR_KEY_IPV6 | WEIR_KEY_EGRESS)

/* Index: generation * WEIR_POLICY_TAGS + place. */
struct weir_policy_tag {
	__u32 hash;		/* of the masked words, as line_hash.bpf.h has it */
	__u32 rule;		/* its place in the order + 1; 0: none */
};

/* Index: generation * WEIR_POLICY_RULES + place in the order. */
struct weir_policy_rule {
	__u64 words[WEIR_POLICY_WORDS];	/* masked */
	__u16 number;		/* as records name it */
	__u8 allows;		/* 1 or 0 */
	__u8 is_stateful;	/* 1: replies to what it allows are allowed */
	__u32 zero;
	__u64 more_zero;
};

enum weir_policy_mode {
	WEIR_POLICY_NONE = 0,	/* the port is not judged */
	WEIR_POLICY_AUDIT = 1,
	WEIR_POLICY_ENFORCE = 2,
};

/* Index: generation * WEIR_MAX_PORTS + port. */
struct weir_policy_port {
	__u16 set;		/* as the rules' last word has it */
	__u8 mode;		/* enum weir_policy_mode */
	__u8 zero[5];
};

/*
 * What passes on all ports with a policy although it is not IP, beside ARP:
 * Ethernet types in host order, ETH_P_802_3 (1) for frames with a length in place
 * of a type; 0: none. Index: generation.
 */
#define WEIR_POLICY_ETHER_TYPES 16

struct weir_policy_frames {
	__u16 ether_types[WEIR_POLICY_ETHER_TYPES];
};

/*
 * A connection of a port, by the key of one of its flows without window and
 * version: of an ICMP request and its reply the request, else the one that the
 * machine sends. Those that a direction began have half of the places, so that a sender that
 * calls a machine costs it nothing of what it calls. In one of a few places from
 * where its hash says that it is; a new one takes the first that was never used,
 * or of all the one that was not used for longest.
 */
struct weir_connection {
	__u64 words[6];		/* weir_flow_key */
	__u64 seen_ns;		/* CLOCK_MONOTONIC, when a flow of it was judged */
	__u32 sequence;		/* odd while a CPU writes the key */
	__u8 begun_by;		/* enum weir_direction of the flow that made it */
	__u8 zero[3];
};

#define WEIR_CONNECTIONS_BITS 14	/* begun by a direction */
#define WEIR_CONNECTIONS (WEIR_DIRECTIONS << WEIR_CONNECTIONS_BITS)
#define WEIR_CONNECTION_PLACES 8

/* Baked into a program before it is loaded. */
struct weir_program_config {
	__u16 port;		/* whose frames it counts; 0: that of the frame's interface */
	__u8 role;		/* enum weir_role of that port */
	__u8 zero;
	__u32 network_namespace;	/* of the interfaces: inode number of its nsfs file */
	struct weir_table table;
};

/*
 * What port an interface of one network namespace is, for the programs that all
 * ports there share. By the interface's index: in an array, of higher indices in
 * a hash table. Written before the programs are attached to the interface, and
 * cleared when they are gone.
 */
#define WEIR_INDEXED 65536

struct weir_interface {
	/*
	 * The kernel's structure of the interface, noted at its first frame; 0: none
	 * yet. An interface that has moved to another namespace takes its links with
	 * it, and may have the index of another port there.
	 */
	__u64 device;
	__u16 port;		/* 0: none */
	__u8 role;		/* enum weir_role */
	__u8 zero[5];
};

/*
 * A datagram whose fragments are on their way (RFC 791 §3.2, RFC 8200 §4.5), and
 * what only its first fragment tells. A port's own; those of each direction have
 * half of the places, so that what is sent to a machine costs it nothing of what
 * it sends. In one of a few places from where its hash says that it is; a new one
 * takes the first place that is free, or of all the one that was written longest
 * ago.
 *
 *	0-3	both addresses, as weir_flow_key has them
 *	4	identification (wire order); from bit 32 on the protocol of the IP
 *		header (IPv6: 0, since it does not tell datagrams apart by this),
 *		from bit 40 on WEIR_KEY_IPV6 or 0, from bit 48 on the direction
 *	5	VLAN id; from bit 16 on that of the tag below it; from bit 32 on,
 *		which is not compared, the protocol of the transport
 */
struct weir_fragment {
	__u64 words[6];
	__u64 seen_ns;		/* CLOCK_MONOTONIC, when the first came */
	__u32 sequence;		/* odd while a CPU writes it; 0: never written */
	__u16 src_port;		/* as in weir_flow_key */
	__u16 dst_port;
};

#define WEIR_FRAGMENTS_BITS 8	/* of a direction */
#define WEIR_FRAGMENTS (WEIR_DIRECTIONS << WEIR_FRAGMENTS_BITS)
#define WEIR_FRAGMENT_PLACES 16

/* Where a program of a port sits; one for frames from it, one for frames to it. */
enum weir_hook {
	WEIR_HOOK_NONE = 0,
	WEIR_HOOK_TCX = 1,	/* a bpf_link, kernel 6.6 and later */
	WEIR_HOOK_CLSACT = 2,	/* a filter of the clsact qdisc */
	WEIR_HOOK_XDP = 3,	/* a bpf_link; frames from the port only */
	WEIR_HOOK_XSK = 4,	/* the same, in front of an AF_XDP socket */
	WEIR_HOOK_UNOBSERVED = 5,	/* nothing sees that direction at the port */
	WEIR_HOOK_FENTRY = 6,	/* frames to the port that go past its qdisc */
	WEIR_HOOK_XDP_DISPATCHED = 7,	/* called by libxdp's dispatcher */
};

enum weir_xdp_mode {
	WEIR_XDP_NONE = 0,
	WEIR_XDP_NATIVE = 1,
	WEIR_XDP_GENERIC = 2,
};

/*
 * A frame that a task hands to a port past its qdisc, as it was when that
 * began. The programs that see it are shared by all layouts, so that no frame
 * is missed while a port's own program is replaced: a change here, or of what
 * is done with it, takes another version.
 */
#define WEIR_SENT_VERSION 1
/* Of its beginning, what is kept: a chain of IPv6 extensions may be that long. */
#define WEIR_SENT_COPY 2048
/* No header that is read where one may begin reaches further. */
#define WEIR_SENT_BYTES (WEIR_SENT_COPY + 64)

struct weir_sent_frame {
	__u64 skb;		/* where it is in memory; 0: none is on its way */
	__u32 port;
	__u32 length;		/* of the whole frame */
	__u32 copied;		/* bytes of it that are here */
	__u16 gso_size;
	__u16 gso_segments;
	__u8 bytes[WEIR_SENT_BYTES];
};

enum weir_port_state {
	WEIR_PORT_ATTACHED = 1,
	WEIR_PORT_CLOSING = 2,	/* detached; its last counts are not yet drained */
};

/* Which programs a port has: those that ask the policy, or those that do not. */
enum weir_port_judging {
	WEIR_PORT_PLAIN = 0,
	WEIR_PORT_JUDGED = 1,
	WEIR_PORT_CHANGING = 2,	/* a process replaces them, or died while at it */
};

/* Bits. A process that replaces the programs sets one before, and clears it after that. */
enum weir_port_copying {
	WEIR_PORT_TAPPED = 1,
	WEIR_PORT_SAMPLED = 2,
};

/* The register of ports: written by user space, never read by programs. */
struct weir_port {
	char name[WEIR_INTERFACE_NAME_LENGTH];	/* ends with a zero byte */
	__u32 ifindex;
	__u8 role;		/* enum weir_role */
	__u8 state;		/* enum weir_port_state */
	__u8 from_hook;		/* enum weir_hook */
	__u8 to_hook;		/* enum weir_hook */
	__u8 xdp_mode;		/* enum weir_xdp_mode */
	__u8 owns_clsact;	/* 1: the clsact qdisc is ours to remove */
	__u8 judging;		/* enum weir_port_judging */
	__u8 copying;		/* enum weir_port_copying: why its programs copy frames */
	__u8 zero[4];
	__u64 attached_realtime_ns;
	__u64 network_namespace;	/* inode number of its nsfs file */
};

_Static_assert(sizeof(struct weir_flow_key) == 48, "flow key");
_Static_assert(sizeof(struct weir_slot) == 48, "slot");
_Static_assert(sizeof(struct weir_line) == 64, "line");
_Static_assert(sizeof(struct weir_line_pair) == 128, "line pair");
_Static_assert(sizeof(struct weir_line_entry) == 24, "line entry");
_Static_assert(sizeof(struct weir_line_head) == 64, "line head");
_Static_assert(sizeof(struct weir_line_share) == 8, "line share");
_Static_assert(sizeof(struct weir_table) == 120, "table");
_Static_assert(sizeof(struct weir_totals) == 256, "totals");
_Static_assert(sizeof(struct weir_sample) == sizeof(struct weir_totals),
	       "a sample lies among totals");
_Static_assert(sizeof(struct weir_window) == 32, "window");
_Static_assert(sizeof(struct weir_control) == 272, "control");
_Static_assert(__builtin_offsetof(struct weir_control, policy) == 20, "policy");
_Static_assert(__builtin_offsetof(struct weir_control, opened) == 32, "opened");
_Static_assert(__builtin_offsetof(struct weir_control, woken) == 256, "woken");
_Static_assert(sizeof(struct weir_policy_mask) == 64, "mask");
_Static_assert(sizeof(struct weir_policy_tag) == 8, "tag");
_Static_assert(sizeof(struct weir_policy_rule) == 64, "rule");
_Static_assert(sizeof(struct weir_policy_port) == 8, "port of a policy");
_Static_assert(sizeof(struct weir_connection) == 64, "connection");
_Static_assert(sizeof(struct weir_program_config) == 128, "configuration");
_Static_assert(sizeof(struct weir_interface) == 16, "interface");
_Static_assert(sizeof(struct weir_policy_frames) == 32, "frames that pass");
_Static_assert(sizeof(struct weir_fragment) == 64, "fragment");
_Static_assert(sizeof(struct weir_port) == 48, "port");
_Static_assert(sizeof(struct weir_sent_frame) == 24 + WEIR_SENT_BYTES,
	       "sent frame");

/* Room for unread wakes: the kernel's least, a page. */
#define WEIR_WAKES_BYTES 4096

/* Names of maps: the same in the objects and as pins. */
#define WEIR_MAP_CONTROL "weir_control"
#define WEIR_DATA_CONTROL ".data.weir"	/* what the object calls it */
#define WEIR_MAP_FLOWS_0 "weir_flows_0"
#define WEIR_MAP_FLOWS_1 "weir_flows_1"
#define WEIR_MAP_LINES "weir_lines"
#define WEIR_MAP_LINE_ENTRIES "weir_entries"
#define WEIR_MAP_LINE_HEADS "weir_heads"
#define WEIR_MAP_LINE_SHARES "weir_shares"
#define WEIR_MAP_WAKES "weir_wakes"
/* Each port's own, and by the port's number the map of these maps. */
#define WEIR_MAP_TOTALS "weir_totals"
#define WEIR_MAP_TOTALS_OF "weir_totals_of"
#define WEIR_MAP_FRAGMENTS "weir_fragments"
#define WEIR_MAP_FRAGMENTS_OF "weir_frags_of"
#define WEIR_MAP_PORTS "weir_ports"
#define WEIR_MAP_LAYOUT "weir_layout"	/* text: where fields lie, for later builds */
#define WEIR_LAYOUT_BYTES 16384
/* Of a policy; the connections are each port's own. */
#define WEIR_MAP_POLICY_MASKS "weir_masks"
#define WEIR_MAP_POLICY_TAGS "weir_tags"
#define WEIR_MAP_POLICY_RULES "weir_rules"
#define WEIR_MAP_POLICY_PORTS "weir_policies"
#define WEIR_MAP_POLICY_FRAMES "weir_frames"
#define WEIR_MAP_CONNECTIONS "weir_connected"
#define WEIR_MAP_CONNECTIONS_OF "weir_conns_of"
/* Of each network namespace: struct weir_interface. */
#define WEIR_MAP_INTERFACES "weir_interfaces"
#define WEIR_MAP_INTERFACES_ABOVE "weir_above"
/* The sockets behind an AF_XDP port, by receive queue: libxdp's name for it. */
#define WEIR_MAP_SOCKETS "xsks_map"
/* Of frames that go past the qdisc. */
#define WEIR_MAP_SENDING "weir_sending"	/* by task: struct weir_sent_frame */
#define WEIR_MAP_SENT_PORTS "weir_sent_ports"	/* port, by the id of its XDP link */
#define WEIR_MAP_SENT_PROGRAMS "weir_sent_progs"	/* by port */
#define WEIR_MAP_SENT_MISSED "weir_sent_miss"	/* frames, in one value */
#define WEIR_MAP_SENT_WHOLE "weir_sent_whole"	/* by port: 1 where frames are copied */
/*
 * Of the entry in libxdp's dispatcher, a 64-bit word a CPU: what the entry of a later
 * version tells it, and what it tells the one of an earlier version. The first is
 * pinned, and means the same in every layout from version 6 on.
 */
#define WEIR_MAP_CLAIMED "weir_claimed"
#define WEIR_MAP_CLAIMS "weir_claims"

/* Names of programs, one in each object but for the two that frame sending. */
#define WEIR_PROGRAM_TC_FROM_PORT "weir_tc_from"
#define WEIR_PROGRAM_TC_TO_PORT "weir_tc_to"
#define WEIR_PROGRAM_XDP_FROM_PORT "weir_xdp_from"
/* libxdp's name for the program of an AF_XDP socket: it adopts this one by it. */
#define WEIR_PROGRAM_XSK_FROM_PORT "xsk_def_prog"
#define WEIR_PROGRAM_XSK_STOCK "xsk_def_prog"
/* libbpf names the map of refcnt by the object: what libxdp looks for. */
#define WEIR_OBJECT_XSK_STOCK "xsk_def_xdp_prog"
#define WEIR_PROGRAM_XSK_SOCKETS "weir_xsk_find"
#define WEIR_PROGRAM_SENT_BEGIN "weir_sent_begin"
#define WEIR_PROGRAM_SENT_END "weir_sent_end"
#define WEIR_PROGRAM_SENT_TO_PORT "weir_sent_to"
#define WEIR_PROGRAM_XDP_ENTRY "weir_xdp_entry"
/*
 * Its place in libxdp's dispatcher: before what filters, as xdp-filter (10), and
 * before the entries of earlier versions.
 */
#define WEIR_RUN_PRIORITY (10 - WEIR_ABI_VERSION)
#define WEIR_PROGRAM_CLOCK "weir_clock"

#endif
