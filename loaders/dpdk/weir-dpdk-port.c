/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A switch of two ports on DPDK: what comes in at one goes out at the other.
 *
 * Shows authors of DPDK applications how Weir measures ports that a
 * net_af_xdp device has taken over: nothing here knows of it. Either its
 * program is on the interface before the device opens it, and is adopted:
 *
 *	weir attach tap0 --hook xsk
 *	weir-dpdk-port --no-pci --vdev net_af_xdp0,iface=tap0 \
 *		--vdev net_af_xdp1,iface=eth1
 *
 * or the device brings it itself, from a file, and Weir takes it over:
 *
 *	weir object xsk weir-xsk.o
 *	weir-dpdk-port --no-pci \
 *		--vdev net_af_xdp0,iface=tap0,xdp_prog=weir-xsk.o …
 *	weir attach tap0 --hook xsk
 *
 * Runs until SIGINT or SIGTERM, then prints what each port received and sent.
 * Exit status: 0 done, 1 a port failed, 2 usage.
 */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_eal.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>

#define PORTS 2
#define DESCRIPTORS 2048
#define BURST 32
/* For both ports' descriptors and what is on its way between them. */
#define BUFFERS (4 * PORTS * DESCRIPTORS - 1)
#define BUFFERS_CACHE 256

static volatile sig_atomic_t is_stopping;

static void stop(int signal)
{
	(void)signal;
	is_stopping = 1;
}

static int fail(uint16_t port, const char *what, int error)
{
	fprintf(stderr, "weir-dpdk-port: cannot %s port %u: %s\n", what, port,
		rte_strerror(error < 0 ? -error : error));
	return -1;
}

/* One queue each way: net_af_xdp binds a socket to each queue of an interface. */
static int open_port(uint16_t port, struct rte_mempool *buffers)
{
	struct rte_eth_conf configuration = {0};
	int socket = rte_eth_dev_socket_id(port);
	int result;

	result = rte_eth_dev_configure(port, 1, 1, &configuration);
	if (result)
		return fail(port, "configure", result);
	result = rte_eth_rx_queue_setup(port, 0, DESCRIPTORS, socket, NULL,
					buffers);
	if (result)
		return fail(port, "receive from", result);
	result = rte_eth_tx_queue_setup(port, 0, DESCRIPTORS, socket, NULL);
	if (result)
		return fail(port, "send to", result);
	result = rte_eth_dev_start(port);
	if (result)
		return fail(port, "start", result);
	/* Veth and tap take every frame anyway, and may not know the question. */
	result = rte_eth_promiscuous_enable(port);
	if (result && result != -ENOTSUP)
		return fail(port, "hear all frames on", result);
	return 0;
}

static void forward(uint16_t from, uint16_t to)
{
	struct rte_mbuf *frames[BURST];
	uint16_t received = rte_eth_rx_burst(from, 0, frames, BURST);
	uint16_t sent = 0;

	/* Also with nothing to send: the device collects what it has sent. */
	if (received)
		sent = rte_eth_tx_burst(to, 0, frames, received);
	rte_pktmbuf_free_bulk(frames + sent, received - sent);
}

static void print_counts(uint16_t port)
{
	struct rte_eth_stats counts;
	char name[RTE_ETH_NAME_MAX_LEN];

	if (rte_eth_stats_get(port, &counts) ||
	    rte_eth_dev_get_name_by_port(port, name))
		return;
	printf("%s received %" PRIu64 " sent %" PRIu64 " missed %" PRIu64
	       "\n", name, counts.ipackets, counts.opackets, counts.imissed);
}

int main(int count, char **arguments)
{
	const struct sigaction action = {.sa_handler = stop};
	struct rte_mempool *buffers;

	if (rte_eal_init(count, arguments) < 0) {
		fprintf(stderr, "weir-dpdk-port: cannot start DPDK: %s\n",
			rte_strerror(rte_errno));
		return 2;
	}
	if (rte_eth_dev_count_avail() != PORTS) {
		fprintf(stderr,
			"weir-dpdk-port: there are %u ports, and it takes %u: give --vdev net_af_xdpN,iface=NAME twice\n",
			rte_eth_dev_count_avail(), PORTS);
		return 2;
	}
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	buffers = rte_pktmbuf_pool_create("buffers", BUFFERS, BUFFERS_CACHE, 0,
					  RTE_MBUF_DEFAULT_BUF_SIZE,
					  rte_socket_id());
	if (!buffers) {
		fprintf(stderr, "weir-dpdk-port: cannot make buffers: %s\n",
			rte_strerror(rte_errno));
		return 1;
	}
	for (uint16_t port = 0; port < PORTS; port++)
		if (open_port(port, buffers))
			return 1;
	puts("forwarding");
	fflush(stdout);
	while (!is_stopping) {
		forward(0, 1);
		forward(1, 0);
	}
	for (uint16_t port = 0; port < PORTS; port++) {
		print_counts(port);
		rte_eth_dev_stop(port);
		rte_eth_dev_close(port);
	}
	rte_eal_cleanup();
	return 0;
}
