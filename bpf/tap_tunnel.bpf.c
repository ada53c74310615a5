// SPDX-License-Identifier: GPL-2.0-only
/*
 * At the egress of a VXLAN device in collect-metadata mode: tells each copy where
 * it goes. What comes here without being a copy, as the device's own neighbour
 * discovery, goes nowhere. A copy of other tables is left to the program of those,
 * which is beside this one while a later build takes over; the device itself drops
 * a frame that has no destination.
 *
 * Contexts: called by bpf_clone_redirect() of the program that copies, on its
 * CPU, before that returns. The device must have no queue: of queued frames
 * each would get the place of another, since the kernel keeps it per CPU.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "include/weir_abi.h"
#include "lib/copying.bpf.h"

#define TC_NEXT (-1)
#define TC_DROP 2

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, WEIR_GENERATIONS *WEIR_TAP_SESSIONS);
	__type(key, __u32);
	__type(value, struct weir_tap_session);
} weir_tap_sess SEC(".maps");

static __always_inline int tunnel_set(struct __sk_buff *skb,
				      const struct weir_tap_session *session)
{
	struct bpf_tunnel_key key = {
		.tunnel_id = session->vni,
		.tunnel_tos = session->type_of_service,
		.tunnel_ttl = session->time_to_live,
	};
	__u64 flags = session->without_checksum ? BPF_F_ZERO_CSUM_TX : 0;

	if (session->is_ipv6) {
		__builtin_memcpy(key.remote_ipv6, session->remote,
				 sizeof(key.remote_ipv6));
		flags |= BPF_F_TUNINFO_IPV6;
	} else {
		key.remote_ipv4 =
			__builtin_bswap32(*(const __u32 *)session->remote);
	}
	return bpf_skb_set_tunnel_key(skb, &key, sizeof(key), flags);
}

SEC("tc")
int weir_tap_tunnel(struct __sk_buff *skb)
{
	struct weir_tap_session *session;
	struct copying *copying;
	__u32 index;

	if (skb->mark != WEIR_COPY_MARK)
		return TC_DROP;
	copying = copying_now();
	if (!copying || !copying->session)
		return TC_NEXT;
	index = copying->session - 1;
	session = bpf_map_lookup_elem(&weir_tap_sess, &index);
	if (!session || copy_cut(skb, copying) || tunnel_set(skb, session))
		return TC_DROP;
	return TC_NEXT;
}

char _license[] SEC("license") = "GPL";
