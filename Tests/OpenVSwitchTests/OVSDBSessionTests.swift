// SPDX-License-Identifier: Apache-2.0

import OpenVSwitch
import Testing

/// A conversation with a database: what it says is what `ovsdb-server` 3.1 says, shortened.
@Suite("A session with the database of Open vSwitch")
struct OVSDBSessionTests {
    private static let start = ContinuousClock.now

    private static let list = #"""
        {"error":null,"id":"weir-list","result":{
        "Bridge":{"b1":{"new":{"datapath_type":"netdev","external_ids":["map",[]],"name":"br0",
            "ports":["set",[["uuid","p0"],["uuid","p1"]]]}}},
        "Interface":{
            "i0":{"new":{"error":["set",[]],"external_ids":["map",[]],"ifindex":5,"mac_in_use":"9a:88:8f:14:76:a9","name":"br0",
                "ofport":65534,"options":["map",[]],"type":"internal"}},
            "i1":{"new":{"error":["set",[]],"external_ids":["map",[["iface-id","eni-1"],["vm-uuid","i-1"]]],"ifindex":2,
                "mac_in_use":"ae:38:85:ca:f5:f6","name":"tap1","ofport":1,"options":["map",[["n_rxq","1"]]],"type":"afxdp"}}},
        "Port":{"p0":{"new":{"interfaces":["uuid","i0"],"name":"br0"}},"p1":{"new":{"interfaces":["uuid","i1"],"name":"tap1"}}}}}
        """#

    private static func take(
        _ text: String, _ session: inout OVSDBSession, after delay: Duration = .zero
    ) throws(OVSDBFailure) -> OVSDBSession.Progress {
        try session.take(Array(text.utf8), now: start + delay)
    }

    private static func listed() throws -> OVSDBSession {
        var session = OVSDBSession(now: start)
        _ = session.takeOutgoing()
        #expect(try take(list, &session).hasChanged)
        return session
    }

    private static func ports(_ session: OVSDBSession) throws -> SwitchPorts {
        SwitchPorts(try #require(session.tables))
    }

    private static func update(_ tables: String) -> String {
        #"{"id":null,"method":"update","params":["weir",\#(tables)]}"#
    }

    @Test func `it asks for the tables once, as RFC 7047 has it`() throws {
        var session = OVSDBSession(now: Self.start)
        let request = try JSONReader.value(of: session.takeOutgoing()).object
        #expect(request?["method"] == "monitor" && request?["id"] == "weir-list")
        let parameters = try #require(request?["params"]?.array)
        #expect(parameters.prefix(2) == ["Open_vSwitch", "weir"])
        #expect(parameters[2].object?["Port"] == ["columns": ["name", "interfaces"]])
        #expect(session.takeOutgoing() == [])
        #expect(session.tables == nil)
    }

    @Test func `the list tells of bridges and their ports`() throws {
        let ports = try Self.ports(try Self.listed())
        #expect(ports.bridges == ["br0"])
        #expect(
            ports.all == [
                SwitchPort(name: "br0", bridge: "br0", type: "internal", number: 65534),
                SwitchPort(
                    name: "tap1", bridge: "br0", type: "afxdp", options: ["n_rxq": "1"],
                    externalIDs: ["iface-id": "eni-1", "vm-uuid": "i-1"], number: 1),
            ])
    }

    @Test func `ports come, change and go`() throws {
        var session = try Self.listed()
        let coming = Self.update(
            #"""
            {"Bridge":{"b1":{"new":{"ports":["set",[["uuid","p0"],["uuid","p1"],["uuid","p2"]]]},"old":{"ports":["uuid","p0"]}}},
            "Interface":{"i2":{"new":{"name":"tap2","type":"","ofport":["set",[]],"external_ids":["map",[]]}}},
            "Port":{"p2":{"new":{"name":"tap2","interfaces":["uuid","i2"]}}}}
            """#)
        #expect(try Self.take(coming, &session).hasChanged)
        #expect(try Self.ports(session)["tap2"] == SwitchPort(name: "tap2", bridge: "br0"))
        let changing = Self.update(
            #"{"Interface":{"i2":{"new":{"ofport":7,"error":"no","external_ids":["map",[["iface-id","eni-2"]]]},"old":{}}}}"#
        )
        _ = try Self.take(changing, &session)
        #expect(
            try Self.ports(session)["tap2"]
                == SwitchPort(name: "tap2", bridge: "br0", externalIDs: ["iface-id": "eni-2"], number: 7, error: "no"))
        let going = Self.update(
            #"""
            {"Bridge":{"b1":{"new":{"ports":["uuid","p0"]},"old":{}}},"Interface":{"i1":{"old":{}},"i2":{"old":{}}},
            "Port":{"p1":{"old":{}},"p2":{"old":{}}}}
            """#)
        _ = try Self.take(going, &session)
        #expect(try Self.ports(session).all.map(\.name) == ["br0"])
    }

    @Test func `a port of several interfaces is a bond; one that the switch cannot open has no number`() throws {
        var session = try Self.listed()
        _ = try Self.take(
            Self.update(
                #"""
                {"Interface":{"i2":{"new":{"name":"eth0","type":"system","ofport":-1}},"i3":{"new":{"name":"eth1","type":""}}},
                "Port":{"p1":{"new":{"interfaces":["set",[["uuid","i2"],["uuid","i3"],["uuid","away"]]]},"old":{}}}}
                """#), &session)
        let ports = try Self.ports(session)
        #expect(ports["eth0"] == SwitchPort(name: "eth0", bridge: "br0", type: "system", isBonded: true))
        #expect(ports["eth1"]?.isBonded == true && ports["tap1"] == nil)
    }

    @Test func `the database is answered when it asks whether somebody is there`() throws {
        var session = try Self.listed()
        let progress = try Self.take(
            #"{"method":"echo","params":[1,"x"],"id":"echo"}{"method":"echo","id":7}"#, &session)
        #expect(!progress.hasChanged)
        #expect(
            String(decoding: session.takeOutgoing(), as: UTF8.self)
                == #"{"error":null,"id":"echo","result":[1,"x"]}{"error":null,"id":7,"result":[]}"#)
    }

    @Test func `a database that is silent is asked, and given up when it does not answer`() throws {
        var session = try Self.listed()
        let patience = OVSDBSession.patience
        #expect(session.deadline == Self.start + patience)
        try session.tick(now: Self.start + patience - .nanoseconds(1))
        #expect(session.takeOutgoing() == [])
        try session.tick(now: Self.start + patience)
        #expect(
            String(decoding: session.takeOutgoing(), as: UTF8.self)
                == #"{"id":"weir-probe","method":"echo","params":[]}"#)
        // It answers.
        let answer = #"{"id":"weir-probe","result":[],"error":null}"#
        #expect(try !Self.take(answer, &session, after: patience + .seconds(1)).hasChanged)
        #expect(session.deadline == Self.start + patience * 2 + .seconds(1))
        // It does not.
        try session.tick(now: session.deadline)
        #expect(throws: OVSDBFailure.silent(patience * 2)) { try session.tick(now: session.deadline) }
    }

    @Test func `what it notifies of unasked is told and ignored`() throws {
        var session = try Self.listed()
        let progress = try Self.take(#"{"method":"stolen","params":["l"],"id":null}"#, &session)
        #expect(progress.unknownMethods == ["stolen"] && !progress.hasChanged)
        #expect(try Self.ports(session).all.count == 2)
    }

    @Test(arguments: [
        (#"{"a":nonsense}"#, "it speaks nonsense: not null at byte 5"),
        ("hello", "it speaks nonsense: something that is no JSON object"),
        (#"{"id":"other","result":{},"error":null}"#, "it speaks nonsense: an answer without a request"),
        (#"{"id":null}"#, "it speaks nonsense: an answer without a request"),
        (
            #"{"method":"update","params":["other",{}],"id":null}"#,
            "it speaks nonsense: an update without a request"
        ),
        (#"{"method":"update","params":[],"id":null}"#, "it speaks nonsense: an update without a request"),
        (#"{"method":"update","params":["weir",[]],"id":null}"#, "it speaks nonsense: an update that is no object"),
        (
            #"{"method":"update","params":["weir",{"Port":7}],"id":null}"#,
            #"it speaks nonsense: an update of "Port" that is no object"#
        ),
        (
            #"{"method":"update","params":["weir",{"Port":{"p":{"new":7}}}],"id":null}"#,
            #"it speaks nonsense: a row of "Port" that is no object"#
        ),
        (
            #"{"method":"update","params":["weir",{"Po\nrt":{"p":{"new":{"name":null}}}}],"id":null}"#,
            #"it speaks nonsense: no value of a column for "name" of "Po rt""#
        ),
    ])
    func `nonsense ends the session with a sentence`(text: String, sentence: String) throws {
        var session = try Self.listed()
        let failure = #expect(throws: OVSDBFailure.self) { try Self.take(text, &session) }
        #expect(failure?.description == sentence)
    }

    @Test func `so does a refusal, an update before the list, and a message without an end`() throws {
        var session = OVSDBSession(now: Self.start)
        #expect(throws: OVSDBFailure.nonsense("an update before the list")) {
            try Self.take(Self.update("{}"), &session)
        }
        session = OVSDBSession(now: Self.start)
        let refusal = #"{"id":"weir-list","result":null,"error":{"error":"unknown database","details":"no\nsuch"}}"#
        #expect(throws: OVSDBFailure.refused(#""unknown database: no such""#)) { try Self.take(refusal, &session) }
        session = OVSDBSession(now: Self.start)
        let chunk = [UInt8](repeating: UInt8(ascii: "x"), count: 1 << 20)
        _ = try Self.take(#"{"a":""#, &session)
        #expect(throws: OVSDBFailure.nonsense("a message of more than 32 MiB")) {
            for _ in 0..<33 { _ = try session.take(chunk, now: Self.start) }
        }
    }

    /// Every prefix of a good conversation, and every one with a byte of it changed: some throw, none traps.
    @Test func `no broken conversation crashes`() {
        let bytes = Array((Self.list + Self.update(#"{"Port":{"p1":{"old":{}}}}"#)).utf8)
        var failures = 0
        for position in bytes.indices {
            for byte in [UInt8(0), UInt8(ascii: "\""), UInt8(ascii: "{"), UInt8(ascii: "]"), 0xff, UInt8(ascii: "7")] {
                var broken = bytes
                broken[position] = byte
                var session = OVSDBSession(now: Self.start)
                do { _ = try session.take(broken, now: Self.start) } catch { failures += 1 }
            }
        }
        #expect(failures > bytes.count)
    }

    @Test func `pauses between tries double up to a limit`() {
        var pace = RetryPace()
        let pauses = (0..<5).map { _ in pace.pause() / .milliseconds(1) }
        #expect(pauses == [250, 500, 1000, 2000, 2000])
        pace.reset()
        #expect(pace.pause() == RetryPace.first)
    }
}
