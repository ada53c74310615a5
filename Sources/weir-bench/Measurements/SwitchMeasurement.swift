// SPDX-License-Identifier: Apache-2.0

import BPF
import FlowBench
import FlowKernel
import FlowModel
import FlowTestKit
import Foundation
import Host
import Synchronization

/// How many frames a second Open vSwitch forwards between two ports that it reads through AF_XDP: with nothing, with
/// Weir on both ports, and with the IPFIX export of the switch itself, which samples every packet; in turns.
///
/// One CPU sends as fast as it can, the switch forwards on the next. What arrives at the other end is counted there.
final class SwitchMeasurement {
    private enum Variant: String, CaseIterable {
        case nothing, weir, ipfix
    }

    private static let ports = ["port-a", "port-b"]
    private static let flows = 64
    /// For what was just changed to come into effect, and queues to fill.
    private static let leadIn = 0.3

    private let hub: NetworkNamespace
    private let sender: NetworkNamespace
    private let receiver: NetworkNamespace
    private let vSwitch: OpenVSwitch
    private let directory: PinDirectory
    private let seconds: Double

    static func figures(_ settings: Settings) throws -> [SwitchFigure] {
        let measurement = try SwitchMeasurement(seconds: settings.isQuick ? 0.7 : 2)
        defer { measurement.close() }
        return try measurement.figures(rounds: settings.isQuick ? 7 : 15)
    }

    private init(seconds: Double) throws {
        self.seconds = seconds
        hub = try NetworkNamespace("bench")
        sender = try NetworkNamespace("bench")
        receiver = try NetworkNamespace("bench")
        directory = PinDirectory(base: "/sys/fs/bpf/weir-bench-\(ProcessInfo.processInfo.processIdentifier)-switch")
        for (end, port) in zip([sender, receiver], Self.ports) {
            try end.addPair("eth0", to: hub, port)
            try end.disableOffloads(on: "eth0")
        }
        vSwitch = try OpenVSwitch(in: hub, settings: ["pmd-cpu-mask": "0x2"])
        try vSwitch.addBridge("br0")
        for port in Self.ports { try vSwitch.addPort(port, to: "br0", as: .afxdp(.native)) }
    }

    private func close() {
        try? detach()
        vSwitch.close()
    }

    private func figures(rounds: Int) throws -> [SwitchFigure] {
        let load = try Load(from: sender, flows: Self.flows)
        defer { load.stop() }
        var samples = Dictionary(uniqueKeysWithValues: Variant.allCases.map { ($0, Samples()) })
        for _ in 0..<rounds {
            for variant in Variant.allCases {
                try begin(variant)
                samples[variant]?.append(try rate())
                try end(variant)
            }
        }
        let figures = samples.mapValues(\.figure)
        let alone = figures[.nothing]?.median ?? 0
        return Variant.allCases.compactMap { variant in
            figures[variant].map {
                SwitchFigure(measuredBy: variant.rawValue, framesASecond: $0, ratio: $0.median / alone)
            }
        }
    }

    private func begin(_ variant: Variant) throws {
        switch variant {
        case .nothing: break
        case .weir:
            try hub.inside {
                let installation = try Installation.openOrCreate(directory, TableRequest())
                for port in Self.ports {
                    _ = try installation.attach(port, AttachOptions(hook: .xsk, xdpMode: .native))
                }
            }
        case .ipfix:
            try vSwitch.vsctl([
                "set", "bridge", "br0", "ipfix=@export", "--", "--id=@export", "create", "IPFIX",
                "targets=\"127.0.0.1:4739\"", "sampling=1",
            ])
        }
        Thread.sleep(forTimeInterval: Self.leadIn)
    }

    private func end(_ variant: Variant) throws {
        switch variant {
        case .nothing: break
        case .weir: try detach()
        case .ipfix: try vSwitch.vsctl("clear bridge br0 ipfix")
        }
    }

    private func detach() throws {
        try hub.inside {
            guard let installation = try Installation.open(directory) else { return }
            for port in try installation.attachedPorts() { try installation.detach(port) }
            try installation.removeIfUnused()
        }
    }

    /// Frames a second that arrive.
    private func rate() throws -> Double {
        let clock = ContinuousClock()
        let (before, start) = (try received(), clock.now)
        Thread.sleep(forTimeInterval: seconds)
        let (after, end) = (try received(), clock.now)
        guard after > before else {
            throw BenchFailure(description: "the switch forwards nothing: \(vSwitch.log.suffix(400))")
        }
        return Double(after - before) / ((end - start) / .seconds(1))
    }

    private func received() throws -> UInt64 {
        let text = try receiver.inside { try String(contentsOfFile: "/proc/thread-self/net/dev", encoding: .utf8) }
        return HostCounters(text).received("eth0").frames
    }

    /// A thread that sends frames of some flows until it is told to stop.
    private final class Load: Sendable {
        private let isStopping = Atomic(false)
        private let thread = Mutex<HostThread<Void>?>(nil)

        init(from namespace: NetworkNamespace, flows: Int) throws {
            let injector = try FrameInjector(on: "eth0", in: namespace)
            let frames = (0..<flows).map { flow in
                Frame(.ethernet(), .ipv4(), .udp(from: 1000 + UInt16(flow), to: 53), .padding()).bytes
            }
            let started = HostThread(named: "load") { [self] in
                try? ThreadCPU.stay(on: 0)
                // What the queue has no room for is dropped, and said: it is meant to be full.
                while !isStopping.load(ordering: .relaxed) {
                    for frame in frames { try? injector.send(frame) }
                }
            }
            thread.withLock { $0 = started }
        }

        func stop() {
            isStopping.store(true, ordering: .relaxed)
            try? thread.withLock(\.self)?.wait()
        }
    }
}
