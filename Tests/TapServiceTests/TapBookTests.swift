// SPDX-License-Identifier: Apache-2.0

import FlowModel
import TapService
import Testing

/// Whether objects go together.
@Suite struct TapBookTests {
    private static func fixture() throws -> TapFixture {
        var fixture = TapFixture(
            ports: .named("tap7", 7, project: "blue", tags: ["db"]), .named("tap8", 8, project: "red"),
            .named("tap9", 9, project: "blue"))
        try fixture.create(.services, "name=mon port=tap9")
        return fixture
    }

    @Test func `copies stay within one project, unless the operator says so`() throws {
        var fixture = try Self.fixture()
        try fixture.create(.flows, "name=own port=tap7 tap_service=mon")
        #expect(
            TapFixture.refusal { try fixture.create(.flows, "name=f port=tap8 tap_service=mon") }
                == "tap8 is of project red and tap service mon of project blue: copies stay within one project, "
                + "unless the operator says --allow-cross-account")
        try fixture.create(.flows, "name=f port=tap8 tap_service=mon allow_cross_account=true")
        #expect(
            TapFixture.refusal { try fixture.create(.services, "name=s port=tap8 project=blue") }
                == "tap service s is of project blue and its port tap8 of red: copies stay within one project, "
                + "unless the operator says --allow-cross-account")
        try fixture.create(.services, "name=far remote_ip=192.0.2.1 vni=7")
        #expect(
            TapFixture.refusal { try fixture.create(.flows, "name=g port=tap7 tap_service=far") }.contains(
                "no project that is known"))
        try fixture.update(.services, "far", "project=blue")
        try fixture.create(.flows, "name=g port=tap7 tap_service=far")
        #expect(
            TapFixture.refusal { try fixture.update(.services, "far", "project=red") }.contains(
                "tap7 is of project blue"))
    }

    @Test func `a destination on another host is of this host's account, where nothing else is said`() throws {
        var port = TapPort.named("tap7", 7)
        port.identity.accountID = "123456789012"
        var fixture = TapFixture(ports: port)
        fixture.host.account = "123456789012"
        try fixture.create(.services, "name=far remote_ip=192.0.2.1 vni=7")
        try fixture.create(.flows, "name=f port=tap7 tap_service=far")
        #expect(fixture.compile().plan.sessions.count == 1)
    }

    @Test func `a VNI is one object's`() throws {
        var fixture = try Self.fixture()
        try fixture.create(.services, "name=far remote_ip=192.0.2.1 vni=7 project=blue")
        try fixture.create(.flows, "name=f port=tap7 tap_service=far vni=8")
        #expect(
            TapFixture.refusal { try fixture.create(.services, "name=other remote_ip=192.0.2.2 vni=7") }
                == "VNI 7 of tap service other is in use by tap service far: choose another one")
        #expect(TapFixture.refusal { try fixture.update(.services, "far", "vni=8") }.contains("in use by tap flow f"))
        try fixture.update(.services, "far", "vni=7")
        try fixture.update(.services, "far", "vni=9")
    }

    @Test func `promised rates must fit into what the destination takes`() throws {
        var fixture = try Self.fixture()
        try fixture.update(.services, "mon", "max_bits_per_second=1000 max_packets_per_second=100")
        try fixture.create(.flows, "name=f port=tap7 tap_service=mon max_bits_per_second=600")
        #expect(
            TapFixture.refusal { try fixture.create(.flows, "name=g tag=db tap_service=mon max_bits_per_second=401") }
                == "the tap flows of tap service mon would promise 1001 bits/s together, and it takes 1000: "
                + "lower a flow's rate, or raise the limit of tap service mon")
        try fixture.create(.flows, "name=g tag=db tap_service=mon max_bits_per_second=400")
        #expect(
            TapFixture.refusal { try fixture.update(.flows, "f", "max_packets_per_second=101") }.contains(
                "101 packets/s"))
        #expect(
            TapFixture.refusal { try fixture.update(.services, "mon", "max_bits_per_second=999") }.contains("takes 999")
        )
        try fixture.update(.flows, "f", "enabled=false")
        try fixture.update(.services, "mon", "max_bits_per_second=999")
    }

    @Test func `two sessions of one port have two numbers, and a free one is found`() throws {
        var fixture = try Self.fixture()
        try fixture.create(.flows, "name=f port=tap7 tap_service=mon session=1")
        #expect(
            TapFixture.refusal { try fixture.create(.flows, "name=g tag=db tap_service=mon session=1") }
                == "session number 1 of tap flow g is that of tap flow f at tap7, too: choose another one (--session)")
        try fixture.create(.flows, "name=g tag=db tap_service=mon")
        #expect(fixture.book.flows.map(\.sessionNumber) == [1, 2])
        #expect(
            TapFixture.refusal { try fixture.create(.flows, "name=g port=tap7 tap_service=mon") }.contains(
                "the name g is that of another tap flow"))
    }

    @Test func `a filter in use stays, and a tap service takes its tap flows with it`() throws {
        var fixture = try Self.fixture()
        try fixture.create(.filters, "name=web", rules: "number=1,action=accept,direction=OUT")
        try fixture.create(.flows, "name=f port=tap7 tap_service=mon filter=web")
        #expect(
            TapFixture.refusal { _ = try fixture.book.delete(.filters, "web") }
                == "tap filter web is used by tap flow f: give them another filter, or delete them first")
        let gone = try fixture.book.delete(.services, "mon")
        #expect(gone == ["tap service mon", "tap flow f"])
        #expect(try fixture.book.delete(.filters, "web") == ["tap filter web"])
        #expect(fixture.book.isEmpty)
        #expect(TapFixture.refusal { _ = try fixture.book.delete(.flows, "f") } == "there is no tap flow f")
    }
}
