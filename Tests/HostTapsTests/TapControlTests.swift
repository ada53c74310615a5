// SPDX-License-Identifier: Apache-2.0

import DaemonReports
import FlowModel
import Foundation
import Host
import HostTaps
import Logging
import Synchronization
import SystemPackage
import TapService
import Testing
import WeirService

/// The control socket and its client, with a runtime behind them.
@Suite struct TapControlTests {
    /// Serves taps on a socket while the body runs.
    private static func serve(_ body: (TapClient, _ socket: String, RecordingEngine) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "taps-\(UUID().uuidString.prefix(8))")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let board = DaemonBoard(DaemonReport())
        let engine = RecordingEngine()
        let ports = [("tap7", 7), ("tap9", 9)].map { name, number in
            TapPort(number: PortNumber(UInt16(number)), name: name, interfaceIndex: UInt32(number))
        }
        let runtime = Mutex(
            TapRuntime(
                stateDirectory: FilePath(folder.path()), desk: board.taps, settings: TapSettings(),
                logger: Logger(label: "test")))
        board.taps.onRequest { runtime.withLock { $0.follow(TapSurroundings(ports: ports), by: engine) } }
        let socket = folder.appending(path: "s").path()
        let server = try ControlServer(board: board, socket: socket, metrics: nil, logger: Logger(label: "test"))
        let thread = HostThread(named: "weir-control") { server.run() }
        defer {
            server.stop()
            try? thread.wait()
        }
        for _ in 0..<500 where HTTPClient.get("/taps", at: socket) == .noServer { usleep(10_000) }
        try body(TapClient(socket: socket), socket, engine)
    }

    private static func text(_ outcome: HTTPClient.Outcome) -> (status: Int, body: String) {
        guard case .answer(let status, let body) = outcome else { return (0, "\(outcome)") }
        return (status, String(decoding: body, as: UTF8.self))
    }

    @Test func `objects are created, changed, shown and deleted over the socket, in OpenStack's JSON`() throws {
        try Self.serve { client, socket, engine in
            let service: TapListed<TapServiceObject> = try client.create(
                .services, ["name": .text("mön /?&"), "port_id": .text("tap9")])
            #expect(service.status == .active && service.object.created.user == geteuid())
            #expect(service.object.created.process == getpid() && service.object.created.command?.isEmpty == false)
            let body =
                #"{"tap_flow": {"name": "f", "source_port": "tap7", "tap_service_id": "\#(service.object.id)", "direction": "both"}}"#
            let made = Self.text(HTTPClient.send(.post, "/taps/flows", Array(body.utf8), at: socket))
            #expect(
                made.status == 201 && made.body.contains(#""direction":"BOTH""#)
                    && made.body.contains(#""status":"ACTIVE""#))
            #expect(engine.last?.uses.count == 1)
            let changed: TapListed<TapFlowObject> = try client.update(.flows, "f", ["vlan_filter": .text("2,18-22")])
            #expect(
                changed.object.vlanFilter == "2,18-22" && engine.last?.sessions[0].vlans == [2, 18, 19, 20, 21, 22])
            #expect(Self.text(HTTPClient.get("/taps/flows?id=f", at: socket)).body.hasPrefix(#"{"tap_flow":{"#))
            #expect(Self.text(HTTPClient.get("/taps/services", at: socket)).body.hasPrefix(#"{"tap_services":[{"#))
            #expect(Self.text(HTTPClient.get("/taps/sessions?id=f", at: socket)).body.contains(#""session_number":1"#))
            #expect(try client.view().sessions.map(\.name) == ["f"])
            #expect(try client.delete(.services, "mön /?&") == ["tap service mön /?&", "tap flow f"])
            #expect(try client.view() == TapView())
        }
    }

    @Test func `what cannot be is answered with its status and one sentence`() throws {
        try Self.serve { client, socket, _ in
            func send(_ method: HTTPMethod, _ target: String, _ body: String = "") -> (Int, String) {
                Self.text(HTTPClient.send(method, target, Array(body.utf8), at: socket))
            }
            #expect(
                send(.post, "/taps/services", "[") == (400, "this is not a JSON object: write {\"name\": value, …}\n"))
            #expect(send(.post, "/taps/services", "{}") == (400, "a tap service needs a name (--name)\n"))
            #expect(send(.put, "/taps/filters?id=x", "{}") == (404, "there is no tap filter x\n"))
            #expect(send(.delete, "/taps/filters") == (400, "name the tap filter: ?id=, its id or its name\n"))
            #expect(send(.get, "/taps/flows?id=x") == (404, "there is no tap flow x\n"))
            #expect(send(.get, "/taps/sessions?id=x") == (404, "there is no session x\n"))
            #expect(send(.put, "/taps/sessions", "{}").0 == 405)
            let _: TapListed<TapServiceObject> = try client.create(
                .services, ["name": .text("mon"), "port": .text("tap9")])
            #expect(send(.post, "/taps/services", #"{"name":"mon","port":"tap7"}"#).0 == 409)
            do throws(TapClient.Refusal) {
                let _: TapListed<TapFlowObject> = try client.create(
                    .flows, ["name": .text("f"), "direction": .text("UP")])
                Issue.record("it was created")
            } catch {
                #expect(
                    error.isUsage && error.description == "direction of a tap flow must be IN, OUT or BOTH, not \"UP\"")
            }
        }
    }

    @Test func `a capture is begun, renewed and ended over the socket, and is in no object of the book`() throws {
        try Self.serve { client, socket, engine in
            let begun = try client.beginCapture(["source_port": .text("tap7"), "packet_length": .number(96)])
            #expect(begun.ring == TapRing(mapID: 1, bytes: 4096) && begun.ports.map(\.port) == ["tap7"])
            #expect(begun.owner.process == getpid() && begun.source == "port tap7")
            #expect(engine.last?.captures.keys.map(\.rawValue) == [7] && engine.last?.uses == [:])
            #expect(try client.renewCapture(begun.id) == begun)
            #expect(try client.view().captures == [begun] && client.view().flows.isEmpty)
            #expect(
                Self.text(HTTPClient.get("/taps/captures", at: socket)).body.hasPrefix(
                    #"{"captures":[{"account":{"in":"#))
            #expect(try client.endCapture(begun.id) == begun)
            #expect(engine.last == TapPlan() && engine.rings == [:])
            #expect(try client.view() == TapView())
            let again = Self.text(HTTPClient.send(.delete, "/taps/captures?id=\(begun.id)", at: socket))
            #expect(again.status == 404 && again.body.hasPrefix("there is no capture \(begun.id): "), "\(again)")
            #expect(Self.text(HTTPClient.send(.delete, "/taps/captures", at: socket)).status == 400)
            do throws(TapClient.Refusal) {
                _ = try client.beginCapture(["tap_service": .text("mon")])
                Issue.record("it has begun")
            } catch {
                #expect(error.isUsage && error.description == "a capture has no field tap_service_id")
            }
        }
    }
}
