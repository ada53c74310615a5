/* SPDX-License-Identifier: Apache-2.0 */
/* Messages of rtnetlink(7) as Swift sees them; their contract is that of the kernel's headers. */
#ifndef WEIR_NETLINK_H
#define WEIR_NETLINK_H

#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>

#endif
