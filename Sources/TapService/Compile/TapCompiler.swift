// SPDX-License-Identifier: Apache-2.0

package import FlowModel

/// Makes of a book, and of the ports that there are, what the kernel's programs are to copy.
package struct TapCompiler {
    /// How a session stands.
    package struct Outcome: Sendable {
        package let request: TapSessionRequest
        package var status = TapStatus.active
        /// Why it is not active, or which ports it leaves out; nil where there is nothing to say.
        package var reason: String?
        /// Its place in the plan; nil where it is in none.
        package var place: Int?
        /// The ports that it has, and its accounts there.
        package var ports: [(port: TapPort, account: Int)] = []
    }

    package private(set) var plan = TapPlan()
    /// Ports by which packets of tunnels come and go.
    package private(set) var uplinks: Set<PortNumber> = []
    /// How the copies that lie in the ring of `weir-mirror` leave, by the label of their session: those of ports that cannot send.
    package private(set) var relays: [UInt16: TapTunnel] = [:]
    /// In the order in which they are asked.
    package private(set) var outcomes: [Outcome] = []
    /// By their ids.
    package private(set) var captureOutcomes: [String: CaptureOutcome] = [:]
    private let host: TapSurroundings

    /// Which ports a capture has, with its accounts there, and which it leaves out and why.
    package struct CaptureOutcome: Sendable {
        package var ports: [(port: TapPort, account: Int)] = []
        package var reason: String?

        package init() {}
    }

    /// - Parameter counts: what the kernel has counted, by account.
    package init(
        _ book: inout TapBook, captures: inout TapCaptures, in host: TapSurroundings, counts: [Int: TapFigures] = [:]
    ) {
        self.host = host
        var accounts = book.accounts
        let requests = book.requests(dscp: host.dscp)
        var used = accounts.numbers.union(captures.accounts.numbers)
        for request in requests { add(request, &accounts, &used) }
        accounts.keep(
            Set(plan.uses.values.flatMap { $0.map(\.account) }), sessions: Set(requests.map(\.id)), counts: counts)
        accounts.labels.keep(Set(relays.keys))
        book.accounts = accounts
        if plan.sessions.contains(where: \.isRemote), let egress = host.egress,
            let port = host.ports.first(where: { $0.name == egress })
        {
            plan.carriers.insert(port.number)
            uplinks.insert(port.number)
        }
        uplinks.formUnion(host.ports.filter(\.isUplink).map(\.number))
        for service in book.services { receive(service) }
        add(&captures, &used, counts)
    }

    private mutating func add(_ captures: inout TapCaptures, _ used: inout Set<Int>, _ counts: [Int: TapFigures]) {
        for capture in captures.all { add(capture, &captures.accounts, &used) }
        captures.accounts.keep(
            Set(plan.captures.values.flatMap { $0.map(\.account) }), sessions: Set(captures.all.map(\.id)),
            counts: counts)
    }

    /// Captures are the operator's: whose a port is does not matter.
    private mutating func add(_ capture: TapCapture, _ accounts: inout TapAccounts, _ used: inout Set<Int>) {
        var (outcome, left) = (CaptureOutcome(), [String]())
        for port in host.ports where capture.source.covers(port) {
            if let obstacle = port.obstacle {
                left.append("\(port.name): \(obstacle)")
            } else if (plan.captures[port.number]?.count ?? 0) >= TapPlan.mostCaptures {
                left.append("\(port.name): it has \(TapPlan.mostCaptures) captures already")
            } else if plan.sessions.count >= TapPlan.mostSessions {
                left.append("\(port.name): there are \(TapPlan.mostSessions) sessions already")
            } else if let account = accounts.number(of: capture.id, at: port, used: &used) {
                outcome.ports.append((port, account))
                plan.captures[port.number, default: []].append(TapUse(session: plan.sessions.count, account: account))
            } else {
                left.append("\(port.name): all \(TapPlan.mostAccounts) accounts are in use")
            }
        }
        if !outcome.ports.isEmpty { plan.sessions.append(capture.session) }
        if !left.isEmpty { outcome.reason = "left out: \(left.sorted().joined(separator: "; "))" }
        captureOutcomes[capture.id] = outcome
    }

    /// Copies that other hosts send to a port of this one.
    private mutating func receive(_ service: TapServiceObject) {
        guard let vni = service.vni, let interface = service.portID.flatMap(host.destination) else { return }
        for peer in service.peers ?? [] {
            guard let address = IPAddress(peer) else { continue }
            plan.arrivals.append(TapArrival(from: address, vni: vni, to: interface.index))
        }
        guard service.peers != nil, let carrier = host.ports.first(where: { $0.interfaceIndex == interface.index })
        else { return }
        plan.carriers.insert(carrier.number)
    }

    private mutating func add(
        _ request: TapSessionRequest, _ accounts: inout TapAccounts, _ used: inout Set<Int>
    ) {
        var outcome = Outcome(request: request)
        defer { outcomes.append(outcome) }
        guard request.isEnabled else { return outcome.wait("it is switched off") }
        guard let (destination, index, project) = destination(of: request) else {
            if case .port(let name) = request.target { outcome.wait("it waits for its destination, port \(name)") }
            return
        }
        var left: [String] = []
        for port in host.ports where request.source.covers(port) && port.interfaceIndex != index {
            if let obstacle = obstacle(request, port, project) {
                left.append("\(port.name): \(obstacle)")
            } else if let account = accounts.number(of: request.id, at: port, used: &used) {
                outcome.ports.append((port, account))
            } else {
                left.append("\(port.name): all \(TapPlan.mostAccounts) accounts are in use")
            }
        }
        if !left.isEmpty { outcome.reason = "left out: \(left.sorted().joined(separator: "; "))" }
        guard !outcome.ports.isEmpty else {
            return outcome.wait(left.isEmpty ? "it waits for its source, \(request.source.text)" : outcome.reason ?? "")
        }
        var session = request.session
        session.destination = destination
        if outcome.ports.contains(where: { !$0.port.canSend }) {
            session.label = accounts.labels.label(of: request.id, to: request.target.text)
            relay(session)
        }
        outcome.place = plan.sessions.count
        plan.sessions.append(session)
        for (port, account) in outcome.ports {
            plan.uses[port.number, default: []].append(TapUse(session: plan.sessions.count - 1, account: account))
        }
        if let index, let carrier = host.ports.first(where: { $0.interfaceIndex == index }) {
            plan.carriers.insert(carrier.number)
        }
    }

    /// Copies for a port of this host come to it as those of another host do: through the tunnel's device, from the host itself, with the
    /// session's label for a VNI.
    private mutating func relay(_ session: TapSession) {
        switch session.destination {
        case .tunnel(let tunnel): relays[session.label] = tunnel
        case .interface(let index):
            let tunnel = TapTunnel(to: Self.thisHost, vni: UInt32(session.label))
            relays[session.label] = tunnel
            plan.arrivals.append(TapArrival(from: tunnel.remote, vni: tunnel.vni, to: index))
        case .ring: break
        }
    }

    /// 127.0.0.1
    private static let thisHost = IPAddress(v4: 0x7F00_0001)

    /// Leaves so much to each session, by its id.
    package mutating func leave(_ budgets: [String: TapRate]) {
        for outcome in outcomes {
            if let place = outcome.place { plan.sessions[place].budget = budgets[outcome.request.id] ?? TapRate() }
        }
    }

    /// nil where it is not there.
    private func destination(
        of request: TapSessionRequest
    ) -> (destination: TapDestination, index: UInt32?, project: String?)? {
        switch request.target {
        case .tunnel(let tunnel): return (.tunnel(tunnel), nil, request.project ?? host.account)
        case .port(let name):
            guard let interface = host.destination(name) else { return nil }
            return (.interface(interface.index), interface.index, request.project ?? interface.identity.tapProject)
        }
    }

    /// Why the session cannot have the port for a source.
    private func obstacle(_ request: TapSessionRequest, _ port: TapPort, _ project: String?) -> String? {
        if let obstacle = port.obstacle { return obstacle }
        if !request.allowsCrossAccount, port.identity.tapProject != project {
            let (owner, other) = (TapSurroundings.owner(port.identity.tapProject), TapSurroundings.owner(project))
            return "it is of \(owner), and the destination of \(other)"
        }
        if (plan.uses[port.number]?.count ?? 0) >= TapPlan.mostUses {
            return "it has \(TapPlan.mostUses) sessions already"
        }
        return nil
    }
}

extension TapCompiler.Outcome {
    fileprivate mutating func wait(_ reason: String) {
        status = .down
        self.reason = reason
    }
}

extension TapSession {
    /// Whether its copies leave the host.
    package var isRemote: Bool {
        if case .tunnel = destination { return true }
        return false
    }
}
