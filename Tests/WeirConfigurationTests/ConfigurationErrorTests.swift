// SPDX-License-Identifier: Apache-2.0

import FlowExport
import Foundation
import Testing
import WeirConfiguration

@Suite("Configuration error")
struct ConfigurationErrorTests {
    @Test(
        "a wrong value gets one sentence: where, which key, what is allowed, what was found",
        arguments: [
            ("bpffs: weir", #"w:1: bpffs must be a path from the root, not "weir""#),
            ("state-dir:", "w:1: state-dir must be a path from the root, not empty"),
            ("state-dir: \"\"", #"w:1: state-dir must be a path from the root, not """#),
            ("log-dir: [/a]", "w:1: log-dir must be a path from the root, not a list"),
            ("interval: 0", intervalMustBe + #""0""#),
            ("\n\ninterval: 3601", "w:3" + intervalMustBe.dropFirst(3) + #""3601""#),
            ("interval: 2h", intervalMustBe + #""2h""#),
            ("interval: 1.5", intervalMustBe + #""1.5""#),
            ("interval: -1", intervalMustBe + #""-1""#),
            ("interval: +5s", intervalMustBe + #""+5s""#),
            ("interval: s", intervalMustBe + #""s""#),
            ("interval: 99999999999999999999h", intervalMustBe + #""99999999999999999999h""#),
            ("interval: 9223372036854775807h", intervalMustBe + #""9223372036854775807h""#),
            ("interval: {a: 1}", intervalMustBe + "a mapping"),
            (
                "publish-period: 25h",
                #"w:1: publish-period must be whole seconds from 1s to 24h, such as 60, 60s, 5m or 1h, not "25h""#
            ),
            ("flows: 0", #"w:1: flows must be a whole number from 1 to 16777216, not "0""#),
            ("flows: 16777217", #"w:1: flows must be a whole number from 1 to 16777216, not "16777217""#),
            ("flows: many", #"w:1: flows must be a whole number from 1 to 16777216, not "many""#),
            ("format: text", #"w:1: format must be aws, json, csv or parquet, not "text""#),
            ("layout: flat", #"w:1: layout must be default or hive, not "flat""#),
            ("hourly: maybe", #"w:1: hourly must be true or false, not "maybe""#),
            ("stdout: 1", #"w:1: stdout must be true or false, not "1""#),
            ("detach-on-exit:", "w:1: detach-on-exit must be true or false, not empty"),
            ("file-size: 999", #"w:1: file-size must be a size from 1KB to 5GB, such as 75MB, not "999""#),
            ("file-size: 6GB", #"w:1: file-size must be a size from 1KB to 5GB, such as 75MB, not "6GB""#),
            ("file-size: big", #"w:1: file-size must be a size from 1KB to 5GB, such as 75MB, not "big""#),
            ("account-id: ../x", #"w:1: account-id \#(identifierMustBe) "../x""#),
            ("region: us east", #"w:1: region \#(identifierMustBe) "us east""#),
            ("flow-log-id: \"-\"", #"w:1: flow-log-id \#(identifierMustBe) "-""#),
            ("fields: {}", "w:1: fields must be a list of field names, not a mapping"),
            (
                "fields: srcadr dstaddr",
                #"w:1: fields: "srcadr" is not a field of AWS flow logs: did you mean "srcaddr"?"#
            ),
            ("fields: []", "w:1: fields must be a list of field names, not a list"),
            ("fields: \" \"", #"w:1: fields must be a list of field names, not " ""#),
            ("ports: tap0", #"w:1: ports must be a list of patterns or mappings, not "tap0""#),
            (
                "socket: /\(String(repeating: "s", count: 107))",
                #"w:1: socket must be a path of at most 107 bytes, not "/\#(String(repeating: "s", count: 58))…""#
            ),
        ])
    func wrongValue(text: String, sentence: String) {
        expect(text, sentence)
    }

    @Test(
        "a wrong sink names the line of the entry, or of its key",
        arguments: [
            ("providers: inventory", #"w:1: providers must be a list of providers, not "inventory""#),
            ("providers:\n  - {name: a}", "w:2: a provider needs the key name, and one of command and uri"),
            (
                "providers:\n  - {name: a, uri: system}",
                #"w:2: uri must be a hypervisor as libvirt names it, such as qemu:///system, not "system""#
            ),
            (
                "providers:\n  - {name: a, uri: 'qemu:///system', command: [/a]}",
                "w:2: a provider needs the key name, and one of command and uri"
            ),
            (
                "providers:\n  - {name: a, command: inventory}",
                #"w:2: command must be a list of a program and its arguments, such as [/usr/local/bin/inventory, --watch], not "inventory""#
            ),
            (
                "providers:\n  - {name: a, command: [inventory]}",
                #"w:2: command must be a path from the root, not "inventory""#
            ),
            (
                "providers:\n  - {name: a, command: [/a]}\n  - {name: a, command: [/b]}",
                "w:3: two providers have the name a"
            ),
            ("sinks:\n  - {name: a, type: files}", "w:2: the sink a needs the key to, the folder of its files"),
            (
                "sinks:\n  - {name: a, type: files, to: 'redis://b'}",
                "w:2: to must be a path from the root, the folder of files"
            ),
            ("sinks:\n  - {name: a, type: redis}", "w:2: the sink a needs the key to, the address of its server"),
            (
                "sinks:\n  - {name: a, type: redis,\n     to: 'redis://u:secret@b:0'}",
                "w:3: to must have a port from 1 to 65535"
            ),
            (
                "sinks:\n  - {name: a, type: redis, to: 'rediss://b'}",
                "w:2: to asks for TLS, which Weir does not speak: have stunnel or another proxy on this host do it, and name that proxy with redis://"
            ),
            (
                "sinks:\n  - {name: a, type: redis, to: /b}",
                "w:2: to must be redis://[USER[:PASSWORD]@]HOST[:PORT][/DATABASE] or redis+unix:///PATH[?db=DATABASE]"
            ),
            (
                "sinks:\n  - {name: a, type: redis, to: 'redis://b', format: json}",
                "w:2: records go to Redis as JSON; leave format out"
            ),
            (
                "sinks:\n  - {name: a, type: files, to: /b, max-length: 5}",
                "w:2: max-length has a meaning only for sinks of the type redis"
            ),
            (
                "sinks:\n  - {name: a, type: sflow, to: /srv/a}",
                "w:2: the sink a needs the key to, an sFlow collector as udp://ADDRESS:PORT or a list of them; names are not resolved"
            ),
            (
                "sinks:\n  - {name: a, type: sflow, to: \"udp://collector\"}",
                "w:2: the sink a needs the key to, an sFlow collector as udp://ADDRESS:PORT or a list of them; names are not resolved"
            ),
            (
                "sinks:\n  - {name: a, type: sflow, to: \"udp://192.0.2.7\", format: json}",
                "w:2: format has no meaning for sFlow; leave it out"
            ),
            (
                "sinks:\n  - {name: a, type: files, to: /a, agent: 192.0.2.1}",
                "w:2: agent has a meaning only for sinks of the type sflow"
            ),
            (
                "sinks:\n  - {name: a, type: stdout, format: parquet}",
                "w:2: Parquet is for files, not for standard output: choose aws, json or csv as the format"
            ),
            (
                "sinks:\n  - {name: a, type: files, to: /a, format: orc}",
                #"w:2: format must be aws, json, csv or parquet, not "orc""#
            ),
            (
                "sinks:\n  - {name: a, type: files, to: /a, format: csv,\n     fields: srcaddr}",
                "w:3: fields has a meaning only with the formats aws and parquet"
            ),
            (
                "sinks:\n  - {name: a, type: files, to: /a, fields: srcaddr rule}",
                #"w:2: fields: "rule" is not a field of AWS flow logs: did you mean "type"?"#
            ),
            (
                "sinks:\n  - {name: a, type: files, to: /a, format: parquet, fields: srcaddr tcp-flags tcp_flags}",
                #"w:2: fields: "tcp_flags" is not a field of AWS flow logs: did you mean "tcp-flags"?"#
            ),
        ])
    func wrongSink(text: String, sentence: String) {
        expect(text, sentence)
    }

    @Test("a password is not shown, and one that was hidden is not taken for a password")
    func hiddenPassword() throws {
        let text = "sinks:\n  - {name: a, type: redis, to: 'redis://u:secret@b'}"
        let file = try ConfigurationFile(path: "w", content: Data(text.utf8))
        let layer = try ConfigurationLayer(of: ConfigurationKeys.all, file)
        let merged = ConfigurationKeys.all.merge([layer], over: Configuration(flowLogID: "fl-0"))
        let shown = merged.shown.yaml
        #expect(shown.contains("redis://u:***@b:6379/0") && !shown.contains("secret"))
        #expect(merged.root.exportPlan(stateID: "", start: 0).sinks[0].redis?.address.password == "secret")
        expect(
            "sinks:\n  - {name: a, type: redis, to: 'redis://u:***@b'}",
            "w:2: to has a password that was hidden (***): write the password, or use password-file")
    }

    @Test("AWS's fields and Weir's columns can be chosen for Parquet")
    func parquetFields() throws {
        let text = "sinks:\n  - {name: a, type: files, to: /a, format: parquet, fields: [srcaddr, log_status, rule]}"
        let file = try ConfigurationFile(path: "w", content: Data(text.utf8))
        let layer = try ConfigurationLayer(of: ConfigurationKeys.all, file)
        let sinks = Configuration(layers: [layer], defaultFlowLogID: "fl-0").sinks
        #expect(sinks.map(\.fields) == ["srcaddr log_status rule"])
    }

    @Test(
        "a wrong port names the line of the entry",
        arguments: [
            ("ports:\n  - tap*\n  - 'a b'", #"w:3: ports \#(patternMustBe) "a b""#),
            ("ports:\n  - eth[0", #"w:2: ports \#(patternMustBe) "eth[0""#),
            ("ports:\n  - [tap0]", "w:2: ports \(patternMustBe) a list"),
            ("ports:\n  -", "w:2: ports \(patternMustBe) empty"),
            ("ports:\n  - role: guest", "w:2: a port needs the key match, the pattern of its name, such as tap*"),
            ("ports:\n  - match: a/b", #"w:2: match \#(patternMustBe) "a/b""#),
            ("ports:\n  - match: tap0\n    role: host", #"w:3: role must be guest or uplink, not "host""#),
            ("ports:\n  - match: tap0\n    hook: ovs", #"w:3: hook must be auto, tc, xdp or xsk, not "ovs""#),
            ("ports:\n  - match: tap0\n    xdp-mode: skb", #"w:3: xdp-mode must be native or generic, not "skb""#),
            ("ports:\n  - match: tap0\n    vpc-id: a,b", #"w:3: vpc-id \#(identifierMustBe) "a,b""#),
            (
                "ports:\n  - match: tap0\n    instance-name: \"a\\eb\"",
                "w:3: instance-name \(nameMustBe) \"a\u{1B}b\""
            ),
            ("ports:\n  - match: tap0\n    project-name: ''", "w:3: project-name \(nameMustBe) \"\""),
            ("ports:\n  - match: tap0\n    project-name: [a]", "w:3: project-name \(nameMustBe) a list"),
            (
                "ports:\n  - match: tap0\n    instance-name: \(String(repeating: "ü", count: 65))",
                #"w:3: instance-name \#(nameMustBe) "\#(String(repeating: "ü", count: 59))…""#
            ),
            ("ports:\n  - match: tap0\n    project-id: a b", #"w:3: project-id \#(identifierMustBe) "a b""#),
            ("ports:\n  - match: tap0\n    vpcid: a", #"w:3: unknown key "vpcid"; did you mean vpc-id?"#),
            (
                "ports:\n  - match: t\n    hook: tc\n    xdp-mode: native",
                "w:4: xdp-mode has no meaning with hook tc; leave it out, or set hook to xdp"
            ),
        ])
    func wrongPort(text: String, sentence: String) {
        expect(text, sentence)
    }

    @Test(
        "a wrong network names the line of the entry, or of its key",
        arguments: [
            ("networks: 10.0.0.0/8", #"w:1: networks must be a list of mappings, not "10.0.0.0/8""#),
            ("networks:\n  - {prefix: 10.0.0.0/8}", "w:2: a network needs the key name"),
            ("networks:\n  - {name: a}", "w:2: a network needs the key prefix"),
            (
                "networks:\n  - name: a\n    prefix: 10.0.0.0/33",
                #"w:3: prefix must be a network such as 10.0.0.0/8 or fd00::/8, or an address, not "10.0.0.0/33""#
            ),
            ("networks:\n  - prefix: fd00::/8\n    name: ''", "w:3: name \(nameMustBe) \"\""),
            ("networks:\n  - {nane: a}", #"w:2: unknown key "nane"; did you mean name?"#),
        ])
    func wrongNetwork(text: String, sentence: String) {
        expect(text, sentence)
    }

    @Test(
        "an unknown key is refused with the nearest known one",
        arguments: [
            ("flows: 1\nintervall: 60", #"w:2: unknown key "intervall"; did you mean interval?"#),
            ("log_dir: /x", #"w:1: unknown key "log_dir"; did you mean log-dir?"#),
            ("Interval: 60", #"w:1: unknown key "Interval"; did you mean interval?"#),
            ("port: []", #"w:1: unknown key "port"; did you mean ports?"#),
            ("flwos: 5", #"w:1: unknown key "flwos"; did you mean flows?"#),
            (
                "colour: red",
                #"w:1: unknown key "colour"; known are ports, networks, ovs, ovs-rundir, ovs-control, ovs-bridges, ovs-stand-in, ovs-verdicts, ovs-trace-rate, providers, libvirt, qemu-names, monitor-interval, policy, kernel-drops, tap-device, tap-share, tap-dscp, interval, flows, port-share, table-memory, table-engine, store, store-age, store-size, log-dir, stdout, format, fields, log, layout, hourly, publish-period, file-size, sinks, account-id, region, flow-log-id, bpffs, state-dir, queue-size, socket, metrics, expedite-rcu and detach-on-exit"#
            ),
        ])
    func unknownKey(text: String, sentence: String) {
        expect(text, sentence)
    }

    @Test(
        "a file that is no mapping, or no YAML, is refused with its line",
        arguments: [
            ("- tap0\n- tap1", "w:1: the configuration must be a mapping of keys to values, not a list"),
            ("tap0", #"w:1: the configuration must be a mapping of keys to values, not "tap0""#),
            ("flows: 5\nflows: 6", "w:1: flows must be given once, but stands here and again further down"),
            (
                "ports:\n- match: a\n  role: guest\n  role: uplink",
                "w:3: role must be given once, but stands here and again further down"
            ),
            (
                "flows: 5\nhourly: a: b",
                """
                w:2: no key can stand here; give each key a line, indent it as the keys beside it, and put text that holds \
                ": " between quotation marks
                """
            ),
            ("flows: 5\n\tformat: json", tab),
            ("ports:\n\t- tap*", tab),
            (
                "fields: [a, b\nflows: 5",
                "w:1: a list is opened here with [ and not closed with ], or a comma is missing in it"
            ),
            (
                "ports:\n- {match: a\nflows: 5",
                "w:2: a mapping is opened here with { and not closed with }, or a comma is missing in it"
            ),
            ("ports:\n  - *", reference("w:2: * is an alias", "*")),
            ("ports:\n  - match: *tap\n", reference("w:2: *tap is an alias", "*tap")),
            ("ports: [a*, *b]", reference("w:1: *b is an alias", "*b")),
            ("# *c\nregion: \"*d\" # *e\nports: &all [a]", reference("w:3: &all is an anchor", "&all")),
            ("region: 'a\nflows: 5\n", "w:1: a quotation mark is opened here and not closed"),
            ("flows: 5\nregion: \"a\n", "w:2: a quotation mark is opened here and not closed"),
            ("region: \"\\q\"", "w:1: there is no such escape between double quotes; use single quotes: 'text'"),
            ("flows: 5\nregion: @a", "w:2: no text can begin with @ in YAML; put it between quotation marks"),
            (
                "ports:\n  - match: a\n   role: guest",
                """
                w:3: the line is no part of the list above it; indent it as the entry that it belongs to, or begin it as the \
                list's other entries with "- "
                """
            ),
            (
                "flows: 5\n  format: json",
                "w:2: no key can stand here; give each key a line, indent it as the keys beside it, and put text that holds \": \" between quotation marks"
            ),
            (
                "ports: []\n  flows: 5",
                "w:2: the line does not fit the lines above it; indent it as the keys that it stands beside"
            ),
            (
                "ports: [a]]",
                "w:1: the line does not fit the lines above it; indent it as the keys that it stands beside"
            ),
            ("%YAML 3.0\n---\nflows: 5", "w:1: lines that begin with % are not taken; remove it"),
            ("a: " + String(repeating: "[", count: 5000), "w:1: lists and mappings are nested too deep"),
            (
                "flows: 5\n---\nflows: 6",
                "w:2: the configuration must be one YAML document, but here a second one begins"
            ),
            ("[a]: 5", "w:1: a key must be text, not a list"),
            (
                "flows: 5\nregion: \u{1}",
                "w:2: a control character stands here; remove it, or write it as an escape between double quotes"
            ),
        ])
    func wrongFile(text: String, sentence: String) {
        expect(text, sentence)
    }

    @Test("bytes that are not UTF-8 are refused with their line")
    func encoding() {
        let content = Data("flows: 5\nregion: ".utf8) + [0xFF, 0x0A]
        let error = #expect(throws: ConfigurationError.self) { try ConfigurationFile(path: "w", content: content) }
        #expect(error?.description == "w:2: the configuration must be UTF-8 text; save the file in that encoding")
    }

    @Test(
        "a file that cannot be read is named with the reason",
        arguments: [("/nonexistent/weir.yaml", "no such file or directory"), ("/proc/self", "is a directory")])
    func unreadable(path: String, reason: String) {
        let error = #expect(throws: ConfigurationError.self) { try ConfigurationFile(path: path) }
        #expect(
            error?.description
                == "cannot read the configuration \(path): \(reason); name another with --config or WEIR_CONFIG")
    }

    private func expect(_ text: String, _ sentence: String) {
        let error = #expect(throws: ConfigurationError.self) {
            try ConfigurationLayer(of: ConfigurationKeys.all, ConfigurationFile(path: "w", content: Data(text.utf8)))
        }
        #expect(error?.description == sentence)
    }
}

private let intervalMustBe = "w:1: interval must be whole seconds from 1s to 1h, such as 60, 60s, 5m or 1h, not "
private let identifierMustBe = "must be a name of letters, digits and . _ : - that starts with a letter or digit, not"
private let nameMustBe = "must be a name of 1 to 128 bytes without control characters, not"
private let patternMustBe = "must be a pattern of interface names, such as tap*, vnet? or eth[0-3], not"

private let tab = "w:2: a tab indents this line; YAML allows blanks alone: replace it by blanks"

private func reference(_ head: String, _ text: String) -> String {
    "\(head) in YAML, which Weir does not take; write it between quotation marks: \"\(text)\""
}
