/* SPDX-License-Identifier: Apache-2.0 */
/* libbpf as Swift sees it; its contract is that of its own headers. */
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <linux/bpf.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
