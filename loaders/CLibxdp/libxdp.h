/* SPDX-License-Identifier: Apache-2.0 */
/* libxdp as Swift sees it; its contract is that of its own header. */
#include <xdp/libxdp.h>
